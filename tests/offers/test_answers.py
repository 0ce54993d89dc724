"""The form of an offer, answered once for many: by a standing order, by a roll; and otherwise for a day or a person."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine.commands import booking
from engine.commands.booking import standing
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, NotYours
from engine.store.models import Appointment, BookingPart, StandingDay
from tests.offers.conftest import NOW
from tests.offers.test_standing import FISH, MONDAY, kitchen, order, slot_of

__all__ = ["kitchen"]

PLAIN = {"dish": "plain"}


def booked(hall, **where):
    with hall.database.reading() as work:
        rows = work.session.scalars(select(Appointment).filter_by(**where).order_by(Appointment.starts_at))
        return [(row.starts_at, row.answers, row.cents) for row in rows]


def test_a_standing_order_keeps_its_answers_and_one_day_may_be_other(kitchen):
    row = order(kitchen, kitchen.residents[0])
    given = {"by": kitchen.residents[0], "now": NOW}
    kitchen.do(booking.change_day, row.id, date(2026, 9, 22), PLAIN, **given)
    found = booked(kitchen)
    assert [answers for _at, answers, _cents in found[:3]] == [FISH, PLAIN, FISH]
    assert [cents for _at, _answers, cents in found[:3]] == [800, 600, 800]  # fish is 5 and 3, plain 3 and 3
    with kitchen.database.reading() as work:
        parts = work.session.scalars(select(BookingPart).where(BookingPart.cents == 300)).all()
        assert len(parts) == 9  # the county's of eight days, and the person's of the plain one


def test_a_day_that_is_not_booked_yet_is_booked_as_it_was_changed(kitchen):
    row = order(kitchen, kitchen.residents[0])
    far = date(2026, 10, 12)
    kitchen.do(booking.change_day, row.id, far, PLAIN, by=kitchen.residents[0], now=NOW)
    later = NOW + timedelta(days=12)
    kitchen.do(booking.publish_ahead, now=later)
    kitchen.do(standing.go_on, row.id, now=later)
    with kitchen.database.reading() as work:
        day = work.session.get(StandingDay, (row.id, far))
        assert day.state == "booked" and work.session.get(Appointment, day.appointment_id).answers == PLAIN


def test_only_ones_own_days_of_the_order_until_the_cut_off(kitchen):
    row = order(kitchen, kitchen.residents[0])
    with pytest.raises((NotFound, NotYours)):
        kitchen.do(booking.change_day, row.id, date(2026, 9, 22), PLAIN, by=kitchen.residents[1], now=NOW)
    with pytest.raises(NotNow, match="add it first"):
        kitchen.do(booking.change_day, row.id, date(2026, 10, 9), PLAIN, by=kitchen.residents[0], now=NOW)  # a Friday
    with pytest.raises(Invalid):
        kitchen.do(booking.change_day, row.id, date(2026, 9, 22), {}, by=kitchen.residents[0], now=NOW)
    late = MONDAY - timedelta(hours=12)  # Sunday night: closed since 16:00
    with pytest.raises(NotNow, match="closed"):
        kitchen.do(booking.change_day, row.id, date(2026, 9, 21), PLAIN, by=kitchen.residents[0], now=late)


def test_a_roll_is_answered_once_and_one_line_may_be_other(kitchen):
    people = [
        booking.Listed("居民1", "13800000001"),
        booking.Listed("居民2", "13800000002", answers=PLAIN),
        booking.Listed("居民3", "13800000003", answers={"dish": "steak"}),
    ]
    given = {"by": kitchen.clerk, "now": NOW}
    with pytest.raises(Invalid):
        kitchen.do(booking.roll, slot_of(kitchen), people, **given)  # what the offer asks is not answered
    found = kitchen.do(booking.roll, slot_of(kitchen), people, answers=FISH, **given)
    assert [bool(one.number) for one in found] == [True, True, False] and "吃什么" in found[2].why
    assert sorted(answers["dish"] for _at, answers, _cents in booked(kitchen)) == ["fish", "plain"]


def test_staff_change_one_persons_answers_after_the_cut_off_and_not_twice_unseen(kitchen):
    made = kitchen.do(booking.take_place, slot_of(kitchen), answers=FISH, by=kitchen.residents[0], now=NOW)
    late = MONDAY - timedelta(hours=2)
    with pytest.raises(NotNow):
        kitchen.do(booking.answer, made.id, PLAIN, version=1, by=kitchen.residents[0], now=late)
    kitchen.do(booking.answer, made.id, PLAIN, version=made.version, by=kitchen.clerk, now=late)
    with pytest.raises(AlreadyDone):
        kitchen.do(booking.answer, made.id, FISH, version=made.version, by=kitchen.clerk, now=late)
    assert booked(kitchen)[0][1:] == (PLAIN, 600)
