"""The web's session: Flask-SQLAlchemy, on the hall's own engine and tables.

A request has one session, and it ends with the request, whatever happens. Transactions are the store's
(`Database.unit_of_work`, `Database.reading`): the web only brings the session.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Engine

from engine.store import Database, Work
from engine.store.db import OPTIONS, Writing
from engine.store.models import Base


class _Session(Writing, FlaskSession):
    """Finds its engine through the application, and writes as every writer of the hall does."""

    def get_bind(self, *_args: Any, bind: Any = None, **_more: Any) -> Any:
        # There is one: which table is asked for need not be looked at, some twelve times a request.
        return db.engine if bind is None else bind


class _Hall(SQLAlchemy):
    def _make_engine(self, bind_key: str | None, options: Mapping[str, Any], app: Flask) -> Engine:
        database: Database = app.database  # type: ignore[attr-defined]
        return database.engine  # one pool, with its settings: WAL and full sync on SQLite


db = _Hall(metadata=Base.metadata, session_options={**OPTIONS, "class_": _Session})


def begin(app: Flask, database: Database) -> None:
    """Bind to an application whose `database` is open."""
    app.config["SQLALCHEMY_DATABASE_URI"] = database.url
    db.init_app(app)


@contextmanager
def unit_of_work(database: Database) -> Iterator[Work]:
    """The request's transaction that writes."""
    try:
        session = db.session()
        assert isinstance(session, Writing)
        with database.unit_of_work(session) as work:
            yield work
    finally:
        db.session.remove()


@contextmanager
def reading(database: Database) -> Iterator[Work]:
    """The request's transaction that only reads."""
    try:
        with database.reading(db.session()) as work:
            yield work
    finally:
        db.session.remove()
