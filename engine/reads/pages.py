"""One case as a page: for the clerk who works on it, for the resident who waits for it, for a stranger with its number.

    pages.for_staff(work, actor, number, now=now)      header, who has it, steps, clocks, papers, history
    pages.for_resident(work, actor, number, now=now)   the same truth, without the names of clerks
    pages.track(work, number, phone, now=now)          by number and phone, without signing in

Values only: no rows of the store leave this room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import undefer

from engine import deadlines, forms, matters
from engine.errors import NotFound
from engine.matters.info import Material
from engine.people import Actor, masks, may, require, units
from engine.people.units import Place
from engine.reads.desk import colour_of
from engine.records import clocks, library
from engine.store import Work, keys
from engine.store.models import (
    Awaited,
    Case,
    DecisionHit,
    Document,
    Event,
    File,
    Incident,
    Post,
    Rating,
    Task,
    Timer,
    User,
)
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Waiting:
    """卡在哪: one thing the case waits for. `who` is empty for residents, where only the unit is told."""

    step: str
    unit: str
    post: str
    who: str  # masked name of the holder; "" when nobody has taken it
    since: datetime
    due_at: datetime | None
    kind: str  # held, unclaimed, applicant, correction, incident, outside, timer
    note: str = ""


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step a person did or has to do."""

    task_id: int
    element: str
    name: str
    state: str  # open, claimed, ended
    ended: str  # APPROVED, REJECTED, RETURNED, CANCELLED, SUPERSEDED or ""
    reason: str
    round: int
    unit: str
    who: str  # masked
    opened_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    for_applicant: bool


@dataclass(frozen=True, slots=True)
class EventLine:
    """One fact of the record (审计记录)."""

    seq: int
    at: datetime
    kind: str  # as in records.audit.Kind
    who: str  # masked; "" for the system
    for_whom: str  # 代理: on whose behalf, masked
    step: str  # name of the step it is about
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of the case."""

    id: int
    number: str
    title: str
    state: str  # pending, ready, failed, void
    issued_at: datetime
    check_code: str
    public: bool


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file handed in."""

    id: int
    name: str
    type: str
    size: int
    field: str  # the form's label of the field that took it
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """What this actor may do with one live task."""

    task_id: int
    version: int
    element: str
    name: str
    state: str
    can_claim: bool
    can_work: bool
    can_supervise: bool
    holder: str
    due_at: datetime | None
    delegated: bool  # 委派: an opinion is wanted, not a decision
    question: str  # what the delegator asked
    opinions: tuple[tuple[str, str], ...]  # (who, opinion)
    operations: frozenset[str]
    form: str  # "" when the step has none
    properties: Mapping[str, Any]  # of the node: which fields may be written, which are hidden
    known: Mapping[str, Any]  # what the form shows before anything is typed


@dataclass(frozen=True)
class CasePage:
    """One case for a clerk."""

    id: int
    number: str
    version: int
    matter: str
    version_hash: str  # the matter version it runs on
    matter_name: str
    status: str
    outcome: str
    stage: str
    channel: str
    colour: str
    received_at: datetime
    promised_due: datetime | None
    statutory_due: datetime | None
    finished_at: datetime | None
    applicant: str  # masked
    phone: str  # masked
    id_number: str  # masked
    agent: str  # masked
    place: str
    unit: str
    office: str
    office_phone: str
    flags: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    desks: tuple[Desk, ...]
    steps: tuple[StepLine, ...]
    events: tuple[EventLine, ...]
    account: deadlines.Account | None
    papers: tuple[Paper, ...]
    files: tuple[Attachment, ...]
    lines: tuple[forms.Line, ...]  # the application, in words
    decisions: tuple[tuple[str, Any, Any, datetime], ...]  # (decision, rules hit, result, when)
    current: tuple[str, ...]  # elements the case stands at
    done: tuple[str, ...]  # elements it has passed
    can_supervise: bool
    can_reveal: bool
    rating: int | None = None
    materials: tuple[Material, ...] = field(default=())


#: What a person may do when the node does not say (as in commands.cases).
_ALL = frozenset({"claim", "unclaim", "draft", "complete", "return", "recall", "transfer", "delegate", "remind"})


