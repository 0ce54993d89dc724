"""Hand-overs: what waits for the caller, one link with its own code, and how it ends."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from engine.commands import handovers
from engine.errors import FieldError, Invalid
from engine.reads import handovers as reads
from engine.store import again
from web import edge
from web.api.declaring import Shape, operation


class HandoverOut(Shape):
    id: int
    case: str  # its number
    thing: str
    lines: list[str]
    giver: str
    receiver: str
    place: str
    state: str
    opened_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    mine: str | None  # giver or receiver: the caller's end
    proofs: list[str]  # what the other end may show
    code: str  # the caller's own six digits, while it is open
    token: str  # what the caller's own QR says now
    note: str
    late_workdays: int | None  # handed over after its time, by so many working days
    charged: str  # the unit whose delay that is


def _out(one: reads.Link) -> HandoverOut:
    return HandoverOut(
        id=one.id,
        case=one.number,
        thing=one.thing,
        lines=list(one.lines),
        giver=one.giver,
        receiver=one.receiver,
        place=one.place,
        state=one.state,
        opened_at=one.opened_at,
        due_at=one.due_at,
        ended_at=one.ended_at,
        mine=one.mine,
        proofs=list(one.proofs),
        code=one.code,
        token=one.token,
        note=one.note,
        late_workdays=one.late_workdays,
        charged=one.charged,
    )


@operation("get", "/handovers", who="signed-in", tag="handovers", gives=list[HandoverOut])
def my_handovers() -> list[HandoverOut]:
    """What waits for the caller or their posts, then what was handed over."""
    return [_out(one) for one in reads.mine(edge.work(), edge.actor(), now=edge.now())]


@operation("get", "/handovers/{link_id}", who="signed-in", tag="handovers", gives=HandoverOut)
def handover(link_id: int) -> HandoverOut:
    """One link, for one of its ends."""
    return _out(reads.one(edge.work(), link_id, actor=edge.actor(), now=edge.now()))


class Ends(Shape):
    outcome: Literal["done", "different", "refused"]
    proof: str = Field("", max_length=400)  # the other end's QR, or six digits
    signature: str = Field("", max_length=20_000)  # the other end's, a pen's path
    photos: list[int] = Field([], max_length=handovers.MOST_PHOTOS)  # ids of uploaded files
    note: str = Field("", max_length=500)
    witness: str = Field("", max_length=40)


@operation(
    "post", "/handovers/{link_id}/end", who="signed-in", tag="handovers", takes=Ends, gives=HandoverOut, alone=True
)
def end_handover(link_id: int, body: Ends) -> HandoverOut:
    """Take it, take it though different, or refuse it. Wrong codes are counted; 409 when it has ended already."""
    by, now, database = edge.actor(), edge.now(), edge.hall().database

    def tried() -> bool:
        with database.unit_of_work() as work:
            return handovers.tried(work, link_id, body.proof, by=by, now=now)

    def ends() -> HandoverOut:
        with database.unit_of_work() as work:
            given = handovers.Given(body.proof, body.signature, tuple(body.photos), body.note, body.witness)
            handovers.act(work, link_id, body.outcome, given, by=by, now=now)
            return _out(reads.one(work, link_id, actor=by, now=now))

    if not again(tried):
        zh = "码不对，或者过了时间。请扫对方现在出示的二维码，或输入他的六位数字。"
        en = "The code is wrong or out of date: scan what the other end shows now, or type their six digits."
        raise Invalid([FieldError("proof", "对方的码", zh, en)])
    return again(ends)
