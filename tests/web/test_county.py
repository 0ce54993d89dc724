"""The page of the county's lists: looked at first, slips by their cells, then exactly that; each administrator's own
sheets."""

from __future__ import annotations

import io
import re

from sqlalchemy import select

from engine.commands.hall import posts
from engine.people import SYSTEM, administrators
from engine.records import sheets
from engine.store.models import Post, Unit, User
from tests import county_file
from tests.conftest import NOW


def sent(rows):
    return {"file": (io.BytesIO(county_file.file(rows)), "county.xlsx")}


def test_a_system_administrator_looks_first_then_puts_in_exactly_that(hall):
    page = hall.client("operator")
    assert "县的名单" in page.get("/desk").text
    template = page.get("/desk/county/template.xlsx")
    assert "单位" in sheets.read_all(template.data, hidden=[])
    rows = {
        "单位": [
            {
                "代码": "350526-YB",
                "名称": "德化县医疗保障局",
                "类型": "部门",
                "上级代码": "350526",
                "电话": "0595-23500111",
            },
            {"代码": "350526109", "名称": "葛坑镇", "类型": "乡镇", "上级代码": "350526"},
        ]
    }
    looked = page.post("/desk/county", data=sent(rows))
    assert looked.status_code == 200 and "0595-12393 → 0595-23500111" in looked.text
    with hall.database.reading() as work:
        assert work.session.scalar(select(Unit.id).where(Unit.code == "350526109")) is None
    kept = {name: re.search(f'name="{name}" value="([^"]+)"', looked.text)[1] for name in ("data", "expect")}
    done = page.post("/desk/county", data=kept, follow_redirects=True)
    assert "已导入" in done.text
    with hall.database.reading() as work:
        assert work.session.scalar(select(Unit.phone).where(Unit.code == "350526-YB")) == "0595-23500111"
        assert work.session.scalar(select(Unit.name).where(Unit.code == "350526109")) == "葛坑镇"
    stale = page.post("/desk/county", data=kept)
    assert stale.status_code == 409 and "重新预览" in stale.text
    assert "没有要改的" in page.post("/desk/county", data=sent(rows)).text


def test_slips_are_shown_by_sheet_and_cell_and_what_is_no_spreadsheet_is_refused(hall):
    page = hall.client("operator")
    wrong = page.post(
        "/desk/county", data=sent({"单位": [{"代码": "x", "名称": "某", "类型": "局", "上级代码": "350526"}]})
    )
    assert wrong.status_code == 422 and "C2" in wrong.text and "没有“局”" in wrong.text
    none = page.post("/desk/county", data={"file": (io.BytesIO(b"no"), "county.xlsx")})
    assert none.status_code == 422 and "打不开这个文件" in none.text
    assert page.post("/desk/county", data={"data": "é", "expect": ""}).status_code == 422


def test_accounts_are_the_security_administrators_and_nobody_elses(hall):
    with hall.database.unit_of_work() as work:
        work.session.add(Post(code="security", name=administrators.ROLES["security"][0], role="security"))
        user = posts.open_account(work, "security-1", "安全一号", by=SYSTEM, now=NOW)
        posts.take(work, user.id, hall.cast.county.id, "security", by=SYSTEM, now=NOW)
        hall.cast.users["security-1"] = user.id
    rows = {"人员": [{"登录名": "geky", "姓名": "葛坑英"}]}
    refused = hall.client("operator").post("/desk/county", data=sent(rows))
    assert refused.status_code == 422 and "由安全管理员导入" in refused.text
    page = hall.client("security-1")
    looked = page.post("/desk/county", data=sent(rows))
    kept = {name: re.search(f'name="{name}" value="([^"]+)"', looked.text)[1] for name in ("data", "expect")}
    assert page.post("/desk/county", data=kept).status_code == 302
    with hall.database.reading() as work:
        assert work.session.scalar(select(User.name).where(User.login == "geky")) == "葛坑英"
    assert hall.client("wu").get("/desk/county").status_code == 403
