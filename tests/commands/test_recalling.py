"""撤回: all that a step did is undone with it, or it is refused beforehand and what cannot be undone is named."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import NotNow, Refused
from engine.people import load
from engine.people.bonds import mandate_given
from engine.reads import case_page
from engine.store.models import Appointment, Case, Document, Notice, RegisterEntry, Task
from tests.commands import acting


def as_it_is(work, case_id):
    """All that a case shows, but for the record of what was done and undone."""
    case = work.session.get(Case, case_id)
    work.session.refresh(case)
    papers = select(Document.title).where(Document.case_id == case_id, Document.state != "void")
    notices = select(Notice.kind, Notice.text).where(Notice.case_id == case_id, Notice.state != "cancelled")
    entries = select(RegisterEntry.register).where(RegisterEntry.case_id == case_id)
    booked = select(Appointment.number, Appointment.state).where(Appointment.case_id == case_id)
    tasks = select(Task.element).where(Task.case_id == case_id, Task.state != "ended")
    return {
        # steps that are open beside each other are named in no order
        "case": (case.status, case.outcome, sorted(case.stage.split("、")), case.colour, case.accepted_at),
        "agent": (holder.holder_id if (holder := mandate_given(work, case)) else None, tuple(case.flags)),
        "due": (case.promised_due, case.statutory_due),
        "ledger": [event["kind"] for event in case.ledger],
        **{
            name: sorted(map(tuple, work.session.execute(query)))
            for name, query in (
                ("papers", papers),
                ("notices", notices),
                ("entries", entries),
                ("booked", booked),
                ("tasks", tasks),
            )
        },
    }


def test_what_the_step_issued_and_said_is_undone_with_it_and_it_can_be_done_again(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task_id = acting.claim(database, case_id, cast.chen, clock())
    with database.reading() as work:
        before = as_it_is(work, case_id)
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
    with database.reading() as work:
        did = work.session.get(Task, task_id).effects
        assert "take-mandate" in {kind for kind, _name, _to in did["asked"]}
        assert as_it_is(work, case_id) != before
    with database.rehearsal() as work:
        shown = cases.recall(work, task_id, by=cast.chen, now=clock())
        in_the_preview = as_it_is(work, case_id)
    with database.unit_of_work() as work:
        cases.recall(work, task_id, by=cast.chen, now=clock(), expect=shown.token)
    with database.reading() as work:
        assert as_it_is(work, case_id) == before == in_the_preview
        voided = work.session.scalars(select(Document).where(Document.state == "void")).all()
        assert {one.key for one in voided} == set(did["papers"])
        assert all("已撤回" in one.void_reason for one in voided)
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock.on(minutes=1))
    with database.reading() as work:
        assert as_it_is(work, case_id)["agent"][0] is not None


def test_whoever_takes_a_step_back_gains_no_time_for_it(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task_id = acting.claim(database, case_id, cast.chen, clock())
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
    with database.reading() as work:
        first = work.session.get(Task, task_id)
        since, due = first.opened_at, first.due_at
    assert due is not None
    with database.unit_of_work() as work:
        done = cases.recall(work, task_id, by=cast.chen, now=clock.on(minutes=90))
        assert due in {change.at for change in done.changes if change.what == "opens"}
    with database.reading() as work:
        again = acting.task_of(work, case_id)
        assert again.id != task_id
        assert (again.opened_at, again.due_at) == (since, due)


def test_what_moved_a_clock_is_refused_beforehand_and_offered_nowhere(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with database.reading() as work:
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.element == "accept")).one()
        by = load(work, task.ended_by_id, now=clock())
        page = case_page.of_task(work, task.id, actor=by, now=clock())
        assert all("recall" not in step.can for step in page.tasks)
        before = as_it_is(work, case_id)
    with database.unit_of_work() as work, pytest.raises(NotNow) as refused:
        cases.recall(work, task.id, by=by, now=clock())
    assert "收不回来" in refused.value.zh and "受理" in refused.value.zh
    with database.reading() as work:
        assert as_it_is(work, case_id) == before


def test_a_text_message_that_went_out_is_named(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task_id = acting.claim(database, case_id, cast.chen, clock())
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
    with database.unit_of_work() as work:
        task = work.session.get(Task, task_id)
        work.session.add(
            Notice(
                key="a text",
                case_id=case_id,
                channel="sms",
                kind="taken-in",
                text="已收件",
                state="sent",
                created_at=clock(),
                send_after=clock(),
                sent_at=clock(),
                address="13800000001",
            )
        )
        task.effects = {**task.effects, "notices": ["a text"]}
    with database.unit_of_work() as work, pytest.raises(NotNow, match="a text message that was sent"):
        cases.recall(work, task_id, by=cast.chen, now=clock())


def test_it_is_offered_where_it_is_granted(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task_id = acting.claim(database, case_id, cast.chen, clock())
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())

    def offered():
        with database.reading() as work:
            page = case_page.of_task(work, task_id, actor=load(work, cast.users["chen"], now=clock()), now=clock())
            return [step.id for step in page.tasks if "recall" in step.can]

    assert offered() == [task_id]
    with database.unit_of_work() as work:
        following = acting.task_of(work, case_id)
        cases.mark_seen(work, following.id, by=load(work, cast.users["wang"], now=clock()), now=clock())
    assert offered() == []
    with database.unit_of_work() as work, pytest.raises(Refused):
        cases.recall(work, task_id, by=cast.chen, now=clock())
