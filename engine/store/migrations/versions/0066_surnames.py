"""A case is found by its applicant's surname"""

import sqlalchemy as sa
from alembic import op

from engine.forms import written
from engine.store import keys
from engine.store.models import base as types

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

#: Rows looked at and written at once.
AT_ONCE = 500


def upgrade() -> None:
    op.add_column("case", sa.Column("surname_index", sa.String(32), nullable=True))
    _index(op.get_bind())
    op.create_index("ix_case_surname_index", "case", ["surname_index"])


def _index(here: sa.Connection) -> None:
    """The cases of before: the names are opened, and the index of the first part is kept."""
    case = sa.table(
        "case", sa.column("id"), sa.column("applicant_name", types.Sealed()), sa.column("surname_index", sa.String())
    )
    put = sa.update(case).where(case.c.id == sa.bindparam("which")).values(surname_index=sa.bindparam("index"))
    last = 0
    while True:
        names = sa.select(case.c.id, case.c.applicant_name).where(case.c.id > last).order_by(case.c.id).limit(AT_ONCE)
        rows = here.execute(names).all()
        if not rows:
            return
        last = rows[-1].id
        found = [
            {"which": row.id, "index": keys.blind("surname", written.surname(row.applicant_name))}
            for row in rows
            if row.applicant_name
        ]
        if found:
            here.execute(put, found)
