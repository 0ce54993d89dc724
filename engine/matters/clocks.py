"""What effects of a diagram mean for the time-limit ledger. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from engine.deadlines import Event, Ledger
from engine.errors import FieldError, Invalid, Refused
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
        ledger = ledger.with_event(event)
        added.append(event)
    return ledger, added


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
