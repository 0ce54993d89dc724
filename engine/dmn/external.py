"""Function definitions whose body is not FEEL (OMG DMN 1.5, 10.3.2.13.3): there is no Java and no PMML here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.dmn import elements as e
from engine.dmn.types import Type
from engine.feel import java, values
from engine.feel.parser import string_value

if TYPE_CHECKING:
    from engine.dmn.boxed import Compiler, Program, Run, Scope


def program(
    box: e.Function, names: tuple[str, ...], types: list[Type], compiler: Compiler, scope: frozenset[str], owner: str
) -> Program:
    """A function that answers null and says why; Java's pure mathematics is answered from FEEL's own table."""
    described = _strings(box.body) if box.kind == "Java" else {}
    if {"class", "method signature"} <= described.keys():
        java_class, signature = described["class"], described["method signature"]

        def run_java(outer: Scope, run: Run) -> Any:
            def called(inner: Any, arguments: list[Any]) -> Any:
                return java.call(inner, java_class, signature, arguments)

            return values.Function(names, called, label=owner)

        return run_java

    def run_external(outer: Scope, run: Run) -> Any:
        def called(_: Any, arguments: list[Any]) -> Any:
            run.warn(
                "dmn-external",
                f"“{owner}”是 {box.kind} 函数，这里不执行外部代码，结果为空。请改写成 FEEL。",
                f"“{owner}” is a {box.kind} function and no outside code runs here: the result is null. Write it in FEEL.",
            )
            return None

        return values.Function(names, called, label=owner)

    return run_external


def _strings(body: e.Boxed | None) -> dict[str, str]:
    """The entries of a boxed context that are string literals."""
    found: dict[str, str] = {}
    for entry in body.entries if isinstance(body, e.Context) else ():
        text = entry.expression.text.strip() if isinstance(entry.expression, e.Literal) else ""
        if entry.name and len(text) >= 2 and text[0] == text[-1] == '"':
            found[entry.name] = string_value(text)
    return found
