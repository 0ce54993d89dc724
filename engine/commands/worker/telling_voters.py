"""Those on the roll of a ballot are told, some at a time: that it is open, that it ends soon, how it ended.

On the page whoever has an account; by text message only who agreed (`consent` of the roll), within the day's measure of
what goes to many, never in the night. Reminded is who has not voted by then: that is read from whether there is a mark,
as the hall shows it to the desk; what was voted is read nowhere here, and nothing is written where votes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, or_, select, update

from engine.commands.equipment import Equipment
from engine.commands.worker.telling import within
from engine.people import units
from engine.records import jobs, notices
from engine.records.jobs import Leased
from engine.store import Database, Work, keys
from engine.store.models import Ballot, BallotMark, BallotVoter, User
from engine.workdays import ZONE, say_at

#: How many are told in one transaction; the next job goes on after the last of them.
CHUNK = 200

#: What is said, Chinese and English; {where} is who holds the vote, {name} its name, {until} its close.
WORDS = {
    "open": (
        "{where}“{name}”开始投票，{until}截止。您在名册上，请到“表决”里投票；没有手机投的，请到村里当面投。",
        "{where}: {name} is open until {until_en}. You are on the roll: vote under Votes, or in person.",
    ),
    "reminder": (
        "{where}“{name}”{until}截止，您还没有投票。请到“表决”里投票，或到村里当面投。",
        "{where}: {name} ends {until_en}, and you have not voted yet. Vote under Votes, or in person.",
    ),
    "passed": (
        "{where}“{name}”已经计票：通过。票数请到“表决”里看。",
        "{where}: {name} was counted: passed. See the counts under Votes.",
    ),
    "failed": (
        "{where}“{name}”已经计票：没有通过。票数请到“表决”里看。",
        "{where}: {name} was counted: not passed. See the counts under Votes.",
    ),
    "no-quorum": (
        "{where}“{name}”投票的人数不够，没有计票。",
        "{where}: too few took part in {name}, so nothing was counted.",
    ),
    "off": (
        "{where}“{name}”已经撤回，不计票。投过的票已经销毁。",
        "{where}: {name} was called off. Nothing is counted, and what was voted is destroyed.",
    ),
}
#: What makes it worth telling: the state it must still be in.
_STILL = {"open": "open", "reminder": "open", "result": "counted", "off": "withdrawn", "quietly-off": "withdrawn"}


def tell_voters(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The next of the roll; after the last of an ended ballot no telephone stands on it any more."""
    what, after = str(job.payload["what"]), int(job.payload["after"])
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        row = work.session.get_one(Ballot, int(job.payload["ballot"]))
        if row.state != _STILL[what] or (row.state == "open" and now >= row.closes_at):
            return  # by now it is over: its result is told
        if what != "quietly-off":
            voters = _next(work, row, what, after)
            _tell(work, row, what, voters, now)
            if len(voters) == CHUNK:
                last = voters[-1].id
                payload = {**job.payload, "after": last}
                key = f"{job.key.split('>')[0]}>{last}"
                jobs.put(work, jobs.Kind.BALLOT_TELL, key, payload, now=now)
                return
        if row.state != "open":
            work.session.execute(
                update(BallotVoter)
                .where(BallotVoter.ballot_id == row.id, BallotVoter.phone.is_not(None))
                .values(phone=None)
                .execution_options(synchronize_session=False)
            )


def _next(work: Work, row: Ballot, what: str, after: int) -> Sequence[BallotVoter]:
    query = select(BallotVoter).where(BallotVoter.ballot_id == row.id, BallotVoter.id > after)
    if what == "reminder":
        query = query.where(~exists().where(BallotMark.voter_id == BallotVoter.id))
    return work.session.scalars(query.order_by(BallotVoter.id).limit(CHUNK)).all()


def _tell(work: Work, row: Ballot, what: str, voters: Sequence[BallotVoter], now: datetime) -> None:
    place, until = units.place(work, row.unit_id), row.closes_at.astimezone(ZONE)
    zh, en = WORDS[str((row.result or {})["outcome"]) if what == "result" else what]
    text = zh.format(where=place.name, name=row.name, until=say_at(until))
    text_en = en.format(
        where=place.name_en or place.name, name=row.name_en or row.name, until_en=f"{until:%d %b %H:%M}"
    )
    texts = row.state != "open" or notices.next_waking(now) < row.closes_at  # in the morning it would be too late
    known = _accounts(work, row, voters)
    for voter in voters:
        user_id = known.get(voter.id)
        for channel, reached in (("screen", user_id is not None), ("sms", voter.phone is not None and texts)):
            if not reached or (channel == "sms" and not within(work, user_id, voter.phone or "", now)):
                continue
            notices.put(
                work,
                f"ballot:{row.id}:{what}:{voter.id}:{channel}",
                text,
                text_en=text_en,
                kind="ballot",
                now=now,
                channel=channel,
                user_id=user_id,
                address=voter.phone if channel == "sms" else None,
            )


def _accounts(work: Work, row: Ballot, voters: Sequence[BallotVoter]) -> dict[int, int]:
    """Whose account each line is: by an identity number the hall knows, or by telephone and name, as in voting
    (engine/reads/ballots.my_line). A telephone that two on the roll share says nothing of an account without a name."""
    ids = {voter.id_index for voter in voters if voter.id_index}
    phones = {voter.phone_index for voter in voters if voter.phone_index}
    users = work.session.scalars(
        select(User).where(
            User.kind == "resident",
            User.disabled_at.is_(None),
            or_(User.id_index.in_(ids), User.phone_index.in_(phones)),
        )
    ).all()
    of_id = {user.id_index: user for user in users if user.id_index}
    of_phone = {user.phone_index: user for user in users if user.phone_index}
    lines = {
        phone: n
        for phone, n in work.session.execute(
            select(BallotVoter.phone_index, func.count())
            .where(BallotVoter.ballot_id == row.id, BallotVoter.phone_index.in_(phones))
            .group_by(BallotVoter.phone_index)
        )
    }
    found: dict[int, int] = {}
    for voter in voters:
        user = of_id.get(voter.id_index) if voter.id_index else None
        if user is None and voter.phone_index:
            user = of_phone.get(voter.phone_index)
            if user is not None and not _is(user, voter, lines.get(voter.phone_index, 0)):
                user = None
        if user is not None:
            found[voter.id] = user.id
    return found


def _is(user: User, voter: BallotVoter, sharing: int) -> bool:
    """Whether the account with the telephone of this line, which so many lines have, is of who stands there."""
    if user.number_at is not None:  # the roll may still have the number of who had it before
        return False
    return voter.name_index in keys.blinds("name", user.name) if user.name else sharing == 1
