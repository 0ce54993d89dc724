"""Jobs that wait, and notices, are found by how their key begins"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    patterns = {"key": "text_pattern_ops"}
    live = sa.text("state in ('ready','leased')")
    op.create_index(
        "ix_job_key_begins", "job", ["key"], sqlite_where=live, postgresql_where=live, postgresql_ops=patterns
    )
    op.create_index("ix_notice_key_begins", "notice", ["key"], postgresql_ops=patterns)
