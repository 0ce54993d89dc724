"""`yizhan calendar` and `yizhan clock`."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from engine.records import heartbeats
from engine.store.models import CalendarFile, Holding, Post, User
from tests.enforcement import hall as halls
from tests.enforcement.hall import at
from web.cli import main

TYPHOON = "source: 县政府关于台风停工的通知\npublished_on: 2026-09-19\nholidays: {2026-09-20: 台风停工}\n"


@pytest.fixture
def run(sqlite, tmp_path, monkeypatch):
    with sqlite.unit_of_work() as work:
        hall = halls.build(work)
        post = Post(code="operator", name="运维", role="operator")
        user = User(kind="staff", login="ops", name="运维员", created_at=at("2026-01-05 09:00"))
        work.session.add_all([post, user])
        work.session.flush()
        work.session.add(Holding(user_id=user.id, unit_id=hall.county, post_id=post.id))
        halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00")
    monkeypatch.setenv("YIZHAN_DATABASE_URL", sqlite.url.render_as_string())
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))
    (tmp_path / "typhoon.yaml").write_text(TYPHOON, encoding="utf-8")
    return lambda *words: CliRunner().invoke(main, [*words])


def test_a_calendar_file_is_previewed_then_published(run, sqlite, tmp_path):
    file = str(tmp_path / "typhoon.yaml")
    seen = run("calendar", "preview", file, "--by", "ops")
    assert seen.exit_code == 0, seen.output
    assert "statutory: 2026-10-22 → 2026-10-23" in seen.stdout and "1 件" in seen.stdout
    with sqlite.reading() as work:
        assert work.session.scalar(select(CalendarFile.id)) is None
    assert run("calendar", "publish", file, "--by", "ops").exit_code == 0
    with sqlite.reading() as work:
        assert work.session.scalar(select(CalendarFile.source)) == "县政府关于台风停工的通知"
    again = run("calendar", "publish", file, "--by", "ops")
    assert again.exit_code == 1 and "已经发布" in again.stderr


def test_only_an_operator_may_and_a_stranger_is_named(run, tmp_path):
    file = str(tmp_path / "typhoon.yaml")
    assert run("calendar", "publish", file, "--by", "chen").exit_code == 1
    assert "nobody" in run("calendar", "publish", file, "--by", "nobody").stderr


def test_a_clock_that_jumped_is_shown_and_confirmed(run, sqlite):
    assert "没有跳变" in run("clock").stdout
    noon = at("2026-09-18 12:00")
    with sqlite.unit_of_work() as work:
        heartbeats.beat(work, heartbeats.Reading("hall-1", "b", 10.0, noon))
        heartbeats.beat(work, heartbeats.Reading("hall-1", "b", 20.0, at("2026-09-19 12:00")))
    assert "hall-1" in run("clock").stdout and "+86390" in run("clock").stdout
    assert run("clock", "--confirm", "hall-1").exit_code == 2
    assert run("clock", "--confirm", "hall-1", "--by", "chen").exit_code == 1
    assert "已确认" in run("clock", "--confirm", "hall-1", "--by", "ops").stdout
    assert "没有跳变" in run("clock").stdout
