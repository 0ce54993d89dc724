"""The audit as an audit administrator reads it (三员分立): what was done, by whom, the newest first, a page at a time.

An event holds ids, counts, dates and names of elements, never a person's data; so does this. Residents who acted are
told by their masked name. What the two other administrators did is one choice: who watches them is watched by nobody's
goodwill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine.errors import NotFound
from engine.people import Actor, administrators, masks, require
from engine.records import audit
from engine.store import Work
from engine.store.models import Case, Event, Holding, Post, User

#: Events on one page.
PAGE = 50


@dataclass(frozen=True, slots=True)
class Act:
    """One event of the record."""

    id: int
    at: datetime
    kind: str
    who: str  # "": the hall itself
    roles: tuple[str, ...]  # which of the three whoever did it is or was
    number: str  # of the case; "" outside cases
    facts: Mapping[str, Any]
    chain: str
    seq: int


@dataclass(frozen=True, slots=True)
class Page:
    """Fifty of them, and where the next page begins."""

    acts: tuple[Act, ...]
    before: int  # id; 0: this is the last page
    kinds: tuple[str, ...]


def record(
    work: Work, *, actor: Actor, kind: str = "", login: str = "", watched: bool = False, before: int = 0
) -> Page:
    """The record; of one kind, of one member of staff, of the two other administrators. By an audit administrator."""
    require(actor, "audit")
    query = select(Event).order_by(Event.id.desc()).limit(PAGE + 1)
    if kind:
        query = query.where(Event.kind == kind)
    if login:
        query = query.where(Event.by_id.in_(select(User.id).where(User.login == login, User.kind == "staff")))
    if watched:
        query = query.where(Event.by_id.in_(_administrators("operator", "security")))
    if before:
        query = query.where(Event.id < before)
    rows = work.session.scalars(query).all()
    shown = rows[:PAGE]
    people = {u.id: u for u in work.session.scalars(select(User).where(User.id.in_({e.by_id for e in shown} - {None})))}
    roles: dict[int, list[str]] = {}
    held = (
        select(Holding.user_id, Post.role)
        .join(Post, Post.id == Holding.post_id)
        .where(Holding.user_id.in_(people), Post.role.in_(administrators.ROLES))
        .order_by(Holding.id)
    )
    for user_id, role in work.session.execute(held):
        roles.setdefault(user_id, []).append(role)
    cases = select(Case.id, Case.number).where(Case.id.in_({e.case_id for e in shown} - {None}))
    numbers: dict[int, str] = {id: number for id, number in work.session.execute(cases)}
    return Page(
        tuple(
            Act(
                one.id,
                one.at,
                one.kind,
                _name(people.get(one.by_id or 0)),
                tuple(dict.fromkeys(roles.get(one.by_id or 0, ()))),
                numbers.get(one.case_id or 0, ""),
                one.facts,
                one.chain,
                one.seq,
            )
            for one in shown
        ),
        shown[-1].id if len(rows) > PAGE else 0,
        tuple(sorted(one.value for one in audit.Kind)),
    )


def case_of(work: Work, number: str, *, actor: Actor) -> int:
    """The case of this number, whose evidence package an audit administrator takes."""
    require(actor, "audit")
    found = work.session.scalar(select(Case.id).where(Case.number == number))
    if found is None:
        raise NotFound("没有这个编号的办件，请核对。", f"There is no case {number!r}.")
    return found


def _administrators(*roles: str) -> Any:
    """Accounts that hold such a post or held it."""
    return select(Holding.user_id).join(Post, Post.id == Holding.post_id).where(Post.role.in_(roles))


def _name(user: User | None) -> str:
    if user is None:
        return ""
    return user.name if user.kind == "staff" else masks.name(user.name)
