"""What the variables of a process hold, from everything that sets them: the application, forms, effects, messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine import dmn, feel
from engine.dmn import elements as e
from engine.feel import tree
from engine.matters.gate import each, registers, shapes
from engine.matters.gate.reading import Reading
from engine.matters.gate.shapes import LEAF, OPEN, Shape
from engine.matters.nouns import matches
from engine.matters.nouns.boards import OBJECTION, Board
from engine.matters.nouns.offers import heard, naming
from engine.matters.nouns.schedules import MATTER, Schedule
from engine.matters.plans import timer_starts
from engine.process.language import effects
from engine.process.language import model as m
from engine.process.language.dialect import LOOP_VARIABLES
from engine.process.lint.expressions import compiled

Scope = dict[str, Shape]

#: What the messages of an offer bring to the case that opened it.
OFFER_SAYS = tuple(f"offer.{name}" for name in ("number", "name", "starts_at", "ends_at", "places", "taken", "free"))
#: What they bring besides where the declaration says `names`.
OFFER_NAMES = tuple(f"offer.people[].{name}" for name in ("name", "came_at", "left_at"))
#: Whose work gives what is written down: a form, an effect's results, a script's or a table's one result.
_WORKS = ("userTask", "manualTask", "serviceTask", "sendTask", "scriptTask", "businessRuleTask")
#: What a case that a schedule began knows of its run.
RUN: Scope = {
    "run": Shape(
        {
            "due": LEAF,
            "period": Shape({"from": LEAF, "until": LEAF}),
            "unit": Shape(dict.fromkeys(("code", "name", "kind"), LEAF)),
        }
    )
}


@dataclass(frozen=True)
class Known:
    """The variables of a process."""

    scope: Scope
    more: bool  # something may bring names nobody wrote down (a message of unknown content, a called process)


def parsed(text: str | None) -> tree.Node | None:
    """The tree of a FEEL text with or without its "="; None when there is none, or it is no FEEL (said elsewhere)."""
    if not text or not text.strip():
        return None
    result = compiled(text.strip().removeprefix("="))
    return None if isinstance(result, feel.FeelError) else result.tree


def value(text: str, scope: Scope) -> Shape:
    """What a mapping's source gives: FEEL with "=", else plain text."""
    if not text.strip().startswith("="):
        return LEAF
    node = parsed(text)
    return OPEN if node is None else shapes.of(node, scope)


def put(scope: Scope, path: str, shape: Shape) -> Scope:
    """The scope with a value at a dotted path."""
    parts = path.strip().split(".")
    for part in reversed(parts[1:]):
        shape = Shape({part: shape})
    return shapes.all_of([scope, {parts[0]: shape}])


def begins(reading: Reading) -> Scope:
    """What a case has before its first step."""
    found = shapes.of_paths(reading.house.begins)
    schedules = [one.what for one in reading.declared("schedules").values() if isinstance(one.what, Schedule)]
    if any(one.starts == MATTER for one in schedules):
        found = shapes.all_of([found, RUN])
    form = reading.application
    return shapes.all_of([found, shapes.of_form(form.form)]) if form is not None else found


def _begins_by_itself(reading: Reading, process: str) -> Scope | None:
    """What a process that a schedule starts has at its beginning; None: no schedule starts it."""
    schedules = [one.what for one in reading.declared("schedules").values() if isinstance(one.what, Schedule)]
    started = [what for what in schedules if what.starts == process]
    if not started and not any(one.process.id == process for one in timer_starts(reading.diagrams.values())):
        return None
    given: Scope = shapes.of_paths(path for what in started for path in what.answers)
    return shapes.all_of([shapes.of_paths(reading.house.begins), RUN, given])


def of_process(reading: Reading, process: m.Process) -> Known:
    """Everything any step of a process may set. Twice over, for what one step computes from another's."""
    by_itself = _begins_by_itself(reading, process.id) or each.begins(reading, process.id)
    scope, more = begins(reading) if by_itself is None else by_itself, False
    for _ in range(3):
        before = scope
        for held in process.all_scopes():
            for data in held.data:
                if data.kind in ("dataObject", "property", "dataInput", "dataOutput"):
                    scope = put(scope, data.name or data.id, OPEN)
        for _, node in process.walk():
            brought, unknown = _brought(reading, node, scope)
            scope = shapes.all_of([scope, brought])
            more = more or unknown
        if scope == before:
            break
    return Known(scope, more)


def at_node(reading: Reading, node: m.Node, scope: Scope, around: m.Scope | None = None) -> Scope:
    """The variables seen at a node: the process's, its input mappings, its loop's element."""
    found = {**scope, **dict.fromkeys(LOOP_VARIABLES, OPEN)}
    if node.loop is not None and node.loop.input_element:
        source = parsed(node.loop.input_collection)
        item = OPEN if source is None else shapes.of(source, scope)
        found[node.loop.input_element.lstrip("= ")] = Shape(item.entries, item.open or not item.entries)
    for io in node.extension.inputs:
        found = put(found, io.target, value(io.source, found))
    return found


def _brought(reading: Reading, node: m.Node, scope: Scope) -> tuple[Scope, bool]:
    """What a node sets, and whether it may set more."""
    said = node.extension
    found: Scope = {}
    here = at_node(reading, node, scope)
    if node.scope is not None:
        for io in said.inputs:
            found = put(found, io.target, here.get(io.target.split(".")[0], OPEN) if "." not in io.target else LEAF)
        if node.loop is not None and node.loop.input_element:
            element = node.loop.input_element.lstrip("= ")
            found[element] = here[element]
    more = False
    result, unknown = _result(reading, node, here)
    if said.outputs:
        local = {**here, **result}
        for io in said.outputs:
            found = put(found, io.target, OPEN if unknown else value(io.source, local))
    else:
        found = shapes.all_of([found, result])
        more = unknown
    if said.adhoc_output[0]:
        found[said.adhoc_output[0]] = OPEN
    if node.loop is not None and node.loop.output_collection:
        element_of = parsed(node.loop.output_element)
        item = OPEN if element_of is None else shapes.of(element_of, {**here, **result})
        found = put(found, node.loop.output_collection, Shape(item.entries, item.open or not item.entries, True))
    return found, more


