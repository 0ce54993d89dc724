"""月度通报 at phone size: it began by itself; the head looks it over and sends it. The operator's page of 定期 fits."""

from __future__ import annotations

import re

import pytest

from engine import matters, people
from engine.commands.worker import sweep
from engine.people import units
from engine.records import library, sheets
from tests.browser.conftest import Site
from tests.browser.pictures import looked_at
from tests.cast import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_the_head_sends_the_report_that_began_by_itself_from_a_telephone(site: Site):
    with site.database.unit_of_work() as work:
        county = units.by_code(work, "350526")  # its centre sends out the orders, and takes what units appeal
        units.add(
            work, code="350526-FW", name="进城党群城市家园", kind="centre", parent=county, number="1500", word="德中心"
        )
        library.publish(work, matters.load(ROOT, "tongbao"), by=people.SYSTEM, now=site.clock())
    site.clock.at("2026-10-13 08:00")
    sweep.sweep(site.database, now=site.clock())
    site.make_papers()  # the worker comes by
    operator = site.staff("operator", 360)
    operator.goto("/desk/schedules")
    operator.get_by_role("link", name="月度通报").click()
    operator.get_by_text("已开始").wait_for()
    looked_at(operator)
    head = site.staff("wu", 360)
    head.goto("/desk/schedules")
    head.get_by_role("link", name="月度通报").click()
    head.get_by_role("link", name=re.compile(r"^\d{6}-")).click()
    head.get_by_role("button", name=re.compile("^签收")).click()
    head.wait_for_selector("[data-form][data-drawn]")
    looked_at(head)
    head.get_by_label("数对，发出").check()
    head.get_by_label(re.compile("按语")).fill("平稳")
    head.get_by_label(re.compile("签发人")).fill("吴")
    with head.expect_navigation():
        head.get_by_role("button", name="办好，往下走").click()
    site.make_papers()
    with site.database.reading() as work:
        from sqlalchemy import select

        from engine.store.models import Case, Document

        case = work.session.scalars(select(Case).where(Case.matter == "tongbao")).one()
        kinds = work.session.scalars(select(Document.kind).where(Document.case_id == case.id)).all()
        number = case.number
    assert case.status == "running" and "monthly_report" in kinds  # the units have five working days to appeal
    head.goto(f"/desk/cases/{number}")
    report = head.request.get(str(head.locator("a[href*='/papers/']", has_text="通报").first.get_attribute("href")))
    assert report.ok and report.body()[:5] == b"%PDF-"
    sheet = head.request.get(str(head.locator("a", has_text="同样的表格（XLSX）").first.get_attribute("href")))
    (rows, *_more) = sheets.read_all(sheet.body(), hidden=[]).values()
    assert "响应率" in "".join(str(cell.value) for cell in rows[0])
    assert not site.troubles
