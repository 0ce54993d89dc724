"""Offers and bookings that are rows: opened, booked by a person or a team, moved, closed.

Below the verbs (engine/commands/booking) and below the effects of a diagram: both come here. What takes a place here
opens no case; what opens one goes by hold and confirm (engine/commands/booking/book.py).
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from engine import booking
from engine.booking import written
from engine.booking.slots import ZONE
from engine.commands import appointments, seats
from engine.errors import NotFound, NotNow
from engine.matters.nouns.offers import Offer
from engine.people import Actor
from engine.reads import choosing, prices
from engine.reads import offers as reads
from engine.reads.knowing import Person
from engine.records import audit, counters, jobs, notices
from engine.store import Work
from engine.store import keys as keyring
from engine.store.models import Appointment, AppointmentSlot, Bond, BookingPlace, Case, Resource, Slot, SlotPlace
from engine.workdays import local_date, say_at

#: How the time of a kind is kept (Resource.kind); everything else is a session.
KEPT_AS = {"window": "window", "room": "room", "time": "person"}
#: What can still be moved or called off; who is there already stays.
LIVE = ("held", "confirmed")


@dataclass(frozen=True, slots=True)
class Role:
    """The places of one role, as they are opened. `who`: FEEL."""

    role: str
    title: str
    capacity: int
    title_en: str = ""
    who: str = ""
    who_says: str = ""
    who_says_en: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is opened: where, when, how many."""

    name: str
    starts_at: datetime
    ends_at: datetime
    unit_id: int
    places: int | tuple[Role, ...]
    name_en: str = ""
    place_id: int | None = None
    about: str = ""
    address: str | None = None
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """One booking of one time: who takes a place, each as what; a team when it has a name."""

    slot_id: int
    members: tuple[tuple[Person, str], ...]  # (who, role)
    team: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    by_whom: Person | None = None  # whose booking it is, when a team's: they need not come themselves
    bonds: Mapping[str, int] = field(default_factory=dict)  # of a team: index of a member -> the bond with the leader
    booked_by: int | None = None  # who ordered it, where the worker books it for them
    slot: Slot | None = None  # of this number, where it was found already in this transaction
    places: Sequence[SlotPlace] | None = None  # by role, where they were found with it
    by_day: bool = False  # of a standing order: what it chose gives way to what there is that day

    @property
    def holder(self) -> Person:
        return self.by_whom or self.members[0][0]

    @property
    def role(self) -> str:
        """As what the one of it comes."""
        return self.members[0][1]


def declared_roles(offer: Offer) -> tuple[Role, ...]:
    """The places by role that a declaration says itself."""
    return tuple(
        Role(
            one.role,
            one.title,
            one.capacity,
            one.title_en,
            one.who.if_ if one.who is not None else "",
            one.who.says if one.who is not None else "",
            one.who.says_en if one.who is not None else "",
        )
        for one in offer.roles()
    )


# ---------------------------------------------------------------- opened


