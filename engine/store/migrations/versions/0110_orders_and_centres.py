"""What a dispatched order counts for; the type of a unit's centre; what an overview counts is found by an index"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0110"
down_revision = "0102"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN, ENDED = sa.text("finished_at is null"), sa.text("finished_at is not null")


def upgrade() -> None:
    op.add_column("unit", sa.Column("centre", sa.String(40), nullable=False, server_default=""))
    op.create_index("ix_case_open", "case", ["place_id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_case_finished_at", "case", ["finished_at"], sqlite_where=ENDED, postgresql_where=ENDED)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("unit", "centre", server_default=None)
    moment = types.UtcDateTime()
    op.create_table(
        "work_order",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("dispatched_at", moment, nullable=False),
        sa.Column("due_at", moment),
        sa.Column("closed_at", moment),
        sa.Column("signed", sa.Boolean()),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Boolean(), nullable=False),
        sa.Column("redone", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Boolean()),
        sa.Column("solved", sa.Boolean()),
        sa.Column("stars", sa.Integer()),
        sa.Column("left_out", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_work_order_case_id_case")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_work_order")),
    )
    for column in ("dispatched_at", "due_at", "closed_at"):
        op.create_index(f"ix_work_order_{column}", "work_order", [column])
