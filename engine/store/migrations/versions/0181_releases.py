"""Versions that wait for a second person's word, or for the date they are in force from"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0181"
down_revision = "0185"
branch_labels = None
depends_on = None

WAITING = sa.text("state in ('asked','scheduled')")


def upgrade() -> None:
    op.create_table(
        "studio_release",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("draft_id", types.BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by_id", types.BigId, nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("decided_by_id", types.BigId, nullable=True),
        sa.Column("decided_at", types.UtcDateTime(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("in_force_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("told_en", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state in ('asked','scheduled','published','refused','cancelled','failed')",
            name=op.f("ck_studio_release_state"),
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["studio_draft.id"], name=op.f("fk_studio_release_draft_id_studio_draft")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_studio_release_asked_by_id_user")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_studio_release_decided_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studio_release")),
    )
    op.create_index(
        "uq_studio_release_waiting",
        "studio_release",
        ["matter"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
