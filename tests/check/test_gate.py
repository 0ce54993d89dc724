"""The gate knows what the run will need: each slip of the pen is an error with its file, its line and the cure."""

from __future__ import annotations

import cProfile
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine import matters
from engine.commands import gate
from engine.findings import Finding, errors
from engine.matters import county as counties
from engine.matters.gate import shapes, story_rules
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
    (
        "zuzhi",
        "bpmn/zuzhi/matter.yaml",
        "unit: party, from: move.to",
        "unit: party, from: mvoe.to",
        "no-field",
        "move.to",
    ),
    ("zuzhi", "bpmn/zuzhi/matter.yaml", "at: party, from: move.to", "at: party, from: mvoe.to", "no-field", "move.to"),
    ("fanying", "bpmn/fanying/matter.yaml", "编号 {number}", "编号 {nubmer}", "placeholder", "number"),
    ("fanying", "bpmn/fanying/matter.yaml", "report {number}.", "report {nubmer}.", "placeholder", "number"),
    ("fanying", "bpmn/fanying/matter.yaml", "  order: {organ", "  oder: {organ", "paper-unknown", "order"),
    ("fanying", "bpmn/fanying/matter.yaml", "channels: [screen]", "channels: [scren]", "matter", "screen"),
    ("fanying", "bpmn/fanying/matter.yaml", "summary_en:", "sumary_en:", "matter", "summary_en"),
    ("linshi", "bpmn/linshi/matter.yaml", "agent_basis: where", "agent_basis: wehre", "taking-part", "where"),
    (
        "daiban",
        "bpmn/daiban/matter.yaml",
        "signature: mandate_signature",
        "signature: mandate_until",
        "mandate-unsigned",
        "mandate_signature",
    ),
    ("daiban", "bpmn/daiban/matter.yaml", "agent: true", "agent: true\nagent_basis: help", "mandate-basis", "mandate"),
    (
        "gaoling",
        "forms/gaoling/gl_apply.form",
        '"key": "elder.home"',
        '"key": "mandate.home"',
        "mandate-name",
        "mandate",
    ),
    ("fanying", "bpmn/fanying/matter.yaml", "signed: sign", "signed: sgin", "taking-part", "sign"),
    ("fanying", "bpmn/fanying/matter.yaml", "if redone = null", "if rednoe = null", "taking-part", "redone"),
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
        "zhenggai",
        "bpmn/zhenggai/process.bpmn",
        'name="apart" value="contact"',
        'name="apart" value="contcat"',
        "property",
        "contact",
    ),
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
    ("daiban", "bpmn/daiban/process.bpmn", 'target="presence"', 'target="presnece"', "decision-input", "presence"),
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
    # what is compared when a list is put in order are its items, and what comes out is one of them
    (
        "sidianban",
        "bpmn/sidianban/process.bpmn",
        "a.since &lt; b.since",
        "a.sicne &lt; b.since",
        "unset-variable",
        "since",
    ),
    (
        "sidianban",
        "bpmn/sidianban/process.bpmn",
        "b.since))[1].number",
        "b.since))[1].nubmer",
        "unset-variable",
        "number",
    ),
    # an entry of a context sees those before it, and no more the variable of that name
    (
        "rizhao_dao",
        "bpmn/rizhao_dao/process.bpmn",
        "by: given.by, given: given.result",
        "given: given.result, by: given.by",
        "context-lost",
        "given",
    ),
    # contexts laid over each other have what any of them has
    ("zhiyuan", "bpmn/zhiyuan/process.bpmn", 'need.from + "到"', 'need.form + "到"', "unset-variable", "from"),
    # what a script gives is known to its own mappings
    ("ganxu", "bpmn/ganxu/process.bpmn", 'source="=permit"', 'source="=pemrit"', "unset-variable", "permit"),
    # what a for-each gives its process may be the key of a message: it is looked for where the message is thrown
    (
        "shangjia",
        "bpmn/shangjia/process.bpmn",
        'correlationKey="=order"',
        'correlationKey="=oder"',
        "unset-variable",
        "order",
    ),
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
    ("tiaojie", "forms/tiaojie/choose.form", '"offers": "mediator"', '"offers": "mediatro"', "offers", "mediator"),
    ("tiaojie", "bpmn/tiaojie/matter.yaml", "register: mediator", "register: mediatro", "taking-part", "mediator"),
    (
        "tiaojie",
        "bpmn/tiaojie/matter.yaml",
        "holds: [mediation-room",
        "holds: [mediation-rom",
        "taking-part",
        "mediation-room",
    ),
    ("tiaojie", "bpmn/_shared/mediation.yaml", "of: mediator", "of: mediatro", "offer-name", "mediator"),
    (
        "tiaojie",
        "bpmn/tiaojie/stories.yaml",
        "offer: mediation-room",
        "offer: mediation-rom",
        "story-name",
        "mediation-room",
    ),
    ("daiban", "forms/daiban/sign.form", '"id": "daiban_sign"', '"id": "daiban_sing"', "form-id", "sign"),
    (
        "zhiyuan",
        "forms/zhiyuan/zhiyuan-young.form",
        '"id": "zhiyuan-young"',
        '"id": "zhiyuna-young"',
        "form-id",
        "young",
    ),
    ("daiban", "forms/daiban/sign.form", '"check": "signature"', '"chekc": "signature"', "property-unknown", "check"),
    ("daiban", "forms/daiban/apply.form", "this.guardian !=", "this.guadrian !=", "no-field", "guardian"),
    (
        "fanying",
        "forms/fanying/handle.form",
        '"key": "done.evidence",',
        '"key": "done.evidence", "properties": {"newer_than": "dispatched_ta"},',
        "newer-than",
        "dispatched_at",
    ),
    (
        "fanying",
        "forms/fanying/handle.form",
        '"key": "done.reply",',
        '"key": "done.reply", "properties": {"newer_than": "dispatched_at"},',
        "newer-than",
        "filepicker",
    ),
    ("xunche", "bpmn/xunche/process.bpmn", 'name="ride-over"', 'name="ried-over"', "match-name", "ride-over"),
    ("daiban", "bpmn/daiban/stories.yaml", "task: accept", "taks: accept", "stories", "task"),
    ("daiban", "bpmn/daiban/stories.yaml", "task: accept", "task: acecpt", "story-name", "accept"),
    ("daiban", "bpmn/daiban/stories.yaml", "finished: true", "finisehd: true", "stories", "finished"),
    ("daiban", "bpmn/daiban/stories.yaml", "applicant: {name", "aplicant: {name", "story-field", "applicant"),
    ("jisong", "bpmn/jisong/stories.yaml", 'found: "yes"', "found: yes", "story-field", '"yes"'),
    (
        "yaoqian",
        "bpmn/yaoqian/stories.yaml",
        "{driver: {林国强: {asked",
        "{driver: {林强国: {asked",
        "story-name",
        "林国强",
    ),
    ("yaoqian", "bpmn/yaoqian/stories.yaml", "{asked: 1, state", "{aksed: 1, state", "story-name", "asked"),
    (
        "yaoqian",
        "bpmn/yaoqian/stories.yaml",
        "registers: {driver: {林",
        "registers: {drvier: {林",
        "story-name",
        "driver",
    ),
    (
        "yaoqian",
        "bpmn/yaoqian/stories.yaml",
        "asked: 1, state: active",
        "asked: 1, state: actvie",
        "story-name",
        "active",
    ),
    ("daiban", "bpmn/daiban/stories.yaml", "outcome: approve", "outcome: aprove", "story-name", "approve"),
    ("daiban", "bpmn/daiban/en.yaml", "委托人自愿委托，", "委托人自愿委拖，", "english-unused", "委托人自愿委托"),
    # (the paper says its English itself: the line that means to say it otherwise says nothing)
    ("tanqin", "bpmn/tanqin/en.yaml", "\n本镇:", "\n走访纪录: The visit\n本镇:", "english-unused", "走访记录"),
]


