"""What the person who books does: hold, confirm, change, cancel; join and leave the waiting list (候补).

    hold -> confirm -> (change …) -> check in -> called -> served
      \\-> expired        \\-> cancelled          \\-> no_show

Booking a seat, naming the clerk on duty and starting the matter's process is one transaction (confirm).
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from engine import booking
from engine.booking import Policy
from engine.booking.slots import ZONE
from engine.commands import cases, seats
from engine.commands.appointments import (
    block_scope,
    blocked,
    cover,
    day_keys,
    free_times,
    give_back,
    history,
    keep_parts,
    offer_freed,
    policy_of,
    record,
    refuse_blocked,
    remind,
    request_key,
    sit,
    standing_of,
    tell,
    watch,
    who_waits,
)
from engine.commands.booking import claim, naming
from engine.commands.cases import consent as consents
from engine.errors import AlreadyDone, NotFound, NotNow, NotYours
from engine.matters import Package
from engine.people import SYSTEM, Actor, may, require, units
from engine.people.access import Verb, booked_for, waits_for
from engine.reads import bonds, bookings, choosing, knowing, offers, prices
from engine.reads.knowing import Person
from engine.records import audit, library, notices
from engine.store import Work
from engine.store.models import (
    Appointment,
    BookingPlace,
    Case,
    Duty,
    OnlineBlock,
    Resource,
    Slot,
    SlotPlace,
    User,
    Waiting,
)
from engine.workdays import say_at

#: A booking's channel -> its case's.
CASE_CHANNELS = {"online": "online", "phone": "phone", "counter": "counter", "walk_in": "counter"}


def hold(
    work: Work,
    *,
    resource_id: int,
    starts_at: Sequence[datetime],
    item: str = "",
    person: Person | None = None,
    channel: str = "online",
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Appointment:
    """Keep the slots that begin at `starts_at` for `hold_minutes`.

    Raises NotFound (no such slot), NotNow (policy, full: with `offers`, other free times), NotYours.
    """
    resource = _resource(work, resource_id)
    online = channel == "online"
    if online:
        person = _self(work, by) if bond_id is None else _for_whom(work, resource, bond_id, by)
    else:
        require(by, "work", resource)
        if person is None:
            raise NotNow("请先填写来办事的人的姓名和电话。", "Expected the name and telephone of who comes.")
    if not resource.matter and resource.offer:
        raise NotNow("请从这一项的页面预订。", "Book this on the page of its offer.")
    policy = policy_of(resource)
    slots = _slots(work, resource, starts_at)
    past = history(work, person.indexes, now, resource)
    first = slots[0].starts_at
    if online:
        _in_time(work, resource, slots[0], now)
        refuse_blocked(work, person.indexes, resource, now)
    booking.check_new(policy, first, item or resource.matter, past, now, online=online, count=len(slots))
    number = seats.next_number(work, resource, now)
    made = Appointment(
        number=number,
        code=secrets.token_urlsafe(12),
        resource_id=resource.id,
        matter=resource.matter,
        item=item,
        state="held",
        channel=channel,
        starts_at=first,
        ends_at=slots[-1].ends_at,
        kind=slots[0].kind,
        user_id=person.user_id,
        person_index=person.index,
        name=person.name,
        phone=person.phone,
        booked_at=now,
        hold_until=booking.hold_until(policy, now),
    )
    made.resource, made.case = resource, None

    def take() -> None:
        made.pool = _take(work, resource, slots, online, now)
        work.session.add(made)

    _on_a_free_number(work, made, policy, first, take, counted=online, whose=person.indexes)
    sit(work, made, slots)
    watch(work, made, now)
    record(work, audit.Kind.APPOINTMENT_HELD, made, by, now)
    return made


def _in_time(work: Work, resource: Resource, slot: Slot, now: datetime) -> None:
    """An offer may close before its times begin: that is said before anything is kept and filled in."""
    late = offers.too_late(offers.of(work, resource.offer).offer, slot, now) if resource.offer else None
    if late is not None:
        raise NotNow(late.zh, late.en)


def confirm(
    work: Work,
    appointment_id: int,
    *,
    version: int,
    answers: Mapping[str, Any] | None = None,
    consent: bool = False,
    by: Actor,
    now: datetime,
) -> Appointment:
    """The hold becomes a booking: the seat is checked again, the clerk on duty is named, the matter's process
    starts, reminders are queued; all in one transaction. A hold that ran out is taken again when a seat is left.
    A matter that asks for consent (`consent`: it was given) is not begun without it, as on every other way in.

    Its process may decline it at once (release-appointment): then it comes back cancelled, with the reason."""
    made = find(work, appointment_id, "work", by=by)
    expect(made, version, {"held", "expired"}, "确认", "confirm")
    resource = made.resource
    policy = policy_of(resource)
    online = made.channel == "online"
    if online:
        refuse_blocked(work, (made.person_index,), resource, now)
    if made.starts_at <= now and online:
        raise NotNow("这个时段已经开始，请重新选择时间。", "That time has begun. Choose another.")
    if made.state == "expired":
        _again(work, made, policy, now)
    elif any(slot.closed for slot in seats.taken_slots(work, made)):
        raise NotNow("这个时段刚刚停用，请另选时间。", "That time has just been closed. Choose another.")
    made.state, made.hold_until, made.confirmed_at = "confirmed", None, now
    made.version += 1
    made.duty_id = on_duty(work, resource, made.starts_at, made.ends_at)
    said = "appointment-confirmed"
    if not resource.matter:  # a place that was kept for who waited, or that the hall moved: a row, no case
        _fits(work, made, answers or {}, now)
        cover(work, resource, now=now)
    elif made.case_id is None:
        _fits(work, made, answers or {}, now, online=online)
        made.item = str((answers or {}).get("item") or "")[:80] or made.item  # said only now, after the time was chosen
        facts = process_facts(made, policy)
        facts["appointment"]["credit"] = credit(work, made, now)
        unit = units.place(work, resource.unit_id)
        raw = {"item": made.item, **(answers or {}), "applicant": {"name": made.name, "phone": made.phone}}
        package = library.current(work, resource.matter)
        whose = _consents(work, package, made, consent, by, now)
        started = cases.submit(
            work,
            resource.matter,
            raw,
            by=by,
            now=now,
            channel=CASE_CHANNELS[made.channel],
            unit=unit,
            place=unit,
            key=request_key(made),
            applicant_id=made.user_id,
            variables=facts,
            behalf=_behalf(by, made),
        )
        made.case_id, made.case = started.case.id, started.case
        consents.keep(work, package, started.case, whose, by=by, now=now)
        if made.state != "confirmed":
            return made
        if started.opened and said in package.info.notices:
            said = "appointment-asked"  # somebody has to say yes first: then the diagram says that it is confirmed
    else:  # the hall had moved the booking: its process goes on
        tell_process(work, made, "moved", by=by, now=now)
    _waiting_done(work, made)
    watch(work, made, now)
    notices.cancel(work, f"appointment:{made.id}:", now=now)  # "please confirm" is not asked any more
    remind(work, made, policy, now)
    tell(work, made, said, now, now)
    record(work, audit.Kind.APPOINTMENT_CONFIRMED, made, by, now)
    return made


def _fits(work: Work, made: Appointment, answers: Mapping[str, Any], now: datetime, *, online: bool = False) -> None:
    """Who kept a place of an offer may have it, and at what price, as it is now. NotNow says why not."""
    if not made.resource.offer:
        return
    what = offers.of(work, made.resource.offer)
    if made.resource.matter and not what.offer.asks:
        return  # whoever keeps the county's rules of booking
    given = claim.check(work, what, answers, now=now)
    if what.offer.hours:
        seats.hold_people(work, [made.person_index])
    person = Person(made.name, made.phone)
    if made.user_id is not None:
        person = knowing.of_user(work.session.get_one(User, made.user_id))
    elif (waited := work.session.scalar(select(Waiting).where(Waiting.appointment_id == made.id))) is not None:
        person = who_waits(work, waited, now) or person  # with what their guardian's bond says of them
    claims = work.session.scalars(
        select(BookingPlace).where(BookingPlace.appointment_id == made.id, BookingPlace.live)
    ).all()
    costs = []
    for slot in seats.taken_slots(work, made):
        by_role = {row.role: row for row in offers.roles_of(work, [slot.id]).get(slot.id, [])}
        roles = [by_role[one.role] for one in claims if one.role in by_role]
        # (a row's cut-off does not hold here: the place was offered after it fell free)
        reasons = offers.why_not(
            work, what, made.resource, slot, person, roles=roles, answers=given, online=online, now=now
        )
        if reasons:
            raise NotNow("；".join(one.zh for one in reasons), "; ".join(one.en for one in reasons), unfit=True)
        given = choosing.settled(work, what, made.resource, slot, person, given, now=now)
        costs.append(prices.cost(work, what, made.resource, slot, [person], given, now=now))
        made.round = offers.round_of(work, what, made.resource, slot, person, given, now)
    cost = prices.added(costs)
    made.price, made.cents = (dict(cost.said), cost.cents) if cost is not None else ({}, None)
    keep_parts(work, made, cost)
    made.answers, made.chosen = given or None, choosing.chosen(what, given)


def change(
    work: Work, appointment_id: int, *, version: int, starts_at: Sequence[datetime], by: Actor, now: datetime
) -> Appointment:
    """Another time of the same resource: the new is taken first, then the old is let go (RULES A4)."""
    made = find(work, appointment_id, "work", by=by)
    expect(made, version, {"held", "confirmed"}, "改期", "change")
    resource, policy, online = made.resource, policy_of(made.resource), made.channel == "online"
    booking.check_cancel(policy, made.starts_at, now, online=online)
    slots = _slots(work, resource, starts_at)
    past = [p for p in history(work, (made.person_index,), now, made.resource) if p.starts_at != made.starts_at]
    if online:
        _in_time(work, resource, slots[0], now)
    booking.check_new(policy, slots[0].starts_at, made.item or made.matter, past, now, online=online, count=len(slots))
    if not resource.matter and resource.offer:
        raise NotNow("这一项请先订新的，再取消原来的。", "Book the other time first, then cancel this one.")
    old_pool = made.pool

    def take() -> None:
        made.pool = _take(work, resource, slots, online, now)

    _on_a_free_number(work, made, policy, slots[0].starts_at, take, counted=made.day_key is not None)
    freed = seats.leave(work, made.id, old_pool, made.places)
    sit(work, made, slots)
    made.starts_at, made.ends_at, made.kind = slots[0].starts_at, slots[-1].ends_at, slots[0].kind
    made.sequence += 1
    made.version += 1
    watch(work, made, now)
    if made.state == "confirmed":
        made.duty_id = on_duty(work, resource, made.starts_at, made.ends_at)
        notices.cancel(work, f"appointment:{made.id}:", now=now)
        remind(work, made, policy, now)
        tell(work, made, "appointment-changed", now, now)
        tell_process(work, made, "moved", by=by, now=now)
    record(work, audit.Kind.APPOINTMENT_CHANGED, made, by, now)
    offer_freed(work, resource, freed, now=now)
    return made


def cancel(work: Work, appointment_id: int, *, version: int, reason: str = "", by: Actor, now: datetime) -> Appointment:
    """Give the seat back. Online up to `cancel_hours` before; staff at any time before it is served."""
    made = find(work, appointment_id, "work", by=by)
    expect(made, version, {"held", "confirmed", "checked_in"}, "取消", "cancel")
    by_person = by.id is not None and (by.id == made.user_id or booked_for(by, "work", made) is not None)
    if made.state != "held":
        booking.check_cancel(policy_of(made.resource), made.starts_at, now, online=by_person)
    let_go(work, made, "cancelled", reason, by=by, now=now, by_hall=not by_person)
    if by_person:
        review_record(work, made, now=now)
    return made


def let_go(
    work: Work, made: Appointment, state: str, reason: str, *, by: Actor, now: datetime, by_hall: bool = False
) -> None:
    """End a live booking, and its process hears of it."""
    give_back(work, made, state, reason, by=by, now=now, by_hall=by_hall)
    tell_process(work, made, state, by=by, now=now)


# ---------------------------------------------------------------- the waiting list


def wait(
    work: Work,
    *,
    resource_id: int,
    day: date,
    item: str = "",
    role: str = "",
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Waiting:
    """Wait for a place on a day that is full (of a role, where places are by role): oneself, or by a bond for somebody
    who lets one book for them. First come, first offered."""
    resource = _resource(work, resource_id)
    if bond_id is None:
        person = _self(work, by)
    elif resource.matter:
        person = _for_whom(work, resource, bond_id, by)
    else:
        person = bonds.to_reach(work, by, bond_id, resource.offer)
    refuse_blocked(work, person.indexes, resource, now)
    free = select(func.count()).where(*_free_on(resource.id, day), Slot.starts_at > now)
    of_role = select(SlotPlace.slot_id).join(Slot, Slot.id == SlotPlace.slot_id).where(Slot.resource_id == resource.id)
    by_role = work.session.scalar(of_role.limit(1)) if resource.offer and not resource.matter else None
    if by_role is not None:
        if not work.session.scalar(of_role.where(SlotPlace.role == role).limit(1)):
            raise NotNow("请选一个角色再候补。", "Choose the role you wait for.")
        free = free.where(Slot.id.in_(of_role.where(SlotPlace.role == role, SlotPlace.taken < SlotPlace.capacity)))
    if work.session.scalar(free):
        raise NotNow("这一天还有空位，可以直接预约。", "There are places on that day: book one.")
    row = work.session.scalar(
        select(Waiting)
        .where(
            Waiting.resource_id == resource.id,
            Waiting.day == day,
            or_(Waiting.person_index.in_(person.indexes), and_(Waiting.user_id.is_not(None), _is_user(person))),
        )
        .order_by(Waiting.id)
        .limit(1)
    )
    if row is not None and row.state in ("waiting", "offered"):
        who = person.name if bond_id is not None else "您"
        raise AlreadyDone(
            f"{who}已经在这一天的候补名单里了。",
            "You are on that day's waiting list already."
            if bond_id is None
            else f"{person.name} is on that day's waiting list already.",
        )
    if row is None:
        row = Waiting(resource_id=resource.id, day=day)
        work.session.add(row)
    row.resource = resource
    row.user_id, row.person_index = person.user_id, person.index
    row.name, row.phone = (None, None) if person.user_id is not None else (person.name, person.phone)
    row.made_by_id, row.bond_id = (by.id, bond_id) if bond_id is not None else (None, None)
    row.state, row.since_at, row.item, row.appointment_id = "waiting", now, item, None
    row.role = role if by_role is not None else ""
    work.session.flush()
    _record_waiting(work, audit.Kind.WAITING_JOINED, row, by, now, resource=resource.code, day=day.isoformat())
    return row


def _is_user(person: Person) -> ColumnElement[bool]:
    return Waiting.user_id == person.user_id if person.user_id is not None else false()


def _record_waiting(work: Work, kind: audit.Kind, row: Waiting, by: Actor, now: datetime, **facts: Any) -> None:
    """A line in the audit, with for whom it was done and by which bond."""
    grant = waits_for(by, "work", row) if by.id != row.user_id else None
    if grant is not None:
        facts["bond"] = grant.id
    audit.record(work, kind, by=by, now=now, for_id=row.user_id if grant is not None else None, facts=facts)


def stop_waiting(work: Work, waiting_id: int, *, by: Actor, now: datetime) -> Waiting:
    """Leave the waiting list, or take somebody off it who lets one book; an offer that is open is given back."""
    row = work.session.scalar(select(Waiting).where(Waiting.id == waiting_id).options(joinedload(Waiting.resource)))
    if row is None or not may(by, "see", row):
        raise NotFound("没有这条候补记录。", "There is no such place on a waiting list.")
    require(by, "work", row)
    if row.state not in ("waiting", "offered"):
        raise NotNow("这条候补已经结束了。", "That place on the waiting list has ended already.")
    offered = row.appointment_id
    row.state, row.appointment_id = "left", None
    if offered is not None:
        made = find(work, offered, "work", by=by)
        if made.state == "held":
            let_go(work, made, "cancelled", "不再候补", by=by, now=now)
    _record_waiting(work, audit.Kind.WAITING_LEFT, row, by, now, waiting=row.id)
    return row


def sweep(work: Work, *, now: datetime, limit: int = 200) -> int:
    """Let go of all holds that ran out and offer their seats on; returns how many. (The worker lets go of each by a job
    of its own: run_out.)"""
    gone = seats.expire(work, now=now, limit=limit)
    for appointment_id, slots in gone.items():
        _has_run_out(work, find(work, appointment_id, "see", by=SYSTEM), slots, now)
    return len(gone)


def run_out(work: Work, appointment_id: int, *, now: datetime) -> bool:
    """The hold of this booking is over, unless it was confirmed or kept longer. Called by the worker once a hold.

    Its seat may be somebody else's already: who needed it did not wait for the worker (seats.take). What else hangs on
    the hold follows here in any case.
    """
    lock_cases(work, Appointment.id == appointment_id)
    freed = seats.expire(work, now=now, appointment_id=appointment_id)
    made = find(work, appointment_id, "see", by=SYSTEM)
    if made.state != "expired":
        return False
    _has_run_out(work, made, freed.get(appointment_id, []), now)
    return True


def _has_run_out(work: Work, made: Appointment, freed: Sequence[int], now: datetime) -> None:
    """The place on the waiting list ends, the process and the record hear of it, and seats it freed are offered on."""
    for row in work.session.scalars(select(Waiting).where(Waiting.appointment_id == made.id)):
        row.state, row.appointment_id = "left", None
    notices.cancel(work, f"appointment:{made.id}:", now=now)  # "a place is free" is not so any more
    tell_process(work, made, "cancelled", by=SYSTEM, now=now)
    record(work, audit.Kind.APPOINTMENT_EXPIRED, made, SYSTEM, now)
    cover(work, made.resource, now=now)
    found = work.session.scalars(select(Slot).where(Slot.id.in_(freed)).order_by(Slot.starts_at)).all()
    offer_freed(work, made.resource, found, now=now)


# ---------------------------------------------------------------- what several of them need


def find(work: Work, appointment_id: int, verb: Verb, *, by: Actor) -> Appointment:
    """The booking, locked, if the actor may do this to it. Raises NotFound, NotYours."""
    lock_cases(work, Appointment.id == appointment_id)
    made = work.session.scalar(
        select(Appointment)
        .where(Appointment.id == appointment_id)
        .options(joinedload(Appointment.resource), joinedload(Appointment.case))
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    )
    if made is None or not may(by, "see", made):
        raise NotFound("没有这个预约。", "There is no such booking.")
    require(by, verb, made)
    if verb != "see" and made.meeting_id is not None:
        raise NotNow(
            "这是一次会面占用的时间，和别的一起订的，不能单独动。请承办人在办件里改期或者取消。",
            "A meeting holds this time together with others: who leads it moves it or calls it off on the page of the "
            "case.",
        )
    return made


def lock_cases(work: Work, bookings: ColumnElement[bool]) -> None:
    """The cases of these bookings, locked before the bookings are: a step of a case that gives its booking back locks
    in that order too."""
    whose = select(Appointment.case_id).where(bookings, Appointment.case_id.is_not(None))
    work.session.execute(select(Case.id).where(Case.id.in_(whose)).order_by(Case.id).with_for_update())


def expect(made: Appointment, version: int, states: set[str], zh: str, en: str) -> None:
    """Refuse when the booking is not as the person saw it."""
    if made.state not in states:
        raise AlreadyDone(
            f"这个预约现在是“{STATES[made.state][0]}”，不能{zh}。",
            f"The booking is {STATES[made.state][1]}: cannot {en}.",
        )
    if made.version != version:
        raise AlreadyDone(
            "这个预约刚刚有变动，请看过最新情况再操作。", "The booking has just changed. Look again first."
        )


#: state -> what people call it
STATES = {
    "held": ("待确认", "held"),
    "confirmed": ("已预约", "booked"),
    "checked_in": ("已到场", "arrived"),
    "called": ("已叫号", "called"),
    "served": ("已办理", "served"),
    "cancelled": ("已取消", "cancelled"),
    "no_show": ("未到场", "missed"),
    "expired": ("未确认，已释放", "expired"),
}


def on_duty(work: Work, resource: Resource, starts_at: datetime, ends_at: datetime) -> int | None:
    """Who is rostered for the whole of that time, the one with the fewest bookings then; None: nobody."""
    load = func.count(Appointment.id)
    return work.session.scalar(
        select(Duty.user_id)
        .outerjoin(
            Appointment,
            (Appointment.duty_id == Duty.user_id)
            & (Appointment.starts_at < ends_at)
            & (Appointment.ends_at > starts_at)
            & Appointment.state.in_(["confirmed", "checked_in", "called"]),
        )
        .where(Duty.unit_id == resource.unit_id, Duty.starts_at <= starts_at, Duty.ends_at >= ends_at)
        .group_by(Duty.user_id)
        .order_by(load, Duty.user_id)
        .limit(1)
    )


def _item_name(made: Appointment) -> str | None:
    """What a person calls the item that was booked: its code is for decisions, never for a paper."""
    return next((str(one["name"]) for one in made.resource.items if str(one.get("code")) == made.item), None)


def process_facts(made: Appointment, policy: Policy) -> dict[str, Any]:
    """What the matter's process is told of a booking."""
    return {
        "appointment": {
            "number": made.number,
            "code": made.code,
            "resource": made.resource.name,
            "item": made.item,
            "item_name": _item_name(made),
            "bring": bookings.bring(made),
            "kind": made.kind,
            "starts_at": made.starts_at.isoformat(),
            "ends_at": made.ends_at.isoformat(),
            "when": say_at(made.starts_at),
            "channel": made.channel,
            "duty_rostered": made.duty_id is not None,
            "duty": made.duty_id,
            "calls": policy.calls,
        }
    }


