"""Expressions that read variables nobody sets. Only warnings: what a start or a message brings cannot be seen here."""

from __future__ import annotations

from engine import feel
from engine.process.language import effects
from engine.process.language import model as m
from engine.process.lint.expressions import compiled, unknown_functions, written
from engine.process.lint.page import Page

_EVERYTHING = "*"


def _sets(page: Page, process: m.Process) -> set[str]:
    """The names a process can set; "*" when it may set any (an unknown form, a message's variables, a called
    process)."""
    names: set[str] = set()
    for scope in process.all_scopes():
        names.update(
            d.name or d.id for d in scope.data if d.kind in ("dataObject", "property", "dataInput", "dataOutput")
        )
    for _, node in process.walk():
        said = node.extension
        names.update(io.target.split(".")[0] for io in said.outputs)
        if node.scope is not None:  # input mappings are seen by everything inside a sub-process
            names.update(io.target.split(".")[0] for io in said.inputs)
        if said.result:
            names.add(said.result.split(".")[0])
        if said.adhoc_output[0]:
            names.add(said.adhoc_output[0])
        if node.loop is not None:
            for name in (node.loop.output_collection, node.loop.input_element):
                if name:
                    names.add(name.lstrip("= ").split(".")[0])
        names |= _brought(page, node, said)
    return names


def _brought(page: Page, node: m.Node, said: m.Extension) -> set[str]:
    """What comes in from outside at a node: a form's keys, a message's variables, an answer."""
    if said.outputs and node.kind not in ("userTask", "manualTask"):
        return set()  # with output mappings only their targets come in
    if node.kind in ("userTask", "manualTask"):
        if not said.form:
            return {_EVERYTHING}
        keys = (page.known.forms or {}).get(said.form)
        return {_EVERYTHING} if keys is None else set(keys)
    if node.kind == "receiveTask" or (
        node.kind in m.CATCHING
        and any(d.kind in ("message", "signal", "error", "escalation") for d in node.definitions)
    ):
        return {_EVERYTHING}
    if node.kind in ("serviceTask", "sendTask"):
        kind = effects.find(said.task_type or "")
        if kind is None:
            return {_EVERYTHING} if said.task_type else set()
        return {a.name for a in kind.results}
    if node.kind == "callActivity" and said.propagate_all_child:
        return {_EVERYTHING}
    return set()


def check_process(page: Page, process: m.Process) -> None:
    sets = _sets(page, process)
    if _EVERYTHING in sets:
        return
    known = sets | (page.known.variables or set())
    told: set[str] = set()
    for found in written(page, process):
        text = found.text.strip()
        if not text.startswith("=") or "*" in found.locals:
            continue
        result = compiled(text[1:])
        if isinstance(result, feel.FeelError):
            continue
        functions = unknown_functions(result)
        for name in sorted(result.names_outside_filters):
            if (
                name in functions
                or name in known
                or name in found.locals
                or name in told
                or _extends(name, known | found.locals)
            ):
                continue
            told.add(name)
            page.warn(
                "unset-variable",
                found.owner,
                f"的{found.zh}读取变量“{name}”，图中没有任何步骤设置它；除非启动时带入，否则是空值。请检查名字。",
                f'reads the variable "{name}" in its {found.en}, but no step sets it; unless it comes with the '
                "start it is null. "
                "Check the name.",
                found.line,
            )


def _extends(name: str, known: set[str] | frozenset[str]) -> bool:
    """FEEL names may hold spaces or dots: "applicant.age" reads "applicant"."""
    return name.split(".")[0].strip() in known or name.split(" ")[0] in known
