"""Alembic's entry: always on a connection that engine.store.migrate opened."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from engine.store.models import Base


def _types(kind: str, thing: Any, autogen: AutogenContext) -> str | Literal[False]:
    """How a migration writes our column types: by their name, so that it keeps meaning the same."""
    name = type(thing).__name__
    if kind == "type" and name in {"UtcDateTime", "Sealed", "SealedJson", "SealedBytes"}:
        autogen.imports.add("from engine.store.models import base as types")
        return f"types.{name}()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=False,
    render_item=_types,
    compare_type=True,
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()
