"""What only a clerk fills in stands on no form that a resident gets: looked at in every matter of the house."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from lxml import etree

from engine import forms, matters
from engine.matters import nodes
from engine.matters.gate.steps import OUTSIDE
from tests.cast import ROOT

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
#: How a box that a clerk fills in is headed.
CLERKS = re.compile(
    "工作人员填|窗口填|(?<!理事会)经办|核对(人|结果)|核验|审核意见|受理(人|意见)|登记人|见证人|代办员填|查验结果|承办人|派给|分流"
)
#: What a clerk goes through once more together with the applicant, and may complete: it is the applicant's own.
#: What was said aloud and not written, the centre writes down (fanying).
TOGETHER = {
    "daiban": ("persons", "mandate"),
    "tiaojie": ("dispute", "parties"),
    "huage": ("draw",),
    "fanying": ("report",),
}


def boxes(components: list[Any], before: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(path, component) of everything on a form that a browser gets."""
    for one in components:
        path = before
        if one.get("type") in ("group", "dynamiclist"):
            path = f"{before}{one['path']}." if one.get("path") else before
        yield f"{before}{one.get('key', '')}", one
        yield from boxes(one.get("components") or [], path)


def steps(package: matters.Package) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """(step, whether a resident does it, the form as the browser gets it)."""
    if package.info.apply.form:
        yield "apply", True, forms.browser_schema(package.form(package.info.apply.form))
    for diagram in package.diagrams.values():
        for task in etree.fromstring(diagram).iter(f"{BPMN}userTask"):
            form = task.find(f".//{ZEEBE}formDefinition")
            asked = task.find(f".//{ZEEBE}assignmentDefinition")
            if form is None or asked is None:
                continue
            properties = {one.get("name"): one.get("value") for one in task.iterfind(f".//{ZEEBE}property")}
            users = {one.strip() for key in ("assignee", "candidateUsers") for one in (asked.get(key) or "").split(",")}
            residents = bool(users & OUTSIDE or any(one.startswith("party:") for one in users))
            found = package.form(form.get("formId"))
            yield task.get("id"), residents, forms.browser_schema(found, nodes.rights(found, properties))


@pytest.mark.parametrize("name", matters.names(ROOT))
def test_no_resident_gets_a_clerk_s_box(name: str) -> None:
    package = matters.load(ROOT, name)
    written: set[str] = set()
    residents: list[tuple[str, str, Mapping[str, Any]]] = []
    for step, theirs, schema in steps(package):
        for path, one in boxes(schema["components"]):
            if theirs:
                residents.append((step, path, one))
            elif one.get("key") and not one.get("readonly"):
                written.add(path)
    assert residents or not package.info.apply.form
    for step, path, one in residents:
        said = " ".join(str(one.get(key) or "") for key in ("label", "text", "description"))
        assert not CLERKS.search(said), f"{step}: {said}"
        if one.get("key") and path in written:
            assert path.split(".")[0].split("_")[0] in TOGETHER.get(name, ()), f"{step}: {path} is written by a clerk"


def test_the_list_of_what_is_gone_through_together_has_nothing_too_much() -> None:
    for name, paths in TOGETHER.items():
        package = matters.load(ROOT, name)
        written = {
            path
            for _, theirs, schema in steps(package)
            if not theirs
            for path, one in boxes(schema["components"])
            if one.get("key")
        }
        for path in paths:
            assert any(one.startswith(path) for one in written), f"{name}: {path}"


def test_a_clerk_s_box_on_a_form_of_residents_is_found() -> None:
    """The search itself: a form with such a box does not pass."""
    schema = {"components": [{"type": "group", "path": "a", "components": [{"key": "b", "label": "审核意见"}]}]}
    assert [path for path, one in boxes(schema["components"]) if CLERKS.search(one.get("label", ""))] == ["a.b"]
