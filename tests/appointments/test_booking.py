"""Hold, confirm, change, cancel: what a resident does with a booking."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine import crypto
from engine.commands import appointments, booking
from engine.commands.booking import book
from engine.commands.worker import background
from engine.errors import AlreadyDone, NotFound, NotNow, NotYours
from engine.reads import bookings
from engine.store import keys
from engine.store.keys import Keys
from engine.store.models import Appointment, Resource, Waiting


def hold(hall, who=0, day=15, hour=18, minute=0, now=None, **more):
    return hall.do(
        booking.hold,
        resource_id=hall.resource,
        starts_at=[hall.at(day, hour, minute)],
        by=hall.residents[who],
        now=now or hall.now,
        **more,
    )


def test_a_hold_takes_the_seat_for_thirty_minutes(hall):
    made = hold(hall)
    assert (made.state, made.hold_until) == ("held", hall.now + timedelta(minutes=30))
    assert hall.taken(hall.at(15, 18)) == 1


def test_the_second_person_is_told_that_it_is_full_and_what_else_is_free(hall):
    hold(hall)
    with pytest.raises(NotNow) as caught:
        hold(hall, who=1)
    assert caught.value.facts["full"] and "9月15日 18:30" in caught.value.zh
    assert hall.taken() == 1


def test_a_hold_that_ran_out_gives_its_seat_to_the_next_without_waiting_for_the_sweep(hall):
    first = hold(hall)
    second = hold(hall, who=1, now=hall.now + timedelta(minutes=31))
    assert second.state == "held" and hall.taken() == 1
    with hall.database.reading() as work:
        assert bookings.one(work, hall.residents[0], first.id).state == "expired"


def test_holds_that_ran_out_are_let_go(hall):
    hold(hall)
    assert hall.do(booking.sweep, now=hall.now + timedelta(minutes=29)) == 0
    assert hall.do(booking.sweep, now=hall.now + timedelta(minutes=30)) == 1
    assert hall.taken() == 0


def test_the_worker_lets_a_hold_go_when_it_runs_out_and_one_that_the_hall_moved_at_its_new_time(hall):
    equipment = background.Equipment(press=None, channels={})
    first, second = hold(hall), hold(hall, who=1, day=16)
    with hall.database.unit_of_work() as work:  # as when the hall moves it: the person has longer to answer
        made = work.session.get(Appointment, second.id)
        made.hold_until, made.sequence = hall.now + timedelta(hours=24), made.sequence + 1
        appointments.watch(work, made, hall.now)

    def states(now):
        while background.run(hall.database, equipment, now=now):
            pass
        with hall.database.reading() as work:
            return [work.session.get(Appointment, each.id).state for each in (first, second)]

    assert states(hall.now + timedelta(minutes=29)) == ["held", "held"]
    assert states(hall.now + timedelta(minutes=30)) == ["expired", "held"]
    assert states(hall.now + timedelta(hours=24)) == ["expired", "expired"]


def test_one_booking_a_day_a_person(hall):
    hold(hall)
    with pytest.raises(NotNow) as caught:
        hold(hall, hour=19)
    assert "已经有预约" in caught.value.zh
    assert hall.taken() == 1
    hold(hall, day=16)


def test_a_time_that_is_not_there_is_not_found(hall):
    with pytest.raises(NotFound):
        hold(hall, hour=3)


def test_staff_book_for_someone_on_the_telephone_from_their_own_places(hall):
    hold(hall)
    caller = booking.Person("来电人", "13900000001")
    made = hall.do(
        booking.hold,
        resource_id=hall.resource,
        starts_at=[hall.at(15, 18)],
        person=caller,
        channel="phone",
        by=hall.clerk,
        now=hall.now,
    )
    assert made.pool == "staff"
    with pytest.raises(NotYours):
        hall.do(
            booking.hold,
            resource_id=hall.resource,
            starts_at=[hall.at(16, 18)],
            person=caller,
            channel="phone",
            by=hall.residents[0],
            now=hall.now,
        )


def test_a_change_takes_the_new_and_then_lets_the_old_go(hall):
    made = hold(hall)
    changed = hall.do(
        booking.change,
        made.id,
        version=made.version,
        starts_at=[hall.at(16, 19)],
        by=hall.residents[0],
        now=hall.now,
    )
    assert (changed.starts_at, changed.version, changed.sequence) == (hall.at(16, 19), 2, 1)
    assert (hall.taken(hall.at(15, 18)), hall.taken(hall.at(16, 19)), hall.taken()) == (0, 1, 1)


def test_a_change_to_a_full_time_keeps_the_old_seat(hall):
    made = hold(hall)
    hold(hall, who=1, day=16)
    with pytest.raises(NotNow):
        hall.do(booking.change, made.id, version=1, starts_at=[hall.at(16, 18)], by=hall.residents[0], now=hall.now)
    assert hall.taken(hall.at(15, 18)) == 1


def test_what_somebody_else_booked_cannot_be_seen_or_cancelled(hall):
    made = hold(hall)
    with pytest.raises(NotFound):
        hall.do(booking.cancel, made.id, version=1, by=hall.residents[1], now=hall.now)
    with hall.database.reading() as work, pytest.raises(NotFound):
        bookings.one(work, hall.residents[1], made.id)


def test_an_old_version_is_refused(hall):
    made = hold(hall)
    with pytest.raises(AlreadyDone):
        hall.do(booking.cancel, made.id, version=7, by=hall.residents[0], now=hall.now)


def test_cancelling_gives_the_seat_back_and_twice_is_refused(hall):
    made = hold(hall)
    gone = hall.do(booking.cancel, made.id, version=1, by=hall.residents[0], now=hall.now)
    assert gone.state == "cancelled" and hall.taken() == 0
    with pytest.raises(AlreadyDone):
        hall.do(booking.cancel, made.id, version=gone.version, by=hall.residents[0], now=hall.now)


def test_whoever_waits_first_is_offered_the_seat_that_became_free(hall):
    times = [(18, 0), (18, 30), (19, 0), (19, 30)]
    made = [
        hall.do(
            booking.hold,
            resource_id=hall.resource,
            starts_at=[hall.at(15, h, m)],
            by=hall.residents[n],
            now=hall.now,
        )
        for n, (h, m) in enumerate(times)
    ]
    day = hall.at(15, 18).date()
    hall.do(booking.wait, resource_id=hall.resource, day=day, by=hall.residents[4], now=hall.now)
    with pytest.raises(AlreadyDone):
        hall.do(booking.wait, resource_id=hall.resource, day=day, by=hall.residents[4], now=hall.now)
    hall.do(booking.cancel, made[2].id, version=1, by=hall.residents[2], now=hall.now)
    with hall.database.reading() as work:
        (offer,) = bookings.mine(work, hall.residents[4], now=hall.now)
        assert (offer.state, offer.starts_at) == ("held", hall.at(15, 19))
        assert [w.state for w in bookings.waiting(work, hall.residents[4])] == ["offered"]
    assert hall.taken() == 4


def test_nobody_waits_for_a_day_with_free_places(hall):
    with pytest.raises(NotNow):
        hall.do(booking.wait, resource_id=hall.resource, day=hall.at(15, 18).date(), by=hall.residents[0], now=hall.now)


def test_the_calendar_shows_free_seats_by_day_and_time(hall):
    hold(hall)
    with hall.database.reading() as work:
        first = hall.at(15, 18).date()
        days = bookings.days(work, hall.resource, first, first + timedelta(days=5), now=hall.now)
        assert [d.free for d in days] == [3, 4, 4, 4, 0, 4]  # 19 September 2026 is a Saturday, the 20th works (调休)
        assert [t.free for t in bookings.times(work, hall.resource, first, now=hall.now)] == [0, 1, 1, 1]


def test_the_calendar_file_has_one_event_and_nothing_personal(hall):
    made = hold(hall)
    with hall.database.reading() as work:
        data = bookings.calendar_file(bookings.one(work, hall.residents[0], made.id), now=hall.now)
    text = data.decode()
    assert f"UID:{made.number}@yizhan" in text and "DTSTART:20260915T100000Z" in text
    assert "居民" not in text and "138" not in text


def two_a_day(hall):
    with hall.database.unit_of_work() as work:
        work.session.get(Resource, hall.resource).policy = {"per_day": 2}


def test_two_a_day_are_numbered_and_a_number_given_back_is_taken_again(hall):
    two_a_day(hall)
    who = hall.residents[0]
    first = hall.do(booking.hold, resource_id=hall.resource, starts_at=[hall.at(15, 18)], by=who, now=hall.now)
    second = hall.do(booking.hold, resource_id=hall.resource, starts_at=[hall.at(15, 18, 30)], by=who, now=hall.now)
    assert [one.day_key[-2:] for one in (first, second)] == [":0", ":1"]
    with pytest.raises(NotNow):
        hall.do(booking.hold, resource_id=hall.resource, starts_at=[hall.at(15, 19)], by=who, now=hall.now)
    hall.do(booking.cancel, first.id, version=first.version, by=who, now=hall.now)
    third = hall.do(booking.hold, resource_id=hall.resource, starts_at=[hall.at(15, 19)], by=who, now=hall.now)
    assert third.day_key[-2:] == ":0" and hall.taken() == 2


def test_a_day_and_a_pause_are_one_persons_while_the_key_is_changed(hall):
    """What they booked before bears the index of the old key until it is made anew; what they book now not."""
    hold(hall)
    old, new = crypto.Key(b"0123456789abcdef0123456789abcdef"), crypto.Key(b"n" * 32)
    with keys.borrowing(Keys(new, old).ring()):
        with pytest.raises(NotNow, match="already have a booking that day"):
            hold(hall, hour=19)
        two_a_day(hall)
        assert hold(hall, hour=19).day_key[-2:] == ":1"  # and it is their second, not another's first
        with pytest.raises(NotNow):
            hold(hall, hour=19, minute=30)


@pytest.mark.both
def test_four_holds_of_one_person_at_once_make_two_where_two_a_day_are_allowed(hall):
    """What Python counted before the others committed does not matter: the numbers of the day are the table's."""
    two_a_day(hall)
    who, gate, told = hall.residents[0], threading.Barrier(4), []

    def go(n):
        gate.wait()
        try:
            at = [hall.at(15, 18 + n // 2, n % 2 * 30)]
            hall.do(booking.hold, resource_id=hall.resource, starts_at=at, by=who, now=hall.now)
            told.append("made")
        except NotNow:
            told.append("refused")

    threads = [threading.Thread(target=go, args=(n,)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == ["made", "made", "refused", "refused"]
    assert hall.taken() == 2


def test_a_place_offered_and_not_taken_ends_on_the_waiting_list_though_another_took_the_seat_first(hall):
    """Who needs a seat lets go of a hold that ran out without waiting for the worker; the rest follows by its job."""
    for n, (hour, minute) in enumerate([(18, 0), (18, 30), (19, 0), (19, 30)]):
        last = hold(hall, who=n, hour=hour, minute=minute)
    hall.do(booking.wait, resource_id=hall.resource, day=date(2026, 9, 15), by=hall.residents[4], now=hall.now)
    hall.do(booking.cancel, last.id, version=1, by=hall.residents[3], now=hall.now)
    late = hall.now + timedelta(hours=appointments.OFFER_HOURS)
    with hall.database.reading() as work:
        offered = work.session.scalars(select(Waiting)).one().appointment_id
    hold(hall, who=3, hour=19, minute=30, now=late)
    with hall.database.unit_of_work() as work:
        assert work.session.get(Appointment, offered).state == "expired"
        assert work.session.scalars(select(Waiting)).one().state == "offered", "nobody has told the list yet"
        assert book.run_out(work, offered, now=late)
    with hall.database.reading() as work:
        row = work.session.scalars(select(Waiting)).one()
        assert (row.state, row.appointment_id) == ("left", None)
    assert hall.taken(hall.at(15, 19, 30)) == 1, "the seat of the next is not given back by the job"
