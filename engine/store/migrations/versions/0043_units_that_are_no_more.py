"""A unit that is no more has a successor; a task says for whom somebody else has it"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    name = "fk_unit_successor_id"
    if op.get_bind().dialect.name == "sqlite":  # it adds no constraint to a table that is there, but a column with one
        op.execute(f"ALTER TABLE unit ADD COLUMN successor_id INTEGER CONSTRAINT {name} REFERENCES unit (id)")
    else:
        op.add_column("unit", sa.Column("successor_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(name), "unit", "unit", ["successor_id"], ["id"])
    op.add_column("task", sa.Column("instead", sa.JSON(), nullable=True))
