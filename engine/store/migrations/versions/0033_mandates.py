"""The agent's mandate is a bond: one row of one case, with its days; a claim by a bond says by which"""

import io
import zipfile
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
import yaml
from alembic import op

from engine.store import keys
from engine.store.models import base as types
from engine.workdays import local_date

revision = "0033"
down_revision = "0031"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: A mandate whose paper named no last day, of before there was one: as long as the hall lets one last.
LONGEST = timedelta(days=99 * 365)


def upgrade() -> None:
    op.add_column("bond", sa.Column("scope", sa.String(length=28), nullable=False, server_default=""))
    for name, columns in (
        ("uq_bond_live", ["kind", "subject_ref", "holder_ref", "scope"]),
        ("uq_bond_place", ["kind", "subject_ref", "scope", "n"]),
    ):
        op.drop_index(name, table_name="bond")
        live = sa.text("ended_at is null")
        op.create_index(name, "bond", columns, unique=True, sqlite_where=live, postgresql_where=live)
    op.add_column("case", sa.Column("mandate_id", ID, nullable=True))
    op.add_column("task", sa.Column("bond_id", ID, nullable=True))
    _move()
    op.create_index(op.f("ix_case_mandate_id"), "case", ["mandate_id"], unique=False)
    op.drop_index(op.f("ix_case_agent_id"), table_name="case")
    # SQLite makes the table anew and forgets the checks it cannot reflect: they are given again.
    sqlite = op.get_bind().dialect.name == "sqlite"
    checks = tuple(sa.CheckConstraint(rule, name=op.f(f"ck_case_{name}")) for name, rule in _RULES.items())
    with op.batch_alter_table("case", table_args=checks if sqlite else ()) as table:
        table.drop_constraint("fk_case_agent_id", type_="foreignkey")
        table.drop_column("agent_id")
        table.drop_column("agent_name")


_RULES = {
    "status": "status in ('running','suspended','finished','withdrawn','terminated')",
    "colour": "colour in ('green','yellow','red','black','paused','done')",
    "finished": "(status in ('running','suspended')) = (finished_at is null)",
}


def _tables() -> tuple[sa.Table, sa.Table, sa.Table, sa.Table]:
    some = sa.MetaData()
    case = sa.Table(
        "case",
        some,
        sa.Column("id", ID, primary_key=True),
        *(sa.Column(name, ID) for name in ("agent_id", "applicant_id", "place_id", "unit_id", "mandate_id")),
        sa.Column("agent_name", types.Sealed()),
        sa.Column("version_hash", sa.String(64)),
        sa.Column("answers", types.SealedJson()),
        *(sa.Column(f"applicant_{name}", types.Sealed()) for name in ("name", "phone", "id_number")),
        *(sa.Column(f"{name}_index", sa.String(32)) for name in ("name", "phone", "id")),
        sa.Column("received_at", types.UtcDateTime()),
        sa.Column("finished_at", types.UtcDateTime()),
    )
    version = sa.Table(
        "matter_version", some, sa.Column("hash", sa.String(64), primary_key=True), sa.Column("content", sa.LargeBinary)
    )
    user = sa.Table("user", some, sa.Column("id", ID, primary_key=True), sa.Column("phone", types.Sealed()))
    bond = sa.Table(
        "bond",
        some,
        sa.Column("id", ID, primary_key=True),
        *(
            sa.Column(name, sa.String)
            for name in ("kind", "state", "subject_ref", "holder_ref", "scope", "how", "ended_how")
        ),
        *(sa.Column(f"{side}_{name}_index", sa.String) for side in ("subject", "holder") for name in _SAID),
        *(sa.Column(f"{side}_{name}", types.Sealed()) for side in ("subject", "holder") for name in _SEALED),
        *(sa.Column(name, ID) for name in ("subject_id", "holder_id", "made_by_id", "case_id", "unit_id", "place_id")),
        sa.Column("n", sa.Integer),
        sa.Column("most", sa.Integer),
        sa.Column("lets", sa.JSON),
        sa.Column("proof", types.SealedJson()),
        sa.Column("revocable", sa.Boolean),
        sa.Column("from_on", sa.Date),
        sa.Column("until_on", sa.Date),
        *(sa.Column(name, types.UtcDateTime()) for name in ("made_at", "confirmed_at", "ended_at")),
    )
    return case, version, user, bond


