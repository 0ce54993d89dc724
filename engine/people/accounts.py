"""The accounts of residents, by their telephones: each read once in a transaction, however many ask."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, select

from engine.store import Work
from engine.store.models import User

#: What a transaction remembers of them; the rows are held, so that nothing reads them again.
_KNOWN = "accounts by telephone"


def may_log_in() -> ColumnElement[bool]:
    """A resident whose account is not disabled."""
    return and_(User.kind == "resident", User.disabled_at.is_(None))


def seen(work: Work, found: Iterable[tuple[str | None, User | None]]) -> None:
    """These telephones were looked for already, each with whose it is or None: `by_phone` asks for them no more."""
    known: dict[str, User | None] = work.session.info.setdefault(_KNOWN, {})
    known.update((index, user) for index, user in found if index)


def by_phone(work: Work, indexes: Iterable[str | None]) -> dict[str, User]:
    """The residents with these telephones (as blind indexes) who may log in. At most one statement."""
    known: dict[str, User | None] = work.session.info.setdefault(_KNOWN, {})
    wanted = {index for index in indexes if index}
    new = wanted - known.keys()
    if new:
        known.update(dict.fromkeys(new))
        rows = work.session.scalars(select(User).where(User.phone_index.in_(new), may_log_in()))
        known.update((str(user.phone_index), user) for user in rows)
    found = {index: known[index] for index in wanted}
    return {index: user for index, user in found.items() if user is not None and user.disabled_at is None}