@pytest.mark.parametrize("name, file, right, slip, rule, cure", SLIPS, ids=[f"{s[4]}: {s[3]}" for s in SLIPS])
def test_a_slip_is_an_error_with_its_line_and_the_nearest_word(
    name: str, file: str, right: str, slip: str, rule: str, cure: str
) -> None:
    found = [f for f in with_slip(name, file, right, slip) if f.rule == rule]
    assert found, [(f.rule, f.message_en) for f in with_slip(name, file, right, slip)]
    assert any(cure in f.message_zh and cure in f.message_en for f in found), [f.message_en for f in found]
    assert all(f.line > 0 for f in found)


def test_a_slip_inside_a_list_of_what_a_story_gives_is_told_by_its_row() -> None:
    told: list[tuple[object, ...]] = []
    reading: Any = SimpleNamespace(of_story=lambda rule, zh, en, *path: told.append((rule, en, *path)))
    known = shapes.of_paths(["ballot.bodies[].unit", "ballot.bodies[].yes", "about"])
    given = {"about": 1, "ballot": {"bodies": [{"unit": "a", "yes": 3}, {"unti": "b", "yes": 3}]}}
    story_rules._values(reading, given, known, 0, "facts")
    rule, en, *path = told.pop()
    assert (rule, path, told) == ("story-field", [0, "facts", "ballot", "bodies", 1, "unti"], [])
    assert "unit" in en


