"""What the proof of a matter found"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "matter_verdict",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("proved_at", types.UtcDateTime(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_matter_verdict")),
    )
    op.create_index(op.f("ix_matter_verdict_matter"), "matter_verdict", ["matter"], unique=False)
    op.create_index(
        "ix_matter_verdict_stands",
        "matter_verdict",
        ["matter"],
        unique=False,
        sqlite_where=sa.text("stands"),
        postgresql_where=sa.text("stands"),
    )
