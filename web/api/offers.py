"""Offers: what can be booked, one time with what is left, and booking it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from engine.commands import booking
from engine.reads import attending, standing, statements
from engine.reads import bookings as own
from engine.reads import offers as reads
from web import edge
from web.api.bookings import BookingOut
from web.api.declaring import Shape, operation, shaped


class RoleOut(Shape):
    role: str
    title: str
    title_en: str
    capacity: int
    free: int


class OfferOut(Shape):
    slot_id: int
    offer: str
    number: str
    name: str
    about: str
    unit: str
    place: str
    starts_at: datetime
    ends_at: datetime
    free: int
    left: list[RoleOut]


class PartOut(Shape):
    part: str  # self, or a name of the offer's subsidy
    title: str
    title_en: str
    cents: int


class PriceOut(Shape):
    cents: int
    parts: list[PartOut]  # they add up to cents


class ChanceOut(OfferOut):
    price: PriceOut | None  # null: it has no price, or it depends on what its form asks
    reasons: list[str]  # why the caller may not book it; empty: they may


class ForWhom(Shape):
    bond: int | None = Field(None, description="The bond by which the caller would book for somebody else.")


class Which(Shape):
    offer: str | None = None
    day: date | None = None


class Member(Shape):
    name: str = Field(min_length=1, max_length=40)
    phone: str = Field("", max_length=20)
    role: str = Field("", max_length=40)


class Led(Shape):
    bond: int = Field(description="The bond `leader` between the member and the caller.")
    role: str = Field("", max_length=40)


class Claim(Shape):
    role: str = Field("", max_length=40)
    team: str = Field("", max_length=80)
    bond: int | None = Field(None, description="The bond by which the caller books for somebody else.")
    members: list[Member] = Field(default_factory=list, max_length=60)
    led: list[Led] = Field(
        default_factory=list, max_length=60, description="Members of the team that the caller leads."
    )
    answers: dict[str, Any] = Field(default_factory=dict)


@operation("get", "/offers", who="anyone", tag="offers", query=Which, gives=list[OfferOut])
def offers(query: Which) -> list[OfferOut]:
    """What can be booked (100 at most), by time."""
    found = reads.list_open(edge.work(), offer=query.offer, day=query.day, now=edge.now())
    return [shaped(OfferOut, one) for one in found]


@operation("get", "/offers/{slot_id}", who="anyone", tag="offers", query=ForWhom, gives=ChanceOut)
def offer(slot_id: int, query: ForWhom) -> ChanceOut:
    """One time: what is left, what it costs the caller or whom they ask for, and why it may not be booked."""
    found = reads.chance(edge.work(), edge.actor(), slot_id, bond_id=query.bond, now=edge.now())
    one = shaped(OfferOut, found.one)
    price = shaped(PriceOut, found.cost) if found.cost is not None else None
    return ChanceOut(**one.model_dump(), price=price, reasons=[why.zh for why in found.reasons])


@operation("post", "/offers/{slot_id}/book", who="resident", tag="offers", takes=Claim, gives=BookingOut, status=201)
def book(slot_id: int, body: Claim) -> BookingOut:
    """Take a place, at once: oneself in a role, or a team with its members. 409 when it is full, with `full`."""
    made = booking.take_place(
        edge.work(),
        slot_id,
        role=body.role,
        answers=body.answers,
        team=body.team,
        members=[(one.name, one.phone, one.role) for one in body.members],
        led=[(one.bond, one.role) for one in body.led],
        bond_id=body.bond,
        by=edge.actor(),
        now=edge.now(),
    )
    return shaped(BookingOut, own.one(edge.work(), edge.actor(), made.id))


# ---------------------------------------------------------------- standing orders


class DayOut(Shape):
    day: date
    state: str  # wanted, booked, skipped, full, missed, cancelled
    booking_id: int | None
    reason: str


class OrderOut(Shape):
    id: int
    place: str
    place_en: str
    at: str  # when its time of the day begins: 11:00
    who: str  # whose it is, where the caller may book for another
    days_zh: str
    days_en: str
    from_on: date
    until_on: date
    state: str
    days: list[DayOut]  # from today on, those that have been dealt with


class OrderIn(Shape):
    weekdays: list[int] = Field(min_length=1, max_length=7, description="1 Monday to 7 Sunday")
    until: date | None = None
    working: bool = False  # on working days only
    role: str = Field("", max_length=40)
    answers: dict[str, Any] = Field(default_factory=dict)
    bond: int | None = Field(None, description="The bond by which the caller orders for somebody else.")


class DayIn(Shape):
    day: date
    what: Literal["skip", "add", "answers"]
    answers: dict[str, Any] = Field(default_factory=dict)


def _orders() -> list[OrderOut]:
    return [shaped(OrderOut, one) for one in standing.mine(edge.work(), edge.actor(), now=edge.now())]


@operation("get", "/standing", who="resident", tag="offers", gives=list[OrderOut])
def standing_orders() -> list[OrderOut]:
    """The standing orders that go on, each with its days: the caller's, and of those who let the caller book."""
    return _orders()


