"""签收, 退签, 暂存, 办理: what the holder of a task does with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from engine import forms, matters, process
from engine.commands.applying import Applying, Done, env_of
from engine.commands.cases.attachments import file_ids, must_be_newer
from engine.commands.cases.changing import advance, change
from engine.commands.cases.finding import (
    allowed,
    already,
    as_planned,
    find,
    must_be_another,
    must_be_open,
    must_not_keep_away,
    package_of,
)
from engine.commands.effects import hall_papers
from engine.deadlines import Event as ClockEvent
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours, Refused
from engine.matters import in_person, nodes
from engine.people import Actor, apart, require
from engine.people import may as may_
from engine.people.access import as_whom, by_bond
from engine.people.bonds import in_force
from engine.reads import form_choices, meetings, taking_part
from engine.records import audit, files, library, notices
from engine.store import Work
from engine.store.models import Bond, Case, Draft, File, Task
from engine.workdays import local_date

#: Answers of a task's decision field that mean no.
NO = frozenset({"reject", "refuse", "no", "disagree", "不同意", "不予", "不予受理", "驳回", "decline"})


def claim(work: Work, task_id: int, *, version: int | None, by: Actor, now: datetime) -> Task:
    """签收: the task is mine. The second claimer is told who has it."""
    case, task, live = find(work, task_id, version, now, by=by)
    must_be_open(work, case, task)
    may, for_id = as_whom(by.without(apart.read(task.apart)), task, case)
    _free(work, task, now)
    if task.state == "claimed":
        raise already(work, case, task) if may or may_(by, "see", case) else NotYours("这不是您的任务。", "Not yours.")
    must_be_another(case, task, by)
    require(by, "claim", task, case=case)
    take_over(work, case, task, by, for_id, now)
    change(work, case, by=by, now=now, live=live, for_id=for_id).finish()
    return task


def _free(work: Work, task: Task, now: datetime) -> None:
    """A step claimed by a bond that is over by now waits for somebody again."""
    if task.state != "claimed" or task.bond_id is None:
        return
    if not in_force(work.session.get(Bond, task.bond_id), local_date(now)):
        task.state, task.assignee_id, task.acting_for_id, task.bond_id = "open", None, None, None


def take_over(work: Work, case: Case, task: Task, by: Actor, for_id: int | None, now: datetime) -> None:
    """It is theirs. Whoever calls this lets the other candidates go (Applying.leave)."""
    must_not_keep_away(task, by.id, for_id)
    task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "claimed", by.id, for_id, now
    grant = by_bond(by, task, case)
    task.bond_id = grant.id if grant is not None else None
    task.seen_at = task.seen_at or now
    task.version += 1
    audit.record(
        work,
        audit.Kind.TASK_CLAIMED,
        by=by,
        now=now,
        case=case,
        task_id=task.id,
        for_id=for_id,
        facts={"element": task.element, "round": task.round},
    )


def unclaim(work: Work, task_id: int, *, version: int | None, by: Actor, now: datetime, reason: str = "") -> Task:
    """退签: back to the candidates. By the assignee, or a supervisor of the unit."""
    case, task, live = find(work, task_id, version, now, by=by)
    must_be_open(work, case, task)
    if task.state != "claimed":
        raise NotNow("这项任务还没有人签收。", "Expected a claimed task, but nobody has claimed it.")
    if not may_(by, "work", task, case=case):
        require(by, "supervise", task, case=case)
    allowed(task, "unclaim")
    if len(task.candidates) == 1 and task.candidates[0].startswith("u:"):
        raise NotNow(
            "这项任务只能由一个人办，不能退签；可以转办。", "Only one person may do this: transfer it instead."
        )
    before = task.assignee_id
    task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "open", None, None, None
    task.bond_id = None
    task.version += 1
    audit.record(
        work,
        audit.Kind.TASK_UNCLAIMED,
        by=by,
        now=now,
        case=case,
        task_id=task.id,
        facts={"element": task.element, "from": before},
    )
    change(work, case, by=by, now=now, live=live).finish()
    return task


def _confidential(work: Work, matter: str) -> bool:
    return library.current(work, matter).info.readers == "confidential"


def save_draft(work: Work, about: str, values: Mapping[str, Any], *, by: Actor, now: datetime) -> None:
    """暂存: keep what was typed, unchecked. `about`: `task:7` or `matter:<name>`."""
    if by.id is None:
        raise NotYours("请先登录。", "Log in first.")
    if about.startswith("task:"):
        task = work.session.get(Task, int(about[5:]))
        case = work.session.get(Case, task.case_id) if task is not None else None
        if task is None or case is None:
            raise NotFound("没有这项任务。", "There is no such task.")
        if task.state == "ended":
            raise already(work, case, task)
        if not (may_(by, "work", task, case=case) or may_(by, "claim", task, case=case)):
            raise NotYours("这不是您的任务。", "This is not your task.")
        task.drafted = True
    elif about.startswith("matter:") and _confidential(work, about[7:]):
        return  # nothing that was begun is found on a screen that others look at
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
    case, task, live, for_id = in_hand(work, task_id, version, by=by, now=now)
    package = package_of(work, case)
    if task.delegated:
        raise NotNow(
            "这项任务是委派来的：请写意见交回，不能直接办结。", "This task was delegated to you: give an opinion."
        )

    # check
    _may_sign(case, task, package, for_id, by)
    answers, in_person_ = _answers(work, case, task, package, raw, by, now)

    # advance
    done_with = process.Complete(task.key, answers)
    step, applying = advance(work, case, done_with, by=by, now=now, live=live, for_id=for_id)

    # apply
    before, told = applying.ledger.events, len(notices.put_so_far(work))
    stood = {"mandate": case.mandate_id, "flags": list(case.flags)}
    how = "REJECTED" if _says_no(task, answers) else "APPROVED"
    task.result = answers
    facts: dict[str, Any] = {"element": task.element, "round": task.round, "how": how}
    if in_person_ is not None:  # names and the photograph lie sealed with the task; the record says how alone
        task.variables = {**dict(task.variables or {}), in_person.KEY: in_person_}
        facts |= {"in_person": in_person_["how"], "account": in_person_["account"]}
    applying.record(audit.Kind.TASK_COMPLETED, task=task, facts=facts)
    if task.drafted:
        work.session.execute(delete(Draft).where(Draft.about == f"task:{task.id}"))
    _answer_correction(applying, task)
    applying.variables = step.variables
    hall_papers.handed_over(applying, task, answers)  # before the step: the file that it closes lists this paper too
    try:
        applying.step(step, ended={task.key: (how, "")})
    except Refused as refusal:
        raise _by_the_field(refusal, step, package, task, answers) from None

    def note() -> None:
        task.effects = {
            "asked": [list(one) for one in applying.asked],
            "papers": [paper.key for paper in applying.documents],
            "notices": notices.put_so_far(work)[told:],
            "stood": stood,
            "clock": applying.ledger.events != before,
        }

    return as_planned(applying.finish(note), expect)


def _by_the_field(
    refusal: Refused, step: process.Step, package: matters.Package, task: Task, answers: Mapping[str, Any]
) -> Refused:
    """A 补正 that is not lawful or not complete, said by the field of the form it was written in; else as it is."""
    asked = next((e for e in step.effects if e.kind == "request-correction"), None)
    wrong = list(refusal.fields) if isinstance(refusal, Invalid) else []
    if not wrong and "field" in refusal.facts:
        wrong = [FieldError(str(refusal.facts["field"]), "", refusal.zh, refusal.en)]
    at = _path_of(answers, asked.arguments.get("items")) if asked is not None and task.form else None
    if not wrong or at is None:
        return refusal
    labels = {path: each.label for path, each in package.form(task.form or "").walk()}
    above = at.rpartition(".")[0]
    found = []
    for one in wrong:
        name, _, rest = one.field.partition(".")
        path = at if name == "items" else f"{above}.{name}" if above else name
        if path not in labels and not rest:
            path = at
        found.append(
            dataclasses.replace(one, field=f"{path}.{rest}" if rest else path, label=one.label or labels.get(path, ""))
        )
    return Invalid(found, refusal.zh, refusal.en)


def _path_of(answers: Mapping[str, Any], value: object, at: str = "") -> str | None:
    """Where in the answers a value stands."""
    for name, inner in answers.items():
        path = f"{at}.{name}" if at else name
        if inner is value or (inner == value and value):
            return path
        if isinstance(inner, Mapping) and (found := _path_of(inner, value, path)):
            return found
    return None


def in_hand(
    work: Work, task_id: int, version: int | None, *, by: Actor, now: datetime
) -> tuple[Case, Task, list[Task], int | None]:
    """A task as its holder begins to end it: (case, task, live tasks of the case, on whose behalf). Refused
    otherwise."""
    case, task, live = find(work, task_id, version, now, by=by)
    must_be_open(work, case, task)
    return case, task, live, _take(work, case, task, by, now)


def _take(work: Work, case: Case, task: Task, by: Actor, now: datetime) -> int | None:
    """Whoever completes a task they may claim claims it with that."""
    must_be_another(case, task, by)
    if task.state == "open":
        require(by, "claim", task, case=case)
        _, for_id = as_whom(by.without(apart.read(task.apart)), task, case)
        take_over(work, case, task, by, for_id, now)
        return for_id
    if not may_(by, "work", task, case=case):
        # Who works here and sees the case is told who has it; a resident whose step it is not, that it is not theirs.
        if may_(by, "claim", task, case=case) or (by.kind == "staff" and may_(by, "see", case)):
            raise already(work, case, task)
        require(by, "work", task, case=case)
    return task.assignee_id if task.assignee_id != by.id and by.kind != "system" else task.acting_for_id


def _may_sign(case: Case, task: Task, package: matters.Package, for_id: int | None, by: Actor) -> None:
    """A signature is given by the person, or by whom they let sign: to let somebody apply is less."""
    acts = by_bond(by, task, case) is not None and by.id != case.applicant_id
    if not acts or not task.form or for_id not in (None, case.applicant_id) or by.granted("sign", case) is not None:
        return
    form = package.form(task.form)
    rights = nodes.rights(form, task.properties)
    signed = [
        (path, one.label)
        for path, one in form.walk()
        if one.properties.get("check") == "signature" and not {path} & (rights.read_only | rights.hidden)
    ]
    if signed:
        path, label = signed[0]
        zh = f"“{label}”要本人签。{case.applicant_name}没有让您代签，请本人来签，或到窗口当面办。"
        en = "This is to be signed by the person themselves: they did not let you sign for them."
        raise Invalid([FieldError(path, label, zh, en)])


def _answers(
    work: Work, case: Case, task: Task, package: matters.Package, raw: Mapping[str, Any], by: Actor, now: datetime
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The answers of the step's form; and what is kept of 当面办理, when a clerk does it for a party who is there."""
    turn = taking_part.in_person(work, package.info, task, by)
    if turn is not None:
        _may_stand_by(work, case, task, turn, by)
    if not task.form and turn is None:
        return {}, None
    own = in_person.EMPTY
    if task.form:
        own = form_choices.filled(work, package.form(task.form), package, on=local_date(now), place_id=case.place_id)
        own = meetings.offering(work, own, package, on=local_date(now))
    rights, env = nodes.rights(own, task.properties), env_of(work, now)
    known = {**dict(case.answers or {}), **dict(task.variables or {})}
    form = taking_part.asking(own, rights, turn) if turn is not None else own
    answers = forms.check(form, raw, rights, env, known=known)
    before = set(_file_ids_of(form, known))
    new = [i for i in file_ids(form, answers) if i not in before]
    if new:
        files.attach(work, new, case, by=by)
    must_be_newer(work, form, answers, known)
    if turn is None:
        return answers, None
    given = answers.pop(in_person.KEY)
    _witnessed(work, turn, given, by)
    answers, how = in_person.marked(own, rights, answers, given, env, known=known)
    kept = {"name": turn.name, "how": how, "witness": given.get("witness") or "", "account": turn.user_id is not None}
    return answers, {**kept, "print": given["print"][0]} if given.get("print") else kept


