"""Sessions, matters, applications, tasks, papers."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from flask import Response, request
from pydantic import Field, StringConstraints

from engine import forms
from engine.commands import cases
from engine.errors import FieldError, Invalid, NotFound
from engine.people import login
from engine.reads import attachments, case_list, case_page, tracking
from engine.reads import inbox as lists
from engine.reads.case_page import CasePage
from engine.records import files, library, notices
from engine.store import keys
from web import edge, throttle
from web.api.operations import Shape, operation, shaped

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


# ---------------------------------------------------------------- sessions


class Phone(Shape):
    phone: Annotated[str, StringConstraints(pattern=r"^1[3-9]\d{9}$")]


class CodeSent(Shape):
    shown: str  # the code itself, only while the hall is in development; else ""


class LogIn(Shape):
    """Residents: phone and code. Staff: login and password."""

    phone: str = ""
    code: str = ""
    login: str = ""
    password: str = ""
    device: str = Field("", max_length=80)


class SignedIn(Shape):
    token: str
    kind: Literal["resident", "staff"]
    name: str


@operation("post", "/session/code", who="anyone", tag="session", takes=Phone, gives=CodeSent, alone=True)
def send_code(body: Phone) -> CodeSent:
    """Send a one-time code to a phone."""
    hall, now = edge.hall(), edge.now()
    with hall.database.unit_of_work() as work:
        code = login.issue_code(work, body.phone, now=now)
        text = f"【{hall.settings.hall_name}】验证码 {code}，5 分钟内有效。请勿告诉他人。"
        key = f"code:{keys.blind('phone', body.phone)}:{now.isoformat()}"
        notices.put(work, key, text, kind="code", now=now, address=body.phone, urgent=True)
    return CodeSent(shown=code if hall.settings.development else "")


@operation("post", "/session", who="anyone", tag="session", takes=LogIn, gives=SignedIn, status=201, alone=True)
def sign_in(body: LogIn) -> SignedIn:
    """Log in and get a token for the Authorization header."""
    hall, now = edge.hall(), edge.now()
    if body.phone:
        user_id = login.resident(hall.database, body.phone, body.code, now=now)
    elif body.login:
        user_id = login.staff(hall.database, body.login, body.password, now=now, address=request.remote_addr or "")
    else:
        raise Invalid([FieldError("phone", "手机号", "请给出手机号和验证码，或用户名和密码。", "Give phone and code.")])
    with hall.database.unit_of_work() as work:
        token = login.new_token(work, user_id, now=now, name=body.device or "api")
        actor = login.actor_of_token(work, token, now=now)
    assert actor is not None
    return SignedIn(token=token, kind="staff" if actor.kind == "staff" else "resident", name=actor.name)


@operation("delete", "/session", who="signed-in", tag="session")
def sign_out() -> None:
    """Revoke the token of this call."""
    login.revoke_token(edge.work(), edge.bearer(), now=edge.now())


# ---------------------------------------------------------------- matters


class MatterOut(Shape):
    name: str  # to be sent when applying
    code: str
    title: str
    summary: str
    functions: list[str]
    kind: str
    office: str
    visits: int
    fee: str
    channels: list[str]


class MaterialOut(Shape):
    name: str
    kind: str
    originals: int
    copies: int
    note: str


class Guide(MatterOut):
    version: str
    conditions: list[str]
    materials: list[MaterialOut]
    basis: list[str]
    results: list[str]
    consent: str
    form: dict[str, Any]  # form-js schema


def _matter(package: Any) -> dict[str, Any]:
    info = package.info
    return {
        "name": package.name,
        "code": info.code,
        "title": info.name,
        "summary": info.summary,
        "functions": list(info.functions),
        "kind": info.kind,
        "office": info.office,
        "visits": info.visits,
        "fee": info.fee,
        "channels": list(info.apply.channels),
    }


@operation("get", "/matters", who="anyone", tag="matters", gives=list[MatterOut])
def matters() -> list[MatterOut]:
    """The matters of the hall."""
    return [MatterOut(**_matter(package)) for package in library.published(edge.work())]


@operation("get", "/matters/{name}", who="anyone", tag="matters", gives=Guide)
def matter(name: str) -> Guide:
    """One matter: conditions, materials, limits, and its application form."""
    package = library.current(edge.work(), name)
    info = package.info
    return Guide(
        **_matter(package),
        version=package.version,
        conditions=list(info.conditions),
        materials=[MaterialOut(**m.model_dump(include=set(MaterialOut.model_fields))) for m in info.materials],
        basis=[f"《{b.law}》{b.article}" for b in info.basis],
        results=list(info.results),
        consent=info.apply.consent,
        form=forms.browser_schema(package.form(info.apply.form)),
    )


# ---------------------------------------------------------------- applications


class Uploaded(Shape):
    ref: str  # the value of a file field in an application
    name: str
    size: int
    type: str


class Application(Shape):
    matter: Text
    answers: dict[str, Any]
    key: str = Field("", max_length=60, description="The caller's own key: sent twice, one case is made.")


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


@operation("post", "/files", who="signed-in", tag="applications", gives=Uploaded, status=201, alone=True)
def upload() -> Uploaded:
    """Keep a file for a later application (multipart, field `file`)."""
    throttle.count("upload", f"u{edge.actor().id}")
    sent = request.files.get("file")
    if sent is None:
        raise Invalid([FieldError("file", "文件", "请用 multipart 的 file 字段上传一个文件。", "Send one file.")])
    with edge.hall().database.unit_of_work() as work:
        kept = files.upload(work, sent.read(), sent.filename or "file", by=edge.actor(), now=edge.now(), field="file")
    return Uploaded(ref=str(kept.id), name=kept.name, size=kept.size, type=kept.type)


@operation("post", "/cases", who="signed-in", tag="applications", takes=Application, gives=CaseBrief, status=201)
def apply(body: Application) -> CaseBrief:
    """Apply in a matter (staff: at their counter)."""
    done = cases.submit(
        edge.work(),
        body.matter,
        body.answers,
        by=edge.actor(),
        now=edge.now(),
        key=f"api:{body.key}" if body.key else None,
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


@operation("get", "/cases/{number}", who="signed-in", tag="applications", gives=CaseOut)
def case(number: str) -> CaseOut:
    """One case: where it is, what is next, its papers."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
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