def _case(work: Work, number: str) -> Case:
    found = work.session.scalar(
        select(Case).where(Case.number == number).options(undefer(Case.answers), undefer(Case.ledger))
    )
    if found is None:
        raise NotFound(
            f"没有编号为“{number}”的办件。请核对编号，或打大厅电话查询。", f"There is no case with number {number}."
        )
    return found


def _tasks(work: Work, case: Case) -> list[Task]:
    return list(
        work.session.scalars(
            select(Task).where(Task.case_id == case.id).options(undefer(Task.variables)).order_by(Task.id)
        )
    )


def _names(work: Work, ids: Sequence[int | None]) -> dict[int, str]:
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    found = work.session.execute(select(User.id, User.name).where(User.id.in_(wanted))).all()
    return {row[0]: masks.name(row[1]) for row in found}


def _posts(work: Work) -> dict[str, str]:
    return {row[0]: row[1] for row in work.session.execute(select(Post.code, Post.name)).all()}


def _candidate(task: Task, tree: units.Tree, posts: Mapping[str, str], case: Case) -> tuple[str, str]:
    """(unit, post) of the first who may take it."""
    for key in task.candidates:
        kind, _, rest = key.partition(":")
        if kind == "p":
            unit, _, post = rest.partition(":")
            place = tree.by_id.get(int(unit))
            return (place.name if place else "", posts.get(post, post))
        if kind == "u" and rest.isdigit() and int(rest) in (case.applicant_id, case.agent_id):
            return "", "applicant"
    place = tree.by_id.get(task.unit_id or 0)
    return (place.name if place else "", "")


def _waiting(
    work: Work, case: Case, tasks: Sequence[Task], tree: units.Tree, names: Mapping[int, str], *, tell_names: bool
) -> tuple[Waiting, ...]:
    """Everything the case waits for, people first."""
    if case.finished_at is not None:
        return ()
    posts = _posts(work)
    found: list[Waiting] = []
    for one in tasks:
        if one.state == "ended":
            continue
        unit, post = _candidate(one, tree, posts, case)
        applicants = one.assignee_id is not None and one.assignee_id in (case.applicant_id, case.agent_id)
        if applicants or post == "applicant":
            found.append(Waiting(one.name, "", "", "", one.opened_at, one.due_at, "applicant"))
            continue
        who = names.get(one.assignee_id or 0, "") if tell_names else ""
        kind = "held" if one.assignee_id is not None else "unclaimed"
        since = one.claimed_at if kind == "held" and one.claimed_at else one.opened_at
        found.append(Waiting(one.name, unit, post if tell_names else "", who, since, one.due_at, kind))
    for incident in work.session.scalars(
        select(Incident).where(Incident.case_id == case.id, Incident.solved_at.is_(None))
    ):
        note = incident.zh if tell_names else ""
        found.append(Waiting(incident.name or incident.element, "", "", "", incident.at, None, "incident", note))
    if not found:
        for awaited in work.session.scalars(select(Awaited).where(Awaited.case_id == case.id)):
            found.append(Waiting(awaited.kind, "", "", "", awaited.since_at, None, "outside"))
    if not found:
        timer = work.session.scalar(select(Timer).where(Timer.case_id == case.id).order_by(Timer.due_at).limit(1))
        if timer is not None:
            found.append(Waiting(timer.element, "", "", "", case.received_at, timer.due_at, "timer"))
    return tuple(found)


def _place(tree: units.Tree, unit_id: int | None) -> Place | None:
    return tree.by_id.get(unit_id or 0)


def _papers(work: Work, case: Case, *, public: bool) -> tuple[Paper, ...]:
    query = select(Document).where(Document.case_id == case.id).order_by(Document.id)
    if public:
        query = query.where(Document.public)
    return tuple(
        Paper(d.id, d.number or "", d.title, d.state, d.issued_at, d.check_code, d.public)
        for d in work.session.scalars(query)
    )


