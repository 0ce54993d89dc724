"""Appointments: offers while people sleep, a day that became a holiday, a closing on the day itself, a fixed line."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from engine import people
from engine.commands import booking
from engine.commands.booking import office
from engine.commands.hall import calendars
from engine.errors import Refused
from engine.forms.kinds import cn_phone
from engine.store.models import Appointment, Notice, Slot, Waiting


def held(counter: SimpleNamespace, who: int, starts_at: datetime) -> Appointment:
    """A place held by one of the residents."""
    return counter.do(
        booking.hold,
        resource_id=counter.resource,
        starts_at=[starts_at],
        by=counter.residents[who],
        now=counter.now,
    )


def waits(counter: SimpleNamespace, who: int, day: date) -> int:
    """One of the residents waits for a place on a day; the id."""
    return counter.do(
        booking.wait, resource_id=counter.resource, day=day, by=counter.residents[who], now=counter.now
    ).id


def given_up(counter: SimpleNamespace, made: Appointment, who: int, at: datetime) -> None:
    """The resident gives a place up at this moment, which was held until then."""
    with counter.database.unit_of_work() as work:
        row = work.session.get(Appointment, made.id)
        row.hold_until = at + timedelta(minutes=10)
        version = row.version
    counter.do(booking.cancel, made.id, version=version, by=counter.residents[who], now=at)


def test_an_offer_is_told_while_it_lasts(counter: SimpleNamespace) -> None:
    made = held(counter, 0, counter.at(17, 18))
    for who, (hour, minute) in enumerate([(18, 30), (19, 0), (19, 30)], 1):
        held(counter, who, counter.at(17, hour, minute))
    waiting = waits(counter, 4, date(2026, 9, 17))
    given_up(counter, made, 0, counter.at(15, 22, 30))
    counter.do(booking.sweep, now=counter.at(16, 8))
    with counter.database.reading() as work:
        row = work.session.get(Waiting, waiting)
        assert row.appointment_id, "in the morning the place is still to be had"
        offer = work.session.get(Appointment, row.appointment_id)
        text = work.session.scalars(
            select(Notice).where(Notice.kind == "waiting-offered", Notice.channel == "sms")
        ).one()
        assert text.send_after < offer.hold_until


def test_who_waits_is_still_on_the_list_in_the_morning(counter: SimpleNamespace) -> None:
    held(counter, 0, counter.at(18, 18))
    made = held(counter, 1, counter.at(18, 18, 30))
    rest = [counter.at(18, 19), counter.at(18, 19, 30)]
    with counter.database.unit_of_work() as work:
        for slot in work.session.scalars(select(Slot).where(Slot.starts_at.in_(rest))):
            slot.public_capacity = 0
    waiting = [waits(counter, who, date(2026, 9, 18)) for who in (2, 3, 4)]
    night = counter.at(15, 21, 30)
    given_up(counter, made, 1, night)
    for hours in (2, 4, 6, 8, 10):
        counter.do(booking.sweep, now=night + timedelta(hours=hours, minutes=1))
    with counter.database.reading() as work:
        states = {work.session.get(Waiting, id).state for id in waiting}
    assert states & {"waiting", "offered"}, f"at half past seven: {states}"


COUNTY_DAY = """source: 县政府办通知〔2026〕9号
published_on: 2026-09-14
holidays:
  2026-09-17: 县庆日
"""


def test_a_day_that_became_a_holiday_cannot_be_booked_any_more(counter: SimpleNamespace) -> None:
    held(counter, 0, counter.at(17, 18))
    counter.do(calendars.publish, COUNTY_DAY, by=people.SYSTEM, now=counter.now)
    counter.do(office.publish_ahead, now=counter.now)
    with pytest.raises(Refused):
        held(counter, 1, counter.at(17, 19))


def test_a_booking_moved_on_the_day_itself_lives_on(counter: SimpleNamespace) -> None:
    made = held(counter, 0, counter.at(16, 18))
    with counter.database.unit_of_work() as work:
        row = work.session.get(Appointment, made.id)
        row.state, row.hold_until = "confirmed", None
    now = counter.at(16, 17, 30)
    counter.do(
        booking.close,
        counter.resource,
        starts_at=counter.at(16, 17),
        ends_at=counter.at(16, 18, 30),
        reason="停电",
        by=counter.head,
        now=now,
    )
    counter.do(booking.sweep, now=now)
    with counter.database.reading() as work:
        assert work.session.get(Appointment, made.id).state != "expired"


def test_no_text_message_is_sent_to_a_fixed_line(counter: SimpleNamespace) -> None:
    caller = booking.Person("来电人", cn_phone("0595-23551234"))
    counter.do(
        booking.hold,
        resource_id=counter.resource,
        starts_at=[counter.at(16, 18)],
        person=caller,
        channel="phone",
        by=counter.clerk,
        now=counter.now,
    )
    counter.do(
        booking.close,
        counter.resource,
        starts_at=counter.at(16, 17),
        ends_at=counter.at(16, 21),
        reason="停电检修",
        by=counter.head,
        now=counter.now,
    )
    with counter.database.reading() as work:
        addresses = list(work.session.scalars(select(Notice.address).where(Notice.channel == "sms")))
    assert [address for address in addresses if address.startswith("0")] == []
