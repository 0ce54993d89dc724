"""A booking's row and what hangs on it: its seats, its person's day, its notices, who waits for its place.

Below the verbs of bookings (engine/commands/booking) and below the effects of a diagram: both end bookings, and both by
`give_back`. Nobody's process is told here.
"""

from __future__ import annotations

import importlib.resources
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import yaml
from sqlalchemy import select

from engine import booking
from engine.booking import Past, Policy
from engine.booking.slots import ZONE
from engine.commands import seats
from engine.people import SYSTEM, Actor
from engine.records import audit, jobs, notices
from engine.store import Work, keys
from engine.store.models import Appointment, AppointmentSlot, Resource, Slot, User, Waiting
from engine.workdays import say_at

#: How long a seat that was freed is kept for the first on the waiting list.
OFFER_HOURS = 2
#: How far back a person's bookings are read for the policy.
HISTORY_DAYS = 70
#: How long after its end a booking that nobody came for is missed.
GRACE_MINUTES = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Who comes, when staff book for them by telephone or at the counter."""

    name: str
    phone: str | None = None
    id_number: str | None = None
    user_id: int | None = None

    @property
    def index(self) -> str:
        """RULES A6: by ID number, or by telephone."""
        if self.id_number:
            return keys.blind("id", self.id_number)
        if self.phone:
            return keys.blind("phone", self.phone)
        return keys.blind("name", f"{self.name}/{self.user_id}")


def policy_of(resource: Resource) -> Policy:
    """The booking numbers of a resource."""
    return booking.load_policy(resource.policy)


def person_of(user: User) -> Person:
    return Person(user.name, user.phone, user.id_number, user.id)


def history(work: Work, person_index: str, now: datetime) -> list[Past]:
    """What the policy looks at: this person's bookings of the last weeks and those to come."""
    rows = work.session.execute(
        select(
            Appointment.starts_at,
            Appointment.matter,
            Appointment.item,
            Appointment.state,
            Appointment.booked_at,
            Appointment.ended_at,
            Appointment.channel,
            Appointment.by_hall,
        ).where(
            Appointment.person_index == person_index,
            Appointment.booked_at >= now - timedelta(days=HISTORY_DAYS),
            Appointment.state != "expired",
        )
    ).all()
    return [
        Past(r.starts_at, r.item or r.matter, r.state, r.booked_at, r.ended_at, r.channel == "online")
        for r in rows
        if not (r.by_hall and r.state == "cancelled")
    ]


#: How a live booking may end by somebody's word -> what the record says of it.
ENDED = {"cancelled": audit.Kind.APPOINTMENT_CANCELLED, "no_show": audit.Kind.APPOINTMENT_MISSED}


def give_back(
    work: Work, made: Appointment, state: str, reason: str, *, by: Actor, now: datetime, by_hall: bool = False
) -> None:
    """End a live booking: seats back, reminders off, its place offered to who waits."""
    before = seats.taken_slots(work, made)
    seats.leave(work, made.id, [s.id for s in before], made.pool)
    made.state, made.hold_until, made.day_key, made.ended_at = state, None, None, now
    made.reason, made.by_hall = reason[:200], by_hall
    made.sequence += 1
    made.version += 1
    notices.cancel(work, f"appointment:{made.id}:", now=now)
    record(work, ENDED[state], made, by, now)
    offer_freed(work, made.resource, before, now=now)


def request_key(made: Appointment) -> str:
    """The sender's key of the application that a booking begins its case with."""
    return f"appointment:{made.id}"


