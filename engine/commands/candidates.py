"""Who a diagram means: candidate groups, users and offices, told from the matter and the case."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm.attributes import set_committed_value

from engine import matters
from engine.errors import MEND, Outdated
from engine.matters import nodes
from engine.people import Actor, apart, bonds, holders, units
from engine.people.groups import nowhere as nowhere
from engine.people.groups import told_by as told_by
from engine.people.groups import unit_at as unit_at
from engine.people.groups import unit_of as unit_of
from engine.people.units import Place
from engine.plain import is_id
from engine.process.step import OpenTask
from engine.store import Work
from engine.store.models import Case, Task, User

#: The post that helps at a counter, when an applicant without an account must do something.
COUNTER = "window"
#: The post that gets what nobody else can, where nobody at all heads a unit: it waits there for who takes the post.
SUPERVISOR = "head"
#: Users of the case itself, by whatever name a diagram gives them.
OF_CASE = frozenset({"applicant", "principal", "agent", "submitter", "initiator"})
#: `party:<role>` as a candidate user: the staff chosen for that role of the case, whatever unit they are of.
ROLE = "party:"


@dataclass(frozen=True, slots=True)
class Hands:
    """Who may do a task today."""

    keys: list[str]  # never empty
    unit_id: int | None  # the unit the task belongs to
    #: The post, or the person, that the diagram means and that nobody is today: {"post", "unit"} or {"user"}. The
    #: supervisor of the nearest unit that can act has the task instead, and reads why.
    instead: dict[str, Any] | None = None


def office_of(work: Work, package: matters.Package, place: Place, intake: Place) -> Place:
    """The office that decides in this matter, for this place."""
    return unit_at(work, package.info.office, place=place, intake=intake, office=place)


def candidates(
    work: Work,
    package: matters.Package,
    case: Case,
    task: OpenTask,
    *,
    on: date,
    away: frozenset[int] = frozenset(),
    by: Actor | None = None,
) -> Hands:
    """Who may do it on this day. What names nobody, or a post that nobody holds, goes to the supervisor.

    on: this day: an agent whose mandate is over is none. away: who keeps away (回避): a post that only they hold is
    asked for in the next unit above. by: who acts; with a post of their own they are here today.
    """
    place, intake, office = (units.place(work, i) for i in (case.place_id, case.unit_id, case.office_id))
    keys: list[str] = []
    unit: Place | None = None
    start = office
    instead: dict[str, Any] | None = None
    for user in [*([task.assignee] if task.assignee else []), *task.candidate_users]:
        keys += _user(work, case, user, task.name or task.element, on)
    gone = _gone(work, case, keys, on, by)
    if gone:
        keys = [key for key in keys if key not in gone]
        instead = {"user": int(min(gone)[2:])}
        start = place if instead["user"] in bonds.agents_ever(work, case) else office
    for group in task.candidate_groups:
        known = package.info.groups.get(group)
        if known is not None:
            post = known.post
            meant = unit_of(work, known, case.answers, place=place, intake=intake, office=office)
        else:
            post, _, at = group.partition("@")
            meant = unit_at(work, at or "office", place=place, intake=intake, office=office)
        if case.confidential:  # it waits for whoever holds the post there; no unit above learns of it
            unit = unit or meant
            keys.append(f"p:{meant.id}:{post}")
            continue
        found = holders.nearest(work, meant, post, away, on=on)
        if not holders.held(work, found.id, post, away, on=on):
            start, instead = meant, instead or {"post": post, "unit": meant.id}
            continue  # up to the county nobody holds it, or only who keeps away: the supervisor gets it, below
        unit = unit or found
        keys.append(f"p:{found.id}:{post}")
    keys = [key for key in keys if key not in {f"u:{user}" for user in away}]
    if keys:
        return Hands(list(dict.fromkeys(keys)), unit.id if unit else None)
    unit, post = supervisor_of(work, start, away, on=on)
    return Hands([f"p:{unit.id}:{post}"], unit.id, instead)


def supervisor_of(
    work: Work, start: Place, away: frozenset[int] = frozenset(), *, on: date | None = None
) -> tuple[Place, str]:
    """The nearest unit that can act and the post that heads it; the county's head where nobody heads anything."""
    found = holders.supervisor(work, units.tree(work).today(start), away, on=on)
    return found or (units.tree(work).county, SUPERVISOR)


def _gone(work: Work, case: Case, keys: Iterable[str], on: date | None, by: Actor | None) -> set[str]:
    """The keys of people who can do nothing here today: their account is disabled, or they are staff without a post."""
    here = {by.id} if by is not None and any(post.for_id is None for post in by.positions) else set()
    named = {int(key[2:]) for key in keys if key.startswith("u:")} - {case.applicant_id} - here
    if not named:
        return set()
    day = on or work.today
    return {f"u:{user}" for user in holders.idle(work, named, day)}


