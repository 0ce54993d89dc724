"""A post that nobody holds today: the supervisor of the nearest unit that can act has its work, and is told so.

Sixty cases of one cause are one notice: it is put once a day for each post and supervisor, and links to each case.
"""

from __future__ import annotations

from datetime import datetime

from engine.people import holders
from engine.reads import vacant
from engine.records import notices
from engine.store import Work
from engine.store.models import Case, Task
from engine.workdays import local_date


def tell(work: Work, case: Case, task: Task, *, now: datetime) -> None:
    """Whoever has this task in place of who is meant reads why, once a day for each cause."""
    if task.instead is None:
        return
    day = local_date(now)
    meant, meant_en = vacant.missing(work, task.instead)
    for user_id in holders.of_task(work, task, on=day):
        notices.put_for_cause(
            work,
            f"instead:{_cause(task)}",
            notices.Words(
                f"{meant}，那里的件先由您办理或转办，请尽快补上岗位。今天第一件：{case.number}（{task.name}）。",
                f"{meant}，那里的件先由您办理或转办，请尽快补上岗位。今天 {{count}} 件，第一件：{{number}}。",
            ),
            notices.Words(
                f"Because {meant_en}, its work is yours to do or to hand on; please fill the post. The first today: "
                f"{case.number}.",
                f"Because {meant_en}, its work is yours to do or to hand on; please fill the post. {{count}} today, "
                "the first {number}.",
            ),
            kind="nobody-there",
            now=now,
            user_id=user_id,
            case=case,
        )


def _cause(task: Task) -> str:
    meant = task.instead or {}
    return f"u{meant['user']}" if "user" in meant else f"{meant['unit']}:{meant['post']}"
