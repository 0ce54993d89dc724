"""Standing orders: every working day but Fridays; single days; days that are shut; who may not have it any more. And
any acts at any time on both databases: no day twice, no day lost, capacity kept."""

import contextlib
import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from engine import matters
from engine.commands import booking
from engine.commands.booking import standing
from engine.errors import Invalid, NotFound, NotNow, NotYours, Refused
from engine.people import SYSTEM
from engine.reads import standing as reads
from engine.records import library
from engine.store.models import Appointment, BookingPart, Notice, Resource, Slot, Standing, StandingDay
from engine.workdays import local_date
from tests import machines
from tests.conftest import fresh_database
from tests.offers.conftest import NOW, files_of, open_hall

MONDAY = datetime(2026, 9, 21, 3, 0, tzinfo=UTC)  # 11:00 in the hall
FISH = {"dish": "fish"}


def with_standing(**changes):
    """The small service, its lunch ordered for many days."""
    files = files_of()
    text = files["bpmn/zhiyuan/matter.yaml"].decode()
    text = text.replace("    ask: zhiyuan-lunch\n", "    ask: zhiyuan-lunch\n    standing: true\n", 1)
    text = text.replace("book_until_days: 10", "book_until_days: 20")
    for old, new in changes.get("and_", ()):
        assert old in text
        text = text.replace(old, new, 1)
    files["bpmn/zhiyuan/matter.yaml"] = text.encode()
    return files


def publish(database, now=NOW, **changes):
    with database.unit_of_work() as work:
        library.publish(work, matters.package.read("zhiyuan", with_standing(**changes)), by=SYSTEM, now=now)
        booking.publish_ahead(work, now=now)


@pytest.fixture
def kitchen(hall):
    publish(hall.database)
    return hall


def slot_of(hall, at=MONDAY):
    with hall.database.reading() as work:
        query = select(Slot.id).join(Resource).where(Resource.offer == "zhiyuan.lunch", Slot.starts_at == at)
        return work.session.scalars(query).one()


def order(hall, who, weekdays=(1, 2, 3, 4), until=date(2026, 12, 31), now=NOW, **more):
    given = {"answers": FISH, "weekdays": weekdays, "until_on": until, "by": who, "now": now} | more
    return hall.do(booking.order, slot_of(hall), **given)


def days_of(hall, standing_id, state="booked"):
    with hall.database.reading() as work:
        query = select(StandingDay.day).where(StandingDay.standing_id == standing_id, StandingDay.state == state)
        return sorted(work.session.scalars(query))


def told(hall, kind):
    with hall.database.reading() as work:
        query = select(Notice.text).where(Notice.kind == kind, Notice.channel == "screen").order_by(Notice.id)
        return list(work.session.scalars(query))


def test_every_day_but_fridays_is_booked_ahead_and_told_once(kitchen):
    row = order(kitchen, kitchen.residents[0])
    booked = days_of(kitchen, row.id)
    assert booked[0] == date(2026, 9, 21) and booked[-1] <= date(2026, 10, 2)
    assert {day.isoweekday() for day in booked} == {1, 2, 3, 4} and len(booked) == 8
    assert len(told(kitchen, "standing-made")) == 1 and "已订好 8 次" in told(kitchen, "standing-made")[0]
    assert told(kitchen, "offer-confirmed") == []
    with kitchen.database.reading() as work:
        made = work.session.scalars(select(Appointment)).all()
        assert {one.state for one in made} == {"confirmed"} and all(one.price for one in made)


def test_a_working_day_is_what_the_calendar_says(kitchen):
    row = order(kitchen, kitchen.residents[0], weekdays=(1, 2, 3, 4, 5), working=True)
    booked = days_of(kitchen, row.id)
    assert date(2026, 9, 25) not in booked and date(2026, 10, 1) not in booked  # 中秋、国庆
    assert date(2026, 9, 24) in booked


