"""People of a case meet: a meeting books its room and the time of who leads it, in the transaction of the step that
asks.

What it is called, who leads it and which answers say when and where stands in the matter (`meeting` of matter.yaml);
its texts are the matter's notices meeting-reminder, meeting-lost and meeting-off, or those below.

    book(...)  -> the room's slots and those of who leads it, or Invalid by the field, with the next times that are free
    move(...)  -> the new is taken, then the old let go; a slot both need never changes hands
    end(...)   -> held: the bookings are served; cancelled: the slots are given back

A person's time is a resource of kind `person`, made when it is first needed, cut into half hours. Without opening
rules it can be booked whenever a closure (leave) does not forbid it; with rules, only when they say. Nothing of a
party is in these bookings: the office's week shows that a room is taken, not by whose quarrel.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload

from engine import booking
from engine.commands import seats
from engine.commands.effects.notices import say_to
from engine.errors import FieldError, Invalid, NotNow, Refused
from engine.matters import Package
from engine.matters.info import Notice
from engine.matters.taking_part import Meeting as Words
from engine.matters.taking_part import Role
from engine.people import SYSTEM, Actor
from engine.process import Effect
from engine.reads import taking_part
from engine.reads.meetings import OFFER_DAYS, free_times, of_case, people_of, planned, room_of, said, time_code
from engine.records import audit, notices
from engine.store import Work, keys
from engine.store.models import (
    Appointment,
    AppointmentSlot,
    Case,
    CaseParty,
    Holding,
    Meeting,
    MeetingBooking,
    Post,
    Resource,
    ResourceClosure,
    ResourceOpening,
    Slot,
    User,
)
from engine.workdays import ZONE

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: What a booking of a meeting is called on the office's week.
ITEM = "session"
#: A person's time is cut into pieces of so many minutes; a meeting begins and ends on one.
PIECE = 30
#: How long a meeting lasts when nobody says.
MINUTES = 120
MOST_MINUTES = 240


@dataclass(frozen=True, slots=True)
class Wanted:
    """When, how long, where, and who leads it."""

    starts_at: datetime  # aware
    minutes: int
    place: str
    leading: tuple[str, ...]  # names

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


def words_of(package: Package) -> tuple[Words, Role]:
    """What this matter's meetings are called, and the role that leads them. Refused for a matter that declares none."""
    words = package.info.meeting
    if words is None:
        raise Refused(
            f"“{package.info.name}”的 matter.yaml 没有 meeting：不知道会叫什么、由谁主持。请补上。",
            f"Expected `meeting` in the matter.yaml of {package.name}, which books one, but there is none.",
        )
    return words, package.info.parties[words.led_by]


def wanted(given: Mapping[str, Any], words: Words, role: Role) -> Wanted:
    """From what a diagram says. Raises Invalid by the field."""
    when = f"{words.answers}.when"
    try:
        at = datetime.fromisoformat(str(given.get("starts_at")))
    except ValueError:
        raise _wrong(when, "时间", f"请选{words.name}的时间。", "Choose when to meet.") from None
    at = (at if at.tzinfo else at.replace(tzinfo=ZONE)).astimezone(UTC)
    try:
        minutes = int(given.get("minutes") or MINUTES)
    except (TypeError, ValueError):
        minutes = 0
    if minutes % PIECE or not PIECE <= minutes <= MOST_MINUTES:
        raise _wrong(
            f"{words.answers}.minutes",
            "多长时间",
            f"请选 {PIECE} 分钟到 {MOST_MINUTES // 60} 小时，按半小时算。",
            f"Choose {PIECE} to {MOST_MINUTES} minutes, in half hours.",
        )
    if at.minute % PIECE or at.second or at.microsecond:
        raise _wrong(when, "时间", "请选整点或者半点开始。", "A meeting begins on the hour or half hour.")
    people = given.get("people") or ()
    names = [str(m.get(role.keys.name) if isinstance(m, Mapping) else m or "").strip() for m in people]
    return Wanted(at, minutes, str(given.get("place") or "").strip()[:80], tuple(dict.fromkeys(n for n in names if n)))


