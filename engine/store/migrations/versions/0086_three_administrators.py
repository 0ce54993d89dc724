"""Posts may be of the roles security and auditor: 三员分立"""

from alembic import op

revision = "0086"
down_revision = "0083"
branch_labels = None
depends_on = None

BEFORE = "role in ('clerk','supervisor','designer','operator')"
AFTER = "role in ('clerk','supervisor','designer','operator','security','auditor')"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_post_role"), "post", type_="check")
        op.create_check_constraint(op.f("ck_post_role"), "post", AFTER)
        return
    # `post` cannot be made anew inside a transaction while holdings refer to it; a wider CHECK changes nothing on the
    # disk but its text (as 0012 did).
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    quoted = (BEFORE.replace("'", "''"), AFTER.replace("'", "''"))
    op.execute(
        f"UPDATE sqlite_master SET sql = replace(sql, '{quoted[0]}', '{quoted[1]}') WHERE type = 'table' AND "
        "name = 'post'"
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
