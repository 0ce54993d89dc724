"""The accounts of residents, by their telephones: each read once in a transaction, however many ask."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from engine.store import Work
from engine.store.models import User

#: What a transaction remembers of them; the rows are held, so that nothing reads them again.
_KNOWN = "accounts by telephone"


def by_phone(work: Work, indexes: Iterable[str | None]) -> dict[str, User]:
    """The residents with these telephones (as blind indexes) who may log in. At most one statement."""
    known: dict[str, User | None] = work.session.info.setdefault(_KNOWN, {})
    wanted = {index for index in indexes if index}
    new = wanted - known.keys()
    if new:
        known.update(dict.fromkeys(new))
        rows = work.session.scalars(
            select(User).where(User.kind == "resident", User.phone_index.in_(new), User.disabled_at.is_(None))
        )
        known.update((str(user.phone_index), user) for user in rows)
    found = {index: known[index] for index in wanted}
    return {index: user for index, user in found.items() if user is not None and user.disabled_at is None}
