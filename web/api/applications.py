"""Applying, and where one's cases stand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from flask import request
from pydantic import Field, StringConstraints

from engine.commands import cases
from engine.errors import FieldError, Invalid
from engine.reads import case_list, case_page, tracking
from engine.reads.case_page import CasePage
from engine.records import files, incoming
from web import edge, throttle
from web.api.declaring import Shape, operation, shaped

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Uploaded(Shape):
    ref: str  # the value of a file field in an application
    name: str
    size: int
    type: str


class Application(Shape):
    matter: Text
    answers: dict[str, Any]
    key: str = Field("", max_length=60, description="The caller's own key: sent twice, one case is made.")
    consent: bool = Field(False, description="The applicant agreed to what the matter asks consent for (`consent`).")
    bond: int | None = Field(None, description="The bond by which the caller applies for somebody else.")


class CaseBrief(Shape):
    number: str
    matter_name: str
    status: str
    outcome: str
    stage: str
    colour: str
    received_at: datetime
    finished_at: datetime | None
    promised_due: datetime | None


class StepOut(Shape):
    task_id: int
    name: str
    state: str
    ended: str
    due_at: datetime | None
    ended_at: datetime | None


class WaitingOut(Shape):
    step: str
    unit: str
    since: datetime
    due_at: datetime | None


class TodoOut(Shape):
    task_id: int
    version: int
    name: str
    due_at: datetime | None


class PaperOut(Shape):
    id: int
    number: str
    title: str
    state: str
    issued_at: datetime
    check_code: str


class LineOut(Shape):
    path: str
    label: str
    text: str


class CaseOut(Shape):
    number: str
    version: int
    matter: str
    matter_name: str
    status: str
    outcome: str
    colour: str
    received_at: datetime
    finished_at: datetime | None
    due_at: datetime | None
    office: str
    office_phone: str
    waiting: list[WaitingOut]
    steps: list[StepOut]
    todo: list[TodoOut]
    papers: list[PaperOut]
    answers: list[LineOut]
    can_withdraw: bool


class Reason(Shape):
    reason: Text
    version: int | None = None


@operation("post", "/files", who="signed-in", tag="applications", gives=Uploaded, status=201, alone=True, file=True)
def upload() -> Uploaded:
    """Keep a file for a later application (multipart, field `file`)."""
    throttle.count("upload", f"u{edge.actor().id}")
    sent = request.files.get("file")
    if sent is None:
        raise Invalid([FieldError("file", "文件", "请用 multipart 的 file 字段上传一个文件。", "Send one file.")])
    examined = incoming.examine(sent.read(), sent.filename or "file", field="file", label=sent.filename or "文件")
    with edge.hall().database.unit_of_work() as work:
        kept = files.keep(work, examined, by=edge.actor(), now=edge.now(), field="file")
    return Uploaded(ref=str(kept.id), name=kept.name, size=kept.size, type=kept.type)


@operation("post", "/cases", who="signed-in", tag="applications", takes=Application, gives=CaseBrief, status=201)
def apply(body: Application) -> CaseBrief:
    """Apply in a matter (staff: at their counter)."""
    work, actor, key = edge.work(), edge.actor(), f"api:{body.key}" if body.key else None
    if actor.kind == "staff":
        done = cases.receive(work, body.matter, body.answers, consent=body.consent, by=actor, now=edge.now(), key=key)
    else:
        done = cases.apply_online(
            work, body.matter, body.answers, consent=body.consent, bond_id=body.bond, by=actor, now=edge.now(), key=key
        )
    return shaped(CaseBrief, done.case)


@operation("get", "/cases", who="resident", tag="applications", gives=list[CaseBrief])
def my_cases() -> list[CaseBrief]:
    """The caller's cases, as applicant and as agent."""
    found = case_list.mine(edge.work(), edge.actor(), now=edge.now(), limit=200)
    return [shaped(CaseBrief, c, matter_name=c.title, promised_due=c.due_at) for c in found]


def _waiting(page: CasePage) -> list[WaitingOut]:
    return [
        WaitingOut(step=t.name, unit=t.unit, since=t.claimed_at or t.opened_at, due_at=t.due_at)
        for t in page.tasks
        if t.state != "ended"
    ]


@operation("get", "/cases/{number}", who="signed-in", tag="applications", gives=CaseOut, writes=True)
def case(number: str) -> CaseOut:
    """One case: where it is, what is next, its papers."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    cases.open_case(edge.work(), page, by=edge.actor(), now=edge.now())
    running = page.status in ("running", "suspended")
    desk = page.desk
    return shaped(
        CaseOut,
        page,
        matter_name=page.title,
        due_at=page.account.leading.due_at if running and page.account.leading else None,
        waiting=_waiting(page),
        steps=[shaped(StepOut, t, task_id=t.id, ended=t.ended or "") for t in page.tasks],
        todo=[
            shaped(TodoOut, t, task_id=t.id)
            for t in page.tasks
            if desk is not None and t.id == desk.task_id and t.state == "claimed"
        ],
        papers=[shaped(PaperOut, p, number=p.number or "") for p in page.papers],
        answers=[shaped(LineOut, line) for line in page.answers if line.text],
        can_withdraw="withdraw" in page.can,
    )


class TellIn(Shape):
    """What is said to a case: `party` when staff write down what a party of it said."""

    answers: dict[str, Annotated[str, StringConstraints(max_length=2000)]] = {}
    party: str = Field("", max_length=60)
    sure: bool = False  # asked once more, and yes: needed where the offer says `sure`


class Offer(Shape):
    name: str
    words: str
    own: bool  # of oneself
    parties: list[str]  # in whose name staff may write it down
    asks: list[str]  # what `answers` may hold
    sure: bool  # the person is asked once more, and `sure` says that they are


@operation("get", "/cases/{number}/tells", who="signed-in", tag="applications", gives=list[Offer])
def tells(number: str) -> list[Offer]:
    """What the caller may say to a case now."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    return [
        Offer(
            name=one.name,
            words=one.tell.words,
            own=one.own,
            parties=list(one.parties),
            asks=list(one.tell.asks),
            sure=one.tell.sure,
        )
        for one in page.tells
    ]


@operation("post", "/cases/{number}/tells/{name}", who="signed-in", tag="applications", takes=TellIn)
def tell(number: str, name: str, body: TellIn) -> None:
    """Say it to a running case: what its matter declares that one may say."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    cases.tell(
        edge.work(), page.id, name, body.answers, party=body.party, sure=body.sure, by=edge.actor(), now=edge.now()
    )


@operation("post", "/cases/{number}/withdraw", who="resident", tag="applications", takes=Reason)
def withdraw(number: str, body: Reason) -> None:
    """Take an application back."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    cases.withdraw(edge.work(), page.id, body.reason, by=edge.actor(), now=edge.now(), version=body.version)


class Track(Shape):
    number: Text
    phone: Text


@operation("get", "/track", who="anyone", tag="applications", query=Track, gives=list[WaitingOut])
def track(query: Track) -> list[WaitingOut]:
    """Where a case is, by its number and the phone given with it."""
    throttle.count("track")
    found = tracking.track(edge.work(), query.number, query.phone)
    if found.status not in ("running", "suspended"):
        return []
    return [WaitingOut(step=found.stage, unit=found.office, since=found.received_at, due_at=found.due_at)]
