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

import itertools
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, cast, delete, exists, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload

from engine import booking
from engine.commands import appointments, seats
from engine.errors import FieldError, Invalid, NotNow, Refused
from engine.matters import Package
from engine.matters.taking_part import Meeting as Words
from engine.matters.taking_part import Role
from engine.people import Actor, holders, leaves
from engine.reads import meetings as reads
from engine.reads import taking_part
from engine.records import audit, notices
from engine.store import Work, keys
from engine.store.models import (
    Appointment,
    AppointmentSlot,
    Case,
    Holding,
    Leave,
    Meeting,
    Post,
    Resource,
    ResourceClosure,
    ResourceOpening,
    Slot,
    User,
)
from engine.workdays import ZONE, local_date

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
    people: Mapping[User, int | None]  # each with the unit of their post; None: they hold none now
    times: Mapping[str, Resource]  # what stands for their time, by its code; fewer: the first time of somebody
    ruled: frozenset[int]  # those of them whose half hours opening rules made, or that are shut some time then
    away: frozenset[int] = frozenset()  # who of them is on leave then (请假)

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
    until = at + timedelta(minutes=minutes)
    people, times, ruled, away = _leading(work, chosen, role, package, at, until, local_date(now))
    if not people:
        raise NotNow(f"还没有选定{role.name}，不能排期。", f"Expected a {role.name_en} before a meeting is planned.")
    if at <= now:
        raise _wrong(words, "when", "时间", "这个时间已经过去，请选以后的时间。", "That time is past.")
    place = str(given.get("place") or "").strip()[:80]
    room = reads.room_of(work, package, place)
    return Wanted(package, words, role, at, until, place, room, people, times, ruled, away)


def book(
    work: Work,
    case: Case,
    package: Package,
    given: Mapping[str, Any],
    *,
    before: Meeting | None,
    by: Actor,
    now: datetime,
) -> Meeting:
    """A meeting of this case, with all it holds. `given`: starts_at, minutes, place. Raises Invalid by the field: in
    the past, the room or a person taken (with the next free times). `before`: one that is to come, which is moved."""
    want = _wanted(work, case, package, given, now)
    lead = _times(work, want)
    for resource, person in lead:
        if person.id in want.away:
            raise _clash(work, resource, want, now, shut=True)
    resources = [*([(want.room, next(iter(want.people)))] if want.room is not None else []), *lead]
    old = _bookings(work, before) if before is not None else []
    held = _held(work, old)
    mine = {a.resource_id: (a, held[a.id]) for a in old}
    wanted = [resource for resource, _person in resources]
    need = _take_whole(work, wanted, want) if before is None else None
    pools = dict.fromkeys(need or (), "staff")
    if need is None:
        need = _pieces(work, wanted, want, now)
        pools = _take(work, wanted, need, mine, want, now)
    if before is not None:  # in the database now: it allows a case one meeting that is planned
        work.session.execute(update(Meeting).where(Meeting.id == before.id).values(state="moved", ended_at=now))
        notices.cancel(work, f"meeting:{before.id}:", now=now)
    made = work.insert(
        Meeting(
            case_id=case.id,
            starts_at=want.starts_at,
            ends_at=want.ends_at,
            place=want.place or "另行通知",
            resource_id=want.room.id if want.room is not None else None,
            booked_at=now,
            state="planned",
            reason="",
        )
    )
    for one in old:  # what the new meeting does not need is given back; the rest only changes hands
        _leave(work, one, held[one.id], {s.id for s in need.get(one.resource_id, ())})
        _close(one, "cancelled", "改期", now)
    _seat(work, made, case, want, resources, pools, need, now)
    _tell(work, case, package, made, list(want.people), now)
    kind = audit.Kind.MEETING_MOVED if before is not None else audit.Kind.MEETING_BOOKED
    facts = {"meeting": made.id, "starts_at": made.starts_at.isoformat()}
    audit.record(
        work, kind, by=by, now=now, case=case, facts={**facts, "room": want.room.code if want.room is not None else ""}
    )
    return made


