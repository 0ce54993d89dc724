"""A change of the data key says whether it was begun when every machine wrote by the new key already"""

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nobody knows it of those of before: with False, `yizhan keys rotate` goes through everything once more.
    op.add_column("key_turn", sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("key_turn") as table:
        table.drop_column("again")
