"""Meetings: what a case books together (`meeting.holds` of its matter.yaml): a room, the time of who leads it.

    book(…)  -> all of it, or Invalid by the field, with the next times at which everything is free. When the case has
                a meeting that is to come, it is moved: the new is taken, then the old let go (RULES A4)
    end(…)   -> held: the bookings are served; cancelled: the slots are given back
    lost(…)  -> something it holds is shut: it is called off, everybody is told

Its bookings are rows of the offers, like any other, but name nobody: the office's week shows that a room is taken, not
by whose quarrel. A person's time is cut into half hours when it is first needed; without opening rules it can be booked
whenever a closure (leave) does not forbid it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload

from engine import booking
from engine.commands import appointments, seats
from engine.errors import FieldError, Invalid, NotNow, Refused
from engine.matters import Package
from engine.matters.taking_part import Meeting as Words
from engine.matters.taking_part import Role
from engine.people import Actor
from engine.reads import meetings as reads
from engine.reads import taking_part
from engine.records import audit, notices
from engine.store import Work, keys
from engine.store.models import (
    Appointment,
    AppointmentSlot,
    Case,
    CaseParty,
    Holding,
    Meeting,
    Post,
    Resource,
    ResourceClosure,
    ResourceOpening,
    Slot,
    User,
)
from engine.workdays import ZONE

#: A person's time is cut into pieces of so many minutes; a meeting begins and ends on one.
PIECE = 30
#: How long a meeting lasts when nobody says, and at most.
MINUTES, MOST_MINUTES = 120, 240


@dataclass(frozen=True, slots=True)
class Wanted:
    """When and how long, where, and who leads it."""

    package: Package
    words: Words
    role: Role
    starts_at: datetime  # aware
    ends_at: datetime
    place: str
    room: Resource | None  # None: a place that nobody books
    people: tuple[User, ...]

    def wrong(self, zh: str, en: str) -> Invalid:
        return _wrong(self.words, "when", "时间", zh, en)


def declared(package: Package) -> tuple[Words, Role]:
    """What this matter's meetings are called, and the role that leads them. Refused for a matter that declares none."""
    words = package.info.meeting
    if words is None:
        raise Refused(
            f"“{package.info.name}”的 matter.yaml 没有 meeting：不知道一起订哪几项、由谁主持。请补上。",
            f"Expected `meeting` in the matter.yaml of {package.name}, which books one, but there is none.",
        )
    return words, package.info.parties[words.led_by]


def _wanted(work: Work, case: Case, package: Package, given: Mapping[str, Any], now: datetime) -> Wanted:
    """From what a diagram says. Raises Invalid by the field."""
    words, role = declared(package)
    try:
        at = datetime.fromisoformat(str(given.get("starts_at")))
    except ValueError:
        raise _wrong(words, "when", "时间", f"请选{words.name}的时间。", "Choose when to meet.") from None
    at = (at if at.tzinfo else at.replace(tzinfo=ZONE)).astimezone(UTC)
    try:
        minutes = int(given.get("minutes") or MINUTES)
    except (TypeError, ValueError):
        minutes = 0
    if minutes % PIECE or not PIECE <= minutes <= MOST_MINUTES:
        zh = f"请选 {PIECE} 分钟到 {MOST_MINUTES // 60} 小时，按半小时算。"
        en = f"Choose {PIECE} to {MOST_MINUTES} minutes, in half hours."
        raise _wrong(words, "minutes", "多长时间", zh, en)
    if at.minute % PIECE or at.second or at.microsecond:
        zh, en = "请选整点或者半点开始。", "A meeting begins on the hour or half hour."
        raise _wrong(words, "when", "时间", zh, en)
    chosen = case.chosen.get(words.led_by, ())
    people = tuple(work.session.scalars(select(User).where(User.id.in_(chosen)).order_by(User.id)))
    if not people:
        raise NotNow(f"还没有选定{role.name}，不能排期。", f"Expected a {role.name_en} before a meeting is planned.")
    if at <= now:
        raise _wrong(words, "when", "时间", "这个时间已经过去，请选以后的时间。", "That time is past.")
    place = str(given.get("place") or "").strip()[:80]
    room = reads.room_of(work, package, place)
    return Wanted(package, words, role, at, at + timedelta(minutes=minutes), place, room, people)


