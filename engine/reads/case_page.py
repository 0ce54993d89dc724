"""One case, as plain data for a page: header, where it stands, work, flow, time, papers, record."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import undefer

from engine import feel, forms, matters
from engine.deadlines import Account, Running, shown
from engine.deadlines.rating import rating_rules
from engine.errors import NotFound, NotNow
from engine.forms.kinds import CHECKS, Wrong
from engine.matters import corrections, in_person, mandates, nodes
from engine.people import Actor, bonds, masks, may, require, units
from engine.people.access import had_it, keeps_away
from engine.process.language.effects import TYPES as EFFECTS
from engine.reads import applicants, bundles, form_choices, history, joined, meetings, reveals, stuck, taking_part
from engine.reads.labels import EVENTS
from engine.records import audit, clocks, library
from engine.records.papers import kinds
from engine.store import Work
from engine.store.models import (
    Awaited,
    Case,
    Document,
    Draft,
    Event,
    File,
    Incident,
    Job,
    Notice,
    Rating,
    Task,
    Timer,
    User,
)
from engine.workdays import local_date, say_at


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the record."""

    at: datetime
    kind: str
    zh: str
    who: str  # masked for the applicant's eyes
    for_whom: str = ""
    about: str = ""  # the step or paper it is about, as it stands in `zh`
    told: str = ""  # the reason, question or opinion that came with it, for the hall's people
    in_person: history.InPerson | None = None  # 当面办理: how a party did their step at the desk, before whom


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of the case."""

    id: int
    kind: str
    title: str
    number: str | None
    state: str
    issued_at: datetime
    check_code: str
    trouble: str = ""  # why it could not be made yet; it is tried again
    sheet: bool = False  # it is to be had as a spreadsheet too
    voids: bool = False  # whether it is the reader's to void, or to issue again


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of the case."""

    id: int
    name: str
    type: str
    size: int
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class InPerson:
    """A party's own step, done at the desk before one who holds a post."""

    name: str
    account: bool  # they could do it on their own telephone
    may: bool  # the reader holds the post
    post: tuple[str, str]  # which post, in Chinese and English


@dataclass(frozen=True, slots=True)
class Desk:
    """The task this actor can work on, with its form."""

    task_id: int
    version: int
    name: str
    form_id: str | None
    schema: Mapping[str, Any] | None  # form-js, with this node's rights
    data: Mapping[str, Any]  # what the form shows first
    draft: bool  # the data is a saved draft
    targets: tuple[tuple[str, str], ...]  # (element, name) it may be returned to
    opinions: tuple[Mapping[str, Any], ...] = ()
    asked: str = ""  # 委派: what was asked
    notes: tuple[history.Note, ...] = ()  # why it came to me: 退回, 转办
    shown: tuple[forms.Line, ...] = ()  # answers that stand before the form (the node's property `shows`)
    in_person: InPerson | None = None  # 当面办理: a party's own step, which this clerk would do for them
    beside: tuple[tuple[int, str], ...] = ()  # (task, name) of the other steps of this case they may do now


@dataclass(frozen=True, slots=True)
class Correcting:
    """补正 that is waited for: everything that was asked and the last day, as the paper says them."""

    items: tuple[corrections.Item, ...]
    until: date


@dataclass(frozen=True)
class CasePage:
    """All of it."""

    id: int
    version: int
    number: str
    matter: str
    version_hash: str  # the version of the matter it runs on
    title: str
    status: str
    outcome: str
    colour: str
    stage: str
    channel: str
    flags: tuple[str, ...]
    same: tuple[tuple[str, bool, bool], ...]  # 同一件事: (number, it is the earlier one, the reader may open it)
    bundle: bundles.Bundle  # 一件事: the whole it is a part of, and its parts, as far as the reader may see them
    applicant: str  # masked, unless it is the reader's own
    applicant_phone: str
    applicant_id_number: str
    agent: str
    place: str
    unit: str
    office: str
    office_phone: str
    received_at: datetime
    accepted_at: datetime | None
    finished_at: datetime | None
    account: Account = field(repr=False)
    sides: tuple[Running, ...] = field(repr=False)  # limits of other regimes that run in it (司法确认)
    where: stuck.Sentence
    tasks: tuple[history.Step, ...]
    desk: Desk | None
    correcting: Correcting | None
    answers: tuple[forms.Line, ...]
    papers: tuple[Paper, ...]
    files: tuple[Attachment, ...]
    record: tuple[Line, ...]
    notices: tuple[tuple[datetime, str, str, str], ...]  # (when, channel, text, the same in English or "")
    incidents: tuple[tuple[int, str], ...]
    lit: tuple[str, ...]  # elements where it stands now
    beside: tuple[str, ...]  # those of them that are terms beside the work
    passed: tuple[str, ...]  # elements whose tasks were done
    can: tuple[str, ...]  # what the actor may do to the case: withdraw, supervise, …, and the names of `tells`
    tells: tuple[taking_part.Offered, ...]  # what they may say to it now (matter.yaml tells)
    reveals: tuple[reveals.Looked, ...]  # who looked at the applicant's data: for them, and for a head
    rated: int | None
    mine: bool  # the reader is the applicant or their agent


