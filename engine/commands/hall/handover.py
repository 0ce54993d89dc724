"""离职移交: everything a person has in hand goes to another, shown before it is done, by who heads them: their tasks,
what they were asked (委派), and what they asked others. What applicants signed for them alone (委托) goes to nobody: an
agent passes it on only with the applicant's consent (民法典 169), so it ends, and the applicant is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from engine import crypto
from engine.commands import bond_rows, cases
from engine.commands.hall import absences
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.forms import written
from engine.matters import nodes
from engine.matters.nouns.bonds import MANDATE
from engine.people import Actor, handing, holders, load, may
from engine.records import audit, notices
from engine.store import Work
from engine.store.models import Bond, Case, Leave, Listed, Task, User
from engine.workdays import local_date

#: At most so many in one go: each is a case locked, and others work meanwhile.
MOST = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One task of the person."""

    task_id: int
    version: int
    case_id: int
    number: str
    matter_name: str
    step: str
    due_at: datetime | None
    why_not: tuple[str, str] | None = None  # why it stays, in Chinese and English
    question: bool = False  # not the task itself: they asked about it, or were asked


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go, and what would stay."""

    goes: tuple[Item, ...]
    stays: tuple[Item, ...]
    mandates: tuple[str, ...]  # numbers of the cases in which they are agent: those mandates end
    leaves: int  # absences of others that the person stands in for: those need another agent
    more: bool  # there are more than fit in one go
    token: str


def plan(work: Work, user_id: int, to_id: int, *, by: Actor, now: datetime) -> Plan:
    """What handing over would do. Nothing is written."""
    _check(work, user_id, to_id, by, now)
    to = load(work, to_id, now=now)
    rows = work.session.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(
            Task.state != "ended",
            Case.status.in_(("running", "suspended")),
            or_(
                Task.assignee_id == user_id,
                Task.id.in_(select(Listed.task_id).where(Listed.key == f"u:{user_id}")),
                Task.id.in_(_asked_by(work, user_id)),
            ),
        )
        .order_by(Task.case_id, Task.id)
        .limit(MOST + 1)
    ).all()
    goes: list[Item] = []
    stays: list[Item] = []
    for task, case in rows[:MOST]:
        question = _asks(task, user_id)
        why = _why_not(task, case, user_id, to, by, question=question)
        item = Item(
            task.id,
            task.version,
            case.id,
            case.number,
            case.matter_name,
            task.name,
            task.due_at or case.promised_due,
            why,
            question,
        )
        (stays if why else goes).append(item)
    acting = work.session.scalars(
        select(Leave.id).where(Leave.agent_id == user_id, Leave.ended_at.is_(None), Leave.until_at > now)
    )
    mandates = _mandates(work, user_id, by)
    text = ";".join([*(f"{i.task_id}:{i.version}" for i in goes), *(f"b{bond.id}" for bond, _case in mandates)])
    token = crypto.fingerprint(f"{user_id}|{to_id}|{text}".encode())[:16]
    numbers = tuple(case.number for _bond, case in mandates)
    return Plan(tuple(goes), tuple(stays), numbers, len(list(acting)), len(rows) > MOST, token)


def hand_over(work: Work, user_id: int, to_id: int, reason: str, *, expect: str, by: Actor, now: datetime) -> Plan:
    """离职移交: what was shown, exactly; NotNow when it is otherwise by now. Each task is transferred, each on
    record."""
    if not reason.strip():
        raise Invalid([FieldError("reason", "移交理由", "请填写移交理由。", "Give the reason.")])
    found = plan(work, user_id, to_id, by=by, now=now)
    if found.token != expect:
        raise NotNow(
            "预览之后有任务变了，请重新查看后再确认。", "Expected the tasks you saw, but they have changed: look again."
        )
    if not found.goes and not found.mandates:
        raise NotNow("没有可以移交的任务。", "Expected tasks to hand over, but there are none.")
    for (
        item
    ) in found.goes:  # in the order of their cases: two who hand over at once never wait for each other in a circle
        if item.question:
            cases.pass_on_questions(work, item.task_id, user_id, to_id, reason, version=item.version, by=by, now=now)
        else:
            cases.transfer(work, item.task_id, to_id, reason, version=item.version, by=by, now=now)
    for bond, case in _mandates(work, user_id, by):
        _stands_down(work, bond, case, by, now)
    audit.record(
        work,
        audit.Kind.HANDED_OVER,
        by=by,
        now=now,
        facts={
            "from": user_id,
            "to": to_id,
            "tasks": [i.task_id for i in found.goes],
            "left": [i.task_id for i in found.stays],
            "mandates": list(found.mandates),
        },
    )
    work.session.flush()
    return found


def _mandates(work: Work, user_id: int, by: Actor) -> list[tuple[Bond, Case]]:
    """In which cases they are agent, of those that whoever hands over may see: in the order of the cases."""
    rows = work.session.execute(
        select(Bond, Case)
        .join(Case, Case.id == Bond.case_id)
        .where(
            Bond.holder_id == user_id,
            Bond.kind == MANDATE,
            Bond.ended_at.is_(None),
            Case.status.in_(("running", "suspended")),
        )
        .order_by(Case.id)
        .limit(MOST)
    ).all()
    return [(bond, case) for bond, case in rows if by.kind == "system" or may(by, "see", case)]


def _stands_down(work: Work, bond: Bond, case: Case, by: Actor, now: datetime) -> None:
    """The case goes on without an agent. Its diagram is not told: nobody withdrew what they had asked for."""
    bond_rows.end(work, bond, "holder", by=by, now=now, case=case)
    zh = (
        f"您的代办员{bond.holder_name}离开岗位了，代办委托到此为止，办件（{case.number}）照常办。"
        "要您办的步骤，请自己办；也可以到窗口重新委托。"
    )
    en = (
        f"Your agent {bond.holder_name} has left the post, and the mandate ends. Case {case.number} goes on: do your "
        "own steps yourself, or give a new mandate at a counter."
    )
    key = f"bond:{bond.id}:left-post"
    if bond.subject_id is not None:
        notices.put(work, f"{key}:s", zh, text_en=en, kind="bond", now=now, channel="screen", user_id=bond.subject_id)
    if bond.subject_phone and written.takes_texts(bond.subject_phone):
        notices.put(work, key, zh, kind="bond", now=now, user_id=bond.subject_id, address=bond.subject_phone)


def _check(work: Work, user_id: int, to_id: int, by: Actor, now: datetime) -> None:
    user, to = work.session.get(User, user_id), work.session.get(User, to_id)
    if user is None or user.kind != "staff":
        raise NotFound("没有这位工作人员。", f"There is no such clerk: {user_id}.")
    if by.kind != "system" and not absences.heads(work, by, user_id):
        raise NotYours("只能移交本单位的人手里的件。", "Expected somebody of a unit you head.")
    if to is None or to.kind != "staff" or to.disabled_at is not None:
        raise Invalid([FieldError("to", "交给谁", "没有这位工作人员，或账号已停用。", "There is no such clerk.")])
    if not holders.works_on_cases(work, to_id, on=local_date(now)):
        zh = f"{to.name}今天不在办件的岗位上，不能接。请选一位在岗的办事人员。"
        en = f"{to.name} holds no post that handles cases today: choose somebody who does."
        raise Invalid([FieldError("to", "交给谁", zh, en)])
    if to_id == by.id:
        raise Invalid([FieldError("to", "交给谁", "不能交给自己，请选别人。", "Expected somebody else than yourself.")])
    if user_id == to_id:
        raise Invalid([FieldError("to", "交给谁", "不能交给本人，请选别人。", "Expected another person.")])


def _asked_by(work: Work, user_id: int) -> list[int]:
    """Tasks with a question of this person that waits. Few tasks have questions: those are read, no others."""
    asked = select(Task).where(Task.state == "claimed", Task.delegated.is_not(None))
    return [task.id for task in work.session.scalars(asked) if _asks(task, user_id)]


def _asks(task: Task, user_id: int) -> bool:
    """Whether a question that waits is from this person, or to them."""
    return any(user_id in (one["from"], one["to"]) for one in task.delegated if "opinion" not in one)


def _why_not(task: Task, case: Case, user_id: int, to: Actor, by: Actor, *, question: bool) -> tuple[str, str] | None:
    """Why a task is not this supervisor's to give away; None when it is."""
    if case.applicant_id == user_id:
        return ("是本人申请的件", "it is their own application")
    if not may(by, "supervise", task, case=case):
        return ("不在您管理的单位", "it is not of a unit you head")
    if not handing.may_have(to, task, case):
        return ("是限制查看的办件，接的人不能看", "it is restricted, and whoever takes over may not read it")
    waiting = [one for one in task.delegated if "opinion" not in one]
    if question and any({user_id, to.id} == {one["from"], one["to"]} for one in waiting):
        return ("是这两个人之间的委派，请先收回", "it is a question between these two: take it back first")
    if not question and "transfer" not in nodes.operations(task.properties):
        return ("这一步不允许转办", "this step does not allow a transfer")
    return None
