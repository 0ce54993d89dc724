"""Meetings of a mediation, its parties, what mediators declare, further limits"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tie",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", types.Sealed(), nullable=False),
        sa.Column("name_index", sa.String(length=32), nullable=False),
        sa.Column("phone_index", sa.String(length=32), nullable=True),
        sa.Column("id_index", sa.String(length=32), nullable=True),
        sa.Column("address_index", sa.String(length=32), nullable=True),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind in ('kin','household','interest')", name=op.f("ck_tie_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_tie_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie")),
        sa.UniqueConstraint(
            "user_id", "kind", "name_index", "phone_index", name=op.f("uq_tie_user_id_kind_name_index_phone_index")
        ),
    )
    op.create_index(op.f("ix_tie_user_id"), "tie", ["user_id"], unique=False)
    op.create_table(
        "case_party",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("name", types.Sealed(), nullable=False),
        sa.Column("name_index", sa.String(length=32), nullable=False),
        sa.Column("phone_index", sa.String(length=32), nullable=True),
        sa.Column("id_index", sa.String(length=32), nullable=True),
        sa.Column("address_index", sa.String(length=32), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_party_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_case_party_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_party")),
        sa.UniqueConstraint("case_id", "n", name=op.f("uq_case_party_case_id_n")),
    )
    op.create_index(op.f("ix_case_party_address_index"), "case_party", ["address_index"], unique=False)
    op.create_index(op.f("ix_case_party_id_index"), "case_party", ["id_index"], unique=False)
    op.create_index(op.f("ix_case_party_name_index"), "case_party", ["name_index"], unique=False)
    op.create_index(op.f("ix_case_party_phone_index"), "case_party", ["phone_index"], unique=False)
    op.create_index(op.f("ix_case_party_user_id"), "case_party", ["user_id"], unique=False)
    op.create_table(
        "meeting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_at", types.UtcDateTime(), nullable=False),
        sa.Column("ends_at", types.UtcDateTime(), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("resource_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("booked_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("state in ('planned','held','moved','cancelled')", name=op.f("ck_meeting_state")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_meeting_window")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_meeting_case_id")),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_meeting_resource_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    op.create_index(op.f("ix_meeting_case_id"), "meeting", ["case_id"], unique=False)
    op.create_index(
        "uq_meeting_planned",
        "meeting",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("state = 'planned'"),
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_table(
        "side_clock",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("regime", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("due_at", types.UtcDateTime(), nullable=True),
        sa.Column("stopped_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_side_clock_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_side_clock")),
        sa.UniqueConstraint("case_id", "regime", "starts_on", name=op.f("uq_side_clock_case_id_regime_starts_on")),
    )
    op.create_index(op.f("ix_side_clock_due_at"), "side_clock", ["due_at"], unique=False)
    op.create_table(
        "meeting_booking",
        sa.Column("appointment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_meeting_booking_appointment_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_booking_meeting_id")),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("pk_meeting_booking")),
    )
    op.create_index(op.f("ix_meeting_booking_meeting_id"), "meeting_booking", ["meeting_id"], unique=False)
    op.add_column("case", sa.Column("party_ids", sa.JSON(), nullable=False, server_default="[]"))
