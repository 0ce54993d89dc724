"""Lists of cases: mine, search, tracking by number. Every read is for an actor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import load_only

from engine.deadlines import colour, shown
from engine.errors import Refused
from engine.forms import written
from engine.forms.kinds import CHECKS, Wrong
from engine.people import Actor, units
from engine.reads import applicants, sight
from engine.records import papers
from engine.store import Work, keys
from engine.store.models import Case, CaseParty


@dataclass(frozen=True, slots=True)
class Brief:
    """One case in a list."""

    id: int
    number: str
    matter: str
    title: str
    applicant: str  # masked, unless it is the reader's own list
    stage: str
    status: str
    outcome: str
    colour: str
    received_at: datetime
    due_at: datetime | None
    finished_at: datetime | None
    place: str
    flags: tuple[str, ...]


#: What a list reads of a case.
COLUMNS = load_only(
    Case.id,
    Case.number,
    Case.matter,
    Case.matter_name,
    Case.applicant_name,
    Case.applicant_id,
    Case.channel,
    Case.stage,
    Case.status,
    Case.outcome,
    Case.received_at,
    Case.promised_due,
    Case.statutory_due,
    Case.step_due,
    Case.yellow_at,
    Case.paused_at,
    Case.stopped_at,
    Case.finished_at,
    Case.place_id,
    Case.flags,
    Case.party_ids,
    Case.chosen,
)


def brief(work: Work, case: Case, now: datetime, own: bool) -> Brief:
    """A case as one line; `own`: the reader's own list, where the name is not masked."""
    running = case.status in ("running", "suspended")
    shade = colour(
        case.promised_due, case.statutory_due, case.step_due, case.paused_at is not None, now, case.yellow_at
    )
    return Brief(
        case.id,
        case.number,
        case.matter,
        case.matter_name,
        case.applicant_name if own else applicants.shown(work, case),
        case.stage,
        case.status,
        case.outcome,
        shown("done" if case.stopped_at is not None else shade, running=running),
        case.received_at,
        case.promised_due,
        case.finished_at,
        units.place(work, case.place_id).name,
        tuple(case.flags),
    )


def mine(work: Work, actor: Actor, *, now: datetime, limit: int = 50, before: int | None = None) -> list[Brief]:
    """A resident's own cases and those they act for, newest first; `before`: id of the last one seen."""
    if actor.id is None:
        return []
    as_party = select(CaseParty.case_id).where(CaseParty.user_id == actor.id)
    own = [Case.applicant_id == actor.id, Case.id.in_(as_party)]
    by_bond = [sight.cases_of(actor, "see")] if actor.grants else []
    query = select(Case).where(or_(*own, *by_bond))
    if before is not None:
        query = query.where(Case.id < before)
    rows = work.session.scalars(query.order_by(Case.id.desc()).limit(limit).options(COLUMNS))
    return [brief(work, c, now, c.applicant_id == actor.id) for c in rows]


def search(work: Work, text: str, *, actor: Actor, now: datetime, limit: int = 20) -> list[Brief]:
    """Cases by number (whole, or any four characters of it in a row), by the applicant's name, surname, phone or
    identity number, however they are written; only what may be seen."""
    text = text.strip()
    conditions = _asked_for(text) if text else []
    if not conditions:
        return []
    rows = work.session.scalars(
        select(Case)
        .where(or_(*conditions), or_(sight.of_cases(work, actor), sight.had(actor)))
        .order_by(Case.id.desc())
        .limit(limit)
        .options(COLUMNS)
    )
    return [brief(work, c, now, False) for c in rows]


#: Fewest characters of a number that are asked for.
FEWEST = 4


def _asked_for(text: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    typed = written.identity(text)
    if typed.isdigit() and len(typed) >= 22:
        try:
            conditions.append(Case.number == str(papers.numbers.read_case_number(text)))
        except Refused:
            return []
    elif typed.isdecimal() and len(written.close(text)) >= FEWEST:
        # Without the dashes, as it is told on the telephone; they are no digits, and no wildcards of LIKE either.
        conditions.append(func.replace(Case.number, "-", "").contains(typed))
    if written.number(text) is not None:
        conditions.append(Case.phone_index.in_(keys.blinds("phone", text)))
    if not isinstance(CHECKS["cn-id"](text), Wrong):
        conditions.append(Case.id_index.in_(keys.blinds("id", text)))
    if not typed.isdigit():
        if len(text) >= 2:
            conditions.append(Case.name_index.in_(keys.blinds("name", text)))
        conditions.append(Case.surname_index.in_(keys.blinds("surname", text)))
    return conditions


def number_of(work: Work, case_id: int) -> str:
    """The number of a case just written to: an address to go to, nothing more."""
    return work.session.get_one(Case, case_id).number


def listed(
    work: Work,
    actor: Actor,
    *,
    now: datetime,
    status: str | None = None,
    matter: str | None = None,
    shade: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Brief]:
    """Cases an actor may see, newest first, narrowed: the list behind a number on a board."""
    conditions: list[Any] = [sight.of_cases(work, actor)]
    if status:
        conditions.append(Case.status == status)
    if matter:
        conditions.append(Case.matter == matter)
    if shade:
        conditions.append(Case.colour == shade)
    if before is not None:
        conditions.append(Case.id < before)
    rows = work.session.scalars(select(Case).where(*conditions).order_by(Case.id.desc()).limit(limit).options(COLUMNS))
    return [brief(work, c, now, False) for c in rows]
