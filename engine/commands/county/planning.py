"""What a county's file would change in the hall, row by row, and every fault at once; nothing is written.

Each change carries the act that makes it so: what was shown is what is done. A row that is not in the file, and a cell
that is empty, change nothing: units are closed by 单位调整, a post ends by its last day, a window by the halls' page.
"""

from __future__ import annotations

from datetime import datetime

from engine import crypto
from engine.commands.county import bookable_rows, hall_rows, staff_rows, unit_rows
from engine.commands.county.columns import HOLDINGS, PEOPLE, SHEETS
from engine.commands.county.looking import Look, Plan
from engine.commands.county.reading import Book, Fault
from engine.people import Actor, may
from engine.store import Work

#: In this order: what another names comes first.
_PARTS = (
    unit_rows.units_of,
    staff_rows.posts_of,
    staff_rows.people_of,
    staff_rows.holdings_of,
    hall_rows.halls_of,
    hall_rows.windows_of,
    hall_rows.hours_of,
    bookable_rows.resources_of,
    bookable_rows.items_of,
    bookable_rows.openings_of,
)


def look(work: Work, book: Book, *, hall: str = "", by: Actor, now: datetime) -> Plan:
    """The plan of a book. What is wrong with its cells comes first: a row with a fault is not looked at further."""
    found = Look(work, book, hall, by, now)
    _allowed(found)
    for part in _PARTS:
        part(found)
    order = {sheet.zh: n for n, sheet in enumerate(SHEETS)}
    faults = tuple(sorted(found.faults, key=lambda one: (order.get(one.sheet, 99), _row_of(one.at), one.at)))
    said = [(one.sheet.name, one.n, one.new, one.title, one.fields) for one in found.changes]
    wanted = [(name, [dict(row.values) for row in rows]) for name, rows in sorted(book.rows.items())]
    token = crypto.fingerprint(repr((said, faults, wanted)).encode())[:32]
    return Plan(tuple(found.changes), found.same, faults, token)


def _allowed(look: Look) -> None:
    """Accounts and who holds what are the security administrator's; the rest is the system administrator's."""
    if look.by.kind == "system":
        return
    for sheet in SHEETS:
        rows = look.book.of(sheet)
        if not rows:
            continue
        if sheet in (PEOPLE, HOLDINGS):
            allowed, zh, en = may(look.by, "appoint"), "安全管理员", "a security administrator"
        else:
            allowed, zh, en = may(look.by, "operate"), "系统管理员", "a system administrator"
        if not allowed:
            look.faults.append(
                Fault(
                    sheet.zh,
                    f"A{rows[0].n}",
                    "",
                    f"这张表由{zh}导入。请把它从文件里去掉，另外交给他们。",
                    f"This sheet is imported by {en}: take it out and hand it to them.",
                )
            )


def _row_of(at: str) -> int:
    digits = "".join(c for c in at if c.isdigit())
    return int(digits) if digits else 0
