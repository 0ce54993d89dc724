"""迁移: a running case goes on under another version of its matter, or is put back under the one before.

Steps, who has claimed them, days, clocks, timers, votes and what is awaited keep their rows; only what the drawing says
of them is the new version's. Nothing opens or closes. A case that could not run there as one that came there stays
where it is, with why. It is put back while nobody has acted on it since.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import undefer

from engine import crypto, matters, process
from engine.commands import candidates
from engine.commands.applying import Applying, Done, env_of
from engine.commands.cases.changing import change
from engine.commands.cases.finding import find_case, needs
from engine.commands.changes import Change
from engine.errors import NotFound, NotNow, Refused
from engine.matters import moving, nodes
from engine.people import Actor, require, units
from engine.records import audit, library, messages
from engine.store import Work
from engine.store.models import (
    Awaited,
    Case,
    Draft,
    ForEach,
    Incident,
    MovedCase,
    Subscription,
    Task,
    Timer,
    VersionMove,
)

Said = tuple[str, str]  # Chinese, English
RUNS = ("running", "suspended")
#: Of a live step: what the drawing says of it, and whose it is.
_TASK = ("element", "name", "form", "headers", "properties", "candidates", "unit_id", "instead", "apart")


class CannotMove(NotNow):
    """Expected a case that can run under the new version, but something hinders. Facts: reasons, (Chinese, English)."""

    slug = "cannot-move"

    def __init__(self, reasons: Sequence[Said]) -> None:
        zh, en = ("；".join(one[n].rstrip("。.") for one in reasons) for n in (0, 1))
        super().__init__(f"没有迁移，什么都没有改：{zh}。", f"Nothing was moved: {en}.", reasons=list(reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True)
class Look:
    """What a move would do to one case."""

    moved: process.Moved
    hinders: tuple[Said, ...]
    notes: tuple[Said, ...]


@lru_cache(maxsize=64)
def _matched(old: process.Definition, new: process.Definition, chosen: tuple[tuple[str, str], ...]) -> process.Matched:
    return process.match(old, new, dict(chosen))


def matched(old: matters.Package, new: matters.Package, chosen: Mapping[str, str]) -> process.Matched:
    """What became of every element, by proposal and by what a person said."""
    return _matched(old.definition, new.definition, tuple(sorted(chosen.items())))


def look_at_move(work: Work, case: Case, to: matters.Package, chosen: Mapping[str, str], *, now: datetime) -> Look:
    """Whether it can run there, and what is to be known of it. Nothing changes."""
    if case.status not in RUNS:
        raise NotNow("这个办件已经结束，不用迁移。", "Expected a case under way, but it has ended.")
    old = library.version(work, case.version_hash)
    if old.name != to.name:
        raise NotFound("这个版本不是本事项的。", "That version is of another matter.")
    if old.version == to.version:
        raise NotNow("这个办件已经在这个版本上了。", "Expected a case of another version, but it runs on this one.")
    env = env_of(work, now, units.place(work, case.office_id))
    state = case.state or b""
    moved = process.move(old.definition, to.definition, matched(old, to, chosen), state, now=now, env=env)
    hinders = [(one.zh, one.en) for one in moved.hindrances]
    if moved.step is not None:
        hinders += moving.hindered(old, to, moved, moved.step.variables)
        hinders += _typed(work, case, old, to, moved.step)
    return Look(moved, tuple(hinders), tuple((one.zh, one.en) for one in moved.notes))


def _typed(work: Work, case: Case, old: matters.Package, to: matters.Package, step: process.Step) -> list[Said]:
    """What somebody has typed and not sent must have its place in the form of the new version."""
    rows = work.session.execute(
        select(Task.id, Task.key, Task.form, Task.name).where(
            Task.case_id == case.id, Task.state != "ended", Task.drafted
        )
    ).all()
    forms = {one.id: one.form for one in step.open_tasks}
    found = []
    for id, key, form, name in rows:
        typed: set[str] = set()
        for values in work.session.scalars(select(Draft.values).where(Draft.about == f"task:{id}")):
            typed |= set(values or {})
        if not moving.form_kept(old, to, form, forms.get(key), typed):
            found.append(
                (
                    f"“{name}”有人填了一半，新版本的表单没有其中的几项，迁移会丢。请等这一步办完再迁移",
                    f"Somebody has half filled in {name!r}, and the form of the new version lacks some of it: it would "
                    "be lost. Move the case once that step is done",
                )
            )
    return found


def move_version(
    work: Work,
    case_id: int,
    to: str,
    chosen: Mapping[str, str],
    why: str,
    *,
    by: Actor,
    now: datetime,
    plan: int | None = None,
) -> tuple[Done, MovedCase]:
    """迁移 one case. CannotMove says why not. `plan`: the plan it is a part of; without one it is a plan of its own, of
    a head of its office or of who runs the hall."""
    # find and may
    case = find_case(work, case_id)
    if plan is None:
        require(by, "move", case)
        needs(why, "why", "为什么迁移")
    package = library.version(work, to)

    # check
    seen = look_at_move(work, case, package, chosen, now=now)
    if seen.hinders:
        raise CannotMove(seen.hinders)
    step = seen.moved.step
    assert step is not None

    # advance and apply
    old = library.version(work, case.version_hash)
    before = _rows(work, case)
    waiting = {one.id: one for one in process.waiting(old.definition, case.state or b"")}
    _keep_promise(case, old, package)
    case.version_hash = package.version
    names = matched(old, package, chosen)
    _rename_ended(work, case, names)
    applying = change(work, case, by=by, now=now, package=package)
    row = _row(work, case, old.version, package.version, why, plan, by, now)
    facts = {"from": old.version, "to": package.version, "move": row.move_id}
    if plan is not None:  # a designer knows nobody's name; what a head says of one case stands sealed with the move
        facts["why"] = why.strip()[:400]
    applying.record(audit.Kind.CASE_MIGRATED, facts=facts)
    _rename(work, case, step, now)
    moved_steps = _steps(applying, step, waiting, old)
    applying.step(step)
    for task in moved_steps:
        candidates.look_apart(work, case, [task], nodes.apart(task.properties))
    applying.changes.append(Change("note", f"改按 {package.version[:12]} 这一版办"))
    done = applying.finish()
    row.state, row.at, row.by_id = "moved", now, by.id
    row.told = [list(one) for one in seen.notes]
    row.before, row.after = json.dumps(before, ensure_ascii=False).encode(), _mark(work, case)
    work.session.flush()
    return done, row


def undo_move(work: Work, moved_id: int, *, by: Actor, now: datetime, of_plan: bool = False) -> None:
    """The case is put back under the version it was moved from. NotNow: somebody has acted on it since."""
    row = work.session.scalar(select(MovedCase).where(MovedCase.id == moved_id).options(undefer(MovedCase.before)))
    if row is None:
        raise NotFound("没有这次迁移。", "There is no such move.")
    case = find_case(work, row.case_id)
    if not of_plan:
        require(by, "move", case)
    if row.state != "moved":
        raise NotNow("这次迁移已经撤销，或者没有迁成。", "Expected a case that was moved, but it was not, or is back.")
    if case.status not in RUNS or row.after != _mark(work, case) or row.before is None:
        raise NotNow(
            "迁移以后已经有人办过这个件，不能再撤销。要改回，请再迁移到原来的版本。",
            "Somebody has acted on this case since it was moved: it cannot be put back. Move it to the version before.",
        )
    to = case.version_hash
    _restore(work, case, json.loads(row.before))
    applying = change(work, case, by=by, now=now)
    applying.record(audit.Kind.CASE_PUT_BACK, facts={"from": to, "to": case.version_hash, "move": row.move_id})
    case.version += 1
    applying.finish()
    row.state, row.before, row.at, row.by_id = "undone", None, now, by.id
    work.session.flush()


def may_undo(work: Work, case: Case) -> MovedCase | None:
    """The last move of this case, while nobody has acted on it since."""
    row = work.session.scalar(
        select(MovedCase).where(MovedCase.case_id == case.id, MovedCase.state == "moved").order_by(MovedCase.id.desc())
    )
    return row if row is not None and case.status in RUNS and row.after == _mark(work, case) else None


def last_chosen(work: Work, matter: str, frm: str, to: str) -> dict[str, str]:
    """What a designer last said of these two versions: a case that is moved alone goes by it."""
    rows = work.session.scalars(
        select(VersionMove.chosen)
        .where(VersionMove.matter == matter, VersionMove.to_hash == to)
        .order_by(VersionMove.id.desc())
        .limit(20)
    )
    return next((dict(chosen[frm]) for chosen in rows if chosen.get(frm)), {})


# ---------------------------------------------------------------- what stays


def _keep_promise(case: Case, old: matters.Package, new: matters.Package) -> None:
    """What was promised and allowed when it was handed in holds, whatever the new version promises."""
    kept = case.limits_before or {"regime": old.info.limits.regime, "promised": old.info.limits.promised}
    after = {"regime": new.info.limits.regime, "promised": new.info.limits.promised}
    case.limits_before = None if kept == after else dict(kept)


def _mark(work: Work, case: Case) -> str:
    """Changes with every act on the case or on a live step of it."""
    work.session.flush()
    live = work.session.execute(
        select(Task.id, Task.version).where(Task.case_id == case.id, Task.state != "ended").order_by(Task.id)
    )
    said = f"{case.version}:" + ",".join(f"{id}.{version}" for id, version in live)
    return crypto.fingerprint(said.encode())


def _rename_ended(work: Work, case: Case, names: process.Matched) -> None:
    """Steps that are done are known by the new names too: a step that is to be somebody else's looks for who did it."""
    rows = work.session.execute(select(Task.id, Task.element).where(Task.case_id == case.id)).all()
    by_new: dict[str, list[int]] = {}
    for id, element in rows:
        new = names.node(None, element)
        if new is not None and new != element:
            by_new.setdefault(new, []).append(id)
    for new, ids in by_new.items():
        work.session.execute(update(Task).where(Task.id.in_(ids)).values(element=new))


