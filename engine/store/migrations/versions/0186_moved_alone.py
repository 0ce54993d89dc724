"""A move of one case alone, by a head of its office or who runs the hall, is no plan of a designer"""

import sqlalchemy as sa
from alembic import op

revision = "0186"
down_revision = "0170"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("version_move", sa.Column("alone", sa.Boolean(), nullable=False, server_default=sa.false()))
