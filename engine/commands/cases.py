"""Every write to a case and its tasks: one verb, one function, four beats.

    find and may -> check -> advance -> apply

Each takes the unit of work first; `by` (who acts) and `now` (aware UTC) are keyword-only, and `version` is the version
of the task the person saw. None commits. Run in `database.rehearsal()` any of them is its own preview.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import undefer

from engine import forms, matters, process
from engine.commands import effects, places
from engine.commands.applying import Applying, Done, env_of, masked_name
from engine.commands.changes import Change
from engine.deadlines import Event as ClockEvent
from engine.deadlines import Limit
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow, NotYours
from engine.matters import nodes
from engine.people import SYSTEM, Actor, require, units
from engine.people import may as may_
from engine.people.units import Place
from engine.records import audit, clocks, counters, files, library, notices, papers, timers
from engine.store import Work, keys
from engine.store.models import Awaited, Case, Draft, Incident, Reminder, Subscription, Task, TaskCandidate, Timer, User
from engine.workdays import local_date

#: 催办: once a task in this time.
REMIND_EVERY = timedelta(hours=4)
#: 撤销委托: what a diagram of 代办 waits for while the agent acts.
REVOKED = "authority-revoked"
#: From this age on an applicant's case is marked 老年 (老年人权益保障法 2).
OLD = 60
#: Answers of a task's decision field that mean no.
NO = frozenset({"reject", "refuse", "no", "disagree", "不同意", "不予", "不予受理", "驳回", "decline"})

# ---------------------------------------------------------------- 提交


@dataclass(frozen=True, slots=True)
class Person:
    """Who applies."""

    name: str
    phone: str | None
    id_number: str | None


def person_of(case: Case) -> Person:
    """The applicant of a case, for a case that follows from it."""
    return Person(case.applicant_name, case.applicant_phone, case.applicant_id_number)


def submit(
    work: Work,
    matter: str,
    raw: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    channel: str = "",
    unit: Place | None = None,
    place: Place | None = None,
    key: str | None = None,
    applicant_id: int | None = None,
    parent: tuple[int, str | None] | None = None,
    variables: Mapping[str, Any] | None = None,
    person: Person | None = None,
) -> Done:
    """提交: a new case of a matter, from a resident's or a counter's application.

    unit: who takes it in (the clerk's own unit without it). place: the village the case belongs to (told from the form,
    the resident or the counter without it). key: the sender's own key; sent twice, the first case is returned.
    applicant_id: the account of the applicant, when a clerk applies for them. variables: what the process knows beside
    the answers (a booking, a parent case). person: who applies, when the form does not ask it again.
    """
    # find and may
    package = library.current(work, matter)
    info = package.info
    if key is not None:
        key = f"{by.id or 0}:{key}"[:80]
        sent = work.session.scalar(select(Case).where(Case.request_key == key))
        if sent is not None:
            return Done(sent, (), (), (), sent.promised_due, sent.promised_due, "")
    channel = channel or ("online" if by.kind == "resident" else "counter" if by.kind == "staff" else "system")
    _open_for(package, channel, by, local_date(now))

    # check
    tree = units.tree(work)
    env = env_of(work, now, unit)
    answers = forms.check(package.form(info.apply.form), raw, env=env)
    who = info.who
    known = person or Person(by.name if by.kind == "resident" else "", None, None)
    name = _text(answers, who.name) or known.name
    phone = _text(answers, who.phone) or known.phone
    id_number = _text(answers, who.id_number) or known.id_number
    place = _place(work, place, _text(answers, who.place), by, unit)
    intake = unit or (units.place(work, by.unit_id) if by.kind == "staff" and by.unit_id else None) or place
    office = places.office_of(work, package, place, intake)
    attached = _file_ids(package.form(info.apply.form), answers)
    agent_id, agent_name = None, _text(answers, who.agent)
    if channel == "agent":
        agent_id, agent_name = by.id, agent_name or by.name
        if not info.agent:
            raise NotNow(f"“{info.name}”须本人办理，不能代办。", "This matter cannot be handled by an agent.")
    if by.kind == "resident" and channel != "agent":
        applicant_id = applicant_id or by.id
    day = local_date(now)
    serial = counters.take(work, f"case:{intake.id}:{day:%Y%m%d}")
    number = papers.numbers.case_number(tree.county.code[:6], day, intake.number or "0000", serial)

    # advance
    case = Case(
        number=number, matter=package.name, matter_name=info.name, version_hash=package.version, version=0,
        status="running", stage="", outcome="", channel=channel, request_key=key, submitted_by_id=by.id,
        answers={}, ledger=[], subscriptions=[], applicant_id=applicant_id, applicant_name=name,
        applicant_phone=phone, applicant_id_number=id_number, agent_id=agent_id, agent_name=agent_name,
        name_index=keys.blind("name", name) if name else None, phone_index=keys.blind("phone", phone) if phone else None,
        id_index=keys.blind("id", id_number) if id_number else None, place_id=place.id, unit_id=intake.id,
        office_id=office.id, received_at=now, colour="green", flags=_flags(id_number, agent_name, day),
        restricted=info.readers == "restricted",
        events_count=0, events_head="", parent_id=parent[0] if parent else None, parent_key=parent[1] if parent else None,
    )  # fmt: skip
    work.session.add(case)
    work.session.flush()
    begins = {
        **answers,
        **(variables or {}),
        "case": {
            "number": number, "matter": package.name, "channel": channel, "received_at": now.isoformat(),
            "received_on": day.isoformat(), "place": place.code, "unit": intake.code, "office": office.code,
            "agent": agent_name is not None, "flags": list(case.flags),
        },
    }  # fmt: skip
    step = process.start(package.definition, process.Start(begins), now=now, env=env)

    # apply
    applying = Applying(work, case, package, by, now)
    applying.record(
        audit.Kind.CASE_SUBMITTED,
        facts={"matter": package.name, "version": package.version, "channel": channel, "number": number},
    )
    applying.clock(ClockEvent("received", now))
    if attached:
        files.attach(work, attached, case, by=by)
    applying.step(step)
    if by.id is not None:
        work.session.execute(delete(Draft).where(Draft.user_id == by.id, Draft.about == f"matter:{package.name}"))
    return applying.finish()


def _open_for(package: matters.Package, channel: str, by: Actor, day: date) -> None:
    info = package.info
    if channel not in info.apply.channels and channel != "system" and not (channel == "agent" and info.agent):
        raise NotNow(
            f"“{info.name}”不能通过{effects.CHANNELS.get(channel, channel)}办理，请到窗口或致电咨询。",
            f"Expected a channel of {', '.join(info.apply.channels)}, but it is {channel}.",
        )
    if by.kind == "resident" and channel == "counter":
        raise NotYours("窗口收件须由工作人员操作。", "Only staff take in at a counter.")
    if day < info.in_force.since or (info.in_force.until and day > info.in_force.until):
        raise NotNow(f"“{info.name}”目前不在办理期内。", "This matter is not in force on this day.")


def _place(work: Work, given: Place | None, code: str | None, by: Actor, unit: Place | None) -> Place:
    if given is not None:
        return given
    if code:
        return units.by_code(work, code)
    if by.kind == "resident" and by.place_id is not None:
        return units.place(work, by.place_id)
    if unit is not None:
        return unit
    if by.unit_id is not None:
        return units.place(work, by.unit_id)
    return units.tree(work).county


def _flags(id_number: str | None, agent: str | None, day: date) -> list[str]:
    flags = ["代办"] if agent else []
    if id_number and len(id_number) == 18 and day.year - int(id_number[6:10]) >= OLD:
        born = (int(id_number[10:12]), int(id_number[12:14]))
        if day.year - int(id_number[6:10]) > OLD or (day.month, day.day) >= born:
            flags.append("老年")
    return flags


def _dig(data: Any, path: str) -> Any:
    for part in path.split(".") if path else ():
        data = data.get(part) if isinstance(data, Mapping) else None
    return data if path else None


def _text(data: Mapping[str, Any], path: str) -> str | None:
    found = _dig(data, path)
    return str(found).strip() or None if found not in (None, "") else None


def _file_ids(form: forms.Form, answers: Mapping[str, Any]) -> list[int]:
    found: list[int] = []

    def below(fields: tuple[forms.Field, ...], data: Any) -> None:
        for one in fields:
            value = _dig(data, one.key)
            if one.type == "dynamiclist":
                for row in value if isinstance(value, list) else []:
                    below(one.children, row)
            elif one.type == "filepicker" and value:
                for ref in value if isinstance(value, list) else [value]:
                    if not str(ref).isdigit():
                        zh = f"请重新上传“{one.label}”。"
                        raise Invalid([FieldError(one.key, one.label, zh, f"Upload {one.label!r} again.")])
                    found.append(int(ref))

    below(form.fields, answers)
    return found


# ---------------------------------------------------------------- finding


def _find(work: Work, task_id: int, version: int | None, now: datetime) -> tuple[Case, Task, list[Task]]:
    """The case of a task (locked), the task as this person saw it, and the case's live tasks."""
    mine = select(Task.case_id).where(Task.id == task_id).scalar_subquery()
    case = work.session.scalar(
        select(Case)
        .where(Case.id == mine)
        .options(undefer(Case.state), undefer(Case.answers), undefer(Case.ledger))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFound("没有这项任务。", f"There is no task {task_id}.")
    rows = list(
        work.session.scalars(
            select(Task)
            .where(Task.case_id == case.id, or_(Task.state != "ended", Task.id == task_id))
            .order_by(Task.id)
            .options(undefer(Task.variables))
            .execution_options(populate_existing=True)
        )
    )
    task = next(t for t in rows if t.id == task_id)
    if version is not None and task.version != version:
        raise _already(work, case, task)
    return case, task, [t for t in rows if t.state != "ended"]


def _find_case(work: Work, case_id: int, version: int | None = None) -> Case:
    case = work.session.scalar(
        select(Case)
        .where(Case.id == case_id)
        .options(undefer(Case.state), undefer(Case.answers), undefer(Case.ledger))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFound("没有这个办件。", f"There is no case {case_id}.")
    if version is not None and case.version != version:
        raise AlreadyDone(
            "这个办件刚刚有了变化，请刷新后再看。", f"Expected version {version}, but it is {case.version}."
        )
    return case


def _live(work: Work, case: Case) -> list[Task]:
    return list(
        work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state != "ended").order_by(Task.id))
    )


