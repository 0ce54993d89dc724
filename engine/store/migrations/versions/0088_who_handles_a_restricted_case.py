"""A restricted case is read by the units that handle it, not by the village it belongs to"""

import sqlalchemy as sa
from alembic import op

revision = "0088"
down_revision = "0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("handled_by", sa.String(length=400), nullable=False, server_default=""))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("case", "handled_by", server_default=None)
    _name(op.get_bind())


def _name(here: sa.Connection) -> None:
    """The restricted cases of before: the counter that took them in, and the units of their steps; never a unit that
    could not read them until now."""
    case = sa.table(
        "case",
        *(sa.column(name) for name in ("id", "restricted", "channel", "handled_by")),
        *(sa.column(name) for name in ("place_id", "unit_id", "office_id")),
    )
    task = sa.table("task", sa.column("case_id"), sa.column("unit_id"))
    put = sa.update(case).where(case.c.id == sa.bindparam("which")).values(handled_by=sa.bindparam("units"))
    for row in here.execute(sa.select(case).where(case.c.restricted)).all():
        steps = sa.select(task.c.unit_id).where(task.c.case_id == row.id, task.c.unit_id.is_not(None))
        named = set(here.scalars(steps)) & {row.place_id, row.unit_id, row.office_id}
        if row.channel in ("counter", "agent", "phone"):
            named.add(row.unit_id)
        if named:
            here.execute(put, {"which": row.id, "units": f"/{'/'.join(map(str, sorted(named)))}/"})
