"""批量: one operation on many tasks. Each row is a transaction of its own and has a result of its own (OPERATIONS).

    bulk.each(database, picked, lambda work, one: cases.claim(work, one.task_id, version=one.version, by=by, now=now))

A row that is refused says why and stops no other: what was done stays done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine.commands import cases
from engine.commands.applying import Done
from engine.errors import NotNow, Refused
from engine.matters import nodes
from engine.people import Actor
from engine.store import Database, Work
from engine.store.models import Task

log = logging.getLogger("yizhan.bulk")

#: Rows at once: as many as a page of the inbox shows.
MOST = 50


@dataclass(frozen=True, slots=True)
class Picked:
    """A task in a list, as the person saw it."""

    task_id: int
    version: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row."""

    task_id: int
    done: bool
    zh: str = ""  # why not, and what to do
    en: str = ""


def each(database: Database, picked: Sequence[Picked], verb: Callable[[Work, Picked], object]) -> list[Result]:
    """Do it to every row, in order. Never raises for what one row has."""
    if len(picked) > MOST:
        raise NotNow(f"一次最多选 {MOST} 行，请分几次办。", f"Choose at most {MOST} rows at once.")
    return [_one(database, one, verb) for one in dict.fromkeys(picked)]


def _one(database: Database, one: Picked, verb: Callable[[Work, Picked], object]) -> Result:
    try:
        with database.unit_of_work() as work:
            verb(work, one)
    except Refused as error:
        return Result(one.task_id, False, _why(error, "zh"), _why(error, "en"))
    except Exception:  # whatever it is, it must not stop the other rows
        log.exception("row %s of a batch failed", one.task_id)
        return Result(
            one.task_id,
            False,
            "系统出了问题，已经记下，这一行没有改动。",
            "Something broke and was recorded; nothing was changed.",
        )
    return Result(one.task_id, True)


def _why(error: Refused, language: str) -> str:
    """A refusal of answers names its fields: a row in a table has no form beside it."""
    fields = getattr(error, "fields", ())
    if not fields:
        return error.zh if language == "zh" else error.en
    return "；".join(f.zh for f in fields) if language == "zh" else "; ".join(f.en for f in fields)


def complete(work: Work, one: Picked, answers: Mapping[str, Any], *, by: Actor, now: datetime) -> Done:
    """办理 of one row with the same answers as the others, where the diagram allows it (property `batch`)."""
    properties = work.session.scalar(select(Task.properties).where(Task.id == one.task_id))
    if properties is not None and not nodes.batch(properties):
        raise NotNow("这一步要逐件办，不能批量。", "This step is done case by case, not in a batch.")
    return cases.complete(work, one.task_id, answers, version=one.version, by=by, now=now)
