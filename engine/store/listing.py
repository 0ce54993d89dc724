"""待办清单: in which lists a live step stands. One row a list and step, kept beside the step; nobody else writes them.

A row's `key` is the list: who may claim it (`p:<unit>:<post>`, `u:<user>`, `b:<bond>`), who holds it (`h:<user>`), the
units that see it (`at:<unit>`, with all above them; of a restricted case `own:<unit>`, of those that handle it alone),
and who keeps away from it (`x:<user>`; from its whole case `z:<user>`). Its `cell` says what a list can be narrowed to:

    matter|colour|marks|kind        daiban|green|EA|s

so that a list, and every number beside it, is a short walk along an index whatever the number of steps. The colour is
the one of some moment before `turns_at`; from then on it is another one, and `turn` (a worker) writes it anew.

What a step's rows are follows from its task and case alone (`rows`). A session notes which of both were changed and
brings the rows up to date once, at the end of the transaction, or before somebody reads them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, insert, inspect, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.base import NO_VALUE

from engine.deadlines import colour
from engine.store.models import Case, Listed, Task, Unit

if TYPE_CHECKING:
    from engine.store.db import Database

#: When nothing is due, and nothing will change by itself.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)

#: The marks of a case that a list can be narrowed to, and how a cell says them.
MARKS = {"老年": "E", "代办": "A", "容缺": "L"}

#: Of a cell's kind: the step stands in several lists of one sort; its case is confidential.
SHARED, CONFIDENTIAL = "s", "c"

#: Which lists a case's marks, clocks and places put its steps in; the same of a step.
_CASE = (
    "matter",
    "status",
    "place_id",
    "unit_id",
    "office_id",
    "handled_by",
    "promised_due",
    "statutory_due",
    "yellow_at",
    "paused_at",
    "flags",
    "restricted",
    "confidential",
    "apart",
)
_TASK = ("state", "assignee_id", "candidates", "due_at", "apart")

#: What a row was before, of one that had not been read.
UNKNOWN: dict[str, Any] = {}

#: Another process's change of a unit is seen after this many seconds at the latest.
FRESH_S = 60.0

#: A step has a multiple of so many rows, the last of them in no list (`~0`, `~1` …): most steps follow one that has as
#: many, so that rows that go become rows that come, in one statement.
BY = 8

#: Steps that are listed anew in one go.
BATCH = 500


class Cell(NamedTuple):
    """What a list can be narrowed to, as a row says it.

    >>> str(Cell("daiban", "green", "EA", "s"))
    'daiban|green|EA|s'
    >>> Cell.read("daiban|green||") == Cell("daiban", "green", "", "")
    True
    """

    matter: str
    colour: str
    marks: str
    kind: str

    def __str__(self) -> str:
        return "|".join(self)

    @classmethod
    def read(cls, text: str) -> Cell:
        return cls(*text.split("|"))


class Line(NamedTuple):
    """One row: all but whose step it is of."""

    cell: str
    sort_at: datetime
    turns_at: datetime


def _seen(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _numbers(text: str | None) -> list[str]:
    return [part for part in (text or "").split("/") if part]


def lines(
    task: Mapping[str, Any], case: Mapping[str, Any], paths: Callable[[int], str], at: datetime | None
) -> dict[str, Line]:
    """The lists a step stands in, by their keys. `paths`: a unit's own path, /1/4/17/. `at`: a moment that is over, as
    late as one knows; None: long ago."""
    if task["state"] == "ended":
        return {}
    shade, turns_at = _shade(task, case, at)
    marks = "".join(code for mark, code in MARKS.items() if mark in case["flags"])
    secret = CONFIDENTIAL if case["confidential"] else ""
    sort_at = task["due_at"] or case["promised_due"] or NEVER

    def each(keys: Iterable[str], *, several: bool = False) -> dict[str, Line]:
        listed = list(dict.fromkeys(keys))
        kind = secret + (SHARED if several and len(listed) > 1 else "")
        return dict.fromkeys(listed, Line(str(Cell(case["matter"], shade, marks, kind)), sort_at, turns_at))

    out = each(task["candidates"], several=True) if task["state"] == "open" else each([f"h:{task['assignee_id']}"])
    if case["restricted"]:
        out |= each([f"own:{u}" for u in (*_numbers(case["handled_by"]), case["office_id"])], several=True)
    else:
        above = {u for at_ in (case["place_id"], case["unit_id"], case["office_id"]) for u in _numbers(paths(at_))}
        out |= each([f"at:{u}" for u in sorted(above, key=int)])
    out |= each([f"x:{user}" for user in _numbers(task["apart"])])
    out |= each([f"z:{user}" for user in _numbers(case["apart"])])
    return out | each([f"~{n}" for n in range(-len(out) % BY)])


def _shade(task: Mapping[str, Any], case: Mapping[str, Any], at: datetime | None) -> tuple[str, datetime]:
    """The colour at this moment, and when it is another one."""
    if case["status"] not in ("running", "suspended"):
        return "done", NEVER
    paused = case["paused_at"] is not None
    moments = (case["promised_due"], case["statutory_due"], task["due_at"], case["yellow_at"])
    if at is None:
        at = min((m for m in moments if m is not None), default=NEVER)
        return "paused" if paused else "green", NEVER if paused else at
    promised, statutory, due, yellow = moments
    now = colour(promised, statutory, due, paused, at, yellow)
    later = [m for m in moments if m is not None and m > at]
    return now, min(later, default=NEVER) if now not in ("paused", "black") else NEVER


class Keeper:
    """What of one session's transaction must be listed anew."""

    def __init__(self, database: Database) -> None:
        self.database = database
        #: A step -> what of it counted before; None: it is new. A case likewise.
        self.tasks: dict[Task, dict[str, Any] | None] = {}
        self.cases: dict[Case, dict[str, Any] | None] = {}
        self.units: set[int] = set()  # that were put under another one
        #: A case's live steps, of whoever has them all at hand.
        self.live: dict[int, Callable[[], Sequence[Task]]] = {}

    def note(self, session: Session) -> None:
        """Before a flush: what it will write, as it was."""
        for row in session.new:
            if isinstance(row, Task):
                self.tasks.setdefault(row, None)
            elif isinstance(row, Case):
                self.cases.setdefault(row, None)
        for row in session.dirty:
            if isinstance(row, Task):
                _note(self.tasks, row, _TASK)
            elif isinstance(row, Case):
                _note(self.cases, row, _CASE)
            elif isinstance(row, Unit) and "path" in inspect(row).committed_state:
                self.units.add(row.id)

    def new(self, row: Any) -> None:
        """This row was written without a flush."""
        if isinstance(row, Task):
            self.tasks.setdefault(row, None)
        elif isinstance(row, Case):
            self.cases.setdefault(row, None)

    def touch(self, task: Task, **before: Any) -> None:
        """A step was changed past the session: so it was."""
        self.tasks.setdefault(task, {**_seen(task, _TASK), **before})

    def unsure(self, tasks: Iterable[Task]) -> None:
        """Nobody knows which rows these steps have by now: each is written anew."""
        self.tasks |= dict.fromkeys(tasks, UNKNOWN)

    def settle(self, session: Session) -> None:
        """The rows say what is so now."""
        self.note(session)
        if self.units:
            moved, self.units = self.units, set()
            self.database.unit_paths = {}
            names = (Case.place_id, Case.unit_id, Case.office_id)
            again(session, self.database, Task.state != "ended", or_(*(name.in_(moved) for name in names)))
        if not self.tasks and not self.cases:
            return
        session.flush()
        noted, cases = self.tasks, self.cases
        self.tasks, self.cases = {}, {}
        for case, was in cases.items():
            if was is not None and case in session and was != _seen(case, _CASE):
                for task in self._live(session, case):
                    noted.setdefault(task, UNKNOWN if was is UNKNOWN else _seen(task, _TASK))
        before: dict[tuple[int, str], Line] = {}
        after: dict[tuple[int, str], Line] = {}
        clock = self.database.clock
        at = clock() if clock is not None else None
        paths = _paths(session, self.database)
        for task, was_task in noted.items():
            if task not in session:
                continue
            case = session.get_one(Case, task.case_id)
            now = _seen(case, _CASE)
            was = cases.get(case)
            if was_task is UNKNOWN:
                session.connection().execute(delete(_TABLE).where(_TABLE.c.task_id == task.id))
            elif was_task is not None:
                known = lines(was_task, now if was is None else was, paths, at)
                before |= {(task.id, key): line for key, line in known.items()}
            after |= {(task.id, key): line for key, line in lines(_seen(task, _TASK), now, paths, at).items()}
        _write(session, before, after)

    def _live(self, session: Session, case: Case) -> Sequence[Task]:
        known = self.live.get(case.id)
        if known is not None:
            return known()
        return session.scalars(select(Task).where(Task.case_id == case.id, Task.state != "ended")).all()


