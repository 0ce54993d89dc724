"""The teams of a hall of before have rows of their own: each with its leader, and of two of one name in one unit the
younger is called by a number."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from alembic import command
from sqlalchemy import select

from engine.store import db, migrate
from engine.store.models import Bond, Team
from tests.store.rows import putting

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
BEFORE = "0060"


@pytest.fixture
def old(tmp_path):
    database = db.connect(f"sqlite:///{tmp_path / 'old.db'}", files=tmp_path / "files")
    with database._writer.begin() as connection:
        command.upgrade(migrate._config(connection), BEFORE)
    yield database
    database.close()


def _fill(database):
    with database._writer.begin() as connection:
        put = putting(connection, NOW.replace(tzinfo=None))
        unit = put("unit", code="1", name="一村", kind="village", path="/1/", active=True)
        leaders = [put("user", kind="resident", place_id=unit, phone_index=f"p{n}") for n in (1, 2)]
        members = [put("user", kind="resident", place_id=unit, phone_index=f"m{n}") for n in range(4)]

        def leads(leader, member, team, **more):
            days = {"from_on": date(2026, 11, 1), "until_on": date(2027, 11, 1)}
            sides = {
                "holder_id": leader,
                "holder_ref": f"u:{leader}",
                "subject_id": member,
                "subject_ref": f"u:{member}",
            }
            put("bond", **sides, **days, kind="leader", state="held", team=team, n=1, most=20, how="code", **more)

        held = {"confirmed_at": NOW.replace(tzinfo=None)}
        leads(leaders[0], members[0], "理发队", **held)
        leads(leaders[0], members[1], "理发队", **held)
        leads(leaders[1], members[2], "理发队", **held)
        leads(leaders[1], members[3], "修理队", **held)
        return leaders


def test_teams_of_before_have_their_rows(old):
    leaders = _fill(old)
    migrate.upgrade(old)
    with old.reading() as work:
        teams = work.session.scalars(select(Team).order_by(Team.id)).all()
        assert [(t.name, t.leader_id, t.second_id) for t in teams] == [
            ("理发队", leaders[0], None),
            ("理发队2", leaders[1], None),
            ("修理队", leaders[1], None),
        ]
        bonds = work.session.execute(select(Bond.team, Bond.team_id).order_by(Bond.id)).all()
        assert [tuple(one) for one in bonds] == [
            ("理发队", teams[0].id),
            ("理发队", teams[0].id),
            ("理发队2", teams[1].id),
            ("修理队", teams[2].id),
        ]
