"""Drafts of matters, their files, every change of them, and who is at them; versions that the studio chose"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0158"
down_revision = "0156"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    for name in ("from_studio", "taken_off"):
        op.add_column("matter_version", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "studio_draft",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("based_on", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made_by_id", types.BigId, nullable=False),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.Column("changed_at", types.UtcDateTime(), nullable=False),
        sa.Column("published", sa.String(length=64), nullable=True),
        sa.CheckConstraint("state in ('open','published','dropped')", name=op.f("ck_studio_draft_state")),
        sa.ForeignKeyConstraint(
            ["based_on"], ["matter_version.hash"], name=op.f("fk_studio_draft_based_on_matter_version")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_studio_draft_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studio_draft")),
    )
    op.create_index(
        "uq_studio_draft_open", "studio_draft", ["matter"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_table(
        "studio_file",
        sa.Column("draft_id", types.BigId, nullable=False),
        sa.Column("path", sa.String(length=160), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_by_id", types.BigId, nullable=True),
        sa.Column("changed_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["studio_draft.id"], name=op.f("fk_studio_file_draft_id_studio_draft")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["user.id"], name=op.f("fk_studio_file_changed_by_id_user")),
        sa.PrimaryKeyConstraint("draft_id", "path", name=op.f("pk_studio_file")),
    )
    op.create_table(
        "studio_change",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("draft_id", types.BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=160), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by_id", types.BigId, nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["studio_draft.id"], name=op.f("fk_studio_change_draft_id_studio_draft")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_studio_change_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studio_change")),
        sa.UniqueConstraint("draft_id", "revision", "path", name=op.f("uq_studio_change_draft_id_revision_path")),
    )
    op.create_table(
        "studio_editor",
        sa.Column("draft_id", types.BigId, nullable=False),
        sa.Column("user_id", types.BigId, nullable=False),
        sa.Column("path", sa.String(length=160), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["studio_draft.id"], name=op.f("fk_studio_editor_draft_id_studio_draft")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_studio_editor_user_id_user")),
        sa.PrimaryKeyConstraint("draft_id", "user_id", name=op.f("pk_studio_editor")),
    )