def _note(noted: dict[Any, dict[str, Any] | None], row: Any, names: Sequence[str]) -> None:
    """What counted of it before it was changed; nothing, when nothing that counts was."""
    was = inspect(row).committed_state
    if row not in noted and not was.keys().isdisjoint(names):
        before = {name: was[name] if name in was else getattr(row, name) for name in names}
        noted[row] = UNKNOWN if NO_VALUE in before.values() else before


def _paths(session: Session, database: Database) -> Callable[[int], str]:
    """Each unit's path, read once a minute at most: one that closes is put under who took over from it."""

    def path(unit_id: int) -> str:
        known = database.unit_paths
        if unit_id not in known or time.monotonic() - database.unit_paths_at > FRESH_S:
            known = {id: path for id, path in session.execute(select(Unit.id, Unit.path))}
            database.unit_paths, database.unit_paths_at = known, time.monotonic()
        return known[unit_id]

    return path


_TABLE: Any = Listed.__table__
_MOVE = (
    update(_TABLE)
    .where(_TABLE.c.task_id == bindparam("old_task"), _TABLE.c.key == bindparam("old_key"))
    .values({name: bindparam(f"new_{name}") for name in ("task_id", "key", "cell", "sort_at", "turns_at")})
)
_TAKE = delete(_TABLE).where(_TABLE.c.task_id == bindparam("old_task"), _TABLE.c.key == bindparam("old_key"))