# ---------------------------------------------------------------- who and where


def named(work: Work, role: Role, names: Sequence[str]) -> list[User]:
    """The staff of these names who hold the role's post. Raises Invalid at the list's field for one who does not."""
    known: dict[str, User] = {}
    for user in people_of(work, role.post):
        known.setdefault(user.name, user)
    wrong = [
        FieldError(
            f"{role.source}.{n}.{role.keys.name}",
            "姓名",
            f"“{name}”不在{role.name}名册里。可以请：{'、'.join(known) or '（名册还是空的）'}。",
            f"Expected one of the roll of {role.name_en}, but {name} is not on it: {', '.join(known)}.",
        )
        for n, name in enumerate(names)
        if name not in known
    ]
    if wrong:
        raise Invalid(wrong)
    return [known[name] for name in names]


def time_of(work: Work, user: User, matter: str, words: Words, role: Role) -> Resource:
    """The resource that stands for a person's time; made when there is none."""
    code = time_code(user.id)
    found = work.session.scalar(select(Resource).where(Resource.code == code))
    if found is None:
        unit_id = work.session.scalar(
            select(Holding.unit_id)
            .join(Post, Post.id == Holding.post_id)
            .where(Holding.user_id == user.id, Post.code == role.post)
            .order_by(Holding.id)
            .limit(1)
        )
        insert: Any = sqlite.insert if work.dialect == "sqlite" else postgresql.insert
        work.session.execute(
            insert(Resource)
            .values(
                code=code,
                unit_id=unit_id,
                kind="person",
                name=user.name,
                name_en="",
                matter=matter,
                items=[{"code": ITEM, "name": words.name}],
                policy={},
                prefix="T",
                active=True,
            )
            .on_conflict_do_nothing()
        )
        found = work.session.scalars(select(Resource).where(Resource.code == code)).one()
    return found


# ---------------------------------------------------------------- book, move, end


def book(work: Work, case: Case, package: Package, given: Mapping[str, Any], *, by: Actor, now: datetime) -> Meeting:
    """A meeting of this case, with its room and the time of who leads it. `given`: starts_at, minutes, place,
    people. Raises Invalid by the field: in the past, the room or a person taken (with the next free times), a name
    that is not of the role. A planned meeting is moved."""
    words, role = words_of(package)
    want = wanted(given, words, role)
    people = named(work, role, want.leading)
    if not people:
        raise NotNow(f"还没有选定{role.name}，不能排期。", f"Expected a {role.name_en} before a meeting is planned.")
    if want.starts_at <= now:
        raise _wrong(f"{words.answers}.when", "时间", "这个时间已经过去，请选以后的时间。", "That time is past.")
    room = room_of(work, case.matter, want.place)
    resources = [*([room] if room else []), *(time_of(work, one, case.matter, words, role) for one in people)]
    before = planned(work, case.id)
    old = _bookings(work, before) if before is not None else []
    mine = {a.resource_id: (a, {s.id for s in seats.taken_slots(work, a)}) for a in old}
    need: dict[int, list[Slot]] = {}
    for resource in resources:
        need[resource.id] = _pieces(work, resource, want, people, room, (words, role), now)
    taken: dict[int, tuple[Resource, str]] = {}
    for resource in resources:
        held, pool = mine[resource.id][1] if resource.id in mine else set(), ""
        ids = [s.id for s in need[resource.id] if s.id not in held]
        for pool in [mine[resource.id][0].pool] if held else ["staff", "public"]:
            if not seats.take(work, ids, pool, now=now):
                break
        else:
            raise _clash(work, resource, want, people, room, (words, role), now)
        taken[resource.id] = (resource, pool)
    if before is not None:
        before.state, before.ended_at = "moved", now
        work.session.flush()
    made = Meeting(
        case_id=case.id,
        starts_at=want.starts_at,
        ends_at=want.ends_at,
        place=want.place or "另行通知",
        resource_id=room.id if room else None,
        booked_at=now,
        state="planned",
        reason="",
    )
    work.session.add(made)
    work.session.flush()
    for appointment in old:  # what the new meeting does not need is given back; the rest only changes hands
        kept = {s.id for s in need.get(appointment.resource_id, ())}
        _leave(work, appointment, mine[appointment.resource_id][1], kept)
        _close(appointment, "cancelled", "改期", now)
    for n, (resource, pool) in enumerate(taken.values()):
        person = people[n - (1 if room else 0)] if resource.kind == "person" else people[0]
        _seat(work, made, case, resource, pool, need[resource.id], person, now)
    _remind(work, case, package, made, people, now)
    audit.record(
        work,
        audit.Kind.MEETING_MOVED if before is not None else audit.Kind.MEETING_BOOKED,
        by=by,
        now=now,
        case=case,
        facts={"meeting": made.id, "starts_at": made.starts_at.isoformat(), "room": room.code if room else ""},
    )
    return made