class Offer(Shape):
    name: str
    words: str
    own: bool  # of oneself
    parties: list[str]  # in whose name staff may write it down
    asks: list[str]  # what `answers` may hold


@operation("get", "/cases/{number}/tells", who="signed-in", tag="applications", gives=list[Offer])
def tells(number: str) -> list[Offer]:
    """What the caller may say to a case now."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    return [
        Offer(name=one.name, words=one.tell.words, own=one.own, parties=list(one.parties), asks=list(one.tell.asks))
        for one in page.tells
    ]


@operation("post", "/cases/{number}/tells/{name}", who="signed-in", tag="applications", takes=TellIn)
def tell(number: str, name: str, body: TellIn) -> None:
    """Say it to a running case: what its matter declares that one may say."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    cases.tell(edge.work(), page.id, name, body.answers, party=body.party, by=edge.actor(), now=edge.now())


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


# ---------------------------------------------------------------- tasks


class RowOut(Shape):
    task_id: int
    version: int
    number: str
    matter_name: str
    applicant: str  # masked
    step: str
    state: str
    holder: str
    due_at: datetime | None
    colour: str
    flags: list[str]


class InboxQuery(Shape):
    list: Literal["mine", "open", "unit", "done"] = "mine"
    colour: str = ""
    matter: str = ""
    after: str = Field("", max_length=200, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)


class InboxOut(Shape):
    rows: list[RowOut]
    next: str | None


class TaskOut(Shape):
    task_id: int
    version: int
    number: str
    name: str
    state: str
    can_claim: bool
    can_work: bool
    operations: list[str]
    due_at: datetime | None
    form: dict[str, Any] | None
    known: dict[str, Any]


class Seen(Shape):
    version: int = Field(description="The version of the task that the person saw.")


class Completion(Seen):
    answers: dict[str, Any]


class Done(Shape):
    number: str
    version: int  # of the case
    status: str
    opened: list[str]  # names of the steps that follow
    papers: list[str]


