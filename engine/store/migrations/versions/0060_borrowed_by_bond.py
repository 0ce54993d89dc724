"""A loan and a reservation say by which bond somebody else asked; bonds that are over are found by their day"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

#: Who it was is forgotten with it: a bond names both.
IF = "forgotten_at is null or bond_id is null"


def upgrade() -> None:
    for table in ("loan", "loan_hold"):
        bond, rule = f"fk_{table}_bond_id", f"ck_{table}_forgotten_bond"
        if op.get_bind().dialect.name == "sqlite":  # it adds no constraint to a table that is there, but a column with
            op.execute(
                f"ALTER TABLE {table} ADD COLUMN bond_id INTEGER CONSTRAINT {bond} REFERENCES bond (id) "
                f"CONSTRAINT {rule} CHECK ({IF})"
            )
        else:
            op.add_column(table, sa.Column("bond_id", sa.BigInteger(), nullable=True))
            op.create_foreign_key(op.f(bond), table, "bond", ["bond_id"], ["id"])
            op.create_check_constraint(op.f(rule), table, IF)
        op.create_index(op.f(f"ix_{table}_bond_id"), table, ["bond_id"], unique=False)
    held = sa.text("state = 'held'")
    op.create_index("ix_bond_until_on", "bond", ["until_on", "id"], sqlite_where=held, postgresql_where=held)
