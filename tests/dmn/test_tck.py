"""`yizhan tck`: our own cases in the kit's layout, and the kit itself where YIZHAN_TCK says it is."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.dmn import drawing as d
from web.shell import tck

NOW = datetime(2026, 7, 1, tzinfo=UTC)

CASES = """<?xml version="1.0" encoding="UTF-8"?>
<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema"><modelName>{model}</modelName>
<testCase id="对"><inputNode name="x"><value xsi:type="xsd:decimal">3</value></inputNode>
<resultNode name="和" type="decision"><expected><value xsi:type="xsd:decimal">3.333333333</value></expected></resultNo\
de>
<resultNode name="列" type="decision"><expected><list><item><component name="a"><value \
xsi:type="xsd:date">2026-07-01</value></component></item>
<item><value xsi:nil="true"/></item></list></expected></resultNode></testCase>
<testCase id="服务" type="decisionService" invocableName="服务"><inputNode name="x"><value \
xsi:type="xsd:decimal">6</value></inputNode>
<resultNode name="和"><expected><value xsi:type="xsd:double">6.333333333</value></expected></resultNode></testCase>
<testCase id="知识" type="bkm" invocableName="加"><inputNode name="n"><value \
xsi:type="xsd:decimal">1</value></inputNode>
<resultNode name="加"><expected><value xsi:type="xsd:decimal">2</value></expected></resultNode></testCase>
<testCase id="错"><resultNode name="和" type="decision"><expected><value \
xsi:type="xsd:string">x</value></expected></resultNode></testCase>
</testCases>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "compliance-level-3" / "0001-own"
    inside.mkdir(parents=True)
    model = d.definitions(
        d.given("x", "number"),
        d.decision("和", d.literal("x + 1/3"), needs=["i_x"]),
        d.decision("列", d.literal('[{a: date("2026-07-01")}, null]')),
        d.knowledge("加", [("n", "number")], d.literal("n + 1")),
        d.service("服务", ["d_和"], data=["i_x"]),
    )
    (inside / "0001-own.dmn").write_bytes(model)
    (inside / "0001-own-test-01.xml").write_text(CASES.format(model="0001-own.dmn"), encoding="utf-8")
    return inside


def test_cases_pass_and_fail_as_the_kit_counts_them(folder: Path):
    report = tck.run(folder.parent.parent, now=NOW)
    assert (report["passed"], report["total"]) == (3, 4)
    (failure,) = report["failures"]
    assert (failure["folder"], failure["case"], failure["result_node"]) == ("0001-own", "错", "和")
    assert failure["expected"] == '"x"' and failure["got"] == "null"


def test_the_command_prints_json_and_fails_when_a_case_does(folder: Path):
    done = CliRunner().invoke(tck.command, [str(folder), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.output)["total"] == 4


@pytest.mark.skipif("YIZHAN_TCK" not in os.environ, reason="YIZHAN_TCK does not say where the kit's TestCases are")
def test_the_kit_passes():
    report = tck.run(Path(os.environ["YIZHAN_TCK"]), now=NOW)
    assert report["total"] > 0
    assert report["failures"] == []
