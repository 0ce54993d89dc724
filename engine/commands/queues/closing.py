"""The hall closes: whoever still holds a number is served, or is the first of the next day it is open. Nobody is sent
home with a number that is worth nothing."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select

from engine.commands import ticket_rows
from engine.commands.queues import windows
from engine.commands.queues.working import expect, find
from engine.errors import NotNow
from engine.people import Actor, require
from engine.reads import tickets as reads
from engine.records import audit, counters
from engine.store import Work
from engine.store.models import Hall, Ticket
from engine.workdays import local_date


def tomorrow(work: Work, ticket_id: int, *, version: int, by: Actor, now: datetime) -> Ticket:
    """A number of the next day the hall is open, before all who come then; this one ends."""
    ticket = find(work, ticket_id, by=by, version=version)
    expect(ticket, ("waiting", "parked", "called"), "改到下一天", "move it to another day")
    if ticket.appointment_id is not None:
        raise NotNow(
            f"{ticket.number} 是预约的号。请在预约里改时间。",
            f"{ticket.number} belongs to a booking: move that to another time.",
        )
    return _moved(work, ticket, ticket.hall, reads.next_day(work, ticket.hall, now), by=by, now=now)


def all_tomorrow(work: Work, window_id: int, *, by: Actor, now: datetime) -> list[tuple[str, Ticket]]:
    """The same for everybody who waits, or missed their call, when the day's work ends; bookings have their page. With
    the number on the slip that each of them holds: somebody has to tell them the new one."""
    window = windows.find(work, window_id)
    require(by, "serve", window)
    if not reads.closes(work, window.hall, now):
        raise NotNow(
            "还没有到收尾的时候。请接着叫号。",
            "The hall does not close yet: go on calling.",
        )
    rows = work.session.scalars(
        select(Ticket)
        .where(
            Ticket.hall_id == window.hall_id,
            Ticket.day == local_date(now),
            Ticket.state.in_(("waiting", "parked")),
        )
        .order_by(Ticket.since_at, Ticket.serial)
        .with_for_update()
    ).all()
    free = [one for one in rows if one.appointment_id is None]
    if not free:
        if booked := [one.number for one in rows if one.state == "waiting"]:
            numbers = "、".join(booked)
            raise NotNow(
                f"还在等的（{numbers}）都是预约来的。请接着叫，或者在预约里改时间。",
                f"Whoever still waits ({numbers}) came by a booking: call them, or move the booking to another time.",
            )
        return []
    opens = reads.next_day(work, window.hall, now)
    return [(one.number, _moved(work, one, window.hall, opens, by=by, now=now)) for one in free]


def _moved(work: Work, ticket: Ticket, at: Hall, opens: datetime, *, by: Actor, now: datetime) -> Ticket:
    """The new number goes by the code of the old: the slip in somebody's hand and the page on their telephone lead to
    it, and do not say that their number was given up."""
    one, day = ticket_rows.line(work, ticket.queue), local_date(opens)
    letter = next(iter(one.queue.classes))
    held, code = ticket.live_key, ticket.code
    ticket_rows.end(work, ticket, "gone", by=by, now=now)
    ticket.code = secrets.token_urlsafe(12)
    work.session.flush()  # the person's place in the line, and the code, are free for the new number
    serial = counters.take(work, ticket_rows.series(at.id, day))
    made = Ticket(
        hall_id=at.id,
        unit_id=at.unit_id,
        place_id=ticket.place_id,
        queue=ticket.queue,
        day=day,
        serial=serial,
        number=f"{letter}{serial:03d}",  # all of them alike: who is not to stand out does not by another letter
        code=code,
        letter=letter,
        matter=ticket.matter,
        channel="staff",
        live_key=held,
        user_id=ticket.user_id,
        name=ticket.name,
        phone=ticket.phone,
        id_number=ticket.id_number,
        needs=ticket.needs,
        note=ticket.note,
        taken_at=now,
        # before whoever comes to the door that morning
        since_at=opens - reads.BEFORE_OPENING,
        case_id=ticket.case_id,
    )
    work.session.add(made)
    work.session.flush()
    ticket_rows.record(work, audit.Kind.TICKET_TAKEN, made, by, now, of=ticket.id)
    return made