def open_(
    work: Work, what: reads.Declared, one: Opening, *, case: Case | None, by: Actor, now: datetime
) -> tuple[Resource, Slot]:
    """Open an offer at one time. NotNow when that time has begun, or ends before it begins."""
    if not one.starts_at < one.ends_at:
        raise NotNow("结束时间要晚于开始时间。", "It must end after it begins.")
    if one.starts_at <= now:
        raise NotNow(
            f"{say_at(one.starts_at)}已经过了，请另定时间。",
            f"Expected a time to come, but {one.starts_at.astimezone(ZONE):%Y-%m-%d %H:%M} has passed.",
        )
    roles = one.places if isinstance(one.places, tuple) else ()
    total = sum(role.capacity for role in roles) if roles else int(one.places)  # type: ignore[arg-type]
    day = now.astimezone(ZONE).strftime("%y%m%d")
    row = Resource(
        code=f"GJ{one.unit_id:03d}{day}{counters.take(work, f'offer:{one.unit_id}:{day}'):04d}",
        unit_id=one.unit_id,
        kind=KEPT_AS.get(what.offer.kind, "session"),
        name=one.name[:80],
        name_en=one.name_en[:120],
        matter=what.offer.each,
        items=[],
        policy=what.offer.numbers(),
        offer=what.key,
        place_id=one.place_id,
        case_id=case.id if case is not None else None,
        parent_id=one.parent_id,
        about=one.about[:500],
        address=one.address or None,
    )
    work.insert(row)
    slot = Slot(
        resource_id=row.id,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        kind="normal",
        public_capacity=total,
        public_taken=0,
        staff_capacity=what.offer.staff,
    )
    work.insert(slot)
    work.session.add_all(places_of(slot.id, roles))
    if what.offer.unclaimed is not None:
        _watch(work, row, "unclaimed", min(now + written.span(what.offer.unclaimed.after), one.starts_at), now)
    _watch(work, row, "over", one.ends_at, now)
    _record(work, audit.Kind.OFFER_OPENED, row, by, now, case)
    return row, slot


def places_of(slot_id: int, roles: Sequence[Role]) -> list[SlotPlace]:
    """The rows of a slot's places by role."""
    return [
        SlotPlace(
            slot_id=slot_id,
            role=role.role,
            number=n,
            title=role.title,
            title_en=role.title_en,
            capacity=role.capacity,
            who=role.who,
            who_says=role.who_says,
            who_says_en=role.who_says_en,
        )
        for n, role in enumerate(roles)
    ]


def _watch(work: Work, row: Resource, what: str, at: datetime, now: datetime) -> None:
    """What falls due of an offer that is new: nobody can have asked for it yet."""
    key = f"offer:{row.id}:{what}:{at.isoformat()}"
    jobs.put(work, jobs.Kind.OFFER_DUE, key, {"resource": row.id, "what": what}, now=now, after=max(at, now))


def _due(work: Work, row: Resource, what: str, at: datetime, now: datetime) -> None:
    key = f"offer:{row.id}:{what}:{at.isoformat()}"
    jobs.put_once(work, jobs.Kind.OFFER_DUE, key, {"resource": row.id, "what": what}, now=now, after=max(at, now))


def _record(work: Work, kind: audit.Kind, row: Resource, by: Actor, now: datetime, case: Case | None = None) -> None:
    facts = {"offer": row.offer, "number": row.code, "unit": row.unit_id}
    audit.record(work, kind, by=by, now=now, case=case, facts=facts, later=True)


def fell_due(work: Work, resource_id: int, what: str, *, now: datetime) -> bool:
    """Nobody, or not enough, came forward in time; or its time is over. The case that opened it hears of it. False:
    it was closed, moved or filled meanwhile."""
    row = work.session.get(Resource, resource_id, populate_existing=True, with_for_update=True)
    if row is None or not row.active:
        return False
    if what == "unclaimed":
        if row.covered:
            return False
        appointments.tell_opener(work, row, "unclaimed", now=now)
        return True
    last = work.session.scalar(select(func.max(Slot.ends_at)).where(Slot.resource_id == row.id))
    if last is not None and last > now:  # moved: it is over later
        _due(work, row, "over", last, now)
        return False
    row.active, row.closed_at = False, now
    appointments.tell_opener(work, row, "over", now=now)
    return True


# ---------------------------------------------------------------- booked


@dataclass(slots=True)
class _Plan:
    wish: Wish
    slot: Slot
    resource: Resource
    what: reads.Declared
    roles: dict[str, int]
    policy: booking.Policy
    past: Sequence[booking.Past]
    cost: prices.Cost | None
    round: str = ""  # by which round it is brought
    number: str = ""


