"""The table of functions: signatures, checks and words for the guide. The functions themselves stand in the modules
beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from engine.feel import dates
from engine.feel.values import Function, Range, Value, kind_of, kind_zh

if TYPE_CHECKING:
    from engine.feel.runtime import Run


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its name in FEEL, the kinds of value it takes ("any" for all), and whether it may be missing."""

    name: str
    kinds: tuple[str, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Overload:
    """One way of calling a built-in."""

    signature: str
    parameters: tuple[Parameter, ...]
    spread: bool  # the one list parameter may also be given as separate arguments (written list...)
    rest: bool  # the last parameter may come many times (written *item)
    call: Callable[..., Value]
    required: int
    cost: int  # steps of one call, besides what its arguments' sizes cost


@dataclass(slots=True)
class BuiltIn:
    """A function everybody can call."""

    name: str
    group: str
    zh: str
    en: str
    examples: tuple[tuple[str, str], ...]  # expression, and its value as text
    standard: bool  # part of DMN 1.5
    overloads: list[Overload] = field(default_factory=list)


BUILT_INS: Final[dict[str, BuiltIn]] = {}


def _parameters(signature: str) -> tuple[str, tuple[Parameter, ...], bool, bool]:
    name, _, rest = signature.partition("(")
    spread, many = "..." in rest, "*" in rest
    found = []
    for part in rest.rstrip(")").replace("...", "").replace("*", "").split(","):
        if part.strip():
            label, _, kinds = part.partition(":")
            label = label.strip()
            found.append(
                Parameter(label.rstrip("?"), tuple(k.strip() for k in (kinds or "any").split("|")), label.endswith("?"))
            )
    return name.strip(), tuple(found), spread, many


def built_in(
    *signatures: str,
    group: str,
    zh: str,
    en: str,
    examples: tuple[tuple[str, str], ...] = (),
    standard: bool = True,
    cost: int = 3,
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Register a function under its signatures: `name(parameter: kind|kind, optional?: kind, list...: list)`."""

    def register(call: Callable[..., Value]) -> Callable[..., Value]:
        for signature in signatures:
            name, parameters, spread, many = _parameters(signature)
            entry = BUILT_INS.get(name)
            if entry is None:
                entry = BUILT_INS[name] = BuiltIn(name, group, zh, en, examples, standard)
            required = sum(1 for p in parameters if not p.optional)
            entry.overloads.append(Overload(signature, parameters, spread, many, call, required, cost))
        return call

    return register


class _Refused:
    """Stands for "this argument does not fit"."""


REFUSED: Final = _Refused()
#: An optional argument that was not given (null is a value, and often refused).
ABSENT: Final = _Refused()

_DURATIONS = ("days and time duration", "years and months duration")


def fit(value: Value, kinds: tuple[str, ...]) -> Value:
    """The value as one of the kinds, through the implicit conversions of DMN 1.5 (10.3.2.9.4); REFUSED when none
    fits."""
    kind = kind_of(value)
    for wanted in kinds:
        if (
            wanted == "any"
            or wanted == kind
            or (wanted == "duration" and kind in _DURATIONS)
            or (
                wanted == "point" and kind not in ("list", "context", "range", "function", "null", "boolean", "unknown")
            )
        ):
            return value
    if kind == "list" and len(value) == 1 and "list" not in kinds:
        inner = fit(value[0], kinds)
        return inner if value[0] is not None else REFUSED
    if "list" in kinds and value is not None:
        return [value]
    if kind == "date" and "date and time" in kinds:
        return dates.make_datetime(value.year, value.month, value.day, 0, 0, 0, 0, dates.offset(0))
    return REFUSED


def _complain(run: Run, entry: BuiltIn, parameter: Parameter, value: Value, position: int) -> None:
    kind = kind_of(value)
    wanted_zh = "或".join(kind_zh(k) for k in parameter.kinds)
    wanted = " or ".join(parameter.kinds)
    run.warn(
        "argument",
        f"{entry.name}() 的参数 {parameter.name} 应为{wanted_zh}，得到{kind_zh(kind)}。",
        f"{entry.name}(): expected {parameter.name} to be {wanted}, but it is {kind}.",
        position,
    )


def invoke(run: Run, entry: BuiltIn, overload: Overload, arguments: list[Value], position: int) -> Value:
    """Check the arguments of one overload (missing ones are absent) and call it."""
    ready: list[Value] = []
    parameters = overload.parameters
    run.spend(overload.cost)
    for i, value in enumerate(arguments):
        parameter = parameters[i]
        kinds = parameter.kinds
        if value is ABSENT:
            ready.append(None)
            continue
        if value is None:
            if "null" in kinds or kinds[0] == "any":
                ready.append(None)
                continue
            _complain(run, entry, parameter, value, position)
            return None
        fitted = fit(value, kinds)
        if fitted is REFUSED:
            _complain(run, entry, parameter, value, position)
            return None
        if fitted.__class__ is str:
            run.left -= len(fitted) >> 6
        ready.append(fitted)
    return overload.call(run, *ready)


def _best(entry: BuiltIn, arguments: list[Value]) -> Overload | None:
    """The overload whose parameters take these arguments: the first that fits, else the first with the right count."""
    count = len(arguments)
    candidates = [o for o in entry.overloads if o.required <= count <= len(o.parameters)]
    if len(candidates) > 1:
        # A plain fit goes before one through a conversion.
        for overload in candidates:
            if all(_plain(value, p.kinds) for value, p in zip(arguments, overload.parameters, strict=False)):
                return overload
        for overload in candidates:
            if all(
                fit(value, p.kinds) is not REFUSED for value, p in zip(arguments, overload.parameters, strict=False)
            ):
                return overload
    return candidates[0] if candidates else None


def _plain(value: Value, kinds: tuple[str, ...]) -> bool:
    fitted = fit(value, kinds)
    return fitted is value


def call_positional(run: Run, entry: BuiltIn, arguments: list[Value], position: int = 0) -> Value:
    """Call a built-in with arguments by position."""
    overload = entry.overloads[0]
    if overload.spread:
        if len(arguments) == 1:
            return invoke(run, entry, overload, arguments, position)
        if len(arguments) > 1:
            run.spend(overload.cost + len(arguments))
            return overload.call(run, arguments)
    elif overload.rest:
        if len(arguments) >= overload.required:
            run.spend(overload.cost + len(arguments))
            fixed = overload.parameters[:-1]
            kinds = overload.parameters[-1].kinds
            ready = []
            for i, value in enumerate(arguments):
                parameter = fixed[i] if i < len(fixed) else overload.parameters[-1]
                fitted = value if kinds[0] == "any" and i >= len(fixed) else fit(value, parameter.kinds)
                if fitted is REFUSED:
                    _complain(run, entry, parameter, value, position)
                    return None
                ready.append(fitted)
            return overload.call(run, *ready)
    elif len(entry.overloads) > 1 or not overload.required <= len(arguments) <= len(overload.parameters):
        chosen = _best(entry, arguments)
        if chosen is not None:
            return invoke(run, entry, chosen, arguments, position)
    else:
        return invoke(run, entry, overload, arguments, position)
    run.warn(
        "argument",
        (
            f"{entry.name}() 的参数个数不对：给了 {len(arguments)} 个。应为 "
            f"{' 或 '.join(o.signature for o in entry.overloads)}。"
        ),
        f"{entry.name}(): {len(arguments)} arguments do not fit {' or '.join(o.signature for o in entry.overloads)}.",
        position,
    )
    return None


def call_named(run: Run, entry: BuiltIn, arguments: dict[str, Value], position: int = 0) -> Value:
    """Call a built-in with arguments by name."""
    chosen: list[tuple[Overload, list[Value]]] = []
    for overload in entry.overloads:
        labels = [p.name for p in overload.parameters]
        if not set(arguments) <= set(labels):
            continue
        if any(not p.optional and p.kinds[0] != "any" and p.name not in arguments for p in overload.parameters):
            continue
        if not arguments and overload.required:
            continue
        chosen.append((overload, [arguments.get(p.name, ABSENT if p.optional else None) for p in overload.parameters]))
    for overload, values in chosen:
        if all(
            value is ABSENT or fit(value, p.kinds) is not REFUSED
            for value, p in zip(values, overload.parameters, strict=True)
        ):
            return invoke(run, entry, overload, values, position)
    if chosen:
        return invoke(run, entry, chosen[0][0], chosen[0][1], position)
    run.warn(
        "argument",
        f"{entry.name}() 没有参数 {', '.join(arguments)}。应为 {' 或 '.join(o.signature for o in entry.overloads)}。",
        (
            f"{entry.name}() does not take {', '.join(arguments)}. Expected "
            f"{' or '.join(o.signature for o in entry.overloads)}."
        ),
        position,
    )
    return None


_AS_VALUES: Final[dict[str, Function]] = {}


def as_value(entry: BuiltIn) -> Function:
    """The built-in as a value that can be handed on (`sort(list, before)`)."""
    found = _AS_VALUES.get(entry.name)
    if found is None:
        overload = entry.overloads[0]

        def call(run: Run, arguments: list[Value]) -> Value:
            return call_positional(run, entry, arguments)

        names = tuple(p.name for p in overload.parameters)
        longest = max(len(o.parameters) for o in entry.overloads)
        if longest > len(names):
            names = next(tuple(p.name for p in o.parameters) for o in entry.overloads if len(o.parameters) == longest)
        least = min(o.required for o in entry.overloads)
        found = _AS_VALUES[entry.name] = Function(names, call, optional=len(names) - least, label=entry.name)
    return found


def call_function(run: Run, function: Function, arguments: list[Value]) -> Value:
    """Call a function value by position; None and a warning when the count or a type does not fit."""
    count, most = len(arguments), len(function.names)
    if not most - function.optional <= count <= most:
        run.warn(
            "argument",
            f"函数需要 {most} 个参数（{', '.join(function.names)}），给了 {count} 个。",
            f"The function takes {most} arguments ({', '.join(function.names)}), but {count} were given.",
        )
        return None
    run.spend(6)
    return function.call(run, arguments)


__all__ = ["BUILT_INS", "REFUSED", "Any", "BuiltIn", "Overload", "Parameter", "Range", "as_value", "built_in"]
