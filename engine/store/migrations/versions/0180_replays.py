"""Recorded cases replayed on a draft: how far, and what would be other"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0180"
down_revision = "0158"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "studio_replay",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("draft_id", types.BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("case_ids", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.Column("asked_by_id", types.BigId, nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["draft_id"], ["studio_draft.id"], name=op.f("fk_studio_replay_draft_id_studio_draft")),
        sa.ForeignKeyConstraint(
            ["before"], ["matter_version.hash"], name=op.f("fk_studio_replay_before_matter_version")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_studio_replay_asked_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studio_replay")),
    )
    op.create_index(op.f("ix_studio_replay_draft_id"), "studio_replay", ["draft_id"])