def credit(work: Work, made: Appointment, now: datetime) -> str:
    """How the person kept their bookings lately (RULES A6): blocked, online booking is paused now; missed, they did not
    come once; good. Whoever is blocked may still telephone: the one on duty looks at it."""
    past, block = standing_of(work, (made.person_index,), now, made.resource)
    if block is not None:
        return "blocked"
    return "missed" if any(one.state == "no_show" for one in past) else "good"


#: what happened to a booking -> the message its process hears
MESSAGES = {
    "checked_in": "appointment-checked-in",
    "served": "appointment-served",
    "cancelled": "appointment-cancelled",
    "expired": "appointment-cancelled",
    "no_show": "appointment-missed",
    "moved": "appointment-moved",
}


def tell_process(work: Work, made: Appointment, what: str, *, by: Actor, now: datetime) -> None:
    """The matter's process hears of it, by the booking's number. One that waits for nothing of the kind stays as it
    is: the message is for whoever listens."""
    if made.case_id is not None:
        facts = process_facts(made, policy_of(made.resource)) | {"appointment_state": made.state}
        cases.deliver(work, made.case_id, MESSAGES[what], facts, key=made.number, by=by, now=now)


def review_record(work: Work, made: Appointment, *, now: datetime) -> OnlineBlock | None:
    """After a cancellation or a no-show: does the policy shut online booking now? (RULES A6.) Tells the person."""
    policy = policy_of(made.resource)
    verdict = booking.block_for(policy, history(work, (made.person_index,), now, made.resource), now)
    if isinstance(verdict, booking.Warned):
        tell(work, made, "appointment-warned", now, now, key="warned")
    if not isinstance(verdict, booking.Block):
        return None
    open_already = work.session.scalar(select(OnlineBlock).where(*blocked((made.person_index,), made.resource, now)))
    reviewed = work.session.scalar(
        select(OnlineBlock).where(
            OnlineBlock.person_index == made.person_index,
            OnlineBlock.offer == block_scope(made.resource),
            OnlineBlock.until_at == verdict.until,
        )
    )
    if open_already is not None or reviewed is not None:
        return open_already
    row = OnlineBlock(
        person_index=made.person_index,
        user_id=made.user_id,
        offer=block_scope(made.resource),
        from_at=now,
        until_at=verdict.until,
        reason_zh=verdict.reason_zh,
        reason_en=verdict.reason_en,
    )
    work.session.add(row)
    work.session.flush()
    tell(work, made, "booking-blocked", now, now, key="blocked")
    audit.record(
        work, audit.Kind.BOOKING_BLOCKED, by=SYSTEM, now=now, facts={"block": row.id, "until": row.until_at.isoformat()}
    )
    return row


