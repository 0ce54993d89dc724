"""Events have a keyed hash, seals a signature: until then only the file beside the database was proved by a key"""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("proof", sa.String(64), nullable=True))
    op.add_column("seal", sa.Column("public", sa.String(120), nullable=True))
    op.add_column("seal", sa.Column("signature", sa.String(120), nullable=True))
