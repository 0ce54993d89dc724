"""A hundred places in two roles, many hands; and any acts in any order: capacity, claims and waiting hold."""

import concurrent.futures
import multiprocessing
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from engine import people
from engine.commands import booking
from engine.errors import NotNow, Refused
from engine.store import db
from engine.store.models import Appointment, BookingPlace, Resource, Slot, SlotPlace, Waiting
from tests import machines
from tests.conftest import fresh_database
from tests.offers.conftest import NOW, left, open_hall, person


def _one(database, slot, user_id, role):
    with database.reading() as work:
        actor = people.load(work, user_id, now=NOW)
    try:
        with database.unit_of_work() as work:
            booking.take_place(work, slot, role=role, by=actor, now=NOW)
        return "won"
    except NotNow as refusal:
        return "full" if refusal.facts.get("full") else refusal.zh


def _process(url, files, slot, wanted, threads):
    database = db.connect(url, files=files)
    try:
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            return Counter(pool.map(lambda one: _one(database, slot, *one), wanted))
    finally:
        database.close()


def _race(hall, count, cut, help_):
    need = hall.asked(cut=1, help=1)
    with hall.database.unit_of_work() as work:  # more than the form of the service lets a village ask for
        for role, capacity in (("cut", cut), ("help", help_)):
            work.session.get(SlotPlace, (need.slot, role)).capacity = capacity
        work.session.get(Slot, need.slot).public_capacity = cut + help_
        users = [person(work, 20_000 + n) for n in range(count)]
    wanted = [(user, "cut" if n % 2 else "help") for n, user in enumerate(users)]
    url = hall.database.url.render_as_string(hide_password=False)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        halves = [pool.submit(_process, url, hall.database.files, need.slot, wanted[half::2], 4) for half in range(2)]
        total = sum((half.result() for half in halves), Counter())
    assert total == {"won": cut + help_, "full": count - cut - help_}
    assert left(hall.database, need.slot) == (cut + help_, {"cut": cut, "help": help_})
    hall.work_off(NOW)
    with hall.database.reading() as work:
        assert work.session.get(Resource, need.resource).covered is True
        assert work.session.query(BookingPlace).filter(BookingPlace.live).count() == cut + help_


def test_as_many_as_there_are_places_get_one_and_each_other_is_told(hall):
    _race(hall, 12, 2, 3)


@pytest.mark.wide
def test_a_thousand_at_once_for_a_hundred_places_in_two_roles(hall):
    _race(hall, 1000, 40, 60)


