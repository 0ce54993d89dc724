"""What stopped people who made their first matters with the docs alone: the check says it, with the cure."""

from __future__ import annotations

import pytest

from engine import matters
from engine.commands import gate
from engine.findings import Finding
from engine.matters import county as counties
from tests.cast import ROOT
from tests.schedules.small import files

COUNTY, _ = counties.read((ROOT / "web" / "demo" / "county.yaml").read_bytes(), "county.yaml")
HOUSE = gate.house(ROOT)


def look(more: str, **drawn: str) -> list[Finding]:
    return gate.check(matters.Source("yuebao", files("yuebao", more, **drawn)), COUNTY, house=HOUSE)


def said(found: list[Finding], rule: str) -> list[Finding]:
    return [one for one in found if one.rule == rule]


# ---------------------------------------------------------------- words that YAML takes for true and false

HOUSES = """
registers:
  houses:
    title: 空房
    title_en: Empty houses
    about: thing
    key: number
    fields: {number: {title: 门牌}}
    states: {free: 空着, %s: {title: 住了, ends: true}}
    readers: [head]
"""


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "Yes", "ON"])
def test_a_key_that_yaml_takes_for_true_or_false_is_named_as_it_was_written(word: str) -> None:
    (found,) = said(look(HOUSES % word), "matter")
    assert found.element == f"registers.houses.states.{word}" and found.severity == "error"
    assert (HOUSES % word).splitlines()[found.line - look_from()].strip().startswith("states:")
    assert f'"{word}"' in found.message_zh and f'"{word}"' in found.message_en
    quoted = said(look(HOUSES % f'"{word.lower()}"'), "matter")
    assert quoted == []


def look_from() -> int:
    """On which line of matter.yaml what is added to it begins."""
    text = files("yuebao", HOUSES)["bpmn/yuebao/matter.yaml"].decode()
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith("registers:")) - 1


def test_so_is_a_key_of_matter_yaml_itself_and_a_number() -> None:
    (found,) = said(look("on: 3"), "matter")
    assert found.element == "on" and '"on"' in found.message_zh and found.line > 1
    (found,) = said(look(HOUSES % "12"), "matter")
    assert found.element.endswith("states.12") and "数字" in found.message_zh and "a number" in found.message_en
