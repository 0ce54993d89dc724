"""The work itself: matter versions, cases, tasks, timers, deadlines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.models.base import Base, BigId, Sealed, SealedBytes, SealedJson, SealedList, SealedWords
from engine.store.models.people import Unit, User


class MatterVersion(Base):
    """A published version of a matter (事项版本): its files, by content hash. Never changed, never deleted."""

    __tablename__ = "matter_version"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    matter: Mapped[str] = mapped_column(String(40), index=True)
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary)  # a zip of the package's files
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    # The version new cases get. At most one a matter.
    current: Mapped[bool] = mapped_column(default=False)
    #: It was published, or chosen again, in the studio: a start does not put the content folder's older one over it.
    from_studio: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: It was taken off in the studio, and stays off until somebody publishes the matter again.
    taken_off: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        Index(
            "uq_matter_version_current",
            "matter",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )


class MatterVerdict(Base):
    """What the proof of a matter found (求证结论), so that a start proves only what is new.

    `key` is the hash of all that a verdict depends on: the matter's files with its stories, the shared papers, the
    program, the county's lists of units and posts. A row is never changed but for `stands`.
    """

    __tablename__ = "matter_verdict"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    matter: Mapped[str] = mapped_column(String(40), index=True)
    version: Mapped[str] = mapped_column(String(64))  # of the files, as MatterVersion.hash; "" when they cannot be read
    good: Mapped[bool]  # it may be published
    offered: Mapped[bool]  # matter.yaml does not say `published: false`
    found: Mapped[dict[str, Any]] = mapped_column(default=dict)  # engine.proof.Verdict as JSON
    proved_at: Mapped[datetime]
    stands: Mapped[bool] = mapped_column(default=False)  # it is about what the content folder held at the last look

    __table_args__ = (
        Index("ix_matter_verdict_stands", "matter", sqlite_where=text("stands"), postgresql_where=text("stands")),
    )


#: What the night looks for: cases that ended and have no day yet, and those that wait for theirs.
UNDATED = text("finished_at is not null and keep_until is null")
KEPT = text("erased_at is null and keep_until is not null")
#: What an overview counts: cases in hand and those that ended lately, however many there have ever been.
OPEN = text("finished_at is null")
ENDED = text("finished_at is not null")


class Case(Base):
    """One application from first word to last (办件)."""

    __tablename__ = "case"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    matter: Mapped[str] = mapped_column(String(40))
    matter_name: Mapped[str] = mapped_column(String(120))
    version_hash: Mapped[str] = mapped_column(String(64), ForeignKey("matter_version.hash"))
    #: Grows by one with every change: the optimistic lock.
    version: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(40), default="")  # names of the open steps, for lists
    outcome: Mapped[str] = mapped_column(String(40), default="")  # 准予, 不予 … as the diagram decided
    channel: Mapped[str] = mapped_column(String(16), default="online")
    request_key: Mapped[str | None] = mapped_column(
        String(80), unique=True
    )  # a sender's own key: sent twice, kept once
    submitted_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)  # 联办: the case that asked
    parent_key: Mapped[str | None] = mapped_column(String(80))  # … and its effect, when it waits for this one
    state: Mapped[bytes | None] = mapped_column(SealedBytes, deferred=True)
    answers: Mapped[Any] = mapped_column(SealedJson, deferred=True)  # the process variables, for reading
    ledger: Mapped[Any] = mapped_column(SealedJson, deferred=True)  # 时限台账: the events of engine.deadlines, in order
    #: 迁移: {regime, promised} of the version that it began on, where the one it runs on now says otherwise: what was
    #: promised stays.
    limits_before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    subscriptions: Mapped[list[str]] = mapped_column(default=list)  # keys of its rows in `subscription`

    applicant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    applicant_name: Mapped[str] = mapped_column(Sealed)
    applicant_phone: Mapped[str | None] = mapped_column(Sealed)
    applicant_id_number: Mapped[str | None] = mapped_column(Sealed)
    #: 代办: the bond of who acts for them as their agent, until it is ended (no foreign key, as for bond_id).
    mandate_id: Mapped[int | None] = mapped_column(BigId, index=True)
    referred_at: Mapped[datetime | None]  # 移送: when it last got another office; offices before see no later papers
    #: 替人办: the bond by which somebody applied for the applicant (no foreign key: bonds name the case that made
    # them).
    bond_id: Mapped[int | None] = mapped_column(BigId)
    name_index: Mapped[str | None] = mapped_column(String(32), index=True)
    #: Of the surname alone. Whoever takes the database sees which cases share one, and not which it is.
    surname_index: Mapped[str | None] = mapped_column(String(32), index=True)
    phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    id_index: Mapped[str | None] = mapped_column(String(32), index=True)

    place_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # where the applicant's matter belongs
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # who took it in (收件)
    office_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # who decides
    #: 移送: ids of the offices that had it before, as /12/34/; they go on seeing it.
    past_offices: Mapped[str] = mapped_column(String(400), default="")
    #: Of a restricted case: ids of the units that handle it beside the office, as /12/34/: the counter that took it in,
    #: and those its steps name. Where the applicant lives is none of them by itself.
    handled_by: Mapped[str] = mapped_column(String(400), default="")

    received_at: Mapped[datetime] = mapped_column(index=True)
    accepted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    #: End of the last day promised (承诺) and allowed by law (法定). None while no clock runs.
    promised_due: Mapped[datetime | None]
    statutory_due: Mapped[datetime | None]
    step_due: Mapped[datetime | None]  # the earliest due of the open tasks
    yellow_at: Mapped[datetime | None]  # from then on the colour is yellow
    deemed_at: Mapped[datetime | None]  # silence becomes acceptance then (RULES T3)
    paused_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]  # when its clocks stopped for good: the decision, or the end
    #: When the colour next changes or a reminder is due: the worker wakes the case then.
    next_alert_at: Mapped[datetime | None]
    colour: Mapped[str] = mapped_column(String(8), default="green")
    flags: Mapped[list[str]] = mapped_column(default=list)  # 老年, 代办, 容缺 …
    #: Accounts of its parties (当事人) beside the applicant: they read the case, and sign what is theirs to sign.
    party_ids: Mapped[list[Any]] = mapped_column(default=list)
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)  # role of staff -> ids of who was chosen for it
    restricted: Mapped[bool] = mapped_column(default=False)  # health and child data: only who handles it reads it (Y3)
    #: 保密: to everybody but the people of the office itself it is as if it were not there (and it is restricted too).
    confidential: Mapped[bool] = mapped_column(default=False)
    #: 回避: ids of the staff who must keep away from it, as /12/34/; they neither see nor touch it (RULES W6, E4).
    apart: Mapped[str] = mapped_column(String(400), default="")

    events_count: Mapped[int] = mapped_column(default=0)
    events_head: Mapped[str] = mapped_column(String(64), default="")  # hash of the last event of this case

    #: The day on which what it says of people is erased (保存期限), given in the night after its end; 9999 is never.
    keep_until: Mapped[date | None]
    erased_at: Mapped[datetime | None]  # from then on it says of nobody whose it was

    tasks: Mapped[list[Task]] = relationship(back_populates="case", order_by="Task.id", lazy="raise")
    place: Mapped[Unit] = relationship(foreign_keys=[place_id], lazy="raise")
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id], lazy="raise")
    office: Mapped[Unit] = relationship(foreign_keys=[office_id], lazy="raise")

    __table_args__ = (
        CheckConstraint("status in ('running','suspended','finished','withdrawn','terminated')", name="status"),
        CheckConstraint("colour in ('green','yellow','red','black','paused','done')", name="colour"),
        CheckConstraint("(status in ('running','suspended')) = (finished_at is null)", name="finished"),
        Index("ix_case_next_alert_at", "next_alert_at"),
        Index("ix_case_matter_status", "matter", "status"),
        Index("ix_case_submitted_by_id_received_at", "submitted_by_id", "received_at"),
        Index("ix_case_status_promised_due", "status", "promised_due"),
        Index("ix_case_open", "place_id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_case_finished_at", "finished_at", sqlite_where=ENDED, postgresql_where=ENDED),
        Index("ix_case_undated", "finished_at", "id", sqlite_where=UNDATED, postgresql_where=UNDATED),
        Index("ix_case_keep_until", "keep_until", "id", sqlite_where=KEPT, postgresql_where=KEPT),
    )


class WorkOrder(Base):
    """What a dispatched order (工单) counts for in the figures of a month: facts of one case, kept as it goes on
    (engine.commands.order_rows), so that nobody opens a thousand sealed cases to count them."""

    __tablename__ = "work_order"

    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), primary_key=True)
    dispatched_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    signed: Mapped[bool | None]  # whether it was signed for in time; None: the time is not over
    returned: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[bool] = mapped_column(default=False)  # a return was upheld: somebody else got it
    redone: Mapped[int] = mapped_column(default=0)
    #: What its asker said when called back; None: was not asked, or did not say.
    answered: Mapped[bool | None]
    solved: Mapped[bool | None]
    stars: Mapped[int | None]
    left_out: Mapped[str] = mapped_column(String(20), default="")  # why it counts in no rate; "": it counts
    #: The case whose process set it aside (an appeal that was upheld): the reason stands there. It counts in no rate.
    set_aside_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"))


#: A step that somebody does by a bond: most are done by nobody's.
BY_BOND = text("bond_id is not null")


class Task(Base):
    """One step that waits, or waited, for a person (任务). Never deleted: it ends, with a reason."""

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    key: Mapped[str] = mapped_column(String(80))  # the engine's id of the task
    element: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16), default="user")
    round: Mapped[int]
    #: Grows with every operation: what a person saw must still be so.
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(8), default="open")
    ended: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    form: Mapped[str | None] = mapped_column(String(120))
    priority: Mapped[int] = mapped_column(default=50)
    instance: Mapped[int | None]
    scope: Mapped[str] = mapped_column(String(120), default="")
    #: For residents (补正) the applicant has the task; no post is asked.
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    assignee_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    acting_for_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # 代理: claimed on whose behalf
    #: 关系: the bond by which it was claimed; when that is over, so is the claim.
    bond_id: Mapped[int | None] = mapped_column(BigId)
    ended_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]  # a person first opened it: after that there is no 撤回
    claimed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    follow_up_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    candidates: Mapped[list[str]] = mapped_column(default=list)  # keys, kept after the end for the record
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    properties: Mapped[dict[str, Any]] = mapped_column(default=dict)
    variables: Mapped[Any] = mapped_column(SealedJson, deferred=True)  # what the form sees
    result: Mapped[Any | None] = mapped_column(SealedJson, deferred=True)  # what was answered
    drafted: Mapped[bool] = mapped_column(default=False)  # somebody saved a draft
    #: 回避: those of the case, and those its node keeps away (its property `apart`). They never get this task.
    apart: Mapped[str] = mapped_column(String(400), default="")
    #: What completing it did: effects asked, keys of papers and notices, whether a clock moved. 撤回 undoes it, or is
    #: refused (engine.reads.recalling).
    effects: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: The post or person meant, that nobody is today (engine.commands.candidates.Hands); None: it is where it belongs.
    instead: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: 委派: who gets it back, what was asked, and opinions so far.
    delegated: Mapped[list[Any]] = mapped_column(SealedList, default=list, nullable=True)

    case: Mapped[Case] = relationship(back_populates="tasks", lazy="raise")
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id], lazy="raise")
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id], lazy="raise")

    __table_args__ = (
        UniqueConstraint("case_id", "key", "round"),
        CheckConstraint("state in ('open','claimed','ended')", name="state"),
        CheckConstraint(
            "ended is null or ended in ('APPROVED','REJECTED','RETURNED','CANCELLED','SUPERSEDED')", name="ended"
        ),
        CheckConstraint("(state = 'ended') = (ended is not null)", name="ends_with_a_reason"),
        CheckConstraint("(state = 'ended') = (ended_at is not null)", name="ends_at"),
        CheckConstraint("state <> 'claimed' or assignee_id is not null", name="claimed_by"),
        CheckConstraint("round >= 1", name="round"),
        Index("ix_task_assignee_id_state", "assignee_id", "state"),
        Index("ix_task_bond_id", "bond_id", sqlite_where=BY_BOND, postgresql_where=BY_BOND),
        Index("ix_task_ended_by_id_ended_at", "ended_by_id", "ended_at"),
        Index("ix_task_state_due_at", "state", "due_at"),
    )


class Listed(Base):
    """A list in which a live task stands: of who may claim it, of who holds it, of the units that see it
    (engine.store.listing, which alone writes them). Rows go when the task ends."""

    __tablename__ = "listed"

    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    cell: Mapped[str] = mapped_column(String(80))  # what a list can be narrowed to: matter|colour|marks|kind
    sort_at: Mapped[datetime]  # when it is due: its place in a list
    turns_at: Mapped[datetime]  # from then on its colour is another one than its cell says

    __table_args__ = (
        Index("ix_listed_order", "key", "sort_at", "task_id", "cell", "turns_at"),
        Index("ix_listed_cell", "key", "cell", "sort_at", "task_id", "turns_at"),
        Index("ix_listed_turns_at", "turns_at"),
    )


class Draft(Base):
    """What someone typed and has not sent (暂存): for a task, or for an application not yet made."""

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    about: Mapped[str] = mapped_column(String(80))  # task:<id> or matter:<name>
    values: Mapped[Any] = mapped_column(SealedJson)
    saved_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (UniqueConstraint("user_id", "about"),)


class Timer(Base):
    """A due time of a running case (定时). The row is deleted when it fired or was cleared."""

    __tablename__ = "timer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    key: Mapped[str] = mapped_column(String(80))
    element: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime]
    #: The worker looks again at this time: the due time, or later after a failure or during a lease.
    wake_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)  # grows with each lease: a worker that slept too long is refused

    __table_args__ = (UniqueConstraint("case_id", "key"),)


class Subscription(Base):
    """A message or signal a running case waits for (订阅)."""

    __tablename__ = "subscription"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    key: Mapped[str] = mapped_column(String(80))
    element: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120))
    correlation: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (
        UniqueConstraint("case_id", "key"),
        Index("ix_subscription_name_correlation", "name", "correlation"),
        CheckConstraint("kind in ('message','signal')", name="kind"),
    )


class Awaited(Base):
    """An effect whose outcome a running case waits for. Deleted when answered."""

    __tablename__ = "awaited"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    key: Mapped[str] = mapped_column(String(80))
    element: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(80))
    since_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("case_id", "key"),)


class DecisionHit(Base):
    """A decision that was evaluated, with the rules that hit (规则命中)."""

    __tablename__ = "decision_hit"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    element: Mapped[str] = mapped_column(String(120))
    decision: Mapped[str] = mapped_column(String(120))
    rules: Mapped[Any] = mapped_column(SealedJson)
    result: Mapped[Any] = mapped_column(SealedJson)
    at: Mapped[datetime]


class Incident(Base):
    """Something a person must mend (异常): in a case, or in a job that gave up."""

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    job_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("job.id"))
    key: Mapped[str] = mapped_column(String(120))
    element: Mapped[str] = mapped_column(String(120), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    code: Mapped[str] = mapped_column(String(40))
    zh: Mapped[str] = mapped_column(SealedWords, nullable=True)  # it may quote what somebody answered
    en: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    at: Mapped[datetime]
    solved_at: Mapped[datetime | None]
    solved_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))

    __table_args__ = (
        Index(
            "uq_incident_open",
            "case_id",
            "key",
            unique=True,
            sqlite_where=text("solved_at is null"),
            postgresql_where=text("solved_at is null"),
        ),
        Index(
            "ix_incident_open_at",
            "at",
            sqlite_where=text("solved_at is null"),
            postgresql_where=text("solved_at is null"),
        ),
    )


class Rating(Base):
    """What the resident thought (好差评), five levels; at most one a case and step."""

    __tablename__ = "rating"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    step: Mapped[str] = mapped_column(String(120), default="")
    level: Mapped[int | None]  # None: unrated
    tags: Mapped[list[str]] = mapped_column(default=list)
    comment: Mapped[str | None] = mapped_column(Sealed)
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    at: Mapped[datetime]
    default_unrated: Mapped[bool] = mapped_column(default=False)  # nobody rated in time: kept out of every rate (E2)
    named: Mapped[bool] = mapped_column(default=False)  # 实名: they want to be called about it (E3)
    mistaken: Mapped[bool] = mapped_column(default=False)  # an appeal was upheld: kept out of every rate (E3)

    __table_args__ = (
        UniqueConstraint("case_id", "step"),
        CheckConstraint("level between 1 and 5", name="level"),
        CheckConstraint("(level is null) = default_unrated", name="unrated"),
        Index("ix_rating_at", "at"),
    )


class Reminder(Base):
    """A 催办: once a task per four hours; changes no deadline."""

    __tablename__ = "reminder"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), index=True)
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)


class PrivateNote(Base):
    """What a clerk keeps to themself about one party (背对背笔记). Read by its author and by nobody else (RULES Y3)."""

    __tablename__ = "private_note"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    author_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    party: Mapped[str] = mapped_column(Sealed)
    text: Mapped[str] = mapped_column(Sealed)
    at: Mapped[datetime]

    __table_args__ = (Index("ix_private_note_case_id_author_id", "case_id", "author_id"),)
