"""Who holds a post today: whether anybody does (kept in memory like the tree of units), and who they are.

A post that nobody holds today is no place for work: a term that is over, an account that was disabled and a unit that
is no more count like nobody. `on` is the day; without it the hall's today (`Work.today`).
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, Date, Exists, Select, and_, bindparam, exists, or_, select, true

from engine.matters.county import ADMINISTRATORS
from engine.people import apart as away_
from engine.people import units
from engine.people.units import Place
from engine.store import Database, Work
from engine.store.models import Holding, Post, Task, Unit, User

#: Somebody who took a post or left one in another process is seen after this many seconds at the latest.
FRESH_S = 30.0

#: Somebody's term: (who, first day, last day); None: since ever, for ever.
Term = tuple[int, date | None, date | None]


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds each post of each unit, and when."""

    by_post: Mapping[tuple[int, str], tuple[Term, ...]]
    heading: frozenset[tuple[int, str]]  # those of them that are a supervisor's
    read_at: float


_held: weakref.WeakKeyDictionary[Database, Held] = weakref.WeakKeyDictionary()


def _now(work: Work) -> Held:
    found = _held.get(work.database)
    if found is None or time.monotonic() - found.read_at > FRESH_S:
        rows = work.session.execute(
            select(Holding.unit_id, Post.code, Post.role, Holding.user_id, Holding.from_on, Holding.until_on)
            .join(Post, Post.id == Holding.post_id)
            .join(User, User.id == Holding.user_id)
            .where(User.disabled_at.is_(None))
        )
        by_post: dict[tuple[int, str], list[Term]] = {}
        heading: set[tuple[int, str]] = set()
        for unit, code, role, user, first, last in rows:
            by_post.setdefault((unit, code), []).append((user, first, last))
            if role == "supervisor":
                heading.add((unit, code))
        kept = {key: tuple(terms) for key, terms in by_post.items()}
        found = _held[work.database] = Held(kept, frozenset(heading), time.monotonic())
    return found


def held(work: Work, unit_id: int, post: str, apart: Collection[int] = (), *, on: date | None = None) -> bool:
    """Whether anybody but those who keep away holds this post in this unit on this day."""
    unit = units.tree(work).by_id.get(unit_id)
    if unit is not None and not unit.active:
        return False
    day = on or work.today
    return any(_lasts(term, day) and term[0] not in apart for term in _now(work).by_post.get((unit_id, post), ()))


def everywhere(work: Work, post: str, *, on: date | None = None) -> int:
    """How many people of the county hold this post, at whatever unit."""
    day = on or work.today
    terms = [term for (_unit, code), held in _now(work).by_post.items() if code == post for term in held]
    return len({term[0] for term in terms if _lasts(term, day)})


def _lasts(term: Term, day: date | None) -> bool:
    _, first, last = term
    return day is None or ((first is None or first <= day) and (last is None or day <= last))


def lasting(day: date | BindParameter[date] | None) -> ColumnElement[bool]:
    """The same as a condition on Holding, for a query."""
    if day is None:
        return true()
    begun = or_(Holding.from_on.is_(None), Holding.from_on <= day)
    return and_(begun, or_(Holding.until_on.is_(None), Holding.until_on >= day))


#: Roles that see no cases: who has no other is told of none.
WITHOUT_CASES = ("designer", *ADMINISTRATORS)
#: Of whom a transaction knows whether they can do nothing, by account and day.
_IDLE = "who can do nothing"


def in_post(day: date | None) -> Exists:
    """Whether the user of a query holds a post on this day."""
    return exists().where(Holding.user_id == User.id, lasting(day)).correlate(User)


def seen(work: Work, user: User, works: bool, day: date | None) -> None:
    """This user was read, with whether they hold a post on this day (`in_post`): nobody in this transaction need ask
    again, unless it gives or takes a post (`forget`)."""
    known: dict[tuple[int, date | None], bool] = work.session.info.setdefault(_IDLE, {})
    known[user.id, day] = user.disabled_at is not None or (user.kind == "staff" and not works)


def idle(work: Work, users: Collection[int], day: date | None) -> set[int]:
    """Those who can do nothing on this day: their account is disabled, or they are staff without a post."""
    known: dict[tuple[int, date | None], bool] = work.session.info.setdefault(_IDLE, {})
    if new := sorted(user for user in users if (user, day) not in known):
        for user, works in work.session.execute(select(User, in_post(day)).where(User.id.in_(new))):
            seen(work, user, works, day)
    return {user for user in users if known.get((user, day), False)}


def forget(work: Work) -> None:
    """Read again the next time: somebody took or left a post here."""
    _held.pop(work.database, None)
    work.session.info.pop(_IDLE, None)


def nearest(work: Work, place: Place, post: str, apart: Collection[int] = (), *, on: date | None = None) -> Place:
    """The unit itself when somebody holds the post there, else the next one above where somebody does (审批人为空).

    When nobody up to the county does, the unit itself: whoever asks looks whether it is held (`held`).
    """
    for one in units.tree(work).above(place):
        if held(work, one.id, post, apart, on=on):
            return one
    return place


