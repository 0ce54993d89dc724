"""Rows of a database of before, for tests of what a migration makes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, MetaData, insert

from engine.store import keys


def putting(connection: Connection, moment: datetime) -> Callable[..., Any]:
    """A function that puts a row into a table as the database has it now, and gives its key. What is not said has the
    emptiest value its column takes; of a moment, this one."""
    tables = MetaData()
    tables.reflect(connection)
    nothing = keys.current().seal(b"", b"text")
    empty = {"BOOLEAN": False, "JSON": [], "VARCHAR": "", "TEXT": "", "INTEGER": 0, "BIGINT": 0}
    empty |= {"BLOB": nothing, "BYTEA": nothing}

    def put(table: str, **values: Any) -> Any:
        full = {}
        for column in tables.tables[table].columns:
            if column.name in values:
                full[column.name] = values[column.name]
            elif not column.nullable and column.server_default is None and column.name != "id":
                full[column.name] = empty.get(str(column.type).split("(")[0].upper(), moment)
        made = connection.execute(insert(tables.tables[table]).values(full)).inserted_primary_key
        assert made is not None
        return made[0]

    return put
