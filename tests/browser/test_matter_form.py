"""A designer changes what a matter says of itself in a form, and its comments stay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.drafts import kept, opened
from tests.cast import ROOT

MATTER, FILE = "daiban", "bpmn/daiban/matter.yaml"


@pytest.mark.browser
def test_a_designer_changes_a_matter_in_a_form_and_its_text_keeps_comments_and_order(site: Site) -> None:
    page = opened(site, MATTER, FILE)
    before = (ROOT / FILE).read_text(encoding="utf-8")
    form = page.locator("[data-matter-place]")

    def at(key: str) -> Any:
        return form.locator(f"[data-at='{key}']")

    at("short").locator("input").fill("代办参保")
    at("short").locator("input").blur()
    at("limits").locator("summary").first.click()
    at("limits.promised").locator("input").fill("4wd")
    at("limits.promised").locator("input").blur()
    after = kept(page, site, MATTER, FILE)
    assert after == before.replace("short: 代办医保参保", "short: 代办参保").replace("promised: 5wd", "promised: 4wd")

    # a choice, a list, a key that was not said, an entry with what it needs
    at("kind").locator("select").select_option("即办件")
    at("conditions").locator("textarea").fill("本县户籍\n委托人自愿委托")
    at("conditions").locator("textarea").blur()
    page.locator(".yz-more select").last.select_option("agent_words")
    at("agent_words").locator("input").fill("可以：全程")
    at("agent_words").locator("input").blur()
    at("materials").locator("summary").first.click()
    at("materials").get_by_role("button", name="再加一个").click()
    at("materials.4.name").locator("input").fill("照片")
    at("materials.4.name").locator("input").blur()
    page.locator("[data-kept]", has_text="已存").wait_for()
    page.wait_for_selector("[data-matter-place] [data-at='materials.4'] summary:has-text('照片')")
    said = kept(page, site, MATTER, FILE)
    assert "kind: 即办件" in said
    assert "agent_words: 可以：全程" in said
    assert "照片" in said
    comments = [line.partition("#")[2] for line in before.splitlines() if "#" in line]
    assert [line.partition("#")[2] for line in said.splitlines() if "#" in line] == comments

    # what the check finds stands at its key
    at("limits.regime").locator("input").fill("nosuch")
    at("limits.regime").locator("input").blur()
    at("limits.regime").locator(".yz-error").wait_for()

    # and the text is one tab away
    page.locator("[data-kept]", has_text="已存").wait_for()
    page.get_by_role("link", name="文字", exact=True).click()
    page.wait_for_selector("[data-text]")
    assert "regime: nosuch" in page.locator("[data-text]").input_value()
    assert not site.troubles
