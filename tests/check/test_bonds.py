"""bonds of matter.yaml: each slip is an error with its line and the nearest known word."""

from __future__ import annotations

import pytest

from engine import matters
from engine.commands import gate
from tests.cast import ROOT
from tests.check.test_gate import COUNTY, HOUSE

NAME = "jieren"
YAML, DIAGRAM, STORIES = (f"bpmn/{NAME}/{file}" for file in ("matter.yaml", "process.bpmn", "stories.yaml"))
FILES = matters.read_files(ROOT, NAME)


def look(file, right, slip):
    text = FILES[file].decode()
    assert right in text, right
    changed = {**FILES, file: text.replace(right, slip, 1).encode()}
    return [f for f in gate.check(matters.Source(NAME, changed), COUNTY, house=HOUSE) if f.severity != "hint"]


def test_the_matter_itself_has_no_fault():
    assert gate.check(matters.Source(NAME, FILES), COUNTY, house=HOUSE) == []


@pytest.mark.parametrize(
    ("file", "right", "slip", "rule", "offered"),
    [
        (DIAGRAM, 'key="bond" value="pick_up"', 'key="bond" value="pick_pu"', "bond-unknown", "pick_up"),
        (DIAGRAM, 'key="bond" value="pick_up"', 'key="bond" value="mandate"', "bond-way", "take-mandate"),
        (YAML, "  pick_up:\n", "  guardian:\n", "bond-name", "guardian"),
        (YAML, "ways: [phone, case]", "ways: [phone]", "bond-way", "case"),
        (YAML, 'until: "=term_end"', 'until: "=term_edn"', "bond-until", "term_end"),
        (YAML, 'until: "=term_end"', 'until: "=term_end +"', "matter", "until"),
        (YAML, "lets: fetch", "lets: fecth", "matter", "fetch"),
        (YAML, "    lets: fetch\n", "", "matter", "lets"),
        (YAML, "between: [child, adult]", "between: [child, adlut]", "matter", "adult"),
        (YAML, "between: [child, adult]", "between: [adult, adult]", "matter", "child"),
        (YAML, "proof: [photo, code]", "proof: [foto, code]", "matter", "photo"),
        (YAML, "lasts: 200cd", "lasts: 200wd", "matter", "200wd"),
        (YAML, "most: 5", "most: 0", "matter", "1"),
        (STORIES, "bond: pick_up", "bond: pick_pu", "bond-unknown", "pick_up"),
        (STORIES, "{bond: guardian, subject:", "{bond: guardian, subjct:", "stories", "subject"),
    ],
)
def test_a_slip_is_found_with_what_was_meant(file, right, slip, rule, offered):
    found = [f for f in look(file, right, slip) if f.rule == rule]
    assert found, [(f.rule, f.message_en) for f in look(file, right, slip)]
    assert any(offered in f.message_zh and offered in f.message_en for f in found), [f.message_en for f in found]
    assert all(f.line > 0 for f in found)


DAIBAN = matters.read_files(ROOT, "daiban")


@pytest.mark.parametrize(
    ("right", "slip", "offered"),
    [
        ("list contains(mandate_scope,", "list contains(mandate_scoep,", "mandate_scope"),
        ("ends: authority-revoked", "ends: authority-revokde", "authority-revoked"),
        ("signature: mandate_signature", "signature: mandate_signatuer", "mandate_signature"),
    ],
)
def test_a_slip_in_a_mandate_is_found_with_what_was_meant(right, slip, offered):
    file = "bpmn/daiban/matter.yaml"
    text = DAIBAN[file].decode()
    assert text.count(right) == 1, right
    changed = {**DAIBAN, file: text.replace(right, slip).encode()}
    found = [f for f in gate.check(matters.Source("daiban", changed), COUNTY, house=HOUSE) if f.severity == "error"]
    at = text[: text.index(right)].count("\n") + 1
    assert [f.line for f in found] == [at], [(f.rule, f.line, f.message_en) for f in found]
    assert offered in found[0].message_zh and offered in found[0].message_en
