"""Many looks at whole data need two persons: what was asked of a head, and granted for an hour"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ASKED = "state = 'asked'"


def upgrade() -> None:
    op.create_table(
        "look_grant",
        sa.Column("id", ID, nullable=False),
        sa.Column("asker_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("many", sa.Integer(), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("granter_id", ID, nullable=True),
        sa.Column("answered_at", types.UtcDateTime(), nullable=True),
        sa.Column("until_at", types.UtcDateTime(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("state in ('asked','granted','refused')", name=op.f("ck_look_grant_state")),
        sa.CheckConstraint("many > 0 and used between 0 and many", name=op.f("ck_look_grant_used")),
        sa.CheckConstraint("granter_id is null or granter_id <> asker_id", name=op.f("ck_look_grant_two_persons")),
        sa.CheckConstraint(
            "(state = 'asked') = (granter_id is null) and (state = 'granted') = (until_at is not null)",
            name=op.f("ck_look_grant_answered"),
        ),
        sa.ForeignKeyConstraint(["asker_id"], ["user.id"], name=op.f("fk_look_grant_asker_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_look_grant_unit_id")),
        sa.ForeignKeyConstraint(["granter_id"], ["user.id"], name=op.f("fk_look_grant_granter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look_grant")),
    )
    op.create_index("ix_look_grant_asker_id_until_at", "look_grant", ["asker_id", "until_at"])
    op.create_index("ix_look_grant_unit_id_state", "look_grant", ["unit_id", "state"])
    op.create_index(
        "uq_look_grant_asked",
        "look_grant",
        ["asker_id"],
        unique=True,
        sqlite_where=sa.text(ASKED),
        postgresql_where=sa.text(ASKED),
    )
