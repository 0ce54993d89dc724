"""The database: SQLite in one file (the default) or PostgreSQL, by URL; and one unit of work a request or job.

    database = db.connect("sqlite:///var/hall.db")
    with database.unit_of_work() as work:        # one transaction; commits at the end, rolls back on any exception
        number = cases.submit(work, matter, answers, by=actor, now=now)
    with database.reading() as work:             # reads only
        inbox.tasks_for(work, actor)

SQLite runs in WAL mode with full sync; a writing transaction begins with BEGIN IMMEDIATE, so that writers queue at
the door (engine.store.turns) instead of failing half-way. Nothing below the edge commits.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Insert, and_, create_engine, event, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, instance_state

from engine import workdays
from engine.plain import dumps
from engine.store import changed, keys
from engine.store.bell import Bell
from engine.store.listing import Keeper
from engine.store.models import (
    Awaited,
    Base,
    CalendarFile,
    DecisionHit,
    Document,
    Event,
    Job,
    Listed,
    Notice,
    Subscription,
    Timer,
)
from engine.store.turns import Turn

Row = TypeVar("Row", bound=Base)

#: How long a writer waits for another on SQLite, in milliseconds.
BUSY_MS = 30_000

#: Another process's published calendar is seen after this many seconds at the latest.
CALENDAR_FRESH_S = 60.0


#: Where a session keeps what rows are known to have none of.
_NONE = "has none"


class Work:
    """One unit of work: a session, and what the rooms above need from the hall it belongs to."""

    def __init__(self, session: Session, database: Database) -> None:
        self.session = session
        self.database = database
        self._after: list[Callable[[], None]] = []
        self._inserted: list[weakref.ref[Base]] = []  # what an attempt that is undone takes back
        if isinstance(session, Writing) and session.lists is None:
            session.lists = Keeper(database)

    @property
    def dialect(self) -> str:
        return self.database.dialect

    @property
    def calendar(self) -> workdays.Calendar:
        return self.database.calendar_in(self.session)

    @property
    def today(self) -> date | None:
        """Which day it is by the hall's clock; None where there is no hall (a file that is looked at)."""
        clock = self.database.clock
        return workdays.local_date(clock()) if clock is not None else None

    @property
    def lists(self) -> Keeper | None:
        """Which steps must be listed anew; None: this session writes none."""
        return getattr(self.session, "lists", None)

    def begins(self, column: Any, prefix: str) -> ColumnElement[bool]:
        """A condition: this text begins so, found by the column's index. SQLite orders texts by their bytes and never
        uses an index for LIKE with an escape; PostgreSQL has an index for patterns (text_pattern_ops)."""
        if self.dialect == "sqlite":
            return and_(column >= prefix, column < prefix[:-1] + chr(ord(prefix[-1]) + 1))
        found: ColumnElement[bool] = column.startswith(prefix, autoescape=True)
        return found

    def found(self, what: str, id: int, there: bool) -> None:
        """A row was found, and locked, with some of this or with none: who asks later need not ask again."""
        none: set[tuple[str, int]] = self.session.info.setdefault(_NONE, set())
        (none.discard if there else none.add)((what, id))

    def has_none(self, what: str, id: int) -> bool:
        """Whether it is known that this row has none of it (`found`). False: it has, or nobody asked."""
        return (what, id) in self.session.info.get(_NONE, ())

    def written(self, *kinds: type[Base]) -> None:
        """Before rows of these kinds are read: what this transaction itself has changed of them is written first. It
        costs nothing where it has changed none."""
        waiting = self.session.waiting if isinstance(self.session, Writing) else ()
        if any(isinstance(row, kinds) for row in (*waiting, *self.session.new, *self.session.dirty)):
            self.session.flush()

    def new(self, kind: type[Row]) -> list[Row]:
        """Rows of this kind that this transaction has made and not written yet."""
        waiting = self.session.waiting if isinstance(self.session, Writing) else ()
        return [row for row in (*waiting, *self.session.new) if isinstance(row, kind)]

    def insert(self, row: Row) -> Row:
        """Write this one new row now, and it alone, so that its id is known. (A flush would write everything else that
        has changed by then, and what changes again afterwards twice.)"""
        made = self._insert(row, _one(type(row).__table__))
        assert made is not None
        return made

    def insert_once(self, row: Row, *unique: str) -> Row | None:
        """The same; None, and nothing is written, where another row has these unique columns already (without any
        named: whatever is unique)."""
        return self._insert(row, _one_once(type(row).__table__, self.dialect, unique))

    def _insert(self, row: Row, made: Any) -> Row | None:
        values = _values(row)
        given = {name: value for name, value in values.items() if value is not None}  # JSON would say 'null', not NULL
        id = self.session.connection().execute(made, given).scalar_one_or_none()
        if id is None:
            return None
        self._is_written(row, values, id)
        return row

    def insert_all(self, rows: Sequence[Row], apart: str) -> None:
        """Write these new rows of one table now, in one statement; by this column one is told from another."""
        if len(rows) == 1:
            self.insert(rows[0])
        if len(rows) < 2:
            return
        values = [_values(row) for row in rows]
        made = self.session.connection().execute(_many(type(rows[0]).__table__, apart), values)
        ids = {key: id for id, key in made}
        for row, given in zip(rows, values, strict=True):
            self._is_written(row, given, ids[given[apart]])

    def _is_written(self, row: Base, values: dict[str, Any], id: int) -> None:
        """It is in the database as it is here: no need to read it back."""
        instance_dict(row).update(values, id=id)
        make_transient_to_detached(row)
        self.session.add(row)
        self._inserted.append(weakref.ref(row))
        if self.lists is not None:
            self.lists.new(row)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What is done inside is undone when it raises; the transaction goes on, to say what is so now."""
        before = len(self._inserted)
        try:
            with self.session.begin_nested():
                yield
        except BaseException:
            for made in self._inserted[before:]:
                if (row := made()) is not None and row in self.session:
                    self.session.expunge(row)  # its id may be another's next
            del self._inserted[before:]
            raise

    def after_commit(self, call: Callable[[], None]) -> None:
        """Do this once the transaction is safely stored; never when it is rolled back. Asked for twice, it is done
        once."""
        if call not in self._after:
            self._after.append(call)


#: Of every session: rows stay readable after the commit, and a query never writes by the way.
OPTIONS: dict[str, Any] = {"expire_on_commit": False, "autoflush": False}


class Writing(Session):
    """A session that writes many events, jobs, notices … in one statement each.

    They are written and never changed in the same transaction, so nobody needs their ids: they are kept aside, and a
    flush inserts them in bulk after everything they refer to. (On SQLite the ORM would insert them one by one.) Events
    wait for the end of the transaction, or until somebody reads events: however often it flushes, they are one
    statement.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.waiting: list[Base] = []  # new rows of those kinds
        self._events: list[Base] = []  # that wait, when the others were written
        self.lists: Keeper | None = None  # steps that were changed, to be listed anew

    def add(self, instance: object, *args: Any, **more: Any) -> None:
        # What is done in a part that may be undone alone, is undone with it: that only SQLAlchemy knows.
        if isinstance(instance, _BULK) and not self.in_nested_transaction() and instance_state(instance).key is None:
            if not any(instance is one for one in self.waiting):
                self.waiting.append(instance)
        else:
            super().add(instance, *args, **more)

    def flush(self, objects: Any = None) -> None:
        if self.lists is not None:
            self.lists.note(self)
        undone_alone = self.in_nested_transaction()
        later, self.waiting = self.waiting, []
        for row in self.new:
            if isinstance(row, _BULK):
                self.expunge(row)
                later.append(row)
        if not changed.write(self):
            super().flush()
        if not undone_alone:  # what is done there may be undone alone, and its events with it
            self._events += [row for row in later if isinstance(row, Event)]
            later = [row for row in later if not isinstance(row, Event)]
        self._write(later)

    def settle(self) -> None:
        """Everything is written: at the end of the transaction, and before a part of it that may be undone alone."""
        self.flush()
        self.relist()
        self._tell()

    def relist(self) -> None:
        """The lists of steps say what is so now."""
        if self.lists is not None:
            self.lists.settle(self)

    def begin_nested(self) -> SessionTransaction:
        self.settle()
        return super().begin_nested()

    def _tell(self) -> None:
        """The events that wait are written."""
        new = [row for row in self.new if isinstance(row, Event)]
        for row in new:
            self.expunge(row)
        new += [row for row in self.waiting if isinstance(row, Event)]
        self.waiting = [row for row in self.waiting if not isinstance(row, Event)]
        events, self._events = [*self._events, *new], []
        self._write(events)

    def has_events(self) -> bool:
        """Whether some wait, or are new."""
        return bool(self._events) or any(isinstance(row, Event) for row in (*self.waiting, *self.new))

    def _write(self, rows: list[Base]) -> None:
        kinds = {type(row) for row in rows}
        for kind in (one for one in _BULK if one in kinds):
            values = [_values(row) for row in rows if type(row) is kind]
            self.connection().execute(_bulk(kind.__table__), values)


