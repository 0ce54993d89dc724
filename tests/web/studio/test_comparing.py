"""The page that says what is other between two versions of a matter, or a draft and what it began from."""

from __future__ import annotations

import re

import pytest

from tests.web.studio.drafts import (
    DRAWING,
    NAME,
    a_name,
    keep,
    publish_draft,
    renamed,
    text_of,
)

pytestmark = pytest.mark.usefixtures("designer")


def words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))


def test_a_draft_is_compared_with_what_it_began_from_in_words_and_by_marks(hall, designer):
    text = text_of(designer)
    step = a_name(text)
    keep(designer, renamed(text, f'name="{step}"', f'name="{step}一下"'))
    page = designer.get(f"/desk/matters/{NAME}/compare")
    assert page.status_code == 200
    assert f"名称：“{step}” 改为 “{step}一下”" in words(page.text)
    assert f'data-compare="{DRAWING}"' in page.text and "改了 1" in words(page.text)
    addresses = re.findall(r'data-address="([^"]+)"', page.text)
    before, after = (designer.get(one.replace("&amp;", "&")).text for one in addresses)
    assert step + "一下" in after and step + "一下" not in before


def test_nothing_is_other_when_nothing_was_changed(hall, designer):
    assert "没有不同" in designer.get(f"/desk/matters/{NAME}/compare").text


def test_two_published_versions_are_compared_with_each_other(hall, designer):
    text = text_of(designer)
    step = a_name(text)
    keep(designer, renamed(text, f'name="{step}"', f'name="{step}一下"'))
    publish_draft(designer, 1)
    page = designer.get(f"/desk/matters/{NAME}/compare")
    assert f"名称：“{step}” 改为 “{step}一下”" in words(page.text)
    chosen = re.findall(r'<option value="([^"]+)" selected', page.text)
    turned = designer.get(f"/desk/matters/{NAME}/compare?before={chosen[1]}&after={chosen[0]}")
    assert f"名称：“{step}一下” 改为 “{step}”" in words(turned.text)


def test_a_broken_draft_is_compared_all_the_same(hall, designer):
    keep(designer, "<not xml")
    assert "流程图读不了" in designer.get(f"/desk/matters/{NAME}/compare").text


@pytest.mark.parametrize(
    "address",
    [
        "/desk/matters/nosuch/compare",
        f"/desk/matters/{NAME}/compare?before=nosuch",
        f"/desk/matters/{NAME}/compare/drawing?of=draft&path=bpmn/{NAME}/matter.yaml",
        f"/desk/matters/{NAME}/compare/drawing?of=draft",
        f"/desk/matters/{NAME}/compare/drawing",
    ],
)
def test_what_there_is_not_is_not_found(hall, designer, address):
    assert designer.get(address).status_code == 404


def test_nobody_but_a_designer_compares(hall):
    assert hall.client("chen").get(f"/desk/matters/{NAME}/compare").status_code == 403


def test_an_english_page_says_it_in_english(hall, designer):
    text = text_of(designer)
    step = a_name(text)
    keep(designer, renamed(text, f'name="{step}"', f'name="{step}一下"'))
    designer.post("/language", data={"to": "en", "next": "/desk"})
    page = words(designer.get(f"/desk/matters/{NAME}/compare").text)
    assert "name: " in page and "is now" in page
