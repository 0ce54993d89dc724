"""Function definitions whose body is not FEEL (OMG DMN 1.5, 10.3.2.13.3): there is no Java and no PMML here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import feel
from engine.dmn import elements as e
from engine.dmn.cells import constant
from engine.dmn.types import Type
from engine.feel import java, values

if TYPE_CHECKING:
    from engine.dmn.boxed import Compiler, Program, Run, Scope


def program(
    box: e.Function, names: tuple[str, ...], types: list[Type], compiler: Compiler, scope: frozenset[str], owner: str
) -> Program:
    """A function that answers null and says why; Java's pure mathematics is answered from FEEL's own table."""
    from engine.dmn.boxed import mismatch

    described = described_in(box)
    if {"class", "method signature"} <= described.keys():
        java_class, signature = described["class"], described["method signature"]

        def run_java(outer: Scope, run: Run) -> Any:
            def called(inner: Any, arguments: list[Any]) -> Any:
                ready = []
                for name, kind, argument in zip(names, types, arguments, strict=True):
                    value, fits = kind.convert(argument)
                    if not fits:
                        mismatch(argument, kind, f"{owner}({name})", run)
                        return None
                    ready.append(value)
                return java.call(inner, java_class, signature, ready)

            return values.Function(names, called, label=owner, **compiler.signature(box))

        return run_java

    def run_external(outer: Scope, run: Run) -> Any:
        def called(_: Any, arguments: list[Any]) -> Any:
            for name, kind, argument in zip(names, types, arguments, strict=True):
                if not kind.convert(argument)[1]:
                    mismatch(argument, kind, f"{owner}({name})", run)
                    return None
            run.warn(
                "dmn-external",
                f"“{owner}”是 {box.kind} 函数，这里不执行外部代码，结果为空。请改写成 FEEL。",
                (
                    f"“{owner}” is a {box.kind} function and no outside code runs here: the result is null. Write "
                    "it in FEEL."
                ),
            )
            return None

        return values.Function(names, called, label=owner, **compiler.signature(box))

    return run_external


def described_in(box: e.Function) -> dict[str, str]:
    """What a Java function says of itself: the texts of its boxed context, or of the context its FEEL text is."""
    if box.kind != "Java":
        return {}
    found: dict[str, Any] = {}
    if isinstance(box.body, e.Context):
        for entry in box.body.entries:
            if entry.name and isinstance(entry.expression, e.Literal):
                found[entry.name] = constant(entry.expression.text)
    elif isinstance(box.body, e.Literal):
        try:
            told = feel.evaluate(box.body.text)
        except feel.FeelError:
            told = None
        found = told if isinstance(told, dict) else {}
        found = found.get("java", found)
    return {name: text for name, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}
