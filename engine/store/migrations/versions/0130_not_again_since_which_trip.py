"""Of which trip somebody said "not again": it is found, and taken back, when nobody knows any more whose trip it was"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0130"
down_revision = "0118"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = op.f("fk_match_apart_pair_id")
    if op.get_bind().dialect.name == "sqlite":  # it adds no key to a table that is there, but a column with one
        op.execute(f"ALTER TABLE match_apart ADD COLUMN pair_id INTEGER CONSTRAINT {key} REFERENCES match_pair (id)")
    else:
        op.add_column("match_apart", sa.Column("pair_id", types.BigId, nullable=True))
        op.create_foreign_key(key, "match_apart", "match_pair", ["pair_id"], ["id"])
    op.create_index("ix_match_apart_pair_id", "match_apart", ["pair_id"])
