"""A designer changes a decision in its table: what is not touched stays as it is written."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.drafts import kept, opened, unchanged
from tests.cast import ROOT

MATTER, TABLE = "daiban", "bpmn/daiban/proxy-permit.dmn"


def texts(pattern: str) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in sorted((ROOT / "bpmn").glob(pattern))]


def cell(page: Any, words: str) -> Any:
    return page.locator("[data-decision-place] td", has_text=re.compile(f"^{re.escape(words)}$")).first


def write(page: Any, where: Any, words: str) -> None:
    """As one types: into the cell, over what it says."""
    where.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(words)


@pytest.mark.browser
@pytest.mark.wide
def test_every_decision_of_every_matter_that_is_opened_and_not_changed_says_the_same_bytes(site: Site) -> None:
    every = texts("**/*.dmn")
    assert len(every) > 80
    page = opened(site, MATTER, TABLE)
    assert unchanged(page, "decision_editor", every) == every
    assert not site.troubles


@pytest.mark.browser
def test_a_changed_decision_differs_only_where_it_was_changed(site: Site) -> None:
    page = opened(site, MATTER, TABLE)
    some = texts("daiban/*.dmn") + texts("rizhao_bian/*.dmn") + texts("shitang/*.dmn")
    before = (ROOT / TABLE).read_text(encoding="utf-8")

    # one cell of one rule
    write(page, cell(page, '"可以全程代办"'), '"都可以代办"')
    after = kept(page, site, MATTER, TABLE)
    assert after == before.replace('"可以全程代办"', '"都可以代办"')

    # taken back, it is what it was
    page.get_by_role("button", name="撤销").click()
    assert page.evaluate("document.querySelector('[data-draft]').written()") == before

    # a rule more: what was there stays, line by line
    page.locator("[data-decision-place] td.add-rule").first.click()
    write(page, page.locator("[data-decision-place] tbody tr").nth(4).locator("td.input-cell").first, "true")
    page.locator("h1").first.click()
    more = page.evaluate("document.querySelector('[data-draft]').written()")
    assert set(before.splitlines()) <= set(more.splitlines())
    assert more.count("<rule ") == before.count("<rule ") + 1

    # how the decisions hang together is drawn, though the file has no drawing, and gets none
    page.get_by_role("button", name="决策之间的关系", exact=True).click()
    page.locator(".djs-shape[data-element-id='in-cash']").wait_for()
    shown = page.locator("[data-decision-place]").inner_text()
    page.get_by_role("button", name="proxy-permit").click()
    shown += page.locator("[data-decision-place]").inner_text()
    assert "DMNDI" not in page.evaluate("document.querySelector('[data-draft]').written()")

    # no word of the editor's is left in English: what stands there is the file's own
    left = set(re.findall("[A-Za-z]{2,}", shown)) - set(re.findall("[A-Za-z]{2,}", before))
    assert not left, left

    # what the check finds stands at its cell, rule or table
    write(page, cell(page, '"refuse"'), '"refuse')
    page.locator("h1").first.click()
    page.wait_for_selector("[data-decision-place] [data-found='error']")

    assert unchanged(page, "decision_editor", some) == some
    assert not site.troubles
