"""The pages of security and audit administrators."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from engine.commands.hall import posts
from engine.people import SYSTEM, administrators
from engine.store.models import Holding, Post, User
from tests.conftest import NOW


@pytest.fixture
def trio(hall):
    with hall.database.unit_of_work() as work:
        for role in ("security", "auditor"):
            work.session.add(Post(code=role, name=administrators.ROLES[role][0], name_en=role, role=role))
        work.session.flush()
        for role in ("security", "auditor"):
            user = posts.open_account(work, f"{role}-1", f"{role}一号", by=SYSTEM, now=NOW)
            posts.take(work, user.id, hall.cast.county.id, role, by=SYSTEM, now=NOW)
            hall.cast.users[user.login] = user.id
    return hall


def test_an_account_is_opened_gets_a_post_and_is_closed(trio):
    page = trio.client("security-1")
    assert "账号和岗位" in page.get("/desk").text
    opened = page.post("/desk/accounts", data={"login": "caogl2", "name": "曹管理"}, follow_redirects=True)
    assert "已开通账号 caogl2" in opened.text
    with trio.database.reading() as work:
        user_id = work.session.scalars(select(User.id).where(User.login == "caogl2")).one()
    given = {"unit": trio.cast.county.id, "post": "operator"}
    assert "已任职" in page.post(f"/desk/accounts/{user_id}/posts", data=given, follow_redirects=True).text
    second = page.post(f"/desk/accounts/{user_id}/posts", data=given | {"post": "auditor"})
    assert second.status_code == 422 and "三个人" in second.text
    for never in ("0001-01-01", "9999-12-31"):
        assert page.post(f"/desk/accounts/{user_id}/posts", data=given | {"until": never}).status_code == 422
    odd = page.post(f"/desk/accounts/{user_id}/posts", data=given | {"from": "2026-13-01"})
    assert odd.status_code == 422 and "日期不对" in odd.text
    with trio.database.reading() as work:
        (held,) = work.session.scalars(select(Holding).where(Holding.user_id == user_id)).all()
    link = page.post(f"/desk/accounts/{user_id}/reset")
    assert "曹管理" in link.text and "/desk/reset?key=" in link.text
    cleared = page.post(f"/desk/accounts/{user_id}/clear", follow_redirects=True)
    assert "已取消两步验证" in cleared.text
    assert page.post(f"/desk/accounts/posts/{held.id}/end").status_code == 302
    closed = page.post(f"/desk/accounts/{user_id}/disable", follow_redirects=True)
    assert "账号已停用" in closed.text
    assert "没有找到账号" in page.get("/desk/accounts?find=zzz").text


def test_the_auditor_reads_and_verifies_and_the_two_others_do_not(trio, tmp_path, monkeypatch):
    page = trio.client("auditor-1")
    record = page.get("/desk/audit?watched=1")
    assert record.status_code == 200 and "yz-said" not in record.text  # nothing was done yet
    assert "完好" in page.post("/desk/audit/verify").text
    # What stands outside is looked at too, and events that no worker seals are told.
    copy = tmp_path / "outside.jsonl"
    copy.write_text("{}\n")
    monkeypatch.setattr(trio.app, "settings", replace(trio.app.settings, anchor_file=copy))
    assert "外面的锚定 1</strong>：锚定文件的这一行被改动" in page.post("/desk/audit/verify").text
    trio.clock.on(hours=2)
    assert "没有封存的</strong>" in trio.client("auditor-1").post("/desk/audit/verify").text
    assert "核验审计记录" in page.get("/desk/audit?kind=hall.audited").text
    number = trio.submit()
    asked = {"number": number, "purpose": "accountability", "words": "复议要用的"}
    package = page.post("/desk/audit/evidence", data=asked)
    assert package.status_code == 200 and package.data[:2] == b"PK"
    assert page.post("/desk/audit/evidence", data=asked | {"number": "x"}).status_code == 404
    assert page.get(f"/desk/cases/{number}").status_code in (403, 404)
    shown = page.get("/desk/permissions").text
    assert "谁能做什么" in shown and 'href="/desk/retention"' in shown
    assert page.get("/desk/retention").status_code == 200
    for other in ("security-1", "operator", "wu"):
        assert trio.client(other).get("/desk/audit").status_code == 403
        assert trio.client(other).post("/desk/audit/verify").status_code == 403
    for other in ("auditor-1", "operator", "wu"):
        assert trio.client(other).get("/desk/accounts").status_code == 403


def test_both_pages_are_said_in_english(trio):
    for login, address, words in (
        ("security-1", "/desk/accounts", "Accounts and posts"),
        ("auditor-1", "/desk/audit", "Verify all"),
    ):
        page = trio.client(login)
        page.post("/language", data={"to": "en"})
        assert words in page.get(address).text
