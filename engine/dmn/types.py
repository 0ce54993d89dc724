"""Types of a model: built-in ones, item definitions, and what FEEL's type expressions combine (OMG DMN 1.5, 7.3.2,
10.3.2.9).

A value that does not fit its declared type becomes null with a warning, after the conversions of 10.3.2.9.4: a value to
a singleton list, a singleton list to its value, a date to a date and time at midnight UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from engine.dmn import elements as e
from engine.feel import dates, tree, values

#: Names of the built-in types, with those of older versions and of XML exporters.
BUILT_IN = {
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "dateTime": "date and time",
    "days and time duration": "days and time duration",
    "dayTimeDuration": "days and time duration",
    "years and months duration": "years and months duration",
    "yearMonthDuration": "years and months duration",
    "context": "context",
    "list": "list",
    "function": "function",
    "range": "range",
    "Any": "Any",
    "any": "Any",
    "Null": "null",
    # Camunda 7 wrote some of these, files with XML Schema as their type language the others.
    "integer": "number",
    "int": "number",
    "long": "number",
    "short": "number",
    "double": "number",
    "float": "number",
    "decimal": "number",
}

#: How deep a value is looked into.
DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `conforms` says whether a value belongs; null belongs to every type."""

    name: str
    kind: str  # built-in name, or "list", "context", "function", "Any"
    of: Type | None = None  # elements of a list, bounds of a range
    parts: Mapping[str, Type] = field(default_factory=dict)  # of a context
    parameters: tuple[Type, ...] | None = None  # of a function; None = not said
    result: Type | None = None  # of a function
    tests: tuple[Callable[[Any], bool], ...] = ()  # constraints on the value
    allowed: str = ""  # their text, for the order of priorities and for examples
    read: Callable[[tree.TypeName], Type] | None = None  # of a function type: FEEL's types as ours
    lazy: Callable[[], Type] | None = None  # a type by name, found when needed (structures may contain themselves)

    def found(self) -> Type:
        """The type itself when this is only its name."""
        one = self
        for _ in range(DEEPEST):
            if one.lazy is None:
                return one
            one = one.lazy()
        return ANY

    def conforms(self, value: Any, depth: int = 0, *, tested: bool = True) -> bool:
        """Whether the value belongs to the type; with its constraints unless not `tested`."""
        if value is None:
            return True
        me = self.found()
        if depth > DEEPEST:
            return False
        if not me._shaped(value, depth, tested):
            return False
        return not tested or all(test(value) for test in me.tests)

    def belongs(self, value: Any) -> bool:
        """FEEL's `value instance of` this type: null is an instance of nothing, and constraints do not count."""
        return value is not None and self.conforms(value, tested=False)

    def _shaped(self, value: Any, depth: int, tested: bool) -> bool:
        kind = self.kind
        deeper = depth + 1
        if kind == "Any":
            return True
        if kind == "list":
            if not isinstance(value, list):
                return False
            of = self.of
            return of is None or all(of.conforms(item, deeper, tested=tested) for item in value)
        if kind == "context":
            if not isinstance(value, dict):
                return False
            return all(
                name in value and part.conforms(value[name], deeper, tested=tested) for name, part in self.parts.items()
            )
        if kind == "range":
            if not isinstance(value, values.Range):
                return False
            of = self.of
            return of is None or all(of.conforms(end, deeper, tested=tested) for end in (value.low, value.high))
        if kind == "function":
            return isinstance(value, values.Function) and self._callable(value, strict=not tested)
        return values.kind_of(value) == kind

    def _callable(self, value: values.Function, *, strict: bool) -> bool:
        """Whether a function takes what this type gives and gives what it takes; untold results count when not
        strict."""
        if self.parameters is None:
            return True
        if len(value.names) != len(self.parameters):
            return False
        read = self.read or (lambda node: ANY)
        own = value.types or (None,) * len(value.names)
        for wanted, have in zip(self.parameters, own, strict=True):
            if have is not None and not wanted.found().within(read(have)):
                return False
        result = (self.result or ANY).found()
        if result.kind == "Any":
            return True
        return not strict if value.result is None else read(value.result).within(result)

    def within(self, other: Type, depth: int = 0) -> bool:
        """Whether every value of this type is of the other, constraints aside."""
        me, other = self.found(), other.found()
        if other.kind == "Any" or depth > DEEPEST:
            return True
        if me.kind != other.kind:
            return False
        if other.kind in ("list", "range") and other.of is not None:
            return me.of is not None and me.of.within(other.of, depth + 1)
        if other.kind == "context":
            return all(
                name in me.parts and me.parts[name].within(part, depth + 1) for name, part in other.parts.items()
            )
        if other.kind == "function" and other.parameters is not None:
            if me.parameters is None or len(me.parameters) != len(other.parameters):
                return False
            takes = all(b.within(a, depth + 1) for a, b in zip(me.parameters, other.parameters, strict=True))
            return takes and (me.result or ANY).within(other.result or ANY, depth + 1)
        return True

    def convert(self, value: Any) -> tuple[Any, bool]:
        """The value as one of this type, and whether there is one (null otherwise)."""
        if value is None or self.conforms(value):
            return value, True
        me = self.found()
        if me.kind == "list":
            if not isinstance(value, list) and me.conforms([value]):
                return [value], True
        elif isinstance(value, list) and len(value) == 1:
            return me.convert(value[0]) if not isinstance(value[0], list) else (None, False)
        if me.kind == "date and time" and dates.is_date(value) and not dates.is_datetime(value):
            midnight = dates.make_datetime(value.year, value.month, value.day, 0, 0, 0, 0, UTC)
            if midnight is not None and me.conforms(midnight):
                return midnight, True
        return None, False

    def from_json(self, value: Any, depth: int = 0, *, fill: bool = True) -> Any:
        """A JSON value as this type reads it: ISO texts become dates, absent parts of a structure null (when
        `fill`)."""
        if value is None or depth > DEEPEST:
            return value
        me = self.found()
        if isinstance(value, str) and me.kind in _PARSERS:
            parsed = _PARSERS[me.kind](value.strip())
            return value if parsed is None else parsed
        if me.kind == "list" and me.of is not None:
            if isinstance(value, list):
                return [me.of.from_json(item, depth + 1, fill=fill) for item in value]
            return me.of.from_json(value, depth + 1, fill=fill)
        if me.kind == "context" and me.parts and isinstance(value, dict):
            read = dict(value)
            for name, part in me.parts.items():
                if fill or name in value:
                    read[name] = part.from_json(value.get(name), depth + 1, fill=fill)
            return read
        return value