def end(work: Work, case: Case, state: str, *, by: Actor, now: datetime, reason: str = "") -> Meeting | None:
    """The planned meeting was `held`, or is `cancelled`: its bookings are served, or their slots given back."""
    made, bookings = reads.planned_with(work, case.id)
    if made is None:
        return None
    made.state, made.ended_at, made.reason = state, now, reason[:200]
    held = _held(work, bookings) if state == "cancelled" else {}
    for one in bookings:
        if state == "cancelled":
            _leave(work, one, held[one.id], set())
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


def _leading(
    work: Work, chosen: Sequence[int], role: Role, package: Package, starts_at: datetime, ends_at: datetime, day: date
) -> tuple[dict[User, int | None], dict[str, Resource], frozenset[int], frozenset[int]]:
    """Who leads it, each with a unit they hold a post in: of the role's own post, when they hold that; what stands for
    their time, by its code, and which of it opening rules made or a closure shuts then; and who of them is on leave."""
    unit_id = (
        select(Holding.unit_id)
        .join(Post, Post.id == Holding.post_id)
        .where(Holding.user_id == User.id)
        .order_by((Post.code == role.post).desc(), Holding.id)
        .limit(1)
        .correlate(User)
        .scalar_subquery()
    )
    opened = exists().where(ResourceOpening.resource_id == Resource.id)
    shut = exists().where(
        ResourceClosure.resource_id == Resource.id,
        ResourceClosure.starts_at < ends_at,
        ResourceClosure.ends_at > starts_at,
    )
    found = work.session.execute(
        select(User, unit_id, Leave, Resource, or_(opened, shut), holders.in_post(day))
        .outerjoin(Leave, and_(Leave.user_id == User.id, leaves.during(starts_at, ends_at)))
        .outerjoin(Resource, Resource.code == reads.TIME + cast(User.id, String))
        .where(User.id.in_(chosen))
        .order_by(User.id)
    ).all()
    for user, _unit, _leave, _time, _ruled, works in found:
        holders.seen(work, user, works, day)
    times = {time.code: time for _user, _unit, _leave, time, *_ in found if time is not None}
    ruled = frozenset(
        time.id for _user, _unit, _leave, time, is_ruled, _works in found if time is not None and is_ruled
    )
    away = {user.id for user, _unit, leave, *_ in found if leave is not None and leaves.about(leave, package.name)}
    return {user: unit for user, unit, *_ in found}, times, ruled, frozenset(away)


def _times(work: Work, want: Wanted) -> list[tuple[Resource, User]]:
    """The resources that stand for the time of who leads it; made for those who have none."""
    codes = {reads.time_code(user.id): user for user in want.people}
    found, new = dict(want.times), []
    for code, user in codes.items():
        if code in found:
            continue
        unit_id = want.people[user]
        if unit_id is None:
            zh = f"{user.name}现在没有岗位，不能占他的时间。请另选。"
            raise want.wrong(zh, f"{user.name} holds no post now.")
        row = {"code": code, "unit_id": unit_id, "kind": "person", "name": user.name, "matter": ""}
        new.append({**row, "offer": next(iter(reads.held(want.package, "time")), "")})
    if new:
        made = _insert(work)(Resource).values(new)
        # somebody may have made it meanwhile: it is written over with its own code, and so returned
        made = made.on_conflict_do_update(index_elements=["code"], set_={"code": made.excluded.code})
        found |= {one.code: one for one in work.session.scalars(made.returning(Resource))}
    return [(found[code], user) for code, user in codes.items()]


def _insert(work: Work) -> Any:
    return sqlite.insert if work.dialect == "sqlite" else postgresql.insert


