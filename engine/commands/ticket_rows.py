"""A ticket's row: taken once, numbered without a gap, and the line it stands in.

Below the verbs of windows (engine/commands/queues), below the verbs of bookings (who is checked in joins the line) and
below the effects of a diagram (a guide's triage ends in a number): all three take tickets, and all by `take`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.errors import AlreadyDone, FieldError, Invalid, NotNow
from engine.findings import meant
from engine.matters.nouns.queues import Queue, span
from engine.people import Actor
from engine.reads.knowing import Person, age_on, born_on
from engine.reads.tickets import LIVE, STATES, Line, choices, gives_numbers, hall, line, lines, returns
from engine.records import audit, counters
from engine.store import Work
from engine.store.models import Appointment, Hall, Ticket, TicketLine, Window
from engine.workdays import local_date

__all__ = [
    "LIVE",
    "STATES",
    "Line",
    "booking_over",
    "choices",
    "end",
    "forget",
    "hall",
    "join",
    "letter_of",
    "line",
    "lines",
    "lock_line",
    "record",
    "take",
]


def letter_of(one: Line, needs: Iterable[str], age: int | None, matter: str, booked: bool) -> str:
    """The class of somebody: by the line's decision, else by what they say of themselves."""
    queue, said = one.queue, tuple(needs)
    if queue.decision:
        given = {"needs": list(said), "age": age, "matter": matter, "booked": booked}
        found = one.package.decisions[queue.decision].evaluate(queue.decision, given).value
        if isinstance(found, str) and found in queue.classes:
            return found
    by_need = queue.class_of(said, age)
    if booked and queue.booked is not None:
        order = list(queue.classes)
        return min(by_need, queue.booked.class_, key=order.index)
    return by_need


def take(
    work: Work,
    one: Line,
    *,
    channel: str,
    by: Actor,
    now: datetime,
    person: Person | None = None,
    holder: str = "",
    needs: Iterable[str] = (),
    matter: str = "",
    booking: Appointment | None = None,
    since: datetime | None = None,
    note: str = "",
    case_id: int | None = None,
    at: Hall | None = None,
) -> tuple[Ticket, bool]:
    """A number in this line, and whether it is new: who has one in it already gets that one again.

    person: who it is, when that is known; holder: a telephone or browser that took it without saying who. Raises
    NotNow (shut), Invalid (matter, needs), NotFound (hall).
    """
    at, day = at or hall(work, one.queue.at, windows=False), local_date(now)
    said = _needs(one, needs)
    if channel in ("kiosk", "phone") and any(one.queue.quiet(need) for need in said):
        wrong = FieldError("needs", "情形", "这一项请工作人员登记。", "Ask the staff to enter this.")
        raise Invalid([wrong])
    if channel in ("kiosk", "phone"):
        opens, zh, en = gives_numbers(work, at, now)
        if not opens:
            raise NotNow(f"{at.name}现在不取号，{zh}。", f"The hall gives no numbers now: {en}.")
    # a triage may send somebody for what this hall has not published yet: the window will know
    open_to = channel in ("booking", "case") and (not one.queue.matters or matter in one.queue.matters)
    if matter and not open_to and matter not in {package.name for package in choices(work, one)}:
        like = meant(matter, [package.name for package in choices(work, one)], 40)
        wrong = FieldError("matter", "办什么事", f"这个队不办这一项。{like[0]}", f"Not in this line. {like[1]}")
        raise Invalid([wrong])
    if not matter and not one.queue.ask and channel in ("kiosk", "phone"):
        raise Invalid([FieldError("matter", "办什么事", "请选一项要办的事。", "Choose what it is about.")])
    age = age_on(born_on(person.id_number), day) if person is not None else None
    letter = letter_of(one, said, age, matter, booking is not None and since is not None)
    # a name alone says of nobody that they are the same: two 王先生 are two people
    known = person is not None and bool(person.phone or person.id_number or person.user_id)
    who = person.index if person is not None and known else holder
    key = f"{who}:{one.key}" if who else None
    before = None if key is None else _living(work, key, one.queue, now, by)
    if before is not None:
        return before, False
    serial = counters.take(work, series(at.id, day))
    row = Ticket(
        hall_id=at.id,
        unit_id=at.unit_id,
        place_id=person.place_id if person is not None else None,
        queue=one.key,
        day=day,
        serial=serial,
        number=f"{one.queue.shown(letter, said)}{serial:03d}",
        code=secrets.token_urlsafe(12),
        letter=letter,
        matter=matter,
        channel=channel,
        live_key=key,
        user_id=person.user_id if person is not None else None,
        name=person.name or None if person is not None else None,
        phone=person.phone if person is not None else None,
        id_number=person.id_number if person is not None else None,
        needs=list(said) or None,
        note=note[:300] or None,
        taken_at=now,
        since_at=max(now, since) if since is not None else now,
        appointment_id=booking.id if booking is not None else None,
        case_id=case_id,
    )
    made = work.insert_once(row, "live_key")
    if made is None:  # somebody was quicker
        counters.give_back(work, series(at.id, day))
        before = None if key is None else _living(work, key, one.queue, now, by)
        if before is None:
            raise AlreadyDone("您的号刚刚有了变化，请再取一次。", "Your number has just changed: take one again.")
        return before, False
    if channel != "case":  # a case writes it into its own record
        record(work, audit.Kind.TICKET_TAKEN, made, by, now)
    return made, True


