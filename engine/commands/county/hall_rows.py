"""大厅、窗口、开门时间: the rows of the halls', the windows' and the hours' sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select

from engine.commands.county.columns import HALLS, HOURS, WEEK, WINDOWS
from engine.commands.county.looking import Change, Look, now_of, setting
from engine.commands.county.reading import Row
from engine.errors import Invalid
from engine.findings import meant
from engine.people import units
from engine.store.models import Hall, Window
from engine.workdays import OpeningHours

#: As opening hours name the days of a week, Monday first.
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def halls_of(look: Look) -> None:
    for row in look.book.of(HALLS):
        if not look.unit(row, "unit"):
            continue
        there = look.halls.get(str(row.values["code"]))
        title = f"{row.values['code']} {row.values['name']}"
        if there is not None and not there.active:
            look.wrong(row, "code", "这个大厅已经不用了。请另起一个代码。", "This hall is shut: give another code.")
        elif there is None:
            look.new(row, title, _putting_hall(look, row, None))
        else:
            now = {**now_of(there, "name", "address", "name_en"), "unit": look.code_of(there.unit_id)}
            look.compare(row, title, now, _putting_hall(look, row, there))


def _putting_hall(look: Look, row: Row, there: Hall | None) -> Callable[[], None]:
    def do() -> None:
        hall = there
        if hall is None:
            hall = Hall(code=row.values["code"])
            look.work.session.add(hall)
        setting(hall, row, "name", "address", "name_en")()
        hall.unit_id = look.place(row.values["unit"]).id
        look.work.session.flush()
        look.halls[hall.code] = hall

    return do


def windows_of(look: Look) -> None:
    fresh = {str(row.values["code"]) for row in look.book.of(HALLS)}
    known = {
        (hall.code, window.code): window
        for hall, window in look.work.session.execute(select(Hall, Window).join(Window, Window.hall_id == Hall.id))
    }
    for row in look.book.of(WINDOWS):
        hall, code = row.key()
        if look.broken(HALLS, hall):
            continue
        if hall not in fresh and hall not in look.halls:
            zh, en = meant(hall, [*fresh, *look.halls])
            look.wrong(row, "hall", f"没有大厅“{hall}”。{zh}", f"There is no hall {hall!r}. {en}")
        elif look.unit(row, "unit"):
            there = known.get((hall, code))
            title = f"{hall} {code} {row.values['name']}"
            if there is not None and not there.active:
                zh = "这个窗口已经不用了。请另起一个窗口号。"
                look.wrong(row, "code", zh, "This counter is shut: give another number.")
            elif there is None:
                look.new(row, title, _putting_window(look, row, None))
            else:
                now = {**now_of(there, "name", "low", "name_en"), "unit": look.code_of(there.unit_id)}
                look.compare(row, title, now, _putting_window(look, row, there))


def _putting_window(look: Look, row: Row, there: Window | None) -> Callable[[], None]:
    def do() -> None:
        window = there
        if window is None:
            window = Window(hall_id=look.halls[str(row.values["hall"])].id, code=row.values["code"])
            look.work.session.add(window)
        setting(window, row, "name", "low", "name_en")()
        window.unit_id = look.place(row.values["unit"]).id
        look.work.session.flush()

    return do


def hours_of(look: Look) -> None:
    halls = {str(row.values["code"]) for row in look.book.of(HALLS)} | set(look.halls)
    for row in look.book.of(HOURS):
        code = str(row.values["of"])
        hall = code in halls
        if look.broken(HALLS, code):
            continue
        if not hall and not look.unit(row, "of"):
            continue
        weekly = {day: row.values.get(f"d{n}", []) for n, day in enumerate(DAYS, 1)}
        if not any(weekly.values()):
            look.wrong(row, "of", "一周都不开门？请填上开门的时间。", "Open on no day: fill in when it is open.")
            continue
        try:
            OpeningHours.read({"weekly": weekly}, look.work.calendar)
        except Invalid as wrong:
            for error in wrong.fields:
                day = DAYS.index(error.field.rpartition(".")[2]) + 1 if error.field.startswith("weekly.") else 0
                look.wrong(row, f"d{day}" if day else "of", error.zh, error.en)
            continue
        kept = look.halls.get(code) if hall else look.tree.by_code.get(code)
        before = dict(kept.hours or {}) if kept is not None else {}
        if dict(before.get("weekly") or {}) and {d: list(before["weekly"].get(d, [])) for d in DAYS} == weekly:
            look.same += 1
            continue
        said = "、".join(f"周{name} {'、'.join(weekly[day])}" for day, name in _week() if weekly[day])
        fields = (("开门时间", "有" if before else "", said),)
        do = _setting_hours(look, code, hall, {**before, "weekly": weekly})
        look.changes.append(Change(HOURS, row.n, not before, code, fields, do))


def _setting_hours(look: Look, code: str, hall: bool, hours: dict[str, Any]) -> Callable[[], None]:
    def do() -> None:
        if hall:
            look.halls[code].hours = hours
            look.work.session.flush()
        else:
            units.set_hours(look.work, look.place(code), hours)

    return do


def _week() -> Iterator[tuple[str, str]]:
    return zip(DAYS, WEEK, strict=True)
