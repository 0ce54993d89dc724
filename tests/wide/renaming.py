"""A matter under other names: its folder, its forms, posts, messages and elements are called something else, and so
is every place that names them. Whatever then does not play was named in the program."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from lxml import etree

from engine.commands.booking.book import MESSAGES
from engine.matters.nouns import KINDS

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
#: Attributes and children of a drawing that point to an element.
POINTS = ("id", "sourceRef", "targetRef", "attachedToRef", "default", "bpmnElement", "processRef", "activityRef")
CHILDREN = ("incoming", "outgoing", "flowNodeRef")
#: Of a story: what names an element. What people answered is not looked into.
NAMES, ANSWERS = ("task", "return", "to", "answer", "open", "at"), ("answers", "variables", "facts")


def other(name: str) -> str:
    """Another name of the same kind: `sign` -> `zq-sign`."""
    return f"zq-{name}"


def content(root: Path, there: Path, matter: str, *opened: str) -> str:
    """A content folder with this matter, and those that it or a shared file of its opens, all under other names.
    Returns the matter's."""
    together = {one: other(one) for one in (matter, *opened)}
    for folder in ("bpmn", "forms"):
        shutil.copytree(root / folder / "_shared", there / folder / "_shared")
        for before, name in together.items():
            shutil.copytree(root / folder / before, there / folder / name)
    for path in (there / "bpmn" / "_shared").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        for before, name in together.items():
            text = re.sub(rf"\bopens: {before}\b", f"opens: {name}", text)
        path.write_text(text, encoding="utf-8")
    for before, name in together.items():
        _rename(there, name, before, together)
    return other(matter)


def _rename(there: Path, name: str, before: str, together: Mapping[str, str]) -> None:
    drawings = {path: etree.parse(str(path)) for path in (there / "bpmn" / name).glob("*.bpmn")}
    elements = {
        found.get("id")
        for drawing in drawings.values()
        for process in drawing.iter(f"{BPMN}process")
        for found in process.iter()
        if isinstance(found.tag, str) and found.tag.startswith(BPMN) and found.get("id")
    }
    sent = set(MESSAGES.values())  # what the hall itself sends keeps the name by which it is sent
    messages = {found.get("name") for drawing in drawings.values() for found in drawing.iter(f"{BPMN}message")} - sent
    forms = {}
    for path in (there / "forms" / name).glob("*.form"):  # a form goes by its id and by its file's name
        form = json.loads(path.read_text(encoding="utf-8"))
        known, own = form["id"], form["id"] == f"{before}_{path.stem}"  # called after its matter and its file
        form["id"] = f"{name}_{other(path.stem)}" if own else other(known)
        forms |= {known: form["id"], path.stem: other(path.stem)}
        path.write_text(json.dumps(form, ensure_ascii=False), encoding="utf-8")
        path.rename(path.with_name(f"{other(path.stem)}.form"))
    for path, drawing in drawings.items():
        _drawing(drawing, elements, messages, forms, together)
        drawing.write(str(path), encoding="UTF-8", xml_declaration=True)
    matter = there / "bpmn" / name / "matter.yaml"
    info = _matter(yaml.safe_load(matter.read_text(encoding="utf-8")), elements, messages)
    names = {one: other(one) for one in (*together, *elements, *messages) if one} | forms
    matter.write_text(_yaml({key: _nouns(one, names) if key in KINDS else one for key, one in info.items()}))
    _shared(there, messages)
    clauses = there / "bpmn" / name / "clauses.yaml"
    if clauses.is_file():
        rows = yaml.safe_load(clauses.read_text(encoding="utf-8"))
        clauses.write_text(_yaml([{**row, "without": _place(row["without"], elements)} for row in rows]))
    told = there / "bpmn" / name / "stories.yaml"
    told.write_text(_yaml(_story(yaml.safe_load(told.read_text(encoding="utf-8")), elements, messages)))


