"""Entries as a spreadsheet: a template, what a filled one would do (errors by cell), exactly that; a list taken out.

Health and child data are in no sheet, nor are fields of rows: both are entered on the page. What is taken out is
recorded with its purpose, for each person it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from engine import crypto
from engine.commands import register_rows
from engine.commands.cases.looking_at_many import not_too_often, said_why
from engine.commands.registers.editing import person_of, unit_of
from engine.errors import FieldError, Invalid, NotNow, NotYours
from engine.findings import meant
from engine.matters import Package
from engine.matters.nouns import Declared
from engine.matters.nouns.registers import SENSITIVE, Register, RegisterField
from engine.people import Actor, require, shelves, units
from engine.reads import registers as reads
from engine.records import audit, registers, sheets
from engine.store import Work
from engine.store.models import RegisterEntry, Reveal

#: Entries taken out at once.
MOST_OUT = 2000
PERSON = {"name": "姓名", "phone": "电话", "id_number": "身份证号"}
STATE, PLACE = "状态", "村（社区）"
#: Errors that are listed; beyond them only how many there are.
MOST_SAID = 50


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell."""

    at: str  # C5
    label: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sheet would do."""

    new: int
    changed: int
    same: int
    faults: tuple[Fault, ...]
    token: str  # what was read, and what it met: an import does exactly this, or says that it is so no more


@dataclass(frozen=True, slots=True)
class _Row:
    values: dict[str, Any]
    person: dict[str, str] | None
    state: str
    place_id: int | None
    entry: RegisterEntry | None


def columns(actor: Actor, kept: shelves.Kept) -> list[tuple[str, str]]:
    """(field, heading) of a sheet for this actor."""
    register = kept.register
    found = [(f"person.{n}", title) for n, title in PERSON.items()] if register.about == "person" else []
    found += [(name, field.title) for name, field in fields(actor, kept).items()]
    if register.states:
        found.append(("state", STATE))
    return [*found, ("place", PLACE)]


def fields(actor: Actor, kept: shelves.Kept) -> dict[str, RegisterField]:
    """The fields of a sheet: what they may read, without what is sensitive and without rows."""
    return {
        name: field
        for name, field in kept.register.fields.items()
        if field.kind not in SENSITIVE and field.type != "rows" and shelves.may_read_field(actor, kept, name)
    }


def template(work: Work, key: str, *, by: Actor) -> bytes:
    """An empty sheet with the headings, and a second one that says what each column takes."""
    one, package = reads.declared(work, key)
    kept = shelves.Kept(one)
    require(by, "work", kept)
    options = registers.options(one, package)
    said: list[list[Any]] = [["列", "怎么填"]]
    for name, title in columns(by, kept):
        said.append([title, _how(kept.register, name, options.get(name))])
    return sheets.write([(kept.register.title[:30], [[t for _, t in columns(by, kept)]]), ("说明", said)])


def _how(register: Register, name: str, options: Mapping[str, str] | None) -> str:
    if name == "state":
        return "、".join(state.title for state in register.states.values()) + "；不填不变"
    if name == "place":
        return "村、社区或乡镇的名称或代码；不填是本单位"
    field = register.fields.get(name)
    if field is None:
        return "姓名必填，电话和身份证号至少填一个" if name == "person.name" else "照证件填"
    words = list((options or field.options).values())
    how = {
        "number": "数字",
        "boolean": "是、否",
        "date": "日期，写作 2026-09-18",
        "choice": "、".join(words),
        "list": f"{'、'.join(words) or '几项'}；几项之间写顿号",
    }.get(field.type, "文字")
    return f"{how}{'；必填' if field.required or name == register.key else ''}"


def plan(work: Work, key: str, data: bytes, *, by: Actor, now: datetime) -> Plan:
    """What importing this sheet would do; nothing is written. BadSheet when it cannot be read at all."""
    return _plan(work, key, data, by=by)[0]


def import_sheet(work: Work, key: str, data: bytes, *, expect: str, by: Actor, now: datetime) -> Plan:
    """Import exactly what was previewed (`expect` is the plan's token), in this one transaction. Invalid by cell."""
    planned, one, package, rows = _plan(work, key, data, by=by)
    if planned.faults:
        raise Invalid([FieldError(f.at, f.label, f.zh, f.en) for f in planned.faults[:MOST_SAID]])
    if planned.token != expect:
        raise NotNow(
            "预览以后台账有了变化，或文件换过。请重新预览再导入。",
            "The register or the file changed since the preview: look at it again, then import.",
        )
    register = registers.register_of(one)
    unit = unit_of(by, register)
    for row in rows:
        register_rows.put(
            work,
            one,
            row.values,
            by=by,
            now=now,
            whom=person_of(row.person) if row.person is not None else None,
            state=row.state,
            unit_id=row.entry.unit_id if row.entry is not None else unit,
            place_id=row.place_id or (row.entry.place_id if row.entry is not None else unit),
            options=registers.options(one, package),
            what="imported",
        )
    facts = {
        "register": one.key,
        "sha256": crypto.fingerprint(data),
        "new": planned.new,
        "changed": planned.changed,
    }
    audit.record(work, audit.Kind.REGISTER_IMPORTED, by=by, now=now, facts=facts)
    return planned


def _plan(work: Work, key: str, data: bytes, *, by: Actor) -> tuple[Plan, Declared, Package, list[_Row]]:
    one, package = reads.declared(work, key)
    require(by, "work", shelves.Kept(one))
    rows = sheets.read(data)
    faults: list[Fault] = []
    heads = _heads(by, one, rows, faults)
    found: list[_Row] = []
    seen: dict[object, str] = {}
    new = changed = same = 0
    total = crypto.Hasher(data)
    for cells in rows[1:] if heads is not None else []:
        before = len(faults)
        row = _row(work, one, package, by, heads or {}, cells, faults, seen)
        if row is None or len(faults) > before:
            continue
        found.append(row)
        if row.entry is None:
            new += 1
        else:
            total.update(f"{row.entry.id}:{row.entry.version}\0".encode())
            facts = row.entry.facts if isinstance(row.entry.facts, Mapping) else {}
            differs = any(facts.get(k) != v for k, v in row.values.items()) or row.state not in ("", row.entry.state)
            changed, same = changed + differs, same + (not differs)
    if heads is not None and not found and not faults:
        faults.append(Fault("A2", "", "表里没有内容。请从第 2 行填起。", "There is nothing in it: begin in row 2."))
    return Plan(new, changed, same, tuple(faults), total.hexdigest()), one, package, found


def _heads(
    by: Actor, one: Declared, rows: list[list[sheets.Cell]], faults: list[Fault]
) -> dict[int, tuple[str, str]] | None:
    """column -> (field, heading); None when the first row is no heading of ours."""
    known = {title: name for name, title in columns(by, shelves.Kept(one))}
    heads: dict[int, tuple[str, str]] = {}
    for n, cell in enumerate(rows[0] if rows else []):
        title = str(cell.value or "").strip()
        if not title:
            continue
        if title not in known:
            zh, en = meant(title, known, 30)
            faults.append(Fault(cell.at, title, f"没有“{title}”这一列。{zh}", f"There is no column {title!r}. {en}"))
        elif title in [t for _, t in heads.values()]:
            faults.append(Fault(cell.at, title, f"“{title}”有两列。", f"There are two columns {title!r}."))
        else:
            heads[n] = (known[title], title)
    if not heads:
        zh, en = "第 1 行应是列的名称。请用下载的模板。", "The first row should hold the headings: use the template."
        faults.append(Fault("A1", "", zh, en))
        return None
    return heads


def _row(
    work: Work,
    one: Declared,
    package: Package,
    by: Actor,
    heads: Mapping[int, tuple[str, str]],
    cells: list[sheets.Cell],
    faults: list[Fault],
    seen: dict[object, str],
) -> _Row | None:
    register, options = registers.register_of(one), registers.options(one, package)
    at: dict[str, sheets.Cell] = {}
    labels: dict[str, str] = {}
    for n, (name, title) in heads.items():
        if n < len(cells):
            at[name], labels[name] = cells[n], title

    def wrong(name: str, zh: str, en: str) -> None:
        cell = at.get(name)
        faults.append(Fault(cell.at if cell is not None else cells[0].at, labels.get(name, ""), zh, en))

    for name, cell in at.items():
        if cell.formula:
            wrong(name, "这一格是公式。请粘贴成数值。", "This cell is a formula: paste its value.")
            return None
    values: dict[str, Any] = {}
    for name, cell in at.items():
        field = register.fields.get(name)
        if field is not None and cell.value not in (None, ""):
            values[name] = _value(field, cell.value)
    person = None
    try:
        if register.about == "person":
            person = {n: str(at[f"person.{n}"].value or "") for n in PERSON if f"person.{n}" in at}
            whom = person_of(person)
            entry = registers.of_person(work, one, whom)
            same: object = registers.person_keys(whom)[0]
        else:
            entry = registers.find(work, one, values[register.key]) if values.get(register.key) else None
            same = values.get(register.key)
        read = register.read(values, options=options, new=entry is None)
    except Invalid as refused:
        for error in refused.fields:
            wrong(error.field.split(".")[0] if error.field not in at else error.field, error.zh, error.en)
        return None
    if same is None and register.key:
        wrong(register.key, "这一列必填。", "This column is required.")
        return None
    if same in seen and same is not None:
        wrong(register.key or "person.name", f"和 {seen[same]} 是同一个。", f"The same as in {seen[same]}.")
        return None
    seen[same] = cells[0].at
    state = _state(register, at, wrong)
    place = _placed(work, one, by, at, wrong)
    if entry is not None and not shelves.may(by, "work", shelves.of(work, one, entry)):
        wrong("person.name", "这一条归别的单位管，您不能改。", "This entry is another unit's; you may not change it.")
    return _Row(read, person, state, place, entry)


def _value(field: RegisterField, value: Any) -> Any:
    if field.type == "list":
        return [one.strip() for one in str(value).replace("，", "、").replace(",", "、").split("、") if one.strip()]
    if field.type == "boolean" and isinstance(value, str):
        return {"是": True, "否": False}.get(value, value)
    if field.type in ("number", "boolean"):
        return value
    return str(value)


def _state(register: Register, at: Mapping[str, sheets.Cell], wrong: Any) -> str:
    text = str(at["state"].value or "") if "state" in at else ""
    by_title = {state.title: name for name, state in register.states.items()}
    if text and text not in by_title and text not in register.states:
        zh, en = meant(text, by_title)
        wrong("state", f"没有状态“{text}”。{zh}", f"There is no state {text!r}. {en}")
    return by_title.get(text, text)


def _placed(work: Work, one: Declared, by: Actor, at: Mapping[str, sheets.Cell], wrong: Any) -> int | None:
    text = str(at["place"].value or "") if "place" in at else ""
    if not text:
        return None
    tree = units.tree(work)
    within = [p for p in tree if any(p.path.startswith(q.unit_path) for q in shelves.writing(by, _of(one)))]
    found = [p for p in within if text in (p.code, p.name, tree.full_name(p))]
    if len(found) == 1:
        return found[0].id
    known = [tree.full_name(p) for p in within if p.kind in ("town", "village", "community")]
    zh, en = meant(text, known, 10)
    said = ("有几个叫这个名字的，请写全称。", "Several have this name.") if found else (f"没有“{text}”。{zh}", en)
    wrong("place", *said)
    return None


def _of(one: Declared) -> Register:
    return registers.register_of(one)


def take_out(
    work: Work,
    key: str,
    purpose: str,
    words: str,
    *,
    by: Actor,
    now: datetime,
    state: str = "",
) -> bytes:
    """The entries somebody may read as a sheet, whole, the newest first. Only for who also writes the register or heads
    a unit; with a purpose, recorded once for all and once for each person it is about. Invalid, NotYours."""
    one, package = reads.declared(work, key)
    kept, register = shelves.Kept(one), registers.register_of(one)
    if by.id is None or not (shelves.may(by, "work", kept) or shelves.may(by, "supervise", kept)):
        raise NotYours(
            "只有管这个台账的岗位和单位负责人可以导出。", "Only posts that write this register, and heads, take it out."
        )
    said = said_why(purpose, words)
    asked = registers.conditions(one, states=[state] if state in register.states else ())
    entries = work.session.scalars(
        select(RegisterEntry)
        .where(reads.visible(work, by, one), *asked)
        .order_by(RegisterEntry.id.desc())
        .limit(MOST_OUT)
    ).all()
    if register.about == "person":
        not_too_often(work, by.id, now=now, many=len(entries))
    options = registers.options(one, package)
    heads = columns(by, kept)
    table: list[list[Any]] = [[title for _, title in heads]]
    for entry in entries:
        row_kept = shelves.of(work, one, entry)
        table.append([_out(work, register, entry, name, by, row_kept, options.get(name)) for name, _ in heads])
    facts = {
        "register": one.key,
        "count": len(entries),
        "fields": [name for name, _ in heads],
        "purpose": purpose,
        "state": state,
    }
    audit.record(work, audit.Kind.REGISTER_READ, by=by, now=now, facts=facts)
    if entries and register.about == "person":
        work.session.execute(
            insert(Reveal),
            [{"by_id": by.id, "entry_id": e.id, "field": "导出", "purpose": said, "at": now} for e in entries],
        )
    return sheets.write([(register.title[:30], table)])


def _out(
    work: Work,
    register: Register,
    entry: RegisterEntry,
    name: str,
    by: Actor,
    kept: shelves.Kept,
    options: Mapping[str, str] | None,
) -> Any:
    if name.startswith("person."):
        return (entry.person or {}).get(name.removeprefix("person."), "")
    if name == "state":
        return reads.state_title(register, entry.state).zh
    if name == "place":
        place = units.tree(work).by_id.get(entry.place_id) if entry.place_id is not None else None
        return units.tree(work).full_name(place) if place is not None else ""
    if not shelves.may_read_field(by, kept, name):
        return ""
    return reads.text_of(register.fields[name], (entry.facts or {}).get(name), options)
