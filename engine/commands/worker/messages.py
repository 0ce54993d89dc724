"""What one case says to another: children and their outcome, messages, signals. Each in a job of its own.

No job ever locks two cases: what a case says is queued in the commit that says it, and told to the other in another.
The job is marked done in the commit that tells it: so it is told once, whoever dies.

A message goes to the one case that waits longest for its name and key; when none waits, it starts a case of the
published matter that begins with it; when there is none either, it is kept until somebody waits, 30 days at most. A
signal is heard by every case that waits for it at this moment, and starts a case of every matter that begins with it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.commands import cases
from engine.commands.cases.finding import find_case
from engine.commands.effects import joining
from engine.commands.equipment import Equipment
from engine.errors import NotFound, Refused
from engine.people import SYSTEM, units
from engine.records import audit, jobs, library, messages
from engine.records.jobs import Fenced, Leased
from engine.store import Database, Work
from engine.store.models import Case, Subscription

log = logging.getLogger("yizhan.between")

#: How a child ended, when it did not bring what it was opened for. Any other end is the parent's to judge.
FAILED = frozenset(
    {
        "declined",
        "decline",
        "refused",
        "refuse",
        "rejected",
        "reject",
        "withdrawn",
        "ended",
        "terminated",
        "cancelled",
        "no_show",
    }
)

#: How long a message waits for somebody who wants it, and how often it looks by itself meanwhile.
KEPT, AGAIN = timedelta(days=30), timedelta(hours=6)


# ---------------------------------------------------------------- children


def open_child(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    given = job.payload
    try:
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
            parent = work.session.get(Case, given["parent"])
            if parent is None:
                return
            matter = given.get("matter") or library.opened_by(work, str(given["opened_by"])).name
            unit = units.by_code(work, str(given["unit"])) if given.get("unit") else units.place(work, parent.unit_id)
            done = cases.submit(
                work,
                str(matter),
                dict(job.private or {}),
                by=SYSTEM,
                now=now,
                channel="system",
                unit=unit,
                place=units.place(work, parent.place_id),
                applicant_id=parent.applicant_id,
                key=f"child:{job.key}",
                parent=(parent.id, given.get("effect")),
                person=cases.person_of(parent),
            )
            log.info("case %s opened case %s", parent.number, done.case.number)
    except Refused as error:
        if isinstance(error, Fenced) or not given.get("effect"):
            raise
        # Refused for what it is: nothing of the child was written, and the parent is told why.
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
            cases.answer(
                work, given["parent"], str(given["effect"]), by=SYSTEM, now=now, error=("CHILD_FAILED", error.zh)
            )


def answer_parent(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    given = job.payload
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        child = work.session.get(Case, given["child"])
        if child is None:
            return
        result = {k: v for k, v in dict(child.answers or {}).items() if k != "case"}
        said = {"child": {"number": child.number, "outcome": child.outcome, "result": result}}
        failed = child.status != "finished" or child.outcome in FAILED
        error = ("CHILD_FAILED", child.outcome) if failed else None
        cases.answer(work, given["parent"], str(given["effect"]), said, by=SYSTEM, now=now, error=error)


# ---------------------------------------------------------------- the same thing


def answer_joined(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """What the earlier case answered, or how it ended, to one that is joined to it."""
    given = job.payload
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        cases.answer(work, given["case"], str(given["effect"]), job.private, by=SYSTEM, now=now)


def follow_joined(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The join is stored. The earlier case is locked: whatever it was doing meanwhile is done, or will see the join."""
    with database.unit_of_work() as work:
        joining.look(work, find_case(work, job.payload["case"]), str(job.id), now=now)
        jobs.done(work, job, now=now)


# ---------------------------------------------------------------- messages


def deliver(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """To the case that waits longest; else to the matter that begins with it; else it is kept."""
    given = job.payload
    name, key = str(given["name"]), given.get("key")
    variables = dict(job.private or {})
    with database.reading() as work:
        waiting = _waiting(work, name, key)
    for case_id in waiting:
        with database.unit_of_work() as work:
            # The case before the job, as every command does; then the job, which says whether it is still ours.
            if cases.deliver(work, case_id, name, variables, key=key, by=SYSTEM, now=now) is not None:
                jobs.done(work, job, now=now)
                return
    with database.unit_of_work() as work:
        if _begin(work, "message", name, variables, job, now):
            jobs.done(work, job, now=now)
            return
        if now - datetime.fromisoformat(str(given["at"])) > KEPT:
            raise NotFound(
                f"消息“{name}”发出三十天，没有办件在等它。", f"Nobody has waited for the message {name!r} for 30 days."
            )
        jobs.keep(work, job, after=now + AGAIN)
        # Looked at again after the job's row is ours: who began to wait before that is seen here, who does so later
        # finds the row and wakes it.
        if _waiting(work, name, key):
            messages.expect(work, [(name, key)], now=now)


def _waiting(work: Work, name: str, key: str | None) -> list[int]:
    """The cases that wait for it, the longest first."""
    found = work.session.scalars(
        select(Subscription.case_id)
        .join(Case, Case.id == Subscription.case_id)
        .where(
            Subscription.kind == "message",
            Subscription.name == name,
            Subscription.correlation == key,
            Case.status.in_(("running", "suspended")),
        )
        .order_by(Subscription.id)
    )
    return list(dict.fromkeys(found))


# ---------------------------------------------------------------- signals


def broadcast(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """Everybody who waits for it at this moment gets a job of their own, in one commit."""
    given = job.payload
    name = str(given["name"])
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        waiting = work.session.scalars(
            select(Subscription.case_id)
            .where(Subscription.kind == "signal", Subscription.name == name, Subscription.case_id != given["sender"])
            .distinct()
        )
        for case_id in list(waiting):
            jobs.put(
                work,
                jobs.Kind.HEAR_SIGNAL,
                f"{job.key}:{case_id}",
                {"name": name, "case": case_id},
                now=now,
                case_id=case_id,
                private=job.private,
            )
        _begin(work, "signal", name, dict(job.private or {}), job, now)


def hear(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    given = job.payload
    with database.unit_of_work() as work:
        cases.hear(work, given["case"], str(given["name"]), dict(job.private or {}), by=SYSTEM, now=now)
        jobs.done(work, job, now=now)


# ---------------------------------------------------------------- what begins with one


def _begin(work: Work, kind: str, name: str, variables: Mapping[str, Any], job: Leased, now: datetime) -> bool:
    """Start the matters that begin with this message or signal; whether there was one. A message starts one case
    only."""
    sender = work.session.get(Case, job.payload["sender"])
    assert sender is not None
    begun = False
    for package in library.published(work):
        for start in package.starts:
            if (start.kind, start.name) != (kind, name) or start.needs_all > 1 or not package.info.published:
                continue
            done = cases.submit(
                work,
                package.name,
                variables,
                by=SYSTEM,
                now=now,
                channel="system",
                unit=units.place(work, sender.unit_id),
                place=units.place(work, sender.place_id),
                applicant_id=sender.applicant_id,
                person=cases.person_of(sender),
                key=f"{kind}:{job.id}:{package.name}",
                begin=(start.process_id, start.element),
            )
            audit.record(
                work, audit.Kind.MESSAGE, by=SYSTEM, now=now, case=sender, facts={kind: name, "began": done.case.number}
            )
            begun = True
            if kind == "message":
                return True
    return begun
