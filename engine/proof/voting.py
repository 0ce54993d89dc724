"""A story's `vote`: people of the roll who have not voted do, each with an account of their own, by the real verb."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from engine import people
from engine.commands import ballots
from engine.errors import Refused
from engine.people import units
from engine.store import Database, Work
from engine.store.models import Ballot, BallotBody, BallotMark, BallotVoter, User


class NobodyVotes(Refused):
    """Expected a ballot of the case with people who have not voted, but there is none."""

    slug = "story-vote"


def vote(database: Database, case_id: int, how_many: Mapping[str, int], body: str, *, now: datetime) -> None:
    """So many vote so, in the order of the roll; `body`: the code of their village, "" any. Who chooses several of the
    options is written with + between them."""
    with database.unit_of_work() as work:
        row = work.session.scalar(
            select(Ballot)
            .where(Ballot.case_id == case_id, Ballot.state.in_(("announced", "open")))
            .order_by(Ballot.id.desc())
            .limit(1)
        )
        if row is None:
            raise NobodyVotes("现在没有表决可以投。", "There is no ballot to vote in now.")
        wanted = (
            select(BallotVoter)
            .outerjoin(BallotMark, BallotMark.voter_id == BallotVoter.id)
            .where(BallotVoter.ballot_id == row.id, BallotMark.voter_id.is_(None))
            .order_by(BallotVoter.body_id, BallotVoter.n)
        )
        if body:
            place = units.by_code(work, body).id
            wanted = wanted.join(BallotBody, BallotBody.id == BallotVoter.body_id).where(BallotBody.unit_id == place)
        left = list(work.session.scalars(wanted))
        for choice, n in how_many.items():
            if n > len(left):
                raise NobodyVotes(
                    f"还没投的只有 {len(left)} 人，不能再有 {n} 人投“{choice}”。",
                    f"Only {len(left)} have not voted: {n} more cannot vote {choice!r}.",
                )
            for voter in left[:n]:
                by = people.load(work, _account(work, voter, now), now=now)
                ballots.vote(work, row.code, choice.replace(" ", "").split("+"), by=by, now=now)
            left = left[n:]


def _account(work: Work, voter: BallotVoter, now: datetime) -> int:
    """The account of a voter; made when they have none yet."""
    found = work.session.scalar(select(User.id).where(User.kind == "resident", User.phone_index == voter.phone_index))
    if found is not None:
        return found
    user = User(
        kind="resident", name=voter.name, phone_index=voter.phone_index, id_index=voter.id_index, created_at=now
    )
    work.session.add(user)
    work.session.flush()
    return user.id
