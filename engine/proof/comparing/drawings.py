"""Two drawings of a process: which steps and ways are new, gone, other, and which shapes only stand elsewhere.

Elements are the same when their ids are; a way that was drawn anew between the same two is the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.process.language import model as m
from engine.process.language.read import BPMN, parse, read_tree
from engine.proof.comparing.changed import Change, Label, What, differences, shown

#: What kinds of elements are called.
KINDS: dict[str, Label] = {
    "task": ("环节", "step"),
    "userTask": ("人工环节", "a person's step"),
    "manualTask": ("手工环节", "a step by hand"),
    "scriptTask": ("计算", "calculation"),
    "businessRuleTask": ("决策", "decision"),
    "serviceTask": ("系统办理", "step of the system"),
    "sendTask": ("发送", "sending"),
    "receiveTask": ("等待消息", "waiting for a message"),
    "callActivity": ("调用流程", "call of a process"),
    "subProcess": ("子流程", "sub-process"),
    "transaction": ("事务", "transaction"),
    "adHocSubProcess": ("任选子流程", "ad-hoc sub-process"),
    "exclusiveGateway": ("择一分支", "choice"),
    "inclusiveGateway": ("兼容分支", "inclusive choice"),
    "parallelGateway": ("并行", "parallel"),
    "eventBasedGateway": ("等哪个先来", "whichever comes first"),
    "complexGateway": ("复杂分支", "complex gateway"),
    "startEvent": ("开始", "start"),
    "endEvent": ("结束", "end"),
    "intermediateCatchEvent": ("等待", "waiting"),
    "intermediateThrowEvent": ("发出", "throwing"),
    "boundaryEvent": ("守候", "event at a step"),
}

#: What is said of the fields of an element. `None`: another part of this file looks at it.
EXTENSION: dict[str, Label | None] = {
    "form": ("表单", "form"),
    "form_key": ("表单键", "form key"),
    "assignee": ("谁来办", "who"),
    "candidate_groups": ("哪些岗位可办", "posts that may"),
    "candidate_users": ("哪些人可办", "people who may"),
    "due_date": ("到期", "due"),
    "follow_up_date": ("跟进日", "follow-up"),
    "priority": ("优先级", "priority"),
    "inputs": None,
    "outputs": None,
    "headers": None,
    "properties": None,
    "script": ("算式", "calculation"),
    "decision": ("用哪张决策表", "decision table"),
    "result": ("结果记入", "result goes to"),
    "task_type": ("做什么", "effect"),
    "called_process": ("调用哪个流程", "process called"),
    "propagate_all_parent": ("变量全部带入", "takes all variables"),
    "propagate_all_child": ("变量全部带出", "gives all variables"),
    "correlation_key": ("按什么对上", "correlation key"),
    "active_elements": ("可办哪些", "which may be done"),
    "adhoc_output": ("结果收集", "output collection"),
    "unread": ("不认识的写法", "what is not read"),
}
NODE: dict[str, Label | None] = {
    "kind": None,
    "id": None,
    "name": ("名称", "name"),
    "line": None,
    "extension": None,
    "incoming": None,  # ways are looked at themselves
    "outgoing": None,
    "definitions": None,
    "dangling_definitions": ("引用了没有的事件", "names no event"),
    "parallel_multiple": ("几个都到才算", "needs all events"),
    "interrupting": ("打断原来的环节", "interrupts"),
    "attached_to": None,
    "loop": None,
    "second_loop": ("两个循环标记", "two loop markers"),
    "default": None,
    "for_compensation": ("用于撤回", "for compensation"),
    "start_quantity": ("启动数量", "start quantity"),
    "completion_quantity": ("完成数量", "completion quantity"),
    "message": None,
    "operation": ("操作", "operation"),
    "instantiate": ("由它开始", "begins a case"),
    "called_element": ("调用哪个流程", "process called"),
    "script_format": ("脚本语言", "script language"),
    "script": ("脚本", "script"),
    "direction": None,  # which way a gateway is said to go changes nothing
    "event_gateway_type": ("等待方式", "way of waiting"),
    "activation_condition": ("何时放行", "lets through when"),
    "scope": None,
}
LOOP: dict[str, Label | None] = {
    "kind": ("重复", "repeats"),
    "line": None,
    "test_before": ("先看条件", "looks first"),
    "maximum": ("最多几次", "at most"),
    "condition": ("重复的条件", "repeats while"),
    "sequential": ("依次办（不是同时）", "one after the other"),
    "cardinality": ("几个", "how many"),
    "completion_condition": ("提前结束的条件", "ends early when"),
    "behavior": ("何时发出事件", "throws"),
    "none_event": ("发出的事件", "event thrown"),
    "one_event": ("第一个时发出的事件", "event thrown first"),
    "none_event_ref": ("事件", "event"),
    "one_event_ref": ("第一个时的事件", "first event"),
    "complex_behaviors": ("按条件发出的事件", "events by condition"),
    "input_collection": ("逐一的清单", "one for each of"),
    "input_element": ("每一项叫", "each is called"),
    "output_collection": ("结果收在", "results go to"),
    "output_element": ("每一项的结果", "result of each"),
    "data_input": ("数据来源", "data input"),
    "data_output": ("数据去向", "data output"),
    "input_item": ("输入项", "input item"),
    "output_item": ("输出项", "output item"),
}
SCOPE: dict[str, Label | None] = {
    "id": None,
    "name": ("名称", "name"),
    "kind": None,
    "line": None,
    "nodes": None,
    "flows": None,
    "data": None,
    "associations": None,
    "lanes": None,
    "compensation": ("撤回时做", "undone by"),
    "triggered_by_event": ("由事件触发", "begun by an event"),
    "ordering": ("办理次序", "ordering"),
    "completion_condition": ("何时算办完", "ends when"),
    "cancel_remaining": ("办完时停下其余", "stops the rest"),
    "method": ("方法", "method"),
    "executable": ("可执行", "executable"),
    "assumed": None,
    "process_type": ("类型", "type"),
    "version_tag": ("版本标记", "version tag"),
    "properties": None,
}


class _Other(str):
    """Another element that this one names: the same when its id is, shown by what it is called."""

    called: str

    def __new__(cls, id: str, called: str) -> _Other:
        made = super().__new__(cls, id)
        made.called = called
        return made

    def __format__(self, spec: str) -> str:
        return self.called


@dataclass(frozen=True, slots=True)
class _Way:
    source: str
    target: str
    said: Mapping[Label, Any]


@dataclass(frozen=True, slots=True)
class _Drawing:
    steps: Mapping[str, tuple[str, Mapping[Label, Any]]]  # id -> (name, what it says)
    ways: Mapping[str, _Way]
    places: Mapping[str, Any]  # id -> bounds or waypoints
    rest: Mapping[Label, Any]

    def name(self, id: str) -> str:
        return self.steps[id][0] if id in self.steps else id


def compare(file: str, before: bytes, after: bytes) -> tuple[list[Change], dict[What, tuple[str, ...]]]:
    """(what is other, what became of which element)."""
    one, other = _read(before, file), _read(after, file)
    if one is None or other is None:
        which = ("原来的", "the one before") if one is None else ("现在的", "the one now")
        zh, en = f"{which[0]}流程图读不了，比不出来", f"the drawing cannot be read ({which[1]}): not compared"
        return [Change("changed", "steps", file, "", "流程图", "Diagram", zh, en)], {}
    changes = [*_steps(file, one, other), *_ways(file, one, other)]
    for zh, en in differences(one.rest, other.rest):
        changes.append(Change("changed", "steps", file, "", "流程", "Process", zh, en))
    marks: dict[What, list[str]] = {"added": [], "changed": [], "gone": [], "moved": []}
    for change in changes:
        if change.element and change.element not in marks[change.what]:
            marks[change.what].append(change.element)
    touched = {id for ids in marks.values() for id in ids}
    both = one.places.keys() & other.places.keys() - touched
    moved = sorted(id for id in both if one.places[id] != other.places[id])
    if moved:
        changes.append(_moved(file, other, moved))
        marks["moved"] = moved
    if not changes:
        zh = "办事没有看出不同：变的是注释、空白、标签的位置或者画法"
        en = "no difference for a case was found: comments, blanks, labels or looks are other"
        changes.append(Change("changed", "moved", file, "", "流程图", "Diagram", zh, en))
    return changes, {what: tuple(ids) for what, ids in marks.items()}


def _moved(file: str, drawing: _Drawing, moved: list[str]) -> Change:
    names = [f"“{drawing.name(id)}”" for id in moved if id in drawing.steps]
    ways = sum(id in drawing.ways for id in moved)
    zh, en = ["、".join(names)] if names else [], [", ".join(names)] if names else []
    if ways:
        zh.append(f"{ways} 条连线")
        en.append(f"{ways} line(s)")
    left = len(moved) - len(names) - ways
    if left:
        zh.append(f"另外 {left} 个图形")
        en.append(f"{left} other shape(s)")
    text = f"{'，'.join(zh)}：只挪了位置，办事没有不同", f"{', '.join(en)}: only moved, nothing else is other"
    return Change("moved", "moved", file, "", "流程图", "Diagram", *text)


def _steps(file: str, one: _Drawing, other: _Drawing) -> Iterator[Change]:
    for id in dict.fromkeys((*other.steps, *one.steps)):
        name = (other if id in other.steps else one).name(id)
        if id not in one.steps:
            zh, en = _told(other.steps[id][1])
            yield Change("added", "steps", file, id, name, name, f"新增：{zh}", f"new: {en}")
        elif id not in other.steps:
            yield Change("gone", "steps", file, id, name, name, "去掉了", "taken away")
        else:
            for zh, en in differences(one.steps[id][1], other.steps[id][1]):
                yield Change("changed", "steps", file, id, name, name, zh, en)


def _told(facts: Mapping[Label, Any]) -> Label:
    """What a new one says of itself, as far as it says anything."""
    zh = str(facts.get(_KIND, ""))
    parts = [(zh, next((en for one, en in KINDS.values() if one == zh), zh))]
    for label, value in facts.items():
        if label not in (_KIND, NODE["name"]) and value not in _NOTHING:
            parts.append((f"{label[0]} {shown(value)}", f"{label[1]} {shown(value, english=True)}"))
    return "；".join(one for one, _ in parts), "; ".join(one for _, one in parts)


_KIND = ("种类", "kind")
#: What an element says by default. Both kinds of call pass all variables on without a word.
_NOTHING: tuple[Any, ...] = (None, "", False, True, 1, "Exclusive", [], {})


def _ways(file: str, one: _Drawing, other: _Drawing) -> Iterator[Change]:
    again = {(way.source, way.target): id for id, way in one.ways.items() if id not in other.ways}
    was = {id: again.pop((way.source, way.target), id) for id, way in other.ways.items() if id not in one.ways}
    redrawn = {old for new, old in was.items() if new != old}
    for id, way in other.ways.items():
        where = f"{other.name(way.source)} → {other.name(way.target)}"
        before = one.ways.get(was.get(id, id))
        if before is None:
            given = {label: value for label, value in way.said.items() if value}
            zh = "，".join(["新增的走向", *(f"{label[0]} {shown(value)}" for label, value in given.items())])
            en = ", ".join(
                ["a new way", *(f"{label[1]} {shown(value, english=True)}" for label, value in given.items())]
            )
            yield Change("added", "ways", file, id, where, where, zh, en)
            continue
        if (before.source, before.target) != (way.source, way.target):
            old = f"{one.name(before.source)} → {one.name(before.target)}"
            yield Change("changed", "ways", file, id, where, where, f"原来是 {old}", f"was {old}")
        for zh, en in differences(before.said, way.said):
            yield Change("changed", "ways", file, id, where, where, zh, en)
    for id, way in one.ways.items():
        if id not in other.ways and id not in redrawn:
            where = f"{one.name(way.source)} → {one.name(way.target)}"
            yield Change("gone", "ways", file, id, where, where, "这条走向去掉了", "this way is taken away")


# ---------------------------------------------------------------- what a drawing says


def _read(data: bytes, file: str) -> _Drawing | None:
    root, _ = parse(data, file)
    if root is None:
        return None
    diagram, _ = read_tree(root, file)
    notes = {
        e.getparent().get("id"): (e.text or "").strip()
        for e in root.iter(f"{{{BPMN}}}documentation")
        if e.getparent().get("id")
    }
    steps: dict[str, tuple[str, Mapping[Label, Any]]] = {}
    ways: dict[str, _Way] = {}
    rest: dict[Label, Any] = {}
    names = {node.id: node.name or node.id for process in diagram.processes for _, node in process.walk()}
    for process in diagram.processes:
        lanes: dict[str, _Other] = {}
        for scope in process.all_scopes():
            for lane in _lanes(scope):
                lanes |= {id: _Other(lane.id, lane.name or lane.id) for id in lane.nodes}
                rest[(f"泳道 {lane.id}", f"lane {lane.id}")] = lane.name
        key = f"{process.name or process.id}："
        for label, value in _fields(process, SCOPE).items():
            rest[(key + label[0], f"{key} {label[1]}")] = value
        for name, value in process.properties:
            rest[(f"{key}属性 {name}", f"{key} property {name}")] = value
        for scope, node in process.walk():
            facts = _facts(node, diagram, names)
            facts[("所在的子流程", "sub-process")] = "" if scope is process else _other(scope.id, names)
            facts[("泳道", "lane")] = lanes.get(node.id, "")
            facts[("说明", "documentation")] = notes.get(node.id, "")
            steps[node.id] = (names[node.id], {label: value for label, value in facts.items() if value is not None})
        for scope in process.all_scopes():
            for n, flow in enumerate(scope.flows):
                source = scope.by_id.get(flow.source)
                default = source is not None and source.default == flow.id
                turn = source.outgoing.index(flow.id) + 1 if source is not None and flow.id in source.outgoing else n
                asked = source is not None and source.kind.endswith("Gateway") and len(source.outgoing) > 1
                ways[flow.id] = _Way(
                    flow.source,
                    flow.target,
                    {
                        ("条件", "condition"): flow.condition or "",
                        ("名称", "name"): flow.name,
                        ("都不合时走它", "taken when nothing else holds"): default,
                        ("看的次序", "asked as number"): turn if asked and not default else None,
                        ("说明", "documentation"): notes.get(flow.id, ""),
                    },
                )
            for data_ in scope.data:
                rest[(f"数据 {data_.name or data_.id}", f"data {data_.name or data_.id}")] = data_.kind
    for group in (diagram.participants, diagram.message_flows, diagram.errors, diagram.escalations, diagram.signals):
        for item in group:
            rest[(f"{type(item).__name__} {item.id}", f"{type(item).__name__} {item.id}")] = _compact(item)
    for note in root.iter(f"{{{BPMN}}}textAnnotation"):
        text = "".join(note.itertext()).strip()
        rest[(f"批注 {note.get('id')}", f"note {note.get('id')}")] = text
    return _Drawing(steps, ways, _places(root), rest)


def _other(id: str, names: Mapping[str, str]) -> _Other:
    return _Other(id, names.get(id, id))


def _lanes(scope: m.Scope) -> Iterator[m.Lane]:
    """The lanes of a scope, outer ones first: what an inner one says of a step goes before."""
    waiting = list(scope.lanes)
    while waiting:
        lane = waiting.pop(0)
        yield lane
        waiting += lane.lanes


def _facts(node: m.Node, diagram: m.Diagram, names: Mapping[str, str]) -> dict[Label, Any]:
    """All that an element says, by label."""
    zh = KINDS.get(node.kind, (node.kind, node.kind))[0]
    facts: dict[Label, Any] = {_KIND: zh, **_fields(node, NODE), **_fields(node.extension, EXTENSION)}
    said = node.extension
    for io, label in ((said.inputs, ("输入", "input")), (said.outputs, ("输出", "output"))):
        for one in io:
            facts[(f"{label[0]} {one.target}", f"{label[1]} {one.target}")] = one.source
    for pairs, label in ((said.headers, ("参数", "header")), (said.properties, ("属性", "property"))):
        for key, value in pairs:
            facts[(f"{label[0]} {key}", f"{label[1]} {key}")] = value
    if node.attached_to:
        facts[("守在哪个环节", "at the step")] = _other(node.attached_to, names)
    if node.message:
        facts[("消息", "message")] = _message(diagram, node.message)
    for n, event in enumerate(node.definitions, 1):
        key = f" {n}" if len(node.definitions) > 1 else ""
        facts[(f"触发{key}", f"trigger{key}")] = _trigger(event, diagram)
    if node.loop is not None:
        facts |= _fields(node.loop, LOOP)
    if node.scope is not None:
        facts |= {label: value for label, value in _fields(node.scope, SCOPE).items() if label != SCOPE["name"]}
    return facts


def _fields(value: Any, labels: Mapping[str, Label | None]) -> dict[Label, Any]:
    out: dict[Label, Any] = {}
    for one in fields(value):
        label, found = labels[one.name], getattr(value, one.name)
        if label is not None:
            out[label] = found if isinstance(found, str | bool | int | None) else _compact(found)
    return out


def _trigger(one: m.EventDefinition, diagram: m.Diagram) -> str:
    """What an event waits for or throws, in one line."""
    parts = [{"timer": "时间", "message": "消息", "error": "错误", "signal": "信号"}.get(one.kind, one.kind)]
    if one.timer:
        parts.append({"date": "到", "duration": "过", "cycle": "每"}.get(one.timer, one.timer))
    if one.text:
        parts.append(one.text)
    if one.ref and one.kind == "message":
        parts.append(_message(diagram, one.ref))
    elif one.ref:
        by_id = {**diagram.signal_by_id, **diagram.error_by_id, **diagram.escalation_by_id}
        what = by_id.get(one.ref)
        parts.append(getattr(what, "code", None) or getattr(what, "name", "") or one.ref)
    seen = ("kind", "id", "line", "ref", "timer", "text", "shared")
    others = {f.name: getattr(one, f.name) for f in fields(one) if f.name not in seen}
    left = {k: v for k, v in others.items() if v not in (None, "", (), True, m.NOTHING)}
    return " ".join(parts) + (f" {left}" if left else "")


def _message(diagram: m.Diagram, id: str) -> str:
    found = diagram.message_by_id.get(id)
    if found is None:
        return id
    return found.name + (f"（{found.correlation_key}）" if found.correlation_key else "")


def _compact(value: Any) -> str:
    """What else there is, in one line without the lines of the file."""
    if hasattr(value, "__dataclass_fields__"):
        pairs = ((f.name, getattr(value, f.name)) for f in fields(value) if f.name not in ("line", "id"))
        return ", ".join(f"{name} {_compact(one)}" for name, one in pairs if one not in (None, "", (), False))
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_compact(one)}" for key, one in value.items())
    if isinstance(value, tuple):
        return ", ".join(_compact(one) for one in value if one is not None)
    return "" if value is None else str(value)


def _places(root: Any) -> dict[str, Any]:
    """Where each element is drawn."""
    out: dict[str, Any] = {}
    for shape in root.iter("{*}BPMNShape"):
        bounds = shape.find("{*}Bounds")
        if bounds is not None and shape.get("bpmnElement"):
            out[shape.get("bpmnElement")] = tuple(_number(bounds.get(key)) for key in ("x", "y", "width", "height"))
    for edge in root.iter("{*}BPMNEdge"):
        if edge.get("bpmnElement"):
            points = tuple((_number(p.get("x")), _number(p.get("y"))) for p in edge.iter("{*}waypoint"))
            out[edge.get("bpmnElement")] = points
    return out


def _number(text: str | None) -> float | None:
    try:
        return round(float(text or ""), 1)
    except ValueError:
        return None