def _troubles(work: Work, docs: Sequence[Document]) -> dict[str, str]:
    """Key of a paper that is not made yet -> why its last try failed."""
    keys = [f"render:{d.key}" for d in docs if d.state == "pending"]
    if not keys:
        return {}
    found = work.session.execute(select(Job.key, Job.error).where(Job.key.in_(keys), Job.error.is_not(None)))
    return {key.removeprefix("render:"): error for key, error in found}


def page(work: Work, case_id: int, *, actor: Actor, now: datetime, step: int | None = None) -> CasePage:
    """The case for this actor. NotFound for one they may not see, as if it were not there. `step`: which of the steps
    they may do they came for; a case may have several open."""
    case = _whole(work, Case.id == case_id)
    if case is None:
        raise _none(case_id)
    return _opened(work, case, actor, now, step)


def _whole(work: Work, which: ColumnElement[bool]) -> Case | None:
    return work.session.scalar(select(Case).where(which).options(undefer(Case.answers), undefer(Case.ledger)))


def _none(case_id: int) -> NotFound:
    return NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")


def _opened(
    work: Work, case: Case, actor: Actor, now: datetime, step: int | None, none: NotFound | None = None
) -> CasePage:
    if not (may(actor, "see", case) or _has_task(work, case, actor)):
        raise none or _none(case.id)  # in the very words for a number that is not there
    if case.erased_at is not None:
        raise NotNow(
            f"办件 {case.number} 的个人信息保存期满，已于 {say_at(case.erased_at)} 清除，只留下编号、时间和结果。",
            f"What {case.number} said of people was erased when its time was over; number, times and outcome are left.",
            erased=True,
        )
    whole = _page(work, case, actor, now, step)
    until = _referred_away(work, case, actor)
    return whole if until is None else _as_it_left(whole, until)


def _referred_away(work: Work, case: Case, actor: Actor) -> datetime | None:
    """When the case left the actor's office, if that is all they see it by (移送)."""
    if may(actor, "reveal", case) or not had_it(actor, case):
        return None
    live = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state != "ended"))
    if any(may(actor, verb, task, case=case) for task in live for verb in ("claim", "work")):
        return None
    units_of = {position.unit_id for position in actor.positions}
    left = [
        event.at
        for event in audit.history(work, case.id)
        if event.kind == audit.Kind.CASE_REFERRED and (event.facts or {}).get("from") in units_of
    ]
    return max(left, default=None)


def _as_it_left(page: CasePage, until: datetime) -> CasePage:
    """Whose it is, its status, and what they had when it left; nothing of what another office did with it since."""
    tasks = tuple(step for step in page.tasks if step.ended_at is not None and step.ended_at <= until)
    return replace(
        page,
        where=stuck.Sentence(
            f"已移送{page.office}（{say_at(until)}），以后的办理在那里看。",
            f"Referred to {page.office}: what happened since is theirs to see.",
            names=(page.office,),
        ),
        stage="",
        same=(),
        bundle=bundles.Bundle(),
        tasks=tasks,
        desk=None,
        correcting=None,
        answers=(),  # they hold what was answered since
        papers=tuple(paper for paper in page.papers if paper.issued_at <= until),
        files=tuple(file for file in page.files if file.uploaded_at <= until),
        record=tuple(line for line in page.record if line.at <= until),
        notices=tuple(notice for notice in page.notices if notice[0] <= until),
        sides=(),
        incidents=(),
        lit=(),
        beside=(),
        passed=tuple(dict.fromkeys(step.element for step in tasks)),
        can=(),
        tells=(),
        reveals=(),
    )


