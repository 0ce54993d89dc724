"""What is brought to somebody's door (送上门) is handed over in person, and never left there: who took it is recorded.
Nobody opens: it is kept, whoever booked it and the unit are told, and a case is opened at once to look after them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from engine.commands import appointments
from engine.commands.appointments import GRACE_MINUTES
from engine.commands.booking import book, counter, trouble
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import SYSTEM, Actor, holders, may
from engine.reads import offering, rounds
from engine.records import audit, jobs, notices
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, BookingTrouble, User


def bring(work: Work, place_id: int, to: str, *, by: Actor, now: datetime) -> Appointment:
    """It was handed over, to whom: by who brings that round and is signed in for it, or by the unit.

    NotFound, NotYours; AlreadyDone; NotNow (given back, too early, too late); Invalid (to whom)."""
    place, made, what = _theirs(work, place_id, by, now)
    to = to.strip()[:40]
    if not to:
        zh = "请写当面交给了谁：“本人”，或家里人的姓名。放在门口不算送到。"
        en = "Say who took it: themselves, or whom of the family. What is left at a door is not delivered."
        raise Invalid([FieldError("to", "谁收的", zh, en)])
    if place.checked_in_at is not None:
        raise AlreadyDone("这一份已经记下送到了。", "This one was handed over already.")
    if made.state != "confirmed" or now > made.ends_at + timedelta(minutes=GRACE_MINUTES):
        raise NotNow(
            "这一份退了，或者已经过了时间，记不了送到。请打电话告诉承办单位。",
            "It was given back, or its time is over: telephone the unit.",
        )
    counter.come(work, made, place_id=place.id, how=rounds.BROUGHT, by=by, now=now)
    place.handed_to = to
    work.session.flush()
    facts = {"name": place.name, "place": (made.resource.name, made.resource.name_en or made.resource.name), "to": to}
    _tell_booker(work, made, f"booking:{place.id}:{rounds.BROUGHT}", "brought", facts, now)
    if work.session.get(BookingTrouble, (place.id, rounds.NOBODY)) is not None:
        _tell_unit(
            work,
            made,
            f"booking:{place.id}:brought-after",
            f"{place.name}的一份后来送到了，{to}收的（{made.number}）。为此开的件可以办结。",
            f"What {place.name} had ordered was handed over after all, to {to} ({made.number}).",
            now,
        )
    return made


def nobody(work: Work, place_id: int, words: str = "", *, by: Actor, now: datetime) -> Appointment:
    """Nobody opens: once a place. The case that the declaration names is asked for in this transaction.

    NotFound, NotYours; AlreadyDone (it was said, or handed over); NotNow (given back)."""
    place, made, what = _theirs(work, place_id, by, now)
    if place.checked_in_at is not None:
        raise AlreadyDone("这一份已经记下送到了。", "This one was handed over already.")
    if work.session.get(BookingTrouble, (place.id, rounds.NOBODY)) is not None:
        raise AlreadyDone("记过没有人开门了，承办单位在找人。", "That was said already: the unit is looking for them.")
    if made.state not in trouble.NOT_THERE:
        raise NotNow("这一份已经退了。", "This one was given back.")
    assert what.offer.delivered is not None
    work.session.add(BookingTrouble(place_id=place.id, what=rounds.NOBODY, at=now))
    work.session.flush()
    opens = what.offer.delivered.nobody.opens
    if opens:  # by the worker, at once: what is said at the door is kept, whatever becomes of that matter
        payload, said = {"place": place.id, "matter": opens}, {"words": words.strip()[:200]}
        key = f"booking:{place.id}:{rounds.NOBODY}:case"
        jobs.put(work, jobs.Kind.NOBODY_OPENED, key, payload, now=now, private=said)
    phone = what.package.info.contact.phone
    facts = {"name": place.name, "place": (made.resource.name, made.resource.name_en or made.resource.name)}
    key = f"booking:{place.id}:{rounds.NOBODY}"
    appointments.say(
        work, key, "nobody-opened", facts | {"phone": phone}, user_id=made.user_id, phone=made.phone, now=now
    )
    _tell_booker(work, made, f"{key}:by", "nobody-opened", facts | {"phone": phone}, now, reached=made.phone)
    _tell_unit(
        work,
        made,
        f"{key}:unit",
        f"{place.name}家没有人开门（{made.resource.name}，{made.number}）。请马上打电话，东西留着。",
        f"Nobody opened at {place.name}'s ({made.resource.name}, {made.number}): telephone at once, and keep it.",
        now,
    )
    recorded = {"appointment": made.number, "place": place.id, "what": rounds.NOBODY}
    audit.record(work, audit.Kind.PLACE_TROUBLE, by=by, now=now, case=made.case, facts=recorded)
    return made


def look_after(work: Work, place_id: int, words: str, *, now: datetime) -> int | None:
    """Open the case that looks after them, once; None: nothing of the kind is declared any more."""
    row = work.session.get(BookingTrouble, (place_id, rounds.NOBODY), with_for_update=True)
    assert row is not None  # the job was asked for in its transaction
    place = work.session.get_one(BookingPlace, place_id)
    made = book.find(work, place.appointment_id, "see", by=SYSTEM)
    what = offering.declared(work).get(made.resource.offer)
    if what is None or what.offer.delivered is None or row.case_id is not None:
        return row.case_id
    opened = what.offer.delivered.nobody
    row.case_id = trouble.open_case(work, what, made, place, opened, rounds.NOBODY, now, words=words)
    return row.case_id


def _theirs(work: Work, place_id: int, by: Actor, now: datetime) -> tuple[BookingPlace, Appointment, offering.Declared]:
    """What is brought, locked; whoever acts brings it, or is of the unit."""
    place = work.session.get(BookingPlace, place_id)
    if place is None:
        raise NotFound("没有这一份。", "There is no such thing to bring.")
    made = book.find(work, place.appointment_id, "see", by=SYSTEM)
    work.session.refresh(place, with_for_update=True)
    if not made.resource.offer or made.resource.matter or not made.round:
        raise NotFound("没有这一份。", "There is no such thing to bring.")
    ours = by.kind == "staff" and may(by, "serve", made.resource)
    if not ours and rounds.brings(work, by, made, now=now) is None:
        raise NotYours(
            "这一份不在您今天的路线上；或者您还没有签到出发，或者已经签退。",
            "It is not on your round of today, or you are not signed in for it, or signed out already.",
        )
    return place, made, offering.of(work, made.resource.offer)


def _tell_booker(
    work: Work,
    made: Appointment,
    key: str,
    kind: str,
    facts: Mapping[str, object],
    now: datetime,
    *,
    reached: str | None = None,
) -> None:
    """Whoever booked it for them. `reached`: the telephone that was told already."""
    by = work.session.get(User, made.booked_by_id) if made.booked_by_id is not None else None
    if by is not None and by.kind == "resident" and by.id != made.user_id:
        phone = by.phone if by.phone != reached else None
        appointments.say(work, key, kind, facts, user_id=by.id, phone=phone, now=now)


def _tell_unit(work: Work, made: Appointment, key: str, zh: str, en: str, now: datetime) -> None:
    for user_id in holders.of(work, made.resource.unit_id):
        notices.put(
            work,
            f"{key}:{user_id}",
            zh,
            text_en=en,
            kind="nobody-opened",
            now=now,
            channel="screen",
            user_id=user_id,
        )