def _already(work: Work, case: Case, task: Task) -> AlreadyDone:
    """Who acted first, what, and when."""
    if task.state == "ended":
        who, at = masked_name(work, task.ended_by_id), task.ended_at
        what = {
            "APPROVED": "办理", "REJECTED": "办理", "RETURNED": "退回", "CANCELLED": "取消", "SUPERSEDED": "撤回",
        }[task.ended or "APPROVED"]  # fmt: skip
        doing = {"办理": "completed", "退回": "returned", "取消": "cancelled", "撤回": "superseded"}[what]
    elif task.state == "claimed":
        who, at, what, doing = masked_name(work, task.assignee_id), task.claimed_at, "签收", "claimed"
    else:
        who, at, what, doing = "", task.opened_at, "退签", "released"
    clock = f"{at:%H:%M}" if at is None else _clock(at)
    zh = f"“{task.name}”已由{who or '他人'}于 {clock} {what}，请刷新后再看。"
    en = f"Expected task {task.id} as you saw it, but {who or 'somebody'} {doing} it at {clock}."
    return AlreadyDone(zh, en, who=who, what=what, when=at, task=task.id, number=case.number)


def _clock(at: datetime) -> str:
    from engine.workdays import ZONE

    return f"{at.astimezone(ZONE):%m-%d %H:%M}"


