"""One run of a schedule: a case, submitted by the system as any application is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select

from engine import feel, matters
from engine.commands import cases
from engine.commands.applying import Done, env_of
from engine.commands.cases.submit import Person
from engine.commands.equipment import Equipment
from engine.errors import NotFound
from engine.matters import plans
from engine.matters.plans import Plan
from engine.matters.recurring import Turn
from engine.people import SYSTEM, units
from engine.people.units import Place
from engine.plain import plain
from engine.records import jobs, library
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import Schedule, ScheduleRun
from engine.workdays import ZONE

#: A run waits for the one before it of the same unit, and looks again after this long.
AGAIN = timedelta(seconds=5)


def begin(
    work: Work, package: matters.Package, plan: Plan, turn: Turn, unit: Place, *, key: str, now: datetime
) -> Done:
    """Open the case of one run. The form's answers come from the schedule; `run` says what it is about."""
    whose = {"code": unit.code, "name": unit.name, "kind": unit.kind}
    run = {
        "due": turn.due.astimezone(ZONE),
        "period": {"from": turn.first, "until": turn.last},
        "unit": whose,
    }
    about = {"run": run, "unit": whose}
    env = env_of(work, now, unit)
    answers: dict[str, Any] = {}
    for path, text in plan.answers.items():
        value = feel.to_json(feel.compile(text.strip()[1:]).evaluate(about, env)) if text.startswith("=") else text
        _put(answers, path, plain(value))
    form = plan.process is None
    return cases.submit(
        work,
        package.name,
        answers if form else {},
        by=SYSTEM,
        now=now,
        channel="system",
        unit=unit,
        place=unit,
        key=key,
        variables={**({} if form else answers), "run": plain(run)},
        person=Person(unit.name, None, None),
        begin=(plan.process, plan.element) if plan.process is not None else None,
        asked=form,
    )


def _put(answers: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for part in above:
        answers = answers.setdefault(part, {})
    answers[last] = value


def of_unit(work: Work, plan: Plan, code: str = "") -> list[Place]:
    """The units that get a run of it; `code`: this one only."""
    tree = units.tree(work)
    found = sorted((one for one in tree.standing if one.kind in plan.kinds), key=lambda one: one.code)
    if code:
        found = [one for one in found if one.code == code]
        if not found:
            raise NotFound(
                f"单位“{code}”没有定期“{plan.title}”。", f"The unit {code} gets no run of the schedule {plan.name!r}."
            )
    return found


def begin_run(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The job of one run. Everything is written with the proof that the lease is still ours: it begins once."""
    with database.unit_of_work() as work:
        run = work.session.get(ScheduleRun, int(job.payload["run"]), with_for_update=True)
        if run is None or run.state == "done":
            jobs.done(work, job, now=now)
            return
        if _waits_for_another(work, run):
            jobs.keep(work, job, after=now + AGAIN)
            return
        jobs.done(work, job, now=now)
        row = work.session.get_one(Schedule, run.schedule_id)
        package = library.current(work, row.matter) if row.active else None
        plan = plans.find(package, row.name) if package is not None else None
        if package is None or plan is None:
            run.state, run.ended_at = "failed", now
            run.error = "事项已停止办理，或新版本不再有这个定期。"
            return
        turn = Turn(run.turn_at, run.due_at, run.first, run.last)
        done = begin(work, package, plan, turn, units.place(work, run.unit_id), key=f"schedule:{run.id}", now=now)
        run.state, run.case_id, run.ended_at, run.error = "done", done.case.id, now, ""


def _waits_for_another(work: Work, run: ScheduleRun) -> bool:
    """Missed runs of one unit begin in order."""
    before = exists().where(
        ScheduleRun.schedule_id == run.schedule_id,
        ScheduleRun.unit_id == run.unit_id,
        ScheduleRun.turn_at < run.turn_at,
        ScheduleRun.state == "waiting",
    )
    return bool(work.session.scalar(select(before)))


def give_up(work: Work, payload: Mapping[str, Any], why: str, *, now: datetime) -> None:
    """Its job was given up; an incident says why, and another try of it is another try of this."""
    run = work.session.get(ScheduleRun, int(payload["run"]), with_for_update=True)
    if run is not None and run.state == "waiting":
        run.state, run.error, run.ended_at = "failed", why[:2000], now
