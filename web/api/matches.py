"""Matches: what is looked for and offered, saying one's own, asking and answering."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from engine.commands import matching
from engine.reads import matches as reads
from web import edge
from web.api.declaring import Shape, operation


class MatchOut(Shape):
    id: int
    number: str
    match: str
    side: str
    stops: list[str]
    day: date
    starts_at: datetime
    until_at: datetime
    places: int
    free: int
    state: str
    version: int
    name: str  # masked, unless it is the caller's own, or of somebody who lets the caller book


class PairOut(Shape):
    id: int
    number: str
    state: str
    version: int
    asked_by: str
    answers: bool  # it is the caller who says yes or no
    other: MatchOut
    name: str  # whole only while both have agreed
    phone: str
    arrived: str  # which side said that they arrived (or desk); empty: nobody yet
    arrives: bool  # the caller may say so now
    apart: bool  # the caller said: not again with this one
    charged: bool  # the caller said that the other asked for money


class MatchSideOut(MatchOut):
    pairs: list[PairOut]
    fitting: list[MatchOut]


class Looking(Shape):
    match: str
    side: Literal["supply", "need"] = "supply"
    start: str | None = None  # codes of places
    end: str | None = None
    day: date | None = None


class ApartOut(Shape):
    id: int
    match: str
    at: datetime
    day: date | None = Field(description="Of the trip; null when that is not known.")
    stops: tuple[str, ...]
    name: str = Field(description="Masked; empty once the trip is forgotten.")
    side: str


class Saying(Shape):
    match: str
    side: Literal["supply", "need"]
    stops: list[str] = Field(min_length=1, max_length=12)  # codes of places, in order
    starts_at: datetime
    until_at: datetime
    answers: dict[str, Any] = Field(default_factory=dict)
    bond: int | None = Field(None, description="The bond by which the caller says a need of somebody else.")


class Asking(Shape):
    other: int


class Answering(Shape):
    act: Literal["agree", "refuse", "cancel", "absent", "arrive", "apart", "rejoin", "charged", "late"]
    version: int
    reason: str = Field("", max_length=200)


#: What is said of a pair beside yes, no and called off.
SAID = {
    "absent": matching.absent,
    "arrive": matching.arrive,
    "apart": matching.part,
    "rejoin": matching.rejoin,
    "charged": matching.charge,
    "late": matching.late,
}


def _out(row: reads.Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in MatchOut.model_fields if name != "stops"} | {"stops": list(row.stops)}


def _said_apart() -> list[ApartOut]:
    rows = reads.said_apart(edge.work(), edge.actor())
    return [ApartOut(**{name: getattr(one, name) for name in ApartOut.model_fields}) for one in rows]


def _side(side_id: int) -> MatchSideOut:
    found = reads.one(edge.work(), side_id, actor=edge.actor(), now=edge.now())
    pairs = [
        PairOut(
            id=one.id,
            number=one.number,
            state=one.state,
            version=one.version,
            asked_by=one.asked_by,
            answers=one.answers,
            other=MatchOut(**_out(one.other)),
            name=one.name,
            phone=one.phone,
            arrived=one.arrived,
            arrives=one.arrives,
            apart=one.apart,
            charged=one.charged,
        )
        for one in found.pairs
    ]
    return MatchSideOut(**_out(found.row), pairs=pairs, fitting=[MatchOut(**_out(row)) for row in found.found])


@operation("get", "/matches", who="anyone", tag="matches", query=Looking, gives=list[MatchOut])
def matches(query: Looking) -> list[MatchOut]:
    """What is open on a side (60 at most), by place, day and time; who it is stays masked."""
    work = edge.work()
    ids = reads.place_ids(work)
    rows = reads.find(
        work,
        query.match,
        query.side,
        from_id=ids.get(query.start or ""),
        to_id=ids.get(query.end or ""),
        day=query.day,
        actor=edge.actor(),
        now=edge.now(),
    )
    return [MatchOut(**_out(row)) for row in rows]


@operation("get", "/matches/apart", who="resident", tag="matches", gives=list[ApartOut])
def match_apart() -> list[ApartOut]:
    """Of whom one said "not again": taken back by `POST /matches/apart/{apart_id}`, also when the trip is forgotten."""
    return _said_apart()


@operation("post", "/matches/apart/{apart_id}", who="resident", tag="matches", gives=list[ApartOut])
def take_back_apart(apart_id: int) -> list[ApartOut]:
    """They may be matched again; what is left of it."""
    matching.take_back(edge.work(), apart_id, by=edge.actor(), now=edge.now())
    return _said_apart()


@operation("post", "/matches", who="resident", tag="matches", takes=Saying, gives=MatchSideOut, status=201)
def say_match(body: Saying) -> MatchSideOut:
    """Offer a supply or say a need, for oneself or by a bond. 409 with the reason when one may not."""
    made = matching.say(
        edge.work(),
        body.match,
        body.side,
        stops=body.stops,
        starts_at=body.starts_at,
        until_at=body.until_at,
        answers=body.answers,
        bond_id=body.bond,
        by=edge.actor(),
        now=edge.now(),
    )
    return _side(made.id)


@operation("get", "/matches/{side_id}", who="resident", tag="matches", gives=MatchSideOut)
def match_side(side_id: int) -> MatchSideOut:
    """One's own need or supply: who asked, and what fits it."""
    return _side(side_id)


@operation("post", "/matches/{side_id}/ask", who="resident", tag="matches", takes=Asking, gives=MatchSideOut)
def ask_match(side_id: int, body: Asking) -> MatchSideOut:
    """Ask the other side; booked at once where the declaration says so."""
    reads.seen(edge.work(), side_id, actor=edge.actor())
    matching.ask(edge.work(), side_id, body.other, by=edge.actor(), now=edge.now())
    return _side(side_id)


@operation(
    "post",
    "/matches/{side_id}/pairs/{pair_id}",
    who="resident",
    tag="matches",
    takes=Answering,
    gives=MatchSideOut,
)
def answer_match(side_id: int, pair_id: int, body: Answering) -> MatchSideOut:
    """Say yes or no, or call it off. 409 with `full` when every place on that part of the way is taken."""
    reads.seen(edge.work(), side_id, actor=edge.actor())
    if body.act == "agree":
        matching.agree(edge.work(), pair_id, version=body.version, by=edge.actor(), now=edge.now())
    elif body.act in SAID:
        SAID[body.act](edge.work(), pair_id, version=body.version, by=edge.actor(), now=edge.now())
    else:
        act = matching.refuse if body.act == "refuse" else matching.cancel
        act(edge.work(), pair_id, version=body.version, reason=body.reason, by=edge.actor(), now=edge.now())
    return _side(side_id)
