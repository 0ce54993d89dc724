"""批量查看 for programs: asking a head for many looks at whole data, and answering it. Two persons, for an hour."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, StrictBool, StrictInt

from engine.commands import cases
from engine.reads import reveals
from web import edge
from web.api.declaring import Shape, operation, shaped


class ManyOut(Shape):
    id: int
    who: str
    unit: str
    purpose: str
    words: str
    many: int
    used: int
    at: datetime
    state: str  # asked, granted, refused, over
    until: datetime | None
    granter: str
    answer: str
    mine: bool  # the caller asked
    waits: bool  # … and the caller may answer it


class ManyIn(Shape):
    many: StrictInt = Field(description="How many people's; so many as one may see alone need not be asked for.")
    purpose: str = Field(max_length=20, description=", ".join(reveals.PURPOSES))
    words: str = Field(max_length=500)


class AnswerManyIn(Shape):
    yes: StrictBool
    answer: str = Field("", max_length=500, description="Why not; with a no.")


@operation("get", "/many-looks", who="staff", tag="many-looks", gives=list[ManyOut])
def many_looks() -> list[ManyOut]:
    """What the caller asked lately, and what waits for them as a head, or was answered by their unit lately."""
    return [shaped(ManyOut, one) for one in reveals.of_many(edge.work(), edge.actor(), now=edge.now())]


@operation("post", "/many-looks", who="staff", tag="many-looks", takes=ManyIn, gives=ManyOut, status=201)
def ask_many_looks(body: ManyIn) -> ManyOut:
    """Ask a head for so many looks in one hour."""
    row = cases.ask_for_many(edge.work(), body.many, body.purpose, body.words, by=edge.actor(), now=edge.now())
    return _one(row.id)


@operation(
    "post", "/many-looks/{grant_id}/answer", who="supervisor", tag="many-looks", takes=AnswerManyIn, gives=ManyOut
)
def answer_many_looks(grant_id: int, body: AnswerManyIn) -> ManyOut:
    """A head's word on what somebody else asked: for an hour, or no, with the reason."""
    cases.answer_many(edge.work(), grant_id, body.yes, body.answer, by=edge.actor(), now=edge.now())
    return _one(grant_id)


def _one(id: int) -> ManyOut:
    return shaped(ManyOut, reveals.of_many(edge.work(), edge.actor(), now=edge.now(), only=id)[0])
