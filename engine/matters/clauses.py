"""A matter's clauses (条款): each rule it keeps, in one sentence, with its source, the element that keeps it, and the
story that goes otherwise without that element. Pure.

bpmn/<matter>/clauses.yaml is a list:

    - id: "36.1"                                    # the service's number, and a number of its own
      says: 前一天下午四点以后，当天的午餐订不上
      says_en: Lunch cannot be ordered after 16:00 the day before
      source: 服务承诺（P）                          # the article or the promise, and how sure we are
      without: matter.yaml#offers.lunch.cut_off     # what keeps it
      story: 四点以后订不上                          # what shows it

`without` names a place in a file of the matter (or of a shared file it uses) after `#`:

    process.bpmn#review                 a task, an event, a flow, a sub-process: taken out, what came to it goes on
                                        to what followed; an end event becomes a plain one
    price.dmn#row_2                     a rule of a decision
    apply.form#consent                  a field; apply.form#consent.validate.required: only that
    matter.yaml#offers.lunch.cut_off    a key; _shared/library.yaml#loans.book.days: of a shared file
    receipt.html#basis                  what stands between {# basis #} and {# /basis #} in a paper

A rule that no story of one case can show (nobody is in two places at once) names a test of the program instead of a
story: `proved_by: tests/offers/test_two_places.py::test_nobody_is_in_two_places_at_once`.

`taken_out` gives the files as they would be without it; engine/proof/teeth.py plays the story on them, and
tests/proof/test_clauses.py runs such a test on them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from lxml import etree
from pydantic import Field, ValidationError, model_validator

from engine.errors import Refused
from engine.findings import Finding, meant
from engine.matters import lines, schema
from engine.matters.schema import Part, wrong

FILE = "clauses.yaml"
_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


class ClauseText(Part):
    """One clause, as it is written."""

    id: str = Field(
        pattern=r"^\d+\.\d+$", description="服务号和序号，如 36.1 · the service's number and one of its own"
    )
    says: str = Field(min_length=4, description="一句话的规定 · the rule in a sentence")
    says_en: str = Field(min_length=4, description="英文 · in English")
    source: str = Field(min_length=1, description="出处：法条或承诺 · its source: an article or a promise")
    without: str = Field(pattern=r"^[^#]+#.+$", description="靠哪个要素做到：文件#要素 · what keeps it: file#element")
    story: str = Field(default="", description="哪个故事说明它 · the story that shows it")
    proved_by: str = Field(
        default="",
        pattern=r"^(tests/[a-z0-9_/]+\.py::test_[A-Za-z0-9_]+)?$",
        description="一个办件的故事说明不了的，哪个测试说明它（不写 story）· instead of a story: the test that shows "
        "what no story of one case can",
    )

    @model_validator(mode="after")
    def _shown(self) -> ClauseText:
        if bool(self.story) == bool(self.proved_by):
            raise wrong(
                "每条要写 story（哪个故事）或者 proved_by（哪个测试），写一样。",
                "Each clause names a story or, as proved_by, a test: one of the two.",
            )
        return self


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule of a matter, its element and its story."""

    id: str
    says: str
    says_en: str
    source: str
    without: str
    story: str
    proved_by: str = ""
    line: int = 0

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.id.split("."))


class NoSuchPlace(Refused):
    """Expected the place a clause names in the matter's files, but it is not there."""

    status = 422
    slug = "clause-place"


def file_of(matter: str) -> str:
    return f"bpmn/{matter}/{FILE}"


def read(matter: str, files: Mapping[str, bytes]) -> list[Clause]:
    """The clauses that can be read; `check` says what is wrong with the others."""
    return _read(matter, files)[0]


