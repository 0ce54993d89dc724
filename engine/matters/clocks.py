"""What effects of a diagram mean for the time-limit ledger. Pure."""

from __future__ import annotations

from datetime import date, datetime, time

from engine.deadlines import Event, Ledger
from engine.errors import Refused
from engine.matters import corrections
from engine.process.step import Effect
from engine.workdays import ZONE

#: The effects' names of causes, where the law's data has another.
_CAUSES = {"bidding": "tender", "expert-review": "expert_review"}


def events_of(effect: Effect, now: datetime) -> list[Event]:
    """The ledger events an effect stands for; none for an effect that moves no clock."""
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
            cause = headers.get("cause", "")
            needs = given.get("days")
            return [
                Event(
                    "paused",
                    now,
                    cause=_CAUSES.get(cause, cause),
                    reason=str(given.get("reason") or ""),
                    needs=f"{needs}wd" if needs else "",
                    notice=str(given.get("notice") or effect.id),  # the effect itself tells it in writing
                )
            ]
        case "resume-clock":
            return [Event("resumed", now)]
        case "extend-clock":
            return [
                Event(
                    "extended",
                    now,
                    reason=str(given.get("reason", "")),
                    approver=str(given.get("approved_by", "")),
                    approver_role=str(given.get("approver_role") or "organ_head"),
                )
            ]
    return []


def apply(ledger: Ledger, effect: Effect, now: datetime) -> tuple[Ledger, list[Event]]:
    """The ledger after the effect, and what was added. An end after an end adds nothing; the law's refusals are
    raised."""
    added: list[Event] = []
    for event in events_of(effect, now):
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
        ledger = ledger.with_event(event)
        added.append(event)
    return ledger, added


def stop(ledger: Ledger, now: datetime, why: str) -> tuple[Ledger, list[Event]]:
    """The ledger after the case ended; nothing is added when its clocks stand already."""
    if ledger.account(now).phase in ("none", "done") or any(e.kind in ("decided", "stopped") for e in ledger.events):
        return ledger, []
    event = Event("stopped", now, reason=why)
    return ledger.with_event(event), [event]


def _moment(value: object, now: datetime) -> datetime:
    """A day given by the diagram, as a moment: now when it is today, else noon of that day."""
    if value in (None, ""):
        return now
    try:
        day = date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Refused(f"受理日“{value}”不是日期。", f"Expected a date of acceptance, but got {value!r}.") from None
    return now if day == now.astimezone(ZONE).date() else datetime.combine(day, time(12), ZONE)