def must_direct(work: Work, case_id: int, *, actor: Actor) -> None:
    """NotYours unless they head the office of this case, or one above."""
    require(actor, "direct", work.session.get(Case, case_id))


def by_number(work: Work, number: str, *, actor: Actor, now: datetime, step: int | None = None) -> CasePage:
    """The same, by the number people know."""
    case = _whole(work, Case.number == number.strip())
    none = NotFound(
        f"没有编号为“{number}”的办件，或您不能查看。请核对编号。", f"There is no case {number!r} you may see."
    )
    if case is None:
        raise none
    return _opened(work, case, actor, now, step, none)


def number_of_paper(work: Work, document_id: int) -> str:
    """The number of the case that a paper belongs to; empty when there is none."""
    found = select(Case.number).join(Document, Document.case_id == Case.id).where(Document.id == document_id)
    return work.session.scalar(found) or ""


def of_task(work: Work, task_id: int, *, actor: Actor, now: datetime) -> CasePage:
    """The case that a task belongs to."""
    case_id = work.session.scalar(select(Task.case_id).where(Task.id == task_id))
    if case_id is None:
        raise NotFound("没有这一步，或它不归您办。", f"There is no task {task_id} you may see.")
    return page(work, case_id, actor=actor, now=now, step=task_id)


