"""In which lists each live step stands, whatever its list: before, only of those who may claim it"""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0156"
down_revision = "0166"
branch_labels = None
depends_on = None

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
MARKS = {"老年": "E", "代办": "A", "容缺": "L"}
BATCH = 500
#: A step has a multiple of so many rows, the last of them in no list.
BY = 8

_MOMENT = types.UtcDateTime()
_LISTED = sa.table(
    "listed",
    sa.column("task_id"),
    sa.column("key"),
    sa.column("cell"),
    sa.column("sort_at", _MOMENT),
    sa.column("turns_at", _MOMENT),
)


def upgrade() -> None:
    op.create_table(
        "listed",
        sa.Column("task_id", types.BigId, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("cell", sa.String(length=80), nullable=False),
        sa.Column("sort_at", types.UtcDateTime(), nullable=False),
        sa.Column("turns_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_listed_task_id_task")),
        sa.PrimaryKeyConstraint("task_id", "key", name=op.f("pk_listed")),
    )
    _fill()
    op.create_index("ix_listed_order", "listed", ["key", "sort_at", "task_id", "cell", "turns_at"])
    op.create_index("ix_listed_cell", "listed", ["key", "cell", "sort_at", "task_id", "turns_at"])
    op.create_index("ix_listed_turns_at", "listed", ["turns_at"])
    op.drop_table("task_candidate")


def _fill() -> None:
    """Every step that lives, as of long ago: the worker finds what has another colour by now."""
    connection = op.get_bind()
    paths = {id: path for id, path in connection.execute(sa.text("SELECT id, path FROM unit"))}
    asked = sa.text(
        "SELECT t.id, t.state, t.assignee_id, t.candidates, t.due_at, t.apart AS away, c.matter, c.status, c.place_id,"
        " c.unit_id, c.office_id, c.handled_by, c.promised_due, c.statutory_due, c.yellow_at, c.paused_at, c.flags,"
        ' c.restricted, c.confidential, c.apart AS case_away FROM task t JOIN "case" c ON c.id = t.case_id'
        " WHERE t.state <> 'ended' AND t.id > :last ORDER BY t.id LIMIT :most"
    ).columns(due_at=_MOMENT, promised_due=_MOMENT, statutory_due=_MOMENT, yellow_at=_MOMENT, paused_at=_MOMENT)
    last = 0
    while rows := connection.execute(asked, {"last": last, "most": BATCH}).all():
        made = [line for row in rows for line in _lines(row, paths)]
        if made:
            connection.execute(sa.insert(_LISTED), made)
        last = rows[-1].id


def _list(value: Any) -> list[str]:
    return list(json.loads(value) if isinstance(value, str) else value or ())


def _lines(row: Any, paths: dict[int, str]) -> list[dict[str, object]]:
    """As engine/store/listing.py said when this was written."""
    moments = [m for m in (row.promised_due, row.statutory_due, row.due_at, row.yellow_at) if m is not None]
    over, paused = row.status not in ("running", "suspended"), row.paused_at is not None
    colour = "done" if over else "paused" if paused else "green"
    turns_at = NEVER if over or paused else min(moments, default=NEVER)
    flags = _list(row.flags)
    marks = "".join(code for mark, code in MARKS.items() if mark in flags)
    out: dict[str, str] = {}

    def each(keys: list[str], *, several: bool = False) -> None:
        kind = ("c" if row.confidential else "") + ("s" if several and len(set(keys)) > 1 else "")
        out.update({key: f"{row.matter}|{colour}|{marks}|{kind}" for key in keys})

    each(_list(row.candidates) if row.state == "open" else [f"h:{row.assignee_id}"], several=row.state == "open")
    if row.restricted:
        each([f"own:{u}" for u in (*_numbers(row.handled_by), str(row.office_id))], several=True)
    else:
        each([f"at:{u}" for at in (row.place_id, row.unit_id, row.office_id) for u in _numbers(paths[at])])
    each([f"x:{user}" for user in _numbers(row.away)])
    each([f"z:{user}" for user in _numbers(row.case_away)])
    each([f"~{n}" for n in range(-len(out) % BY)])
    sort_at = row.due_at or row.promised_due or NEVER
    return [
        {"task_id": row.id, "key": key, "cell": cell, "sort_at": sort_at, "turns_at": turns_at}
        for key, cell in out.items()
    ]


def _numbers(text: str | None) -> list[str]:
    return [part for part in (text or "").split("/") if part]
