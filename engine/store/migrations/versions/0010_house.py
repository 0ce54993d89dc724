"""The English of a notice"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("text_en", sa.LargeBinary(), nullable=True))
