"""What an operator looks at: what failed, what waits, whether the workers live. Every query goes by an index.

A table of millions of done jobs and sent notices is never read: only the few rows that failed or wait.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from engine.people import Actor, masks, require
from engine.reads import sight
from engine.records import jobs
from engine.records.timers import NEVER
from engine.store import Work
from engine.store.models import Beat, Case, Incident, Job, MatterVerdict, MatterVersion, Notice, Timer

#: A worker writes a beat every fifteen seconds; after this long without one it is not there.
SILENT = timedelta(minutes=1)
#: Rows shown of each list.
MOST = 100

# Written as the partial indexes say it, so that every database sees that they fit.
_OPEN: ColumnElement[bool] = Incident.solved_at.is_(None)
_GIVEN_UP: ColumnElement[bool] = literal_column("job.state = 'failed'")
_SERVES: ColumnElement[bool] = literal_column("matter_version.current")
_STANDS: ColumnElement[bool] = literal_column("matter_verdict.stands")
#: Its case runs on a version that is not in use any more.
_BEHIND: ColumnElement[bool] = Case.version_hash.not_in(select(MatterVersion.hash).where(_SERVES))
_UNSENT: ColumnElement[bool] = literal_column("notice.state = 'failed'")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One open incident."""

    id: int
    what: tuple[str, str]  # Chinese, English
    cause: tuple[str, str]
    detail: str  # what the machine said, where the cause is not for people
    number: str | None  # of the case
    matter_name: str
    at: datetime
    behind: bool = False  # its case runs on a version that is not in use: it may be moved to the one that is


@dataclass(frozen=True, slots=True)
class Failed:
    """A job that was given up, or a notice nobody took."""

    what: tuple[str, str]
    number: str | None
    at: datetime
    about: str  # error, or to whom
    tries: int = 0
    incident_id: int | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """Jobs of one kind that wait or are in hand."""

    what: tuple[str, str]
    due: int
    later: int
    in_hand: int
    oldest: datetime | None  # since when the longest waiting one is due


@dataclass(frozen=True, slots=True)
class Worker:
    """A machine's worker."""

    machine: str
    beat_at: datetime
    alive: bool
    jump: timedelta | None  # its clock is off by this and not followed
    wall_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What is due this moment and not done yet."""

    cases: int
    cases_since: datetime | None
    timers: int
    timers_since: datetime | None
    parked: int  # timers that failed too often and wait for a person


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A matter of the content folder that was not published, or a stored version whose running cases the program can no
    longer carry out, with why."""

    name: str  # its folder
    serving: bool  # the version before goes on
    at: datetime
    reasons: tuple[tuple[str, tuple[str, str]], ...]  # (file and line, (Chinese, English)); the first few
    total: int
    running: int = (
        0  # cases on a stored version that the program can no longer carry out; 0: it is of the content folder
    )


@dataclass(frozen=True, slots=True)
class Operations:
    """The whole page."""

    troubles: tuple[Trouble, ...]
    troubles_total: int
    failed: tuple[Failed, ...]
    failed_total: int
    unsent: tuple[Failed, ...]
    unsent_total: int
    queues: tuple[Queue, ...]
    workers: tuple[Worker, ...]
    holders: tuple[str, ...]  # workers that have jobs in hand
    due: Due
    left_out: tuple[LeftOut, ...]  # of the content folder
    outdated: tuple[LeftOut, ...]  # stored versions with running cases


#: Reasons shown of a matter that was left out.
REASONS = 5


def not_published(work: Work) -> tuple[LeftOut, ...]:
    """The matters whose last proof found errors. The row is one a matter: a county has some dozens."""
    serving = set(work.session.scalars(select(MatterVersion.matter).where(_SERVES)))
    rows = work.session.scalars(
        select(MatterVerdict).where(_STANDS, ~MatterVerdict.good, MatterVerdict.offered).order_by(MatterVerdict.matter)
    )
    found = []
    for row in rows:
        errors = [f for f in row.found["findings"] if f["severity"] == "error"]
        reasons = tuple(
            (f"{f['file']}:{f['line']}" if f["line"] else f["file"], (f["message_zh"], f["message_en"]))
            for f in errors[:REASONS]
        )
        running = row.found.get("outdated", {}).get("running", 0)
        found.append(LeftOut(row.matter, row.matter in serving, row.proved_at, reasons, len(errors), running))
    return tuple(found)