def near(work: Work, place: Place, post: str, *, on: date | None = None) -> list[int]:
    """Who sits in this post at the nearest unit where anybody does; nobody, when nobody does up to the county."""
    return of(work, nearest(work, place, post, on=on).id, post=post, on=on)


def supervisor(
    work: Work, place: Place, apart: Collection[int] = (), *, on: date | None = None
) -> tuple[Place, str] | None:
    """The nearest unit that can act, from this one upwards, and the post that heads it. None: nobody heads anything up
    to the county."""
    found = _now(work).heading
    for one in units.tree(work).above(place):
        for post in sorted(code for unit, code in found if unit == one.id):
            if held(work, one.id, post, apart, on=on):
                return one, post
    return None


def of(
    work: Work, unit_id: int, *, post: str | None = None, role: str | None = None, on: date | None = None
) -> list[int]:
    """Ids of those who sit in this unit today: in this post, in a post of this role, or in any that handles cases."""
    day = on or work.today
    values = {"unit": unit_id, "post": post, "role": role, "day": day}
    query = _of(post is not None, role is not None, day is not None)
    return list(dict.fromkeys(work.session.scalars(query, {k: v for k, v in values.items() if v is not None})))


@cache
def _of(post: bool, role: bool, dated: bool) -> Select[int]:
    """Built once for each way it is asked: to put it together costs more than to execute it."""
    query = _sitting(bindparam("day", type_=Date()) if dated else None).where(Holding.unit_id == bindparam("unit"))
    if post:
        query = query.where(Post.code == bindparam("post"))
    if role:
        query = query.where(Post.role == bindparam("role"))
    return query if post or role else query.where(Post.role.not_in(WITHOUT_CASES))


def works_on_cases(work: Work, user_id: int, *, on: date | None = None) -> bool:
    """Whether they may be given work on a case: on this day they hold a post that handles some, in a unit that is
    there. Not who runs the hall, draws, appoints or audits, and not who has left."""
    return work.session.scalar(who_work_on_cases(work, on).where(Holding.user_id == user_id).limit(1)) is not None


def who_work_on_cases(work: Work, on: date | None) -> Select[int]:
    """All of them, as a query."""
    return _sitting(on or work.today).where(Post.role.not_in(WITHOUT_CASES))


def of_role(work: Work, role: str, *, on: date | None = None) -> list[int]:
    """Everybody who holds a post of this role today, in whichever unit."""
    return list(dict.fromkeys(work.session.scalars(_sitting(on or work.today).where(Post.role == role))))


def _sitting(day: date | BindParameter[date] | None) -> Select[int]:
    """Who holds a post on this day, in a unit that is there."""
    return (
        select(Holding.user_id)
        .join(Post, Post.id == Holding.post_id)
        .join(User, User.id == Holding.user_id)
        .join(Unit, Unit.id == Holding.unit_id)
        .where(User.disabled_at.is_(None), Unit.active, lasting(day))
        .order_by(Holding.user_id)
    )


def supervisors(work: Work, unit_id: int, away: Collection[int] = (), *, on: date | None = None) -> list[int]:
    """The supervisors of a unit but those who keep away; where there is none, those of the next unit above."""
    for place in units.tree(work).above(units.place(work, unit_id)):
        found = [one for one in of(work, place.id, role="supervisor", on=on) if one not in away]
        if found:
            return found
    return []


def heading(work: Work, user_id: int, *, on: date | None = None) -> list[int]:
    """Who heads the units this person works in, or the nearest above them that somebody else heads."""
    at = select(Holding.unit_id).where(Holding.user_id == user_id, lasting(on or work.today)).order_by(Holding.unit_id)
    found = (
        one for unit in dict.fromkeys(work.session.scalars(at)) for one in supervisors(work, unit, (user_id,), on=on)
    )
    return list(dict.fromkeys(found))


def heads(work: Work, unit_ids: Collection[int], *, on: date | None = None) -> list[int]:
    """Everybody who heads one of these units, in one look."""
    query = (
        select(Holding.user_id)
        .join(Post, Post.id == Holding.post_id)
        .join(User, User.id == Holding.user_id)
        .join(Unit, Unit.id == Holding.unit_id)
        .where(Holding.unit_id.in_(unit_ids), Post.role == "supervisor", User.disabled_at.is_(None), Unit.active)
        .where(lasting(on or work.today))
        .order_by(Holding.user_id)
    )
    return list(dict.fromkeys(work.session.scalars(query)))


def of_task(work: Work, task: Task | None, *, on: date | None = None) -> list[int]:
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
            found += of(work, int(unit_id), post=post, on=on)
    away = away_.read(task.apart)
    return [one for one in dict.fromkeys(found) if one not in away]
