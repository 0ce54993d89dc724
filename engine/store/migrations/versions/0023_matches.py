"""Needs and supplies that look for each other, by leg, and their pairs"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "match_side",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("match", sa.String(length=81), nullable=False),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("unit_id", types.BigId, nullable=False),
        sa.Column("place_id", types.BigId, nullable=False),
        sa.Column("to_id", types.BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", types.UtcDateTime(), nullable=False),
        sa.Column("until_at", types.UtcDateTime(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=7), nullable=False),
        sa.Column("user_id", types.BigId, nullable=True),
        sa.Column("entered_by_id", types.BigId, nullable=True),
        sa.Column("case_id", types.BigId, nullable=True),
        sa.Column("person_index", sa.String(length=64), nullable=True),
        sa.Column("name", types.Sealed(), nullable=True),
        sa.Column("phone", types.Sealed(), nullable=True),
        sa.Column("id_number", types.Sealed(), nullable=True),
        sa.Column("guardian", types.Sealed(), nullable=True),
        sa.Column("answers", types.SealedJson(), nullable=True),
        sa.Column("day_key", sa.String(length=190), nullable=True),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.Column("told_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("forgotten_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state in ('cancelled','over')) = (ended_at is not null)", name=op.f("ck_match_side_ended")
        ),
        sa.CheckConstraint("channel in ('online','counter')", name=op.f("ck_match_side_channel")),
        sa.CheckConstraint("side = 'need' or state <> 'matched'", name=op.f("ck_match_side_matched")),
        sa.CheckConstraint("side in ('supply','need')", name=op.f("ck_match_side_side")),
        sa.CheckConstraint("state in ('open','matched','cancelled','over')", name=op.f("ck_match_side_state")),
        sa.CheckConstraint("ended_at is null or day_key is null", name=op.f("ck_match_side_live")),
        sa.CheckConstraint(
            "forgotten_at is null or (name is null and phone is null and id_number is null and guardian is null "
            "and answers is null and user_id is null and person_index is null)",
            name=op.f("ck_match_side_forgotten"),
        ),
        sa.CheckConstraint("places >= 1", name=op.f("ck_match_side_places")),
        sa.CheckConstraint("starts_at <= until_at", name=op.f("ck_match_side_window")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_match_side_case_id")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["user.id"], name=op.f("fk_match_side_entered_by_id")),
        sa.ForeignKeyConstraint(["place_id"], ["unit.id"], name=op.f("fk_match_side_place_id")),
        sa.ForeignKeyConstraint(["to_id"], ["unit.id"], name=op.f("fk_match_side_to_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_match_side_unit_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_match_side_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_side")),
        sa.UniqueConstraint("day_key", name=op.f("uq_match_side_day_key")),
        sa.UniqueConstraint("number", name=op.f("uq_match_side_number")),
    )
    op.create_index(op.f("ix_match_side_case_id"), "match_side", ["case_id"], unique=False)
    op.create_index("ix_match_side_match_day", "match_side", ["match", "day", "side", "state"], unique=False)
    op.create_index("ix_match_side_place_id_day", "match_side", ["place_id", "day"], unique=False)
    op.create_index("ix_match_side_unit_id_day", "match_side", ["unit_id", "day"], unique=False)
    op.create_index(op.f("ix_match_side_user_id"), "match_side", ["user_id"], unique=False)
    op.create_table(
        "match_leg",
        sa.Column("side_id", types.BigId, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("from_id", types.BigId, nullable=False),
        sa.Column("to_id", types.BigId, nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken >= 0 and taken <= capacity", name=op.f("ck_match_leg_taken")),
        sa.ForeignKeyConstraint(["from_id"], ["unit.id"], name=op.f("fk_match_leg_from_id")),
        sa.ForeignKeyConstraint(["side_id"], ["match_side.id"], name=op.f("fk_match_leg_side_id")),
        sa.ForeignKeyConstraint(["to_id"], ["unit.id"], name=op.f("fk_match_leg_to_id")),
        sa.PrimaryKeyConstraint("side_id", "n", name=op.f("pk_match_leg")),
    )
    op.create_index(op.f("ix_match_leg_from_id"), "match_leg", ["from_id"], unique=False)
    op.create_index(op.f("ix_match_leg_to_id"), "match_leg", ["to_id"], unique=False)
    op.create_table(
        "match_pair",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("need_id", types.BigId, nullable=False),
        sa.Column("supply_id", types.BigId, nullable=False),
        sa.Column("asked_by", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("agreed_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(state in ('asked','agreed')) = (ended_at is null)", name=op.f("ck_match_pair_ended")),
        sa.CheckConstraint("asked_by in ('supply','need')", name=op.f("ck_match_pair_asked_by")),
        sa.CheckConstraint("state <> 'agreed' or agreed_at is not null", name=op.f("ck_match_pair_agreed")),
        sa.CheckConstraint(
            "state in ('asked','agreed','refused','withdrawn','cancelled','over')", name=op.f("ck_match_pair_state")
        ),
        sa.CheckConstraint("first >= 0 and first <= last", name=op.f("ck_match_pair_legs")),
        sa.CheckConstraint("places >= 1", name=op.f("ck_match_pair_places")),
        sa.ForeignKeyConstraint(["need_id"], ["match_side.id"], name=op.f("fk_match_pair_need_id")),
        sa.ForeignKeyConstraint(["supply_id"], ["match_side.id"], name=op.f("fk_match_pair_supply_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_pair")),
        sa.UniqueConstraint("number", name=op.f("uq_match_pair_number")),
    )
    op.create_index("ix_match_pair_need_id", "match_pair", ["need_id"], unique=False)
    op.create_index("ix_match_pair_supply_id", "match_pair", ["supply_id"], unique=False)
    op.create_index(
        "uq_match_pair_live",
        "match_pair",
        ["need_id", "supply_id"],
        unique=True,
        sqlite_where=sa.text("state in ('asked','agreed')"),
        postgresql_where=sa.text("state in ('asked','agreed')"),
    )
    op.create_index(
        "uq_match_pair_need",
        "match_pair",
        ["need_id"],
        unique=True,
        sqlite_where=sa.text("state = 'agreed'"),
        postgresql_where=sa.text("state = 'agreed'"),
    )
