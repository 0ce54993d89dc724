"""A team has a row of its own: its name, which no other of its unit has, and its one or two leaders"""

import sqlalchemy as sa
from alembic import op

from engine.store.models import base as types

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIVE = sa.text("ended_at is null")


def upgrade() -> None:
    op.create_table(
        "team",
        sa.Column("id", ID, nullable=False),
        sa.Column("unit_id", ID, sa.ForeignKey("unit.id", name=op.f("fk_team_unit_id")), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("leader_ref", sa.String(60), nullable=False),
        sa.Column("leader_id", ID, sa.ForeignKey("user.id", name=op.f("fk_team_leader_id")), nullable=True),
        sa.Column("second_id", ID, sa.ForeignKey("user.id", name=op.f("fk_team_second_id")), nullable=True),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_team_name")),
        sa.CheckConstraint(
            "second_id is null or leader_id is null or second_id <> leader_id", name=op.f("ck_team_two")
        ),
    )
    op.create_index("uq_team_name", "team", ["unit_id", "name"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE)
    op.create_index("ix_team_leader_ref", "team", ["leader_ref"])
    for column in ("leader_id", "second_id"):
        op.create_index(op.f(f"ix_team_{column}"), "team", [column])
    if op.get_bind().dialect.name == "sqlite":  # it adds no constraint to a table that is there, but a column with one
        op.execute("ALTER TABLE bond ADD COLUMN team_id INTEGER CONSTRAINT fk_bond_team_id REFERENCES team (id)")
    else:
        op.add_column("bond", sa.Column("team_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f("fk_bond_team_id"), "bond", "team", ["team_id"], ["id"])
    op.create_index(op.f("ix_bond_team_id"), "bond", ["team_id"])
    _teams(op.get_bind())


def _teams(here: sa.Connection) -> None:
    """The teams there are, each with its leader. Of two of one name in one unit the younger is called by a number."""
    bond = sa.table(
        "bond",
        *(sa.column(name) for name in ("id", "team", "holder_ref", "holder_id", "unit_id", "place_id", "team_id")),
        sa.column("kind"),
        sa.column("ended_at"),
        sa.column("made_at", types.UtcDateTime()),
    )
    user, unit = sa.table("user", sa.column("id"), sa.column("place_id")), sa.table("unit", sa.column("id"))
    made = sa.table(
        "team",
        sa.column("id", ID),
        *(sa.column(name) for name in ("unit_id", "name", "leader_ref", "leader_id")),
        sa.column("made_at", types.UtcDateTime()),
    )
    rows = here.execute(
        sa.select(bond, user.c.place_id.label("leader_place"))
        .select_from(bond.outerjoin(user, user.c.id == bond.c.holder_id))
        .where(bond.c.kind == "leader", bond.c.ended_at.is_(None))
        .order_by(bond.c.id)
    ).all()
    if not rows:
        return
    first = here.execute(sa.select(sa.func.min(unit.c.id))).scalar()
    there: dict[tuple[str, str], int] = {}
    taken: set[tuple[int | None, str]] = set()
    for row in rows:
        of = (row.holder_ref, row.team)
        if of not in there:
            where = row.leader_place or row.unit_id or row.place_id or first
            name, n = row.team, 1
            while (where, name) in taken:
                n += 1
                name = f"{row.team[:76]}{n}"
            taken.add((where, name))
            values = {"unit_id": where, "name": name, "leader_ref": row.holder_ref, "leader_id": row.holder_id}
            there[of] = here.execute(
                sa.insert(made).values(**values, made_at=row.made_at).returning(made.c.id)
            ).scalar_one()
        name = here.execute(sa.text("select name from team where id = :id"), {"id": there[of]}).scalar_one()
        here.execute(sa.update(bond).where(bond.c.id == row.id).values(team_id=there[of], team=name))