def operations(work: Work, *, actor: Actor, now: datetime) -> Operations:
    """Everything an operator should see at this moment."""
    require(actor, "operate")
    session = work.session
    incidents = session.execute(
        select(Incident, Case.number, Case.matter_name, Case.confidential, _BEHIND)
        .outerjoin(Case, Case.id == Incident.case_id)
        .where(_OPEN)
        .order_by(Incident.at.desc())
        .limit(MOST)
    ).all()
    by_job = {incident.job_id: incident.id for incident, *_ in incidents if incident.job_id is not None}
    given_up = session.execute(
        select(Job.id, Job.kind, Job.ended_at, Job.error, Job.attempts, Case.number, Case.confidential)
        .outerjoin(Case, Case.id == Job.case_id)
        .where(_GIVEN_UP)
        .order_by(Job.ended_at.desc())
        .limit(MOST)
    ).all()
    unsent = session.execute(
        select(Notice.channel, Notice.address, Notice.created_at, Case.number)
        .outerjoin(Case, Case.id == Notice.case_id)
        .where(_UNSENT, sight.open_ones(Notice.case_id))
        .order_by(Notice.created_at.desc())
        .limit(MOST)
    ).all()
    left_out = not_published(work)
    return Operations(
        left_out=tuple(one for one in left_out if not one.running),
        outdated=tuple(one for one in left_out if one.running),
        troubles=tuple(
            _untold(incident) if hidden else _trouble(incident, number, name or "", bool(behind))
            for incident, number, name, hidden, behind in incidents
        ),
        troubles_total=open_incidents(work),
        failed=tuple(
            Failed(UNTOLD, None, ended_at or now, "", attempts, by_job.get(job_id))
            if hidden
            else Failed(jobs.named(kind), number, ended_at or now, error, attempts, by_job.get(job_id))
            for job_id, kind, ended_at, error, attempts, number, hidden in given_up
        ),
        failed_total=session.scalar(_count(_GIVEN_UP, Job)) or 0,
        unsent=tuple(
            Failed(CHANNELS.get(channel, (channel, channel)), number, at, masks.phone(address))
            for channel, address, at, number in unsent
        ),
        unsent_total=session.scalar(_count(_UNSENT, Notice).where(sight.open_ones(Notice.case_id))) or 0,
        queues=_queues(work, now),
        workers=_workers(work, now),
        holders=_holders(work),
        due=_due(work, now),
    )


CHANNELS = {
    "sms": ("短信", "Text message"),
    "wechat": ("微信", "WeChat"),
    "mail": ("邮件", "Mail"),
    "screen": ("站内", "Screen"),
}


def _count(which: ColumnElement[bool], table: type[Incident] | type[Job] | type[Notice]) -> Select[int]:
    return select(func.count()).select_from(table).where(which)


def open_incidents(work: Work) -> int:
    """How many incidents wait for a person."""
    return work.session.scalar(_count(_OPEN, Incident)) or 0


#: What stands where the name of what failed would tell of a confidential case. It is to be mended all the same: who has
#: come for help waits for that paper.
UNTOLD = ("一项工作", "A piece of work")


UNTOLD_CAUSE = (
    "没有做成。内容不显示；可以再试一次，还不行，请把这个时间告诉开发人员。",
    "It failed. What it is about is not shown. Try again; if it fails again, pass on when it was.",
)


def _untold(one: Incident) -> Trouble:
    return Trouble(one.id, UNTOLD, UNTOLD_CAUSE, "", None, "", one.at)


def cause(work: Work, one: Incident) -> tuple[str, str]:
    """Why it failed, in Chinese and English, as an operator may read it."""
    case = work.session.get(Case, one.case_id) if one.case_id is not None else None
    return UNTOLD_CAUSE if case is not None and case.confidential else (one.zh, one.en)


_MACHINE = re.compile(r"[A-Za-z_][\w.]*: ")


def _trouble(one: Incident, number: str | None, matter_name: str, behind: bool) -> Trouble:
    zh, en = one.zh, one.en or one.zh
    if one.job_id is not None:
        what = jobs.named(one.name)
        zh, en = zh.partition("：")[2] or zh, en.partition(": ")[2] or en
    else:
        words = one.name or one.element
        what = (f"“{words}”", words)
        zh = re.sub(r"^.{0,20}没有做成：", "", zh)
    machine = _MACHINE.match(zh)
    if machine is not None:  # an error of the program, not a refusal that says what to do
        detail, zh, en = (
            zh,
            "系统出错。可以再试一次；还不行，请把技术信息交给开发人员。",
            "The program failed. Try again; if it fails again, pass the details on.",
        )
    else:
        detail = ""
    return Trouble(one.id, what, (zh, en), detail, number, matter_name, one.at, behind)


def _queues(work: Work, now: datetime) -> tuple[Queue, ...]:
    due = Job.run_after <= now
    rows = work.session.execute(
        select(
            Job.kind,
            func.count().filter(Job.state == "ready", due),
            func.count().filter(Job.state == "ready", ~due),
            func.count().filter(Job.state == "leased"),
            func.min(Job.run_after).filter(Job.state == "ready", due),
        )
        .where(jobs.PENDING, sight.open_ones(Job.case_id))
        .group_by(Job.kind)
        .order_by(Job.kind)
    ).all()
    return tuple(Queue(jobs.named(kind), ready, later, leased, oldest) for kind, ready, later, leased, oldest in rows)


def _holders(work: Work) -> tuple[str, ...]:
    return tuple(sorted(filter(None, jobs.holders(work))))


def _workers(work: Work, now: datetime) -> tuple[Worker, ...]:
    return tuple(
        Worker(
            one.machine,
            one.trusted_at,
            now - one.trusted_at < SILENT,
            timedelta(seconds=one.jump_s) if one.jump_s is not None else None,
            one.wall_at,
        )
        for one in work.session.scalars(select(Beat).order_by(Beat.machine))
    )


def _due(work: Work, now: datetime) -> Due:
    cases = work.session.execute(
        select(func.count(), func.min(Case.next_alert_at)).where(Case.next_alert_at <= now, ~Case.confidential)
    ).one()
    seen = sight.open_ones(Timer.case_id)
    timers = work.session.execute(select(func.count(), func.min(Timer.wake_at)).where(Timer.wake_at <= now, seen)).one()
    parked = work.session.scalar(select(func.count()).select_from(Timer).where(Timer.wake_at >= NEVER, seen)) or 0
    return Due(cases[0], cases[1], timers[0], timers[1], parked)
