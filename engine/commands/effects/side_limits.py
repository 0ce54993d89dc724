"""Limits of other regimes that run in a case beside its own: 司法确认 in the thirty days after an agreement.

`start-clock` with the name of a regime starts one, `stop-clock` stops it. What it says is counted by the same ledger as
every limit (engine.deadlines), day by day; here are only its first day, its end for lists, and one reminder before it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from engine.commands.effects.notices import say_to
from engine.deadlines import regimes
from engine.errors import Refused
from engine.process import Effect
from engine.records import audit, clocks, notices
from engine.store import Work
from engine.store.models import SideClock
from engine.workdays import ZONE, local_date, say

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: The reminder comes so many working days before the last day, in the morning.
REMIND_WORKDAYS, REMIND_AT = 5, time(9)


def remind_at(work: Work, due_on: date) -> datetime:
    """The morning some working days before the last day."""
    day, left = due_on, REMIND_WORKDAYS
    while left:
        day -= timedelta(days=1)
        left -= work.calendar.is_workday(day)
    return datetime.combine(day, REMIND_AT, ZONE)


def start(a: Applying, effect: Effect) -> None:
    name = effect.headers.get("limit", "")
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "limit": name})
    if name not in {r.id for r in regimes()}:
        return
    given = effect.arguments.get("from")
    try:
        starts_on = date.fromisoformat(str(given)[:10]) if given else local_date(a.now)
    except ValueError:
        raise Refused(f"起算日“{given}”不是日期。", f"Expected a date, but got {given!r}.") from None
    clock = SideClock(case_id=a.case.id, regime=name, starts_on=starts_on)
    found = clocks.side(a.work, clock, a.now)
    clock.due_at = found.due_at
    clocks.seen(a.work, a.case, True)
    if a.work.insert_once(clock, "case_id", "regime", "starts_on") is None:
        return  # 退回 and on again: it runs from the day it ran from
    template = a.package.info.notices.get(f"{name}-due")
    if found.due_on is None or template is None:
        return
    facts = {"until": say(found.due_on), "from": say(starts_on), "limit": found.limit.zh()}
    say_to(
        a,
        f"side-clock:{clock.id}",
        f"{name}-due",
        template,
        "parties",
        facts=facts,
        facts_en={
            "until": found.due_on.isoformat(),
            "from": starts_on.isoformat(),
            "limit": found.limit.en(),
        },
        channels=template.channels,
        after=remind_at(a.work, found.due_on),
    )


def stop(a: Applying, effect: Effect) -> None:
    name = effect.headers.get("limit")
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "limit": name or ""})
    for clock in clocks.running(a.work, a.case.id):
        if name in (None, "", clock.regime):
            clock.stopped_at = a.now
            notices.cancel(a.work, f"side-clock:{clock.id}:", now=a.now)
