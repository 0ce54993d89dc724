"""What an expression of a declaration may know of a person: `who:`, `price:`, `needs:` and the like are FEEL over this.

    person.name, person.age, person.village …      who it is about
    register.<name>.<field>, register.<name>.state their entry in a register of the matter; null without one
    bond.<kind>                                    their relations of this kind that hold on that day: a list of
                                                   {name, age, acts}; acts: the other acts for them

Only what the expression reads is fetched. A noun adds its own part to `PARTS`; the gate reads the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, false, or_, select

from engine import feel
from engine.matters import Package
from engine.people import units
from engine.records import registers
from engine.store import Work, keys
from engine.store.models import Bond, BookingPlace, RegisterEntry, User
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
        return keys.blind(*self._known_by())

    @property
    def indexes(self) -> tuple[str, ...]:
        """The same first, and those that their rows of before may bear: while the key is changed it is either, and so
        many a day means of both."""
        return tuple(dict.fromkeys((self.index, *keys.blinds(*self._known_by()))))

    @property
    def every_index(self) -> tuple[str, ...]:
        """All under which rows of theirs may stand, whatever was known of them then: number, telephone, account."""
        known = [("id", self.id_number), ("phone", self.phone), ("name", f"{self.name}/{self.user_id}")]
        found = (index for kind, text in known if text for index in keys.blinds(kind, text))
        return tuple(dict.fromkeys(found))

    def _known_by(self) -> tuple[str, str]:
        if self.id_number:
            return "id", self.id_number
        if self.phone:
            return "phone", self.phone
        return "name", f"{self.name}/{self.user_id}"


@dataclass(frozen=True, slots=True)
class Asked:
    """About whom, for which matter, on which day, and which names below the part are read."""

    work: Work
    package: Package
    person: Person
    on: date
    now: datetime
    names: frozenset[str]
    entries: Sequence[RegisterEntry] | None = None  # theirs in the registers that are read, where they were read before


Part = Callable[[Asked], Mapping[str, Any]]


def of_user(user: User) -> Person:
    return Person(user.name, user.phone, user.id_number, user.id, user.place_id)


def of_place(work: Work, place: BookingPlace) -> Person:
    """Who has a place of a booking: by their account; without one, by the number that the bond by which it was booked
    says of them, so that what the hall knows of them is known here too."""
    if place.user_id is not None:
        return of_user(work.session.get_one(User, place.user_id))
    number = work.session.scalar(
        select(Bond.subject_id_number)
        .where(Bond.subject_id_index == place.person_index, Bond.subject_id.is_(None))
        .order_by(Bond.id.desc())
        .limit(1)
    )
    return Person(place.name, place.phone, number)


def of_places(work: Work, places: Sequence[BookingPlace]) -> list[Person]:
    """The same of many, in two statements."""
    accounts = {one.user_id for one in places if one.user_id is not None}
    users = {row.id: row for row in work.session.scalars(select(User).where(User.id.in_(accounts)))}
    indexes = {one.person_index for one in places if one.user_id is None}
    rows = work.session.execute(
        select(Bond.subject_id_index, Bond.subject_id_number)
        .where(Bond.subject_id_index.in_(indexes), Bond.subject_id.is_(None))
        .order_by(Bond.id)
    )
    numbers: dict[str | None, str | None] = {index: number for index, number in rows}  # the newest of each
    return [
        of_user(users[one.user_id])
        if one.user_id is not None
        else Person(one.name, one.phone, numbers.get(one.person_index))
        for one in places
    ]


def born_on(id_number: str | None) -> date | None:
    """The day of birth in an identity number (GB 11643); None without one that says it."""
    text = (id_number or "").strip()
    if len(text) != 18:
        return None
    try:
        return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return None


def age_on(born: date | None, day: date) -> int | None:
    """How old somebody born on this day is then.

    >>> age_on(date(2012, 11, 29), date(2026, 11, 28)), age_on(None, date(2026, 11, 28))
    (13, None)
    """
    return None if born is None else day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _person(asked: Asked) -> Mapping[str, Any]:
    one, born = asked.person, born_on(asked.person.id_number or _number_on_record(asked))
    place = units.place(asked.work, one.place_id) if one.place_id is not None else None
    return {"name": one.name, "age": age_on(born, asked.on), "village": place.code if place is not None else None}


def _number_on_record(asked: Asked) -> str | None:
    """Of who is known by a telephone and a name alone (they telephoned, or stood at the desk): the identity number that
    a register of the matter has of them."""
    one, entries = asked.person, asked.entries
    if "age" not in asked.names or one.user_id is not None or not one.phone:
        return None
    if entries is None:
        lists = [
            it for it in asked.package.declared("registers").values() if registers.register_of(it).about == "person"
        ]
        entries = registers.of_people(asked.work, lists, one)
    known = (entry.person for entry in entries if isinstance(entry.person, Mapping))
    return next((str(said["id_number"]) for said in known if said.get("id_number")), None)


def _bonds(asked: Asked) -> Mapping[str, Any]:
    """Each kind the expression reads -> the other sides of the bonds that hold on that day: name, age, and `acts`,
    whether the other acts for this person (else this person acts for the other)."""
    key_of = {name: one.key for name, one in asked.package.declared("bonds").items()}
    wanted = {name: key_of.get(name, name) for name in asked.names}
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in wanted}
    subject, holder = (_is(asked.person, side) for side in ("subject", "holder"))
    rows = asked.work.session.scalars(
        select(Bond)
        .where(
            Bond.kind.in_(sorted(set(wanted.values()))),
            Bond.state == "held",
            Bond.from_on <= asked.on,
            Bond.until_on >= asked.on,
            or_(subject, holder),
        )
        .order_by(Bond.id)
    ).all()
    me = asked.person
    for row in rows:
        acts = row.subject_id == me.user_id if me.user_id is not None else _named(me, row.subject_id_number, row)
        name, number = (row.holder_name, row.holder_id_number) if acts else (row.subject_name, row.subject_id_number)
        one = {"name": name, "age": age_on(born_on(number), asked.on), "acts": acts}
        for word, key in wanted.items():
            if key == row.kind:
                found[word].append(one)
    return found


def _is(person: Person, side: str) -> ColumnElement[bool]:
    """Bonds with this person on this side: by account, else by the same identity number or telephone and name."""
    column = {name: getattr(Bond, f"{side}_{name}") for name in ("id", "id_index", "phone_index", "name_index")}
    if person.user_id is not None:
        return cast("ColumnElement[bool]", column["id"] == person.user_id)
    if person.id_number:
        return cast("ColumnElement[bool]", column["id_index"].in_(keys.blinds("id", person.id_number)))
    if person.phone:
        return and_(
            column["phone_index"].in_(keys.blinds("phone", person.phone)),
            column["name_index"].in_(keys.blinds("name", person.name)),
        )
    return false()


def _named(person: Person, id_number: str | None, row: Bond) -> bool:
    """Whether a person without an account is the one the bond is about."""
    return id_number == person.id_number if person.id_number else row.subject_name == person.name


def _register(asked: Asked) -> Mapping[str, Any]:
    """The person's entries in the registers that are read, as on that day; null where they have none."""
    wanted = {name: one for name, one in asked.package.declared("registers").items() if name in asked.names}
    named = {listed: name for name, one in wanted.items() for listed in registers.names(one)}
    entries = asked.entries
    if entries is None:
        entries = registers.of_people(asked.work, wanted.values(), asked.person)
    found: dict[str, Any] = dict.fromkeys(asked.names)
    for entry in entries:
        name = named[entry.register]
        if found[name] is None:
            found[name] = registers.values(asked.work, wanted[name], entry, on=asked.on)
    return found