Rows = Mapping[tuple[int, str], Line]


def _write(session: Session, before: Rows, after: Rows) -> None:
    """From the rows there are to the rows there shall be: what goes becomes what comes, in one statement; what is left
    over goes, or is added, in another."""
    gone = sorted(k for k in before if k not in after)
    come = sorted(k for k in after if k not in before)
    pairs = [(k, k) for k in sorted(after) if k in before and before[k] != after[k]]
    pairs += list(zip(gone, come, strict=False))
    connection = session.connection()  # to a session, an UPDATE of many rows is one by their ids
    if pairs:
        moved = [
            {"old_task": old[0], "old_key": old[1], **{f"new_{k}": v for k, v in _values(new, after[new]).items()}}
            for old, new in sorted(pairs)
        ]
        if connection.execute(_MOVE, moved).rowcount != len(moved):  # they are not as they should be: each anew
            _anew(session, before, after)
            return
    if len(gone) > len(come):
        connection.execute(_TAKE, [{"old_task": t, "old_key": k} for t, k in gone[len(come) :]])
    elif len(come) > len(gone):
        connection.execute(insert(_TABLE), [_values(k, after[k]) for k in come[len(gone) :]])


def _values(key: tuple[int, str], line: Line) -> dict[str, Any]:
    return {"task_id": key[0], "key": key[1], "cell": line.cell, "sort_at": line.sort_at, "turns_at": line.turns_at}


def _anew(session: Session, before: Rows, after: Rows) -> None:
    tasks = {task for task, _key in (*before, *after)}
    session.connection().execute(delete(_TABLE).where(_TABLE.c.task_id.in_(tasks)))
    if after:
        session.connection().execute(insert(_TABLE), [_values(k, line) for k, line in sorted(after.items())])


def again(session: Session, database: Database, *where: ColumnElement[bool]) -> int:
    """List these live steps anew, whatever their rows say: after something was changed past the session. How many."""
    found, last = 0, 0
    paths = _paths(session, database)
    session.flush()
    if (noted := getattr(session, "lists", None)) is not None:
        noted.settle(session)
    query = select(Task, Case).join(Case, Case.id == Task.case_id).where(*where).order_by(Task.id).limit(BATCH)
    while True:
        rows = session.execute(query.where(Task.id > last).execution_options(populate_existing=True)).all()
        if not rows:
            return found
        clock = database.clock
        at = clock() if clock is not None else None
        after: dict[tuple[int, str], Line] = {}
        for task, case in rows:
            after |= {
                (task.id, k): line for k, line in lines(_seen(task, _TASK), _seen(case, _CASE), paths, at).items()
            }
        ids = [task.id for task, _case in rows]
        session.connection().execute(delete(_TABLE).where(_TABLE.c.task_id.in_(ids)))
        if after:
            session.connection().execute(insert(_TABLE), [_values(k, line) for k, line in after.items()])
        found, last = found + len(rows), ids[-1]


