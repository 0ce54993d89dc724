"""释放预约: the hall declines a booking. Its place is free at once, nobody is reminded of it, and nobody's record
suffers."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine import people
from engine.booking import load_policy
from engine.commands import appointments, booking, cases
from engine.errors import AlreadyDone, NotFound
from engine.people import units
from engine.records import audit, library
from engine.store.models import Appointment, Case, Event, Notice, OnlineBlock, Waiting
from tests.appointments.test_process import answer, book, open_hall, seen
from tests.between.small import matter, task

__all__ = ["open_hall"]

NO = {"duty_answer": "no", "duty_reason": "当晚停电检修"}


def notices(hall, made):
    with hall.database.reading() as work:
        row = work.session.get(Appointment, made)
        return [
            (n.kind, n.state)
            for n in work.session.scalars(select(Notice).where(Notice.case_id == row.case_id).order_by(Notice.id))
        ]


def test_a_booking_the_duty_clerk_declines_gives_its_seat_back_in_the_same_commit(open_hall):
    made = book(open_hall)
    answer(open_hall, made, NO, open_hall.now)
    assert seen(open_hall, made)[:4] == ("cancelled", [], "finished", "declined")
    assert open_hall.taken() == 0
    with open_hall.database.reading() as work:
        row = work.session.get(Appointment, made)
        assert (row.by_hall, row.reason, row.day_key) == (True, "当晚停电检修", None)
        kinds = [e.kind for e in work.session.scalars(select(Event).where(Event.case_id == row.case_id))]
        assert kinds.count("appointment.cancelled") == 1
        assert "message.delivered" not in kinds, "the process that asks is not told what it asked"
        assert audit.verify(work).faults == ()


def test_its_reminders_and_the_text_that_it_was_asked_for_are_called_off_and_the_person_is_told_once(open_hall):
    late = open_hall.at(14, 22)  # in the night: the text that says so waits for the morning
    made = book(open_hall, now=late)
    before = [state for kind, state in notices(open_hall, made) if kind == "appointment-asked"]
    assert sorted(before) == ["sent", "waiting"]
    answer(open_hall, made, NO, late + timedelta(minutes=5))
    told = notices(open_hall, made)
    assert {state for kind, state in told if kind == "appointment-reminder"} == {"cancelled"}
    assert sorted(state for kind, state in told if kind == "appointment-asked") == ["cancelled", "sent"]
    assert "appointment-confirmed" not in dict(told)
    assert sorted(state for kind, state in told if kind == "appointment-declined") == ["sent", "waiting"]
    assert "appointment-closed" not in dict(told), "the matter's own notice says it; the hall does not say it too"


def test_the_place_is_offered_to_who_waits(open_hall):
    for n, (hour, minute) in enumerate([(18, 0), (18, 30), (19, 0), (19, 30)]):
        last = book(open_hall, who=n, hour=hour, minute=minute)
    open_hall.do(
        booking.wait,
        resource_id=open_hall.resource,
        day=date(2026, 9, 15),
        by=open_hall.residents[4],
        now=open_hall.now,
    )
    answer(open_hall, last, NO, open_hall.now)
    with open_hall.database.reading() as work:
        row = work.session.scalars(select(Waiting)).one()
        offered = work.session.get(Appointment, row.appointment_id)
        assert (row.state, offered.state, offered.starts_at) == ("offered", "held", open_hall.at(15, 19, 30))


def test_it_never_counts_against_the_person(open_hall):
    for day in (15, 16, 17):
        made = book(open_hall, day=day)
        answer(open_hall, made, NO, open_hall.now)
    with open_hall.database.reading() as work:
        row = work.session.get(Appointment, made)
        assert appointments.history(work, (row.person_index,), open_hall.now) == []
        assert work.session.scalars(select(OnlineBlock)).all() == []
        assert load_policy({}).per_day == 1
    assert book(open_hall, day=15), "and the person's one booking of that day is free again"


def test_what_its_matter_declines_at_once_is_never_booked(open_hall):
    """婚姻登记 in the evening: the decision table says no while the booking is being confirmed."""
    with open_hall.database.unit_of_work() as work:
        held = booking.hold(
            work,
            resource_id=open_hall.resource,
            starts_at=[open_hall.at(15, 18)],
            item="marriage",
            by=open_hall.residents[0],
            now=open_hall.now,
        )
        made = booking.confirm(work, held.id, version=1, by=open_hall.residents[0], now=open_hall.now)
        assert (made.state, made.by_hall) == ("cancelled", True) and made.reason
    assert seen(open_hall, made.id)[:4] == ("cancelled", [], "finished", "declined")
    assert open_hall.taken() == 0
    assert {kind for kind, _ in notices(open_hall, made.id)} == {"appointment-declined"}


def releasing(number: str) -> str:
    return (
        task("look", "看看")
        + (
            '<flow look free/><serviceTask id="free"><extensionElements><zeebe:taskDefinition '
            'type="release-appointment"/>'
        )
        + f'<zeebe:ioMapping>{number}<zeebe:input source="=&quot;停水&quot;" target="reason"/></zeebe:ioMapping>'
        + '</extensionElements></serviceTask><flow free e/><endEvent id="e"/>'
    )


PLAIN = matter("yuyue", "简单预约", '<startEvent id="s"/><flow s look/>' + releasing(""))
WRONG = matter(
    "yuyue",
    "写错了号的预约",
    '<startEvent id="s"/><flow s look/>' + releasing('<zeebe:input source="=order" target="appointment"/>'),
)


def offer(hall, package):
    with hall.database.unit_of_work() as work:
        units.add(work, code="350526-YB", name="医保局", kind="office", parent=units.place(work, hall.county))
        library.publish(work, package, by=people.SYSTEM, now=hall.now)


def looked_at(hall, made):
    with hall.database.unit_of_work() as work:
        case = work.session.get(Appointment, made).case_id
        row = next(iter(cases.finding.live_tasks(work, work.session.get(Case, case))))
        work.session.flush()
        return cases.complete(work, row.id, {"decision": "好"}, version=row.version, by=people.SYSTEM, now=hall.now)


def test_a_diagram_that_says_nothing_leaves_the_telling_to_the_hall(hall):
    offer(hall, PLAIN)
    made = book(hall)
    looked_at(hall, made)
    assert seen(hall, made)[0] == "cancelled"
    closed = [kind for kind, _ in notices(hall, made) if kind == "appointment-closed"]
    assert len(closed) == 2, "on the screen and by text message"


def test_a_diagram_frees_no_booking_but_its_own_and_says_whose_number_is_wrong(hall):
    offer(hall, WRONG)
    other = book(hall, who=1, hour=19)
    with hall.database.reading() as work:
        number = work.session.get(Appointment, other).number
    with hall.database.unit_of_work() as work:
        held = booking.hold(
            work,
            resource_id=hall.resource,
            starts_at=[hall.at(15, 18)],
            by=hall.residents[0],
            now=hall.now,
        )
        made = booking.confirm(
            work, held.id, version=1, answers={"order": number}, by=hall.residents[0], now=hall.now
        ).id
    with pytest.raises(NotFound, match=number):
        looked_at(hall, made)
    assert (seen(hall, made)[0], seen(hall, other)[0]) == ("confirmed", "confirmed")


def test_a_case_that_is_terminated_gives_its_booking_back(open_hall):
    made = book(open_hall)
    with open_hall.database.unit_of_work() as work:
        case_id = work.session.get(Appointment, made).case_id
        cases.terminate(work, case_id, "重复提交", by=people.SYSTEM, now=open_hall.now)
    assert seen(open_hall, made)[0] == "cancelled" and open_hall.taken() == 0
    with open_hall.database.reading() as work:
        assert work.session.get(Appointment, made).by_hall


def test_who_is_there_already_stays_though_the_process_frees_it(hall):
    offer(hall, PLAIN)
    made = book(hall)
    with hall.database.unit_of_work() as work:
        code = work.session.get(Appointment, made).code
        booking.check_in(work, code, by=hall.clerk, now=hall.at(15, 17, 50))
    looked_at(hall, made)
    assert seen(hall, made)[0] == "checked_in" and hall.taken() == 1


def test_declining_and_cancelling_at_the_same_moment_wait_for_each_other_in_no_circle(open_hall):
    """Both lock the case first: one is done, the other is told, and the seat is given back once."""
    for round_ in range(3):
        made = book(open_hall, day=15 + round_)
        with open_hall.database.unit_of_work() as work:
            row = work.session.get(Appointment, made)
            (waiting,) = cases.finding.live_tasks(work, work.session.get(Case, row.case_id))
            cases.claim(work, waiting.id, version=waiting.version, by=open_hall.clerk, now=open_hall.now)
            task_id, task_version, version = waiting.id, waiting.version, row.version
        start, ends = threading.Barrier(2), []

        def act(verb, start=start, ends=ends):
            start.wait()
            try:
                with open_hall.database.unit_of_work() as work:
                    verb(work)
                ends.append("done")
            except AlreadyDone:
                ends.append("told")

        verbs = (
            lambda work, t=task_id, v=task_version: cases.complete(
                work, t, NO, version=v, by=open_hall.clerk, now=open_hall.now
            ),
            lambda work, m=made, v=version: booking.cancel(
                work, m, version=v, by=open_hall.residents[0], now=open_hall.now
            ),
        )
        both = [threading.Thread(target=act, args=(verb,)) for verb in verbs]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert sorted(ends) == ["done", "told"]
        assert seen(open_hall, made)[:3] == ("cancelled", [], "finished")
    assert open_hall.taken() == 0
