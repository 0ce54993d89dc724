"""Offers: what can be booked, one time with what is left, and booking it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from engine.commands import booking
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


class Claim(Shape):
    role: str = Field("", max_length=40)
    team: str = Field("", max_length=80)
    bond: int | None = Field(None, description="The bond by which the caller books for somebody else.")
    members: list[Member] = Field(default_factory=list, max_length=60)
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
        bond_id=body.bond,
        by=edge.actor(),
        now=edge.now(),
    )
    return shaped(BookingOut, own.one(edge.work(), edge.actor(), made.id))