def test_the_worker_goes_on_and_the_same_night_twice_is_once(kitchen):
    row = order(kitchen, kitchen.residents[0])
    later = NOW + timedelta(days=7)
    for _ in range(2):
        kitchen.do(booking.publish_ahead, now=later)
        kitchen.do(standing.ask, now=later)
        kitchen.work_off(later)
    booked = days_of(kitchen, row.id)
    assert len(booked) == len(set(booked)) and booked[-1] == date(2026, 10, 8)


def test_a_day_called_off_stays_off_and_one_beside_its_weekdays_is_added(kitchen):
    who = kitchen.residents[0]
    row = order(kitchen, who)
    kitchen.do(booking.skip_day, row.id, date(2026, 9, 22), by=who, now=NOW)
    kitchen.do(booking.add_day, row.id, date(2026, 9, 25), by=who, now=NOW)
    kitchen.do(standing.go_on, row.id, now=NOW)
    booked = days_of(kitchen, row.id)
    assert date(2026, 9, 22) not in booked and date(2026, 9, 25) in booked
    kitchen.do(booking.add_day, row.id, date(2026, 9, 22), by=who, now=NOW)
    assert date(2026, 9, 22) in days_of(kitchen, row.id)
    with pytest.raises(NotNow):
        kitchen.do(booking.add_day, row.id, date(2027, 1, 1), by=who, now=NOW)


def test_a_full_day_is_told_tried_again_and_had_when_it_falls_free(kitchen):
    first = [
        kitchen.do(booking.take_place, slot_of(kitchen), answers=FISH, by=one, now=NOW)
        for one in kitchen.residents[1:3]
    ]
    row = order(kitchen, kitchen.residents[0])
    assert (
        days_of(kitchen, row.id, "full") == [date(2026, 9, 21)] and "9月21日满了" in told(kitchen, "standing-made")[0]
    )
    kitchen.do(booking.cancel, first[0].id, version=first[0].version, by=kitchen.residents[1], now=NOW)
    kitchen.do(standing.go_on, row.id, now=NOW)
    assert date(2026, 9, 21) in days_of(kitchen, row.id) and told(kitchen, "standing-full") == []


def test_a_day_that_is_shut_is_left_and_had_when_it_opens_again(kitchen):
    with kitchen.database.unit_of_work() as work:
        work.session.get(Slot, slot_of(kitchen)).closed = True
    other = kitchen.do(
        booking.order,
        slot_of(kitchen, MONDAY + timedelta(days=1)),
        answers=FISH,
        weekdays=(1, 2),
        from_on=date(2026, 9, 21),
        until_on=date(2026, 10, 31),
        by=kitchen.residents[0],
        now=NOW,
    )
    assert date(2026, 9, 21) not in days_of(kitchen, other.id)
    with kitchen.database.unit_of_work() as work:
        work.session.get(Slot, slot_of(kitchen)).closed = False
    kitchen.do(standing.go_on, other.id, now=NOW)
    assert date(2026, 9, 21) in days_of(kitchen, other.id)


def test_who_may_not_have_it_any_more_has_it_ended_and_is_told_once(kitchen):
    row = order(kitchen, kitchen.residents[0])
    publish(kitchen.database, and_=[("=person.age >= 60", "=person.age >= 90")])
    later = NOW + timedelta(days=7)
    kitchen.do(booking.publish_ahead, now=later)
    kitchen.do(standing.go_on, row.id, now=later)
    kitchen.do(standing.go_on, row.id, now=later)
    with kitchen.database.reading() as work:
        assert work.session.get(Standing, row.id).state == "ended"
        states = {a.state for a in work.session.scalars(select(Appointment).where(Appointment.starts_at > later))}
        assert states == {"cancelled"}
    assert len(told(kitchen, "standing-ended")) == 1


def test_one_order_a_person_and_only_their_own(kitchen):
    who, other = kitchen.residents[:2]
    row = order(kitchen, who)
    with pytest.raises(NotNow, match="already"):
        order(kitchen, who)
    with pytest.raises((NotFound, NotYours)):
        kitchen.do(booking.end_order, row.id, by=other, now=NOW)
    assert kitchen.do(booking.end_order, row.id, by=who, now=NOW) == 8
    assert order(kitchen, who).id != row.id  # and may order anew


