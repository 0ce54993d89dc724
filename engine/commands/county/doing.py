"""A county's file carried out, and written: the template, and what the hall holds already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import crypto
from engine.commands.booking import due
from engine.commands.county import hall_rows, planning, reading
from engine.commands.county.columns import (
    HALLS,
    HOLDINGS,
    HOURS,
    ITEMS,
    OPENINGS,
    PEOPLE,
    POSTS,
    RESOURCE_KINDS,
    RESOURCES,
    ROLES,
    SHEETS,
    SLOT_DAYS,
    SLOT_KINDS,
    UNIT_KINDS,
    UNITS,
    WEEK,
    WINDOWS,
    Sheet,
    centre_said,
)
from engine.commands.county.looking import Plan
from engine.commands.hall import posts
from engine.errors import FieldError, Invalid, NotNow
from engine.people import Actor, holders, units
from engine.records import audit, counters, sheets
from engine.store import Work
from engine.store.models import Hall, Holding, Post, Resource, ResourceOpening, User, Window

#: Faults that are listed; beyond them only how many there are.
MOST_SAID = 200


def plan(work: Work, data: bytes, *, by: Actor, now: datetime) -> Plan:
    """What this file would do; nothing is written. BadSheet when it cannot be read at all."""
    return planning.look(work, reading.read(data), by=by, now=now)


def put(work: Work, data: bytes, *, expect: str, hall: str, by: Actor, now: datetime) -> Plan:
    """Exactly what was previewed (`expect` is the plan's token), all or nothing. Invalid by cell. `hall`: its name, for
    whoever is told that their telephone changed."""
    counters.take(work, "county-import")  # one at a time: the next sees what this one made
    found = planning.look(work, reading.read(data), hall=hall, by=by, now=now)
    if not found.faults and found.token != expect:
        raise NotNow(
            "预览以后有了变化，或文件换过。请重新预览再导入。",
            "The hall or the file changed since the preview: look at it again, then import.",
        )
    return _carry_out(work, found, {"sha256": crypto.fingerprint(data)}, by=by, now=now)


def put_rows(work: Work, listed: Mapping[str, Iterable[Mapping[str, Any]]], *, by: Actor, now: datetime) -> Plan:
    """The same from rows at hand: sheet's name -> rows of column's name -> as a cell would say it."""
    return _carry_out(work, planning.look(work, reading.made(listed), by=by, now=now), {}, by=by, now=now)


def _carry_out(work: Work, found: Plan, facts: Mapping[str, Any], *, by: Actor, now: datetime) -> Plan:
    if found.faults:
        raise Invalid([FieldError(f"{f.sheet}!{f.at}", f.label, f.zh, f.en) for f in found.faults[:MOST_SAID]])
    try:
        with work.attempt():  # a refusal in the middle leaves nothing behind, whatever the caller does with it
            for change in found.changes:
                change.do()
    finally:  # done or undone: what is kept in memory is read anew
        units.forget(work)
        holders.forget(work)
    touched = {change.sheet.name for change in found.changes}
    if HOLDINGS.name in touched:
        posts.follow(work, by, now)
    if UNITS.name in touched:
        work.after_commit(lambda: units.forget(work))
    if touched & {RESOURCES.name, OPENINGS.name, HOURS.name}:
        due.make_times(work, f"publish-slots:county:{found.token}", now=now)
    if touched:
        counts = {sheet.name: [new, changed] for sheet, new, changed in found.counts()}
        audit.record(work, audit.Kind.COUNTY_IMPORTED, by=by, now=now, facts={**facts, "rows": counts})
    return found


# ---------------------------------------------------------------- files


def template() -> bytes:
    """An empty file: a sheet of headings for each list, and one that says what each column takes."""
    return sheets.write([_help(), *((sheet.zh, [_heads(sheet)]) for sheet in SHEETS)])


def filled(work: Work) -> bytes:
    """What the hall holds, as a file that would change nothing. Telephones of staff are left out: an empty cell leaves
    what there is."""
    rows = {sheet.name: [_heads(sheet)] for sheet in SHEETS}
    for name, one in _held(work):
        sheet = next(s for s in SHEETS if s.name == name)
        rows[name].append([one.get(column.name, "") for column in sheet.columns])
    return sheets.write([_help(), *((sheet.zh, rows[sheet.name]) for sheet in SHEETS)])


def _heads(sheet: Sheet) -> list[Any]:
    return [column.zh for column in sheet.columns]


def _help() -> tuple[str, Sequence[Sequence[Any]]]:
    lines: list[list[Any]] = [["表", "列", "怎么填", "必填", "Column"]]
    for sheet in SHEETS:
        for column in sheet.columns:
            need = "必填" if column.needed else ""
            lines.append([sheet.zh, column.zh, column.how, need, f"{sheet.en}: {column.en}"])
    return reading.HELP, lines


def _held(work: Work) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Every row of the hall: (the sheet's name, column -> as a cell says it)."""
    session, tree = work.session, units.tree(work)
    kinds, roles = _words(UNIT_KINDS), _words(ROLES)

    def code(unit_id: int | None) -> str:
        place = tree.by_id.get(unit_id or 0)
        return place.code if place is not None else ""

    for place in tree.standing:
        plain = {name: getattr(place, name) or "" for name in ("code", "name", "phone", "address", "name_en", "word")}
        plain["centre"] = centre_said(",".join(place.centre))
        more = {"seal_name": place.seal_name, "number": place.number or "", "parent": code(place.parent_id)}
        yield UNITS.name, {**plain, **more, "kind": kinds[place.kind]}
        yield from _opening_hours(place.code, place.hours)
    for post in session.scalars(select(Post).order_by(Post.id)):
        yield (
            POSTS.name,
            {"code": post.code, "name": post.name, "name_en": post.name_en, "role": roles[post.role]},
        )
    staff = select(User).where(User.kind == "staff", User.disabled_at.is_(None)).order_by(User.id)
    for user in session.scalars(staff):
        yield PEOPLE.name, {"login": user.login, "name": user.name}
    held = (
        select(User.login, Holding, Post.code)
        .join(Holding, Holding.user_id == User.id)
        .join(Post, Post.id == Holding.post_id)
        .where(User.disabled_at.is_(None), holders.lasting(work.today))
        .order_by(Holding.id)
    )
    for login, holding, post_code in session.execute(held):
        term = {"from_on": _iso(holding.from_on), "until_on": _iso(holding.until_on)}
        if tree.by_id[holding.unit_id].active:
            yield HOLDINGS.name, {"login": login, "unit": code(holding.unit_id), "post": post_code, **term}
    for hall in session.scalars(select(Hall).where(Hall.active).order_by(Hall.id)):
        plain = {name: getattr(hall, name) for name in ("code", "name", "address", "name_en")}
        yield HALLS.name, {**plain, "unit": code(hall.unit_id)}
        yield from _opening_hours(hall.code, hall.hours)
    windows = select(Hall.code, Window).join(Window, Window.hall_id == Hall.id).where(Window.active)
    for hall_code, window in session.execute(windows.order_by(Window.id)):
        low = "是" if window.low else "否"
        plain = {"code": window.code, "name": window.name, "name_en": window.name_en, "low": low}
        yield WINDOWS.name, {**plain, "hall": hall_code, "unit": code(window.unit_id)}
    yield from _bookable(work, code)


def _bookable(work: Work, code: Any) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """What no case and no declaration opened by itself."""
    kinds, slot_kinds, days = _words(RESOURCE_KINDS), _words(SLOT_KINDS), _words(SLOT_DAYS)
    rows = work.session.scalars(
        select(Resource)
        .where(Resource.active, Resource.case_id.is_(None), Resource.code.not_like("%@%"))
        .order_by(Resource.id)
    ).all()
    rules: dict[int, list[dict[str, Any]]] = {}
    of = select(ResourceOpening.resource_id, ResourceOpening.rule).where(
        ResourceOpening.resource_id.in_([row.id for row in rows])
    )
    for resource_id, rule in work.session.execute(of.order_by(ResourceOpening.id)):
        rules.setdefault(resource_id, []).append(rule)
    for row in rows:
        plain = {name: getattr(row, name) for name in ("code", "name", "offer", "matter", "name_en")}
        yield RESOURCES.name, {**plain, "kind": kinds[row.kind], "unit": code(row.unit_id)}
        for item in row.items:
            bring = "、".join(str(one) for one in item.get("bring") or ())
            yield ITEMS.name, {"resource": row.code, "code": item["code"], "name": item["name"], "bring": bring}
        for rule in rules.get(row.id, ()):
            said: dict[str, Any] = {name: rule.get(name, "") for name in ("opens", "closes", "minutes", "public")}
            said |= {"staff": rule.get("staff", ""), "lunar": rule.get("lunar", "")}
            said |= {"kind": slot_kinds[rule.get("kind", "normal")], "days": days[rule.get("days", "any")]}
            said["weekdays"] = "、".join(WEEK[int(n) - 1] for n in rule.get("weekdays") or ())
            said["weeks"] = "、".join(str(n) for n in rule.get("weeks_of_month") or ())
            yield OPENINGS.name, {"resource": row.code, **said}


def _opening_hours(of: str, hours: Mapping[str, Any] | None) -> Iterable[tuple[str, Mapping[str, Any]]]:
    weekly = (hours or {}).get("weekly") or {}
    if weekly:
        days = {f"d{n}": "、".join(weekly.get(day) or ()) for n, day in enumerate(hall_rows.DAYS, 1)}
        yield HOURS.name, {"of": of, **days}


def _words(options: Mapping[str, str]) -> Mapping[str, str]:
    return {value: word for word, value in options.items()}


def _iso(day: Any) -> str:
    return day.isoformat() if day is not None else ""