def look_over(work: Work, task_id: int, raw: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    """What is wrong so far in the answers of a step the actor may do: Invalid, as completing it will say. Nothing is
    stored."""
    task = work.session.scalar(select(Task).where(Task.id == task_id).options(undefer(Task.variables)))
    case = work.session.scalar(
        select(Case).where(Case.id == (task.case_id if task is not None else 0)).options(undefer(Case.answers))
    )
    if task is None or case is None or not any(may(actor, verb, task, case=case) for verb in ("work", "claim")):
        raise NotFound("没有这一步，或它不归您办。", f"There is no task {task_id} you may see.")
    package = library.version(work, case.version_hash)
    if not task.form:
        return
    form = form_choices.filled(work, package.form(task.form), package, on=local_date(now), place_id=case.place_id)
    form = meetings.offering(work, form, package, on=local_date(now))
    known = {**dict(case.answers or {}), **dict(task.variables or {})}
    env = feel.Env(now=now, calendar=work.calendar)
    forms.check(form, raw, nodes.rights(form, task.properties), env, known=known)


def _read(actor: Actor) -> list[Any]:
    """What is read of a task beside its plain columns: what its form sees, and for the hall's people what was
    answered."""
    return [undefer(Task.variables), *([undefer(Task.result)] if actor.kind == "staff" else [])]


def _has_task(work: Work, case: Case, actor: Actor) -> bool:
    if keeps_away(actor, case):
        return False
    rows = work.session.scalars(select(Task).where(Task.case_id == case.id)).all()
    # What an agent did, they did by the mandate: it is no reason to look on when that is over. Nor is what a clerk did
    # by their post, when they have left it; and a restricted case stays with those who handle it (`may`).
    before = actor.id in bonds.agents_ever(work, case) and actor.agent_of(case) is None
    before = before or (actor.kind == "staff" and (case.restricted or not actor.own_units))
    return any(
        t.ended_by_id == actor.id and not before
        if t.state == "ended"
        else may(actor, "claim", t, case=case) or may(actor, "work", t, case=case)
        for t in rows
        if actor.id is not None
    )


def _page(work: Work, case: Case, actor: Actor, now: datetime, step: int | None) -> CasePage:
    package = library.version(work, case.version_hash)
    info = package.info
    # 关系: who may apply for them reads it as they do; who may only look, with names and numbers masked. An agent of
    # the hall reads it as the hall's people do.
    acts = actor.granted("apply", case) is not None and actor.kind != "staff"
    mine = acts or (actor.id is not None and actor.id == case.applicant_id)
    agent, agents = bonds.mandate(work, case, local_date(now)), bonds.agents_ever(work, case)
    tasks = list(
        work.session.scalars(select(Task).where(Task.case_id == case.id).order_by(Task.id).options(*_read(actor)))
    )
    live = [t for t in tasks if t.state != "ended"]
    people = {t.assignee_id for t in tasks} | {t.ended_by_id for t in tasks} | {t.acting_for_id for t in tasks}
    people |= {case.submitted_by_id}
    events = list(audit.history(work, case.id))
    people |= {e.by_id for e in events} | {e.for_id for e in events}
    names = _names(work, people)
    if (
        not mine and case.applicant_id in names
    ):  # what the applicant did themself stands in the record by their masked name
        names[case.applicant_id] = masks.name(names[case.applicant_id])
    incidents = list(
        work.session.scalars(select(Incident).where(Incident.case_id == case.id, Incident.solved_at.is_(None)))
    )
    running = case.status in ("running", "suspended")
    timers = (
        list(work.session.scalars(select(Timer).where(Timer.case_id == case.id).order_by(Timer.due_at)))
        if running
        else []
    )
    awaited = list(work.session.scalars(select(Awaited).where(Awaited.case_id == case.id))) if running else []
    ledger = clocks.ledger(work, case, info.limits.rules(local_date(case.received_at)))
    account = ledger.account(now)
    office = units.place(work, case.office_id)
    phone = info.contact.phone or office.phone
    where = stuck.sentence(
        work,
        case,
        live,
        account,
        now=now,
        names=names,
        for_applicant=actor.kind != "staff",
        incidents=incidents,
        timers=timers,
        awaited=awaited,
        phone=phone,
        me=actor.id,
    )
    docs = list(work.session.scalars(select(Document).where(Document.case_id == case.id).order_by(Document.id)))
    troubles = _troubles(work, docs) if actor.kind == "staff" else {}
    files = work.session.scalars(
        select(File).where(File.case_id == case.id, ~File.field.startswith("paper:")).order_by(File.id)
    )
    rating = work.session.scalar(select(Rating).where(Rating.case_id == case.id, Rating.step == ""))
    notices = work.session.scalars(
        select(Notice)
        .where(
            Notice.case_id == case.id,
            or_(Notice.user_id == actor.id, Notice.channel == "sms"),
            or_(Notice.channel == "sms", Notice.send_after <= now),
            Notice.state != "cancelled",
        )
        .order_by(Notice.id)
    )
    steps = history.steps(work, tasks, case, package, actor=actor, names=names)
    form = form_choices.filled(work, mandates.application(package, case.channel), package, on=local_date(now))
    show = (lambda text: text or "") if mine else None
    offered = tuple(taking_part.offered(work, case, actor))
    sees = _sees(work, case, info, actor, mine)
    return CasePage(
        id=case.id,
        version=case.version,
        number=case.number,
        matter=case.matter,
        version_hash=case.version_hash,
        title=case.matter_name,
        status=case.status,
        outcome=case.outcome,
        colour=shown(account.colour, running=running),
        stage=case.stage,
        channel=case.channel,
        flags=tuple(case.flags),
        same=tuple((s.number, s.earlier, may(actor, "see", s.case)) for s in joined.of_case(work, case.id))
        if actor.kind == "staff"
        else (),
        bundle=bundles.of_case(work, case, actor),
        applicant=case.applicant_name if mine else applicants.shown(work, case),
        applicant_phone=show(case.applicant_phone) if show else masks.phone(case.applicant_phone),
        applicant_id_number=masks.id_number(case.applicant_id_number),
        agent=agent.holder_name if agent is not None else "",
        place=units.tree(work).full_name(units.place(work, case.place_id)),
        unit=units.place(work, case.unit_id).name,
        office=office.name,
        office_phone=phone,
        received_at=case.received_at,
        accepted_at=case.accepted_at,
        finished_at=case.finished_at,
        account=account,
        where=where,
        sides=tuple(clocks.side(work, c, now) for c in clocks.sides(work, case.id)),
        tasks=steps,
        desk=_desk(work, case, package, live, actor, steps, now, step),
        correcting=_correcting(docs, account) if "papers" in sees else None,
        answers=tuple(_lines(form, case, mine, phones="phones" in sees)) if "answers" in sees else (),
        papers=tuple(
            Paper(
                *(d.id, d.kind, d.title, d.number, d.state, d.issued_at, d.check_code, troubles.get(d.key, "")),
                sheet=kinds.has_sheet(package.files.get(d.template, b"").decode()),
                voids=may(actor, "void", d, case=case),
            )
            for d in docs
            if "papers" in sees and _paper_seen(d, case, actor)
        ),
        files=tuple(Attachment(f.id, f.name, f.type, f.size, f.uploaded_at) for f in files),
        record=tuple(_line(e, names, actor, tasks, case, mine, agents) for e in events if _shown(e, actor)),
        notices=tuple((n.send_after, n.channel, n.text, n.text_en or "") for n in notices)
        if mine or actor.kind == "staff"
        else (),
        incidents=tuple((i.id, i.zh) for i in incidents) if actor.kind == "staff" else (),
        lit=tuple(
            dict.fromkeys(
                [t.element for t in live]
                + [t.element for t in timers]
                + [a.element for a in awaited]
                + [i.element for i in incidents]
            )
        ),
        beside=_beside(package, timers),
        passed=tuple(dict.fromkeys(t.element for t in tasks if t.ended in ("APPROVED", "REJECTED"))),
        can=tuple(_can(case, info.withdraw, actor, rating, now) + [one.name for one in offered]),
        tells=offered,
        reveals=reveals.of_case(work, case, masked=mine) if mine or may(actor, "supervise", case) else (),
        rated=rating.level if rating is not None and mine else None,
        mine=mine,
    )


def _correcting(docs: Sequence[Document], account: Account) -> Correcting | None:
    """What the newest paper of 补正 asks, while it is waited for."""
    if account.phase != "correcting":
        return None
    facts = next((d.facts for d in reversed(docs) if d.kind == "correction" and d.state != "void"), None)
    if facts is None:
        return None
    return Correcting(corrections.items_of(facts["items"]), date.fromisoformat(facts["due_on"]))


def _paper_seen(paper: Document, case: Case, actor: Actor) -> bool:
    """On the page: what they may open. Who had a task in a case they may not see otherwise is shown its list, as
    staff."""
    return may(actor, "see", paper, case=case) or (actor.kind == "staff" and not may(actor, "see", case))


def _beside(package: Any, timers: list[Timer]) -> tuple[str, ...]:
    """The terms (期限) that run beside the work: waited for, but not where the case stands."""
    kinds = {n.id: n.kind for d in package.definition.diagrams for p in d.processes for _, n in p.walk()}
    return tuple(t.element for t in timers if kinds.get(t.element) in ("boundaryEvent", "startEvent"))


#: What everybody but a party of a role sees: their own case, or as much as their post lets them.
_ALL = ("answers", "papers")


def _sees(work: Work, case: Case, info: matters.Matter, actor: Actor, mine: bool) -> tuple[str, ...]:
    """What this reader sees of the case: a party, what the matter says of their role (`sees`)."""
    if mine or actor.kind == "staff" or actor.id is None:
        return _ALL
    roles = {
        row.role for row in taking_part.indexed(work, case.id) if row.user_id == actor.id and row.role in info.parties
    }
    return tuple({what for role in roles for what in info.parties[role].sees}) if roles else _ALL


def _lines(form: forms.Form, case: Case, mine: bool, *, phones: bool = False) -> list[forms.Line]:
    lines = forms.describe(form, dict(case.answers or {}))
    if mine:
        return lines
    out = []
    for line in lines:
        text = line.text
        if line.path.endswith("id_number"):
            text = masks.id_number(text)
        elif line.path.endswith("phone") and not phones:
            text = masks.phone(text)
        elif line.path.endswith("name") and len(text) < 30:
            text = masks.name(text)
        else:  # a driving licence bears the number of its holder, and people write theirs into a note
            text = _EIGHTEEN.sub(_identity_masked, text)
        out.append(line if text == line.text else dataclasses.replace(line, text=text, parts=(text,)))
    return out


_EIGHTEEN = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")


def _identity_masked(found: re.Match[str]) -> str:
    known = not isinstance(CHECKS["cn-id"](found[0]), Wrong)
    return masks.id_number(found[0]) if known else found[0]


def _names(work: Work, ids: set[int | None]) -> dict[int, str]:
    wanted = [i for i in ids if i]
    if not wanted:
        return {}
    return {i: name for i, name in work.session.execute(select(User.id, User.name).where(User.id.in_(wanted)))}


def _desk(
    work: Work,
    case: Case,
    package: Any,
    live: list[Task],
    actor: Actor,
    steps: Sequence[history.Step],
    now: datetime,
    came_for: int | None,
) -> Desk | None:
    """The step they came for; else the one they took last, else the first they may take."""
    if case.status not in ("running", "suspended"):
        return None
    held = [t for t in live if t.state == "claimed" and may(actor, "work", t, case=case)]
    free = [t for t in live if t.state == "open" and may(actor, "claim", t, case=case)]
    held.sort(key=lambda t: t.claimed_at or t.opened_at, reverse=True)
    mine = held + free
    task = next((t for t in mine if t.id == came_for), next(iter(mine), None))
    if task is None:
        return None
    schema: Mapping[str, Any] | None = None
    data: dict[str, Any] = {}
    draft = False
    turn = taking_part.in_person(work, package.info, task, actor)
    before = _before_whom(work, case, turn, actor)
    if task.form or turn is not None:
        form = package.form(task.form) if task.form else in_person.EMPTY
        form = form_choices.filled(work, form, package, on=local_date(now), place_id=case.place_id)
        form = meetings.offering(work, form, package, on=local_date(now), drawn=True)
        rights = nodes.rights(form, task.properties)
        if turn is not None and before is not None and before.may:
            form = taking_part.asking(form, rights, turn)
        schema = forms.browser_schema(form, rights)
        known = {**dict(case.answers or {}), **dict(task.variables or {})}
        shown = {path.split(".")[0] for path, _ in form.walk() if rights.sees(path)}
        data = _seen({k: v for k, v in known.items() if k in shown}, "", rights.sees)
        read = forms.wanted(form, known, rights.sees)  # {{receiver.name}} in a label: the case's value
        data = {**{k: v for k, v in read.items() if k not in data}, **data}
        signatures = [p for p, one in form.walk() if one.properties.get("check") == "signature"]
        data = _unsigned(data, signatures)  # everybody signs with their own hand, and again after a return
        if task.drafted and actor.id is not None:
            saved = work.session.scalar(
                select(Draft).where(Draft.user_id == actor.id, Draft.about == f"task:{task.id}")
            )
            if saved is not None:
                data, draft = {**data, **_seen(dict(saved.values), "", rights.sees)}, True
    done = [t for t in _ended(work, case) if t[0] != task.element]
    waiting = next((d for d in reversed(task.delegated) if "opinion" not in d), None)
    return Desk(
        task_id=task.id,
        version=task.version,
        name=task.name,
        form_id=task.form,
        schema=schema,
        data=data,
        draft=draft,
        targets=tuple(done) if "return" in nodes.operations(task.properties) else (),
        opinions=tuple((task.variables or {}).get("_opinions", ())),
        asked=waiting["question"] if waiting else "",
        notes=next((s.notes for s in steps if s.id == task.id), ()),
        shown=_before_form(package, case, task),
        in_person=before,
        beside=tuple((t.id, t.name) for t in mine if t is not task),
    )


def _before_whom(work: Work, case: Case, turn: taking_part.Turn | None, actor: Actor) -> InPerson | None:
    if turn is None or turn.role.in_person is None:
        return None
    post = taking_part.post_name(work, turn.role.in_person.post)
    return InPerson(turn.name, turn.user_id is not None, taking_part.may_stand_by(turn.role, case, actor), post)


def _before_form(package: matters.Package, case: Case, task: Task) -> tuple[forms.Line, ...]:
    """The answers that a step shows before its form, in the words of the form they came from."""
    path = str(task.properties.get("shows") or "").strip()
    if not path:
        return ()
    for form in package.forms.values():
        if form.id != task.form and any(p.startswith(f"{path}.") for p, _field in form.walk()):
            lines = forms.describe(form, dict(case.answers or {}))
            return tuple(line for line in lines if line.path.startswith(f"{path}."))
    return ()


def _seen(value: Any, path: str, sees: Callable[[str], bool]) -> Any:
    """The value without what is hidden at this step, at any depth: the page's JSON holds no more than its form
    shows."""
    if isinstance(value, Mapping):
        at = f"{path}." if path else ""
        return {key: _seen(inner, f"{at}{key}", sees) for key, inner in value.items() if sees(f"{at}{key}")}
    if isinstance(value, list):
        return [_seen(one, path, sees) for one in value]
    return value


def _unsigned(data: Mapping[str, Any], signatures: Sequence[str]) -> dict[str, Any]:
    """The data without earlier ink: of the same field in another round, or of another person before."""
    out = dict(data)
    for path in signatures:
        head, _, rest = path.partition(".")
        if not rest:
            out.pop(head, None)
        elif isinstance(out.get(head), Mapping):
            out[head] = _unsigned(out[head], [rest])
    return out


def _ended(work: Work, case: Case) -> list[tuple[str, str]]:
    rows = work.session.execute(
        select(Task.element, Task.name)
        .where(Task.case_id == case.id, Task.ended.in_(("APPROVED", "REJECTED")))
        .order_by(Task.ended_at.desc(), Task.id.desc())
    ).all()
    return list(dict.fromkeys((r[0], r[1]) for r in rows))


def _can(case: Case, withdraw: bool, actor: Actor, rating: Rating | None, now: datetime) -> list[str]:
    out: list[str] = []
    running = case.status in ("running", "suspended")
    if running and case.decided_at is None and withdraw and may(actor, "withdraw", case):
        out.append("withdraw")
    open_for = case.finished_at and now <= rating_rules(local_date(now)).until(case.finished_at)
    if not running and rating is None and open_for and actor.kind != "staff" and may(actor, "withdraw", case):
        out.append("rate")
    if may(actor, "supervise", case):
        out += ["supervise", *(["extend"] if case.status == "running" else [])]
    if may(actor, "direct", case):
        out += ["direct", *(["suspend", "terminate"] if case.status == "running" else [])]
        out += ["resume"] if case.status == "suspended" else []
    out += [verb for verb in ("reveal", "evidence") if may(actor, verb, case)]
    return out


#: What an applicant may read of the record: what happened, not how the office works.
_PUBLIC = {
    "case.submitted",
    "case.accepted",
    "case.declined",
    "case.decided",
    "case.finished",
    "case.withdrawn",
    "case.suspended",
    "case.resumed",
    "task.completed",
    "task.returned",
    "document.issued",
    "case.rated",
}


#: Ratings and what follows from them: told to the person who rates alone, never on the file of those rated (RULES E4).
_OF_RATINGS = {"case.rated", "case.unrated", "case.rating-set-aside"}


def _shown(event: Event, actor: Actor) -> bool:
    if actor.kind == "staff":
        return event.kind not in _OF_RATINGS
    return event.kind in _PUBLIC


def _line(
    event: Event,
    names: dict[int, str],
    actor: Actor,
    tasks: list[Task],
    case: Case,
    mine: bool,
    agents: frozenset[int],
) -> Line:
    task = next((t for t in tasks if t.id == event.task_id), None)
    zh = EVENTS.get(event.kind, "其他记录")  # of a newer version of the program
    if task is not None:
        zh = f"{zh}“{task.name}”"
    facts = event.facts
    about = task.name if task is not None else ""
    if event.kind == "document.issued":
        about = str(facts.get("number") or "")
        zh = f"{zh} {about}".strip()
    if event.kind == "record.added" and facts.get("register"):
        zh = f"{zh}“{facts.get('title') or facts['register']}”"
    if event.kind == "effect.asked" and str(facts.get("kind")) in EFFECTS:
        zh = f"{zh}：{EFFECTS[str(facts['kind'])].zh}"
    name = names.get(event.by_id, "") if event.by_id else "系统"
    shown = name if actor.kind == "staff" or not event.by_id else masks.name(name)
    for_whom = names.get(event.for_id, "") if event.for_id else ""
    if not for_whom and event.by_id in agents and event.by_id != case.applicant_id:
        # 代办: what the agent does is done for the principal; both are named at every act (RULES X4)
        for_whom = case.applicant_name if mine else masks.name(case.applicant_name)
    if not for_whom and case.bond_id is not None and event.by_id == case.submitted_by_id != case.applicant_id:
        # 替人办 by a bond, for somebody without an account
        for_whom = case.applicant_name if mine else masks.name(case.applicant_name)
    told = history.told(task, event.kind, event.at) if task is not None and actor.kind == "staff" else ""
    done = history.in_person(task, masked=actor.kind != "staff") if event.kind == "task.completed" else None
    return Line(event.at, event.kind, zh, shown, done.name if done else for_whom, about, told, done)


def seen(work: Work, case: Case, actor: Actor) -> bool:
    """Whether the actor may see the case, or has or had a task in it."""
    return may(actor, "see", case) or _has_task(work, case, actor)


def require_seen(work: Work, case: Case, actor: Actor) -> None:
    """Refuse unless the actor may see the case, or has or had a task in it."""
    if not seen(work, case, actor):
        require(actor, "see", case)