def book(
    work: Work,
    wishes: Sequence[Wish],
    *,
    channel: str = "online",
    case: Case | None = None,
    quiet: bool = False,
    by: Actor,
    now: datetime,
) -> list[Appointment]:
    """Book all of these, or none: confirmed at once. quiet: whoever asked tells them of it.

    Raises NotFound (no such time), NotNow (`full` among its facts: every place is taken; else the reason), and nothing
    was taken."""
    wishes = [_found(work, wish) for wish in wishes]
    seats.hold_people(work, _giving_hours(wishes, reads.keeping_hours(work)))
    plans = [_plan(work, wish, channel, now) for wish in wishes]
    # What is locked is locked in one order: the counters by unit, then the slots by id.
    for plan in sorted(plans, key=lambda p: (p.resource.unit_id, p.slot.id)):
        plan.number = seats.next_number(work, plan.resource, now)
    made: list[Appointment] = []
    with work.session.begin_nested() if len(plans) > 1 else nullcontext():  # one alone undoes what it took itself
        for plan in sorted(plans, key=lambda p: p.slot.id):
            made.append(_take(work, plan, channel, case, by, now))
    for one, plan in zip(made, sorted(plans, key=lambda p: p.slot.id), strict=True):
        appointments.watch(work, one, now, new=True)
        if not quiet:
            appointments.tell(work, one, "appointment-confirmed", now, now)
        if plan.wish.bonds:
            appointments.tell_team(work, one, "offer-led", leader=one.name, by=by, now=now)
        appointments.remind(work, one, plan.policy, now)
        appointments.record(work, audit.Kind.APPOINTMENT_CONFIRMED, one, by, now)
        if plan.slot.public_taken >= plan.slot.public_capacity:  # only a time that is full can be the last
            appointments.cover(work, plan.resource, now=now)
    return made


def _giving_hours(wishes: Iterable[Wish], keeping: Collection[str]) -> Iterator[str]:
    """Who comes where hours are kept, by their indexes: of two bookings of theirs at the same instant, one waits for
    the other and then sees it."""
    for wish in wishes:
        if wish.slot is not None and wish.slot.resource.offer in keeping:
            yield from (person.index for person, _role in wish.members)


def book_days(
    work: Work,
    slots: Sequence[Slot],
    wish: Wish,
    answers: Sequence[Mapping[str, Any]],
    *,
    channel: str,
    by: Actor,
    now: datetime,
) -> list[Appointment] | None:
    """One place for one person in each of these times of one offer (its own days apart), in as few statements as one
    booking; nobody is told. `answers`: for each time. None, and nothing was taken, when one of them cannot be had so:
    whoever asks books them one by one then, and hears of each why."""
    try:
        with work.attempt():
            return _book_days(work, slots, wish, answers, channel=channel, by=by, now=now)
    except (NotNow, IntegrityError):
        return None


def _book_days(
    work: Work,
    slots: Sequence[Slot],
    wish: Wish,
    answers: Sequence[Mapping[str, Any]],
    *,
    channel: str,
    by: Actor,
    now: datetime,
) -> list[Appointment]:
    resource, whose, online = slots[0].resource, wish.holder, channel == "online"
    ids = [slot.id for slot in slots]
    past, pause = appointments.standing_of(work, whose.indexes, now, resource)
    if online:
        booking.refuse_blocked(pause)
    taken = [one.day_key for one in past]
    roles, plans = reads.roles_of(work, ids), []
    for slot, given in zip(slots, answers, strict=True):
        day = replace(wish, slot_id=slot.id, answers=given)
        plans.append(_fit(work, day, slot, roles.get(slot.id, []), past, channel, now))
        past.append(booking.Past(slot.starts_at, resource.offer, "confirmed", now, None, online))
    policy, pool = plans[0].policy, "public" if online else "staff"
    keys: dict[date, list[str | None]] = {}
    if online:
        days = [local_date(slot.starts_at) for slot in slots]
        keys = appointments.free_numbers(appointments.numbers_of_days(policy, whose.index, days, resource), taken)
    if not seats.take_all(work, ids, pool) or (plans[0].roles and not seats.take_all_of_role(work, ids, wish.role)):
        raise NotNow("有一次满了。", "One of them is full.", full=True)
    made = []
    for plan, number in zip(plans, seats.next_numbers(work, [resource] * len(plans), now), strict=True):
        plan.number = number
        free = keys.get(local_date(plan.slot.starts_at), [])
        if online and not free:
            raise NotNow("那一天已经有预订了。", "There is a booking that day.")
        made.append(_row(plan, pool, channel, free.pop(0) if online else None, None, by, now))
    work.insert_all(made, "number")
    appointments.seat_all(work, made, slots, whose, wish.role)
    appointments.keep_all_parts(work, [(one, plan.cost) for one, plan in zip(made, plans, strict=True)])
    for one in made:
        set_committed_value(one, "resource", resource)
        set_committed_value(one, "case", None)
        appointments.watch(work, one, now, new=True)
        appointments.remind(work, one, policy, now)
        appointments.record(work, audit.Kind.APPOINTMENT_CONFIRMED, one, by, now)
    appointments.cover(work, resource, now=now)
    return made


