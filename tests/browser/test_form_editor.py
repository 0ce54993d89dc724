"""A designer changes a form by its parts: what is not touched stays as it is written, what is shown is ours."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.drafts import kept, opened, unchanged
from tests.cast import ROOT

MATTER, FORM = "daiban", "forms/daiban/apply.form"
#: A label that would run in a browser that took it for more than words.
HOSTILE = "<img src=x onerror=\"document.title='RAN'\"><script>document.title='RAN'</script>"


def texts(pattern: str) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in sorted((ROOT / "forms").glob(pattern))]


def choose(page: Any, part: str) -> None:
    page.locator(f".fjs-element[data-id='{part}']").first.click()


def field(page: Any, label: str) -> Any:
    return page.locator("[data-form-panel]").get_by_label(label, exact=True)


@pytest.mark.browser
def test_forms_that_are_opened_and_not_changed_say_the_same_bytes(site: Site) -> None:
    some = texts("daiban/*.form") + texts("yuyue/*.form")
    page = opened(site, MATTER, FORM)
    assert unchanged(page, "form_editor", some) == some


@pytest.mark.browser
@pytest.mark.wide
def test_every_form_of_every_matter_that_is_opened_and_not_changed_says_the_same_bytes(site: Site) -> None:
    every = texts("**/*.form")
    assert len(every) > 300
    page = opened(site, MATTER, FORM)
    assert unchanged(page, "form_editor", every) == every
    assert not site.troubles


@pytest.mark.browser
def test_a_changed_form_differs_only_where_it_was_changed_and_its_preview_runs_nothing(site: Site) -> None:
    page = opened(site, MATTER, FORM)
    before = (ROOT / FORM).read_text(encoding="utf-8")

    # a question, whether it must be answered, one more option, a part of ours at the end
    choose(page, "a_address")
    field(page, "问题").fill("住在哪里")
    field(page, "必须填").check()
    choose(page, "apply_2")
    page.get_by_role("button", name="再加一个选项").click()
    page.locator("[data-field-type='yz:cn-id']").press("Enter")
    after = kept(page, site, MATTER, FORM)
    removed = [line for line in before.splitlines() if line not in after.splitlines()]
    assert [line.strip() for line in removed] == ['"label": "现住址",', '"maxLength": 100']  # a comma
    added = after.splitlines()
    for line in before.splitlines():
        if line in added:
            added.remove(line)
    told = " ".join(line.strip() for line in added)
    assert '"label": "住在哪里",' in told
    assert '"required": true' in told
    assert '"label": "选项 3", "value": "选项 3"' in told
    assert '"check": "cn-id"' in told
    assert "layout" not in after

    # all of it taken back: the bytes are those of before
    undo = page.get_by_role("button", name="撤销")
    for _ in range(4):
        undo.click()
    assert page.evaluate("document.querySelector('[data-draft]').written()") == before

    # a name that is there already is refused where it is typed
    choose(page, "a_phone")
    field(page, "存为").fill("name")
    field(page, "存为").blur()
    assert page.get_by_text("已经有这个名称了，请换一个").is_visible()

    # what the check finds stands at its part
    choose(page, "apply_2")
    field(page, "什么时候不显示").fill("for_whom ==== 1")
    field(page, "什么时候不显示").blur()
    page.wait_for_selector(".fjs-element[data-id='apply_2'][data-found='error']")

    # the preview is drawn by what draws it for people, and a label is words
    choose(page, "a_name")
    field(page, "问题").fill(HOSTILE)
    page.get_by_role("button", name="预览").click()
    page.locator("[data-form-preview] form").wait_for()
    assert HOSTILE in page.locator("[data-form-preview]").inner_text()
    assert page.locator("[data-form-preview] :is(script, img[onerror])").count() == 0
    assert page.title() != "RAN"
    page.get_by_role("button", name="试着提交").click()
    page.get_by_text("这一项必须填。").first.wait_for()
    page.get_by_role("button", name="预览").click()

    # nothing is left in English but names of files and answers, FEEL and the maker's mark
    for part in ("apply_1", "apply_2", "a_id", "apply_3"):
        choose(page, part)
        words = page.locator("[data-form-palette], [data-form-panel]").all_inner_texts()
        found = set(re.findall("[A-Za-z]{2,}", " ".join(words)))
        assert found <= {"FEEL", "for", "whom", "family", "pdf", "image"}, found
    assert not site.troubles
