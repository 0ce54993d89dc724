"""What may be done to the clock of a case, by whom, and what the law says where it may not be; requests for more
time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy import case as when
from sqlalchemy.orm import aliased, undefer

from engine.deadlines import Event, Ledger, Limit
from engine.errors import NotFound, Refused
from engine.people import Actor, extending, may
from engine.reads import sight
from engine.records import clocks, library
from engine.store import Work
from engine.store.models import Case, ExtensionRequest, Task, User
from engine.workdays import UnknownYear, at_start_of_day, local_date


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for more time."""

    id: int
    number: str
    matter_name: str
    who: str
    at: datetime
    reason: str
    state: str  # open, approved, refused
    answered_by: str
    answered_at: datetime | None
    answer: str
    due_at: datetime | None = None
    colour: str = ""
    mine: bool = False  # the reader may answer it


@dataclass(frozen=True, slots=True)
class Why:
    """A reason, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Options:
    """What this actor may do to the clock now. A reason stands where the law, not the actor, is in the way."""

    suspend: bool
    no_suspend: Why | None
    causes: tuple[tuple[str, str], ...]  # (id, Chinese name): the closed list
    pause_source: str
    resume: bool
    extend: bool  # may say so themselves
    ask: bool  # may ask for it
    no_extend: Why | None
    by: Limit | None  # how much longer
    approver: str  # whose word, in Chinese
    extend_source: str
    asked: Asked | None  # the open request
    before: tuple[Asked, ...]  # those that were answered


def options(work: Work, case_id: int, *, actor: Actor, now: datetime) -> Options:
    """What this actor may do to the clock of a case they may see."""
    case = _case(work, case_id)
    ledger = _ledger(work, case)
    regime = ledger.rules.regime
    running = case.status == "running"
    heads, theirs = may(actor, "supervise", case), may(actor, "direct", case)
    live = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "claimed"))
    works = actor.kind == "staff" and (heads or any(may(actor, "work", t, case=case) for t in live))
    rule = regime.extend
    others = rule is not None and not extending.gives_word(actor, rule.approver, case)
    late = _why(ledger.no_extension(now)) if works and running else None
    cause = next(iter(regime.pause.causes), "") if regime.pause else ""
    still = (
        _why(ledger.refusal(Event("paused", now, cause=cause, needs="1wd", notice="…"))) if theirs and running else None
    )
    requests = _requests(work, actor, ExtensionRequest.case_id == case.id)
    asked = next((r for r in requests if r.state == "open"), None)
    return Options(
        suspend=theirs and running and still is None,
        no_suspend=still,
        causes=tuple(regime.pause.causes.items()) if regime.pause else (),
        pause_source=regime.pause.source if regime.pause else "",
        resume=theirs and case.status == "suspended",
        extend=heads and running and late is None and not others,
        ask=works and running and late is None and asked is None and (not heads or others),
        no_extend=late,
        by=rule.by if rule else None,
        approver=rule.approver_zh if rule else "",
        extend_source=rule.source if rule else "",
        asked=asked,
        before=tuple(r for r in requests if r.state != "open"),
    )


def if_suspended(work: Work, case_id: int, cause: str, needs: Limit, *, actor: Actor, now: datetime) -> date | None:
    """When the case would be due if it took exactly the time named; None when a year on the way is not known."""
    case = _case(work, case_id)
    if not may(actor, "direct", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    ledger = _ledger(work, case).with_event(Event("paused", now, cause=cause, needs=str(needs), notice="…"))
    try:
        if needs.unit == "wd":
            back = at_start_of_day(work.calendar.add(local_date(now), needs.n))
        else:
            back = now + (timedelta(days=needs.n) if needs.unit == "cd" else timedelta(hours=needs.n))
        return ledger.with_event(Event("resumed", max(back, now))).account(max(back, now)).due_on
    except UnknownYear:
        return None


def waiting(work: Work, *, actor: Actor, limit: int = 100) -> tuple[Asked, ...]:
    """待批延期: the open requests this actor may answer, the most urgent first."""
    return tuple(_requests(work, actor, _mine(work, actor), limit=limit))


def waiting_count(work: Work, *, actor: Actor) -> int:
    """How many."""
    counted = select(func.count()).select_from(ExtensionRequest).join(Case, Case.id == ExtensionRequest.case_id)
    return work.session.scalar(counted.where(_mine(work, actor))) or 0


def request(work: Work, request_id: int, *, actor: Actor) -> Asked:
    """One request, of a case this actor may see."""
    found = _requests(work, actor, ExtensionRequest.id == request_id)
    row = work.session.scalar(
        select(Case)
        .join(ExtensionRequest, ExtensionRequest.case_id == Case.id)
        .where(ExtensionRequest.id == request_id)
    )
    if not found or row is None or not may(actor, "see", row):
        raise NotFound("没有这份延期申请，或您不能查看。", f"There is no request {request_id} you may see.")
    return found[0]


def _mine(work: Work, actor: Actor) -> ColumnElement[bool]:
    """Open requests of running cases that wait for this actor's word."""
    if "supervisor" not in actor.roles:
        return false()
    realm = or_(*(column.in_(actor.realm) for column in (Case.office_id, Case.unit_id, Case.place_id)))
    whose = [ExtensionRequest.state == "open", Case.status == "running", sight.of_cases(work, actor), realm]
    if not actor.supervises(None):  # as extending.gives_word says it
        of_whom = when((ExtensionRequest.approver == extending.DISPATCHER, Case.unit_id), else_=Case.office_id)
        whose += [ExtensionRequest.approver != extending.GOVERNMENT, of_whom.in_(actor.realm)]
    return and_(*whose)


def _requests(work: Work, actor: Actor, where: ColumnElement[bool], *, limit: int = 100) -> list[Asked]:
    asker, answerer = aliased(User), aliased(User)
    rows = work.session.execute(
        select(ExtensionRequest, Case, asker.name, answerer.name)
        .join(Case, Case.id == ExtensionRequest.case_id)
        .join(asker, asker.id == ExtensionRequest.asked_by_id)
        .outerjoin(answerer, answerer.id == ExtensionRequest.answered_by_id)
        .where(where)
        .order_by(Case.promised_due, ExtensionRequest.id)
        .limit(limit)
    ).all()
    found = []
    for row, case, who, answered in rows:
        mine = row.state == "open" and case.status == "running" and may(actor, "supervise", case)
        mine = mine and extending.gives_word(actor, row.approver, case)
        found.append(
            Asked(
                id=row.id,
                number=case.number,
                matter_name=case.matter_name,
                who=who,
                at=row.asked_at,
                reason=row.reason,
                state=row.state,
                answered_by=answered or "",
                answered_at=row.answered_at,
                answer=row.answer or "",
                due_at=case.promised_due,
                colour=case.colour,
                mine=mine,
            )
        )
    return found


def _case(work: Work, case_id: int) -> Case:
    case = work.session.scalar(select(Case).where(Case.id == case_id).options(undefer(Case.ledger)))
    if case is None:
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id}.")
    return case


def _ledger(work: Work, case: Case) -> Ledger:
    info = library.version(work, case.version_hash).info
    return clocks.ledger(work, case, info.limits.rules(local_date(case.received_at)))


def _why(refusal: Refused | None) -> Why | None:
    return Why(refusal.zh, refusal.en) if refusal is not None else None