def test_staff_order_for_somebody_who_came_to_the_desk(kitchen):
    given = {"answers": FISH, "weekdays": (1,), "until_on": date(2026, 10, 31)}
    person = booking.Person("居民3", "13800000003")
    row = kitchen.do(booking.order, slot_of(kitchen), person=person, by=kitchen.clerk, now=NOW, **given)
    assert row.user_id == kitchen.residents[2].id and row.made_by_id == kitchen.clerk.id
    with pytest.raises(NotYours):
        kitchen.do(booking.order, slot_of(kitchen), person=person, by=kitchen.stranger, now=NOW, **given)


def test_what_is_missing_is_named(kitchen):
    with pytest.raises(Invalid) as refused:
        order(kitchen, kitchen.residents[0], weekdays=(), until=date(2026, 1, 1))
    assert [one.field for one in refused.value.fields] == ["weekdays", "until"]
    with pytest.raises(NotNow, match="60"):
        order(kitchen, kitchen.middle)


def test_the_page_shows_each_day(kitchen):
    row = order(kitchen, kitchen.residents[0])
    with kitchen.database.reading() as work:
        [one] = reads.mine(work, kitchen.residents[0], now=NOW)
        assert one.id == row.id and one.days_zh == "周一、周二、周三、周四" and len(one.days) == 8
        assert reads.mine(work, kitchen.residents[1], now=NOW) == []


# ---------------------------------------------------------------- any acts, any time


