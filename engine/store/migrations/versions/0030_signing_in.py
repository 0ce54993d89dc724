"""A code belongs to the device that asked for it"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("one_time_code", sa.Column("ask", sa.String(64), nullable=False, server_default=""))
