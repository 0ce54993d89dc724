"""What a variable holds, as far as the files say: its entries, or that nobody can know. And what an expression reads.

A shape is told from forms, from FEEL that writes a context, from the columns of a decision. Reading an entry that no
shape has is a misspelt name; where a shape is open (an answer of another office, a function's result) nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine import forms
from engine.feel import tree


@dataclass(frozen=True)
class Shape:
    """What is known of a value."""

    entries: Mapping[str, Shape] = field(default_factory=dict)
    open: bool = False  # it may have entries nobody wrote down
    some: bool = False  # a list: of these


OPEN = Shape(open=True)
LEAF = Shape()


#: What FEEL's days, moments and durations have.
_PARTS = ("year", "month", "day", "weekday", "hour", "minute", "second", "time offset", "timezone")
#: What is kept of a signature (engine.forms.signing).
SIGNED = Shape(dict.fromkeys(("path", "signs", "sha256", "at"), LEAF))
TEMPORAL = Shape(dict.fromkeys(_PARTS, LEAF))
_TEMPORAL = frozenset({"today", "now", "date", "time", "date and time"})
#: What gives the items of the list it is given.
_OF_THE_SAME = frozenset({"sort", "reverse", "sublist", "distinct values", "remove"})


def merged(one: Shape, other: Shape) -> Shape:
    """What may be either."""
    if one is other:
        return one
    entries = dict(one.entries)
    for name, shape in other.entries.items():
        entries[name] = merged(entries[name], shape) if name in entries else shape
    return Shape(entries, one.open or other.open, one.some or other.some)


def all_of(shapes: Iterable[Mapping[str, Shape]]) -> dict[str, Shape]:
    """Scopes laid together."""
    found: dict[str, Shape] = {}
    for scope in shapes:
        for name, shape in scope.items():
            found[name] = merged(found[name], shape) if name in found else shape
    return found


def of_paths(paths: Iterable[str]) -> dict[str, Shape]:
    """A scope from dotted paths: `case.number`, `parties[].name`; `session.*` is open."""
    found: dict[str, Shape] = {}
    for path in paths:
        head, _, rest = path.partition(".")
        some = head.endswith("[]")
        under = OPEN if rest == "*" else Shape(of_paths([rest]), some=some) if rest else LEAF
        found = all_of([found, {head.removesuffix("[]"): under}])
    return found


def of_result(kind: str, has: Iterable[str]) -> Shape:
    """What an effect's answer holds, as its entry in the list of effects says."""
    known = of_paths(has)
    if not known:
        return OPEN if kind in ("context", "any", "list") else LEAF
    return Shape(known, some=kind == "list")


def of_form(form: forms.Form) -> dict[str, Shape]:
    """What a form writes."""

    def fields(some: Iterable[forms.Field]) -> dict[str, Shape]:
        found: dict[str, Shape] = {}
        for one in some:
            parts = one.key.split(".")
            shape = LEAF
            if one.children:
                shape = Shape(fields(one.children), some=True)
            elif one.properties.get("check") == "signature":
                shape = SIGNED
            elif one.type in ("filepicker", "expression"):
                shape = OPEN
            for part in reversed(parts[1:]):
                shape = Shape({part: shape})
            found = all_of([found, {parts[0]: shape}])
        return found

    return fields(form.fields)


#: Names and what they hold.
Scope = Mapping[str, Shape]


def at(scope: Mapping[str, Shape], path: str) -> Shape | None:
    """The shape at a dotted path; None when the scope surely has nothing there."""
    parts = path.replace("[]", "").split(".")
    here: Shape | None = scope.get(parts[0])
    for part in parts[1:]:
        if here is None or here.open and part not in here.entries:
            return here
        here = here.entries.get(part)
    return here


def has(scope: Mapping[str, Shape], path: str) -> bool:
    return at(scope, path) is not None


