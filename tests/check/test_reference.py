"""The reference keeps step with the models and tables; every key says what it is in both languages."""

from __future__ import annotations

import ast
import re

import pytest
from pydantic import BaseModel

from engine.commands import gate
from engine.forms.kinds import CHECKS
from engine.matters import nodes, reference, schema
from engine.matters.gate.rules import RULES
from engine.matters.info import Matter
from engine.matters.story_file import StoryText
from engine.process.language import dialect
from engine.records.papers.lint import FactSet, PaperHead
from tests.cast import ROOT


def test_the_reference_is_as_written() -> None:
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == gate.reference()  # else: yizhan docs


def models() -> list[type[BaseModel]]:
    waiting: list[type[BaseModel]] = [Matter, StoryText, PaperHead, FactSet]
    found: list[type[BaseModel]] = []
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.append(model)
            for field in model.model_fields.values():
                waiting += reference._inside(field.annotation)
    return found


@pytest.mark.parametrize("model", models(), ids=lambda m: m.__name__)
def test_every_key_is_described_in_both_languages_and_stands_in_the_reference(model: type[BaseModel]) -> None:
    text = gate.reference()
    for key, field in schema.fields(model).items():
        zh, en = schema.about(field)
        assert re.search(r"[\u4e00-\u9fff]", zh) and re.search(r"[a-z]", en), (model.__name__, key, field.description)
        assert f"| `{key}` |" in text, key
    assert model.model_config.get("extra") == "forbid"


def test_every_check_and_property_stands_in_the_reference() -> None:
    text = gate.reference()
    for name in (*CHECKS, *reference.FIELD_PROPERTIES, *nodes.PROPERTIES):
        assert f"| `{name}` |" in text, name


#: function called -> the position of the rule among its arguments
_SPEAKS = {"say": 2, "of_matter": 0, "of_story": 0, "of_form": 2, "Finding": 4, "error": 0}


def test_every_rule_the_gate_can_speak_is_in_its_table_and_the_other_way_round() -> None:
    spoken: set[str] = set()
    places = [
        *(ROOT / "engine" / "matters").rglob("*.py"),
        ROOT / "engine/records/papers/lint.py",
        ROOT / "engine/commands/gate.py",
    ]
    for path in places:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                at = _SPEAKS.get(name)
                own = name == "say" and len(call.args) < 5  # a rule's own short form
                if at is not None and not own and at < len(call.args) and isinstance(call.args[at], ast.Constant):
                    spoken.add(str(call.args[at].value))
            if isinstance(call, ast.Constant) and call.value in RULES:
                spoken.add(str(call.value))
    rules = {one for one in spoken if re.fullmatch(r"[a-z]+(-[a-z]+)*", one)}
    assert set(RULES) <= spoken
    assert rules - set(RULES) - set(dialect.RULES) <= {"property", "form"}, rules - set(RULES) - set(dialect.RULES)
