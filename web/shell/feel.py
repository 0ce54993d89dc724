"""`yizhan feel "EXPR"`: evaluate FEEL from the shell, one expression or a file of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("expression", required=False)
@click.option("--context", default="{}", help="变量，JSON 对象，如 '{\"年龄\": 61}' · variables as a JSON object")
@click.option("--json", "as_json", is_flag=True, help="JSON: value, error, warnings")
@click.option(
    "--batch",
    type=click.File(encoding="utf-8"),
    help="每行一个 JSON：expr、context；每行输出一个结果 · one JSON a line: expr, context",
)
@click.option("--now", "clock", help="当前时刻，如 2026-07-01T09:00:00+08:00 · the moment now() tells (default: now)")
@click.option(
    "--calendar",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="县级日历文件 · a county's calendar",
)
def command(
    expression: str | None, context: str, as_json: bool, batch: TextIO | None, clock: str | None, calendar: Path | None
) -> None:
    """计算 FEEL 表达式。

    Evaluate a FEEL expression. Exit code 1 when the expression cannot be read or is stopped at a limit.
    """
    if (expression is None) == (batch is None):
        raise click.UsageError("请给出一个表达式，或用 --batch 给出文件。Give an expression or --batch FILE.")
    now, days = _surroundings(clock, calendar)
    if batch is not None:
        for line in _lines(batch):
            click.echo(_dumped(_answer_line(line, now, days)))
        return
    assert expression is not None
    try:
        variables = json.loads(context, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"--context 不是 JSON：{error}。--context is not JSON.") from None
    if not isinstance(variables, dict):
        raise click.UsageError("--context 应为 JSON 对象。--context must be a JSON object.")
    answer = _answer(expression, variables, now, days)
    if as_json:
        click.echo(_dumped(answer))
    else:
        _print(answer, expression)
    if answer["error"]:
        raise SystemExit(1)


def _surroundings(clock: str | None, calendar: Path | None) -> tuple[Any, Any]:
    from datetime import UTC, datetime

    from engine import workdays

    if clock is None:
        now = datetime.now(UTC)
    else:
        try:
            now = datetime.fromisoformat(clock)
        except ValueError:
            raise click.UsageError("--now 应写作 2026-07-01T09:00:00+08:00。Expected an ISO date and time.") from None
        if now.tzinfo is None:
            now = now.replace(tzinfo=workdays.ZONE)
    return now, workdays.china([calendar] if calendar else ())


def _lines(batch: TextIO) -> Iterator[str]:
    for line in batch:
        if line.strip():
            yield line


def _answer_line(line: str, now: Any, days: Any) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_float=Decimal)
        expression, context = row["expr"], row.get("context") or {}
        if not isinstance(expression, str) or not isinstance(context, dict):
            raise TypeError("expr must be a text and context an object")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return {
            "value": None,
            "error": {"code": "line", "zh": f"这一行读不懂：{error}", "en": str(error)},
            "warnings": [],
        }
    return _answer(expression, context, now, days)


def _answer(expression: str, context: dict[str, Any], now: Any, days: Any) -> dict[str, Any]:
    from engine import feel

    env = feel.Env(now=now, calendar=days)
    value, error = None, None
    try:
        value = feel.to_json(feel.evaluate(expression, feel.from_json(context), env))
    except feel.FeelError as refused:
        error = refused.as_dict()
    return {"value": value, "error": error, "warnings": [warning.as_dict() for warning in env.warnings]}


def _print(answer: dict[str, Any], expression: str) -> None:
    error = answer["error"]
    if error:
        click.echo(expression, err=True)
        if "\n" not in expression:
            click.echo(" " * _width(expression[: error["position"]]) + "^", err=True)
        click.echo(error["zh"], err=True)
        click.echo(error["en"], err=True)
        return
    click.echo(_dumped(answer["value"]))
    for warning in answer["warnings"]:
        click.echo(f"提醒：{warning['zh']} {warning['en']}", err=True)


def _width(text: str) -> int:
    """How many columns the text takes in a terminal: Chinese characters take two."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _dumped(value: Any) -> str:
    """The value as JSON. Halves of character pairs, which JSON may bring in, cannot be printed and are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if any("\ud800" <= c <= "\udfff" for c in text) else text
