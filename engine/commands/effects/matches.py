"""提出需求, 提供, 撮合, 取消撮合: what a step of a case does to needs and supplies, in the step's transaction.

A case speaks for what it put there, and for the need that opened it; the other side says yes or no for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from engine.commands import match_rows
from engine.commands.effects import offers
from engine.errors import Invalid, NotFound, NotNow, Refused
from engine.people import may
from engine.process import Effect
from engine.reads import matches as reads
from engine.records import audit
from engine.store.models import MatchPair, MatchSide
from engine.workdays import ZONE

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def open_need(a: Applying, effect: Effect) -> None:
    _open(a, effect, "need")


def open_supply(a: Applying, effect: Effect) -> None:
    _open(a, effect, "supply")


def _open(a: Applying, effect: Effect, side: str) -> None:
    """Put there for the applicant, or whom `person` names: answered at once; REFUSED says what is wrong."""
    what = _declared(a, effect)
    given = effect.arguments
    starts_at = offers.moment(effect, "starts_at")
    if starts_at is None:
        raise Refused(
            f"“{effect.name or effect.element}”没有写什么时候（starts_at）。",
            f"Expected starts_at, but {effect.element} has none.",
        )
    answers = given.get("answers")
    try:
        row = match_rows.put(
            a.work,
            what,
            side,
            stops=_stops(a, what, given),
            starts_at=starts_at,
            until_at=offers.moment(effect, "until_at") or starts_at,
            answers=answers if isinstance(answers, dict) else {},
            person=offers.whom(a, given.get("person")),
            unit_id=a.intake.id,
            channel="counter",
            case=a.case,
            by=a.by,
            now=a.now,
        )
    except (NotNow, Invalid) as refused:
        a.throw(effect, "REFUSED", _why(refused))
        return
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "number": row.number})
    a.answer(effect, {side: match_rows.facts_of(a.work, row)})


def _declared(a: Applying, effect: Effect) -> reads.Declared:
    name = effect.headers.get("match", "")
    one = a.package.declared("matches").get(name)
    if one is None:
        raise NotFound(f"事项里没有声明撮合“{name}”。", f"The matter declares no match {name!r}.")
    return reads.Declared(one.key, one.what, a.package)  # type: ignore[arg-type]


def _stops(a: Applying, what: reads.Declared, given: Any) -> Sequence[str]:
    """Codes of places, in order; where nothing is said of the way, the case's own place."""
    via = given.get("via")
    between = [str(one) for one in via] if isinstance(via, (list, tuple)) else [str(via)] if via else []
    found = [str(given.get("from") or a.place.code), *between]
    return [*found, str(given.get("to") or "")] if what.match.way else found


def _why(refused: Refused) -> str:
    return "；".join(one.zh for one in refused.fields) if isinstance(refused, Invalid) else refused.zh


def match(a: Applying, effect: Effect) -> None:
    """A need and a supply: booked at once where both have said yes, else the other side is asked."""
    given = effect.arguments
    try:
        need, supply = _sides(a, given.get("need"), given.get("supply"))
        ours = [row.side for row in (need, supply) if _ours(a, row)]
        if not ours:
            raise NotFound(
                "需求和供给都不是本办件的，不能替两边配。", "Neither side is this case's: it cannot match them."
            )
        what = reads.of(a.work, need.match)
        papers = match_rows.fit(a.work, what, supply, a.now)
        agreed = len(ours) == 2 or _said_yes(a, effect, supply if ours == ["need"] else need)
        pair = match_rows.ask_held(
            a.work, what, supply, need, ours[0], papers=papers, agreed=agreed, case=a.case, by=a.by, now=a.now
        )
    except (NotNow, NotFound) as refused:
        a.throw(effect, "FULL" if refused.facts.get("full") else "REFUSED", refused.zh)
        return
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "pair": pair.number, "state": pair.state})
    a.answer(effect, {"pair": _pair_facts(pair)})


def _said_yes(a: Applying, effect: Effect, other: MatchSide) -> bool:
    """The other side was entered at a counter, and the same desk has asked them: it answers for them."""
    return effect.headers.get("agreed") == "true" and other.channel == "counter" and may(a.by, "serve", other)


def _pair_facts(pair: MatchPair) -> dict[str, Any]:
    return {
        "number": pair.number,
        "state": pair.state,
        "need": pair.need.number,
        "supply": pair.supply.number,
        "places": pair.places,
        "starts_at": pair.supply.starts_at.astimezone(ZONE).isoformat(),
    }


def _ours(a: Applying, row: MatchSide) -> bool:
    return a.case.id in (row.case_id, row.opened_id)


def _sides(a: Applying, need: Any, supply: Any) -> tuple[MatchSide, MatchSide]:
    """Both by their numbers, held. NotFound names what is missing."""
    found = {
        (row.side, row.number): row for row in match_rows.lock_numbered(a.work, str(need or ""), str(supply or ""))
    }
    for side, number, words in (("need", need, "需求"), ("supply", supply, "供给")):
        if (side, str(number or "")) not in found:
            raise NotFound(
                f"没有编号是“{number or ''}”的{words}，请核对。", f"There is no {side} {number!r}: check it."
            )
    return found["need", str(need)], found["supply", str(supply)]


def arrived(a: Applying, effect: Effect) -> None:
    """Whoever looks for them found them. It is said by a job, as many are told: whoever was alarmed."""
    pair = a.work.session.execute(
        select(MatchPair.id, MatchPair.number).where(MatchPair.opened_id == a.case.id)
    ).one_or_none()
    if pair is None:
        raise NotFound("这件不是为没有到的人开的。", "This case was not opened for anybody who did not arrive.")
    match_rows.arrive_later(a.work, pair.id, now=a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "pair": pair.number})


def release(a: Applying, effect: Effect) -> None:
    """Called off: what was matched, or the need or supply with all of it; the other side is told."""
    number = str(effect.arguments.get("number") or "")
    reason = str(effect.arguments.get("reason") or "")
    rows = _of_case(a, number)
    if number and not rows:
        raise NotFound(
            f"本办件没有“{number}”，或者它已经结束了。", f"This case has no {number!r}, or it is over already."
        )
    for row in rows:
        what = reads.of(a.work, row.match)
        if effect.headers.get("what", "all") == "all":
            match_rows.end_side(a.work, what, row, "cancelled", reason, by=a.by, now=a.now, case=a.case)
            continue
        mine = or_(MatchPair.need_id == row.id, MatchPair.supply_id == row.id)
        for pair in a.work.session.scalars(reads.pair_query(mine, MatchPair.ended_at.is_(None))).all():
            match_rows.cancel(a.work, what, pair, row.side, reason, by=a.by, now=a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "numbers": [row.number for row in rows]})


def _of_case(a: Applying, number: str = "") -> list[MatchSide]:
    """What this case put there, and the need that opened it, as far as it is not over."""
    a.work.written(MatchSide)
    which = [or_(MatchSide.case_id == a.case.id, MatchSide.opened_id == a.case.id), MatchSide.ended_at.is_(None)]
    if number:
        which.append(MatchSide.number == number)
    return list(a.work.session.scalars(select(MatchSide).where(*which).order_by(MatchSide.side.desc(), MatchSide.id)))


def case_ended(a: Applying) -> None:
    """A case that was withdrawn or terminated wants nothing more; the need that opened it goes on."""
    if a.case.status in ("withdrawn", "terminated"):
        for row in _of_case(a):
            if row.case_id == a.case.id:
                what = reads.of(a.work, row.match)
                match_rows.end_side(a.work, what, row, "cancelled", "办件已经终止", by=a.by, now=a.now, case=a.case)
