"""What the worker does when a deadline comes near or passes. 2026-09-18 is a Friday; +10 working days is 10-09."""

from datetime import date

import pytest
from sqlalchemy import select

from engine.commands.worker import alarms
from engine.commands.worker.sweep import Swept, sweep
from engine.records import audit
from engine.store.models import (
    Case,
    Escalation,
    Holding,
    Incident,
    Notice,
    NoticeCase,
    Post,
    Task,
    Timer,
)
from tests import listed
from tests.enforcement import hall as halls
from tests.enforcement.hall import at


def never(work, timer, *, now):
    raise AssertionError("no timer is due in this test")


def run(database, moment):
    return sweep(database, now=at(moment), fire=never)


def told(work):
    return [(n.user_id, n.text) for n in work.session.scalars(select(Notice).order_by(Notice.id))]


def kinds(work, case_id):
    return [e.kind for e in audit.history(work, case_id)]


@pytest.fixture
def hall(database):
    with database.unit_of_work() as work:
        return halls.build(work)


@pytest.fixture
def case_id(database, hall):
    with database.unit_of_work() as work:
        return halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00", assignee=hall.chen)


def test_a_case_is_not_looked_at_before_something_is_due(database, case_id):
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.colour, case.next_alert_at) == ("green", at("2026-10-08 00:00"))
    assert run(database, "2026-10-07 23:59") == Swept()


def test_yellow_is_stored_at_midnight_and_the_reminder_waits_for_the_morning(database, hall, case_id):
    assert run(database, "2026-10-08 00:00").alarms == 1
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.colour, case.next_alert_at) == ("yellow", at("2026-10-08 08:00"))
        assert told(work) == []
    run(database, "2026-10-08 08:00")
    with database.reading() as work:
        assert told(work) == [(hall.chen, told(work)[0][1])]
        assert "还剩 1 个工作日，10月9日（周五）17:30 前" in told(work)[0][1]
        assert kinds(work, case_id) == ["case.colour", "deadline.escalated"]
        event = list(audit.history(work, case_id))[-1]
        assert event.by_id is None and event.facts["do"] == "remind_assignee"


def test_many_cases_of_one_limit_are_one_notice_a_day(database, hall, case_id):
    with database.unit_of_work() as work:
        dates = {"received": "2026-09-18 09:00", "accepted": "2026-09-18 10:00", "assignee": hall.chen}
        ids = [case_id, *(halls.case(work, hall, **dates) for _ in range(3))]
    run(database, "2026-10-08 08:00")
    with database.reading() as work:
        ((user, text),) = told(work)
        assert user == hall.chen and "有 4 件" in text
        (notice,) = work.session.scalars(select(Notice).where(Notice.kind == "deadline"))
        about = select(NoticeCase.case_id).where(NoticeCase.notice_id == notice.id).order_by(NoticeCase.case_id)
        assert list(work.session.scalars(about)) == sorted(ids)
        assert work.session.get_one(Case, notice.case_id).number in text


def test_red_tells_the_supervisor_and_black_the_county_s(database, hall, case_id):
    for moment in ("2026-10-08 08:00", "2026-10-09 17:30", "2026-10-12 17:30", "2026-10-23 00:00"):
        run(database, moment)
    with database.reading() as work:
        assert [user for user, _ in told(work)] == [hall.chen, hall.head, hall.mayor, hall.mayor]
        case = work.session.get(Case, case_id)
        assert (case.colour, case.next_alert_at) == ("black", None)
        assert [e.step for e in work.session.scalars(select(Escalation).order_by(Escalation.id))] == [
            "before",
            "red",
            "red-2",
            "black",
        ]
        assert audit.verify(work).faults == ()


def test_a_worker_that_was_down_catches_up_once_in_order(database, hall, case_id):
    run(database, "2026-11-02 09:00")
    run(database, "2026-11-02 09:00")
    with database.reading() as work:
        assert [e.step for e in work.session.scalars(select(Escalation).order_by(Escalation.id))] == [
            "before",
            "red",
            "red-2",
            "black",
        ]
        assert len(told(work)) == 4


