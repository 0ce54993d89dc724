"""送上门: the round that one brings, door by door; what was handed over, and where nobody opened."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from engine.commands import booking
from engine.reads import rounds as reads
from web import edge
from web.api.declaring import Shape, operation, shaped


class ParcelOut(Shape):
    place_id: int
    number: str
    name: str
    door: str
    phone: str  # masked for the unit, whole for who brings it
    what: str  # what was chosen
    at: datetime | None  # handed over, or fetched
    to: str  # who took it at the door; "": it was fetched
    nobody_at: datetime | None  # nobody opened


class RoundOut(Shape):
    slot_id: int
    role: str
    title: str
    title_en: str
    name: str
    starts_at: datetime
    ends_at: datetime
    count: int
    done: int
    open: bool  # signed in for it, and not signed out
    gone: bool
    parcels: list[ParcelOut]  # while it is open


class CarrierOut(Shape):
    name: str
    came_at: datetime | None
    left_at: datetime | None


class KitchenRoundOut(Shape):
    role: str
    title: str
    title_en: str
    done: int
    carriers: list[CarrierOut]
    parcels: list[ParcelOut]


class HandedIn(Shape):
    to: str = Field(min_length=1, max_length=40, description="Who took it: 本人, or whom of the family.")


class NobodyIn(Shape):
    words: str = Field("", max_length=200, description="What was seen at the door.")


class HandedOut(Shape):
    number: str


@operation("get", "/rounds", who="resident", tag="offers", gives=list[RoundOut])
def rounds() -> list[RoundOut]:
    """The rounds that the caller brings today and later: how many, and nobody's door."""
    return [shaped(RoundOut, one) for one in reads.mine(edge.work(), edge.actor(), now=edge.now())]


@operation("get", "/rounds/{slot_id}", who="resident", tag="offers", gives=RoundOut)
def round_(slot_id: int) -> RoundOut:
    """One of them; with its doors from check-in to check-out."""
    return shaped(RoundOut, reads.own(edge.work(), edge.actor(), slot_id, now=edge.now()))


@operation("get", "/offers/{slot_id}/rounds", who="staff", tag="offers", gives=list[KitchenRoundOut])
def kitchen_rounds(slot_id: int) -> list[KitchenRoundOut]:
    """What is brought of a time, by round, for its unit."""
    found = []
    for one in reads.kitchen(edge.work(), edge.actor(), slot_id, now=edge.now()).rounds:
        parcels = [shaped(ParcelOut, parcel, phone=reads.masked(parcel)) for parcel in one.parcels]
        found.append(shaped(KitchenRoundOut, one, parcels=parcels))
    return found


@operation("post", "/rounds/parcels/{place_id}/brought", who="signed-in", tag="offers", takes=HandedIn, gives=HandedOut)
def brought(place_id: int, body: HandedIn) -> HandedOut:
    """Handed over in person, by who brings that round or by the unit."""
    made = booking.bring(edge.work(), place_id, body.to, by=edge.actor(), now=edge.now())
    return HandedOut(number=made.number)


@operation("post", "/rounds/parcels/{place_id}/nobody", who="signed-in", tag="offers", takes=NobodyIn, gives=HandedOut)
def nobody_opened(place_id: int, body: NobodyIn) -> HandedOut:
    """Nobody opens: a case is opened at once to look after them."""
    made = booking.nobody(edge.work(), place_id, body.words, by=edge.actor(), now=edge.now())
    return HandedOut(number=made.number)
