"""What people said in questions and opinions, and words of the program that may quote them, are sealed at rest"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

#: Table, column, its sealed type, and whether a row always has it.
WORDS = (
    ("task", "delegated", types.SealedList(), False),
    ("meeting", "place", types.Sealed(), True),
    ("incident", "zh", types.SealedWords(), False),
    ("incident", "en", types.SealedWords(), False),
    ("job", "error", types.SealedWords(), False),
    ("for_each_item", "error", types.SealedWords(), False),
    ("schedule_run", "error", types.SealedWords(), False),
    ("notice", "answer", types.SealedWords(), False),
    ("board_entry", "reason", types.SealedWords(), False),
    ("ballot", "reason", types.SealedWords(), False),
)


def upgrade() -> None:
    here = op.get_bind()
    sqlite = here.dialect.name == "sqlite"
    if sqlite:  # what was there in clear is written over, not only let go
        here.exec_driver_sql("PRAGMA secure_delete=ON")
    for table, column, sealed, always in WORDS:
        _seal(here, table, column, sealed, always=always, sqlite=sqlite)


def _seal(
    here: sa.Connection, table: str, column: str, sealed: types.Sealed | types.SealedJson, *, always: bool, sqlite: bool
) -> None:
    clear = sa.JSON() if isinstance(sealed, types.SealedList) else sa.String()
    was = sa.table(table, sa.column("id", sa.BigInteger()), sa.column(column, clear))
    said = [{"which": id, "said": value} for id, value in here.execute(sa.select(*was.c)) if value or always]
    new = f"{column}_sealed" if sqlite else column
    if sqlite:
        op.add_column(table, sa.Column(new, sa.LargeBinary(), nullable=True))
    else:
        # The table is written anew without it: a column that is only dropped stays in its pages.
        for change in ("DROP NOT NULL", "DROP DEFAULT", "TYPE bytea USING NULL"):
            here.exec_driver_sql(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" {change}')
    if said:
        put = sa.table(table, sa.column("id", sa.BigInteger()), sa.column(new, sealed))
        here.execute(sa.update(put).where(put.c.id == sa.bindparam("which")).values({new: sa.bindparam("said")}), said)
    if sqlite:
        op.drop_column(table, column)
        here.exec_driver_sql(f'ALTER TABLE "{table}" RENAME COLUMN "{new}" TO "{column}"')
    if always:
        with op.batch_alter_table(table) as anew:
            anew.alter_column(column, existing_type=sa.LargeBinary(), nullable=False)
