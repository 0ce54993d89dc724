"""What happens with loans in a story: a copy goes out and comes back at the desk, somebody renews or reserves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import matters, people
from engine.commands import loan_rows, loans
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow
from engine.proof.booking_steps import bond_for
from engine.proof.county import Hall
from engine.proof.matching_steps import Done, actor
from engine.records import lending, registers
from engine.store import Database, Work
from engine.store.models import Loan


def act(
    database: Database, package: matters.Package, hall: Hall, verb: str, step: Mapping[str, Any], *, now: datetime
) -> None:
    """One step. What the story says must fail, must fail so."""
    expected = step.get("error")
    key = package.declared("loans")[str(step["loans"])].key
    try:
        with database.unit_of_work() as work:
            _do(work, package, hall, verb, key, step, now)
    except (AlreadyDone, NotNow, NotFound, Invalid) as refused:
        taken = isinstance(refused, AlreadyDone) or bool(refused.facts.get("taken"))
        if expected != ("TAKEN" if taken else "REFUSED"):
            raise
        return
    if expected:
        raise Done(f"应当不行（{expected}），但成了。", f"Expected {expected}, but it was done.")


def _do(
    work: Work, package: matters.Package, hall: Hall, verb: str, key: str, step: Mapping[str, Any], now: datetime
) -> None:
    desk = people.load(work, hall.clerk, now=now)
    copy = str(step.get("copy") or "")
    if verb == "take_back":
        loans.take_back(work, key, copy, by=desk, now=now)
        return
    if verb == "recall":
        loan = _loan(work, key, copy)
        loans.recall(work, loan.id, version=loan.version, by=desk, now=now)
        return
    if verb == "lose":
        _lose(work, package, key, copy, desk, now)
        return
    who = actor(work, hall, str(step["who"]), step.get("born"), now)
    if verb == "lend":
        loans.lend(work, key, copy, f"u:{who.id}", by=desk, now=now)
    elif verb == "reserve":
        loans.reserve(work, key, str(step["title"]), bond_id=bond_for(work, who, step), by=who, now=now)
    else:
        loan = _loan(work, key, copy)
        loans.renew(work, loan.id, version=loan.version, by=who, now=now)


def _lose(work: Work, package: matters.Package, key: str, copy: str, desk: people.Actor, now: datetime) -> None:
    """It is said to be lost. The case that this opens is played by the stories of its own matter: where it is another,
    the copy counts as lost and no case begins."""
    loan, kind = _loan(work, key, copy), lending.kind(work, key)
    if kind.loans.missed is None or kind.loans.missed.opens == package.name:
        loans.lose(work, loan.id, version=loan.version, by=desk, now=now)
    elif loan.missed_at is None:
        loan_rows.miss(work, kind, loan, loan_rows.locked(work, loan.entry_id), by=desk, now=now)


def _loan(work: Work, key: str, copy: str) -> Loan:
    entry = registers.find(work, lending.kind(work, key).of, copy)
    found = lending.of_copy(work, entry.id) if entry is not None else None
    if found is None:
        raise NotFound(f"“{copy}”没有借出去。", f"{copy} is not lent.")
    return found
