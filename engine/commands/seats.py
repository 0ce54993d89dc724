"""Taking and giving back seats: the one place where a slot's counters change.

A seat is taken by one conditional UPDATE, so that many threads and processes at once give away exactly as many as
there are, on SQLite and PostgreSQL alike; the table's CHECK would stop a mistake here. Slots are always touched in
the order of their ids, and in a slot first the slot, then its places by role in the order of their names: two bookings
of several slots cannot wait for each other in a circle. The places by role of a slot add up to the slot's own counters.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ARRAY, ColumnElement, CursorResult, Text, and_, delete, func, select, update
from sqlalchemy import cast as cast_to
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from engine.errors import AlreadyDone
from engine.records import counters
from engine.store.db import Work
from engine.store.models import Appointment, AppointmentSlot, BookingPlace, Resource, Slot, SlotPlace
from engine.workdays import ZONE

#: The first half of the key of a lock on a person (hold_people); the second is their index.
HELD = 7266002
#: An UPDATE returns its rows as it leaves them.
_READ_ANEW = {"synchronize_session": False, "populate_existing": True}


def hold_people(work: Work, people: Iterable[str]) -> None:
    """Until this transaction ends, nobody else gives these people (their indexes) a place where hours are kept: what
    they have at that time is read after this, and stays so. Before any counter and slot, in one order. (On SQLite one
    transaction writes at a time.)"""
    known = sorted(set(people))
    if known and work.dialect == "postgresql":
        one = func.unnest(cast_to(known, ARRAY(Text))).column_valued("one")
        work.session.execute(select(func.pg_advisory_xact_lock(HELD, func.hashtext(one))))


def _changed(work: Work, statement: Any) -> int:
    result = cast(
        "CursorResult[Any]", work.session.execute(statement, execution_options={"synchronize_session": False})
    )
    return result.rowcount


def _step(pool: str, by: int) -> Any:
    taken = Slot.public_taken if pool == "public" else Slot.staff_taken
    capacity = Slot.public_capacity if pool == "public" else Slot.staff_capacity
    statement = update(Slot).values({taken.key: taken + by})
    return statement.where(taken + by <= capacity, Slot.closed.is_(False)) if by > 0 else statement.where(taken >= -by)


def _of_role(slot_id: int, role: str, by: int) -> Any:
    statement = update(SlotPlace).values(taken=SlotPlace.taken + by)
    statement = statement.where(SlotPlace.slot_id == slot_id, SlotPlace.role == role)
    return statement.where(SlotPlace.taken + by <= SlotPlace.capacity if by > 0 else SlotPlace.taken >= -by)


def take(
    work: Work,
    slot_ids: Iterable[int],
    pool: str,
    *,
    now: datetime,
    places: int = 1,
    roles: Mapping[str, int] | None = None,
) -> list[int]:
    """Take one seat (or `places`) in each slot. Returns the ids of the slots that are full or closed: when there are
    any, nothing was taken. Holds that have run out are let go first where a slot is full. `roles`: how many of each
    role, in slots whose places are by role; they add up to `places`."""
    taken: list[int] = []
    for slot_id in sorted(set(slot_ids)):
        if not _take_one(work, slot_id, pool, places, roles or {}, now):
            for other in taken:
                _give(work, other, pool, places, roles or {})
            return [slot_id]
        taken.append(slot_id)
    return []


def take_all(work: Work, slot_ids: Iterable[int], pool: str) -> bool:
    """Take one seat in each of these slots by one statement. False: one of them is full or closed, and nothing was
    taken; `take` says which, and lets go of holds that have run out."""
    ids = sorted(set(slot_ids))
    if not ids:
        return True
    taken = list(
        work.session.scalars(
            _step(pool, 1).where(Slot.id.in_(_in_order(ids))).returning(Slot.id),
            execution_options={"synchronize_session": False},
        )
    )
    if len(taken) == len(ids):
        return True
    undo(work, taken, pool)
    return False


def undo(work: Work, slot_ids: Sequence[int], pool: str = "staff") -> None:
    """Give back what this transaction took for a booking that was not made."""
    if slot_ids:
        _changed(work, _step(pool, -1).where(Slot.id.in_(_in_order(slot_ids))))


def take_within(work: Work, resource_ids: Sequence[int], starts_at: datetime, ends_at: datetime) -> list[Slot]:
    """Take one seat of the staff's in each slot of these resources between two moments that has one. Those slots, in
    order of time."""
    between = (Slot.resource_id.in_(resource_ids), Slot.starts_at < ends_at, Slot.ends_at > starts_at)
    held = select(Slot.id).where(*between).order_by(Slot.id).with_for_update()
    slots = work.session.scalars(
        _step("staff", 1).where(Slot.id.in_(held)).returning(Slot), execution_options=_READ_ANEW
    )
    return sorted(slots, key=lambda one: (one.starts_at, one.id))


def take_all_of_role(work: Work, slot_ids: Iterable[int], role: str) -> bool:
    """Take one place of this role in each of these slots by one statement. False: in some there was none; whoever asks
    undoes it all."""
    ids = sorted(set(slot_ids))
    statement = update(SlotPlace).values(taken=SlotPlace.taken + 1)
    statement = statement.where(SlotPlace.slot_id.in_(ids), SlotPlace.role == role)
    return _changed(work, statement.where(SlotPlace.taken + 1 <= SlotPlace.capacity)) == len(ids)


def _in_order(ids: Sequence[int]) -> Any:
    """These slots, locked in the order of their ids where rows are locked: a bare IN would lock them in any order."""
    return select(Slot.id).where(Slot.id.in_(ids)).order_by(Slot.id).with_for_update()


def _take_one(work: Work, slot_id: int, pool: str, places: int, roles: Mapping[str, int], now: datetime) -> bool:
    for last_try in (False, True):
        if _stepped(work, slot_id, pool, places):
            got: dict[str, int] = {}
            for role, n in sorted(roles.items()):
                if not _changed(work, _of_role(slot_id, role, n)):
                    break
                got[role] = n
            else:
                return True
            _give(work, slot_id, pool, places, got)
        if last_try or not expire(work, now=now, slot_id=slot_id):
            return False
    return False


def _stepped(work: Work, slot_id: int, pool: str, by: int) -> bool:
    """The slot's own count; a slot that is read already then says how many are taken, as it stands in the table."""
    statement = _step(pool, by).where(Slot.id == slot_id).returning(Slot.public_taken)
    taken = work.session.scalar(statement, execution_options={"synchronize_session": False})
    slot = work.session.identity_map.get(identity_key(Slot, slot_id))
    if taken is not None and slot is not None:
        set_committed_value(slot, "public_taken", taken)
    return taken is not None


