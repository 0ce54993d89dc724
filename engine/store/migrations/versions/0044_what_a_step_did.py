"""A task keeps what completing it did, so that it can be undone or named"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("effects", sa.JSON(), nullable=True))
