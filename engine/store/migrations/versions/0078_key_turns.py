"""Where a change of the data key stands"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "key_turn",
        sa.Column("id", ID, nullable=False),
        sa.Column("begun_at", types.UtcDateTime(), nullable=False),
        sa.Column("done_at", types.UtcDateTime(), nullable=True),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("place", sa.String(60), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("sealed", "files", "indexed", "left")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_turn")),
        sa.CheckConstraint("stage in ('find','seal','index','done')", name=op.f("ck_key_turn_stage")),
    )
    op.create_table(
        "key_move",
        sa.Column("old", sa.String(60), nullable=False),
        sa.Column("new", sa.String(60), nullable=True),
        sa.PrimaryKeyConstraint("old", name=op.f("pk_key_move")),
    )
