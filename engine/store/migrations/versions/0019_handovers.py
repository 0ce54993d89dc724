"""Hand-overs: things that go from hand to hand"""

import sqlalchemy as sa
from alembic import op

from engine.store.models.base import BigId, Sealed, SealedJson, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("kind", sa.String(90), nullable=False),
        sa.Column("item", sa.String(80), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("name_en", sa.String(120), nullable=False),
        sa.Column("thing_kind", sa.String(12), nullable=False),
        sa.Column("thing", SealedJson, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("place_id", BigId, nullable=False),
        sa.Column("links", sa.Integer, nullable=False),
        sa.Column("holder_end", sa.String(40), nullable=False),
        sa.Column("holder_key", sa.String(60), nullable=False),
        sa.Column("holder_name", Sealed, nullable=False),
        sa.Column("held_by_link", sa.Integer, nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.CheckConstraint("held_by_link between 0 and links", name=op.f("ck_handover_held")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_handover_case_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_handover_unit_id")),
        sa.ForeignKeyConstraint(["place_id"], ["unit.id"], name=op.f("fk_handover_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("case_id", "kind", "item", name=op.f("uq_handover_case_id_kind_item")),
    )
    op.create_index("ix_handover_holder_key", "handover", ["holder_key"])
    op.create_table(
        "handover_link",
        sa.Column("id", BigId, nullable=False),
        sa.Column("handover_id", BigId, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("tag", sa.String(16), nullable=False),
        sa.Column("secret", Sealed, nullable=False),
        sa.Column("effect", sa.String(80), nullable=True),
        *(
            sa.Column(f"{side}_{name}", type_, nullable=name == "phone")
            for side in ("giver", "receiver")
            for name, type_ in (
                ("end", sa.String(40)),
                ("key", sa.String(60)),
                ("name", Sealed),
                ("phone", Sealed),
            )
        ),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("place_id", BigId, nullable=False),
        sa.Column("proof", sa.JSON, nullable=False),
        sa.Column("photo", sa.String(10), nullable=False),
        sa.Column("witness", sa.Boolean, nullable=False),
        sa.Column("post", sa.String(40), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.Column("note", Sealed, nullable=True),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint(
            "state in ('open','done','different','refused','dropped')", name=op.f("ck_handover_link_state")
        ),
        sa.CheckConstraint("(state = 'open') = (ended_at is null)", name=op.f("ck_handover_link_ended")),
        sa.CheckConstraint("giver_key <> receiver_key", name=op.f("ck_handover_link_two")),
        sa.ForeignKeyConstraint(["handover_id"], ["handover.id"], name=op.f("fk_handover_link_handover_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_handover_link_unit_id")),
        sa.ForeignKeyConstraint(["place_id"], ["unit.id"], name=op.f("fk_handover_link_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_link")),
        sa.UniqueConstraint("tag", name=op.f("uq_handover_link_tag")),
        sa.UniqueConstraint("handover_id", "n", name=op.f("uq_handover_link_handover_id_n")),
    )
    op.create_index(
        "uq_handover_link_open",
        "handover_link",
        ["handover_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    for column in ("giver_key", "receiver_key", "unit_id"):
        op.create_index(f"ix_handover_link_{column}", "handover_link", [column, "state", "due_at"])
    op.create_table(
        "handover_sign",
        sa.Column("link_id", BigId, nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("proof", sa.String(10), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.Column("signature", Sealed, nullable=True),
        sa.Column("witness", Sealed, nullable=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.CheckConstraint("side in ('giver','receiver')", name=op.f("ck_handover_sign_side")),
        sa.CheckConstraint(
            "proof in ('account','qr','code','signature','photo','person')", name=op.f("ck_handover_sign_proof")
        ),
        sa.ForeignKeyConstraint(["link_id"], ["handover_link.id"], name=op.f("fk_handover_sign_link_id")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_handover_sign_by_id")),
        sa.PrimaryKeyConstraint("link_id", "side", name=op.f("pk_handover_sign")),
    )
    op.create_table(
        "handover_trouble",
        sa.Column("id", BigId, nullable=False),
        sa.Column("handover_id", BigId, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("note", Sealed, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.CheckConstraint("kind in ('lost','damaged','settled')", name=op.f("ck_handover_trouble_kind")),
        sa.ForeignKeyConstraint(["handover_id"], ["handover.id"], name=op.f("fk_handover_trouble_handover_id")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_handover_trouble_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_trouble")),
    )
    op.create_index("ix_handover_trouble_handover_id", "handover_trouble", ["handover_id"])
