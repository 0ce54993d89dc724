"""Who holds a post: whether anybody does (kept in memory like the tree of units), and who they are."""

from __future__ import annotations

import time
import weakref
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from engine.people import apart as away_
from engine.people import units
from engine.people.units import Place
from engine.store import Database, Work
from engine.store.models import Holding, Post, Task, User

#: Somebody who took a post or left one in another process is seen after this many seconds at the latest.
FRESH_S = 30.0


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds each post of each unit."""

    by_post: Mapping[tuple[int, str], frozenset[int]]
    read_at: float


_held: weakref.WeakKeyDictionary[Database, Held] = weakref.WeakKeyDictionary()


def held(work: Work, unit_id: int, post: str, apart: Collection[int] = ()) -> bool:
    """Whether anybody but those who keep away holds this post in this unit."""
    found = _held.get(work.database)
    if found is None or time.monotonic() - found.read_at > FRESH_S:
        rows = work.session.execute(
            select(Holding.unit_id, Post.code, Holding.user_id)
            .join(Post, Post.id == Holding.post_id)
            .join(User, User.id == Holding.user_id)
            .where(User.disabled_at.is_(None))
        )
        by_post: dict[tuple[int, str], set[int]] = {}
        for unit, code, user in rows:
            by_post.setdefault((unit, code), set()).add(user)
        found = Held({key: frozenset(users) for key, users in by_post.items()}, time.monotonic())
        _held[work.database] = found
    return bool(found.by_post.get((unit_id, post), frozenset()).difference(apart))


def forget(work: Work) -> None:
    """Read again the next time: somebody took or left a post here."""
    _held.pop(work.database, None)


def nearest(work: Work, place: Place, post: str, apart: Collection[int] = ()) -> Place:
    """The unit itself when somebody holds the post there, else the next one above where somebody does (审批人为空).

    When nobody up to the county does, the unit itself: the work waits there until somebody takes the post.
    """
    for one in units.tree(work).above(place):
        if held(work, one.id, post, apart):
            return one
    return place


def of(work: Work, unit_id: int, *, post: str | None = None, role: str | None = None) -> list[int]:
    """Ids of those who sit in this unit: in this post, in a post of this role, or in any. The disabled do not count."""
    query = (
        select(Holding.user_id)
        .join(Post, Post.id == Holding.post_id)
        .join(User, User.id == Holding.user_id)
        .where(Holding.unit_id == unit_id, User.disabled_at.is_(None))
        .order_by(Holding.user_id)
    )
    if post is not None:
        query = query.where(Post.code == post)
    if role is not None:
        query = query.where(Post.role == role)
    return list(dict.fromkeys(work.session.scalars(query)))


def supervisors(work: Work, unit_id: int, away: Collection[int] = ()) -> list[int]:
    """The supervisors of a unit but those who keep away; where there is none, those of the next unit above."""
    for place in units.tree(work).above(units.place(work, unit_id)):
        found = [one for one in of(work, place.id, role="supervisor") if one not in away]
        if found:
            return found
    return []


def heads(work: Work, unit_ids: Collection[int]) -> list[int]:
    """Everybody who heads one of these units, in one look."""
    query = (
        select(Holding.user_id)
        .join(Post, Post.id == Holding.post_id)
        .join(User, User.id == Holding.user_id)
        .where(Holding.unit_id.in_(unit_ids), Post.role == "supervisor", User.disabled_at.is_(None))
        .order_by(Holding.user_id)
    )
    return list(dict.fromkeys(work.session.scalars(query)))


def of_task(work: Work, task: Task | None) -> list[int]:
    """Who has a task; while nobody has claimed it, everybody who may and need not keep away."""
    if task is None:
        return []
    if task.assignee_id is not None:
        return [task.assignee_id]
    found: list[int] = []
    for key in task.candidates:
        kind, _, rest = key.partition(":")
        if kind == "u":
            found.append(int(rest))
        elif kind == "p":
            unit_id, _, post = rest.partition(":")
            found += of(work, int(unit_id), post=post)
    away = away_.read(task.apart)
    return [one for one in dict.fromkeys(found) if one not in away]
