"""What stands in the XML beside the process: each shape of the picture is of something, each type of a decision
exists."""

from __future__ import annotations

import re

from engine.findings import Finding, meant
from engine.matters.gate.reading import Reading

_SHAPE = re.compile(r'<[\w.-]*:?BPMN(?:Shape|Edge|Plane)\b[^>]*?\bbpmnElement="([^"]*)"')
_TYPE = re.compile(r'\btypeRef="([^"]*)"')
_ITEM = re.compile(r'<[\w.-]*:?(?:itemDefinition|itemComponent)\b[^>]*?\bname="([^"]*)"')
_ID = re.compile(r'\bid="([^"]*)"')
#: The types DMN knows by itself, in the spellings of its versions.
_TYPES = frozenset(
    {
        "Any",
        "string",
        "number",
        "boolean",
        "date",
        "time",
        "dateTime",
        "date and time",
        "dayTimeDuration",
        "days and time duration",
        "yearMonthDuration",
        "years and months duration",
        "context",
        "list",
        "function",
    }
)


def check(reading: Reading) -> None:
    for file, data in reading.files.items():
        if file.endswith(".bpmn") and file in reading.diagrams:
            text = data.decode("utf-8", "replace")
            ids = set(_ID.findall(text))
            for found in _SHAPE.finditer(text):
                if found[1].rpartition(":")[2] not in ids:
                    _say(reading, file, text, found.start(1), "shape-of-nothing", found[1], ids, ("图形", "shape"))
        elif file.endswith(".dmn"):
            text = data.decode("utf-8", "replace")
            types = _TYPES | set(_ITEM.findall(text))
            for found in _TYPE.finditer(text):
                name = found[1].rpartition(":")[2]
                if name and "." not in name and name not in types:
                    _say(reading, file, text, found.start(1), "dmn-unknown-type", name, types, ("类型", "type"))


def _say(
    reading: Reading,
    file: str,
    text: str,
    at: int,
    rule: str,
    name: str,
    known: set[str] | frozenset[str],
    what: tuple[str, str],
) -> None:
    zh, en = meant(name, known, 16)
    line = text.count("\n", 0, at) + 1
    shape = rule == "shape-of-nothing"
    said_zh = f"图上的图形指向“{name}”，流程里没有它。" if shape else f"没有{what[0]}“{name}”。"
    said_en = (
        f'A shape of the picture is of "{name}", which is not there.' if shape else f'There is no {what[1]} "{name}".'
    )
    reading.findings.append(Finding(file, name, "", line, rule, "error", f"{said_zh}{zh}", f"{said_en} {en}"))
