"""Schedules and each time they ran; a case that does one thing for each of many records"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("turn_at", types.UtcDateTime(), nullable=True),
        sa.Column("next_at", types.UtcDateTime(), nullable=True),
        sa.Column("next_first", sa.Date(), nullable=True),
        sa.Column("next_last", sa.Date(), nullable=True),
        sa.Column("lacks_year", sa.Integer(), nullable=True),
        sa.Column("counts_from", types.UtcDateTime(), nullable=False),
        sa.Column("last_turn_at", types.UtcDateTime(), nullable=True),
        sa.Column("last_at", types.UtcDateTime(), nullable=True),
        sa.Column("paused_at", types.UtcDateTime(), nullable=True),
        sa.Column("paused_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pause_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(next_at is null) = (turn_at is null)", name=op.f("ck_schedule_turn")),
        sa.ForeignKeyConstraint(["paused_by_id"], ["user.id"], name=op.f("fk_schedule_paused_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("key", name=op.f("uq_schedule_key")),
    )
    op.create_index(
        "ix_schedule_due",
        "schedule",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("active and paused_at is null"),
        postgresql_where=sa.text("active and paused_at is null"),
    )
    op.create_index(op.f("ix_schedule_matter"), "schedule", ["matter"], unique=False)
    op.create_table(
        "for_each",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("effect", sa.String(length=80), nullable=False),
        sa.Column("element", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("does", sa.JSON(), nullable=False),
        sa.Column("given", types.SealedJson(), nullable=False),
        sa.Column("reached", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("began_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("state in ('listing','doing','done','stopped')", name=op.f("ck_for_each_state")),
        sa.CheckConstraint("done + failed + left_out <= total", name=op.f("ck_for_each_total")),
        sa.CheckConstraint("done >= 0 and failed >= 0 and left_out >= 0", name=op.f("ck_for_each_counts")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_for_each_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_for_each")),
        sa.UniqueConstraint("case_id", "effect", name=op.f("uq_for_each_case_id_effect")),
    )
    op.create_table(
        "schedule_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("turn_at", types.UtcDateTime(), nullable=False),
        sa.Column("due_at", types.UtcDateTime(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", types.Sealed(), nullable=True),
        sa.CheckConstraint("(state = 'done') = (case_id is not null)", name=op.f("ck_schedule_run_case")),
        sa.CheckConstraint("state in ('waiting','done','failed')", name=op.f("ck_schedule_run_state")),
        sa.CheckConstraint("(asked_by_id is null) = (reason is null)", name=op.f("ck_schedule_run_by_hand")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_schedule_run_asked_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_schedule_run_case_id")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("fk_schedule_run_schedule_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_schedule_run_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_run")),
        sa.UniqueConstraint("case_id", name=op.f("uq_schedule_run_case_id")),
        sa.UniqueConstraint(
            "schedule_id", "unit_id", "turn_at", name=op.f("uq_schedule_run_schedule_id_unit_id_turn_at")
        ),
    )
    op.create_index("ix_schedule_run_due", "schedule_run", ["schedule_id", "due_at"], unique=False)
    op.create_index(
        "ix_schedule_run_open",
        "schedule_run",
        ["schedule_id", "unit_id", "turn_at"],
        unique=False,
        sqlite_where=sa.text("state <> 'done'"),
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_index("ix_schedule_run_unit", "schedule_run", ["unit_id", "due_at"], unique=False)
    op.create_table(
        "for_each_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("for_each_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("record", types.SealedJson(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("reason", types.Sealed(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'left_out') = (reason is not null)", name=op.f("ck_for_each_item_left_out")),
        sa.CheckConstraint(
            "state in ('waiting','open','done','failed','left_out')", name=op.f("ck_for_each_item_state")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_for_each_item_case_id")),
        sa.ForeignKeyConstraint(["for_each_id"], ["for_each.id"], name=op.f("fk_for_each_item_for_each_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_for_each_item")),
        sa.UniqueConstraint("case_id", name=op.f("uq_for_each_item_case_id")),
        sa.UniqueConstraint("for_each_id", "key", name=op.f("uq_for_each_item_for_each_id_key")),
    )
    op.create_index(
        "ix_for_each_item_failed",
        "for_each_item",
        ["for_each_id", "n"],
        unique=False,
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_for_each_item_waiting",
        "for_each_item",
        ["for_each_id", "n"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
