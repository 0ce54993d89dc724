"""转办, 委派, 催办: a task in other hands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine import crypto
from engine.commands.applying import Applying
from engine.commands.cases.changing import change
from engine.commands.cases.finding import (
    allowed,
    clock,
    find,
    must_be_open,
    must_not_keep_away,
    needs,
)
from engine.errors import NotFound, NotNow, NotYours
from engine.people import Actor, handing, holders, load, require
from engine.people import may as may_
from engine.reads import history
from engine.records import audit, notices
from engine.store import Work
from engine.store.models import (
    Case,
    Reminder,
    Task,
    User,
)
from engine.workdays import local_date, say_at

#: 催办: once a task in this time.
REMIND_EVERY = timedelta(hours=4)


def transfer(
    work: Work, task_id: int, to_user_id: int, reason: str, *, version: int | None, by: Actor, now: datetime
) -> Task:
    """转办: another person has the task now, with no way back. By the assignee, or a supervisor of the unit."""
    case, task, live = find(work, task_id, version, now, by=by)
    must_be_open(work, case, task)
    if not may_(by, "work", task, case=case):
        require(by, "supervise", task, case=case)
    allowed(task, "transfer")
    needs(reason, "reason", "转办理由")
    _must_take_cases(work, case, task, to_user_id, by, now)
    must_not_keep_away(task, to_user_id)
    before = task.assignee_id
    given = {"from": by.id, "to": to_user_id, "reason": reason[:500], "at": now.isoformat()}
    known = dict(task.variables or {})
    task.variables = {**known, history.HANDED_ON: [*known.get(history.HANDED_ON, []), given]}
    task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "claimed", to_user_id, None, now
    task.bond_id = None
    task.seen_at, task.instead = None, None
    answered = [d for d in task.delegated if "opinion" in d]
    unasked = [d["to"] for d in task.delegated if "opinion" not in d]  # 转办 clears the questions that wait
    task.delegated = []
    if answered or unasked:
        task.variables = {**dict(task.variables), "_opinions": _with(known.get("_opinions", []), answered)}
    if f"u:{to_user_id}" not in task.candidates:
        task.candidates = [*task.candidates, f"u:{to_user_id}"]
    task.version += 1
    applying = change(work, case, by=by, now=now, live=live)
    applying.record(
        audit.Kind.TASK_TRANSFERRED, task=task, facts={"element": task.element, "from": before, "to": to_user_id}
    )
    why = crypto.fingerprint(reason.encode())[:12]
    notices.put_for_cause(
        work,
        f"transferred:{by.id}:{why}",
        notices.Words(
            f"{task.name}（{case.number}）已转给您办理。转办理由：{reason[:500]}",
            f"有 {{count}} 件已转给您办理，第一件 {{number}}。转办理由：{_no_braces(reason)}",
        ),
        notices.Words(
            f"{_in_english(applying, task, 'transferred')} Reason: {reason[:500]}",
            f"{{count}} cases are now yours, the first {{number}}. Reason: {_no_braces(reason)}",
        ),
        kind="transferred",
        now=now,
        user_id=to_user_id,
        case=case,
    )
    for user_id in dict.fromkeys(unasked):
        if user_id != to_user_id:
            _tell(applying, task, user_id, "not-asked", f"{task.name}（{case.number}）已转办，不用再提意见。")
    applying.finish()
    return task


def delegate(
    work: Work, task_id: int, to_user_id: int, question: str, *, version: int | None, by: Actor, now: datetime
) -> Task:
    """委派: ask another for an opinion; the task comes back with it. The delegate decides nothing."""
    case, task, live = find(work, task_id, version, now, by=by)
    must_be_open(work, case, task)
    require(by, "work", task, case=case)
    allowed(task, "delegate")
    _must_take_cases(work, case, task, to_user_id, by, now)
    must_not_keep_away(task, to_user_id)
    waiting = [d for d in task.delegated if "opinion" not in d]
    if any(d["from"] == to_user_id for d in waiting):
        raise NotNow("不能委派给正在等意见的人。", "Expected another person, but they wait for this opinion.")
    if len(waiting) >= 3:
        raise NotNow("委派最多三层。", "Expected at most three levels of delegation.")
    task.delegated = [*task.delegated, {"from": by.id, "to": to_user_id, "question": question, "at": now.isoformat()}]
    task.assignee_id, task.acting_for_id, task.claimed_at, task.version = to_user_id, None, now, task.version + 1
    task.bond_id = None
    applying = change(work, case, by=by, now=now, live=live)
    applying.record(audit.Kind.TASK_DELEGATED, task=task, facts={"element": task.element, "to": to_user_id})
    _tell(applying, task, to_user_id, "delegated", f"{task.name}（{case.number}）请您提出意见。")
    applying.finish()
    return task


def give_opinion(work: Work, task_id: int, opinion: str, *, version: int | None, by: Actor, now: datetime) -> Task:
    """The delegate's opinion: the task goes back to whoever asked."""
    case, task, live = find(work, task_id, version, now, by=by)
    must_be_open(work, case, task)
    require(by, "work", task, case=case)
    stack = list(task.delegated)
    at = _asked(task)
    if at is None:
        raise NotNow("这项任务没有等待意见。", "Nobody waits for an opinion on this task.")
    needs(opinion, "opinion", "意见")
    stack[at] = {**stack[at], "opinion": opinion, "answered_at": now.isoformat()}
    task.assignee_id, task.claimed_at, task.version = stack[at]["from"], now, task.version + 1
    task.delegated = stack if any("opinion" not in d for d in stack) else []
    known = dict(task.variables or {})
    known["_opinions"] = [*known.get("_opinions", []), stack[at]]
    task.variables = known
    applying = change(work, case, by=by, now=now, live=live)
    applying.record(audit.Kind.TASK_OPINION, task=task, facts={"element": task.element, "to": stack[at]["from"]})
    _tell(applying, task, stack[at]["from"], "opinion", f"{task.name}（{case.number}）的意见已交回。")
    applying.finish()
    return task


