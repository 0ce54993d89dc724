"""Voters who agreed are told by text message: their telephone stands on the roll until the result was told"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ballot_voter", sa.Column("phone", types.Sealed(), nullable=True))