def test_a_task_nobody_claimed_reminds_everybody_who_may(database, hall):
    with database.unit_of_work() as work:
        halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00")
    run(database, "2026-10-08 08:00")
    with database.reading() as work:
        assert [user for user, _ in told(work)] == [hall.chen, hall.lin]


def test_a_step_overdue_makes_the_case_yellow_and_reminds(database, hall):
    with database.unit_of_work() as work:
        one = halls.case(
            work,
            hall,
            received="2026-09-18 09:00",
            accepted="2026-09-18 10:00",
            assignee=hall.lin,
            due=at("2026-09-21 17:30"),
        )
    run(database, "2026-09-21 17:30")
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert (case.colour, [user for user, _ in told(work)]) == ("yellow", [hall.lin])


def test_silence_is_acceptance_from_the_day_of_receipt_t3(database, hall):
    with database.unit_of_work() as work:
        one = halls.case(work, hall, received="2026-09-18 09:00")
    run(database, "2026-09-23 08:00")
    with database.reading() as work:
        assert [user for user, _ in told(work)] == [hall.chen, hall.lin]  # warned before
    run(database, "2026-09-25 00:00")
    run(database, "2026-09-25 00:00")
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert case.accepted_at == at("2026-09-18 09:00")
        assert (case.promised_due, case.statutory_due) == (at("2026-10-09 17:30"), at("2026-10-23 00:00"))
        assert [event["kind"] for event in case.ledger] == ["received", "deemed_accepted"]
        accepted = [e for e in audit.history(work, one) if e.kind == "case.accepted"]
        assert accepted[0].facts["accepted_on"] == "2026-09-18" and accepted[0].by_id is None
        assert {user for user, text in told(work) if "视为受理" in text} == {hall.resident, hall.head}


@pytest.fixture
def strict(database):
    with database.unit_of_work() as work:
        return halls.build(
            work,
            escalation="""
escalation:
  - {id: hand-over, at: red, do: reassign, to: backup}
  - {id: path, at: step_overdue, do: fire_timer, timer: late}
""",
        )


def test_a_policy_may_reassign_the_task(database, strict):
    _backup(database, strict, until=None)
    with database.unit_of_work() as work:
        one = halls.case(work, strict, received="2026-09-18 09:00", accepted="2026-09-18 10:00", assignee=strict.chen)
    run(database, "2026-10-09 17:30")
    with database.reading() as work:
        task = work.session.scalar(select(Task).where(Task.case_id == one))
        assert (task.state, task.assignee_id, task.version) == ("open", None, 2)
        assert [key for _task, key in listed.candidates(work)] == [f"p:{strict.office}:backup"]


def test_a_task_is_never_reassigned_to_a_post_that_nobody_holds_that_day(database, strict):
    _backup(database, strict, until=date(2026, 10, 8))
    with database.unit_of_work() as work:
        halls.case(work, strict, received="2026-09-18 09:00", accepted="2026-09-18 10:00", assignee=strict.chen)
    run(database, "2026-10-09 17:30")
    with database.reading() as work:
        assert [key for _task, key in listed.candidates(work)] == [f"p:{strict.office}:head"]


def _backup(database, strict, until):
    """林审核 is the backup too, until this day."""
    with database.unit_of_work() as work:
        post = work.session.scalars(select(Post.id).where(Post.code == "backup")).one()
        work.session.add(Holding(user_id=strict.lin, unit_id=strict.office, post_id=post, until_on=until))