def _resource(work: Work, resource_id: int) -> Resource:
    found = work.session.get(Resource, resource_id)
    if found is None or not found.active:
        raise NotFound("没有这个可预约的项目。", "There is no such thing to book.")
    return found


def _self(work: Work, by: Actor) -> Person:
    if by.id is None or by.kind == "system":
        raise NotYours("请先登录再预约。", "Log in to book.")
    me = knowing.of_user(work.session.get_one(User, by.id))
    naming.must_have_name(me.name)
    return me


def _behalf(by: Actor, made: Appointment) -> cases.Behalf | None:
    """By which bond somebody else than the person confirms it."""
    grant = booked_for(by, "work", made) if by.id != made.user_id else None
    return cases.Behalf(grant.id, made.user_id) if grant is not None else None


def _consents(
    work: Work, package: Package, made: Appointment, given: bool, by: Actor, now: datetime
) -> tuple[str, int | None]:
    """Who consents to what the matter asks: the person who comes, or below fourteen the guardian who books for them."""
    comes = work.session.get(User, made.user_id) if made.user_id is not None else None
    grant = booked_for(by, "work", made) if by.id != made.user_id else None
    subject = grant.subject_ref if grant is not None else ""
    number = comes.id_number if comes is not None else None
    return consents.ask(work, package, given, number, by=by, now=now, for_ref=subject)