def offer_freed(work: Work, resource: Resource, slots: Sequence[Slot], *, now: datetime) -> Appointment | None:
    """A seat became free: hold it for the first who waits for that day, and tell them."""
    slots = [s for s in slots if s.starts_at > now + timedelta(hours=OFFER_HOURS) and not s.closed]
    if not slots:
        return None
    first = slots[0]
    day = first.starts_at.astimezone(ZONE).date()
    queue = work.session.scalars(
        select(Waiting)
        .where(Waiting.resource_id == resource.id, Waiting.day == day, Waiting.state == "waiting")
        .order_by(Waiting.since_at, Waiting.id)
        .limit(20)
        .with_for_update(skip_locked=True)
    ).all()
    policy = policy_of(resource)
    for row in queue:
        user = work.session.get_one(User, row.user_id)
        person = person_of(user)
        past = history(work, person.index, now)
        if isinstance(booking.block_for(policy, past, now), booking.Block) or any(
            p.state in booking.LIVE and p.starts_at.astimezone(ZONE).date() == day for p in past
        ):
            continue
        free = day_keys(work, policy, person.index, first.starts_at)
        if not free:
            continue
        if seats.take(work, [first.id], "public", now=now):
            return None
        made = Appointment(
            number=seats.next_number(work, resource, now),
            code=secrets.token_urlsafe(12),
            resource_id=resource.id,
            matter=resource.matter,
            item=row.item,
            state="held",
            pool="public",
            channel="online",
            starts_at=first.starts_at,
            ends_at=first.ends_at,
            kind=first.kind,
            user_id=user.id,
            person_index=person.index,
            name=person.name,
            phone=person.phone,
            day_key=free[0],
            booked_at=now,
            hold_until=now + timedelta(hours=OFFER_HOURS),
        )
        made.resource, made.case = resource, None
        work.session.add(made)
        work.session.flush()
        sit(work, made, [first])
        row.state, row.appointment_id = "offered", made.id
        watch(work, made, now)
        tell(work, made, "waiting-offered", now, now)
        record(work, audit.Kind.APPOINTMENT_OFFERED, made, SYSTEM, now)
        return made
    return None


def sit(work: Work, made: Appointment, slots: Sequence[Slot]) -> None:
    work.session.add_all(AppointmentSlot(appointment_id=made.id, slot_id=slot.id) for slot in slots)
    work.session.flush()


def day_keys(
    work: Work, policy: Policy, person_index: str, starts_at: datetime, own: int | None = None
) -> list[str | None]:
    """The numbers of the person's day that look free; that of the booking `own` counts as free."""
    day = f"{person_index}:{starts_at.astimezone(ZONE).date()}"
    numbered = [f"{day}:{n}" for n in range(policy.per_day)]
    query = select(Appointment.day_key).where(Appointment.day_key.in_(numbered))
    if own is not None:
        query = query.where(Appointment.id != own)
    taken = set(work.session.scalars(query))
    return [key for key in numbered if key not in taken]


@lru_cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    text = importlib.resources.files("engine.booking").joinpath("data/notices.yaml").read_text("utf-8")
    found: dict[str, dict[str, str]] = yaml.safe_load(text)
    return found


def tell(work: Work, made: Appointment, kind: str, at: datetime, now: datetime, key: str = "") -> None:
    local = made.starts_at.astimezone(ZONE)
    facts = {
        "number": made.number,
        "place": made.resource.name,
        "when": say_at(made.starts_at),
        "reason": made.reason,
    }
    facts_en = facts | {"place": made.resource.name_en or made.resource.name, "when": f"{local:%Y-%m-%d %H:%M}"}
    texts = _texts()[kind]
    name = f"appointment:{made.id}:{made.sequence}:{key or kind}"
    for channel, address in (("screen", None), ("sms", made.phone)):
        if (channel == "screen" and made.user_id is None) or (channel == "sms" and not address):
            continue
        notices.put(
            work,
            f"{name}:{channel}",
            notices.fill(texts["zh"], facts),
            text_en=notices.fill(texts["en"], facts_en),
            kind=kind,
            now=now,
            channel=channel,
            user_id=made.user_id,
            address=address,
            case_id=made.case_id,
            after=at if at > now else None,
        )


def watch(work: Work, made: Appointment, now: datetime) -> None:
    """Have the worker look again when a hold runs out, or when nobody came. One row, woken when it is due."""
    at = made.hold_until if made.state == "held" else made.ends_at + timedelta(minutes=GRACE_MINUTES)
    if at is not None:
        key = f"appointment:{made.id}:{made.state}:{made.sequence}"
        jobs.put_once(work, jobs.Kind.APPOINTMENT_DUE, key, {"appointment": made.id}, now=now, after=max(at, now))


def record(work: Work, kind: audit.Kind, made: Appointment, by: Actor, now: datetime) -> None:
    """A line in the audit: on the case's chain when there is one."""
    audit.record(
        work,
        kind,
        by=by,
        now=now,
        case=made.case,
        facts={"appointment": made.number, "starts_at": made.starts_at.isoformat(), "resource": made.resource_id},
    )