def _rename(work: Work, case: Case, step: process.Step, now: datetime) -> None:
    """What waits is the same row, under the name it has in the new drawing."""
    timers = {one.id: one for one in step.timers}
    for timer in work.session.scalars(select(Timer).where(Timer.case_id == case.id)):
        if (due := timers.get(timer.key)) is not None:
            timer.element = due.element
    heard = {one.id: one for one in step.subscriptions}
    anew: list[tuple[str, str | None]] = []
    for sub in work.session.scalars(select(Subscription).where(Subscription.case_id == case.id)):
        if (one := heard.get(sub.key)) is None:
            continue
        if (sub.name, sub.correlation) != (one.name, one.key) and one.kind == "message":
            anew.append((one.name, one.key))
        sub.element, sub.name, sub.correlation = one.element, one.name, one.key
    messages.expect(work, anew, now=now)
    elements = dict(step.awaited)
    for wait in work.session.scalars(select(Awaited).where(Awaited.case_id == case.id)):
        wait.element = elements.get(wait.key, wait.element)
    for each in work.session.scalars(select(ForEach).where(ForEach.case_id == case.id)):
        each.element = elements.get(each.effect, each.element)
    troubles = {one.id: one for one in step.incidents}
    for trouble in work.session.scalars(
        select(Incident).where(Incident.case_id == case.id, Incident.solved_at.is_(None))
    ):
        if (now_ := troubles.get(trouble.key)) is not None:
            trouble.element = now_.element


