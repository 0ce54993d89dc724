"""The steps a case went through: who, when, on whose behalf, which round, what was said, why, how long.

A reason given with 退回 or 转办 belongs to whoever has the step next: `notes` brings it to their form, their list, the
case's history and its record. It lies sealed beside the task it was given with, never in the audit's facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from engine import forms
from engine.matters import Package, nodes
from engine.matters.in_person import KEY
from engine.people import Actor, masks, may, units
from engine.reads import form_choices, recalling, vacant
from engine.records import audit
from engine.store import Work
from engine.store.models import Case, Event, Task, User
from engine.workdays import local_date

#: Under this name a task's variables keep with which words it was handed on (转办).
HANDED_ON = "_handed"
#: Fields in which a step decides and says why.
_SAYING = ("radio", "select", "checklist", "textarea")


#: Sent back, handed on, or here because nobody is where it belongs.
Kind = Literal["returned", "transferred", "vacant"]


@dataclass(frozen=True, slots=True)
class Note:
    """Why a step came to whoever has it now."""

    kind: Kind
    at: datetime
    who: str  # masked for whoever is not of the hall
    text: str
    text_en: str = ""  # where the words are the hall's own


@dataclass(frozen=True, slots=True)
class InPerson:
    """How a party did their step in person, and who saw it. Names are masked for whoever is not of the hall."""

    name: str
    how: str  # signature, fingerprint, spoken
    witness: str


def in_person(task: Task | None, *, masked: bool) -> InPerson | None:
    """What is kept of 当面办理 with this task."""
    kept = dict(task.variables or {}).get(KEY) if task is not None else None
    if not isinstance(kept, Mapping):
        return None
    name, witness = str(kept["name"]), str(kept["witness"])
    if masked:
        name, witness = masks.name(name), masks.name(witness) if witness else ""
    return InPerson(name, str(kept["how"]), witness)


@dataclass(frozen=True, slots=True)
class Step:
    """One task of the case, open or ended."""

    id: int
    version: int
    element: str
    name: str
    state: str
    ended: str | None
    reason: str
    round: int
    holder: str
    unit: str
    opened_at: datetime
    claimed_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    can: tuple[str, ...] = ()  # operations this actor may do now
    for_whom: str = ""  # 代理: on whose behalf
    in_person: InPerson | None = None  # 当面办理
    notes: tuple[Note, ...] = ()
    said: tuple[forms.Line, ...] = field(default=(), repr=False)  # the decision and the opinion, for the hall's people


def steps(
    work: Work,
    tasks: Sequence[Task],
    case: Case,
    package: Package,
    *,
    actor: Actor,
    names: Mapping[int, str],
) -> tuple[Step, ...]:
    """Every step, the oldest first. Opinions and reasons are for the hall's people; why a step came back, for whoever
    has it."""
    came = notes(work, tasks)
    found = [_step(work, t, case, package, actor, names, came.get(t.id, ())) for t in tasks]
    return tuple(_offering(work, found, tasks, case, package, actor))


#: So many of somebody's last steps are looked at for one that can be taken back.
_LOOKED_AT = 2


def _offering(
    work: Work, found: Sequence[Step], tasks: Sequence[Task], case: Case, package: Package, actor: Actor
) -> list[Step]:
    """撤回 stands at one step at most, and only where it would be granted."""
    by_id = {task.id: task for task in tasks}
    live = [task for task in tasks if task.state != "ended"]
    asked = [step.id for step in reversed(found) if "recall" in step.can][:_LOOKED_AT]
    granted = next(
        (id_ for id_ in asked if recalling.why_not(work, case, by_id[id_], live, package=package, by=actor) is None),
        None,
    )
    return [
        step
        if step.id == granted or "recall" not in step.can
        else replace(step, can=tuple(c for c in step.can if c != "recall"))
        for step in found
    ]


def notes(work: Work, tasks: Iterable[Task], *, masked: bool = False) -> dict[int, tuple[Note, ...]]:
    """Task id -> with which words it came. The tasks' variables are read only of those that were handed on."""
    tasks = list(tasks)
    if not tasks:
        return {}
    case_ids = {t.case_id for t in tasks}
    back = {
        (case_id, at): (reason, by_id)
        for case_id, at, reason, by_id in work.session.execute(
            select(Task.case_id, Task.ended_at, Task.reason, Task.ended_by_id).where(
                Task.case_id.in_(case_ids), Task.ended == "RETURNED"
            )
        )
    }
    handed = set(
        work.session.scalars(
            select(Event.task_id).where(Event.case_id.in_(case_ids), Event.kind == str(audit.Kind.TASK_TRANSFERRED))
        )
    )
    handed &= {t.id for t in tasks}
    given = work.session.execute(select(Task.id, Task.variables).where(Task.id.in_(handed))).all() if handed else []
    spoken: dict[int, list[tuple[Kind, datetime, int | None, str]]] = {}
    for task in tasks:
        found = back.get((task.case_id, task.opened_at))
        if found is not None and found[0]:
            spoken.setdefault(task.id, []).append(("returned", task.opened_at, found[1], found[0]))
    for task_id, variables in given:
        for one in dict(variables or {}).get(HANDED_ON, ()):
            at = datetime.fromisoformat(one["at"])
            spoken.setdefault(task_id, []).append(("transferred", at, one["from"], one["reason"]))
    people = {by for all_ in spoken.values() for _kind, _at, by, _text in all_ if by}
    names = (
        {i: name for i, name in work.session.execute(select(User.id, User.name).where(User.id.in_(people)))}
        if people
        else {}
    )

    def who(by: int | None) -> str:
        name = names.get(by, "") if by else ""
        return masks.name(name) if masked else name

    given_with = {
        task_id: tuple(Note(kind, at, who(by), text) for kind, at, by, text in all_) for task_id, all_ in spoken.items()
    }
    whom: dict[str, tuple[str, str]] = {}  # many of a list are here for one reason: it is read once
    for task in tasks:
        if task.instead is not None:
            about = str(task.instead)
            if about not in whom:
                whom[about] = vacant.missing(work, task.instead)
            zh, en = whom[about]
            why = Note("vacant", task.opened_at, "", f"{zh}，由{_unit(work, task)}负责人办理或转办", en)
            given_with[task.id] = (why, *given_with.get(task.id, ()))
    return given_with