def _may_stand_by(work: Work, case: Case, task: Task, turn: taking_part.Turn, by: Actor) -> None:
    if taking_part.may_stand_by(turn.role, case, by):
        return
    assert turn.role.in_person is not None
    zh, en = taking_part.post_name(work, turn.role.in_person.post)
    raise NotYours(
        f"“{task.name}”是{turn.role.name}本人的步骤：本人用手机办，或者在{zh}面前当面办。您没有这个岗位，请转给{zh}。",
        f"{task.name!r} is the party's own step: they do it on their telephone, or in person before a {en}. You do not "
        f"hold this post; hand it on to one who does.",
    )


def _witnessed(work: Work, turn: taking_part.Turn, given: Mapping[str, Any], by: Actor) -> None:
    """The witness is somebody else who was there; a fingerprint was photographed, not written about."""
    wrong: list[FieldError] = []
    if (given.get("witness") or "") in (turn.name, by.name):
        zh = "见证人要是在场的另一个人，不是本人，也不是经办人。"
        en = "The witness is somebody else who was there: neither the party nor you."
        wrong.append(FieldError(f"{in_person.KEY}.witness", "见证人姓名", zh, en))
    for number in given.get("print") or ():
        if not work.session.get_one(File, int(number)).type.startswith("image/"):
            zh, en = (
                "指印要拍成照片上传，这个文件不是照片。",
                "A fingerprint is uploaded as a photograph; this file is none.",
            )
            wrong.append(FieldError(f"{in_person.KEY}.print", "指印照片", zh, en))
    if wrong:
        raise Invalid(wrong)


def _file_ids_of(form: forms.Form, known: Mapping[str, Any]) -> list[int]:
    try:
        return file_ids(form, known)
    except Invalid:
        return []


def _says_no(task: Task, answers: Mapping[str, Any]) -> bool:
    field = str(task.properties.get("decision", "decision"))
    said = forms.dig(answers, field)
    return (isinstance(said, str) and said.lower() in NO) or said is False and field != "decision"


def _answer_correction(applying: Applying, task: Task) -> None:
    """A resident who corrects (补正) answers the office's question: the window to accept runs anew."""
    if applying.account().phase == "correcting" and task.properties.get("clock") in ("correction", None):
        for_applicant = task.assignee_id == applying.case.applicant_id or task.bond_id is not None
        if for_applicant or task.properties.get("clock") == "correction":
            applying.clock(ClockEvent("correction_answered", applying.now))
