"""Diagrams for tests, written as lines. `draw("start s", "user u", "s > u > e", "end e")` gives BPMN 2.0 bytes.

Nodes:  start end catch throw [TRIGGER]     on EVENT HOST TRIGGER [!]     task user manual service send receive rule
        call
        script ID = FEEL -> variable        xor or and event complex      sub transaction adhoc eventsub ID {  …  }
Triggers are kind:name (signal:S, message:M, error:E, escalation:E, timer:PT1H, cycle:R3/PT1H, date:…, link:L,
condition:= …, compensate, compensate:ACTIVITY, cancel, terminate); several are joined by " + "; "!" means not
interrupting, "&" parallel multiple. Flows: `a > b > c`, `a > b [x > 1]`, `a > b *` (default).
An indented line belongs to the node above it and is XML: extension elements or loop characteristics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

KINDS = {
    "start": "startEvent",
    "end": "endEvent",
    "catch": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent",
    "task": "task",
    "user": "userTask",
    "manual": "manualTask",
    "service": "serviceTask",
    "send": "sendTask",
    "receive": "receiveTask",
    "rule": "businessRuleTask",
    "call": "callActivity",
    "script": "scriptTask",
    "xor": "exclusiveGateway",
    "or": "inclusiveGateway",
    "and": "parallelGateway",
    "event": "eventBasedGateway",
    "complex": "complexGateway",
    "sub": "subProcess",
    "eventsub": "subProcess",
    "transaction": "transaction",
    "adhoc": "adHocSubProcess",
}


def draw(*lines: str, id: str = "p", executable: bool = True) -> bytes:
    """One process."""
    return definitions(process(*lines, id=id, executable=executable))


def definitions(*processes: str, also: str = "") -> bytes:
    """A file of several processes."""
    body = "".join(processes)
    names = {
        kind: sorted(set(re.findall(rf'{kind}Ref="ref_{kind}_(\w+)"', body)))
        for kind in ("message", "signal", "error", "escalation")
    }
    items = "".join(f'<message id="ref_message_{n}" name="{n}">{_key(n)}</message>' for n in names["message"])
    items += "".join(f'<signal id="ref_signal_{n}" name="{n}"/>' for n in names["signal"])
    for kind in ("error", "escalation"):
        items += "".join(f'<{kind} id="ref_{kind}_{n}" name="{n}" {kind}Code="{n}"/>' for n in names[kind])
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="test_definitions" targetNamespace="test">'
        f"{items}{also}{body}</definitions>"
    ).encode()


def _key(name: str) -> str:
    """A message whose name ends in _keyed is correlated by the variable `key`."""
    if not name.endswith("_keyed"):
        return ""
    return '<extensionElements><zeebe:subscription correlationKey="= key"/></extensionElements>'


def process(*lines: str, id: str = "p", executable: bool = True) -> str:
    flat = [line for block in lines for line in block.splitlines() if line.strip()]
    return f'<process id="{id}" isExecutable="{str(executable).lower()}">{_Scope(iter(flat)).xml()}</process>'


class _Scope:
    def __init__(self, lines: Iterator[str]) -> None:
        self.nodes: list[list[str]] = []  # [kind, id, attributes, content, extension elements]
        self.flows: list[str] = []
        self.flow_ids: set[str] = set()
        self.defaults: dict[str, str] = {}
        self.extra = ""
        self.count = 0
        for line in lines:
            if line.strip() == "}":
                break
            if line[0] == " " and line.strip().startswith("<"):
                own = re.fullmatch(r"<extensionElements>(.*)</extensionElements>", line.strip())
                self.nodes[-1][4 if own else 3] += own[1] if own else line.strip()
                continue
            line = line.strip()
            if re.match(r"\w+ >", line):
                self._flow(line)
            elif line.startswith("undo "):
                _, event, handler = line.split()
                self.extra += (
                    f'<association id="undo_{event}" associationDirection="One" '
                    f'sourceRef="{event}" targetRef="{handler}"/>'
                )
            else:
                self._node(line, lines)

    def _flow(self, line: str) -> None:
        condition = re.search(r"\[(.*)\]$", line)
        default = line.endswith(" *")
        ids = [p.strip() for p in re.sub(r"\[.*\]$|\*$", "", line).split(" > ")]
        for source, target in zip(ids, ids[1:], strict=False):
            self.count += 1
            id = f"{source}_{target}"
            if id in self.flow_ids:
                id += f"_{self.count}"
            self.flow_ids.add(id)
            inner = ""
            if condition:
                inner = (
                    f'<conditionExpression xsi:type="tFormalExpression">= {_esc(condition[1])}</conditionExpression>'
                )
            if default:
                self.defaults[source] = id
            self.flows.append(
                f'<sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'
            )

    def _node(self, line: str, lines: Iterator[str]) -> None:
        kind, rest = (line.split(" ", 1) + [""])[:2]
        if kind == "on":
            id, host, trigger = rest.split(" ", 2)
            gentle = trigger.endswith(" !")
            attributes = f' attachedToRef="{host}"' + (' cancelActivity="false"' if gentle else "")
            attributes += ' parallelMultiple="true"' if "&" in trigger else ""
            self.nodes.append(["boundaryEvent", id, attributes, _triggers(trigger), ""])
            return
        id, _, rest = rest.partition(" ")
        name = KINDS[kind]
        attributes = content = own = ""
        if rest.endswith("{"):
            rest = rest[:-1].strip()
            content = _Scope(lines).xml()
        if kind == "eventsub":
            attributes += ' triggeredByEvent="true"'
        if kind == "script":
            expression, _, variable = rest.removeprefix("= ").rpartition(" -> ")
            own = f'<zeebe:script expression="= {_esc(expression)}" resultVariable="{variable}"/>'
        elif kind == "service":
            own = f'<zeebe:taskDefinition type="{rest or "test.work"}"/>'
        elif kind in ("receive", "send"):
            ref, *more = rest.split(" ")
            attributes += f' messageRef="ref_message_{ref}"' + "".join(f" {m}" for m in more)
        elif kind == "complex" and rest:
            content = f'<activationCondition xsi:type="tFormalExpression">= {_esc(rest)}</activationCondition>'
        elif kind in ("start", "end", "catch", "throw") and rest:
            content = _triggers(rest)
            attributes += ' isInterrupting="false"' if rest.endswith(" !") else ""
            attributes += ' parallelMultiple="true"' if "&" in rest else ""
        elif rest:
            attributes += f" {rest}"
        self.nodes.append([name, id, attributes, content, own])

    def xml(self) -> str:
        parts = []
        for kind, id, attributes, content, own in self.nodes:
            if id in self.defaults:
                attributes += f' default="{self.defaults[id]}"'
            first = f"<extensionElements>{own}</extensionElements>" if own else ""
            parts.append(f'<{kind} id="{id}"{attributes}>{first}{content}</{kind}>')
        return "".join(parts) + "".join(self.flows) + self.extra


def _triggers(text: str) -> str:
    parts = [p for p in re.sub(r" [!&]", "", text).split(" + ") if p]
    return "".join(_trigger(p.strip()) for p in parts)


def _trigger(text: str) -> str:
    kind, _, name = text.partition(":")
    if kind in ("signal", "error", "escalation", "message"):
        ref = f' {kind}Ref="ref_{kind}_{name}"' if name else ""
        return f"<{kind}EventDefinition{ref}/>"
    if kind in ("timer", "cycle", "date"):
        element = {"timer": "timeDuration", "cycle": "timeCycle", "date": "timeDate"}[kind]
        return (
            f'<timerEventDefinition><{element} xsi:type="tFormalExpression">{_esc(name)}</{element}>'
            "</timerEventDefinition>"
        )
    if kind == "condition":
        return (
            '<conditionalEventDefinition><condition xsi:type="tFormalExpression">'
            f"{_esc(name)}</condition></conditionalEventDefinition>"
        )
    if kind == "link":
        return f'<linkEventDefinition name="{name}"/>'
    if kind == "compensate":
        return f'<compensateEventDefinition activityRef="{name}"/>' if name else "<compensateEventDefinition/>"
    return f"<{kind}EventDefinition/>"


def _esc(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def many(
    collection: str, element: str, output: str = "", each: str = "", done: str = "", sequential: bool = False
) -> str:
    """Multi-instance characteristics, as an indented line for draw()."""
    out = f' outputCollection="{output}" outputElement="{_esc(each)}"' if output else ""
    end = f'<completionCondition xsi:type="tFormalExpression">{_esc(done)}</completionCondition>' if done else ""
    return (
        f' <multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><extensionElements>'
        f'<zeebe:loopCharacteristics inputCollection="{_esc(collection)}" inputElement="{element}"{out}/>'
        f"</extensionElements>{end}</multiInstanceLoopCharacteristics>"
    )


def io(*, inputs: dict[str, str] | None = None, outputs: dict[str, str] | None = None) -> str:
    """An ioMapping, as an indented line for draw()."""
    parts = "".join(f'<zeebe:input source="{_esc(s)}" target="{t}"/>' for t, s in (inputs or {}).items())
    parts += "".join(f'<zeebe:output source="{_esc(s)}" target="{t}"/>' for t, s in (outputs or {}).items())
    return f" <extensionElements><zeebe:ioMapping>{parts}</zeebe:ioMapping></extensionElements>"


def ext(xml: str) -> str:
    """Any extension elements, as an indented line for draw()."""
    return f" <extensionElements>{xml}</extensionElements>"
