"""Cases about the same thing are joined, and answered together"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0059"
down_revision = "0057"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "case_join",
        sa.Column("case_id", ID, sa.ForeignKey("case.id", name=op.f("fk_case_join_case_id")), nullable=False),
        sa.Column("other_id", ID, sa.ForeignKey("case.id", name=op.f("fk_case_join_other_id")), nullable=False),
        sa.Column("low_id", ID, nullable=False),
        sa.Column("high_id", ID, nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_join")),
        sa.UniqueConstraint("low_id", "high_id", name=op.f("uq_case_join_low_id_high_id")),
        sa.CheckConstraint("case_id <> other_id", name=op.f("ck_case_join_other")),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_case_join_ordered")),
    )
    op.create_index(op.f("ix_case_join_other_id"), "case_join", ["other_id"])
    op.create_table(
        "case_answer",
        sa.Column("case_id", ID, sa.ForeignKey("case.id", name=op.f("fk_case_answer_case_id")), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_answer")),
    )
