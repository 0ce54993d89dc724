"""The lists of holds, tickets, claims, bonds and boards are found by an index, however many rows there are"""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_loan_hold_title_state", "loan_hold", ["title", "state"]),
    ("ix_loan_hold_who_ref_state", "loan_hold", ["who_ref", "state"]),
    ("ix_ticket_window_id_state", "ticket", ["window_id", "state"]),
    ("ix_booking_place_slot_id", "booking_place", ["slot_id"]),
    ("ix_document_file_id", "document", ["file_id"]),
    ("ix_bond_subject_ref", "bond", ["subject_ref"]),
    ("ix_board_entry_state_from_at", "board_entry", ["state", "from_at"]),
    ("ix_board_entry_state_changed_at", "board_entry", ["state", "changed_at"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _columns in INDEXES:
        op.drop_index(name, table)
