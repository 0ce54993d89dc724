"""What people do with offers in a story: somebody books a time, alone or for a team, and somebody gives it back.

Whom the story names and the hall does not know yet signs up at that moment: a resident of the story's village.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from engine import crypto, matters, people
from engine.commands import booking
from engine.errors import Invalid, NotFound, NotNow, NotYours, Refused
from engine.matters.stories import when
from engine.people import units
from engine.reads import bonds
from engine.store import Database, Work, keys
from engine.store.models import Appointment, Bond, BookingPlace, Resource, Slot, User
from engine.workdays import at_start_of_day, local_date

#: The day of birth of whoever the story says nothing of: an adult.
ADULT = date(1980, 1, 1)
#: The region that begins an identity number of the scratch county.
REGION = "350526"


class Booked(Refused):
    """Expected the booking to fail as the story says, but it did not."""

    slug = "story-booked"


def book(database: Database, package: matters.Package, case_id: int, step: Mapping[str, Any], *, now: datetime) -> None:
    """Somebody books. What the story says must fail, must fail so; who then waits may be offered a place later."""
    expected = step.get("error")
    if step.get("offered"):
        _take_offered(database, package, step, now=now)
        return
    try:
        with database.unit_of_work() as work:
            slot = _slot(work, package, case_id, step, now)
            by = people.load(work, resident(work, str(step["who"]), step.get("born"), now).id, now=now)
            team, led, members = _members(work, by, step, now)
            bond_id = bond_for(work, by, step)
            booking.take_place(
                work,
                slot.id,
                role=str(step.get("role") or ""),
                answers=step.get("answers") or {},
                team=team,
                members=members,
                led=led,
                bond_id=bond_id,
                by=by,
                now=now,
            )
    except Invalid as refused:
        if expected != "REFUSED" or refused.fields[0].field != "members":
            raise
        return
    except NotNow as refused:
        code = "FULL" if refused.facts.get("full") else "REFUSED"
        if expected != code:
            raise
        if step.get("waits"):
            _wait(database, package, case_id, step, now=now)
        return
    if expected:
        raise Booked(f"应当订不上（{expected}），但订上了。", f"Expected {expected}, but it was booked.")


def _wait(
    database: Database, package: matters.Package, case_id: int, step: Mapping[str, Any], *, now: datetime
) -> None:
    """They wait for a place of that day."""
    with database.unit_of_work() as work:
        slot = _slot(work, package, case_id, step, now)
        by = people.load(work, resident(work, str(step["who"]), step.get("born"), now).id, now=now)
        booking.wait(
            work,
            resource_id=slot.resource_id,
            day=local_date(slot.starts_at),
            role=str(step.get("role") or ""),
            bond_id=bond_for(work, by, step),
            by=by,
            now=now,
        )


def _take_offered(database: Database, package: matters.Package, step: Mapping[str, Any], *, now: datetime) -> None:
    """They take the place that is kept for them. NotFound: none is."""
    with database.unit_of_work() as work:
        by = people.load(work, resident(work, str(step["who"]), None, now).id, now=now)
        key = package.declared("offers")[str(step["offer"])].key
        made = work.session.scalars(
            select(Appointment)
            .join(Resource, Resource.id == Appointment.resource_id)
            .where(Resource.offer == key, _whose(work, by, step), Appointment.state == "held")
        ).first()
        if made is None:
            name = step.get("for") or step["who"]
            raise NotFound(
                f"没有给{name}留“{step['offer']}”的位子。", f"No place of {step['offer']} is kept for {name}."
            )
        booking.confirm(work, made.id, version=made.version, answers=step.get("answers") or {}, by=by, now=now)


def bond_for(work: Work, by: people.Actor, step: Mapping[str, Any]) -> int | None:
    """By which bond they do it for whom the step names (`for`); None: for themselves."""
    name = step.get("for")
    if not name:
        return None
    held = work.session.scalars(select(Bond).where(Bond.holder_id == by.id, Bond.state == "held").order_by(Bond.id))
    found = next((row.id for row in held if row.subject_name == name), None)
    if found is None:
        raise NotFound(
            f"{by.name}和{name}没有关系，不能替他办。请写进 bonds（holder 写 born，才有账号）。",
            f"{by.name} has no bond with {name}: write it under bonds, the holder with `born`, so that they have an "
            "account.",
        )
    return found


def _whose(work: Work, by: people.Actor, step: Mapping[str, Any]) -> ColumnElement[bool]:
    """The bookings of whom the step means: of who does it, or of whom they do it for."""
    bond = bond_for(work, by, step)
    if bond is None:
        return Appointment.user_id == by.id
    return Appointment.person_index == bonds.comes(work, work.session.get_one(Bond, bond)).index


def _members(
    work: Work, by: people.Actor, step: Mapping[str, Any], now: datetime
) -> tuple[str, list[tuple[int, str]], list[tuple[str, str, str]]]:
    """The team of a step: its name; by which bond each of its members comes, as what; who is written down by name."""
    leads = {grant.subject_id: grant.id for grant in by.grants if "lead" in grant.lets}
    led: list[tuple[int, str]] = []
    named: list[tuple[str, str, str]] = []
    for role, names in (step.get("members") or {}).items():
        for name in names:
            user = resident(work, name, None, now)
            if user.id in leads:
                led.append((leads[user.id], role))
            else:
                named.append((name, user.phone or "", role))
    return str(step.get("team") or ""), led, named


def booked_before(database: Database, package: matters.Package, one: Mapping[str, Any]) -> None:
    """A booking of before: made two days ahead; then they came and, where people sign out, went at its end; or it was
    given back at once."""
    at = when(one["time"]).astimezone(UTC)
    early = at - timedelta(days=2)
    with database.unit_of_work() as work:
        booking.publish_ahead(work, now=early)
    book(database, package, 0, one, now=early)
    if one.get("coming"):
        return
    if one.get("cancelled"):
        cancel(database, package, 0, one, now=early)
        return
    with database.unit_of_work() as work:
        by = people.load(work, resident(work, str(one["who"]), None, early).id, now=early)
        made = work.session.scalars(select(Appointment).where(_whose(work, by, one), Appointment.starts_at == at)).one()
        booking.check_in(work, made.code, by=people.SYSTEM, now=at)
        if getattr(package.declared("offers")[str(one["offer"])].what, "check_out", ()):
            places = work.session.scalars(select(BookingPlace.id).where(BookingPlace.appointment_id == made.id)).all()
            for place in places:
                booking.check_out(work, place, fetched_by="本人", how="name", by=people.SYSTEM, now=made.ends_at)


@contextmanager
def _refused(step: Mapping[str, Any], should: str, did: str, did_en: str) -> Iterator[None]:
    """What the story says is refused must be, and nothing else may."""
    try:
        yield
    except NotNow:
        if step.get("error") != "REFUSED":
            raise
        return
    if step.get("error"):
        raise Booked(f"应当{should}（{step['error']}），但{did}。", f"Expected {step['error']}, but {did_en}.")


def cancel(
    database: Database, package: matters.Package, case_id: int, step: Mapping[str, Any], *, now: datetime
) -> None:
    """Somebody gives back what they booked; or may not any more, where the story says so."""
    with _refused(step, "退不了", "退了", "it was given back"):
        _cancel(database, package, case_id, step, now=now)


def _cancel(
    database: Database, package: matters.Package, case_id: int, step: Mapping[str, Any], *, now: datetime
) -> None:
    with database.unit_of_work() as work:
        user = resident(work, str(step["who"]), None, now)
        by = people.load(work, user.id, now=now)
        key = package.declared("offers")[str(step["offer"])].key
        query = (
            select(Appointment)
            .join(Resource, Resource.id == Appointment.resource_id)
            .where(Resource.offer == key, _whose(work, by, step), Appointment.state.in_(("held", "confirmed")))
            .order_by(Appointment.starts_at)
        )
        if step.get("time") is not None:
            query = query.where(Appointment.starts_at == when(step["time"]).astimezone(UTC))
        made = work.session.scalars(query.limit(1)).first()
        if made is None:
            place = None if step.get("for") else _of_a_team(work, key, user.id)
            if place is not None:
                booking.leave_team(work, place, by=by, now=now)
                return
            name = step.get("for") or step["who"]
            raise NotFound(f"{name}没有订过“{step['offer']}”。", f"{name} has booked no {step['offer']}.")
        booking.cancel(work, made.id, version=made.version, by=by, now=now)


def attend(
    database: Database, package: matters.Package, case_id: int, verb: str, step: Mapping[str, Any], *, now: datetime
) -> None:
    """Whoever has a place of this offer comes (arrive) or goes (leave), alone or as one of a team; or is refused at the
    door, where the story says so."""
    with _refused(step, "被拒绝", "没有", "the door let them"):
        _attend(database, package, case_id, verb, step, now=now)


def _attend(
    database: Database, package: matters.Package, case_id: int, verb: str, step: Mapping[str, Any], *, now: datetime
) -> None:
    with database.unit_of_work() as work:
        key = package.declared("offers")[str(step["offer"])].key
        name = str(step["who"])
        rows = work.session.execute(
            select(BookingPlace, Appointment)
            .join(Appointment, Appointment.id == BookingPlace.appointment_id)
            .join(Resource, Resource.id == Appointment.resource_id)
            .where(
                Resource.offer == key,
                Resource.case_id.is_(None) | (Resource.case_id == case_id),
                BookingPlace.live,
                BookingPlace.checked_out_at.is_(None),
            )
            .order_by(Appointment.starts_at, BookingPlace.id)
        )
        place, made = next(((one, of) for one, of in rows if one.name == name), (None, None))
        if place is None or made is None:
            raise NotFound(f"{name}没有订“{step['offer']}”。", f"{name} has no place of {step['offer']}.")
        if verb == "arrive":
            booking.check_in(work, made.code, place_id=place.id, how="name", by=people.SYSTEM, now=now)
        else:
            booking.check_out(work, place.id, fetched_by="本人", how="name", by=people.SYSTEM, now=now)


def bring(database: Database, package: matters.Package, step: Mapping[str, Any], *, now: datetime) -> None:
    """What somebody booked comes to their door, by who brings that round; or is refused, where the story says so."""
    try:
        with database.unit_of_work() as work:
            key = package.declared("offers")[str(step["offer"])].key
            rows = work.session.scalars(
                select(BookingPlace)
                .join(Appointment, Appointment.id == BookingPlace.appointment_id)
                .join(Resource, Resource.id == Appointment.resource_id)
                .where(
                    Resource.offer == key, BookingPlace.live, Appointment.starts_at >= at_start_of_day(local_date(now))
                )
                .order_by(Appointment.starts_at, BookingPlace.id)
            )
            place = next((one for one in rows if one.name == str(step["who"])), None)
            if place is None:
                raise NotFound(
                    f"{step['who']}没有订“{step['offer']}”。", f"{step['who']} has no place of {step['offer']}."
                )
            by = people.load(work, resident(work, str(step["by"]), None, now).id, now=now)
            if step.get("nobody"):
                booking.nobody(work, place.id, str(step.get("words") or ""), by=by, now=now)
            else:
                booking.bring(work, place.id, str(step.get("to") or ""), by=by, now=now)
    except (NotNow, NotYours, Invalid):
        if step.get("error") != "REFUSED":
            raise
        return
    if step.get("error"):
        raise Booked(f"应当被拒绝（{step['error']}），但没有。", f"Expected {step['error']}, but it was done.")


def _of_a_team(work: Work, key: str, user_id: int) -> int | None:
    """The place that a leader took for them."""
    return work.session.scalar(
        select(BookingPlace.id)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .join(Resource, Resource.id == Appointment.resource_id)
        .where(Resource.offer == key, BookingPlace.user_id == user_id, BookingPlace.live, Appointment.team != "")
        .order_by(Appointment.starts_at)
        .limit(1)
    )


def _slot(work: Work, package: matters.Package, case_id: int, step: Mapping[str, Any], now: datetime) -> Slot:
    """The time that is meant: of what this case opened, else of what opens by itself; the next, or the one named."""
    key = package.declared("offers")[str(step["offer"])].key
    query = (
        select(Slot)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(Resource.offer == key, Resource.active, Resource.case_id.is_(None) | (Resource.case_id == case_id))
        .order_by(Slot.starts_at, Slot.id)
    )
    if step.get("time") is not None:
        query = query.where(Slot.starts_at == when(step["time"]).astimezone(UTC))
    else:
        query = query.where(Slot.starts_at > now)
    slot = work.session.scalars(query.limit(1)).first()
    if slot is None:
        raise NotFound(f"“{step['offer']}”此时没有可以订的时间。", f"There is no time of {step['offer']} to book now.")
    return slot


def resident(work: Work, name: str, born: date | None, now: datetime) -> User:
    """The resident of that name, who signs up when the story names them first."""
    mark = int(crypto.fingerprint(name.encode())[:12], 16)
    phone = f"139{mark % 100_000_000:08d}"
    index = keys.blind("phone", phone)
    found = work.session.scalar(select(User).where(User.phone_index == index))
    if found is not None:
        return found
    number = id_number(born or ADULT, mark % 1000)
    home = next((one for one in units.tree(work) if one.kind in units.VILLAGES), None)
    user = User(
        kind="resident",
        name=name,
        phone=phone,
        phone_index=index,
        id_number=number,
        id_index=keys.blind("id", number),
        place_id=home.id if home is not None else None,
        created_at=now,
    )
    work.session.add(user)
    work.session.flush()
    return user


def id_number(born: date, n: int) -> str:
    """One of the scratch county, with its check digit (GB 11643).

    >>> id_number(date(1980, 1, 1), 123)
    '350526198001011236'
    """
    body = f"{REGION}{born:%Y%m%d}{n:03d}"
    return body + "10X98765432"[sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(body)) % 11]


def opened(work: Work, package: matters.Package, *, now: datetime) -> None:
    """What opens by itself is open in the story's hall."""
    if any(getattr(one.what, "opens", None) is not None for one in package.declared("offers").values()):
        booking.publish_ahead(work, now=now)
