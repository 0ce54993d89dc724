"""定期 on the desk: operators move it, heads see their own; and how far a for-each is, on the case."""

from __future__ import annotations

import re

from sqlalchemy import select

from engine.store.models import Case, Schedule, ScheduleRun
from tests.between.small import publish, work_off
from tests.cast import PASSWORD
from tests.hall import Open
from tests.schedules.small import matter
from tests.schedules.test_each import RECORD, members
from tests.schedules.test_each import matter as paying
from tests.schedules.test_runs import DUE, go


def test_a_hall_without_schedules_shows_no_way_there_and_the_page_says_what_would_appear(hall: Open):
    client = hall.client("operator")
    assert "/desk/schedules" not in client.get("/desk/operations").text
    assert "还没有到时自己开始的事项" in client.get("/desk/schedules").text


def test_an_operator_sees_next_and_last_pauses_and_runs_it_and_a_head_sees_their_own(hall: Open):
    publish(hall.database, hall.clock(), matter())
    go(hall.database, DUE)
    with hall.database.reading() as work:
        id = work.session.scalar(select(Schedule.id))
    client = hall.client("operator")
    text = client.get("/desk/schedules").text
    assert "试月报" in text and "每月5日 08:00" in text and "11月5日" in text and "10月8日" in text
    page = client.get(f"/desk/schedules/{id}").text
    assert "龙门滩镇" in page and "浔中镇" in page and "9月1日" in page and "9月30日" in page
    refused = client.post(f"/desk/schedules/{id}/pause", data={"reason": ""})
    assert refused.status_code == 422 and "理由" in refused.text
    assert "已暂停" in client.post(f"/desk/schedules/{id}/pause", data={"reason": "核数"}, follow_redirects=True).text
    assert "核数" in client.get("/desk/schedules").text
    assert "已恢复" in client.post(f"/desk/schedules/{id}/resume", follow_redirects=True).text
    given = {"reason": "补一次", "unit": "350526106"}
    assert "已经安排了 1 件" in client.post(f"/desk/schedules/{id}/run", data=given, follow_redirects=True).text
    head = hall.client("qian")
    seen = head.get(f"/desk/schedules/{id}").text
    assert "龙门滩镇" in seen and "浔中镇" not in seen and "冯*维 让现在办：补一次" in seen
    assert "为什么暂停" not in seen
    assert head.post(f"/desk/schedules/{id}/pause", data={"reason": "停"}).status_code == 403
    for other in ("wang", "zhou", "designer"):
        assert hall.client(other).get("/desk/schedules").status_code == 403


def test_a_program_reads_the_same(hall: Open):
    publish(hall.database, hall.clock(), matter())
    client = hall.app.test_client()

    def read(login):
        said = {"login": login, "password": PASSWORD}
        token = client.post("/api/v1/session", json=said).json["token"]
        return client.get("/api/v1/schedules", headers={"Authorization": f"Bearer {token}"})

    found = read("operator")
    assert found.status_code == 200
    (one,) = found.json
    assert (one["key"], one["next_at"], one["paused"], one["failed"]) == (
        "yuebao.report",
        "2026-10-08T00:00:00Z",
        False,
        0,
    )
    assert read("wang").status_code == 403


def test_the_case_shows_how_far_it_is_and_what_failed_can_be_tried_again_or_left_out(hall: Open):
    package = paying(RECORD.replace("amount: amount", "amount: if item.shares = 2 then &quot;x&quot; else amount"))
    publish(hall.database, hall.clock(), package)
    members(hall.database, package, [1, 2, 2], hall.clock())
    from tests.schedules.test_each import begin

    with hall.database.reading() as work:
        from engine.people import load_login

        zhou = load_login(work, "zhou", now=hall.clock())
    id = begin(hall.database, package, zhou, hall.clock())
    work_off(hall.database, hall.clock())
    with hall.database.reading() as work:
        number = work.session.get_one(Case, id).number
    client = hall.client("wu")
    text = client.get(f"/desk/cases/{number}").text
    assert "办好 1 / 3 条" in text and "2 条没办成" in text and "成*****1" not in text and "成员0001" not in text
    each, item = re.search(r"/each/(\d+)/retry", text)[1], re.findall(r'name="item" value="(\d+)"', text)[0]
    assert (
        "再办 1 条"
        in client.post(f"/desk/cases/{number}/each/{each}/retry", data={"item": item}, follow_redirects=True).text
    )
    work_off(hall.database, hall.clock())
    given = {"item": item, "reason": "账号待核"}
    where = f"/desk/cases/{number}/each/{each}/leave-out"
    assert "不办了" in client.post(where, data=given, follow_redirects=True).text
    assert "办好 2 / 3 条" in client.get(f"/desk/cases/{number}").text
    clerk = hall.client("zhou")
    assert "再办这一条" not in clerk.get(f"/desk/cases/{number}").text
    assert clerk.post(f"/desk/cases/{number}/each/{each}/retry").status_code == 403
    assert client.post("/desk/cases/350526-0/each/1/retry").status_code == 404


def test_a_run_is_asked_for_by_the_unit_that_gets_one(hall: Open):
    publish(hall.database, hall.clock(), matter())
    with hall.database.reading() as work:
        id = work.session.scalar(select(Schedule.id))
    answer = hall.client("operator").post(f"/desk/schedules/{id}/run", data={"reason": "试", "unit": "350526-YB"})
    assert answer.status_code == 404
    with hall.database.reading() as work:
        assert work.session.scalars(select(ScheduleRun)).all() == []