def take_back(work: Work, task_id: int, *, version: int | None, by: Actor, now: datetime) -> Task:
    """收回委派: the last question that waits is asked no more, and the task is again whose it was. By whoever asked, or
    a supervisor of the unit."""
    case, task, live = find(work, task_id, version, now, by=by)
    must_be_open(work, case, task)
    at = _asked(task)
    if at is None:
        raise NotNow("这项任务没有等待意见。", "Nobody waits for an opinion on this task.")
    question = task.delegated[at]
    if question["from"] != by.id:
        require(by, "supervise", task, case=case)
    task.delegated = [d for n, d in enumerate(task.delegated) if n != at]
    task.assignee_id, task.acting_for_id, task.claimed_at = question["from"], None, now
    task.version += 1
    applying = change(work, case, by=by, now=now, live=live)
    applying.record(
        audit.Kind.TASK_TAKEN_BACK,
        task=task,
        facts={"element": task.element, "from": question["to"], "to": question["from"]},
    )
    _tell(applying, task, question["to"], "not-asked", f"{task.name}（{case.number}）的委派已收回，不用再提意见。")
    applying.finish()
    return task


def pass_on_questions(
    work: Work,
    task_id: int,
    user_id: int,
    to_user_id: int,
    reason: str,
    *,
    version: int | None,
    by: Actor,
    now: datetime,
) -> Task:
    """离职移交 of a question (委派) that waits: whoever asked, or was asked, is now the other one. By a supervisor."""
    case, task, live = find(work, task_id, version, now, by=by)
    must_be_open(work, case, task)
    require(by, "supervise", task, case=case)
    needs(reason, "reason", "移交理由")
    _must_take_cases(work, case, task, to_user_id, by, now)
    must_not_keep_away(task, to_user_id)
    kept = []
    for one in task.delegated:
        if "opinion" not in one:
            one = {**one, **{end: to_user_id for end in ("from", "to") if one[end] == user_id}}
        kept.append(one)
    if kept == task.delegated:
        raise NotNow(
            "这项任务没有与这个人有关的委派。", "Expected a question to or from this person, but there is none."
        )
    if any("opinion" not in d and d["from"] == d["to"] for d in kept):
        raise NotNow(
            "问的人和被问的人会成为同一个人，请先收回这次委派。",
            "Whoever asks and whoever is asked would be one person: take the question back first.",
        )
    task.delegated = kept
    if task.assignee_id == user_id:
        task.assignee_id, task.acting_for_id, task.claimed_at = to_user_id, None, now
    task.version += 1
    applying = change(work, case, by=by, now=now, live=live)
    applying.record(
        audit.Kind.TASK_TRANSFERRED,
        task=task,
        facts={"element": task.element, "from": user_id, "to": to_user_id, "question": True},
    )
    _tell(applying, task, to_user_id, "question-passed", f"{task.name}（{case.number}）的委派已移交给您。")
    applying.finish()
    return task


def _no_braces(reason: str) -> str:
    """A reason inside a text that is filled: what somebody wrote in braces is no fact of ours."""
    return reason[:500].replace("{", "｛").replace("}", "｝")


def _asked(task: Task) -> int | None:
    """Where the question stands that waits for an answer."""
    return next((n for n in range(len(task.delegated) - 1, -1, -1) if "opinion" not in task.delegated[n]), None)


def _with(before: list[Any], more: list[Any]) -> list[Any]:
    return [*before, *(one for one in more if one not in before)]


