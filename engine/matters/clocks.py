"""What effects of a diagram mean for the time-limit ledger. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time

from engine.deadlines import Event, Ledger
from engine.errors import FieldError, Invalid, NotNow, Refused
from engine.matters import corrections
from engine.process.step import Effect
from engine.workdays import ZONE

#: The effects' names of causes, where the law's data has another.
LAW = {"bidding": "tender", "expert-review": "expert_review"}


def cause_of(effect: Effect) -> str:
    """The lawful cause a pause or its end names, as the law's data write it; empty where it names none."""
    said = effect.headers.get("cause", "")
    return LAW.get(said, said)


def events_of(effect: Effect, now: datetime, *, approver: str = "") -> list[Event]:
    """The ledger events an effect stands for; none for an effect that moves no clock. approver: the role whose word the
    law wants for an extension."""
    given, headers = effect.arguments, effect.headers
    match effect.kind:
        case "accept-case":
            if headers.get("way") == "deemed":
                return [Event("deemed_accepted", now)]
            return [Event("accepted", _moment(given.get("accepted_on"), now))]
        case "dispatch-order":  # the clock starts at dispatch, not when somebody signs for it (RULES W3)
            return [Event("accepted", now)]
        case "decline-case":
            return [Event("stopped", now, reason=str(given.get("reason", "")))]
        case "request-correction":
            items = tuple(str(item) for item in corrections.items_of(given.get("items")))
            return [Event("correction_asked", now, items=items, reason=str(given.get("reason") or ""))]
        case "decide":
            return [Event("decided", now)]
        case "deliver-paper":
            return [Event("delivered", now)]
        case "close-case":
            return [Event("stopped", now, reason=str(given.get("reason") or headers.get("outcome") or "办结"))]
        case (
            "stop-clock"
        ):  # with a name it stops that limit beside the case's own (engine.commands.effects.side_limits)
            return (
                [] if headers.get("limit") else [Event("stopped", now, reason=str(headers.get("reason") or "已完成"))]
            )
        case "pause-clock":
            needs = given.get("days")
            return [
                Event(
                    "paused",
                    now,
                    cause=cause_of(effect),
                    reason=str(given.get("reason") or ""),
                    needs=f"{_days(needs, 'days')}wd" if needs else "",
                    notice=effect.id,  # the effect itself tells it in writing
                )
            ]
        case "resume-clock":
            return [Event("resumed", now)]
        case "extend-clock":
            longer = given.get("workdays")
            return [
                Event(
                    "extended",
                    now,
                    reason=str(given.get("reason") or ""),
                    approver=str(given.get("approved_by") or ""),
                    approver_role=approver,
                    needs=f"{_days(longer, 'workdays')}wd" if longer else "",
                )
            ]
        case "hearing":
            return [_hearing(effect, now)]
    return []


def apply(ledger: Ledger, effect: Effect, now: datetime) -> tuple[Ledger, list[Event]]:
    """The ledger after the effect, and what was added. An end after an end adds nothing; the law's refusals are
    raised."""
    added: list[Event] = []
    rule = ledger.rules.regime.extend
    for event in events_of(effect, now, approver=rule.approver if rule is not None else ""):
        if event.kind in ("accepted", "deemed_accepted") and ledger.account(now).deemed:
            # Silence accepted it before the drawing came to it (RULES T3): the ledger already says from which day.
            if not any(e.kind == "deemed_accepted" for e in ledger.events):
                ledger = ledger.with_event(Event("deemed_accepted", now))
                added.append(ledger.events[-1])
            continue
        if event.kind == "accepted" and any(e.kind == "accepted" for e in ledger.events):
            continue  # 退回 to before the acceptance: it was accepted once, and its clock runs on
        if effect.kind == "dispatch-order" and ledger.account(now).phase == "done":
            continue  # answered once and done again: its steps have limits of their own, the case's clock has stopped
        if event.kind in ("stopped", "delivered") and ledger.account(now).phase in ("none", "done"):
            continue
        if event.kind == "stopped" and any(e.kind == "decided" for e in ledger.events):
            continue  # the decision already stopped the clocks; closing the file adds no fact
        if event.kind == "delivered" and not any(e.kind == "decided" for e in ledger.events):
            continue
        if event.kind == "resumed" and (cause := cause_of(effect)) and cause != _standing(ledger):
            continue  # only the pause of this cause ends, and there is none
        if effect.kind == "hearing":
            event = _on_its_day(ledger, effect, event, now)
            ledger = _step_of_hearing(ledger, effect, event)
        else:
            ledger = ledger.with_event(event)
        added.append(event)
    return ledger, added


def _hearing(effect: Effect, now: datetime) -> Event:
    """The step of a hearing that an effect stands for."""
    given, step = effect.arguments, effect.headers.get("step", "")
    if step == "asked":
        return Event("hearing_asked", _moment(given.get("on"), now))
    if step == "told":
        return Event("hearing_told", now)
    host, reviewers = str(given.get("host") or "").strip(), _names(given.get("reviewers"))
    facts: dict[str, object] = {"host": host, "reviewer": host if host in reviewers else "、".join(reviewers)}
    if step == "notified":
        return Event("hearing_notified", now, facts=facts)
    return Event("hearing_held", now, facts={**facts, "transcript_signed": given.get("signed") is True})


