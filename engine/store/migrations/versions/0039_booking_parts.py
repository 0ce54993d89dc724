"""Who pays which part of a booking's price, and what a standing order asks for on a single day"""

from decimal import ROUND_HALF_UP, Decimal

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: Bookings read at a time.
PORTION = 1000


def upgrade() -> None:
    op.create_table(
        "booking_part",
        sa.Column("id", ID, nullable=False),
        sa.Column("appointment_id", ID, nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("payer_id", ID, nullable=True),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_booking_part_cents")),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_booking_part_appointment_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["unit.id"], name=op.f("fk_booking_part_payer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_part")),
        sa.UniqueConstraint(
            "appointment_id", "part", "payer_id", name=op.f("uq_booking_part_appointment_id_part_payer_id")
        ),
    )
    op.create_index(op.f("ix_booking_part_appointment_id"), "booking_part", ["appointment_id"], unique=False)
    op.add_column("appointment", sa.Column("cents", sa.Integer(), nullable=True))
    op.add_column("standing_day", sa.Column("answers", types.SealedJson(), nullable=True))
    _parts_of_before()


def _parts_of_before() -> None:
    """Bookings that were made with a price keep what its decision said: `pays` is the person's, the others by name."""
    connection = op.get_bind()
    made = sa.table("appointment", sa.column("id"), sa.column("price", sa.JSON()), sa.column("cents"))
    part = sa.table("booking_part", sa.column("appointment_id"), sa.column("part"), sa.column("cents"))
    reached = 0
    while True:
        rows = connection.execute(
            sa.select(made.c.id, made.c.price).where(made.c.id > reached).order_by(made.c.id).limit(PORTION)
        ).all()
        for id_, price in rows:
            amounts = {name: cents for name, value in (price or {}).items() if (cents := _cents(value)) is not None}
            if "pays" not in amounts:
                continue
            parts = {"self" if name == "pays" else name[:40]: cents for name, cents in amounts.items()}
            kept = [
                {"appointment_id": id_, "part": name, "cents": cents}
                for name, cents in parts.items()
                if cents or name == "self"
            ]
            connection.execute(sa.insert(part), kept)
            connection.execute(sa.update(made).where(made.c.id == id_).values(cents=sum(parts.values())))
        if len(rows) < PORTION:
            return
        reached = rows[-1].id


def _cents(value: object) -> int | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        return None
    if not amount.is_finite() or amount < 0:
        return None
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