_CONFIDENTIAL = (
    "这是保密办件，只能交给本单位能办它的人。请另选。",
    "This case is confidential: give it to somebody of its own office who may see it.",
)
_RESTRICTED = (
    "这是限制查看的办件，只能交给承办单位、收件单位和流程点了名的人。要问别的单位，请另外发函，不带当事人的信息。请另选。",
    "This case is restricted: give it to somebody of its office, its counter, or whom the drawing names. To ask "
    "another office, write to it without what is of people.",
)


def _must_take_cases(work: Work, case: Case, task: Task, user_id: int, by: Actor, now: datetime) -> None:
    """Whoever is given a step, or asked about it, reads the case: somebody whose post handles cases today; of a
    restricted one, whom its office or its drawing names (`handing.may_have`)."""
    user = work.session.get(User, user_id)
    if user is None or user.kind != "staff" or user.disabled_at is not None:
        raise NotFound("没有这位工作人员，或其账号已停用。", f"There is no such clerk: {user_id}.")
    if not holders.works_on_cases(work, user_id, on=local_date(now)):
        raise NotFound(
            f"{user.name}今天不在办件的岗位上，不能交给他。请选一位在岗的办事人员。",
            f"{user.name} holds no post that handles cases today: choose somebody who does.",
        )
    if (case.restricted or case.confidential) and not handing.may_have(load(work, user_id, now=now), task, case):
        raise NotYours(*(_CONFIDENTIAL if case.confidential else _RESTRICTED))
    if user_id == by.id:
        raise NotNow("不能转给自己。", "Expected another person, but it is yourself.")


_TOLD = {
    "transferred": "{step} ({number}) is now yours.",
    "delegated": "You are asked for your opinion on {step} ({number}).",
    "returned": "{step} ({number}) was returned to you: please do it again.",
    "not-asked": "You need not give an opinion on {step} ({number}) any more.",
    "question-passed": "A question about {step} ({number}) is now yours.",
    "opinion": "The opinion on {step} ({number}) has come back.",
    "remind": "Please see to {step} ({number}) soon.",
}


def _in_english(applying: Applying, task: Task, kind: str) -> str:
    step = applying.package.english.get(task.name, task.name)
    return notices.fill(_TOLD[kind], {"step": step, "number": applying.case.number})


def _tell(applying: Applying, task: Task, user_id: int, kind: str, text: str, more_en: str = "") -> None:
    notices.put(
        applying.work,
        f"{applying.case.number}:{task.id}:{task.version}:{kind}:{user_id}",
        text,
        text_en=_in_english(applying, task, kind) + more_en,
        kind=kind,
        now=applying.now,
        channel="screen",
        user_id=user_id,
        case_id=applying.case.id,
    )


def tell_returned(applying: Applying, reason: str) -> None:
    """Whoever may take a step that was returned to is told, with the reason."""
    for task in applying.opened:
        told = f"{task.name}（{applying.case.number}）被退回，请重新办理。退回理由：{reason[:500]}"
        for user_id in holders.of_task(applying.work, task):
            if user_id != applying.by.id:
                _tell(applying, task, user_id, "returned", told, f" Reason: {reason[:500]}")


def remind(work: Work, task_id: int, *, by: Actor, now: datetime, text: str = "") -> Task:
    """催办: by the applicant or a supervisor, once a task in four hours. It changes no deadline."""
    case, task, live = find(work, task_id, None, now, by=by)
    must_be_open(work, case, task)
    if not may_(by, "withdraw", case):
        require(by, "supervise", task, case=case)
    if task.reminded_at is not None and now - task.reminded_at < REMIND_EVERY:
        again = task.reminded_at + REMIND_EVERY
        raise NotNow(
            f"刚刚催办过，{say_at(again)} 之后可以再催。", f"It was reminded just now: again after {clock(again)}."
        )
    task.reminded_at = now
    work.session.add(Reminder(task_id=task.id, by_id=by.id, at=now, text=text[:200]))
    applying = change(work, case, by=by, now=now, live=live)
    applying.record(audit.Kind.TASK_REMINDED, task=task, facts={"element": task.element})
    words = f"请尽快办理“{task.name}”（{case.number}）。" + (f"留言：{text[:100]}" if text else "")
    words_en = _in_english(applying, task, "remind") + (f" Message: {text[:100]}" if text else "")
    for n, user_id in enumerate(holders.of_task(work, task)):
        notices.put(
            work,
            f"{case.number}:{task.id}:remind:{now.isoformat()}:{n}",
            words,
            text_en=words_en,
            kind="remind",
            now=now,
            channel="screen",
            user_id=user_id,
            case_id=case.id,
        )
    work.session.flush()
    return task
