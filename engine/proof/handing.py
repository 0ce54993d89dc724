"""Hand-overs of a story: somebody at one end does it, with what the other end would show them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine import matters, people
from engine.commands import handover_rows, handovers
from engine.errors import Refused
from engine.people import holders
from engine.proof.county import Hall
from engine.records import files
from engine.records import handovers as proofs
from engine.store import Work
from engine.store.models import Handover, HandoverLink


class NotHere(Refused):
    """Expected something to be handed over now, but there is nothing, or nobody who could."""

    slug = "story-hand-over"


def chain(work: Work, package: matters.Package, case_id: int, name: str) -> Handover:
    """The thing of this hand-over in the story's case."""
    declared = package.declared("handovers").get(name)
    found = declared and work.session.scalar(
        select(Handover).where(Handover.case_id == case_id, Handover.kind == declared.key).order_by(Handover.id)
    )
    if not found:
        raise NotHere(f"没有在交接“{name}”。", f"Nothing of the hand-over {name} is under way.")
    return found


def act(
    work: Work, package: matters.Package, case_id: int, step: Mapping[str, Any], hall: Hall, *, now: datetime
) -> None:
    """The open link ends as the step says: by whoever is at one end and may, with the other end's six digits."""
    name = str(step["handed"])
    link = work.session.scalar(
        select(HandoverLink)
        .where(HandoverLink.handover_id == chain(work, package, case_id, name).id, HandoverLink.state == "open")
        .options(joinedload(HandoverLink.handover))
    )
    if link is None:
        raise NotHere(f"“{name}”现在没有要交的一环。", f"No link of {name} is open now.")
    outcome = step.get("outcome", "done")
    by = _actor(work, link, hall, ("receiver", "giver"), now=now)
    side = handover_rows.side_of(link, by)
    assert side is not None
    photos = tuple(
        files.store(work, str(one).encode(), str(one), "image/jpeg", owner_id=by.id, now=now, field="photos").id
        for one in step.get("photos") or ()
    )
    given = handovers.Given(proofs.code(link, proofs.other(side)), photos=photos, note=str(step.get("note") or ""))
    handovers.act(work, link.id, outcome, given, by=by, now=now)


def holder(work: Work, one: Handover, hall: Hall, *, now: datetime) -> people.Actor:
    """Somebody who has the thing."""
    for user_id in (*_people(work, one.holder_key), hall.clerk):
        actor = people.load(work, user_id, now=now)
        if one.holder_key in actor.keys:
            return actor
    raise NotHere("拿着东西的人没有账号。", "Whoever has the thing has no account.")


def _actor(
    work: Work, link: HandoverLink, hall: Hall, sides: tuple[proofs.Side, ...], *, now: datetime
) -> people.Actor:
    for side in sides:
        for user_id in _people(work, getattr(link, f"{side}_key")):
            actor = people.load(work, user_id, now=now)
            if handover_rows.side_of(link, actor) is not None:
                return actor
    raise NotHere(
        "交接的两头都没有账号，或者同一个人占了两头。请在 people 里写一名只担任一头岗位的人。",
        "Neither end has an account, or one person is both: name somebody in people who holds one end's post only.",
    )


def _people(work: Work, key: str) -> list[int]:
    kind, _, rest = key.partition(":")
    if kind == "u":
        return [int(rest)]
    if kind != "p":
        return []
    unit, _, post = rest.partition(":")
    return list(reversed(holders.of(work, int(unit), post=post)))  # those the story names, before who holds every post
