"""A bond between a leader and a member names their team; a place says by which bond somebody was put down for it"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0044"
branch_labels = None
depends_on = None

IF = "(kind = 'leader') = (team <> '')"


def upgrade() -> None:
    named, made_by = "ck_bond_team", "fk_booking_place_bond_id"
    if op.get_bind().dialect.name == "sqlite":  # it adds no constraint to a table that is there, but a column with one
        op.execute(f"ALTER TABLE bond ADD COLUMN team VARCHAR(80) DEFAULT '' NOT NULL CONSTRAINT {named} CHECK ({IF})")
        op.execute(f"ALTER TABLE booking_place ADD COLUMN bond_id INTEGER CONSTRAINT {made_by} REFERENCES bond (id)")
    else:
        op.add_column("bond", sa.Column("team", sa.String(length=80), server_default="", nullable=False))
        op.create_check_constraint(op.f(named), "bond", IF)
        op.add_column("booking_place", sa.Column("bond_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(made_by), "booking_place", "bond", ["bond_id"], ["id"])
    op.create_index(op.f("ix_booking_place_bond_id"), "booking_place", ["bond_id"], unique=False)
