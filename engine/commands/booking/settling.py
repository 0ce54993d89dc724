"""The sheet by which a month is paid: whole names, so its making is recorded, once for all and once for each person as
a look behind a mask."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import insert

from engine.commands.cases.looking_at_many import not_too_often
from engine.errors import NotYours
from engine.people import Actor
from engine.reads import statements
from engine.records import audit, sheets
from engine.store import Work
from engine.store.models import Reveal
from engine.store.models.records import BOOKING


def sheet(work: Work, key: str, first: date, last: date, *, by: Actor, now: datetime) -> bytes:
    """The month of one offer of the actor's units, a line a person, as XLSX. NotFound; TooMany."""
    found = statements.of_unit(work, by, key, first, last, whole=True)
    if by.id is None:
        raise NotYours("全名的结算表要由人来做，要记下是谁。", "Expected a person: who makes it is recorded.")
    not_too_often(work, by.id, now=now, many=len(found.lines))
    if found.newest:
        look = {"by_id": by.id, "purpose": f"按月结算：{found.title} {first:%Y-%m}"[:200], "at": now}
        work.session.execute(insert(Reveal), [look | {"field": f"{BOOKING}{number}"} for number in found.newest])
    outcomes = list(statements.OUTCOMES.items())
    head = ["姓名", "份数", *(zh for _name, (zh, _en) in outcomes), *(zh for _part, zh, _en in found.parts), "合计"]
    rows: list[list[Any]] = [head]
    for line in (*found.lines, found.total):
        rows.append(
            [
                line.name or "合计",
                line.count,
                *(line.outcomes.get(name, 0) for name, _words in outcomes),
                *(statements.yuan(line.parts.get(part, 0)) for part, _zh, _en in found.parts),
                statements.yuan(line.cents),
            ]
        )
    facts = {"offer": key, "from": first.isoformat(), "until": last.isoformat(), "people": len(found.lines)}
    audit.record(work, audit.Kind.BOOKINGS_SETTLED, by=by, now=now, facts=facts)
    return sheets.write([(f"{first:%Y-%m}", rows)])
