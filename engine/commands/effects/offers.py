"""开放供给, 改期, 取消, 预订, 释放: what a step of a case does to offers and bookings, in the step's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import feel
from engine.commands import appointments as rows
from engine.commands import meeting_rows, offer_rows
from engine.commands.effects import appointments
from engine.commands.offer_rows import Opening, Role, Wish
from engine.errors import NotFound, NotNow, Refused
from engine.people import SYSTEM, units
from engine.process import Effect
from engine.reads import knowing, meetings
from engine.reads import offers as reads
from engine.reads.knowing import Person
from engine.records import audit
from engine.store.models import Resource, Slot, User
from engine.workdays import ZONE, at_end_of_day, at_start_of_day, local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: How long it lasts when the diagram says no end.
LASTS = timedelta(hours=2)


def moment(effect: Effect, name: str) -> datetime | None:
    """A time that the step gives; None without it."""
    value = effect.arguments.get(name)
    if value in (None, ""):
        return None
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise Refused(
            f"“{effect.name or effect.element}”的 {name} 是“{value}”，不是时间。",
            f"Expected a time as {name} of {effect.element}, but it is {value!r}.",
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=ZONE)


def _declared(a: Applying, effect: Effect) -> reads.Declared:
    """The offer that the step names, of the case's own version of its matter."""
    name = effect.headers.get("offer", "")
    one = a.package.declared("offers").get(name)
    if one is None:
        raise NotFound(f"事项里没有声明供给“{name}”。", f"The matter declares no offer {name!r}.")
    found = reads.Declared(one.key, one.what, a.package)  # type: ignore[arg-type]
    return found


def _places(a: Applying, what: reads.Declared, given: Any) -> int | tuple[Role, ...]:
    """The places: as the step gives them, else as the declaration says."""
    if given in (None, ""):
        places = what.offer.places
        if isinstance(places, str):
            expression = feel.compile(places.removeprefix("="))
            given = feel.to_json(expression.evaluate(dict(a.variables), feel.Env(now=a.now, calendar=a.work.calendar)))
        else:
            return offer_rows.declared_roles(what.offer) or int(places)  # type: ignore[arg-type]
    if isinstance(given, (list, tuple)):
        rows = [_role(one, what) for one in given if isinstance(one, Mapping)]
        rows = [row for row in rows if row is not None and row.capacity > 0]
        if rows and len({row.role for row in rows}) == len(rows):  # type: ignore[union-attr]
            return tuple(rows)  # type: ignore[arg-type]
    else:
        try:
            if int(given) > 0:
                return int(given)
        except (TypeError, ValueError):
            pass
    raise NotNow(
        "开放时没有名额：应是一个大于 0 的数，或一列角色（role、title、capacity，角色不重复）。",
        "Expected places: a number above 0, or a list of roles (role, title, capacity), each role once.",
    )


def _role(given: Mapping[str, Any], what: reads.Declared) -> Role | None:
    """A role of a list. What it does not say itself is as the declaration's role of its name says."""
    known = next((one for one in offer_rows.declared_roles(what.offer) if one.role == given.get("role")), None)
    try:
        capacity = int(given.get("capacity") or 0)
    except (TypeError, ValueError):
        return None
    title = str(given.get("title") or (known.title if known is not None else "") or given.get("role") or "")
    role = str(given.get("role") or title)[:40]
    if not role:
        return None
    return Role(
        role,
        title[:40],
        capacity,
        str(given.get("title_en") or (known.title_en if known is not None else ""))[:80],
        str(given.get("who") or (known.who if known is not None else ""))[:500],
        str(given.get("who_says") or (known.who_says if known is not None else ""))[:200],
        str(given.get("who_says_en") or (known.who_says_en if known is not None else ""))[:200],
    )


