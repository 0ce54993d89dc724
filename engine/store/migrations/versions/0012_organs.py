"""Committees and partner bodies are units; a unit without a seal's name has no seal"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE = "kind in ('county','office','town','village','community','centre')"
AFTER = "kind in ('county','office','town','village','community','centre','committee','partner')"


def upgrade() -> None:
    # Until now an empty name meant "as the unit is called"; from now on it means that the unit has no seal.
    op.execute("UPDATE unit SET seal_name = name WHERE seal_name = ''")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_unit_kind"), "unit", type_="check")
        op.create_check_constraint(op.f("ck_unit_kind"), "unit", AFTER)
        return
    # SQLite cannot change a constraint, and `unit` cannot be made anew inside a transaction while other tables refer to
    # it. A wider CHECK changes nothing on the disk but its text: the way SQLite's own manual gives for that.
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    quoted = (BEFORE.replace("'", "''"), AFTER.replace("'", "''"))
    op.execute(
        f"UPDATE sqlite_master SET sql = replace(sql, '{quoted[0]}', '{quoted[1]}') WHERE type = 'table' AND "
        "name = 'unit'"
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
