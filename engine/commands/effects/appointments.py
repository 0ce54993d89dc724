"""释放预约: a step of a case gives its booking back. The seat is offered on, and it is never held against the person.

The booking's own process is the one that asks: so nothing is told to it here. Its case is locked before the booking, as
every verb of a booking locks them (booking.book.lock_cases).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from engine.commands.appointments import give_back, request_key, tell
from engine.errors import NotFound
from engine.process import Effect
from engine.records import audit
from engine.store.models import Appointment

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: A person who is there already is served, or sent away by who serves; no diagram takes the booking from under them.
FREED = frozenset({"held", "confirmed"})


def release(a: Applying, effect: Effect) -> None:
    """The booking of this number, or all of this case: given back by the hall. One that has ended stays as it ended."""
    number = str(effect.arguments.get("appointment") or "")
    reason = str(effect.arguments.get("reason") or "")
    mine = [made for made in _of(a, number) if made.state in FREED]
    for made in mine:
        made.case = a.case
        give_back(a.work, made, "cancelled", reason, by=a.by, now=a.now, by_hall=True)
        a.given_back = made
        if not _tells_the_applicant(a):
            tell(a.work, made, "appointment-closed", a.now, a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "appointments": [made.number for made in mine]})


def case_ended(a: Applying) -> None:
    """A case that was withdrawn or terminated needs its bookings no more: nobody waits at a counter for it."""
    if a.case.status not in ("withdrawn", "terminated"):
        return
    for made in _of(a, ""):
        if made.state in FREED:
            give_back(a.work, made, "cancelled", "办件已经终止", by=a.by, now=a.now, by_hall=True)
            tell(a.work, made, "appointment-closed", a.now, a.now)


def _of(a: Applying, number: str) -> list[Appointment]:
    """The bookings of this case (of this number), locked. NotFound for a number that is not one of its own."""
    a.work.written(Appointment)  # a booking that is being confirmed begins this case at this moment
    whose = (
        Appointment.number == number
        if number
        else and_(Appointment.case_id == a.case.id, Appointment.meeting_id.is_(None))  # a meeting ends as one
    )
    found = a.work.session.scalars(
        select(Appointment)
        .where(whose)
        .options(joinedload(Appointment.resource))
        .order_by(Appointment.id)
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    ).all()
    mine = [made for made in found if made.case_id == a.case.id or _begins(a, made)]
    for made in mine:  # not read anew with the booking: what this step has changed of the case is not written yet
        if made.case_id == a.case.id:
            set_committed_value(made, "case", a.case)
    if number and not mine:
        raise NotFound(
            f"流程要释放预约“{number}”，但本办件没有这个预约。请核对“预约号”写的是哪个变量。",
            f"The diagram releases the booking {number!r}, but this case has none of that number: check the variable.",
        )
    return mine


def _begins(a: Applying, made: Appointment) -> bool:
    """Whether it is confirmed at this moment and begins this case: it gets the case's id when the case has started."""
    sent = (a.case.request_key or "").partition(":")[2]
    return made.case_id is None and made.state == "confirmed" and sent == request_key(made)


def _tells_the_applicant(a: Applying) -> bool:
    """Whether the diagram says it in its own words, in this same step: then the hall does not say it too."""
    return any(
        e.kind == "send-notice"
        and (e.headers.get("to") or "applicant") in ("applicant", "principal", "both", "parties")
        for e in (a.taken.effects if a.taken is not None else ())
    )
