"""Why nobody else is let in at a time just now: carers are short"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0145"
down_revision = "0155"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slot", sa.Column("held", types.Sealed(), nullable=True))
