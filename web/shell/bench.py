"""`yizhan bench`: measure, print a table, write bench/latest.json. Never part of the tests.

Every module tests/bench/<room>_bench.py has `figures() -> list[dict]` with rows of `name, value, unit, baseline, ratio,
target, met`. A baseline is measured beside ours in the same run: the ratio is what counts, not the machine. A row with
a goal that it does not reach ends the program with 1, and so does a room that could not be measured.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
import time
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = ("name", "value", "unit", "baseline", "ratio", "target", "met")


@click.command()
@click.argument("rooms", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), default=ROOT / "bench" / "latest.json", show_default=True)
def command(rooms: tuple[str, ...], out: Path) -> None:
    """Run the benchmarks of all ROOMS (feel, dmn, process, time, papers, http …), or of those named."""
    sys.path.insert(0, str(ROOT))
    known = sorted(p.stem.removesuffix("_bench") for p in (ROOT / "tests" / "bench").glob("*_bench.py"))
    unknown = sorted(set(rooms) - set(known))
    if unknown:
        raise click.BadParameter(f"no benchmarks for {', '.join(unknown)}; there are {', '.join(known)}")
    rows: list[dict[str, object]] = []
    failed = []
    for room in rooms or known:
        click.echo(f"… {room}", err=True)
        start = time.monotonic()
        try:
            found = importlib.import_module(f"tests.bench.{room}_bench").figures()
        except Exception as error:  # one room's trouble must not hide the others' figures; it is shown and exits 1
            failed.append(f"{room}: {type(error).__name__}: {error}")
            continue
        for row in found:
            rows.append({"room": room} | {column: row.get(column) for column in COLUMNS})
        click.echo(f"  {time.monotonic() - start:.0f} s", err=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    out.write_text(json.dumps({"machine": machine, "figures": rows, "failed": failed}, ensure_ascii=False, indent=1))
    click.echo(table(rows))
    for line in failed:
        click.echo(f"failed  {line}", err=True)
    short = [row for row in rows if row["met"] is False]
    for row in short:
        click.echo(f"short of its goal  {row['room']}: {row['name']} ({row['target']})", err=True)
    if failed or short:
        raise SystemExit(1)


def table(rows: list[dict[str, object]]) -> str:
    """The rows as text, aligned."""
    head = ("room", *COLUMNS)
    cells = [head, *[tuple(_text(row.get(column)) for column in head) for row in rows]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else str(value)