def _result(reading: Reading, node: m.Node, here: Scope) -> tuple[Scope, bool]:
    """What the work of a node gives, before output mappings; and whether it may give more."""
    said = node.extension
    if node.kind in ("userTask", "manualTask"):
        form = reading.forms.get(said.form or "")
        if form is not None:
            return shapes.of_form(form.form), False
        return {}, said.form is not None
    if node.kind == "scriptTask" and said.script is not None and said.result:
        body = parsed(said.script)
        return put({}, said.result, OPEN if body is None else shapes.of(body, here)), False
    if node.kind == "businessRuleTask" and said.result:
        return put({}, said.result, decided(reading.models.get(said.decision or ""), said.decision or "")), False
    if node.kind in ("serviceTask", "sendTask"):
        kind = effects.find(said.task_type or "")
        if kind is None:
            return {}, said.task_type is not None
        looked = registers.brought(reading, node)
        if looked is not None:
            return looked, False
        return {a.name: shapes.of_result(a.kind, a.has) for a in kind.results}, False
    names = list(_messages(reading, node))
    found: Scope = {}
    more = False
    for name in names:
        known = brought_by(reading, name)
        more = more or known is None
        found = shapes.all_of([found, known or {}])
    if any(d.kind == "signal" for d in node.definitions) and node.kind in m.CATCHING:
        more = True
    if node.kind == "callActivity" and said.propagate_all_child:
        more = True
    return found, more


def paths(known: Mapping[str, Shape]) -> list[str]:
    """Every dotted path that is known."""
    found = []
    for name, shape in known.items():
        found.append(name)
        found += [f"{name}.{under}" for under in paths(shape.entries)]
    return found


def brought_inside(reading: Reading, owner: object, here: Scope) -> Scope | None:
    """What the work of an activity brings, for its own output mappings. None: nobody can know."""
    if not isinstance(owner, m.Node) or owner.kind not in _WORKS:
        return None
    found, unknown = _result(reading, owner, here)
    return None if unknown else found


def _messages(reading: Reading, node: m.Node) -> Iterator[str]:
    """The names of the messages a node waits for."""
    ids = [node.message] if node.kind == "receiveTask" and node.message else []
    if node.kind in m.CATCHING:
        ids += [d.ref for d in node.definitions if d.kind == "message" and d.ref]
    for diagram in reading.diagrams.values():
        for message in diagram.messages:
            if message.id in ids:
                yield message.name or message.id


def brought_by(reading: Reading, message: str) -> Scope | None:
    """What a message brings: what the hall says of it, what is asked of who tells it, and what the stories send.
    None: nobody says."""
    told = reading.house.messages.get(message)
    sent = [step.variables for _, story in reading.told.stories for step in story.steps if step.message == message]
    said = [] if reading.info is None else [t for t in reading.info.tells.values() if t.message == message]
    declared = _of_nouns(reading, message)
    if told is None and not sent and not said and not declared:
        return None
    asked = [path for tell in said for path in (*([tell.teller] if tell.teller else []), *tell.asks)]
    return shapes.all_of([shapes.of_paths([*(told or ()), *asked, *declared]), *(_of_values(one) for one in sent)])


def _of_nouns(reading: Reading, message: str) -> list[str]:
    """What a message brings that the matter's nouns send: dotted paths. Empty: none of them sends it."""
    found: list[str] = []
    if message in heard(one.what for one in reading.declared("offers").values()):
        found += OFFER_SAYS
    if message in naming(one.what for one in reading.declared("offers").values()):
        found += OFFER_NAMES
    if message in matches.heard(one.what for one in reading.declared("matches").values()):
        found += [f"{side}.{name}" for side in ("need", "supply") for name in matches.SAYS]
    objected = any(
        isinstance(one.what, Board) and one.what.objections is not None and one.what.objections.message == message
        for one in reading.declared("boards").values()
    )
    if reading.info is None:  # what matter.yaml declares is not known; that its stories object says it has a board
        objected = any(step.object is not None for _, story in reading.told.stories for step in story.steps)
    if objected:
        found += OBJECTION
    return found


def _of_values(values: object) -> Scope:
    """A scope from example values."""
    if not isinstance(values, dict):
        return {}
    return {str(key): _of_value(one) for key, one in values.items()}


def _of_value(one: object) -> Shape:
    if isinstance(one, dict):
        return Shape(_of_values(one))
    if isinstance(one, list):
        found = LEAF
        for item in one:
            found = shapes.merged(found, _of_value(item))
        return Shape(found.entries, found.open, True)
    return LEAF


def decided(model: dmn.Model | None, name: str) -> Shape:
    """What a decision gives: the columns of a table with several, else one value."""
    found = model.find(name) if model is not None else None
    logic = found.logic if isinstance(found, e.Decision) else None
    if isinstance(logic, e.Table):
        many = logic.hit_policy in ("C", "R", "O") and not logic.aggregation
        if len(logic.outputs) > 1:
            return Shape({o.name: LEAF for o in logic.outputs}, some=many)
        return Shape(some=many)
    return OPEN