@event.listens_for(Writing, "do_orm_execute")
def _before_they_are_read(state: ORMExecuteState) -> None:
    """Events that wait are written before events are read; rows that were changed, before they are read anew."""
    session = state.session
    if not isinstance(session, Writing) or not state.is_select:
        return
    anew = bool(state.execution_options.get("populate_existing"))
    # Which classes a statement reads takes longer to find than most statements take: asked only where it matters.
    if not session.has_events() and not (anew and session.dirty):
        return
    kinds = tuple(one.class_ for one in state.all_mappers)
    if Event in kinds:
        session._tell()
    if Listed in kinds:
        session.relist()
    if anew and any(isinstance(row, kinds) for row in session.dirty):
        session.flush()


_BULK: tuple[type[Base], ...] = (Awaited, DecisionHit, Document, Event, Job, Notice, Subscription, Timer)


def fresh(model: type[Row], /, **values: Any) -> Row:
    """A new row for the store to insert whole (`insert`, or one of those kinds): SQLAlchemy keeps no history of it,
    which is most of what it takes to make one."""
    row = model()
    instance_dict(row).update(values)
    return row


def _values(row: Base) -> dict[str, Any]:
    """Every column but the id, defaults filled in: all rows of one statement must name the same columns."""
    held = instance_dict(row)
    out = {name: held.get(name) for name, _, _ in _columns(type(row))}
    for name, default, called in _columns(type(row)):
        if default is not None and out[name] is None:
            out[name] = default(None) if called else default
    return out


