"""A grid is a unit; when a photograph was taken is known, for steps that ask for one newer than what they look at"""

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0097"
branch_labels = None
depends_on = None

BEFORE = "kind in ('county','office','town','village','community','centre','committee','partner')"
AFTER = "kind in ('county','office','town','village','community','grid','centre','committee','partner')"


def upgrade() -> None:
    op.add_column("file", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_unit_kind"), "unit", type_="check")
        op.create_check_constraint(op.f("ck_unit_kind"), "unit", AFTER)
        return
    # `unit` cannot be made anew inside a transaction while other tables refer to it; a wider CHECK changes nothing on
    # the disk but its text (as 0012 did).
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    quoted = (BEFORE.replace("'", "''"), AFTER.replace("'", "''"))
    op.execute(
        f"UPDATE sqlite_master SET sql = replace(sql, '{quoted[0]}', '{quoted[1]}') WHERE type = 'table' AND "
        "name = 'unit'"
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
