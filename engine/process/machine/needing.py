"""What lies ahead of a running instance, what its expressions read there, and what will be said there before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.process.language import effects
from engine.process.language.texts import Text
from engine.process.machine.activities import CallActivity, ServiceTask, UserTask
from engine.process.machine.case import Case
from engine.process.machine.events import Catching
from engine.process.machine.loops import LoopPlan
from engine.process.machine.net import FlowSpec, NodeSpec, ProcessSpec
from engine.process.machine.triggers import Trigger

#: What a step may bring when nobody can say: a message's variables, whatever a called process gives back.
ANYTHING = "*"


def ahead(case: Case) -> list[NodeSpec]:
    """Every element it may still come to, those it stands on included."""
    found: dict[tuple[str, str], NodeSpec] = {}
    todo: list[NodeSpec] = [token.task_spec for token in case.tasks.values()]
    todo += [sub for scope in case.scopes.values() for sub in scope.spec.event_subs]
    while todo:
        spec = todo.pop()
        key = (spec.process.name, spec.name)
        if key in found:
            continue
        found[key] = spec
        todo += [flow.target for flow in spec.outs]
        todo += getattr(spec, "boundaries", ())
        todo += [one for one in (getattr(spec, "undo", None),) if one is not None]
        inside = getattr(spec, "inside", None)
        todo += inside.nodes if inside is not None else ()
        todo += [
            spec.scope.links[trigger.definition.link]
            for trigger in getattr(spec, "throws", ())
            if trigger.definition.link in spec.scope.links
        ]
        if isinstance(spec, CallActivity):
            todo += [node for process in case.definition.processes.values() for node in nodes(process)]
    return list(found.values())


def nodes(process: ProcessSpec) -> list[NodeSpec]:
    """Its elements; SpiffWorkflow's own beside them are none of the drawing."""
    return [spec for spec in process.task_specs.values() if isinstance(spec, NodeSpec)]


def reads(specs: Iterable[NodeSpec]) -> set[str]:
    """The names that expressions of these elements read."""
    return {name for spec in specs for one in _texts(vars(spec)) for name in one.names}


def _texts(held: Mapping[str, Any]) -> Iterator[Text]:
    todo = [value for name, value in held.items() if name not in ("process", "scope", "ins", "boundaries", "inside")]
    while todo:
        one = todo.pop()
        if isinstance(one, Text):
            yield one
        elif isinstance(one, FlowSpec):
            todo.append(one.condition)
        elif isinstance(one, LoopPlan):
            todo += vars(one).values()
        elif isinstance(one, Trigger):
            todo += [one.name, one.key, one.condition, one.timer]
        elif isinstance(one, (list, tuple)):
            todo += [inner for inner in one if not isinstance(inner, NodeSpec)]


def brings(specs: Iterable[NodeSpec]) -> tuple[set[str], set[str]]:
    """The names that these elements set, and the forms by which people say more; ANYTHING where nobody can tell."""
    names: set[str] = set()
    forms: set[str] = set()
    for spec in specs:
        said = spec.node.extension
        names |= {io.target.split(".")[0] for io in (*said.outputs, *said.inputs)}
        names |= {one.split(".")[0] for one in (said.result, said.adhoc_output[0]) if one}
        if isinstance(loop := getattr(spec, "loop", None), LoopPlan):
            names |= {one for one in (loop.into, loop.item) if one}
        if isinstance(spec, UserTask):
            if spec.form is None:
                names.add(ANYTHING)
            else:
                forms.add(spec.form)
        elif isinstance(spec, ServiceTask):
            known = effects.find(said.task_type or "")
            names |= {result.name for result in known.results} if known is not None else {ANYTHING}
        elif _says_anything(spec):
            names.add(ANYTHING)
    return names, forms


def _says_anything(spec: NodeSpec) -> bool:
    if isinstance(spec, CallActivity):
        return spec.take_all
    heard = isinstance(spec, Catching) and any(t.kind in ("message", "signal") for t in spec.catches)
    return heard and not spec.node.extension.outputs
