"""Entries of registers have keys, states and a history; what they are searched by"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # Lines of before keep their place and their content: they have no key, and were last changed when they were made.
    with op.batch_alter_table("register_entry") as entry:
        entry.add_column(sa.Column("key", sa.String(80), nullable=True))
        entry.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        entry.add_column(sa.Column("state", sa.String(40), nullable=False, server_default=""))
        entry.add_column(sa.Column("title", types.Sealed(), nullable=True))
        entry.add_column(sa.Column("valid_until", sa.Date(), nullable=True))
        entry.add_column(sa.Column("user_id", BigId, nullable=True))
        entry.add_column(sa.Column("person", types.SealedJson(), nullable=True))
        entry.add_column(sa.Column("place_id", BigId, nullable=True))
        entry.add_column(sa.Column("changed_at", types.UtcDateTime(), nullable=True))
        entry.add_column(sa.Column("ended_at", types.UtcDateTime(), nullable=True))
        entry.add_column(sa.Column("told_for", sa.Date(), nullable=True))
        entry.add_column(sa.Column("told_over", sa.Date(), nullable=True))
        entry.add_column(sa.Column("keep_until", sa.Date(), nullable=True))
        entry.add_column(sa.Column("blanked_at", types.UtcDateTime(), nullable=True))
    op.execute("UPDATE register_entry SET changed_at = at")
    with op.batch_alter_table("register_entry") as entry:
        entry.alter_column("version", server_default=None)
        entry.alter_column("state", server_default=None)
        entry.alter_column("changed_at", existing_type=types.UtcDateTime(), nullable=False)
        entry.create_foreign_key(op.f("fk_register_entry_user_id"), "user", ["user_id"], ["id"])
        entry.create_foreign_key(op.f("fk_register_entry_place_id"), "unit", ["place_id"], ["id"])
        entry.create_unique_constraint(op.f("uq_register_entry_register_key"), ["register", "key"])
        entry.create_check_constraint(op.f("ck_register_entry_version"), "version >= 1")
    # A line of a case belongs where its case does.
    op.execute(
        'UPDATE register_entry SET place_id = (SELECT place_id FROM "case" WHERE "case".id = register_entry.case_id) '
        "WHERE case_id IS NOT NULL"
    )
    for name, columns in (
        ("ix_register_entry_register_place_id", ["register", "place_id", "id"]),
        ("ix_register_entry_register_unit_id", ["register", "unit_id", "id"]),
        ("ix_register_entry_register_state", ["register", "state", "id"]),
        ("ix_register_entry_user_id", ["user_id"]),
        ("ix_register_entry_valid_until", ["register", "valid_until", "id"]),
    ):
        op.create_index(name, "register_entry", columns)
    some = sa.text("keep_until IS NOT NULL")
    op.create_index(
        "ix_register_entry_keep_until", "register_entry", ["keep_until"], sqlite_where=some, postgresql_where=some
    )
    op.create_table(
        "register_index",
        sa.Column("entry_id", BigId, nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("value", sa.String(80), nullable=False),
        sa.Column("register", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["register_entry.id"], name=op.f("fk_register_index_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "field", "value", name=op.f("pk_register_index")),
    )
    op.create_index("ix_register_index_value", "register_index", ["register", "field", "value", "entry_id"])
    op.create_table(
        "register_change",
        sa.Column("id", BigId, nullable=False),
        sa.Column("entry_id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("what", sa.String(12), nullable=False),
        sa.Column("why", types.Sealed(), nullable=True),
        sa.Column("facts", types.SealedJson(), nullable=True),
        sa.CheckConstraint("what in ('changed','state','imported','blanked')", name=op.f("ck_register_change_what")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_register_change_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_register_change_case_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["register_entry.id"], name=op.f("fk_register_change_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_change")),
        sa.UniqueConstraint("entry_id", "version", name=op.f("uq_register_change_entry_id_version")),
    )
    with op.batch_alter_table("reveal") as reveal:
        reveal.add_column(sa.Column("entry_id", BigId, nullable=True))
        reveal.create_foreign_key(op.f("fk_reveal_entry_id"), "register_entry", ["entry_id"], ["id"])
        reveal.create_index(op.f("ix_reveal_entry_id"), ["entry_id"])