def _must_be_open(work: Work, case: Case, task: Task) -> None:
    if task.state == "ended":
        raise _already(work, case, task)
    if case.status not in ("running", "suspended"):
        raise NotNow("这个办件已经结束。", "Expected a running case, but it has ended.")


def _allowed(task: Task, operation: str) -> None:
    if operation not in nodes.operations(task.properties):
        raise NotNow(f"“{task.name}”这一步不允许此操作。", f"This step does not allow {operation}.")


# ---------------------------------------------------------------- 签收, 退签, 暂存


def claim(work: Work, task_id: int, *, version: int | None, by: Actor, now: datetime) -> Task:
    """签收: the task is mine. The second claimer is told who has it."""
    case, task, live = _find(work, task_id, version, now)
    _must_be_open(work, case, task)
    may, for_id = by.as_whom(task.candidates, case.matter)
    if task.state == "claimed":
        raise _already(work, case, task) if may or may_(by, "see", case) else NotYours("这不是您的任务。", "Not yours.")
    require(by, "claim", task, case=case)
    _claim(work, case, task, by, for_id, now)
    Applying(work, case, _package(work, case), by, now, live=live, for_id=for_id).finish()
    return task


def _claim(work: Work, case: Case, task: Task, by: Actor, for_id: int | None, now: datetime) -> None:
    task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "claimed", by.id, for_id, now
    task.seen_at = task.seen_at or now
    task.version += 1
    work.session.execute(delete(TaskCandidate).where(TaskCandidate.task_id == task.id))
    audit.record(
        work, audit.Kind.TASK_CLAIMED, by=by, now=now, case=case, task_id=task.id, for_id=for_id,
        facts={"element": task.element, "round": task.round},
    )  # fmt: skip


def unclaim(work: Work, task_id: int, *, version: int | None, by: Actor, now: datetime, reason: str = "") -> Task:
    """退签: back to the candidates. By the assignee, or a supervisor of the unit."""
    case, task, live = _find(work, task_id, version, now)
    _must_be_open(work, case, task)
    if task.state != "claimed":
        raise NotNow("这项任务还没有人签收。", "Expected a claimed task, but nobody has claimed it.")
    if not may_(by, "work", task, case=case):
        require(by, "supervise", task, case=case)
    _allowed(task, "unclaim")
    if len(task.candidates) == 1 and task.candidates[0].startswith("u:"):
        raise NotNow(
            "这项任务只能由一个人办，不能退签；可以转办。", "Only one person may do this: transfer it instead."
        )
    before = task.assignee_id
    task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "open", None, None, None
    task.version += 1
    work.session.add_all(TaskCandidate(key=key, task_id=task.id) for key in task.candidates)
    audit.record(
        work, audit.Kind.TASK_UNCLAIMED, by=by, now=now, case=case, task_id=task.id,
        facts={"element": task.element, "from": before},
    )  # fmt: skip
    Applying(work, case, _package(work, case), by, now, live=live).finish()
    return task


def save_draft(work: Work, about: str, values: Mapping[str, Any], *, by: Actor, now: datetime) -> None:
    """暂存: keep what was typed, unchecked. `about`: `task:7` or `matter:daiban`."""
    if by.id is None:
        raise NotYours("请先登录。", "Log in first.")
    if about.startswith("task:"):
        task = work.session.get(Task, int(about[5:]))
        case = work.session.get(Case, task.case_id) if task is not None else None
        if task is None or case is None:
            raise NotFound("没有这项任务。", "There is no such task.")
        if task.state == "ended":
            raise _already(work, case, task)
        if not (may_(by, "work", task, case=case) or may_(by, "claim", task, case=case)):
            raise NotYours("这不是您的任务。", "This is not your task.")
        task.drafted = True
    row = work.session.scalar(select(Draft).where(Draft.user_id == by.id, Draft.about == about))
    if row is None:
        work.session.add(Draft(user_id=by.id, about=about, values=dict(values), saved_at=now))
    else:
        row.values, row.saved_at = dict(values), now
    work.session.flush()


def draft_of(work: Work, about: str, *, by: Actor) -> dict[str, Any] | None:
    """What was typed, or None."""
    row = work.session.scalar(select(Draft).where(Draft.user_id == by.id, Draft.about == about))
    return dict(row.values) if row is not None else None


def mark_seen(work: Work, task_id: int, *, by: Actor, now: datetime) -> None:
    """A person who may work on it opened the task: from now on its predecessor cannot be recalled."""
    task = work.session.get(Task, task_id)
    if task is not None and task.seen_at is None and task.state != "ended":
        case = work.session.get(Case, task.case_id)
        if case is not None and (may_(by, "claim", task, case=case) or may_(by, "work", task, case=case)):
            task.seen_at = now


# ---------------------------------------------------------------- 办理