def _files(work: Work, case: Case, labels: Mapping[str, str], answers: Mapping[str, Any]) -> tuple[Attachment, ...]:
    by_id = {str(ref): path for path in labels for ref in _refs(answers, path)}
    rows = work.session.scalars(
        select(File).where(File.case_id == case.id, File.field.not_like("paper:%")).order_by(File.id)
    )
    return tuple(
        Attachment(f.id, f.name, f.type, f.size, labels.get(by_id.get(str(f.id), f.field), ""), f.uploaded_at)
        for f in rows
    )


def _refs(answers: Mapping[str, Any], path: str) -> list[Any]:
    place: Any = answers
    for part in path.split("."):
        place = place.get(part) if isinstance(place, Mapping) else None
    return place if isinstance(place, list) else [place] if isinstance(place, (str, int)) else []


def _lines(package: matters.Package, case: Case) -> tuple[tuple[forms.Line, ...], dict[str, str]]:
    form = package.form(package.info.apply.form)
    labels = {path: one.label for path, one in form.walk() if one.type == "filepicker"}
    return tuple(forms.describe(form, case.answers or {})), labels


def _step(task: Task, tree: units.Tree, names: Mapping[int, str], case: Case) -> StepLine:
    place = _place(tree, task.unit_id)
    who = task.ended_by_id if task.state == "ended" else task.assignee_id
    applicants = {i for i in (case.applicant_id, case.agent_id) if i is not None}
    return StepLine(
        task.id, task.element, task.name, task.state, task.ended or "", task.reason, task.round,
        place.name if place else "", names.get(who or 0, ""), task.opened_at, task.ended_at, task.due_at,
        task.assignee_id in applicants or any(k in {f"u:{i}" for i in applicants} for k in task.candidates),
    )  # fmt: skip


def _account(work: Work, case: Case, package: matters.Package, now: datetime) -> deadlines.Account | None:
    try:
        ledger = clocks.ledger(work, case, package.info.limits.rules(local_date(case.received_at)))
        return ledger.account(case.finished_at or now)
    except Exception as error:  # a calendar year nobody has published must not close the page of the case
        if not hasattr(error, "zh"):
            raise
        return None


def for_staff(work: Work, actor: Actor, number: str, *, now: datetime) -> CasePage:
    """The page of a case for a clerk who may see it, or has a task of it."""
    case = _case(work, number)
    tasks = _tasks(work, case)
    if not may(actor, "see", case) and not any(may(actor, "see", t, case=case) for t in tasks):
        require(actor, "see", case)
    package = library.version(work, case.version_hash)
    tree = units.tree(work)
    events = list(
        work.session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.seq.desc()).limit(500))
    )
    names = _names(
        work, [*(t.assignee_id for t in tasks), *(t.ended_by_id for t in tasks), *(e.by_id for e in events),
               *(e.for_id for e in events)],
    )  # fmt: skip
    step_names = {t.id: t.name for t in tasks}
    element_names = {t.element: t.name for t in tasks}
    live = [t for t in tasks if t.state != "ended"]
    lines, labels = _lines(package, case)
    decisions = work.session.scalars(select(DecisionHit).where(DecisionHit.case_id == case.id).order_by(DecisionHit.id))
    hits = tuple((d.decision, d.rules, d.result, d.at, d.element) for d in decisions)
    office, unit, place = (_place(tree, i) for i in (case.office_id, case.unit_id, case.place_id))
    elements = {str(e.facts.get("element")) for e in events if e.facts.get("element")}
    incidents = work.session.scalars(
        select(Incident.element).where(Incident.case_id == case.id, Incident.solved_at.is_(None))
    )
    current = tuple(dict.fromkeys([*(t.element for t in live), *incidents]))
    if not current and case.finished_at is None:
        current = tuple(work.session.scalars(select(Awaited.element).where(Awaited.case_id == case.id)))
    rating = work.session.scalar(select(Rating.level).where(Rating.case_id == case.id, Rating.step == ""))
    return CasePage(
        id=case.id, number=case.number, version=case.version, matter=case.matter,
        version_hash=case.version_hash, matter_name=case.matter_name, status=case.status, outcome=case.outcome,
        stage=case.stage, channel=case.channel,
        colour=colour_of(case, case.step_due, now), received_at=case.received_at, promised_due=case.promised_due,
        statutory_due=case.statutory_due, finished_at=case.finished_at, applicant=masks.name(case.applicant_name),
        phone=masks.phone(case.applicant_phone), id_number=masks.id_number(case.applicant_id_number),
        agent=masks.name(case.agent_name) if case.agent_name else "", place=tree.full_name(place) if place else "",
        unit=unit.name if unit else "", office=office.name if office else "",
        office_phone=office.phone if office else "", flags=tuple(f for f in case.flags if f != "restricted"),
        waiting=_waiting(work, case, tasks, tree, names, tell_names=True),
        desks=tuple(_desk(actor, case, t, names) for t in live),
        steps=tuple(_step(t, tree, names, case) for t in tasks),
        events=tuple(
            EventLine(
                e.seq, e.at, e.kind, names.get(e.by_id or 0, ""), names.get(e.for_id or 0, ""),
                step_names.get(e.task_id or 0) or element_names.get(str(e.facts.get("element", "")), ""), e.facts,
            )
            for e in events
        ),
        account=_account(work, case, package, now), papers=_papers(work, case, public=False),
        files=_files(work, case, labels, case.answers or {}), lines=lines,
        decisions=tuple(h[:4] for h in hits), current=current,
        done=tuple((elements | {h[4] for h in hits}) - set(current)), can_supervise=may(actor, "supervise", case),
        can_reveal=may(actor, "reveal", case), rating=rating, materials=package.info.materials,
    )  # fmt: skip