def book(work: Work, case: Case, package: Package, given: Mapping[str, Any], *, by: Actor, now: datetime) -> Meeting:
    """A meeting of this case, with all it holds. `given`: starts_at, minutes, place. Raises Invalid by the field: in
    the past, the room or a person taken (with the next free times). One that is to come is moved."""
    want = _wanted(work, case, package, given, now)
    lead = [(_time_of(work, one, want), one) for one in want.people]
    resources = [*([(want.room, want.people[0])] if want.room is not None else []), *lead]
    before = reads.planned(work, case.id)
    old = _bookings(work, before) if before is not None else []
    mine = {a.resource_id: (a, {s.id for s in seats.taken_slots(work, a)}) for a in old}
    need = {resource.id: _pieces(work, resource, want, now) for resource, _person in resources}
    pools: dict[int, str] = {}
    for resource, _person in resources:
        own = mine.get(resource.id)
        ids = [s.id for s in need[resource.id] if own is None or s.id not in own[1]]
        # of the pool that its own slots are from; else the staff's, and a public place when those are gone
        for pool in (own[0].pool,) if own is not None else ("staff", "public"):
            if not seats.take(work, ids, pool, now=now):
                pools[resource.id] = pool
                break
        else:
            raise _clash(work, resource, want, now)
    if before is not None:
        before.state, before.ended_at = "moved", now
        notices.cancel(work, f"meeting:{before.id}:", now=now)
        work.session.flush()
    made = Meeting(
        case_id=case.id,
        starts_at=want.starts_at,
        ends_at=want.ends_at,
        place=want.place or "另行通知",
        resource_id=want.room.id if want.room is not None else None,
        booked_at=now,
        state="planned",
        reason="",
    )
    work.session.add(made)
    work.session.flush()
    for one in old:  # what the new meeting does not need is given back; the rest only changes hands
        _leave(work, one, mine[one.resource_id][1], {s.id for s in need.get(one.resource_id, ())})
        _close(one, "cancelled", "改期", now)
    for resource, person in resources:
        _seat(work, made, case, want, resource, pools[resource.id], need[resource.id], person, now)
    _tell(work, case, package, made, want.people, now)
    kind = audit.Kind.MEETING_MOVED if before is not None else audit.Kind.MEETING_BOOKED
    facts = {"meeting": made.id, "starts_at": made.starts_at.isoformat()}
    audit.record(
        work, kind, by=by, now=now, case=case, facts={**facts, "room": want.room.code if want.room is not None else ""}
    )
    return made


def end(work: Work, case: Case, state: str, *, by: Actor, now: datetime, reason: str = "") -> Meeting | None:
    """The planned meeting was `held`, or is `cancelled`: its bookings are served, or their slots given back."""
    made = reads.planned(work, case.id)
    if made is None:
        return None
    made.state, made.ended_at, made.reason = state, now, reason[:200]
    for one in _bookings(work, made):
        if state == "cancelled":
            _leave(work, one, {s.id for s in seats.taken_slots(work, one)}, set())
        _close(one, "served" if state == "held" else "cancelled", reason, now)
    notices.cancel(work, f"meeting:{made.id}:", now=now)
    if state == "cancelled":
        audit.record(work, audit.Kind.MEETING_CANCELLED, by=by, now=now, case=case, facts={"meeting": made.id})
    return made


def lost(work: Work, meeting_id: int, reason: str, *, by: Actor, now: datetime) -> None:
    """Something it holds is shut, or somebody is away: it is called off. The parties and who leads it are told, and who
    leads it sets another time."""
    made = work.session.get_one(Meeting, meeting_id)
    if made.state != "planned":
        return
    case = work.session.get_one(Case, made.case_id)
    leading = list(dict.fromkeys(one.duty_id for one in _bookings(work, made) if one.duty_id is not None))
    end(work, case, "cancelled", by=by, now=now, reason=reason)
    package = taking_part.package_of(work, case)
    facts = {**said(case, package, made), "reason": reason}
    for phone in taking_part.phones(case, package.info):
        key = f"meeting-lost:{made.id}:{keys.blind('phone', phone)[:12]}"
        appointments.say(work, key, "meeting-lost", facts, phone=phone, case_id=case.id, now=now)
    for user_id in leading:
        key = f"meeting-lost:{made.id}:u{user_id}"
        appointments.say(work, key, "meeting-lost-lead", facts, user_id=user_id, case_id=case.id, now=now)


