"""Small verbs for the tests of commands: each in a unit of work of its own, as a request would."""

from __future__ import annotations

from contextlib import contextmanager

from sqlalchemy import event, select

from engine.commands import cases
from engine.store.models import Task, Timer
from tests.cast import DAIBAN

#: The agent takes in: checks the principal, signs, and hands on to the office.
TAKE_IN = {"identity_checked": True, "agent_signature": DAIBAN["mandate_signature"]}
ACCEPT = {"decision": "accept", "checked": True}
CORRECT = {
    "decision": "correct",
    "correction": {
        "items": [{"material": "居民身份证", "problem": "照片不清", "fix": "重新拍摄"}],
        "due_on": "2026-10-09",
    },
}
REGISTER = {"registration": {"result": "approve", "number": "350526000123"}}
VISIT = {"visit": {"satisfied": "满意", "note": "电话问过本人，已收到"}}
HAND_OVER = {"handover": {"way": "home", "received_by": "张三丰", "relation": "本人"}}


def submit(database, by, now, raw=DAIBAN, **more):
    with database.unit_of_work() as work:
        return cases.submit(work, "daiban", raw, by=by, now=now, **more).case.id


def task_of(work, case_id):
    return work.session.scalar(
        select(Task).where(Task.case_id == case_id, Task.state != "ended").order_by(Task.id).limit(1)
    )


def now_open(database, case_id):
    with database.reading() as work:
        return task_of(work, case_id)


def claim(database, case_id, by, now):
    with database.unit_of_work() as work:
        task = task_of(work, case_id)
        cases.claim(work, task.id, version=task.version, by=by, now=now)
        return task.id


def complete(database, case_id, raw, by, now):
    with database.unit_of_work() as work:
        task = task_of(work, case_id)
        return cases.complete(work, task.id, raw, version=task.version, by=by, now=now)


def taken_in(database, cast, clock):
    """A case that the village's agent has taken in: it waits at the office for its acceptance."""
    case_id = submit(database, cast.zhang, clock())
    claim(database, case_id, cast.chen, clock())
    complete(database, case_id, TAKE_IN, cast.chen, clock())
    return case_id


def accepted(database, cast, clock):
    """A case that waits at the office for its registration."""
    case_id = taken_in(database, cast, clock)
    claim(database, case_id, cast.wang, clock.on(hours=1))
    complete(database, case_id, ACCEPT, cast.wang, clock.on(minutes=5))
    return case_id


def delivered(database, cast, clock):
    """A case whose paper the agent has brought: it waits for its 回访."""
    case_id = accepted(database, cast, clock)
    claim(database, case_id, cast.wang, clock.on(hours=1))
    complete(database, case_id, REGISTER, cast.wang, clock())
    handed_over(database, case_id, cast.chen, clock)
    return case_id


def handed_over(database, case_id, by, clock):
    """The agent brings the paper, a good one or a refusal."""
    claim(database, case_id, by, clock.on(hours=1))
    complete(database, case_id, HAND_OVER, by, clock())


def visited(database, case_id, by, clock):
    """Three days later somebody else than the agent calls: the case is finished."""
    with database.unit_of_work() as work:
        timer = work.session.scalars(select(Timer).where(Timer.case_id == case_id)).one()
        clock.now = max(clock.now, timer.due_at)
        cases.fire(work, timer, now=clock())
    claim(database, case_id, by, clock())
    complete(database, case_id, VISIT, by, clock())


def finished(database, cast, clock):
    """A case with all seven steps done."""
    case_id = delivered(database, cast, clock)
    visited(database, case_id, cast.zhou, clock)
    return case_id


@contextmanager
def counted(database):
    """Counts the statements and commits between here and there."""
    seen = {"statements": [], "commits": 0}

    def statement(_connection, _cursor, text, _parameters, _context, _many):
        seen["statements"].append(" ".join(text.split())[:120])

    def commit(_connection):
        seen["commits"] += 1

    event.listen(database.engine, "before_cursor_execute", statement)
    event.listen(database.engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", statement)
        event.remove(database.engine, "commit", commit)