def complete(
    work: Work,
    task_id: int,
    raw: Mapping[str, Any],
    *,
    version: int | None,
    by: Actor,
    now: datetime,
    expect: str | None = None,
) -> Done:
    """办理: the task is done with these answers. `expect`: a preview's token; another plan is refused."""
    # find and may
    case, task, live = _find(work, task_id, version, now)
    _must_be_open(work, case, task)
    for_id = _take(work, case, task, by, now)
    package = _package(work, case)
    if task.delegated:
        raise NotNow(
            "这项任务是委派来的：请写意见交回，不能直接办结。", "This task was delegated to you: give an opinion."
        )

    # check
    answers = _answers(work, case, task, package, raw, by, now)

    # advance
    step = process.advance(
        package.definition, case.state or b"", process.Complete(task.key, answers), now=now,
        env=env_of(work, now, units.place(work, case.office_id)),
    )  # fmt: skip

    # apply
    applying = Applying(work, case, package, by, now, live=live, for_id=for_id)
    how = "REJECTED" if _says_no(task, answers) else "APPROVED"
    task.result = answers
    applying.record(
        audit.Kind.TASK_COMPLETED, task=task, facts={"element": task.element, "round": task.round, "how": how}
    )
    if task.drafted:
        work.session.execute(delete(Draft).where(Draft.about == f"task:{task.id}"))
    _answer_correction(applying, task)
    applying.step(step, ended={task.key: (how, "")})
    return _as_planned(applying.finish(), expect)


def _take(work: Work, case: Case, task: Task, by: Actor, now: datetime) -> int | None:
    """Whoever completes a task they may claim claims it with that."""
    if task.state == "open":
        require(by, "claim", task, case=case)
        _, for_id = by.as_whom(task.candidates, case.matter)
        _claim(work, case, task, by, for_id, now)
        return for_id
    if not may_(by, "work", task, case=case):
        if may_(by, "claim", task, case=case) or may_(by, "see", case):
            raise _already(work, case, task)
        require(by, "work", task, case=case)
    return task.assignee_id if task.assignee_id != by.id and by.kind != "system" else task.acting_for_id


def _answers(
    work: Work, case: Case, task: Task, package: matters.Package, raw: Mapping[str, Any], by: Actor, now: datetime
) -> dict[str, Any]:
    if not task.form:
        return {}
    form = package.form(task.form)
    known = {**dict(case.answers or {}), **dict(task.variables or {})}
    answers = forms.check(form, raw, nodes.rights(form, task.properties), env_of(work, now), known=known)
    before = set(_file_ids_of(form, known))
    new = [i for i in _file_ids(form, answers) if i not in before]
    if new:
        files.attach(work, new, case, by=by)
    return answers


def _file_ids_of(form: forms.Form, known: Mapping[str, Any]) -> list[int]:
    try:
        return _file_ids(form, known)
    except Invalid:
        return []


def _says_no(task: Task, answers: Mapping[str, Any]) -> bool:
    field = str(task.properties.get("decision", "decision"))
    said = _dig(answers, field)
    return (isinstance(said, str) and said.lower() in NO) or said is False and field != "decision"


def _answer_correction(applying: Applying, task: Task) -> None:
    """A resident who corrects (补正) answers the office's question: the window to accept runs anew."""
    if applying.account().phase == "correcting" and task.properties.get("clock") in ("correction", None):
        for_applicant = task.assignee_id in (applying.case.applicant_id, applying.case.agent_id)
        if for_applicant or task.properties.get("clock") == "correction":
            applying.clock(ClockEvent("correction_answered", applying.now))


def _as_planned(done: Done, expect: str | None) -> Done:
    if expect is not None and done.token != expect:
        raise NotNow(
            "预览之后情况有了变化，请重新查看后再确认。", "Expected the plan you saw, but it has changed: look again."
        )
    return done


def _package(work: Work, case: Case) -> matters.Package:
    return library.version(work, case.version_hash)


# ---------------------------------------------------------------- 退回, 撤回, 撤销


def return_(
    work: Work,
    task_id: int,
    to_element: str,
    reason: str,
    *,
    version: int | None,
    by: Actor,
    now: datetime,
    expect: str | None = None,
) -> Done:
    """退回: back to a user task completed earlier on this round's path. A reason is needed."""
    case, task, live = _find(work, task_id, version, now)
    _must_be_open(work, case, task)
    for_id = _take(work, case, task, by, now)
    _allowed(task, "return")
    _needs(reason, "reason", "退回理由")
    package = _package(work, case)
    step = process.advance(
        package.definition, case.state or b"", process.Return(task.key, to_element, {"return_reason": reason}),
        now=now, env=env_of(work, now),
    )  # fmt: skip
    applying = Applying(work, case, package, by, now, live=live, for_id=for_id)
    applying.record(audit.Kind.TASK_RETURNED, task=task, facts={"element": task.element, "to": to_element})
    applying.step(step, ended={task.key: ("RETURNED", reason)})
    return _as_planned(applying.finish(), expect)


def return_targets(work: Work, task_id: int) -> list[tuple[str, str]]:
    """(element, name) of the steps a task may be returned to, the latest first."""
    task = work.session.get(Task, task_id)
    if task is None:
        raise NotFound("没有这项任务。", "There is no such task.")
    rows = work.session.execute(
        select(Task.element, Task.name)
        .where(Task.case_id == task.case_id, Task.ended.in_(("APPROVED", "REJECTED")), Task.element != task.element)
        .order_by(Task.ended_at.desc(), Task.id.desc())
    ).all()
    return list(dict.fromkeys((row[0], row[1]) for row in rows))