def find_slot(work: Work, slot_id: int) -> Slot:
    """An open time of an offer, with its resource. NotFound: there is none any more."""
    return find_places(work, slot_id)[0]


def find_places(work: Work, slot_id: int) -> tuple[Slot, list[SlotPlace]]:
    """The same, with its places by role in their order."""
    found = work.session.execute(
        select(Slot, SlotPlace)
        .join(Resource, Resource.id == Slot.resource_id)
        .outerjoin(SlotPlace, SlotPlace.slot_id == Slot.id)
        .where(Slot.id == slot_id, Resource.active, Resource.offer != "", Resource.matter == "")
        .order_by(SlotPlace.number)
        .options(joinedload(Slot.resource).joinedload(Resource.unit))
    ).all()
    if not found:
        raise NotFound(
            "没有这个时间，或者已经结束、取消了。", "There is no such time, or it is over or was called off."
        )
    return found[0][0], [place for _slot, place in found if place is not None]


def _found(work: Work, wish: Wish) -> Wish:
    """The same, with its slot and the places by role there."""
    if wish.slot is None:
        slot, places = find_places(work, wish.slot_id)
        return replace(wish, slot=slot, places=places)
    if wish.places is None:
        return replace(wish, places=reads.roles_of(work, [wish.slot.id]).get(wish.slot.id, []))
    return wish


def _plan(work: Work, wish: Wish, channel: str, now: datetime) -> _Plan:
    assert wish.slot is not None and wish.places is not None  # as found
    past, pause = appointments.standing_of(work, wish.holder.indexes, now, wish.slot.resource)
    if channel == "online":
        booking.refuse_blocked(pause)
    return _fit(work, wish, wish.slot, wish.places, past, channel, now)


