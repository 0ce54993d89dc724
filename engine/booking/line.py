"""Who is called next: the order of a waiting line, as a pure function of who waits and who was called.

Classes stand in the order in which they are called: A before B before C. So that nobody waits for ever, a class may say

    turn: 3              after three calls of classes before it, one of it
    first_after: 45min   who of it has waited so long goes before everybody

in this order:

1. Whoever waited as long as their class bears is next, the longest over first; but never two such calls in a row while
   somebody of a class before it waits, or the first class would starve behind a hall that is full since the morning.
2. A class whose turn is due is next (the last such class, for it is passed over most).
3. Else the first class with somebody in it, by arrival.

Equal arrivals are told apart by the number of the ticket: the same line gives the same order, always.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

#: How many past calls the order looks at. More than any turn may ask for.
REMEMBERED = 40


@dataclass(frozen=True, slots=True)
class Class:
    """One class of a line, and when its people are called although others go before."""

    code: str
    turn: int | None = None  # after so many calls of classes before it
    first_after: timedelta | None = None  # waited so long: before everybody


@dataclass(frozen=True, slots=True)
class Waits:
    """Somebody who waits."""

    id: int
    code: str  # of the class
    since: datetime  # when they came, or the time they booked; later than now: not yet
    number: int  # of the ticket in the hall's day
    behind: int = 0  # they came late to their call: not before the line has made so many calls


@dataclass(frozen=True, slots=True)
class Called:
    """A call that was made."""

    code: str
    over: bool = False  # because they had waited as long as their class bears


@dataclass(frozen=True, slots=True)
class Next:
    """Who is called, and whether for having waited too long."""

    who: Waits
    over: bool = False


def following(
    classes: Sequence[Class], waiting: Iterable[Waits], called: Sequence[Called], now: datetime, *, made: int = 0
) -> Next | None:
    """Who is next; None when nobody waits. `called`: the calls of the day, oldest first; `made`: how many there were
    (more than are remembered). Somebody whose time has not come is called when nobody else waits.

    >>> from datetime import UTC
    >>> abc = [Class("A"), Class("B", turn=5), Class("C", turn=3, first_after=timedelta(minutes=45))]
    >>> at = lambda text: datetime.fromisoformat(f"2026-09-18T{text}:00+08:00")
    >>> line = [Waits(1, "A", at("10:05"), 31), Waits(2, "B", at("09:50"), 22), Waits(3, "C", at("09:20"), 11)]
    >>> following(abc, line, [], at("10:04")).who.id, following(abc, line, [], at("10:05")).who.id
    (2, 3)
    >>> following(abc, line[:1] + [Waits(4, "C", at("10:00"), 25)], [Called(c) for c in "AAB"], at("10:06")).who.code
    'C'
    """
    everybody = list(waiting)
    rank = {one.code: n for n, one in enumerate(classes)}
    there = [one for one in everybody if one.since <= now and one.behind <= made and one.code in rank]
    if not there:
        there = [one for one in everybody if one.code in rank]
        if not there:
            return None
    first: dict[str, Waits] = {}
    for one in there:
        before = first.get(one.code)
        if before is None or _arrival(one) < _arrival(before):
            first[one.code] = one
    over = _over(classes, first, rank, called, now)
    if over is not None:
        return Next(over, over=True)
    for each in reversed(classes):
        if each.turn is not None and each.code in first and _passed(each, rank, called) >= each.turn:
            return Next(first[each.code])
    return Next(first[min(first, key=lambda code: rank[code])])


def _arrival(one: Waits) -> tuple[datetime, int]:
    return one.since, one.number


def _over(
    classes: Sequence[Class],
    first: Mapping[str, Waits],
    rank: Mapping[str, int],
    called: Sequence[Called],
    now: datetime,
) -> Waits | None:
    late = [
        (first[one.code].since + one.first_after, first[one.code].number, first[one.code])
        for one in classes
        if one.first_after is not None and one.code in first and first[one.code].since + one.first_after <= now
    ]
    if called and called[-1].over:  # not two in a row while a class before it waits
        late = [one for one in late if all(rank[code] >= rank[one[2].code] for code in first)]
    return min(late)[2] if late else None


def _passed(one: Class, rank: Mapping[str, int], called: Sequence[Called]) -> int:
    """How many of classes before it were called since it was called last."""
    passed = 0
    for call in reversed(called):
        if call.code == one.code:
            break
        passed += rank.get(call.code, len(rank)) < rank[one.code]
    return passed


def in_order(
    classes: Sequence[Class], waiting: Iterable[Waits], called: Sequence[Called], now: datetime, *, made: int = 0
) -> list[int]:
    """The ids of all who wait, as they would be called if they were all called now."""
    left, past, out = list(waiting), list(called), []
    while (found := following(classes, left, past, now, made=made)) is not None:
        out.append(found.who.id)
        left.remove(found.who)
        past = [*past, Called(found.who.code, found.over)][-REMEMBERED:]
        made += 1
    return out


def put_back(one: Waits, *, made: int, places: int) -> Waits:
    """Somebody missed their call and is here now: behind so many further calls."""
    return replace(one, behind=made + places)


def median(values: Sequence[float]) -> float | None:
    """The middle one, or the mean of the two in the middle; None of nothing.

    >>> median([3, 1, 2]), median([1, 2, 3, 4]), median([])
    (2, 2.5, None)
    """
    if not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def ninetieth(values: Sequence[float]) -> float | None:
    """What nine of ten did not exceed (nearest rank); None of nothing.

    >>> ninetieth(range(1, 11)), ninetieth([7]), ninetieth([])
    (9, 7, None)
    """
    if not values:
        return None
    return sorted(values)[math.ceil(0.9 * len(values)) - 1]