def check(
    matter: str,
    files: Mapping[str, bytes],
    *,
    stories: Collection[str],
    services: Sequence[int],
    tests: Callable[[str], bool] | None = None,
) -> list[Finding]:
    """What is wrong with clauses.yaml: keys, ids, stories and places that are not there. `tests`: whether there is a
    test of this name; None where the program is installed without its tests."""
    found, findings, text = _read(matter, files)
    seen: dict[str, int] = {}
    for n, clause in enumerate(found):
        if seen.setdefault(clause.id, n) != n:
            zh, en = f"有两条都是“{clause.id}”。请给其中一条换个序号。", f"Two clauses are {clause.id!r}: renumber one."
            findings.append(text.error("clauses", zh, en, n, "id"))
        if clause.order[0] not in services:
            said = "、".join(map(str, services))
            zh = f"“{clause.id}”应以 matter.yaml 的 service 或 also（{said or '没有写'}）开头。"
            en = f"{clause.id!r} should begin with the service of matter.yaml ({said or 'none is given'})."
            findings.append(text.error("clauses", zh, en, n, "id"))
        if clause.proved_by and tests is not None and not tests(clause.proved_by):
            zh = f"没有测试“{clause.proved_by}”。写法是 tests/…/test_x.py::test_y，请改成有的测试。"
            en = f'There is no test "{clause.proved_by}". Name one that is there: tests/…/test_x.py::test_y.'
            findings.append(text.error("clauses", zh, en, n, "proved_by"))
        if clause.story and clause.story not in stories:
            zh, en = meant(clause.story, stories, 60)
            zh, en = f"没有故事“{clause.story}”。{zh}", f'There is no story "{clause.story}". {en}'
            findings.append(text.error("clauses", zh, en, n, "story"))
        if (fault := _not_there(matter, files, clause.without)) is not None:
            findings.append(text.error("clauses", *fault, n, "without"))
    return findings


def _read(matter: str, files: Mapping[str, bytes]) -> tuple[list[Clause], list[Finding], lines.Text]:
    file = file_of(matter)
    text = lines.read(files.get(file, b""), file)
    findings = list(text.findings)
    if file not in files or (findings and text.value is None):
        return [], findings if file in files else [], text
    if not isinstance(text.value, list):
        zh, en = (
            "clauses.yaml 应是一列条款，每条以“- id:”开头。",
            "Expected a list of clauses, each beginning with - id:.",
        )
        return [], [*findings, text.error("clauses", zh, en)], text
    found = []
    for n, one in enumerate(text.value):
        try:
            said = ClauseText.model_validate(one)
        except ValidationError as error:
            findings += schema.faults(ClauseText, error, text, "clauses", n)
            continue
        found.append(Clause(**said.model_dump(), line=text.line(n)))
    return found, findings, text


def _not_there(matter: str, files: Mapping[str, bytes], place: str) -> tuple[str, str] | None:
    """Why nothing stands at the place, in both languages. None: something does."""
    try:
        name, what, file = _where(matter, files, place)
        return _looked(name, what, files[file])
    except NoSuchPlace as gone:
        return gone.zh, gone.en


@lru_cache(maxsize=2_048)
def _looked(name: str, what: str, data: bytes) -> tuple[str, str] | None:
    """Each place of a file is looked for once: a matter has forty clauses, and is checked at each stroke of the pen."""
    try:
        _TAKE[name.rpartition(".")[2]](data, what, name)
    except NoSuchPlace as gone:
        return gone.zh, gone.en
    return None


def taken_out(matter: str, files: Mapping[str, bytes], place: str) -> dict[str, bytes]:
    """The files without what stands at `place`. NoSuchPlace names what is there."""
    name, what, file = _where(matter, files, place)
    return {**files, file: _TAKE[name.rpartition(".")[2]](files[file], what, name)}


def _where(matter: str, files: Mapping[str, bytes], place: str) -> tuple[str, str, str]:
    """The name of the file as the clause has it, what is named in it, and its path."""
    name, _, what = place.partition("#")
    file = _file(matter, files, name)
    if name.rpartition(".")[2] not in _TAKE:
        raise NoSuchPlace(f"不能从“{name}”里去掉什么。", f"Nothing can be taken out of {name!r}.")
    return name, what, file


def _file(matter: str, files: Mapping[str, bytes], name: str) -> str:
    for file in (f"bpmn/{matter}/{name}", f"forms/{matter}/{name}", f"bpmn/{name}", f"forms/{name}"):
        if file in files:
            return file
    zh, en = meant(name, [file.rpartition("/")[2] for file in files], 60)
    raise NoSuchPlace(f"没有文件“{name}”。{zh}", f'There is no file "{name}". {en}')


