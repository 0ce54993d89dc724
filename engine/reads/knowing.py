"""What an expression of a declaration may know of a person: `who:`, `price:`, `needs:` and the like are FEEL over this.

    person.name, person.age, person.village …      who it is about
    register.<name>.<field>, register.<name>.state their entry in a register of the matter; null without one
    bond.<kind>                                    their relations of this kind that hold on that day: a list

Only what the expression reads is fetched. A noun adds its own part to `PARTS`; the gate reads the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine import feel
from engine.matters import Package
from engine.people import units
from engine.records import registers
from engine.store import Work, keys
from engine.store.models import User
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it is about: with an account or without."""

    name: str
    phone: str | None = None
    id_number: str | None = None
    user_id: int | None = None
    place_id: int | None = None

    @property
    def index(self) -> str:
        """Under which they are found again: by identity number, else by telephone, else by name and account."""
        if self.id_number:
            return keys.blind("id", self.id_number)
        if self.phone:
            return keys.blind("phone", self.phone)
        return keys.blind("name", f"{self.name}/{self.user_id}")


@dataclass(frozen=True, slots=True)
class Asked:
    """About whom, for which matter, on which day, and which names below the part are read."""

    work: Work
    package: Package
    person: Person
    on: date
    now: datetime
    names: frozenset[str]


Part = Callable[[Asked], Mapping[str, Any]]


def of_user(user: User) -> Person:
    return Person(user.name, user.phone, user.id_number, user.id, user.place_id)


def born_on(id_number: str | None) -> date | None:
    """The day of birth in an identity number (GB 11643); None without one that says it."""
    text = (id_number or "").strip()
    if len(text) != 18:
        return None
    try:
        return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return None


def _person(asked: Asked) -> Mapping[str, Any]:
    one, born = asked.person, born_on(asked.person.id_number)
    place = units.place(asked.work, one.place_id) if one.place_id is not None else None
    age = None
    if born is not None:
        age = asked.on.year - born.year - ((asked.on.month, asked.on.day) < (born.month, born.day))
    return {"name": one.name, "age": age, "village": place.code if place is not None else None}


def _register(asked: Asked) -> Mapping[str, Any]:
    """The person's entries in the registers that are read, as on that day; null where they have none."""
    wanted = {name: one for name, one in asked.package.declared("registers").items() if name in asked.names}
    named = {listed: name for name, one in wanted.items() for listed in registers.names(one)}
    found: dict[str, Any] = dict.fromkeys(asked.names)
    for entry in registers.of_people(asked.work, wanted.values(), asked.person):
        name = named[entry.register]
        if found[name] is None:
            found[name] = registers.values(asked.work, wanted[name], entry, on=asked.on)
    return found


#: The first word of a name -> what it holds.
PARTS: dict[str, Part] = {
    "person": _person,
    "register": _register,
    # bonds 关系
}


def context(
    work: Work,
    expression: feel.Expression,
    *,
    package: Package,
    person: Person,
    now: datetime,
    on: date | None = None,
    **given: Any,
) -> dict[str, Any]:
    """What the expression needs to be evaluated: `given`, and the parts it reads of the person. `on`: the day it is
    about; today without it."""
    wanted: dict[str, set[str]] = {}
    for read in expression.reads:
        wanted.setdefault(read.name, set()).update(read.path[:1])
    found = dict(given)
    for name, part in PARTS.items():
        if name in wanted and name not in given:
            names = frozenset(wanted[name])
            found[name] = part(Asked(work, package, person, on or local_date(now), now, names))
    return found