def _days(text: str) -> Any:
    found = dates.parse_duration(text)
    return found if isinstance(found, dates.DaysTimeDuration) else None


def _months(text: str) -> Any:
    found = dates.parse_duration(text)
    return found if isinstance(found, dates.YearsMonthsDuration) else None


def _moment(text: str) -> Any:
    return dates.parse_datetime(text) or dates.parse_date(text)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "date": dates.parse_date,
    "time": dates.parse_time,
    "date and time": _moment,
    "days and time duration": _days,
    "years and months duration": _months,
}

ANY = Type("Any", "Any")
_SIMPLE = {name: Type(name, kind) for name, kind in BUILT_IN.items() if kind != "Any"}


class Types:
    """The types of one model by name. `imported` finds those of its imports, `test` compiles a constraint."""

    def __init__(
        self,
        items: tuple[e.Item, ...],
        imported: Callable[[str], Type | None],
        test: Callable[[str], Callable[[Any], bool]],
    ) -> None:
        self.items = {item.name: item for item in items}
        self.imported = imported
        self.test = test
        self.made: dict[str, Type] = {}

    def named(self, name: str) -> Type | None:
        """The type of a name or type expression; None when there is none. "" is Any."""
        if not name:
            return ANY
        found = self.made.get(name)
        if found is None:
            found = self._find(name)
            if found is not None:
                self.made[name] = found
        return found

    def _find(self, name: str) -> Type | None:
        item = self.items.get(name)
        if item is not None:
            return self._of_item(item, name)
        if BUILT_IN.get(name) == "Any":
            return ANY
        if name in _SIMPLE:
            return _SIMPLE[name]
        found = self.imported(name)
        if found is not None:
            return found
        if name.startswith("feel."):
            return self.named(name[5:])
        if "<" in name:
            return self._expression(name)
        # A path into an item definition: `tLoan.amount`.
        head, dot, rest = name.rpartition(".")
        if dot:
            owner = self.named(head)
            if owner is not None:
                return owner.found().parts.get(rest)
        return None

    def _of_item(self, item: e.Item, path: str, depth: int = 0) -> Type:
        base: Type
        if item.components and depth < DEEPEST:
            parts = {part.name: self._of_item(part, f"{path}.{part.name}", depth + 1) for part in item.components}
            base = Type(item.name, "context", parts=parts)
        elif item.function is not None:
            base = Type(
                item.name,
                "function",
                parameters=tuple(self.lazy(parameter.type_ref) for parameter in item.function.parameters),
                result=self.lazy(item.function.output),
                read=self.read,
            )
        elif item.type_ref:
            base = self.lazy(item.type_ref)
        else:
            base = ANY
        if item.allowed:
            base = Type(path, "Any", lazy=_constrained(base, path, self.test(item.allowed), item.allowed))
        if item.is_collection:
            base = Type(path, "list", of=base)
        if item.constraint:
            base = Type(path, "Any", lazy=_constrained(base, path, self.test(item.constraint), item.constraint))
        return base

    def lazy(self, name: str) -> Type:
        """The type of a name, looked up at first use. An unknown name is Any (loading has said so)."""
        if not name:
            return ANY
        if name in _SIMPLE and name not in self.items:
            return _SIMPLE[name]
        return Type(name, "Any", lazy=lambda: self.named(name) or ANY)

    def read(self, node: tree.TypeName) -> Type:
        """A type as FEEL's parser read it."""
        if node.of and node.name in ("list", "range"):
            return Type(node.name, node.name, of=self.read(node.of[0]))
        if node.of and node.name == "context":
            parts = {name: self.read(of) for name, of in zip(node.names, node.of, strict=True)}
            return Type("context", "context", parts=parts)
        if node.of and node.name == "function":
            *parameters, result = [self.read(of) for of in node.of]
            return Type("function", "function", parameters=tuple(parameters), result=result, read=self.read)
        return self.lazy(node.name)

    def _expression(self, text: str) -> Type | None:
        """`list<number>`, `range<date>`, `context<a: number>`, `function<number> -> string`."""
        head, _, rest = text.partition("<")
        head = head.strip()
        inside, end = _balanced(rest)
        if end < 0:
            return None
        after = rest[end + 1 :].strip()
        if head in ("list", "range") and not after:
            return Type(text, head, of=self.lazy(inside.strip()))
        if head == "context" and not after:
            parts = {}
            for piece in _split(inside):
                name, colon, type_name = piece.partition(":")
                if not colon:
                    return None
                parts[name.strip()] = self.lazy(type_name.strip())
            return Type(text, "context", parts=parts)
        if head == "function" and after.startswith("->"):
            pieces = [piece.strip() for piece in _split(inside)]
            return Type(
                text,
                "function",
                parameters=tuple(self.lazy(piece.rpartition(":")[2].strip()) for piece in pieces),
                result=self.lazy(after[2:].strip()),
                read=self.read,
            )
        return None

    def unknown(self, name: str) -> bool:
        """Whether a type name means nothing, itself or in its parts."""
        if not name:
            return False
        if "<" in name and name not in self.items:
            if self._expression(name) is None:
                return True
            words = [name.partition("<")[2].rpartition(">")[0]]
            inner = [piece.rpartition(":")[2].strip() for text in words for piece in _split(text)]
            return any(self.unknown(piece) for piece in inner if piece)
        return self.named(name) is None


def _constrained(base: Type, name: str, test: Callable[[Any], bool], text: str) -> Callable[[], Type]:
    made: list[Type] = []

    def find() -> Type:
        if not made:
            under = base.found()
            made.append(
                Type(
                    name,
                    under.kind,
                    of=under.of,
                    parts=under.parts,
                    parameters=under.parameters,
                    result=under.result,
                    read=under.read,
                    tests=(*under.tests, test),
                    allowed=text,
                )
            )
        return made[0]

    return find


def _balanced(text: str) -> tuple[str, int]:
    depth = 1
    for i, letter in enumerate(text):
        if letter == "<":
            depth += 1
        elif letter == ">" and not (i and text[i - 1] == "-"):
            depth -= 1
            if not depth:
                return text[:i], i
    return text, -1


def _split(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for i, letter in enumerate(text):
        if letter == "<":
            depth += 1
        elif letter == ">" and not (i and text[i - 1] == "-"):
            depth -= 1
        elif letter == "," and not depth:
            yield text[start:i]
            start = i + 1
    if text[start:].strip():
        yield text[start:]
