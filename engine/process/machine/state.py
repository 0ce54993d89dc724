"""The instance as bytes: JSON without its definition. The same instance always gives the same bytes.

Values come back as they were: contexts keep the order of their entries. A decimal is written {"$d": "1.50"}; a
context of one entry that looks like that, $d with any number of $ before it, is written with one more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from engine.process.machine.case import Case, ScopeRun, Token, Wait
from engine.process.machine.definition import Definition
from engine.process.machine.spiff import READY
from engine.process.machine.throwing import throw_error
from engine.process.step import Incident

VERSION = 1


def dumps(case: Case) -> bytes:
    case.path.sweep(_ends(case))
    whole: dict[str, Any] = {
        "v": VERSION,
        "p": case.spec.name,
        "n": case.counter,
        "s": [
            [
                s.id,
                s.spec.id,
                s.process.name,
                s.owner,
                int(s.root),
                s.variables,
                s.done,
                {k: v for k, v in s.memory.items() if not k.startswith("join ")},
            ]
            for s in case.scopes.values()
        ],
        "t": [
            [t.id, t.task_spec.name, t.scope.id, t.state, t.parent_id, t.at, t.data or 0, t.internal_data or 0]
            for t in case.tasks.values()
        ],
    }
    if case.waits:
        whole["w"] = [[w.id, w.node, w.index, w.kind, w.token, w.scope, w.facts] for w in case.waits.values()]
    if case.path.records:
        whole["h"] = case.path.records
    if case.rounds:
        whole["r"] = case.rounds
    if case.incidents:
        whole["i"] = [[i.id, i.element, i.name, i.code, i.zh, i.en] for i in case.incidents.values()]
        whole["x"] = case.incident_of
    if case.completed:
        whole["f"] = 1
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), default=_encode, check_circular=False)
    if '$d"' in text and (safe := _escaped(whole)) is not whole:
        text = json.dumps(safe, ensure_ascii=False, separators=(",", ":"), default=_encode, check_circular=False)
    return text.encode("utf-8", "surrogatepass")  # half of a pair, as a form may bring it, is no reason to lose a case


def _ends(case: Case) -> Iterator[str]:
    """The last record on the way of every token, and of every token a join has gathered."""
    for token in case.tasks.values():
        yield token.at
        for arrivals in token.internal_data.get("arrived", {}).values():
            yield from arrivals


def _encode(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"$d": str(value)}
    raise TypeError(f"Expected a JSON value in a variable, but got {type(value).__name__}")


def _decode(value: dict[str, Any]) -> Any:
    if len(value) != 1:
        return value
    [(key, inner)] = value.items()
    if not _MARK.fullmatch(key):
        return value
    if key != "$d":
        return {key[1:]: inner}
    if not isinstance(inner, str):
        return value
    try:
        return Decimal(inner)
    except ArithmeticError:
        return value


_MARK = re.compile(r"\$+d")


def _escaped(value: Any) -> Any:
    """The value with every context that looks like a mark of ours written with one more $; itself when there is
    none."""
    if isinstance(value, dict):
        inner = {k: _escaped(v) for k, v in value.items()}
        if len(inner) == 1 and _MARK.fullmatch(next(iter(inner))):
            [(key, one)] = inner.items()
            return {"$" + key: one}
        return inner if any(inner[k] is not v for k, v in value.items()) else value
    if isinstance(value, (list, tuple)):
        found = [_escaped(v) for v in value]
        return found if any(a is not b for a, b in zip(found, value, strict=True)) else value
    return value


def loads(definition: Definition, state: bytes) -> Case:
    return built(definition, parsed(state))


def parsed(state: bytes) -> dict[str, Any]:
    """The instance as plain values, under the letters that `dumps` gives them."""
    whole: dict[str, Any] = json.loads(state, object_hook=_decode) if b'$d"' in state else json.loads(state)
    if whole.get("v") != VERSION:
        raise ValueError(f"Expected a state of version {VERSION}, but got {whole.get('v')}")
    return whole


def built(definition: Definition, whole: dict[str, Any]) -> Case:
    """The instance that these plain values say, ready to run on this definition."""
    case = Case(definition, definition.processes[whole["p"]], throw_error)
    case.counter = whole["n"]
    for id, spec_id, process_id, owner, root, variables, done, memory in whole["s"]:
        process = definition.processes[process_id]
        spec = process.scope if spec_id == process.scope.id else process.task_specs[spec_id].inside
        scope = ScopeRun(case, id, spec, process, owner, bool(root))
        scope.variables, scope.done, scope.memory = variables, done, memory
        case.scopes[id] = scope
    for id, node, scope_id, number, parent, at, data, internal in whole["t"]:
        scope = case.scopes[scope_id]
        token = Token(case, scope.process.task_specs[node], scope, id, case.tasks[parent] if parent else None, at)
        token.force(number)
        if data:
            token.data = data
        if internal:
            token.internal_data = internal
            if "arrived" in internal:
                scope.memory["join " + node] = id
        if number == READY:
            case.enqueue(token)
    for id, node, index, kind, owner, scope_id, facts in whole.get("w", ()):
        case.waits[id] = Wait(id, node, index, kind, owner, scope_id, facts)
    case.path.records = whole.get("h", {})
    case.rounds = whole.get("r", {})
    for fields in whole.get("i", ()):
        incident = Incident(*fields)
        case.incidents[incident.id] = incident
    case.incident_of = whole.get("x", {})
    case.completed = bool(whole.get("f"))
    return case
