"""受理, 不予受理, 补正, 决定, 办结."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands import organs, parties
from engine.commands.changes import Change
from engine.commands.effects import handovers
from engine.commands.effects.facts import key_of
from engine.commands.effects.notices import CORRECTION, say_to
from engine.commands.effects.papers import issue
from engine.matters import corrections
from engine.process import Effect
from engine.records import audit
from engine.workdays import local_date, say

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def accept(a: Applying, effect: Effect) -> None:
    account = a.account()
    if not account.deemed:
        a.case.accepted_at = a.now
    elif a.case.accepted_at is None:  # silence accepted it before (RULES T3), and the worker has not come by yet
        a.case.accepted_at = a.case.received_at if account.accepted_on == account.received_on else a.now
    if effect.headers.get("way") == "promise" and "容缺" not in a.case.flags:
        a.case.flags = [*a.case.flags, "容缺"]
    parties.admit(a.work, a.case, a.package.info, by=a.by, now=a.now)
    a.record(audit.Kind.CASE_ACCEPTED, facts={"way": effect.headers.get("way") or "normal"})


def decline(a: Applying, effect: Effect) -> None:
    a.case.outcome = "declined"
    a.case.decided_at = a.now
    a.record(audit.Kind.CASE_DECLINED, facts={"ground": str(effect.arguments.get("ground") or "")})
    handovers.decided(a)


def ask_correction(a: Applying, effect: Effect) -> None:
    """一次性告知: the paper with every item, and the same told to the applicant and their agent. Never without the
    paper."""
    items = corrections.items_of(effect.arguments.get("items"))
    until = corrections.until(effect.arguments.get("due_on"), local_date(a.now))
    facts = {"items": [item.to_json() for item in items], "due_on": until.isoformat()}
    if effect.arguments.get("late"):
        facts["late"] = str(effect.arguments["late"])
    issue(a, "correction", key_of(a, effect), facts)
    template = a.package.info.notices.get("correction") or CORRECTION
    said = "；".join(f"{item.material}（{item.problem}）" for item in items)
    say_to(a, key_of(a, effect), "correction", template, "both", facts={"items": said, "until": say(until)})


def decide(a: Applying, effect: Effect) -> None:
    outcome = effect.headers.get("outcome") or str(effect.arguments.get("outcome") or "approve")
    # Who decides must be able to put its seal to the decision; the record keeps who it was.
    places = organs.of(a, effect.headers.get("organ") or "office")
    organs.must_seal(places, "决定", "formal")
    a.case.outcome, a.case.decided_at = outcome, a.now
    a.record(audit.Kind.CASE_DECIDED, facts={"outcome": outcome, "units": [one.id for one in places]})
    a.changes.append(Change("outcome", outcome))
    handovers.decided(a)


def close(a: Applying, effect: Effect) -> None:
    outcome = effect.headers.get("outcome") or "done"
    if not a.case.outcome or outcome != "done":
        a.case.outcome = outcome
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "outcome": outcome})
