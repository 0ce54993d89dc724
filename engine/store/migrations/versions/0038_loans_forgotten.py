"""Who had a loan is forgotten some days after it ended; how often a title was lent stays"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

FORGOTTEN = (
    "forgotten_at is null or (ended_at is not null and user_id is null and guardian_id is null and phone is null "
    "and id_number is null and guardian_phone is null and who_ref = '')"
)
KEPT = sa.text("ended_at is not null and forgotten_at is null")


def upgrade() -> None:
    for name in ("loan", "loan_hold"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("forgotten_at", types.UtcDateTime(), nullable=True))
            table.create_check_constraint("forgotten", FORGOTTEN)
        op.create_index(f"ix_{name}_kept", name, ["ended_at", "id"], sqlite_where=KEPT, postgresql_where=KEPT)
    op.create_index("ix_loan_times", "loan", ["loans", "title"])
