"""What was written for other engines: camunda: (7), flowable:, activiti:, and JUEL ${...}."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from engine.process.language.other_engines import ENGINES, INSTEAD, INSTEAD_OF_ELEMENTS, SENTENCES
from engine.process.language.read import B, Z
from engine.process.lint.ids import _Element
from engine.process.lint.page import Page, listed

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
    """Every attribute and extension element of another engine. One that stands in many places is said once, with
    them."""
    said: dict[tuple[str, bool, str], list[tuple[Any, int]]] = {}
    for element in page.root.iter(etree.Element):
        uri, _, name = element.tag[1:].rpartition("}") if element.tag[0] == "{" else ("", "", element.tag)
        if uri in ENGINES:
            if element.getparent().tag == B + "extensionElements":  # else a part of one already told
                _note(said, element, f"{ENGINES[uri]}:{name}", INSTEAD_OF_ELEMENTS.get(name), softly=False)
            continue
        for attribute, value in element.attrib.items():
            if attribute[0] == "{":
                uri, _, name = attribute[1:].rpartition("}")
                if uri in ENGINES:
                    softly = name in SENTENCES or (name == "type" and value == "external")
                    instead = _sentence(name, value) or INSTEAD.get(name)
                    _note(said, element, f"{ENGINES[uri]}:{name}", instead, softly)
    for (what, soft, instead), places in said.items():
        _tell(page, what, soft, places, instead)


def _sentence(name: str, value: str) -> str | None:
    """What to write for an attribute whose meaning we have too, with its value; None for the others."""
    pattern = SENTENCES.get(name)
    if pattern is None:
        return None
    said = feel_for(value) if is_juel(value) else value.strip()
    for prefix in ("camunda-forms:deployment:", "camunda-forms:app:", "embedded:deployment:", "embedded:app:"):
        said = said.removeprefix(prefix)
    return pattern.format(escape(said[:120], {'"': "&quot;"}))


def _note(
    said: dict[tuple[str, bool, str], list[tuple[Any, int]]], element: Any, what: str, instead: str | None, softly: bool
) -> None:
    owner = _owner(element)
    # A drawing for two engines says it twice; ours counts.
    soft = softly or instead is None or owner.find(f"{B}extensionElements/{Z}*") is not None
    said.setdefault((what, soft, instead or ""), []).append((owner, element.sourceline or 0))


def _owner(element: Any) -> Any:
    """The nearest element with an id, to name in the message."""
    while element.get("id") is None and element.getparent() is not None:
        element = element.getparent()
    return element


def _tell(page: Page, what: str, soft: bool, places: list[tuple[Any, int]], instead: str) -> None:
    owner, line = places[0]
    thing: Any = _Element(owner)
    others = list(dict.fromkeys(o.get("id") or f"line {n}" for o, n in places[1:]))
    also, also_en = "", ""
    if others:
        also = f"（另有 {len(others)} 处：{listed(others)}）"
        also_en = f" ({len(others)} more: {listed(others)})"
    if not instead:
        page.warn(
            "other-engine",
            thing,
            f"上的 {what} 是别的引擎的写法，不会读取，可以删去。{also}",
            f"has {what}, written for another engine. It is not read and may be removed.{also_en}",
            line,
        )
        return
    (page.warn if soft else page.error)(
        "other-engine",
        thing,
        f"上的 {what} 是别的引擎的写法，不会读取。请改写为 {instead}（在 Modeler 中选择 Camunda 8 / Zeebe）。{also}",
        f"has {what}, written for another engine and not read. Write {instead} instead (choose Camunda 8 / "
        f"Zeebe in the "
        f"Modeler).{also_en}",
        line,
    )
