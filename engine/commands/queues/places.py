"""Halls and windows as the county's file lists them (`halls:`): what is new is made, what changed is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from engine.people import units
from engine.store import Work
from engine.store.models import Hall, Window
from engine.workdays import OpeningHours


def put(work: Work, listed: Sequence[Mapping[str, Any]]) -> list[Hall]:
    """The halls of the list, by code, with their windows. A window that is listed no longer is shut, not removed: its
    tickets are counted still. Raises NotFound (a unit), Invalid (hours)."""
    out = []
    for one in listed:
        hours = one.get("hours")
        if hours is not None:
            OpeningHours.read(hours, work.calendar)
        hall = work.session.scalar(select(Hall).where(Hall.code == one["code"]))
        if hall is None:
            hall = Hall(code=one["code"])
            work.session.add(hall)
        hall.name, hall.name_en = one["name"], one.get("name_en", "")
        hall.unit_id, hall.address = units.by_code(work, one["unit"]).id, one.get("address", "")
        hall.hours, hall.active = dict(hours) if hours is not None else None, True
        work.session.flush()
        there = {row.code: row for row in work.session.scalars(select(Window).where(Window.hall_id == hall.id))}
        windows = one.get("windows") or ()
        for row in there.values():
            row.active = row.code in {str(w["code"]) for w in windows}
        for w in windows:
            code = str(w["code"])
            window = there.get(code)
            if window is None:
                window = Window(hall_id=hall.id, code=code)
                work.session.add(window)
            window.unit_id = units.by_code(work, w["unit"]).id
            window.name, window.name_en = w["name"], w.get("name_en", "")
            window.low, window.active = bool(w.get("low")), True
        work.session.flush()
        out.append(hall)
    return out