def _for_whom(work: Work, resource: Resource, bond_id: int, by: Actor) -> Person:
    """Somebody who lets the actor book for them (关系)."""
    grant = next((g for g in by.grants if g.id == bond_id), None)
    if grant is None or not grant.covers("book", resource.matter):
        raise NotYours(
            "您不能替这个人预约：没有这项委托，或者已经解除、到期。",
            "You may not book for this person: no bond lets you.",
        )
    if grant.subject_id is None:
        raise NotNow(
            f"{grant.subject_name}还没有账号，不能在网上替他预约。请打大厅电话，或到窗口预约。",
            f"{grant.subject_name} has no account yet: book by telephone or at the counter.",
        )
    return knowing.of_user(work.session.get_one(User, grant.subject_id))


def _slots(work: Work, resource: Resource, starts_at: Sequence[datetime]) -> list[Slot]:
    wanted = sorted({at.astimezone(UTC) for at in starts_at})
    if not wanted:
        raise NotNow("请选择一个时间。", "Choose a time.")
    found = list(
        work.session.scalars(
            select(Slot).where(Slot.resource_id == resource.id, Slot.starts_at.in_(wanted)).order_by(Slot.starts_at)
        )
    )
    if len(found) != len(wanted):
        raise NotFound("没有这个时段，请刷新后重新选择。", "There is no such time. Reload and choose again.")
    if any(a.ends_at != b.starts_at for a, b in itertools.pairwise(found)):
        raise NotNow("一次预约的几个时段要连在一起。", "The slots of one booking must follow each other.")
    return found


