"""A new password is set by a link that works once"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reset_link",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", ID, sa.ForeignKey("user.id", name=op.f("fk_reset_link_user_id")), nullable=False),
        sa.Column("by_id", ID, sa.ForeignKey("user.id", name=op.f("fk_reset_link_by_id")), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.Column("used_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_reset_link_token_hash")),
    )
    op.create_index(op.f("ix_reset_link_user_id"), "reset_link", ["user_id"])


def downgrade() -> None:
    op.drop_table("reset_link")
