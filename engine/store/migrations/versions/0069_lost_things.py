"""A thing that was said to be lost is asked for no more"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("handover", sa.Column("lost_at", types.UtcDateTime(), nullable=True))
    # Of before: what lies open, was said to be lost, and is not on its way again.
    op.execute(
        "update handover set lost_at = (select max(at) from handover_trouble"
        " where handover_trouble.handover_id = handover.id and handover_trouble.kind = 'lost')"
        " where ended_at is null and not exists (select 1 from handover_link"
        " where handover_link.handover_id = handover.id and handover_link.state = 'open')"
    )