def series(hall_id: int, day: date) -> str:
    """The counter of a hall's numbers of that day, whatever the line."""
    return f"ticket:{hall_id}:{day:%Y%m%d}"


def _needs(one: Line, needs: Iterable[str]) -> tuple[str, ...]:
    said = tuple(dict.fromkeys(needs))
    for need in said:
        if need not in one.queue.needs:
            like = meant(need, one.queue.needs, 40)
            wrong = FieldError("needs", "情形", f"没有“{need}”这一项。{like[0]}", f"{need!r} is not known. {like[1]}")
            raise Invalid([wrong])
    return said


def _living(work: Work, key: str, queue: Queue, now: datetime, by: Actor) -> Ticket | None:
    """The number they have in this line already; one they missed for good is ended, so that they may take another."""
    found = work.session.scalar(
        select(Ticket).where(Ticket.live_key == key).with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        return None
    if found.day >= local_date(now) and not (found.state == "parked" and not returns(found, queue, now)):
        return found
    end(work, found, "gone", by=by, now=now)
    work.session.flush()
    return None


def end(work: Work, ticket: Ticket, state: str, *, by: Actor, now: datetime) -> None:
    """done or gone: the window is free, and so is the person's place in the line."""
    ticket.state, ticket.ended_at, ticket.live_key = state, now, None
    ticket.version += 1
    record(work, audit.Kind.TICKET_DONE if state == "done" else audit.Kind.TICKET_GONE, ticket, by, now)


def lock_line(work: Work, hall_id: int, key: str, day: date) -> TicketLine:
    """The row of a line's day, ours until the commit: who else calls in this line waits for us."""
    insert = sqlite.insert(TicketLine) if work.dialect == "sqlite" else postgresql.insert(TicketLine)
    work.session.execute(insert.values(hall_id=hall_id, queue=key, day=day, made=0, called=[]).on_conflict_do_nothing())
    return work.session.scalars(
        select(TicketLine)
        .where(TicketLine.hall_id == hall_id, TicketLine.queue == key, TicketLine.day == day)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


# ---------------------------------------------------------------- bookings


def join(work: Work, made: Appointment, *, by: Actor, now: datetime) -> Ticket | None:
    """Who booked and is checked in joins the line of the hall where the booking's unit receives people, at the time
    they booked; too late for that, as everybody else. None: no line there takes those who booked."""
    if made.resource.kind != "window":
        return None
    for one in lines(work):
        booked = one.queue.booked
        if booked is None or (one.queue.matters and made.matter not in one.queue.matters):
            continue
        at = work.session.scalar(
            select(Hall.id).where(Hall.code == one.queue.at, Hall.unit_id == made.resource.unit_id, Hall.active)
        )
        if at is None:
            continue
        in_time = now <= made.starts_at + span(booked.late)
        person = Person(made.name, made.phone, None, made.user_id)
        ticket, new = take(
            work,
            one,
            channel="booking",
            by=by,
            now=now,
            person=person,
            matter=made.matter,
            booking=made,
            since=made.starts_at - span(booked.early) if in_time else None,
            case_id=made.case_id,
        )
        return ticket if new else None
    return None


def booking_over(work: Work, made: Appointment, state: str, *, by: Actor, now: datetime) -> None:
    """The booking was served, missed or called off by its own verbs: its number ends with it."""
    ticket = work.session.scalar(
        select(Ticket).where(Ticket.appointment_id == made.id, Ticket.state.in_(LIVE)).with_for_update()
    )
    if ticket is not None:
        end(work, ticket, state, by=by, now=now)


def record(work: Work, kind: audit.Kind, ticket: Ticket, by: Actor, now: datetime, **more: Any) -> None:
    """A line in the audit: ids and the number, nobody's name."""
    facts = {"ticket": ticket.id, "number": ticket.number, "hall": ticket.hall_id, "queue": ticket.queue, **more}
    audit.record(work, kind, by=by, now=now, facts=facts, later=True)


# ---------------------------------------------------------------- the night


def forget(work: Work, *, now: datetime) -> int:
    """Numbers of past days: who was never served is gone, and no row says any more who anybody was. How many."""
    today = local_date(now)
    work.session.execute(
        update(Ticket)
        .where(Ticket.day < today, Ticket.state.in_(LIVE), Ticket.forgotten_at.is_(None))
        .values(state="gone", ended_at=now, live_key=None, version=Ticket.version + 1),
        execution_options={"synchronize_session": False},
    )
    gone = work.session.execute(
        update(Ticket)
        .where(Ticket.day < today, Ticket.forgotten_at.is_(None))
        .values(
            name=None,
            phone=None,
            id_number=None,
            needs=None,
            note=None,
            user_id=None,
            live_key=None,
            forgotten_at=now,
        ),
        execution_options={"synchronize_session": False},
    )
    work.session.execute(
        update(Window).where(Window.clerk_id.is_not(None)).values(clerk_id=None, since_at=None),
        execution_options={"synchronize_session": False},
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
