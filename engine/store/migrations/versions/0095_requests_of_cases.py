"""A request about one's own data is kept for its own time, of a case too: who asked for erasure reads the answer"""

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0093"
branch_labels = None
depends_on = None

OVER = sa.text("erased_at is null and answered_at is not null")


def upgrade() -> None:
    op.drop_index("ix_data_request_kept", table_name="data_request")
    op.create_index(
        "ix_data_request_kept", "data_request", ["answered_at", "id"], sqlite_where=OVER, postgresql_where=OVER
    )