def _desk(actor: Actor, case: Case, task: Task, names: Mapping[int, str]) -> Desk:
    said = str(task.properties.get("operations", "")).replace("，", ",")
    allowed = frozenset(o.strip() for o in said.split(",") if o.strip()) or _ALL
    asked = next((d for d in reversed(task.delegated) if "opinion" not in d), None)
    variables = dict(task.variables or {})
    opinions = [d for d in variables.get("_opinions", []) if isinstance(d, Mapping)]
    return Desk(
        task_id=task.id, version=task.version, element=task.element, name=task.name, state=task.state,
        can_claim=task.state == "open" and may(actor, "claim", task, case=case),
        can_work=task.state == "claimed" and may(actor, "work", task, case=case),
        can_supervise=may(actor, "supervise", task, case=case), holder=names.get(task.assignee_id or 0, ""),
        due_at=task.due_at, question=str(asked.get("question", "")) if asked else "", delegated=asked is not None,
        opinions=tuple((names.get(int(d.get("to", 0)), ""), str(d.get("opinion", ""))) for d in opinions),
        operations=allowed | {"claim", "complete"}, form=task.form or "", properties=dict(task.properties),
        known={**dict(case.answers or {}), **variables},
    )  # fmt: skip


# ---------------------------------------------------------------- residents


@dataclass(frozen=True, slots=True)
class Todo:
    """Something the resident has to do: a correction, a confirmation."""

    task_id: int
    version: int
    name: str
    number: str
    matter_name: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Brief:
    """A case in a resident's list."""

    number: str
    matter_name: str
    status: str
    outcome: str
    stage: str
    colour: str
    received_at: datetime
    finished_at: datetime | None
    promised_due: datetime | None
    applicant: str  # their own name; masked for an agent's list it is not: they know whom they serve
    as_agent: bool


@dataclass(frozen=True)
class ResidentPage:
    """One case as its applicant sees it."""

    id: int
    number: str
    version: int
    matter: str
    matter_name: str
    status: str
    outcome: str
    colour: str
    received_at: datetime
    finished_at: datetime | None
    due_at: datetime | None  # the promised moment
    office: str
    office_phone: str
    waiting: tuple[Waiting, ...]
    steps: tuple[StepLine, ...]
    todo: tuple[Todo, ...]
    papers: tuple[Paper, ...]
    lines: tuple[forms.Line, ...]
    can_withdraw: bool
    can_rate: bool
    rating: int | None