def _take_whole(work: Work, resources: Sequence[Resource], want: Wanted) -> dict[int, list[Slot]] | None:
    """A seat of the staff's in everything there is of each in the meeting's time: the slots, as they are taken. None,
    and nothing was taken: of one of them there is a gap, or no such seat; who asks looks closer."""
    _cut(work, [one for one in resources if one.kind == "person" and one.id not in want.ruled], want)
    slots = seats.take_within(work, [one.id for one in resources], want.starts_at, want.ends_at)
    found = {one.id: [slot for slot in slots if slot.resource_id == one.id] for one in resources}
    if all(_whole(of, want) for of in found.values()):
        return found
    seats.undo(work, [slot.id for slot in slots])
    return None


def _pieces(work: Work, resources: Sequence[Resource], want: Wanted, now: datetime) -> dict[int, list[Slot]]:
    """The slots of each resource that this meeting fills, from its first minute to its last."""
    found = _within(work, resources, want)
    uncut = [one for one in resources if one.kind == "person" and not _whole(found[one.id], want)]
    if _cut(work, [one for one in uncut if one.id not in want.ruled], want):
        found = _within(work, resources, want)
    for one in resources:
        if not _whole(found[one.id], want):
            raise _clash(work, one, want, now, shut=True)
    return found


def _within(work: Work, resources: Sequence[Resource], want: Wanted) -> dict[int, list[Slot]]:
    """What there is of each between the meeting's first minute and its last, in order of time."""
    found: dict[int, list[Slot]] = {one.id: [] for one in resources}
    for slot in work.session.scalars(
        select(Slot)
        .where(Slot.resource_id.in_(found), Slot.starts_at < want.ends_at, Slot.ends_at > want.starts_at)
        .order_by(Slot.starts_at, Slot.id)
    ):
        found[slot.resource_id].append(slot)
    return found


def _whole(found: Sequence[Slot], want: Wanted) -> bool:
    """Whether these slots are the meeting's time, without a gap."""
    if not found or found[0].starts_at != want.starts_at or found[-1].ends_at != want.ends_at:
        return False
    return all(a.ends_at == b.starts_at for a, b in itertools.pairwise(found))


def _cut(work: Work, people: Sequence[Resource], want: Wanted) -> bool:
    """Make their half hours of the meeting's time that are not there; whether there is anybody. For whom no opening
    rules and no closure say when they can be had. What is there is not locked by this: slots are locked in the order of
    their ids (engine/commands/seats.py), and these come by whose they are."""
    step = timedelta(minutes=PIECE)
    rows = [
        {
            "resource_id": one.id,
            "starts_at": want.starts_at + n * step,
            "ends_at": want.starts_at + (n + 1) * step,
            "kind": "normal",
            "public_capacity": 0,
            "staff_capacity": 1,
        }
        for one in sorted(people, key=lambda one: one.id)
        for n in range((want.ends_at - want.starts_at) // step)
    ]
    if rows:
        made = _insert(work)(Slot).values(rows)
        work.session.execute(made.on_conflict_do_nothing(index_elements=["resource_id", "starts_at"]))
    return bool(rows)


def _take(
    work: Work,
    resources: Sequence[Resource],
    need: Mapping[int, Sequence[Slot]],
    mine: Mapping[int, tuple[Appointment, set[int]]],
    want: Wanted,
    now: datetime,
) -> dict[int, str]:
    """Seats in all of these slots but those that the meeting before has. Returns from which pool, by resource."""
    new = {
        one.id: [s.id for s in need[one.id] if one.id not in mine or s.id not in mine[one.id][1]] for one in resources
    }
    # of the pool that its own slots are from; else the staff's, and a public place when those are gone
    pools = {one.id: mine[one.id][0].pool if one.id in mine else "staff" for one in resources}
    alike = [id for one in resources if pools[one.id] == "staff" for id in new[one.id]]
    if len(set(pools.values())) == 1 and seats.take_all(work, alike, "staff"):
        return pools
    for one in resources:
        for pool in (pools[one.id],) if one.id in mine else ("staff", "public"):
            if not seats.take(work, new[one.id], pool, now=now):
                pools[one.id] = pool
                break
        else:
            raise _clash(work, one, want, now)
    return pools


def _clash(work: Work, resource: Resource, want: Wanted, now: datetime, *, shut: bool = False) -> Invalid:
    minutes = int((want.ends_at - want.starts_at) / timedelta(minutes=1))
    free = reads.free_times(
        work, list(want.people), want.room, minutes, matter=want.package.name, after=max(now, want.starts_at)
    )
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
    resources: Sequence[tuple[Resource, User]],
    pools: Mapping[int, str],
    need: Mapping[int, Sequence[Slot]],
    now: datetime,
) -> None:
    """The bookings of it all. They bear the meeting's number: nobody is given one to come with."""
    rows = [
        Appointment(
            number=f"HY{made.id:06d}-{n}",
            code=secrets.token_urlsafe(12),
            resource_id=resource.id,
            matter="",
            item=want.words.name[:80],
            state="confirmed",
            pool=pools[resource.id],
            channel="counter",
            starts_at=made.starts_at,
            ends_at=made.ends_at,
            kind=need[resource.id][0].kind,
            person_index=keys.blind("case", case.number),
            name="",
            case_id=case.id,
            meeting_id=made.id,
            duty_id=person.id,
            booked_at=now,
            confirmed_at=now,
        )
        for n, (resource, person) in enumerate(resources, 1)
    ]
    work.insert_all(rows, "number")
    seated = [{"appointment_id": row.id, "slot_id": slot.id} for row in rows for slot in need[row.resource_id]]
    work.session.execute(insert(AppointmentSlot.__table__), seated)  # type: ignore[arg-type]


