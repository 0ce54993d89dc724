"""What is open of a hundred thousand offers, and the steps that somebody does by a bond, are found by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_resource_active_matter", "resource", ["active", "matter", "id"])
    by_bond = sa.text("bond_id is not null")
    op.create_index("ix_task_bond_id", "task", ["bond_id"], sqlite_where=by_bond, postgresql_where=by_bond)


def downgrade() -> None:
    op.drop_index("ix_task_bond_id", "task")
    op.drop_index("ix_resource_active_matter", "resource")