def test_a_policy_may_take_the_drawing_s_path_for_being_late(database, strict):
    with database.unit_of_work() as work:
        one = halls.case(
            work,
            strict,
            received="2026-09-18 09:00",
            accepted="2026-09-18 10:00",
            assignee=strict.chen,
            due=at("2026-09-21 17:30"),
        )
        far = at("2026-12-01 09:00")
        work.session.add(Timer(case_id=one, key="t1", element="late", kind="duration", due_at=far, wake_at=far))
    fired = []

    def note(work, timer, *, now, case=None):
        fired.append(timer.key)
        work.session.delete(timer)

    alarmed = sweep(database, now=at("2026-09-21 17:30"), fire=note)
    again = sweep(database, now=at("2026-09-21 17:31"), fire=note)
    assert (alarmed.alarms, again.timers, fired) == (1, 1, ["t1"])


def test_a_new_round_is_escalated_anew_and_the_old_one_never_again(database, hall, case_id):
    run(database, "2026-10-08 08:00")
    with database.unit_of_work() as work:
        task = work.session.scalar(select(Task).where(Task.case_id == case_id))
        task.state, task.ended, task.ended_at = "ended", "RETURNED", at("2026-10-08 09:00")
        work.session.add(
            Task(
                case_id=case_id,
                key="review:2",
                element="review",
                name="审查",
                round=2,
                unit_id=hall.office,
                opened_at=at("2026-10-08 09:00"),
                assignee_id=hall.lin,
                state="claimed",
                variables={},
                result={},
            )
        )
        case = work.session.get(Case, case_id)
        case.next_alert_at = at("2026-10-08 09:00")
    run(database, "2026-10-08 09:00")
    run(database, "2026-10-09 17:30")
    with database.reading() as work:
        keys = list(work.session.scalars(select(Escalation.key).order_by(Escalation.id)))
        assert [key.split(":")[-2:] for key in keys] == [["1", "before"], ["2", "red"]]


def test_a_finished_case_wakes_nobody(database, hall, case_id):
    with database.unit_of_work() as work:
        case = work.session.get(Case, case_id)
        case.status, case.finished_at = "finished", at("2026-09-21 09:00")
    run(database, "2026-11-02 09:00")
    with database.reading() as work:
        assert told(work) == [] and work.session.get(Case, case_id).next_alert_at is None


def test_a_poisoned_case_becomes_an_incident_and_delays_nobody(database, hall, case_id):
    with database.unit_of_work() as work:
        bad = halls.case(work, hall, received="2026-09-18 08:30", accepted="2026-09-18 08:40", assignee=hall.chen)
        case = work.session.get(Case, bad)
        good, case.ledger = case.ledger, [{"kind": "nonsense", "at": "2026-09-18T00:30:00+00:00"}]
    swept = run(database, "2026-10-08 08:00")
    assert (swept.alarms, swept.failed) == (1, 1)
    with database.reading() as work:
        assert [user for user, _ in told(work)] == [hall.chen, hall.head]  # the head hears of the one that failed
        incident = work.session.scalar(select(Incident))
        assert incident.case_id == bad and "nonsense" in incident.zh
        assert work.session.get(Case, bad).next_alert_at == at("2026-10-08 08:10")
    run(database, "2026-10-08 08:10")
    with database.unit_of_work() as work:
        assert len(list(work.session.scalars(select(Incident)))) == 1
        work.session.get(Case, bad).ledger = good
    assert run(database, "2026-10-08 08:20").alarms == 1
    with database.reading() as work:
        assert work.session.scalar(select(Incident.solved_at)) == at("2026-10-08 08:20")
        assert len(told(work)) == 2


def test_a_claimed_case_is_free_again_when_its_worker_died(database, hall, case_id):
    with database.unit_of_work() as work:
        assert alarms.claim(work, at("2026-10-08 08:00")) == [case_id]
    assert run(database, "2026-10-08 08:01") == Swept(shades=1)  # the lists say its colour all the same
    assert run(database, "2026-10-08 08:02").alarms == 1


def test_two_that_meet_at_one_case_do_it_once(database, hall, case_id):
    for _ in range(2):
        with database.unit_of_work() as work:
            alarms.wake(work, case_id, now=at("2026-10-09 17:30"))
    with database.reading() as work:
        assert len(list(work.session.scalars(select(Escalation)))) == 2
