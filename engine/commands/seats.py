"""Taking and giving back seats: the one place where a slot's counters change.

A seat is taken by one conditional UPDATE, so that many threads and processes at once give away exactly as many as
there are, on SQLite and PostgreSQL alike; the table's CHECK would stop a mistake here. Slots are always touched in
the order of their ids: two bookings of several slots cannot wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update

from engine.records import counters
from engine.store.db import Work
from engine.store.models import Appointment, AppointmentSlot, Resource, Slot
from engine.workdays import ZONE


def _changed(work: Work, statement: Any) -> int:
    result = cast(
        "CursorResult[Any]", work.session.execute(statement, execution_options={"synchronize_session": False})
    )
    return result.rowcount


def _step(pool: str, by: int) -> Any:
    taken = Slot.public_taken if pool == "public" else Slot.staff_taken
    capacity = Slot.public_capacity if pool == "public" else Slot.staff_capacity
    statement = update(Slot).values({taken.key: taken + by})
    return statement.where(taken < capacity, Slot.closed.is_(False)) if by > 0 else statement.where(taken > 0)


def take(work: Work, slot_ids: Iterable[int], pool: str, *, now: datetime) -> list[int]:
    """Take one seat in each slot. Returns the ids of the slots that are full or closed: when there are any, nothing
    was taken. Holds that have run out are let go first where a slot is full."""
    taken: list[int] = []
    for slot_id in sorted(set(slot_ids)):
        statement = _step(pool, 1).where(Slot.id == slot_id)
        if not _changed(work, statement) and not (expire(work, now=now, slot_id=slot_id) and _changed(work, statement)):
            for other in taken:
                _changed(work, _step(pool, -1).where(Slot.id == other))
            return [slot_id]
        taken.append(slot_id)
    return []


def leave(work: Work, appointment_id: int, slot_ids: Sequence[int], pool: str) -> None:
    """Give one booking's seats in these slots back."""
    work.session.execute(
        delete(AppointmentSlot).where(
            AppointmentSlot.appointment_id == appointment_id, AppointmentSlot.slot_id.in_(slot_ids)
        ),
        execution_options={"synchronize_session": "fetch"},
    )
    for slot_id in sorted(set(slot_ids)):
        if not _changed(work, _step(pool, -1).where(Slot.id == slot_id)):
            raise AssertionError(f"Expected slot {slot_id} to have a seat of booking {appointment_id}, but it has none")


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
        .returning(Appointment.id, Appointment.pool),
        execution_options={"synchronize_session": False},
    ).all()
    freed: dict[int, list[int]] = {}
    for appointment_id, pool in gone:
        slots = list(
            work.session.scalars(
                select(AppointmentSlot.slot_id).where(AppointmentSlot.appointment_id == appointment_id)
            )
        )
        leave(work, appointment_id, slots, pool)
        freed[appointment_id] = slots
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
    day = now.astimezone(ZONE).strftime("%y%m%d")
    return f"YY{resource.unit_id:03d}{day}{counters.take(work, f'appointment:{resource.unit_id}:{day}'):04d}"
