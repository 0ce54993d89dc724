"""What is other between two versions of a matter, in words."""

from __future__ import annotations

from dataclasses import fields

import pytest

from engine import matters
from engine.process.language import model
from engine.proof.comparing import compare, drawings
from tests.cast import ROOT

NAME = "daiban"
DRAWING = f"bpmn/{NAME}/process.bpmn"
MATTER = f"bpmn/{NAME}/matter.yaml"
FORM = f"forms/{NAME}/apply.form"
TABLE = f"bpmn/{NAME}/proxy-permit.dmn"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" id="d" targetNamespace="t">'
    '<bpmn:process id="p" isExecutable="true">'
)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return matters.read_files(ROOT, NAME)


def changed(files: dict[str, bytes], path: str, before: str, after: str) -> dict[str, bytes]:
    text = files[path].decode()
    assert before in text
    return {**files, path: text.replace(before, after, 1).encode()}


def words(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    return [f"{one.where}｜{one.zh}" for one in compare(NAME, before, after).changes]


def drawn(inside: str, places: str = "") -> dict[str, bytes]:
    plane = f'<bpmndi:BPMNPlane id="y" bpmnElement="p">{places}</bpmndi:BPMNPlane>'
    shapes = f'<bpmndi:BPMNDiagram id="x">{plane}</bpmndi:BPMNDiagram>'
    return {DRAWING: f"{HEAD}{inside}</bpmn:process>{shapes}</bpmn:definitions>".encode()}


def placed(id: str, x: int) -> str:
    bounds = f'<dc:Bounds x="{x}" y="80" width="100" height="80"/>'
    return f'<bpmndi:BPMNShape id="{id}_di" bpmnElement="{id}">{bounds}</bpmndi:BPMNShape>'


def step(id: str, name: str, inside: str = "") -> str:
    said = f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>"
    return f'<bpmn:userTask id="{id}" name="{name}">{said}</bpmn:userTask>'


def way(id: str, one: str, other: str, condition: str = "") -> str:
    said = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    return f'<bpmn:sequenceFlow id="{id}" sourceRef="{one}" targetRef="{other}">{said}</bpmn:sequenceFlow>'


def test_two_that_are_the_same_have_no_difference(files):
    found = compare(NAME, files, dict(files))
    assert found.changes == () and found.marks == {}


def test_who_and_until_when_are_said_of_a_step_and_it_is_marked():
    who = '<zeebe:assignmentDefinition candidateGroups="{}"/><zeebe:taskSchedule dueDate="=workdays({})"/>'
    before, after = drawn(step("a", "看材料", who.format("审核", 1))), drawn(step("a", "看材料", who.format("窗口", 2)))
    assert words(before, after) == [
        "看材料｜哪些岗位可办：“审核” 改为 “窗口”",
        "看材料｜到期：“=workdays(1)” 改为 “=workdays(2)”",
    ]
    assert compare(NAME, before, after).marks[DRAWING]["changed"] == ("a",)


def test_a_timer_that_fires_later_is_seen():
    timer = (
        '<bpmn:boundaryEvent id="b" name="催办" attachedToRef="a"><bpmn:timerEventDefinition id="t">'
        "<bpmn:timeDuration>{}</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    )
    before, after = (drawn(step("a", "甲") + timer.format(time)) for time in ("P1D", "P3D"))
    assert words(before, after) == ["催办｜触发：“时间 过 P1D” 改为 “时间 过 P3D”"]


def test_what_stands_at_a_step_is_not_other_because_the_step_is_called_otherwise():
    event = '<bpmn:boundaryEvent id="b" name="催办" attachedToRef="{}"/>'
    before = drawn(step("a", "甲") + step("c", "丙") + event.format("a"))
    renamed = drawn(step("a", "乙") + step("c", "丙") + event.format("a"))
    assert words(before, renamed) == ["乙｜名称：“甲” 改为 “乙”"]
    elsewhere = drawn(step("a", "甲") + step("c", "丙") + event.format("c"))
    assert words(before, elsewhere) == ["催办｜守在哪个环节：“甲” 改为 “丙”"]


def test_a_step_that_comes_and_one_that_goes_are_said_with_their_ways():
    before = drawn(step("a", "甲") + step("b", "乙") + way("f", "a", "b"))
    after = drawn(step("a", "甲") + step("c", "丙") + way("g", "a", "c", "=amount &gt; 5"))
    found = compare(NAME, before, after)
    said = [(one.what, one.element, one.zh) for one in found.changes]
    assert said == [
        ("added", "c", "新增：人工环节"),
        ("gone", "b", "去掉了"),
        ("added", "g", "新增的走向，条件 “=amount > 5”"),
        ("gone", "f", "这条走向去掉了"),
    ]
    assert found.marks[DRAWING] == {"added": ("c", "g"), "changed": (), "gone": ("b", "f"), "moved": ()}


def test_a_way_that_was_drawn_anew_between_the_same_two_is_the_same_way():
    both = step("a", "甲") + step("b", "乙")
    before, after = drawn(both + way("f", "a", "b", "=x = 1")), drawn(both + way("g", "a", "b", "=x = 2"))
    assert words(before, after) == ["甲 → 乙｜条件：“=x = 1” 改为 “=x = 2”"]


def test_what_only_moved_is_said_to_have_moved_and_to_make_no_difference():
    both = step("a", "甲") + step("b", "乙")
    before = drawn(both, placed("a", 100) + placed("b", 300))
    after = drawn(both, placed("a", 180) + placed("b", 300))
    found = compare(NAME, before, after)
    assert [one.zh for one in found.changes] == ["“甲”：只挪了位置，办事没有不同"] and found.acts == ()
    assert found.marks[DRAWING]["moved"] == ("a",)


def test_what_moved_and_is_other_too_is_said_to_be_other():
    before, after = drawn(step("a", "甲"), placed("a", 100)), drawn(step("a", "乙"), placed("a", 200))
    found = compare(NAME, before, after)
    assert [one.zh for one in found.changes] == ["名称：“甲” 改为 “乙”"] and found.marks[DRAWING]["moved"] == ()


def test_every_field_of_an_element_has_its_words_or_is_looked_at_by_name():
    """A field that the reader learns later is not forgotten here."""
    for kind, labels in (
        (model.Node, drawings.NODE),
        (model.Extension, drawings.EXTENSION),
        (model.Loop, drawings.LOOP),
        (model.Process, drawings.SCOPE),
    ):
        assert {one.name for one in fields(kind)} == labels.keys(), kind


def test_the_fields_of_a_form_are_said_one_by_one(files):
    one = changed(files, FORM, '"label": "姓名"', '"label": "您的姓名"')
    assert "apply.form · 您的姓名｜名称：“姓名” 改为 “您的姓名”" in words(files, one)
    needed = changed(files, FORM, '"required": true', '"required": false')
    assert [said for said in words(files, needed) if said.endswith("必填：是 改为 否")]


def test_the_rows_of_a_decision_table_are_read_aloud(files):
    text = files[TABLE].decode()
    cell = text.split("<text>", 2)[2].split("</text>")[0]
    said = words(files, {**files, TABLE: text.replace(f"<text>{cell}</text>", "<text>99</text>", 1).encode()})
    assert said and all("行" in one or "看什么" in one for one in said)


def test_the_keys_of_matter_yaml_are_said_by_what_they_are_for(files):
    assert words(files, changed(files, MATTER, "promised: 5wd", "promised: 3wd")) == [
        "limits.promised｜承诺时限：“5wd” 改为 “3wd”"
    ]
    assert compare(NAME, files, changed(files, MATTER, "promised: 5wd", "promised: 3wd")).changes[0].area == "limits"
    more = changed(files, MATTER, "results: [办结通知单]", "results: [办结通知单, 回执]")
    assert words(files, more) == ["results｜办成后得到什么：加了 回执"]


def test_a_law_of_a_list_is_found_by_its_name_and_not_by_its_place(files):
    before = "  - {id: enrol, law: 社会保险经办条例, article: 第六条,"
    assert words(files, changed(files, MATTER, before, before.replace("第六条", "第七条"))) == [
        "basis.enrol.article｜第几条：“第六条” 改为 “第七条”"
    ]


def test_a_comment_or_blanks_alone_are_said_to_be_that(files):
    drawing = changed(files, DRAWING, "</bpmn:definitions>", "<!-- x --></bpmn:definitions>")
    found = compare(NAME, files, drawing)
    assert [one.area for one in found.changes] == ["moved"] and found.acts == ()
    assert compare(NAME, files, changed(files, MATTER, "code: DB-YBCB", "code:  DB-YBCB")).acts == ()


def test_papers_are_compared_line_by_line_and_their_heads_key_by_key():
    before = {"forms/x/a.html": "---\ntitle: 甲\n---\n<p>一</p>\n<p>二</p>\n".encode()}
    after = {"forms/x/a.html": "---\ntitle: 乙\n---\n<p>一</p>\n<p>三</p>\n".encode()}
    assert [one.zh for one in compare("x", before, after).changes] == [
        "title：“甲” 改为 “乙”",
        "文字：“<p>二</p>” 改为 “<p>三</p>”",
    ]


def test_a_file_that_is_new_or_gone_is_said_once(files):
    fewer = {path: content for path, content in files.items() if path != FORM}
    assert words(files, fewer) == ["apply.form｜删去了这个文件"]
    assert words(fewer, files) == ["apply.form｜新增的文件"]


@pytest.mark.parametrize("path", [DRAWING, MATTER, FORM, TABLE])
@pytest.mark.parametrize("content", [b"", b"<x", b"{", b"\xff\xfe", b"- [", b"[]"])
def test_whatever_a_file_holds_comparing_says_something_and_never_fails(files, path, content):
    assert compare(NAME, files, {**files, path: content}).changes
    assert compare(NAME, {**files, path: content}, files).changes


def test_every_matter_of_the_county_is_compared_with_itself_turned_about(files):
    """Each file of some large matters, one field of it other: something is found."""
    for name in ("tiaojie", "yuyue", "fanying"):
        own = matters.read_files(ROOT, name)
        drawing = f"bpmn/{name}/process.bpmn"
        text = own[drawing].decode().replace('name="', 'name="改', 3).encode()
        assert len(compare(name, own, {**own, drawing: text}).acts) >= 3
