"""What people do with matches in a story: somebody offers, somebody needs, one asks, the other says yes or no.

Whom the story names signs up at that moment (engine.proof.booking_steps); `applicant` is who applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine import matters, people
from engine.commands import matching
from engine.errors import Invalid, NotFound, NotNow, Refused
from engine.matters.stories import when
from engine.people import Actor
from engine.proof import booking_steps
from engine.proof.county import Hall
from engine.reads.knowing import of_user
from engine.store import Database, Work
from engine.store.models import MatchPair, MatchSide, User

#: How long a window is of which the story says no end.
WINDOW = timedelta(hours=1)


class Done(Refused):
    """Expected the step to fail as the story says, but it did not."""

    slug = "story-done"


def act(
    database: Database, package: matters.Package, hall: Hall, verb: str, step: Mapping[str, Any], *, now: datetime
) -> None:
    """One step. What the story says must fail, must fail so."""
    expected = step.get("error")
    key = package.declared("matches")[str(step["match"])].key
    try:
        with database.unit_of_work() as work:
            by = actor(work, hall, str(step["who"]), step.get("born"), now)
            _do(work, hall, verb, key, step, by, now)
    except (NotNow, Invalid) as refused:
        code = "FULL" if refused.facts.get("full") else "REFUSED"
        if expected != code:
            raise
        return
    if expected:
        raise Done(f"应当不行（{expected}），但成了。", f"Expected {expected}, but it was done.")


def actor(work: Work, hall: Hall, name: str, born: Any, now: datetime) -> Actor:
    """Who acts, by the name that the story has."""
    user_id = hall.applicant if name == "applicant" else booking_steps.resident(work, name, born, now).id
    return people.load(work, user_id, now=now)


def _do(work: Work, hall: Hall, verb: str, key: str, step: Mapping[str, Any], by: Actor, now: datetime) -> None:
    if verb in ("supply", "need"):
        starts_at = when(step["starts_at"]).astimezone(UTC)
        until_at = when(step["until_at"]).astimezone(UTC) if step.get("until_at") else starts_at + WINDOW
        stops = [str(one) for one in (step["from"], *step.get("via", ()), step.get("to")) if one]
        answers = step.get("answers") or {}
        said: dict[str, Any] = {"stops": stops, "starts_at": starts_at, "until_at": until_at, "answers": answers}
        if step.get("counter"):
            person = of_user(work.session.get_one(User, by.id))
            by = people.load(work, hall.clerk, now=now)
            said["person"] = replace(person, user_id=None)
        else:
            said["bond_id"] = booking_steps.bond_for(work, by, step)
        matching.say(work, key, verb, **said, by=by, now=now)
        return
    if verb == "cancel" and not step.get("pair"):
        row = _newest(work, key, by)
        matching.end(work, row.id, version=row.version, by=by, now=now)
        return
    if verb == "ask":
        other = actor(work, hall, str(step["other"]), None, now)
        matching.ask(work, *_meet(work, key, by, other), by=by, now=now)
        return
    pair = _pair(work, hall, key, by, step, now)
    verbs = {
        "agree": matching.agree,
        "decline": matching.refuse,
        "absent": matching.absent,
        "arrive": matching.arrive,
        "cancel": matching.cancel,
        "apart": matching.part,
        "rejoin": matching.rejoin,
        "charged": matching.charge,
        "late": matching.late,
    }
    verbs[verb](work, pair.id, version=pair.version, by=by, now=now)


def _sides(work: Work, key: str, by: Actor) -> list[MatchSide]:
    query = select(MatchSide).where(MatchSide.match == key, MatchSide.user_id == by.id)
    return list(work.session.scalars(query.order_by(MatchSide.ended_at.is_not(None), MatchSide.id.desc())))


def _newest(work: Work, key: str, by: Actor) -> MatchSide:
    found = _sides(work, key, by)
    if not found:
        raise NotFound(f"{by.name}还没有登记过。", f"{by.name} has said nothing yet.")
    return found[0]


def _meet(work: Work, key: str, mine: Actor, other: Actor) -> tuple[int, int]:
    """The newest of the one, and the newest of the other that is on the other side."""
    first = _newest(work, key, mine)
    second = next((row for row in _sides(work, key, other) if row.side != first.side), None)
    if second is None:
        raise NotFound(f"{other.name}那边没有可以配的。", f"{other.name} has nothing on the other side.")
    return first.id, second.id


def _pair(work: Work, hall: Hall, key: str, by: Actor, step: Mapping[str, Any], now: datetime) -> MatchPair:
    mine = {row.id for row in _sides(work, key, by)}
    name = step.get("other")  # who cancels what was matched has one
    others = {row.id for row in _sides(work, key, actor(work, hall, str(name), None, now))} if name else None
    for pair in work.session.scalars(select(MatchPair).order_by(MatchPair.ended_at.is_not(None), MatchPair.id.desc())):
        both = {pair.need_id, pair.supply_id}
        if both & mine and (others is None or both & others):
            return pair
    raise NotFound("两个人之间没有问过。", "Neither has asked the other.")