def recall(work: Work, task_id: int, *, by: Actor, now: datetime, expect: str | None = None) -> Done:
    """撤回: the one who completed a task takes it back, while no successor was opened, claimed or done."""
    case, task, live = _find(work, task_id, None, now)
    if task.ended not in ("APPROVED", "REJECTED"):
        raise NotNow("只能撤回自己刚办完的任务。", "Expected a task you completed, but it is not.")
    if task.ended_by_id != by.id or by.id is None:
        raise NotYours("只有办理这一步的人可以撤回。", "Only the person who completed this may recall it.")
    if case.status not in ("running", "suspended"):
        raise NotNow("这个办件已经结束，不能撤回。", "The case has ended: it cannot be recalled.")
    _allowed(task, "recall")
    for one in live:
        if one.opened_at >= (task.ended_at or now) and one.id > task.id:
            if one.state == "claimed" and one.assignee_id != by.id and one.seen_at is not None:
                raise _already(work, case, one)
            if one.seen_at is not None:
                raise NotNow(
                    f"下一步“{one.name}”已被打开查看，不能撤回；可以请对方退回。",
                    f"The next step {one.name!r} was opened already: ask for it to be returned.",
                )
    package = _package(work, case)
    step = process.advance(
        package.definition, case.state or b"", process.Reopen(task.key), now=now, env=env_of(work, now)
    )
    applying = Applying(work, case, package, by, now, live=live)
    applying.record(audit.Kind.TASK_RECALLED, task=task, facts={"element": task.element})
    applying.step(step)
    # The step is theirs again at once.
    for row in applying.opened:
        if row.element == task.element and row.state == "open":
            _claim(work, case, row, by, None, now)
    return _as_planned(applying.finish(), expect)


def withdraw(work: Work, case_id: int, reason: str, *, by: Actor, now: datetime, version: int | None = None) -> Done:
    """撤销: the applicant takes the application back. Everything ends; the number stays."""
    case = _find_case(work, case_id, version)
    require(by, "withdraw", case)
    package = _package(work, case)
    if not package.info.withdraw:
        raise NotNow("这个事项不能在网上撤销，请联系窗口。", "This matter cannot be withdrawn online: ask the counter.")
    return _end(
        work, case, package, "withdrawn", reason or "申请人撤销", by=by, now=now, kind=audit.Kind.CASE_WITHDRAWN
    )


def terminate(work: Work, case_id: int, reason: str, *, by: Actor, now: datetime) -> Done:
    """终止: a supervisor ends a case that cannot go on. A reason is needed."""
    case = _find_case(work, case_id)
    require(by, "supervise", case)
    _needs(reason, "reason", "终止理由")
    return _end(work, case, _package(work, case), "terminated", reason, by=by, now=now, kind=audit.Kind.CASE_FINISHED)


def _end(
    work: Work,
    case: Case,
    package: matters.Package,
    status: str,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    kind: audit.Kind,
) -> Done:
    if case.status not in ("running", "suspended"):
        raise NotNow("这个办件已经结束。", "Expected a running case, but it has ended.")
    step = process.advance(
        package.definition, case.state or b"", process.Cancel(reason), now=now, env=env_of(work, now)
    )
    applying = Applying(work, case, package, by, now, live=_live(work, case))
    case.status, case.finished_at = status, now
    case.outcome = "withdrawn" if status == "withdrawn" else "ended"
    applying.record(kind, facts={"status": status})
    if applying.account().phase not in ("none", "done"):
        applying.clock(ClockEvent("stopped", now, reason=reason))
    applying.step(step)
    work.session.execute(delete(Timer).where(Timer.case_id == case.id))
    work.session.execute(delete(Awaited).where(Awaited.case_id == case.id))
    return applying.finish()


def _needs(text: str, field: str, label: str) -> None:
    if not text.strip():
        raise Invalid([FieldError(field, label, f"请填写{label}。", f"{field} is required.")])


# ---------------------------------------------------------------- 转办, 委派, 催办


def transfer(
    work: Work, task_id: int, to_user_id: int, reason: str, *, version: int | None, by: Actor, now: datetime
) -> Task:
    """转办: another person has the task now, with no way back. By the assignee, or a supervisor of the unit."""
    case, task, live = _find(work, task_id, version, now)
    _must_be_open(work, case, task)
    if not may_(by, "work", task, case=case):
        require(by, "supervise", task, case=case)
    _allowed(task, "transfer")
    _needs(reason, "reason", "转办理由")
    _must_be_staff(work, to_user_id, by)
    before = task.assignee_id
    task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "claimed", to_user_id, None, now
    task.seen_at = None
    if f"u:{to_user_id}" not in task.candidates:
        task.candidates = [*task.candidates, f"u:{to_user_id}"]
    task.version += 1
    work.session.execute(delete(TaskCandidate).where(TaskCandidate.task_id == task.id))
    applying = Applying(work, case, _package(work, case), by, now, live=live)
    applying.record(
        audit.Kind.TASK_TRANSFERRED, task=task, facts={"element": task.element, "from": before, "to": to_user_id}
    )
    _tell(applying, task, to_user_id, "transferred", f"{task.name}（{case.number}）已转给您办理。")
    applying.finish()
    return task


def delegate(
    work: Work, task_id: int, to_user_id: int, question: str, *, version: int | None, by: Actor, now: datetime
) -> Task:
    """委派: ask another for an opinion; the task comes back with it. The delegate decides nothing."""
    case, task, live = _find(work, task_id, version, now)
    _must_be_open(work, case, task)
    require(by, "work", task, case=case)
    _allowed(task, "delegate")
    _must_be_staff(work, to_user_id, by)
    waiting = [d for d in task.delegated if "opinion" not in d]
    if any(d["from"] == to_user_id for d in waiting):
        raise NotNow("不能委派给正在等意见的人。", "Expected another person, but they wait for this opinion.")
    if len(waiting) >= 3:
        raise NotNow("委派最多三层。", "Expected at most three levels of delegation.")
    task.delegated = [*task.delegated, {"from": by.id, "to": to_user_id, "question": question, "at": now.isoformat()}]
    task.assignee_id, task.acting_for_id, task.claimed_at, task.version = to_user_id, None, now, task.version + 1
    applying = Applying(work, case, _package(work, case), by, now, live=live)
    applying.record(audit.Kind.TASK_DELEGATED, task=task, facts={"element": task.element, "to": to_user_id})
    _tell(applying, task, to_user_id, "delegated", f"{task.name}（{case.number}）请您提出意见。")
    applying.finish()
    return task