@cache
def _columns(kind: type[Base]) -> tuple[tuple[str, Any, bool], ...]:
    """Name, default and whether that is called, of every column but the id."""
    found = []
    for column in kind.__table__.columns:
        default: Any = column.default
        if column.name != "id":
            found.append((column.name, default.arg if default else None, bool(default and default.is_callable)))
    return tuple(found)


# Statements that are built once: to put one together costs more than to execute it.


@cache
def _bulk(table: Any) -> Insert:
    return insert(table)


@cache
def _one(table: Any) -> Any:
    return insert(table).returning(table.c.id)


@cache
def _one_once(table: Any, dialect: str, unique: tuple[str, ...]) -> Any:
    made: Any = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return made.on_conflict_do_nothing(index_elements=unique or None).returning(table.c.id)


@cache
def _many(table: Any, apart: str) -> Any:
    return insert(table).returning(table.c.id, table.c[apart])


class Database:
    """An open database and the folder its files live in."""

    def __init__(self, url: str, *, files: Path | None = None) -> None:
        self.url = make_url(url)
        if self.url.drivername in ("postgresql", "postgres"):
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.dialect = "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        self.files = files or keys.home() / "files"
        #: Wakes a worker of this machine when there is work.
        self.bell = Bell(self.files.parent / "worker.bell")
        self.engine = _sqlite(self.url) if self.dialect == "sqlite" else _postgresql(self.url)
        self._turn: AbstractContextManager[Any] = nullcontext()
        if self.dialect == "sqlite":
            self._turn = Turn(_file(self.url), BUSY_MS / 1000)
        self._calendar: workdays.Calendar | None = None
        self._calendar_files: tuple[str, ...] = ()
        self._calendar_read_at = 0.0
        #: Path of each unit, as far as lists of steps asked for it (engine.store.listing).
        self.unit_paths: dict[int, str] = {}
        self.unit_paths_at = 0.0
        self._writer = self.engine.execution_options(yizhan_writes=True)
        #: The hall's clock, from whoever opened the hall. What has a moment of its own never asks it; it only says
        #: which day it is to a question that has none. None: such a question is answered without regard to days.
        self.clock: Callable[[], datetime] | None = None
        #: Told of every step of every case once it is stored: (case, step). A proof listens (engine.proof), a hall does
        #: not.
        self.watcher: Callable[[int, Any], None] | None = None

    @property
    def calendar(self) -> workdays.Calendar:
        """The county's working days: the national calendar with the county's published files over it."""
        with self.reading() as work:
            return work.calendar

    def calendar_in(self, session: Session) -> workdays.Calendar:
        """The same, read through a session at most once a minute: another process may have published a file."""
        if self._calendar is None or time.monotonic() - self._calendar_read_at > CALENDAR_FRESH_S:
            files = tuple(session.scalars(select(CalendarFile.text).order_by(CalendarFile.id)))
            if self._calendar is None or files != self._calendar_files:
                self._calendar, self._calendar_files = workdays.china(files), files
            self._calendar_read_at = time.monotonic()
        return self._calendar

    def forget_calendar(self) -> None:
        """Read the calendar again the next time: a file was published here."""
        self._calendar = None

    @contextmanager
    def unit_of_work(self, session: Writing | None = None) -> Iterator[Work]:
        """One transaction that writes: in this session (the web brings its own), else in a new one."""
        with self._turn, session or Writing(self.engine, **OPTIONS) as opened:
            work = Work(opened, self)
            with opened.begin():
                opened.connection(execution_options={"yizhan_writes": True})
                yield work
                opened.settle()
        for call in work._after:
            call()

    @contextmanager
    def reading(self, session: Session | None = None) -> Iterator[Work]:
        """One transaction that only reads; what is changed in it is thrown away."""
        with session or Session(self.engine, **OPTIONS) as opened:
            # Closing rolls back what the database holds and leaves the objects readable, as rollback() would not.
            yield Work(opened, self)

    @contextmanager
    def rehearsal(self) -> Iterator[Work]:
        """One transaction that runs a command and throws everything away: a preview."""
        with self._turn, Writing(self._writer, **OPTIONS) as session:
            # Closing rolls back what the database holds and leaves the objects readable, as rollback() would not.
            yield Work(session, self)

    def close(self) -> None:
        self.engine.dispose()


def connect(url: str | None = None, *, files: Path | None = None) -> Database:
    """Open the database at this URL; without one, YIZHAN_DATABASE_URL, else SQLite in the hall's home."""
    return Database(url or default_url(), files=files)


def default_url() -> str:
    url = os.environ.get("YIZHAN_DATABASE_URL")
    if url:
        return url
    keys.home().mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{keys.home() / 'hall.db'}"


def _file(url: Any) -> str | None:
    """The file of an SQLite database; None when it lives in memory."""
    name = url.database
    return os.path.abspath(name) if name and name != ":memory:" and not name.startswith("file:") else None


def _sqlite(url: Any) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, json_serializer=dumps, hide_parameters=True, connect_args={"timeout": BUSY_MS / 1000})

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: sqlite3 would start a deferred transaction
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("yizhan_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: Any) -> Engine:
    return create_engine(
        url, json_serializer=dumps, hide_parameters=True, pool_pre_ping=False, pool_size=10, max_overflow=10
    )
