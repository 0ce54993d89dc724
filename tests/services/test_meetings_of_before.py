"""A hall of before: meetings booked by effects of their own, mediators found by name. Its rows come along, and a case
in the middle of a mediation goes on in its own version, on both databases."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import Column, MetaData, String, select, text
from sqlalchemy.engine import make_url

from engine import matters, people
from engine.commands import cases
from engine.people import holders, load, units
from engine.proof import outdated
from engine.reads import case_page
from engine.records import audit, library
from engine.store import db, keys, migrate
from engine.store.models import Appointment, Case, Meeting, Notice, RegisterEntry, Resource, Task
from tests import cast as the_cast
from tests.services import mediating
from tests.services.telling import ROOT
from tests.services.test_meetings import AT, NOW, START, chosen, complete, taken

#: What the words of the diagram and of matter.yaml were until 0031.
BEFORE = {
    "bpmn/tiaojie/matter.yaml": [
        (r"uses: \[mediation\]\n", ""),
        (r"    register: mediator\n", ""),
        (r"holds: \[[^]]*\], ", ""),
    ],
    "bpmn/tiaojie/process.bpmn": [
        (r'<zeebe:taskDefinition type="book"/>', '<zeebe:taskDefinition type="book-meeting"/>'),
        (r'<zeebe:taskDefinition type="release"/>', '<zeebe:taskDefinition type="end-meeting"/>'),
        (r'<zeebe:header key="meeting" value=', '<zeebe:header key="outcome" value='),
        (
            r'(<zeebe:input source="=session.place" target="place"/>)(?=\s*</zeebe:ioMapping>)',
            r'\1<zeebe:input source="=mediators" target="people"/>',
        ),
        (r'\s*<zeebe:output source="=chosen" target="mediators"/>', ""),
        (r"m\.account", "m.name"),
    ],
}


def before() -> matters.Package:
    """The matter as it was written until then."""
    files = {name: data for name, data in matters.load(ROOT, "tiaojie").files.items() if "mediation.yaml" not in name}
    for name, changes in BEFORE.items():
        words = files[name].decode()
        for pattern, instead in changes:
            words, count = re.subn(pattern, instead, words)
            assert count, pattern
        files[name] = words.encode()
    return matters.read("tiaojie", files)


@pytest.fixture(params=["sqlite", "postgres"])
def old(request, tmp_path):
    """A database at revision 0030, empty."""
    if request.param == "sqlite":
        database = db.connect(f"sqlite:///{tmp_path / 'old.db'}", files=tmp_path / "files")
        yield _at_0030(database)
        database.close()
        return
    # Workers of one run share the server: each has a database of its own.
    server, name = request.getfixturevalue("postgres_server"), f"hall_of_0030_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    database = db.connect(url, files=tmp_path / "files")
    yield _at_0030(database)
    database.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _at_0030(database):
    with database._writer.begin() as connection:
        command.upgrade(migrate._config(connection), "0030")
    return database


@pytest.fixture
def office(sqlite) -> SimpleNamespace:
    """A justice office with its mediators and room, and the matter as it was: where the rows of before are made."""
    with sqlite.unit_of_work() as work:
        cast = the_cast.hire(work, NOW, ())
        sf = units.add(
            work, code="350526-SF", name="德化县司法局", kind="office", parent=cast.county, number="1301", word="德司"
        )
        who = mediating.hire_mediators(work, sf.id, NOW)
        room = mediating.open_room(work, sf.id, NOW.date(), NOW, days=40)
        library.publish(work, before(), by=people.SYSTEM, now=NOW)
        units.forget(work)
        holders.forget(work)
    return _with(SimpleNamespace(database=sqlite, cast=cast, sf=sf.id, room=room, who=who))


def _with(office: SimpleNamespace) -> SimpleNamespace:
    with office.database.reading() as work:
        office.lai, office.su, office.tu = (load(work, office.who[n], now=NOW) for n in mediating.NAMES)
        office.zhang = load(work, office.cast.users["zhang"], now=NOW)
    return office


def _carry(source: Any, target: Any) -> None:
    """Every row of one hall into the tables of 0030, as they were then."""
    was, now = MetaData(), MetaData()
    with source._writer.begin() as reading, target._writer.begin() as writing:
        was.reflect(reading)
        now.reflect(writing)
        sqlite = target.dialect == "sqlite"
        writing.execute(text("PRAGMA defer_foreign_keys = ON" if sqlite else "SET session_replication_role = replica"))
        skipped = (
            "alembic_version",
            "register_entry",
            "register_index",
            "register_change",
            "meeting_booking",
            "task_candidate",
        )
        for table in now.tables.values():
            if table.name in skipped:
                continue
            writing.execute(table.delete())
            common = [column for column in was.tables[table.name].columns if column.name in table.columns]
            for row in reading.execute(select(*common)).mappings():
                values = {name: _as_then(value, table.columns[name], sqlite) for name, value in row.items()}
                if table.name == "resource" and values["offer"] in ("mediation-room", "mediator-time", ""):
                    values |= {"offer": "", "matter": "tiaojie"}
                writing.execute(table.insert().values(values))
            if not sqlite and "id" in table.columns and len(table.primary_key.columns) == 1:
                writing.execute(
                    text(
                        f'SELECT setval(s, (SELECT coalesce(max(id), 0) + 1 FROM "{table.name}"), false) FROM '
                        f"(SELECT pg_get_serial_sequence('\"{table.name}\"', 'id') AS s) q WHERE s IS NOT NULL"
                    )
                )
        booked = was.tables["appointment"]
        for id_, meeting in reading.execute(
            select(booked.c.id, booked.c.meeting_id).where(booked.c.meeting_id.is_not(None))
        ):
            writing.execute(now.tables["meeting_booking"].insert().values(appointment_id=id_, meeting_id=meeting))


def _as_then(value: Any, column: Column[Any], naive: bool) -> Any:
    """Words that are sealed since 0052, and NULL where nothing was said, stood there in clear, and empty."""
    if isinstance(column.type, String) and isinstance(value, bytes):
        return keys.current().open(value, b"text").decode()
    if isinstance(column.type, String) and value is None and not column.nullable:
        return ""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and not naive else value


def test_a_case_with_a_meeting_to_come_goes_on_and_new_cases_choose_from_the_roll(office, old):
    case_id = chosen(office, "赖炳根", "苏清福")
    complete(office, case_id, "schedule", session={"when": AT, "place": mediating.ROOM, "minutes": "90"})
    assert taken(office) == {"room": 3, "person": 6}  # the effects of before still do it
    _carry(office.database, old)
    assert migrate.upgrade(old) is True and migrate.current(old) == migrate.head()
    hall = _with(SimpleNamespace(database=old, cast=office.cast, sf=office.sf, room=office.room, who=office.who))
    with old.reading() as work:
        made = work.session.scalars(select(Meeting)).one()
        assert (made.starts_at, made.state, made.resource_id) == (START, "planned", office.room)
        rows = work.session.scalars(select(Appointment)).all()
        assert {row.meeting_id for row in rows} == {made.id} and len(rows) == 3
        offers = {(r.kind, r.offer, r.matter) for r in work.session.scalars(select(Resource))}
        assert {("room", "mediation-room", ""), ("person", "mediator-time", "")} <= offers
        roll = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "mediator")).all()
        assert {entry.user_id for entry in roll} == set(office.who.values())
        assert {entry.title for entry in roll} == set(mediating.NAMES) and {e.state for e in roll} == {"active"}
        assert outdated.find(work) == []  # its version asks for nothing that is gone
        assert audit.verify(work).faults == ()
        page = case_page.page(work, case_id, actor=hall.lai, now=NOW)
        assert page.desk is not None and page.desk.form_id == "tiaojie-session"
    with old.unit_of_work() as work:  # moved, in its own version
        cases.tell(work, case_id, "move", {"session.when": "2026-09-23T09:00"}, by=hall.lai, now=NOW)
    assert taken(hall) == {"room": 3, "person": 6}
    with old.reading() as work:
        assert [m.state for m in work.session.scalars(select(Meeting).order_by(Meeting.id))] == ["moved", "planned"]
        reminders = select(Notice).where(Notice.kind == "meeting-reminder", Notice.state == "waiting")
        assert all("9月23日" in notice.text for notice in work.session.scalars(reminders))
    later = START + timedelta(days=1)
    complete(hall, case_id, "mediate", now=later)
    with old.reading() as work:
        assert [m.state for m in work.session.scalars(select(Meeting).order_by(Meeting.id))] == ["moved", "held"]
        assert work.session.scalars(select(Task.element).where(Task.state != "ended")).all() == ["draft"]
    with old.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "tiaojie"), by=people.SYSTEM, now=later)
    fresh = chosen(hall, "涂世明")
    complete(hall, fresh, "schedule", session={"when": "2026-09-25T15:00+08:00", "place": mediating.ROOM})
    with old.reading() as work:
        case = work.session.get(Case, fresh)
        assert case.chosen == {"mediator": [office.who["涂世明"]]}
        assert case.answers["mediators"][0]["account"] == str(office.who["涂世明"])