def give_opinion(work: Work, task_id: int, opinion: str, *, version: int | None, by: Actor, now: datetime) -> Task:
    """The delegate's opinion: the task goes back to whoever asked."""
    case, task, live = _find(work, task_id, version, now)
    _must_be_open(work, case, task)
    require(by, "work", task, case=case)
    stack = list(task.delegated)
    at = next((n for n in range(len(stack) - 1, -1, -1) if "opinion" not in stack[n]), None)
    if at is None:
        raise NotNow("这项任务没有等待意见。", "Nobody waits for an opinion on this task.")
    _needs(opinion, "opinion", "意见")
    stack[at] = {**stack[at], "opinion": opinion, "answered_at": now.isoformat()}
    task.assignee_id, task.claimed_at, task.version = stack[at]["from"], now, task.version + 1
    task.delegated = stack if any("opinion" not in d for d in stack) else []
    known = dict(task.variables or {})
    known["_opinions"] = [*known.get("_opinions", []), stack[at]]
    task.variables = known
    applying = Applying(work, case, _package(work, case), by, now, live=live)
    applying.record(audit.Kind.TASK_OPINION, task=task, facts={"element": task.element, "to": stack[at]["from"]})
    _tell(applying, task, stack[at]["from"], "opinion", f"{task.name}（{case.number}）的意见已交回。")
    applying.finish()
    return task


def _must_be_staff(work: Work, user_id: int, by: Actor) -> None:
    user = work.session.get(User, user_id)
    if user is None or user.kind != "staff" or user.disabled_at is not None:
        raise NotFound("没有这位工作人员，或其账号已停用。", f"There is no such clerk: {user_id}.")
    if user_id == by.id:
        raise NotNow("不能转给自己。", "Expected another person, but it is yourself.")


def _tell(applying: Applying, task: Task, user_id: int, kind: str, text: str) -> None:
    notices.put(
        applying.work, f"{applying.case.number}:{task.id}:{task.version}:{kind}", text, kind=kind, now=applying.now,
        channel="screen", user_id=user_id, case_id=applying.case.id,
    )  # fmt: skip


def remind(work: Work, task_id: int, *, by: Actor, now: datetime, text: str = "") -> Task:
    """催办: by the applicant or a supervisor, once a task in four hours. It changes no deadline."""
    case, task, live = _find(work, task_id, None, now)
    _must_be_open(work, case, task)
    if not may_(by, "withdraw", case):
        require(by, "supervise", task, case=case)
    if task.reminded_at is not None and now - task.reminded_at < REMIND_EVERY:
        again = _clock(task.reminded_at + REMIND_EVERY)
        raise NotNow(f"刚刚催办过，{again} 之后可以再催。", f"It was reminded just now: again after {again}.")
    task.reminded_at = now
    work.session.add(Reminder(task_id=task.id, by_id=by.id, at=now, text=text[:200]))
    applying = Applying(work, case, _package(work, case), by, now, live=live)
    applying.record(audit.Kind.TASK_REMINDED, task=task, facts={"element": task.element})
    words = f"请尽快办理“{task.name}”（{case.number}）。" + (f"留言：{text[:100]}" if text else "")
    receivers = [task.assignee_id] if task.assignee_id else _candidates(applying, task)
    for n, user_id in enumerate(receivers):
        notices.put(
            work, f"{case.number}:{task.id}:remind:{now.isoformat()}:{n}", words, kind="remind", now=now,
            channel="screen", user_id=user_id, case_id=case.id,
        )  # fmt: skip
    work.session.flush()
    return task


def _candidates(applying: Applying, task: Task) -> list[int]:
    from engine.store.models import Holding, Post

    found: list[int] = []
    for key in task.candidates:
        kind, _, rest = key.partition(":")
        if kind == "u":
            found.append(int(rest))
        else:
            unit, _, post = rest.partition(":")
            found += applying.work.session.scalars(
                select(Holding.user_id)
                .join(Post, Post.id == Holding.post_id)
                .where(Holding.unit_id == int(unit), Post.code == post)
            )
    return list(dict.fromkeys(found))


# ---------------------------------------------------------------- 挂起, 激活, 延期


def suspend(
    work: Work, case_id: int, cause: str, needs: str, notice: str = "", *, by: Actor, now: datetime, reason: str = ""
) -> Done:
    """挂起: the clock stops, only for a cause the law lists, told in writing with the time needed (RULES T6).

    `cause`: an id of the regime's closed list. `needs`: the time needed, as "10wd". `notice`: the number of a notice
    that was written elsewhere; without it 特别程序告知书 is issued here and now. The applicant is told either way.
    """
    case = _find_case(work, case_id)
    require(by, "supervise", case)
    _running(case)
    applying = Applying(work, case, _package(work, case), by, now, live=_live(work, case))
    event = ClockEvent("paused", now, cause=cause, needs=needs, notice=notice or "…", reason=reason)
    applying.ledger.with_event(event)  # refused here, before a number is used up
    takes = Limit.parse(needs, "needs").zh()
    causes = applying.ledger.rules.regime.pause
    procedure = causes.causes[cause] if causes else cause
    if not notice:
        facts = {"procedure": procedure, "takes": takes, "from_on": local_date(now).isoformat()}
        row = effects.issue(applying, "suspension", f"{case.number}:suspended:{case.version}", facts)
        notice = row.number or row.title
    applying.clock(dataclasses.replace(event, notice=notice))
    case.status, case.version = "suspended", case.version + 1
    applying.record(audit.Kind.CASE_SUSPENDED, facts={"cause": cause, "needs": needs, "notice": notice})
    effects.say_to(
        applying, f"{case.number}:suspended:{case.version}", "suspended",
        "您的办件 {number}（{matter}）依法进行{procedure}，所需时间{takes}不计入办理期限。", "both",
        facts={"procedure": procedure, "takes": takes},
    )  # fmt: skip
    return applying.finish()


