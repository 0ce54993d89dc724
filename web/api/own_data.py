"""我的信息 for programs: what the hall has of whoever calls, a copy of it, consents, and what they ask about it; for
the hall's people, what they have to answer."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Literal

from flask import Response, request
from pydantic import Field, StrictBool

from engine.commands.accounts import codes
from engine.commands.hall import own_data
from engine.reads import own_data as reads
from engine.workdays import local_date
from web import edge, own_copy
from web.api.declaring import Shape, operation, shaped
from web.api.sessions import CodeSent
from web.language import english


class AgreedOut(Shape):
    id: int
    what: str  # title of the matter; "" of electronic service
    text: str
    at: datetime
    until: datetime | None  # when they took it back
    number: str  # of the case
    running: bool
    stops: str  # what taking it back stops
    guardian: bool


class AskedOut(Shape):
    id: int
    kind: str  # correct, erase, withdrawn
    number: str  # of the case; "" of all that is theirs
    title: str
    words: str
    at: datetime
    due_on: date
    state: str  # open, done, refused
    answer: str
    answered_at: datetime | None
    late: bool


class LookOut(Shape):
    at: datetime
    who: str  # masked
    field: str
    purpose: str
    number: str


class OwnDataOut(Shape):
    name: str
    phone: str  # masked
    id_number: str  # masked
    place: str
    since: datetime
    counts: dict[str, int]  # of each kind of row in the copy
    consents: list[AgreedOut]
    electronic: bool
    requests: list[AskedOut]
    looks: list[LookOut]


class CopyIn(Shape):
    code: str = Field(max_length=12)
    ask: str = Field(max_length=80)  # as POST /own-data/copy/code gave it


class AskIn(Shape):
    kind: Literal["correct", "erase"]
    number: str = Field("", max_length=60, description="Of the case; without it all that is theirs (erase only).")
    words: str = Field("", max_length=1000)


class PersonAskedOut(AskedOut):
    who: str  # masked


class AnswerDataIn(Shape):
    done: StrictBool = Field(description="Of an erasure: what may go today is erased at once, for good.")
    answer: str = Field(max_length=1000)


class KeptOut(Shape):
    number: str
    why: str


class AnsweredOut(Shape):
    erased: int
    kept: list[KeptOut]


@operation("get", "/own-data", who="resident", tag="own-data", gives=OwnDataOut)
def own_data_now() -> OwnDataOut:
    """What the hall has of the caller, what they agreed to and asked, and who looked behind their masks."""
    mine = reads.mine(edge.work(), edge.actor(), today=local_date(edge.now()))
    return shaped(OwnDataOut, mine, counts=dict(mine.counts))


@operation("post", "/own-data/copy/code", who="resident", tag="own-data", gives=CodeSent, alone=True)
def own_copy_code() -> CodeSent:
    """Send a code to the caller's own telephone: it opens the copy and nothing else."""
    hall = edge.hall()
    ask = secrets.token_urlsafe(24)
    with hall.database.unit_of_work() as work:
        phone = own_copy.telephone(work)
        address = request.remote_addr or ""
        code = codes.send(work, phone, own_copy.says, ask=own_copy.asked_for(ask), now=edge.now(), address=address)
    return CodeSent(ask=ask, shown=code if hall.settings.development else "")


@operation(
    "post",
    "/own-data/copy",
    who="resident",
    tag="own-data",
    takes=CopyIn,
    gives=bytes,
    media="application/zip",
    alone=True,
)
def take_own_copy(body: CopyIn) -> Response:
    """A zip of all that the hall has of the caller: a page to read, data.json, papers and materials. Recorded."""
    return own_copy.sent(own_copy.taken(body.code, body.ask))


@operation("post", "/own-data/electronic", who="resident", tag="own-data")
def agree_electronic() -> None:
    """Agree to electronic service (电子送达): asked once, kept until it is taken back."""
    own_data.agree_electronic(edge.work(), by=edge.actor(), now=edge.now())


@operation("post", "/own-data/consents/{consent_id}/withdraw", who="resident", tag="own-data")
def withdraw_consent(consent_id: int) -> None:
    """Take a consent back. What was done before stays; of a running case its office answers what becomes of it."""
    own_data.withdraw_consent(edge.work(), consent_id, by=edge.actor(), now=edge.now())


@operation("post", "/own-data/requests", who="resident", tag="own-data", takes=AskIn, gives=AskedOut, status=201)
def ask_about_own_data(body: AskIn) -> AskedOut:
    """Ask for a correction of a case, or for erasure of a case or of everything; answered by `due_on`."""
    work, by = edge.work(), edge.actor()
    row = own_data.ask(work, body.kind, body.number, body.words, by=by, now=edge.now())
    return shaped(AskedOut, reads.own(work, by, row.id, today=local_date(edge.now())))


@operation("get", "/data-requests", who="staff", tag="own-data", gives=list[PersonAskedOut])
def data_requests() -> list[PersonAskedOut]:
    """What people ask about their own data and the caller's units have to answer, the most urgent first."""
    found = reads.waiting(edge.work(), edge.actor(), today=local_date(edge.now()))
    return [shaped(PersonAskedOut, one, who=who) for one, who in found]


@operation(
    "post",
    "/data-requests/{request_id}/answer",
    who="staff",
    tag="own-data",
    takes=AnswerDataIn,
    gives=AnsweredOut,
)
def answer_data_request(request_id: int, body: AnswerDataIn) -> AnsweredOut:
    """The office's answer, with its reasons; of an erasure a head's. The person is told."""
    done = own_data.answer(edge.work(), request_id, body.done, body.answer, by=edge.actor(), now=edge.now())
    return AnsweredOut(
        erased=done.erased, kept=[KeptOut(number=number, why=en if english() else zh) for number, zh, en in done.kept]
    )
