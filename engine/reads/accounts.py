"""Who has an account and which posts: for security administrators (三员分立)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from engine.people import Actor, administrators, require, units
from engine.store import Work
from engine.store.models import Holding, Post, User

#: Accounts on one page: each has its list of all units to choose from.
PAGE = 20


@dataclass(frozen=True, slots=True)
class Held:
    """A post that somebody holds, today or later."""

    id: int
    unit: str
    post: str
    from_on: date | None
    until_on: date | None
    administrator: bool  # one of the three


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff."""

    id: int
    login: str
    name: str
    disabled: bool
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Accounts:
    """A page of them, in the order of their log-in names, and what can be given."""

    accounts: tuple[Account, ...]
    after: str  # the log-in name after which the next page begins; "": this is the last
    posts: tuple[tuple[str, str], ...]  # (code, name)
    units: tuple[tuple[int, str], ...]  # (id, name)
    missing: tuple[str, ...]  # roles of the three that nobody holds


def listed(work: Work, *, actor: Actor, find: str = "", after: str = "", today: date) -> Accounts:
    """Staff whose log-in name begins with `find`; names are sealed and not searched. By a security administrator."""
    require(actor, "appoint")
    query = select(User).where(User.kind == "staff", User.login > after).order_by(User.login).limit(PAGE + 1)
    if find:
        query = query.where(User.login.startswith(find, autoescape=True))
    users = work.session.scalars(query).all()
    shown, more = users[:PAGE], users[PAGE:]
    tree = units.tree(work)
    held: dict[int, list[Held]] = {}
    rows = work.session.execute(
        select(Holding, Post)
        .join(Post, Post.id == Holding.post_id)
        .where(Holding.user_id.in_([u.id for u in shown]))
        .order_by(Holding.id)
    )
    for row, post in rows:
        if row.until_on is None or row.until_on >= today:
            term = Held(
                row.id,
                tree.by_id[row.unit_id].name,
                post.name,
                row.from_on,
                row.until_on,
                post.role in administrators.ROLES,
            )
            held.setdefault(row.user_id, []).append(term)
    return Accounts(
        tuple(
            Account(u.id, u.login or "", u.name, u.disabled_at is not None, tuple(held.get(u.id, ()))) for u in shown
        ),
        (shown[-1].login or "") if more else "",
        tuple((p.code, p.name) for p in work.session.scalars(select(Post).order_by(Post.id))),
        tuple((p.id, p.name) for p in tree if p.active),
        tuple(administrators.missing(work, on=today)),
    )
