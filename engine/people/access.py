"""May this actor do this to this thing? One place, asked by every command and read."""

from __future__ import annotations

from typing import Literal

from engine.errors import NotYours
from engine.matters.nouns.bonds import GUARDIAN
from engine.people import apart
from engine.people.actor import Actor
from engine.people.bonds import Grant
from engine.store.models import (
    Appointment,
    BoardEntry,
    Bond,
    Case,
    Document,
    Handover,
    HandoverLink,
    OnlineBlock,
    Resource,
    Schedule,
    ScheduleRun,
    Task,
)

Verb = Literal["see", "claim", "work", "supervise", "withdraw", "reveal", "design", "operate", "serve", "review"]

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
    "review": ("审核", "review"),
}


def may(actor: Actor, verb: Verb, thing: object = None, *, case: Case | None = None) -> bool:
    """Whether they may. A task is judged together with its case (pass `case`, or have it loaded)."""
    if actor.kind == "system":
        return True
    if isinstance(thing, (Schedule, ScheduleRun)) and verb in ("see", "operate"):
        # Who runs the hall sees and moves them all; a head sees the runs of the units they head.
        if "operator" in actor.roles:
            return True
        return verb == "see" and isinstance(thing, ScheduleRun) and actor.supervises(thing.unit_id)
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
        mine = actor.id is not None and thing.user_id == actor.id
        own = verb in ("see", "work") and (mine or booked_for(actor, verb, thing) is not None)
        return own or _may_resource(actor, verb, thing.resource)
    if isinstance(thing, Bond):
        return _may_bond(actor, verb, thing)
    if isinstance(thing, Resource):
        return _may_resource(actor, verb, thing)
    if isinstance(thing, BoardEntry):
        return _may_entry(actor, verb, thing)
    if isinstance(thing, OnlineBlock):
        mine = actor.id is not None and thing.user_id == actor.id
        return (verb == "see" and mine) or (verb == "supervise" and not mine and "supervisor" in actor.roles)
    if isinstance(thing, HandoverLink):
        return _may_link(actor, verb, thing)
    if isinstance(thing, Handover):  # whoever has it says what happened to it
        return verb in ("see", "work") and thing.holder_key in actor.keys
    return False


def require(actor: Actor, verb: Verb, thing: object = None, *, case: Case | None = None) -> None:
    """Refuse unless they may."""
    if not may(actor, verb, thing, case=case):
        zh, en = _WORDS[verb]
        raise NotYours(f"您没有权限{zh}这一项。如需办理，请联系负责的窗口。", f"You may not {en} this.")


def _may_link(actor: Actor, verb: str, link: HandoverLink) -> bool:
    """交接: its two ends; and where it is done in person, the named post of that unit."""
    if verb not in ("see", "work"):
        return False
    if {link.giver_key, link.receiver_key} & set(actor.keys):
        return True
    return bool(link.post) and any(
        p.post == link.post and p.unit_id in (link.unit_id, link.place_id) for p in actor.positions
    )


def _may_resource(actor: Actor, verb: str, resource: Resource) -> bool:
    """Bookings are the business of the unit's staff and of those above it."""
    if actor.kind != "staff" or resource.unit_id not in actor.realm:
        return False
    return verb in ("see", "work", "serve") or (verb == "supervise" and actor.supervises(resource.unit_id))


def booked_for(actor: Actor, verb: str, booking: Appointment) -> Grant | None:
    """The bond by which the actor sees (see or book) or moves (book) somebody else's booking."""
    if booking.user_id is None:
        return None
    powers = ("book", "see") if verb == "see" else ("book",)
    return next(
        (
            g
            for g in actor.grants
            if g.subject_id == booking.user_id and any(g.covers(power, booking.matter) for power in powers)
        ),
        None,
    )


