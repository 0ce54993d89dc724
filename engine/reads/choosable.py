"""Who of the staff can be chosen for a role of a case: from a register, each known by their account, or by their post.

Two of one name are told apart by where they work; what people choose, and a form sends, is `said`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, literal, select

from engine import forms
from engine.matters import Package
from engine.matters.taking_part import Role
from engine.people import units
from engine.records import registers
from engine.store import Work
from engine.store.models import Holding, Post, RegisterEntry, User

#: The key of a chosen row that says whose account it is; filled in when the choice is checked.
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Choosable:
    """One of the staff who could be chosen."""

    user: User
    where: str  # the units where they serve
    said: str  # their name; with where, when another has the same


def of_role(work: Work, package: Package, role: Role, *, on: date) -> list[Choosable]:
    """Everybody who can be chosen for this role on that day, in order of name."""
    one = package.declared("registers").get(role.register_)
    held = (
        select(Holding.user_id, Holding.unit_id)
        .join(Post, Post.id == Holding.post_id)
        .where(Post.code == role.post)
        .subquery()
    )
    if one is None:
        listed = select(User, held.c.unit_id, literal(None)).join(held, held.c.user_id == User.id)
        listed = listed.where(User.kind == "staff")
    else:
        register = registers.register_of(one)
        states = (register.first_state,) if register.first_state else ()
        listed = (
            select(User, held.c.unit_id, RegisterEntry.place_id)
            .join(RegisterEntry, RegisterEntry.user_id == User.id)
            .outerjoin(held, and_(held.c.user_id == User.id, User.kind == "staff"))
            .where(*registers.conditions(one, states=states, valid_on=on))
        )
    people: dict[int, User] = {}
    posted: dict[int, list[str]] = {}
    entered: dict[int, str] = {}  # where their entry says, for one without such a post
    rows = work.session.execute(listed.where(User.disabled_at.is_(None)).order_by(held.c.unit_id, User.id))
    for user, unit_id, place_id in rows:
        people[user.id] = user
        units_of = posted.setdefault(user.id, [])
        if unit_id is not None and (name := units.place(work, unit_id).name) not in units_of:
            units_of.append(name)
        if place_id is not None:
            entered.setdefault(user.id, units.place(work, place_id).name)
    where = {id: "、".join(posted[id]) or entered.get(id, "") for id in people}
    names = Counter(user.name for user in people.values())
    pairs = Counter((user.name, where[user.id]) for user in people.values())
    found = []
    for user in people.values():
        apart = "" if pairs[user.name, where[user.id]] == 1 and where[user.id] else f" {user.login}"
        found.append(
            Choosable(
                user,
                where[user.id],
                user.name if names[user.name] == 1 else f"{user.name}（{where[user.id]}{apart}）",
            )
        )
    return sorted(found, key=lambda one: (one.said, one.user.id))


def meant(people: Iterable[Choosable], text: str) -> list[Choosable]:
    """Those whom these words mean: as they are offered, by the account, or by a name."""
    found = [one for one in people if text in (one.said, str(one.user.id))]
    return found or [one for one in people if one.user.name == text]


def is_of(row: Mapping[str, Any], role: Role, person: User) -> bool:
    """Whether a chosen row is this person: by the account, or in rows of before there was one by the name."""
    if row.get(ACCOUNT):
        return str(row[ACCOUNT]) == str(person.id)
    return row.get(role.keys.name) == person.name


def named(people: Sequence[object], person: User) -> bool:
    """Whether a list of those objected to holds this person: by the account or by the name."""
    return str(person.id) in people or person.name in people


def offered_roles(form: forms.Form, package: Package) -> dict[str, Role]:
    """The roles of staff whose people a field of this form offers."""
    wanted = {one.properties.get("offers") for _path, one in form.walk()}
    return {name: role for name, role in package.info.parties.items() if role.post and name in wanted}
