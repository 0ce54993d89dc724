"""The offices a case was referred from"""

import sqlalchemy as sa
from alembic import op

revision = "0013a"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("past_offices", sa.String(length=400), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("case", "past_offices", server_default=None)
