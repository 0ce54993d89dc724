"""The one place where a verb's input advances a case and becomes rows.

    carry_out(work, case, process.Deliver(...), audit.Kind.MESSAGE, by=by, now=now)     the last two beats of a verb

A verb that does more between them takes them one by one:

    step, applying = advance(work, case, process.Complete(...), by=by, now=now)          what the input changes
    applying.record(...); applying.step(step)                                            that, as rows
    done = applying.finish()

One that changes a case without its process has `change` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from engine import matters, process
from engine.commands import wiring
from engine.commands.applying import Applying, Done, env_of
from engine.commands.cases.finding import live_tasks
from engine.people import Actor
from engine.records import audit, library
from engine.store import Work
from engine.store.models import Case, Task


def change(
    work: Work,
    case: Case,
    *,
    by: Actor,
    now: datetime,
    live: Iterable[Task] | None = None,
    for_id: int | None = None,
    package: matters.Package | None = None,
) -> Applying:
    """The fourth beat, with the hall's table of who carries out what.

    `live`: the case's tasks that have not ended, where the caller has them. `for_id`: on whose behalf `by` acts (代理).
    `package`: for a case that is new; else that of the case's version.
    """
    return Applying(
        work,
        case,
        package if package is not None else library.version(work, case.version_hash),
        by,
        now,
        handlers={**wiring.FORMER, **wiring.EFFECTS},
        after_case=wiring.AFTER_CASE,
        live=live_tasks(work, case) if live is None else list(live),
        for_id=for_id,
    )


def advance(
    work: Work,
    case: Case,
    input_: process.Input,
    *,
    by: Actor,
    now: datetime,
    live: Iterable[Task] | None = None,
    for_id: int | None = None,
) -> tuple[process.Step, Applying]:
    """What this input changes in the case, and where it will be written. Nothing is written yet."""
    applying = change(work, case, by=by, now=now, live=live, for_id=for_id)
    env = env_of(work, now, applying.office)
    return process.advance(applying.package.definition, case.state or b"", input_, now=now, env=env), applying


def carry_out(
    work: Work,
    case: Case,
    input_: process.Input,
    kind: audit.Kind,
    *,
    by: Actor,
    now: datetime,
    facts: Mapping[str, Any],
) -> Done:
    """Advance, record (`kind`, `facts`), write: all that a verb with nothing of its own in between does."""
    step, applying = advance(work, case, input_, by=by, now=now)
    applying.record(kind, facts=facts)
    applying.step(step)
    return applying.finish()