@operation(
    "post", "/offers/{slot_id}/standing", who="resident", tag="offers", takes=OrderIn, gives=OrderOut, status=201
)
def order_standing(slot_id: int, body: OrderIn) -> OrderOut:
    """Order this time of day by weekday. The answers of the offer's form hold for each day."""
    row = booking.order(
        edge.work(),
        slot_id,
        weekdays=body.weekdays,
        until_on=body.until,
        working=body.working,
        role=body.role,
        answers=body.answers,
        bond_id=body.bond,
        by=edge.actor(),
        now=edge.now(),
    )
    return next(one for one in _orders() if one.id == row.id)


@operation("post", "/standing/{standing_id}/day", who="resident", tag="offers", takes=DayIn, gives=OrderOut)
def change_standing_day(standing_id: int, body: DayIn) -> OrderOut:
    """Not on this day (skip), this day too (add), or other answers on it (answers)."""
    given: dict[str, Any] = {"by": edge.actor(), "now": edge.now()}
    if body.what == "answers":
        booking.change_day(edge.work(), standing_id, body.day, body.answers, **given)
    else:
        (booking.skip_day if body.what == "skip" else booking.add_day)(edge.work(), standing_id, body.day, **given)
    return next(one for one in _orders() if one.id == standing_id)


class Ended(Shape):
    given_back: int  # bookings to come that were given back


@operation("post", "/standing/{standing_id}/end", who="resident", tag="offers", gives=Ended)
def end_standing(standing_id: int) -> Ended:
    """No more of it."""
    return Ended(given_back=booking.end_order(edge.work(), standing_id, by=edge.actor(), now=edge.now()))


# ---------------------------------------------------------------- the door


class ExpectedOut(Shape):
    place_id: int
    number: str
    name: str
    phone: str  # masked
    role: str
    team: str
    came_at: datetime | None
    left_at: datetime | None
    brought_by: str
    fetched_by: str


class ChosenOut(Shape):
    key: str  # "": who has chosen nothing
    label: str
    count: int
    came: int
    unfit: int  # of whom it is not fit any more: they need another


class DoorOut(Shape):
    slot_id: int
    name: str
    starts_at: datetime
    ends_at: datetime
    check_in: list[str]  # how people check in: qr, code, name, leader, hand-over
    check_out: list[str]
    came: int
    gone: int
    chosen: list[ChosenOut]  # how many of each thing, where one is chosen with a booking
    places: list[ExpectedOut]


class ArriveIn(Shape):
    code: str = Field("", max_length=400, description="Of the QR, the booking's number, or a name.")
    place_id: int | None = None
    brought_by: str = Field("", max_length=40)
    noted: dict[str, str] = Field(default_factory=dict, description="What the offer's door asks of who comes.")


class LeaveIn(Shape):
    code: str = Field("", max_length=400, description="Of the QR, the booking's number, or a name.")
    place_id: int | None = None
    fetched_by: str = Field("", max_length=40)
    noted: dict[str, str] = Field(default_factory=dict, description="What the offer's door asks of who leaves.")


def _door(slot_id: int) -> DoorOut:
    it = attending.door(edge.work(), edge.actor(), slot_id, now=edge.now())
    return DoorOut(
        slot_id=it.one.slot_id,
        name=it.one.name,
        starts_at=it.one.starts_at,
        ends_at=it.one.ends_at,
        check_in=list(it.offer.check_in),
        check_out=list(it.offer.check_out),
        came=it.came,
        gone=it.gone,
        chosen=[shaped(ChosenOut, one) for one in it.chosen],
        places=[shaped(ExpectedOut, one) for one in it.places],
    )


