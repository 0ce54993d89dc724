"""Votes: what waits for the caller's, the vote, the result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from engine.commands import ballots
from engine.reads import ballots as reads
from web import edge
from web.api.declaring import Shape, operation, shaped


class WaitingOut(Shape):
    code: str
    name: str
    question: str
    body: str  # in which village one votes
    stage: str  # soon, open, counting, over, off
    opens_at: datetime
    closes_at: datetime
    voted: bool
    passed: bool | None


class OptionOut(Shape):
    id: str
    name: str


class MandateOut(Shape):
    voter_id: int
    name: str
    voted: bool


class BallotOut(Shape):
    code: str
    name: str
    question: str
    words: str
    options: list[OptionOut]  # empty: yes, no, abstain
    most: int
    secret: bool
    changes: bool
    stage: str
    opens_at: datetime
    closes_at: datetime
    body: str
    voted: bool
    choice: list[str]  # of an open ballot only
    mandates: list[MandateOut]  # who sent the caller
    result: dict[str, Any] | None


class VoteIn(Shape):
    choice: list[str] = Field(min_length=1, max_length=20)
    for_id: int | None = None  # of a mandate


class VotedOut(Shape):
    voted: bool  # that, and never what


@operation("get", "/ballots", who="resident", tag="ballots", gives=list[WaitingOut])
def my_ballots() -> list[WaitingOut]:
    """The ballots on whose roll the caller stands."""
    return [shaped(WaitingOut, one) for one in reads.mine(edge.work(), edge.actor(), now=edge.now())]


@operation("get", "/ballots/{code}", who="resident", tag="ballots", gives=BallotOut)
def ballot(code: str) -> BallotOut:
    """One ballot, with its result when there is one."""
    page = reads.for_voter(edge.work(), edge.actor(), code, now=edge.now())
    return BallotOut(
        code=page.code,
        name=page.name,
        question=page.question,
        words=page.words,
        options=[OptionOut(id=id, name=name) for id, name in page.options],
        most=page.most,
        secret=page.secret,
        changes=page.changes,
        stage=page.stage,
        opens_at=page.opens_at,
        closes_at=page.closes_at,
        body=page.body,
        voted=page.voted,
        choice=list(page.choice),
        mandates=[shaped(MandateOut, one) for one in page.mandates],
        result=dict(page.result) if page.result is not None else None,
    )


@operation("post", "/ballots/{code}/votes", who="resident", tag="ballots", takes=VoteIn, gives=VotedOut, status=201)
def cast_vote(code: str, body: VoteIn) -> VotedOut:
    """Vote, or vote for somebody who sent the caller. 409 before the opening, after the close, and when it was cast."""
    ballots.vote(edge.work(), code, body.choice, for_id=body.for_id, by=edge.actor(), now=edge.now())
    return VotedOut(voted=True)
