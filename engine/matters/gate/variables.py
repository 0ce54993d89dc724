"""Names read in the diagrams' FEEL: each must be something that is set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.feel import tree
from engine.feel.table import BUILT_INS
from engine.findings import meant, nearest
from engine.forms import templates
from engine.matters.gate import dates, shapes
from engine.matters.gate import scope as scopes
from engine.matters.gate.reading import Reading
from engine.process.language import model as m
from engine.process.lint.expressions import Written, written

_BUILT_IN = frozenset(BUILT_INS)


@dataclass(frozen=True)
class _Drawn:
    diagram: m.Diagram


def check(reading: Reading, known: dict[str, scopes.Known]) -> None:
    unread(reading)
    for file, diagram in reading.diagrams.items():
        for process in diagram.executable():
            all_of = known[process.id]
            told: set[tuple[str, str]] = set()
            for one in written(_Drawn(diagram), process):
                node = scopes.parsed(one.text) if one.text.strip().startswith("=") else None
                if node is None:
                    continue
                here = dict(all_of.scope)
                if isinstance(one.owner, m.Message):  # its key is read in every process that throws or waits for it
                    users = [other for other in diagram.executable() if _uses(other, one.owner)] or [process]
                    here = shapes.all_of([known[other.id].scope for other in users])
                if isinstance(one.owner, m.Node):
                    here = scopes.at_node(reading, one.owner, here)
                if "*" in one.locals:  # it may read what the work itself brings: the answers of its form
                    brought = scopes.brought_inside(reading, one.owner, here)
                    if brought is None:
                        continue
                    here = shapes.all_of([here, brought])
                here |= {name: shapes.OPEN for name in one.locals if name not in here}
                for read in shapes.unknown(node, here, _BUILT_IN):
                    if (one.owner.id, read.path) in told:
                        continue
                    told.add((one.owner.id, read.path))
                    _say(reading, file, one, read, all_of.more)
                for key, path in lost(node):
                    if (one.owner.id, f"lost {path}") not in told:
                        told.add((one.owner.id, f"lost {path}"))
                        _lost(reading, file, one, key, path)
                for path in dates.texts(node, here):
                    if (one.owner.id, f"date {path}") not in told:
                        told.add((one.owner.id, f"date {path}"))
                        _as_text(reading, file, one, path)


def lost(node: tree.Node) -> Iterator[tuple[str, str]]:
    """(entry, path) of what a context reads of a variable under whose name an entry before it put something else:
    `{given: given.result, by: given.by}`, where the second given is the text of the first. Entries see those before."""
    for context in tree.walk(node):
        if not isinstance(context, tree.ContextOf):
            continue
        taken: set[str] = set()
        for key, value in zip(context.keys, context.values, strict=True):
            for read in tree.walk(value):
                if isinstance(read, tree.Path) and isinstance(read.source, tree.Name) and read.source.name in taken:
                    yield key, f"{read.source.name}.{read.name}"
            within = any(
                isinstance(read, tree.Path) and isinstance(read.source, tree.Name) and read.source.name == key
                for read in tree.walk(value)
            )
            if within and not isinstance(value, tree.ContextOf):
                taken.add(key)


def _lost(reading: Reading, file: str, one: Written, key: str, path: str) -> None:
    name = path.partition(".")[0]
    reading.say(
        file,
        one.owner,
        "context-lost",
        f"的{one.zh}里，“{key}”读取“{path}”，可是前面的“{name}”已经换成了别的，读到的总是空值。请把“{key}”写在“{name}”前面。",
        f'reads "{path}" for "{key}" in its {one.en}, but the entry "{name}" before it put another value under that '
        f'name: it is always null. Write "{key}" before "{name}".',
        "error",
        one.line,
    )


def _uses(process: m.Process, message: m.Message) -> bool:
    return any(d.ref == message.id for _, node in process.walk() for d in node.definitions) or any(
        node.message == message.id for _, node in process.walk()
    )


def unread(reading: Reading) -> None:
    """A variable that a step computes and nothing reads, while a name like it is read: two names for one thing."""
    read: set[str] = set()
    for diagram in reading.diagrams.values():
        for process in diagram.executable():
            for one in written(_Drawn(diagram), process):
                feel = one.text.strip().startswith("=") or one.mode == "condition"
                body = scopes.parsed(one.text) if feel else None
                read |= _names(body) if body is not None else set()
    for form in reading.forms.values():
        read |= {path.split(".")[0] for path in templates.reads(form.form)}
        read |= set(form.form.keys)  # shown, or asked again
    for model in reading.models.values():
        read |= {one.name for decision in model.names for one in model.wants(decision)}
    for file, _, _, node in reading.nodes("scriptTask", "businessRuleTask"):
        name = (node.extension.result or "").split(".")[0]
        like = nearest(name, read) if name and name not in read else ""
        if like:
            reading.say(
                file,
                node,
                "variable-unread",
                f"算出的“{name}”没有地方读，读的是“{like}”。请写成一样。",
                f'computes "{name}", which nothing reads; "{like}" is read. Write them the same.',
            )


def _names(node: tree.Node) -> set[str]:
    return {one.name for one in tree.walk(node) if isinstance(one, tree.Name)}


def _say(reading: Reading, file: str, one: Written, read: shapes.Read, more: bool) -> None:
    like = nearest(read.name, read.known)
    sure = "." in read.path or not more or bool(like)
    zh, en = meant(read.name, read.known)
    owner, line = one.owner, one.line
    reading.say(
        file,
        owner,
        "unset-variable",
        f"的{one.zh}读取“{read.path}”，没有任何表单、步骤或消息设置它，总是空值。{zh}",
        f'reads "{read.path}" in its {one.en}, but no form, step or message sets it: it is always null. {en}',
        "error" if sure else "warning",
        line,
    )


def _as_text(reading: Reading, file: str, one: Written, path: str) -> None:
    reading.say(
        file,
        one.owner,
        "date-as-text",
        f"的{one.zh}把“{path}”当作日期算，但变量里的日期是文字，结果总是空值。请写 date({path})，时刻写 "
        f"date and time({path})。",
        f'reckons with "{path}" as a date in its {one.en}, but in variables a date is text: the result is always null. '
        f"Write date({path}), or date and time({path}) for a moment.",
        "warning",
        one.line,
    )