def _bookings(work: Work, made: Meeting) -> list[Appointment]:
    return list(
        work.session.scalars(
            select(Appointment)
            .where(Appointment.meeting_id == made.id)
            .order_by(Appointment.id)
            .options(joinedload(Appointment.resource))
        )
    )


def _held(work: Work, bookings: Sequence[Appointment]) -> dict[int, set[int]]:
    """The slots that each of these bookings has now."""
    found: dict[int, set[int]] = {one.id: set() for one in bookings}
    if found:
        query = select(AppointmentSlot.appointment_id, AppointmentSlot.slot_id)
        for id, slot_id in work.session.execute(query.where(AppointmentSlot.appointment_id.in_(found))):
            found[id].add(slot_id)
    return found


def _leave(work: Work, one: Appointment, held: set[int], kept: set[int]) -> None:
    if gone := held - kept:
        seats.leave_some(work, one.id, sorted(gone), one.pool)
    if held & kept:
        work.session.execute(
            delete(AppointmentSlot).where(
                AppointmentSlot.appointment_id == one.id, AppointmentSlot.slot_id.in_(held & kept)
            ),
            execution_options={"synchronize_session": "fetch"},
        )


def _close(one: Appointment, state: str, reason: str, now: datetime) -> None:
    one.state, one.ended_at, one.reason = state, now, reason[:200]
    one.by_hall = True
    one.version += 1
    one.sequence += 1


def _people(work: Work, case: Case, package: Package) -> Iterator[tuple[str, str, int | None]]:
    """Everybody from outside with a telephone: (a key, the telephone, their account)."""
    accounts = {row.phone_index: row.user_id for row in taking_part.joined(work, case)}
    for n, phone in enumerate(taking_part.phones(case, package.info)):
        yield str(n), phone, accounts.get(keys.blind("phone", phone))


def _tell(work: Work, case: Case, package: Package, made: Meeting, people: Sequence[User], now: datetime) -> None:
    """Reminders, not in the night (RULES A7), to everybody from outside and to who leads it."""
    facts = said(case, package, made)
    moments = booking.reminders(booking.load_policy(), made.starts_at, now)
    if not moments:
        return
    receivers: list[tuple[str, str | None, int | None]] = [*_people(work, case, package)]
    receivers += [(f"u{person.id}", None, person.id) for person in people]
    for n, at in enumerate(moments):
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