def of(node: tree.Node, scope: Mapping[str, Shape]) -> Shape:
    """What an expression gives."""
    match node:
        case tree.ContextOf():
            entries: dict[str, Shape] = {}
            for key, value in zip(node.keys, node.values, strict=True):
                entries[key] = of(value, {**scope, **entries})
            return Shape(entries)
        case tree.Constant() | tree.Logic() | tree.Between() | tree.In() | tree.Compare() | tree.At():
            return LEAF
        case tree.ListOf():
            inner = LEAF
            for item in node.items:
                inner = merged(inner, of(item, scope))
            return Shape(inner.entries, inner.open, True)
        case tree.Name():
            return scope.get(node.name, OPEN)
        case tree.Path():
            source = of(node.source, scope)
            return source.entries.get(node.name, OPEN if source.open or source is LEAF else LEAF)
        case tree.Filter():
            return of(node.source, scope)
        case tree.If():
            return merged(of(node.yes, scope), of(node.no, scope))
        case tree.For():
            inner_scope = dict(scope)
            for step in node.iterations:
                inner_scope[step.name] = of(step.source, inner_scope) if step.until is None else LEAF
            inner = of(node.body, inner_scope)
            return Shape(inner.entries, inner.open, True)
        case tree.Binary():
            return LEAF
        case tree.Call(function=tree.Name(name=name)) if name in _TEMPORAL:
            return TEMPORAL
        case tree.Call(function=tree.Name(name="context merge"), arguments=[tree.ListOf() as contexts]):
            inner = of(contexts, scope)  # each has all that any of them has
            return Shape(inner.entries, inner.open or not inner.entries)
        case tree.Call(function=tree.Name(name=name), arguments=[items, *_]) if name in _OF_THE_SAME:
            inner = of(items, scope)
            return Shape(inner.entries, inner.open, True)
        case tree.Call(function=tree.Name(name="get or else"), arguments=[value, other]):
            return merged(of(value, scope), of(other, scope))
    return OPEN


@dataclass(frozen=True, slots=True)
class Read:
    """A name an expression reads that nothing sets."""

    path: str  # session.plcae
    name: str  # the part that is not there: plcae
    known: tuple[str, ...]  # what is there beside it


def unknown(node: tree.Node, scope: Mapping[str, Shape], built_in: frozenset[str]) -> Iterator[Read]:
    """Every name and entry the expression reads that the scope surely does not have. Inside a filter nothing is said of
    plain names: they may be entries of the item."""
    waiting: list[tuple[tree.Node, Mapping[str, Shape], bool]] = [(node, scope, False)]
    while waiting:
        one, here, filtered = waiting.pop()
        match one:
            case tree.Name():
                if one.name not in here and one.name not in built_in and not filtered and not _prefix(one.name, here):
                    yield Read(one.name, one.name, tuple(here))
            case tree.Path():
                waiting.append((one.source, here, filtered))
                source = None if filtered else of(one.source, here)
                if source is not None and source.entries and not source.open and one.name not in source.entries:
                    yield Read(f"{plain_path(one.source)}.{one.name}", one.name, tuple(source.entries))
            case tree.Filter():
                waiting.append((one.source, here, filtered))
                shape = of(one.source, here)
                known = bool(shape.entries) and not shape.open and not filtered
                item = {"item": Shape(shape.entries, shape.open or not shape.entries), **shape.entries}
                waiting.append((one.condition, {**here, **item}, not known))
            case tree.For() | tree.Quantified():
                inner = dict(here)
                for step in one.iterations:
                    waiting.append((step.source, dict(inner), filtered))
                    if step.until is not None:
                        waiting.append((step.until, dict(inner), filtered))
                    inner[step.name] = of(step.source, inner) if step.until is None else LEAF
                inner["partial"] = OPEN
                waiting.append((one.body if isinstance(one, tree.For) else one.condition, inner, filtered))
            case tree.ContextOf():
                inner = dict(here)
                for key, value in zip(one.keys, one.values, strict=True):
                    waiting.append((value, dict(inner), filtered))
                    inner[key] = of(value, inner)
            case tree.FunctionOf():
                waiting.append((one.body, {**here, **dict.fromkeys(one.names, OPEN)}, filtered))
            case tree.Call(function=tree.Name(name="sort"), arguments=[items, tree.FunctionOf() as before]):
                each = of(items, here)
                two = dict.fromkeys(before.names, Shape(each.entries, each.open or not each.entries))
                waiting += [(items, here, filtered), (before.body, {**here, **two}, filtered)]
            case tree.Call():
                if not isinstance(one.function, tree.Name):
                    waiting.append((one.function, here, filtered))
                waiting += [(argument, here, filtered) for argument in one.arguments]
            case _:
                waiting += [(under, here, filtered) for under in tree.children(one)]


def plain_path(node: tree.Node) -> str:
    """A plain path as text; "" for anything else."""
    if isinstance(node, tree.Name):
        return node.name
    if isinstance(node, tree.Path):
        source = plain_path(node.source)
        return f"{source}.{node.name}" if source else ""
    return ""


def _prefix(name: str, scope: Mapping[str, Shape]) -> bool:
    """FEEL names may hold spaces: `a b` may be read where only `a` is known."""
    return name.split(" ")[0] in scope and " " in name