def _may_bond(actor: Actor, verb: str, bond: Bond) -> bool:
    """Its two sides and the subject's guardians see it; who may end it is the same, where it can be ended without a
    counter. Staff of the units it was made in, or where the person lives, see it and end it at the counter."""
    if verb == "see" and actor.id is not None and actor.id in (bond.subject_id, bond.holder_id):
        return True
    if verb in ("see", "withdraw") and side_of(actor, bond):
        return verb == "see" or bond.revocable
    if actor.kind != "staff":
        return False
    inside = bool(actor.realm & {u for u in (bond.unit_id, bond.place_id) if u is not None})
    return verb in ("see", "serve", "reveal") and inside


def side_of(actor: Actor, bond: Bond) -> str:
    """Which side of a bond the actor is: subject, holder, guardian (of the subject); "" when none."""
    if actor.id is not None and actor.id == bond.subject_id:
        return "subject"
    if actor.id is not None and actor.id == bond.holder_id:
        return "holder"
    guards = any(g.kind == GUARDIAN and g.subject_ref == bond.subject_ref for g in actor.grants)
    return "guardian" if guards and bond.kind != GUARDIAN else ""


def _may_entry(actor: Actor, verb: str, entry: BoardEntry) -> bool:
    """What is up is everybody's to read. The rest is the business of who published it, of those above them, and of the
    post that reviews it, which is not done by who asked for it."""
    if verb == "see" and entry.state == "shown":
        return True
    if actor.kind != "staff":
        return False
    ours = entry.unit_id in actor.realm
    reviews = any(p.unit_id == entry.review_unit_id and p.post == entry.review_post for p in actor.positions)
    if verb == "review":
        return reviews and (entry.by_id is None or entry.by_id != actor.id)
    if verb == "withdraw":
        return ours or reviews
    return verb in ("see", "reveal") and (ours or reviews)


def _may_case(actor: Actor, verb: str, case: Case) -> bool:
    is_party = actor.id is not None and actor.id in (case.applicant_id, case.agent_id)
    if verb == "withdraw":
        return is_party or actor.granted("apply", case) is not None
    if verb == "see" and (is_party or (actor.id is not None and actor.id in (case.party_ids or ()))):
        return True
    if verb == "see" and actor.granted("see", case) is not None:
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


def as_whom(actor: Actor, task: Task, case: Case) -> tuple[bool, int | None]:
    """(may they do this step, on whose behalf): by name or post, for somebody away, or by a bond with the applicant."""
    found, for_id = actor.as_whom(task.candidates, case.matter)
    if found:
        return True, for_id
    grant = _acts(actor, task, case)
    return (True, grant.subject_id) if grant is not None else (False, None)


def _acts(actor: Actor, task: Task, case: Case) -> Grant | None:
    """The bond by which they do a step of the applicant's; the case it was applied for by a bond has the bond's key."""
    grant = actor.granted("apply", case)
    if grant is None:
        return None
    waits = {f"u:{grant.subject_id}", f"b:{grant.id}"} & set(task.candidates)
    return grant if waits and (task.assignee_id in (None, actor.id, grant.subject_id)) else None


def _may_task(actor: Actor, verb: str, task: Task, case: Case) -> bool:
    away = apart.read(task.apart) | apart.read(case.apart)
    if actor.kind == "staff" and actor.id in away:
        return verb == "see" and _may_case(actor, "see", case)
    actor = actor.without(away)
    candidate, _ = as_whom(actor, task, case)
    # Whoever took a step by a bond has it no longer when the bond is over: it waits for the person themselves.
    by_bond = case.applicant_id is not None and task.acting_for_id == case.applicant_id != actor.id
    mine = task.assignee_id == actor.id and not by_bond
    holds = task.assignee_id is not None and (
        mine or actor.stands_for(task.assignee_id, case.matter) or _acts(actor, task, case) is not None
    )
    if verb == "claim":
        return candidate
    if verb == "work":
        return holds
    if verb == "supervise":  # who may not see a restricted case does not give its steps to others either
        above = actor.supervises(task.unit_id if task.unit_id is not None else case.office_id)
        return above and (not case.restricted or _may_case(actor, "see", case))
    return candidate or holds or _may_case(actor, "see", case)
