"""retention of matter.yaml: each slip is an error with its line; what is not said has the hall's default."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from engine import matters
from engine.commands import gate
from engine.matters import keeping
from tests.cast import ROOT
from tests.check.test_gate import COUNTY, HOUSE

SHELF, PROXY, CASES = "shangjia", "daiban", sorted(p.parent.name for p in (ROOT / "bpmn").glob("*/matter.yaml"))


def look(name: str, right: str, slip: str):
    files = matters.read_files(ROOT, name)
    file = f"bpmn/{name}/matter.yaml"
    text = files[file].decode()
    assert right in text, right
    changed = {**files, file: text.replace(right, slip, 1).encode()}
    found = gate.check(matters.Source(name, changed), COUNTY, house=HOUSE)
    return [f for f in found if f.severity != "hint"]


@pytest.mark.parametrize(
    ("name", "right", "slip", "rule", "offered"),
    [
        (SHELF, "basis: platform}\n", "basis: platfrom}\n", "retention", "platform"),
        (SHELF, "retention: {years: 3,", "retention: {years: 5,", "retention", "保存 3 年"),
        (SHELF, "retention: {years: 3,", "retention: {years: permanent,", "retention", "永久"),
        (PROXY, "retention: 10\n", "retention: 4\n", "retention", "5 年"),
        (PROXY, "retention: 10\n", "retention: 0\n", "matter", "retention"),
        (PROXY, "retention: 10\n", "retention: 101\n", "matter", "retention"),
        (PROXY, "retention: 10\n", "retention: always\n", "matter", "retention"),
        (PROXY, "retention: 10\n", "retntion: 10\n", "matter", "retention"),
    ],
)
def test_a_slip_is_said_with_its_line(name, right, slip, rule, offered):
    said = look(name, right, slip)
    assert any(f.rule == rule and f.line and offered in f.message_zh + f.element for f in said), said


def test_a_promise_is_held_against_the_default_too():
    (said,) = look(SHELF, "retention: {years: 3, basis: platform}\n", "")
    assert said.rule == "retention" and said.element == "apply.consent" and "10 年" in said.message_zh


def test_a_matter_that_says_nothing_is_kept_as_the_house_says():
    assert keeping.of_house().years == 10
    assert keeping.of_house().until(date(2024, 2, 29)) == date(2034, 2, 28)


@pytest.mark.parametrize("name", CASES)
def test_every_matter_of_ours_says_how_long(name: str):
    told = yaml.safe_load((ROOT / "bpmn" / name / "matter.yaml").read_text(encoding="utf-8"))
    assert "retention" in told
