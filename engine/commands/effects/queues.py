"""取号: a triage ends in a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands import ticket_rows
from engine.errors import Invalid, Refused
from engine.process import Effect
from engine.reads import tickets as reads
from engine.reads.knowing import Person
from engine.records import audit

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def take_ticket(a: Applying, effect: Effect) -> None:
    """A number for the applicant of the case, answered at once; NO_TICKET where the line gives none."""
    said = effect.arguments
    case = a.case
    needs = said.get("needs") or ()
    try:
        one = ticket_rows.line(a.work, a.package.declared("queues")[effect.headers["queue"]].key)
        hall = reads.hall(a.work, one.queue.at, windows=False)
        made, new = ticket_rows.take(
            a.work,
            one,
            channel="case",
            by=a.by,
            now=a.now,
            person=Person(
                case.applicant_name, case.applicant_phone, case.applicant_id_number, case.applicant_id, case.place_id
            ),
            needs=[str(need) for need in (needs if isinstance(needs, (list, tuple)) else [needs])],
            matter=str(said.get("matter") or ""),
            note=str(said.get("note") or ""),
            case_id=case.id,
            at=hall,
        )
    except Refused as refused:
        why = "；".join(field.zh for field in refused.fields) if isinstance(refused, Invalid) else refused.zh
        a.throw(effect, "NO_TICKET", why)
        return
    if new:
        a.record(audit.Kind.TICKET_TAKEN, facts={"ticket": made.id, "number": made.number, "queue": made.queue})
    kind = one.queue.classes.get(one.queue.shown(made.letter, made.needs or ()))
    ticket = {
        "number": made.number,
        "class": kind.name if kind is not None else made.letter,
        "hall": hall.name,
        "line": one.queue.name,
        "before": reads.before(a.work, made, one, now=a.now),
    }
    a.answer(effect, {"ticket": ticket})