def _on_its_day(ledger: Ledger, effect: Effect, event: Event, now: datetime) -> Event:
    """A day that somebody filled in has no hour: on the day of the step before it is not before that; and it is no day
    to come."""
    if event.at > now:
        prefix = effect.headers.get("answers", "")
        zh, en = "还没有到这一天。请填申请的那天。", "This day is to come: give the day on which it was asked."
        raise Invalid([FieldError(f"{prefix}.on" if prefix else "on", "哪天申请", zh, en)])
    last = ledger.events[-1].at if ledger.events else event.at
    same = last.astimezone(ZONE).date() == event.at.astimezone(ZONE).date()
    return replace(event, at=max(event.at, last)) if same else event


def _names(value: object) -> list[str]:
    """Names given as a list, or as one text that divides them."""
    many = value if isinstance(value, list) else re.split(r"[、，,;；\s]+", str(value or ""))
    return [str(one).strip() for one in many if str(one).strip()]


def _step_of_hearing(ledger: Ledger, effect: Effect, event: Event) -> Ledger:
    """The ledger with this step. What the law forbids stands at the field that says it: whoever filled it in mends it
    there."""
    prefix = effect.headers.get("answers", "")

    def at(name: str) -> str:
        return f"{prefix}.{name}" if prefix else name

    told = any(e.kind == "hearing_told" for e in ledger.events)
    try:
        after = ledger.with_event(event)
    except NotNow as late:
        if event.kind != "hearing_asked" or not told:
            raise  # a step is missing: nothing that is filled in would mend it
        raise Invalid([FieldError(at("on"), "哪天申请", late.zh, late.en)]) from None
    except Invalid as wrong:
        names = {"at": "on", "transcript_signed": "signed"}
        found = [FieldError(at(names.get(f.field, f.field)), f.label, f.zh, f.en) for f in wrong.fields]
        raise Invalid(found) from None
    if event.kind == "hearing_notified" and (faults := _notice_of_hearing(ledger, effect, event, at)):
        raise Invalid(faults)
    return after


def _notice_of_hearing(ledger: Ledger, effect: Effect, event: Event, at: Callable[[str], str]) -> list[FieldError]:
    """What a notice may not say: a day too soon or too late, a host who reviewed."""
    rule = ledger.rules.regime.hearing
    faults: list[FieldError] = []
    assert rule is not None  # the ledger has refused it otherwise
    day = _moment(effect.arguments.get("on"), event.at).astimezone(ZONE).date()
    earliest, latest = ledger.calendar.add(event.on, rule.notice.n), ledger.account(event.at).limits["hearing_hold"]
    if day < earliest:
        zh = f"须提前 {rule.notice.zh()} 通知，最早 {earliest}（{rule.source}）。请改日子。"
        en = f"Expected notice {rule.notice.en()} before, so not before {earliest} ({rule.source}): choose another day."
        faults.append(FieldError(at("on"), "听证日期", zh, en))
    elif latest.due_on is not None and day > latest.due_on:
        zh = f"须在收到申请后 {rule.hold.zh()} 内举行，最晚 {latest.due_on}（{rule.source}）。请改日子。"
        en = f"Expected a day within {rule.hold.en()} of the request, by {latest.due_on} ({rule.source})."
        faults.append(FieldError(at("on"), "听证日期", zh, en))
    host = event.facts.get("host")
    if not host or host == event.facts.get("reviewer"):
        zh = f"主持人须为审查人员以外的人（{rule.source}）。请另选主持人。"
        en = f"Expected a host who is not a reviewer ({rule.source}): choose another."
        faults.append(FieldError(at("host"), "主持人", zh, en))
    return faults


def stop(ledger: Ledger, now: datetime, why: str) -> tuple[Ledger, list[Event]]:
    """The ledger after the case ended; nothing is added when its clocks stand already."""
    if ledger.account(now).phase in ("none", "done") or any(e.kind in ("decided", "stopped") for e in ledger.events):
        return ledger, []
    event = Event("stopped", now, reason=why)
    return ledger.with_event(event), [event]


def _standing(ledger: Ledger) -> str:
    """The cause of the pause that stands; empty where the clock runs."""
    last = next((e for e in reversed(ledger.events) if e.kind in ("paused", "resumed")), None)
    return last.cause if last is not None and last.kind == "paused" else ""


def _days(value: object, field: str) -> int:
    """A number of working days that a diagram gives, whole and above nought."""
    found = re.fullmatch(r"([1-9][0-9]{0,2})(\.0+)?", str(value))
    if found is None:
        zh = f"应为 1 到 999 的整数（工作日），现在是“{value}”。"
        raise Invalid([FieldError(field, "天数", zh, f"Expected 1 to 999 working days, but it is {value!r}.")])
    return int(found[1])


def _moment(value: object, now: datetime) -> datetime:
    """A day given by the diagram, as a moment: now when it is today, else noon of that day."""
    if value in (None, ""):
        return now
    try:
        day = date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Refused(f"受理日“{value}”不是日期。", f"Expected a date of acceptance, but got {value!r}.") from None
    return now if day == now.astimezone(ZONE).date() else datetime.combine(day, time(12), ZONE)