def end(work: Work, case: Case, state: str, *, by: Actor, now: datetime, reason: str = "") -> Meeting | None:
    """The planned meeting was `held`, or is `cancelled`: its bookings are served, or their slots given back."""
    made = planned(work, case.id)
    if made is None:
        return None
    made.state, made.ended_at, made.reason = state, now, reason[:200]
    for appointment in _bookings(work, made):
        if state == "cancelled":
            _leave(work, appointment, {s.id for s in seats.taken_slots(work, appointment)}, set())
        _close(appointment, "served" if state == "held" else "cancelled", reason, now)
    notices.cancel(work, f"meeting:{made.id}:", now=now)
    if state == "cancelled":
        audit.record(work, audit.Kind.MEETING_CANCELLED, by=by, now=now, case=case, facts={"meeting": made.id})
    return made


def lost(work: Work, appointment_id: int, reason: str, *, by: Actor, now: datetime) -> bool:
    """The room is shut, or somebody is away: the meeting that this booking belongs to is called off, who leads it
    and the parties are told, and who leads it sets another time. False: the booking is no meeting's."""
    made = work.session.scalar(
        select(Meeting).join(MeetingBooking).where(MeetingBooking.appointment_id == appointment_id)
    )
    if made is None or made.state != "planned":
        return made is not None
    case = work.session.get_one(Case, made.case_id)
    leading = [a.duty_id for a in _bookings(work, made) if a.duty_id is not None]
    end(work, case, "cancelled", by=by, now=now, reason=reason)
    package = taking_part.package_of(work, case)
    facts = {**_facts(case, package, made), "reason": reason}
    notice = package.info.notices.get("meeting-lost") or _LOST
    text, text_en = notices.fill(notice.zh, facts), notices.fill(notice.en, facts)
    put = partial(notices.put, work, kind="meeting-lost", now=now, case_id=case.id)
    for n, phone in enumerate(taking_part.phones(case, package.info)):
        put(f"meeting-lost:{made.id}:{n}", text, text_en=text_en, address=phone)
    for user_id in dict.fromkeys(leading):
        put(
            f"meeting-lost:{made.id}:u{user_id}",
            f"{text}请到办件里改期。",
            text_en=f"{text_en} Set another time on the page of the case.",
            channel="screen",
            user_id=user_id,
        )
    return True


def _facts(case: Case, package: Package, made: Meeting) -> dict[str, str]:
    """What the texts about a meeting are filled with."""
    words, _role = words_of(package)
    return {
        "meeting": words.name,
        "meeting_en": words.name_en,
        "when": said(made.starts_at),
        "place": made.place,
        "number": case.number,
    }


# ---------------------------------------------------------------- the parts


