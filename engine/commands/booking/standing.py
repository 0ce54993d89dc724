"""Standing orders (长期预订): every working day until June but not on Fridays; the ninety afternoons of a term.

The worker makes bookings of an order some weeks ahead (`go_on`), by the same rules as a booking of one's own. Each day
it has dealt with is a row (StandingDay), in the transaction of its booking: a day is booked once, whoever dies when. A
day that is full, or whose time is shut, is looked at again; who may not have it any more has the order ended, and is
told once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from engine.booking import written
from engine.booking.slots import ZONE
from engine.commands import appointments, bond_rows, offer_rows
from engine.commands.booking import answering, book, claim, naming
from engine.commands.offer_rows import Wish
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import SYSTEM, Actor, may, require
from engine.people.access import Verb, ordered_for
from engine.people.bonds import in_force
from engine.reads import bonds, choosing, knowing
from engine.reads import offers as reads
from engine.reads.knowing import Person
from engine.reads.standing import in_words
from engine.records import audit, jobs
from engine.store import Work
from engine.store.models import Appointment, Bond, BookingPlace, Resource, Slot, Standing, StandingDay, User
from engine.workdays import local_date, say_day

#: How far ahead bookings of an order are made.
AHEAD_DAYS = 14
#: Orders of one transaction, of a night.
BATCH = 200
#: The longest order.
MOST_DAYS = 366
#: What has been decided of a day, and is not looked at again.
DECIDED = ("booked", "skipped", "missed")


@dataclass
class Made:
    """What one look at an order did."""

    booked: list[date] = field(default_factory=list)
    full: list[date] = field(default_factory=list)  # for the first time
    ended: str = ""


# ---------------------------------------------------------------- what people do


def order(
    work: Work,
    slot_id: int,
    *,
    weekdays: Sequence[int],
    until_on: date | None,
    from_on: date | None = None,
    working: bool = False,
    role: str = "",
    answers: Mapping[str, Any] | None = None,
    person: Person | None = None,
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Standing:
    """Order the time of day of this slot on these weekdays (1 is Monday). Online for oneself, or by a bond for somebody
    who lets one book: it ends with the bond, and what is booked stays. Staff of the unit for `person`. Without
    `until_on`: to the end of the term, where it is ordered by term.

    Raises NotFound, NotNow (not by weekday; no such days; one has been made; not fit), NotYours, Invalid."""
    slot = offer_rows.find_slot(work, slot_id)
    what = reads.of(work, slot.resource.offer)
    if not what.offer.standing:
        raise NotNow("这一项不能长期预订，请一次一次订。", "This cannot be ordered for many days: book each time.")
    today = local_date(now)
    first = max(from_on or local_date(slot.starts_at), today)
    last = until_on or _term_end(what, first)
    chosen = "".join(str(n) for n in sorted({n for n in weekdays if 1 <= n <= 7}))
    wrong = []
    if not chosen:
        wrong.append(FieldError("weekdays", "星期", "请选星期几。", "Choose the days of the week."))
    if last is None or last < first:
        wrong.append(
            FieldError("until", "到哪天", "请选结束的日期，不早于开始。", "Give a last day, not before the first.")
        )
    elif (last - first).days >= MOST_DAYS:
        wrong.append(FieldError("until", "到哪天", "一次最长订一年。", "An order is for a year at most."))
    elif what.offer.standing == "term" and last > (_term_end(what, first) or last):
        wrong.append(FieldError("until", "到哪天", "最长到学期结束。", "To the end of the term at most."))
    if wrong or last is None:
        raise Invalid(wrong)
    if person is None:
        if by.id is None or by.kind != "resident":
            raise NotYours("请先登录再预订。", "Log in to book.")
        if bond_id is not None:
            whose = bonds.to_reach(work, by, bond_id, what.key)
        else:
            whose = knowing.of_user(work.session.get_one(User, by.id))
            naming.must_have_name(whose.name)
        appointments.refuse_blocked(work, whose.indexes, slot.resource, now)
    else:
        require(by, "serve", slot.resource)
        whose = claim.known_person(work, person.name, person.phone or "")
    given = claim.check(work, what, answers or {}, now=now)
    roles = reads.roles_of(work, [slot.id]).get(slot.id, [])
    wanted = [row for row in roles if row.role == role]
    if bool(roles) != bool(role) or (role and not wanted):
        zh = "、".join(row.title for row in roles)
        raise NotNow(f"请选一个角色：{zh}。" if roles else "这一项没有角色之分。", "Choose one of the roles.")
    reasons = reads.why_not(work, what, slot.resource, slot, whose, roles=wanted, answers=given, online=False, now=now)
    if reasons:
        raise NotNow("；".join(one.zh for one in reasons), "; ".join(one.en for one in reasons), unfit=True)
    choosing.refuse_unfit(work, what, slot.resource, slot, whose, given, now=now)
    row = Standing(
        resource_id=slot.resource_id,
        at=f"{slot.starts_at.astimezone(ZONE):%H:%M}",
        weekdays=chosen,
        working=working,
        from_on=first,
        until_on=last,
        role=role,
        answers=given or None,
        user_id=whose.user_id,
        person_index=whose.index,
        name=whose.name,
        phone=whose.phone,
        made_by_id=by.id if by.id != whose.user_id else None,
        bond_id=bond_id if person is None else None,
        made_at=now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(row)
            work.session.flush()
    except IntegrityError:
        raise NotNow(
            "已经有一个长期预订了。要改，先停掉原来的。", "There is an order already: end that one first to change it."
        ) from None
    row.resource = slot.resource
    _record(work, audit.Kind.STANDING_MADE, row, by, now)
    made = go_on(work, row.id, now=now, first_time=True)
    zh, en = in_words(row.weekdays, row.working)
    n, full = len(made.booked), "、".join(say_day(day) for day in made.full)
    said = (f"已订好 {n} 次" if n else "后面的日子开放了就订") + (f"，{full}满了" if full else "") + "。"
    said_en = f"{n} booked" + (f"; full: {', '.join(map(str, made.full))}" if full else "") + ". "
    _tell(work, row, "standing-made", {"days": (zh, en), "booked": (said, said_en)}, now)
    return row


def skip(work: Work, standing_id: int, day: date, *, by: Actor, now: datetime) -> Standing:
    """Not on this day. What is booked of it is given back, as long as that may be."""
    row = find(work, standing_id, "work", by=by)
    known = _day(work, row, day, now)
    if known is not None and known.state == "skipped":
        return row
    made = _live(work, known)
    if made is not None:
        book.cancel(work, made.id, version=made.version, by=by, now=now)
    _set(work, row, known, day, "skipped")
    row.version += 1
    _record(work, audit.Kind.STANDING_CHANGED, row, by, now, day=day.isoformat(), what="skip")
    return row


def add(work: Work, standing_id: int, day: date, *, by: Actor, now: datetime) -> Standing:
    """This day too: one beside its weekdays, or one that was called off."""
    row = find(work, standing_id, "work", by=by)
    known = _day(work, row, day, now)
    if _live(work, known) is not None:
        raise AlreadyDone("这一天已经订了。", "That day is booked already.")
    if known is not None:
        known.appointment_id = None
    _set(work, row, known, day, "wanted")
    row.version += 1
    _record(work, audit.Kind.STANDING_CHANGED, row, by, now, day=day.isoformat(), what="add")
    work.session.flush()
    go_on(work, row.id, now=now, first_time=True)
    return row


def change_day(
    work: Work, standing_id: int, day: date, answers: Mapping[str, Any], *, by: Actor, now: datetime
) -> Standing:
    """Other answers on this one day (no pork on the ninth): it is booked with them, or its booking changes."""
    row = find(work, standing_id, "work", by=by)
    resource = work.session.get_one(Resource, row.resource_id)
    what = reads.of(work, resource.offer)
    if not what.offer.answered:
        raise NotNow("这一项没有要填的。", "Nothing is asked here.")
    given = claim.check(work, what, answers, now=now)
    known = _day(work, row, day, now)
    made = _live(work, known)
    if made is not None:
        answering.answer(work, made.id, answers, version=made.version, by=by, now=now)
    elif known is not None and known.state in ("skipped", "missed"):
        raise NotNow("这一天不来。先点“这天要来”再改。", "They do not come that day: add the day first.")
    if known is None:
        plain = str(day.isoweekday()) in row.weekdays and not (row.working and not work.calendar.is_workday(day))
        if not plain:
            raise NotNow("这一天不在长期预订里，先加上这一天。", "That day is not of the order: add it first.")
        known = StandingDay(standing_id=row.id, day=day, state="wanted")
        work.session.add(known)
    known.answers = given
    row.version += 1
    work.session.flush()
    _record(work, audit.Kind.STANDING_CHANGED, row, by, now, day=day.isoformat(), what="answers")
    return row


def end(work: Work, standing_id: int, *, reason: str = "", by: Actor, now: datetime) -> int:
    """No more of it; its bookings to come that may still be given back are. How many were."""
    row = find(work, standing_id, "work", by=by)
    return _end(work, row, reason.strip(), reason.strip(), by=by, now=now)


def _end(work: Work, row: Standing, reason: str, reason_en: str, *, by: Actor, now: datetime) -> int:
    row.state, row.ended_at, row.reason = "ended", now, reason[:200]
    row.version += 1
    online = by.kind == "resident"
    given_back = 0
    for made in work.session.scalars(
        select(Appointment)
        .join(StandingDay, StandingDay.appointment_id == Appointment.id)
        .where(StandingDay.standing_id == row.id, Appointment.state == "confirmed", Appointment.starts_at > now)
        .options(joinedload(Appointment.resource), joinedload(Appointment.case))
        .order_by(Appointment.starts_at)
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    ).all():
        policy = appointments.policy_of(made.resource)
        if online and now > made.starts_at - timedelta(hours=policy.cancel_hours):
            continue  # too late to give back: it stays, and is seen under one's bookings
        book.let_go(work, made, "cancelled", reason or "长期预订停了", by=by, now=now, by_hall=not online)
        given_back += 1
    _record(work, audit.Kind.STANDING_ENDED, row, by, now, given_back=given_back)
    said = (f"{reason}。" if reason and not reason.endswith("。") else reason, f"{reason_en} " if reason_en else "")
    _tell(work, row, "standing-ended", {"reason": said, "n": given_back}, now)
    return given_back


# ---------------------------------------------------------------- what the worker does


def ask(work: Work, *, now: datetime) -> int:
    """A job for each order that goes on; how many orders do."""
    last: int | None = 0
    while last is not None:
        last = ask_some(work, last, now=now)
    return work.session.scalar(select(func.count()).select_from(Standing).where(Standing.state == "active")) or 0


def ask_some(work: Work, after: int, *, now: datetime) -> int | None:
    """The same of the orders after this one, as many as one transaction takes; the last of them, None when there are no
    more."""
    query = select(Standing.id).where(Standing.state == "active", Standing.id > after)
    ids = list(work.session.scalars(query.order_by(Standing.id).limit(BATCH)))
    for id_ in ids:
        key = f"standing:{id_}:{local_date(now)}"
        jobs.put_once(work, jobs.Kind.STANDING_DUE, key, {"standing": id_}, now=now)
    return ids[-1] if len(ids) == BATCH else None


def go_on(work: Work, standing_id: int, *, now: datetime, first_time: bool = False) -> Made:
    """Make the bookings of the coming weeks that this order has not got. Nothing is said on the first time: whoever
    ordered is told of it all."""
    row = work.session.get(Standing, standing_id, with_for_update=True, populate_existing=True)
    done = Made()
    if row is None or row.state != "active":
        return done
    today = local_date(now)
    row.looked_at = now
    if row.bond_id is not None:
        bond = work.session.get_one(Bond, row.bond_id)
        if not in_force(bond, today):
            bond_rows.end_order(work, row.id, by=SYSTEM, now=now)
            done.ended = "关系到期"
            return done
    if row.until_on < today:
        row.state, row.ended_at, row.reason = "ended", now, "到期了"
        _record(work, audit.Kind.STANDING_ENDED, row, SYSTEM, now)
        return done
    known = {
        one.day: one
        for one in work.session.scalars(
            select(StandingDay)
            .where(StandingDay.standing_id == row.id, StandingDay.day >= today)
            .execution_options(populate_existing=True)
        )
    }
    first, last = max(row.from_on, today), min(row.until_on, today + timedelta(days=AHEAD_DAYS))
    wanted = []
    for slot in _slots(work, row, first, last, now):
        day = local_date(slot.starts_at)
        here = known.get(day)
        if _wanted(work, row, day, here) and not slot.closed:  # what is shut may open again
            wanted.append(_Day(slot, day, here))
    if not wanted:
        return done
    whose = _person(work, row)
    left = _decided(work, row, wanted, whose, now)
    if len(left) > 1 and _book_all(work, row, left, whose, done, now):
        left = []
    for one in left:
        said = _book(work, row, one, whose, done, now)
        if said is not None:
            done.ended = said.zh
            _end(work, row, said.zh, said.en, by=SYSTEM, now=now)
            return done
    if done.full and not first_time:
        days = "、".join(say_day(day) for day in done.full), ", ".join(map(str, done.full))
        _tell(work, row, "standing-full", {"days": days}, now)
    return done


def _wanted(work: Work, row: Standing, day: date, here: StandingDay | None) -> bool:
    if here is not None:
        return here.state not in DECIDED
    return str(day.isoweekday()) in row.weekdays and not (row.working and not work.calendar.is_workday(day))


def _slots(work: Work, row: Standing, first: date, last: date, now: datetime) -> list[Slot]:
    """The times of these days that begin when the order says."""
    found = work.session.scalars(
        select(Slot)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(
            Slot.resource_id == row.resource_id,
            Resource.active,
            Slot.starts_at > now,
            Slot.starts_at >= written.start_of(first),
            Slot.starts_at < written.start_of(last + timedelta(days=1)),
        )
        .options(joinedload(Slot.resource).joinedload(Resource.unit))
        .order_by(Slot.starts_at)
    )
    return [slot for slot in found if f"{slot.starts_at.astimezone(ZONE):%H:%M}" == row.at]


@dataclass(frozen=True, slots=True)
class _Day:
    """A day that the order wants, and what is known of it."""

    slot: Slot
    day: date
    here: StandingDay | None

    def answers(self, row: Standing) -> Mapping[str, Any]:
        own = self.here.answers if self.here is not None and self.here.answers is not None else row.answers
        return own or {}


def _decided(work: Work, row: Standing, wanted: Sequence[_Day], whose: Person, now: datetime) -> list[_Day]:
    """The days that are to be booked; what is known of the others is kept: too late, or they booked it themselves."""
    own = _own(work, [one.slot.id for one in wanted], whose)
    left = []
    for one in wanted:
        known = reads.declared(work).get(one.slot.resource.offer)
        late = reads.too_late(known.offer, one.slot, now) if known is not None else None
        if late is not None:
            _set(work, row, one.here, one.day, "missed", reason=late.zh)
        elif one.slot.id in own:
            _set(work, row, one.here, one.day, "booked", own[one.slot.id])
        else:
            left.append(one)
    return left


def _wish(row: Standing, one: _Day, whose: Person) -> tuple[Wish, str]:
    """What is booked of a day, and by which channel."""
    online = row.made_by_id is None or row.bond_id is not None
    by_whom = row.made_by_id if row.bond_id is not None else None
    members = ((whose, row.role),)
    wish = Wish(one.slot.id, members, answers=one.answers(row), booked_by=by_whom, slot=one.slot, by_day=True)
    return wish, "online" if online else "phone"


def _book_all(work: Work, row: Standing, left: Sequence[_Day], whose: Person, done: Made, now: datetime) -> bool:
    """Book all these days at once. False: one of them cannot be had, and none was booked."""
    known = reads.declared(work).get(left[0].slot.resource.offer)
    if known is None or not known.offer.standing:
        return False
    wish, channel = _wish(row, left[0], whose)
    answers = [one.answers(row) for one in left]
    slots = [one.slot for one in left]
    made = offer_rows.book_days(work, slots, wish, answers, channel=channel, by=SYSTEM, now=now)
    for one, booked in zip(left, made or (), strict=False):
        _set(work, row, one.here, one.day, "booked", booked.id)
        done.booked.append(one.day)
    return made is not None


def _book(work: Work, row: Standing, one: _Day, whose: Person, done: Made, now: datetime) -> reads.Not | None:
    """Book one day, and keep what became of it. Why the order has to end, when they may not have it any more."""
    slot, here, day = one.slot, one.here, one.day
    known = reads.declared(work).get(slot.resource.offer)
    if known is None or not known.offer.standing:
        return reads.Not("这一项不再接受长期预订", "It cannot be ordered for many days any more.")
    wish, channel = _wish(row, one, whose)
    try:
        made = offer_rows.book(work, [wish], channel=channel, quiet=True, by=SYSTEM, now=now)[0]
    except NotNow as refused:
        if refused.facts.get("unfit"):
            return reads.Not(refused.zh, refused.en)
        if refused.facts.get("full"):
            if here is None or here.state != "full":
                done.full.append(day)
            _set(work, row, here, day, "full")
            return None
        _set(work, row, here, day, "missed", reason=refused.zh)
        return None
    _set(work, row, here, day, "booked", made.id)
    done.booked.append(day)
    return None


def _own(work: Work, slot_ids: Sequence[int], whose: Person) -> dict[int, int]:
    """Their own bookings of these times, unless another order made them."""
    rows = work.session.execute(
        select(BookingPlace.slot_id, BookingPlace.appointment_id)
        .outerjoin(StandingDay, StandingDay.appointment_id == BookingPlace.appointment_id)
        .where(
            BookingPlace.slot_id.in_(slot_ids),
            BookingPlace.person_index.in_(whose.indexes),
            BookingPlace.live,
            StandingDay.standing_id.is_(None),
        )
    )
    return {slot_id: appointment_id for slot_id, appointment_id in rows}


# ---------------------------------------------------------------- what several of them need


def find(work: Work, standing_id: int, verb: Verb, *, by: Actor) -> Standing:
    """The order, locked, if the actor may do this to it. NotFound, NotYours; NotNow when it has ended."""
    row = work.session.scalar(
        select(Standing)
        .where(Standing.id == standing_id)
        .options(joinedload(Standing.resource))
        .with_for_update(of=Standing)
        .execution_options(populate_existing=True)
    )
    if row is None or not may(by, "see", row):
        raise NotFound("没有这个长期预订。", "There is no such order.")
    require(by, verb, row)
    if row.state != "active":
        raise NotNow("这个长期预订已经停了。", "This order has ended.")
    return row


def _day(work: Work, row: Standing, day: date, now: datetime) -> StandingDay | None:
    if not max(row.from_on, local_date(now)) <= day <= row.until_on:
        raise NotNow(
            f"请选{say_day(max(row.from_on, local_date(now)))}到{say_day(row.until_on)}之间的一天。",
            f"Choose a day of the order, to {row.until_on}.",
        )
    return work.session.get(StandingDay, (row.id, day), populate_existing=True)


def _live(work: Work, known: StandingDay | None) -> Appointment | None:
    if known is None or known.appointment_id is None:
        return None
    made = work.session.get(Appointment, known.appointment_id, populate_existing=True)
    return made if made is not None and made.state in ("held", "confirmed", "checked_in", "called", "served") else None


def _set(
    work: Work,
    row: Standing,
    here: StandingDay | None,
    day: date,
    state: str,
    appointment_id: int | None = None,
    reason: str = "",
) -> None:
    if here is None:
        here = StandingDay(standing_id=row.id, day=day, state=state)
        work.session.add(here)
    here.state, here.reason = state, reason[:200]
    if appointment_id is not None:
        here.appointment_id = appointment_id


def _person(work: Work, row: Standing) -> Person:
    if row.user_id is not None:
        return knowing.of_user(work.session.get_one(User, row.user_id))
    if row.bond_id is not None:  # with what the bond says of somebody without an account
        bond = work.session.get_one(Bond, row.bond_id)
        return Person(row.name, row.phone, bond.subject_id_number, None, bond.place_id)
    return Person(row.name, row.phone)


def _term_end(what: reads.Declared, day: date) -> date | None:
    terms = what.offer.opens.terms if what.offer.opens is not None else ()
    return next((term.until for term in sorted(terms, key=lambda t: t.since) if day <= term.until), None)


def _record(work: Work, kind: audit.Kind, row: Standing, by: Actor, now: datetime, **facts: Any) -> None:
    """A line in the audit, with for whom it was done and by which bond."""
    grant = None
    if by.grants and by.id != row.user_id:
        row.resource = work.session.get_one(Resource, row.resource_id)
        grant = ordered_for(by, "work", row)
    if grant is not None:
        facts["bond"] = grant.id
    facts = {"standing": row.id, "resource": row.resource_id, **facts}
    for_id = row.user_id if grant is not None else None
    audit.record(work, kind, by=by, now=now, for_id=for_id, facts=facts, later=True)


def _tell(work: Work, row: Standing, kind: str, facts: Mapping[str, Any], now: datetime) -> None:
    resource = work.session.get_one(Resource, row.resource_id)
    about = {
        "place": (resource.name, resource.name_en or resource.name),
        "from": (say_day(row.from_on), str(row.from_on)),
        "until": (say_day(row.until_on), str(row.until_on)),
    }
    key = f"standing:{row.id}:{kind}:{now.isoformat()}"
    user_id = row.user_id or (row.made_by_id if row.bond_id is not None else None)
    appointments.say(work, key, kind, about | dict(facts), user_id=user_id, phone=row.phone, now=now)
