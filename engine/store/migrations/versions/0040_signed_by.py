"""How somebody was signed in and out, and by whom"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("booking_place") as table:
        table.add_column(sa.Column("brought_by", types.Sealed(), nullable=True))
        table.add_column(sa.Column("came_how", sa.String(length=12), nullable=False, server_default=""))
        table.add_column(sa.Column("came_by_id", ID, nullable=True))
        table.add_column(sa.Column("left_how", sa.String(length=12), nullable=False, server_default=""))
        table.add_column(sa.Column("left_by_id", ID, nullable=True))
        table.create_foreign_key(op.f("fk_booking_place_came_by_id"), "user", ["came_by_id"], ["id"])
        table.create_foreign_key(op.f("fk_booking_place_left_by_id"), "user", ["left_by_id"], ["id"])
