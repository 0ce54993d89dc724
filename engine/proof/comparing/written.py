"""Two versions of what is written: matter.yaml, shared nouns, stories, clauses, English, papers, other text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from engine.matters import lines, schema
from engine.matters.clauses import ClauseText
from engine.matters.info import Matter
from engine.matters.story_file import StoryText
from engine.proof.comparing.changed import Change, Label, said

#: By what an entry of a list is the same entry.
_KEYS = ("id", "name", "key", "law", "title", "message", "kind")
#: Where the keys of matter.yaml belong; others are what the matter is.
_AREAS = {"limits": "limits", "notices": "notices", "papers": "papers", "organs": "papers"}
#: What a file is read by.
_MODELS: dict[str, type[BaseModel]] = {
    "matter.yaml": Matter,
    "stories.yaml": StoryText,
    "clauses.yaml": ClauseText,
}
_HEAD = re.compile(r"\A---\n(.*?)\n---\n?", re.DOTALL)
#: So many changes of one text are told, the rest are counted.
_MOST = 12

Path = tuple[Any, ...]


class _Entry(str):
    """What an entry of a list is called."""


def area_of(path: str) -> str:
    """Where a file belongs."""
    name = path.rpartition("/")[2]
    if name in ("stories.yaml", "clauses.yaml"):
        return "stories"
    if name == "en.yaml":
        return "words"
    ending = {"bpmn": "steps", "dmn": "decisions", "form": "forms", "html": "papers", "j2": "papers"}
    if name == "matter.yaml":
        return "matter"
    return ending.get(name.rpartition(".")[2]) or ("nouns" if name.endswith(("yaml", "yml")) else "other")


def compare(name: str, file: str, before: bytes, after: bytes) -> list[Change]:
    """What is other in a text."""
    if file.endswith("/en.yaml"):
        return [_english(file, before, after)]
    if file.endswith((".yaml", ".yml")):
        return _yaml(file, before, after)
    return _text(file, before, after)


def _yaml(file: str, before: bytes, after: bytes) -> list[Change]:
    short = file.rpartition("/")[2]
    one, other = lines.read(before, file), lines.read(after, file)
    if (one.findings and one.value is None) or (other.findings and other.value is None):
        zh, en = "有一边不是能读的 YAML，比不出来", "one side is no YAML that can be read: not compared"
        return [Change("changed", area_of(file), file, "", short, short, zh, en)]
    model = _MODELS.get(short)
    changes = []
    for path, was, now in _walk((), one.value, other.value):
        area = _AREAS.get(str(path[0]), area_of(file)) if short == "matter.yaml" and path else area_of(file)
        where = short if short != "matter.yaml" else ""
        place = ".".join(str(part) for part in path)
        said_at = f"{where} · {place}".strip(" ·") or short
        zh, en = said(_label(model, path), was, now)
        what: Any = "added" if was is None else "gone" if now is None else "changed"
        changes.append(Change(what, area, file, "", said_at, said_at, zh, en))
    if not changes:
        changes.append(_only_written(file, short))
    return changes


def _only_written(file: str, short: str) -> Change:
    zh, en = "只是注释、空白或写法变了", "only comments, blanks or the writing are other"
    return Change("changed", "moved", file, "", short, short, zh, en)


def _label(model: type[BaseModel] | None, path: Path) -> Label:
    key = str(path[-1]) if path else "内容"
    named = tuple(0 if isinstance(part, _Entry) else part for part in path)
    found = schema.called(model, named) if model is not None and named else None
    return found or (key, key)


def _walk(path: Path, one: Any, other: Any) -> Iterator[tuple[Path, Any, Any]]:
    """The smallest places at which two values are other."""
    if one == other:
        return
    if isinstance(one, list) and isinstance(other, list):
        was, now = _keyed(one), _keyed(other)
        if was is not None and now is not None:
            one, other = was, now
            if one == other:  # the same entries in another order
                yield path, list(one), list(other)
                return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            yield from _walk((*path, key), one.get(key), other.get(key))
        return
    yield path, one, other


def _keyed(values: list[Any]) -> dict[_Entry, Any] | None:
    """A list of tables by what tells them apart; None: it is none."""
    if not values or not all(isinstance(one, dict) for one in values):
        return None
    for key in _KEYS:
        names = [one.get(key) for one in values]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return {_Entry(name): one for name, one in zip(names, values, strict=True)}
    return {_Entry(f"#{n}"): one for n, one in enumerate(values, 1)}


def _english(file: str, before: bytes, after: bytes) -> Change:
    one, other = (lines.read(data, file).value for data in (before, after))
    was, now = (value if isinstance(value, dict) else {} for value in (one, other))
    new, gone = len(now.keys() - was.keys()), len(was.keys() - now.keys())
    others = sum(was[key] != now[key] for key in was.keys() & now.keys())
    counted = (
        (new, f"加了 {new} 条", f"{new} added"),
        (others, f"改了 {others} 条", f"{others} changed"),
        (gone, f"去掉 {gone} 条", f"{gone} taken away"),
    )
    zh = "，".join(zh for n, zh, _ in counted if n)
    en = ", ".join(en for n, _, en in counted if n)
    name = file.rpartition("/")[2]
    if not zh:
        return _only_written(file, name)
    return Change("changed", "words", file, "", name, name, zh, en)


def _text(file: str, before: bytes, after: bytes) -> list[Change]:
    """A paper, or any other text: its head key by key, then its lines."""
    name, area = file.rpartition("/")[2], area_of(file)
    one, other = (data.decode("utf-8", "replace") for data in (before, after))
    changes: list[Change] = []
    heads = [_HEAD.match(text) for text in (one, other)]
    values = [lines.read(h[1].encode(), file).value if h else {} for h in heads]
    for path, was, now in _walk((), *values):
        zh, en = said(_label(None, path), was, now)
        changes.append(Change("changed", area, file, "", name, name, zh, en))
    bodies = [
        [line.strip() for line in text[h.end() if h else 0 :].splitlines() if line.strip()]
        for text, h in zip((one, other), heads, strict=True)
    ]
    told = list(_lines(*bodies))
    for zh, en in told[:_MOST]:
        changes.append(Change("changed", area, file, "", name, name, zh, en))
    if len(told) > _MOST:
        n = len(told) - _MOST
        changes.append(Change("changed", area, file, "", name, name, f"还有 {n} 处", f"and {n} more places"))
    return changes or [_only_written(file, name)]


def _lines(one: list[str], other: list[str]) -> Iterator[Label]:
    for tag, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag != "equal":
            yield said(("文字", "text"), "\n".join(one[a:b]) or None, "\n".join(other[c:d]) or None)
