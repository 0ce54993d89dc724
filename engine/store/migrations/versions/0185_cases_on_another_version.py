"""Running cases go on under another version of their matter, and are put back"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0185"
down_revision = "0180"
branch_labels = None
depends_on = None

GOES_ON = sa.text("state in ('moving','undoing')")
MOVED = sa.text("state = 'moved'")


def upgrade() -> None:
    op.add_column("case", sa.Column("limits_before", sa.JSON(), nullable=True))
    op.create_table(
        "version_move",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("to_hash", sa.String(length=64), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("why", types.SealedWords(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_by_id", types.BigId, nullable=False),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("state in ('moving','done','stopped','undoing')", name=op.f("ck_version_move_state")),
        sa.ForeignKeyConstraint(
            ["to_hash"], ["matter_version.hash"], name=op.f("fk_version_move_to_hash_matter_version")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_version_move_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_move")),
    )
    op.create_index("ix_version_move_matter", "version_move", ["matter", "id"])
    op.create_index(
        "uq_version_move_goes_on",
        "version_move",
        ["matter"],
        unique=True,
        sqlite_where=GOES_ON,
        postgresql_where=GOES_ON,
    )
    op.create_table(
        "moved_case",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("move_id", types.BigId, nullable=False),
        sa.Column("case_id", types.BigId, nullable=False),
        sa.Column("from_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=True),
        sa.Column("by_id", types.BigId, nullable=True),
        sa.Column("before", types.SealedBytes(), nullable=True),
        sa.Column("after", sa.String(length=64), nullable=False),
        sa.CheckConstraint("state in ('waiting','moved','refused','kept','undone')", name=op.f("ck_moved_case_state")),
        sa.ForeignKeyConstraint(["move_id"], ["version_move.id"], name=op.f("fk_moved_case_move_id_version_move")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_moved_case_case_id_case")),
        sa.ForeignKeyConstraint(
            ["from_hash"], ["matter_version.hash"], name=op.f("fk_moved_case_from_hash_matter_version")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_moved_case_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moved_case")),
        sa.UniqueConstraint("move_id", "case_id", name=op.f("uq_moved_case_move_id_case_id")),
    )
    op.create_index("ix_moved_case_state", "moved_case", ["move_id", "state", "id"])
    op.create_index("ix_moved_case_case_id", "moved_case", ["case_id"], sqlite_where=MOVED, postgresql_where=MOVED)
