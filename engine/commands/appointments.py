"""A booking's row and what hangs on it: its seats, its person's day, its notices, who waits for its place.

Below the verbs of bookings (engine/commands/booking) and below the effects of a diagram: both end bookings, and both by
`give_back`. Nobody's process is told here.
"""

from __future__ import annotations

import importlib.resources
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import yaml
from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, literal, not_, or_, select, update
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from engine import booking, crypto
from engine.booking import Past, Policy, written
from engine.booking.slots import ZONE
from engine.commands import seats
from engine.matters.nouns.offers import SELF, Offer, OfferTells
from engine.people import SYSTEM, Actor
from engine.people.access import booked_for
from engine.people.bonds import in_force
from engine.reads import knowing, offers, prices
from engine.reads.knowing import Person
from engine.records import audit, jobs, messages, notices
from engine.store import Work
from engine.store.models import (
    Appointment,
    AppointmentSlot,
    Bond,
    BookingPart,
    BookingPlace,
    Case,
    OnlineBlock,
    Resource,
    Slot,
    StandingDay,
    User,
    Waiting,
)
from engine.workdays import local_date, say_at

#: How many other times are named when one is full.
OFFERS = 3

#: How long a seat that was freed is kept for the first on the waiting list.
OFFER_HOURS = 2
#: How far back a person's bookings are read for the policy.
HISTORY_DAYS = 70
#: How long after its end a booking that nobody came for is missed.
GRACE_MINUTES = 20


def policy_of(resource: Resource) -> Policy:
    """The booking numbers of a resource."""
    return booking.load_policy(resource.policy)


def history(work: Work, whose: tuple[str, ...], now: datetime, resource: Resource | None = None) -> list[Past]:
    """What the policy looks at: the bookings of this person (their indexes) of the last weeks and those to come. What
    opens a case counts together; of anything else (`resource`), the bookings of the same offer."""
    rows = work.session.execute(_past_of(whose, now, resource)).all()
    return [_past(row) for row in rows]


def standing_of(
    work: Work, whose: tuple[str, ...], now: datetime, resource: Resource
) -> tuple[list[Past], booking.Block | None]:
    """The same, and the pause of their online booking that holds now, by one statement: both are joined to a row that
    is no table's, so that who has neither is there too."""
    one = select(literal(1).label("row")).subquery()
    past = _past_of(whose, now, resource).subquery()
    rows = work.session.execute(
        select(OnlineBlock, past)
        .select_from(one)
        .outerjoin(OnlineBlock, and_(one.c.row == 1, *blocked(whose, resource, now)))
        .outerjoin(past, one.c.row == 1)
        .order_by(OnlineBlock.until_at.desc())
    ).all()
    pause: OnlineBlock | None = rows[0].OnlineBlock
    found = [row for row in rows if row.OnlineBlock is pause and row.person_index is not None]
    block = booking.Block(pause.until_at, pause.reason_zh, pause.reason_en) if pause is not None else None
    return [_past(row) for row in found], block


def _past_of(whose: tuple[str, ...], now: datetime, resource: Resource | None) -> Select[*tuple[Any, ...]]:
    alike = Resource.matter != "" if resource is None or resource.matter else Resource.offer == resource.offer
    return (
        select(
            Appointment.person_index,
            Appointment.starts_at,
            Appointment.matter,
            Appointment.item,
            Appointment.state,
            Appointment.booked_at,
            Appointment.ended_at,
            Appointment.channel,
            Appointment.day_key,
            StandingDay.standing_id,
        )
        .join(Resource, Resource.id == Appointment.resource_id)
        .outerjoin(StandingDay, StandingDay.appointment_id == Appointment.id)
        .where(
            alike,
            Appointment.person_index.in_(whose),
            Appointment.booked_at >= now - timedelta(days=HISTORY_DAYS),
            Appointment.state != "expired",
            not_(and_(Appointment.by_hall, Appointment.state == "cancelled")),  # the hall's doing
        )
    )


def _past(r: Any) -> Past:
    # Of a standing order nothing counts against a person but not coming: the worker books its days, many at once, and
    # a single day called off in time is what the order asks for.
    counts = r.channel == "online" and (r.standing_id is None or r.state == "no_show")
    return Past(r.starts_at, r.item or r.matter, r.state, r.booked_at, r.ended_at, counts, r.day_key)


