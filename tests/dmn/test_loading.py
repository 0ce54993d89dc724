"""Loading: whatever the bytes are, the answer is a model and findings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import dmn
from tests.dmn import drawing as d

GOOD = d.definitions(
    d.given("x", "number"),
    d.decision("结果", d.table([("x", "number")], [(["< 5"], ['"小"']), ([">= 5"], ['"大"'])]), "string", ["i_x"]),
    d.service("服务", ["d_结果"], data=["i_x"]),
)


def rules(source: bytes) -> list[str]:
    return [finding.rule for finding in dmn.load(source).findings]


@pytest.mark.parametrize(
    "space",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_files_of_every_version_are_read(space: str):
    model = dmn.load(GOOD.replace(d.SPACE.encode(), space.encode()))
    assert model.findings == []
    assert model.evaluate("结果", {"x": 3}).value == "小"


def test_type_names_of_version_1_1_carry_prefixes():
    source = (
        '<definitions xmlns="http://www.omg.org/spec/DMN/20151101/dmn.xsd" name="旧" namespace="旧" '
        'xmlns:feel="http://www.omg.org/spec/FEEL/20140401"><inputData id="i_x" name="x"><variable name="x" '
        'typeRef="feel:number"/>'
        '</inputData><decision id="d" name="结果"><variable name="结果" typeRef="feel:string"/><informationRequirement>'
        '<requiredInput href="#i_x"/></informationRequirement><literalExpression><text>string(x)</text>'
        "</literalExpression>"
        "</decision></definitions>"
    ).encode()
    model = dmn.load(source)
    assert model.findings == []
    assert model.evaluate("结果", {"x": 3}).value == "3"


def test_a_doctype_is_refused():
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><definitions>&x;</definitions>'
    assert rules(bomb) == ["dmn-doctype"]


@pytest.mark.parametrize("source", [b"", b"not xml", b"<a/>", b"\x00\xff", b"<definitions xmlns='urn:other'/>"])
def test_what_is_not_dmn_is_said_in_words(source: bytes):
    (finding,) = dmn.load(source, filename="错.dmn").findings
    assert finding.severity == "error" and finding.file == "错.dmn"
    assert finding.message_zh and finding.message_en
    assert not dmn.load(source).ok


def test_findings_name_the_element_and_its_line():
    source = d.definitions(d.decision("甲", d.literal("1"), needs=["i_没有"]))
    (finding,) = dmn.load(source).findings
    assert (finding.rule, finding.element, finding.element_name, finding.line) == ("dmn-dangling-href", "d_甲", "甲", 3)
    assert "i_没有" in finding.message_zh and "i_没有" in finding.message_en


def test_circles_duplicates_and_unknown_types_are_found_and_evaluation_survives_them():
    source = d.definitions(
        d.decision("甲", d.literal("乙"), needs=["d_乙"]),
        d.decision("乙", d.literal("甲"), needs=["d_甲"]),
        d.given("乙", "没有的类型", id="d_甲"),
        (
            '<itemDefinition name="a"><typeRef>b</typeRef></itemDefinition><itemDefinition name="b"><typeRef>a'
            "</typeRef></itemDefinition>"
        ),
    )
    found = set(rules(source))
    assert {"dmn-duplicate-id", "dmn-duplicate-name", "dmn-unknown-type", "dmn-type-cycle"} <= found
    circle = d.definitions(
        d.decision("甲", d.literal("乙"), needs=["d_乙"]), d.decision("乙", d.literal("甲"), needs=["d_甲"])
    )
    assert rules(circle) == ["dmn-cycle"]
    result = dmn.load(circle).evaluate("甲", {})
    assert result.value is None and "循环" in result.warnings[0].zh


def test_nesting_without_end_is_refused():
    deep = "<list>" * 100 + "</list>" * 100
    assert "dmn-too-deep" in rules(d.definitions(d.decision("甲", deep)))
    assert rules(d.definitions(d.decision("甲", "<list>" * 5000 + "</list>" * 5000))) == ["dmn-not-xml"]


def test_a_chain_of_a_thousand_decisions_is_read_and_stops_with_a_warning():
    parts = [d.given("x")] + [
        d.decision(f"第{i}", d.literal(f"第{i - 1} + 1" if i else "x"), needs=[f"d_第{i - 1}" if i else "i_x"])
        for i in range(1000)
    ]
    source = d.definitions(*parts)
    assert dmn.check(source) == []
    model = dmn.load(source)
    assert [want.name for want in model.wants("第999")] == ["x"]
    assert model.evaluate("第90", {"x": 1}).value == 91
    assert model.evaluate("第999", {"x": 1}).warnings[-1].code == "dmn-limit"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_bytes_crash_it(data):
    """Random bytes, and good files with pieces cut, doubled and overwritten."""
    if data.draw(st.booleans()):
        source = data.draw(st.binary(max_size=200))
    else:
        broken = bytearray(GOOD)
        for _ in range(data.draw(st.integers(1, 4))):
            at, length = data.draw(st.integers(0, len(broken) - 1)), data.draw(st.integers(0, 40))
            piece = data.draw(
                st.sampled_from([b"", b"<", b'"', b"<rule/>", b"[", b"<list>", bytes(broken[at : at + length])])
            )
            broken[at : at + length] = piece or b""
            if not broken:
                broken = bytearray(b" ")
        source = bytes(broken)
    model = dmn.load(source)
    findings = dmn.check(source)
    assert all(f.message_zh and f.message_en for f in findings)
    for name in (*model.decisions, *model.services):
        model.evaluate(name, {"x": 3})
