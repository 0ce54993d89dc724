"""Work follows the people: when a term ends, an account is disabled or somebody takes a post, open tasks go to who is
there today, and back.

What waits for a post that nobody holds goes to the supervisor of the nearest unit that can act; once somebody holds it
again, what nobody has begun goes there. Whoever left has nothing in hand any more: their tasks wait for the post, a
question that waits for them goes back to whoever asked. The worker looks each midnight, and after every change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import partial

from sqlalchemy import or_, select

from engine.commands import candidates, one_by_one, vacancies
from engine.commands.cases.changing import change
from engine.commands.cases.finding import find_case, live_tasks
from engine.commands.equipment import Equipment
from engine.people import SYSTEM, Actor, holders, units
from engine.process import waiting
from engine.records import audit, jobs, notices
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import Case, Holding, Listed, Task, Unit, User
from engine.workdays import local_date


def follow_people(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The job: each case in a transaction of its own; then the next midnight again. One that cannot be followed keeps
    back no other: it has a job of its own, which fails where who runs the hall sees it."""
    if "case" in job.payload:
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
            follow(work, int(job.payload["case"]), by=SYSTEM, now=now)
        return
    with database.reading() as work:
        holders.forget(work)
        units.forget(work)
        ids = affected(work, on=local_date(now))

    def instead(work: Work, case_id: int) -> None:
        key = f"follow-people:case:{case_id}:{local_date(now)}"
        jobs.put_once(work, jobs.Kind.FOLLOW_PEOPLE, key, {"case": case_id}, now=now, case_id=case_id)

    do = partial(follow, by=SYSTEM, now=now)
    one_by_one.each(database, ids, do, said="tasks of a case to who is there", instead=instead)
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        ask_at_midnight(work, now=now)


def ask_at_midnight(work: Work, *, now: datetime) -> None:
    """Have it done when the day changes: a term is held through its last day."""
    jobs.put_daily(work, jobs.Kind.FOLLOW_PEOPLE, time(0, 0, 30), now=now)


def affected(work: Work, *, on: date) -> list[int]:
    """Cases with an open task that nobody who is there today could do, or that somebody has in place of another."""
    named = or_(work.begins(Listed.key, "p:"), work.begins(Listed.key, "u:"))
    vacant = [k for k in work.session.scalars(select(Listed.key).where(named).distinct()) if not _there(work, k, on)]
    gone = _gone(work, on)
    found = select(Task.case_id).where(
        Task.state != "ended",
        or_(
            Task.id.in_(select(Listed.task_id).where(Listed.key.in_(vacant))),
            Task.assignee_id.in_(gone),
            Task.instead.is_not(None),
        ),
    )
    running = select(Case.id).where(Case.id.in_(found), Case.status.in_(("running", "suspended")))
    return list(work.session.scalars(running.order_by(Case.id)))


def follow(work: Work, case_id: int, *, by: Actor, now: datetime) -> list[Task]:
    """What of this case waits for nobody goes to who is there; which tasks moved. Each is on record, and told."""
    case, day = find_case(work, case_id), local_date(now)
    live = live_tasks(work, case)
    applying = change(work, case, by=by, now=now, live=live)
    open_now = {one.id: one for one in waiting(applying.package.definition, case.state or b"")}
    moved: list[Task] = []
    for task in live:
        one = open_now.get(task.key)
        if one is None or not _must_move(work, task, day):
            continue
        before, asked = task.assignee_id, [d for d in task.delegated if "opinion" not in d]
        if asked and before is not None and not _lost(work, task, asked[-1]["from"], day):
            _back_to(work, task, asked[-1], now)
        else:
            hands = applying.hands(one)
            if before is None and hands.keys == task.candidates:
                continue
            candidates.put_before(work, task, hands)
        work.session.flush()
        moved.append(task)
        applying.record(
            audit.Kind.TASK_MOVED, task=task, facts={"element": task.element, "from": before, "to": task.candidates}
        )
        _tell(work, case, task, now)
    if moved:
        applying.finish()
    return moved


def _must_move(work: Work, task: Task, on: date) -> bool:
    if task.state == "claimed":
        return task.assignee_id is not None and _lost(work, task, task.assignee_id, on)
    return task.instead is not None or not any(_there(work, key, on) for key in task.candidates)


def _lost(work: Work, task: Task, user_id: int, on: date) -> bool:
    """Whether somebody who has a task can act by it no more: gone, or without the post it waited for. Who stands in for
    somebody (代理), and who was named, keeps it while they are there."""
    if user_id in _gone(work, on):
        return True
    named = {f"u:{user_id}", f"u:{task.acting_for_id}"} & set(task.candidates)
    if named or task.acting_for_id is not None or task.delegated:
        return False
    posts = [key for key in task.candidates if key.startswith("p:")]
    user = work.session.get(User, user_id)
    if not posts or user is None or user.kind != "staff":
        return False
    return not any(user_id in holders.of(work, int(k.split(":")[1]), post=k.split(":")[2], on=on) for k in posts)


def _there(work: Work, key: str, on: date) -> bool:
    """Whether anybody answers to this candidate key today."""
    kind, _, rest = key.partition(":")
    if kind == "p":
        unit_id, _, post = rest.partition(":")
        return holders.held(work, int(unit_id), post, on=on)
    return kind != "u" or int(rest) not in _gone(work, on)


def _gone(work: Work, on: date) -> frozenset[int]:
    """Staff who are no more: their account is disabled, or no term of theirs lasts in a unit that there is."""
    known = work.session.info.get("gone")
    if known is not None and known[0] == on:
        return frozenset(known[1])
    lasts = (
        select(Holding.user_id)
        .join(Unit, Unit.id == Holding.unit_id)
        .where(Unit.active, holders.lasting(on))
        .distinct()
    )
    rows = work.session.scalars(
        select(User.id).where(User.kind == "staff", or_(User.disabled_at.is_not(None), User.id.not_in(lasts)))
    )
    work.session.info["gone"] = (on, frozenset(rows))
    return frozenset(work.session.info["gone"][1])


def _back_to(work: Work, task: Task, question: dict[str, object], now: datetime) -> None:
    """Whoever was asked is gone: the task is again whose it was, and nobody is asked."""
    task.delegated = [d for d in task.delegated if d is not question]
    task.assignee_id, task.acting_for_id, task.claimed_at = int(str(question["from"])), None, now
    task.version += 1


def _tell(work: Work, case: Case, task: Task, now: datetime) -> None:
    """Who has it now is told; many of one cause are one notice (engine.commands.vacancies)."""
    if task.instead is not None:
        vacancies.tell(work, case, task, now=now)
        return
    for user_id in holders.of_task(work, task, on=local_date(now)):
        notices.put_for_cause(
            work,
            f"moved:{case.matter}:{task.element}",
            notices.Words(
                f"{task.name}（{case.number}）原来的人不在岗了，现在由您这里办理。",
                f"{case.matter_name}“{task.name}”有 {{count}} 件原来的人不在岗了，现在由您办理，第一件 {{number}}。",
            ),
            notices.Words(
                f"{case.number}: who had this step is not there any more; it is yours now.",
                "Who had this step of {count} cases is not there any more; they are yours now, the first {number}.",
            ),
            kind="moved",
            now=now,
            user_id=user_id,
            case=case,
        )


def follow_all(work: Work, case_ids: Iterable[int], *, by: Actor, now: datetime) -> int:
    """In one transaction, for a change that is shown before it is made; how many tasks moved."""
    work.session.info.pop("gone", None)
    return sum(len(follow(work, case_id, by=by, now=now)) for case_id in case_ids)
