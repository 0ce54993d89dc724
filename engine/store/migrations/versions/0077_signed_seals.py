"""Events have a keyed hash, seals a signature: until then only the file beside the database was proved by a key"""

import sqlalchemy as sa
from alembic import op

from engine.store import keys

revision = "0077"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("proof", sa.String(64), nullable=True))
    op.add_column("seal", sa.Column("public", sa.String(120), nullable=True))
    op.add_column("seal", sa.Column("signature", sa.String(120), nullable=True))
    _prove(op.get_bind())


def _prove(here: sa.Connection) -> None:
    """Events that no seal holds yet get theirs now: of before or not, a missing one is found as a change."""
    event = sa.table("event", sa.column("id"), sa.column("hash"), sa.column("proof"))
    sealed = sa.table("sealed_event", sa.column("event_id"))
    open_ = sa.select(event.c.id, event.c.hash).where(event.c.id.not_in(sa.select(sealed.c.event_id)))
    rows = [{"which": row.id, "by_key": keys.current().proof(f"event|{row.hash}")} for row in here.execute(open_).all()]
    if not rows:
        return
    put = sa.update(event).where(event.c.id == sa.bindparam("which")).values(proof=sa.bindparam("by_key"))
    if here.dialect.name == "sqlite":
        op.execute("DROP TRIGGER event_no_update")
        here.execute(put, rows)
        op.execute(
            "CREATE TRIGGER event_no_update BEFORE UPDATE ON event "
            "BEGIN SELECT RAISE(ABORT, 'event is append-only'); END"
        )
        return
    op.execute("ALTER TABLE event DISABLE TRIGGER event_append_only")
    here.execute(put, rows)
    op.execute("ALTER TABLE event ENABLE TRIGGER event_append_only")