def _nothing(what: str, name: str, known: Collection[str]) -> NoSuchPlace:
    zh, en = meant(what, sorted(known), 60)
    return NoSuchPlace(f"{name} 里没有“{what}”。{zh}", f'There is no "{what}" in {name}. {en}')


def _parsed(data: bytes, name: str) -> Any:
    """The root of an XML file. One that cannot be read is named where it is read first; here nothing is found in it."""
    try:
        return etree.fromstring(data, etree.XMLParser(resolve_entities=False, remove_blank_text=False))
    except etree.XMLSyntaxError as fault:
        zh, en = f"{name} 不是能读的 XML，先改好它。", f"{name} is no XML that can be read: mend it first."
        raise NoSuchPlace(zh, en) from fault


# diagrams ---------------------------------------------------------------------------------------------------------


def _from_diagram(data: bytes, what: str, name: str) -> bytes:
    root = _parsed(data, name)
    by_id = {node.get("id"): node for node in root.iter() if isinstance(node.tag, str) and node.get("id")}
    node = by_id.get(what)
    if node is None or not str(node.tag).startswith(_BPMN):
        raise _nothing(what, name, [str(id) for id, one in by_id.items() if str(one.tag).startswith(_BPMN)])
    kind = str(node.tag).removeprefix(_BPMN)
    if kind == "endEvent":
        for child in list(node):
            if str(child.tag).endswith("EventDefinition"):
                node.remove(child)
                return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    gone: set[str] = set()
    outgoing = [flow for flow in _flows(root) if flow.get("sourceRef") == what]
    incoming = [flow for flow in _flows(root) if flow.get("targetRef") == what]
    if kind not in ("sequenceFlow", "boundaryEvent") and incoming and len(outgoing) == 1:
        after = str(outgoing[0].get("targetRef"))
        for flow in incoming:
            flow.set("targetRef", after)
            if after not in by_id:
                continue  # a flow to nowhere: that is for the drawing's own rules to say
            arriving = etree.SubElement(by_id[after], f"{_BPMN}incoming")
            arriving.text = flow.get("id")
            by_id[after].remove(arriving)
            by_id[after].insert(_place_of_incoming(by_id[after]), arriving)
    _drop(root, node, gone)
    _prune(root, gone)
    for one in list(root.iter()):
        if not isinstance(one.tag, str):
            continue
        refers = one.get("bpmnElement") in gone or (
            one.tag in (f"{_BPMN}flowNodeRef", f"{_BPMN}incoming", f"{_BPMN}outgoing") and one.text in gone
        )
        above = one.getparent()
        if refers and above is not None:
            above.remove(one)
        if one.get("default") in gone:
            del one.attrib["default"]
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _place_of_incoming(node: Any) -> int:
    """Documentation and extensions stand first, as the schema has it."""
    first = (f"{_BPMN}documentation", f"{_BPMN}extensionElements", f"{_BPMN}incoming")
    return sum(1 for child in node if child.tag in first)


def _flows(root: Any) -> list[Any]:
    return list(root.iter(f"{_BPMN}sequenceFlow"))


def _drop(root: Any, node: Any, gone: set[str]) -> None:
    """An element, what stands in it, its flows, and what is attached to it."""
    inside = {str(one.get("id")) for one in node.iter() if isinstance(one.tag, str) and one.get("id")}
    gone |= inside
    if node.getparent() is not None:
        node.getparent().remove(node)
    for flow in _flows(root):
        if flow.get("sourceRef") in inside or flow.get("targetRef") in inside:
            gone.add(str(flow.get("id")))
            flow.getparent().remove(flow)
    for attached in list(root.iter(f"{_BPMN}boundaryEvent")):
        if attached.get("attachedToRef") in inside:
            _drop(root, attached, gone)


