"""What is printed is Chinese words: no code of a form, no null, no name of a field stands on any paper of any story."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from engine import matters
from engine.proof import playing, proving
from engine.records import papers
from tests.cast import ROOT

#: Latin letters that people of a county read: units, sizes, codes of a paper itself.
KNOWN = re.compile(r"(?i)\b(No|OFD|PDF|SHA|QR|APP|WPS|kg|cm|mm|km|ml|A4|ID|AA|BB)\b")


def codes(html: str) -> list[str]:
    """Words of Latin letters as programs write them, in what is printed."""
    body = re.sub(r"(?s)<(style|script|svg|head)\b.*?</\1>", " ", html)
    text = KNOWN.sub(" ", unescape(re.sub(r"<[^>]+>", " ", body)))
    text = re.sub(r"https?://\S+|\b[0-9A-Z]{2,}(-[0-9A-Z]+)+\b|\b[0-9A-Fa-f]{16,}\b|\b[A-Z]{2}-[A-Z]{2}\b", " ", text)
    return [word for word in re.findall(r"[A-Za-z][A-Za-z_.]*[A-Za-z]", text) if word.islower() or "_" in word]


def test_a_code_is_found_and_what_people_read_is_not() -> None:
    assert codes("<p>情形：not_corrected，null</p>") == ["not_corrected", "null"]
    assert codes("<style>p{color:red}</style><p>编号 FY-TS，重 3 kg，A4 纸</p>") == []


#: Looked at daily; every other matter in the wide gate.
DAILY = {"yuyue"}


@pytest.mark.parametrize(
    "name", [name if name in DAILY else pytest.param(name, marks=pytest.mark.wide) for name in matters.names(ROOT)]
)
def test_no_paper_of_a_story_prints_a_code(name: str, scratch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, list[str]] = {}
    drawn = papers.compose

    def keep(kind: papers.PaperKind, *given: Any, **more: Any) -> Any:
        made = drawn(kind, *given, **more)
        if wrong := codes(made.html):
            found[kind.key] = wrong
        return made

    monkeypatch.setattr(playing.papers, "compose", keep)
    proving.prove(name, matters.read_files(ROOT, name), scratch=scratch)
    assert found == {}
