"""What others let a person do for them (关系): read once with the actor, asked by `may` without a statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import BindParameter, ColumnElement, Exists, and_, exists, or_, select
from sqlalchemy.orm import aliased

from engine.matters.nouns.bonds import GUARDIAN, MANDATE
from engine.store import Work, keys
from engine.store.models import Appointment, Bond, Case, User

#: The mark of a case that has, or had, an agent.
AGENCY = "代办"
#: The mark of a case that an agent took in for somebody who has not signed yet.
UNSIGNED = "委托书还没签"


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
    case_id: int | None = None  # a mandate: in this case alone
    person_index: str | None = None  # under which bookings of somebody without an account are found

    def about(self, case: Case) -> bool:
        """Whether the case is of the person it is about: their account; without one the same identity number and
        name. A mandate is of its case."""
        if self.case_id is not None:
            return case.id == self.case_id
        if case.applicant_id is not None or self.subject_id is not None:
            return case.applicant_id == self.subject_id
        return self.id_index is not None and (case.id_index, case.name_index) == (self.id_index, self.name_index)

    def covers(self, power: str, matter: str) -> bool:
        """Whether it lets its holder do this in a matter at all, in whichever case."""
        return self.case_id is None and power in self.lets and (self.matters is None or matter in self.matters)

    def over(self, power: str, case: Case) -> bool:
        """Whether it lets its holder do this in this case. A restricted case is opened to a guardian, and to whom the
        person named this very matter: "all my matters" was not said of those. A confidential one is opened to nobody:
        a guardian may be whom it is about."""
        if case.confidential:
            return False
        if self.case_id is not None:
            return self.about(case) and power in self.lets
        if not self.covers(power, case.matter) or not self.about(case):
            return False
        return not case.restricted or self.kind == GUARDIAN or self.matters is not None

    def over_offer(self, power: str, offer: str) -> bool:
        """Whether it lets its holder do this with what is offered. Limited to matters and silent on offers, it lets
        none: they were not spoken of."""
        if self.case_id is not None or power not in self.lets:
            return False
        return offer in self.offers if self.offers is not None else self.matters is None

    def of_borrower(self, user_id: int | None, who_ref: str) -> bool:
        """Whether a loan is of the person it is about: their account; without one how the row names them, by identity
        number where the bond has one."""
        if user_id is not None and self.subject_id is not None:
            return user_id == self.subject_id
        return who_ref == self.borrower_ref

    @property
    def borrower_ref(self) -> str:
        """How loans name the person: by identity number, which they have with an account and without."""
        return f"i:{self.id_index}" if self.id_index else self.subject_ref

    def of_person(self, user_id: int | None, person_index: str, name: str) -> bool:
        """Whether a booking is of the person it is about: their account; without one what they are found by, and the
        name, for a telephone may be a family's."""
        if user_id is not None and self.subject_id is not None:
            return user_id == self.subject_id
        return self.person_index == person_index and self.subject_name == name

    def over_booking(self, power: str, booking: Appointment) -> bool:
        """Whether it lets its holder do this with a booking: by its matter, or, where it opens no case, its offer."""
        if not self.of_person(booking.user_id, booking.person_index, booking.name):
            return False
        return self.covers(power, booking.matter) if booking.matter else self.over_offer(power, booking.resource.offer)

    def over_entry(self, register: str) -> bool:
        return self.case_id is None and "see" in self.lets and (self.entries is None or register in self.entries)


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


def refs(*, user_id: int | None, id_number: str | None, phone: str | None, name: str) -> tuple[str, ...]:
    """Under which of these words a row of theirs may stand: the one that is written now first, then those by the other
    key while the data key is being changed, and of before a writing was made one. For look-ups."""
    if user_id is not None:
        return (f"u:{user_id}",)

    def all_of(kind: str, text: str | None) -> tuple[str, ...]:
        return tuple(dict.fromkeys((keys.blind(kind, text), *keys.blinds(kind, text)))) if text else ()

    ids, phones, names = all_of("id", id_number), all_of("phone", phone), all_of("name", name)
    found = (
        ref(user_id=None, id_index=id_, phone_index=phone_, name_index=name_)
        for id_ in ids or (None,)
        for phone_ in phones or (None,)
        for name_ in names
    )
    return tuple(dict.fromkeys(found))


def _held(today: date | BindParameter[date]) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a bond that holds on this day."""
    return Bond.state == "held", Bond.from_on <= today, Bond.until_on >= today


def any_held(today: BindParameter[date]) -> Exists:
    """Whether the user of a query holds a bond today: asked with the user, for most hold none."""
    return exists().where(Bond.holder_id == User.id, *_held(today)).correlate(User)


def granted(work: Work, holder_id: int, today: date) -> tuple[Grant, ...]:
    """The bonds that this user holds today. One statement; those of a closed account are over."""
    subject = aliased(User)
    found = work.session.scalars(
        select(Bond)
        .outerjoin(subject, subject.id == Bond.subject_id)
        .where(
            Bond.holder_id == holder_id,
            *_held(today),
            or_(Bond.subject_id.is_(None), subject.disabled_at.is_(None)),
        )
        .order_by(Bond.id)
    )
    rows = [hold(work, row) for row in found]  # a step of a case of theirs asks for its own mandate again
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
            case_id=row.case_id if row.scope else None,
            person_index=row.subject_id_index or row.subject_phone_index,
        )
        for row in rows
        if row is not None
    )


def holders(work: Work, kind: str, *, user_id: int | None, person_index: str, name: str, today: date) -> list[Bond]:
    """The bonds of this kind that hold today and are about this person: by their account; without one by what they are
    found by, and the name, for a telephone may be a family's."""
    same = or_(Bond.subject_id_index == person_index, Bond.subject_phone_index == person_index)
    whose = and_(Bond.subject_id.is_(None), same)
    rows = work.session.scalars(
        select(Bond)
        .where(
            Bond.kind == kind,
            *_held(today),
            whose if user_id is None else or_(Bond.subject_id == user_id, whose),
        )
        .order_by(Bond.id)
    )
    return [row for row in rows if row.subject_id is not None or row.subject_name == name]


def in_force(bond: Bond | None, today: date) -> bool:
    """Whether it holds on this day."""
    return bond is not None and bond.state == "held" and bond.from_on <= today <= bond.until_on


def mandate(work: Work, case: Case, today: date) -> Bond | None:
    """The agent's mandate in a case, while it is in force. No statement for a case without an agent."""
    row = mandate_given(work, case)
    return row if in_force(row, today) else None


def mandate_given(work: Work, case: Case) -> Bond | None:
    """The same, also after its last day, until it is ended. Read once a unit of work."""
    if case.mandate_id is None:
        return None
    return hold(work, work.session.get(Bond, case.mandate_id))


def hold(work: Work, row: Bond | None) -> Bond | None:
    """Kept for the rest of the unit of work, where several steps ask for it."""
    if row is not None:
        work.session.info.setdefault("bonds", {})[row.id] = row
    return row


def agents_ever(work: Work, case: Case) -> frozenset[int]:
    """Accounts of who is, or was, the agent of a case: who keeps away from the call after it, whom the file names."""
    if AGENCY not in case.flags:
        return frozenset()
    found = work.session.scalars(
        select(Bond.holder_id).where(Bond.case_id == case.id, Bond.kind == MANDATE, Bond.holder_id.is_not(None))
    )
    return frozenset(one for one in found if one is not None)


def _these(names: list[str] | None) -> frozenset[str] | None:
    return frozenset(names) if names is not None else None
