"""The gate knows what the run will need: each slip of the pen is an error with its file, its line and the cure."""

from __future__ import annotations

import pytest

from engine import matters
from engine.commands import gate
from engine.findings import Finding, errors
from engine.matters import county as counties
from tests.cast import ROOT

COUNTY, _ = counties.read((ROOT / "web" / "demo" / "county.yaml").read_bytes(), "county.yaml")
HOUSE = gate.house(ROOT)


def look(name: str, files: dict[str, bytes]) -> list[Finding]:
    return errors(gate.check(matters.Source(name, files), COUNTY, house=HOUSE))


def with_slip(name: str, file: str, right: str, slip: str) -> list[Finding]:
    """What is said of a good matter in which one text is written otherwise (the first time it stands there)."""
    files = matters.read_files(ROOT, name)
    text = files[file].decode()
    assert right in text, right
    return look(name, {**files, file: text.replace(right, slip, 1).encode()})


@pytest.mark.parametrize("name", matters.names(ROOT))
def test_every_matter_of_the_house_passes(name: str) -> None:
    found = gate.check(matters.Source(name, matters.read_files(ROOT, name)), COUNTY, house=HOUSE)
    assert [f for f in found if f.severity != "hint"] == []


def test_what_all_matters_share_passes() -> None:
    assert gate.shared(ROOT) == []


