"""The guide, the templates and the rules say what the code does."""

import re
from pathlib import Path

import pytest

from engine.matters import nodes
from engine.process import check
from engine.process.language import dialect, effects, model, templates
from engine.process.lint import activities
from web.shell.docs import made

from .drawing import file

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_written_is_what_the_tables_say():
    stale = [path for path, text in made().items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], "run `yizhan docs`"


def test_no_template_is_left_over():
    assert {p.name for p in (ROOT / "bpmn" / "_templates").iterdir()} == set(templates.all_templates())


def test_every_rule_the_linter_can_speak_is_in_the_table_and_the_other_way_round():
    code = "".join(p.read_text() for p in (ROOT / "engine" / "process").rglob("*.py") if p.name != "dialect.py")
    code += "".join(p.read_text() for p in (ROOT / "engine" / "matters" / "gate").glob("*.py"))
    spoken = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', code))
    assert set(dialect.RULES) - spoken - {"data"} <= {"juel"}
    source = "".join(p.read_text() for p in (ROOT / "engine" / "process" / "lint").glob("*.py"))
    said = set(
        re.findall(
            r'\(\s*"([a-z]+(?:-[a-z]+)*)",\s*(?:None|node|flow|thing|twin|process|scope|_Element|target|source|end|who)',
            source,
        )
    )
    assert said and said <= set(dialect.RULES)


def test_every_flow_node_and_trigger_has_a_row():
    assert set(dialect.ELEMENTS) >= model.NODES
    assert {f"{k}EventDefinition" for k in dialect.BOUNDARY | dialect.END | dialect.CATCH} <= set(dialect.ELEMENTS)


def test_the_example_of_the_guide_passes_the_check():
    guide = (ROOT / "docs" / "dialect.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```xml\n(.*?)```", guide, re.DOTALL)
    found = check({"example.bpmn": file(example)}, forms={"review": ["decision"]}, effects=effects.TYPES)
    assert found == []


KNOWN_BINDINGS = {
    "zeebe:taskDefinition",
    "zeebe:taskHeader",
    "zeebe:input",
    "zeebe:output",
    "zeebe:userTask",
    "zeebe:formDefinition",
    "zeebe:assignmentDefinition",
    "zeebe:taskSchedule",
    "zeebe:priorityDefinition",
    "zeebe:property",
}


@pytest.mark.parametrize("name", sorted(templates.all_templates()))
def test_a_template_is_well_formed_and_offers_only_what_the_engine_reads(name):
    """The shape asked by the element-template schema of Camunda 8, as far as these use it."""
    template = templates.all_templates()[name]
    assert template["$schema"] == templates.SCHEMA and template["id"] == "yizhan." + name.removesuffix(".json")
    groups = {g["id"] for g in template["groups"]}
    kind = effects.find(name.removesuffix(".json"))
    for property in template["properties"]:
        binding = property["binding"]
        assert binding["type"] in KNOWN_BINDINGS
        assert property.get("group") in groups or property["type"] == "Hidden"
        if property["type"] == "Dropdown":
            assert property["value"] in [c["value"] for c in property["choices"]]
        if "optional" in property:
            assert binding["type"] in ("zeebe:input", "zeebe:output", "zeebe:taskHeader")
            assert "constraints" not in property
        if binding["type"] == "zeebe:taskHeader":
            assert kind.header(binding["key"])
        if binding["type"] == "zeebe:property":
            assert binding["name"] in nodes.PROPERTIES
        if binding["type"] == "zeebe:input":
            assert kind.argument(binding["name"]) and activities.PATH.fullmatch(binding["name"])
    expected = "bpmn:ServiceTask" if kind else "bpmn:UserTask"
    assert template["elementType"]["value"] == expected
