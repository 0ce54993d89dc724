"""What an agent took in or booked for people who are told aloud is found by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0106"
down_revision = "0110"
branch_labels = None
depends_on = None

WANTED = sa.text("by_voice = 'wanted'")


def upgrade() -> None:
    op.create_index(
        "ix_appointment_by_voice", "appointment", ["booked_by_id"], sqlite_where=WANTED, postgresql_where=WANTED
    )
    op.create_index("ix_case_submitted_by_id_received_at", "case", ["submitted_by_id", "received_at"])
