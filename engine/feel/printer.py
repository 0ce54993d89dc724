"""Tree to text: the text of an expression, written the one way. `parse(text_of(tree))` is the tree again."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from engine.feel import tree
from engine.feel.tree import Node
from engine.feel.values import quoted

_LEVELS: Final = {"+": 4, "-": 4, "*": 5, "/": 5, "**": 6}


def print_tree(node: Node) -> str:
    """The text of the tree. Parentheses stand only where the tree needs them."""
    return _print(node, 0)


def _wrap(text: str, own: int, outer: int) -> str:
    return f"({text})" if own < outer else text


def _print(node: Node, level: int) -> str:
    """The text, in parentheses when the operator binds less tightly than `level`.

    0 anything, 1 or, 2 and, 3 comparison, 4 sum, 5 product, 6 power, 7 negation, 8 what a path or filter may follow.
    """
    if isinstance(node, tree.Constant):
        return _constant(node.value)
    if isinstance(node, tree.At):
        return f"@{quoted(node.text)}"
    if isinstance(node, tree.Name):
        return node.name
    if isinstance(node, tree.Placeholder):
        return "?"
    if isinstance(node, tree.Path):
        return f"{_print(node.source, 8)}.{node.name}"
    if isinstance(node, tree.Filter):
        return f"{_print(node.source, 8)}[{_print(node.condition, 0)}]"
    if isinstance(node, tree.Call):
        arguments = [_print(argument, 0) for argument in node.arguments]
        if node.names is not None:
            arguments = [f"{name}: {text}" for name, text in zip(node.names, arguments, strict=True)]
        return f"{_print(node.function, 8)}({', '.join(arguments)})"
    if isinstance(node, tree.Negate):
        return _wrap(f"-{_print(node.operand, 7)}", 7, level)
    if isinstance(node, tree.Binary):
        own = _LEVELS.get(node.op, 3)
        return _wrap(f"{_print(node.left, own)} {node.op} {_print(node.right, own + 1)}", own, level)
    if isinstance(node, tree.Logic):
        own = 2 if node.op == "and" else 1
        first = _print(node.terms[0], own + 1)
        rest = [_print(term, own + 1) for term in node.terms[1:]]
        return _wrap(f" {node.op} ".join([first, *rest]), own, level)
    if isinstance(node, tree.Between):
        text = f"{_print(node.value, 3)} between {_print(node.low, 4)} and {_print(node.high, 4)}"
        return _wrap(text, 3, level)
    if isinstance(node, tree.In):
        tests = ", ".join(_test(test) for test in node.tests)
        return _wrap(f"{_print(node.value, 3)} in ({tests})", 3, level)
    if isinstance(node, tree.Interval):
        low, high = _print(node.low, 4), _print(node.high, 4)
        return f"{'[' if node.low_included else '('}{low}..{high}{']' if node.high_included else ')'}"
    if isinstance(node, tree.Compare):
        return f"({node.op} {_print(node.operand, 4)})"
    if isinstance(node, tree.ListOf):
        return (
            f"[{', '.join(_test(item) if isinstance(item, tree.Compare) else _print(item, 0) for item in node.items)}]"
        )
    if isinstance(node, tree.ContextOf):
        entries = [f"{quoted(key)}: {_print(value, 0)}" for key, value in zip(node.keys, node.values, strict=True)]
        return "{" + ", ".join(entries) + "}"
    if isinstance(node, tree.UnaryTests):
        tests = ", ".join(_test(test) for test in node.tests) or "-"
        return f"not({tests})" if node.negated else tests
    if isinstance(node, tree.TypeName):
        return _type(node)
    if isinstance(node, tree.InstanceOf):
        # A type may go on over the words after it, so nothing may follow it unbracketed.
        return _wrap(f"{_print(node.value, 8)} instance of {_type(node.type)}", 3, level)
    return _wrap(_control(node), 0, level)


def _test(node: Node) -> str:
    """A unary test: a comparison stands without parentheses."""
    if isinstance(node, tree.Compare):
        return f"{node.op} {_print(node.operand, 4)}"
    return _print(node, 0)


def _control(node: Node) -> str:
    if isinstance(node, tree.If):
        return f"if {_print(node.condition, 0)} then {_print(node.yes, 0)} else {_print(node.no, 0)}"
    if isinstance(node, tree.For):
        return f"for {_iterations(node.iterations)} return {_print(node.body, 0)}"
    if isinstance(node, tree.Quantified):
        return f"{node.kind} {_iterations(node.iterations)} satisfies {_print(node.condition, 0)}"
    assert isinstance(node, tree.FunctionOf)
    parameters = [
        name if kind is None else f"{name}: {_type(kind)}" for name, kind in zip(node.names, node.types, strict=True)
    ]
    external = "external " if node.external else ""
    return f"function({', '.join(parameters)}) {external}{_print(node.body, 0)}"


def _iterations(iterations: list[tree.Iteration]) -> str:
    return ", ".join(
        f"{it.name} in {_print(it.source, 0)}" + (f"..{_print(it.until, 0)}" if it.until is not None else "")
        for it in iterations
    )


def _type(kind: tree.TypeName) -> str:
    if not kind.of and not (kind.name == "function" and kind.of):
        return kind.name
    if kind.name == "context":
        inner = ", ".join(f"{name}: {_type(of)}" for name, of in zip(kind.names, kind.of, strict=True))
        return f"context<{inner}>"
    if kind.name == "function":
        return f"function<{', '.join(_type(of) for of in kind.of[:-1])}> -> {_type(kind.of[-1])}"
    return f"{kind.name}<{_type(kind.of[0])}>"


def _constant(value: Decimal | str | bool | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    return str(value)
