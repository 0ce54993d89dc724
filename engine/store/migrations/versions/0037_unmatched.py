"""The case of a need that nobody took in time"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0037"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("match_side") as side:
        side.add_column(sa.Column("opened_id", types.BigId, nullable=True))
        side.create_foreign_key("fk_match_side_opened_id", "case", ["opened_id"], ["id"])
        side.create_unique_constraint("uq_match_side_opened_id", ["opened_id"])
