"""Cases know until when their personal data are kept, and holds that stop their erasure"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0080"
down_revision = "0078"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNDATED = "finished_at is not null and keep_until is null"
KEPT = "erased_at is null and keep_until is not null"
LIVE = "ended_at is null"


def upgrade() -> None:
    op.add_column("case", sa.Column("keep_until", sa.Date(), nullable=True))
    op.add_column("case", sa.Column("erased_at", types.UtcDateTime(), nullable=True))
    for name, columns, where in (
        ("ix_case_undated", ["finished_at", "id"], UNDATED),
        ("ix_case_keep_until", ["keep_until", "id"], KEPT),
    ):
        op.create_index(name, "case", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index(op.f("ix_draft_saved_at"), "draft", ["saved_at"])
    op.create_table(
        "legal_hold",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("from_at", types.UtcDateTime(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_by_id", ID, nullable=True),
        sa.CheckConstraint("(ended_at is null) = (ended_by_id is null)", name=op.f("ck_legal_hold_ended")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_legal_hold_case_id")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_legal_hold_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["user.id"], name=op.f("fk_legal_hold_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_case_id"), "legal_hold", ["case_id"])
    op.create_index(
        "uq_legal_hold_live",
        "legal_hold",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    )