def open_(a: Applying, effect: Effect) -> None:
    what = _declared(a, effect)
    starts_at = moment(effect, "starts_at")
    if starts_at is None:
        raise Refused("开放供给没有写开始时间。", "Expected starts_at, but open-offer has none.")
    ends_at = moment(effect, "ends_at") or starts_at + LASTS
    given = effect.arguments
    place = units.by_code(a.work, str(given["place"])) if given.get("place") else a.place
    parent = of_case(a, str(given["parent"])) if given.get("parent") else _event_of(a, what)
    row, slot = offer_rows.open_(
        a.work,
        what,
        Opening(
            name=str(given.get("name") or what.offer.title),
            name_en="" if given.get("name") else what.offer.title_en,
            starts_at=starts_at,
            ends_at=ends_at,
            unit_id=place.id,
            place_id=place.id,
            places=_places(a, what, given.get("places")),
            about=str(given.get("about") or ""),
            address=str(given["address"]) if given.get("address") else None,
            parent_id=parent.id if parent is not None else None,
        ),
        case=a.case,
        by=a.by,
        now=a.now,
    )
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "offer": row.code})
    facts = rows.facts_of(row, slot.starts_at, slot.ends_at, slot.public_capacity, slot.public_taken)
    a.answer(effect, {"offer": facts})


def _event_of(a: Applying, what: reads.Declared) -> Resource | None:
    """The event that a session belongs to, as its declaration says: the newest of it that this case has open."""
    if not what.offer.parent:
        return None
    declared = what.package.declared("offers")[what.offer.parent]
    event = reads.declared(a.work)[declared.key].offer
    row = a.work.session.scalar(
        select(Resource)
        .where(Resource.case_id == a.case.id, Resource.offer == declared.key, Resource.active)
        .order_by(Resource.id.desc())
        .limit(1)
        .with_for_update()
    )
    if row is None:
        raise NotNow(
            f"“{what.offer.title}”是“{event.title}”的场次，本办件还没有开放“{event.title}”。请先开放它。",
            f"{what.offer.title_en} is a session of {event.title_en}, which this case has not opened yet.",
        )
    return row


def of_case(a: Applying, number: str) -> Resource:
    """What this case has opened under this number, locked. NotFound: nothing."""
    row = a.work.session.scalar(
        select(Resource).where(Resource.code == number, Resource.case_id == a.case.id).with_for_update()
    )
    if row is None:
        raise NotFound(
            f"本办件没有开放过“{number}”。请核对写的是哪个变量。",
            f"This case has opened no {number!r}: check the variable.",
        )
    return row


def _mine(a: Applying, number: str) -> list[Resource]:
    """The offer of this number, or all that this case has opened and that are open."""
    if number:
        return [row for row in [of_case(a, number)] if row.active]
    return list(
        a.work.session.scalars(
            select(Resource)
            .where(Resource.case_id == a.case.id, Resource.active)
            .order_by(Resource.id)
            .with_for_update()
        )
    )


def close(a: Applying, effect: Effect) -> None:
    reason = str(effect.arguments.get("reason") or "活动取消")
    rows = _mine(a, str(effect.arguments.get("offer") or ""))
    for row in rows:
        offer_rows.close(a.work, row, reason, by=a.by, now=a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "offers": [row.code for row in rows]})


def hold_arrivals(a: Applying, effect: Effect) -> None:
    """Nobody else comes in today at the door of the units below the case's own; or they do again."""
    what = _declared(a, effect)
    says = str(effect.arguments.get("says") or "").strip()[:300]
    below = [place.id for place in units.tree(a.work).below(units.place(a.work, a.case.unit_id))]
    day = local_date(a.now)
    slots = a.work.session.scalars(
        select(Slot)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(
            Resource.offer == what.key,
            Resource.unit_id.in_(below),
            Slot.starts_at.between(at_start_of_day(day), at_end_of_day(day)),
        )
        .order_by(Slot.id)
        .with_for_update()
    ).all()
    for slot in slots:
        slot.held = says or None
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "offer": what.key, "held": bool(says), "times": len(slots)})


def move(a: Applying, effect: Effect) -> None:
    starts_at = moment(effect, "starts_at")
    if starts_at is None:
        raise Refused("改期没有写新的时间。", "Expected starts_at, but move-offer has none.")
    reason = str(effect.arguments.get("reason") or "时间有变")
    rows = _mine(a, str(effect.arguments.get("offer") or ""))
    for row in rows:
        if row.parent_id is None or row.parent_id not in {one.id for one in rows}:  # a session goes with its event
            offer_rows.move(a.work, row, starts_at, reason, by=a.by, now=a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "offers": [row.code for row in rows]})


