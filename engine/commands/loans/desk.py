"""The desk of what is lent: a copy goes out, comes back, is said to be lost, is asked for before its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import feel
from engine.commands import cases, loan_rows
from engine.commands.cases.submit import Person as Applicant
from engine.errors import NotFound, NotNow
from engine.people import Actor, require, units
from engine.plain import plain
from engine.reads import loans as reads
from engine.records import lending
from engine.records.lending import Kind
from engine.store import Work
from engine.store.models import Loan, LoanHold, RegisterEntry
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Lent:
    """What became of one copy at the desk, for its row."""

    title: str
    loan: Loan | None  # lent; or the one that ended
    kept: LoanHold | None = None  # brought back, and put aside for somebody


def lend(work: Work, key: str, copy: str, who: str, *, by: Actor, now: datetime) -> Lent:
    """This copy to this person (`who`: as reads.look_for found them, or whom somebody stands for by a bond). Invalid,
    NotNow, AlreadyDone say why not."""
    kind = _kind(work, key, by)
    whom, bond_id = reads.whom(work, kind, who, now=now)
    loan = loan_rows.lend(work, kind, copy, whom, unit_id=by.unit_id, bond_id=bond_id, by=by, now=now)
    return Lent(_title(work, loan.entry_id), loan)


def take_back(work: Work, key: str, copy: str, *, by: Actor, now: datetime) -> Lent:
    """A copy is back, at whichever desk. One that was not lent (found in a corner, or returned twice) is put where it
    belongs."""
    kind = _kind(work, key, by)
    entry = loan_rows.copy(work, kind, copy, "lent")
    loan = loan_rows.take_back(work, kind, entry, by=by, now=now)
    kept = reads.kept_for(work, entry.id) if entry.state == kind.state("held") else None
    return Lent(entry.title or copy, loan, kept)


def renew(work: Work, loan_id: int, *, version: int, by: Actor, now: datetime) -> Loan:
    """Once more, by the person, a child's guardian, or the desk."""
    loan = reads.find(work, loan_id, by, version=version)
    kind = lending.kind(work, loan.loans)
    loan_rows.renew(work, kind, loan, by=by, now=now)
    return loan


def recall(work: Work, loan_id: int, *, version: int, by: Actor, now: datetime) -> Loan:
    """It is wanted back before its day: within a week, unless it is due sooner."""
    loan = reads.find(work, loan_id, by, version=version, verb="serve")
    kind = lending.kind(work, loan.loans)
    loan_rows.recall(work, kind, loan, _title(work, loan.entry_id), by=by, now=now)
    return loan


def lose(work: Work, loan_id: int, *, version: int, by: Actor, now: datetime) -> Loan:
    """The person says that it is lost: its case opens now."""
    loan = reads.find(work, loan_id, by, version=version, verb="serve")
    open_case(work, lending.kind(work, loan.loans), loan, lost=True, by=by, now=now)
    return loan


def open_case(work: Work, kind: Kind, loan: Loan, *, lost: bool, by: Actor, now: datetime) -> None:
    """The case of a loan that was lost, or not brought back for too long: once."""
    if loan.ended_at is not None:
        raise NotNow("这本已经还了或了结了。", "It was brought back or settled already.")
    if loan.missed_at is not None:
        return
    missed = kind.loans.missed
    if missed is None:
        raise NotNow(
            "这里没有声明遗失怎么办（missed），请联系书屋负责人。",
            "What is lost opens no case here: missed is not declared.",
        )
    entry = work.session.get_one(RegisterEntry, loan.entry_id, with_for_update=True)
    about = {"loan": lending.facts(kind, loan, entry, on=local_date(now), lost=lost)}
    env = feel.Env(now=now, calendar=work.calendar)
    answers: dict[str, Any] = {}
    for path, text in missed.with_.items():
        value = feel.to_json(feel.compile(text[1:]).evaluate(about, env)) if text.startswith("=") else text
        *above, last = path.split(".")
        at = answers
        for part in above:
            at = at.setdefault(part, {})
        at[last] = plain(value)
    unit = units.place(work, loan.unit_id) if loan.unit_id is not None else units.tree(work).county
    loan_rows.miss(work, kind, loan, entry, by=by, now=now)
    done = cases.submit(
        work,
        missed.opens,
        answers,
        by=by,
        now=now,
        channel="system",
        unit=unit,
        place=units.place(work, loan.place_id) if loan.place_id is not None else unit,
        key=f"loan:{loan.id}",
        applicant_id=loan.user_id,
        variables=about,
        person=Applicant(loan.name, loan.phone, loan.id_number),
        asked=False,
    )
    loan.case_id = done.case.id


def _kind(work: Work, key: str, by: Actor) -> Kind:
    kind = lending.kind(work, key)
    require(by, "serve", kind.desk)
    return kind


def _title(work: Work, entry_id: int) -> str:
    entry = work.session.get(RegisterEntry, entry_id)
    if entry is None:
        raise NotFound("没有这一本。", f"There is no copy {entry_id}.")
    return entry.title or entry.key or ""
