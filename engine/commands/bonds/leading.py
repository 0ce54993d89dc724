"""A team's second leader (团队): named by the leader from among the members, who are told; steps down by either."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.commands import bond_rows
from engine.errors import NotFound, NotYours
from engine.matters.nouns.bonds import LEADER
from engine.people import Actor
from engine.people.bonds import in_force
from engine.reads import bonds
from engine.records import notices
from engine.store import Work
from engine.store.models import Bond, Team
from engine.workdays import local_date


def share_lead(work: Work, bond_id: int, *, by: Actor, now: datetime) -> Team:
    """A member of the team that the actor leads leads it too: books with it, and adds members. Every member is told,
    and may leave."""
    row = bonds.one(work, bond_id)
    team = work.session.get(Team, row.team_id) if row.team_id is not None else None
    if by.id is None or team is None or row.kind != LEADER or team.leader_id != by.id:
        raise NotFound("没有这位队员。", "There is no such member of yours.")
    if not in_force(row, local_date(now)):
        raise NotFound("他不在您的团队里了。", "They are no member of your team any more.")
    bond_rows.second(work, row, by=by, now=now)
    zh, en = f"{row.subject_name}也带“{team.name}”了。", f"{row.subject_name} leads “{team.name}” too."
    _tell(work, team, f"led:{row.subject_id}", zh, en, now)
    return team


def end_lead(work: Work, team_id: int, *, by: Actor, now: datetime) -> None:
    """The second leader leads it no more: by the leader, or by themselves."""
    team = work.session.get(Team, team_id, with_for_update=True)
    if team is None or by.id is None or by.id not in (team.leader_id, team.second_id):
        raise NotYours("这个团队不是您带的。", "You do not lead this team.")
    before = team.second_id
    if bond_rows.leads_no_more(work, team, by=by, now=now):
        zh, en = f"“{team.name}”的第二位队长不再带队了。", f"The second leader of “{team.name}” leads it no more."
        _tell(work, team, f"left:{before}", zh, en, now)


def _tell(work: Work, team: Team, what: str, zh: str, en: str, now: datetime) -> None:
    rows = work.session.scalars(
        select(Bond.subject_id)
        .where(
            Bond.team_id == team.id,
            Bond.state == "held",
            Bond.until_on >= local_date(now),
            Bond.subject_id.is_not(None),
        )
        .order_by(Bond.id)
    )
    for user_id in dict.fromkeys((*rows, team.leader_id)):
        if user_id is not None:
            key = f"team:{team.id}:{what}:{now.timestamp()}:{user_id}"
            notices.put(work, key, zh, text_en=en, kind="bond", now=now, channel="screen", user_id=user_id)
