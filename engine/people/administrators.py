"""三员分立: who runs the hall, who gives access to it, and who watches both are three people (GB/T 22239 8.1.5).

| role | | does | does not |
|---|---|---|---|
| operator | 系统管理员 | jobs, schedules, backups, settings | see a resident's data, read the audit, give posts |
| security | 安全管理员 | gives and takes accounts and posts | see a resident's data, read the audit |
| auditor | 审计管理员 | reads and verifies the audit, watches the two others | change anything |

Nobody holds two of them on one day: refused where a post is given, looked for by `yizhan doctor` and, in a county's
file, by `yizhan check`. A leave lends none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from engine.matters.county import ADMINISTRATORS
from engine.people import holders
from engine.store import Work
from engine.store.models import Holding, Post, User

ROLES = ADMINISTRATORS


@dataclass(frozen=True, slots=True)
class Both:
    """One person with two of the three roles on one day."""

    user_id: int
    login: str
    roles: tuple[str, str]


def held_beside(
    work: Work, user_id: int, role: str, from_on: date | None, until_on: date | None
) -> tuple[str, date | None] | None:
    """Another of the three that this person holds on a day of this term, and that other's last day; None: none."""
    if role not in ROLES:
        return None
    rows = work.session.execute(
        select(Holding.from_on, Holding.until_on, Post.role)
        .join(Post, Post.id == Holding.post_id)
        .where(Holding.user_id == user_id, Post.role.in_(ROLES), Post.role != role)
        .order_by(Holding.id)
    ).all()
    for first, last, other in rows:
        if meet((from_on, until_on), (first, last)):
            return other, last
    return None


def held_together(work: Work, *, on: date) -> list[Both]:
    """Everybody who holds two of the three on one day, today or later."""
    rows = work.session.execute(
        select(User.id, User.login, Holding.from_on, Holding.until_on, Post.role)
        .join(Holding, Holding.user_id == User.id)
        .join(Post, Post.id == Holding.post_id)
        .where(Post.role.in_(ROLES), User.disabled_at.is_(None))
        .order_by(User.id, Holding.id)
    ).all()
    terms: dict[int, list[tuple[date | None, date | None, str]]] = {}
    found: dict[int, Both] = {}
    for user_id, login, first, last, role in rows:
        if last is not None and last < on:
            continue
        for begun, ended, other in terms.setdefault(user_id, []):
            if other != role and meet((first, last), (begun, ended)):
                found.setdefault(user_id, Both(user_id, login or "", (other, role)))
        terms[user_id].append((first, last, role))
    return list(found.values())


def missing(work: Work, *, on: date) -> Iterator[str]:
    """Those of the three roles that nobody holds on this day."""
    for role in ROLES:
        if not holders.of_role(work, role, on=on):
            yield role


def meet(one: tuple[date | None, date | None], other: tuple[date | None, date | None]) -> bool:
    """Whether two terms (first day, last day; None: open) share a day."""
    return (one[1] is None or other[0] is None or other[0] <= one[1]) and (
        other[1] is None or one[0] is None or one[0] <= other[1]
    )