class Offers(RuleBasedStateMachine):
    """Book, as a team too, wait, confirm, cancel, move, close, and time goes on, in any order."""

    database = None
    hall = None

    @initialize()
    def open(self):
        self.now = NOW
        self.need = self.hall.asked(cut=1, help=2)

    def _try(self, function, *args, **kwargs):
        try:
            with self.database.unit_of_work() as work:
                return function(work, *args, now=self.now, **kwargs)
        except Refused:
            return None

    @rule(who=st.integers(0, 4), role=st.sampled_from(["cut", "help"]))
    def book(self, who, role):
        self._try(booking.take_place, self.need.slot, role=role, by=self.hall.residents[who])

    @rule(who=st.integers(0, 4), roles=st.lists(st.sampled_from(["cut", "help"]), min_size=1, max_size=3))
    def team(self, who, roles):
        members = [(f"居民{who + 1 + n}", f"138{who + 1 + n:08d}", role) for n, role in enumerate(roles)]
        self._try(booking.take_place, self.need.slot, team="队", members=members, by=self.hall.residents[who])

    @rule(who=st.integers(5, 7), role=st.sampled_from(["cut", "help"]))
    def wait(self, who, role):
        with self.database.reading() as work:
            day = work.session.get(Slot, self.need.slot).starts_at.date()
        self._try(booking.wait, resource_id=self.need.resource, day=day, role=role, by=self.hall.residents[who])

    def _bookings(self, *states):
        with self.database.reading() as work:
            return work.session.execute(
                select(Appointment.id, Appointment.version, Appointment.user_id)
                .where(Appointment.resource_id == self.need.resource, Appointment.state.in_(states))
                .order_by(Appointment.id)
            ).all()

    @rule(which=st.integers(0, 9))
    def cancel(self, which):
        rows = self._bookings("held", "confirmed")
        if rows:
            id_, version, user = rows[which % len(rows)]
            self._try(booking.cancel, id_, version=version, by=self.hall.actor(user, self.now))

    @rule(which=st.integers(0, 9))
    def confirm(self, which):
        rows = self._bookings("held")
        if rows:
            id_, version, user = rows[which % len(rows)]
            self._try(booking.confirm, id_, version=version, by=self.hall.actor(user, self.now))

    @rule(days=st.integers(1, 3))
    def move(self, days):
        with self.database.reading() as work:
            at = work.session.get(Slot, self.need.slot).starts_at
        self._try(
            booking.move_offer, self.need.resource, at + timedelta(days=days), reason="改天", by=self.hall.villager
        )

    @rule()
    def close(self):
        self._try(booking.close_offer, self.need.resource, reason="不办了", by=self.hall.villager)

    @rule(hours=st.integers(1, 60))
    def time_goes_on(self, hours):
        self.now += timedelta(hours=hours)
        self.hall.work_off(self.now)

    @invariant()
    def what_is_counted_is_what_is_taken(self):
        if self.database is None or not hasattr(self, "need"):
            return
        with self.database.reading() as work:
            slot = work.session.get(Slot, self.need.slot)
            taken = Counter(
                dict(
                    work.session.execute(
                        select(BookingPlace.role, func.count())
                        .where(BookingPlace.slot_id == slot.id, BookingPlace.live)
                        .group_by(BookingPlace.role)
                    ).all()
                )
            )
            rows = work.session.scalars(select(SlotPlace).where(SlotPlace.slot_id == slot.id)).all()
            assert {r.role: r.taken for r in rows} == {r.role: taken[r.role] for r in rows}
            assert all(0 <= r.taken <= r.capacity for r in rows)
            assert slot.public_taken == sum(taken.values()) <= slot.public_capacity
            live = work.session.execute(
                select(Appointment.id, Appointment.places, Appointment.state).where(
                    Appointment.resource_id == self.need.resource,
                    Appointment.state.in_(("held", "confirmed", "served")),
                )
            ).all()
            assert sum(places for _id, places, _state in live) == sum(taken.values())
            offered = work.session.scalars(
                select(Waiting.appointment_id).where(
                    Waiting.resource_id == self.need.resource, Waiting.state == "offered"
                )
            ).all()
            assert sorted(offered) == sorted(id_ for id_, _n, state in live if state == "held")


@pytest.mark.parametrize("which", ["sqlite", "postgres"])
def test_any_acts_in_any_order_keep_the_counters(which, request, tmp_path):
    _machine(which, request, tmp_path, 6 if which == "sqlite" else 3)


@pytest.mark.wide
@pytest.mark.parametrize("which", ["sqlite", "postgres"])
def test_many_acts_in_any_order_keep_the_counters(which, request, tmp_path):
    _machine(which, request, tmp_path, 25 if which == "sqlite" else 6)


def _machine(which, request, tmp_path, examples):
    with fresh_database(request, tmp_path, which) as database:
        Offers.database, Offers.hall = database, open_hall(database)
        try:
            machines.play(Offers, examples, 15)
        finally:
            Offers.database = Offers.hall = None


@pytest.mark.both
def test_of_two_bookings_of_one_person_at_one_time_in_the_same_instant_one_waits_and_is_refused(hall):
    """One transaction has booked and is not stored yet; the other begins meanwhile. It must wait, and then see."""
    first, second = (hall.asked(title=title) for title in ("给老人理发", "打扫村道"))
    who = hall.residents[0]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with hall.database.unit_of_work() as work:
            booking.take_place(work, first.slot, role="cut", by=who, now=NOW)
            other = pool.submit(_one, hall.database, second.slot, who.id, "help")
            concurrent.futures.wait([other], timeout=0.5)  # long enough to be through, were nothing in its way
        assert "同一时间已经报了" in other.result(timeout=30)
    with hall.database.reading() as work:
        live = work.session.scalars(select(BookingPlace.slot_id).where(BookingPlace.live)).all()
    assert live == [first.slot]
