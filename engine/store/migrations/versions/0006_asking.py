"""Asking for more time; what an operator looks at, indexed"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "extension_request",
        sa.Column("id", _id(), nullable=False),
        sa.Column("case_id", _id(), nullable=False),
        sa.Column("asked_by_id", _id(), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("approver", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("answered_by_id", _id(), nullable=True),
        sa.Column("answered_at", types.UtcDateTime(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state in ('open','approved','refused')", name=op.f("ck_extension_request_state")),
        sa.CheckConstraint("(state = 'open') = (answered_at is null)", name=op.f("ck_extension_request_answered")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_extension_request_case_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_extension_request_asked_by_id")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["user.id"], name=op.f("fk_extension_request_answered_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension_request")),
    )
    op.create_index("ix_extension_request_case_id", "extension_request", ["case_id"], unique=False)
    _partial("uq_extension_request_open", "extension_request", "case_id", "state = 'open'", unique=True)
    _partial("ix_incident_open_at", "incident", "at", "solved_at is null")
    _partial("ix_job_failed", "job", "ended_at", "state = 'failed'")
    _partial("ix_notice_failed", "notice", "created_at", "state = 'failed'")


def _partial(name: str, table: str, column: str, where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, [column], unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
