"""请假代理: who is away and who acts for them. A circle, and a chain of more than three, are refused when they are
made.

The chains are followed with what they carry: two absences that never overlap, or cover other matters, are no chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

from engine.errors import FieldError, Invalid
from engine.people.actor import AGENCY_DEPTH
from engine.store import Work
from engine.store.models import Leave, User


@dataclass(frozen=True, slots=True)
class Span:
    """A window of time, and the matters it is about (None: all)."""

    from_at: datetime
    until_at: datetime
    matters: frozenset[str] | None

    def both(self, other: Span) -> Span | None:
        """What two spans share; None when nothing."""
        start, end = max(self.from_at, other.from_at), min(self.until_at, other.until_at)
        if start >= end:
            return None
        if self.matters is None or other.matters is None:
            return Span(start, end, other.matters if self.matters is None else self.matters)
        shared = self.matters & other.matters
        return Span(start, end, shared) if shared else None


def span_of(leave: Leave) -> Span:
    return Span(leave.from_at, leave.until_at, None if leave.matters is None else frozenset(leave.matters))


def lock(work: Work) -> None:
    """Two who would close a circle together come one after the other. SQLite has one writer anyway."""
    if work.dialect == "postgresql":
        work.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("leave"))))


def overlapping(work: Work, user_id: int, span: Span) -> Leave | None:
    """An absence of theirs that another agent covers at the same time, for the same matters."""
    rows = work.session.scalars(_set(Leave.user_id == user_id, span))
    return next((one for one in rows if span.both(span_of(one)) is not None), None)


def during(from_at: datetime, until_at: datetime) -> ColumnElement[bool]:
    """A leave that lasts some time between these moments."""
    return and_(Leave.ended_at.is_(None), Leave.from_at < until_at, Leave.until_at > from_at)


def about(leave: Leave, matter: str) -> bool:
    """Whether they are away for what this matter needs their own time for: limited to other matters, they are there."""
    return leave.matters is None or matter in leave.matters


def check_chain(work: Work, user_id: int, agent_id: int, span: Span) -> None:
    """Refuse a circle, or a chain longer than may be: whoever is asked last must know for whom they act."""
    ahead = _longest(work, agent_id, span, _onwards, user_id)
    behind = _longest(work, user_id, span, _backwards, None)
    length = behind + 1 + ahead
    if length > AGENCY_DEPTH:
        raise wrong(
            "agent",
            "由谁代理",
            (
                f"代理最多转 {AGENCY_DEPTH} 次，这样会转 {length} 次：那段时间已有人代来代去。请换一个不请假、"
                "也不代别人的人。"
            ),
            (
                f"Expected at most {AGENCY_DEPTH} agents in a row, but it would be {length}. Choose somebody who "
                "is not away."
            ),
        )


def _longest(
    work: Work,
    start: int,
    span: Span,
    step: Callable[[Work, int, Span], Iterator[tuple[int, Span]]],
    target: int | None,
) -> int:
    """How many agents the chain goes on from here; a circle back to `target` is refused."""
    best = 0
    frontier: list[tuple[int, Span, int]] = [(start, span, 0)]
    while frontier:
        person, shared, depth = frontier.pop()
        best = max(best, depth)
        if depth > AGENCY_DEPTH:
            return depth
        for following, rest in step(work, person, shared):
            if following == target:
                name = work.session.scalar(select(User.name).where(User.id == person)) or ""
                raise wrong(
                    "agent",
                    "由谁代理",
                    (
                        f"{name}那段时间正由您代理，您不能再请{'他人转' if depth else '对方'}代理：会绕成一圈。"
                        "请换一个人。"
                    ),
                    f"{name} is away at that time with you as agent: it would be a circle. Choose somebody else.",
                )
            frontier.append((following, rest, depth + 1))
    return best


def _onwards(work: Work, person: int, span: Span) -> Iterator[tuple[int, Span]]:
    """Who acts for a person at that time."""
    for one in work.session.scalars(_set(Leave.user_id == person, span)):
        if (rest := span.both(span_of(one))) is not None:
            yield one.agent_id, rest


def _backwards(work: Work, person: int, span: Span) -> Iterator[tuple[int, Span]]:
    """For whom a person acts at that time."""
    for one in work.session.scalars(_set(Leave.agent_id == person, span)):
        if (rest := span.both(span_of(one))) is not None:
            yield one.user_id, rest


def _set(whose, span: Span):  # type: ignore[no-untyped-def]
    return select(Leave).where(whose, during(span.from_at, span.until_at))


def wrong(field: str, label: str, zh: str, en: str) -> Invalid:
    """One fault of a form."""
    return Invalid([FieldError(field, label, zh, en)], zh, en)
