"""A telephone number is not a person: since when it is theirs, doubts and proofs; accounts that became one"""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MERGED = "merged_into_id is null or (merged_into_id <> id and disabled_at is not null)"


def _user(table: str, column: str) -> sa.ForeignKey:
    return sa.ForeignKey("user.id", name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    moment = sa.DateTime(timezone=True) if op.get_bind().dialect.name != "sqlite" else sa.DateTime()
    for column in ("number_at", "doubted_at", "proved_at"):
        op.add_column("user", sa.Column(column, moment))
    if op.get_bind().dialect.name == "sqlite":  # it adds no constraint to a table that is there, but a column with
        op.execute(
            "ALTER TABLE user ADD COLUMN merged_into_id INTEGER CONSTRAINT fk_user_merged_into_id "
            f"REFERENCES user (id) CONSTRAINT ck_user_one_account CHECK ({MERGED})"
        )
    else:
        op.add_column("user", sa.Column("merged_into_id", ID))
        op.create_foreign_key(op.f("fk_user_merged_into_id"), "user", "user", ["merged_into_id"], ["id"])
        op.create_check_constraint(op.f("ck_user_one_account"), "user", MERGED)
    op.create_table(
        "account_merge",
        sa.Column("id", ID, primary_key=True),
        sa.Column("from_id", ID, _user("account_merge", "from_id"), nullable=False),
        sa.Column("into_id", ID, _user("account_merge", "into_id"), nullable=False),
        sa.Column("by_id", ID, _user("account_merge", "by_id"), nullable=False),
        sa.Column("unit_id", ID, sa.ForeignKey("unit.id", name=op.f("fk_account_merge_unit_id"))),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("undone_at", moment),
        sa.Column("undone_by_id", ID, _user("account_merge", "undone_by_id")),
        sa.Column("undone_why", sa.LargeBinary()),
        sa.CheckConstraint("from_id <> into_id", name="two"),
        sa.CheckConstraint("(undone_at is null) = (undone_by_id is null)", name="undone"),
    )
    for column in ("from_id", "into_id", "unit_id"):
        op.create_index(op.f(f"ix_account_merge_{column}"), "account_merge", [column])
    live = sa.text("undone_at is null")
    op.create_index(
        "uq_account_merge_live", "account_merge", ["from_id"], unique=True, sqlite_where=live, postgresql_where=live
    )