def _pieces(
    work: Work,
    resource: Resource,
    want: Wanted,
    people: Sequence[User],
    room: Resource | None,
    words: tuple[Words, Role],
    now: datetime,
) -> list[Slot]:
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
        raise _clash(work, resource, want, people, room, words, now, shut=True)
    return found


def _cut(work: Work, resource: Resource, starts_at: datetime, ends_at: datetime) -> None:
    """A person's half hours between these moments, unless opening rules made them or a closure forbids them."""
    if work.session.scalar(select(ResourceOpening.id).where(ResourceOpening.resource_id == resource.id).limit(1)):
        return
    away = work.session.scalar(
        select(ResourceClosure.id).where(
            ResourceClosure.resource_id == resource.id,
            ResourceClosure.starts_at < ends_at,
            ResourceClosure.ends_at > starts_at,
        )
    )
    if away is not None:
        return
    rows, at = [], starts_at
    while at < ends_at:
        until = at + timedelta(minutes=PIECE)
        rows.append(
            {
                "resource_id": resource.id,
                "starts_at": at,
                "ends_at": until,
                "kind": "normal",
                "public_capacity": 0,
                "public_taken": 0,
                "staff_capacity": 1,
                "staff_taken": 0,
                "closed": False,
            }
        )
        at = until
    insert: Any = sqlite.insert if work.dialect == "sqlite" else postgresql.insert
    work.session.execute(insert(Slot).on_conflict_do_nothing().values(rows))


def _clash(
    work: Work,
    resource: Resource,
    want: Wanted,
    people: Sequence[User],
    room: Resource | None,
    of: tuple[Words, Role],
    now: datetime,
    *,
    shut: bool = False,
) -> Invalid:
    words, role = of
    free = free_times(work, people, room, want.minutes, after=max(now, want.starts_at))
    offers = "、".join(said(at) for at in free)
    if resource.kind == "room":
        why = "不开放" if shut else "已有安排"
        zh, en = f"{resource.name}这段时间{why}。", f"The room {resource.code} cannot be had then."
    else:
        zh = f"{role.name}{resource.name}这段时间{'不在' if shut else f'另有{words.name}'}。"
        en = f"A {role.name_en} is taken then."
    zh += f"可以选：{offers}。" if offers else f"{OFFER_DAYS} 天内没有大家都空的时间，请换一个地方或者{role.name}。"
    field = FieldError(f"{words.answers}.when", "时间", zh, en + (" Free: " + ", ".join(t.isoformat() for t in free)))
    return Invalid([field])


def _seat(
    work: Work,
    made: Meeting,
    case: Case,
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
        matter=case.matter,
        item=ITEM,
        state="confirmed",
        pool=pool,
        channel="counter",
        starts_at=made.starts_at,
        ends_at=made.ends_at,
        kind=slots[0].kind,
        person_index=keys.blind("case", case.number),
        name="",
        case_id=case.id,
        duty_id=person.id,
        booked_at=now,
        confirmed_at=now,
    )
    work.session.add(row)
    work.session.flush()
    work.session.add_all(AppointmentSlot(appointment_id=row.id, slot_id=slot.id) for slot in slots)
    work.session.add(MeetingBooking(appointment_id=row.id, meeting_id=made.id))
    work.session.flush()


def _bookings(work: Work, made: Meeting) -> list[Appointment]:
    return list(
        work.session.scalars(
            select(Appointment)
            .join(MeetingBooking, MeetingBooking.appointment_id == Appointment.id)
            .where(MeetingBooking.meeting_id == made.id)
            .order_by(Appointment.id)
            .options(joinedload(Appointment.resource))
        )
    )


def _leave(work: Work, appointment: Appointment, held: set[int], kept: set[int]) -> None:
    gone = held - kept
    if gone:
        seats.leave(work, appointment.id, sorted(gone), appointment.pool)
    for slot_id in held & kept:
        row = work.session.get(AppointmentSlot, (appointment.id, slot_id))
        if row is not None:
            work.session.delete(row)
    work.session.flush()