def off(work: Work, case: Case, package: Package, *, by: Actor, now: datetime) -> None:
    """The case is over, however it ended: a meeting that was to come is called off, and its people are told."""
    made = end(work, case, "cancelled", by=by, now=now, reason="办件已结束")
    if made is not None and made.starts_at > now:
        for key, phone, user_id in _people(work, case, package):
            appointments.say(
                work,
                f"meeting-off:{made.id}:{key}",
                "meeting-off",
                said(case, package, made),
                phone=phone,
                user_id=user_id,
                case_id=case.id,
                now=now,
            )


def said(case: Case, package: Package, made: Meeting) -> dict[str, Any]:
    """What the texts about a meeting are filled with."""
    words, _role = declared(package)
    return {
        "meeting": (words.name, words.name_en),
        "when": reads.said(made.starts_at),
        "place": made.place,
        "number": case.number,
    }


# ---------------------------------------------------------------- the parts


def _wrong(words: Words, name: str, label: str, zh: str, en: str) -> Invalid:
    return Invalid([FieldError(f"{words.answers}.{name}", label, zh, en)])


def _time_of(work: Work, user: User, want: Wanted) -> Resource:
    """The resource that stands for a person's time; made when there is none."""
    code = reads.time_code(user.id)
    query = select(Resource).where(Resource.code == code)
    found = work.session.scalar(query)
    if found is None:
        unit_id = work.session.scalar(
            select(Holding.unit_id)
            .join(Post, Post.id == Holding.post_id)
            .where(Holding.user_id == user.id)
            .order_by((Post.code == want.role.post).desc(), Holding.id)
            .limit(1)
        )
        if unit_id is None:
            zh = f"{user.name}现在没有岗位，不能占他的时间。请另选。"
            raise want.wrong(zh, f"{user.name} holds no post now.")
        insert: Any = sqlite.insert if work.dialect == "sqlite" else postgresql.insert
        work.session.execute(
            insert(Resource)
            .values(
                code=code,
                unit_id=unit_id,
                kind="person",
                name=user.name,
                matter="",
                offer=next(iter(reads.held(want.package, "time")), ""),
            )
            .on_conflict_do_nothing()
        )
        found = work.session.scalars(query).one()
    return found


def _pieces(work: Work, resource: Resource, want: Wanted, now: datetime) -> list[Slot]:
    """The slots of a resource that this meeting fills, from its first minute to its last."""
    if resource.kind == "person":
        _cut(work, resource, want.starts_at, want.ends_at)
    found = list(
        work.session.scalars(
            select(Slot)
            .where(Slot.resource_id == resource.id, Slot.starts_at < want.ends_at, Slot.ends_at > want.starts_at)
            .order_by(Slot.starts_at)
        )
    )
    whole = bool(found) and found[0].starts_at == want.starts_at and found[-1].ends_at == want.ends_at
    gaps = any(a.ends_at != b.starts_at for a, b in zip(found, found[1:], strict=False))
    if not whole or gaps:
        raise _clash(work, resource, want, now, shut=True)
    return found


