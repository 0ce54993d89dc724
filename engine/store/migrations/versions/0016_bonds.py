"""Bonds between persons, and the codes by which they are made or proved"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bond_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("issuer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone_index", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("subject_ref", sa.String(length=60), nullable=False),
        sa.Column("asked", types.SealedJson(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("purpose in ('bind','fetch')", name=op.f("ck_bond_code_purpose")),
        sa.ForeignKeyConstraint(["issuer_id"], ["user.id"], name=op.f("fk_bond_code_issuer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bond_code")),
    )
    op.create_index(op.f("ix_bond_code_issuer_id"), "bond_code", ["issuer_id"], unique=False)
    op.create_index(op.f("ix_bond_code_phone_index"), "bond_code", ["phone_index"], unique=False)
    op.create_index(op.f("ix_bond_code_subject_ref"), "bond_code", ["subject_ref"], unique=False)
    op.create_table(
        "bond",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject_ref", sa.String(length=60), nullable=False),
        sa.Column("subject_name", types.Sealed(), nullable=False),
        sa.Column("subject_phone", types.Sealed(), nullable=True),
        sa.Column("subject_id_number", types.Sealed(), nullable=True),
        sa.Column("subject_name_index", sa.String(length=32), nullable=False),
        sa.Column("subject_phone_index", sa.String(length=32), nullable=True),
        sa.Column("subject_id_index", sa.String(length=32), nullable=True),
        sa.Column("holder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("holder_ref", sa.String(length=60), nullable=False),
        sa.Column("holder_name", types.Sealed(), nullable=False),
        sa.Column("holder_phone", types.Sealed(), nullable=True),
        sa.Column("holder_id_number", types.Sealed(), nullable=True),
        sa.Column("holder_name_index", sa.String(length=32), nullable=False),
        sa.Column("holder_phone_index", sa.String(length=32), nullable=True),
        sa.Column("holder_id_index", sa.String(length=32), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("lets", sa.JSON(), nullable=False),
        sa.Column("matters", sa.JSON(), nullable=True),
        sa.Column("offers", sa.JSON(), nullable=True),
        sa.Column("entries", sa.JSON(), nullable=True),
        sa.Column("proof", types.SealedJson(), nullable=False),
        sa.Column("revocable", sa.Boolean(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.Column("made_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("place_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_how", sa.String(length=12), nullable=True),
        sa.CheckConstraint("(state = 'ended') = (ended_at is not null)", name=op.f("ck_bond_ended")),
        sa.CheckConstraint("(state = 'ended') = (ended_how is not null)", name=op.f("ck_bond_ended_with_a_reason")),
        sa.CheckConstraint(
            "ended_how is null or ended_how in "
            "('subject','holder','guardian','counter','case','expired','closed','died','declined')",
            name=op.f("ck_bond_ended_how"),
        ),
        sa.CheckConstraint("how in ('counter','code','phone','case')", name=op.f("ck_bond_how")),
        sa.CheckConstraint("state <> 'held' or confirmed_at is not null", name=op.f("ck_bond_confirmed")),
        sa.CheckConstraint("state in ('asked','held','ended')", name=op.f("ck_bond_state")),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_bond_window")),
        sa.CheckConstraint("n between 1 and most", name=op.f("ck_bond_place")),
        sa.CheckConstraint("subject_ref <> holder_ref", name=op.f("ck_bond_two_persons")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_bond_case_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["user.id"], name=op.f("fk_bond_ended_by_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["user.id"], name=op.f("fk_bond_holder_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_bond_made_by_id")),
        sa.ForeignKeyConstraint(["place_id"], ["unit.id"], name=op.f("fk_bond_place_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["user.id"], name=op.f("fk_bond_subject_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bond_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bond")),
    )
    op.create_index(op.f("ix_bond_case_id"), "bond", ["case_id"], unique=False)
    op.create_index(op.f("ix_bond_holder_id"), "bond", ["holder_id"], unique=False)
    op.create_index(op.f("ix_bond_holder_id_index"), "bond", ["holder_id_index"], unique=False)
    op.create_index(op.f("ix_bond_holder_name_index"), "bond", ["holder_name_index"], unique=False)
    op.create_index(op.f("ix_bond_holder_phone_index"), "bond", ["holder_phone_index"], unique=False)
    op.create_index("ix_bond_kind_until_on", "bond", ["kind", "until_on"], unique=False)
    op.create_index(op.f("ix_bond_place_id"), "bond", ["place_id"], unique=False)
    op.create_index(op.f("ix_bond_subject_id"), "bond", ["subject_id"], unique=False)
    op.create_index(op.f("ix_bond_subject_id_index"), "bond", ["subject_id_index"], unique=False)
    op.create_index(op.f("ix_bond_subject_name_index"), "bond", ["subject_name_index"], unique=False)
    op.create_index(op.f("ix_bond_subject_phone_index"), "bond", ["subject_phone_index"], unique=False)
    op.create_index(op.f("ix_bond_unit_id"), "bond", ["unit_id"], unique=False)
    op.create_index(
        "uq_bond_live",
        "bond",
        ["kind", "subject_ref", "holder_ref"],
        unique=True,
        sqlite_where=sa.text("ended_at is null"),
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index(
        "uq_bond_place",
        "bond",
        ["kind", "subject_ref", "n"],
        unique=True,
        sqlite_where=sa.text("ended_at is null"),
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index(
        "ix_event_for_id",
        "event",
        ["for_id", "id"],
        unique=False,
        sqlite_where=sa.text("for_id is not null"),
        postgresql_where=sa.text("for_id is not null"),
    )
    op.add_column("case", sa.Column("bond_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
    op.add_column("case", sa.Column("referred_at", types.UtcDateTime(), nullable=True))