def _shared(there: Path, messages: set[str]) -> None:
    """What a shared file tells the cases of this matter goes by its messages."""
    for path in (there / "bpmn" / "_shared").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        for message in messages:
            text = re.sub(rf"(?<=: )(?<!zq-){re.escape(message)}(?=[,}}\s])", other(message), text)
        path.write_text(text, encoding="utf-8")


def _place(place: str, elements: set[str]) -> str:
    """Of a clause: file#element; a form of its own goes by its file's other name."""
    file, _, what = place.partition("#")
    if file.endswith(".form") and not file.startswith("_shared/"):
        return f"{other(file)}#{what}"
    return f"{file}#{other(what)}" if file.endswith(".bpmn") and what in elements else place


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)


def _drawing(
    drawing: Any, elements: set[str], messages: set[str], forms: Mapping[str, str], together: Mapping[str, str]
) -> None:
    for one in drawing.iter():
        if not isinstance(one.tag, str):
            continue
        for attribute in POINTS:
            if one.get(attribute) in elements:
                one.set(attribute, other(one.get(attribute)))
        if one.tag in {f"{BPMN}{child}" for child in CHILDREN} and one.text in elements:
            one.text = other(one.text)
        if one.tag == f"{BPMN}message" and one.get("name") in messages:
            one.set("name", other(one.get("name")))
        if one.tag == f"{ZEEBE}property" and one.get("name") == "apart":
            steps = [step.strip() for step in one.get("value").split(",")]
            one.set("value", ", ".join(other(step) if step in elements else step for step in steps))
        if one.tag == f"{ZEEBE}formDefinition" and one.get("formId") in forms:
            one.set("formId", forms[one.get("formId")])
        if one.tag == f"{ZEEBE}header" and one.get("key") == "matter" and one.get("value") in together:
            one.set("value", together[one.get("value")])
        if one.tag == f"{ZEEBE}header" and one.get("key") == "process" and one.get("value") in elements:
            one.set("value", other(one.get("value")))


def _nouns(value: Any, names: Mapping[str, str]) -> Any:
    """A declaration with every name of the matter's own in it called otherwise."""
    if isinstance(value, dict):
        return {key: _nouns(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_nouns(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def _matter(info: dict[str, Any], elements: set[str], messages: set[str]) -> dict[str, Any]:
    info["apply"]["form"] = other(info["apply"].get("form", "apply"))
    for one in (*info.get("groups", {}).values(), *info.get("parties", {}).values()):
        for post in (one, one.get("in_person") or {}):
            if post.get("post"):
                post["post"] = other(post["post"])
    steps = info.get("limits", {}).get("steps")
    if steps:
        info["limits"]["steps"] = {other(k) if k in elements else k: v for k, v in steps.items()}
    for tell in info.get("tells", {}).values():
        tell["message"] = other(tell["message"]) if tell["message"] in messages else tell["message"]
        if tell.get("while"):
            tell["while"] = other(tell["while"])
    if (info.get("mandate") or {}).get("ends") in messages:
        info["mandate"]["ends"] = other(info["mandate"]["ends"])
    over = info["apply"].get("consent_over") or {}
    if over.get("ends") in messages:
        over["ends"] = other(over["ends"])
    for noun, word in (("meeting", "due"), ("order", "signed")):  # each names a step
        if (info.get(noun) or {}).get(word):
            info[noun][word] = other(info[noun][word])
    return info


def _story(value: Any, elements: set[str], messages: set[str]) -> Any:
    def said(key: str, one: Any) -> Any:
        if key in ANSWERS:
            return one
        swap: Callable[[Any], Any] = lambda text: other(text) if text in elements else text  # noqa: E731
        if key in NAMES and isinstance(one, str):
            return swap(one)
        if key in NAMES and isinstance(one, list):
            return [swap(text) if isinstance(text, str) else text for text in one]
        if key == "message" and isinstance(one, str):
            return other(one) if one in messages else one
        if key == "post" and isinstance(one, str):
            return other(one)
        return _story(one, elements, messages)

    if isinstance(value, dict):
        return {key: said(str(key), one) for key, one in value.items()}
    if isinstance(value, list):
        return [_story(one, elements, messages) for one in value]
    return value
