"""A second factor beside the password: codes of an app, recovery codes, passkeys; a way in that is half gone"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _user(table: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column("user_id", ID, sa.ForeignKey("user.id", name=op.f(f"fk_{table}_user_id")), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "authenticator",
        _user("authenticator"),
        sa.Column("secret", types.Sealed(), nullable=True),
        sa.Column("since_at", types.UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("next_secret", types.Sealed(), nullable=True),
        sa.Column("next_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_authenticator")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", ID, nullable=False),
        _user("recovery_code"),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("used_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recovery_code_code_hash")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"])
    op.create_table(
        "passkey",
        sa.Column("id", ID, nullable=False),
        _user("passkey"),
        sa.Column("name", types.SealedWords(), nullable=True),
        sa.Column("credential", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("used_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential", name=op.f("uq_passkey_credential")),
    )
    op.create_index(op.f("ix_passkey_user_id"), "passkey", ["user_id"])
    op.create_table(
        "sign_in_step",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        _user("sign_in_step", nullable=True),
        sa.Column("facts", types.SealedJson(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.Column("used_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind in ('second','passkey','new-passkey','sso')", name=op.f("ck_sign_in_step_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_step")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_step_token_hash")),
    )
    op.create_index(op.f("ix_sign_in_step_user_id"), "sign_in_step", ["user_id"])
    op.create_index(op.f("ix_sign_in_step_expires_at"), "sign_in_step", ["expires_at"])
    op.add_column("user", sa.Column("sso_subject", sa.String(64), nullable=True))
    op.create_index("uq_user_sso_subject", "user", ["sso_subject"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_user_sso_subject", "user")
    op.drop_column("user", "sso_subject")
    for table in ("sign_in_step", "passkey", "recovery_code", "authenticator"):
        op.drop_table(table)
