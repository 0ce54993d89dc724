"""A time falls away: everything that hangs on it moves, or is told. Closures, days that the calendar makes another,
places that are added while people wait, and texts that are no longer so."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine import people
from engine.commands import booking
from engine.commands.hall import calendars
from engine.errors import Refused
from engine.store.models import Appointment, AppointmentSlot, Notice, ResourceOpening, Slot, Waiting
from tests.appointments.test_process import book, open_hall

__all__ = ["open_hall"]

HOLIDAY = """source: 县政府办通知〔2026〕9号
published_on: 2026-09-14
holidays:
  2026-09-17: 县庆日
"""
WORKED = """source: 县政府办通知〔2026〕10号
published_on: 2026-09-15
workdays:
  2026-09-17: 县庆日
"""


def hold(hall, who=0, starts_at=(), now=None, **more):
    given = {"resource_id": hall.resource, "starts_at": starts_at, "by": hall.residents[who], "now": now or hall.now}
    return hall.do(booking.hold, **(given | more))


def one(hall, made):
    with hall.database.reading() as work:
        row = work.session.get(Appointment, made if isinstance(made, int) else made.id)
        slots = select(AppointmentSlot).where(AppointmentSlot.appointment_id == row.id)
        return row, len(work.session.scalars(slots).all())


def texts(hall, kind, channel="sms"):
    with hall.database.reading() as work:
        query = select(Notice).where(Notice.kind == kind, Notice.channel == channel).order_by(Notice.id)
        return [(n.state, n.text) for n in work.session.scalars(query)]


def test_a_booking_of_two_slots_is_moved_to_two_that_follow_each_other(open_hall):
    made = hold(open_hall, starts_at=[open_hall.at(15, 18), open_hall.at(15, 18, 30)])
    hold(open_hall, who=1, starts_at=[open_hall.at(16, 18, 30)])  # the 16th has only 19:00 and 19:30 in a row
    window = {"starts_at": open_hall.at(15, 17), "ends_at": open_hall.at(15, 21)}
    with open_hall.database.reading() as work:
        [hit] = booking.preview_closing(work, open_hall.resource, by=open_hall.clerk, now=open_hall.now, **window)
    open_hall.do(booking.close, open_hall.resource, reason="停电", by=open_hall.clerk, now=open_hall.now, **window)
    row, slots = one(open_hall, made)
    assert hit.offer == row.starts_at == open_hall.at(16, 19)
    assert (row.ends_at, slots) == (open_hall.at(16, 20), 2)
    assert open_hall.taken(open_hall.at(16, 19)) == open_hall.taken(open_hall.at(16, 19, 30)) == 1


def test_on_the_day_itself_a_confirmed_booking_stands_at_its_new_time(open_hall):
    made = book(open_hall, day=16)
    now = open_hall.at(16, 17, 30)
    window = {"starts_at": open_hall.at(16, 17), "ends_at": open_hall.at(16, 18, 30)}
    open_hall.do(booking.close, open_hall.resource, reason="停电", by=open_hall.head, now=now, **window)
    open_hall.do(booking.sweep, now=now + timedelta(minutes=1))
    row, _slots = one(open_hall, made)
    assert (row.state, row.starts_at, row.hold_until) == ("confirmed", open_hall.at(16, 18, 30), None)
    assert "不用再确认" in texts(open_hall, "appointment-moved-soon")[0][1]
    assert open_hall.do(booking.check_in, row.code, by=open_hall.clerk, now=open_hall.at(16, 18, 30)).checked_in_at


def test_moved_in_the_evening_it_is_held_from_the_morning_on_and_the_text_says_until_when(open_hall):
    made = book(open_hall, day=18)
    night = open_hall.at(15, 22)
    window = {"starts_at": open_hall.at(18, 17), "ends_at": open_hall.at(18, 20)}
    open_hall.do(booking.close, open_hall.resource, reason="停电", by=open_hall.head, now=night, **window)
    row, _slots = one(open_hall, made)
    assert row.hold_until == open_hall.at(17, 8)  # a day from the morning on
    assert [text for _state, text in texts(open_hall, "appointment-moved") if "9月17日" in text]


def test_a_day_that_became_a_holiday_is_shut_its_bookings_move_and_it_opens_again(open_hall):
    made = book(open_hall, day=17)
    with open_hall.database.reading() as work:
        shown = calendars.preview(work, HOLIDAY, by=people.SYSTEM, now=open_hall.now)
    assert shown.bookings == 1
    done = open_hall.do(calendars.publish, HOLIDAY, by=people.SYSTEM, now=open_hall.now)
    assert done.bookings == 1
    row, _slots = one(open_hall, made)
    assert (row.state, row.starts_at.astimezone().date() > date(2026, 9, 17)) == ("held", True)
    with pytest.raises(Refused):
        hold(open_hall, who=1, starts_at=[open_hall.at(17, 19)])
    open_hall.do(calendars.publish, WORKED, by=people.SYSTEM, now=open_hall.now + timedelta(days=1))
    assert hold(open_hall, who=2, starts_at=[open_hall.at(17, 19)], now=open_hall.now + timedelta(days=1)).id


def test_an_hour_that_was_shut_by_hand_stays_shut_when_its_day_changes(open_hall):
    window = {"starts_at": open_hall.at(17, 18), "ends_at": open_hall.at(17, 19)}
    open_hall.do(booking.close, open_hall.resource, reason="检修", by=open_hall.head, now=open_hall.now, **window)
    for text in (HOLIDAY, WORKED):
        open_hall.do(calendars.publish, text, by=people.SYSTEM, now=open_hall.now)
    with open_hall.database.reading() as work:
        query = select(Slot).where(Slot.starts_at >= open_hall.at(17, 18)).order_by(Slot.starts_at).limit(4)
        assert [slot.closed for slot in work.session.scalars(query)] == [True, True, False, False]


def full(hall, day=18):
    """The day is full and the last resident waits."""
    times = ((18, 0), (18, 30), (19, 0), (19, 30))
    made = [book(hall, who=n, day=day, hour=hour, minute=minute) for n, (hour, minute) in enumerate(times)]
    given = {"resource_id": hall.resource, "day": date(2026, 9, day), "by": hall.residents[4], "now": hall.now}
    return made, hall.do(booking.wait, **given).id


def given_back(hall, made, now):
    with hall.database.reading() as work:
        version = work.session.get(Appointment, made).version
    hall.do(booking.cancel, made, version=version, by=hall.residents[0], now=now)


def test_places_that_are_made_while_people_wait_are_offered_to_them(open_hall):
    _made, waits = full(open_hall)
    with open_hall.database.unit_of_work() as work:
        rule = {"opens": "20:00", "closes": "20:30", "minutes": 30, "public": 1, "kind": "after_hours"}
        work.session.add(ResourceOpening(resource_id=open_hall.resource, rule=rule))
    days = {"first": date(2026, 9, 15), "last": date(2026, 9, 25)}
    open_hall.do(booking.publish, open_hall.resource, by=people.SYSTEM, now=open_hall.now, **days)
    with open_hall.database.reading() as work:
        row = work.session.get(Waiting, waits)
        offered = work.session.get(Appointment, row.appointment_id)
        assert (row.state, offered.starts_at) == ("offered", open_hall.at(18, 20))


def test_a_place_that_was_offered_and_given_up_is_spoken_of_no_more(open_hall):
    made, waits = full(open_hall)
    night = open_hall.at(15, 22)
    given_back(open_hall, made[0], night)
    assert [state for state, _text in texts(open_hall, "waiting-offered")] == ["waiting"]
    open_hall.do(booking.stop_waiting, waits, by=open_hall.residents[4], now=night + timedelta(minutes=5))
    assert [state for state, _text in texts(open_hall, "waiting-offered")] == ["cancelled"]


def test_who_confirms_in_the_night_gets_no_text_in_the_morning_to_confirm(open_hall):
    made, waits = full(open_hall)
    night = open_hall.at(15, 22)
    given_back(open_hall, made[0], night)
    with open_hall.database.reading() as work:
        offered = work.session.get(Waiting, waits).appointment_id
        version = work.session.get(Appointment, offered).version
    open_hall.do(booking.confirm, offered, version=version, by=open_hall.residents[4], now=night + timedelta(minutes=9))
    assert [state for state, _text in texts(open_hall, "waiting-offered")] == ["cancelled"]


def test_who_waits_for_a_day_that_is_shut_is_told_and_waits_no_more(open_hall):
    _made, waits = full(open_hall)
    window = {"starts_at": open_hall.at(18, 17), "ends_at": open_hall.at(18, 21)}
    open_hall.do(booking.close, open_hall.resource, reason="停电", by=open_hall.head, now=open_hall.now, **window)
    with open_hall.database.reading() as work:
        assert work.session.get(Waiting, waits).state == "left"
    assert len(texts(open_hall, "waiting-closed")) == 1
