"""A hundred seats, many hands: exactly a hundred win, whatever threads and processes do."""

import concurrent.futures
import multiprocessing
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine import people
from engine.commands import booking
from engine.errors import NotNow, Refused
from engine.store import db
from engine.store.models import Appointment, AppointmentSlot, Slot
from tests import machines
from tests.appointments.conftest import NOW, opened, person
from tests.conftest import fresh_database


def _one(database, resource, at, user_id):
    with database.reading() as work:
        actor = people.load(work, user_id, now=NOW)
    try:
        with database.unit_of_work() as work:
            booking.hold(work, resource_id=resource, starts_at=[at], by=actor, now=NOW)
        return "won"
    except NotNow as refusal:
        return "full" if refusal.facts.get("full") else refusal.zh


def _process(url, files, resource, at, users, threads):
    database = db.connect(url, files=files)
    try:
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            return Counter(pool.map(lambda u: _one(database, resource, at, u), users))
    finally:
        database.close()


@pytest.mark.wide
@pytest.mark.parametrize("people_count", [250])
def test_a_hundred_seats_go_to_exactly_a_hundred_people(hall, people_count):
    """Two processes of four threads; `make bench` runs the thousand of the full size."""
    with hall.database.unit_of_work() as work:
        resource = opened(work, hall.centre, public=100, staff=0, code="course")
        booking.publish(work, resource, first=date(2026, 9, 16), last=date(2026, 9, 16), by=people.SYSTEM, now=NOW)
        users = [person(work, 10_000 + n) for n in range(people_count)]
    url = hall.database.url.render_as_string(hide_password=False)
    at = hall.at(16, 18)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        halves = [pool.submit(_process, url, hall.database.files, resource, at, users[half::2], 4) for half in range(2)]
        total = sum((half.result() for half in halves), Counter())
    assert total == {"won": 100, "full": people_count - 100}
    assert hall.taken(at) == 100


class Bookings(RuleBasedStateMachine):
    """book / change / cancel / no-show / close in any order: capacity holds at every step."""

    database = None
    serial = 0

    @initialize()
    def open(self):
        type(self).serial += 1
        n = self.serial
        self.now = NOW
        with self.database.unit_of_work() as work:
            from engine.store.models import Unit

            unit = work.session.query(Unit).filter(Unit.kind == "centre").one().id
            self.resource = opened(work, unit, public=2, staff=1, code=f"r{n}", matter="yuyue")
            booking.publish(
                work, self.resource, first=date(2026, 9, 15), last=date(2026, 9, 17), by=people.SYSTEM, now=NOW
            )
            self.users = [person(work, 100_000 + n * 10 + k) for k in range(4)]

    def do(self, function, *args, **kwargs):
        try:
            with self.database.unit_of_work() as work:
                return function(work, *args, now=self.now, **kwargs)
        except Refused:
            return None

    def actor(self, who):
        with self.database.reading() as work:
            return people.load(work, self.users[who], now=self.now)

    def live(self):
        with self.database.reading() as work:
            return [
                (a.id, a.version, a.user_id)
                for a in work.session.query(Appointment).filter(
                    Appointment.resource_id == self.resource, Appointment.state.in_(["held", "confirmed"])
                )
            ]

    slot = st.tuples(st.integers(15, 17), st.integers(0, 3))

    def at(self, slot):
        from datetime import time

        return booking.local(date(2026, 9, slot[0]), time(18 + slot[1] // 2, 30 * (slot[1] % 2)))

    @rule(who=st.integers(0, 3), slot=slot)
    def book(self, who, slot):
        self.do(booking.hold, resource_id=self.resource, starts_at=[self.at(slot)], by=self.actor(who))

    @rule(pick=st.integers(0, 9), slot=slot)
    def change(self, pick, slot):
        if found := self.live():
            made, version, user = found[pick % len(found)]
            with self.database.reading() as work:
                actor = people.load(work, user, now=self.now)
            self.do(booking.change, made, version=version, starts_at=[self.at(slot)], by=actor)

    @rule(pick=st.integers(0, 9))
    def cancel(self, pick):
        if found := self.live():
            made, version, _ = found[pick % len(found)]
            self.do(booking.cancel, made, version=version, by=people.SYSTEM)

    @rule(pick=st.integers(0, 9))
    def miss(self, pick):
        if found := self.live():
            made, version, _ = found[pick % len(found)]
            self.do(booking.miss, made, version=version, by=people.SYSTEM)

    @rule(slot=slot)
    def close(self, slot):
        at = self.at(slot)
        self.do(
            booking.close,
            self.resource,
            starts_at=at,
            ends_at=at + timedelta(minutes=30),
            reason="停电",
            by=people.SYSTEM,
        )

    @rule(minutes=st.sampled_from([5, 31, 600]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)
        self.do(booking.sweep)

    @invariant()
    def seats_are_what_the_bookings_hold(self):
        if not hasattr(self, "resource"):
            return
        with self.database.reading() as work:
            slots = work.session.query(Slot).filter(Slot.resource_id == self.resource).all()
            held = Counter(
                slot_id
                for slot_id, state in work.session.query(AppointmentSlot.slot_id, Appointment.state).join(
                    Appointment, Appointment.id == AppointmentSlot.appointment_id
                )
                if state in ("held", "confirmed", "checked_in", "called", "served")
            )
            gone = (
                work.session.query(AppointmentSlot)
                .join(Appointment)
                .filter(Appointment.state.in_(["cancelled", "expired", "no_show"]))
            )
            assert gone.count() == 0
            for slot in slots:
                assert 0 <= slot.public_taken <= slot.public_capacity
                assert slot.public_taken + slot.staff_taken == held[slot.id]


@pytest.mark.wide
def test_capacity_holds_at_every_step(request, tmp_path):
    with fresh_database(request, tmp_path, "sqlite") as database:
        from engine.store.models import Unit

        with database.unit_of_work() as work:
            work.session.add(Unit(code="350526", name="德化县", kind="county", path="/1/"))
            work.session.flush()
            work.session.add(Unit(code="c", name="家园", kind="centre", parent_id=1, path="/1/2/"))
        Bookings.database = database
        machines.play(Bookings, 15, 15)