def _fit(
    work: Work,
    wish: Wish,
    slot: Slot,
    places: Sequence[SlotPlace],
    past: Sequence[booking.Past],
    channel: str,
    now: datetime,
) -> _Plan:
    """What is booked of a time, by whom and at what price. `places`: those of the time by role; `past`: what else this
    person has booked. NotNow says why they may not have it."""
    resource, what = slot.resource, reads.of(work, slot.resource.offer)
    if what.offer.choice is not None and wish.members:
        given = choosing.settled(work, what, resource, slot, wish.holder, wish.answers, by_day=wish.by_day, now=now)
        wish = replace(wish, answers=given)
    taker = "team" if wish.team else "person"
    if taker not in what.offer.taker:
        zh, en = ("由个人报名", "by a person") if taker == "team" else ("由团队报名", "by a team")
        raise NotNow(f"这一项{zh}。", f"This is taken {en}.")
    if not wish.members or (taker == "person" and len(wish.members) != 1):
        raise NotNow("请写明谁来。", "Say who comes.")
    by_role = {row.role: row for row in places}
    counted = Counter(role for _person, role in wish.members)
    strange = [role for role in counted if role not in by_role] if by_role else [r for r in counted if r]
    if strange:
        known = "、".join(row.title for row in by_role.values())
        raise NotNow(
            f"请选一个角色：{known}。" if known else "这一项没有角色之分。",
            f"Choose a role: {', '.join(by_role)}." if known else "There are no roles here.",
        )
    online = channel == "online"
    leader = wish.holder
    policy = appointments.policy_of(resource)
    booking.check_new(policy, slot.starts_at, what.key, past, now, online=online)
    for person, role in wish.members:
        if wish.team and person.user_id is None and person.index != leader.index:
            # a member whom the hall does not know comes on the word of who booked for the team, to one place at a time
            reasons = reads.elsewhere(work, slot, person) if what.offer.hours else []
        else:
            wanted = [by_role[role]] if role else []
            reasons = reads.why_not(
                work, what, resource, slot, person, roles=wanted, answers=wish.answers, online=online, now=now
            )
        if reasons:
            whose = f"{person.name}：" if wish.team else ""
            raise NotNow(
                whose + "；".join(one.zh for one in reasons), whose + "; ".join(one.en for one in reasons), unfit=True
            )
    return _Plan(
        wish,
        slot,
        resource,
        what,
        dict(counted) if by_role else {},
        policy,
        past,
        prices.cost(work, what, resource, slot, [person for person, _role in wish.members], wish.answers, now=now),
        reads.round_of(work, what, resource, slot, wish.holder, wish.answers, now),
    )


def _take(work: Work, plan: _Plan, channel: str, case: Case | None, by: Actor, now: datetime) -> Appointment:
    """The seats, the row and who sits, under a number of the person's day that is free."""
    slot, resource, wish = plan.slot, plan.resource, plan.wish
    leader = wish.holder
    counted = channel == "online"
    keys: list[str | None] = [None]
    if counted:
        day = local_date(slot.starts_at)
        numbered = appointments.numbers_of_days(plan.policy, leader.index, [day], resource)
        keys = appointments.free_numbers(numbered, (one.day_key for one in plan.past))[day]
    if keyring.current().other is not None:  # the table sees two where the indexes are by two keys
        _refuse_twice([person for person, _role in wish.members if _claimed(work, slot.id, person)], wish)
    for key in keys:
        try:
            with work.attempt():
                pool = _seat(work, plan, "public" if counted else "staff", now)
                made = work.insert(_row(plan, pool, channel, key, case, by, now))
                set_committed_value(made, "resource", resource)
                set_committed_value(made, "case", case)
                appointments.sit(work, made, [slot])
                appointments.claim(work, made, [slot], wish.members, wish.bonds)
                appointments.keep_parts(work, made, plan.cost, new=True)
        except IntegrityError:
            twice = [person for person, _role in wish.members if _claimed(work, slot.id, person)]
            if len({person.index for person, _role in wish.members}) < len(wish.members):
                twice = twice or [wish.members[-1][0]]
            _refuse_twice(twice, wish)
            continue
        return made
    raise NotNow("您那一天已经有预订了。可以先取消原来的。", "You already have a booking that day. Cancel it first.")


def _refuse_twice(twice: Sequence[Person], wish: Wish) -> None:
    """Raise NotNow when somebody of them has a place there already."""
    if twice:
        name = twice[0].name
        raise NotNow(
            f"{name}已经报过这一次了，一人只占一个名额。" if wish.team else "您已经报过这一次了。",
            f"{name} has a place there already." if wish.team else "You have a place there already.",
            twice=True,
        ) from None