def _give(work: Work, slot_id: int, pool: str, places: int, roles: Mapping[str, int]) -> bool:
    done = _changed(work, _step(pool, -places).where(Slot.id == slot_id))
    for role, n in sorted(roles.items()):
        done = _changed(work, _of_role(slot_id, role, -n)) and done
    return bool(done)


def leave(work: Work, appointment_id: int, pool: str, places: int = 1) -> list[Slot]:
    """Give all back that a booking holds, and what its people claimed. Its slots as they are then, in order of time."""
    held = select(Slot.id).join(AppointmentSlot).where(AppointmentSlot.appointment_id == appointment_id)
    slots = work.session.scalars(
        _step(pool, -places).where(Slot.id.in_(held.order_by(Slot.id).with_for_update(of=Slot))).returning(Slot),
        execution_options=_READ_ANEW,
    ).all()
    _unseat(work, appointment_id, AppointmentSlot.appointment_id == appointment_id, len(slots))
    return sorted(slots, key=lambda one: (one.starts_at, one.id))


def leave_all(work: Work, made: Sequence[Appointment]) -> None:
    """The same of many bookings at once: as many statements as there are slots and roles, however many booked. The
    caller holds the slots."""
    whose = {one.id: one for one in made}
    gone = work.session.execute(
        delete(AppointmentSlot)
        .where(AppointmentSlot.appointment_id.in_(whose))
        .returning(AppointmentSlot.appointment_id, AppointmentSlot.slot_id),
        execution_options={"synchronize_session": "fetch"},
    ).all()
    given: Counter[tuple[int, str]] = Counter()
    for row in gone:
        given[row.slot_id, whose[row.appointment_id].pool] += whose[row.appointment_id].places
    for (slot_id, pool), n in sorted(given.items()):
        freed = _step(pool, -n).where(Slot.id == slot_id).returning(Slot)
        if work.session.scalars(freed, execution_options=_READ_ANEW).one_or_none() is None:
            raise AssertionError(f"Expected slot {slot_id} to have {n} places taken, but it has fewer")
    _free_people(work, BookingPlace.appointment_id.in_(whose))


def leave_some(work: Work, appointment_id: int, slot_ids: Sequence[int], pool: str) -> None:
    """The same of some of its slots, of a booking of one place in each."""
    ids = sorted(set(slot_ids))
    given = _changed(work, _step(pool, -1).where(Slot.id.in_(_in_order(ids))))
    whose = and_(AppointmentSlot.appointment_id == appointment_id, AppointmentSlot.slot_id.in_(ids))
    _unseat(work, appointment_id, whose, given)


