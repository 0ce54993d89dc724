"""A YAML text with one value of it changed: comments, blanks, quotes and order stay as a person wrote them. Pure.

    rewriting.said(text, ("limits", "promised"), "3wd")      that key says this now; it is added where there is none
    rewriting.said(text, ("materials", 2), rewriting.GONE)   that entry is gone

What is written is read again and held against what was meant, so that a text this cannot change is refused and never
spoilt.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.errors import Refused

#: Said of a place: there is nothing more.
GONE: Any = object()
Path = Sequence[str | int]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def as_json(value: Any) -> Any:
    """What YAML reads, as JSON has it: days and times as text, keys as text."""
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def read(text: str) -> Any:
    """What the text says, as JSON has it."""
    try:
        return as_json(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"第 {mark.line + 1} 行" if mark else "文字"
        raise Refused(
            f"读不出来：{line}不是正确的 YAML。请在“文字”里改好。", "This is not YAML: mend the text."
        ) from None


def said(text: str, path: Path, value: Any) -> str:
    """The text in which this place says this."""
    was = read(text)
    meant = _meant(was, path, value)
    if meant == was:
        return text
    written = _written(text, path, value)
    try:
        same = read(written) == meant
    except Refused:
        same = False
    if not same:
        where = ".".join(str(part) for part in path)
        raise Refused(f"“{where}”在这里改不了，请在“文字”里改。", f"{where} cannot be changed here: change the text.")
    return written


def _meant(was: Any, path: Path, value: Any) -> Any:
    new = copy.deepcopy(was)
    at = new = {} if new is None else new
    try:
        for part in path[:-1]:
            if isinstance(at, dict):
                at = at.setdefault(part, {})
            else:
                at = at[int(part)]
        last = path[-1]
        if isinstance(at, list) and isinstance(last, int):
            if value is GONE:
                del at[last]
            else:
                at[last : last + 1] = [value]
        elif value is GONE:
            at.pop(last, None)
        else:
            at[last] = value
    except (IndexError, KeyError, TypeError, ValueError, AttributeError):
        where = ".".join(str(part) for part in path)
        raise Refused(f"没有“{where}”这个地方。", f"There is no such place as {where}.") from None
    return new


def _written(text: str, path: Path, value: Any) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        return text.rstrip("\n") + ("\n" if text.strip() else "") + _block(_nested(path, value), 0) + "\n"
    node, left = root, list(path)
    while left:
        below = _child(node, left[0])
        if below is None:
            break
        node, left = below, left[1:]
    if not left:
        return _gone(text, root, path) if value is GONE else _replaced(text, node, value)
    return text if value is GONE else _added(text, node, left, value)


def _nested(path: Path, value: Any) -> Any:
    for part in reversed(path):
        value = {part: value}
    return value


def _child(node: Node, part: str | int) -> Node | None:
    if isinstance(node, MappingNode):
        return next((below for key, below in node.value if key.value == str(part)), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: Node = node.value[part]
        return found
    return None


def _end(node: Node) -> int:
    """Where a node's own characters end: a block's mark stands at the next token, behind its comments."""
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(node, MappingNode) else last)


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    """Behind the line of this place, with its comment."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _scalar(value: Any, style: str | None = None) -> str:
    """On one line, as it may stand anywhere, also in brackets."""
    if isinstance(value, str) and style in ("'", '"') and "\n" not in value:
        return str(yaml.safe_dump(value, allow_unicode=True, default_style=style, width=10**9)).rstrip("\n")
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    made = str(yaml.safe_dump([value], allow_unicode=True, default_flow_style=True, width=10**9, sort_keys=False))
    return made.rstrip("\n")[1:-1]


def _block(value: Any, indent: int) -> str:
    made = str(yaml.safe_dump(value, allow_unicode=True, default_flow_style=False, width=10**9, sort_keys=False))
    made = re.sub(r"'(\d{4}-\d\d-\d\d)'$", r"\1", made, flags=re.MULTILINE)
    return ("\n" + " " * indent).join(made.rstrip("\n").split("\n"))


