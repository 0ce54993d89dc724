"""Standing orders and their days; who left with whom; what went otherwise than booked"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "standing",
        sa.Column("id", ID, nullable=False),
        sa.Column("resource_id", ID, nullable=False),
        sa.Column("at", sa.String(length=5), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("answers", types.SealedJson(), nullable=True),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("person_index", sa.String(length=32), nullable=False),
        sa.Column("name", types.Sealed(), nullable=False),
        sa.Column("phone", types.Sealed(), nullable=True),
        sa.Column("made_by_id", ID, nullable=True),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("looked_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_standing_days")),
        sa.CheckConstraint("weekdays <> ''", name=op.f("ck_standing_weekdays")),
        sa.CheckConstraint("state in ('active','ended')", name=op.f("ck_standing_state")),
        sa.CheckConstraint("(state = 'ended') = (ended_at is not null)", name=op.f("ck_standing_ended")),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_standing_resource_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_standing_user_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_standing_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing")),
    )
    op.create_index(op.f("ix_standing_user_id"), "standing", ["user_id"], unique=False)
    op.create_index("ix_standing_state_id", "standing", ["state", "id"], unique=False)
    op.create_index(
        "uq_standing_person",
        "standing",
        ["resource_id", "person_index", "at"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "standing_day",
        sa.Column("standing_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("appointment_id", ID, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "state in ('wanted','booked','skipped','full','missed')", name=op.f("ck_standing_day_state")
        ),
        sa.CheckConstraint("state <> 'booked' or appointment_id is not null", name=op.f("ck_standing_day_booked")),
        sa.ForeignKeyConstraint(["standing_id"], ["standing.id"], name=op.f("fk_standing_day_standing_id")),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_standing_day_appointment_id")),
        sa.PrimaryKeyConstraint("standing_id", "day", name=op.f("pk_standing_day")),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_standing_day_appointment_id")),
    )
    op.create_table(
        "booking_trouble",
        sa.Column("place_id", ID, nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["place_id"], ["booking_place.id"], name=op.f("fk_booking_trouble_place_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_booking_trouble_case_id")),
        sa.PrimaryKeyConstraint("place_id", "what", name=op.f("pk_booking_trouble")),
    )
    op.add_column("appointment", sa.Column("by_voice", sa.String(length=8), nullable=False, server_default=""))
    op.add_column("booking_place", sa.Column("fetched_by", types.Sealed(), nullable=True))