# ---------------------------------------------------------------- files that are added


def added(name: str, **more: str) -> list[Finding]:
    """What is said of a good matter with further files, or others in their place; `_` in a name stands for its
    folder."""
    return look(name, {**matters.read_files(ROOT, name), **{file: text.encode() for file, text in more.items()}})


PAPER = """---
kind: parcel_slip
title: 取件单
title_en: Parcel slip
uses: [common]
facts:
  parcel.to: 收件人
---
{% extends "letter.html" %}
{% block body %}<p>{{ parcel.to }}</p>{% endblock %}
"""
AT = "forms/yuyue/parcel_slip.html"


def of(found: list[Finding], rule: str) -> Finding:
    (one,) = [f for f in found if f.rule == rule] or [None]
    assert one is not None, [(f.rule, f.message_en) for f in found]
    return one


def test_a_paper_of_the_matter_is_to_be_listed() -> None:
    assert of(added("yuyue", **{AT: PAPER}), "paper-not-listed").line > 1


def test_a_name_in_a_paper_that_nobody_declared_is_an_error_on_its_line() -> None:
    found = of(added("yuyue", **{AT: PAPER.replace("{{ parcel.to }}", "{{ parcel.tooo }}")}), "paper-name")
    assert (found.file, found.line) == (AT, 10) and "parcel.to" in found.message_zh


@pytest.mark.parametrize(
    "wrong", ["{{ m.singature() }}", "{{ organs.name }}", "{{ seal.ulr }}", "{% for x in parcels %}{{ x }}{% endfor %}"]
)
def test_other_names_in_a_paper_too(wrong: str) -> None:
    assert of(added("yuyue", **{AT: PAPER.replace("{{ parcel.to }}", wrong)}), "paper-name").line == 10


@pytest.mark.parametrize(
    "right, wrong, rule, line",
    [
        ("title_en:", "titel_en:", "paper-head", 4),
        ("uses: [common]", "uses: [comon]", "paper-facts", 5),
        ("kind: parcel_slip", "kind: parcel_silp", "paper-head", 2),
        ("parcel.to: 收件人", "parcel.at: 存放地点", "paper-typed-by-name", 7),
        ("parcel.to: 收件人", "parcel.on: 是否已取", "paper-typed-by-name", 7),
        ("parcel.to: 收件人", "Parcel.To: 收件人", "paper-facts", 7),
        ("{% endblock %}", "{% endblok %}", "paper-template", 10),
    ],
)
def test_the_head_of_a_paper_is_closed(right: str, wrong: str, rule: str, line: int) -> None:
    found = [f for f in added("yuyue", **{AT: PAPER.replace(right, wrong)}) if f.rule == rule]
    assert line in [f.line for f in found], [
        (f.rule, f.line, f.message_en) for f in added("yuyue", **{AT: PAPER.replace(right, wrong)})
    ]


