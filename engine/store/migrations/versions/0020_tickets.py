"""Halls, their windows, and the tickets of who waits there"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hall",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("unit_id", types.BigId, nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_hall_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall")),
        sa.UniqueConstraint("code", name=op.f("uq_hall_code")),
    )
    op.create_index(op.f("ix_hall_unit_id"), "hall", ["unit_id"], unique=False)
    op.create_table(
        "hall_window",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("hall_id", types.BigId, nullable=False),
        sa.Column("unit_id", types.BigId, nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("low", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("clerk_id", types.BigId, nullable=True),
        sa.Column("since_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("(clerk_id is null) = (since_at is null)", name=op.f("ck_hall_window_sits")),
        sa.ForeignKeyConstraint(["clerk_id"], ["user.id"], name=op.f("fk_hall_window_clerk_id")),
        sa.ForeignKeyConstraint(["hall_id"], ["hall.id"], name=op.f("fk_hall_window_hall_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_hall_window_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_window")),
        sa.UniqueConstraint("clerk_id", name=op.f("uq_hall_window_clerk_id")),
        sa.UniqueConstraint("hall_id", "code", name=op.f("uq_hall_window_hall_id_code")),
    )
    op.create_index(op.f("ix_hall_window_unit_id"), "hall_window", ["unit_id"], unique=False)
    op.create_table(
        "ticket_line",
        sa.Column("hall_id", types.BigId, nullable=False),
        sa.Column("queue", sa.String(length=81), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("called", sa.JSON(), nullable=False),
        sa.CheckConstraint("made >= 0", name=op.f("ck_ticket_line_made")),
        sa.ForeignKeyConstraint(["hall_id"], ["hall.id"], name=op.f("fk_ticket_line_hall_id")),
        sa.PrimaryKeyConstraint("hall_id", "queue", "day", name=op.f("pk_ticket_line")),
    )
    op.create_table(
        "ticket",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("hall_id", types.BigId, nullable=False),
        sa.Column("unit_id", types.BigId, nullable=False),
        sa.Column("place_id", types.BigId, nullable=True),
        sa.Column("queue", sa.String(length=81), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("live_key", sa.String(length=120), nullable=True),
        sa.Column("user_id", types.BigId, nullable=True),
        sa.Column("name", types.Sealed(), nullable=True),
        sa.Column("phone", types.Sealed(), nullable=True),
        sa.Column("id_number", types.Sealed(), nullable=True),
        sa.Column("needs", types.SealedJson(), nullable=True),
        sa.Column("note", types.Sealed(), nullable=True),
        sa.Column("taken_at", types.UtcDateTime(), nullable=False),
        sa.Column("since_at", types.UtcDateTime(), nullable=False),
        sa.Column("behind", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("first_called_at", types.UtcDateTime(), nullable=True),
        sa.Column("called_at", types.UtcDateTime(), nullable=True),
        sa.Column("parked_at", types.UtcDateTime(), nullable=True),
        sa.Column("serving_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("window_id", types.BigId, nullable=True),
        sa.Column("wanted_id", types.BigId, nullable=True),
        sa.Column("case_id", types.BigId, nullable=True),
        sa.Column("appointment_id", types.BigId, nullable=True),
        sa.Column("forgotten_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state in ('done','gone')) = (ended_at is not null)", name=op.f("ck_ticket_ended")),
        sa.CheckConstraint("channel in ('kiosk','phone','staff','booking','case')", name=op.f("ck_ticket_channel")),
        sa.CheckConstraint(
            "state in ('waiting','called','parked','serving','done','gone')", name=op.f("ck_ticket_state")
        ),
        sa.CheckConstraint("state not in ('called','serving') or window_id is not null", name=op.f("ck_ticket_window")),
        sa.CheckConstraint("state not in ('done','gone') or live_key is null", name=op.f("ck_ticket_live")),
        sa.CheckConstraint(
            "forgotten_at is null or (name is null and phone is null and id_number is null and needs is null "
            "and note is null and user_id is null and live_key is null)",
            name=op.f("ck_ticket_forgotten"),
        ),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_ticket_appointment_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_ticket_case_id")),
        sa.ForeignKeyConstraint(["hall_id"], ["hall.id"], name=op.f("fk_ticket_hall_id")),
        sa.ForeignKeyConstraint(["place_id"], ["unit.id"], name=op.f("fk_ticket_place_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ticket_unit_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_ticket_user_id")),
        sa.ForeignKeyConstraint(["wanted_id"], ["hall_window.id"], name=op.f("fk_ticket_wanted_id")),
        sa.ForeignKeyConstraint(["window_id"], ["hall_window.id"], name=op.f("fk_ticket_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_ticket_appointment_id")),
        sa.UniqueConstraint("code", name=op.f("uq_ticket_code")),
        sa.UniqueConstraint("hall_id", "day", "serial", name=op.f("uq_ticket_hall_id_day_serial")),
        sa.UniqueConstraint("live_key", name=op.f("uq_ticket_live_key")),
    )
    op.create_index(op.f("ix_ticket_case_id"), "ticket", ["case_id"], unique=False)
    op.create_index("ix_ticket_hall_id_day_state", "ticket", ["hall_id", "day", "state"], unique=False)
    op.create_index(
        "ix_ticket_unforgotten",
        "ticket",
        ["day"],
        unique=False,
        sqlite_where=sa.text("forgotten_at is null"),
        postgresql_where=sa.text("forgotten_at is null"),
    )
    op.create_index(op.f("ix_ticket_user_id"), "ticket", ["user_id"], unique=False)
    op.create_index(
        "uq_ticket_at_window",
        "ticket",
        ["window_id"],
        unique=True,
        sqlite_where=sa.text("state in ('called','serving')"),
        postgresql_where=sa.text("state in ('called','serving')"),
    )
