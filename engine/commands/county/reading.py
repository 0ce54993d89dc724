"""A county's file (XLSX) -> its rows, and what is wrong with single cells. Nothing of the hall is asked here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from engine.commands.county.columns import BY_ZH, SHEETS, Column, Sheet, Wrong
from engine.findings import meant
from engine.records import sheets


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell (or row, or sheet), and what to do."""

    sheet: str  # as it is called in the file: 单位
    at: str  # C5
    label: str  # the column
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Of `values` only the cells that say something: an empty cell leaves what there is."""

    sheet: Sheet
    n: int  # as the file counts it
    values: Mapping[str, Any]
    cells: Mapping[str, str]  # column -> where it stands

    def key(self) -> tuple[str, ...]:
        """What tells the row from the others of its sheet."""
        return tuple(str(self.values.get(name, "")) for name in self.sheet.key)

    def fault(self, name: str, zh: str, en: str) -> Fault:
        return Fault(self.sheet.zh, self.cells.get(name, f"A{self.n}"), self.sheet.column(name).zh, zh, en)


@dataclass(frozen=True, slots=True)
class Book:
    """A whole file: the rows of each sheet, by the sheet's name."""

    rows: Mapping[str, Sequence[Row]]
    faults: tuple[Fault, ...]
    broken: Mapping[str, frozenset[str]]  # of each sheet, what the rows with a fault are called: 350526-YB

    def of(self, sheet: Sheet) -> Sequence[Row]:
        return self.rows.get(sheet.name, ())


def read(data: bytes) -> Book:
    """The rows of a file. Every fault of every cell at once. BadSheet when it cannot be read at all."""
    hidden: list[str] = []
    found = sheets.read_all(data, hidden=hidden)
    faults = [
        Fault(title, "A1", "", "这张表是隐藏的。请取消隐藏，或删掉。", "This sheet is hidden: show it, or take it out.")
        for title in hidden
        if title in BY_ZH
    ]
    rows: dict[str, list[Row]] = {}
    broken: dict[str, set[str]] = {}
    for title, lines in found.items():
        sheet = BY_ZH.get(title)
        if sheet is not None:
            rows[sheet.name] = _sheet(sheet, lines, faults, broken)
        elif title != HELP and lines:
            zh, en = meant(title, BY_ZH)
            faults.append(Fault(title, "A1", "", f"没有叫“{title}”的表。{zh}", f"There is no sheet {title!r}. {en}"))
    if not any(rows.values()) and not faults:
        faults.append(
            Fault("", "A1", "", "文件里没有内容。请从各表第 2 行填起。", "The file holds nothing: begin in row 2.")
        )
    return Book(rows, tuple(faults), _frozen(broken))


def _frozen(broken: Mapping[str, set[str]]) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(keys) for name, keys in broken.items()}


def made(listed: Mapping[str, Iterable[Mapping[str, Any]]]) -> Book:
    """A book from rows that are at hand: sheet's name -> rows of column's name -> as a cell would say it."""
    faults: list[Fault] = []
    rows: dict[str, list[Row]] = {}
    broken: dict[str, set[str]] = {}
    for sheet in SHEETS:
        seen: dict[tuple[str, ...], int] = {}
        for n, one in enumerate(listed.get(sheet.name, ()), 2):
            cells = {name: sheets.Cell(f"{name} {n}", value) for name, value in one.items()}
            row = _row(sheet, n, cells, faults, seen, broken)
            if row is not None:
                rows.setdefault(sheet.name, []).append(row)
    return Book(rows, tuple(faults), _frozen(broken))


#: The sheet of a template that says how the others are filled in.
HELP = "说明"


def _sheet(
    sheet: Sheet, lines: Sequence[Sequence[sheets.Cell]], faults: list[Fault], broken: dict[str, set[str]]
) -> list[Row]:
    heads: dict[int, Column] = {}
    for n, cell in enumerate(lines[0] if lines else ()):
        title = str(cell.value or "").strip()
        column = sheet.by_zh.get(title)
        if not title:
            continue
        if column is None:
            zh, en = meant(title, sheet.by_zh, 30)
            zh, en = f"没有“{title}”这一列。{zh}", f"There is no column {title!r}. {en}"
            faults.append(Fault(sheet.zh, cell.at, title, zh, en))
        elif column in heads.values():
            faults.append(Fault(sheet.zh, cell.at, title, f"“{title}”有两列。", f"There are two columns {title!r}."))
        else:
            heads[n] = column
    if len(lines) > 1:
        for column in sheet.columns:
            if column.needed and column not in heads.values():
                zh, en = f"缺少“{column.zh}”这一列。", f"The column {column.zh} is missing."
                faults.append(Fault(sheet.zh, "A1", column.zh, zh, en))
    seen: dict[tuple[str, ...], int] = {}
    found = []
    for line in lines[1:]:
        cells = {column.name: line[n] for n, column in heads.items() if n < len(line)}
        row = _row(sheet, int("".join(c for c in line[0].at if c.isdigit())), cells, faults, seen, broken)
        if row is not None:
            found.append(row)
    return found


def _row(
    sheet: Sheet,
    n: int,
    cells: Mapping[str, sheets.Cell],
    faults: list[Fault],
    seen: dict[tuple[str, ...], int],
    broken: dict[str, set[str]],
) -> Row | None:
    values: dict[str, Any] = {}
    before = len(faults)
    for column in sheet.columns:
        cell = cells.get(column.name)
        text = _text(cell.value) if cell is not None else ""
        at = cell.at if cell is not None else f"A{n}"

        def wrong(zh: str, en: str, at: str = at, label: str = column.zh) -> None:
            faults.append(Fault(sheet.zh, at, label, zh, en))

        if cell is not None and cell.formula:
            wrong("这一格是公式。请粘贴成数值。", "This cell is a formula: paste its value.")
        elif not text:
            if column.needed:
                wrong("这一格必填。", "This cell is required.")
        elif len(text) > column.most:
            wrong(f"太长：最多 {column.most} 个字。", f"Too long: {column.most} characters at most.")
        else:
            try:
                values[column.name] = column.read(text)
            except Wrong as error:
                wrong(error.zh, error.en)
    row = Row(sheet, n, values, {name: cell.at for name, cell in cells.items()})
    key = row.key()
    if len(faults) > before:
        broken.setdefault(sheet.name, set()).add(key[0])
        return None
    if key in seen:
        zh = f"和第 {seen[key]} 行是同一个，请只留一行。"
        faults.append(row.fault(sheet.key[0], zh, f"The same as row {seen[key]}: keep one of them."))
        return None
    seen[key] = n
    return row


def _text(value: Any) -> str:
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value).strip() if value is not None else ""
