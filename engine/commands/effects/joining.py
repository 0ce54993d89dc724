"""同一件事: a case that is about the same as an earlier one is joined to it, and answered when that one is.

Each keeps its own number, its own applicant and its own end: neither learns who the other is. Two cases are never
locked at once: what the earlier one answers is told to each of the others in a job of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, select

from engine.commands.effects.facts import key_of
from engine.errors import NotFound, NotNow
from engine.people import may
from engine.process import Effect
from engine.records import audit, jobs, papers
from engine.store import Work
from engine.store.models import Awaited, Case, CaseAnswer, CaseJoin

if TYPE_CHECKING:
    from datetime import datetime

    from engine.commands.applying import Applying

RUNNING = ("running", "suspended")
#: A join that still waits: its effect is awaited.
WAITS = and_(Awaited.case_id == CaseJoin.case_id, Awaited.key == CaseJoin.key)

#: Under this a transaction keeps that no case was joined to one when that was found (Work.found).
_JOINED = "joined case"


def seen(work: Work, case: Case, joined: bool) -> None:
    """The case was found, and locked, with another joined to it or with none. Where there was none, its end need not
    ask again: one that joins it meanwhile looks at it once more when its join is stored (`look`)."""
    work.found(_JOINED, case.id, joined)


def join(a: Applying, effect: Effect) -> None:
    """Joined to the case of this number, which is of the same matter and not ended. It waits; one that was answered
    already answers at once."""
    number = str(effect.arguments.get("number") or "").strip()
    other, answer = _other(a, number)
    before = _joins(a.work, (a.case.id, other.id))
    target = next((to for row, to in before if row.case_id == other.id and to is not None), None)
    if target is not None:
        own = target == a.case.number
        raise NotNow(
            f"{other.number} 已经并到{'这一件' if own else f' {target} '}，等那一件的答复。"
            + ("两件不能互相等，请在其中一件里办。" if own else f"请填 {target}。"),
            f"Expected a case that is worked on, but {other.number} is itself joined to {target}. Name that one.",
        )
    for row, _ in before:  # earlier joins that nobody waits for any more: this case's own, or the other's to this one
        if a.case.id in (row.case_id, row.other_id):
            a.work.session.execute(delete(CaseJoin).where(CaseJoin.case_id == row.case_id))
            a.work.session.expunge(row)
    low, high = sorted((a.case.id, other.id))
    joined = CaseJoin(case_id=a.case.id, other_id=other.id, low_id=low, high_id=high, key=effect.id, at=a.now)
    a.work.session.add(joined)
    a.record(audit.Kind.CASE_JOINED, facts={"number": other.number})
    if answer is not None:
        a.answer(effect, said(other.number, "", answer))
        return
    # It may be answering, or ending, at this very moment without seeing this join: looked at once more when both stand.
    key = f"joined:{key_of(a, effect)}"
    jobs.put(a.work, jobs.Kind.FOLLOW_JOINED, key, {"case": other.id}, now=a.now, case_id=a.case.id)


def _other(a: Applying, number: str) -> tuple[Case, str | None]:
    """The case of this number and what it answered already; refused in plain words when it is none to join."""
    wanted = str(papers.numbers.read_case_number(number))
    found = a.work.session.execute(
        select(Case, CaseAnswer.answer)
        .outerjoin(CaseAnswer, CaseAnswer.case_id == Case.id)
        .where(Case.number == wanted)
    ).first()
    # Who may not see it is told the same as if it were not there.
    if found is None or not may(a.by, "see", found[0]):
        raise NotFound(
            f"同一件事：没有编号为“{number}”的办件，或您不能查看。请核对编号。",
            f"Expected the number of a case you may see, but there is no {number!r}. Check the number.",
        )
    other: Case = found[0]
    if other.id == a.case.id:
        raise NotNow(
            f"同一件事：{other.number} 就是这一件。请填更早那一件的编号。",
            f"Expected another case, but {other.number} is this one. Give the number of the earlier one.",
        )
    if other.matter != a.case.matter:
        raise NotNow(
            f"同一件事：{other.number} 是“{other.matter_name}”，和这一件不是同一种事项，不能并。",
            f"Expected a case of the same matter, but {other.number} is of another one.",
        )
    if other.status not in RUNNING:
        raise NotNow(
            f"同一件事：{other.number} 已经办完，没有答复可等了。请照常办这一件。",
            f"Expected a case that is not ended, but {other.number} is. Handle this one by itself.",
        )
    return other, found[1]


def _joins(work: Work, cases: tuple[int, ...]) -> list[tuple[CaseJoin, str | None]]:
    """The joins of these cases, each with the number it waits for; None when it does not wait any more."""
    rows = work.session.execute(
        select(CaseJoin, Case.number, Awaited.id)
        .join(Case, Case.id == CaseJoin.other_id)
        .outerjoin(Awaited, WAITS)
        .where(CaseJoin.case_id.in_(cases))
        .order_by(CaseJoin.case_id)
    )
    return [(row, number if awaited is not None else None) for row, number, awaited in rows]


def answer_joined(a: Applying, effect: Effect) -> None:
    """What this case answers is told to all who are joined to it; who joins later is answered with it at once."""
    answer = str(effect.arguments.get("answer") or "")
    row = a.work.session.get(CaseAnswer, a.case.id)
    if row is None:
        a.work.session.add(CaseAnswer(case_id=a.case.id, answer=answer, at=a.now))
    else:
        row.answer, row.at = answer, a.now
    with a.work.session.no_autoflush:  # it is written with the rest of the step
        told = tell(a.work, a.case, now=a.now, answer=answer)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "told": told})


def anew(a: Applying) -> None:
    """It is worked on once more (重办): what it answered before is its last word no longer."""
    a.work.session.execute(delete(CaseAnswer).where(CaseAnswer.case_id == a.case.id))


def case_ended(a: Applying) -> None:
    """Those who still wait for it are told how it ended: without an answer they go on by themselves."""
    if not a.work.has_none(_JOINED, a.case.id):
        tell(a.work, a.case, now=a.now)


def look(work: Work, other: Case, job: str, *, now: datetime) -> None:
    """After a join was stored: the earlier case may have answered, or ended, without seeing it."""
    answered = work.session.scalar(select(CaseAnswer.case_id).where(CaseAnswer.case_id == other.id)) is not None
    if answered or other.status not in RUNNING:
        tell(work, other, now=now, job=job)


def tell(work: Work, other: Case, *, now: datetime, job: str = "", answer: str | None = None) -> int:
    """A job for each case that waits for this one, with its last answer; how many. `job`: who looks once more.
    answer: what it answers at this moment."""
    rows = work.session.execute(
        select(CaseJoin.case_id, CaseJoin.key)
        .join(Awaited, WAITS)
        .where(CaseJoin.other_id == other.id)
        .order_by(CaseJoin.case_id)
    ).all()
    if not rows:
        return 0
    if answer is None:
        answer = work.session.scalar(select(CaseAnswer.answer).where(CaseAnswer.case_id == other.id))
    private = said(other.number, other.outcome, answer)
    for case_id, key in rows:
        payload = {"case": case_id, "effect": key}
        name = f"answered:{case_id}:{key}:{job or other.version}"
        jobs.put(work, jobs.Kind.ANSWER_JOINED, name, payload, now=now, case_id=case_id, private=private)
    return len(rows)


def said(number: str, outcome: str, answer: str | None) -> dict[str, Any]:
    """What the case that waited is answered."""
    return {"joined": {"number": number, "answered": bool(answer), "answer": answer, "outcome": outcome or None}}
