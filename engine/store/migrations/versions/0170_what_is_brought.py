"""What is brought to somebody's door: by which round, and who took it there"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0170"
down_revision = "0181"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("round", sa.String(40), nullable=False, server_default=""))
    op.add_column("booking_place", sa.Column("handed_to", types.Sealed(), nullable=True))