def resume(work: Work, case_id: int, *, by: Actor, now: datetime) -> Done:
    """激活: the clock runs again; the due day has moved by the working days of the pause."""
    case = _find_case(work, case_id)
    require(by, "supervise", case)
    if case.status != "suspended":
        raise NotNow("这个办件没有挂起。", "Expected a suspended case, but it is not.")
    applying = Applying(work, case, _package(work, case), by, now, live=_live(work, case))
    before, stood_since = applying.ledger, case.paused_at or now
    applying.clock(ClockEvent("resumed", now))
    clocks.redate_tasks(applying.live, before, stood_since, applying.ledger, now)
    case.status, case.version = "running", case.version + 1
    applying.record(audit.Kind.CASE_RESUMED)
    return applying.finish()


def extend(
    work: Work, case_id: int, reason: str, *, by: Actor, now: datetime, approver_role: str | None = None
) -> Done:
    """延期: once, by who the law names, with a reason told to the applicant. `approver_role`: without it, the one whose
    word the law wants; a government's word is given by a supervisor of the county (RULES T5)."""
    case = _find_case(work, case_id)
    require(by, "supervise", case)
    _running(case)
    applying = Applying(work, case, _package(work, case), by, now, live=_live(work, case))
    rule = applying.ledger.rules.regime.extend
    approver_role = approver_role or (rule.approver if rule else "")
    if approver_role == "government" and not by.supervises(None):
        raise NotYours(
            f"延期须经{rule.approver_zh if rule else '本级人民政府'}批准，请由县级负责人办理。",
            "Expected the approval of the government at this level: a supervisor of the county gives it.",
        )
    before = applying.account()
    applying.clock(ClockEvent("extended", now, reason=reason, approver=by.name, approver_role=approver_role))
    after, lead = applying.account(), "statutory" if "statutory" in before.limits else "promised"
    old_due, new_due = before.limits[lead].due_on, after.limits[lead].due_on
    if rule is not None and rule.by.unit == "wd" and after.accepted_on and old_due and new_due:
        facts = {
            "old_due_on": old_due.isoformat(), "new_due_on": new_due.isoformat(), "added_workdays": rule.by.n,
            "reason": reason, "approver": rule.approver_zh,
        }  # fmt: skip
        effects.issue(applying, "extension", f"{case.number}:extended:{case.version}", facts)
    case.version += 1
    effects.say_to(
        applying, f"{case.number}:extended:{case.version}", "extended",
        "您的办件 {number}（{matter}）经批准延期，新的办结期限为{due}。理由：{reason}", "both", facts={"reason": reason},
    )  # fmt: skip
    return applying.finish()


def _running(case: Case) -> None:
    if case.status != "running":
        raise NotNow("只有办理中的办件可以这样做。", f"Expected a running case, but it is {case.status}.")


# ---------------------------------------------------------------- the outside world


def fire(work: Work, timer: Timer, *, now: datetime) -> Done | None:
    """A timer of the diagram is due. None when it is no longer set."""
    case = _find_case(work, timer.case_id)
    if case.status == "suspended":
        # A suspended case does not run on; its timers wait with it.
        timer.wake_at = now + timedelta(hours=1)
        return None
    if case.status != "running":
        work.session.execute(delete(Timer).where(Timer.id == timer.id))
        return None
    facts = {"element": timer.element, "due": timer.due_at.isoformat()}
    key = timer.key
    package = _package(work, case)
    step = process.advance(package.definition, case.state or b"", process.Fire(key), now=now, env=env_of(work, now))
    applying = Applying(work, case, package, SYSTEM, now, live=_live(work, case))
    applying.record(audit.Kind.TIMER_FIRED, facts=facts)
    if not any(t.id == key for t in step.timers):
        work.session.execute(delete(Timer).where(Timer.case_id == case.id, Timer.key == key))
    else:  # a cycle: the same timer, at its next time
        again = next(t for t in step.timers if t.id == key)
        timer.due_at = timer.wake_at = again.due
        timer.attempts = 0
    applying.step(_without(step, key))
    return applying.finish()


def _without(step: process.Step, key: str) -> process.Step:
    """The step without what `fire` has done itself for the timer's own row."""
    return dataclasses.replace(
        step,
        timers_set=tuple(t for t in step.timers_set if t.id != key),
        timers_cleared=tuple(k for k in step.timers_cleared if k != key),
    )


def deliver(
    work: Work,
    case_id: int,
    name: str,
    variables: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    by: Actor,
    now: datetime,
) -> Done | None:
    """A message for a case. None, and nothing changes, when nothing in it waits for one of this name and key."""
    case = _find_case(work, case_id)
    waits = select(Subscription.id).where(
        Subscription.case_id == case.id, Subscription.name == name, Subscription.kind == "message"
    )
    if key is not None:
        waits = waits.where(or_(Subscription.correlation == key, Subscription.correlation.is_(None)))
    if case.status not in ("running", "suspended") or work.session.scalar(waits.limit(1)) is None:
        return None
    package = _package(work, case)
    step = process.advance(
        package.definition, case.state or b"", process.Deliver(name, key, dict(variables or {})), now=now,
        env=env_of(work, now),
    )  # fmt: skip
    applying = Applying(work, case, package, by, now, live=_live(work, case))
    applying.record(audit.Kind.MESSAGE, facts={"message": name})
    applying.step(step)
    return applying.finish()


