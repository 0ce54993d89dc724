"""查进度 without log-in: where a case stands, in plain words, for whoever has its number and phone, or its receipt.

The receipt's QR carries a word made from the number and the hall's own key: nobody can make it up, and it tells nothing
by itself. What is shown is redacted: no name of a resident, the clerk masked, the office whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import undefer

from engine import crypto
from engine.deadlines import shown
from engine.deadlines.rating import rating_rules
from engine.errors import NotFound
from engine.people import masks, units
from engine.reads import stuck
from engine.records import clocks, library, papers
from engine.store import Work, keys
from engine.store.models import Awaited, Case, Incident, Rating, Task, Timer, User
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Progress:
    """What anybody with the receipt may know."""

    number: str
    word: str  # of the receipt: opens this page again
    title: str
    status: str
    outcome: str
    where: stuck.Sentence
    next: tuple[str, ...]  # names of the open steps
    who: tuple[str, ...]  # who has them: the office, and the clerk masked
    due_at: datetime | None
    colour: str
    received_at: datetime
    office_phone: str
    step_id: int | None  # the first open step: what a reminder is about
    can_remind: bool
    can_rate: bool
    rated: bool


@dataclass(frozen=True, slots=True)
class Tracked:
    """Where a case is, for whoever has its number and phone."""

    status: str
    stage: str
    received_at: datetime
    due_at: datetime | None
    office: str


#: Letters of it.
_WORD = 20


def word_of(number: str) -> str:
    """The word that a receipt's QR carries beside the number."""
    return keys.blind("receipt", number)[:_WORD]


def by_phone(work: Work, number: str, phone: str, *, now: datetime) -> Progress:
    """By number and the phone given when applying; one refusal whichever is wrong."""
    return _progress(work, _given(work, number, phone).number, now)


def track(work: Work, number: str, phone: str) -> Tracked:
    """The same in few words, for programs."""
    case = _given(work, number, phone)
    office = units.place(work, case.office_id)
    return Tracked(case.status, case.stage, case.received_at, case.promised_due, office.name)


def _given(work: Work, number: str, phone: str) -> Case:
    """The case of this number, if this is the applicant's phone. Refused alike for a wrong number and a wrong phone."""
    wanted = str(papers.numbers.read_case_number(number))
    found = work.session.scalar(select(Case).where(Case.number == wanted))
    if found is None or found.phone_index not in keys.blinds("phone", phone):
        raise NotFound(
            "没有查到。请核对办件编号，以及申请时留的手机号。",
            "Nothing was found: check the number and the phone given when applying.",
        )
    return found


def by_word(work: Work, number: str, word: str, *, now: datetime) -> Progress:
    """By the receipt's QR."""
    # While the data key is being changed, what was printed before is good too.
    if not any(crypto.same(one[:_WORD].encode(), word.encode()) for one in keys.blinds("receipt", number)):
        raise NotFound(
            "没有查到。请重新扫回执上的二维码，或用办件编号和手机号查。",
            "Nothing was found: scan the receipt again, or use number and phone.",
        )
    return _progress(work, number, now)


def _progress(work: Work, number: str, now: datetime) -> Progress:
    case = work.session.scalar(
        select(Case)
        .where(Case.number == number)
        .options(undefer(Case.ledger))
        .execution_options(populate_existing=True)
    )
    if case is None or case.confidential:
        raise NotFound("没有查到。", "Nothing was found.")
    info = library.version(work, case.version_hash).info
    live = list(
        work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state != "ended").order_by(Task.id))
    )
    names = {
        i: name
        for i, name in work.session.execute(
            select(User.id, User.name).where(User.id.in_([t.assignee_id for t in live if t.assignee_id]))
        )
    }
    timers = list(work.session.scalars(select(Timer).where(Timer.case_id == case.id).order_by(Timer.due_at)))
    awaited = list(work.session.scalars(select(Awaited).where(Awaited.case_id == case.id)))
    account = clocks.ledger(work, case, info.limits.rules(local_date(case.received_at))).account(now)
    running = case.status in ("running", "suspended")
    incidents = list(
        work.session.scalars(select(Incident).where(Incident.case_id == case.id, Incident.solved_at.is_(None)))
    )
    office = units.place(work, case.office_id)
    phone = info.contact.phone or office.phone
    where = stuck.sentence(
        work,
        case,
        live,
        account,
        now=now,
        names=names,
        for_applicant=True,
        incidents=incidents,
        timers=timers,
        awaited=awaited,
        phone=phone,
    )
    rated = work.session.scalar(select(Rating.id).where(Rating.case_id == case.id, Rating.step == ""))
    in_time = case.finished_at is not None and now <= rating_rules(local_date(now)).until(case.finished_at)
    return Progress(
        number=case.number,
        word=word_of(case.number),
        title=case.matter_name,
        status=case.status,
        outcome=case.outcome,
        where=where,
        next=tuple(dict.fromkeys(t.name for t in live)) if running else (),
        who=tuple(dict.fromkeys(_holder(work, t, case, names) for t in live)) if running else (),
        due_at=case.promised_due if running else None,
        colour=account_colour(case, running),
        received_at=case.received_at,
        office_phone=phone,
        step_id=live[0].id if live else None,
        can_remind=case.status == "running" and any(t.assignee_id != case.applicant_id for t in live),
        can_rate=case.status == "finished" and rated is None and in_time,
        rated=rated is not None,
    )


def account_colour(case: Case, running: bool) -> str:
    """The colour people see beside the due time."""
    return shown(case.colour, running=running)


def _holder(work: Work, task: Task, case: Case, names: dict[int, str]) -> str:
    if task.assignee_id is not None and task.assignee_id in (case.applicant_id,):
        return "申请人"
    unit = units.place(work, task.unit_id).name if task.unit_id else ""
    name = masks.name(names.get(task.assignee_id or 0, ""))
    return f"{unit} {name}".strip() if name else unit
