"""The case that is opened when nobody says that who rode together arrived: once"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0097"
down_revision = "0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = op.f("fk_match_pair_opened_id")
    if op.get_bind().dialect.name == "sqlite":  # it adds no key to a table that is there, but a column with one
        op.execute(f'ALTER TABLE match_pair ADD COLUMN opened_id INTEGER CONSTRAINT {key} REFERENCES "case" (id)')
    else:
        op.add_column("match_pair", sa.Column("opened_id", types.BigId, nullable=True))
        op.create_foreign_key(key, "match_pair", "case", ["opened_id"], ["id"])
    op.create_index("uq_match_pair_opened_id", "match_pair", ["opened_id"], unique=True)