def _unit(work: Work, task: Task) -> str:
    return units.place(work, task.unit_id).name if task.unit_id is not None else ""


def _step(
    work: Work,
    task: Task,
    case: Case,
    package: Package,
    actor: Actor,
    names: Mapping[int, str],
    came: tuple[Note, ...],
) -> Step:
    who = task.ended_by_id if task.state == "ended" else task.assignee_id
    name = names.get(who, "") if who else ""
    for_whom = names.get(task.acting_for_id, "") if task.acting_for_id else ""
    staff = actor.kind == "staff"
    done = in_person(task, masked=not staff) if task.state == "ended" else None
    if done is not None:
        for_whom = done.name
    holds = task.assignee_id is not None and task.assignee_id == actor.id
    return Step(
        id=task.id,
        version=task.version,
        element=task.element,
        name=task.name,
        state=task.state,
        ended=task.ended,
        reason=task.reason if staff else "",
        round=task.round,
        holder=name if staff else masks.name(name),
        unit=units.place(work, task.unit_id).name if task.unit_id else "",
        opened_at=task.opened_at,
        claimed_at=task.claimed_at,
        ended_at=task.ended_at,
        due_at=task.due_at,
        can=_can(task, case, actor),
        for_whom=for_whom if staff or done is not None else masks.name(for_whom),
        in_person=done,
        notes=came if staff else tuple(Note(n.kind, n.at, "", n.text, n.text_en) for n in came) if holds else (),
        said=_said(work, task, package) if staff else (),
    )


def _said(work: Work, task: Task, package: Package) -> tuple[forms.Line, ...]:
    """What was decided in a step and why, as its form words it."""
    if task.ended not in ("APPROVED", "REJECTED", "RETURNED") or not task.form or not isinstance(task.result, Mapping):
        return ()
    on = local_date(task.ended_at or task.opened_at)
    form = form_choices.filled(work, package.form(task.form), package, on=on)
    rights = nodes.rights(form, task.properties)
    written = {path for path, _field in form.walk() if rights.writes(path)}
    return tuple(
        line
        for line in forms.describe(form, dict(task.result))
        if line.text and line.type in _SAYING and line.path in written
    )


def _can(task: Task, case: Case, actor: Actor) -> tuple[str, ...]:
    allowed = nodes.operations(task.properties) | {"claim", "complete"}
    can: list[str] = []
    running = case.status in ("running", "suspended")
    if running and task.state == "open" and may(actor, "claim", task, case=case):
        can += ["claim", "complete"]
    if running and task.state == "claimed" and may(actor, "work", task, case=case):
        waiting = any("opinion" not in d for d in task.delegated)
        can += ["draft", "opinion"] if waiting else ["complete", "draft", "return", "transfer", "delegate", "unclaim"]
    if running and task.state != "ended" and may(actor, "supervise", task, case=case):
        can += ["transfer", "remind", *(["unclaim"] if task.state == "claimed" else [])]
    if running and task.state != "ended" and may(actor, "withdraw", case):
        can.append("remind")
    asked = [d for d in task.delegated if "opinion" not in d] if running and task.state == "claimed" else []
    if asked and (asked[-1]["from"] == actor.id or may(actor, "supervise", task, case=case)):
        can.append("take-back")
    if running and task.ended in ("APPROVED", "REJECTED") and task.ended_by_id == actor.id and actor.id is not None:
        can.append("recall")
    return tuple(dict.fromkeys(c for c in can if c in allowed or c in ("opinion", "take-back")))


def told(task: Task, kind: str, at: datetime) -> str:
    """The words that came with an event of this task: the reason of a 退回, 跳转 or 转办, the question or answer of a
    委派."""
    if kind in ("task.returned", "task.jumped"):
        return task.reason
    known: dict[str, Any] = dict(task.variables or {})
    if kind == "task.transferred":
        return next((str(one["reason"]) for one in known.get(HANDED_ON, ()) if _at(one, "at") == at), "")
    asked = [*known.get("_opinions", ()), *task.delegated]
    if kind == "task.delegated":
        return next((str(one["question"]) for one in asked if _at(one, "at") == at), "")
    if kind == "task.opinion":
        return next((str(one.get("opinion", "")) for one in asked if _at(one, "answered_at") == at), "")
    return ""


def _at(one: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(one[name]) if name in one else None
