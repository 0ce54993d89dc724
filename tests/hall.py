"""A hall for tests: the real application over a real database, with the fixed cast, and a press that makes real
papers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from engine.commands import cases
from engine.people import login
from engine.store import Database
from tests import cast as the_cast
from web.app import create_app
from web.edge import Hall
from web.settings import Settings


@dataclass
class Open:
    """An open hall."""

    app: Hall
    database: Database
    cast: SimpleNamespace
    clock: Callable[[], datetime]

    def client(self, short: str | None = None) -> Any:
        """A test client, signed in as one of the cast."""
        client = self.app.test_client()
        if short is not None:
            with self.database.unit_of_work() as work:
                token = login.open_session(work, self.cast.users[short], now=self.clock())
            with client.session_transaction() as session:
                session["token"] = token
        return client

    def program(self, short: str) -> Any:
        """A program's calls in the name of one of the cast: program("zhang")("POST", "/loans/books/reserve", {…})."""
        with self.database.unit_of_work() as work:
            token = login.new_token(work, self.cast.users[short], now=self.clock())
        client, headers = self.app.test_client(), {"Authorization": f"Bearer {token}"}

        def call(method: str, path: str, sent: Any = None) -> Any:
            return client.open(f"/api/v1{path}", method=method, headers=headers, json=sent)

        return call

    def submit(self, **changes: Any) -> str:
        """An application of 张三丰 for 全程代办; the number."""
        with self.database.unit_of_work() as work:
            done = cases.submit(work, "daiban", {**the_cast.DAIBAN, **changes}, by=self.cast.zhang, now=self.clock())
            return done.case.number

    def task(self, number: str) -> SimpleNamespace:
        """The live task of a case: id, version, element, state."""
        from sqlalchemy import select

        from engine.store.models import Case, Task

        with self.database.reading() as work:
            row = work.session.scalar(
                select(Task).join(Case, Case.id == Task.case_id).where(Case.number == number, Task.state != "ended")
            )
            assert row is not None
            return SimpleNamespace(id=row.id, version=row.version, element=row.element, state=row.state)


class _Compiled(BytecodeCache):
    """The pages' templates as this process has compiled them: every hall has an environment of its own."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.made:
            bucket.bytecode_from_string(self.made[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.made[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = _Compiled()


def open_hall(database: Database, clock: Callable[[], datetime], home: Path, *, csrf: bool = False) -> Open:
    """The application with its cast."""
    cast = the_cast.hired(database, clock())
    return Open(application(database, clock, home, csrf=csrf), database, cast, clock)


def application(database: Database, clock: Callable[[], datetime], home: Path, *, csrf: bool = False) -> Hall:
    """The application over a database whose people are there already."""
    app = create_app(
        Settings(home=home, database_url="", secret_key="a key of the tests"),
        database=database,
        clock=clock,
        testing=True,
    )
    app.config["WTF_CSRF_ENABLED"] = csrf
    app.jinja_env.bytecode_cache = _TEMPLATES
    return app
