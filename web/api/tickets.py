"""Numbers: halls, what a screen shows, one's own number; taking, calling and serving for staff; counts and times."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from engine.commands import queues
from engine.errors import FieldError, Invalid
from engine.reads import tickets as reads
from engine.reads.knowing import Person
from web import edge
from web.api.declaring import Shape, operation


class HallOut(Shape):
    code: str
    name: str
    address: str


class CallOut(Shape):
    number: str
    window: str
    called_at: datetime
    calls: int
    serving: bool


class LineOut(Shape):
    name: str
    waiting: int


class HallNow(Shape):
    calls: list[CallOut]
    lines: list[LineOut]
    parked: list[str]


class TicketOut(Shape):
    number: str
    code: str  # what the QR of the slip holds
    state: str
    kind: str
    before: int | None  # how many are called before it, as it looks now
    window: str


class TicketWish(Shape):
    queue: str
    matter: str = ""
    needs: list[str] = Field([], max_length=20)
    name: str = Field("", max_length=40)
    phone: str = Field("", max_length=20)


class TicketRow(Shape):
    id: int
    version: int
    number: str
    state: str
    calls: int


class StepWish(Shape):
    version: int
    window_id: int | None = None
    queue: str = ""
    note: str = Field("", max_length=200)


class Days(Shape):
    first: date
    last: date


class MeasureOut(Shape):
    day: date
    queue: str
    letter: str
    taken: int
    served: int
    gone: int
    waiting: int
    wait_median: float | None
    wait_p90: float | None
    serve_median: float | None
    serve_p90: float | None


@operation("get", "/halls", who="anyone", tag="queues", gives=list[HallOut])
def halls() -> list[HallOut]:
    """The halls in which numbers are taken."""
    return [HallOut(code=one.code, name=one.name, address=one.address) for one in reads.halls(edge.work())]


@operation("get", "/halls/{code}", who="anyone", tag="queues", gives=HallNow)
def hall_now(code: str) -> HallNow:
    """What the hall's screen shows: numbers and windows, no names."""
    shown = reads.wall(edge.work(), reads.shown(edge.work(), code), now=edge.now())
    return HallNow(
        calls=[
            CallOut(number=c.number, window=c.window, called_at=c.at, calls=c.calls, serving=c.serving)
            for c in shown.calls
        ],
        lines=[LineOut(name=name, waiting=n) for name, _, n in shown.waiting],
        parked=list(shown.parked),
    )


@operation("get", "/numbers/{code}", who="anyone", tag="queues", gives=TicketOut)
def ticket(code: str) -> TicketOut:
    """One number, for whoever holds its slip."""
    return _own(code)


def _own(code: str) -> TicketOut:
    one = reads.own(edge.work(), code, now=edge.now())
    return TicketOut(
        number=one.number, code=one.code, state=one.state, kind=one.kind, before=one.before, window=one.window
    )


@operation("post", "/numbers", who="staff", tag="queues", takes=TicketWish, gives=TicketOut, status=201)
def take_ticket(body: TicketWish) -> TicketOut:
    """Take a number for somebody, with or without saying who."""
    made = queues.take_for(
        edge.work(),
        body.queue,
        person=Person(body.name, body.phone or None) if body.name or body.phone else None,
        needs=body.needs,
        matter=body.matter,
        by=edge.actor(),
        now=edge.now(),
    )
    return _own(made.code)


@operation("post", "/windows/{window_id}/next", who="staff", tag="queues", gives=list[TicketRow])
def call_next(window_id: int) -> list[TicketRow]:
    """Call the next at one's window: a list of one, or empty when nobody waits."""
    found = queues.call_next(edge.work(), window_id, by=edge.actor(), now=edge.now())
    if found is None:
        return []
    return [TicketRow(id=found.id, version=found.version, number=found.number, state=found.state, calls=found.calls)]


_STEPS = {
    "recall": queues.recall,
    "park": queues.park,
    "serve": queues.serve,
    "done": queues.done,
    "gone": queues.gone,
}


@operation("post", "/numbers/{ticket_id}/{what}", who="staff", tag="queues", takes=StepWish, gives=TicketRow)
def ticket_step(ticket_id: int, what: str, body: StepWish) -> TicketRow:
    """recall, park, serve, done, gone, call (this one, at window_id), pass (to window_id or queue)."""
    work, by, now = edge.work(), edge.actor(), edge.now()
    if what in _STEPS:
        made = _STEPS[what](work, ticket_id, version=body.version, by=by, now=now)
    elif what == "call" and body.window_id is not None:
        made = queues.call(work, ticket_id, window_id=body.window_id, version=body.version, by=by, now=now)
    elif what == "pass":
        made = queues.pass_on(
            work,
            ticket_id,
            version=body.version,
            window_id=body.window_id,
            queue=body.queue,
            note=body.note,
            by=by,
            now=now,
        )
    else:
        words = "应是 recall、park、serve、done、gone、call（要 window_id）或 pass。"
        raise Invalid([FieldError("what", "", words, "recall, park, serve, done, gone, call (window_id) or pass.")])
    return TicketRow(id=made.id, version=made.version, number=made.number, state=made.state, calls=made.calls)


@operation("get", "/halls/{code}/measures", who="staff", tag="queues", query=Days, gives=list[MeasureOut])
def hall_measures(code: str, query: Days) -> list[MeasureOut]:
    """How many came, waited and were served, by class and day: counts, medians and 90th percentiles in minutes."""
    rows = reads.measures(edge.work(), code, edge.actor(), first=query.first, last=query.last, now=edge.now())
    return [
        MeasureOut(
            day=one.day,
            queue=one.queue,
            letter=one.letter,
            taken=one.taken,
            served=one.served,
            gone=one.gone,
            waiting=one.waiting,
            wait_median=one.wait_median,
            wait_p90=one.wait_p90,
            serve_median=one.serve_median,
            serve_p90=one.serve_p90,
        )
        for one in rows
    ]
