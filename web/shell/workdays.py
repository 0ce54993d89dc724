"""`yizhan workdays 2026-09-18 +5`: the due date of a period of working days, and its account."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]})
@click.argument("start")
@click.argument("n")
@click.option("--explain", is_flag=True, help="逐日说明 · the account, day by day")
@click.option("--json", "as_json", is_flag=True, help="JSON: start, n, due, days")
@click.option(
    "--calendar",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="县级日历文件，可多个 · a county's calendar file",
)
def command(start: str, n: str, explain: bool, as_json: bool, files: tuple[Path, ...]) -> None:
    """推算工作日：起算日 START（2026-09-18），天数 N（+5 或 -5）。

    The N-th working day after START (before it, when N is negative); the start day does not count (民法典 201).
    """
    from engine import workdays
    from engine.errors import Refused

    try:
        first = date.fromisoformat(start)
    except ValueError:
        raise click.UsageError(f"日期应写作 2026-09-18，收到 {start!r}。Expected a date like 2026-09-18.") from None
    try:
        count = int(n)
    except ValueError:
        raise click.UsageError(f"天数应为整数，如 +5 或 -5，收到 {n!r}。Expected a whole number like +5.") from None
    try:
        calendar = workdays.china(files)
        days = calendar.explain(first, count)
    except Refused as refused:
        click.echo(refused.zh, err=True)
        click.echo(refused.en, err=True)
        for error in getattr(refused, "fields", []):
            click.echo(f"  {error.field}: {error.zh} {error.en}", err=True)
        raise SystemExit(1) from None
    due = days[-1].date
    if as_json:
        import json

        rows = [
            {
                "date": day.date.isoformat(),
                "weekday": workdays.calendar.WEEKDAYS_ZH[day.date.weekday()],
                "counts": day.counts,
                "kind": day.kind,
                "name": day.name,
            }
            for day in days
        ]
        answer = {"start": first.isoformat(), "n": count, "due": due.isoformat(), "days": rows}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    click.echo(f"{due.isoformat()} {workdays.say(due)}")
    if explain:
        for day in days:
            click.echo(f"  {day.zh()}")
