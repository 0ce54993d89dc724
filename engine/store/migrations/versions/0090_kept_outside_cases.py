"""What lives outside a case has its time too: bookings, orders, bonds, notices, accounts"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0090"
down_revision = "0088"
branch_labels = None
depends_on = None

BOOKED = "not (case_id is not null) and state in ('served','cancelled','no_show','expired')"
SENT = "not (case_id is not null) and state in ('sent','failed','cancelled')"
ANSWERED = "not (case_id is not null) and answered_at is not null"
WITHDRAWN = "not (case_id is not null) and withdrawn_at is not null"
#: Tables whose rows have their day: what of them is over.
DATED = {
    "appointment": BOOKED,
    "standing": "ended_at is not null",
    "waiting": "",
    "bond": "state = 'ended'",
    "user": "kind = 'resident' and erased_at is null",
}
#: … and those that are kept so long after a column of theirs.
SINCE = {
    "online_block": ("until_at", ""),
    "team": ("ended_at", "ended_at is not null"),
    "notice": ("created_at", SENT),
    "data_request": ("answered_at", ANSWERED),
    "look_grant": ("asked_at", ""),
    "reveal": ("at", "not (case_id is not null)"),
    "account_merge": ("at", ""),
}


def upgrade() -> None:
    op.add_column("user", sa.Column("used_at", types.UtcDateTime(), nullable=True))
    for table in DATED:
        op.add_column(table, sa.Column("keep_until", sa.Date(), nullable=True))
    for table in (*DATED, *SINCE):
        op.add_column(table, sa.Column("erased_at", types.UtcDateTime(), nullable=True))
    for table, over in DATED.items():
        undated = " and ".join(filter(None, ("keep_until is null", over)))
        _index(f"ix_{table}_undated", table, ["id"], undated)
        _index(f"ix_{table}_keep_until", table, ["keep_until", "id"], "erased_at is null and keep_until is not null")
    for table, (since, over) in SINCE.items():
        _index(f"ix_{table}_kept", table, [since, "id"], " and ".join(filter(None, ("erased_at is null", over))))
    _index("ix_consent_withdrawn_at", "consent", ["withdrawn_at", "id"], WITHDRAWN)
    # When accounts of before were used last, the log-ins still there say; of others it counts from now.
    user, session = (
        sa.table("user", *map(sa.column, ("id", "kind", "used_at"))),
        sa.table("session", *map(sa.column, ("user_id", "created_at"))),
    )
    last = sa.select(sa.func.max(session.c.created_at)).where(session.c.user_id == user.c.id).scalar_subquery()
    op.get_bind().execute(
        sa.update(user).where(user.c.kind == "resident").values(used_at=sa.func.coalesce(last, sa.func.now()))
    )


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
