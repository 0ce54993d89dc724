"""The door of a meal, a session, a job: who has come, found by code, number or name; who has left, and with whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from engine.booking import attended
from engine.booking.slots import ZONE
from engine.commands import appointments, register_rows, seats
from engine.commands.booking import book, counter, doorway
from engine.commands.booking.trouble import person_of
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow
from engine.matters.nouns.offers import OfferHours
from engine.people import Actor, require
from engine.plain import plain
from engine.reads import offers as reads
from engine.records import audit, registers
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, Resource, Slot
from engine.workdays import local_date

#: Words of check_in and check_out -> what they are called at the door.
WORDS = {
    "qr": ("扫二维码", "by scanning the QR"),
    "code": ("报编号", "by the number"),
    "name": ("报姓名", "by name"),
    "leader": ("领队报", "by the leader"),
    "hand-over": ("交接", "by handing over"),
}
#: With these a line of the list may be chosen: whoever stands there is known by another word than a code.
CHOSEN = ("name", "hand-over", "leader", "code")


def arrive(
    work: Work,
    slot_id: int,
    text: str = "",
    *,
    place_id: int | None = None,
    brought_by: str = "",
    noted: Mapping[str, str] | None = None,
    by: Actor,
    now: datetime,
) -> Appointment:
    """Somebody has come to this time: by the code of their QR, the number of their booking, or their name; or the one
    of this place. Only as the offer's check_in says; who hands somebody over is named, and what the offer's door asks
    is noted.

    NotFound, NotNow (not in this way; two of one name: choose one), NotYours, Invalid."""
    slot = _served(work, slot_id, by)
    what = reads.of(work, slot.resource.offer)
    words = what.offer.check_in
    if not words:
        raise NotNow("这一项不用签到。", "Nobody checks in here.")
    how, made, places = _meant(_places(work, slot_id), text.strip(), place_id, words, "签到", "check in")
    if "hand-over" in words and not brought_by.strip():
        raise Invalid(
            [FieldError("brought_by", "谁送来", "请写明谁送来的，或“本人”。", "Say who brings them, or: self.")]
        )
    alone = places[0].id if len(places) == 1 else None
    told = doorway.noted(what.offer, "came", noted or {})
    given: dict[str, Any] = {"how": how, "brought_by": brought_by, "noted": told}
    return counter.check_in(work, made.code, place_id=alone, **given, by=by, now=now)


def depart(
    work: Work,
    slot_id: int,
    text: str = "",
    *,
    place_id: int | None = None,
    fetched_by: str = "",
    noted: Mapping[str, str] | None = None,
    by: Actor,
    now: datetime,
) -> list[BookingPlace]:
    """Somebody has left: found as at check-in, only as the offer's check_out says. A leader's word is for the team."""
    slot = _served(work, slot_id, by)
    what = reads.of(work, slot.resource.offer)
    if not what.offer.check_out:
        raise NotNow("这一项不用签退。", "Nobody checks out here.")
    here = [(place, made) for place, made in _places(work, slot_id) if place.checked_in_at is not None]
    if place_id is not None or not here:
        here = _places(work, slot_id)
    how, _made, places = _meant(here, text.strip(), place_id, what.offer.check_out, "签退", "check out")
    still = [place for place in places if place.checked_out_at is None]
    told = doorway.noted(what.offer, "left", noted or {})
    given: dict[str, Any] = {"fetched_by": fetched_by, "how": how, "noted": told}
    return [leave(work, place.id, **given, by=by, now=now) for place in still or places]


def _meant(
    places: list[tuple[BookingPlace, Appointment]],
    text: str,
    place_id: int | None,
    words: tuple[str, ...],
    zh: str,
    en: str,
) -> tuple[str, Appointment, list[BookingPlace]]:
    """In which way, whose booking, which of its places. A code is of a whole booking; a leader's word, for the team.
    Who is handed over is found by any of them: what counts is who brings or fetches."""

    def allow(*ways: str) -> str:
        for way in ways:
            if way in words:
                return way
        known = "、".join(WORDS[word][0] for word in words)
        known_en = ", ".join(WORDS[word][1] for word in words)
        raise NotNow(f"这一项{zh}要{known}。", f"Here people {en} {known_en}.")

    if place_id is not None:
        found = [one for one in places if one[0].id == place_id]
        if found:
            return allow(*CHOSEN), found[0][1], [found[0][0]]
    elif text:
        by_code = [one for one in places if one[1].code == text]
        by_number = [one for one in places if one[1].number == text.upper()]
        found = by_code or by_number
        if found:
            how = allow("qr", "leader", "hand-over") if by_code else allow("code", "leader", "hand-over")
            made = found[0][1]
            if "leader" in words or len(found) == 1:
                return how, made, [place for place, _made in found]
            own = next((one[0] for one in found if one[0].person_index == made.person_index), found[0][0])
            return how, made, [own]
        found = [one for one in places if one[0].name == text]
        if len(found) > 1:
            raise NotNow(
                f"有 {len(found)} 位叫“{text}”，请在名单里点本人那一行。",
                f"{len(found)} people are called {text}: choose the line of this one.",
            )
        if found:
            return allow("name", "hand-over"), found[0][1], [found[0][0]]
    raise NotFound(
        "这一次的名单里没有。请核对是不是别的时间，或当场登记。",
        "Not on the list of this time: look at other times, or enter them now.",
    )


def leave(
    work: Work,
    place_id: int,
    *,
    fetched_by: str = "",
    how: str = "",
    noted: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
) -> BookingPlace:
    """Somebody has left, with whom. Their hours are what is between; a register is told where the declaration says,
    and the slip of that day is made.

    NotFound, NotYours; AlreadyDone; NotNow (not here); Invalid (who fetches is asked for)."""
    place = work.session.get(BookingPlace, place_id)
    if place is None:
        raise NotFound("没有这个名额。", "There is no such place.")
    made = book.find(work, place.appointment_id, "serve", by=by)
    work.session.refresh(place, with_for_update=True)
    what = reads.of(work, made.resource.offer)
    if not what.offer.check_out:
        raise NotNow("这一项不用签退。", "Nobody checks out here.")
    if place.checked_in_at is None:
        raise NotNow("还没有签到，不能签退。", "They have not checked in: they cannot check out.")
    if place.checked_out_at is not None:
        raise AlreadyDone("已经签退了。", "They have checked out already.")
    if (what.offer.left_at or "hand-over" in what.offer.check_out) and not fetched_by.strip():
        raise Invalid(
            [FieldError("fetched_by", "谁来接", "请写明谁接走的，或“本人”。", "Say who fetches them, or: self.")]
        )
    place.checked_out_at, place.fetched_by = now, fetched_by.strip()[:40] or None
    place.left_how, place.left_by_id = how, by.id
    place.noted = {**(place.noted or {}), **(noted or {})} or None
    place.minutes = _counted(work, what, place)
    work.session.flush()
    still = work.session.scalar(
        select(BookingPlace.id)
        .where(
            BookingPlace.appointment_id == made.id,
            BookingPlace.live,
            BookingPlace.checked_in_at.is_not(None),
            BookingPlace.checked_out_at.is_(None),
        )
        .limit(1)
    )
    if still is None and made.state in ("checked_in", "called"):
        made.state, made.ended_at, made.day_key = "served", now, None
        made.version += 1
        appointments.record(work, audit.Kind.APPOINTMENT_SERVED, made, by, now)
    facts = {"appointment": made.number, "place": place.id, "how": how}
    audit.record(work, audit.Kind.PLACE_CHECKED_OUT, by=by, now=now, case=made.case, facts=facts)
    if isinstance(what.offer.hours, OfferHours):
        _enter(work, what, what.offer.hours, made, place, by, now)
    doorway.slip(work, what, made, place, by=by, now=now)
    return place


def _counted(work: Work, what: reads.Declared, place: BookingPlace) -> int:
    """Of the minutes they were there those that count: a day has at most so many, wherever they were given."""
    assert place.checked_in_at is not None and place.checked_out_at is not None
    there = attended.minutes(place.checked_in_at, place.checked_out_at)
    hours = what.offer.hours
    if not isinstance(hours, OfferHours) or hours.most is None:
        return there
    indexes = person_of(work, place).indexes
    seats.hold_people(work, [place.person_index])
    begins = datetime.combine(local_date(place.checked_in_at), time(), ZONE)
    before = work.session.scalar(
        select(func.coalesce(func.sum(BookingPlace.minutes), 0))
        .join(Slot, Slot.id == BookingPlace.slot_id)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(
            BookingPlace.person_index.in_({place.person_index, *indexes}),
            BookingPlace.id != place.id,
            BookingPlace.checked_in_at >= begins,
            BookingPlace.checked_in_at < begins + timedelta(days=1),
            Resource.offer.in_(reads.keeping_hours(work)),
        )
    )
    return attended.counted(there, int(before or 0), hours.most)


def _enter(
    work: Work,
    what: reads.Declared,
    hours: OfferHours,
    made: Appointment,
    place: BookingPlace,
    by: Actor,
    now: datetime,
) -> None:
    """The hours, in the register the declaration names: once, as one checks out once."""
    assert place.checked_in_at is not None and place.checked_out_at is not None
    one = what.package.declared("registers")[hours.register_]
    register = registers.register_of(one)
    slot = work.session.get_one(Slot, place.slot_id)
    resource = work.session.get_one(Resource, made.resource_id)
    person = person_of(work, place)
    minutes = place.minutes or 0
    facts = {
        "minutes": minutes,
        "hours": float(attended.hours(minutes)),
        "day": local_date(place.checked_in_at).isoformat(),
        "from": f"{place.checked_in_at.astimezone(ZONE):%H:%M}",
        "until": f"{place.checked_out_at.astimezone(ZONE):%H:%M}",
    }
    values = {
        name: plain(reads.value(work, text, what, resource, slot, person, made.answers or {}, now, attended=facts))
        for name, text in hours.facts.items()
    }
    register_rows.put(
        work,
        one,
        values,
        by=by,
        now=now,
        whom=person if register.about == "person" else None,
        unit_id=resource.unit_id,
        place_id=resource.place_id,
        case_id=made.case_id or resource.case_id,
        options=registers.options(one, what.package),
        at="hours.",
    )


def _served(work: Work, slot_id: int, by: Actor) -> Slot:
    slot = work.session.get(Slot, slot_id)
    resource = work.session.get(Resource, slot.resource_id) if slot is not None else None
    if slot is None or resource is None or not resource.offer or resource.matter:
        raise NotFound("没有这个时间。", "There is no such time.")
    require(by, "serve", resource)
    slot.resource = resource
    return slot


def _places(work: Work, slot_id: int) -> list[tuple[BookingPlace, Appointment]]:
    rows = work.session.execute(
        select(BookingPlace, Appointment)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .where(BookingPlace.slot_id == slot_id, BookingPlace.live)
        .order_by(BookingPlace.id)
    ).all()
    return [(place, made) for place, made in rows]
