"""What the nouns have in the world of the walk: one of each, of the applicant's or of 苏洋村.

An entry of the volunteers about 张三丰, kept at 苏洋村; a hall of 龙门滩镇 with a window of the 医保局 and a number
that 张三丰 took there; an entry of 苏洋村's board that is up and one that waits for the head of 龙门滩镇; a job of
苏洋村 that can be booked; originals that 张三丰 hands to the agent of 苏洋村; an open vote of 苏洋村 with 张三丰 on
its roll; a schedule of the county and a run that failed; a book of the town that 张三丰 has at home; a ride that he
looks for from 苏洋村.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine import matters, people
from engine.commands import loans, matching, queues, register_rows
from engine.people import load, units
from engine.reads.knowing import Person
from engine.records import handovers, lending, library
from engine.store import Work
from engine.store.models import (
    BallotBody,
    BallotVoter,
    BoardEntry,
    Hall,
    Handover,
    HandoverLink,
    Resource,
    Schedule,
    ScheduleRun,
    Slot,
    SlotPlace,
    Window,
)
from engine.workdays import local_date
from tests.ballots import world as votes
from tests.cast import ROOT

#: What somebody answers who looks for a ride.
RIDE = {
    "places": 1,
    "luggage": "none",
    "infant": "no",
    "detour": "none",
    "contact": "陈大妈 13900000000",
    "consents": True,
}
MATTERS = ("dengji_zhiyuanzhe", "zhiyuan", "daoban", "ganxu", "baotuan", "tongbao", "juanshu", "shunfeng")


def furnish(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    """Put them there: what the names in addresses stand for, by `noun.name`."""
    for name in MATTERS:
        library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=now)
    found: dict[str, Any] = {}
    for one in (_entry, _hall, _board, _offer, _handover, _ballot, _schedule, _loan, _match):
        found |= one(work, cast, now)
    work.session.flush()
    return found


def _entry(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    one, _package = library.declared(work, "registers")["volunteer"]
    made = register_rows.put(
        work,
        one,
        {"skills": ["barber"], "policy": "PICC-2026-0917"},
        by=people.SYSTEM,
        now=now,
        whom=Person("张三丰", "13800000001", "350526195003071239", cast.users["zhang"]),
        place_id=cast.suyang.id,
        unit_id=cast.suyang.id,
    )
    return {"register.key": "volunteer", "register.entry_id": made.id}


def _hall(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    at = work.session.scalar(select(Hall).where(Hall.code == "jiayuan"))
    if at is None:
        at = Hall(code="jiayuan", name="办事大厅", name_en="Hall", unit_id=cast.lmt.id)
        work.session.add(at)
        work.session.flush()
    window = Window(hall_id=at.id, unit_id=cast.yb.id, code="8", name="医保窗口")
    work.session.add(window)
    work.session.flush()
    key = next(key for key, (one, _p) in library.declared(work, "queues").items() if one.what.at == "jiayuan")
    made = queues.take(work, key, by=load(work, cast.users["zhang"], now=now), now=now)
    return {"queue.code": "jiayuan", "queue.window_id": window.id, "queue.ticket_id": made.id, "ticket.code": made.code}


def _board(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    key = next(iter(library.declared(work, "boards")))
    for state in ("shown", "review"):
        work.session.add(
            BoardEntry(
                key=f"walk:{state}",
                number=f"GL-{state.upper()}",
                board=key,
                kind="market",
                state=state,
                unit_id=cast.suyang.id,
                place_id=cast.suyang.id,
                title="苏洋墟",
                words="苏洋墟",
                facts={"day": "2026-10-01"},
                shown={
                    "title": "墟日",
                    "title_en": "Market",
                    "day": "day",
                    "objections": {
                        "who": "anyone",
                        "message": "market-objection",
                        "words": "我有意见",
                        "words_en": "I object",
                    },
                    "fields": {"day": {"title": "日子", "title_en": "Day", "type": "date"}},
                },
                hidden={"organiser": "张三丰 13800000001"},
                asked_at=now,
                changed_at=now,
                review_unit_id=cast.lmt.id,
                review_post="head",
                from_at=now if state == "shown" else None,
                until_at=now + timedelta(days=20),
                begins_on=local_date(now) + timedelta(days=13),
            )
        )
    return {"board.number": "GL-SHOWN", "review.number": "GL-REVIEW"}


def _offer(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    row = Resource(
        code="ZY-WALK",
        unit_id=cast.suyang.id,
        place_id=cast.suyang.id,
        kind="session",
        name="给老人理发",
        matter="",
        offer="zhiyuan.job",
        about="祠堂",
        address="张三丰 家，电话 13800000001",
        prefix="G",
    )
    work.session.add(row)
    work.session.flush()
    slot = Slot(
        resource_id=row.id,
        starts_at=now + timedelta(days=5),
        ends_at=now + timedelta(days=5, hours=2),
        kind="normal",
        public_capacity=8,
    )
    work.session.add(slot)
    work.session.flush()
    work.session.add(SlotPlace(slot_id=slot.id, number=1, role="cut", title="理发", title_en="Haircuts", capacity=8))
    return {"offer.slot_id": slot.id, "offer.resource_id": row.id}


def _handover(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    giver, receiver = f"u:{cast.users['zhang']}", f"p:{cast.suyang.id}:agent"
    chain = Handover(
        kind="walk",
        name="原件",
        name_en="Originals",
        thing_kind="originals",
        thing=["户口簿"],
        unit_id=cast.suyang.id,
        place_id=cast.suyang.id,
        links=1,
        holder_end="giver",
        holder_key=giver,
        holder_name="张三丰",
        opened_at=now,
    )
    work.session.add(chain)
    work.session.flush()
    link = HandoverLink(
        handover_id=chain.id,
        n=1,
        tag=handovers.new_tag(),
        secret=handovers.new_secret(),
        giver_end="applicant",
        giver_key=giver,
        giver_name="张三丰",
        giver_phone="13800000001",
        receiver_end="agent",
        receiver_key=receiver,
        receiver_name="苏洋村",
        unit_id=cast.suyang.id,
        place_id=cast.suyang.id,
        proof=["qr", "code"],
        photo="never",
        opened_at=now,
    )
    work.session.add(link)
    work.session.flush()
    return {
        "handover.link_id": link.id,
        "handover.handover_id": chain.id,
        "handover.token": handovers.token(link, "giver", now=now),
    }


def _ballot(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    lines = [votes.Line("张三丰", "13800000001", place_id=None), *(votes.line(n) for n in range(3))]
    row = votes.announced(work, cast, votes.OPEN, lines, now=now, opens=now + timedelta(days=10))
    row.opens_at, row.state = now, "open"
    work.session.flush()
    mine = work.session.scalar(
        select(BallotVoter.id).where(BallotVoter.ballot_id == row.id).order_by(BallotVoter.n.desc()).limit(1)
    )
    body = work.session.scalar(select(BallotBody.id).where(BallotBody.ballot_id == row.id))
    return {"ballot.code": row.code, "ballot.voter_id": mine, "ballot.body_id": body}


def _schedule(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    row = work.session.scalar(select(Schedule).where(Schedule.matter == "tongbao"))
    assert row is not None
    county = units.tree(work).county.id
    work.session.add(
        ScheduleRun(
            schedule_id=row.id,
            unit_id=county,
            turn_at=now - timedelta(days=30),
            due_at=now - timedelta(days=30),
            first=local_date(now),
            last=local_date(now),
            state="failed",
            opened_at=now,
            error="x",
        )
    )
    return {"schedule.schedule_id": row.id}


def _loan(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    kind = lending.kind(work, "books")
    clerk = load(work, cast.users["zhou"], now=now)
    book = {"barcode": "B-1", "title": "论语", "class": "all"}
    register_rows.put(work, kind.of, book, by=clerk, now=now, unit_id=cast.lmt.id)
    made = loans.lend(work, kind.key, "B-1", f"u:{cast.users['zhang']}", by=clerk, now=now)
    return {"loan.key": kind.key, "loan.loan_id": made.loan.id}


def _match(work: Work, cast: Any, now: datetime) -> dict[str, Any]:
    made = matching.say(
        work,
        "ride",
        "need",
        stops=[cast.suyang.code, cast.lmt.code],
        starts_at=now + timedelta(days=3),
        until_at=now + timedelta(days=3, hours=2),
        answers=RIDE,
        by=load(work, cast.users["zhang"], now=now),
        now=now,
    )
    return {"match.key": "ride", "match.side": "need", "match.side_id": made.id}
