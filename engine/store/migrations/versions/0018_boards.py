"""公开栏: entries, what readers said to them, who asked to be told; public_notice becomes board_entry"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board_told",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.CheckConstraint("times >= 0 and times <= 3", name=op.f("ck_board_told_few")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_board_told_user_id")),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_board_told")),
    )
    op.create_table(
        "board_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("board", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("hidden", types.SealedJson(), nullable=False),
        sa.Column("effect", sa.String(length=120), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("review_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("review_post", sa.String(length=40), nullable=True),
        sa.Column("review_due_at", types.UtcDateTime(), nullable=True),
        sa.Column("reviewed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reviewed_at", types.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("from_at", types.UtcDateTime(), nullable=True),
        sa.Column("until_at", types.UtcDateTime(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("changed_at", types.UtcDateTime(), nullable=False),
        sa.Column("change", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "kind in ('notice','need','offer','activity','market','sharing')", name=op.f("ck_board_entry_kind")
        ),
        sa.CheckConstraint("state <> 'shown' or from_at is not null", name=op.f("ck_board_entry_since")),
        sa.CheckConstraint(
            "state in ('review','shown','refused','withdrawn','over','kept')", name=op.f("ck_board_entry_state")
        ),
        sa.CheckConstraint("changed >= 0", name=op.f("ck_board_entry_changed")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_board_entry_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_board_entry_case_id")),
        sa.ForeignKeyConstraint(["place_id"], ["unit.id"], name=op.f("fk_board_entry_place_id")),
        sa.ForeignKeyConstraint(["review_unit_id"], ["unit.id"], name=op.f("fk_board_entry_review_unit_id")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["user.id"], name=op.f("fk_board_entry_reviewed_by_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_board_entry_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_board_entry_key")),
        sa.UniqueConstraint("number", name=op.f("uq_board_entry_number")),
    )
    op.create_index(op.f("ix_board_entry_case_id"), "board_entry", ["case_id"], unique=False)
    op.create_index(
        "ix_board_entry_place_id_state_until_at", "board_entry", ["place_id", "state", "until_at"], unique=False
    )
    op.create_index(
        "ix_board_entry_review",
        "board_entry",
        ["review_unit_id", "review_post"],
        unique=False,
        sqlite_where=sa.text("state = 'review'"),
        postgresql_where=sa.text("state = 'review'"),
    )
    op.create_index("ix_board_entry_unit_id_asked_at", "board_entry", ["unit_id", "asked_at"], unique=False)
    op.create_table(
        "board_follow",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=True),
        sa.Column("place_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("since_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(entry_id is not null and kind is null and place_id is null) or "
            "(entry_id is null and kind is not null and place_id is not null)",
            name=op.f("ck_board_follow_what"),
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["board_entry.id"], name=op.f("fk_board_follow_entry_id")),
        sa.ForeignKeyConstraint(["place_id"], ["unit.id"], name=op.f("fk_board_follow_place_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_board_follow_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_follow")),
        sa.UniqueConstraint("user_id", "entry_id", name=op.f("uq_board_follow_user_id_entry_id")),
        sa.UniqueConstraint("user_id", "kind", "place_id", name=op.f("uq_board_follow_user_id_kind_place_id")),
    )
    op.create_index(op.f("ix_board_follow_entry_id"), "board_follow", ["entry_id"], unique=False)
    op.create_index("ix_board_follow_kind_place_id", "board_follow", ["kind", "place_id"], unique=False)
    op.create_index(op.f("ix_board_follow_user_id"), "board_follow", ["user_id"], unique=False)
    op.create_table(
        "board_objection",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", types.Sealed(), nullable=False),
        sa.Column("phone", types.Sealed(), nullable=True),
        sa.Column("words", types.Sealed(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("heard", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["board_entry.id"], name=op.f("fk_board_objection_entry_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_board_objection_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_objection")),
        sa.UniqueConstraint("number", name=op.f("uq_board_objection_number")),
    )
    op.create_index(op.f("ix_board_objection_entry_id"), "board_objection", ["entry_id"], unique=False)
    _keep()
    op.drop_index(op.f("ix_public_notice_case_id"), table_name="public_notice")
    op.drop_index(op.f("ix_public_notice_unit_id"), table_name="public_notice")
    op.drop_index(op.f("ix_public_notice_until_at"), table_name="public_notice")
    op.drop_table("public_notice")


def _keep() -> None:
    """No page showed a notice until now, and nothing held its facts against what may be public: they stay, sealed, for
    the staff of the unit, and the public reads none of them."""
    at = op.get_bind()
    old = sa.table(
        "public_notice",
        *(sa.column(name) for name in ("id", "key", "case_id", "unit_id", "kind")),
        sa.column("facts", sa.JSON()),
        sa.column("from_at", types.UtcDateTime()),
        sa.column("until_at", types.UtcDateTime()),
    )
    case = sa.table("case", sa.column("id"), sa.column("matter", sa.String))
    new = sa.table(
        "board_entry",
        *(
            sa.column(name)
            for name in ("id", "key", "number", "board", "kind", "state", "case_id", "unit_id", "place_id")
        ),
        *(sa.column(name) for name in ("title", "words", "reason", "changed", "change")),
        sa.column("facts", sa.JSON()),
        sa.column("shown", sa.JSON()),
        sa.column("hidden", types.SealedJson()),
        *(sa.column(name, types.UtcDateTime()) for name in ("asked_at", "from_at", "until_at", "changed_at")),
    )
    rows = at.execute(
        sa.select(old, case.c.matter).join_from(old, case, case.c.id == old.c.case_id, isouter=True)
    ).all()
    for row in rows:
        at.execute(
            sa.insert(new).values(
                key=row.key,
                number=f"{row.from_at.year}0{row.id:06d}",
                board=f"{row.matter}.{row.kind}"[:80] if row.matter else row.kind,
                kind="notice",
                state="kept",
                case_id=row.case_id,
                unit_id=row.unit_id,
                place_id=row.unit_id,
                title=row.kind,
                words="",
                reason="",
                changed=0,
                change="",
                facts={},
                shown={},
                hidden=row.facts,
                asked_at=row.from_at,
                from_at=row.from_at,
                until_at=row.until_at,
                changed_at=row.from_at,
            )
        )
