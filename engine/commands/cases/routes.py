"""退回, 撤回, 跳转, 撤销, 终止: a case goes another way, or ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from engine import process
from engine.commands.applying import Applying, Done
from engine.commands.cases.changing import advance
from engine.commands.cases.finding import (
    allowed,
    already,
    as_planned,
    find,
    find_case,
    must_be_open,
    needs,
    package_of,
)
from engine.commands.cases.hands import tell_returned
from engine.commands.cases.working import in_hand, take_over
from engine.commands.changes import Change
from engine.commands.effects import mandates
from engine.commands.effects import notices as said
from engine.deadlines import Event as ClockEvent
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.matters.info import Notice
from engine.people import Actor, require
from engine.reads import recalling
from engine.records import audit, documents, notices
from engine.store import Work
from engine.store.models import Awaited, Case, Document, Task, Timer

#: What the applicant is told when a supervisor ends their case.
ENDED = Notice(
    zh="您的办件 {number}（{matter}）已终止，不再办理。原因：{reason}。有不同意见，请打 {phone}。",
    en="Your case {number} ({matter}) was ended and is not worked on any more. Why: {reason}. If you object, ring "
    "{phone}.",
)


def return_(
    work: Work,
    task_id: int,
    to_element: str,
    reason: str,
    *,
    version: int | None,
    by: Actor,
    now: datetime,
    expect: str | None = None,
) -> Done:
    """退回: back to a user task completed earlier on this round's path. A reason is needed."""
    case, task, live, for_id = in_hand(work, task_id, version, by=by, now=now)
    allowed(task, "return")
    needs(reason, "reason", "退回理由")
    step, applying = advance(
        work,
        case,
        process.Return(task.key, to_element, {"return_reason": reason}),
        by=by,
        now=now,
        live=live,
        for_id=for_id,
    )
    applying.record(audit.Kind.TASK_RETURNED, task=task, facts={"element": task.element, "to": to_element})
    applying.step(step, ended={task.key: ("RETURNED", reason)})
    tell_returned(applying, reason)
    return as_planned(applying.finish(), expect)


def return_targets(work: Work, task_id: int) -> list[tuple[str, str]]:
    """(element, name) of the steps a task may be returned to, the latest first."""
    task = work.session.get(Task, task_id)
    if task is None:
        raise NotFound("没有这项任务。", "There is no such task.")
    rows = work.session.execute(
        select(Task.element, Task.name)
        .where(Task.case_id == task.case_id, Task.ended.in_(("APPROVED", "REJECTED")), Task.element != task.element)
        .order_by(Task.ended_at.desc(), Task.id.desc())
    ).all()
    return list(dict.fromkeys((row[0], row[1]) for row in rows))


def recall(work: Work, task_id: int, *, by: Actor, now: datetime, expect: str | None = None) -> Done:
    """撤回: the one who completed a task takes it back with all it did, while no successor was opened, claimed or done.
    Refused, and named, when something of it cannot be undone (engine.reads.recalling)."""
    case, task, live = find(work, task_id, None, now, by=by)
    for one in live:
        after = one.id > task.id and one.opened_at >= (task.ended_at or now)
        if after and one.state == "claimed" and one.assignee_id != by.id and one.seen_at is not None:
            raise already(work, case, one)
    why = recalling.why_not(work, case, task, live, package=package_of(work, case), by=by)
    if why is not None:
        raise why
    step, applying = advance(work, case, process.Reopen(task.key), by=by, now=now, live=live)
    applying.record(audit.Kind.TASK_RECALLED, task=task, facts={"element": task.element})
    _undo(applying, task)
    applying.step(step)
    # The step is theirs again at once, and as late as it was: whoever takes back gains no time.
    for row in applying.opened:
        if row.element == task.element and row.state == "open":
            applying.go_on(row, task)
            take_over(work, case, row, by, None, now)
    return as_planned(applying.finish(), expect)


def _undo(applying: Applying, task: Task) -> None:
    """What the step did is done no more: its papers are void and say why, its notices are called off."""
    work, did = applying.work, task.effects
    assert did is not None, "recalling.why_not refuses a step that kept nothing"
    papers = select(Document).where(Document.key.in_(did["papers"]), Document.state != "void")
    for paper in work.session.scalars(papers.order_by(Document.id)).all():
        documents.void(work, paper.id, f"“{task.name}”已撤回，这份文书不再有效", by=applying.by, now=applying.now)
        applying.changes.append(Change("voids", paper.title))
    notices.call_off(work, did["notices"], now=applying.now)
    stood = did["stood"]
    mandates.back_to(applying, stood["mandate"])
    applying.case.flags = list(stood["flags"])


