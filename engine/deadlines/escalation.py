"""The escalation policy of a matter, as data: when a deadline comes near or passes, who is told and what is done.

    escalation:
      - {at: T-1wd, do: remind_assignee}
      - {at: red, do: tell_supervisor}
      - {at: red+2wd, do: reassign, to: unit_head}
      - {at: step_overdue, do: fire_timer, timer: Timer_escalate}

Each step has an id (its position by default); a firing happens once per (task, round, step).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from engine.deadlines.colours import Marks
from engine.errors import FieldError, Invalid
from engine.workdays import Calendar, OpeningHours, UnknownYear, at_end_of_day, at_start_of_day, local_date

DATA = Path(__file__).parent / "data" / "escalation.yaml"
ACTIONS = {
    "remind_assignee": "提醒承办人",
    "tell_supervisor": "告知主管",
    "reassign": "改派",
    "fire_timer": "走流程图的超时路径",
}
MOMENTS = ("T", "yellow", "red", "black", "step_overdue", "deemed_accepted")
_AT = re.compile(rf"({'|'.join(MOMENTS)})(?:([+-])(\d{{1,3}})(wd|h))?")


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """One step of a policy."""

    id: str  # unique in the policy; part of the firing's key
    at: str  # T-1wd, yellow, red, black, step_overdue, red+2wd …; T is the promised due moment
    do: str  # one of ACTIONS
    to: str = ""  # reassign: a post's code; tell_supervisor: "county" for the county's, else the unit's own
    timer: str = ""  # fire_timer: the element in the drawing


@dataclass(frozen=True, slots=True)
class Firing:
    """One step of a policy with its moment."""

    at: datetime  # aware UTC
    step: PolicyStep


@dataclass(frozen=True, slots=True)
class Policy:
    """The escalation of a matter."""

    steps: tuple[PolicyStep, ...] = ()

    @classmethod
    def read(cls, rows: Sequence[Mapping[str, Any]] | None) -> Policy:
        """From matter.yaml. Invalid names the row and key that is wrong."""
        steps: list[PolicyStep] = []
        faults: list[FieldError] = []

        def fault(where: str, zh: str, en: str) -> None:
            faults.append(FieldError(where, where, zh, en))

        if rows is not None and (isinstance(rows, str) or not isinstance(rows, Sequence)):
            raise Invalid([FieldError("escalation", "escalation", "应为列表。", "Expected a list.")])
        for i, row in enumerate(rows or ()):
            where = f"escalation[{i}]"
            if not isinstance(row, Mapping):
                fault(where, "应为键值表。", "Expected a mapping.")
                continue
            at, do = str(row.get("at", "")), str(row.get("do", ""))
            if unknown := sorted(set(row) - {"id", "at", "do", "to", "timer"}):
                fault(f"{where}.{unknown[0]}", "不认识的字段。", "Unknown key.")
            if not _AT.fullmatch(at):
                fault(
                    f"{where}.at",
                    f"应为 T-1wd、yellow、red、black、step_overdue 等，收到 {at!r}。",
                    f"Expected T-1wd, yellow, red, black, step_overdue or red+2wd, but got {at!r}.",
                )
            if do not in ACTIONS:
                fault(
                    f"{where}.do",
                    f"应为 {'、'.join(ACTIONS)}，收到 {do!r}。",
                    f"Expected one of {', '.join(ACTIONS)}, but got {do!r}.",
                )
            if do == "fire_timer" and not row.get("timer"):
                fault(f"{where}.timer", "须写明流程图中的定时事件。", "Expected the timer event of the drawing.")
            if do == "tell_supervisor" and row.get("to") not in (None, "", "county"):
                fault(f"{where}.to", "只能是 county（县级主管）或不写（本单位主管）。", "Expected county, or nothing.")
            if do == "reassign" and not row.get("to"):
                fault(f"{where}.to", "须写明改派给谁。", "Expected to whom.")
            steps.append(
                PolicyStep(str(row.get("id", i + 1)), at, do, str(row.get("to", "")), str(row.get("timer", "")))
            )
        if len({s.id for s in steps}) < len(steps):
            fault("escalation", "id 重复。", "Expected each id once.")
        if faults:
            raise Invalid(faults)
        return cls(tuple(steps))

    @classmethod
    def default(cls) -> Policy:
        """What happens when a matter says nothing itself."""
        return _default()

    def firings(self, marks: Marks, calendar: Calendar, hours: OpeningHours | None = None) -> list[Firing]:
        """The steps with their moments, in order of time. A step whose moment is not set (no such limit, a clock that
        stands still, a year nobody knows) is left out."""
        if marks.paused or marks.done:
            return []
        hours = hours or OpeningHours(calendar)
        found = []
        for step in self.steps:
            try:
                at = _moment(step.at, marks, calendar, hours)
            except UnknownYear:
                at = None
            if at is not None:
                found.append(Firing(at, step))
        return sorted(found, key=lambda f: f.at)


@lru_cache(maxsize=1)
def _default() -> Policy:
    return Policy.read(yaml.safe_load(DATA.read_bytes())["escalation"])


def _moment(text: str, marks: Marks, calendar: Calendar, hours: OpeningHours) -> datetime | None:
    match = _AT.fullmatch(text)
    assert match is not None, text
    if text == "T-1wd" and marks.remind_at is not None:
        return marks.remind_at
    base = {
        "T": marks.promised_due_at or marks.step_due_at,
        "yellow": marks.yellow_at,
        "red": marks.promised_due_at,
        "black": marks.statutory_due_at,
        "step_overdue": marks.step_due_at,
        "deemed_accepted": marks.deemed_at,
    }[match[1]]
    if base is None or not match[2]:
        return base
    n = int(match[3]) * (1 if match[2] == "+" else -1)
    if match[4] == "h":
        return base + timedelta(hours=n)
    # Midnight belongs to the day it ends: 24:00 of the 25th minus one working day is on the 24th.
    day = calendar.add(local_date(base - timedelta(microseconds=1)), n)
    if n < 0:
        return max(hours.opening(day) or at_start_of_day(day), at_start_of_day(day) + timedelta(hours=8))
    return hours.closing(day) or at_end_of_day(day)
