"""What the worker does with jobs: the list of what it can do, papers, notices. What cases say to each other is in
messages.py, what they ask outside in sharing.py, what bookings want in booking/due.py.

Each job is leased in one short transaction, done, and finished in another that holds what it made and the proof that the
lease is still ours: so a worker killed anywhere leaves either everything or a job that runs again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select

from engine.commands import cases
from engine.errors import NotFound, NotNow, Refused
from engine.people import SYSTEM
from engine.records import audit, documents, jobs, notices, papers, sources
from engine.records.jobs import Fenced, Leased
from engine.store import Database, Work, again
from engine.store.models import Notice

log = logging.getLogger("yizhan.worker")

#: After this long without a seal the events get one.
SEAL_EVERY = timedelta(minutes=10)


class Renderer(Protocol):
    """Whatever makes papers: papers.Press, or a plain function in a test."""

    def render(self, job: papers.Job) -> papers.Made: ...


@dataclass
class Equipment:
    """What the jobs work with."""

    press: Renderer
    hands: int = 1  # papers made at the same time: as many as the press has processes
    channels: Mapping[str, notices.Channel] = field(default_factory=dict)
    sources: Mapping[str, sources.Source] = field(default_factory=dict)  # by name; "*": all others
    clock: Callable[[], datetime] | None = None
    public_url: str = ""  # where strangers reach the hall: printed in a paper's QR code
    worker: str = field(default_factory=lambda: f"{os.uname().nodename}:{os.getpid()}")
    sign: bool = True
    sample: bool = True  # papers are demonstrations: 样章 across the seal. Else the office seals the print by hand.

    def now(self, given: datetime) -> datetime:
        return self.clock() if self.clock is not None else given


Handler = Callable[[Database, Leased, Equipment, datetime], None]
HANDLERS: dict[str, Handler] = {}


def does(kind: str) -> Callable[[Handler], Handler]:
    """Register what is done with a kind of job."""

    def keep(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return keep


def run(database: Database, equipment: Equipment, *, now: datetime, most: int = 5) -> int:
    """Do up to `most` due jobs; how many were taken."""
    with database.reading() as work:
        if not jobs.due(work, now=now):
            return 0
    with database.unit_of_work() as work:
        taken = jobs.lease(work, equipment.worker, now=now, most=most)
    # Papers are made beside each other and beside everything else: nobody's paper waits for another's, or for a slow gateway.
    papers_ = [job for job in taken if job.kind == "render-paper"]
    if equipment.hands > 1 and papers_:
        with ThreadPoolExecutor(equipment.hands) as hands:
            made = [hands.submit(_one, database, job, equipment, now) for job in papers_]
            for job in taken:
                if job.kind != "render-paper":
                    _one(database, job, equipment, now)
        for future in made:
            future.result()
    else:
        for job in taken:
            _one(database, job, equipment, now)
    return len(taken)


def _one(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    handler = HANDLERS.get(job.kind)
    try:
        if handler is None:
            raise NotFound(f"没有作业“{job.kind}”的处理程序。", f"Nothing does jobs of kind {job.kind}.")
        do = handler
        again(lambda: do(database, job, equipment, now))  # a job may be done again at any point: so is one that clashed
    except Fenced:
        log.warning("job %s: the lease was lost, another worker has it", job.id)
    except Exception as error:  # whatever it is, it must not stop the other jobs
        log.exception("job %s (%s) failed, try %s", job.id, job.kind, job.attempts)
        why = error.zh if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        with database.unit_of_work() as work:
            gone = jobs.failed(work, job, why, now=now, final=_never(job, error))
            if gone and job.kind == "render-paper":
                documents.give_up(work, str(job.payload["key"]))
            if gone and job.kind == "send-notice":
                notices.give_up(work, str(job.payload["key"]))


def _never(job: Leased, error: Exception) -> bool:
    """Whether trying again can only fail again: a person must look at once, not in two hours."""
    if isinstance(error, NotFound):
        return True
    # A paper that lacks a fact or a character lacks it the next time too; a press that died does not.
    return job.kind == "render-paper" and isinstance(error, Refused) and not isinstance(error, NotNow)


# ---------------------------------------------------------------- papers


@does("render-paper")
def _render(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    key = str(job.payload["key"])
    with database.reading() as work:
        one = documents.waiting(work, key)
    if one is None:
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
        return
    url = f"{equipment.public_url}/verify/{one.check_code}" if equipment.public_url else None
    signers = one.facts.get("signers") or [{"organ": (one.facts.get("organ") or {}).get("name", "")}]
    made = equipment.press.render(
        papers.Job(
            paper=one.text,
            facts=one.facts,
            check_code=one.check_code,
            verify_url=url,
            seal=[
                {
                    **signer,
                    "kind": "sample" if equipment.sample else "none",
                    "purpose": "业务专用章" if one.kind.seal == "special" else "",
                }
                for signer in signers
            ],
            sample=equipment.sample,
            reason=f"{'、'.join(signer['organ'] for signer in signers)}：{one.kind.title}{one.number or ''}",
            signed_at=one.issued_at if equipment.sign else None,
        )
    )
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        documents.rendered(work, one, made.pdf, by=SYSTEM, now=equipment.now(now))


# ---------------------------------------------------------------- notices


@does("send-notice")
def _send(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    key = str(job.payload["key"])
    with database.reading() as work:
        row = work.session.scalar(select(Notice).where(Notice.key == key))
        message = (
            notices.Message(row.key, row.channel, row.address or "", row.kind, row.text)
            if row is not None and row.state in ("waiting", "failed")
            else None
        )
    answer = ""
    if message is not None:
        channel = equipment.channels.get(message.channel) or equipment.channels.get("*") or notices.Screen()
        # The gateway knows the key: sent again after a crash, it delivers once.
        answer = channel.send(message)
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        row = work.session.scalar(select(Notice).where(Notice.key == key))
        if row is not None and row.state in ("waiting", "failed"):
            row.state, row.sent_at, row.answer = "sent", now, answer[:200]


# ---------------------------------------------------------------- ratings


@does("close-rating")
def _close_rating(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The days to rate are over (RULES E2)."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        cases.close_rating(work, int(job.payload["case"]), now=now)


# ---------------------------------------------------------------- seals


def seal(database: Database, *, now: datetime) -> bool:
    """Lay a seal over the newest events; whether there were any. PostgreSQL: one sealer at a time."""
    with database.unit_of_work() as work:
        _alone(work)
        return audit.seal(work, now=now) is not None


def _alone(work: Work) -> None:
    if work.dialect == "postgresql":
        from sqlalchemy import text

        work.session.execute(text("SELECT pg_advisory_xact_lock(7266002)"))
