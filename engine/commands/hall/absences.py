"""请假代理: somebody is away and another acts for them; ended early; and 离职移交, everything of a person to
another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from engine.commands.hall import passwords
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.people import Actor, holders, leaves
from engine.people.leaves import Span, wrong
from engine.reads.absences import standing
from engine.records import audit, library, notices
from engine.store import Work
from engine.store.models import Holding, Leave, User
from engine.workdays import ZONE, local_date, say_at

#: Nobody is away for longer in one go.
LONGEST = timedelta(days=366)


def take_leave(
    work: Work,
    *,
    user_id: int,
    agent_id: int,
    from_at: datetime,
    until_at: datetime,
    matters: Sequence[str] | None = None,
    reason: str = "",
    hall: str,
    by: Actor,
    now: datetime,
) -> Leave:
    """请假: from then until then `agent_id` acts for `user_id`, in these matters (None: all). By the person, or who
    heads their unit; all of them are told, for it opens what is theirs to another. Faults are told by the field: from,
    until, agent, matters."""
    # find and may
    user, agent = _staff(work, user_id), _staff(work, agent_id)
    _may(work, user_id, by)

    # check
    faults = []
    if until_at <= from_at:
        faults.append(wrong("until", "到什么时候", "结束要晚于开始。", "Expected the end after the beginning."))
    elif until_at <= now:
        faults.append(wrong("until", "到什么时候", "这段时间已经过去了。", "Expected a time to come, but it is over."))
    elif until_at - from_at > LONGEST:
        faults.append(
            wrong("until", "到什么时候", "一次最多一年，请分次填。", "Expected a year at most: enter it in parts.")
        )
    if agent_id == user_id:
        faults.append(wrong("agent", "由谁代理", "不能由自己代理，请选别人。", "Expected another person."))
    if agent is None:
        faults.append(wrong("agent", "由谁代理", "没有这位工作人员，或账号已停用。", "There is no such clerk."))
    elif not holders.works_on_cases(work, agent_id, on=local_date(max(from_at, now))):
        zh = f"{agent.name}那天不在办件的岗位上，代理了就会看到群众的信息。请选一位在岗的办事人员。"
        en = f"{agent.name} holds no post that handles cases on that day: choose somebody who does."
        faults.append(wrong("agent", "由谁代理", zh, en))
    if matters is not None and not matters:
        faults.append(wrong("matters", "哪些事项", "请至少选一个事项，或选全部。", "Choose a matter at least, or all."))
    if matters is not None and set(matters) - {p.name for p in library.published(work)}:
        faults.append(wrong("matters", "哪些事项", "有没公布的事项，请重新选。", "Expected published matters."))
    if faults:
        raise Invalid([f for one in faults for f in one.fields])
    assert user is not None and agent is not None
    leaves.lock(work)
    span = Span(from_at, until_at, None if matters is None else frozenset(matters))
    before = leaves.overlapping(work, user_id, span)
    if before is not None:
        raise wrong(
            "from",
            "从什么时候",
            f"{say_at(before.from_at)}至{say_at(before.until_at)}已经安排了代理。要改的，先结束那一次。",
            "Expected a time without an agent, but one is set already: end that one first.",
        )
    leaves.check_chain(work, user_id, agent_id, span)

    # apply
    row = Leave(
        user_id=user_id,
        agent_id=agent_id,
        from_at=from_at,
        until_at=until_at,
        matters=None if matters is None else list(matters),
        reason=reason.strip()[:200],
    )
    work.session.add(row)
    work.session.flush()
    audit.record(
        work,
        audit.Kind.LEAVE,
        by=by,
        now=now,
        facts={
            "leave": row.id,
            "user": user_id,
            "agent": agent_id,
            "from": from_at.isoformat(),
            "until": until_at.isoformat(),
        },
    )
    text = (
        f"{user.name}{say_at(from_at)}至{say_at(until_at)}请假，由您代理。代办的件会在您的待办里，注明“代 "
        f"{user.name}”。"
    )
    _tell(work, f"leave:{row.id}:agent", text, agent_id, now)
    stands = standing(work, row, now=now)
    left = f"这段时间还有 {len(stands)} 个已经约好的，请到“请假代理”里看，该改期的先改期。" if stands else ""
    left_en = f" {len(stands)} bookings stand in that time: see Absences." if stands else ""
    zh = f"您{say_at(from_at)}至{say_at(until_at)}请假，由{agent.name}代理。{left}"
    en = f"{agent.name} acts for you from {_english(from_at)} to {_english(until_at)}.{left_en}"
    _tell_whose(work, user, zh, en, hall, by, now)
    zh = f"{user.name}{say_at(from_at)}至{say_at(until_at)}请假，由{agent.name}代理。"
    _tell_heads(work, f"leave:{row.id}", zh, row, by, now)
    work.session.flush()
    return row


def end_leave(work: Work, leave_id: int, *, hall: str, by: Actor, now: datetime) -> Leave:
    """提前结束: from now on nobody acts for them. By the person, or who heads their unit; all of them are told."""
    row = work.session.scalar(
        select(Leave).where(Leave.id == leave_id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("没有这次请假。", f"There is no leave {leave_id}.")
    _may(work, row.user_id, by)
    if row.ended_at is not None or row.until_at <= now:
        raise NotNow("这次代理已经结束了。", "Expected a leave that lasts, but it has ended.")
    row.ended_at = now
    audit.record(
        work,
        audit.Kind.LEAVE_ENDED,
        by=by,
        now=now,
        facts={"leave": row.id, "user": row.user_id, "agent": row.agent_id},
    )
    user = work.session.get_one(User, row.user_id)
    _tell(work, f"leave:{row.id}:ended", f"{user.name}的请假代理已提前结束，您不用再代理。", row.agent_id, now)
    agent = work.session.get_one(User, row.agent_id)
    zh, en = f"{agent.name}代理您的安排已提前结束。", f"{agent.name} does not act for you any more."
    _tell_whose(work, user, zh, en, hall, by, now)
    _tell_heads(work, f"leave:{row.id}:ended", f"{user.name}的请假代理已提前结束。", row, by, now)
    work.session.flush()
    return row


def heads(work: Work, by: Actor, user_id: int) -> bool:
    """Whether they head a unit this person works in."""
    at = work.session.scalars(select(Holding.unit_id).where(Holding.user_id == user_id))
    return any(by.supervises(unit) for unit in at)


def _may(work: Work, user_id: int, by: Actor) -> None:
    if by.kind != "system" and by.id != user_id and not heads(work, by, user_id):
        raise NotYours("只能给自己或本单位的人请假。", "Expected yourself or somebody of your unit.")


def _staff(work: Work, user_id: int) -> User | None:
    user = work.session.get(User, user_id)
    return user if user is not None and user.kind == "staff" and user.disabled_at is None else None


def _tell(work: Work, key: str, text: str, user_id: int, now: datetime) -> None:
    notices.put(work, key, text, kind="leave", now=now, channel="screen", user_id=user_id)


def _english(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%-d %B %H:%M}"


def _tell_whose(work: Work, user: User, zh: str, en: str, hall: str, by: Actor, now: datetime) -> None:
    """As of every way into what is theirs: whoever did it at their screen need not be them."""
    if by.id == user.id:
        passwords.tell(work, user.id, zh, en, hall=hall, now=now)
        return
    zh, en = f"{zh}由{by.name}安排。{passwords.NOT_ASKED}", f"{en} Set by {by.name}. {passwords.NOT_ASKED_EN}"
    notices.put_of_account(work, user.id, zh, en, phones=(user.phone,), hall=hall, now=now)


def _tell_heads(work: Work, key: str, text: str, leave: Leave, by: Actor, now: datetime) -> None:
    for head in holders.heading(work, leave.user_id):
        if head not in (by.id, leave.agent_id):
            _tell(work, f"{key}:head:{head}", text, head, now)