def _prune(root: Any, gone: set[str]) -> None:
    """What nothing comes to any more goes too."""
    flowing = {"task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask"}
    flowing |= {"businessRuleTask", "callActivity", "subProcess", "exclusiveGateway", "parallelGateway"}
    flowing |= {"inclusiveGateway", "eventBasedGateway", "intermediateCatchEvent", "intermediateThrowEvent", "endEvent"}
    while True:
        reached = {flow.get("targetRef") for flow in _flows(root)}
        compensates = {one.get("targetRef") for one in root.iter(f"{_BPMN}association")}
        lost = [
            one
            for one in root.iter()
            if isinstance(one.tag, str)
            and one.tag.removeprefix(_BPMN) in flowing
            and one.get("id") not in reached | compensates
            and one.get("triggeredByEvent") != "true"
            and one.getparent().tag != f"{_BPMN}adHocSubProcess"
        ]
        if not lost:
            return
        for one in lost:
            if one.getroottree() is not None and one.getparent() is not None:
                _drop(root, one, gone)


# the other files --------------------------------------------------------------------------------------------------


def _from_decision(data: bytes, what: str, name: str) -> bytes:
    root = _parsed(data, name)
    rules = [one for one in root.iter() if isinstance(one.tag, str) and etree.QName(one).localname == "rule"]
    for rule in rules:
        if rule.get("id") == what:
            owner: Any = rule.getparent()
            owner.remove(rule)
            return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    raise _nothing(what, name, [str(rule.get("id")) for rule in rules])


def _from_form(data: bytes, what: str, name: str) -> bytes:
    form: Any = json.loads(data)
    keys: list[str] = []

    def search(owner: dict[str, Any]) -> bool:
        for component in list(owner.get("components", ())):
            key = str(component.get("key") or component.get("path") or component.get("id") or "")
            keys.append(key)
            if what == key:
                owner["components"].remove(component)
                return True
            if what.startswith(f"{key}.") and key and _remove(component, what.removeprefix(f"{key}.").split(".")):
                return True
            if search(component):
                return True
        return False

    if not search(form):
        raise _nothing(what, name, [key for key in keys if key])
    return json.dumps(form, ensure_ascii=False).encode()


def _remove(owner: Any, path: list[str]) -> bool:
    for part in path[:-1]:
        owner = owner.get(part) if isinstance(owner, dict) else None
    if isinstance(owner, dict) and path[-1] in owner:
        del owner[path[-1]]
        return True
    return False


def _from_yaml(data: bytes, what: str, name: str) -> bytes:
    """The key goes, written out again from the same nodes, so that no other value changes its kind."""
    node: Any = yaml.compose(data.decode("utf-8-sig"), Loader=lines.Loader)
    parts, walked = what.split("."), node
    while parts:
        rows = walked.value if isinstance(walked, yaml.MappingNode) else []
        known = {key.value: (key, value) for key, value in rows}
        if isinstance(walked, yaml.SequenceNode):
            known = {str(n): (n, value) for n, value in enumerate(walked.value)}
        hit = next((n for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in known), 0)
        if not hit:
            raise _nothing(".".join(parts), name, known)
        key, value = known[".".join(parts[:hit])]
        parts = parts[hit:]
        if not parts:
            walked.value = (
                [one for one in rows if one[0] is not key] if rows else [v for v in walked.value if v is not value]
            )
            return str(yaml.serialize(node, allow_unicode=True)).encode()
        walked = value
    raise _nothing(what, name, ())


def _from_paper(data: bytes, what: str, name: str) -> bytes:
    text = data.decode("utf-8")
    marks = r"\{#\s*%s\s*#\}.*?\{#\s*/%s\s*#\}"
    cut, times = re.subn(marks % (re.escape(what), re.escape(what)), "", text, flags=re.DOTALL)
    if not times:
        raise _nothing(what, name, re.findall(r"\{#\s*/(\S+?)\s*#\}", text))
    return cut.encode()


#: How a place is taken out of a file of each kind.
_TAKE: Mapping[str, Callable[[bytes, str, str], bytes]] = {
    "bpmn": _from_diagram,
    "dmn": _from_decision,
    "form": _from_form,
    "yaml": _from_yaml,
    "html": _from_paper,
}
