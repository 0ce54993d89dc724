"""A case goes to another office: because a supervisor says so, or because a unit is no more.

Its clocks run on from the first receipt, its papers and its record go along, what waits for a post waits for the new
unit's, and whoever came along keeps what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine import process
from engine.commands.applying import Done
from engine.commands.cases.changing import advance
from engine.commands.cases.finding import as_planned, find_case, needs
from engine.commands.changes import Change
from engine.commands.effects import referring
from engine.errors import FieldError, Invalid, NotNow
from engine.people import Actor, apart, holders, require, units
from engine.records import audit
from engine.store import Work
from engine.workdays import local_date


def move_office(
    work: Work, case_id: int, unit: str, reason: str, *, by: Actor, now: datetime, expect: str | None = None
) -> Done:
    """移送: a supervisor gives the case to another office (its code), with the reason, the slip and a notice to it."""
    # find and may
    case = find_case(work, case_id)
    require(by, "direct", case)
    if case.status not in ("running", "suspended"):
        raise NotNow("这个办件已经结束，不用移送。", "Expected a case under way, but it has ended.")

    # check
    needs(reason, "reason", "移送理由")
    after = units.tree(work).by_code.get(unit)
    if after is None or not after.active:
        zh, en = "没有这个单位，或者它已经撤销，请重新选。", f"There is no unit {unit!r} today: choose another."
        raise Invalid([FieldError("unit", "移送给哪个单位", zh, en)])
    if not holders.of(work, after.id, on=local_date(now)):
        zh, en = (
            f"{after.name}今天没有人在岗，不能接件，请另选。",
            f"Nobody works at {after.name} today: choose another.",
        )
        raise Invalid([FieldError("unit", "移送给哪个单位", zh, en)])

    # advance and apply
    step, applying = advance(work, case, process.Amend({}), by=by, now=now)
    applying.step(step)
    referring.hand_on(applying, after, reason, key=f"{case.number}:moved:{case.version}")
    applying.stand()
    return as_planned(applying.finish(), expect)


def move_units(work: Work, case_id: int, instead: Mapping[int, int], *, by: Actor, now: datetime) -> Done:
    """Wherever the case names one of these units, it names from now on who took over from it (`instead`: unit -> its
    successor): as its office, as its village, as the counter that took it in."""
    case = find_case(work, case_id)
    before = (case.office_id, case.place_id, case.unit_id)
    step, applying = advance(work, case, process.Amend({}), by=by, now=now)
    applying.step(step)
    case.office_id, case.place_id, case.unit_id = (instead.get(one, one) for one in before)
    case.handled_by = apart.write(instead.get(one, one) for one in apart.read(case.handled_by))
    if case.office_id != before[0]:
        case.past_offices = apart.write(apart.read(case.past_offices) | {before[0]})
        applying.changes.append(Change("refers", applying.office.name, who=units.place(work, before[0]).name))
    moved = applying.follow_office()
    applying.stand()
    if work.lists is not None:  # another process may have listed them where the unit was before
        work.lists.unsure(applying.live)
    applying.record(
        audit.Kind.CASE_MOVED,
        facts={
            "office": [before[0], case.office_id],
            "place": [before[1], case.place_id],
            "intake": [before[2], case.unit_id],
            "tasks": [task.element for task in moved],
        },
    )
    return applying.finish()
