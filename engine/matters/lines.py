"""YAML as a designer wrote it: the value, the line of every key, and a finding for every slip. Pure; never raises.

    text = lines.read(data, "bpmn/daiban/matter.yaml")
    text.value                       what the file says; None when it cannot be read
    text.line("groups", "回访")       the line on which that key stands; of the nearest key above it otherwise
    text.findings                    broken syntax, a key written twice, an alias inside itself, not UTF-8, too large

The plain reader of the library takes the last of two equal keys without a word, and says lines only of broken syntax.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from engine.findings import Finding

#: A file of a matter is written by a person: larger than this, it is another file.
MAX_BYTES = 2_000_000
#: Deeper than this nobody writes; the library reads nesting by calling itself.
MAX_DEPTH = 60
#: Aliases multiply: so many entries all told.
MAX_ENTRIES = 200_000

#: libyaml where it is built in: ten times as quick.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Text:
    """One YAML file, read."""

    file: str
    value: Any = None
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict, repr=False)  # path of keys -> line, from 1
    findings: tuple[Finding, ...] = ()
    #: Keys that YAML does not read as text (on, yes, 12), by the path under which they stand: as written, and what of.
    no_texts: Mapping[tuple[str, ...], tuple[tuple[str, str], ...]] = field(default_factory=dict, repr=False)

    def line(self, *path: object) -> int:
        """Where this key, entry or the nearest one above it stands; 1 for the whole file."""
        keys = tuple(str(part) for part in path)
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def error(self, rule: str, zh: str, en: str, *path: object) -> Finding:
        """A finding at this path: an error."""
        return Finding(self.file, ".".join(str(p) for p in path), "", self.line(*path), rule, "error", zh, en)


@lru_cache(maxsize=64)  # the tables all matters share, and a file that several rules look at
def read(data: bytes, file: str, *, first_line: int = 1) -> Text:
    """The YAML in these bytes. `first_line`: where they begin in their file (the head of a paper). The value is shared
    by all who ask: nobody changes it."""

    def wrong(line: int, zh: str, en: str, rule: str = "yaml") -> Text:
        return Text(file, findings=(Finding(file, "", "", line + first_line - 1, rule, "error", zh, en),))

    if len(data) > MAX_BYTES:
        return wrong(
            1,
            f"文件有 {len(data):,} 字节，超过上限 {MAX_BYTES:,}。事项的文件是人写的，请检查是不是放错了文件。",
            f"The file has {len(data):,} bytes, more than {MAX_BYTES:,}. Check that it is the right file.",
            "too-large",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return wrong(
            data.count(b"\n", 0, error.start) + 1,
            "文件不是 UTF-8 编码。请在编辑器里另存为 UTF-8。",
            "The file is not UTF-8. Save it as UTF-8 in your editor.",
        )
    try:
        depth = 0
        for event in yaml.parse(text, Loader=Loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                return wrong(
                    getattr(event.start_mark, "line", 0) + 1,
                    f"嵌套超过 {MAX_DEPTH} 层。请检查括号和缩进。",
                    f"It nests deeper than {MAX_DEPTH}. Check brackets and indentation.",
                )
        loader = Loader(text)
        try:
            node = loader.get_single_node()
            walk = _Walk(file, first_line)
            if node is not None:
                walk.node(node, (), ())
            value = loader.construct_document(node) if node is not None and not walk.fatal else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        why = " ".join(str(getattr(error, "problem", None) or error).split())[:160]
        return wrong(
            mark.line + 1 if mark is not None else 1,
            f"不是有效的 YAML（{why}）。请检查这一行的缩进、冒号后的空格、引号和括号。",
            f"No valid YAML ({why}). Check indentation, the space after a colon, quotes and brackets on this line.",
        )
    except (
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:  # a date such as 2026-13-40, a number of a million digits
        return wrong(
            1,
            f"有一个值读不出来（{str(error)[:120]}）。日期写作 2026-09-18，文字加引号。",
            f"A value cannot be read ({str(error)[:120]}). Write dates as 2026-09-18, and quote texts.",
        )
    return Text(file, value, walk.lines, tuple(walk.findings), walk.no_texts)


class _Walk:
    """Down the tree of nodes: lines of keys, keys written twice, aliases inside themselves."""

    def __init__(self, file: str, first_line: int) -> None:
        self.file, self.offset = file, first_line
        self.lines: dict[tuple[str, ...], int] = {}
        self.findings: list[Finding] = []
        self.no_texts: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {}
        self.fatal = False
        self.entries = 0

    def say(self, node: yaml.Node, path: tuple[str, ...], rule: str, zh: str, en: str) -> None:
        line = node.start_mark.line + self.offset
        self.findings.append(Finding(self.file, ".".join(path), "", line, rule, "error", zh, en))

    def node(self, node: yaml.Node, path: tuple[str, ...], above: tuple[int, ...]) -> None:
        self.entries += 1
        if self.fatal:
            return
        if self.entries > MAX_ENTRIES or len(path) > 4 * MAX_DEPTH:
            self.fatal = True
            zh, en = (
                "别名（&、*）展开后太大。请把内容写出来。",
                "Its aliases (& and *) expand to too much. Write it out.",
            )
            self.say(node, path, "yaml", zh, en)
        elif id(node) in above:
            self.fatal = True
            zh, en = "别名指回了它自己。请删去这个 *。", "An alias stands inside itself. Remove this *."
            self.say(node, path, "yaml", zh, en)
        elif isinstance(node, yaml.SequenceNode):
            for n, one in enumerate(node.value):
                self.lines[(*path, str(n))] = one.start_mark.line + self.offset
                self.node(one, (*path, str(n)), (*above, id(node)))
        elif isinstance(node, yaml.MappingNode):
            self.mapping(node, path, (*above, id(node)))

    def mapping(self, node: yaml.MappingNode, path: tuple[str, ...], above: tuple[int, ...]) -> None:
        seen: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.fatal = True
                zh, en = "键不能是列表或表。请写成一个词。", "A key is one word, not a list or a mapping."
                self.say(key, path, "yaml", zh, en)
                return
            name, line = str(key.value), key.start_mark.line + self.offset
            if key.tag == "tag:yaml.org,2002:merge":
                for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    self.node(one, path, above)
                continue
            if name in seen:
                zh = f"“{name}”写了两次（第 {seen[name]} 行已经有了），后一个会盖掉前一个。请删去一个。"
                en = (
                    f'"{name}" is written twice (first on line {seen[name]}); the second would hide the first. '
                    "Remove one."
                )
                self.say(key, (*path, name), "duplicate-key", zh, en)
            seen[name] = line
            self.lines[(*path, name)] = line
            if not key.tag.endswith(":str"):
                self.no_texts[path] = (*self.no_texts.get(path, ()), (name, key.tag.rpartition(":")[2]))
            self.node(value, (*path, name), above)