@pytest.mark.parametrize(
    "file, cure",
    [
        ("forms/yuyue/papers/parcel_slip.html", "forms/yuyue/parcel_slip.html"),
        ("bpmn/yuyue/parcel_slip.html", "forms/yuyue/parcel_slip.html"),
        ("forms/yuyue/permit2.dmn", "bpmn/yuyue/permit2.dmn"),
    ],
)
def test_a_file_in_the_wrong_folder_is_told_where_it_belongs(file: str, cure: str) -> None:
    found = of(added("yuyue", **{file: PAPER}), "wrong-folder")
    assert cure in found.message_zh and cure in found.message_en


def test_a_file_under_a_name_nobody_reads_is_told_the_name() -> None:
    assert "stories.yaml" in of(added("yuyue", **{"bpmn/yuyue/storeis.yaml": "[]"}), "file-unknown").message_en


def test_a_paper_issued_without_what_it_cannot_do_without() -> None:
    """`rejection` needs a ground: the decline of daiban gives it; without, the paper could not be written at noon."""
    given = '<zeebe:input source="=decline.ground" target="facts.ground"/>'
    found = with_slip("daiban", "bpmn/daiban/process.bpmn", given, "")
    assert any(f.rule == "paper-facts" and "ground" in f.message_en for f in found)


# ---------------------------------------------------------------- labels


def with_label(label: str) -> list[Finding]:
    files = matters.read_files(ROOT, "daiban")
    text = files["forms/daiban/register.form"].decode()
    assert '"label": "参保登记号"' in text
    return look(
        "daiban",
        {**files, "forms/daiban/register.form": text.replace('"label": "参保登记号"', f'"label": "{label}"').encode()},
    )


def test_a_label_may_read_what_the_case_holds() -> None:
    assert [f for f in with_label("{{for_whom}}的登记号") if f.rule != "english-unused"] == []


def test_a_label_that_reads_what_neither_form_nor_case_has_is_an_error() -> None:
    found = of(with_label("{{for_whmo}}的登记号"), "no-field")
    assert "for_whom" in found.message_zh and found.line > 1


def test_a_label_that_reads_what_its_step_hides_is_an_error() -> None:
    assert "applicant" in of(with_label("{{applicant.name}}的登记号"), "reads-hidden").message_en


def test_what_stands_between_braces_in_a_label_is_feel() -> None:
    assert of(with_label("{{for_whom +}}"), "feel-syntax")


# ---------------------------------------------------------------- the county, and what runs


def test_without_a_county_one_hint_says_what_was_not_checked() -> None:
    files = matters.read_files(ROOT, "yuyue")
    found = gate.check(matters.Source("yuyue", files), house=HOUSE)
    assert [(f.rule, f.severity) for f in found] == [("no-county", "hint")]


def test_a_group_whose_post_nobody_holds_is_a_warning() -> None:
    assert COUNTY is not None
    empty = matters.County(COUNTY.units, COUNTY.posts, frozenset({("350526", "head")}))
    found = gate.check(matters.Source("yuyue", matters.read_files(ROOT, "yuyue")), empty, house=HOUSE)
    assert {f.element for f in found if f.rule == "nobody-holds"} == {"groups.duty", "groups.window"}


def signing(name: str, county: matters.County | None) -> list[tuple[str, str]]:
    found = gate.check(matters.Source(name, matters.read_files(ROOT, name)), county, house=HOUSE)
    return [(f.rule, f.element) for f in errors(found)]


def unsealed(*codes: str, kind: str = "") -> matters.County:
    assert COUNTY is not None
    units = tuple(replace(u, seal=not (u.code in codes or u.kind == kind)) for u in COUNTY.units)
    return replace(COUNTY, units=units)