def _close(appointment: Appointment, state: str, reason: str, now: datetime) -> None:
    appointment.state, appointment.ended_at, appointment.reason = state, now, reason[:200]
    appointment.by_hall = True
    appointment.version += 1
    appointment.sequence += 1


def _remind(work: Work, case: Case, package: Package, made: Meeting, people: Sequence[User], now: datetime) -> None:
    """A day and two hours before, not in the night (RULES A7), to both sides and to who leads it."""
    before = work.session.scalars(select(Meeting.id).where(Meeting.case_id == case.id, Meeting.id != made.id)).all()
    for one in before:
        notices.cancel(work, f"meeting:{one}:", now=now)
    notice, facts = package.info.notices.get("meeting-reminder") or _REMINDER, _facts(case, package, made)
    text, text_en = notices.fill(notice.zh, facts), notices.fill(notice.en, facts)
    put = partial(notices.put, work, text_en=text_en, kind="meeting-reminder", now=now, case_id=case.id)
    accounts = dict(
        work.session.execute(
            select(CaseParty.phone_index, CaseParty.user_id).where(
                CaseParty.case_id == case.id, CaseParty.user_id.is_not(None)
            )
        ).all()
    )
    for n, at in enumerate(booking.reminders(booking.load_policy(), made.starts_at, now)):
        for m, phone in enumerate(taking_part.phones(case, package.info)):
            key = f"meeting:{made.id}:{n}:{m}"
            put(key, text, address=phone, after=at)
            user_id = accounts.get(keys.blind("phone", phone))
            if user_id is not None:
                put(f"{key}:screen", text, channel="screen", user_id=user_id, after=at)
        for person in people:
            key = f"meeting:{made.id}:{n}:u{person.id}"
            put(key, text, channel="screen", user_id=person.id, after=at)


def _wrong(field: str, label: str, zh: str, en: str) -> Invalid:
    return Invalid([FieldError(field, label, zh, en)])


# ---------------------------------------------------------------- what diagrams ask for


def book_meeting(a: Applying, effect: Effect) -> None:
    """Books it. When it is moved, the step that waits for it is due as much later or earlier (matter.yaml
    meeting.due)."""
    words, _role = words_of(a.package)
    before = of_case(a.work, a.case.id)
    made = book(a.work, a.case, a.package, effect.arguments, by=a.by, now=a.now)
    if words.due and before:
        for task in a.live:
            if task.element == words.due and task.due_at is not None and task not in a.opened:
                task.due_at += made.starts_at - before[-1].starts_at


def end_meeting(a: Applying, effect: Effect) -> None:
    end(
        a.work,
        a.case,
        effect.headers.get("outcome") or "held",
        by=a.by,
        now=a.now,
        reason=str(effect.arguments.get("reason") or ""),
    )


_REMINDER = Notice(
    zh="提醒：{when} 在{place}开{meeting}，编号 {number}。不能来请早些说。",
    en="Reminder: {meeting_en} on {when} at {place}. Number {number}. Tell us early if you cannot come.",
)
_LOST = Notice(
    zh="因{reason}，原定 {when} 在{place}的{meeting}取消，新的时间另行通知。编号 {number}。",
    en="{meeting_en} of {when} at {place} is called off. A new time will be told. Number {number}.",
)
_OFF = Notice(
    zh="原定 {when} 在{place}的{meeting}不开了。编号 {number}。",
    en="{meeting_en} of {when} at {place} is called off. Number {number}.",
)


def case_ended(a: Applying) -> None:
    """The case is over, however it ended: a meeting that was to come is called off and everybody told."""
    if a.package.info.meeting is None:
        return
    made = end(a.work, a.case, "cancelled", by=SYSTEM, now=a.now, reason="办件已结束")
    if made is not None and made.starts_at > a.now:
        notice = a.package.info.notices.get("meeting-off") or _OFF
        say_to(a, f"meeting-off:{made.id}", "meeting-off", notice, "parties", facts=_facts(a.case, a.package, made))
