"""The case of a need that nobody took in time; a pair of which one side did not come"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("match_side") as side:
        side.add_column(sa.Column("opened_id", types.BigId, nullable=True))
        side.create_foreign_key("fk_match_side_opened_id", "case", ["opened_id"], ["id"])
        side.create_unique_constraint("uq_match_side_opened_id", ["opened_id"])
    with op.batch_alter_table("match_pair") as pair:
        pair.add_column(sa.Column("absent", sa.String(6), nullable=True))
        pair.create_check_constraint(
            "absent", "absent is null or (absent in ('supply','need') and agreed_at is not null)"
        )
