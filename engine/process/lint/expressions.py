"""Every expression of a diagram: where it stands, whether it parses, and timers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Protocol

from engine import feel
from engine.feel import tree
from engine.feel.table import BUILT_INS
from engine.process.language import model as m
from engine.process.language.dialect import LOOP_VARIABLES
from engine.process.language.schedules import plan_of
from engine.process.lint.foreign import feel_for, is_juel
from engine.process.lint.page import Page


@dataclass(frozen=True)
class Written:
    """One expression as it stands in the drawing."""

    owner: Any  # the node or flow to name
    zh: str  # what it is
    en: str
    text: str
    # "feel": FEEL, with "=". "condition": FEEL, the "=" may lack. "value": plain text or FEEL. "time": ISO or FEEL.
    # "date", "duration", "cycle": a timer
    mode: str
    line: int
    scope: m.Scope  # whose variables it sees
    locals: frozenset[str] = frozenset()  # set by the engine there


class Drawn(Protocol):
    """Whatever holds a diagram."""

    @property
    def diagram(self) -> m.Diagram: ...


def written(page: Drawn, process: m.Process) -> Iterator[Written]:
    """Every expression of a process, in the order of the file."""
    for scope in process.all_scopes():
        for flow in scope.flows:
            if flow.condition is not None:
                yield Written(flow, "条件", "condition", flow.condition, "condition", flow.line, scope)
        if scope.completion_condition is not None:
            yield Written(
                scope,
                "完成条件",
                "completion condition",
                scope.completion_condition,
                "feel",
                scope.line,
                scope,
                LOOP_VARIABLES,
            )
    for scope, node in process.walk():
        inside = frozenset({"loopCounter"}) if node.loop else frozenset()
        if node.loop and node.loop.input_element:
            inside |= {node.loop.input_element.lstrip("= ")}
        yield from _extension(node, node.extension, scope, inside)
        for definition in node.definitions:
            yield from _definition(node, definition, scope)
            if definition.extension is not m.NOTHING:
                yield from _extension(node, definition.extension, scope, inside)
        if node.loop is not None:
            yield from _loop(node, node.loop, scope)
        if node.activation_condition is not None:
            yield Written(
                node,
                "激活条件",
                "activation condition",
                node.activation_condition,
                "feel",
                node.line,
                scope,
                LOOP_VARIABLES,
            )
    for message in page.diagram.messages:
        if process is page.diagram.processes[0]:
            if message.name.startswith("="):
                yield Written(message, "消息名", "name", message.name, "feel", message.line, process)
            if message.correlation_key is not None:
                yield Written(
                    message, "关联键", "correlation key", message.correlation_key, "feel", message.line, process
                )


def _extension(node: m.Node, said: m.Extension, scope: m.Scope, inside: frozenset[str]) -> Iterator[Written]:
    if said is m.NOTHING:
        return
    mapped = frozenset(io.target.split(".")[0] for io in said.inputs)
    line = node.line
    seen = inside
    for io in said.inputs:
        yield Written(node, f"输入“{io.target}”", f'input "{io.target}"', io.source, "value", io.line, scope, seen)
        seen = seen | {io.target.split(".")[0]}
    here = inside | mapped
    for zh, en, text, mode in (
        ("表单", "form", said.form, "value"),
        ("办理人", "assignee", said.assignee, "value"),
        ("候选组", "candidate groups", said.candidate_groups, "value"),
        ("候选人", "candidate users", said.candidate_users, "value"),
        ("到期时间", "due date", said.due_date, "time"),
        ("跟进时间", "follow-up date", said.follow_up_date, "time"),
        ("优先级", "priority", said.priority, "value"),
        ("脚本", "script", said.script, "condition"),
        ("决策", "decision", said.decision, "value"),
        ("被调用的流程", "called process", said.called_process, "value"),
        ("活动集合", "active elements", said.active_elements, "condition"),
    ):
        if text:
            yield Written(node, zh, en, text, mode, line, scope, here)
    local = here | ({said.result.split(".")[0]} if said.result else frozenset())
    for io in said.outputs:
        yield Written(
            node,
            f"输出“{io.target}”",
            f'output "{io.target}"',
            io.source,
            "value",
            io.line,
            node.scope or scope,
            local | ANY,
        )
    if said.adhoc_output[1]:
        yield Written(node, "输出元素", "output element", said.adhoc_output[1], "feel", line, node.scope or scope, ANY)


#: A mark among the locals: the expression may read what the work itself brought, so nothing is said about unset names.
ANY = frozenset({"*"})


def _definition(node: m.Node, d: m.EventDefinition, scope: m.Scope) -> Iterator[Written]:
    if d.kind == "timer" and d.timer and d.text:
        yield Written(node, "时间", "time", d.text, d.timer, d.line, scope)
    elif d.kind == "conditional" and d.text:
        yield Written(node, "条件", "condition", d.text, "condition", d.line, scope)


def _loop(node: m.Node, loop: m.Loop, scope: m.Scope) -> Iterator[Written]:
    inner = node.scope or scope
    element = frozenset({loop.input_element.lstrip("= ")}) if loop.input_element else frozenset()
    here = LOOP_VARIABLES | element
    for zh, en, text, mode, where, names in (
        ("循环条件", "loop condition", loop.condition, "condition", inner, LOOP_VARIABLES | ANY),
        ("个数", "cardinality", loop.cardinality, "count", scope, frozenset[str]()),
        ("输入集合", "input collection", loop.input_collection, "feel", scope, frozenset[str]()),
        ("输出元素", "output element", loop.output_element, "feel", inner, here | ANY),
        ("完成条件", "completion condition", loop.completion_condition, "condition", inner, here | ANY),
    ):
        if text is not None:
            yield Written(node, zh, en, text, mode, loop.line, where, names)
    for complex_behavior in loop.complex_behaviors:
        if complex_behavior.condition:
            yield Written(
                node,
                "行为条件",
                "behaviour condition",
                complex_behavior.condition,
                "feel",
                loop.line,
                inner,
                here | ANY,
            )


@lru_cache(maxsize=4096)
def compiled(text: str) -> Any:
    """The compiled expression, or the FeelError. `text` without its "="."""
    try:
        return feel.compile(text)
    except feel.FeelError as problem:
        return problem


def check_process(page: Page, process: m.Process) -> None:
    for found in written(page, process):
        _one(page, found)
    if page.diagram.expression_language and process is page.diagram.processes[0]:
        language = page.diagram.expression_language
        if not re.search(r"feel", language, re.IGNORECASE) and not language.startswith("http://www.w3.org/1999/XPath"):
            page.warn(
                "expression-language",
                process,
                f"所在文件写明表达式语言是 {language[:60]}；这里一律按 FEEL 读取。",
                (
                    f"stands in a file whose expression language is {language[:60]}; here every expression is read "
                    "as FEEL."
                ),
            )


def _one(page: Page, found: Written) -> None:
    text = found.text.strip()
    if text.startswith("="):
        _parse(page, found, text[1:])
    elif is_juel(text):
        page.error(
            "juel",
            found.owner,
            f"的{found.zh}“{text[:60]}”是别的引擎的写法（JUEL）。请写 FEEL，例如 {feel_for(text)}",
            (
                f'has "{text[:60]}" as its {found.en}, written for another engine (JUEL). Write FEEL, such as '
                f"{feel_for(text)}"
            ),
            found.line,
        )
    elif found.mode in ("feel", "condition"):
        if not text:
            page.error(
                "expression-empty",
                found.owner,
                f"的{found.zh}是空的。请写 FEEL（以 = 开头），或删去。",
                f"has an empty {found.en}. Write FEEL (with =), or remove it.",
                found.line,
            )
        elif found.mode == "condition" and _means_something(text):
            page.warn(
                "expression-without-equals",
                found.owner,
                f"的{found.zh}“{text[:60]}”没有以 = 开头，按 FEEL 读取。请在前面加上 =。",
                f'has "{text[:60]}" as its {found.en} without a leading =; it is read as FEEL. Put = before it.',
                found.line,
            )
        else:
            page.error(
                "expression-not-feel",
                found.owner,
                f"的{found.zh}“{text[:60]}”不是 FEEL 表达式。FEEL 以 = 开头，例如 =amount > 100。",
                f'has "{text[:60]}" as its {found.en}, which is not FEEL. FEEL begins with =, such as =amount > 100.',
                found.line,
            )
    elif found.mode in ("date", "duration", "cycle", "time"):
        _time(page, found, text)


def _means_something(text: str) -> bool:
    """FEEL that was meant as FEEL: it parses, and is more than words ("approved" is a remark, not a condition)."""
    result = compiled(text)
    if isinstance(result, feel.FeelError):
        return False
    return text in ("true", "false") or not re.fullmatch(r"[\w\s.?!，。？！]+", text)


def _parse(page: Page, found: Written, text: str) -> None:
    result = compiled(text)
    if isinstance(result, feel.FeelError):
        page.error(
            "feel-syntax",
            found.owner,
            f"的{found.zh}“={text.strip()[:60]}”不是正确的 FEEL：{result.zh}",
            f'has "={text.strip()[:60]}" as its {found.en}, which is not right FEEL: {result.en}',
            found.line,
        )
        return
    for name in unknown_functions(result):
        like = get_close_matches(name, BUILT_INS, 1)
        page.error(
            "unknown-function",
            found.owner,
            f"的{found.zh}调用函数“{name}”，没有这个函数。"
            + (f"是不是“{like[0]}”？" if like else "函数见 FEEL 指南。"),
            f'calls the function "{name}" in its {found.en}; there is none. '
            + (f'Did you mean "{like[0]}"?' if like else "See the FEEL guide."),
            found.line,
        )


def unknown_functions(expression: Any) -> list[str]:
    """Names called as functions that are none: variables are JSON, so they never hold one."""
    free = set(expression.names)
    called = (n.function for n in tree.walk(expression.tree) if isinstance(n, tree.Call))
    return sorted({f.name for f in called if isinstance(f, tree.Name) and f.name in free})


# ---------------------------------------------------------------- ISO 8601

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def is_time(kind: str, text: str) -> bool:
    """Whether the engine can make a due time of plain text: an ISO 8601 date, duration or cycle.

    >>> is_time("duration", "P3D"), is_time("duration", "3 days"), is_time("date", "2026-02-30")
    (True, False, False)
    >>> is_time("cycle", "R4/PT5S"), is_time("cycle", "0 0 9 * * ?")
    (True, False)
    """
    try:
        return plan_of(kind, text, _SOME_DAY) is not None
    except (ValueError, ArithmeticError):  # far beyond the calendar
        return False


def _time(page: Page, found: Written, text: str) -> None:
    if not is_time("date" if found.mode == "time" else found.mode, text):
        zh, en = {
            "date": ("日期，例如 2026-10-08T09:00:00+08:00", "a date such as 2026-10-08T09:00:00+08:00"),
            "duration": ("时长，例如 P3D、PT2H", "a duration such as P3D or PT2H"),
            "cycle": ("周期，例如 R3/PT24H", "a cycle such as R3/PT24H"),
            "time": ("日期，例如 2026-10-08", "a date such as 2026-10-08"),
        }[found.mode]
        page.error(
            "bad-time",
            found.owner,
            f"的{found.zh}“{text[:60]}”既不是 ISO 8601 {zh}，也不是 FEEL（以 = 开头，例如 =workdays(3)）。",
            f'has "{text[:60]}" as its {found.en}: neither {en} (ISO 8601) nor FEEL (with =, such as =workdays(3)).',
            found.line,
        )
