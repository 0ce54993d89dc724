"""When a photograph was taken: some steps ask for one that is newer than what they look at"""

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("file", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
