"""委托: somebody on the roll sends another to vote for them, in writing; taken back until it is used."""

from __future__ import annotations

from datetime import datetime

from engine.commands import ballot_rows
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor
from engine.people.access import require
from engine.reads import ballots as reads
from engine.records import audit
from engine.store import Work
from engine.store.models import Ballot, BallotMark, BallotVoter


def entrust(work: Work, code: str, holder_id: int, *, signed: bool, by: Actor, now: datetime) -> BallotVoter:
    """Whoever acts sends the one on line `holder_id`; `signed`: they confirmed the text of the mandate."""
    row = ballot_rows.held(work, reads.find(work, code).id)
    voter = reads.my_line(work, by, row.id)
    if voter is None:
        raise NotYours("这次表决的名册上没有您。", "You are not on the roll of this ballot.")
    if not signed:
        raise Invalid([FieldError("mandate", "委托书", "请先确认委托书。", "Confirm the mandate first.")])
    return _give(work, row, voter, holder_id, by=by, now=now)


def entrust_on_paper(
    work: Work, code: str, voter_id: int, holder_id: int, *, seen: bool, by: Actor, now: datetime
) -> BallotVoter:
    """The desk takes down a mandate that was signed on paper and shown."""
    row = ballot_rows.held(work, reads.find(work, code).id)
    voter = work.session.get(BallotVoter, voter_id)
    if voter is None or voter.ballot_id != row.id:
        raise NotFound("名册上没有这个人。", "There is no such person on the roll.")
    require(by, "serve", reads.body(work, row, voter.body_id))
    if not seen:
        raise Invalid([FieldError("seen", "委托书", "请核对签了名的委托书，再登记。", "See the signed mandate first.")])
    return _give(work, row, voter, holder_id, by=by, now=now, by_id=by.id)


def revoke(work: Work, code: str, *, by: Actor, now: datetime) -> None:
    """Taken back by whoever gave it, before it is used."""
    row = ballot_rows.held(work, reads.find(work, code).id)
    voter = reads.my_line(work, by, row.id)
    if voter is None:
        raise NotYours("这次表决的名册上没有您。", "You are not on the roll of this ballot.")
    _unused(work, voter)
    if ballot_rows.revoke(work, voter.id):
        facts = {"ballot": row.id, "voter": voter.id}
        audit.record(work, audit.Kind.BALLOT_REVOKED, by=by, now=now, facts=facts)


def _give(
    work: Work,
    row: Ballot,
    voter: BallotVoter,
    holder_id: int,
    *,
    by: Actor,
    now: datetime,
    by_id: int | None = None,
) -> BallotVoter:
    rules = row.settings["proxies"]
    if not rules:
        raise NotNow("这次表决不能委托别人投。", "In this ballot nobody votes for another.")
    if row.state not in ("announced", "open") or now >= row.closes_at:
        raise NotNow("这次表决已经截止，不能再委托。", "This ballot is over: no more mandates.")
    _unused(work, voter)
    holder = work.session.get(BallotVoter, holder_id)
    if holder is None or holder.body_id != voter.body_id or holder.id == voter.id:
        raise _wrong("请选名册上的另一个人。", "Choose another person of the same roll.")
    if rules["per"] == "household" and (
        voter.household_index is None or voter.household_index != holder.household_index
    ):
        raise _wrong(
            "只能委托同一户的成员，邻居、亲戚不行。", "Only one of the same household may be sent, no neighbour."
        )
    if not ballot_rows.entrust(work, row, voter, holder, now=now, by_id=by_id):
        most = rules["most"]
        raise _wrong(
            f"这个人已经受 {most} 人委托，不能再多。请另选一位。",
            f"This person votes for {most} already: choose another.",
        )
    facts = {"ballot": row.id, "voter": voter.id, "holder": holder.id, "paper": by_id is not None}
    audit.record(work, audit.Kind.BALLOT_ENTRUSTED, by=by, now=now, facts=facts)
    return voter


def _unused(work: Work, voter: BallotVoter) -> None:
    if work.session.get(BallotMark, voter.id) is not None:
        raise NotNow("已经投过票了，委托不能再改。", "The vote was cast: the mandate cannot be changed any more.")


def _wrong(zh: str, en: str) -> Invalid:
    return Invalid([FieldError("holder", "委托谁", zh, en)])