#: The first word of a name -> what it holds.
PARTS: dict[str, Part] = {
    "person": _person,
    "register": _register,
    # bonds 关系
    "bond": _bonds,
}


def context(
    work: Work,
    *expressions: feel.Expression,
    package: Package,
    person: Person,
    now: datetime,
    on: date | None = None,
    **given: Any,
) -> dict[str, Any]:
    """What these expressions need to be evaluated: `given`, and the parts they read of the person. `on`: the day it is
    about; today without it."""
    return _context(work, _wanted(expressions), package, person, on or local_date(now), now, None, given)


def contexts(
    work: Work,
    *expressions: feel.Expression,
    package: Package,
    people: Sequence[Person],
    now: datetime,
    on: date,
    **given: Any,
) -> list[dict[str, Any]]:
    """The same of many people: their entries in registers are read for all of them at once."""
    wanted = _wanted(expressions)
    declared = package.declared("registers")
    asked = [declared[name] for name in sorted(wanted.get("register", ())) if name in declared]
    each = registers.of_each(work, asked, people)
    return [
        _context(work, wanted, package, person, on, now, entries, given)
        for person, entries in zip(people, each, strict=True)
    ]


def _wanted(expressions: Iterable[feel.Expression]) -> dict[str, set[str]]:
    """Each first word that they read -> the names below it."""
    wanted: dict[str, set[str]] = {}
    for read in (read for one in expressions for read in one.reads):
        wanted.setdefault(read.name, set()).update(read.path[:1])
    return wanted


def _context(
    work: Work,
    wanted: Mapping[str, set[str]],
    package: Package,
    person: Person,
    on: date,
    now: datetime,
    entries: Sequence[RegisterEntry] | None,
    given: Mapping[str, Any],
) -> dict[str, Any]:
    found = dict(given)
    for name, part in PARTS.items():
        if name in wanted and name not in given:
            found[name] = part(Asked(work, package, person, on, now, frozenset(wanted[name]), entries))
    return found