def _inside_brackets(text: str, node: Node) -> bool:
    return bool(getattr(node, "flow_style", False)) and text[node.start_mark.index : node.start_mark.index + 1] in "[{"


def _replaced(text: str, node: Node, value: Any) -> str:
    if isinstance(node, SequenceNode) and isinstance(value, list) and node.value:
        return _entries(text, node, value)
    if isinstance(node, MappingNode) and isinstance(value, dict) and node.value:
        return _keys(text, node, value)
    start, end = node.start_mark.index, _end(node)
    style = node.style if isinstance(node, ScalarNode) and node.value else None
    if style in ("|", ">"):
        end = node.end_mark.index
        indent = len(text[_line_start(text, start) :]) - len(text[_line_start(text, start) :].lstrip(" "))
        tail = "\n" if text[end - 1 : end] == "\n" else ""
        if isinstance(value, str) and "\n" in value.rstrip("\n"):
            lines = "\n".join(" " * (indent + 2) + line if line else "" for line in value.rstrip("\n").split("\n"))
            return text[:start] + ("|\n" if value.endswith("\n") else "|-\n") + lines + tail + text[end:]
        return text[:start] + _scalar(value) + tail + text[end:]
    gap = " " if start == end and text[start - 1 : start] == ":" else ""
    return text[:start] + gap + _scalar(value, style) + text[end:]


def _keys(text: str, node: MappingNode, value: dict[str, Any]) -> str:
    """A mapping key by key: each in the text as it became by the one before."""
    before = as_json(yaml.safe_load(yaml.serialize(node)))
    place = _Place(text, node)
    for key in before:
        if key not in value:
            place.change((key,), GONE)
    for key, one in value.items():
        if key not in before or before[key] != one:
            place.change((key,), one)
    return place.text


def _entries(text: str, node: SequenceNode, value: list[Any]) -> str:
    """A list entry by entry, those that stay untouched."""
    before = [as_json(yaml.safe_load(yaml.serialize(one))) for one in node.value]
    ours, theirs = [repr(one) for one in before], [repr(one) for one in value]
    place = _Place(text, node)
    for kind, a, b, c, d in reversed(SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()):
        pairs = min(b - a, d - c) if kind == "replace" else 0
        for n in range(b - 1, a + pairs - 1, -1) if kind in ("delete", "replace") else ():
            place.change((n,), GONE)
        for n, one in enumerate(value[c + pairs : d]) if kind in ("insert", "replace") else ():
            place.insert(a + pairs + n, one)
        for n in range(pairs):
            place.change((a + n,), value[c + n])
    return place.text


class _Place:
    """One node of a text that changes bit by bit: found again by where it begins."""

    def __init__(self, text: str, node: Node) -> None:
        self.text, self.start, self.kind = text, node.start_mark.index, type(node)

    def node(self) -> Node:
        root = yaml.compose(self.text, Loader=yaml.SafeLoader)
        todo: list[Node] = [] if root is None else [root]
        while todo:
            one = todo.pop()
            if one.start_mark.index == self.start and type(one) is self.kind:
                return one
            if isinstance(one, MappingNode):
                todo += [below for _, below in one.value]
            elif isinstance(one, SequenceNode):
                todo += one.value
        raise Refused("这一处在这里改不了，请在“文字”里改。", "This cannot be changed here: change the text.")

    def change(self, path: Path, value: Any) -> None:
        node = self.node()
        below = _child(node, path[0])
        if value is GONE:
            self.text = _without(self.text, node, path[0])
        elif below is None:
            self.text = _added(self.text, node, path, value)
        else:
            self.text = _replaced(self.text, below, value)

    def insert(self, at: int, value: Any) -> None:
        node = self.node()
        assert isinstance(node, SequenceNode)
        self.text = _inserted(self.text, node, at, value)


