"""A drawing that is opened on the canvas stays as it is written, but for what is changed."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Site
from tests.browser.drafts import kept, opened, unchanged
from tests.cast import ROOT

MATTER, DRAWING = "daiban", "bpmn/daiban/process.bpmn"


@pytest.mark.browser
@pytest.mark.wide
def test_every_drawing_of_every_matter_that_is_opened_and_not_changed_says_the_same_bytes(site: Site) -> None:
    every = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "bpmn").glob("**/*.bpmn"))]
    assert len(every) > 80
    page = opened(site, MATTER, DRAWING)
    assert unchanged(page, "modeler", every) == every


@pytest.mark.browser
def test_a_step_that_is_renamed_is_all_that_differs_in_its_file(site: Site) -> None:
    page = opened(site, MATTER, DRAWING)
    before = (ROOT / DRAWING).read_text(encoding="utf-8")
    # by hand, as people write it, and as no writer of diagrams does
    ours = before.replace('<?xml version="1.0"', "<?xml version='1.0'").replace("<bpmn:process ", "<bpmn:process   ", 1)
    assert unchanged(page, "modeler", [ours, before]) == [ours, before]

    page.goto(f"/desk/matters/{MATTER}/draft/edit?path={DRAWING}")
    page.wait_for_selector("[data-draft][data-ready]")
    page.get_by_role("button", name="看全图").click()
    name = page.evaluate("document.querySelector('.djs-element[data-element-id] .djs-label')?.textContent")
    assert name
    shape = page.locator(".djs-shape:has(.djs-label)", has_text=name).first
    shape.locator(".djs-hit").first.dblclick()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("换个名称")
    page.locator(".djs-container svg").first.click(position={"x": 330, "y": 20})
    after = kept(page, site, MATTER, DRAWING)
    assert [line for line in after.splitlines() if line not in before.splitlines()] != []
    other = [line for line in before.splitlines() if line not in after.splitlines()]
    assert len(other) == 1, other