def jump_targets(work: Work, task_id: int) -> list[tuple[str, str]]:
    """(element, name) of the steps of people that a case may be told to go on from, in the order of the diagram."""
    task = work.session.get(Task, task_id)
    if task is None:
        raise NotFound("没有这项任务。", "There is no such task.")
    package = package_of(work, work.session.get_one(Case, task.case_id))
    return [
        (node.id, node.name or node.id)
        for one in package.definition.executable()
        for _scope, node in one.walk()
        if node.kind == "userTask" and node.id != task.element
    ]


def jump(
    work: Work,
    task_id: int,
    to_element: str,
    reason: str,
    *,
    version: int | None,
    by: Actor,
    now: datetime,
    expect: str | None = None,
) -> Done:
    """自由跳转: a supervisor has the case go on from another step, with a reason. What the branches it leaves wait for
    is cancelled; where a join would wait in vain it is refused."""
    case, task, live = find(work, task_id, version, now, by=by)
    must_be_open(work, case, task)
    require(by, "direct", case)
    needs(reason, "reason", "跳转理由")
    if to_element not in dict(jump_targets(work, task_id)):
        raise Invalid([FieldError("to", "跳到哪一步", "请选一步。", "Choose a step.")])
    step, applying = advance(
        work, case, process.Jump(task.key, to_element, {"return_reason": reason}), by=by, now=now, live=live
    )
    applying.record(audit.Kind.TASK_JUMPED, task=task, facts={"element": task.element, "to": to_element})
    applying.step(step, ended={task.key: ("SUPERSEDED", reason)})
    return as_planned(applying.finish(), expect)


def withdraw(work: Work, case_id: int, reason: str, *, by: Actor, now: datetime, version: int | None = None) -> Done:
    """撤销: the applicant takes the application back, until it is decided: what was decided stands, with its papers and
    what they gave. Everything ends; the number stays."""
    case = find_case(work, case_id, version)
    require(by, "withdraw", case)
    if not package_of(work, case).info.withdraw:
        raise NotNow("这个事项不能在网上撤销，请联系窗口。", "This matter cannot be withdrawn online: ask the counter.")
    if case.decided_at is not None and case.status in ("running", "suspended"):
        raise NotNow(
            "已经作出决定，不能再撤销；对决定有不同意见，请看决定书上写的办法。",
            "It is decided and cannot be withdrawn any more: the decision says how to object.",
        )
    return _end(work, case, "withdrawn", reason or "申请人撤销", by=by, now=now, kind=audit.Kind.CASE_WITHDRAWN)


def terminate(work: Work, case_id: int, reason: str, *, by: Actor, now: datetime, expect: str | None = None) -> Done:
    """终止: a supervisor ends a case that cannot go on. A reason is needed."""
    case = find_case(work, case_id)
    require(by, "direct", case)
    needs(reason, "reason", "终止理由")
    done = _end(work, case, "terminated", reason, by=by, now=now, kind=audit.Kind.CASE_FINISHED)
    return as_planned(done, expect)


def _end(
    work: Work,
    case: Case,
    status: str,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    kind: audit.Kind,
) -> Done:
    if case.status not in ("running", "suspended"):
        raise NotNow("这个办件已经结束。", "Expected a running case, but it has ended.")
    # Whoever takes it back for the applicant, by a bond, is named with whom they did it for.
    others = status == "withdrawn" and by.id != case.applicant_id
    acts = by.granted("apply", case) or by.agent_of(case)
    for_id = case.applicant_id if others and acts is not None else None
    step, applying = advance(work, case, process.Cancel(reason), by=by, now=now, for_id=for_id)
    case.status, case.finished_at = status, now
    case.outcome = "withdrawn" if status == "withdrawn" else "ended"
    applying.record(kind, facts={"status": status})
    if applying.account().phase not in ("none", "done"):
        applying.clock(ClockEvent("stopped", now, reason=reason))
    applying.step(step)
    work.session.execute(delete(Timer).where(Timer.case_id == case.id))
    work.session.execute(delete(Awaited).where(Awaited.case_id == case.id))
    if status == "terminated" and by.kind == "staff":  # whoever asked hears of it, and why
        said.say_to(applying, f"{case.number}:terminated", "terminated", ENDED, "applicant", facts={"reason": reason})
    return applying.finish()