def _take(work: Work, resource: Resource, slots: Sequence[Slot], online: bool, now: datetime) -> str:
    """Seats for these slots; staff may use a public place when their own are gone. Returns the pool they came from."""
    ids = [slot.id for slot in slots]
    for pool in ("public",) if online else ("staff", "public"):
        if not seats.take(work, ids, pool, now=now):
            return pool
    offers = free_times(work, resource.id, max(now, slots[0].starts_at - timedelta(days=1)), kind=slots[0].kind)
    shown = "、".join(say_at(s.starts_at) for s in offers)
    zh = "这个时段刚刚约满了。" + (f"还可以约：{shown}。" if shown else "可以加入候补，有空位时通知您。")
    raise NotNow(
        zh,
        "That time is full now. " + ("Other times are offered." if offers else "You can join the waiting list."),
        offers=[s.starts_at.isoformat() for s in offers],
        full=True,
    )


def _again(work: Work, made: Appointment, policy: Policy, now: datetime) -> None:
    """Take the seats of a hold that ran out once more."""
    slots = list(
        work.session.scalars(
            select(Slot)
            .where(Slot.resource_id == made.resource_id, Slot.starts_at >= made.starts_at, Slot.ends_at <= made.ends_at)
            .order_by(Slot.starts_at)
        )
    )
    online = made.channel == "online"
    if not made.resource.matter and made.resource.offer:
        raise NotNow("保留的时间已过，请重新预订。", "The time it was kept for you is over: book again.")
    past = history(work, (made.person_index,), now, made.resource)
    booking.check_new(policy, made.starts_at, made.item or made.matter, past, now, online=online, count=len(slots))

    def take() -> None:
        made.pool = _take(work, made.resource, slots, online, now)
        made.state, made.hold_until = "held", booking.hold_until(policy, now)

    _on_a_free_number(work, made, policy, made.starts_at, take, counted=online)
    sit(work, made, slots)


