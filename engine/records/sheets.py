"""Spreadsheets (XLSX) as rows of plain cells, read with care and written without formulas.

A file that somebody sends may be anything: it is held to a size, unpacked to no more than so much, read without running
what it holds; a formula is refused at its cell, for nobody can see what it will be tomorrow.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from engine.errors import Refused

#: What a browser is told that a spreadsheet is.
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Bytes of a file, bytes when unpacked, rows and columns that are read at most; sheets of a file of several.
MOST_BYTES, MOST_UNPACKED, MOST_ROWS, MOST_COLUMNS, MOST_SHEETS = 350_000, 20_000_000, 1000, 60, 20


class BadSheet(Refused):
    """Expected a spreadsheet that can be read, but it is none, or too large."""

    status = 422
    slug = "bad-sheet"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: where it stands (C5) and what it holds; `formula` when that is computed."""

    at: str
    value: Any
    formula: bool = False


def read(data: bytes) -> list[list[Cell]]:
    """The rows of the first sheet, empty ones left out. BadSheet."""
    return next(iter(_book(data).values()), [])


def read_all(data: bytes, *, hidden: list[str]) -> dict[str, list[list[Cell]]]:
    """The rows of every sheet by its name, empty rows left out; the names of those that are not shown go to `hidden`.
    BadSheet."""
    return _book(data, MOST_SHEETS, hidden)


def _book(data: bytes, most: int = 1, hidden: list[str] | None = None) -> dict[str, list[list[Cell]]]:
    if len(data) > MOST_BYTES:
        raise BadSheet(
            f"文件太大：最多 {MOST_BYTES // 1000} KB。请分几个文件导入。",
            f"The file is too large: {MOST_BYTES // 1000} KB at most. Import it in parts.",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_UNPACKED:
                raise BadSheet("文件展开以后太大，不能读。", "The file unpacks to too much and is not read.")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except BadSheet:
        raise
    except Exception as error:  # the library raises whatever the file makes it stumble over
        raise BadSheet(
            "打不开这个文件。请用下载的模板，存成 .xlsx。",
            f"The file cannot be opened ({type(error).__name__}): use the template, saved as .xlsx.",
        ) from None
    try:
        if hidden is not None and len(book.worksheets) > most:
            raise BadSheet(f"最多 {most} 张表。请去掉多余的。", f"At most {most} sheets: take out what is too much.")
        if hidden is not None:
            hidden += [str(sheet.title) for sheet in book.worksheets if sheet.sheet_state != "visible"]
        return {str(sheet.title): _rows(sheet) for sheet in book.worksheets[:most]}
    except BadSheet:
        raise
    except Exception as error:
        raise BadSheet("这个文件里的内容读不了。", f"What the file holds cannot be read ({error}).") from None
    finally:
        book.close()


def _rows(sheet: Any) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for n, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, max_row=MOST_ROWS + 2), 1):
        if n > MOST_ROWS + 1:
            raise BadSheet(
                f"最多 {MOST_ROWS} 行（空行的格式也算）。请分几个文件导入。",
                f"At most {MOST_ROWS} rows, those that are only coloured too: import it in parts.",
            )
        cells = [
            Cell(f"{get_column_letter(i)}{n}", _read(cell.value), cell.data_type == "f")
            for i, cell in enumerate(row, 1)
        ]
        if any(cell.value not in (None, "") for cell in cells):
            rows.append(cells)
    return rows


def _read(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value


def write(sheets: Iterable[tuple[str, Sequence[Sequence[Any]]]]) -> bytes:
    """A workbook of these sheets (name, rows; the first row in bold). Every cell is a text or a number, never a
    formula: what somebody typed into a form does not run on a clerk's machine."""
    book = Workbook(write_only=True)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for n, row in enumerate(rows):
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, value=value if value is not None else "")
                if isinstance(value, str):
                    cell.data_type, cell.number_format = "s", "@"
                if n == 0:
                    cell.font = Font(bold=True)
                cells.append(cell)
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
