"""What a monitoring program is told, and who is told: numbers of every kind, nothing about a person."""

import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.records import heartbeats, jobs, notices
from engine.store import connect, migrate
from engine.store.models import Timer
from tests.enforcement import hall as halls
from web import measures
from web.app import create_app
from web.settings import Settings


def hall(database, clock, home, **changes):
    settings = Settings(home=home, database_url="", secret_key="test", **changes)
    return create_app(settings, database=database, clock=clock, testing=True)


def beat(database, clock):
    with database.unit_of_work() as work:
        heartbeats.beat(work, heartbeats.Reading("hall-1", "boot", 1.0, clock()))


def numbers(client, **more):
    answer = client.get("/metrics", **more)
    assert answer.status_code == 200
    return {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }


def test_the_process_answers_without_the_database(sqlite, clock, tmp_path):
    client = hall(connect(f"sqlite:///{tmp_path / 'gone' / 'hall.db'}"), clock, tmp_path).test_client()
    (tmp_path / "gone").rmdir()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json["database"] is False
    assert numbers(client)[("yizhan_database_up",)] == 0


def test_ready_when_database_revision_worker_and_space_are_there(database, clock, tmp_path, monkeypatch):
    client = hall(database, clock, tmp_path).test_client()
    assert client.get("/readyz").json == {"database": True, "revision": True, "worker": False, "space": True}
    beat(database, clock)
    assert client.get("/readyz").status_code == 200
    usage = measures.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(measures.shutil, "disk_usage", lambda place: usage._replace(free=1000))
    assert client.get("/readyz").json["space"] is False
    monkeypatch.undo()
    clock.on(minutes=2)
    assert client.get("/readyz").json["worker"] is False


def test_requests_are_counted_by_pattern_and_the_hall_by_what_waits(database, clock, tmp_path):
    client = hall(database, clock, tmp_path).test_client()
    beat(database, clock)
    with database.unit_of_work() as work:
        notices.put(work, "one", "您的办件已受理。", kind="accepted", now=clock(), address="13805950001")
        notices.put(
            work,
            "later",
            "提醒",
            kind="accepted",
            now=clock(),
            address="13805950001",
            after=clock() + timedelta(days=1),
        )
    client.get("/papers/999999.pdf")
    client.get("/no-such-page/13805950001")
    found = numbers(client)
    assert found[("yizhan_notices_waiting",)] == 1 and found[("yizhan_jobs_waiting", "send-notice")] == 1
    assert found[("yizhan_papers_waiting",)] == found[("yizhan_jobs_failed",)] == found[("yizhan_incidents_open",)] == 0
    assert found[("yizhan_database_bytes",)] > 100_000
    assert found[("yizhan_requests_total", "404", "GET", "none")] == 1
    said = client.get("/metrics").text
    assert "13805950001" not in said and "999999" not in said and re.search(r'route="/papers/<[^"]*"', said)


def test_what_is_late_what_waits_and_what_was_given_up_are_numbers_too(sqlite, clock, tmp_path):
    client = hall(sqlite, clock, tmp_path).test_client()
    clock.now = halls.at("2026-12-01 09:00")
    beat(sqlite, clock)
    with sqlite.unit_of_work() as work:
        county = halls.build(work)
        case_id = halls.case(work, county, received="2026-09-18 09:00", accepted="2026-09-18 10:00")
        jobs.put(work, jobs.Kind.RENDER_PAPER, "paper", {"key": "none"}, now=clock(), case_id=case_id)
        notices.put(work, "k", "验证码", kind=notices.CODE, now=clock(), address="13805950001", urgent=True)
        jobs.put(work, jobs.Kind.OPEN_CHILD, "child", now=clock(), case_id=case_id)
        work.session.flush()
        (child,) = jobs.lease(work, "w", now=clock(), kinds=[jobs.Kind.OPEN_CHILD])
        assert jobs.failed(work, child, "it cannot be opened", now=clock(), final=True)  # given up: an incident
        due = clock() - timedelta(minutes=5)
        work.session.add(Timer(case_id=case_id, key="t", element="wait", kind="date", due_at=due, wake_at=due))
    client.get("/healthz")
    clock.on(minutes=3)
    found = numbers(client)
    late = ("timers_late", "limits_late", "papers_waiting", "notices_waiting", "jobs_failed", "incidents_open")
    assert {name: found[(f"yizhan_{name}",)] for name in late} == dict.fromkeys(late, 1)
    assert found[("yizhan_jobs_waiting", "send-code")] == found[("yizhan_jobs_waiting", "render-paper")] == 1
    assert found[("yizhan_worker_silent_seconds",)] == 180 and found[("yizhan_database_up",)] == 1
    seconds = [name for name in found if name[0] == "yizhan_request_seconds_count"]
    assert seconds and found[seconds[0]] >= 1


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("10.0.0.9", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 404),
        ("10.0.0.9", {"Authorization": "Bearer right"}, 200),
        ("10.0.0.9", {"Authorization": "Bearer wrong"}, 404),
        ("10.0.0.9", {"Authorization": "Bearer "}, 404),
    ],
)
def test_numbers_are_for_this_machine_or_with_the_token(sqlite, clock, tmp_path, address, headers, status):
    client = hall(sqlite, clock, tmp_path, metrics_token="right").test_client()
    assert client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address}).status_code == status


def test_without_a_token_nobody_else_gets_in_with_an_empty_one(sqlite, clock, tmp_path):
    client = hall(sqlite, clock, tmp_path).test_client()
    other = {"REMOTE_ADDR": "10.0.0.9"}
    assert client.get("/metrics", headers={"Authorization": "Bearer "}, environ_base=other).status_code == 404


def test_the_database_behind_is_looked_at_before_it_is_new_enough(sqlite, clock, tmp_path):
    assert migrate.current(sqlite) == migrate.head()
    with sqlite._writer.connect() as connection, connection.begin():
        connection.exec_driver_sql("update alembic_version set version_num = '0044'")
    assert hall(sqlite, clock, tmp_path).test_client().get("/readyz").json["revision"] is False
