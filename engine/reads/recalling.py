"""撤回: whether somebody may take back a step they completed, and if not, why not.

Everything the step did is undone with it, in the same commit: papers it issued are void, notices nobody has had yet are
called off. What left the hall, or what others build on by now, cannot be undone: then 撤回 is refused beforehand and
names it, and is offered nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from engine import process
from engine.errors import NotNow, NotYours, Refused
from engine.matters import Package, nodes
from engine.people import Actor, apart
from engine.process.language.effects import TYPES
from engine.records import audit
from engine.store import Work
from engine.store.models import Case, Event, Handover, HandoverLink, Notice, Task
from engine.workdays import say_at

#: Effects that are undone with their step: papers are void, notices called off, the agent and the marks of the case as
#: they were.
UNDONE = frozenset({"issue-paper", "send-notice", "remind", "take-mandate"})
#: What moves a case without anybody's step: whatever it brought cannot be told apart from the step any more.
_WENT_ON = (audit.Kind.TIMER_FIRED, audit.Kind.MESSAGE, audit.Kind.EFFECT_ANSWERED)


def why_not(work: Work, case: Case, task: Task, live: Iterable[Task], *, package: Package, by: Actor) -> Refused | None:
    """Why this person may not take this step back now; None when they may. `live`: the case's open tasks."""
    if task.ended not in ("APPROVED", "REJECTED"):
        return NotNow("只能撤回自己刚办完的任务。", "Expected a task you completed, but it is not.")
    if task.ended_by_id != by.id or by.id is None:
        return NotYours("只有办理这一步的人可以撤回。", "Only the person who completed this may recall it.")
    if by.id in apart.read(task.apart):
        return NotYours("您应当回避这一步，不能撤回。", "You must keep away from this step.")
    if case.status not in ("running", "suspended"):
        return NotNow("这个办件已经结束，不能撤回。", "The case has ended: it cannot be recalled.")
    if "recall" not in nodes.operations(task.properties):
        return NotNow(f"“{task.name}”这一步不允许此操作。", "This step does not allow recall.")
    for one in live:
        if (
            one.id > task.id
            and task.ended_at is not None
            and one.opened_at >= task.ended_at
            and one.seen_at is not None
        ):
            return NotNow(
                f"下一步“{one.name}”已被打开查看，不能撤回；可以请对方退回。",
                f"The next step {one.name!r} was opened already: ask for it to be returned.",
            )
    return _effects(work, case, task) or _since(work, case, task) or _engine(case, task, package)


def _effects(work: Work, case: Case, task: Task) -> NotNow | None:
    """What the step did that cannot be undone."""
    did: Mapping[str, Any] | None = task.effects
    if did is None:
        return NotNow("这一步是程序升级以前办的，不能撤回；可以请下一步退回。", "It was done before an upgrade.")
    for kind, name, to in did["asked"]:
        if kind == "hand-over" and not _handed(work, case, task):
            continue  # nothing was to be handed over
        if kind not in UNDONE or to == "register":
            known = TYPES.get(kind)
            zh, en = (known.zh, known.en) if known is not None else (kind, kind)
            return _left(f"{zh}（{name}）" if name and name != zh else zh, en)
    if did["clock"]:
        return _left("时限的起算、停止或答复补正", "a mark on the clock of the case")
    sent = select(Notice).where(Notice.key.in_(did["notices"]), Notice.channel != "screen", Notice.state == "sent")
    gone = work.session.scalars(sent.limit(1)).first() if did["notices"] else None
    if gone is not None:
        at = f"（{say_at(gone.sent_at)}）" if gone.sent_at is not None else ""
        return _left(f"已经发出的短信{at}", "a text message that was sent")
    return None


def _handed(work: Work, case: Case, task: Task) -> bool:
    """Whether this case has had a link of a hand-over since the step: somebody may hold something by it."""
    links = select(HandoverLink.id).join(Handover, Handover.id == HandoverLink.handover_id)
    since = links.where(Handover.case_id == case.id, HandoverLink.opened_at >= task.ended_at)
    return work.session.scalar(since.limit(1)) is not None


def _left(zh: str, en: str) -> NotNow:
    return NotNow(
        f"这一步已经办成了{zh}，收不回来，所以不能撤回。要改的，请让下一步退回，或者由负责人更正。",
        f"This step did what cannot be undone: {en}. Ask for it to be returned, or have a supervisor correct it.",
    )


def _since(work: Work, case: Case, task: Task) -> NotNow | None:
    done = (
        select(Event.seq)
        .where(Event.case_id == case.id, Event.task_id == task.id, Event.kind == audit.Kind.TASK_COMPLETED.value)
        .order_by(Event.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    later = select(Event.id).where(
        Event.case_id == case.id,
        Event.seq > done,
        Event.at > task.ended_at,
        Event.kind.in_([one.value for one in _WENT_ON]),
    )
    if work.session.scalar(later.limit(1)) is None:
        return None
    return NotNow(
        "这一步之后，流程已经自动往下走了（到时、收到消息或结果），不能撤回。",
        "The process has gone on by itself since (a timer, a message or an answer).",
    )


def _engine(case: Case, task: Task, package: Package) -> Refused | None:
    """The same step taken back in the drawing, and thrown away."""
    try:
        process.advance(
            package.definition, case.state or b"", process.Reopen(task.key), now=task.ended_at or task.opened_at
        )
    except Refused as refusal:
        return refusal
    return None
