"""Who a diagram means: candidate groups, users and offices, told from the matter and the case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete, select, update

from engine import matters
from engine.errors import MEND, Outdated
from engine.people import apart, bonds, holders, units
from engine.people.groups import nowhere as nowhere
from engine.people.groups import unit_at as unit_at
from engine.people.units import Place
from engine.plain import is_id
from engine.process.step import OpenTask
from engine.store import Work
from engine.store.models import Case, Task, TaskCandidate, User

#: The post that helps at a counter, when an applicant without an account must do something.
COUNTER = "window"
#: The post that gets what nobody else can (审批人为空 -> the supervisor).
SUPERVISOR = "head"
#: Users of the case itself, by whatever name a diagram gives them.
OF_CASE = frozenset({"applicant", "principal", "agent", "submitter", "initiator"})
#: `party:<role>` as a candidate user: the staff chosen for that role of the case, whatever unit they are of.
ROLE = "party:"


def office_of(work: Work, package: matters.Package, place: Place, intake: Place) -> Place:
    """The office that decides in this matter, for this place."""
    return unit_at(work, package.info.office, place=place, intake=intake, office=place)


def candidates(
    work: Work, package: matters.Package, case: Case, task: OpenTask, *, on: date, away: frozenset[int] = frozenset()
) -> tuple[list[str], int | None]:
    """(candidate keys, the unit the task belongs to). Never empty: what names nobody goes to the supervisor.

    on: this day: an agent whose mandate is over is none. away: who keeps away (回避): a post that only they hold is
    asked for in the next unit above.
    """
    place, intake, office = (units.place(work, i) for i in (case.place_id, case.unit_id, case.office_id))
    keys: list[str] = []
    unit: Place | None = None
    for user in [*([task.assignee] if task.assignee else []), *task.candidate_users]:
        keys += _user(work, case, user, task.name or task.element, on)
    for group in task.candidate_groups:
        known = package.info.groups.get(group)
        if known is not None:
            post, at = known.post, known.at
        else:
            post, _, at = group.partition("@")
        meant = unit_at(work, at or "office", place=place, intake=intake, office=office)
        found = holders.nearest(work, meant, post, away)
        if away and not holders.held(work, found.id, post, away):
            office = meant
            continue  # up to the county only they hold it: the supervisor gets it, below
        unit = unit or found
        keys.append(f"p:{found.id}:{post}")
    keys = [key for key in keys if key not in {f"u:{user}" for user in away}]
    if not keys:
        unit = holders.nearest(work, office, SUPERVISOR, away)
        office = unit
        keys = [f"p:{office.id}:{SUPERVISOR}"]
    return list(dict.fromkeys(keys)), unit.id if unit else None


def follow_office(
    work: Work,
    tasks: Iterable[Task],
    waiting: Iterable[OpenTask],
    keys_of: Callable[[OpenTask], tuple[list[str], int | None]],
) -> list[Task]:
    """The case has another office: what waits for a post of the office before waits for this one's. Which changed.

    keys_of: who may do it now, and its unit. A task that somebody of the office before holds is open again; one that
    names its people or another unit stays.
    """
    rows, moved = {task.key: task for task in tasks}, []
    for one in waiting:
        task = rows.get(one.id)
        if task is None or not one.candidate_groups:
            continue
        keys, unit_id = keys_of(one)
        if keys == task.candidates:
            continue
        task.candidates, task.unit_id, task.version = keys, unit_id, task.version + 1
        task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "open", None, None, None
        task.bond_id = None
        task.delegated, task.seen_at = [], None
        work.session.execute(delete(TaskCandidate).where(TaskCandidate.task_id == task.id))
        work.session.add_all(TaskCandidate(key=key, task_id=task.id) for key in keys)
        moved.append(task)
    return moved


def _user(work: Work, case: Case, who: str, step: str, on: date) -> list[str]:
    """Keys of a user a diagram names: applicant, agent, submitter, an id, a log-in name, or `party:<role>`: who was
    chosen for that role (nobody before the choice: the group has the step)."""
    if who in ("applicant", "principal"):
        if case.applicant_id:
            return [f"u:{case.applicant_id}"]
        # Somebody without an account: whoever applied by a bond, the agent whom they let do it, while those hold; the
        # counter always.
        by_bond = [f"b:{case.bond_id}"] if case.bond_id else []
        agent = bonds.mandate(work, case, on)
        by_bond += [f"b:{agent.id}"] if agent is not None and "apply" in agent.lets else []
        counter = holders.nearest(work, units.place(work, case.unit_id), COUNTER)
        return [*by_bond, f"p:{counter.id}:{COUNTER}"]
    if who == "agent":
        agent = bonds.mandate(work, case, on)
        if agent is not None and agent.holder_id is not None:
            return [f"u:{agent.holder_id}"]
        return _user(work, case, "applicant", step, on)
    if who in ("submitter", "initiator"):
        return [f"u:{case.submitted_by_id}"] if case.submitted_by_id else _user(work, case, "applicant", step, on)
    if who.startswith(ROLE):
        return [f"u:{i}" for i in case.chosen.get(who.removeprefix(ROLE), ())]
    if is_id(who):
        return [f"u:{who}"]
    found_id = work.session.scalar(select(User.id).where(User.login == who.lower()))
    if found_id is None:
        raise Outdated(
            f"下一步“{step}”指定由“{who}”办，现在没有这个经办人，所以这一步没有办成，什么都没有改。{MEND[0]}",
            f"The next step, {step!r}, is for {who!r}, but there is no such user now; nothing was changed. {MEND[1]}",
            element=step,
            needs=who,
        )
    return [f"u:{found_id}"]


def away_from(work: Work, case: Case, properties: Mapping[str, Any]) -> frozenset[int]:
    """Who keeps away from a task: those of the case, and those its node names in `apart` (agent, submitter). Who was
    the agent once is meant too."""
    words = {word.strip() for word in str(properties.get("apart", "")).replace("，", ",").split(",")}
    found = apart.read(case.apart)
    if "agent" in words:
        found |= bonds.agents_ever(work, case)
    if "submitter" in words and case.submitted_by_id is not None:
        found |= {case.submitted_by_id}
    return found


def keep_away(
    work: Work, package: matters.Package, case: Case, tasks: Iterable[Task], users: Iterable[int]
) -> frozenset[int]:
    """回避: from now on these neither see the case nor get a task of it (RULES W6). Who is new among them.

    A live task that only they could do, or that one of them holds, goes to somebody else at once.
    """
    known = apart.read(case.apart)
    new = frozenset(users) - known
    if not new:
        return new
    case.apart = apart.write(known | new)
    work.session.execute(
        update(Task).where(Task.case_id == case.id, Task.state == "ended").values(apart=case.apart)
    )  # what they did before is not theirs to take up again
    for task in tasks:
        away = away_from(work, case, task.properties)
        task.apart = apart.write(away)
        keys = _others(work, case, task, away)
        held = task.assignee_id in away
        if not held and (task.state != "open" or keys == task.candidates):
            continue
        task.candidates, task.version = keys, task.version + 1
        task.delegated = [d for d in task.delegated if not {d.get("from"), d.get("to")} & away]
        if held:
            task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "open", None, None, None
            task.bond_id = None
        work.session.execute(delete(TaskCandidate).where(TaskCandidate.task_id == task.id))
        work.session.add_all(TaskCandidate(key=key, task_id=task.id) for key in keys)
    return new


def _others(work: Work, case: Case, task: Task, away: frozenset[int]) -> list[str]:
    """The candidates of a task without those who keep away; a post only they hold is asked for further up."""
    keys: list[str] = []
    for key in task.candidates:
        kind, _, rest = key.partition(":")
        if kind == "b":
            keys.append(key)
            continue
        if kind == "u":
            keys += [key] if int(rest) not in away else []
            continue
        unit, _, post = rest.partition(":")
        found = holders.nearest(work, units.place(work, int(unit)), post, away)
        if holders.held(work, found.id, post, away):
            keys.append(f"p:{found.id}:{post}")
    if not keys:
        above = holders.nearest(work, units.place(work, task.unit_id or case.office_id), SUPERVISOR, away)
        keys = [f"p:{above.id}:{SUPERVISOR}"]
    return list(dict.fromkeys(keys))
