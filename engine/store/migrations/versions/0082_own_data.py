"""Consents know their case; what people ask about their own data is a row with a day by which it is answered"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("consent") as consent:
        consent.add_column(sa.Column("case_id", ID, nullable=True))
        consent.create_foreign_key(op.f("fk_consent_case_id"), "case", ["case_id"], ["id"])
        consent.create_index(op.f("ix_consent_case_id"), ["case_id"])
    _cases_of_consents(op.get_bind())
    op.create_table(
        "data_request",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("open_key", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", types.UtcDateTime(), nullable=True),
        sa.Column("answered_by_id", ID, nullable=True),
        sa.CheckConstraint("kind in ('correct','erase','withdrawn')", name=op.f("ck_data_request_kind")),
        sa.CheckConstraint("state in ('open','done','refused')", name=op.f("ck_data_request_state")),
        sa.CheckConstraint("(state = 'open') = (answered_at is null)", name=op.f("ck_data_request_answered")),
        sa.CheckConstraint("(state = 'open') = (open_key is not null)", name=op.f("ck_data_request_open")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_data_request_user_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_data_request_case_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_data_request_unit_id")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["user.id"], name=op.f("fk_data_request_answered_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
        sa.UniqueConstraint("open_key", name=op.f("uq_data_request_open_key")),
    )
    op.create_index(op.f("ix_data_request_user_id"), "data_request", ["user_id"])
    op.create_index(op.f("ix_data_request_case_id"), "data_request", ["case_id"])
    op.create_index("ix_data_request_unit_id_state", "data_request", ["unit_id", "state", "due_on"])


def _cases_of_consents(here: sa.Connection) -> None:
    """A consent of before names its case by the number in its facts."""
    consent = sa.table("consent", sa.column("id", ID), sa.column("facts", sa.JSON()), sa.column("case_id", ID))
    case = sa.table("case", sa.column("id", ID), sa.column("number", sa.String()))
    ids = {number: id for id, number in here.execute(sa.select(case.c.id, case.c.number))}
    put = sa.update(consent).where(consent.c.id == sa.bindparam("which")).values(case_id=sa.bindparam("of"))
    for id, facts in here.execute(sa.select(consent.c.id, consent.c.facts)).all():
        of = ids.get((facts or {}).get("number"))
        if of is not None:
            here.execute(put, {"which": id, "of": of})
