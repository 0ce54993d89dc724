"""Who keeps away from a case (回避); ratings nobody gave, named ones, mistaken ones"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("case", "task"):
        op.add_column(table, sa.Column("apart", sa.String(length=400), nullable=False, server_default=""))
    op.add_column("case", sa.Column("stopped_at", types.UtcDateTime(), nullable=True))
    op.create_index("ix_rating_at", "rating", ["at"], unique=False)
    level = sa.CheckConstraint("level between 1 and 5", name=op.f("ck_rating_level"))
    unrated = sa.CheckConstraint("(level is null) = default_unrated", name=op.f("ck_rating_unrated"))
    sqlite = op.get_bind().dialect.name == "sqlite"
    # SQLite makes the table anew and forgets the checks it cannot reflect: they are given again.
    with op.batch_alter_table("rating", table_args=(level, unrated) if sqlite else ()) as rating:
        rating.alter_column("level", existing_type=sa.Integer(), nullable=True)
        rating.add_column(sa.Column("named", sa.Boolean(), nullable=False, server_default=sa.false()))
        rating.add_column(sa.Column("mistaken", sa.Boolean(), nullable=False, server_default=sa.false()))
    if not sqlite:
        op.create_check_constraint(op.f("ck_rating_unrated"), "rating", "(level is null) = default_unrated")
