"""Which side of a pair was late, and the case of who was it so often that somebody talks with them"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0131"
down_revision = "0130"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("match_pair", sa.Column("late", sa.String(length=6), nullable=True))
    op.add_column("match_pair", sa.Column("late_at", types.UtcDateTime(), nullable=True))
    key = op.f("fk_match_pair_late_id")
    if op.get_bind().dialect.name == "sqlite":  # it adds no key to a table that is there, but a column with one
        op.execute(f'ALTER TABLE match_pair ADD COLUMN late_id INTEGER CONSTRAINT {key} REFERENCES "case" (id)')
    else:
        op.add_column("match_pair", sa.Column("late_id", types.BigId, nullable=True))
        op.create_foreign_key(key, "match_pair", "case", ["late_id"], ["id"])
    op.create_index("uq_match_pair_late_id", "match_pair", ["late_id"], unique=True)
    op.create_index("ix_match_pair_late_at", "match_pair", ["late_at"])
