"""Slips of the pen, one at a time: every key, id, reference, header and placeholder of a matter with two letters
swapped.

    for slip in slips("daiban", files): …

What is changed is what names something or is a name; sentences for people are not (no program can know that a sentence
is wrong). An id that stands once in the whole matter is left out by `once`: nothing refers to it, so changing it
changes nothing; the test says how many those are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from engine import feel
from engine.feel import tree
from engine.feel.table import BUILT_INS


@dataclass(frozen=True)
class Slip:
    """One change."""

    file: str
    kind: str  # what was changed: "bpmn reference", "form key" …
    word: str  # as it was
    to: str  # as it is now
    start: int  # characters
    end: int

    def of(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        text = files[self.file].decode()
        return {**files, self.file: (text[: self.start] + self.to + text[self.end :]).encode()}

    def __str__(self) -> str:
        return f"{self.file}@{self.start} {self.kind}: {self.word} -> {self.to}"


def slipped(word: str) -> str:
    """The word with two neighbouring letters swapped, as near the middle as they differ; one letter is doubled.

    >>> slipped("window"), slipped("a"), slipped("aa"), slipped("回访")
    ('widnow', 'aa', 'aaa', '访回')
    """
    middle = len(word) // 2
    for at in sorted(range(len(word) - 1), key=lambda n: abs(n + 1 - middle)):
        if word[at] != word[at + 1] and word[at].isalnum() and word[at + 1].isalnum():
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word + word[-1:]


def slips(name: str, files: Mapping[str, bytes]) -> Iterator[Slip]:
    """Every slip of a matter's own files."""
    for file, data in sorted(files.items()):
        if f"/{name}/" not in file:
            continue
        text = data.decode()
        if file.endswith("/matter.yaml"):
            yield from _matter(file, text)
        elif file.endswith("/stories.yaml"):
            yield from _stories(file, text)
        elif file.endswith("/clauses.yaml"):
            continue  # a clause's place and story are held by tests/proof/test_clauses.py
        elif file.endswith(".yaml"):
            yield from _keys(file, text, "english key")
        elif file.endswith(".bpmn"):
            yield from _bpmn(file, text)
        elif file.endswith(".dmn"):
            yield from _dmn(file, text)
        elif file.endswith(".form"):
            yield from _form(file, text)


def once(slip: Slip, files: Mapping[str, bytes]) -> bool:
    """Whether the word is the id of something nothing refers to: it stands once in all files."""
    word = re.compile(rf"(?<![\w-]){re.escape(slip.word)}(?![\w-])".encode())
    return slip.kind.endswith(" id") and sum(len(word.findall(data)) for data in files.values()) == 1


def _slip(file: str, kind: str, text: str, start: int, end: int) -> Slip:
    word = text[start:end]
    return Slip(file, kind, word, slipped(word), start, end)


# ---------------------------------------------------------------- YAML


