"""最晚什么时候申请: too late is said at submission, with the last day that would have been in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import feel, matters
from engine.deadlines import Before, Limit
from engine.errors import FieldError, Invalid
from engine.matters.info import InTime
from engine.plain import dig
from engine.store import Work
from engine.workdays import ZONE, UnknownYear, say_whole

#: What a case is marked with that was taken too late, for an exception of the matter.
LATE = "逾期"


def check(
    package: matters.Package,
    answers: Mapping[str, Any],
    *,
    channel: str,
    work: Work,
    now: datetime,
    env: feel.Env,
) -> list[str]:
    """Invalid, at the field of the date, when a limit that counts backward has passed; else the case's flags.

    Where the matter lists exceptions, a counter and the telephone take it all the same: a clerk has heard which."""
    faults, flags = [], []
    for rule in package.info.apply.in_time:
        if rule.when and not _holds(rule.when, answers, env):
            continue
        named = dig(answers, rule.before.path)
        before, until = _until(rule.before, named, work)
        if until is None or now <= until:
            continue
        if rule.exceptions and channel in ("counter", "phone"):
            flags.append(LATE)
        else:
            faults.append(_too_late(package, rule, before, named, work))
    if faults:
        raise Invalid(faults)
    return list(dict.fromkeys(flags))


def _holds(when: str, answers: Mapping[str, Any], env: feel.Env) -> bool:
    expression = feel.compile(when.removeprefix("="))
    return expression.evaluate({n: feel.from_json(answers.get(n)) for n in expression.names}, env) is True


def _until(before: Before, named: Any, work: Work) -> tuple[Before, datetime | None]:
    """The last moment that is in time. In a year whose working days nobody knows, nobody is turned away for a day that
    may have been in time: so many working days are at least so many days."""
    try:
        return before, before.until(named, work.calendar)
    except UnknownYear:
        surely = Before(Limit(before.limit.n, "cd"), before.path)
        return surely, surely.until(named, work.calendar)


def _too_late(package: matters.Package, rule: InTime, before: Before, named: Any, work: Work) -> FieldError:
    until, day = before.until(named, work.calendar), before.last(named, work.calendar)
    assert until is not None and day is not None  # it has passed
    at = f"{until.astimezone(ZONE):%H:%M}" if before.limit.unit == "h" else ""
    fields = dict(package.form(package.info.apply.form).walk())
    label = fields[before.path].label if before.path in fields else before.path
    law = next((f"（{one.law}{one.article}）" for one in package.info.basis if one.id == rule.basis), "")
    zh = f"晚了：须在“{label}”前 {before.limit.zh()}申请{law}，最晚是{say_whole(day)}{at}。"
    en = f"Too late: apply at least {before.limit.en()} before. The last day was {day.isoformat()} {at}".rstrip() + "."
    if rule.exceptions:
        zh += f"下列情况照收，请打电话或到窗口：{'；'.join(rule.exceptions)}。"
        en += " In these cases it is taken all the same, by telephone or at a counter: " + "; ".join(rule.exceptions)
    else:
        zh += "可以改一个日期再提交。"
        en += " You may choose another date."
    return FieldError(before.path, label, zh, en)
