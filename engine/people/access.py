"""May this actor do this to this thing? One place, asked by every command and read."""

from __future__ import annotations

from typing import Literal

from engine.errors import NotYours
from engine.people import apart, shelves
from engine.people.actor import Actor
from engine.store.models import Appointment, Case, Document, OnlineBlock, Resource, Task

Verb = Literal["see", "claim", "work", "supervise", "withdraw", "reveal", "design", "operate", "serve"]

_WORDS = {
    "see": ("查看", "see"),
    "claim": ("签收", "claim"),
    "work": ("办理", "work on"),
    "supervise": ("管理", "supervise"),
    "withdraw": ("撤销", "withdraw"),
    "reveal": ("查看完整信息", "reveal"),
    "design": ("设计", "design"),
    "operate": ("运维", "operate"),
    "serve": ("接待", "serve at"),
}


def may(actor: Actor, verb: Verb, thing: object = None, *, case: Case | None = None) -> bool:
    """Whether they may. A task is judged together with its case (pass `case`, or have it loaded)."""
    if actor.kind == "system":
        return True
    if verb in ("design", "operate"):
        return ("designer" if verb == "design" else "operator") in actor.roles
    if isinstance(thing, Task):
        return _may_task(actor, verb, thing, case or thing.case)
    if isinstance(thing, Case):
        return _may_case(actor, verb, thing)
    if isinstance(thing, Document):
        if case is None:
            return False
        return _may_case(actor, "see", case) and (actor.kind == "staff" or thing.public)
    if isinstance(thing, Appointment):
        return (verb in ("see", "work") and actor.id is not None and thing.user_id == actor.id) or _may_resource(
            actor, verb, thing.resource
        )
    if isinstance(thing, Resource):
        return _may_resource(actor, verb, thing)
    if isinstance(thing, shelves.Kept):
        return shelves.may(actor, verb, thing)
    if isinstance(thing, OnlineBlock):
        mine = actor.id is not None and thing.user_id == actor.id
        return (verb == "see" and mine) or (verb == "supervise" and not mine and "supervisor" in actor.roles)
    return False


def require(actor: Actor, verb: Verb, thing: object = None, *, case: Case | None = None) -> None:
    """Refuse unless they may."""
    if not may(actor, verb, thing, case=case):
        zh, en = _WORDS[verb]
        raise NotYours(f"您没有权限{zh}这一项。如需办理，请联系负责的窗口。", f"You may not {en} this.")


def _may_resource(actor: Actor, verb: str, resource: Resource) -> bool:
    """Bookings are the business of the unit's staff and of those above it."""
    if actor.kind != "staff" or resource.unit_id not in actor.realm:
        return False
    return verb in ("see", "work", "serve") or (verb == "supervise" and actor.supervises(resource.unit_id))


def _may_case(actor: Actor, verb: str, case: Case) -> bool:
    is_party = actor.id is not None and actor.id in (case.applicant_id, case.agent_id)
    if verb == "withdraw":
        return is_party
    if verb == "see" and (is_party or (actor.id is not None and actor.id in (case.party_ids or ()))):
        return True
    if actor.kind != "staff" or keeps_away(actor, case):
        return False
    if verb in ("see", "reveal") and any(actor.id in ids for ids in case.chosen.values()):
        return True  # chosen for a role in it, whatever unit they are of
    if case.restricted:  # health and child data (Y3): only the units themselves, no one above
        inside = bool(actor.own_units & {case.place_id, case.unit_id, case.office_id})
    else:
        inside = actor.reaches((case.place_id, case.unit_id, case.office_id), case.matter)
    if verb in ("see", "reveal"):
        # 移送: an office that had it goes on seeing it; names and numbers are whole for the one that has it now.
        return inside or (verb == "see" and not case.restricted and had_it(actor, case))
    if verb == "supervise":
        return inside and any(actor.supervises(u) for u in (case.office_id, case.unit_id, case.place_id))
    return False


def had_it(actor: Actor, case: Case) -> bool:
    """Whether the actor is of an office that the case was referred from (移送)."""
    return bool({p.unit_id for p in actor.positions} & apart.read(case.past_offices))


def keeps_away(actor: Actor, thing: Case | Task) -> bool:
    """回避: the actor is one of those who must keep away from this case or task (RULES W6)."""
    return actor.id is not None and actor.id in apart.read(thing.apart)


def _may_task(actor: Actor, verb: str, task: Task, case: Case) -> bool:
    away = apart.read(task.apart) | apart.read(case.apart)
    if actor.kind == "staff" and actor.id in away:
        return verb == "see" and _may_case(actor, "see", case)
    actor = actor.without(away)
    candidate, _ = actor.as_whom(task.candidates, case.matter)
    holds = task.assignee_id is not None and (
        task.assignee_id == actor.id or actor.stands_for(task.assignee_id, case.matter)
    )
    if verb == "claim":
        return candidate
    if verb == "work":
        return holds
    if verb == "supervise":  # who may not see a restricted case does not give its steps to others either
        above = actor.supervises(task.unit_id if task.unit_id is not None else case.office_id)
        return above and (not case.restricted or _may_case(actor, "see", case))
    return candidate or holds or _may_case(actor, "see", case)
