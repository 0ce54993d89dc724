"""申请延期: who handles a case asks for more time; who may give it approves (延期) or says why not. One open a case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.commands.applying import Applying, masked_name
from engine.commands.cases.changing import change
from engine.commands.cases.finding import clock, find_case, live_tasks, must_run, needs
from engine.errors import AlreadyDone, NotFound, NotNow, NotYours
from engine.people import Actor, extending, holders, require, units
from engine.people import may as may_
from engine.records import audit, notices
from engine.store import Work
from engine.store.models import Case, ExtensionRequest
from engine.workdays import local_date, say_at, say_day


def ask_extension(work: Work, case_id: int, reason: str, *, by: Actor, now: datetime) -> ExtensionRequest:
    """申请延期: by one who holds a task of the case, with the reason. Refused at once where the law knows no
    extension."""
    # find and may
    case = find_case(work, case_id)
    live = live_tasks(work, case)
    if not any(t.state == "claimed" and may_(by, "work", t, case=case) for t in live):
        require(by, "supervise", case)
    must_run(case)

    # check
    applying = change(work, case, by=by, now=now, live=live)
    rule = applying.ledger.rules.regime.extend
    why = applying.ledger.no_extension(now)
    if why is not None:
        raise why
    assert rule is not None
    before = _open(work, case.id)
    if before is not None:
        who = masked_name(work, before.asked_by_id)
        raise NotNow(
            f"{who}已于 {say_at(before.asked_at)} 申请延期，正等待批准。",
            f"Expected no request under way, but {who} asked at {clock(before.asked_at)}.",
        )
    needs(reason, "reason", "延期理由")

    # apply
    row = ExtensionRequest(
        case_id=case.id,
        asked_by_id=by.id,
        asked_at=now,
        reason=reason.strip()[:500],
        approver=rule.approver,
        state="open",
    )
    work.session.add(row)
    work.session.flush()
    applying.record(audit.Kind.EXTENSION_ASKED, facts={"request": row.id, "approver": rule.approver})
    at = {extending.GOVERNMENT: units.tree(work).county.id, extending.DISPATCHER: case.unit_id}.get(
        rule.approver, case.office_id
    )
    for user_id in holders.supervisors(work, at, on=local_date(now)):
        text = f"办件 {case.number}（{case.matter_name}）申请延期，请到“待批延期”审批。"
        _tell(work, case, f"extension:{row.id}:asked:{user_id}", "extension-asked", text, user_id, now)
    applying.finish()
    return row


def refuse_extension(work: Work, request_id: int, answer: str, *, by: Actor, now: datetime) -> ExtensionRequest:
    """不同意延期: by who could approve it, with the reason, told to whoever asked."""
    case, row = find_request(work, request_id)
    may_answer(by, case, row)
    still_open(work, row)
    needs(answer, "answer", "不同意的理由")
    row.state, row.answered_by_id, row.answered_at, row.answer = "refused", by.id, now, answer.strip()[:500]
    audit.record(work, audit.Kind.EXTENSION_REFUSED, by=by, now=now, case=case, facts={"request": row.id})
    text = f"办件 {case.number}（{case.matter_name}）的延期申请没有批准：{row.answer}"
    _tell(work, case, f"extension:{row.id}:refused", "extension-refused", text, row.asked_by_id, now)
    work.session.flush()
    return row


def find_request(work: Work, request_id: int) -> tuple[Case, ExtensionRequest]:
    """The request and its case, the case locked first, as every command does."""
    case_id = work.session.scalar(select(ExtensionRequest.case_id).where(ExtensionRequest.id == request_id))
    if case_id is None:
        raise NotFound("没有这份延期申请。", f"There is no request {request_id}.")
    case = find_case(work, case_id)
    row = work.session.get(ExtensionRequest, request_id, populate_existing=True)
    assert row is not None
    return case, row


def may_answer(by: Actor, case: Case, row: ExtensionRequest) -> None:
    """Refuse unless theirs is the word the law wants."""
    require(by, "supervise", case)
    if not extending.gives_word(by, row.approver, case):
        raise not_theirs(row.approver, _WHOSE.get(row.approver, "承办单位或上级的负责人"))


_WHOSE = {extending.GOVERNMENT: "县级负责人", extending.DISPATCHER: "派单单位负责人"}


def not_theirs(approver: str, whose: str) -> NotYours:
    """Another's word is wanted."""
    en = {
        extending.GOVERNMENT: "Expected the government's approval: a supervisor of the county gives it.",
        extending.DISPATCHER: "Expected the approval of the head of the unit that dispatched it, not of another.",
    }.get(approver, "Expected the approval of a head of the office that handles it, or of one above.")
    return NotYours(f"延期须经{whose}批准，请由{whose}办理。", en)


def still_open(work: Work, row: ExtensionRequest) -> None:
    """Refuse when somebody has answered: who, what and when."""
    if row.state == "open":
        return
    who, what = masked_name(work, row.answered_by_id), "批准" if row.state == "approved" else "不同意"
    at = clock(row.answered_at) if row.answered_at else ""
    at_zh = say_at(row.answered_at) if row.answered_at else ""
    raise AlreadyDone(
        f"这份延期申请已由{who}于 {at_zh} {what}。",
        f"Expected an open request, but {who} answered it ({row.state}) at {at}.",
        who=who,
        what=what,
        when=row.answered_at,
    )


def granted(applying: Applying) -> None:
    """The case has been extended: an open request is answered, and whoever asked is told until when."""
    row = _open(applying.work, applying.case.id)
    if row is None:
        return
    row.state, row.answered_by_id, row.answered_at = "approved", applying.by.id, applying.now
    applying.record(audit.Kind.EXTENSION_APPROVED, facts={"request": row.id})
    case = applying.case
    due = applying.account().due_on
    until = f"，新的办结期限为 {say_day(due)}" if due else ""
    text = f"办件 {case.number}（{case.matter_name}）已批准延期{until}。"
    _tell(
        applying.work, case, f"extension:{row.id}:approved", "extension-approved", text, row.asked_by_id, applying.now
    )


def _open(work: Work, case_id: int) -> ExtensionRequest | None:
    return work.session.scalar(
        select(ExtensionRequest).where(ExtensionRequest.case_id == case_id, ExtensionRequest.state == "open")
    )


def _tell(work: Work, case: Case, key: str, kind: str, text: str, user_id: int, now: datetime) -> None:
    notices.put(work, key, text, kind=kind, now=now, channel="screen", user_id=user_id, case_id=case.id)
