"""What a matter declares of its hand-overs: each slip of the pen is an error with its line and the nearest word."""

from __future__ import annotations

import re

import pytest
import yaml

from engine.matters.info import Group
from engine.matters.nouns.handovers import Handover, HandoverLink
from engine.matters.taking_part import Role
from tests.cast import ROOT
from tests.check.test_gate import with_slip

YAML, BPMN = "bpmn/jisong/matter.yaml", "bpmn/jisong/process.bpmn"


@pytest.mark.parametrize(
    ("file", "right", "slip", "rule", "cure"),
    [
        (YAML, "- {from: applicant, to: 村驿站", "- {from: aplicant, to: 村驿站", "handover-name", "applicant"),
        (YAML, "to: receiver, within", "to: reciever, within", "handover-name", "receiver"),
        (YAML, "from: parcel.what}", "from: parcel.waht}", "handover-name", "parcel.what"),
        (YAML, "refuse: prohibited-goods", "refuse: prohibited-godos", "handover-name", "prohibited-goods"),
        (YAML, "paper: handover ", "paper: handovre ", "handover-name", "handover"),
        (YAML, "lost: parcel-lost", "lost: parcel-lots", "handover-name", "parcel-lost"),
        (YAML, "in_person: {post: agent", "in_person: {post: agnet", "handover-name", "agent"),
        (YAML, "- {from: 村驿站, to: carrier", "- {from: receiver, to: carrier", "handover-chain", "村驿站"),
        (YAML, "within: 23cd", "within: 23days", "matter", "20wd"),
        (YAML, "proof: [qr, code]", "proof: [qr, cdoe]", "matter", "code"),
        (YAML, "- 村驿站 -> applicant", "- 村驿站 to applicant", "matter", "->"),
        (YAML, "- 村驿站 -> applicant", "- applicant -> applicant", "matter", "另一头"),
        (BPMN, 'key="handover" value="parcel"', 'key="handover" value="parcle"', "handover-name", "parcel"),
        (BPMN, 'value="村驿站 -&gt; carrier"', 'value="村驿站 -&gt; carier"', "handover-name", "村驿站 -> carrier"),
        (BPMN, 'errorCode="REFUSED"', 'errorCode="REFUSDE"', "handover-uncaught", "REFUSED"),
    ],
)
def test_a_slip_is_an_error_with_its_line_and_the_nearest_word(file, right, slip, rule, cure):
    found = [one for one in with_slip("jisong", file, right, slip) if one.rule == rule]
    assert found, rule
    assert cure in found[0].message_zh
    assert found[0].line > 0


def test_a_difference_that_is_an_error_needs_a_way_out_too():
    found = with_slip("jisong", YAML, "different: noted", "different: error")
    assert {one.rule for one in found} == {"handover-uncaught"}
    assert all("DIFFERENT" in one.message_zh for one in found)


def test_a_link_in_a_word_and_in_full_are_the_same():
    short = HandoverLink.model_validate("giver -> station")
    assert short == HandoverLink.model_validate({"from": "giver", "to": "station"})
    assert short.name == "giver -> station"
    what = Handover.model_validate(
        {"name": "钥匙", "name_en": "Keys", "thing": {"words": "钥匙", "words_en": "Keys"}, "links": ["a->b", "b → c"]}
    )
    assert what.link("a   ->b") is what.links[0]
    assert what.link("b -> a") is None


def test_every_declaration_on_the_page_for_designers_can_be_read():
    page = (ROOT / "docs" / "nouns.md").read_text()
    section = page[page.index("## 交接 · Hand-overs") : page.index("## 公开栏 · Boards")]
    shown = [yaml.safe_load(one) for one in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)]
    kinds = set()
    for one in shown:
        groups = {name: Group.model_validate(said) for name, said in one.get("groups", {}).items()}
        parties = {name: Role.model_validate(said) for name, said in one.get("parties", {}).items()}
        for said in one["handovers"].values():
            what = Handover.model_validate(said)
            kinds.add(what.thing.kind)
            ends = {end for link in (*what.links, *what.back) for end in (link.giver, link.receiver)}
            assert ends <= {"applicant", "agent", "receiver", *groups, *parties}, ends
    assert kinds == {"goods", "originals", "keys", "person"}
