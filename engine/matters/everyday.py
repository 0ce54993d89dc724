"""bpmn/words.yaml: what people call things every day, and what is not done in this hall.

    everyday: everyday words -> the matters that are meant (or, by their keys, what is done elsewhere)
    elsewhere: what is done by others: which window, what to bring, which number to call, and what says so

Content of the whole hall, beside its matters; a hall may have none. `yizhan check` reads it as the start does.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from engine.findings import Finding, meant
from engine.matters import lines, schema
from engine.matters.package import Package
from engine.matters.schema import Part
from engine.matters.searching import Thing

FILE = "words.yaml"
#: Of what is wrong with it; it is no matter's, so it stands in no matter's table of rules.
RULE = "everyday-words"
#: Before the key of what is done elsewhere, among the things that are found.
ELSEWHERE = "elsewhere:"

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]


class Elsewhere(Part):
    """What is done by others."""

    name: _Text
    name_en: _Text
    words: tuple[_Word, ...] = Field(min_length=1)
    where: _Text  # which window
    where_en: _Text
    bring: _Text
    bring_en: _Text
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9-]{3,20}$")]
    source: _Text  # what says so: a law with its article, or whose announcement


class Everyday(Part):
    """Words, and what is meant by them."""

    words: tuple[_Word, ...] = Field(min_length=1)
    to: tuple[str, ...] = Field(min_length=1)  # names of matters, keys of `elsewhere`


class Words(Part):
    """The whole file."""

    everyday: tuple[Everyday, ...] = ()
    elsewhere: dict[str, Elsewhere] = Field(default_factory=dict)


def read(content: Path) -> Words:
    """The words of this folder; none when it has no such file. ValueError: it cannot be read (`check` says why)."""
    path = content / "bpmn" / FILE
    if not path.is_file():
        return Words()
    words, findings, _text = _read(path, path.stat().st_mtime_ns)
    if words is None:
        raise ValueError(f"{path.name}: {findings[0].message_zh} {findings[0].message_en}")
    return words


@lru_cache(maxsize=4)
def _read(path: Path, _stamp: int) -> tuple[Words | None, list[Finding], lines.Text]:
    text = lines.read(path.read_bytes(), f"bpmn/{FILE}")
    if text.findings:
        return None, list(text.findings), text
    try:
        return Words.model_validate(text.value or {}), [], text
    except ValidationError as wrong:
        return None, schema.faults(Words, wrong, text, RULE), text


def check(content: Path, matters: Collection[str]) -> list[Finding]:
    """What is wrong with the file: each at its key, with what to do. `matters`: the names of those there are."""
    path = content / "bpmn" / FILE
    words, findings, text = _read(path, path.stat().st_mtime_ns)
    if words is None:
        return findings
    known = {*matters, *words.elsewhere}
    found = []
    for n, one in enumerate(words.everyday):
        for to in one.to:
            if to not in known:
                zh, en = meant(to, known)
                zh = f"没有“{to}”这个事项，elsewhere 里也没有。{zh}"
                en = f'There is no matter "{to}", nor is it in elsewhere. {en}'
                found.append(text.error(RULE, zh, en, "everyday", n, "to"))
    return found


def things(words: Words, packages: list[Package]) -> list[Thing]:
    """All that can be found: the matters, with what people call them, and what is done elsewhere."""
    called: dict[str, list[str]] = {}
    for one in words.everyday:
        for to in one.to:
            called.setdefault(to, []).extend(one.words)
    found = []
    for package in packages:
        info: Any = package.info
        own = (*info.words, *called.get(package.name, ()), *info.functions)
        found.append(
            Thing(package.name, (info.name, info.name_en), own, f"{info.summary} {info.summary_en or ''}".strip())
        )
    for key, other in words.elsewhere.items():
        own = (*other.words, *called.get(key, ()))
        found.append(Thing(f"{ELSEWHERE}{key}", (other.name, other.name_en), own))
    return found