def _row(
    plan: _Plan, pool: str, channel: str, key: str | None, case: Case | None, by: Actor, now: datetime
) -> Appointment:
    slot, wish, leader = plan.slot, plan.wish, plan.wish.holder
    return Appointment(
        number=plan.number,
        code=secrets.token_urlsafe(12),
        resource_id=plan.resource.id,
        matter="",
        state="confirmed",
        pool=pool,
        channel=channel,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        kind=slot.kind,
        user_id=leader.user_id,
        person_index=leader.index,
        name=leader.name,
        phone=leader.phone,
        case_id=case.id if case is not None else None,
        day_key=key,
        booked_at=now,
        confirmed_at=now,
        places=len(wish.members),
        team=wish.team[:80],
        answers=dict(wish.answers) or None,
        chosen=choosing.chosen(plan.what, wish.answers),
        round=plan.round,
        price=dict(plan.cost.said) if plan.cost is not None else {},
        cents=plan.cost.cents if plan.cost is not None else None,
        booked_by_id=wish.booked_by or (by.id if by.id != leader.user_id else None),
    )


def _claimed(work: Work, slot_id: int, person: Person) -> bool:
    return bool(
        work.session.scalar(
            select(
                exists().where(
                    BookingPlace.slot_id == slot_id, BookingPlace.person_index.in_(person.indexes), BookingPlace.live
                )
            )
        )
    )


def _seat(work: Work, plan: _Plan, first: str, now: datetime) -> str:
    """The places in the slot, and by role; staff may use public ones when their own are gone. Where they came from."""
    n = len(plan.wish.members)
    for pool in dict.fromkeys((first, "public")):
        if not seats.take(work, [plan.slot.id], pool, now=now, places=n, roles=plan.roles):
            return pool
    work.session.refresh(plan.slot, ["public_taken", "closed"])
    left = reads.shown(work, [plan.slot])
    free = [one for row in left for one in row.left if one.free > 0]
    if free and plan.roles:
        others = "、".join(f"{one.title} {one.free} 个" for one in free)
        others_en = ", ".join(f"{one.title_en or one.title}: {one.free}" for one in free)
        raise NotNow(
            f"这个角色刚刚报满了。还有：{others}。", f"That role is full now. There are: {others_en}.", full=True
        )
    raise NotNow(
        "名额刚刚满了。" + ("可以加入候补，有空位时通知您。" if plan.what.offer.waiting else ""),
        "Every place is taken now." + (" You can join the waiting list." if plan.what.offer.waiting else ""),
        full=True,
    )


# ---------------------------------------------------------------- moved and closed


def family(work: Work, row: Resource) -> list[Resource]:
    """It, and the sessions of the event it is."""
    children = work.session.scalars(
        select(Resource).where(Resource.parent_id == row.id, Resource.active).order_by(Resource.id)
    )
    return [row, *children]


def _to_come(rows: Sequence[Resource], now: datetime) -> ColumnElement[bool]:
    return and_(
        Appointment.resource_id.in_([row.id for row in rows]), Appointment.state.in_(LIVE), Appointment.ends_at > now
    )


def _live(work: Work, rows: Sequence[Resource], now: datetime) -> list[Appointment]:
    return list(
        work.session.scalars(
            select(Appointment)
            .where(_to_come(rows, now))
            .options(joinedload(Appointment.resource), joinedload(Appointment.case))
            .order_by(Appointment.starts_at, Appointment.id)
            .with_for_update(of=Appointment)
            .execution_options(populate_existing=True)
        )
    )


def close(work: Work, row: Resource, reason: str, *, by: Actor, now: datetime) -> int:
    """Call it off, with its sessions: everybody is told once, nobody's record suffers. How many people were told."""
    rows = family(work, row)
    for one in rows:  # first shut, so that nobody who waits is offered a place of it
        one.active, one.closed_at, one.closed_reason = False, now, reason[:200]
        _record(work, audit.Kind.OFFER_CLOSED, one, by, now)
    work.session.execute(
        update(Slot).where(Slot.resource_id.in_([one.id for one in rows])).values(closed=True),
        execution_options={"synchronize_session": "fetch"},
    )
    there = select(Appointment.id).where(_to_come(rows, now)).limit(1)
    if work.session.scalar(there) is None:
        return 0
    work.session.flush()  # they are read anew, with their offer and their case
    told: set[str] = set()
    live = _live(work, rows, now)
    appointments.call_off_all(work, live, reason, by=by, now=now)
    for made in live:
        if made.person_index not in told:
            appointments.tell(work, made, "appointment-closed", now, now)
        told.add(made.person_index)
    return len(told)


