"""Services of government and oversight played through pages from the application to the paper, on a telephone of 360
pixels. With YIZHAN_PICTURES=folder every page is kept."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from engine import matters
from engine.matters import stories
from engine.store.models import Case, Document
from tests.browser import filling, pictures
from tests.browser.conftest import Site, english_left, whole
from tests.cast import ROOT
from web import demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.wide,
    pytest.mark.flaky(reruns=0),  # the hall is the module's: what was sent at first, is sent
    pytest.mark.xdist_group("browser"),
]

#: What of the county's matters these journeys need.
MATTERS = ("pipei",)


def test_a_graduate_reads_which_policies_fit_and_has_the_form_filled_in(county: Site) -> None:
    package = matters.load(ROOT, "pipei")
    page = filling.phone(county, demo.RESIDENT)

    def seen(name: str) -> None:
        pictures.taken(page, f"pipei-{name}")
        assert english_left(page) == [], name

    # Found in two taps, filled in as the matter's first story says, looked over, sent.
    page.goto("/")
    page.get_by_role("link", name="我要办事").click()
    page.get_by_role("link", name=re.compile(package.info.name)).first.click()
    seen("guide")
    page.get_by_role("link", name="开始申请").click()
    whole(page)
    filling.fill_in(page, package, package.info.apply.form, stories.read(package)[0].answers)
    seen("form")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("heading", name="请核对您填的内容").wait_for()
    seen("check")
    page.get_by_role("button", name=re.compile("提交")).click()
    page.wait_for_url(re.compile("/mine/|/receipt"))
    seen("sent")

    # The slip of what fits, and the form with everything that was said in it.
    county.make_papers()
    with county.database.reading() as work:
        newest = select(Case.id, Case.number).where(Case.matter == "pipei").order_by(Case.id.desc())
        case_id, number = work.session.execute(newest).first() or (0, "")
        papers = select(Document.kind, Document.state).where(Document.case_id == case_id).order_by(Document.id)
        made = [tuple(one) for one in work.session.execute(papers)]
    assert made == [("match_slip", "ready"), ("talent_form", "ready")]
    page.goto(f"/mine/{number}")
    seen("given")
    addresses = [one.get_attribute("href") for one in page.locator("a[href*='/papers/']").all()]
    assert addresses
    for address in addresses:
        answer = page.request.get(address)
        assert answer.ok and answer.body()[:5] == b"%PDF-", address
    assert not county.troubles, county.troubles
