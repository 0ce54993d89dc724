"""Input mappings: a target is a variable of the task's own, and hides the case's of that name in the lines below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.feel import tree
from engine.matters.gate import scope
from engine.matters.gate.reading import Reading
from engine.matters.gate.shapes import plain_path


def check(reading: Reading, known: Mapping[str, scope.Known]) -> None:
    for file, process, _, node in reading.nodes():
        outside = known[process.id].scope
        before: dict[str, set[str]] = {}  # variable -> the targets above that made it the task's own
        for io in node.extension.inputs:
            body = scope.parsed(io.source) if io.source.strip().startswith("=") else None
            read = set(_paths(body)) if body is not None else set()
            for path in sorted(read):
                name = path.split(".")[0]
                made = before.get(name, set())
                if not made or any(path == one or path.startswith(f"{one}.") for one in made if "." in one):
                    continue
                target = min(made)
                reading.say(
                    file,
                    node,
                    "hidden-variable",
                    f"的输入“{io.target}”读“{path}”，上面的输入“{target}”已经在这一步里另设了“{name}”，"
                    f"读到的是它，不是办件的“{name}”。请把这一行移到“{target}”上面，或者一次写成 ={{…}}。",
                    f'reads "{path}" in its input "{io.target}"; the input "{target}" above it has made "{name}" a '
                    f'variable of this step, so that one is read and not the case\'s "{name}". Move this line above '
                    f'"{target}", or give all of it at once as ={{…}}.',
                    "warning",
                    getattr(io, "line", 0),
                )
            name = io.target.strip().split(".")[0]
            if name in outside and read != {io.target.strip()}:  # =x into x changes nothing
                before.setdefault(name, set()).add(io.target.strip())


def _paths(node: tree.Node) -> Iterator[str]:
    """The plain paths an expression reads. Names inside a filter may be entries of its items: they are left out, and
    so is what a loop of the expression itself binds."""
    waiting = [node]
    bound: set[str] = set()
    found: list[str] = []
    while waiting:
        one = waiting.pop()
        path = plain_path(one)
        if path:
            found.append(path)
        elif isinstance(one, tree.Filter):
            waiting.append(one.source)
        else:
            if isinstance(one, tree.For | tree.Quantified):
                bound |= {step.name for step in one.iterations}
            elif isinstance(one, tree.FunctionOf):
                bound |= set(one.names)
            waiting += list(tree.children(one))
    return (path for path in found if path.split(".")[0] not in bound)


__all__ = ["check"]