def book(a: Applying, effect: Effect) -> None:
    """For the applicant, or whom `person` names: all of the offers, or FULL (or REFUSED) and none. With a time: all
    that the case's meeting holds."""
    given = effect.arguments
    if "starts_at" in given:
        _meet(a, effect)
        return
    person = whom(a, given.get("person"))
    listed = given.get("offers")
    wanted = listed if isinstance(listed, list) else [{"offer": given.get("offer"), "role": given.get("role")}]
    try:
        wishes = [_wish(a, one, person) for one in wanted]
        made = offer_rows.book(a.work, wishes, channel="counter", case=a.case, by=a.by, now=a.now)
    except (NotNow, NotFound) as refused:
        a.throw(effect, "FULL" if refused.facts.get("full") else "REFUSED", refused.zh)
        return
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "bookings": [one.number for one in made]})
    rows = [
        {"number": one.number, "starts_at": one.starts_at.astimezone(ZONE).isoformat(), "price": one.price}
        for one in made
    ]
    a.answer(effect, {"bookings": rows})


def _meet(a: Applying, effect: Effect) -> None:
    """The meeting of the case, or Invalid by the field. When it is moved, the step that waits for it is due as much
    later or earlier (meeting.due)."""
    words, _role = meeting_rows.declared(a.package)
    before = meetings.of_case(a.work, a.case.id)
    planned = next((one for one in before if one.state == "planned"), None)
    made = meeting_rows.book(a.work, a.case, a.package, effect.arguments, before=planned, by=a.by, now=a.now)
    if words.due and before:
        for task in a.live:
            if task.element == words.due and task.due_at is not None and task not in a.opened:
                task.due_at += made.starts_at - before[-1].starts_at
    starts_at, ends_at = (at.astimezone(ZONE).isoformat() for at in (made.starts_at, made.ends_at))
    a.answer(effect, {"meeting": {"starts_at": starts_at, "ends_at": ends_at, "place": made.place}})


def whom(a: Applying, given: Any) -> Person:
    """Whom a step names by name, phone, id_number; the applicant when it names nobody."""
    if isinstance(given, Mapping) and given.get("name"):
        phone, number = given.get("phone"), given.get("id_number")
        return Person(str(given["name"]), str(phone) if phone else None, str(number) if number else None)
    case = a.case
    user = a.work.session.get(User, case.applicant_id) if case.applicant_id is not None else None
    if user is not None:  # by their account, so that nobody has two places by two names
        return knowing.of_user(user)
    return Person(case.applicant_name, case.applicant_phone, case.applicant_id_number, None, case.place_id)


def _wish(a: Applying, given: Any, person: Person) -> Wish:
    """One of the offers: its number, or a number and a role."""
    row = given if isinstance(given, Mapping) else {"offer": given}
    slot_id = a.work.session.scalar(
        select(Slot.id)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(Resource.code == str(row.get("offer") or ""), Slot.starts_at > a.now, Slot.closed.is_(False))
        .order_by(Slot.starts_at)
        .limit(1)
    )
    if slot_id is None:
        raise NotFound(
            f"没有可以预订的“{row.get('offer')}”。", f"There is nothing to book by the number {row.get('offer')!r}."
        )
    return Wish(slot_id, ((person, str(row.get("role") or "")),))


def release(a: Applying, effect: Effect) -> None:
    """The booking of this number, or all of this case, given back by the hall. Of a meeting: it was held, or is called
    off, with all that it holds."""
    outcome = effect.headers.get("meeting")
    if outcome is None:
        appointments.release(a, effect)
        return
    reason = str(effect.arguments.get("reason") or "")
    meeting_rows.end(a.work, a.case, outcome, by=a.by, now=a.now, reason=reason)


def end_meeting(a: Applying, effect: Effect) -> None:
    """What `release` was called of a meeting, in versions of before: `outcome` instead of `meeting`."""
    reason = str(effect.arguments.get("reason") or "")
    meeting_rows.end(a.work, a.case, effect.headers.get("outcome") or "held", by=a.by, now=a.now, reason=reason)


def case_ended(a: Applying) -> None:
    """A case that is over has no meeting to come; one that was withdrawn or terminated needs its offers no more."""
    if a.package.info.meeting is not None:
        meeting_rows.off(a.work, a.case, a.package, by=SYSTEM, now=a.now)
    if a.case.status in ("withdrawn", "terminated"):
        for row in _mine(a, ""):
            offer_rows.close(a.work, row, "办件已经终止", by=a.by, now=a.now)
