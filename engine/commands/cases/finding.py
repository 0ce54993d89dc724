"""Finding a case or a task, locked, and saying no: what every verb on a case begins with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, exists, or_, select
from sqlalchemy.orm import undefer
from sqlalchemy.sql.base import ExecutableOption

from engine import matters
from engine.commands.applying import Done, masked_name
from engine.commands.effects import joining
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow, NotYours
from engine.matters import nodes
from engine.people import Actor, apart, require
from engine.reads import taking_part
from engine.records import audit, clocks, library
from engine.store import Work
from engine.store.models import Case, CaseJoin, Event, Task
from engine.workdays import ZONE, say_at

# These are executed by every verb: built once, for to put one together costs more than to execute it.


@cache
def _whole() -> tuple[ExecutableOption, ...]:
    return undefer(Case.state), undefer(Case.answers), undefer(Case.ledger)


@cache
def _of_task() -> Select[Case, bool, bool, bool]:
    """The case of a task, locked."""
    mine = select(Task.case_id).where(Task.id == bindparam("task_id")).scalar_subquery()
    return (
        # What most cases have none of comes along: they are asked no further.
        select(Case, exists().where(CaseJoin.other_id == Case.id), taking_part.any_joined(), clocks.any_side())
        .where(Case.id == mine)
        .options(*_whole())
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    )


@cache
def _locked() -> Select[Case]:
    """A case, locked."""
    found = select(Case).where(Case.id == bindparam("case_id")).options(*_whole()).with_for_update()
    return found.execution_options(populate_existing=True)


@cache
def _live_and_this() -> Select[Task]:
    """The live tasks of a case, and this one."""
    return (
        select(Task)
        .where(Task.case_id == bindparam("case_id"), or_(Task.state != "ended", Task.id == bindparam("task_id")))
        .order_by(Task.id)
        .options(undefer(Task.variables))
        .execution_options(populate_existing=True)
    )


def find(work: Work, task_id: int, version: int | None, now: datetime, *, by: Actor) -> tuple[Case, Task, list[Task]]:
    """The case of a task (locked), the task as this person saw it, and the case's live tasks. Whoever may not see it is
    refused before they hear how it stands: who took it, and when."""
    found = work.session.execute(_of_task(), {"task_id": task_id}).one_or_none()
    if found is None:
        raise NotFound("没有这项任务。", f"There is no task {task_id}.")
    case, joined, parties, beside = found
    joining.seen(work, case, joined)
    taking_part.seen(work, case, parties)
    clocks.seen(work, case, beside)
    rows = list(work.session.scalars(_live_and_this(), {"case_id": case.id, "task_id": task_id}))
    task = next(t for t in rows if t.id == task_id)
    require(by, "see", task, case=case)
    if version is not None and task.version != version:
        raise already(work, case, task)
    return case, task, [t for t in rows if t.state != "ended"]


def find_case(work: Work, case_id: int, version: int | None = None) -> Case:
    """The case, locked and read anew. What this transaction has changed in it already is written first, not read
    over."""
    work.session.flush()
    case = work.session.scalar(_locked(), {"case_id": case_id})
    if case is None:
        raise NotFound("没有这个办件。", f"There is no case {case_id}.")
    if version is not None and case.version != version:
        raise AlreadyDone(
            "这个办件刚刚有了变化，请刷新后再看。", f"Expected version {version}, but it is {case.version}."
        )
    return case


def live_tasks(work: Work, case: Case) -> list[Task]:
    return list(
        work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state != "ended").order_by(Task.id))
    )


#: What somebody did to a task, so that who saw it before sees it no more as it was.
_DID: Mapping[str, tuple[str, str]] = {
    audit.Kind.TASK_CLAIMED: ("签收", "claimed"),
    audit.Kind.TASK_UNCLAIMED: ("退签", "released"),
    audit.Kind.TASK_COMPLETED: ("办理", "completed"),
    audit.Kind.TASK_RETURNED: ("退回", "returned"),
    audit.Kind.TASK_TRANSFERRED: ("转办", "handed on"),
    audit.Kind.TASK_DELEGATED: ("委派", "delegated"),
    audit.Kind.TASK_OPINION: ("提了意见交回", "gave an opinion on"),
    audit.Kind.TASK_TAKEN_BACK: ("收回委派", "took back the question on"),
    audit.Kind.TASK_MOVED: ("转给在岗的人", "moved"),
    audit.Kind.TASK_ENDED: ("取消", "cancelled"),
    audit.Kind.ESCALATED: ("转给别的岗位", "handed on"),
}
#: What the diagram did away with, because somebody went another way.
_AWAY = {
    "SUPERSEDED": ("退回或者撤回，这一步不用办了", "took the case back before"),
    "CANCELLED": ("取消", "cancelled"),
}


def already(work: Work, case: Case, task: Task) -> AlreadyDone:
    """Who acted first, what, and when: the last that is on record of this task."""
    rows = work.session.scalars(
        select(Event)
        .where(Event.case_id == case.id, Event.task_id == task.id, Event.kind.in_(_DID))
        .order_by(Event.id.desc())
    )
    last = next((e for e in rows if e.kind != audit.Kind.ESCALATED or e.facts.get("do") == "reassign"), None)
    if last is None:  # it was opened, and nothing else: another version of the page
        return AlreadyDone(
            f"“{task.name}”有了变化，请刷新后再看。",
            f"Expected task {task.id} as you saw it, but it has changed.",
            task=task.id,
            number=case.number,
        )
    what, doing = (
        _AWAY.get(task.ended or "", _DID[last.kind]) if last.kind == audit.Kind.TASK_ENDED else _DID[last.kind]
    )
    who = masked_name(work, last.by_id) if last.by_id is not None else ""
    zh = f"“{task.name}”已由{who or '系统'}于 {say_at(last.at)} {what}，请刷新后再看。"
    en = f"Expected task {task.id} as you saw it, but {who or 'the system'} {doing} it at {clock(last.at)}."
    return AlreadyDone(zh, en, who=who, what=what, when=last.at, task=task.id, number=case.number)


def clock(at: datetime) -> str:
    """A moment in an English sentence; a Chinese one says it by engine.workdays.say_at."""
    return f"{at.astimezone(ZONE):%m-%d %H:%M}"


def must_be_open(work: Work, case: Case, task: Task) -> None:
    if task.state == "ended":
        raise already(work, case, task)
    if case.status not in ("running", "suspended"):
        raise NotNow("这个办件已经结束。", "Expected a running case, but it has ended.")


def must_run(case: Case) -> None:
    if case.status != "running":
        raise NotNow("只有办理中的办件可以这样做。", f"Expected a running case, but it is {case.status}.")


def allowed(task: Task, operation: str) -> None:
    if operation not in nodes.operations(task.properties):
        raise NotNow(f"“{task.name}”这一步不允许此操作。", f"This step does not allow {operation}.")


def must_not_keep_away(task: Task, *users: int | None) -> None:
    """回避: a task never comes to those who must keep away from it, whoever sends it (RULES W6)."""
    if apart.read(task.apart) & set(users):
        raise NotYours(
            "这件事和他本人有关，或者要由别人来办，须回避。请交给其他人。",
            "They must keep away from this: it is about them, or somebody else has to do it. Choose another person.",
        )


def must_be_another(case: Case, task: Task, by: Actor) -> None:
    """Two must look: whoever did the step that this one names (`apart`) is told why it is not theirs."""
    if by.id in apart.read(task.apart) - apart.read(case.apart) and nodes.apart(task.properties) - nodes.APART:
        raise NotYours(
            f"“{task.name}”要由另一个人来办：要另一个人看的那一步是您办的。请让同事签收。",
            f"{task.name!r} is for somebody else: you did the step that it looks at. Let a colleague take it.",
        )


def needs(text: str, field: str, label: str) -> None:
    if not text.strip():
        raise Invalid([FieldError(field, label, f"请填写{label}。", f"{field} is required.")])


def package_of(work: Work, case: Case) -> matters.Package:
    return library.version(work, case.version_hash)


def as_planned(done: Done, expect: str | None) -> Done:
    if expect is not None and done.token != expect:
        raise NotNow(
            "预览之后情况有了变化，请重新查看后再确认。", "Expected the plan you saw, but it has changed: look again."
        )
    return done