def mine(work: Work, actor: Actor, *, limit: int = 100) -> tuple[tuple[Todo, ...], tuple[Brief, ...]]:
    """What a resident has to do, and their cases: as applicant and as agent."""
    found = work.session.scalars(
        select(Case)
        .where(or_(Case.applicant_id == actor.id, Case.agent_id == actor.id))
        .order_by(Case.received_at.desc(), Case.id.desc())
        .limit(limit)
    ).all()
    todo = work.session.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "claimed", Task.assignee_id == actor.id)
        .order_by(Task.due_at, Task.id)
    ).all()
    return (
        tuple(Todo(t.id, t.version, t.name, c.number, c.matter_name, t.due_at) for t, c in todo),
        tuple(
            Brief(
                c.number, c.matter_name, c.status, c.outcome, c.stage, c.colour, c.received_at, c.finished_at,
                c.promised_due, c.applicant_name, c.agent_id == actor.id and c.applicant_id != actor.id,
            )
            for c in found
        ),
    )  # fmt: skip


def for_resident(work: Work, actor: Actor, number: str, *, now: datetime) -> ResidentPage:
    """The page of a case for its applicant or agent."""
    case = _case(work, number)
    if actor.id is None or actor.id not in (case.applicant_id, case.agent_id):
        # Whether a number exists is nobody's business but its owner's.
        raise NotFound(
            f"您名下没有编号为“{number}”的办件。可以用编号和手机号查询。", f"You have no case with number {number}."
        )
    return _resident(work, case, actor, now)


def track(work: Work, number: str, phone: str, *, now: datetime) -> ResidentPage:
    """By number and the phone given with the application. The same refusal whatever is wrong."""
    case = work.session.scalar(select(Case).where(Case.number == number.strip()).options(undefer(Case.answers)))
    if case is None or case.phone_index is None or case.phone_index != keys.blind("phone", phone):
        raise NotFound(
            "没有查到。请核对编号和申请时留的手机号；还查不到，请打大厅电话。",
            "Nothing was found: check the number and the phone given with the application.",
        )
    return _resident(work, case, None, now)


def _resident(work: Work, case: Case, actor: Actor | None, now: datetime) -> ResidentPage:
    tasks = _tasks(work, case)
    tree = units.tree(work)
    package = library.version(work, case.version_hash)
    office = _place(tree, case.office_id)
    rating = work.session.scalar(select(Rating.level).where(Rating.case_id == case.id, Rating.step == ""))
    own = actor is not None
    running = case.finished_at is None
    todo = [t for t in tasks if own and t.state == "claimed" and actor is not None and t.assignee_id == actor.id]
    return ResidentPage(
        id=case.id, number=case.number, version=case.version, matter=case.matter, matter_name=case.matter_name,
        status=case.status, outcome=case.outcome, colour=colour_of(case, None, now), received_at=case.received_at,
        finished_at=case.finished_at, due_at=case.promised_due, office=office.name if office else "",
        office_phone=(package.info.contact.phone or (office.phone if office else "")),
        waiting=_waiting(work, case, tasks, tree, {}, tell_names=False),
        steps=tuple(_step(t, tree, {}, case) for t in tasks if t.ended not in ("CANCELLED", "SUPERSEDED")),
        todo=tuple(Todo(t.id, t.version, t.name, case.number, case.matter_name, t.due_at) for t in todo),
        papers=_papers(work, case, public=True) if own else (), lines=_lines(package, case)[0] if own else (),
        can_withdraw=own and running and package.info.withdraw, can_rate=own and not running and rating is None
        and case.status == "finished", rating=rating if own else None,
    )  # fmt: skip


def desk_of(work: Work, actor: Actor, task_id: int, *, now: datetime) -> tuple[Desk, str, str]:
    """(what this person may do with one task, its case's version hash, its case's number)."""
    task = work.session.scalar(select(Task).where(Task.id == task_id).options(undefer(Task.variables)))
    case = (
        work.session.scalar(select(Case).where(Case.id == task.case_id).options(undefer(Case.answers)))
        if task is not None
        else None
    )
    if task is None or case is None or not may(actor, "see", task, case=case):
        raise NotFound("没有这一步，或它不归您办。", "There is no such step, or it is not yours.")
    names = _names(work, [task.assignee_id, *(int(d.get("to", 0)) for d in task.delegated)])
    return _desk(actor, case, task, names), case.version_hash, case.number
