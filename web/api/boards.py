"""The public boards, to be read by anybody."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from engine.errors import NotFound
from engine.matters.nouns.boards import KINDS
from engine.reads import boards as reads
from web import edge
from web.api.declaring import Shape, operation


class Wanted(Shape):
    """Which entries."""

    kind: str = ""  # notice, need, offer, activity, market, sharing; empty: all
    place: str = ""  # a unit's code; with it what its villages and those above it publish
    q: str = ""
    page: int = 1


class FactOut(Shape):
    name: str
    title: str
    title_en: str
    type: str
    value: Any


class EntryOut(Shape):
    number: str
    kind: str
    board: str
    title: str
    place: str  # a unit's code
    unit: str
    facts: list[FactOut]
    begins: date | datetime | None
    lunar: str
    published_at: datetime | None
    until: date
    changed: int
    change: str


class BoardOut(Shape):
    entries: list[EntryOut]
    more: bool


def _out(one: reads.Entry) -> EntryOut:
    return EntryOut(
        number=one.number,
        kind=one.kind,
        board=one.board,
        title=one.title,
        place=one.place.code,
        unit=one.unit.code,
        facts=[FactOut(name=f.name, title=f.title, title_en=f.title_en, type=f.type, value=f.value) for f in one.facts],
        begins=one.begins,
        lunar=one.lunar,
        published_at=one.from_at,
        until=one.last_on,
        changed=one.changed,
        change=one.change,
    )


@operation("get", "/board", who="anyone", tag="boards", query=Wanted, gives=BoardOut)
def board(query: Wanted) -> BoardOut:
    """What is up on the public boards."""
    work = edge.work()
    if query.kind and query.kind not in KINDS:
        raise NotFound("没有这一类。", f"Expected one of {', '.join(KINDS)}, but it is {query.kind[:20]!r}.")
    place = None
    if query.place:
        place = next((one for one in reads.places(work) if one.code == query.place), None)
        if place is None:
            raise NotFound("没有这个地方。", f"There is no place {query.place[:20]!r}.")
    found = reads.listing(work, now=edge.now(), kind=query.kind, place=place, q=query.q[:60], page=query.page)
    return BoardOut(entries=[_out(one) for one in found.entries], more=found.more)


@operation("get", "/board/{number}", who="anyone", tag="boards", gives=EntryOut)
def board_entry(number: str) -> EntryOut:
    """One entry that is up."""
    return _out(reads.one(edge.work(), number, now=edge.now(), actor=edge.actor()))