def follow_office(
    work: Work,
    tasks: Iterable[Task],
    waiting: Iterable[OpenTask],
    keys_of: Callable[[OpenTask], Hands],
) -> list[Task]:
    """The case has another office: what waits for a post of the office before waits for this one's. Which changed.

    keys_of: who may do it now. Whoever holds a task and is of the new unit too keeps it; one that somebody else has is
    open again; one that names its people or another unit stays.
    """
    rows, moved = {task.key: task for task in tasks}, []
    for one in waiting:
        task = rows.get(one.id)
        if task is None or not one.candidate_groups:
            continue
        hands = keys_of(one)
        if hands.keys == task.candidates:
            continue
        put_before(work, task, hands, keep=task.assignee_id is not None and _among(work, task.assignee_id, hands.keys))
        moved.append(task)
    return moved


def _among(work: Work, user_id: int, keys: Iterable[str]) -> bool:
    """Whether this person holds one of these posts today."""
    for key in keys:
        kind, _, rest = key.partition(":")
        unit_id, _, post = rest.partition(":")
        if kind == "p" and user_id in holders.of(work, int(unit_id), post=post):
            return True
    return False


def put_before(work: Work, task: Task, hands: Hands, *, keep: bool = False) -> None:
    """The task waits, unclaimed, for these; whoever had it, and whoever was asked about it, has it no more. `keep`:
    whoever has it is one of them and goes on."""
    task.candidates, task.unit_id, task.version = hands.keys, hands.unit_id, task.version + 1
    if keep:
        return
    task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "open", None, None, None
    task.bond_id = None
    task.delegated, task.seen_at, task.instead = [], None, hands.instead


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
    """Who keeps away from a task: those of the case, and those its node names in `apart`: agent, submitter, or another
    step, for who did that one. Who was the agent once is meant too."""
    words = nodes.apart(properties)
    found = apart.read(case.apart)
    if "agent" in words:
        found |= bonds.agents_ever(work, case)
    if "submitter" in words and case.submitted_by_id is not None:
        found |= {case.submitted_by_id}
    steps = words - nodes.APART
    return found | _did(work, case, steps) if steps else found


def _did(work: Work, case: Case, steps: Collection[str]) -> frozenset[int]:
    """Who did these steps, each as it was done last: what was sent back is looked at anew."""
    work.written(Task)
    rows = work.session.execute(
        select(Task.element, Task.round, Task.ended_by_id).where(
            Task.case_id == case.id, Task.element.in_(steps), Task.ended.in_(("APPROVED", "REJECTED"))
        )
    ).all()
    last: dict[str, int] = {}
    for element, round_, _who in rows:
        last[element] = max(round_, last.get(element, 0))
    return frozenset(who for element, round_, who in rows if who is not None and round_ == last[element])


def look_apart(work: Work, case: Case, tasks: Iterable[Task], done: Collection[str]) -> None:
    """These steps were just done: whoever did one keeps away from the steps that wait beside it and are to be somebody
    else's."""
    for task in tasks:
        if nodes.apart(task.properties) & set(done):
            away = away_from(work, case, task.properties)
            if away != apart.read(task.apart):
                task.apart = apart.write(away)
                _without(work, case, task, away)


def keep_away(work: Work, case: Case, tasks: Iterable[Task], users: Iterable[int]) -> frozenset[int]:
    """回避: from now on these neither see the case nor get a task of it (RULES W6). Who is new among them.

    A live task that only they could do, or that one of them holds, goes to somebody else at once.
    """
    known = apart.read(case.apart)
    new = frozenset(users) - known
    if not new:
        return new
    case.apart = apart.write(known | new)
    # What they did before is not theirs to take up again: every step of the case, of which those that live say below
    # whom else they keep away.
    work.session.execute(
        update(Task)
        .where(Task.case_id == case.id)
        .values(apart=case.apart)
        .execution_options(synchronize_session=False)
    )
    for task in tasks:
        if work.lists is not None:
            work.lists.touch(task, apart=task.apart)
        set_committed_value(task, "apart", case.apart)  # as the database has it now
        away = away_from(work, case, task.properties)
        task.apart = apart.write(away)
        _without(work, case, task, away)
    return new


def _without(work: Work, case: Case, task: Task, away: frozenset[int]) -> None:
    """A live task that only they could do, or that one of them holds, goes to somebody else at once."""
    keys = _others(work, case, task, away)
    held = task.assignee_id in away
    if held or (task.state == "open" and keys != task.candidates):
        task.candidates, task.version = keys, task.version + 1
        task.delegated = [d for d in task.delegated if not {d.get("from"), d.get("to")} & away]
        if held:
            task.state, task.assignee_id, task.acting_for_id, task.claimed_at = "open", None, None, None
            task.bond_id = None


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
        if case.confidential:
            keys.append(key)
            continue
        unit, _, post = rest.partition(":")
        found = holders.nearest(work, units.place(work, int(unit)), post, away)
        if holders.held(work, found.id, post, away):
            keys.append(f"p:{found.id}:{post}")
    if not keys:
        above, post = supervisor_of(work, units.place(work, task.unit_id or case.office_id), away)
        keys = [f"p:{above.id}:{post}"]
    return list(dict.fromkeys(keys))
