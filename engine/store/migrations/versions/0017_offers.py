"""Offers: places by role, who takes them, and what a resource follows; a booking need not open a case"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "slot_place",
        sa.Column("slot_id", ID, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("title_en", sa.String(length=80), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=500), nullable=False),
        sa.Column("who_says", sa.String(length=200), nullable=False),
        sa.Column("who_says_en", sa.String(length=200), nullable=False),
        sa.CheckConstraint("taken between 0 and capacity", name=op.f("ck_slot_place_taken")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("fk_slot_place_slot_id")),
        sa.PrimaryKeyConstraint("slot_id", "role", name=op.f("pk_slot_place")),
    )
    op.create_table(
        "booking_place",
        sa.Column("id", ID, nullable=False),
        sa.Column("appointment_id", ID, nullable=False),
        sa.Column("slot_id", ID, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("person_index", sa.String(length=32), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("name", types.Sealed(), nullable=False),
        sa.Column("phone", types.Sealed(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("checked_in_at", types.UtcDateTime(), nullable=True),
        sa.Column("checked_out_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_booking_place_appointment_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("fk_booking_place_slot_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_booking_place_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_place")),
    )
    op.create_index(op.f("ix_booking_place_appointment_id"), "booking_place", ["appointment_id"], unique=False)
    op.create_index(op.f("ix_booking_place_person_index"), "booking_place", ["person_index"], unique=False)
    op.create_index(op.f("ix_booking_place_user_id"), "booking_place", ["user_id"], unique=False)
    op.create_index(
        "uq_booking_place_slot_id_person_index",
        "booking_place",
        ["slot_id", "person_index"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
    _add("resource", "offer", sa.String(length=81))
    _add("resource", "about", sa.String(length=500))
    _add("resource", "closed_reason", sa.String(length=200))
    op.add_column("resource", sa.Column("covered", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("resource", sa.Column("address", types.Sealed(), nullable=True))
    op.add_column("resource", sa.Column("closed_at", types.UtcDateTime(), nullable=True))
    _link("resource", "place_id", "unit")
    _link("resource", "case_id", "case")
    _link("resource", "parent_id", "resource")
    for column in ("offer", "place_id", "case_id", "parent_id"):
        op.create_index(op.f(f"ix_resource_{column}"), "resource", [column], unique=False)
    op.add_column("appointment", sa.Column("places", sa.Integer(), nullable=False, server_default="1"))
    _add("appointment", "team", sa.String(length=80))
    op.add_column("appointment", sa.Column("answers", types.SealedJson(), nullable=True))
    op.add_column("appointment", sa.Column("price", sa.JSON(), nullable=False, server_default="{}"))
    _link("appointment", "booked_by_id", "user")
    _add("waiting", "role", sa.String(length=40))
    _add("online_block", "offer", sa.String(length=81))
    # What opened a case with each booking until now is declared by that matter, by the name of its kind.
    op.execute(
        "UPDATE resource SET offer = matter || '.' || kind WHERE kind IN ('window', 'session', 'seat') AND matter <> ''"
    )


def _add(table: str, column: str, kind: sa.String) -> None:
    op.add_column(table, sa.Column(column, kind, nullable=False, server_default=""))


def _link(table: str, column: str, to: str) -> None:
    """A column that points to another table. SQLite adds no constraint to a table that is there, but a column with
    one."""
    name = f"fk_{table}_{column}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f'ALTER TABLE "{table}" ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES "{to}" (id)')
    else:
        op.add_column(table, sa.Column(column, ID, nullable=True))
        op.create_foreign_key(op.f(name), table, to, [column], ["id"])