def _steps(a: Applying, step: process.Step, before: Mapping[str, process.OpenTask], old: matters.Package) -> list[Task]:
    """What the new version says of the live steps: their names, forms, buttons and rights; unclaimed ones wait for whom
    it means. Which have other rights."""
    rows = {task.key: task for task in a.live}
    changed = []
    for one in step.open_tasks:
        row = rows.get(one.id)
        if row is None:
            continue
        said = (one.name or one.element, one.form, dict(one.headers), dict(one.properties))
        if (row.name, row.form, dict(row.headers), dict(row.properties)) != said:
            row.name, row.form, row.headers, row.properties = said
            row.version += 1  # whoever has its page open looks again before they send it
            changed.append(row)
        row.element = one.element
        if row.state == "open" and _others(old, a.package, before.get(one.id), one):
            hands = a.hands(one)
            if hands.keys != row.candidates:
                candidates.put_before(a.work, row, hands)
    if changed and a.work.lists is not None:
        a.work.lists.unsure(changed)
    return changed


def _others(old: matters.Package, new: matters.Package, was: process.OpenTask | None, now: process.OpenTask) -> bool:
    """Whether the new version means other people."""
    if was is None:
        return False
    named = [(one.assignee, one.candidate_groups, one.candidate_users) for one in (was, now)]
    groups = [[info.groups.get(group) for group in now.candidate_groups] for info in (old.info, new.info)]
    return named[0] != named[1] or groups[0] != groups[1]


