"""Which unit signs a paper: its head, and those above, void it or issue it again"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0165"
down_revision = "0145"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("document") as table:
        table.add_column(sa.Column("unit_id", types.BigId, nullable=True))
        table.create_foreign_key(op.f("fk_document_unit_id_unit"), "unit", ["unit_id"], ["id"])
