"""What a unit handed over late, and the newest of all boards, are found by an index in PostgreSQL too"""

from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    patterns = {"giver_key": "text_pattern_ops"}
    op.create_index("ix_handover_link_giver_begins", "handover_link", ["giver_key"], postgresql_ops=patterns)
    op.create_index("ix_board_entry_asked_at", "board_entry", ["asked_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_board_entry_asked_at", "board_entry")
    op.drop_index("ix_handover_link_giver_begins", "handover_link")