SLIPS = [
    # (matter, file, as it is, as it is slipped, rule, what is offered instead)
    ("yuyue", "bpmn/yuyue/matter.yaml", "post: window", "post: windwo", "post", "window"),
    ("fanying", "bpmn/fanying/matter.yaml", "at: town", "at: twon", "unit", "town"),
    ("fanying", "bpmn/fanying/matter.yaml", "office: FW", "office: XXYY", "unit", "FW"),
    ("fanying", "bpmn/fanying/matter.yaml", "编号 {number}", "编号 {nubmer}", "placeholder", "number"),
    ("fanying", "bpmn/fanying/matter.yaml", "report {number}.", "report {nubmer}.", "placeholder", "number"),
    ("fanying", "bpmn/fanying/matter.yaml", "papers: [order,", "papers: [oder,", "paper-unknown", "order"),
    ("fanying", "bpmn/fanying/matter.yaml", "channels: [screen]", "channels: [scren]", "matter", "screen"),
    ("fanying", "bpmn/fanying/matter.yaml", "summary_en:", "sumary_en:", "matter", "summary_en"),
    ("fanying", "bpmn/fanying/matter.yaml", "regime: dispatched", "regime: dispatchd", "matter", "dispatched_order"),
    ("tiaojie", "bpmn/tiaojie/matter.yaml", "steps: {register:", "steps: {regsiter:", "step-unknown", "register"),
    ("daiban", "bpmn/daiban/matter.yaml", "field: id_copies", "field: id_copeis", "no-field", "id_copies"),
    (
        "daiban",
        "bpmn/daiban/matter.yaml",
        "phone: applicant.phone",
        "phone: applicant.fone",
        "no-field",
        "applicant.phone",
    ),
    ("daiban", "bpmn/daiban/matter.yaml", "form: apply", "form: aply", "no-form", "apply"),
    ("daiban", "bpmn/daiban/process.bpmn", 'value="claim,', 'value="clam,', "property", "claim"),
    ("daiban", "bpmn/daiban/process.bpmn", 'name="apart"', 'name="aprat"', "property-unknown", "apart"),
    (
        "daiban",
        "bpmn/daiban/process.bpmn",
        'value="applicant,persons"',
        'value="aplicant,persons"',
        "property",
        "applicant",
    ),
    ("daiban", "bpmn/daiban/process.bpmn", 'value="handover"', 'value="handovre"', "property", "handover"),
    ("daiban", "bpmn/daiban/process.bpmn", 'assignee="applicant"', 'assignee="aplicant"', "user", "applicant"),
    ("daiban", "bpmn/daiban/process.bpmn", 'candidateGroups="回访"', 'candidateGroups="回放"', "role-missing", "回访"),
    ("daiban", "bpmn/daiban/process.bpmn", 'candidateGroups="回访"', 'candidateGroups="windwo@town"', "post", "window"),
    ("daiban", "bpmn/daiban/process.bpmn", 'candidateGroups="回访"', 'candidateGroups="window@twon"', "unit", "town"),
    ("daiban", "bpmn/daiban/process.bpmn", 'formId="sign"', 'formId="sing"', "form-missing", "sign"),
    ("daiban", "bpmn/daiban/process.bpmn", '"proxy-permit"', '"proxy-permti"', "decision-missing", "proxy-permit"),
    ("daiban", "bpmn/daiban/process.bpmn", 'target="double"', 'target="duoble"', "decision-input", "double"),
    (
        "daiban",
        "bpmn/daiban/process.bpmn",
        "date(mandate_until)",
        "date(mandate_utnil)",
        "unset-variable",
        "mandate_until",
    ),
    ("daiban", "bpmn/daiban/process.bpmn", "registration.note", "registration.ntoe", "unset-variable", "note"),
    ("daiban", "bpmn/daiban/process.bpmn", "permit.reason", "permit.raeson", "unset-variable", "reason"),
    ("daiban", "bpmn/daiban/process.bpmn", 'key="template"', 'key="tempalte"', "header-unknown", "template"),
    ("daiban", "bpmn/daiban/process.bpmn", 'value="unsigned"', 'value="unsinged"', "notice-missing", "unsigned"),
    ("daiban", "bpmn/daiban/process.bpmn", 'value="authority"', 'value="authroity"', "paper-missing", "authority"),
    ("daiban", "bpmn/daiban/process.bpmn", "until_on: string", "untl_on: string", "paper-facts", "untl_on"),
    (
        "daiban",
        "bpmn/daiban/process.bpmn",
        'target="facts.summary"',
        'target="facts.sumary"',
        "paper-fact-unknown",
        "summary",
    ),
    ("daiban", "bpmn/daiban/process.bpmn", '"issue-paper"', '"isue-paper"', "effect-unknown", "issue-paper"),
    (
        "tiaojie",
        "bpmn/tiaojie/process.bpmn",
        'value="judicial_',
        'value="judical_',
        "header-value",
        "judicial_confirmation",
    ),
    ("tiaojie", "forms/tiaojie/choose.form", '"offers": "mediators"', '"offers": "mediatros"', "offers", "mediators"),
    ("daiban", "forms/daiban/sign.form", '"id": "daiban_sign"', '"id": "daiban_sing"', "form-id", "sign"),
    ("daiban", "forms/daiban/sign.form", '"check": "signature"', '"chekc": "signature"', "property-unknown", "check"),
    ("daiban", "bpmn/daiban/stories.yaml", "task: accept", "taks: accept", "stories", "task"),
    ("daiban", "bpmn/daiban/stories.yaml", "task: accept", "task: acecpt", "story-name", "accept"),
    ("daiban", "bpmn/daiban/stories.yaml", "finished: true", "finisehd: true", "stories", "finished"),
    ("daiban", "bpmn/daiban/stories.yaml", "applicant: {name", "aplicant: {name", "story-field", "applicant"),
    ("daiban", "bpmn/daiban/stories.yaml", "outcome: approve", "outcome: aprove", "story-name", "approve"),
    ("daiban", "bpmn/daiban/en.yaml", "委托人自愿委托，", "委托人自愿委拖，", "english-unused", "委托人自愿委托"),
]


@pytest.mark.parametrize("name, file, right, slip, rule, cure", SLIPS, ids=[f"{s[4]}: {s[3]}" for s in SLIPS])
def test_a_slip_is_an_error_with_its_line_and_the_nearest_word(
    name: str, file: str, right: str, slip: str, rule: str, cure: str
) -> None:
    found = [f for f in with_slip(name, file, right, slip) if f.rule == rule]
    assert found, [(f.rule, f.message_en) for f in with_slip(name, file, right, slip)]
    assert any(cure in f.message_zh and cure in f.message_en for f in found), [f.message_en for f in found]
    assert all(f.line > 0 for f in found)
