"""Each record of a for-each keeps its own amount: the list of all of them was opened again for every record"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A for-each that is under way has its amounts in `given`, where they are still found.
    with op.batch_alter_table("for_each_item") as table:
        table.add_column(sa.Column("amount", types.Sealed(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("for_each_item") as table:
        table.drop_column("amount")
