"""A notice of a restored hall is held until somebody says whether it goes out"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0047"
branch_labels = None
depends_on = None

STATES = "state in ('waiting','held','sent','failed','cancelled')"
HELD = sa.text("state = 'held'")


def upgrade() -> None:
    with op.batch_alter_table("notice") as table:
        table.drop_constraint(op.f("ck_notice_state"), type_="check")
        table.create_check_constraint(op.f("ck_notice_state"), STATES)
    op.create_index("ix_notice_held", "notice", ["id"], sqlite_where=HELD, postgresql_where=HELD)