@operation("get", "/inbox", who="staff", tag="tasks", query=InboxQuery, gives=InboxOut)
def inbox(query: InboxQuery) -> InboxOut:
    """The caller's tasks: mine, open to claim, done."""
    filters = lists.Filters(matter=query.matter or None, colour=query.colour or None)
    page = lists.tasks_for(
        edge.work(),
        edge.actor(),
        now=edge.now(),
        box=query.list,
        filters=filters,
        after=query.after or None,
        limit=query.limit,
    )
    return InboxOut(rows=[shaped(RowOut, row) for row in page.rows], next=page.next)


@operation("get", "/tasks/{task_id}", who="signed-in", tag="tasks", gives=TaskOut)
def task(task_id: int) -> TaskOut:
    """One task: its form with this person's rights, and what is known."""
    page = case_page.of_task(edge.work(), task_id, actor=edge.actor(), now=edge.now())
    one = next(t for t in page.tasks if t.id == task_id)
    desk = page.desk if page.desk is not None and page.desk.task_id == task_id and one.state == "claimed" else None
    return shaped(
        TaskOut,
        one,
        task_id=one.id,
        number=page.number,
        can_claim="claim" in one.can,
        can_work=desk is not None,
        operations=sorted(one.can),
        form=dict(desk.schema) if desk is not None and desk.schema is not None else None,
        known=dict(desk.data) if desk is not None else {},
    )


@operation("post", "/tasks/{task_id}/claim", who="staff", tag="tasks", takes=Seen, gives=Seen)
def claim(task_id: int, body: Seen) -> Seen:
    """Claim a task (签收). 409 says who has it."""
    return Seen(
        version=cases.claim(edge.work(), task_id, version=body.version, by=edge.actor(), now=edge.now()).version
    )


@operation("post", "/tasks/{task_id}/unclaim", who="staff", tag="tasks", takes=Seen, gives=Seen)
def unclaim(task_id: int, body: Seen) -> Seen:
    """Give a task back (退签)."""
    return Seen(
        version=cases.unclaim(edge.work(), task_id, version=body.version, by=edge.actor(), now=edge.now()).version
    )


@operation("post", "/tasks/{task_id}/complete", who="signed-in", tag="tasks", takes=Completion, gives=Done)
def complete(task_id: int, body: Completion) -> Done:
    """Complete a task with the version seen. 409 says who acted, what and when; 422 names the fields."""
    done = cases.complete(edge.work(), task_id, body.answers, version=body.version, by=edge.actor(), now=edge.now())
    return Done(
        number=done.case.number,
        version=done.case.version,
        status=done.case.status,
        opened=[t.name for t in done.opened],
        papers=[d.title for d in done.documents],
    )


@operation("put", "/tasks/{task_id}/draft", who="signed-in", tag="tasks", takes=Completion)
def draft(task_id: int, body: Completion) -> None:
    """Keep what was typed (暂存); nothing is refused."""
    cases.save_draft(edge.work(), f"task:{task_id}", body.answers, by=edge.actor(), now=edge.now())


# ---------------------------------------------------------------- papers


@operation(
    "get",
    "/documents/{document_id}",
    who="signed-in",
    tag="papers",
    gives=bytes,
    media="application/pdf",
    writes=True,
)
def document(document_id: int) -> Response:
    """The PDF of a paper. 409 while it is being made."""
    opened = cases.open_paper(edge.work(), document_id, by=edge.actor(), now=edge.now())
    return Response(opened.data, mimetype=opened.type, headers={"X-Content-SHA256": opened.sha256})


class VerifiedOut(Shape):
    title: str
    number: str | None
    person: str  # masked
    organ: str
    state: str


@operation("get", "/verify/{code}", who="anyone", tag="papers", gives=VerifiedOut)
def verify(code: str) -> VerifiedOut:
    """Whether a paper is one of ours, by its check code. Nothing personal is told."""
    throttle.count("verify")
    if not re.fullmatch(r"[0-9A-Za-z-]{8,40}", code):
        raise NotFound("没有这个查验码，请核对。", "There is no such code.")
    return shaped(VerifiedOut, attachments.verify(edge.work(), code))