def _inserted(text: str, node: SequenceNode, at: int, value: Any) -> str:
    if _inside_brackets(text, node):
        if at < len(node.value):
            start = node.value[at].start_mark.index
            return f"{text[:start]}{_scalar(value)}, {text[start:]}"
        end = _end(node.value[-1]) if node.value else node.start_mark.index + 1
        return f"{text[:end]}{', ' if node.value else ''}{_scalar(value)}{text[end:]}"
    column = node.start_mark.column
    flat = all(isinstance(one, ScalarNode) or one.flow_style for one in node.value)
    made = _scalar(value) if flat or not isinstance(value, dict | list) else _block(value, column + 2)
    entry = f"{' ' * column}- {made}\n"
    if at == 0:
        start = node.start_mark.index
        return f"{text[:start]}{entry.lstrip(' ')}{' ' * column}{text[start:]}"
    return _line_put(text, _end(node.value[at - 1]), entry)


def _line_put(text: str, after: int, line: str) -> str:
    """A line more, behind the one where this place stands."""
    end = _line_end(text, after) if text[after - 1 : after] != "\n" else after
    before = text[:end]
    return f"{before if before.endswith(chr(10)) else before + chr(10)}{line}{text[end:]}"


def _added(text: str, node: Node, path: Path, value: Any) -> str:
    """A key (or the entry after the last) that was not there."""
    if isinstance(node, SequenceNode) and node.value:
        return _inserted(text, node, len(node.value), _nested(path[1:], value))
    if isinstance(node, SequenceNode) and not node.value:
        return _replaced_whole(text, node, [_nested(path[1:], value)])
    if not isinstance(node, MappingNode) or not node.value:
        return _replaced_whole(text, node, _nested(path, value))
    key, inner = _scalar(str(path[0])), _nested(path[1:], value)
    last = node.value[-1][1]
    if _inside_brackets(text, node):
        end = _end(last) if last.value or last.end_mark.index > node.value[-1][0].end_mark.index else None
        end = node.value[-1][0].end_mark.index + 1 if end is None else end
        return f"{text[:end]}, {key}: {_scalar(inner)}{text[end:]}"
    column = node.value[0][0].start_mark.column
    flat = [below for _, below in node.value if isinstance(below, MappingNode | SequenceNode)]
    brackets = bool(flat) and all(below.flow_style for below in flat)
    if isinstance(inner, dict | list) and inner and not brackets:
        line = f"{' ' * column}{_block({str(path[0]): inner}, column)}\n"
    else:
        line = f"{' ' * column}{key}: {_scalar(inner)}\n"
    return _line_put(text, _end(last), line)


def _replaced_whole(text: str, node: Node, value: Any) -> str:
    start, end = node.start_mark.index, _end(node)
    made = _scalar(value)
    return text[:start] + ("" if text[start - 1 : start] in " [{" else " ") + made + text[end:]


def _gone(text: str, root: Node, path: Path) -> str:
    node: Node | None = root
    for part in path[:-1]:
        node = _child(node, part) if node is not None else None
    assert node is not None
    return _without(text, node, path[-1])


def _without(text: str, node: Node, part: str | int) -> str:
    """Without this key or entry, and its line."""
    places = [
        (one[0].start_mark.index, _end(one[1])) if isinstance(one, tuple) else (one.start_mark.index, _end(one))
        for one in node.value
    ]
    if isinstance(node, MappingNode):
        n = next(i for i, (key, _) in enumerate(node.value) if key.value == str(part))
    else:
        n = int(part)
    if len(places) == 1:
        empty = "{}" if isinstance(node, MappingNode) else "[]"
        return text[: node.start_mark.index] + empty + text[_end(node) :]
    start, end = places[n]
    if _inside_brackets(text, node):
        return text[: places[n - 1][1]] + text[end:] if n else text[:start] + text[places[1][0] :]
    after = _line_end(text, end) if text[end - 1 : end] != "\n" else end
    first = _line_start(text, start)
    if text[first:start].strip(" -"):  # another key stands on the line
        raise Refused("这一处在这里改不了，请在“文字”里改。", "This cannot be changed here: change the text.")
    if n == 0 and isinstance(node, MappingNode):  # it may stand behind the dash of an entry
        return text[:start] + text[places[1][0] :]
    return text[:first] + text[after:]
