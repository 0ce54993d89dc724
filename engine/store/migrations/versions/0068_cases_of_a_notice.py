"""Many cases of one cause are one notice, which names them all"""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0066"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notice_case",
        sa.Column("notice_id", ID, sa.ForeignKey("notice.id", name=op.f("fk_notice_case_notice_id")), nullable=False),
        sa.Column("case_id", ID, sa.ForeignKey("case.id", name=op.f("fk_notice_case_case_id")), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "case_id", name=op.f("pk_notice_case")),
    )
    op.create_index(op.f("ix_notice_case_case_id"), "notice_case", ["case_id"])
