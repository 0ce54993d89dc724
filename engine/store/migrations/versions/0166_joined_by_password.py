"""The first sign-in by the single sign-on waits for the hall's password"""

from alembic import op

revision = "0166"
down_revision = "0161"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sign_in_step") as table:
        table.drop_constraint(op.f("ck_sign_in_step_kind"), type_="check")
        table.create_check_constraint(
            op.f("ck_sign_in_step_kind"), "kind in ('second','passkey','new-passkey','sso','sso-join')"
        )