@operation("get", "/offers/{slot_id}/door", who="staff", tag="offers", gives=DoorOut)
def door(slot_id: int) -> DoorOut:
    """Who is expected, who has come, who has left."""
    return _door(slot_id)


@operation("post", "/offers/{slot_id}/arrive", who="staff", tag="offers", takes=ArriveIn, gives=DoorOut)
def arrive(slot_id: int, body: ArriveIn) -> DoorOut:
    """Somebody has come, in a way that the offer's check_in allows."""
    given: dict[str, Any] = {"place_id": body.place_id, "brought_by": body.brought_by, "noted": body.noted}
    booking.arrive(edge.work(), slot_id, body.code, **given, by=edge.actor(), now=edge.now())
    return _door(slot_id)


@operation("post", "/offers/{slot_id}/leave", who="staff", tag="offers", takes=LeaveIn, gives=DoorOut)
def leave(slot_id: int, body: LeaveIn) -> DoorOut:
    """Somebody has left, and with whom, in a way that the offer's check_out allows."""
    given: dict[str, Any] = {"place_id": body.place_id, "fetched_by": body.fetched_by, "noted": body.noted}
    booking.depart(edge.work(), slot_id, body.code, **given, by=edge.actor(), now=edge.now())
    return _door(slot_id)


class RecallIn(Shape):
    chosen: str = Field(min_length=1, max_length=80, description="The thing's key: a dish, as `door` says it.")
    words: str = Field(min_length=1, max_length=200, description="What they should do: everybody reads it as it is.")


class RecalledOut(Shape):
    number: str
    name: str
    by_voice: bool  # who gets no text message: to be telephoned, and read to


@operation("post", "/offers/{slot_id}/recall", who="staff", tag="offers", takes=RecallIn, gives=list[RecalledOut])
def recall(slot_id: int, body: RecallIn) -> list[RecalledOut]:
    """One thing of this time is called back: all who have it, or had it, are told in one step."""
    told = booking.recall(edge.work(), slot_id, body.chosen, body.words, by=edge.actor(), now=edge.now())
    return [RecalledOut(number=one.number, name=one.name, by_voice=one.by_voice == "wanted") for one in told]


# ---------------------------------------------------------------- hours, and the month


class GivenOut(Shape):
    name: str
    came_at: datetime
    left_at: datetime
    hours: float
    cut: bool


class YearOut(Shape):
    year: int
    hours: float


class HoursOut(Shape):
    years: list[YearOut]
    lines: list[GivenOut]


@operation("get", "/hours", who="resident", tag="offers", gives=HoursOut)
def hours() -> HoursOut:
    """The hours the caller gave, from check-in to check-out."""
    found = attending.hours(edge.work(), edge.actor())
    return HoursOut(
        years=[YearOut(year=year, hours=float(n)) for year, n in found.years],
        lines=[shaped(GivenOut, one) for one in found.lines],
    )


class Month(Shape):
    month: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    bond: int | None = Field(None, description="The bond by which the caller looks at somebody else's month.")


class LineOut(Shape):
    day: date
    cents: int
    parts: dict[str, int]  # part of the price -> cents
    outcomes: dict[str, int]  # booked, came, missed, cancelled, by_hall -> how many
    delivered: int  # of those that came: handed over at the door


class StatementOut(Shape):
    offer: str
    title: str
    title_en: str
    cents: int
    parts: dict[str, int]
    lines: list[LineOut]


@operation("get", "/statement", who="resident", tag="offers", query=Month, gives=list[StatementOut])
def statement(query: Month) -> list[StatementOut]:
    """The caller's bookings of a month that have a price: each day, and who pays which part."""
    first = date.fromisoformat(f"{query.month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return [
        StatementOut(
            offer=one.offer,
            title=one.title,
            title_en=one.title_en,
            cents=one.total.cents,
            parts=one.total.parts,
            lines=[shaped(LineOut, line, day=date.fromisoformat(line.key)) for line in one.lines],
        )
        for one in statements.own(edge.work(), edge.actor(), first, last, bond_id=query.bond).statements
    ]
