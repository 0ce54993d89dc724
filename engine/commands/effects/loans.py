"""借出, 还回, 续借, 预约, 催还: what a step does with things of a register that go home and come back; what was lost
is settled by the end of its case."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.commands import loan_rows
from engine.commands.effects import offers
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, Refused
from engine.process import Effect
from engine.records import audit, lending
from engine.records.lending import Kind
from engine.store.models import Loan, RegisterEntry
from engine.workdays import local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def end(a: Applying, effect: Effect) -> None:
    """The loan of this case ends as the task says. One that ended already (the book turned up at a desk) stays so."""
    loan = a.work.session.scalar(
        select(Loan).where(Loan.case_id == a.case.id).with_for_update().execution_options(populate_existing=True)
    )
    if loan is None:
        raise NotNow(
            "这个办件不是一笔借阅开出的，没有借阅可以了结。",
            "This case was not opened by a loan: there is none to end.",
        )
    if loan.ended_at is not None:
        return
    entry = loan_rows.locked(a.work, loan.entry_id)
    kind = lending.kind(a.work, loan.loans)
    loan_rows.end(a.work, kind, loan, entry, effect.headers["how"], by=a.by, now=a.now)


# ---------------------------------------------------------------- out and back


def _kind(a: Applying, effect: Effect) -> Kind:
    name = effect.headers.get("loans", "")
    one = a.package.declared("loans").get(name)
    if one is None:
        raise NotFound(f"事项里没有声明借还“{name}”。", f"The matter declares no loans {name!r}.")
    return lending.kind(a.work, one.key)


def _why(refused: Refused) -> str:
    return "；".join(one.zh for one in refused.fields) if isinstance(refused, Invalid) else refused.zh


def _facts(kind: Kind, loan: Loan, entry: RegisterEntry, a: Applying) -> dict[str, Any]:
    """A loan as a diagram reads it."""
    known = lending.facts(kind, loan, entry, on=local_date(a.now), lost=loan.missed_at is not None)
    return {name: known[name] for name in ("id", "copy", "title", "lent_on", "due", "renewed", "overdue")}


def lend(a: Applying, effect: Effect) -> None:
    """This copy to the applicant, or whom `person` names. TAKEN, REFUSED say why not."""
    kind, whom = _kind(a, effect), offers.whom(a, effect.arguments.get("person"))
    copy = str(effect.arguments.get("copy") or "")
    try:
        loan = loan_rows.lend(a.work, kind, copy, whom, unit_id=a.intake.id, by=a.by, now=a.now)
    except (AlreadyDone, NotNow, Invalid) as refused:
        taken = isinstance(refused, AlreadyDone) or bool(refused.facts.get("taken"))
        a.throw(effect, "TAKEN" if taken else "REFUSED", _why(refused))
        return
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "loan": loan.id})
    a.answer(effect, {"loan": _facts(kind, loan, loan_rows.locked(a.work, loan.entry_id), a)})


def take_back(a: Applying, effect: Effect) -> None:
    """A copy is back. NOT_FOUND: no copy has this code."""
    kind = _kind(a, effect)
    try:
        entry = loan_rows.copy(a.work, kind, str(effect.arguments.get("copy") or ""))
    except Invalid as refused:
        a.throw(effect, "NOT_FOUND", _why(refused))
        return
    loan = loan_rows.take_back(a.work, kind, entry, by=a.by, now=a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "loan": loan.id if loan is not None else None})
    a.answer(
        effect,
        {"lent": loan is not None, "kept": entry.state == kind.state("held"), "title": entry.title or ""},
    )


def _loans_of(a: Applying, effect: Effect, kind: Kind) -> list[Loan]:
    """The loan of the copy that is named; all of the applicant's, or of `person`, when none is. NotNow: nothing is
    lent."""
    copy = str(effect.arguments.get("copy") or "")
    if copy:
        one = lending.of_copy(a.work, loan_rows.copy(a.work, kind, copy).id)
        found = [one] if one is not None else []
    else:
        whom = offers.whom(a, effect.arguments.get("person"))
        found = lending.live_of(a.work, kind.key, lending.refs(whom))
    if not found:
        raise NotNow("没有借着的。", "Nothing is lent.")
    return found


def renew(a: Applying, effect: Effect) -> None:
    """Once more as long by the rules, each of them or none; with `until` the desk allows time until that day, and a
    pause for what was overdue is over. REFUSED says why not."""
    kind, until = _kind(a, effect), _day(effect.arguments.get("until"))
    try:
        loans = _loans_of(a, effect, kind)
        if until is not None:
            loan_rows.grant_all(a.work, kind, loans, until, by=a.by, now=a.now)
        else:
            loan_rows.renew_all(a.work, kind, loans, by=a.by, now=a.now)
    except (NotNow, Invalid) as refused:
        a.throw(effect, "REFUSED", _why(refused))
        return
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "loans": [loan.id for loan in loans]})
    a.answer(effect, {"renewed": len(loans), "due": min(loan.due_on for loan in loans).isoformat()})


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)[:10]) if value not in (None, "") else None


def reserve(a: Applying, effect: Effect) -> None:
    """Any copy of a title, as soon as there is one. REFUSED says why not."""
    kind, whom = _kind(a, effect), offers.whom(a, effect.arguments.get("person"))
    title = str(effect.arguments.get("title") or "")
    try:
        hold = loan_rows.reserve(a.work, kind, title[:80], whom, unit_id=a.intake.id, by=a.by, now=a.now)
    except (NotNow, NotFound, Invalid) as refused:
        a.throw(effect, "REFUSED", _why(refused))
        return
    before = sum(1 for one in lending.waiting(a.work, kind.key, hold.title) if one.id < hold.id)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "hold": hold.id})
    until = hold.until_on.isoformat() if hold.until_on is not None else None
    a.answer(effect, {"ready": hold.state == "ready", "until": until, "before": before})


def recall(a: Applying, effect: Effect) -> None:
    """Who has it is asked to bring it back within a week. REFUSED: nobody has it."""
    kind = _kind(a, effect)
    try:
        entry = loan_rows.copy(a.work, kind, str(effect.arguments.get("copy") or ""))
        loan = lending.of_copy(a.work, entry.id)
        if loan is None:
            raise NotNow("这一本没有借出去。", "It is not lent.")
        loan_rows.recall(a.work, kind, loan, entry.title or "", by=a.by, now=a.now)
    except (NotNow, Invalid) as refused:
        a.throw(effect, "REFUSED", _why(refused))
        return
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "loan": loan.id})
    a.answer(effect, {"due": loan.due_on.isoformat()})
