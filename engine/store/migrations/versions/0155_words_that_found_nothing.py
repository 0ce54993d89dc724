"""Words with which people looked for a matter and found none"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0155"
down_revision = "0131"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "missed",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("words", types.Sealed(), nullable=True),
        sa.Column("askers", sa.JSON(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed")),
        sa.UniqueConstraint("key", name=op.f("uq_missed_key")),
    )
    op.create_index(op.f("ix_missed_last_on"), "missed", ["last_on"])