def move(
    work: Work, row: Resource, starts_at: datetime, reason: str, *, only: int | None = None, by: Actor, now: datetime
) -> int:
    """Another time for it and all its sessions: they keep their distance, every booking goes with them, everybody is
    told once. `only`: this one time of what opens again and again, by the id of its slot. How many people were told."""
    if starts_at <= now:
        raise NotNow("新的时间已经过了，请另定时间。", "Expected a time to come, but that has passed.")
    rows = family(work, row) if only is None else [row]
    ids = [one.id for one in rows]
    open_ = select(Slot).where(Slot.resource_id.in_(ids), Slot.ends_at > now, Slot.closed.is_(False))
    if only is not None:
        open_ = open_.where(Slot.id == only)
    slots = list(work.session.scalars(open_.with_for_update()))
    own = [slot.starts_at for slot in slots if slot.resource_id == row.id]
    if not own:
        raise NotNow("它已经结束或取消了，不能改期。", "It is over or was called off: it cannot be moved.")
    by_how_much = starts_at - min(own)
    if not by_how_much:
        raise NotNow("新的时间和原来一样。", "The new time is the old one.")
    # In the order in which no slot steps on the one before it has left its time.
    for slot in sorted(slots, key=lambda s: s.starts_at, reverse=by_how_much > timedelta(0)):
        slot.starts_at, slot.ends_at = slot.starts_at + by_how_much, slot.ends_at + by_how_much
        work.session.flush()
    told: set[str] = set()
    moved = {slot.id for slot in slots}
    seated = select(AppointmentSlot.appointment_id).where(AppointmentSlot.slot_id.in_(moved))
    theirs = set(work.session.scalars(seated))
    for made in _live(work, rows, now):
        if made.id not in theirs:
            continue
        made.starts_at, made.ends_at = made.starts_at + by_how_much, made.ends_at + by_how_much
        made.reason, made.by_hall = reason[:200], True
        if made.day_key is not None:  # the person's own limit gives way to the hall's move
            made.day_key = f"moved:{made.id}:{made.sequence}"
        made.sequence += 1
        made.version += 1
        notices.cancel(work, f"appointment:{made.id}:", now=now)
        appointments.watch(work, made, now)
        if made.state == "confirmed":
            appointments.remind(work, made, appointments.policy_of(made.resource), now)
        if made.team:
            _team_moved(work, made, by=by, now=now)
            if made.state not in LIVE:
                continue
        if made.person_index not in told:
            appointments.tell(work, made, "appointment-moved", now, now)
        told.add(made.person_index)
        appointments.record(work, audit.Kind.APPOINTMENT_MOVED, made, by, now)
    for one in rows if only is None else ():
        last = max((slot.ends_at for slot in slots if slot.resource_id == one.id), default=None)
        if last is not None:
            _due(work, one, "over", last, now)
    for one in rows:
        _record(work, audit.Kind.OFFER_MOVED, one, by, now)
    return len(told)


def _team_moved(work: Work, made: Appointment, *, by: Actor, now: datetime) -> None:
    """A team goes to the new time with those whose bond with the leader lasts until then."""
    day = made.starts_at.astimezone(ZONE).date()
    over = work.session.scalars(
        select(BookingPlace)
        .join(Bond, Bond.id == BookingPlace.bond_id)
        .where(BookingPlace.appointment_id == made.id, BookingPlace.live, Bond.until_on < day)
        .order_by(BookingPlace.id)
    ).all()
    for place in over:
        reason = f"改期以后，{place.name}的队员关系已经到期"
        appointments.leave_place(work, made, place, reason, by=by, now=now)
    appointments.tell_team(work, made, "offer-led-moved", by=by, now=now)
