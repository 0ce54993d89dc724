"""Votes: who may vote, who has voted, and apart from that what was voted"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ballot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=90), nullable=False),
        sa.Column("version_hash", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("effect", sa.String(length=160), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("question", sa.String(length=300), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("announced_at", types.UtcDateTime(), nullable=False),
        sa.Column("opens_at", types.UtcDateTime(), nullable=False),
        sa.Column("closes_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("(state = 'counted') = (result is not null)", name=op.f("ck_ballot_counted_has_a_result")),
        sa.CheckConstraint("(state in ('counted','withdrawn')) = (ended_at is not null)", name=op.f("ck_ballot_ended")),
        sa.CheckConstraint("state in ('announced','open','counted','withdrawn')", name=op.f("ck_ballot_state")),
        sa.CheckConstraint("announced_at <= opens_at and opens_at < closes_at", name=op.f("ck_ballot_window")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_ballot_case_id")),
        sa.ForeignKeyConstraint(["place_id"], ["unit.id"], name=op.f("fk_ballot_place_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ballot_unit_id")),
        sa.ForeignKeyConstraint(["version_hash"], ["matter_version.hash"], name=op.f("fk_ballot_version_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sa.UniqueConstraint("code", name=op.f("uq_ballot_code")),
    )
    op.create_index(op.f("ix_ballot_case_id"), "ballot", ["case_id"], unique=False)
    op.create_index(op.f("ix_ballot_key"), "ballot", ["key"], unique=False)
    op.create_index("ix_ballot_place_id_state", "ballot", ["place_id", "state"], unique=False)
    op.create_index("ix_ballot_unit_id_state", "ballot", ["unit_id", "state"], unique=False)
    op.create_index(
        "uq_ballot_effect",
        "ballot",
        ["case_id", "effect"],
        unique=True,
        sqlite_where=sa.text("effect <> ''"),
        postgresql_where=sa.text("effect <> ''"),
    )
    op.create_table(
        "ballot_body",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ballot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("voted", sa.Integer(), nullable=False),
        sa.CheckConstraint("heads > 0 and weight >= heads", name=op.f("ck_ballot_body_roll")),
        sa.CheckConstraint("voted between 0 and heads", name=op.f("ck_ballot_body_voted")),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name=op.f("fk_ballot_body_ballot_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ballot_body_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_body")),
        sa.UniqueConstraint("ballot_id", "n", name=op.f("uq_ballot_body_ballot_id_n")),
        sa.UniqueConstraint("ballot_id", "unit_id", name=op.f("uq_ballot_body_ballot_id_unit_id")),
    )
    op.create_table(
        "ballot_key",
        sa.Column(
            "ballot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("private", types.SealedBytes(), nullable=False),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name=op.f("fk_ballot_key_ballot_id")),
        sa.PrimaryKeyConstraint("ballot_id", name=op.f("pk_ballot_key")),
    )
    op.create_table(
        "ballot_box",
        sa.Column("body_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["ballot_body.id"], name=op.f("fk_ballot_box_body_id")),
        sa.PrimaryKeyConstraint("body_id", name=op.f("pk_ballot_box")),
    )
    op.create_table(
        "ballot_voter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ballot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("name", types.Sealed(), nullable=False),
        sa.Column("name_index", sa.String(length=32), nullable=False),
        sa.Column("person_index", sa.String(length=32), nullable=False),
        sa.Column("phone_index", sa.String(length=32), nullable=True),
        sa.Column("id_index", sa.String(length=32), nullable=True),
        sa.Column("household_index", sa.String(length=32), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.CheckConstraint("weight > 0", name=op.f("ck_ballot_voter_weight")),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name=op.f("fk_ballot_voter_ballot_id")),
        sa.ForeignKeyConstraint(["body_id"], ["ballot_body.id"], name=op.f("fk_ballot_voter_body_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_voter")),
        sa.UniqueConstraint("ballot_id", "person_index", name=op.f("uq_ballot_voter_ballot_id_person_index")),
        sa.UniqueConstraint("body_id", "n", name=op.f("uq_ballot_voter_body_id_n")),
    )
    op.create_index(op.f("ix_ballot_voter_id_index"), "ballot_voter", ["id_index"], unique=False)
    op.create_index(op.f("ix_ballot_voter_name_index"), "ballot_voter", ["name_index"], unique=False)
    op.create_index(op.f("ix_ballot_voter_phone_index"), "ballot_voter", ["phone_index"], unique=False)
    op.create_table(
        "ballot_mark",
        sa.Column(
            "voter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("body_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("proxy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("before_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("witness", types.Sealed(), nullable=True),
        sa.Column("choice", types.SealedJson(), nullable=True),
        sa.Column("cast_at", types.UtcDateTime(), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.CheckConstraint("(way = 'desk') = (before_id is not null)", name=op.f("ck_ballot_mark_desk")),
        sa.CheckConstraint("way in ('online','desk')", name=op.f("ck_ballot_mark_way")),
        sa.CheckConstraint(
            "(not secret) or (choice is null and cast_at is null and changed = 0)", name=op.f("ck_ballot_mark_secret")
        ),
        sa.CheckConstraint("proxy_id is null or proxy_id <> voter_id", name=op.f("ck_ballot_mark_proxy")),
        sa.ForeignKeyConstraint(["before_id"], ["user.id"], name=op.f("fk_ballot_mark_before_id")),
        sa.ForeignKeyConstraint(["body_id"], ["ballot_body.id"], name=op.f("fk_ballot_mark_body_id")),
        sa.ForeignKeyConstraint(["proxy_id"], ["ballot_voter.id"], name=op.f("fk_ballot_mark_proxy_id")),
        sa.ForeignKeyConstraint(["voter_id"], ["ballot_voter.id"], name=op.f("fk_ballot_mark_voter_id")),
        sa.PrimaryKeyConstraint("voter_id", name=op.f("pk_ballot_mark")),
    )
    op.create_index(op.f("ix_ballot_mark_body_id"), "ballot_mark", ["body_id"], unique=False)
    op.create_table(
        "ballot_proxy",
        sa.Column(
            "voter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("holder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("given_at", types.UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("n between 1 and most", name=op.f("ck_ballot_proxy_limit")),
        sa.CheckConstraint("voter_id <> holder_id", name=op.f("ck_ballot_proxy_another")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_ballot_proxy_by_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_ballot_proxy_file_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["ballot_voter.id"], name=op.f("fk_ballot_proxy_holder_id")),
        sa.ForeignKeyConstraint(["voter_id"], ["ballot_voter.id"], name=op.f("fk_ballot_proxy_voter_id")),
        sa.PrimaryKeyConstraint("voter_id", name=op.f("pk_ballot_proxy")),
        sa.UniqueConstraint("holder_id", "n", name=op.f("uq_ballot_proxy_holder_id_n")),
    )
