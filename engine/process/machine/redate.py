"""Working days counted anew: a county has published or corrected its calendar.

A timer or a due date whose expression asked the calendar (`=workdays(3)`) keeps what it was computed from: the moment,
and the variables as they were. With them the same expression gives, under another calendar, the day it would have given
at once; nothing that has happened since can change it. What has no value under the new calendar (a year not announced)
stays as it is.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from engine import feel
from engine.process.language.schedules import plan_of
from engine.process.language.texts import Text
from engine.process.machine.activities import UserTask
from engine.process.machine.case import Case, Token, Wait
from engine.process.machine.events import Catching
from engine.process.machine.net import Failure
from engine.process.step import Redated


class _Then:
    """The variables as they were."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def sees(self, name: str) -> bool:
        return name in self.values

    def look(self, name: str) -> Any:
        return self.values[name]

    def everything(self) -> dict[str, Any]:
        return self.values


def redate(case: Case) -> None:
    """Compute everything that asked the calendar again; what moved is in `case.redated`."""
    for wait in case.waits.values():
        if wait.kind == "timer" and "asked" in wait.facts and "every" not in wait.facts:
            _timer(case, wait)
    for token in case.tasks.values():
        spec = token.task_spec
        if isinstance(spec, UserTask) and "task" in token.internal_data:
            for what, short, text in (("due", "d", spec.due), ("follow-up", "f", spec.follow_up)):
                _task(case, token, what, short, text)


def shift(case: Case, since: datetime, by: timedelta) -> None:
    """A case stood still from `since` for so long: what was still running then runs out so much later. A moment that
    the drawing names (a date) is that moment all the same."""
    for wait in case.waits.values():
        if wait.kind != "timer" or (wait.facts["form"] == "date" and "asked" not in wait.facts):
            continue
        before = datetime.fromisoformat(wait.facts["due"])
        if before <= since:
            continue
        asked = wait.facts.get("asked")
        if asked is not None and "every" not in wait.facts:  # counted in working days: from that much later on
            asked["at"] = (datetime.fromisoformat(asked["at"]) + by).isoformat()
            _timer(case, wait)
            continue
        wait.facts["due"] = (before + by).isoformat()
        spec = case.spec_of(wait)
        case.redated.append(Redated(wait.id, wait.node, spec.title, "timer", before, before + by))


def _timer(case: Case, wait: Wait) -> None:
    spec = case.spec_of(wait)
    assert isinstance(spec, Catching)
    trigger = spec.catches[wait.index]
    assert trigger.timer is not None
    at = datetime.fromisoformat(wait.facts["asked"]["at"])
    plan = plan_of(trigger.definition.timer or "duration", _value(case, trigger.timer, wait.facts["asked"]), at)
    before = datetime.fromisoformat(wait.facts["due"])
    if plan is not None and plan.at != before:
        wait.facts["due"] = plan.at.isoformat()
        case.redated.append(Redated(wait.id, wait.node, spec.title, "timer", before, plan.at))


def _task(case: Case, token: Token, what: str, short: str, text: Text | None) -> None:
    facts, spec = token.internal_data["task"], token.task_spec
    kept = facts.get(f"{short}-asked")
    if kept is None or text is None:
        return
    assert isinstance(spec, UserTask)
    try:
        moment = spec.moment(_value(case, text, kept), text, ends=short == "d")
    except Failure:
        return
    before = datetime.fromisoformat(facts[short]) if facts.get(short) else None
    if moment is not None and moment != facts.get(short):
        facts[short] = moment
        case.redated.append(Redated(token.id, spec.name, spec.title, what, before, datetime.fromisoformat(moment)))


def _value(case: Case, text: Text, kept: dict[str, Any]) -> Any:
    assert case.env is not None
    env = dataclasses.replace(case.env, now=datetime.fromisoformat(kept["at"]), warnings=[])
    try:
        return text.value(_Then(kept["with"]), env)
    except feel.FeelError:  # what it cannot say under this calendar either stays as it is
        return None
