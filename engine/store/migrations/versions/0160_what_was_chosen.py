"""What was chosen with a booking: the dish, so that a kitchen counts by it and all who ate one are found"""

import sqlalchemy as sa
from alembic import op

revision = "0160"
down_revision = "0165"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("chosen", sa.String(80), nullable=False, server_default=""))
