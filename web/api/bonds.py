"""Bonds (关系): who may act for the caller, and for whom the caller may act."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from engine.commands import bonds
from engine.matters.nouns.bonds import FAMILY
from engine.reads import bonds as reads
from web import edge
from web.api.declaring import Shape, operation, shaped


class BondOut(Shape):
    id: int
    kind: str
    title: str
    side: str  # of the caller: subject (others act for them), holder (they act), guardian (of the subject)
    state: str
    subject: str
    holder: str
    lets: list[str]
    from_on: date
    until_on: date
    how: str
    revocable: bool


class ActOut(Shape):
    at: datetime
    kind: str
    who: str
    number: str


class CodeIn(Shape):
    lets: list[str] = Field([], max_length=5, description="Of see, apply, book; all without it.")
    until: date | None = None
    my_name: str = Field("", max_length=40)


class CodeOut(Shape):
    code: str


class Typed(Shape):
    phone: str = Field(max_length=40)
    code: str = Field(max_length=12)
    my_name: str = Field("", max_length=40)


@operation("get", "/bonds", who="resident", tag="bonds", gives=list[BondOut])
def my_bonds() -> list[BondOut]:
    """The caller's bonds that hold, and those that wait for a yes."""
    own = reads.mine(edge.work(), edge.actor(), now=edge.now())
    return [shaped(BondOut, one) for one in (*own.for_me, *own.for_others, *own.asked)]


@operation("get", "/bonds/acts", who="resident", tag="bonds", gives=list[ActOut])
def done_for_me() -> list[ActOut]:
    """What others did for the caller, newest first."""
    return [shaped(ActOut, one) for one in reads.acts(edge.work(), edge.actor())]


@operation("post", "/bonds/code", who="resident", tag="bonds", takes=CodeIn, gives=CodeOut, status=201)
def bond_code(body: CodeIn) -> CodeOut:
    """Six digits by which somebody of the family binds themselves to the caller: ten minutes, once."""
    code = bonds.show_code(
        edge.work(),
        FAMILY,
        lets=body.lets or None,
        until=body.until,
        my_name=body.my_name,
        by=edge.actor(),
        now=edge.now(),
    )
    return CodeOut(code=code)


@operation("post", "/bonds", who="resident", tag="bonds", takes=Typed, gives=BondOut, status=201, alone=True)
def bind_by_code(body: Typed) -> BondOut:
    """Type the code that the other's phone shows."""
    made = bonds.type_code(
        edge.hall().database, body.phone, body.code, my_name=body.my_name, by=edge.actor(), now=edge.now()
    )
    with edge.hall().database.reading() as work:
        return shaped(BondOut, reads.seen(work, made, actor=edge.actor(), now=edge.now()))


@operation("post", "/bonds/{bond_id}/yes", who="resident", tag="bonds")
def agree(bond_id: int) -> None:
    """Agree to what somebody asked."""
    bonds.say_yes(edge.work(), bond_id, by=edge.actor(), now=edge.now())


@operation("post", "/bonds/{bond_id}/end", who="resident", tag="bonds")
def end_bond(bond_id: int) -> None:
    """End it, from this moment."""
    bonds.end(edge.work(), bond_id, by=edge.actor(), now=edge.now())
