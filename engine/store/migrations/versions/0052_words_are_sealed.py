"""Reasons, purposes and what people ask are sealed at rest like other personal text"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

#: Table, its key, the column, and whether a row always has it.
WORDS = (
    ("reveal", ("id",), "purpose", True),
    ("document", ("id",), "void_reason", False),
    ("task", ("id",), "reason", False),
    ("reminder", ("id",), "text", False),
    ("leave", ("id",), "reason", False),
    ("appointment", ("id",), "reason", False),
    ("standing", ("id",), "reason", False),
    ("standing_day", ("standing_id", "day"), "reason", False),
    ("online_block", ("id",), "asked", False),
    ("online_block", ("id",), "answer", False),
    ("match_side", ("id",), "reason", False),
    ("match_pair", ("id",), "reason", False),
    ("meeting", ("id",), "reason", False),
    ("schedule", ("id",), "pause_reason", False),
)


def upgrade() -> None:
    here = op.get_bind()
    sqlite = here.dialect.name == "sqlite"
    if sqlite:  # what was there in clear is written over, not only let go
        here.exec_driver_sql("PRAGMA secure_delete=ON")
    for table, key, column, always in WORDS:
        _seal(here, table, key, column, always=always, sqlite=sqlite)


def _seal(here: sa.Connection, table: str, key: tuple[str, ...], column: str, *, always: bool, sqlite: bool) -> None:
    clear = _columns(table, key, sa.Column(column, sa.String))
    rows = here.execute(sa.select(*clear.c)).all()
    new = f"{column}_sealed" if sqlite else column
    if sqlite:
        op.add_column(table, sa.Column(new, sa.LargeBinary(), nullable=True))
    else:
        # The table is written anew without it: a column that is only dropped stays in its pages.
        for change in ("DROP NOT NULL", "DROP DEFAULT", "TYPE bytea USING NULL"):
            here.exec_driver_sql(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" {change}')
    sealed = _columns(table, key, sa.Column(new, types.Sealed()))
    said = [{"said": row[-1], **{f"k{n}": row[n] for n in range(len(key))}} for row in rows if row[-1] or always]
    if said:
        which = [sealed.c[name] == sa.bindparam(f"k{n}") for n, name in enumerate(key)]
        here.execute(sa.update(sealed).where(*which).values({new: sa.bindparam("said")}), said)
    if sqlite:
        op.drop_column(table, column)
        here.exec_driver_sql(f'ALTER TABLE "{table}" RENAME COLUMN "{new}" TO "{column}"')
    if always:
        with op.batch_alter_table(table) as anew:
            anew.alter_column(column, existing_type=sa.LargeBinary(), nullable=False)


def _columns(table: str, key: tuple[str, ...], *more: sa.Column[str]) -> sa.Table:
    keys = [sa.Column(name, sa.Date() if name == "day" else sa.BigInteger()) for name in key]
    return sa.Table(table, sa.MetaData(), *keys, *more)