def test_a_unit_that_signs_must_have_a_seal() -> None:
    assert signing("fanying", unsealed("350526-FW")) == [
        ("unit-without-seal", "organs.centre"),
        ("unit-without-seal", "papers.order_reply.organ"),
    ]
    assert signing("daiban", unsealed("350526-YB")) == [("unit-without-seal", "organs.decide")]
    assert signing("tiaojie", unsealed(kind="committee")) == [("unit-without-seal", "organs.committee")]
    assert signing("tiaojie", unsealed("350526-TW")) == [], "another committee has one"


def test_a_committee_that_signs_must_be_somewhere_in_the_county() -> None:
    assert COUNTY is not None
    without = replace(COUNTY, units=tuple(u for u in COUNTY.units if u.kind != "committee"))
    assert ("unit", "organs.committee") in signing("tiaojie", without)
    assert signing("fanying", without) == [], "nobody asks for one there"
    assert signing("tiaojie", None) == [], "nothing is said without a county"


def test_a_county_s_file_says_who_has_a_seal() -> None:
    file = """
posts: []
units:
  - {code: C, name: 县, kind: county}
  - {code: C-A, name: 局, kind: office, parent: C, seal_name: ""}
  - {code: C-B, name: 站, kind: partner, parent: C}
"""
    read, _ = counties.read(file.encode(), "county.yaml")
    assert read is not None and [u.seal for u in read.units] == [True, False, False]


def test_an_effect_nobody_carries_out_is_an_error() -> None:
    less = replace(HOUSE, effects=frozenset(HOUSE.effects or ()) - {"issue-paper"})
    found = errors(gate.check(matters.Source("yuyue", matters.read_files(ROOT, "yuyue")), COUNTY, house=less))
    assert {f.rule for f in found} == {"effect-without-handler"}


def test_a_wait_for_a_resident_without_an_exit_by_time_is_a_warning() -> None:
    less = replace(HOUSE, timed=())  # without the hall's own messages the booking would wait for ever
    found = gate.check(matters.Source("yuyue", matters.read_files(ROOT, "yuyue")), COUNTY, house=less)
    assert {f.rule for f in found if f.severity == "warning"} == {"wait-without-end"}


def test_a_correction_without_an_exit_when_its_time_is_over_is_a_warning() -> None:
    """The time limit of the whole mandate around it is none of the correction's own."""
    file = "bpmn/daiban/process.bpmn"
    files = matters.read_files(ROOT, "daiban")
    drawing = files[file].decode()
    timer = re.search(r'<bpmn:boundaryEvent id="correct_late".*?</bpmn:boundaryEvent>', drawing, re.DOTALL)
    assert timer is not None
    other = timer.group().replace("timerEventDefinition", "conditionalEventDefinition")
    other = re.sub(r"<bpmn:timeDate.*?</bpmn:timeDate>", "<bpmn:condition>=false</bpmn:condition>", other)
    changed = {**files, file: drawing.replace(timer.group(), other).encode()}
    found = gate.check(matters.Source("daiban", changed), COUNTY, house=HOUSE)
    assert ("wait-without-end", "correct") in {(f.rule, f.element) for f in found}


def test_a_matter_of_ninety_elements_takes_less_than_a_third_of_a_second() -> None:
    """Counted in steps of the program, not in seconds: no machine is as quick as another."""
    source = matters.Source("tiaojie", matters.read_files(ROOT, "tiaojie"))
    gate.check(source, COUNTY, house=HOUSE)
    profile = cProfile.Profile()
    profile.runcall(gate.check, source, COUNTY, house=HOUSE)
    assert sum(one.callcount for one in profile.getstats()) < 600_000  # some 250 ms where it was measured


@pytest.mark.parametrize("name", matters.names(ROOT))
def test_one_slip_in_matter_yaml_is_one_finding_and_hides_nothing_the_application_brings(name: str) -> None:
    [only] = with_slip(name, f"bpmn/{name}/matter.yaml", "regime: ", "regime: no_")
    assert (only.rule, only.file) == ("matter", f"bpmn/{name}/matter.yaml")
