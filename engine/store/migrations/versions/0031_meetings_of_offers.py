"""What a meeting holds are bookings of offers: rooms, the time of who leads it; who can lead one is a register"""

import sqlalchemy as sa
from alembic import op

from engine.forms import written
from engine.store import keys
from engine.store.models import base as types

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: The offers and the register of bpmn/_shared, and the post whose holders could be chosen until now.
ROOM, TIME, REGISTER, POST = "mediation-room", "mediator-time", "mediator", "mediator"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE appointment ADD COLUMN meeting_id INTEGER CONSTRAINT fk_appointment_meeting_id "
            "REFERENCES meeting (id)"
        )
    else:
        op.add_column("appointment", sa.Column("meeting_id", ID, nullable=True))
        op.create_foreign_key(op.f("fk_appointment_meeting_id"), "appointment", "meeting", ["meeting_id"], ["id"])
    op.execute(
        "UPDATE appointment SET meeting_id = (SELECT b.meeting_id FROM meeting_booking b "
        "WHERE b.appointment_id = appointment.id)"
    )
    op.create_index(op.f("ix_appointment_meeting_id"), "appointment", ["meeting_id"], unique=False)
    op.drop_table("meeting_booking")
    op.execute(f"UPDATE resource SET offer = '{ROOM}', matter = '' WHERE kind = 'room' AND offer = ''")
    op.execute(f"UPDATE resource SET offer = '{TIME}', matter = '' WHERE kind = 'person' AND code LIKE 'time-%'")
    _enrol(op.get_bind())


def _key(user_id: int, name: str, phone: str | None) -> str:
    """As the register keeps a person: by telephone and name together, else by the account."""
    if not phone:
        return f"u:{user_id}"
    return "pn:" + keys.blind("person", f"{written.compared('phone', phone)}/{written.compared('name', name)}")


def _enrol(connection: sa.Connection) -> None:
    """Everybody who could be chosen until now stands on the roll."""
    user = sa.table(
        "user",
        sa.column("id", ID),
        sa.column("name", types.Sealed()),
        sa.column("phone", types.Sealed()),
        sa.column("kind", sa.String()),
        sa.column("disabled_at", types.UtcDateTime()),
        sa.column("created_at", types.UtcDateTime()),
    )
    holding = sa.table("holding", sa.column("user_id", ID), sa.column("unit_id", ID), sa.column("post_id", ID))
    post = sa.table("post", sa.column("id", ID), sa.column("code", sa.String()))
    entry = sa.table(
        "register_entry",
        sa.column("id", ID),
        sa.column("register", sa.String()),
        sa.column("key", sa.String()),
        sa.column("version", sa.Integer()),
        sa.column("state", sa.String()),
        sa.column("title", types.Sealed()),
        sa.column("user_id", ID),
        sa.column("person", types.SealedJson()),
        sa.column("unit_id", ID),
        sa.column("place_id", ID),
        sa.column("facts", types.SealedJson()),
        sa.column("at", types.UtcDateTime()),
        sa.column("changed_at", types.UtcDateTime()),
    )
    index = sa.table(
        "register_index",
        sa.column("entry_id", ID),
        sa.column("field", sa.String()),
        sa.column("value", sa.String()),
        sa.column("register", sa.String()),
    )
    rows = connection.execute(
        sa.select(
            user.c.id, user.c.name, user.c.phone, user.c.created_at, sa.func.min(holding.c.unit_id).label("unit_id")
        )
        .join(holding, holding.c.user_id == user.c.id)
        .join(post, post.c.id == holding.c.post_id)
        .where(post.c.code == POST, user.c.kind == "staff", user.c.disabled_at.is_(None))
        .group_by(user.c.id, user.c.name, user.c.phone, user.c.created_at)
        .order_by(user.c.id)
    ).all()
    for one in rows:
        person = {"name": one.name, **({"phone": one.phone} if one.phone else {})}
        made = connection.execute(
            sa.insert(entry)
            .values(
                register=REGISTER,
                key=_key(one.id, one.name, one.phone),
                version=1,
                state="active",
                title=one.name,
                user_id=one.id,
                person=person,
                unit_id=one.unit_id,
                place_id=one.unit_id,
                facts={},
                at=one.created_at,
                changed_at=one.created_at,
            )
            .returning(entry.c.id)
        ).scalar_one()
        found = {"name": keys.blind("name", one.name), "phone": keys.blind("phone", one.phone) if one.phone else None}
        for field, value in found.items():
            if value is not None:
                connection.execute(sa.insert(index).values(entry_id=made, field=field, value=value, register=REGISTER))
