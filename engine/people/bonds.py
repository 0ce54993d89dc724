"""What others let a person do for them (关系): read once with the actor, asked by `may` without a statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Exists, exists, or_, select
from sqlalchemy.orm import aliased

from engine.matters.nouns.bonds import GUARDIAN
from engine.store import Work
from engine.store.models import Bond, Case, User


@dataclass(frozen=True, slots=True)
class Grant:
    """One bond that holds today, for its holder."""

    id: int
    kind: str
    subject_id: int | None  # the account of whom it is about; None: they have none
    subject_ref: str
    subject_name: str
    name_index: str
    id_index: str | None
    lets: frozenset[str]  # see, apply, book, fetch, sign
    matters: frozenset[str] | None  # None: all
    offers: frozenset[str] | None
    entries: frozenset[str] | None

    def about(self, case: Case) -> bool:
        """Whether the case is of the person it is about: their account; without one the same identity number and
        name."""
        if case.applicant_id is not None or self.subject_id is not None:
            return case.applicant_id == self.subject_id
        return self.id_index is not None and (case.id_index, case.name_index) == (self.id_index, self.name_index)

    def covers(self, power: str, matter: str) -> bool:
        return power in self.lets and (self.matters is None or matter in self.matters)

    def over(self, power: str, case: Case) -> bool:
        """Whether it lets its holder do this in this case. A restricted case is opened to a guardian, and to whom the
        person named this very matter: "all my matters" was not said of those."""
        if not self.covers(power, case.matter) or not self.about(case):
            return False
        return not case.restricted or self.kind == GUARDIAN or self.matters is not None

    def over_offer(self, power: str, offer: str) -> bool:
        return power in self.lets and (self.offers is None or offer in self.offers)

    def over_entry(self, register: str) -> bool:
        return "see" in self.lets and (self.entries is None or register in self.entries)


def ref(*, user_id: int | None, id_index: str | None, phone_index: str | None, name_index: str) -> str:
    """Who somebody is, in one short word: their account, else identity number, else telephone and name, else the name.

    >>> ref(user_id=7, id_index=None, phone_index="ab", name_index="cd")
    'u:7'
    >>> ref(user_id=None, id_index=None, phone_index="ab", name_index="cd")
    'p:ab:cd'
    """
    if user_id is not None:
        return f"u:{user_id}"
    if id_index:
        return f"i:{id_index}"
    return f"p:{phone_index}:{name_index}"[:60] if phone_index else f"n:{name_index}"


def any_held(today: date) -> Exists:
    """Whether the user of a query holds a bond today: asked with the user, for most hold none."""
    return (
        exists()
        .where(Bond.holder_id == User.id, Bond.state == "held", Bond.from_on <= today, Bond.until_on >= today)
        .correlate(User)
    )


def granted(work: Work, holder_id: int, today: date) -> tuple[Grant, ...]:
    """The bonds that this user holds today. One statement; those of a closed account are over."""
    subject = aliased(User)
    rows = work.session.scalars(
        select(Bond)
        .outerjoin(subject, subject.id == Bond.subject_id)
        .where(
            Bond.holder_id == holder_id,
            Bond.state == "held",
            Bond.from_on <= today,
            Bond.until_on >= today,
            or_(Bond.subject_id.is_(None), subject.disabled_at.is_(None)),
        )
        .order_by(Bond.id)
    )
    return tuple(
        Grant(
            id=row.id,
            kind=row.kind,
            subject_id=row.subject_id,
            subject_ref=row.subject_ref,
            subject_name=row.subject_name,
            name_index=row.subject_name_index,
            id_index=row.subject_id_index,
            lets=frozenset(row.lets),
            matters=_these(row.matters),
            offers=_these(row.offers),
            entries=_these(row.entries),
        )
        for row in rows
    )


def _these(names: list[str] | None) -> frozenset[str] | None:
    return frozenset(names) if names is not None else None
