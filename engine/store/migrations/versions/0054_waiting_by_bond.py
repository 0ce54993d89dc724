"""A place on a waiting list may be somebody's for whom another waits: with an account or without"""

import sqlalchemy as sa
from alembic import op

from engine.store import keys
from engine.store.models import base as types

revision = "0054"
down_revision = "0052"
branch_labels = None
depends_on = None

#: Written anew on SQLite, where a table's checks are not read back.
CHECKS = (sa.CheckConstraint("state in ('waiting','offered','taken','left')", name="state"),)
ONE = "uq_waiting_resource_id_day_person_index"


def upgrade() -> None:
    here = op.get_bind()
    checks = CHECKS if here.dialect.name == "sqlite" else ()
    with op.batch_alter_table("waiting", table_args=checks) as table:
        table.alter_column("user_id", existing_type=types.BigId, nullable=True)
        table.add_column(sa.Column("person_index", sa.String(32), nullable=True))
        table.add_column(sa.Column("name", types.Sealed(), nullable=True))
        table.add_column(sa.Column("phone", types.Sealed(), nullable=True))
        table.add_column(sa.Column("made_by_id", types.BigId, nullable=True))
        table.add_column(sa.Column("bond_id", types.BigId, nullable=True))
        table.create_foreign_key("fk_waiting_made_by_id", "user", ["made_by_id"], ["id"])
        table.create_foreign_key("fk_waiting_bond_id", "bond", ["bond_id"], ["id"])
    _who_they_are(here)
    with op.batch_alter_table("waiting", table_args=checks) as table:
        table.alter_column("person_index", existing_type=sa.String(32), nullable=False)
        table.create_unique_constraint(
            "uq_waiting_resource_id_day_person_index", ["resource_id", "day", "person_index"]
        )
    op.create_index("ix_waiting_bond_id", "waiting", ["bond_id"])
    op.create_index("ix_waiting_person_index", "waiting", ["person_index"])


def _who_they_are(here: sa.Connection) -> None:
    """Under what their bookings are found: the identity number, else the telephone, else name and account."""
    rows = sa.table("waiting", sa.column("id"), sa.column("user_id"), sa.column("person_index"))
    user = sa.Table(
        "user",
        sa.MetaData(),
        sa.Column("id", sa.BigInteger()),
        *(sa.Column(name, types.Sealed()) for name in ("name", "phone", "id_number")),
    )
    for id_, name, phone, number in here.execute(sa.select(user).where(user.c.id.in_(sa.select(rows.c.user_id)))).all():
        kind, said = ("id", number) if number else ("phone", phone) if phone else ("name", f"{name}/{id_}")
        here.execute(sa.update(rows).where(rows.c.user_id == id_).values(person_index=keys.blind(kind, said)))