class Orders(RuleBasedStateMachine):
    fresh = None

    @initialize()
    def opened(self):
        self.database, self.close = self.fresh()
        self.hall = open_hall(self.database)
        publish(self.database)
        self.now, self.orders = NOW, {}

    def teardown(self):
        if hasattr(self, "close"):
            self.close()

    def _do(self, function, *args, **kwargs):
        try:
            return self.hall.do(function, *args, **kwargs)
        except Refused:
            return None

    @rule(n=st.integers(0, 4), days=st.sets(st.integers(1, 7), min_size=1), working=st.booleans())
    def order(self, n, days, working):
        with self.database.reading() as work:
            slot = work.session.scalars(
                select(Slot.id).join(Resource).where(Resource.offer == "zhiyuan.lunch", Slot.starts_at > self.now)
            ).first()
        row = self._do(
            booking.order,
            slot,
            answers=FISH,
            weekdays=sorted(days),
            working=working,
            until_on=local_date(self.now) + timedelta(days=40),
            by=self.hall.residents[n],
            now=self.now,
        )
        if row is not None:
            self.orders[row.id] = n

    def _one(self, n):
        return sorted(self.orders)[n % len(self.orders)] if self.orders else None

    @rule(n=st.integers(0, 9), ahead=st.integers(0, 20), what=st.sampled_from(["skip_day", "add_day"]))
    def single(self, n, ahead, what):
        if (row := self._one(n)) is not None:
            day = local_date(self.now) + timedelta(days=ahead)
            self._do(getattr(booking, what), row, day, by=self.hall.residents[self.orders[row]], now=self.now)

    @rule(n=st.integers(0, 9))
    def stopped(self, n):
        if (row := self._one(n)) is not None:
            self._do(booking.end_order, row, by=self.hall.residents[self.orders[row]], now=self.now)

    @rule(n=st.integers(0, 6), ahead=st.integers(0, 12))
    def booked(self, n, ahead):
        with self.database.reading() as work:
            slots = work.session.scalars(
                select(Slot.id)
                .join(Resource)
                .where(Resource.offer == "zhiyuan.lunch", Slot.starts_at > self.now)
                .order_by(Slot.starts_at)
            ).all()
        if slots:
            self._do(
                booking.take_place, slots[ahead % len(slots)], answers=FISH, by=self.hall.residents[n], now=self.now
            )

    @rule(n=st.integers(0, 20))
    def given_back(self, n):
        with self.database.reading() as work:
            live = work.session.scalars(
                select(Appointment)
                .where(Appointment.state == "confirmed", Appointment.starts_at > self.now)
                .order_by(Appointment.id)
            ).all()
        if live:
            one = live[n % len(live)]
            self._do(booking.cancel, one.id, version=one.version, by=self.hall.clerk, now=self.now)

    @rule(n=st.integers(0, 20), closed=st.booleans())
    def shut(self, n, closed):
        with self.database.unit_of_work() as work:
            slots = work.session.scalars(
                select(Slot)
                .join(Resource)
                .where(Resource.offer == "zhiyuan.lunch", Slot.starts_at > self.now)
                .order_by(Slot.starts_at)
            ).all()
            if slots:
                slots[n % len(slots)].closed = closed

    @rule(hours=st.sampled_from([3, 24, 70]))
    def time_goes_by(self, hours):
        self.now += timedelta(hours=hours)
        self.hall.do(booking.publish_ahead, now=self.now)
        self.hall.do(standing.ask, now=self.now)
        self.hall.work_off(self.now)

    @rule()
    def worker_comes_by(self):
        for row in self.orders:
            self.hall.do(standing.go_on, row, now=self.now)
        self._nothing_lost()

    def _nothing_lost(self):
        """Every open time within reach that an order wants has been dealt with."""
        with self.database.reading() as work:
            for row in work.session.scalars(select(Standing).where(Standing.state == "active")):
                known = {
                    d.day: d for d in work.session.scalars(select(StandingDay).where(StandingDay.standing_id == row.id))
                }
                last = min(row.until_on, local_date(self.now) + timedelta(days=standing.AHEAD_DAYS))
                for slot in work.session.scalars(
                    select(Slot).where(Slot.resource_id == row.resource_id, Slot.starts_at > self.now)
                ):
                    day = local_date(slot.starts_at)
                    plain = str(day.isoweekday()) in row.weekdays
                    plain = plain and not (row.working and not work.calendar.is_workday(day))
                    if not slot.closed and plain and row.from_on <= day <= last:
                        assert day in known, f"{day} is lost"

    @invariant()
    def no_day_twice_and_capacity_kept(self):
        if not hasattr(self, "database"):
            return
        with self.database.reading() as work:
            live = ("held", "confirmed", "checked_in", "called", "served")
            each = Counter(
                work.session.execute(
                    select(Appointment.person_index, Appointment.starts_at).where(Appointment.state.in_(live))
                ).all()
            )
            assert all(n == 1 for n in each.values())
            for slot in work.session.scalars(select(Slot)):
                assert 0 <= slot.public_taken <= slot.public_capacity
            kept = dict(
                work.session.execute(
                    select(BookingPart.appointment_id, func.sum(BookingPart.cents)).group_by(BookingPart.appointment_id)
                ).all()
            )
            for made in work.session.scalars(select(Appointment).where(Appointment.state != "held")):
                assert made.cents == kept.get(made.id), "the parts of a price are the price"
            booked = work.session.scalars(select(StandingDay).where(StandingDay.state == "booked")).all()
            assert all(one.appointment_id is not None for one in booked)


def _run(which, request, tmp_path, examples, steps):
    made = itertools.count()

    def fresh():
        folder = tmp_path / str(next(made))
        folder.mkdir()
        whole = contextlib.ExitStack()
        return whole.enter_context(fresh_database(request, folder, which)), whole.close

    Orders.fresh = staticmethod(fresh)
    machines.play(Orders, examples, steps)


@pytest.mark.parametrize("which", ["sqlite", "postgres"])
def test_any_acts_at_any_time(which, request, tmp_path):
    _run(which, request, tmp_path, 5 if which == "sqlite" else 2, 12)


@pytest.mark.wide
@pytest.mark.parametrize("which", ["sqlite", "postgres"])
def test_many_acts_at_any_time(which, request, tmp_path):
    _run(which, request, tmp_path, 15 if which == "sqlite" else 4, 30)
