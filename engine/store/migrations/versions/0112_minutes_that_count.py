"""How many minutes of a stay count, for a day may have at most so many"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0112"
down_revision = "0106"
branch_labels = None
depends_on = None

PLACE = sa.table(
    "booking_place",
    sa.column("id", sa.BigInteger),
    sa.column("checked_in_at", types.UtcDateTime()),
    sa.column("checked_out_at", types.UtcDateTime()),
    sa.column("minutes", sa.Integer),
)


def upgrade() -> None:
    op.add_column("booking_place", sa.Column("minutes", sa.Integer()))
    # What was entered until today had no limit, and stays as it was entered.
    there = sa.select(PLACE.c.id, PLACE.c.checked_in_at, PLACE.c.checked_out_at)
    there = there.where(PLACE.c.checked_in_at.is_not(None), PLACE.c.checked_out_at.is_not(None))
    stays = [
        {"place": id_, "whole": max(0, int((left - came).total_seconds() // 60))}
        for id_, came, left in op.get_bind().execute(there)
    ]
    if stays:
        whole = sa.update(PLACE).where(PLACE.c.id == sa.bindparam("place")).values(minutes=sa.bindparam("whole"))
        op.get_bind().execute(whole, stays)
