"""Jobs (后台作业): rows a worker leases. Written in the transaction that wants them; done exactly once.

A lease has an end and a fencing token: a worker that slept past its lease finds the token grown, and what it did is
rolled back. A job that fails is tried again on a delay list, then becomes an incident a person can read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.errors import NotNow
from engine.store import Work, fresh
from engine.store.models import Incident, Job
from engine.workdays import ZONE, local_date

#: How long a worker may take before another may try.
LEASE = timedelta(seconds=120)
#: What waits or is in hand, as the partial indexes say it: by bound values a database does not see that they fit.
PENDING: ColumnElement[bool] = literal_column("job.state in ('ready','leased')")
#: Waits before the second, third … try; after the last the job is an incident.
DELAYS = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 3600))


class Kind(StrEnum):
    """Every kind of job. Who does it: engine.commands.worker.wiring."""

    RENDER_PAPER = "render-paper"
    SEND_NOTICE = "send-notice"
    SEND_CODE = "send-code"
    OPEN_CHILD = "open-child"
    ANSWER_PARENT = "answer-parent"
    ANSWER_JOINED = "answer-joined"
    FOLLOW_JOINED = "follow-joined"
    SHARE_DATA = "share-data"
    COLLECT_ANSWER = "collect-answer"
    DELIVER_MESSAGE = "deliver-message"
    BROADCAST_SIGNAL = "broadcast-signal"
    HEAR_SIGNAL = "hear-signal"
    CLOSE_RATING = "close-rating"
    APPOINTMENT_DUE = "appointment-due"
    PUBLISH_SLOTS = "publish-slots"
    OFFER_DUE = "offer-due"
    BOOKING_MOMENT = "booking-moment"
    NOBODY_OPENED = "nobody-opened"
    STANDING_DUE = "standing-due"
    FOLLOW_CALENDAR = "follow-calendar"
    BOARD_DUE = "board-due"
    BOARD_TELL = "board-tell"
    TELL_REGISTER = "tell-register"
    BEGIN_SCHEDULED = "begin-scheduled"
    BALLOT_DUE = "ballot-due"
    BALLOT_TELL = "ballot-tell"
    MATCH_DUE = "match-due"
    FORGET_TICKETS = "forget-tickets"
    FOR_EACH = "for-each"
    FOR_EACH_ENDED = "for-each-ended"
    KEEP_REGISTERS = "keep-registers"
    LOANS_DUE = "loans-due"
    FOLLOW_PEOPLE = "follow-people"
    BONDS_DUE = "bonds-due"
    ERASE = "erase"
    ANCHOR_SEAL = "anchor-seal"
    REPLAY = "replay"
    MOVE_CASES = "move-cases"
    RELEASE_DUE = "release-due"


_KNOWN = frozenset(kind.value for kind in Kind)

#: What people call them.
NAMES = {
    Kind.ERASE: ("清除过了保存期限的个人信息", "Erasing what is kept no longer"),
    Kind.FOLLOW_PEOPLE: ("任期到了，件换人办", "Terms that ended: their work goes on"),
    Kind.RELEASE_DUE: ("到生效日期的版本", "A version that comes into force"),
    Kind.REPLAY: ("在草稿上回放办过的件", "Replaying recorded cases on a draft"),
    Kind.ANCHOR_SEAL: ("把每日封存送到外面", "The daily seal, sent outside"),
    Kind.MOVE_CASES: ("把在办件迁到另一个版本", "Moving cases to another version"),
    Kind.BONDS_DUE: ("到期的家人、委托关系", "Bonds whose last day is over"),
    Kind.KEEP_REGISTERS: ("台账到期提醒和清除", "Registers: what runs out, what is blanked"),
    Kind.LOANS_DUE: ("借阅到期提醒、留架到期", "What is due of loans"),
    Kind.RENDER_PAPER: ("制作文书", "Making a paper"),
    Kind.SEND_NOTICE: ("发送通知", "Sending a notice"),
    Kind.SEND_CODE: ("发送验证码", "Sending a log-in code"),
    Kind.OPEN_CHILD: ("开出联办件", "Opening a child case"),
    Kind.ANSWER_PARENT: ("回复主办件", "Answering the parent case"),
    Kind.ANSWER_JOINED: ("答复同一件事的办件", "Answering a case about the same thing"),
    Kind.FOLLOW_JOINED: ("看同一件事答复了没有", "Whether the same thing was answered"),
    Kind.SHARE_DATA: ("数据共享", "Asking a data service"),
    Kind.COLLECT_ANSWER: ("取回共享数据", "Collecting an answer of a data service"),
    Kind.DELIVER_MESSAGE: ("给办件送消息", "A message to a case"),
    Kind.BROADCAST_SIGNAL: ("广播信号", "A signal to all cases"),
    Kind.HEAR_SIGNAL: ("把信号送到办件", "A signal to one case"),
    Kind.CLOSE_RATING: ("到期未评价的归档", "Closing ratings nobody gave"),
    Kind.APPOINTMENT_DUE: ("预约到时处理", "What is due of a booking"),
    Kind.OFFER_DUE: ("供给到时处理", "What is due of an offer"),
    Kind.NOBODY_OPENED: ("送到家没有人开门，开件找人", "Nobody opened the door: a case to look after them"),
    Kind.BOOKING_MOMENT: ("看预订的人来了没有、走了没有", "Whether they came, whether they have left"),
    Kind.STANDING_DUE: ("按长期预订订好后面的日子", "Bookings of a standing order"),
    Kind.PUBLISH_SLOTS: ("放出预约号源", "Publishing times to book"),
    Kind.MATCH_DUE: ("撮合到时处理", "What is due of a match"),
    Kind.BALLOT_DUE: ("表决开始、截止", "Opening and closing a ballot"),
    Kind.BALLOT_TELL: ("通知名册上的人", "Telling those on a roll"),
    Kind.FOLLOW_CALENDAR: ("按新日历重算时限", "Dating limits by a new calendar"),
    Kind.BOARD_DUE: ("公开栏到时处理", "What is due of a board"),
    Kind.TELL_REGISTER: ("通知台账里同意接收的人", "Telling those of a register who agreed"),
    Kind.BOARD_TELL: ("通知关注公开栏的人", "Telling those who follow a board"),
    Kind.BEGIN_SCHEDULED: ("开始定期事项", "Beginning what is scheduled"),
    Kind.FORGET_TICKETS: ("删去过去的号上的个人信息", "Forgetting who had past numbers"),
    Kind.FOR_EACH: ("逐条办理", "One thing for each record"),
    Kind.FOR_EACH_ENDED: ("逐条办理的一件办完了", "One of a for-each has ended"),
}


def known(kind: str) -> bool:
    """Whether this version of the program knows jobs of that kind."""
    return kind in _KNOWN


def named(kind: str) -> tuple[str, str]:
    """What people call a kind of job. A row of another version of the program may be of a kind this one does not
    know."""
    return NAMES[Kind(kind)] if known(kind) else (f"后台作业 {kind}", f"A job of kind {kind}")


@dataclass(frozen=True, slots=True)
class Leased:
    """A job in hand."""

    id: int
    kind: str
    key: str
    case_id: int | None
    payload: Mapping[str, Any]
    private: Mapping[str, Any] | None
    attempts: int
    fence: int


class Fenced(NotNow):
    """Expected still to hold the lease, but another worker has it."""

    slug = "fenced"


def put(
    work: Work,
    kind: Kind,
    key: str,
    payload: Mapping[str, Any] | None = None,
    *,
    now: datetime,
    case_id: int | None = None,
    after: datetime | None = None,
    private: Mapping[str, Any] | None = None,
) -> Job:
    """Queue a job. The key names what asked for it; a caller that may ask twice uses `put_once`.

    `payload` is plain (ids and keys); what is about a person goes into `private`, which is sealed.
    """
    row = fresh(
        Job,
        kind=_value(kind),
        key=key,
        payload=dict(payload or {}),
        private=dict(private) if private else None,
        case_id=case_id,
        created_at=now,
        run_after=after or now,
        state="ready",
    )
    work.session.add(row)
    if after is None or after <= now:
        work.after_commit(work.database.bell.ring)
    return row


def put_once(
    work: Work,
    kind: Kind,
    key: str,
    payload: Mapping[str, Any] | None = None,
    *,
    now: datetime,
    case_id: int | None = None,
    after: datetime | None = None,
) -> bool:
    """Queue a job unless one with this key was ever queued; whether it was new."""
    insert = sqlite.insert(Job) if work.dialect == "sqlite" else postgresql.insert(Job)
    made = work.session.scalar(
        insert.values(
            kind=_value(kind),
            key=key,
            payload=dict(payload or {}),
            case_id=case_id,
            created_at=now,
            run_after=after or now,
            state="ready",
            attempts=0,
            fence=0,
            worker="",
            error="",
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Job.id)
    )
    if made is not None and (after is None or after <= now):
        work.after_commit(work.database.bell.ring)
    return made is not None


def put_daily(work: Work, kind: Kind, at: time, *, now: datetime) -> None:
    """Queue what is done once a day, for the next time that it is `at` here; asked for twice, it is done once."""
    moment = datetime.combine(local_date(now), at, ZONE)
    moment = moment if moment > now else moment + timedelta(days=1)
    put_once(work, kind, f"{_value(kind)}:{moment.date()}", now=now, after=moment)


def _value(kind: str) -> str:
    if not known(kind):
        raise ValueError(f"Expected a kind of jobs.Kind, but {kind!r} is none: add it there and to worker/wiring.py")
    return str(kind)


def kinds_due(work: Work, *, now: datetime) -> set[str]:
    """Which kinds of job are due: one look at the index, so that an idle worker takes no lock."""
    due = select(Job.kind).distinct().where(PENDING, Job.run_after <= now)
    return set(work.session.scalars(due))


def due(work: Work, *, now: datetime, kinds: Collection[str]) -> bool:
    """Whether a job of these kinds is due: the first that is found tells."""
    return work.session.scalar(_due(now, kinds, ()).limit(1)) is not None


def _due(now: datetime, kinds: Collection[str], but: Collection[str]) -> Select[int]:
    found = select(Job.id).where(PENDING, Job.run_after <= now)
    if kinds:
        found = found.where(Job.kind.in_(sorted(map(str, kinds))))
    if but:
        found = found.where(Job.kind.not_in(sorted(map(str, but))))
    return found


def lease(
    work: Work,
    worker: str,
    *,
    now: datetime,
    most: int = 10,
    lasts: timedelta = LEASE,
    kinds: Collection[str] = (),
    but: Collection[str] = (),
) -> list[Leased]:
    """Take due jobs, ready ones and those whose lease ran out: of these kinds only, or of all but those. Commit, then
    do them."""
    first = _due(now, kinds, but).order_by(Job.run_after, Job.id).limit(most)
    if work.dialect == "postgresql":
        first = first.with_for_update(skip_locked=True)
    ids = list(work.session.scalars(first))
    if not ids:
        return []
    rows = work.session.execute(
        update(Job)
        .where(Job.id.in_(ids))
        .values(state="leased", run_after=now + lasts, fence=Job.fence + 1, attempts=Job.attempts + 1, worker=worker)
        .returning(Job.id, Job.kind, Job.key, Job.case_id, Job.payload, Job.private, Job.attempts, Job.fence)
    ).all()
    return sorted((Leased(*row) for row in rows), key=lambda j: ids.index(j.id))


def holders(work: Work) -> list[str]:
    """The workers that hold leases."""
    return list(work.session.scalars(select(Job.worker).distinct().where(PENDING, Job.state == "leased")))


def release(work: Work, worker: str, *, now: datetime) -> int:
    """A worker is known to be dead: its leases end now. Safe even when it is not: the fence has grown at the next
    lease."""
    found = work.session.execute(
        update(Job).where(PENDING, Job.state == "leased", Job.worker == worker).values(state="ready", run_after=now)
    )
    return int(found.rowcount)  # type: ignore[attr-defined]


def release_all(work: Work, *, now: datetime) -> int:
    """The hall was put back from a backup: whoever held a lease then is another machine's, or dead. The fence grows,
    so that one who still lives is refused."""
    found = work.session.execute(
        update(Job).where(Job.state == "leased").values(state="ready", run_after=now, worker="", fence=Job.fence + 1),
        execution_options={"synchronize_session": False},
    )
    return int(found.rowcount)  # type: ignore[attr-defined]


def anew(work: Work, key: str, *, now: datetime, after: datetime) -> None:
    """This job, done or given up before, is to be done once more."""
    values = {"state": "ready", "run_after": after, "attempts": 0, "ended_at": None, "error": ""}
    work.session.execute(update(Job).where(Job.key == key, Job.state != "leased").values(**values))
    if after <= now:
        work.after_commit(work.database.bell.ring)


def done(work: Work, job: Leased, *, now: datetime) -> None:
    """Mark it done, in the transaction that holds what it made; what it knew of people goes with that. Fenced when the
    lease was lost: roll back."""
    found = work.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == "leased", Job.fence == job.fence)
        .values(state="done", ended_at=now, error="", private=None)
    )
    if not found.rowcount:  # type: ignore[attr-defined]
        raise Fenced("这项作业已由另一个进程接手。", f"Expected to hold job {job.id}, but its lease was lost.")


def failed(work: Work, job: Leased, why: str, *, now: datetime, final: bool = False) -> bool:
    """Put it back for later, or give it up as an incident; whether it was given up."""
    tries = job.attempts
    gone = final or tries > len(DELAYS)
    values: dict[str, Any] = (
        {"state": "failed", "ended_at": now} if gone else {"state": "ready", "run_after": now + DELAYS[tries - 1]}
    )
    found = work.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == "leased", Job.fence == job.fence)
        .values(error=why[:2000], **values)
    )
    if gone and found.rowcount:  # type: ignore[attr-defined]
        work.session.add(
            Incident(
                case_id=job.case_id,
                job_id=job.id,
                key=f"job:{job.id}",
                name=job.kind,
                code="job",
                zh=f"后台作业“{named(job.kind)[0]}”没有做成：{why[:1000]}",
                en=f"The job {job.kind} failed: {why[:1000]}",
                at=now,
            )
        )
    return gone


def keep(work: Work, job: Leased, *, after: datetime) -> None:
    """Not yet: put it back for later, as if it had never been tried. Fenced when the lease was lost: roll back."""
    found = work.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == "leased", Job.fence == job.fence)
        .values(state="ready", run_after=after, attempts=0)
    )
    if not found.rowcount:  # type: ignore[attr-defined]
        raise Fenced("这项作业已由另一个进程接手。", f"Expected to hold job {job.id}, but its lease was lost.")


def again(work: Work, job_id: int, *, now: datetime) -> None:
    """Try a given-up job once more, after its cause was mended."""
    work.session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == "failed")
        .values(state="ready", run_after=now, attempts=0, ended_at=None)
    )
    work.after_commit(work.database.bell.ring)
    work.session.execute(
        update(Incident).where(Incident.job_id == job_id, Incident.solved_at.is_(None)).values(solved_at=now)
    )
