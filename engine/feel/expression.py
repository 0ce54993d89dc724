"""The front door: compile a text, evaluate it, test a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from engine.feel import functions, tree
from engine.feel.compiler import Code, Compiler, Scope
from engine.feel.errors import FeelError, limit
from engine.feel.parser import odd_names, parse, parse_tests
from engine.feel.runtime import Env, Run
from engine.feel.table import BUILT_INS
from engine.feel.values import SCALARS, Value, admit, text_of

assert functions.BUILT_INS is BUILT_INS

#: Names of built-ins, and of the properties of values, that are not one plain word.
STANDARD_NAMES: Final = frozenset(name for name in BUILT_INS if not name.isidentifier() or name in ("not",))

#: The built-ins that ask the calendar of working days.
CALENDAR: Final = frozenset({"workdays", "add workdays", "is workday", "workdays between"})
assert BUILT_INS.keys() >= CALENDAR

#: How deep names are looked for inside the values of a context.
_NAME_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Read:
    """A free name and the path read from it: `applicant.age` is Read("applicant", ("age",), start, end)."""

    name: str
    path: tuple[str, ...]
    start: int
    end: int


class Expression:
    """A compiled expression. Made by `compile` or `compile_tests`; holds no state, so it may be shared."""

    __slots__ = ("text", "tree", "names", "_code", "_needs")

    def __init__(self, text: str, node: tree.Node, given: frozenset[str]) -> None:
        self.text = text
        self.tree = node
        compiler = Compiler(given)
        self._code: Code = compiler.compile(node)
        # `< 5` reads the tested value without naming it.
        tested = ("?",) if isinstance(node, tree.UnaryTests) and "?" not in compiler.free else ()
        self._needs = (*compiler.free, *tested)
        #: The free names it reads, in order of first reading. One that is also a built-in's is left out where it can
        #: only be meant as that function: called, or given to another as a function.
        values = _values(node) | given
        self.names: tuple[str, ...] = tuple(
            name for name in compiler.free if name != "?" and (name not in BUILT_INS or name in values)
        )

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @property
    def reads(self) -> list[Read]:
        """Every reading of a free name, with the path that follows it."""
        free = set(self.names)
        found: list[Read] = []
        paths: set[int] = set()
        for node in tree.walk(self.tree):
            if id(node) in paths:
                continue
            steps: list[str] = []
            inner = node
            chain = [id(node)]
            while isinstance(inner, tree.Path):
                steps.append(inner.name)
                inner = inner.source
                chain.append(id(inner))
            if isinstance(inner, tree.Name) and inner.name in free:
                paths.update(chain)
                found.append(Read(inner.name, tuple(reversed(steps)), node.start, node.end))
        return found

    @property
    def asks_calendar(self) -> bool:
        """Whether it may count working days: then another calendar may give another value."""
        return any(isinstance(node, tree.Name) and node.name in CALENDAR for node in tree.walk(self.tree))

    @property
    def names_outside_filters(self) -> tuple[str, ...]:
        """The free names read outside `[...]`. Inside one, a name may be an entry of the item, so only these are
        sure."""
        read: set[str] = set()
        waiting: list[tree.Node] = [self.tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, tree.Name):
                read.add(node.name)
            waiting.extend([node.source] if isinstance(node, tree.Filter) else tree.children(node))
        return tuple(name for name in self.names if name in read)

    def evaluate(
        self, context: Mapping[str, object] | None = None, env: Env | None = None, *, run: Run | None = None
    ) -> Value:
        """The value in a context. Raises FeelError only at a limit; wrong data is null and a warning in `env`.

        run: an evaluation this one is part of, to share its budget (then `env` is the run's).
        """
        if run is None:
            run = Run(env if env is not None else Env())
        vars: dict[str, Value] = {}
        if context:
            for name in self._needs:
                if name in context:
                    value = context[name]
                    vars[name] = value if value.__class__ in SCALARS else admit(value)
        try:
            return self._code(Scope(vars, None, run))
        except RecursionError:
            raise limit(
                "表达式递归太深，已停止。", "The expression recurses too deeply and was stopped.", 0, self.text
            ) from None
        except FeelError as error:
            error.text = error.text or self.text
            raise

    def test(
        self,
        value: object,
        context: Mapping[str, object] | None = None,
        env: Env | None = None,
        *,
        run: Run | None = None,
    ) -> bool | None:
        """For unary tests: whether the value passes; null where it cannot be told."""
        found = self.evaluate({**(context or {}), "?": value}, env, run=run)
        return found if isinstance(found, bool) else None


def _values(node: tree.Node) -> frozenset[str]:
    """The names that stand where a value does: `after.result` reads a variable, though after() is a built-in."""
    functions: set[int] = set()
    names: set[str] = set()
    for one in tree.walk(node):
        if isinstance(one, tree.Call):
            functions.add(id(one.function))
            callee = one.function.name if isinstance(one.function, tree.Name) else None
            if callee not in BUILT_INS or callee == "sort":  # these may be given a function
                functions.update(map(id, one.arguments))
        elif isinstance(one, tree.Name) and id(one) not in functions:
            names.add(one.name)
    return frozenset(names)


@lru_cache(maxsize=4096)
def _compiled(text: str, names: frozenset[str], given: frozenset[str], tests: bool) -> Expression:
    known = STANDARD_NAMES | names
    try:
        node = parse_tests(text, known) if tests else parse(text, known)
        return Expression(text, node, given)
    except RecursionError:
        # Only where the caller has used up most of Python's stack already.
        raise limit("表达式嵌套太深，请拆开。", "The expression nests too deeply. Split it.", 0, text) from None


def _names(names: Iterable[str] | None) -> tuple[frozenset[str], frozenset[str]]:
    if names is None:
        return frozenset(), frozenset()
    every = frozenset(names)
    return odd_names(every), frozenset(every & BUILT_INS.keys())


def compile(text: str, *, names: Iterable[str] | None = None) -> Expression:
    """Read and compile an expression (cached). A leading `=` as in Camunda's files is not part of FEEL: take it off
    first.

    names: the names in scope (also of entries inside contexts). Needed only for names that hold operators or keywords
    such as `申请-审批`, and for variables that hide a built-in. Raises FeelError with position and hint.
    """
    odd, given = _names(names)
    return _compiled(text, odd, given, False)


def compile_tests(text: str, *, names: Iterable[str] | None = None) -> Expression:
    """Read and compile unary tests, such as `< 5, [7..9]`; use `.test(value, context)`."""
    odd, given = _names(names)
    return _compiled(text, odd, given, True)


def names_in(context: Mapping[str, object], depth: int = _NAME_DEPTH) -> set[str]:
    """The names of a context and of the contexts inside it (of a list, those of its first items)."""
    found: set[str] = set()
    _gather(context, depth, found)
    return found


def _gather(value: object, depth: int, found: set[str]) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            found.add(str(key))
            if depth and item.__class__ not in SCALARS:
                _gather(item, depth - 1, found)
    elif isinstance(value, list | tuple) and depth:
        for item in value[:20]:
            if item.__class__ not in SCALARS:
                _gather(item, depth - 1, found)


def evaluate(text: str, context: Mapping[str, object] | None = None, env: Env | None = None) -> Value:
    """Compile (cached) and evaluate. The names in the context, at any depth, are known to the parser."""
    known = names_in(context) if context else set()
    if env is not None and env.functions:
        known.update(env.functions)
    return compile(text, names=known).evaluate(context, env)


def unary_test(
    text: str, value: object, context: Mapping[str, object] | None = None, env: Env | None = None
) -> bool | None:
    """Whether a value passes unary tests. None where it cannot be told (and a warning in `env`)."""
    known = names_in(context) if context else set()
    if isinstance(value, Mapping):
        known |= names_in(value)
    return compile_tests(text, names=known).test(value, context, env)


def builtin_names() -> frozenset[str]:
    """The names of all built-in functions."""
    return frozenset(BUILT_INS)


__all__: list[Any] = [
    "Expression",
    "Read",
    "builtin_names",
    "compile",
    "compile_tests",
    "evaluate",
    "names_in",
    "text_of",
    "unary_test",
]