def revoke_authority(work: Work, case_id: int, *, by: Actor, now: datetime) -> Done:
    """撤销委托: the principal takes back the authority of the agent, at any time (民法典 173). Only the principal may."""
    case = _find_case(work, case_id)
    if by.id is None or by.id != case.applicant_id:
        raise NotYours("只有委托人本人可以撤销委托。", "Only the principal can revoke the authority.")
    done = deliver(work, case_id, REVOKED, key=case.number, by=by, now=now)
    if done is None:
        raise NotNow("现在没有可以撤销的委托。", "There is no authority in force that could be revoked.")
    return done


def answer(
    work: Work,
    case_id: int,
    effect: str,
    variables: Mapping[str, Any] | None = None,
    *,
    by: Actor,
    now: datetime,
    error: tuple[str, str] | None = None,
) -> Done | None:
    """The outcome of an awaited effect, or a BPMN error (code, message). None when nobody waits for it any more."""
    case = _find_case(work, case_id)
    waits = work.session.scalar(select(Awaited).where(Awaited.case_id == case.id, Awaited.key == effect))
    if waits is None or case.status not in ("running", "suspended"):
        return None
    given = dict(variables or {})
    input_: process.Input = process.Throw(effect, error[0], error[1], given) if error else process.Answer(effect, given)
    package = _package(work, case)
    step = process.advance(package.definition, case.state or b"", input_, now=now, env=env_of(work, now))
    applying = Applying(work, case, package, by, now, live=_live(work, case))
    facts = {"kind": waits.kind, "element": waits.element, "error": error[0] if error else ""}
    work.session.delete(waits)
    applying.record(audit.Kind.EFFECT_ANSWERED, facts=facts)
    applying.step(step)
    return applying.finish()


def retry(
    work: Work, incident_id: int, *, by: Actor, now: datetime, variables: Mapping[str, Any] | None = None
) -> None:
    """Try the element of an incident again, after its cause was mended."""
    incident = work.session.get(Incident, incident_id)
    if incident is None or incident.solved_at is not None:
        raise NotFound("没有这项异常，或已经解决。", "There is no such open incident.")
    if incident.case_id is None or incident.job_id is not None:
        from engine.records import jobs

        require(by, "operate")
        if incident.job_id is not None:
            jobs.again(work, incident.job_id, now=now)
        return
    case = _find_case(work, incident.case_id)
    if not may_(by, "operate"):
        require(by, "supervise", case)
    if incident.code in ("timer", "deadline"):  # nothing of the diagram failed: the worker looks again, now
        timers.look_again(work, case, incident.key, now=now)
        audit.record(work, audit.Kind.INCIDENT_RETRIED, by=by, now=now, case=case, facts={"key": incident.key})
        work.session.flush()
        return
    package = _package(work, case)
    step = process.advance(
        package.definition, case.state or b"", process.Retry(incident.key, dict(variables or {})), now=now,
        env=env_of(work, now),
    )  # fmt: skip
    incident.solved_at, incident.solved_by_id = now, by.id
    work.session.flush()
    applying = Applying(work, case, package, by, now, live=_live(work, case))
    applying.record(audit.Kind.INCIDENT_SOLVED, facts={"element": incident.element})
    applying.step(step)
    applying.finish()


# ---------------------------------------------------------------- 评价, 查看完整信息


def rate(
    work: Work, case_id: int, level: int, *, by: Actor, now: datetime, tags: list[str] | None = None, comment: str = ""
) -> None:
    """好差评: five levels, once a case, by the person served, never by the agent who did the work (RULES E1)."""
    from engine.store.models import Rating

    case = _find_case(work, case_id)
    require(by, "withdraw", case)
    if by.kind == "staff":
        raise NotYours("评价只由群众作出，代办员不能评自己。", "Only the people served rate, never the agent.")
    if case.status == "running":
        raise NotNow("办结后才能评价。", "Expected a finished case: rate it when it is done.")
    if not 1 <= level <= 5:
        raise Invalid([FieldError("level", "评价", "请选择一个评价等级。", "Expected a level from 1 to 5.")])
    known = work.session.scalar(select(Rating).where(Rating.case_id == case.id, Rating.step == ""))
    if known is not None:
        raise NotNow("这个办件已经评价过，每件只能评价一次。", "This case was rated already.")
    work.session.add(
        Rating(case_id=case.id, level=level, tags=list(tags or []), comment=comment[:1000] or None, by_id=by.id, at=now)
    )
    audit.record(work, audit.Kind.RATED, by=by, now=now, case=case, facts={"level": level})
    work.session.flush()


def reveal(work: Work, case_id: int, field: str, purpose: str, *, by: Actor, now: datetime) -> str:
    """What is behind a mask: `name`, `phone` or `id_number` of the applicant. Logged with its purpose (RULES Y1)."""
    from engine.store.models import Reveal

    case = _find_case(work, case_id)
    require(by, "reveal", case)
    _needs(purpose, "purpose", "查看用途")
    values = {"name": case.applicant_name, "phone": case.applicant_phone, "id_number": case.applicant_id_number}
    if field not in values or by.id is None:
        raise NotFound("没有这一项。", f"There is no field {field!r}.")
    work.session.add(Reveal(by_id=by.id, case_id=case.id, field=field, purpose=purpose[:200], at=now))
    audit.record(work, audit.Kind.REVEALED, by=by, now=now, case=case, facts={"field": field})
    work.session.flush()
    return values[field] or ""


__all__ = [
    "Change", "Done", "answer", "claim", "complete", "delegate", "deliver", "draft_of", "extend", "fire", "give_opinion",
    "mark_seen", "rate", "recall", "remind", "resume", "retry", "return_", "return_targets", "reveal",
    "save_draft", "submit", "suspend", "terminate", "transfer", "unclaim", "withdraw",
]  # fmt: skip
