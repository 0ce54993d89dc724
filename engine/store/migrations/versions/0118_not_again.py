"""Who said "not again with this person"; and a pair of which one side asked for money, with the case that finds out"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0118"
down_revision = "0116"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "match_apart",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("match", sa.String(length=81), nullable=False),
        sa.Column("by_index", sa.String(length=64), nullable=False),
        sa.Column("of_index", sa.String(length=64), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("by_index <> of_index", name=op.f("ck_match_apart_two")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_apart")),
    )
    op.create_index("uq_match_apart_match", "match_apart", ["match", "by_index", "of_index"], unique=True)
    op.create_index("ix_match_apart_of_index", "match_apart", ["of_index"])
    op.add_column("match_pair", sa.Column("charged_at", types.UtcDateTime(), nullable=True))
    key = op.f("fk_match_pair_charged_id")
    if op.get_bind().dialect.name == "sqlite":  # it adds no key to a table that is there, but a column with one
        op.execute(f'ALTER TABLE match_pair ADD COLUMN charged_id INTEGER CONSTRAINT {key} REFERENCES "case" (id)')
    else:
        op.add_column("match_pair", sa.Column("charged_id", types.BigId, nullable=True))
        op.create_foreign_key(key, "match_pair", "case", ["charged_id"], ["id"])
    op.create_index("uq_match_pair_charged_id", "match_pair", ["charged_id"], unique=True)
