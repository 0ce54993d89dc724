"""A confidential case: known to the people of its own office, and as if it were not there to everybody else"""

import sqlalchemy as sa
from alembic import op

revision = "0116"
down_revision = "0114"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("confidential", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("case", "confidential", server_default=None)
