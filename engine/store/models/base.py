"""What every table is made of: column types, and the base class."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    Label,
    LargeBinary,
    MetaData,
    Table,
    text,
    type_coerce,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

from engine.plain import dumps
from engine.store import keys

#: SQLite counts rows only in INTEGER; PostgreSQL should have 64 bits.
BigId = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Aware UTC in Python, whatever the database; a naive datetime is refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"Expected an aware datetime, but {value!r} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sealed(TypeDecorator[str]):
    """Text of a person, encrypted at rest."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else keys.current().seal(value.encode(), b"text")

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else keys.current().open(bytes(value), b"text").decode()


class SealedWords(Sealed):
    """Words of a person that may be missing, encrypted at rest: "" is kept as NULL, and is "" again."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return super().process_bind_param(value or None, dialect)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str:
        return super().process_result_value(value, dialect) or ""


class SealedJson(TypeDecorator[Any]):
    """JSON about a person, compressed and encrypted at rest."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        return keys.current().seal(zlib.compress(dumps(value).encode(), 1), b"json")

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(zlib.decompress(keys.current().open(bytes(value), b"json")))


class SealedList(SealedJson):
    """A list about people, most often empty: [] is kept as NULL, and is [] again."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return super().process_bind_param(value or None, dialect)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return super().process_result_value(value, dialect) or []


class SealedBytes(TypeDecorator[bytes]):
    """Bytes about a person (a case's state), compressed and encrypted at rest."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else keys.current().seal(zlib.compress(value, 1), b"bytes")

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.decompress(keys.current().open(bytes(value), b"bytes"))


def sealed_columns(table: Table) -> list[Column[Any]]:
    """The columns of a table that are encrypted at rest."""
    return [column for column in table.columns if isinstance(column.type, (Sealed, SealedJson, SealedBytes))]


def as_stored(columns: Sequence[Column[Any]]) -> list[Label[bytes]]:
    """To select what lies in these columns, unopened."""
    return [type_coerce(column, LargeBinary).label(f"raw{n}") for n, column in enumerate(columns)]


def kept_by_since(table: str, since: str, over: str = "") -> Index:
    """What the night looks for in a table whose rows are kept so long after a column of their own: what is over and was
    not blanked yet. The query says the same words, or no database uses it; and it says `not (… is not null)`, or SQLite
    takes the index of that column, in which everything without a case is one."""
    where = text(" and ".join(filter(None, ("erased_at is null", over))))
    return Index(f"ix_{table}_kept", since, "id", sqlite_where=where, postgresql_where=where)


def kept_by_day(table: str, over: str = "") -> tuple[Index, Index]:
    """The same where each row has its day (`keep_until`): those that have none yet, and those whose day comes."""
    undated = text(" and ".join(filter(None, ("keep_until is null", over))))
    due = text("erased_at is null and keep_until is not null")
    return (
        Index(f"ix_{table}_undated", "id", sqlite_where=undated, postgresql_where=undated),
        Index(f"ix_{table}_keep_until", "keep_until", "id", sqlite_where=due, postgresql_where=due),
    )


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        list[str]: JSON,
    }