_SAID, _SEALED = ("name", "phone", "id"), ("name", "phone", "id_number")


def _move() -> None:
    """Each case that has an agent has a mandate: in force while it runs, ended with it."""
    connection = op.get_bind()
    case, version, user, bond = _tables()
    acting = sa.or_(case.c.agent_id.is_not(None), case.c.agent_name.is_not(None))
    rows = connection.execute(sa.select(case).where(acting).order_by(case.c.id)).mappings().all()
    declared: dict[str, dict[str, Any]] = {}
    for row in rows:
        content = sa.select(version.c.content).where(version.c.hash == row["version_hash"])
        if row["version_hash"] not in declared:
            declared[row["version_hash"]] = _mandate(connection.scalar(content))
        phone = connection.scalar(sa.select(user.c.phone).where(user.c.id == row["agent_id"]))
        first = local_date(row["received_at"])
        last = _last(row["answers"], declared[row["version_hash"]].get("until"), first)
        name = row["agent_name"] or ""
        over = row["finished_at"]
        name_index = keys.blind("name", name)
        made = connection.execute(
            sa.insert(bond)
            .values(
                kind="mandate",
                state="held" if over is None else "ended",
                subject_id=row["applicant_id"],
                subject_ref=_ref(row["applicant_id"], row["id_index"], row["phone_index"], row["name_index"] or ""),
                subject_name=row["applicant_name"],
                subject_phone=row["applicant_phone"],
                subject_id_number=row["applicant_id_number"],
                subject_name_index=row["name_index"] or keys.blind("name", row["applicant_name"]),
                subject_phone_index=row["phone_index"],
                subject_id_index=row["id_index"],
                holder_id=row["agent_id"],
                holder_ref=_ref(row["agent_id"], None, None, name_index),
                holder_name=name,
                holder_phone=phone,
                holder_name_index=name_index,
                holder_phone_index=keys.blind("phone", phone) if phone else None,
                scope=f"case:{row['id']}",
                n=1,
                most=1,
                lets=["see"],
                proof={},
                revocable=True,
                from_on=first,
                until_on=last,
                how="case",
                made_by_id=row["agent_id"],
                case_id=row["id"],
                unit_id=row["unit_id"],
                place_id=row["place_id"],
                made_at=row["received_at"],
                confirmed_at=row["received_at"],
                ended_at=over,
                ended_how="case" if over is not None else None,
            )
            .returning(bond.c.id)
        ).scalar_one()
        if over is None:
            connection.execute(sa.update(case).where(case.c.id == row["id"]).values(mandate_id=made))


def _mandate(content: bytes | None) -> dict[str, Any]:
    """What the matter of a case says of its mandate; nothing when it says nothing."""
    if not content:
        return {}
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as files:
        found = [name for name in files.namelist() if name.rsplit("/", 1)[-1] == "matter.yaml"]
        said = yaml.safe_load(files.read(found[0])) if found else None
    mandate = said.get("mandate") if isinstance(said, dict) else None
    return mandate if isinstance(mandate, dict) else {}


def _last(answers: Any, path: str | None, first: date) -> date:
    value = answers
    for part in path.split(".") if path else ():
        value = value.get(part) if isinstance(value, dict) else None
    try:
        return max(first, date.fromisoformat(str(value)[:10])) if path and value else first + LONGEST
    except ValueError:
        return first + LONGEST


def _ref(user_id: int | None, id_index: str | None, phone_index: str | None, name_index: str) -> str:
    if user_id is not None:
        return f"u:{user_id}"
    if id_index:
        return f"i:{id_index}"
    return f"p:{phone_index}:{name_index}"[:60] if phone_index else f"n:{name_index}"
