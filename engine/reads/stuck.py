"""卡在哪: for every case one sentence: who has it, since when, under which rule, what unblocks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.deadlines import Account
from engine.people import masks, units
from engine.process.language.effects import TYPES as EFFECTS
from engine.reads import handovers, joined
from engine.store import Work
from engine.store.models import Awaited, Case, ForEach, Incident, Task, Timer
from engine.workdays import say, say_at

ENDED = {
    "finished": ("已办结", "It is done"),
    "withdrawn": ("申请人已撤销", "The applicant withdrew it"),
    "terminated": ("已终止", "It was ended"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """Where a case stands, for staff or (redacted) for the applicant."""

    zh: str
    en: str
    blocked: bool = False  # nobody can go on until something outside happens
    names: tuple[str, ...] = ()  # of steps and units that stand in `en` in Chinese


def sentence(
    work: Work,
    case: Case,
    tasks: Sequence[Task],
    account: Account,
    *,
    now: datetime,
    names: dict[int, str],
    for_applicant: bool,
    incidents: Sequence[Incident],
    timers: Sequence[Timer],
    awaited: Sequence[Awaited],
    phone: str,
    me: int | None = None,
) -> Sentence:
    """The sentence. `names`: user id -> name, of the assignees. `phone`: whom a resident may call about it."""
    if case.status in ENDED:
        zh, en = ENDED[case.status]
        at = f"（{_at(case.finished_at)}）" if case.finished_at else ""
        return Sentence(f"{zh}{at}。", f"{en}.")
    due = account.due_on if account.phase != "done" else None  # what was promised is done: that day is nobody's limit
    by_zh, by_en = (f"，{say(due)}前办结", f", due {due.isoformat()}") if due else ("", "")
    if incidents and not for_applicant:
        one = incidents[0]
        if one.job_id is not None:  # its words name the job already
            return Sentence(f"需要运维处理：{one.zh}", one.en or one.zh, blocked=True)
        return Sentence(
            f"“{one.name or one.element}”出了异常，需要运维处理：{one.zh}",
            f"“{one.name or one.element}” cannot go on: {one.en}",
            blocked=True,
            names=(one.name,),
        )
    yours = next((t for t in tasks if t.assignee_id is not None and t.assignee_id == me), None)
    if yours is not None and for_applicant and (case.paused_at is not None or account.phase == "paused"):
        return Sentence(
            f"等您办理“{yours.name}”。这期间不计时，您办完后接着办。",
            f"It waits for you: “{yours.name}”. The clock stands still until then.",
            True,
            (yours.name,),
        )
    if case.paused_at is not None or account.phase == "paused":
        cause = account.paused_for or "法定事由"
        since = f"自 {_at(case.paused_at)} 起" if case.paused_at else ""
        return Sentence(f"因{cause}暂停计时{since}，恢复后时限顺延。", "The clock is stopped by law.", blocked=True)
    mine = [t for t in tasks if t.assignee_id is not None and (t.assignee_id == case.applicant_id or t.bond_id)]
    if mine and (for_applicant or len(mine) == len(tasks)):
        step = mine[0]
        if for_applicant and me in (step.assignee_id, None):
            return Sentence(
                f"等您办理“{step.name}”。办完后才能继续。", f"It waits for you: “{step.name}”.", True, (step.name,)
            )
        if step.assignee_id != case.applicant_id:  # 关系, 代办: who acts for the applicant is not the applicant
            who = masks.name(names.get(step.assignee_id or 0, ""))
            return Sentence(
                f"等替申请人办的人（{who}）办理“{step.name}”，自 {_at(step.opened_at)} 起。",
                f"It waits for {who or 'somebody'}, who acts for the applicant: “{step.name}”.",
                names=(step.name,),
            )
        return Sentence(
            f"等申请人办理“{step.name}”，自 {_at(step.opened_at)} 起。",
            f"It waits for the applicant: “{step.name}”.",
            names=(step.name,),
        )
    if incidents:
        return _incident(incidents[0], phone)
    if tasks:
        said = [_task(work, t, names, for_applicant) for t in tasks[:3]]
        more = f" 等 {len(tasks)} 处" if len(tasks) > 3 else ""
        return Sentence(
            f"{'；'.join(zh for zh, _, _ in said)}{more}{by_zh}。",
            f"{'; '.join(en for _, en, _ in said)}{by_en}.",
            names=tuple(name for _, _, found in said for name in found),
        )
    handed = handovers.waits_for(work, case.id, [one.key for one in awaited if one.kind == "hand-over"])
    if handed is not None:
        return Sentence(
            f"等交接：{handed.thing}由{handed.giver}交给{handed.receiver}，自 {_at(handed.since)} 起。",
            f"It waits for {handed.thing_en} to be handed over: {handed.giver} to {handed.receiver}.",
            names=(handed.giver, handed.receiver),
        )
    many = next((one for one in awaited if one.kind == "for-each"), None)
    if many is not None and (row := _each_of(work, case, many.key)) is not None:
        return _each(row)
    same = next((one for one in awaited if one.kind == "join-case"), None)
    if same is not None:
        number = "" if for_applicant else joined.target(work, case.id)
        which, which_en = (f"{number} 号", number) if number else ("更早的一件", "an earlier case")
        return Sentence(
            f"和{which}是同一件事，已经在办，等那一件的答复，自 {_at(same.since_at)} 起；办好一并答复。",
            f"It is about the same thing as {which_en}, which is being handled: both are answered together.",
        )
    if awaited:
        kind = EFFECTS.get(awaited[0].kind)
        return Sentence(
            f"等“{kind.zh if kind else awaited[0].kind}”的结果，自 {_at(awaited[0].since_at)} 起。",
            f"It waits for the outcome of “{kind.en if kind else awaited[0].kind}”.",
        )
    if timers and account.phase == "done":
        at = _at(timers[0].due_at)
        return Sentence(
            f"答应的已经办好。等到 {at} 后自动继续。",
            "What was promised is done; it goes on by itself when the time comes.",
        )
    if timers:
        return Sentence(f"等到 {_at(timers[0].due_at)} 后自动继续。", "It goes on by itself when the time comes.")
    if case.subscriptions:
        return Sentence("正在等待消息。", "It waits for a message.")
    return _still(phone, for_applicant)


def _incident(one: Incident, phone: str) -> Sentence:
    """To a resident: not what failed inside, but that it is known, and whom to ask."""
    at = f"在“{one.name}”这一步" if one.name else ""
    return Sentence(
        f"办件{at}出了故障，暂时停在这里。大厅已经收到提醒，正在处理，不用您做什么。{_call(phone)}",
        f"A fault stopped it{f' at “{one.name}”' if one.name else ''}. The hall has been told and is mending it; you "
        f"need not do anything. {_call_en(phone)}",
        blocked=True,
        names=(one.name,) if one.name else (),
    )


def _still(phone: str, for_applicant: bool) -> Sentence:
    """Nothing is open, nothing falls due and nothing is awaited: nobody would ever go on with it."""
    if for_applicant:
        return Sentence(
            f"办件停住了：现在没有人在办，也不是在等您。请告诉大厅，由大厅接着办。{_call(phone)}",
            f"It stands still: nobody works on it, and it does not wait for you. Tell the hall. {_call_en(phone)}",
            blocked=True,
        )
    return Sentence(
        "办件停住了：没有待办，也没有在等的时间、消息或答复。请联系运维处理。",
        "It stands still: no task is open and nothing is awaited. Ask the operator to see to it.",
        blocked=True,
    )


def _call(phone: str) -> str:
    return f"要问进展，请打 {phone}。" if phone else "要问进展，请到办事窗口。"


def _call_en(phone: str) -> str:
    return f"To ask about it, call {phone}." if phone else "To ask about it, come to the counter."


def _task(work: Work, task: Task, names: dict[int, str], for_applicant: bool) -> tuple[str, str, tuple[str, ...]]:
    """In Chinese, in English, and the names that stand in both."""
    unit = units.place(work, task.unit_id).name if task.unit_id else ""
    if task.state == "claimed" and task.assignee_id is not None:
        who = "" if for_applicant else masks.name(names.get(task.assignee_id, "")) + " "
        zh = f"{unit} {who}正在办“{task.name}”（{_at(task.claimed_at)} 签收）".strip()
        return zh, f"{unit or 'Somebody'} is on “{task.name}”", (unit, task.name)
    zh = f"{unit}待签收“{task.name}”（{_at(task.opened_at)} 到达）"
    return zh, f"“{task.name}” waits{f' at {unit}' if unit else ''} to be signed for", (unit, task.name)


def _at(at: datetime | None) -> str:
    return say_at(at) if at else ""


def _each_of(work: Work, case: Case, effect: str) -> ForEach | None:
    wanted = select(ForEach).where(ForEach.case_id == case.id, ForEach.effect == effect)
    return work.session.scalars(wanted).one_or_none()


def _each(row: ForEach) -> Sentence:
    """How far a for-each is: it waits for the hall's own worker, or for whoever looks at what failed."""
    settled = row.done + row.left_out
    if row.failed and settled + row.failed == row.total:
        return Sentence(
            f"“{row.name}”有 {row.failed} 条没办成，请看下面的原因，再办或者写明不办"
            f"（办好 {settled} / {row.total} 条）。",
            f"{row.failed} of {row.total} failed: see why below, then try them again or leave them out.",
        )
    return Sentence(
        f"“{row.name}”正在逐条办理：办好 {settled} / {row.total} 条，自 {_at(row.began_at)} 起。",
        f"One by one: {settled} of {row.total} done.",
    )