def _row(work: Work, case: Case, frm: str, to: str, why: str, plan: int | None, by: Actor, now: datetime) -> MovedCase:
    if plan is not None:
        row = work.session.scalar(select(MovedCase).where(MovedCase.move_id == plan, MovedCase.case_id == case.id))
        assert row is not None, "a plan has a row of each of its cases"
        return row
    assert by.id is not None
    made = VersionMove(matter=case.matter, to_hash=to, why=why.strip()[:400], made_by_id=by.id, made_at=now)
    made.state, made.ended_at, made.chosen, made.alone = "done", now, {}, True
    work.session.add(made)
    work.session.flush()
    row = MovedCase(move_id=made.id, case_id=case.id, from_hash=frm)
    work.session.add(row)
    return row


# ---------------------------------------------------------------- back again


def _rows(work: Work, case: Case) -> dict[str, Any]:
    """Everything a move changes, as it is."""
    work.session.flush()
    tasks = work.session.scalars(select(Task).where(Task.case_id == case.id).order_by(Task.id))
    timers = work.session.scalars(select(Timer).where(Timer.case_id == case.id).order_by(Timer.id))
    subs = work.session.scalars(select(Subscription).where(Subscription.case_id == case.id).order_by(Subscription.id))
    return {
        "version": case.version_hash,
        "state": b64encode(case.state or b"").decode("ascii"),
        "stage": case.stage,
        "limits": case.limits_before,
        "handled_by": case.handled_by,
        "tasks": {
            str(one.id): {"element": one.element} if one.state == "ended" else {k: getattr(one, k) for k in _TASK}
            for one in tasks
        },
        "timers": [[one.key, one.element, one.kind, one.due_at.isoformat(), one.wake_at.isoformat()] for one in timers],
        "subscriptions": [[one.key, one.element, one.kind, one.name, one.correlation] for one in subs],
        "keys": list(case.subscriptions or []),
        "awaited": {
            key: element
            for key, element in work.session.execute(
                select(Awaited.key, Awaited.element).where(Awaited.case_id == case.id)
            )
        },
        "each": {
            key: element
            for key, element in work.session.execute(
                select(ForEach.effect, ForEach.element).where(ForEach.case_id == case.id)
            )
        },
        "incidents": {
            key: element
            for key, element in work.session.execute(
                select(Incident.key, Incident.element).where(Incident.case_id == case.id, Incident.solved_at.is_(None))
            )
        },
    }


def _restore(work: Work, case: Case, before: Mapping[str, Any]) -> None:
    case.version_hash, case.stage, case.limits_before = before["version"], before["stage"], before["limits"]
    case.state = b64decode(before["state"])
    case.handled_by = before["handled_by"]
    for task in work.session.scalars(select(Task).where(Task.case_id == case.id)):
        said = before["tasks"].get(str(task.id))
        if said is None:
            raise Refused("有新的步骤，不能撤销。", "There is a step that was not there.")
        for name, value in said.items():
            setattr(task, name, value)
        task.version += task.state != "ended"
    work.session.execute(delete(Timer).where(Timer.case_id == case.id))
    work.session.add_all(
        Timer(
            case_id=case.id,
            key=key,
            element=element,
            kind=kind,
            due_at=datetime.fromisoformat(due),
            wake_at=datetime.fromisoformat(wake),
        )
        for key, element, kind, due, wake in before["timers"]
    )
    work.session.execute(delete(Subscription).where(Subscription.case_id == case.id))
    work.session.add_all(
        Subscription(case_id=case.id, key=key, element=element, kind=kind, name=name, correlation=correlation)
        for key, element, kind, name, correlation in before["subscriptions"]
    )
    case.subscriptions = before["keys"]
    for wait in work.session.scalars(select(Awaited).where(Awaited.case_id == case.id)):
        wait.element = before["awaited"].get(wait.key, wait.element)
    for each in work.session.scalars(select(ForEach).where(ForEach.case_id == case.id)):
        each.element = before["each"].get(each.effect, each.element)
    for trouble in work.session.scalars(select(Incident).where(Incident.case_id == case.id)):
        trouble.element = before["incidents"].get(trouble.key, trouble.element)
    work.session.flush()
    live = list(work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state != "ended")))
    if work.lists is not None:
        work.lists.unsure(live)