def _cut(work: Work, resource: Resource, starts_at: datetime, ends_at: datetime) -> None:
    """A person's half hours between these moments, unless opening rules made them or a closure forbids them."""
    ruled = select(ResourceOpening.id).where(ResourceOpening.resource_id == resource.id)
    away = select(ResourceClosure.id).where(
        ResourceClosure.resource_id == resource.id,
        ResourceClosure.starts_at < ends_at,
        ResourceClosure.ends_at > starts_at,
    )
    if work.session.scalar(ruled.union_all(away).limit(1)) is not None:
        return
    step = timedelta(minutes=PIECE)
    rows = [
        {
            "resource_id": resource.id,
            "starts_at": starts_at + n * step,
            "ends_at": starts_at + (n + 1) * step,
            "kind": "normal",
            "public_capacity": 0,
            "staff_capacity": 1,
        }
        for n in range((ends_at - starts_at) // step)
    ]
    insert: Any = sqlite.insert if work.dialect == "sqlite" else postgresql.insert
    work.session.execute(insert(Slot).on_conflict_do_nothing().values(rows))


def _clash(work: Work, resource: Resource, want: Wanted, now: datetime, *, shut: bool = False) -> Invalid:
    minutes = int((want.ends_at - want.starts_at) / timedelta(minutes=1))
    free = reads.free_times(work, want.people, want.room, minutes, after=max(now, want.starts_at))
    if resource.kind == "room":
        zh = f"{resource.name}这段时间{'不开放' if shut else '已有安排'}。"
        en = f"The room {resource.code} cannot be had then."
    else:
        zh = f"{want.role.name}{resource.name}这段时间{'不在' if shut else f'另有{want.words.name}'}。"
        en = f"A {want.role.name_en} is taken then."
    others = "、".join(reads.said(at) for at in free)
    none = f"{reads.OFFER_DAYS} 天内没有大家都空的时间，请换一个地方或者{want.role.name}。"
    return want.wrong(
        zh + (f"可以选：{others}。" if others else none), en + " Free: " + ", ".join(t.isoformat() for t in free)
    )


def _seat(
    work: Work,
    made: Meeting,
    case: Case,
    want: Wanted,
    resource: Resource,
    pool: str,
    slots: Sequence[Slot],
    person: User,
    now: datetime,
) -> None:
    row = Appointment(
        number=seats.next_number(work, resource, now),
        code=secrets.token_urlsafe(12),
        resource_id=resource.id,
        matter="",
        item=want.words.name[:80],
        state="confirmed",
        pool=pool,
        channel="counter",
        starts_at=made.starts_at,
        ends_at=made.ends_at,
        kind=slots[0].kind,
        person_index=keys.blind("case", case.number),
        name="",
        case_id=case.id,
        meeting_id=made.id,
        duty_id=person.id,
        booked_at=now,
        confirmed_at=now,
    )
    work.session.add(row)
    work.session.flush()
    appointments.sit(work, row, slots)


def _bookings(work: Work, made: Meeting) -> list[Appointment]:
    return list(
        work.session.scalars(
            select(Appointment)
            .where(Appointment.meeting_id == made.id)
            .order_by(Appointment.id)
            .options(joinedload(Appointment.resource))
        )
    )


def _leave(work: Work, one: Appointment, held: set[int], kept: set[int]) -> None:
    if gone := held - kept:
        seats.leave(work, one.id, sorted(gone), one.pool)
    for slot_id in held & kept:
        row = work.session.get(AppointmentSlot, (one.id, slot_id))
        if row is not None:
            work.session.delete(row)
    work.session.flush()


def _close(one: Appointment, state: str, reason: str, now: datetime) -> None:
    one.state, one.ended_at, one.reason = state, now, reason[:200]
    one.by_hall = True
    one.version += 1
    one.sequence += 1


def _people(work: Work, case: Case, package: Package) -> Iterator[tuple[str, str, int | None]]:
    """Everybody from outside with a telephone: (a key, the telephone, their account)."""
    accounts: dict[str | None, int | None] = {
        index: user_id
        for index, user_id in work.session.execute(
            select(CaseParty.phone_index, CaseParty.user_id).where(
                CaseParty.case_id == case.id, CaseParty.user_id.is_not(None)
            )
        )
    }
    for n, phone in enumerate(taking_part.phones(case, package.info)):
        yield str(n), phone, accounts.get(keys.blind("phone", phone))


def _tell(work: Work, case: Case, package: Package, made: Meeting, people: Sequence[User], now: datetime) -> None:
    """Reminders, not in the night (RULES A7), to everybody from outside and to who leads it."""
    facts = said(case, package, made)
    for n, at in enumerate(booking.reminders(booking.load_policy(), made.starts_at, now)):
        receivers: list[tuple[str, str | None, int | None]] = [*_people(work, case, package)]
        receivers += [(f"u{person.id}", None, person.id) for person in people]
        for key, phone, user_id in receivers:
            appointments.say(
                work,
                f"meeting:{made.id}:{n}:{key}",
                "meeting-reminder",
                facts,
                phone=phone,
                user_id=user_id,
                case_id=case.id,
                after=at,
                now=now,
            )
