"""An order that a case set aside counts in no rate; which case, and so why, is kept"""

import sqlalchemy as sa
from alembic import op

revision = "0114"
down_revision = "0112"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("work_order") as batch:
        batch.add_column(sa.Column("set_aside_id", ID))
        batch.create_foreign_key(op.f("fk_work_order_set_aside_id_case"), "case", ["set_aside_id"], ["id"])
