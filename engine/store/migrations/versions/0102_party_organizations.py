"""A party organization is a unit of its own: its seal is not a government's, and its members' cases are read there"""

from alembic import op

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

BEFORE = "kind in ('county','office','town','village','community','grid','centre','committee','partner')"
AFTER = "kind in ('county','office','town','village','community','grid','centre','committee','partner','party')"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_unit_kind"), "unit", type_="check")
        op.create_check_constraint(op.f("ck_unit_kind"), "unit", AFTER)
        return
    # As 0101: a wider CHECK changes nothing on the disk but its text, and `unit` cannot be made anew here.
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    quoted = (BEFORE.replace("'", "''"), AFTER.replace("'", "''"))
    op.execute(
        f"UPDATE sqlite_master SET sql = replace(sql, '{quoted[0]}', '{quoted[1]}') WHERE type = 'table' AND "
        "name = 'unit'"
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
