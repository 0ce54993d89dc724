"""Colours (RULES T11), computed from plain columns so that no ledger is opened to list or to sweep.

yellow: the last working day before the promised day has begun, or a step is overdue. red: past the promised limit,
which ends when the office closes on that day (民法典 203). black: past the statutory limit, which ends at midnight. A
paused clock alerts nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

COLOURS = ("green", "yellow", "red", "black", "paused", "done")
COLOURS_ZH = {"green": "绿", "yellow": "黄", "red": "红", "black": "黑", "paused": "暂停", "done": "已结"}


@dataclass(frozen=True, slots=True)
class Marks:
    """The moments that decide a colour, all aware UTC; None when the clock does not run. Stored as columns."""

    yellow_at: datetime | None = None  # promised due minus one working day
    remind_at: datetime | None = None  # the same day, when the office opens: nobody is reminded in the night (A7)
    promised_due_at: datetime | None = None
    statutory_due_at: datetime | None = None
    step_due_at: datetime | None = None
    deemed_at: datetime | None = None  # silence becomes acceptance (T3)
    paused: bool = False
    done: bool = False

    def with_step(self, step_due_at: datetime | None) -> Marks:
        """The same case, seen from a task with its own limit."""
        return replace(self, step_due_at=step_due_at)


def colour(
    promised_due: datetime | None,
    statutory_due: datetime | None,
    step_due: datetime | None,
    paused: bool,
    now: datetime,
    yellow_at: datetime | None = None,
) -> str:
    """green, yellow, red, black or paused; a moment that is reached is past."""
    if paused:
        return "paused"
    if statutory_due is not None and now >= statutory_due:
        return "black"
    if promised_due is not None and now >= promised_due:
        return "red"
    if any(at is not None and now >= at for at in (yellow_at, step_due)):
        return "yellow"
    return "green"


def colour_of(marks: Marks, now: datetime) -> str:
    """The colour of a case or task from its stored marks; `done` when nothing runs any more."""
    if marks.done:
        return "done"
    return colour(marks.promised_due_at, marks.statutory_due_at, marks.step_due_at, marks.paused, now, marks.yellow_at)


def shown(colour: str, *, running: bool) -> str:
    """What people see of a case: the clock may stand before the case ends (a paper is to be handed over, a call
    follows), and while somebody still has to do something it is `stopped`, not `done`."""
    if not running:
        return "done"
    return "stopped" if colour == "done" else colour


def changes(marks: Marks, after: datetime | None = None) -> list[tuple[datetime, str]]:
    """The moments at which something must happen, in order: (at, what).

    what: yellow, T-1wd, step_overdue, red, black, deemed_accepted. With `after`, only those later than it: the first
    one is the row's next alert, and the worker never looks at a row before it.
    """
    if marks.paused or marks.done:
        return []
    moments = [
        (marks.yellow_at, "yellow"),
        (marks.remind_at, "T-1wd"),
        (marks.step_due_at, "step_overdue"),
        (marks.promised_due_at, "red"),
        (marks.statutory_due_at, "black"),
        (marks.deemed_at, "deemed_accepted"),
    ]
    found = [(at, what) for at, what in moments if at is not None and (after is None or at > after)]
    return sorted(found, key=lambda pair: pair[0])
