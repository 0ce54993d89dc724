"""A standing order, a need and a supply say by which bond somebody else made them"""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("standing", "match_side"):
        made_by = f"fk_{table}_bond_id"
        if op.get_bind().dialect.name == "sqlite":  # it adds a column with a constraint, no constraint alone
            op.execute(f"ALTER TABLE {table} ADD COLUMN bond_id INTEGER CONSTRAINT {made_by} REFERENCES bond (id)")
        else:
            op.add_column(table, sa.Column("bond_id", sa.BigInteger(), nullable=True))
            op.create_foreign_key(op.f(made_by), table, "bond", ["bond_id"], ["id"])
        op.create_index(op.f(f"ix_{table}_bond_id"), table, ["bond_id"], unique=False)
