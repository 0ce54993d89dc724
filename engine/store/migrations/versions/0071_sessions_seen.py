"""A session says where it was begun and when it was last used, and may end when nobody uses it"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0071"
down_revision = "0069"
branch_labels = None
depends_on = None

COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column("seen_at", types.UtcDateTime(), nullable=True),
    sa.Column("idle_s", sa.Integer(), nullable=True),
    sa.Column("idle_at", types.UtcDateTime(), nullable=True),
    sa.Column("proved_at", types.UtcDateTime(), nullable=True),
    sa.Column("how", sa.String(16), nullable=False, server_default="password"),
    sa.Column("device", sa.String(80), nullable=False, server_default=""),
    sa.Column("address", types.SealedWords(), nullable=True),
)


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("session", column._copy())


def downgrade() -> None:
    for column in reversed(COLUMNS):
        op.drop_column("session", column.name)
