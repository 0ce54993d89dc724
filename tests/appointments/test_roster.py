"""排班: who is on duty when, by the unit's own people, and who receives what was booked then."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from engine.commands import booking
from engine.errors import Invalid, NotYours
from engine.store.models import Appointment, Duty
from tests.appointments.conftest import NOW

FROM, UNTIL = datetime(2026, 9, 15, 10, 0, tzinfo=UTC), datetime(2026, 9, 15, 12, 0, tzinfo=UTC)  # 18:00 to 20:00


def put(hall, who, by):
    given = {"resource_id": hall.resource, "user_id": who, "starts_at": FROM, "ends_at": UNTIL}
    return hall.do(booking.roster, **given, by=by, now=NOW)


def test_whoever_is_put_on_duty_receives_what_is_booked_then_and_not_when_taken_off(hall):
    duty = put(hall, hall.clerk.id, hall.head)
    with hall.database.reading() as work:
        assert work.session.scalars(select(Duty.user_id)).all() == [hall.clerk.id]
    hall.do(booking.unroster, duty.id, by=hall.head, now=NOW)
    with hall.database.reading() as work:
        assert work.session.scalars(select(Duty.id)).all() == []
        assert work.session.scalars(select(Appointment.duty_id)).all() == []


def test_only_the_units_own_people_are_put_on_duty_and_nobody_twice(hall):
    put(hall, hall.clerk.id, hall.head)
    for who, words in ((hall.clerk.id, "已经排了值班"), (hall.residents[0].id, "只能排本单位的人")):
        with pytest.raises(Invalid) as refused:
            put(hall, who, hall.head)
        assert words in refused.value.by_field()["who"].zh
    with pytest.raises(NotYours):
        put(hall, hall.clerk.id, hall.residents[0])
