"""Who works near somebody: to whom a task may go, who may stand in, whose work a head may hand over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select

from engine.people import Actor, handing, holders, units
from engine.store import Work
from engine.store.models import Case, Holding, Post, Task, User


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works here, by one of their posts."""

    id: int
    name: str
    unit: str
    post: str

    @property
    def where(self) -> str:
        return f"{self.unit}·{self.post}"


def near(work: Work, actor: Actor, *, below: bool = False, cases: bool = False) -> tuple[Colleague, ...]:
    """Staff of the same units and of those above and below, a line for each post. `below`: only in the units this
    actor heads or works at and under them; `cases`: only posts that work on cases."""
    tree = units.tree(work)
    at = set(actor.realm)
    if not below:
        for position in actor.positions:
            at |= {p.id for p in tree.above(tree.by_id[position.unit_id])}
    query = (
        select(User.id, User.name, Holding.unit_id, Post.name)
        .join(Holding, Holding.user_id == User.id)
        .join(Post, Post.id == Holding.post_id)
        .where(Holding.unit_id.in_(at), User.disabled_at.is_(None), User.kind == "staff", User.id != actor.id)
        .where(holders.lasting(work.today))
        .order_by(Holding.unit_id, User.id)
    )
    if cases:
        query = query.where(Post.role.in_(("clerk", "supervisor")))
    return tuple(Colleague(i, name, tree.by_id[unit].name, post) for i, name, unit, post in work.session.execute(query))


def to_have(work: Work, actor: Actor, task_ids: Collection[int]) -> tuple[Colleague, ...]:
    """To whom each of these tasks may go: of a restricted case, only to those who may have it."""
    found = near(work, actor, cases=True)
    rows = work.session.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.id.in_(task_ids), or_(Case.restricted, Case.confidential))
    ).all()
    for task, case in rows:
        able = set(
            work.session.scalars(
                select(User.id)
                .join(Holding, Holding.user_id == User.id)
                .join(Post, Post.id == Holding.post_id)
                .where(holders.lasting(work.today), handing.among(task, case))
            )
        )
        found = tuple(one for one in found if one.id in able)
    return found


def people(work: Work, actor: Actor, *, below: bool = False, cases: bool = False) -> tuple[Colleague, ...]:
    """The same, each person once: with the first of their posts."""
    found: dict[int, Colleague] = {}
    for one in near(work, actor, below=below, cases=cases):
        found.setdefault(one.id, one)
    return tuple(found.values())
