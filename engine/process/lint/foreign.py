"""What was written for other engines: camunda: (7), flowable:, activiti:, and JUEL ${...}."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from engine.process.language.other_engines import ENGINES, INSTEAD, INSTEAD_OF_ELEMENTS
from engine.process.language.read import B, Z
from engine.process.lint.ids import _Element
from engine.process.lint.page import Page

_JUEL = re.compile(r"[$#]\{(.*?)\}", re.DOTALL)


def feel_for(juel: str) -> str:
    """A first FEEL draft of a JUEL expression: what the message suggests."""
    found = _JUEL.fullmatch(juel.strip())
    text = (found.group(1) if found else _JUEL.sub(r"\1", juel)).strip()
    text = re.sub(r"'([^'\"]*)'", r'"\1"', text)
    text = re.sub(r"\bnot empty\s+([\w.]+)|!\s*empty\s+([\w.]+)", r"\1\2 != null", text)
    text = re.sub(r"\bempty\s+([\w.]+)", r"\1 = null", text)
    for pattern, feel in (
        (r"===?", "="),
        (r"!==", "!="),
        (r"\beq\b", "="),
        (r"\bne\b", "!="),
        (r"\bgt\b", ">"),
        (r"\bge\b", ">="),
        (r"\blt\b", "<"),
        (r"\ble\b", "<="),
        (r"\s*&&\s*", " and "),
        (r"\s*\|\|\s*", " or "),
    ):
        text = re.sub(pattern, feel, text)
    text = re.sub(r"!\s*(\w+(?:\.\w+)*)(?!\s*=)", r"not(\1)", text)
    return "=" + " ".join(text.split())[:120]


def is_juel(text: str) -> bool:
    """True when the text is written for a Java engine."""
    return bool(_JUEL.search(text))


def check_file(page: Page) -> None:
    """Every attribute and extension element of another engine."""
    for element in page.root.iter(etree.Element):
        uri, _, name = element.tag[1:].rpartition("}") if element.tag[0] == "{" else ("", "", element.tag)
        if uri in ENGINES:
            if element.getparent().tag == B + "extensionElements":  # else a part of one already told
                _tell(page, _owner(element), element, f"{ENGINES[uri]}:{name}", INSTEAD_OF_ELEMENTS.get(name))
            continue
        for attribute in element.attrib:
            if attribute[0] == "{":
                uri, _, name = attribute[1:].rpartition("}")
                if uri in ENGINES:
                    _tell(page, _owner(element), element, f"{ENGINES[uri]}:{name}", INSTEAD.get(name))


def _owner(element: Any) -> Any:
    """The nearest element with an id, to name in the message."""
    while element.get("id") is None and element.getparent() is not None:
        element = element.getparent()
    return element


def _tell(page: Page, owner: Any, element: Any, what: str, instead: str | None) -> None:
    thing: Any = _Element(owner)
    line = element.sourceline or 0
    if instead is None:
        page.warn(
            "other-engine",
            thing,
            f"上的 {what} 是别的引擎的写法，不会读取，可以删去。",
            f"has {what}, written for another engine. It is not read and may be removed.",
            line,
        )
        return
    # A drawing for two engines says it twice; ours counts.
    twice = owner.find(f"{B}extensionElements/{Z}*") is not None
    (page.warn if twice else page.error)(
        "other-engine",
        thing,
        f"上的 {what} 是别的引擎的写法，不会读取。请改写为 {instead}（在 Modeler 中选择 Camunda 8 / Zeebe）。",
        f"has {what}, written for another engine and not read. Write {instead} instead (choose Camunda 8 / "
        "Zeebe in the "
        "Modeler).",
        line,
    )
