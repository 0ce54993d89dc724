"""Rows that were changed, written by statements built once.

SQLAlchemy's unit of work sorts what is new, changed and gone by what depends on what, and puts an UPDATE together for
each row: four fifths of what such a statement costs. Most transactions of a hall change rows that are there and nothing
else of the ORM's (what is new is inserted by the store itself). Those need no order but their own.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import ClauseElement, Table, bindparam, update
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.exc import StaleDataError

#: What a key is called in the statement, where its column might be changed too.
_KEY = "key_of_the_row"


def write(session: Session) -> bool:
    """Write the rows that were changed, each with the columns that are not as they were. False, and nothing is written:
    more is to do than that (something is new or gone, a key or a relationship was changed, a value is SQL, or all this
    may be undone alone), and the unit of work has to."""
    if session.in_nested_transaction() or session.new or session.deleted:
        return False
    changed = []
    for state in session.identity_map.all_states():
        if not state.modified:
            continue
        values = _values(state)
        if values is None:
            return False
        changed.append((state, values))
    for (table, names), same in groupby(
        sorted((one for one in changed if one[1]), key=_order), key=lambda one: (_table(one[0]), tuple(sorted(one[1])))
    ):
        rows = [{**values, _KEY: _key(state)} for state, values in same]
        found = session.connection().execute(_update(table, names), rows).rowcount
        if found != len(rows):
            raise StaleDataError(f"Expected to change {len(rows)} rows of {table.name}, but there are {found}")
    for state, _ in changed:
        state._commit_all(state.dict, session.identity_map)  # as the unit of work does when it has written a row
    return True


def _order(one: tuple[InstanceState[Any], dict[str, Any]]) -> tuple[str, int]:
    """Always the same: two transactions that change the same rows do not wait for each other."""
    return _table(one[0]).name, _key(one[0])


def _table(state: InstanceState[Any]) -> Table:
    table: Table = state.mapper.local_table  # type: ignore[assignment]
    return table


def _key(state: InstanceState[Any]) -> int:
    assert state.identity is not None
    return int(state.identity[0])


def _values(state: InstanceState[Any]) -> dict[str, Any] | None:
    """The columns that are not as they were; None: not only columns were changed."""
    columns, found = _columns(state.mapper), {}
    if columns is None:
        return None
    for name, was in state.committed_state.items():
        if name not in columns:
            return None
        value = state.dict[name]
        if isinstance(value, ClauseElement) or hasattr(value, "__clause_element__"):
            return None
        if state.manager[name].impl.is_equal(value, was) is not True:
            found[columns[name]] = value
    return found


@cache
def _columns(mapper: Mapper[Any]) -> dict[str, str] | None:
    """Attribute -> column, but for the key; None: the table has another key than its `id`."""
    if [column.name for column in mapper.primary_key] != ["id"]:
        return None
    return {one.key: one.columns[0].name for one in mapper.column_attrs if one.columns[0].name != "id"}


@lru_cache(maxsize=500)
def _update(table: Table, names: tuple[str, ...]) -> Any:
    values = {name: bindparam(name, type_=table.c[name].type) for name in names}
    return update(table).where(table.c.id == bindparam(_KEY)).values(values)