def _nodes(
    node: yaml.Node, path: tuple[str, ...], seen: set[int]
) -> Iterator[tuple[tuple[str, ...], yaml.ScalarNode, bool]]:
    """(path, scalar, whether it is a key), each place once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, str(key.value)), key, True
            yield from _nodes(value, (*path, str(key.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for n, one in enumerate(node.value):
            yield from _nodes(one, (*path, str(n)), seen)
    elif isinstance(node, yaml.ScalarNode):
        yield path, node, False


def _scalars(text: str) -> Iterator[tuple[tuple[str, ...], int, int, bool]]:
    """(path, start, end, whether it is a key) of every scalar, without its quotes."""
    for path, node, key in _nodes(yaml.compose(text, Loader=yaml.SafeLoader), (), set()):
        start, end = node.start_mark.index, node.end_mark.index
        if node.style in ("'", '"'):
            start, end = start + 1, end - 1
        if start < end and node.style not in ("|", ">"):
            yield path, start, end, key


def _keys(file: str, text: str, kind: str) -> Iterator[Slip]:
    for _path, start, end, key in _scalars(text):
        if key:
            yield _slip(file, kind, text, start, end)


#: Values of matter.yaml that name something or are one of a list: the path's last key, or its shape.
_REFERENCES = re.compile(
    r"(office|shape|kind|readers|apply\.form|limits\.regime|limits\.promised|limits\.steps\..*|who\..*|materials\.\d+\.field|"
    r"materials\.\d+\.kind|groups\..*\.(post|at)|papers\.\d+|apply\.channels\.\d+|notices\..*\.channels\.\d+|functions\.\d+|"
    r"agent|withdraw|remedy|in_force\..*|organs\..*|papers\.\w+\.(organ|basis.*|remedy)|door|opened_by)"
)


def _matter(file: str, text: str) -> Iterator[Slip]:
    for path, start, end, key in _scalars(text):
        if key:
            yield _slip(file, "matter key", text, start, end)
        elif re.fullmatch(r"basis\.\d+\.id", ".".join(path)):
            yield _slip(file, "basis id", text, start, end)
        elif _REFERENCES.fullmatch(".".join(path)):
            yield _slip(file, "matter reference", text, start, end)
        elif path[0] == "notices" and path[-1] in ("zh", "en"):
            for found in re.finditer(r"\{(\w+)\}", text[start:end]):
                yield _slip(file, "placeholder", text, start + found.start(1), start + found.end(1))


_STORY_REFERENCES = re.compile(
    r"(?:stories\.)?\d+\.(channel|steps\.\d+\.(task|message|answer|return|to|error|open\.\d+|refused\.\d+|wait)|"
    r"end\.(at|outcome|papers\.\d+|notices\.\d+|effects\.\d+|open\.\d+))|people\.\d+\.(post|at)|rooms\.\d+\.at"
)


def _stories(file: str, text: str) -> Iterator[Slip]:
    for path, start, end, key in _scalars(text):
        if key:
            free = "variables" in path[:-1]  # what a message brings: names of the story's own
            yield _slip(file, "story variable" if free else "story key", text, start, end)
        elif _STORY_REFERENCES.fullmatch(".".join(path)):
            yield _slip(file, "story reference", text, start, end)


# ---------------------------------------------------------------- XML

_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_PLAIN = {
    "sourceRef",
    "targetRef",
    "attachedToRef",
    "default",
    "messageRef",
    "errorRef",
    "escalationRef",
    "signalRef",
    "bpmnElement",
    "processRef",
    "formId",
    "candidateGroups",
    "candidateUsers",
    "assignee",
    "decisionId",
    "resultVariable",
    "target",
    "key",
    "type",
    "errorCode",
    "processId",
}
_FREE_HEADERS = {"category"}  # words for people


def _bpmn(file: str, text: str) -> Iterator[Slip]:
    for tag in re.finditer(r"<(/?)([\w:]+)((?:\s+[\w:]+=\"[^\"]*\")*)\s*/?>", text):
        element, body, at = tag[2], tag[3], tag.start(3)
        attributes = dict(_ATTRIBUTE.findall(body))
        if element.startswith(("dc:", "di:")):
            continue
        for found in _ATTRIBUTE.finditer(body):
            name, value, start = found[1], found[2], at + found.start(2)
            if not value or name.startswith("xmlns"):
                continue
            if name == "id":
                yield _slip(file, "bpmn id", text, start, start + len(value))
            elif name in ("source", "expression", "correlationKey", "dueDate", "inputCollection", "outputElement") or (
                value.startswith("=")
            ):
                yield from _feel(file, "bpmn FEEL name", text, start, value)
            elif name in _PLAIN and not element.startswith("bpmndi") or name == "bpmnElement":
                for part in re.finditer(r"[^,\s]+", value):
                    yield _slip(file, f"bpmn {name}", text, start + part.start(), start + part.end())
            elif name == "name" and element == "zeebe:property":
                yield _slip(file, "bpmn property", text, start, start + len(value))
            elif name == "name" and element == "bpmn:message":
                yield _slip(file, "bpmn message name", text, start, start + len(value))
            elif name == "value" and (element == "zeebe:property" or attributes.get("key") not in _FREE_HEADERS):
                kind = "bpmn property value" if element == "zeebe:property" else f"bpmn header {attributes.get('key')}"
                for part in re.finditer(r"[^,\s]+", value):
                    yield _slip(file, kind, text, start + part.start(), start + part.end())
    for child in re.finditer(r"<bpmn:(incoming|outgoing|flowNodeRef)>([^<]+)<", text):
        yield _slip(file, f"bpmn {child[1]}", text, child.start(2), child.end(2))
    for child in re.finditer(r"<bpmn:(conditionExpression|timeDuration|timeDate|timeCycle)[^>]*>(=[^<]+)<", text):
        yield from _feel(file, "bpmn FEEL name", text, child.start(2), child[2])


def _feel(file: str, kind: str, text: str, start: int, source: str) -> Iterator[Slip]:
    """Each variable or entry read by a FEEL text, at its first place."""
    entities = {"&quot;": '"', "&lt;": "<", "&gt;": ">", "&amp;": "&", "&apos;": "'"}
    plain = re.sub("|".join(entities), lambda m: entities[m[0]], source)
    try:
        body = feel.compile(plain.removeprefix("=")).tree
    except feel.FeelError:
        return
    local: set[str] = set()
    for node in tree.walk(body):
        if isinstance(node, (tree.For, tree.Quantified)):
            local |= {one.name for one in node.iterations}
        if isinstance(node, tree.ContextOf):
            local |= set(node.keys)
    names: dict[str, None] = {}
    for node in tree.walk(body):
        if isinstance(node, (tree.Name, tree.Path)) and node.name not in BUILT_INS and node.name not in local:
            names.setdefault(node.name)
    for name in names:
        found = re.search(rf'(?<![\w"-;]){re.escape(name)}(?![\w;])', source) or re.search(
            rf"(?<![\w;]){re.escape(name)}(?![\w;])", source
        )
        if found is not None:
            yield _slip(file, kind, text, start + found.start(), start + found.end())


def _dmn(file: str, text: str) -> Iterator[Slip]:
    for tag in re.finditer(r"<([\w:]+)((?:\s+[\w:]+=\"[^\"]*\")*)\s*/?>", text):
        if tag[1].startswith(("dmndi", "dc:", "di:")):
            continue
        for found in _ATTRIBUTE.finditer(tag[2]):
            name, value, start = found[1], found[2], tag.start(2) + found.start(2)
            if name == "id":
                yield _slip(file, "dmn id", text, start, start + len(value))
            elif name == "href":
                yield _slip(file, "dmn href", text, start + 1, start + len(value))
            elif name == "name" and tag[1] in ("inputData", "decision", "variable", "output"):
                yield _slip(file, f"dmn {tag[1]} name", text, start, start + len(value))
            elif name in ("typeRef", "hitPolicy"):
                yield _slip(file, f"dmn {name}", text, start, start + len(value))
    for found in re.finditer(r"<inputExpression[^>]*>\s*<text>([^<]+)</text>", text):
        yield from _feel(file, "dmn FEEL name", text, found.start(1), found[1])


# ---------------------------------------------------------------- JSON


def _form(file: str, text: str) -> Iterator[Slip]:
    for found in re.finditer(r'"((?:[^"\\]|\\.)*)"(\s*:\s*(?:"((?:[^"\\]|\\.)*)")?)?', text):
        if found[2] is None:
            continue
        key, value = found[1], found[3]
        yield _slip(file, "form schema key", text, found.start(1), found.end(1))
        if value is None or not value:
            continue
        start = found.start(3)
        if key == "id":
            if value != json.loads(text).get("id"):
                continue  # of a component: nothing refers to it
            yield _slip(file, "form id", text, start, start + len(value))
        elif key in ("key", "path") or key in (
            "type",
            "subtype",
            "check",
            "offers",
            "valuesKey",
            "timeSerializingFormat",
        ):
            yield _slip(file, f"form {key}", text, start, start + len(value))
        elif key == "signs":
            for part in re.finditer(r"[^,\s]+", value):
                yield _slip(file, "form signs", text, start + part.start(), start + part.end())
        elif key == "hide":
            yield from _feel(file, "form FEEL name", text, start, value.replace('\\"', '"'))
