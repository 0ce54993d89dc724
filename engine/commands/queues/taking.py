"""Taking a number: at the hall's machine, by a telephone that is in the hall, by staff for somebody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine.commands import booking, ticket_rows
from engine.errors import FieldError, Invalid, NotNow
from engine.people import Actor, require
from engine.reads import tickets as reads
from engine.reads.knowing import Person, of_user
from engine.store import Work, keys
from engine.store.models import Ticket, User


def take(work: Work, key: str, *, needs: Iterable[str] = (), matter: str = "", by: Actor, now: datetime) -> Ticket:
    """At the hall's machine: three touches, and nobody says who they are."""
    made, _ = ticket_rows.take(
        work, ticket_rows.line(work, key), channel="kiosk", needs=needs, matter=matter, by=by, now=now
    )
    return made


def take_here(
    work: Work,
    key: str,
    *,
    place_code: str,
    holder: str,
    needs: Iterable[str] = (),
    matter: str = "",
    by: Actor,
    now: datetime,
) -> Ticket:
    """By a telephone: `place_code` is in the QR that hangs in the hall and changes, so that nobody takes a number from
    home. Signed in, it is the person's; else `holder` tells one telephone from another. One number each."""
    one = ticket_rows.line(work, key)
    if not reads.is_here(ticket_rows.hall(work, one.queue.at), place_code, now):
        raise NotNow(
            "这个二维码过期了。请在大厅里重新扫一次取号机或大屏上的码。",
            "This code is out of date: scan the one on the hall's machine or screen again.",
        )
    user = work.session.get(User, by.id) if by.kind == "resident" else None
    made, _ = ticket_rows.take(
        work,
        one,
        channel="phone",
        person=of_user(user) if user is not None else None,
        holder=keys.blind("holder", holder) if holder else "",
        needs=needs,
        matter=matter,
        by=by,
        now=now,
    )
    return made


def take_for(
    work: Work,
    key: str,
    *,
    person: Person | None,
    needs: Iterable[str] = (),
    matter: str = "",
    by: Actor,
    now: datetime,
) -> Ticket:
    """By staff, for somebody who stands there: with or without saying who. Refused when they have a number already."""
    one = ticket_rows.line(work, key)
    require(by, "serve", ticket_rows.hall(work, one.queue.at))
    if person is not None and not person.name:
        raise Invalid([FieldError("name", "怎么称呼", "写了电话或证件号的，也请写称呼。", "Give a name as well.")])
    made, new = ticket_rows.take(work, one, channel="staff", person=person, needs=needs, matter=matter, by=by, now=now)
    if not new:
        raise NotNow(
            f"这位已经有号 {made.number}（{ticket_rows.STATES[made.state][0]}），不用再取。",
            f"They have the number {made.number} already ({ticket_rows.STATES[made.state][1]}).",
            number=made.number,
        )
    return made


def arrived(work: Work, code: str, *, by: Actor, now: datetime) -> Ticket | None:
    """Somebody with a booking shows its QR at the machine or to staff: checked in, and in the line at their time."""
    made = booking.check_in(work, code, by=by, now=now)
    return reads.of_booking(work, made.id)
