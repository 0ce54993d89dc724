"""What is noted at a door of who comes and leaves: a temperature, on what proof a child was let go"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0161"
down_revision = "0160"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_place", sa.Column("noted", types.SealedJson(), nullable=True))