def _on_a_free_number(
    work: Work,
    made: Appointment,
    policy: Policy,
    starts_at: datetime,
    take: Callable[[], None],
    *,
    counted: bool,
    whose: tuple[str, ...] = (),
) -> None:
    """Take the seats (`take`) under a free number of the person's day. A day has `per_day` numbers and the table holds
    each once, so however many bookings come in at the same moment, no more than that are made. A number that another
    booking took meanwhile sends this one to the next; none left: NotNow, and nothing was taken."""
    whose = whose or (made.person_index,)
    for key in day_keys(work, policy, whose, starts_at, made.resource, made.id) if counted else [None]:
        try:
            with work.session.begin_nested():  # what is taken here is given back when the number is not free
                take()
                made.day_key = key
                work.session.flush()
        except IntegrityError:
            continue
        return
    raise NotNow(
        "您那一天已经有预约了。可以改期，或先取消原来的预约。",
        "You already have a booking that day. Change it, or cancel it first.",
    )


def _free_on(resource_id: int, day: date) -> tuple[Any, ...]:
    start = datetime.combine(day, datetime.min.time(), ZONE).astimezone(UTC)
    return (
        Slot.resource_id == resource_id,
        Slot.starts_at >= start,
        Slot.starts_at < start + timedelta(days=1),
        Slot.closed.is_(False),
        Slot.public_taken < Slot.public_capacity,
    )


def _waiting_done(work: Work, made: Appointment) -> None:
    for row in work.session.scalars(select(Waiting).where(Waiting.appointment_id == made.id)):
        row.state = "taken"
