"""`yizhan play --batch FOLDER`: every diagram of a folder tried alone, and one table of what came of them.

refused   the check found an error; the first error is the reason
ends      it plays to the end (people answer with nothing, the earliest timer fires when nothing else moves)
waits     for somebody or something that has a name: a person, a service, a time, a message, a signal, a start
told      it stopped with an incident, or stands still and says so
sticks    neither: nobody would ever know. There may be none
crashes   the program itself failed. There may be none
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

SUFFIXES = (".bpmn", ".bpmn2", ".bpmn20.xml")
KINDS = ("refused", "ends", "waits", "told", "sticks", "crashes")
BAD = ("sticks", "crashes")


def diagrams(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name.endswith(SUFFIXES))


def tried(path: Path, now: datetime, given: Mapping[str, Any], max_steps: int) -> dict[str, Any]:
    """What came of one diagram: {file, kind, why}."""
    from engine import feel, process, workdays
    from engine.errors import Refused

    def came(kind: str, *why: str) -> dict[str, Any]:
        return {"file": str(path), "kind": kind, "why": list(why)[:5]}

    try:
        try:
            definition = process.load({path.name: path.read_bytes()}, await_effects=True)
        except process.CannotRun as refused:
            errors = [f for f in refused.findings if f.severity == "error"]
            return came("refused", *(f"{f.rule} {f.element}".strip() for f in errors))
        except Refused as refused:
            return came("refused", refused.en)
        env = feel.Env(now=now, calendar=workdays.china())
        world = process.World(definition, now, env=env, max_steps=max_steps)
        for id in process.to_start(definition):
            world.start(id, given)
        result = world.run()
    except Exception as error:  # the one place that must outlive a fault of the program: it is counted and named
        return came("crashes", f"{type(error).__name__}: {error}")
    told = [f"{i.code} {i.element}" for i in (*result.incidents, *result.stuck)]
    if told:
        return came("told", *told)
    open_ = [instance.step for instance in world.instances if not instance.step.finished]
    if world.instances and not open_:
        return came("ends")
    names = [name for step in open_ for name in _named(step)]
    if any(not list(_named(step)) for step in open_):
        return came("sticks", *(step.state.decode()[:200] for step in open_ if not list(_named(step))))
    return came("waits", *(names or ("its start",)))


def _named(step: Any) -> Iterable[str]:
    yield from (f"person {t.element}" for t in step.open_tasks)
    yield from (f"service {element}" for _, element in step.awaited)
    yield from (f"time {t.element}" for t in step.timers)
    yield from (f"{s.kind} {s.name}" for s in step.subscriptions)


def table(rows: list[dict[str, Any]]) -> str:
    """The figures as text, with the commonest reasons of what was refused or told."""
    count = Counter(row["kind"] for row in rows)
    lines = [f"{kind:8} {count[kind]:6}  {100 * count[kind] / max(1, len(rows)):5.1f} %" for kind in KINDS]
    lines.append(f"{'all':8} {len(rows):6}")
    for kind in ("refused", "told"):
        why = Counter(row["why"][0].split()[0] for row in rows if row["kind"] == kind and row["why"])
        if why:
            lines.append(f"{kind}: " + ", ".join(f"{rule} {n}" for rule, n in why.most_common(12)))
    lines += [f"{row['kind'].upper()} {row['file']}: {'; '.join(row['why'])}" for row in rows if row["kind"] in BAD]
    return "\n".join(lines)


def as_json(rows: list[dict[str, Any]]) -> str:
    count = Counter(row["kind"] for row in rows)
    return json.dumps(
        {"all": len(rows), "count": {kind: count[kind] for kind in KINDS}, "files": rows}, ensure_ascii=False, indent=1
    )
