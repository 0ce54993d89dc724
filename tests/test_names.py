"""No matter is named in the program: what bpmn/ and forms/ call things is theirs, and another county calls them
otherwise.

The renaming of a whole matter (tests/wide/test_renaming.py) shows that its stories play without the names; this
shows that no page and no word of the program holds one either.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from engine import matters
from engine.commands.booking.book import MESSAGES

ROOT = Path(__file__).resolve().parent.parent
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
#: The demo county plays the five matters by name: it is their data, not the program.
APART = ("web/demo/", "web/frontend/node_modules/", "web/static/", "engine/store/migrations/")
#: Plain words that a drawing also uses for an element. In the program they are its own: outcomes of a case, states of
#: a task or booking, kinds of clock events, operations, FEEL's functions. That none of them means an element is what
#: the renaming shows.
WORDS = frozenset(
    [
        "accept",
        "accepted",
        "again",
        "agree",
        "agreed",
        "answer",
        "answered",
        "arrived",
        "back",
        "begin",
        "granted",
        "merge",  # two accounts
        "bind",
        "book",
        "booked",
        "call",
        "cancelled",
        "close",
        "closing",
        "confirm",
        "contact",
        "content",
        "correct",
        "count",
        "day",
        "deadline",
        "decline",
        "declined",
        "done",
        "draft",
        "ended",
        "first",
        "granted",
        "handed",
        "handle",
        "heard",
        "how",
        "kept",
        "lanes",  # of a drawing
        "late",
        "mandate",
        "merge",  # two accounts",
        "met",
        "missed",
        "mistaken",
        "month",
        "moved",
        "note",
        "order",
        "police",
        "rate",
        "rated",
        "received",
        "refused",
        "register",
        "release",
        "renew",
        "renewed",
        "result",
        "schedule",
        "seal",
        "seats",
        "second",
        "serve",
        "sign",
        "signed",
        "stamp",
        "tell",
        "term",
        "unsigned",
        "until",
        "urgent",
        "visit",
        "wait",
        "withdrawn",
    ]
)


def names() -> set[str]:
    """What the five matters call themselves, their forms, their messages and their elements."""
    found = set(matters.names(ROOT))
    for path in (ROOT / "forms").glob("*/*.form"):
        found.add(json.loads(path.read_text(encoding="utf-8"))["id"])
    for path in (ROOT / "bpmn").glob("*/*.bpmn"):
        drawing = etree.parse(str(path))
        found |= {one.get("name") for one in drawing.iter(f"{BPMN}message")}
        for process in drawing.iter(f"{BPMN}process"):
            found |= {one.get("id") for one in process.iter() if isinstance(one.tag, str) and one.get("id")}
    return found - set(MESSAGES.values()) - {None}


def texts() -> Iterator[tuple[str, int, str]]:
    """(file, line, text) of every text that stands in quotes in the program and its pages."""
    for folder in ("engine", "web"):
        for path in sorted((ROOT / folder).rglob("*")):
            file = path.relative_to(ROOT).as_posix()
            if file.startswith(APART) or path.is_symlink() or not path.is_file():
                continue
            if path.suffix == ".py":
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        yield file, node.lineno, node.value
            elif path.suffix in (".html", ".js", ".mjs"):
                for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    for text in re.findall(r"'([^']*)'|\"([^\"]*)\"", line):
                        yield file, n, text[0] or text[1]


def test_the_program_names_no_matter_form_message_or_element():
    known = names()
    found = [f"{file}:{line} {text!r}" for file, line, text in texts() if text in known and text not in WORDS]
    assert found == [], "\n".join(found)


def test_every_exception_is_still_one():
    said = {text for _, _, text in texts()}
    assert sorted(word for word in WORDS if word not in names() or word not in said) == []
