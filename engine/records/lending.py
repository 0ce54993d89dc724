"""Loans (借还), found: the declarations, who borrows, what they have, who waits for a title."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from engine.errors import NotFound
from engine.matters import Package
from engine.matters.nouns import Declared
from engine.matters.nouns.loans import Loans
from engine.matters.nouns.registers import as_text
from engine.people import Actor, bonds
from engine.people.bonds import Grant
from engine.people.lending import LoanDesk
from engine.records import library, registers
from engine.records.registers import Whom
from engine.store import Work
from engine.store.models import Loan, LoanHold, RegisterEntry
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Kind:
    """A declaration of loans, with the register it lends from and the matter that has it."""

    key: str
    loans: Loans
    of: Declared
    package: Package

    @property
    def desk(self) -> LoanDesk:
        return LoanDesk(self.key, self.loans.desk)

    def title_of(self, entry: RegisterEntry) -> str:
        """What one reserves a copy by; a copy without such a value is a title of its own."""
        facts = entry.facts if isinstance(entry.facts, Mapping) else {}
        value = facts.get(self.loans.reserve_by)
        return as_text(value)[:80] if value not in (None, "") else f"#{entry.key}"[:80]

    def state(self, name: str) -> str:
        return self.loans.states.all()[name]


def kinds(work: Work) -> dict[str, Kind]:
    """Everything that can be borrowed now, by key."""
    found = {}
    for key, (what, package) in library.of_kind(work, "loans", Loans).items():
        of = package.declared("registers").get(what.of)
        if of is not None:
            found[key] = Kind(key, what, of, package)
    return found


def kind(work: Work, key: str) -> Kind:
    found = kinds(work).get(key)
    if found is None:
        raise NotFound("没有这个借阅处，它可能已经停了。", f"Nothing is lent under {key!r} now.")
    return found


def refs(whom: Whom) -> tuple[str, ...]:
    """Who borrows, in one short word, by identity number, which they have with an account and without: the word that is
    written now, then those under which a row of theirs may stand."""
    return bonds.refs(
        user_id=None if whom.id_number else whom.user_id, id_number=whom.id_number, phone=whom.phone, name=whom.name
    )


def live_of(work: Work, key: str, who: Collection[str]) -> list[Loan]:
    """What a person has now, the one due first first."""
    query = select(Loan).where(Loan.loans == key, Loan.who_ref.in_(who), Loan.ended_at.is_(None))
    return list(work.session.scalars(query.order_by(Loan.due_on, Loan.id)))


def of_copy(work: Work, entry_id: int) -> Loan | None:
    """Who has a copy now."""
    return work.session.scalar(
        select(Loan)
        .where(Loan.entry_id == entry_id, Loan.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def waiting(work: Work, key: str, title: str) -> list[LoanHold]:
    """Who reserved a title and has not had it: those for whom a copy is kept first, then as they came."""
    query = select(LoanHold).where(LoanHold.loans == key, LoanHold.title == title, LoanHold.ended_at.is_(None))
    return list(work.session.scalars(query.order_by(LoanHold.until_on.is_(None), LoanHold.id)))


def queued(work: Work, key: str, titles: list[str]) -> dict[str, int]:
    """How many wait for each of these titles."""
    rows = work.session.execute(
        select(LoanHold.title, func.count())
        .where(LoanHold.loans == key, LoanHold.title.in_(titles), LoanHold.ended_at.is_(None))
        .group_by(LoanHold.title)
    )
    return {title: count for title, count in rows}


def times(work: Work, key: str, titles: list[str]) -> dict[str, int]:
    """How often each of these titles was lent, whoever had it."""
    rows = work.session.execute(
        select(Loan.title, func.count()).where(Loan.loans == key, Loan.title.in_(titles)).group_by(Loan.title)
    )
    return {title: count for title, count in rows}


def mine(work: Work, actor: Actor) -> tuple[list[Loan], list[LoanHold]]:
    """What somebody has and waits for, a child they are guardian of, or whom they may book for; all kinds. A little
    wide: `may` judges each."""
    known = list(kinds(work))
    acts = [grant for grant in actor.grants if any(grant.over_offer("book", key) for key in known)]
    loans = work.session.scalars(
        select(Loan).where(Loan.ended_at.is_(None), _whose(Loan, actor, acts, known)).order_by(Loan.due_on, Loan.id)
    )
    holds = work.session.scalars(
        select(LoanHold).where(LoanHold.ended_at.is_(None), _whose(LoanHold, actor, acts, known)).order_by(LoanHold.id)
    )
    return list(loans), list(holds)


def _whose(row: type[Loan] | type[LoanHold], actor: Actor, acts: list[Grant], known: list[str]) -> ColumnElement[bool]:
    whose: list[ColumnElement[bool]] = [row.user_id == actor.id, row.guardian_id == actor.id]
    if acts:
        whose.append(and_(row.loans.in_(known), row.who_ref.in_({grant.borrower_ref for grant in acts})))
        accounts = [grant.subject_id for grant in acts if grant.subject_id is not None]
        whose += [and_(row.user_id.in_(accounts), row.bond_id.is_not(None))] if accounts else []
    return or_(*whose)


def overdue(loan: Loan, on: date) -> int:
    """By how many days; 0 when it is not."""
    return max(0, (on - loan.due_on).days)


def facts(kind: Kind, loan: Loan, entry: RegisterEntry, *, on: date, lost: bool) -> dict[str, Any]:
    """A loan as FEEL reads it, for the case of what was not brought back (gate/loans.py LOAN)."""
    return {
        "id": loan.id,
        "name": loan.name,
        "phone": loan.phone,
        "copy": as_text((entry.facts or {}).get(registers.register_of(kind.of).key, entry.key)),
        "title": entry.title or "",
        "lent_on": local_date(loan.lent_at).isoformat(),
        "due": loan.due_on.isoformat(),
        "renewed": loan.renewed,
        "overdue": overdue(loan, on),
        "lost": lost,
        "unit": loan.unit_id,
    }
