"""A number from the machine to done: works, wrong person, wrong moment, twice; and what stands in the rows."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from engine import people
from engine.commands import booking, queues, ticket_rows
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, NotYours
from engine.reads import tickets as reads
from engine.reads.knowing import Person
from engine.records import audit
from engine.store.models import Appointment, Case, Event, Hall, Ticket, Window
from tests.appointments.conftest import NOW, opened
from tests.queues.conftest import APART, KEY

OLD = Person("苏阿婆", "13900000001", "350526194003071234")  # 86


def later(**by):
    return NOW + timedelta(**by)


def kinds(desk, ticket):
    with desk.database.reading() as work:
        rows = work.session.scalars(select(Event).where(Event.kind.startswith("ticket.")).order_by(Event.id))
        return [one.kind for one in rows if one.facts.get("ticket") == ticket.id]


# ---------------------------------------------------------------- taking


def test_numbers_are_counted_without_a_gap_and_say_the_class(desk):
    numbers = [desk.take().number, desk.take("wheelchair").number, desk.take("sixty").number]
    assert numbers == ["C001", "A002", "B003"]
    with pytest.raises(Invalid) as refused:
        desk.take("wheelchar")
    assert "wheelchair" in refused.value.fields[0].zh
    assert desk.take().number == "C004", "a number that was refused was not spent"


def test_what_it_is_for_must_be_in_the_line(desk):
    assert desk.take(matter="yuyue").matter == "yuyue"
    with pytest.raises(Invalid) as refused:
        desk.take(matter="yuyu")
    assert "yuyue" in refused.value.fields[0].zh


def test_a_hall_that_is_shut_gives_no_number_at_the_machine(desk):
    with pytest.raises(NotNow, match="hall gives no numbers"):
        desk.take(now=later(hours=12))
    assert desk.take(now=later(hours=-1, minutes=-25)).number == "C001", "half an hour before it opens"


def test_known_age_counts_without_being_said(desk):
    made = desk.do(queues.take_for, KEY, person=OLD, by=desk.clerks[0], now=NOW)
    assert (made.number, made.channel) == ("A001", "staff")


def test_staff_of_elsewhere_take_no_number_for_anybody(desk):
    with pytest.raises(NotYours):
        desk.do(queues.take_for, KEY, person=OLD, by=desk.stranger, now=NOW)


def test_one_number_a_person_and_line(desk):
    desk.do(queues.take_for, KEY, person=OLD, by=desk.clerks[0], now=NOW)
    with pytest.raises(NotNow, match="A001"):
        desk.do(queues.take_for, KEY, person=OLD, by=desk.clerks[0], now=NOW)
    assert desk.take().number == "C002", "and no number was lost by asking"


def test_one_number_a_person_and_line_is_the_databases_rule(desk):
    made = desk.do(queues.take_for, KEY, person=OLD, by=desk.clerks[0], now=NOW)
    with pytest.raises(IntegrityError), desk.database.unit_of_work() as work:
        work.session.add(
            Ticket(
                hall_id=made.hall_id,
                unit_id=made.unit_id,
                queue=KEY,
                day=made.day,
                serial=99,
                number="A099",
                code="x",
                letter="A",
                channel="staff",
                live_key=made.live_key,
                taken_at=NOW,
                since_at=NOW,
            )
        )


def test_a_telephone_in_the_hall_gets_one_number_and_the_same_when_it_asks_again(desk):
    with desk.database.reading() as work:
        code = reads.place_code(work.session.get(Hall, desk.hall_id), NOW)
    here = {"place_code": code, "by": people.SYSTEM, "now": later(minutes=14)}
    first = desk.do(queues.take_here, KEY, holder="phone-1", **here)
    assert desk.do(queues.take_here, KEY, holder="phone-1", **here).number == first.number == "C001"
    assert desk.do(queues.take_here, KEY, holder="phone-2", **here).number == "C002"
    with pytest.raises(NotNow, match="out of date"):
        desk.do(queues.take_here, KEY, holder="phone-3", place_code=code, by=people.SYSTEM, now=later(minutes=31))


def test_a_resident_who_signed_in_has_one_number_on_every_telephone(desk):
    with desk.database.reading() as work:
        code = reads.place_code(work.session.get(Hall, desk.hall_id), NOW)
    who = desk.residents[0]
    made = [
        desk.do(queues.take_here, KEY, place_code=code, holder=holder, by=who, now=NOW) for holder in ("one", "two")
    ]
    assert made[0].id == made[1].id and made[0].user_id == who.id


# ---------------------------------------------------------------- calling


def test_the_order_is_kept_over_a_morning(desk):
    for needs in (["sixty"], [], ["wheelchair"], ["wheelchair"], ["sixty"], []):
        desk.take(*needs)
    called = []
    for _ in range(6):
        ticket = desk.call_next()
        called.append(ticket.number)
        desk.step(queues.serve, ticket)
        desk.step(queues.done, ticket)
    assert called == ["A003", "A004", "B001", "C002", "B005", "C006"]
    assert desk.call_next() is None


def test_from_taken_to_done(desk):
    made = desk.take("sixty", matter="yuyue")
    called = desk.call_next(now=later(minutes=4))
    assert (called.id, called.state, called.window_id) == (made.id, "called", desk.w[0])
    desk.step(queues.serve, made, now=later(minutes=5))
    desk.step(queues.done, made, now=later(minutes=15))
    row = desk.fresh(made)
    assert (row.state, row.first_called_at, row.serving_at, row.ended_at) == (
        "done",
        later(minutes=4),
        later(minutes=5),
        later(minutes=15),
    )
    assert kinds(desk, made) == ["ticket.taken", "ticket.called", "ticket.serving", "ticket.done"]


def test_a_window_has_one_person_before_it(desk):
    desk.take(), desk.take()
    first = desk.call_next()
    with pytest.raises(NotNow, match=first.number):
        desk.call_next()
    with pytest.raises(IntegrityError), desk.database.unit_of_work() as work:
        other = work.session.scalar(select(Ticket).where(Ticket.id != first.id))
        other.state, other.window_id = "called", desk.w[0]


def test_who_sits_nowhere_calls_nobody_and_who_is_of_elsewhere_opens_no_window(desk):
    desk.take()
    with pytest.raises(NotNow, match="do not sit"):
        desk.do(queues.call_next, desk.w[0], by=desk.clerks[1], now=NOW)
    with pytest.raises(NotYours):
        desk.do(queues.sit, desk.w[0], by=desk.stranger, now=NOW)
    with pytest.raises(NotNow, match="Somebody sits"):
        desk.do(queues.sit, desk.w[0], by=desk.clerks[1], now=NOW)


def test_who_sits_down_elsewhere_has_left_their_window(desk):
    desk.do(queues.leave, desk.w[1], by=desk.clerks[1], now=NOW)
    desk.do(queues.sit, desk.w[1], by=desk.clerks[0], now=NOW)
    with desk.database.reading() as work:
        assert work.session.get(Window, desk.w[0]).clerk_id is None
    desk.take()
    desk.do(queues.call_next, desk.w[1], by=desk.clerks[0], now=NOW)
    with pytest.raises(NotNow, match="still has C001"):
        desk.do(queues.sit, desk.w[0], by=desk.clerks[0], now=NOW)


def test_a_window_calls_only_the_lines_of_its_unit(desk):
    mine = desk.do(queues.take, "yuyue.other", by=people.SYSTEM, now=NOW)
    assert desk.call_next(0) is None
    assert desk.call_next(2).id == mine.id


def test_this_one_before_all_others(desk):
    desk.take("wheelchair")
    late = desk.take()
    called = desk.step(queues.call, late, window_id=desk.w[0])
    assert called.number == "C002"
    with pytest.raises(AlreadyDone):
        desk.do(queues.call, late.id, window_id=desk.w[1], version=late.version, by=desk.clerks[1], now=NOW)


# ---------------------------------------------------------------- nobody came


def test_three_calls_then_parked_and_back_behind_three_others(desk):
    away = desk.take()
    others = [desk.take() for _ in range(5)]
    desk.call_next()
    with pytest.raises(NotNow, match="call 2 more"):
        desk.step(queues.park, away)
    desk.missed(away)
    assert desk.fresh(away).state == "parked"
    desk.do(queues.back, away.code, by=people.SYSTEM, now=later(minutes=30))
    order = []
    for _ in range(6):
        order.append(desk.call_next(now=later(minutes=31)))
        desk.step(queues.serve, order[-1])
        desk.step(queues.done, order[-1])
    assert [t.id for t in order] == [*(t.id for t in others[:3]), away.id, *(t.id for t in others[3:])]


def test_who_comes_back_too_late_or_twice_takes_a_new_number(desk):
    away = desk.take()
    desk.call_next()
    desk.missed(away)
    with pytest.raises(NotNow, match="take a new number"):
        desk.do(queues.back, away.code, by=people.SYSTEM, now=later(minutes=32))
    desk.do(queues.back, away.code, by=people.SYSTEM, now=later(minutes=29))
    desk.call_next()
    desk.missed(away)
    with pytest.raises(NotNow, match="take a new number"):
        desk.do(queues.back, away.code, by=people.SYSTEM, now=NOW)


def test_who_missed_their_call_for_good_may_take_another(desk):
    who = Person("陈先生", "13900000002")
    first = desk.do(queues.take_for, KEY, person=who, by=desk.clerks[0], now=NOW)
    desk.call_next()
    desk.missed(first)
    second = desk.do(queues.take_for, KEY, person=who, by=desk.clerks[0], now=later(minutes=32))
    assert (desk.fresh(first).state, second.number) == ("gone", "C002")


def test_an_elder_who_was_missed_keeps_the_place(desk):
    away = desk.take("eighty")
    desk.call_next()
    desk.missed(away)
    desk.take("eighty")
    desk.do(queues.back, away.code, by=people.SYSTEM, now=later(hours=2))
    assert desk.call_next(now=later(hours=2)).id == away.id


def test_no_more_than_three_calls(desk):
    ticket = desk.take()
    desk.call_next()
    for again in (1, 2):
        desk.step(queues.recall, ticket, now=NOW + again * APART)
    with pytest.raises(NotNow, match="called 3 times"):
        desk.step(queues.recall, ticket, now=NOW + 3 * APART)


def test_there_is_time_to_walk_between_two_calls_and_after_the_last(desk):
    ticket = desk.take()
    desk.call_next()
    with pytest.raises(NotNow, match="call again in 1 seconds"):
        desk.step(queues.recall, ticket, now=later(seconds=29))
    desk.step(queues.recall, ticket, now=later(seconds=30))
    desk.step(queues.recall, ticket, now=later(seconds=60))
    with pytest.raises(NotNow, match="park it in 30 seconds"):
        desk.step(queues.park, ticket, now=later(seconds=60))
    desk.step(queues.serve, ticket, now=later(seconds=61))  # who comes is served at once


def test_a_low_counter_is_had_by_asking_for_it_and_by_nobodys_class(desk):
    asked, other = desk.take("low"), desk.take("wheelchair")
    assert asked.number == "C001", "it changes nothing about the order"
    with desk.database.unit_of_work() as work:
        work.session.get(Window, desk.w[1]).low = True
    assert desk.call_next(0).id == other.id
    desk.step(queues.serve, other)
    desk.step(queues.done, other)
    assert desk.call_next(0) is None, "the low one is open: they wait for it"
    desk.do(queues.leave, desk.w[1], by=desk.clerks[1], now=NOW)
    assert desk.call_next(0).id == asked.id, "but for no window that nobody sits at"


def test_who_is_not_to_stand_out_has_a_number_like_any_other(desk):
    with pytest.raises(Invalid):
        desk.take("shelter")  # not at the machine: others look on
    desk.take()
    quiet = desk.do(queues.take_for, KEY, person=None, needs=["shelter"], by=desk.clerks[0], now=NOW)
    assert (quiet.number, quiet.letter) == ("C002", "A")
    with desk.database.reading() as work:
        assert reads.own(work, quiet.code, now=NOW).kind == "普通"
        row = reads.desk(work, "jiayuan", desk.clerks[0], now=NOW).waiting[0]
        assert (row.number, row.kind, row.needs, row.helps) == ("C002", "普通", (), ("请引导员带着走侧门",))
    assert desk.call_next().id == quiet.id


# ---------------------------------------------------------------- the hall closes


def test_whoever_still_waits_when_the_hall_closes_is_the_first_of_the_next_day(desk):
    friday = desk.at(18, 17, 20)
    old = desk.do(queues.take_for, KEY, person=OLD, by=desk.clerks[0], now=friday)
    plain = desk.take(now=friday)
    with pytest.raises(NotNow, match="does not close yet"):
        desk.do(queues.all_tomorrow, desk.w[0], by=desk.clerks[0], now=desk.at(18, 16))
    desk.do(queues.leave, desk.w[1], by=desk.clerks[1], now=friday)
    desk.do(queues.leave, desk.w[2], by=desk.clerks[2], now=friday)
    with pytest.raises(NotNow, match="2 still wait"):
        desk.do(queues.leave, desk.w[0], by=desk.clerks[0], now=friday)
    pairs = desk.do(queues.all_tomorrow, desk.w[0], by=desk.clerks[0], now=friday)
    assert [(held, one.number) for held, one in pairs] == [("A001", "A001"), ("C002", "A002")]
    moved = [one for _held, one in pairs]
    assert {one.day.isoformat() for one in moved} == {"2026-09-20"}
    assert {desk.fresh(one).state for one in (old, plain)} == {"gone"} and moved[0].name == "苏阿婆"
    desk.do(queues.leave, desk.w[0], by=desk.clerks[0], now=friday)
    with desk.database.reading() as work:
        assert reads.own(work, moved[0].code, now=friday).later
    desk.do(ticket_rows.forget, now=desk.at(19, 2))
    assert desk.fresh(moved[0]).name == "苏阿婆", "the night forgets the day that is over, not the one that comes"
    sunday = desk.at(20, 8)
    desk.do(queues.sit, desk.w[0], by=desk.clerks[0], now=sunday)
    desk.take("wheelchair", now=sunday)
    assert desk.call_next(now=sunday).id == moved[0].id


def test_a_telephone_finds_its_number_of_the_next_day_under_the_code_it_has(desk):
    friday = desk.at(18, 17, 20)
    old = desk.take(now=friday)
    quiet = desk.do(queues.take_for, KEY, person=OLD, needs=["shelter"], by=desk.clerks[0], now=friday)
    moved = desk.do(queues.all_tomorrow, desk.w[0], by=desk.clerks[0], now=friday)
    assert [one.code for _held, one in moved] == [old.code, quiet.code]
    assert [one.number for _held, one in moved] == ["A001", "A002"], "who is not to stand out has the letter of all"
    with desk.database.reading() as work:
        mine = reads.own(work, old.code, now=friday)
        assert (mine.number, mine.state, mine.later) == ("A001", "waiting", True)
    desk.do(queues.give_up, old.code, by=people.SYSTEM, now=friday)
    with desk.database.reading() as work:
        assert not reads.own(work, old.code, now=friday).later, "who gave it up is not told that they come first"


def test_who_came_by_a_booking_is_not_said_to_be_nobody_when_the_hall_closes(desk):
    _, code = booked(desk)
    ticket = desk.do(queues.arrived, code, by=desk.clerks[0], now=desk.at(14, 9, 50))
    with pytest.raises(NotNow, match=f"{ticket.number}.* booking"):
        desk.do(queues.all_tomorrow, desk.w[0], by=desk.clerks[0], now=desk.at(14, 17, 20))


def test_a_hall_without_a_next_day_goes_on_serving(desk):
    friday = desk.at(18, 17, 20)
    desk.take(now=friday)
    with desk.database.unit_of_work() as work:
        work.session.get(Hall, desk.hall_id).hours = {"weekly": {}, "makeup": []}
    with desk.database.reading() as work:
        found = reads.desk(work, "jiayuan", desk.clerks[0], now=friday)
        assert found.closing and found.opens is None and len(found.waiting) == 1
    with pytest.raises(NotNow, match="enter its hours"):
        desk.do(queues.all_tomorrow, desk.w[0], by=desk.clerks[0], now=friday)


def test_another_window_does_not_act_on_my_number(desk):
    ticket = desk.take()
    desk.call_next(0)
    for verb in (queues.recall, queues.serve, queues.park):
        with pytest.raises(NotNow, match="not at yours"):
            desk.step(verb, ticket, 1)
    with pytest.raises(NotFound):
        desk.do(queues.gone, ticket.id, version=2, by=desk.stranger, now=NOW)


def test_seen_in_another_state_is_refused_with_the_new_one(desk):
    ticket = desk.take()
    with pytest.raises(AlreadyDone, match="just changed"):
        desk.do(queues.gone, ticket.id, version=9, by=desk.clerks[0], now=NOW)
    desk.step(queues.gone, ticket)
    with pytest.raises(AlreadyDone, match="gone"):
        desk.step(queues.gone, ticket)


# ---------------------------------------------------------------- passed on


def test_passed_on_to_a_window_it_is_next_there_and_nowhere_else(desk):
    ticket = desk.take(now=later(minutes=-5))
    desk.call_next(0)
    desk.step(queues.serve, ticket)
    desk.step(queues.pass_on, ticket, window_id=desk.w[2], note="要改医保账户")
    desk.take("wheelchair")
    assert desk.call_next(0).number == "A002", "the first window does not get it again"
    again = desk.call_next(2)
    assert (again.id, again.since_at, again.note) == (ticket.id, later(minutes=-5), "要改医保账户")
    assert kinds(desk, ticket)[-2:] == ["ticket.passed", "ticket.called"]


def test_passed_on_into_another_line_it_keeps_number_and_time(desk):
    ticket = desk.do(queues.take_for, KEY, person=OLD, by=desk.clerks[0], now=NOW)
    desk.call_next()
    desk.step(queues.pass_on, ticket, queue="yuyue.other")
    row = desk.fresh(ticket)
    assert (row.queue, row.letter, row.number, row.since_at) == ("yuyue.other", "B", "A001", NOW)
    desk.do(queues.take_for, KEY, person=OLD, by=desk.clerks[0], now=NOW)  # the old line is free for them again


def test_nothing_is_passed_to_a_window_where_nobody_sits(desk):
    ticket = desk.take()
    desk.call_next(0)
    desk.do(queues.leave, desk.w[1], by=desk.clerks[1], now=NOW)
    with pytest.raises(NotNow, match="Nobody sits"):
        desk.step(queues.pass_on, ticket, window_id=desk.w[1])


def test_a_window_that_closes_leaves_nobody_standing(desk):
    ticket = desk.take()
    desk.call_next(0)
    desk.step(queues.pass_on, ticket, window_id=desk.w[1])
    assert desk.call_next(0) is None
    desk.do(queues.leave, desk.w[1], by=desk.head, now=NOW)
    assert desk.call_next(0).id == ticket.id


# ---------------------------------------------------------------- bookings


def booked(desk, minute=0):
    """A confirmed booking at 18:00 at a counter of the hall's unit, without a matter's process."""
    with desk.database.unit_of_work() as work:
        resource = opened(work, desk.centre, code=f"queue-{minute}")
        row = Appointment(
            number=f"YY{minute:09d}",
            code=f"code-{minute}",
            resource_id=resource,
            matter="yuyue",
            state="confirmed",
            channel="phone",
            starts_at=desk.at(14, 10, minute),
            ends_at=desk.at(14, 10, minute) + timedelta(minutes=30),
            kind="after_hours",
            person_index="p",
            name="林某某",
            phone="13800000077",
            booked_at=NOW,
        )
        work.session.add(row)
        work.session.flush()
        return row.id, row.code


def test_a_booking_that_is_checked_in_joins_the_line_at_its_time(desk):
    which, code = booked(desk)  # 10:00
    ticket = desk.do(queues.arrived, code, by=desk.clerks[0], now=later(minutes=10))  # 09:10
    assert (ticket.letter, ticket.since_at) == ("A", desk.at(14, 9, 45))
    other = desk.take(now=later(minutes=11))
    assert desk.call_next(0, now=later(minutes=12)).id == other.id, "not yet: others are served meanwhile"
    desk.take(now=later(minutes=13))
    assert desk.call_next(1, now=later(minutes=46)).id == ticket.id


def test_too_late_for_a_booking_is_as_everybody_and_not_sent_home(desk):
    _, code = booked(desk)
    ticket = desk.do(queues.arrived, code, by=desk.clerks[0], now=later(minutes=72))
    assert (ticket.letter, ticket.since_at) == ("C", later(minutes=72))


def test_serving_the_number_serves_the_booking(desk):
    which, code = booked(desk)
    ticket = desk.do(queues.arrived, code, by=desk.clerks[0], now=later(minutes=50))
    desk.call_next(0, now=later(minutes=60))
    with desk.database.reading() as work:
        assert work.session.get(Appointment, which).state == "called"
    desk.step(queues.serve, ticket, now=later(minutes=61))
    desk.step(queues.done, ticket, now=later(minutes=70))
    with desk.database.reading() as work:
        assert work.session.get(Appointment, which).state == "served"


def test_serving_the_booking_ends_the_number(desk):
    which, code = booked(desk)
    ticket = desk.do(queues.arrived, code, by=desk.clerks[0], now=later(minutes=50))
    with desk.database.reading() as work:
        version = work.session.get(Appointment, which).version
    desk.do(booking.serve, which, version=version, by=desk.clerks[0], now=later(minutes=70))
    assert desk.fresh(ticket).state == "done"


# ---------------------------------------------------------------- what is shown, and what is forgotten


def test_a_telephone_is_told_how_many_are_before_it(desk):
    for needs in ([], ["wheelchair"], []):
        desk.take(*needs)
    mine = desk.take()
    with desk.database.reading() as work:
        assert reads.own(work, mine.code, now=NOW).before == 3
    desk.call_next()
    with desk.database.reading() as work:
        assert reads.own(work, mine.code, now=NOW).before == 2
        with pytest.raises(NotFound):
            reads.own(work, mine.code, now=later(days=1))


def test_the_screen_names_numbers_and_windows_and_nobody(desk):
    desk.do(queues.take_for, KEY, person=OLD, by=desk.clerks[0], now=NOW)
    desk.take()
    desk.call_next(0)
    desk.call_next(1, now=later(minutes=1))
    with desk.database.reading() as work:
        shown = reads.wall(work, reads.hall(work, "jiayuan"), now=later(minutes=1))
    assert [(c.number, c.window) for c in shown.calls] == [("C002", "2"), ("A001", "1")]
    assert "苏" not in repr(shown)


def test_only_the_window_before_which_they_stand_knows_who_they_are(desk):
    ticket = desk.do(queues.take_for, KEY, person=OLD, by=desk.clerks[1], now=NOW)
    with desk.database.reading() as work:
        board = reads.desk(work, "jiayuan", desk.clerks[0], now=NOW)
        assert board.waiting[0].who == "苏*婆"
        with pytest.raises(NotFound):
            reads.whose(work, ticket.id, desk.clerks[0])
        with pytest.raises(NotYours):
            reads.desk(work, "jiayuan", desk.stranger, now=NOW)
    desk.call_next(0)
    with desk.database.reading() as work:
        assert reads.whose(work, ticket.id, desk.clerks[0]).name == "苏阿婆"
        with pytest.raises(NotFound):
            reads.whose(work, ticket.id, desk.clerks[1])


def test_the_night_forgets_who_it_was_and_keeps_the_times(desk):
    ticket = desk.do(queues.take_for, KEY, person=OLD, needs=["wheelchair"], by=desk.clerks[0], now=NOW)
    waiting = desk.take()
    desk.call_next()
    desk.step(queues.serve, ticket, now=later(minutes=3))
    desk.step(queues.done, ticket, now=later(minutes=9))
    assert desk.do(ticket_rows.forget, now=later(hours=3)) == 0, "not while the day lasts"
    assert desk.do(ticket_rows.forget, now=later(hours=17)) == 2
    row = desk.fresh(ticket)
    assert (row.name, row.phone, row.id_number, row.needs, row.user_id, row.live_key) == (None,) * 6
    assert desk.fresh(waiting).state == "gone"
    with desk.database.reading() as work:
        day = row.day
        found = reads.measures(work, "jiayuan", desk.head, first=day, last=day, now=later(hours=17))
    assert [(m.letter, m.taken, m.served, m.gone, m.serve_median) for m in found] == [
        ("A", 1, 1, 0, 6.0),
        ("C", 1, 0, 1, None),
    ]


def test_nothing_of_a_person_stands_in_the_audit(desk):
    ticket = desk.do(queues.take_for, KEY, person=OLD, needs=["wheelchair"], by=desk.clerks[0], now=NOW)
    desk.call_next()
    desk.step(queues.pass_on, ticket, window_id=desk.w[2], note="耳朵不好")
    with desk.database.reading() as work:
        said = " ".join(str(e.facts) for e in work.session.scalars(select(Event)))
    assert "苏" not in said and "wheelchair" not in said and "耳朵" not in said


def test_it_becomes_a_case_and_the_case_knows_the_number(desk):
    ticket = desk.take()
    desk.call_next()
    desk.step(queues.serve, ticket)
    with desk.database.unit_of_work() as work:
        case = work.session.get(Case, _case(work, desk))
        queues.to_case(work, ticket.id, case, by=desk.clerks[0], now=NOW)
    with desk.database.reading() as work:
        assert [n for n, _, _ in reads.of_cases(work, desk.fresh(ticket).case_id)] == ["C001"]
        kinds = [e.kind for e in work.session.scalars(select(Event).where(Event.case_id.is_not(None)))]
    assert audit.Kind.TICKET_CASE in kinds


def _case(work, desk):
    from engine.commands import cases

    with_answers = {"applicant": {"name": "苏玉兰", "phone": "13800001234"}, "item": "ask"}
    facts = {
        "appointment": {
            "number": "YY1",
            "item": "ask",
            "kind": "normal",
            "resource": "窗口",
            "starts_at": "2026-09-14T10:00:00+08:00",
            "ends_at": "2026-09-14T10:30:00+08:00",
            "channel": "walk_in",
            "duty_rostered": False,
        }
    }
    return cases.submit(
        work, "yuyue", with_answers, by=desk.clerks[0], now=NOW, channel="counter", variables=facts
    ).case.id