def all_again(session: Session, database: Database) -> int:
    """Every live step, and nothing else. How many."""
    over = select(Task.id).where(Task.state == "ended")
    session.execute(delete(Listed).where(Listed.task_id.in_(over)), execution_options={"synchronize_session": False})
    return again(session, database, Task.state != "ended")


def due(now: ColumnElement[datetime]) -> Select[int]:
    """Whether any row's colour is another one by now: one look at the index."""
    return select(Listed.task_id).where(Listed.turns_at <= now).limit(1)


def turn(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Rows whose colour is another one since a while say so; how many steps. What a command changes meanwhile it says
    itself: such a row is left as it is."""
    due = select(Listed.task_id).where(Listed.turns_at <= now).distinct().limit(limit)
    ids = sorted(session.scalars(due))
    if not ids:
        return 0
    tasks = {
        task.id: _shade(_seen(task, _TASK), _seen(case, _CASE), now)
        for task, case in session.execute(
            select(Task, Case).join(Case, Case.id == Task.case_id).where(Task.id.in_(ids), Task.state != "ended")
        )
    }
    rows = session.execute(
        select(Listed.task_id, Listed.key, Listed.cell, Listed.turns_at)
        .where(Listed.task_id.in_(ids), Listed.turns_at <= now)
        .order_by(Listed.task_id, Listed.key)
    ).all()
    turned = []
    for task_id, key, cell, turns_at in rows:
        if task_id not in tasks:
            continue
        shade, again_at = tasks[task_id]
        told = str(Cell.read(cell)._replace(colour=shade))
        turned.append({"of": task_id, "in_": key, "was": turns_at, "to": told, "then": again_at})
    if turned:
        moved = (
            update(_TABLE)
            .where(
                and_(
                    _TABLE.c.task_id == bindparam("of"),
                    _TABLE.c.key == bindparam("in_"),
                    _TABLE.c.turns_at == bindparam("was", type_=_TABLE.c.turns_at.type),
                )
            )
            .values(cell=bindparam("to"), turns_at=bindparam("then", type_=_TABLE.c.turns_at.type))
        )
        session.connection().execute(moved, turned)
    return len(ids)


def wrong(session: Session, database: Database, *, at: datetime, limit: int | None = None) -> list[tuple[int, str]]:
    """Steps whose rows are not what they should be, with what is wrong: for those who look whether all is well."""
    paths = _paths(session, database)
    out: list[tuple[int, str]] = []
    for task, case, there in _with_rows(session, limit):
        shall = lines(_seen(task, _TASK), _seen(case, _CASE), paths, at)
        for key in sorted(shall.keys() | there.keys()):
            if key not in shall or key not in there:
                out.append((task.id, f"{key}: {'more' if key in there else 'missing'}"))
                continue
            is_, be = there[key], shall[key]
            same = Cell.read(is_.cell)._replace(colour="") == Cell.read(be.cell)._replace(colour="")
            turned = is_.turns_at <= at or Cell.read(is_.cell).colour == Cell.read(be.cell).colour
            if not (same and turned and is_.sort_at == be.sort_at):
                out.append((task.id, f"{key}: {is_} instead of {be}"))
    return out


def _with_rows(session: Session, limit: int | None) -> Iterator[tuple[Task, Case, dict[str, Line]]]:
    live = select(Task, Case).join(Case, Case.id == Task.case_id).where(Task.state != "ended").order_by(Task.id.desc())
    listed = select(Listed.task_id).distinct()
    more = select(Task, Case).join(Case, Case.id == Task.case_id).where(Task.state == "ended", Task.id.in_(listed))
    found = [*session.execute(live.limit(limit)).all(), *session.execute(more.limit(limit)).all()]
    for n in range(0, len(found), BATCH):
        some = found[n : n + BATCH]
        there: dict[int, dict[str, Line]] = {}
        rows = select(Listed).where(Listed.task_id.in_([task.id for task, _case in some]))
        for row in session.scalars(rows.execution_options(populate_existing=True)):
            there.setdefault(row.task_id, {})[row.key] = Line(row.cell, row.sort_at, row.turns_at)
        for task, case in some:
            yield task, case, there.get(task.id, {})
