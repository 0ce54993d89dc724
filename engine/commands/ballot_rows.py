"""Rows of ballots (表决): announced with a frozen roll, opened, counted, withdrawn. Who may is asked above.

    ballot = announce(work, proposal, roll, by=by, now=now)   # too short a notice, an empty roll: refused by the field
    put_in(work, voter, ballot, choice, …)                    # one vote a person, whatever Python does
    count(work, ballot, by=by, now=now)                       # once; then no vote of a secret ballot exists any more

What the database holds: one line of the roll a person, one mark a line, no more marks than lines, no mark of a secret
ballot with a choice or a time. A vote and its count cannot cross: who votes holds the ballot's row as it is, who counts
wants it alone.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from engine import crypto
from engine.errors import FieldError, Invalid, NotNow
from engine.matters import majority
from engine.matters.nouns.ballots import ABSTAIN, NO, YES
from engine.matters.nouns.ballots import Ballot as Declaration
from engine.people import Actor
from engine.people.units import Place
from engine.plain import dumps
from engine.records import audit, jobs, urn
from engine.store import Database, Work, keys
from engine.store.models import (
    Ballot,
    BallotBody,
    BallotBox,
    BallotKey,
    BallotMark,
    BallotProxy,
    BallotVoter,
)
from engine.workdays import ZONE, local_date, say_at

#: Fewer in one body, on the roll or who came, cannot vote in secret: the count would say who voted what.
FEWEST_SECRET = 3
#: The largest roll of one ballot.
MOST_VOTERS = 20_000
MOST_OPTIONS, MOST_BODIES = 20, 50
#: So long before the close those who have not voted are reminded; half-way where a vote is shorter than twice that.
REMINDER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the roll, as it is given."""

    name: str
    phone: str | None = None
    id_number: str | None = None
    household: str | None = None
    place_id: int | None = None  # in which body they vote
    weight: int = 1
    consents: bool = False  # to text messages

    @property
    def person(self) -> str:
        """By what they are one and the same."""
        if self.id_number:
            return keys.blind("id", self.id_number)
        return keys.blind("name", f"{self.name}/{self.phone or ''}")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is voted on, as a case or a clerk says it."""

    key: str  # of its declaration
    version: str
    what: Declaration
    question: str
    words: str
    options: tuple[str, ...]
    bodies: tuple[Place, ...]  # several vote apart; one: undivided
    unit: Place
    place: Place
    opens_at: datetime
    closes_at: datetime
    case_id: int | None = None
    effect: str = ""
    roll: tuple[Line, ...] = field(repr=False, default=())
    at: str = ""  # where the form has opens_at and closes_at, with a dot behind


def announce(work: Work, proposal: Proposal, *, by: Actor, now: datetime) -> Ballot:
    """The notice: from here on roll, question and rules stand. Invalid names the field that cannot be so."""
    _lawful(proposal, now)
    by_body = _bodies(proposal)
    what = proposal.what
    row = Ballot(
        code=secrets.token_urlsafe(12),
        key=proposal.key,
        version_hash=proposal.version,
        case_id=proposal.case_id,
        effect=proposal.effect,
        unit_id=proposal.unit.id,
        place_id=proposal.place.id,
        name=what.name,
        name_en=what.name_en,
        question=proposal.question,
        words=proposal.words,
        options=[{"id": f"o{n}", "name": name} for n, name in enumerate(proposal.options, 1)],
        settings=what.settings(),
        secret=what.secret,
        state="announced",
        announced_at=now,
        opens_at=proposal.opens_at,
        closes_at=proposal.closes_at,
    )
    work.insert(row)
    there = [
        BallotBody(
            ballot_id=row.id,
            n=n,
            name=place.name,
            unit_id=place.id,
            heads=len(lines),
            weight=sum(line.weight for line in lines),
            voted=0,
        )
        for n, (place, lines) in enumerate(by_body, 1)
    ]
    work.insert_all(there, "n")
    voters = [
        _voter(row, body, n, line)
        for body, (_, lines) in zip(there, by_body, strict=True)
        for n, line in enumerate(lines, 1)
    ]
    work.session.execute(insert(BallotVoter), voters)
    if row.secret:
        _furnish(work, row, there)
    at = (("open", row.opens_at), ("close", row.closes_at))
    for act, moment in at:
        jobs.put(work, jobs.Kind.BALLOT_DUE, f"ballot:{row.id}:{act}", {"ballot": row.id}, now=now, after=moment)
    facts = {"ballot": row.id, "secret": row.secret, "bodies": len(by_body), "roll": sum(len(x) for _, x in by_body)}
    audit.record(work, audit.Kind.BALLOT_ANNOUNCED, by=by, now=now, facts=facts, later=True)
    return row


def _wrong(at: str, label: str, zh: str, en: str) -> Invalid:
    return Invalid([FieldError(at, label, zh, en)])


def _lawful(proposal: Proposal, now: datetime) -> None:
    """The times and the choices, against the declaration."""
    what, opens = proposal.what, proposal.opens_at
    if proposal.closes_at <= opens:
        raise _wrong(
            f"{proposal.at}closes_at", "截止时间", "截止时间要在开始之后。", "The close must be after the opening."
        )
    earliest = local_date(now) + timedelta(days=what.days)
    if opens < now and not what.days:
        raise _wrong(
            f"{proposal.at}opens_at",
            "开始时间",
            f"{say_at(opens)}已经过了，现在是{say_at(now)}。请写以后的时间。",
            f"{opens.astimezone(ZONE):%Y-%m-%d %H:%M} has passed: it is {now.astimezone(ZONE):%Y-%m-%d %H:%M}. "
            "Choose a later time.",
        )
    if local_date(opens) < earliest or opens < now:
        raise _wrong(
            f"{proposal.at}opens_at",
            "开始时间",
            f"{what.law.name}要提前 {what.days} 天公告：今天公告，最早 {earliest:%Y-%m-%d} 开始投票。",
            f"{what.law.name_en}: {what.days} days of notice; announced today, the vote begins on {earliest} at the "
            "earliest.",
        )
    if not proposal.question.strip():
        raise _wrong("question", "表决什么", "请写明表决什么。", "Say what is voted on.")
    options = proposal.options
    if options and not 2 <= len(set(options)) == len(options) <= MOST_OPTIONS:
        raise _wrong(
            "options",
            "选项",
            f"选项要有 2 到 {MOST_OPTIONS} 个，不能重复。",
            f"Expected 2 to {MOST_OPTIONS} options, each once.",
        )
    if options and what.seats >= len(options):
        raise _wrong(
            "options",
            "选项",
            f"要选出 {what.seats} 个，选项要更多。",
            f"To choose {what.seats} there must be more options than that.",
        )


def _wrong_roll(proposal: Proposal) -> tuple[str, str]:
    """Nobody is on the roll, or too many are: where they were looked for, and what to do."""
    if proposal.roll:
        return (
            f"名册最多 {MOST_VOTERS} 人。",
            f"Expected at most {MOST_VOTERS} people on the roll, but there are {len(proposal.roll)}.",
        )
    source = proposal.what.roll.source if proposal.what.roll is not None else ""
    if not source:
        return (
            "名册是空的，没有人可以投：请在输入 roll 里给出名册。",
            "Nobody is on the roll: give people in the input roll.",
        )
    where = proposal.bodies or (proposal.place,)
    return (
        f"名册是空的，没有人可以投：台账“{source}”里，{'、'.join(p.name for p in where)}没有有效而符合条件的人。"
        "请先登记，或者核对是哪个村、where 写得对不对。",
        f'Nobody is on the roll: the register "{source}" has no valid entry that fits `where` in '
        f"{', '.join(p.name_en or p.name for p in where)}. Register people first, or look at place and condition.",
    )


def _bodies(proposal: Proposal) -> list[tuple[Place, list[Line]]]:
    """Each body with its lines, in the order of their names: the order in which they came says nothing."""
    roll, what = proposal.roll, proposal.what
    if not 0 < len(roll) <= MOST_VOTERS:
        raise _wrong("roll", "名册", *_wrong_roll(proposal))
    twice = [person for person, n in Counter(line.person for line in roll).items() if n > 1]
    if twice:
        names = "、".join(sorted({line.name for line in roll if line.person in twice})[:5])
        raise _wrong(
            "roll",
            "名册",
            f"名册里有人出现两次：{names}。一人只能有一行。",
            f"Somebody is on the roll twice ({len(twice)}): one person has one line.",
        )
    places = proposal.bodies or (proposal.place,)
    if len(places) > MOST_BODIES:
        raise _wrong("bodies", "分别投票的村", f"最多 {MOST_BODIES} 个。", f"At most {MOST_BODIES} bodies.")
    if len(proposal.bodies) > 1:
        found = {place.id: [line for line in roll if line.place_id == place.id] for place in places}
        strange = sum(line.place_id not in found for line in roll)
        if strange:
            raise _wrong(
                "roll",
                "名册",
                f"名册里有 {strange} 人不在要投票的村里。",
                f"{strange} people of the roll belong to none of the bodies.",
            )
    else:
        found = {places[0].id: list(roll)}
    least = FEWEST_SECRET if what.secret else 1
    for place in places:
        if len(found[place.id]) < least:
            zh = f"{place.name}的名册只有 {len(found[place.id])} 人"
            zh += f"，无记名至少要 {least} 人，不然看结果就知道谁投了什么。" if what.secret else "，没有人可以投。"
            raise _wrong("roll", "名册", zh, f"{place.name}: expected at least {least} people on the roll.")
    return [(place, sorted(found[place.id], key=lambda line: (line.name, line.person))) for place in places]


def _voter(row: Ballot, body: BallotBody, n: int, line: Line) -> dict[str, Any]:
    return {
        "ballot_id": row.id,
        "body_id": body.id,
        "n": n,
        "name": line.name,
        "name_index": keys.blind("name", line.name),
        "person_index": line.person,
        "phone_index": keys.blind("phone", line.phone) if line.phone else None,
        "id_index": keys.blind("id", line.id_number) if line.id_number else None,
        "household_index": keys.blind("household", line.household) if line.household else None,
        "phone": line.phone if line.consents else None,
        "weight": line.weight,
    }


def _furnish(work: Work, row: Ballot, there: Sequence[BallotBody]) -> None:
    """A key, and for each body a box as large as its roll."""
    pair = urn.new_pair()
    work.session.add(BallotKey(ballot_id=row.id, public=pair.public, private=pair.private))
    for body in there:
        content = urn.empty(body.heads, pair.public, urn.about(row.id, body.id))
        work.session.add(BallotBox(body_id=body.id, content=content))


def bodies_of(work: Work, ballot_id: int) -> list[BallotBody]:
    return list(
        work.session.scalars(select(BallotBody).where(BallotBody.ballot_id == ballot_id).order_by(BallotBody.n))
    )


# ---------------------------------------------------------------- voting


def choices(row: Ballot) -> dict[str, str]:
    """id -> what it is called in Chinese."""
    if row.options:
        return {str(one["id"]): str(one["name"]) for one in row.options}
    return {YES: "同意", NO: "不同意", ABSTAIN: "弃权"}


def held(work: Work, ballot_id: int) -> Ballot:
    """The ballot, as it stays until the end of this transaction: nobody counts meanwhile."""
    return work.session.scalars(
        select(Ballot)
        .where(Ballot.id == ballot_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).one()


def put_in(
    work: Work,
    row: Ballot,
    voter: BallotVoter,
    choice: Sequence[str],
    *,
    way: str,
    now: datetime,
    proxy_id: int | None = None,
    before_id: int | None = None,
    witness: str | None = None,
) -> bool:
    """The vote of this line; False when it has voted: the database takes one mark a voter."""
    made = sqlite.insert(BallotMark) if work.dialect == "sqlite" else postgresql.insert(BallotMark)
    new = work.session.scalar(
        made.values(
            voter_id=voter.id,
            body_id=voter.body_id,
            secret=row.secret,
            way=way,
            proxy_id=proxy_id,
            before_id=before_id,
            witness=witness,
            choice=None if row.secret else list(choice),
            cast_at=None if row.secret else now,
            changed=0,
        )
        .on_conflict_do_nothing(index_elements=["voter_id"])
        .returning(BallotMark.voter_id)
    )
    if new is None:
        return False
    if row.secret:
        box = work.session.scalars(
            select(BallotBox)
            .where(BallotBox.body_id == voter.body_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        public = work.session.scalars(select(BallotKey.public).where(BallotKey.ballot_id == row.id)).one()
        box.content = urn.put(box.content, choice, public, urn.about(row.id, voter.body_id))
        work.session.flush()
    work.session.execute(
        update(BallotBody).where(BallotBody.id == voter.body_id).values(voted=BallotBody.voted + 1),
        execution_options={"synchronize_session": False},
    )
    left = work.session.scalar(
        select(BallotBody.id).where(BallotBody.ballot_id == row.id, BallotBody.voted < BallotBody.heads).limit(1)
    )
    if left is None:  # the last of all: nobody is waited for
        jobs.put_once(work, jobs.Kind.BALLOT_DUE, f"ballot:{row.id}:all", {"ballot": row.id}, now=now)
    return True


def put_anew(
    work: Work,
    voter: BallotVoter,
    choice: Sequence[str],
    *,
    way: str,
    now: datetime,
    proxy_id: int | None = None,
    before_id: int | None = None,
    witness: str | None = None,
) -> None:
    """Of an open vote: the last one counts."""
    work.session.execute(
        update(BallotMark)
        .where(BallotMark.voter_id == voter.id, BallotMark.secret.is_(False))
        .values(
            choice=list(choice),
            cast_at=now,
            way=way,
            proxy_id=proxy_id,
            before_id=before_id,
            witness=witness,
            changed=BallotMark.changed + 1,
        ),
        execution_options={"synchronize_session": False},
    )


# ---------------------------------------------------------------- proxies


def entrust(
    work: Work,
    row: Ballot,
    voter: BallotVoter,
    holder: BallotVoter,
    *,
    now: datetime,
    by_id: int | None = None,
    file_id: int | None = None,
) -> bool:
    """A written mandate; False when the holder has as many as one may have. The database counts them."""
    most = int(row.settings["proxies"]["most"])
    work.session.execute(delete(BallotProxy).where(BallotProxy.voter_id == voter.id))
    for n in range(1, most + 1):
        made = sqlite.insert(BallotProxy) if work.dialect == "sqlite" else postgresql.insert(BallotProxy)
        given = work.session.scalar(
            made.values(
                voter_id=voter.id,
                holder_id=holder.id,
                n=n,
                most=most,
                given_at=now,
                by_id=by_id,
                file_id=file_id,
            )
            .on_conflict_do_nothing(index_elements=["holder_id", "n"])
            .returning(BallotProxy.voter_id)
        )
        if given is not None:
            return True
    return False


def revoke(work: Work, voter_id: int) -> bool:
    found = work.session.execute(delete(BallotProxy).where(BallotProxy.voter_id == voter_id))
    return cast("CursorResult[Any]", found).rowcount == 1


# ---------------------------------------------------------------- the end


def alone(work: Work, ballot_id: int) -> Ballot:
    """The ballot with nobody voting: who is in the middle of it is waited for."""
    return work.session.scalars(
        select(Ballot).where(Ballot.id == ballot_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def open_now(work: Work, row: Ballot, *, by: Actor, now: datetime) -> None:
    row.state = "open"
    audit.record(work, audit.Kind.BALLOT_OPENED, by=by, now=now, facts={"ballot": row.id})
    tell(work, row, "open", now=now)
    half = (row.closes_at - row.opens_at) / 2
    tell(work, row, "reminder", now=now, after=row.closes_at - min(REMINDER, half))


def tell(work: Work, row: Ballot, what: str, *, now: datetime, after: datetime | None = None) -> None:
    """Everybody on the roll is told, by a job: thousands of notices have no place in the transaction that opens or
    counts. `what`: open, reminder, result, off (engine/commands/worker/telling_voters.py)."""
    payload = {"ballot": row.id, "what": what, "after": 0}
    jobs.put_once(work, jobs.Kind.BALLOT_TELL, f"ballot:{row.id}:tell:{what}", payload, now=now, after=after)


def count(work: Work, row: Ballot, *, by: Actor, now: datetime) -> dict[str, Any]:
    """The result of each body and of all. Votes of a secret ballot are taken out, counted and destroyed; where there
    was no quorum they are destroyed unread: no vote was held."""
    key = work.session.get(BallotKey, row.id) if row.secret else None
    found = [_of_body(work, row, body, key) for body in bodies_of(work, row.id)]
    passed = carried(row.settings["carried"], [one["passed"] for one in found])
    lost = any(one["quorum"]["met"] and not one["passed"] for one in found)
    row.result = {
        "passed": passed,
        "outcome": "passed" if passed else "failed" if lost else "no-quorum",
        "carried": row.settings["carried"],
        "bodies": found,
    }
    row.state, row.ended_at = "counted", now
    destroy(work, row.id)
    work.session.flush()
    digest = crypto.fingerprint(dumps(row.result).encode())
    outcome = {"ballot": row.id, "outcome": row.result["outcome"], "result": digest}
    audit.record(work, audit.Kind.BALLOT_COUNTED, by=by, now=now, facts=outcome)
    tell(work, row, "result", now=now)
    return row.result


def carried(rule: str | int, passed: Sequence[bool]) -> bool:
    """Whether all of it passes.

    >>> carried("all", [True, False]), carried("each", [True, False]), carried(2, [True, True, False])
    (False, True, True)
    """
    if rule == "all":
        return all(passed)
    return sum(passed) >= (1 if rule == "each" else int(rule))


def _of_body(work: Work, row: Ballot, body: BallotBody, key: BallotKey | None) -> dict[str, Any]:
    marks = work.session.execute(
        select(BallotMark.way, BallotMark.proxy_id, BallotMark.choice, BallotVoter.weight)
        .join(BallotVoter, BallotVoter.id == BallotMark.voter_id)
        .where(BallotMark.body_id == body.id)
    ).all()
    present = sum(mark.weight for mark in marks)
    counts = {"roll": body.weight, "present": present}
    quorum = majority.read(row.settings["present"], "present")
    met = quorum.met(counts)
    zh, en = quorum.explained(counts)
    if row.secret and met and len(marks) < FEWEST_SECRET:  # the count would say who voted what
        met = False
        zh = f"{zh}；但无记名只有 {len(marks)} 人投，一开票就知道谁投了什么，不开票，票已销毁，请重新表决"
        en = f"{en}; but {len(marks)} voted in secret, and the count would say who voted what: it is not counted"
    said: dict[str, Any] = {
        "name": body.name,
        "unit": body.unit_id,
        "heads": body.heads,
        "voted": len(marks),
        "roll": body.weight,
        "present": present,
        "online": sum(mark.way == "online" and mark.proxy_id is None for mark in marks),
        "desk": sum(mark.way == "desk" and mark.proxy_id is None for mark in marks),
        "proxy": sum(mark.proxy_id is not None for mark in marks),
        "quorum": {"met": met, "rule": quorum.text, "needed": quorum.needed(counts)[0], "zh": zh, "en": en},
        "passed": False,
        "counts": None,
        "majority": None,
        "chosen": [],
        "tied": [],
    }
    if not met:
        return said
    tally = Counter(dict.fromkeys(choices(row), 0))
    if row.secret:
        assert key is not None
        box = work.session.get_one(BallotBox, body.id)
        votes = urn.empty_out(box.content, key.private, urn.about(row.id, body.id))
        if len(votes) != len(marks):
            raise NotNow(
                f"{body.name}的票数 {len(votes)} 和投过票的人数 {len(marks)} 不一致，没有开票。请报运维。",
                f"Expected as many votes as marks, but there are {len(votes)} and {len(marks)}. Nothing was counted.",
            )
        for vote in votes:
            tally.update(vote)
    else:
        for mark in marks:
            tally.update(dict.fromkeys(mark.choice, mark.weight))
    said["counts"] = dict(tally)
    rule = majority.read(row.settings["passes"])
    return said | (_chosen(row, rule, counts, tally) if row.options else _passed(rule, counts, tally))


def _passed(rule: majority.Rule, counts: Mapping[str, int], tally: Mapping[str, int]) -> dict[str, Any]:
    known = {**counts, **tally, "votes": tally[YES]}
    zh, en = rule.explained(known)
    said = {"met": rule.met(known), "rule": rule.text, "needed": rule.needed(known)[0], "zh": zh, "en": en}
    return {"majority": said, "passed": said["met"]}


def _chosen(row: Ballot, rule: majority.Rule, counts: Mapping[str, int], tally: Mapping[str, int]) -> dict[str, Any]:
    """Those options that meet the rule, the most votes first, as many as there are seats; options that tie for the
    last seat are not chosen: that is for another vote."""
    seats = int(row.settings["seats"])
    known = {**counts, YES: 0, NO: 0, ABSTAIN: 0}
    good = sorted((id for id in tally if rule.met({**known, "votes": tally[id]})), key=lambda id: (-tally[id], id))
    chosen, tied = good[:seats], []
    if len(good) > seats and tally[good[seats]] == tally[good[seats - 1]]:
        edge = tally[good[seats]]
        tied = [id for id in good if tally[id] == edge]
        chosen = [id for id in good if tally[id] > edge]
    best = {**known, "votes": max(tally.values())}
    zh, en = rule.explained(best)
    said = {"met": len(chosen) == seats, "rule": rule.text, "needed": rule.needed(best)[0], "zh": zh, "en": en}
    return {"majority": said, "passed": said["met"], "chosen": chosen, "tied": tied}


def withdraw(work: Work, row: Ballot, reason: str, *, by: Actor, now: datetime) -> None:
    """It is off: nothing is counted, what was voted is destroyed."""
    tell(work, row, "off" if row.state == "open" else "quietly-off", now=now)
    row.state, row.ended_at, row.reason = "withdrawn", now, reason[:200]
    destroy(work, row.id)
    work.session.flush()
    audit.record(work, audit.Kind.BALLOT_WITHDRAWN, by=by, now=now, facts={"ballot": row.id})


def destroy(work: Work, ballot_id: int) -> None:
    """Key and boxes are gone when the transaction is stored; what the database keeps of deleted rows, `scrub` clears
    afterwards."""
    if work.dialect == "sqlite":  # of this connection, from now on: deleted content is overwritten with zeros
        work.session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
    inside = select(BallotBody.id).where(BallotBody.ballot_id == ballot_id)
    together = {"synchronize_session": "fetch"}
    work.session.execute(delete(BallotBox).where(BallotBox.body_id.in_(inside)), execution_options=together)
    work.session.execute(delete(BallotKey).where(BallotKey.ballot_id == ballot_id), execution_options=together)


def scrub(database: Database) -> None:
    """Clear what the database still has of deleted keys and boxes: dead rows of PostgreSQL, the log of SQLite. Backups
    and archived logs are not in its reach; without the hall's key they open nothing."""
    if database.dialect == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ballot_key, ballot_box"))
    else:
        raw = database.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()
