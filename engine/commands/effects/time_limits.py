"""Pausing, resuming and extending: what follows for the applicant and for the steps, whoever moved the clock.

A diagram's effect has moved the ledger already, by its meaning (engine/matters/clocks.py); people move it by
engine/commands/cases/clocks.py. Both issue the same paper and tell the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.commands.effects import notices, papers
from engine.commands.effects.facts import key_of
from engine.deadlines import Ledger, Limit
from engine.matters.clocks import cause_of
from engine.matters.info import Notice
from engine.process import Effect
from engine.records import audit, clocks
from engine.store.models import Document
from engine.workdays import local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying

_SUSPENDED = Notice(
    zh="您的办件 {number}（{matter}）依法进行{procedure}，所需时间{takes}不计入办理期限。",
    en="The law asks for a special procedure in your case {number} ({matter}); its time does not count.",
)
_RESUMED = Notice(zh="您的办件 {number}（{matter}）继续办理。", en="Your case {number} ({matter}) goes on.")
_RESUMED_UNTIL = Notice(
    zh="您的办件 {number}（{matter}）继续办理，新的办结期限为{due}。",
    en="Your case {number} ({matter}) goes on; it is now due {due}.",
)
_EXTENDED = Notice(
    zh="您的办件 {number}（{matter}）经批准延期，新的办结期限为{due}。理由：{reason}",
    en="Your case {number} ({matter}) was extended; it is now due {due}. Reason: {reason}",
)


def _recorded(a: Applying, effect: Effect) -> None:
    """Which element of the drawing moved the clock."""
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "element": effect.element})


def pause(a: Applying, effect: Effect) -> None:
    _recorded(a, effect)
    given, key = effect.arguments.get("facts"), key_of(a, effect)
    cause, takes = cause_of(effect), Limit.parse(a.ledger.events[-1].needs, "days")
    suspension_paper(a, key, cause, takes, given if isinstance(given, Mapping) else {})
    tell_suspended(a, key, cause, takes)


def resume(a: Applying, effect: Effect) -> None:
    _recorded(a, effect)
    if a.ledger.events[-1].kind != "resumed" or a.ledger.events[-1].at != a.now:
        return  # the pause that stands has another cause, or there is none
    steps_later(a, _before(a), a.case.paused_at or a.now)
    tell_resumed(a, key_of(a, effect))


def extend(a: Applying, effect: Effect) -> None:
    _recorded(a, effect)
    tell_extended(a, key_of(a, effect), _before(a), a.ledger.events[-1].reason)


def hearing(a: Applying, effect: Effect) -> None:
    """The ledger has the step already, and has held it to the law."""
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "step": effect.headers.get("step", "")})


def _before(a: Applying) -> Ledger:
    """The ledger before its last event."""
    return replace(a.ledger, events=a.ledger.events[:-1])


def _own(a: Applying, name: str, words: Notice) -> Notice:
    """The matter's own words for it, or the hall's."""
    return a.package.info.notices.get(name) or words


def _procedure(a: Applying, cause: str) -> str:
    rule = a.ledger.rules.regime.pause
    return rule.causes[cause] if rule is not None else cause


def suspension_paper(a: Applying, key: str, cause: str, takes: Limit, more: Mapping[str, Any]) -> Document:
    """特别程序告知书: the time needed is told in writing (行政许可法 第四十五条)."""
    facts = {"procedure": _procedure(a, cause), "takes": takes.zh(), "from_on": local_date(a.now).isoformat(), **more}
    return papers.issue(a, "suspension", key, facts)


def tell_suspended(a: Applying, key: str, cause: str, takes: Limit) -> None:
    facts = {"procedure": _procedure(a, cause), "takes": takes.zh()}
    notices.say_to(a, key, "suspended", _own(a, "suspended", _SUSPENDED), "both", facts=facts)


def steps_later(a: Applying, before: Ledger, since: datetime) -> None:
    """The limits of open steps stood still with the clock."""
    clocks.redate_tasks(a.live, before, since, a.ledger, a.now)


def tell_resumed(a: Applying, key: str) -> None:
    words = _RESUMED_UNTIL if a.account().due_on else _RESUMED
    notices.say_to(a, key, "resumed", _own(a, "resumed", words), "both")


def tell_extended(a: Applying, key: str, before: Ledger, reason: str) -> None:
    """延长办理期限通知书 where it is by working days, and the reason with the new day."""
    rule, was, now = a.ledger.rules.regime.extend, before.account(a.now), a.account()
    lead = "statutory" if "statutory" in was.limits else "promised"
    old_due, new_due = was.limits[lead].due_on, now.limits[lead].due_on
    said = a.ledger.events[-1].needs
    by = Limit.parse(said) if said else rule.by if rule is not None else None
    if rule is not None and by is not None and by.unit == "wd" and now.accepted_on and old_due and new_due:
        paper = {
            "old_due_on": old_due.isoformat(),
            "new_due_on": new_due.isoformat(),
            "added_workdays": by.n,
            "reason": reason,
            "approver": rule.approver_zh,
        }
        papers.issue(a, "extension", key, paper)
    notices.say_to(a, key, "extended", _own(a, "extended", _EXTENDED), "both", facts={"reason": reason})
