"""The agents of a hall of before come along as bonds: in force for the days that were signed, ended with their case."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from datetime import UTC, date, datetime

import psycopg
import pytest
from alembic import command
from sqlalchemy import inspect, select
from sqlalchemy.engine import make_url

from engine import people
from engine.people import bonds
from engine.store import db, keys, migrate
from engine.store.models import Bond, Case
from tests.store.rows import putting

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
BEFORE = "0030"


@pytest.fixture(params=["sqlite", "postgres"])
def old(request, tmp_path):
    """An empty database of before mandates were bonds."""
    if request.param == "sqlite":
        database = db.connect(f"sqlite:///{tmp_path / 'old.db'}", files=tmp_path / "files")
        yield _at_before(database)
        database.close()
        return
    # Workers of one run share the server: each has a database of its own.
    server, name = request.getfixturevalue("postgres_server"), f"hall_of_agents_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    database = db.connect(url, files=tmp_path / "files")
    yield _at_before(database)
    database.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _at_before(database):
    with database._writer.begin() as connection:
        command.upgrade(migrate._config(connection), BEFORE)
    return database


def _sealed(text):
    return keys.current().seal(text.encode(), b"text")


def _fill(database):
    """One agent with a case that runs, one that ended and one of a matter that says no term; a case without an agent;
    somebody without an account who acts for a resident."""
    naive = database.dialect == "sqlite"
    with database._writer.begin() as connection:

        def at(moment):
            return moment.replace(tzinfo=None) if naive else moment

        put = putting(connection, at(NOW))
        county = put("unit", code="350526", name="德化县", kind="county", path="/1/", active=True)
        agent = put(
            "user", kind="staff", login="chen", name=_sealed("陈小云"), phone=_sealed("13900000001"), created_at=at(NOW)
        )
        zhang = put(
            "user",
            kind="resident",
            name=_sealed("张三丰"),
            phone=_sealed("13800000001"),
            phone_index=keys.blind("phone", "13800000001"),
            created_at=at(NOW),
        )
        for hash_, said in (("a" * 64, "mandate: {until: mandate.until, signature: ink}\n"), ("b" * 64, "name: x\n")):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as files:
                files.writestr("matter.yaml", said)
            put("matter_version", hash=hash_, matter="m", content=packed.getvalue(), published_at=at(NOW))

        def case(number, **values):
            answers = zlib.compress(json.dumps({"mandate": {"until": "2026-12-31"}}).encode())
            return put(
                "case",
                number=number,
                matter="m",
                version_hash=values.pop("version_hash", "a" * 64),
                status=values.pop("status", "running"),
                colour="green",
                applicant_name=_sealed("张三丰"),
                name_index=keys.blind("name", "张三丰"),
                place_id=county,
                unit_id=county,
                office_id=county,
                received_at=at(NOW),
                answers=keys.current().seal(answers, b"json"),
                **values,
            )

        acting = {"agent_id": agent, "agent_name": _sealed("陈小云")}
        return (
            agent,
            zhang,
            {
                "runs": case("1", applicant_id=zhang, **acting),
                "over": case("2", applicant_id=zhang, status="finished", finished_at=at(NOW), **acting),
                "no term": case("3", version_hash="b" * 64, **acting),
                "alone": case("4", applicant_id=zhang),
                "by name": case("5", applicant_id=zhang, agent_name=_sealed("李四")),
            },
        )


def test_each_agent_of_a_case_is_a_bond_of_it(old):
    agent, zhang, made = _fill(old)
    assert migrate.upgrade(old) is True and migrate.current(old) == migrate.head()
    assert {"agent_id", "agent_name"} & {c["name"] for c in inspect(old.engine).get_columns("case")} == set()
    with old.reading() as work:
        found = {row.case_id: row for row in work.session.scalars(select(Bond))}
        assert set(found) == set(made.values()) - {made["alone"]}
        runs = found[made["runs"]]
        assert (runs.kind, runs.state, runs.scope, runs.lets) == ("mandate", "held", f"case:{made['runs']}", ["see"])
        assert (runs.subject_id, runs.holder_id, runs.holder_name) == (zhang, agent, "陈小云")
        assert (runs.from_on, runs.until_on) == (date(2026, 9, 14), date(2026, 12, 31))
        over = found[made["over"]]
        assert (over.state, over.ended_how, over.ended_at) == ("ended", "case", NOW)
        assert found[made["no term"]].until_on.year == 2125 and found[made["no term"]].subject_id is None
        assert (found[made["by name"]].holder_id, found[made["by name"]].holder_name) == (None, "李四")
        pointed = {case.id: case.mandate_id for case in work.session.scalars(select(Case))}
        assert pointed[made["runs"]] == runs.id and pointed[made["over"]] is pointed[made["alone"]] is None
        chen = people.load(work, agent, now=NOW)
        assert {g.case_id for g in chen.grants} == {made["runs"], made["no term"]}
        assert people.may(chen, "see", work.session.get(Case, made["runs"]))
        assert not people.may(chen, "see", work.session.get(Case, made["alone"]))
        assert bonds.mandate(work, work.session.get(Case, made["over"]), date(2026, 9, 14)) is None


def test_rows_that_point_to_cases_still_do_and_are_held_to_it(old):
    _, _, made = _fill(old)
    migrate.upgrade(old)
    with old.engine.connect() as connection:
        if old.dialect == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    pointing = {key["referred_table"] for key in inspect(old.engine).get_foreign_keys("task")}
    assert "case" in pointing and made