def _unseat(work: Work, appointment_id: int, which: ColumnElement[bool], given: int) -> None:
    """A booking sits no more in `which` of its slots, so many of which got their places back: nor do its people.
    The slots come before this, as with whoever takes a place: they wait there for each other."""
    gone = work.session.scalars(
        delete(AppointmentSlot).where(which).returning(AppointmentSlot.slot_id),
        execution_options={"synchronize_session": "fetch"},
    ).all()
    if len(gone) != given:
        raise AssertionError(f"Expected {len(gone)} slots to have a seat of booking {appointment_id}, but {given} have")
    _free_people(work, and_(BookingPlace.appointment_id == appointment_id, BookingPlace.slot_id.in_(gone)))


def _free_people(work: Work, which: ColumnElement[bool]) -> None:
    """Who claimed a place claims it no more, and as what they came is free by as many."""
    left = work.session.execute(
        update(BookingPlace)
        .where(which, BookingPlace.live)
        .values(live=False)
        .returning(BookingPlace.slot_id, BookingPlace.role),
        execution_options={"synchronize_session": "fetch"},
    ).all()
    for (slot_id, role), n in sorted(Counter((row.slot_id, row.role) for row in left if row.role).items()):
        if not _changed(work, _of_role(slot_id, role, -n)):
            raise AssertionError(f"Expected slot {slot_id} to have {n} places of {role!r} taken, but it has fewer")


def leave_one(work: Work, place_id: int, slot_id: int, pool: str, role: str) -> None:
    """Give back one person's place of a booking of several. AlreadyDone: they had given it back."""
    if not _changed(
        work, update(BookingPlace).where(BookingPlace.id == place_id, BookingPlace.live).values(live=False)
    ):
        raise AlreadyDone("这个名额已经退了。", "That place was given back before.")
    if not _give(work, slot_id, pool, 1, {role: 1} if role else {}):
        raise AssertionError(f"Expected slot {slot_id} to have a seat of place {place_id}, but it has none")


def expire(
    work: Work, *, now: datetime, slot_id: int | None = None, appointment_id: int | None = None, limit: int = 200
) -> dict[int, list[int]]:
    """Let go of holds that have run out: all, those on a slot, or one. Returns the bookings, each with the slots that
    have a seat more now.

    A booking that another transaction is confirming at this moment is locked by it and passed over.
    """
    due = select(Appointment.id).where(Appointment.state == "held", Appointment.hold_until <= now)
    if slot_id is not None:
        due = due.join(AppointmentSlot).where(AppointmentSlot.slot_id == slot_id)
    if appointment_id is not None:
        due = due.where(Appointment.id == appointment_id)
    due = due.order_by(Appointment.id).limit(limit).with_for_update(skip_locked=True, of=Appointment)
    ids = list(work.session.scalars(due))
    if not ids:
        return {}
    gone = work.session.execute(
        update(Appointment)
        .where(Appointment.id.in_(ids), Appointment.state == "held")
        .values(state="expired", hold_until=None, day_key=None, ended_at=now, version=Appointment.version + 1)
        .returning(Appointment.id, Appointment.pool, Appointment.places),
        execution_options={"synchronize_session": False},
    ).all()
    freed: dict[int, list[int]] = {}
    for appointment_id, pool, places in gone:
        freed[appointment_id] = [slot.id for slot in leave(work, appointment_id, pool, places)]
    return freed


def is_full(work: Work, slot_id: int, pool: str) -> bool:
    """Whether a slot has no seat left in this pool."""
    taken = Slot.public_taken if pool == "public" else Slot.staff_taken
    capacity = Slot.public_capacity if pool == "public" else Slot.staff_capacity
    return not work.session.scalar(select(Slot.id).where(Slot.id == slot_id, taken < capacity, Slot.closed.is_(False)))


def taken_slots(work: Work, made: Appointment) -> list[Slot]:
    """The slots a booking holds now, in order of time."""
    return list(
        work.session.scalars(
            select(Slot)
            .join(AppointmentSlot)
            .where(AppointmentSlot.appointment_id == made.id)
            .order_by(Slot.starts_at)
            .execution_options(populate_existing=True)
        )
    )


def next_number(work: Work, resource: Resource, now: datetime) -> str:
    """YY-<unit>-<day>-<serial>: gap-free per unit and day."""
    return next_numbers(work, [resource], now)[0]


def next_numbers(work: Work, resources: Sequence[Resource], now: datetime) -> list[str]:
    """A number for a booking of each of these resources, in one step for each of their units."""
    day = now.astimezone(ZONE).strftime("%y%m%d")
    wanted = Counter(one.unit_id for one in resources)
    first = {
        unit_id: counters.take(work, f"appointment:{unit_id}:{day}", n) - n + 1 for unit_id, n in sorted(wanted.items())
    }
    series = {unit_id: itertools.count(start) for unit_id, start in first.items()}
    return [f"YY{one.unit_id:03d}{day}{next(series[one.unit_id]):04d}" for one in resources]
