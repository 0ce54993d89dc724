"""Who rode together says that they arrived; who was told when nobody did"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0092"
down_revision = "0090"
branch_labels = None
depends_on = None

BY = "arrived_by is null or arrived_by in ('supply','need','desk')"
BOTH = "(arrived_at is null) = (arrived_by is null)"
CALLED = "called between 0 and 3"


def upgrade() -> None:
    op.add_column("match_pair", sa.Column("arrived_at", types.UtcDateTime(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":  # it adds no constraint to a table that is there, but a column with
        op.execute(
            f"ALTER TABLE match_pair ADD COLUMN arrived_by VARCHAR(6) CONSTRAINT ck_match_pair_arrived_by CHECK ({BY}) "
            f"CONSTRAINT ck_match_pair_arrived CHECK ({BOTH})"
        )
        op.execute(
            "ALTER TABLE match_pair ADD COLUMN called INTEGER DEFAULT 0 NOT NULL CONSTRAINT ck_match_pair_called "
            f"CHECK ({CALLED})"
        )
        return
    op.add_column("match_pair", sa.Column("arrived_by", sa.String(6), nullable=True))
    op.add_column("match_pair", sa.Column("called", sa.Integer(), nullable=False, server_default="0"))
    for name, rule in (("arrived_by", BY), ("arrived", BOTH), ("called", CALLED)):
        op.create_check_constraint(op.f(f"ck_match_pair_{name}"), "match_pair", rule)