def block_scope(resource: Resource) -> str:
    """Of what a pause of online booking holds: all that opens cases together, else this offer alone."""
    return "" if resource.matter else resource.offer


def blocked(whose: tuple[str, ...], resource: Resource, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The pauses of this person's online booking that hold now for such a resource."""
    return (
        OnlineBlock.person_index.in_(whose),
        OnlineBlock.offer == block_scope(resource),
        OnlineBlock.until_at > now,
        OnlineBlock.lifted.is_(False),
    )


def refuse_blocked(work: Work, whose: tuple[str, ...], resource: Resource, now: datetime) -> None:
    """Raise NotNow for a person whose online booking is paused."""
    row = work.session.scalar(
        select(OnlineBlock).where(*blocked(whose, resource, now)).order_by(OnlineBlock.until_at.desc()).limit(1)
    )
    if row is not None:
        booking.refuse_blocked(booking.Block(row.until_at, row.reason_zh, row.reason_en))


def locked(work: Work, appointment_id: int) -> Appointment:
    """A booking, held and read anew, with what is booked and its case."""
    return work.session.scalars(
        select(Appointment)
        .where(Appointment.id == appointment_id)
        .options(joinedload(Appointment.resource), joinedload(Appointment.case))
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    ).one()


#: How a live booking may end by somebody's word -> what the record says of it.
ENDED = {"cancelled": audit.Kind.APPOINTMENT_CANCELLED, "no_show": audit.Kind.APPOINTMENT_MISSED}


def give_back(
    work: Work,
    made: Appointment,
    state: str,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    by_hall: bool = False,
    team_knows: bool = False,
) -> None:
    """End a live booking: seats back, reminders off, its place offered to who waits; a team's members are told."""
    if made.team and state == "cancelled" and not team_knows:
        tell_team(work, made, "offer-led-gone", reason, by=by, now=now)
    freed = seats.leave(work, made.id, made.pool, made.places)
    _wait_no_more(work, [made])
    _ended(work, made, state, reason, by=by, now=now, by_hall=by_hall)
    notices.cancel(work, f"appointment:{made.id}:", now=now)
    cover(work, made.resource, now=now)
    offer_freed(work, made.resource, freed, now=now)


#: The bookings whose reminders are called off by one statement.
AT_ONCE = 50


def call_off_all(work: Work, rows: Sequence[Appointment], reason: str, *, by: Actor, now: datetime) -> None:
    """The hall ends all bookings of an offer that is shut already: nobody is offered their places. As `give_back`, in
    as many statements for a hundred people as for one, but for their reminders. The caller holds the slots."""
    for made in rows:
        if made.team:
            tell_team(work, made, "offer-led-gone", reason, by=by, now=now)
    seats.leave_all(work, rows)
    _wait_no_more(work, rows)
    for made in rows:
        _ended(work, made, "cancelled", reason, by=by, now=now, by_hall=True)
    for n in range(0, len(rows), AT_ONCE):
        notices.cancel_all(work, [f"appointment:{made.id}:" for made in rows[n : n + AT_ONCE]], now=now)


def _wait_no_more(work: Work, rows: Sequence[Appointment]) -> None:
    """A place that was kept for somebody who waited: they wait no more."""
    held = [made.id for made in rows if made.state == "held"]
    if held:
        work.session.execute(
            update(Waiting)
            .where(Waiting.appointment_id.in_(held), Waiting.state == "offered")
            .values(state="left", appointment_id=None)
        )


def _ended(work: Work, made: Appointment, state: str, reason: str, *, by: Actor, now: datetime, by_hall: bool) -> None:
    made.state, made.hold_until, made.day_key, made.ended_at = state, None, None, now
    made.reason, made.by_hall = reason[:200], by_hall
    made.sequence += 1
    made.version += 1
    record(work, ENDED[state], made, by, now)


def led_places(work: Work, bond_id: int, *, now: datetime) -> list[tuple[BookingPlace, Appointment]]:
    """What somebody was put down for by this bond of a team and has not begun: locked, by booking."""
    rows = work.session.execute(
        select(BookingPlace, Appointment)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .where(
            BookingPlace.bond_id == bond_id,
            BookingPlace.live,
            BookingPlace.checked_in_at.is_(None),
            Appointment.state.in_(("held", "confirmed")),
            Appointment.starts_at > now,
        )
        .order_by(Appointment.id)
        .options(joinedload(Appointment.resource).joinedload(Resource.unit), joinedload(Appointment.case))
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    ).all()
    return [(place, made) for place, made in rows]


def places_of(
    work: Work, person: Person, kinds: Iterable[str], first: datetime, last: datetime | None
) -> list[tuple[BookingPlace, Appointment]]:
    """What somebody has of these offers that begins from `first` on (until before `last`) and has not begun: locked, by
    booking. They are found by their account and under every index of theirs; a telephone may be a family's, so by name
    too."""
    user = [BookingPlace.user_id == person.user_id] if person.user_id is not None else []
    rows = work.session.execute(
        select(BookingPlace, Appointment)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .join(Resource, Resource.id == Appointment.resource_id)
        .where(
            or_(BookingPlace.person_index.in_(person.every_index), *user),
            BookingPlace.live,
            BookingPlace.checked_in_at.is_(None),
            Resource.offer.in_(list(kinds)),
            Appointment.state.in_(("held", "confirmed")),
            Appointment.starts_at >= first,
            *([Appointment.starts_at < last] if last is not None else ()),
        )
        .order_by(Appointment.id)
        .options(joinedload(Appointment.resource).joinedload(Resource.unit), joinedload(Appointment.case))
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    ).all()
    return [(place, made) for place, made in rows if place.name == person.name]


def leave_place(work: Work, made: Appointment, place: BookingPlace, reason: str, *, by: Actor, now: datetime) -> None:
    """One of a team comes not: their place is free, the others' stay, and who booked is told. The last one's ends the
    booking."""
    if made.places == 1:
        theirs = made.user_id != by.id  # who booked did not give it up
        give_back(work, made, "cancelled", reason, by=by, now=now, by_hall=theirs, team_knows=True)
        if theirs:
            tell(work, made, "appointment-left-all", now, now, key=f"left{place.id}")
        return
    slots = seats.taken_slots(work, made)
    seats.leave_one(work, place.id, place.slot_id, made.pool, place.role)
    work.session.refresh(place, ["live"])
    made.places -= 1
    made.version += 1
    if made.cents is not None:
        _priced_anew(work, made, slots, now)
    if made.user_id != by.id:
        facts = {**_when(made), "reason": reason}
        key = f"appointment:{made.id}:left:{place.id}"
        say(work, key, "offer-left", facts, user_id=made.user_id, phone=made.phone, now=now)
    record(work, audit.Kind.APPOINTMENT_LEFT, made, by, now)
    cover(work, made.resource, now=now)
    offer_freed(work, made.resource, slots, now=now)


def tell_team(
    work: Work, made: Appointment, kind: str, reason: str = "", *, leader: str = "", by: Actor, now: datetime
) -> None:
    """Who was put down by their leader hears of it too: the leader's own message goes to the leader."""
    for place in work.session.scalars(
        select(BookingPlace)
        .where(BookingPlace.appointment_id == made.id, BookingPlace.live, BookingPlace.bond_id.is_not(None))
        .order_by(BookingPlace.id)
    ).all():
        if by.id is None or place.user_id != by.id:
            facts = {**_when(made), "team": made.team, "leader": leader, "reason": reason}
            key = f"team:{place.id}:{made.sequence}:{kind}"
            say(work, key, kind, facts, user_id=place.user_id, phone=place.phone, now=now)


def _when(made: Appointment) -> dict[str, Any]:
    """The words of a message that say which booking: each in Chinese and English."""
    resource = made.resource
    return {
        "number": made.number,
        "place": (resource.name, resource.name_en or resource.name),
        "when": (say_at(made.starts_at), f"{made.starts_at.astimezone(ZONE):%Y-%m-%d %H:%M}"),
    }


def _priced_anew(work: Work, made: Appointment, slots: Sequence[Slot], now: datetime) -> None:
    """What it costs for those who still come, with the answers that were given."""
    what = offers.of(work, made.resource.offer)
    left = work.session.scalars(
        select(BookingPlace).where(BookingPlace.appointment_id == made.id, BookingPlace.live).order_by(BookingPlace.id)
    ).all()
    users = [one.user_id for one in left if one.user_id is not None]
    known = {user.id: user for user in work.session.scalars(select(User).where(User.id.in_(users)))} if users else {}
    come = [
        knowing.of_user(known[one.user_id]) if one.user_id is not None else Person(one.name, one.phone) for one in left
    ]
    given = made.answers or {}
    cost = prices.added([prices.cost(work, what, made.resource, slot, come, given, now=now) for slot in slots])
    made.price, made.cents = (dict(cost.said), cost.cents) if cost is not None else ({}, None)
    keep_parts(work, made, cost)


def cover(work: Work, resource: Resource, *, now: datetime) -> None:
    """The case that opened it hears once that every place is taken (covered), and that somebody left after that.

    Two who take the last places at once both come here; the slot's row has let one wait for the other, and the flag is
    turned by one of them."""
    if resource.case_id is None or not resource.active:
        return
    work.written(Slot, Resource)
    free = exists().where(
        Slot.resource_id == resource.id, Slot.closed.is_(False), Slot.public_taken < Slot.public_capacity
    )
    changed = work.session.execute(
        update(Resource)
        .where(Resource.id == resource.id, Resource.active, Resource.covered == free)
        .values(covered=~free)
        .returning(Resource.covered, *_times_of(resource)),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    if changed is not None:
        set_committed_value(resource, "covered", changed.covered)
        facts = facts_of(resource, changed.starts_at, changed.ends_at, changed.places, changed.taken)
        _tell_opener(work, resource, "covered" if changed.covered else "left", facts, now=now)


def _times_of(resource: Resource) -> list[ColumnElement[Any]]:
    """From when until when an offer is, its places and how many are taken: as columns of another statement."""
    said: dict[str, ColumnElement[Any]] = {
        "starts_at": func.min(Slot.starts_at),
        "ends_at": func.max(Slot.ends_at),
        "places": func.sum(Slot.public_capacity),
        "taken": func.sum(Slot.public_taken),
    }
    return [
        select(one).where(Slot.resource_id == resource.id).scalar_subquery().label(name) for name, one in said.items()
    ]


def facts_of(
    resource: Resource, starts_at: datetime | None, ends_at: datetime | None, places: int | None, taken: int | None
) -> dict[str, Any]:
    """What the case that opened an offer knows of it: as it answers open-offer, and as its messages say."""
    return {
        "number": resource.code,
        "name": resource.name,
        "starts_at": starts_at.astimezone(ZONE).isoformat() if starts_at else None,
        "ends_at": ends_at.astimezone(ZONE).isoformat() if ends_at else None,
        "places": places or 0,
        "taken": taken or 0,
        "free": (places or 0) - (taken or 0),
    }


def tell_opener(work: Work, resource: Resource, what: str, *, now: datetime) -> None:
    """A message to the case that opened it, by the offer's number, when its declaration says one (`covered`, `left`,
    `unclaimed`, `over`)."""
    if resource.case_id is None:
        return
    said = work.session.execute(select(*_times_of(resource))).one()
    _tell_opener(work, resource, what, facts_of(resource, *said), now=now)


def _tell_opener(work: Work, resource: Resource, what: str, facts: Mapping[str, Any], *, now: datetime) -> None:
    known = offers.declared(work).get(resource.offer)
    said: OfferTells | None = getattr(known.offer, what) if known is not None else None
    if resource.case_id is not None and said is not None:
        who = {"people": _who_comes(work, resource)} if said.names else {}
        messages.tell(work, resource.case_id, said.tells, resource.code, {"offer": {**facts, **who}}, now=now)


def _who_comes(work: Work, resource: Resource) -> list[dict[str, Any]]:
    """Who has a place of it, and when they came and went."""
    work.written(BookingPlace)
    rows = work.session.execute(
        select(BookingPlace.name, BookingPlace.checked_in_at, BookingPlace.checked_out_at)
        .join(Slot, Slot.id == BookingPlace.slot_id)
        .where(Slot.resource_id == resource.id, BookingPlace.live)
        .order_by(BookingPlace.id)
    )
    at = [(name, *(one.astimezone(ZONE).isoformat() if one else None for one in times)) for name, *times in rows]
    return [{"name": name, "came_at": came, "left_at": left} for name, came, left in at]


def request_key(made: Appointment) -> str:
    """The sender's key of the application that a booking begins its case with."""
    return f"appointment:{made.id}"


def free_times(
    work: Work, resource_id: int, after: datetime, *, kind: str | None = None, days: int = 14, most: int = OFFERS
) -> list[Slot]:
    """The next free public times of a resource."""
    query = select(Slot).where(
        Slot.resource_id == resource_id,
        Slot.closed.is_(False),
        Slot.public_taken < Slot.public_capacity,
        Slot.starts_at >= after,
        Slot.starts_at < after + timedelta(days=days),
    )
    if kind is not None:
        query = query.where(Slot.kind == kind)
    return list(work.session.scalars(query.order_by(Slot.starts_at).limit(most)))


def other_times(work: Work, case: Case, given_back: Appointment | None, *, now: datetime) -> tuple[str, str]:
    """What else is free where this case had its booking, said in Chinese and in English; "" where nothing was booked or
    nothing is free. `given_back`: the one that this same step gave back, where it did."""
    made = given_back if given_back is not None else _last_of(work, case)
    if made is None:
        return "", ""
    free = free_times(work, made.resource_id, max(now, made.starts_at - timedelta(days=1)), kind=made.kind)
    times = [one.starts_at for one in free if one.starts_at != made.starts_at]
    if not times:
        return "", ""
    en = ", ".join(f"{at.astimezone(ZONE):%m-%d %H:%M}" for at in times)
    return f"还有空的时间：{'、'.join(say_at(at) for at in times)}。", f"Still free: {en}."


def _last_of(work: Work, case: Case) -> Appointment | None:
    """The newest booking of this case, or the one that it begins with."""
    begins = int((case.request_key or "").partition("appointment:")[2] or 0)
    return work.session.scalars(
        select(Appointment)
        .where(or_(Appointment.case_id == case.id, Appointment.id == begins))
        .order_by(Appointment.id.desc())
        .limit(1)
    ).first()


def offer_freed(work: Work, resource: Resource, slots: Sequence[Slot], *, now: datetime) -> Appointment | None:
    """A seat became free: hold it for the first who waits for that day, and tell them."""
    told_at = notices.next_waking(now)  # one that falls free in the night is told in the morning, and runs from then
    slots = [s for s in slots if s.starts_at > told_at + timedelta(hours=OFFER_HOURS) and not s.closed]
    if not slots:
        return None
    first = slots[0]
    day = first.starts_at.astimezone(ZONE).date()
    queue = in_order(work, resource, first, now)
    policy = policy_of(resource)
    for row in queue:
        person = who_waits(work, row, now)
        if person is None:  # nobody may book for them any more
            row.state = "left"
            continue
        past = history(work, person.indexes, now, resource)
        if isinstance(booking.block_for(policy, past, now), booking.Block) or any(
            p.state in booking.LIVE and p.starts_at.astimezone(ZONE).date() == day for p in past
        ):
            continue
        free = day_keys(work, policy, person.indexes, first.starts_at, resource)
        if not free:
            continue
        roles = {row.role: 1} if row.role else {}
        if seats.take(work, [first.id], "public", now=now, roles=roles):
            if roles:  # another role's place fell free: the next may wait for that one
                continue
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
            user_id=person.user_id,
            person_index=person.index,
            name=person.name,
            phone=person.phone,
            booked_by_id=row.made_by_id if by_bond(work, row, now) is not None else None,
            day_key=free[0],
            booked_at=now,
            hold_until=told_at + timedelta(hours=OFFER_HOURS),
        )
        made.resource, made.case = resource, None
        work.session.add(made)
        work.session.flush()
        sit(work, made, [first])
        if resource.offer and not resource.matter:
            claim(work, made, [first], [(person, row.role)])
        row.state, row.appointment_id = "offered", made.id
        watch(work, made, now)
        tell(work, made, "waiting-offered", told_at, now)
        if person.user_id is not None and made.booked_by_id is not None:  # who joined for them can confirm it too
            tell(work, made, "waiting-offered", told_at, now, to=work.session.get_one(User, made.booked_by_id))
        record(work, audit.Kind.APPOINTMENT_OFFERED, made, SYSTEM, now)
        return made
    return None


#: So many of a day's list are looked at when a place falls free.
LOOKED_AT = 20


def in_order(work: Work, resource: Resource, slot: Slot, now: datetime) -> Sequence[Waiting]:
    """Who waits for the day of a time, as places are offered: whoever the declaration puts first, then by who came."""
    what = offers.of(work, resource.offer) if resource.offer and not resource.matter else None
    first = what.offer.first if what is not None else ""
    query = (
        select(Waiting)
        .where(
            Waiting.resource_id == resource.id,
            Waiting.day == local_date(slot.starts_at),
            Waiting.state == "waiting",
        )
        .order_by(Waiting.since_at, Waiting.id)
        .with_for_update(skip_locked=True)
    )
    if what is None or not first:
        return work.session.scalars(query.limit(LOOKED_AT)).all()

    def comes_after(row: Waiting) -> bool:
        person = who_waits(work, row, now)
        return person is None or offers.value(work, first, what, resource, slot, person, {}, now) is not True

    return sorted(work.session.scalars(query).all(), key=comes_after)[:LOOKED_AT]


def by_bond(work: Work, row: Waiting, now: datetime) -> Bond | None:
    """The bond by which somebody joined for another, while it is in force."""
    bond = work.session.get(Bond, row.bond_id, populate_existing=True) if row.bond_id is not None else None
    return bond if in_force(bond, local_date(now)) else None


def who_waits(work: Work, row: Waiting, now: datetime) -> Person | None:
    """Who it is. None: somebody without an account, for whom nobody may book any more."""
    if row.user_id is not None:
        return knowing.of_user(work.session.get_one(User, row.user_id))
    bond = by_bond(work, row, now)
    if bond is None:
        return None
    return Person(row.name or "", row.phone, bond.subject_id_number, None, bond.place_id)


def tell_waiting(work: Work, row: Waiting, key: str, kind: str, facts: Mapping[str, Any], *, now: datetime) -> None:
    """A message to who waits, and to who joined for them while the bond holds."""
    made_by = row.made_by_id if by_bond(work, row, now) is not None else None
    users = [id_ for id_ in (row.user_id, made_by) if id_ is not None]
    for n, id_ in enumerate(users):
        user = work.session.get_one(User, id_)
        say(work, f"{key}:{n}" if n else key, kind, facts, user_id=user.id, phone=user.phone, now=now)


def offer_all(work: Work, resource: Resource, slots: Sequence[Slot], *, now: datetime) -> int:
    """Places were added: each is offered to the next who waits for its day. How many were."""
    n = 0
    for slot in slots:
        while offer_freed(work, resource, [slot], now=now) is not None:
            n += 1
    return n


def offer_new(work: Work, resource: Resource, first: date, last: date, *, now: datetime) -> int:
    """Times were made, or opened again, on these days: who waits for one of them is offered a place. One statement
    where nobody does."""
    days = set(
        work.session.scalars(
            select(Waiting.day)
            .where(Waiting.resource_id == resource.id, Waiting.state == "waiting", Waiting.day.between(first, last))
            .distinct()
        )
    )
    if not days:
        return 0
    slots = work.session.scalars(
        select(Slot)
        .where(
            Slot.resource_id == resource.id,
            Slot.closed.is_(False),
            Slot.public_taken < Slot.public_capacity,
            Slot.starts_at > now,
            Slot.starts_at >= written.start_of(min(days)),
            Slot.starts_at < written.start_of(max(days) + timedelta(days=1)),
        )
        .order_by(Slot.starts_at)
    ).all()
    return offer_all(work, resource, [slot for slot in slots if local_date(slot.starts_at) in days], now=now)


def sit(work: Work, made: Appointment, slots: Sequence[Slot]) -> None:
    work.session.add_all(AppointmentSlot(appointment_id=made.id, slot_id=slot.id) for slot in slots)
    work.session.flush()


def claim(
    work: Work,
    made: Appointment,
    slots: Sequence[Slot],
    members: Sequence[tuple[Person, str]],
    bonds: Mapping[str, int] | None = None,
) -> None:
    """Who takes each place, as what; by which bond of a team (`bonds`, by the person's index). A person who has one in
    that slot already: IntegrityError."""
    rows = [
        {
            "appointment_id": made.id,
            "slot_id": slot.id,
            "role": role,
            "person_index": person.index,
            "user_id": person.user_id,
            "name": person.name,
            "phone": person.phone,
            "bond_id": (bonds or {}).get(person.index),
        }
        for slot in slots
        for person, role in members
    ]
    work.session.flush()
    if rows:  # in one statement, however many a team sends
        work.session.execute(insert(BookingPlace.__table__), rows)  # type: ignore[arg-type]


def seat_all(work: Work, made: Sequence[Appointment], slots: Sequence[Slot], person: Person, role: str) -> None:
    """The same of one person in many slots, a booking each."""
    seated = [{"appointment_id": one.id, "slot_id": slot.id} for one, slot in zip(made, slots, strict=True)]
    work.session.execute(insert(AppointmentSlot.__table__), seated)  # type: ignore[arg-type]
    whose = {"user_id": person.user_id, "name": person.name, "phone": person.phone, "bond_id": None}
    places = [{**one, **whose, "role": role, "person_index": person.index} for one in seated]
    work.session.execute(insert(BookingPlace.__table__), places)  # type: ignore[arg-type]


def keep_parts(work: Work, made: Appointment, cost: prices.Cost | None, *, new: bool = False) -> None:
    """Who pays which part of its price, as it is now (`new`: it has none yet). The person's own is kept though it be
    nothing."""
    if not new:
        work.session.execute(delete(BookingPart).where(BookingPart.appointment_id == made.id))
    keep_all_parts(work, [(made, cost)])


def keep_all_parts(work: Work, priced: Iterable[tuple[Appointment, prices.Cost | None]]) -> None:
    """The same of many new bookings."""
    rows = [
        {"appointment_id": made.id, "part": one.part, "cents": one.cents, "payer_id": one.payer_id}
        for made, cost in priced
        for one in (cost.parts if cost is not None else ())
        if one.cents or one.part == SELF
    ]
    if rows:
        work.session.execute(insert(BookingPart.__table__), rows)  # type: ignore[arg-type]


def day_keys(
    work: Work,
    policy: Policy,
    whose: tuple[str, ...],
    starts_at: datetime,
    resource: Resource,
    own: int | None = None,
) -> list[str | None]:
    """The numbers of the person's day that look free; that of the booking `own` counts as free. What opens a case is
    counted together, so many a day a person; of anything else, each offer by itself."""
    day = starts_at.astimezone(ZONE).date()
    numbered = numbers_of_days(policy, whose[0], [day], resource)
    every = [one for index in whose for one in numbers_of_days(policy, index, [day], resource)[day]]
    query = select(Appointment.day_key).where(Appointment.day_key.in_(every))
    if own is not None:
        query = query.where(Appointment.id != own)
    return free_numbers(numbered, work.session.scalars(query))[day]


def numbers_of_days(
    policy: Policy, person_index: str, days: Sequence[date], resource: Resource
) -> dict[date, list[str]]:
    """The numbers that a person has on each of these days: as many as they may book."""
    of = "" if resource.matter else f":{crypto.fingerprint(resource.offer.encode())[:8]}"
    return {day: [f"{person_index}:{day}:{n}{of}" for n in range(policy.per_day)] for day in days}


def free_numbers(numbered: Mapping[date, Sequence[str]], taken: Iterable[str | None]) -> dict[date, list[str | None]]:
    """Those that none of their bookings has, under whichever index."""

    def which(key: str, day: date) -> str:
        return key.rpartition(f":{day}:")[2]

    there = [one for one in taken if one]
    known = {day: {which(one, day) for one in there if f":{day}:" in one} for day in numbered}
    return {day: [key for key in keys if which(key, day) not in known[day]] for day, keys in numbered.items()}


@lru_cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    text = importlib.resources.files("engine.booking").joinpath("data/notices.yaml").read_text("utf-8")
    found: dict[str, dict[str, str]] = yaml.safe_load(text)
    return found


def tell(
    work: Work,
    made: Appointment,
    kind: str,
    at: datetime,
    now: datetime,
    key: str = "",
    *,
    to: User | None = None,
) -> None:
    """A message of a booking to whose it is; `to`: to this one instead."""
    local = made.starts_at.astimezone(ZONE)
    facts = {
        "number": made.number,
        "place": made.resource.name,
        "when": say_at(made.starts_at),
        "reason": made.reason,
        "until": say_at(made.hold_until) if made.hold_until is not None else "",
    }
    facts_en = facts | {"place": made.resource.name_en or made.resource.name, "when": f"{local:%Y-%m-%d %H:%M}"}
    if made.hold_until is not None:
        facts_en["until"] = f"{made.hold_until.astimezone(ZONE):%Y-%m-%d %H:%M}"
    if not made.resource.matter:  # nobody comes to a counter: what is said of a meal or a job says so
        kind = kind.replace("appointment-", "offer-") if kind.replace("appointment-", "offer-") in _texts() else kind
    texts = _texts()[kind]
    notices.put_both(
        work,
        f"appointment:{made.id}:{made.sequence}:{key or kind}" + (f":{to.id}" if to is not None else ""),
        notices.fill(texts["zh"], facts),
        text_en=notices.fill(texts["en"], facts_en),
        kind=kind,
        now=now,
        # Somebody without an account is told by whoever booked for them.
        user_id=to.id if to is not None else made.user_id or (made.booked_by_id if made.channel == "online" else None),
        phone=to.phone if to is not None else made.phone,
        case_id=made.case_id,
        after=at if at > now else None,
    )


def watch(work: Work, made: Appointment, now: datetime, *, new: bool = False) -> None:
    """Have the worker look again when a hold runs out, or when nobody came. One row, woken when it is due. `new`: a
    booking of this transaction, of which nobody can have asked it yet."""
    put: Callable[..., object] = jobs.put if new else jobs.put_once
    at = made.hold_until if made.state == "held" else made.ends_at + timedelta(minutes=GRACE_MINUTES)
    if at is not None:
        key = f"appointment:{made.id}:{made.state}:{made.sequence}"
        put(work, jobs.Kind.APPOINTMENT_DUE, key, {"appointment": made.id}, now=now, after=max(at, now))
    if made.state == "confirmed" and made.resource.offer and not made.resource.matter:
        known = offers.declared(work).get(made.resource.offer)
        for what, moment in moments(known.offer, made) if known is not None else ():
            key = f"booking:{made.id}:{what}:{moment.isoformat()}"
            payload = {"appointment": made.id, "what": what, "at": moment.isoformat()}
            put(work, jobs.Kind.BOOKING_MOMENT, key, payload, now=now, after=max(moment, now))


def moments(offer: Offer, made: Appointment) -> list[tuple[str, datetime]]:
    """When the worker looks whether they came, and whether they have left: no_show, missed, left HH:MM, unsigned."""
    found = []
    day = local_date(made.starts_at)
    if offer.release.no_show:
        found.append(("no_show", made.starts_at + written.span(offer.release.no_show)))
    if offer.missed is not None:
        at = written.clock_on(day, offer.missed.at) if offer.missed.at else made.ends_at
        found.append(("missed", at))
    found += [(f"left {at}", written.clock_on(day, at)) for at in sorted(offer.left_at)]
    if offer.check_out:
        found.append(("unsigned", made.ends_at + timedelta(minutes=GRACE_MINUTES)))
    return found


def say(
    work: Work,
    key: str,
    kind: str,
    facts: Mapping[str, Any],
    *,
    user_id: int | None = None,
    phone: str | None = None,
    case_id: int | None = None,
    after: datetime | None = None,
    now: datetime,
) -> None:
    """One message of bookings to one person, on the screen and by text. `facts`: what its text is filled with; a pair
    is Chinese and English."""
    texts = _texts()[kind]
    zh = {name: one[0] if isinstance(one, tuple) else one for name, one in facts.items()}
    en = {name: one[1] if isinstance(one, tuple) else one for name, one in facts.items()}
    notices.put_both(
        work,
        key,
        notices.fill(texts["zh"], zh),
        text_en=notices.fill(texts["en"], en),
        kind=kind,
        now=now,
        user_id=user_id,
        phone=phone,
        case_id=case_id,
        after=after,
    )


def record(work: Work, kind: audit.Kind, made: Appointment, by: Actor, now: datetime) -> None:
    """A line in the audit: on the case's chain when there is one, with for whom it was done (关系)."""
    grant = booked_for(by, "work", made) if by.id != made.user_id else None
    facts: dict[str, Any] = {
        "appointment": made.number,
        "starts_at": made.starts_at.isoformat(),
        "resource": made.resource_id,
    }
    audit.record(
        work,
        kind,
        by=by,
        now=now,
        case=made.case,
        for_id=made.user_id if grant is not None else None,
        facts=facts if grant is None else {**facts, "bond": grant.id},
        later=True,
    )


def remind(work: Work, made: Appointment, policy: Policy, now: datetime) -> None:
    """Queue the reminders of a booking."""
    for index, at in enumerate(booking.reminders(policy, made.starts_at, now)):
        tell(work, made, "appointment-reminder", at, now, key=f"remind{index}")
