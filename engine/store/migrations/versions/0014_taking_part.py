"""Roles of those who take part in a case; a person's time is one resource, whatever they lead"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013a"
branch_labels = None
depends_on = None

#: Until now one kind of staff was chosen for a case (0011): that is what they were called.
BEFORE = "mediator"


def upgrade() -> None:
    op.add_column("case_party", sa.Column("role", sa.String(40), nullable=False, server_default="party"))
    op.add_column("case", sa.Column("chosen", sa.JSON(), nullable=False, server_default="{}"))
    case = sa.table("case", sa.column("id"), sa.column("lead_ids", sa.JSON), sa.column("chosen", sa.JSON))
    at = op.get_bind()
    for id_, leads in at.execute(sa.select(case.c.id, case.c.lead_ids)).all():
        if leads:
            at.execute(sa.update(case).where(case.c.id == id_).values(chosen={BEFORE: leads}))
    op.drop_column("case", "lead_ids")
    resource = sa.table("resource", sa.column("id"), sa.column("code", sa.String), sa.column("kind", sa.String))
    for id_, code in at.execute(
        sa.select(resource.c.id, resource.c.code).where(
            resource.c.kind == "person", resource.c.code.startswith(f"{BEFORE}-")
        )
    ).all():
        of = code.removeprefix(f"{BEFORE}-")
        at.execute(sa.update(resource).where(resource.c.id == id_).values(code=f"time-{of}"))
