"""What residents of the demo county said afterwards: bad ratings that are mended, and reports (我要反映) on their
way."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from engine import people
from engine.commands import cases
from engine.commands.equipment import Equipment
from engine.commands.worker.wiring import JOBS
from engine.people import Actor
from engine.records import jobs
from engine.store import Database
from engine.store.models import Case, Rating, Task, Timer
from web.demo.playing import Idle

#: What was told: (kind, text, where, unit it belongs to).
REPORTS = (
    ("problem", "村口的路灯坏了半个月，晚上走路看不见。", "村口公交站旁", "所在乡镇"),
    ("problem", "垃圾桶三天没有清，味道很大。", "菜市场后门", "所在乡镇"),
    ("clerk", "窗口的人说话不耐烦，材料没有一次说清。", "", "350526-YB"),
    ("problem", "老人高龄津贴这个月没有到账。", "", "350526-MZ"),
    ("advice", "希望大厅周六上午也能办医保。", "", "进城党群城市家园"),
    ("problem", "人行道的砖松了，下雨踩上去溅水。", "小学门口", "所在乡镇"),
    ("ask", "灵活就业的人怎么交养老保险？", "", "350526-RS"),
    ("problem", "祠堂边的电线垂下来了，怕碰到人。", "祠堂边", "所在乡镇"),
    ("problem", "楼上装修，中午也在敲墙。", "3号楼", "所在乡镇"),
)


class Person(Protocol):
    @property
    def actor(self) -> Actor: ...

    @property
    def phone(self) -> str: ...


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Person], dice: random.Random, now: datetime
) -> int:
    """Reports at different steps, and one bad rating that is being mended. How many cases."""
    made = 0
    for n, report in enumerate(REPORTS):
        made += _report(database, staff, dice.choice(list(residents)), report, n, now)
    return made + _mended(database, staff, now)


def _report(
    database: Database,
    staff: Mapping[str, Actor],
    who: Person,
    report: tuple[str, str, str, str],
    n: int,
    now: datetime,
) -> int:
    kind, text, where, unit = report
    at = now - timedelta(days=12 if n >= 6 else 2 + n % 3, hours=n)
    raw = {
        "danger": "no",
        "kind": kind,
        "report": {"text": text, "place": where or None},
        "consent_visit": True,
        "about": {"clerk": "苏文进" if kind == "clerk" else None, "number": ""},
        "applicant": {"name": who.actor.name, "phone": who.phone},
    }
    with database.unit_of_work() as work:
        case_id = cases.submit(work, "fanying", raw, by=who.actor, now=at).case.id
    level = "紧急" if "电线" in text else "一般"
    category = "工作人员作风" if kind == "clerk" else "政务服务" if not where else "道路设施"
    wrong = {"finding": "clear", "category": category, "dispatch": {"unit": "350526-MZ", "level": level}}
    answers: list[dict[str, Any] | str] = [
        wrong if n == 5 else {**wrong, "dispatch": {"unit": unit, "level": level}},
        {"signing": "return", "return_reason": "道路归乡镇管"} if n == 5 else {"signing": "accept"},
        {"done": {"text": "已到现场处理。", "reply": "已经处理好了，有问题请再打电话。"}},
        "timer",
        {
            "visit": {
                "reached": "yes",
                "answered": "yes",
                "solved": "no" if n == 8 else "yes",
                "satisfied": "不满意" if n == 8 else "满意",
                "note": "电话回访",
            }
        },
    ]
    steps = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 2}.get(n, len(answers))
    for step in answers[:steps]:
        at += timedelta(days=1, minutes=5) if step == "timer" else timedelta(hours=3)
        _act(database, staff, case_id, step, min(at, now))
    return 1


def _act(
    database: Database, staff: Mapping[str, Actor], case_id: int, step: dict[str, Any] | str, now: datetime
) -> None:
    with database.unit_of_work() as work:
        if isinstance(step, str):
            timer = work.session.scalars(select(Timer).where(Timer.case_id == case_id, Timer.due_at <= now)).first()
            if timer is not None:
                cases.fire(work, timer, now=now)
            return
        case = work.session.get(Case, case_id)
        task = work.session.scalar(select(Task).where(Task.case_id == case_id, Task.state != "ended"))
        if case is None or task is None:
            return
        by = next((a for a in staff.values() if people.may(a, "claim", task, case=case)), None)
        if by is not None:
            cases.complete(work, task.id, step, version=task.version, by=by, now=now)


def _mended(database: Database, staff: Mapping[str, Actor], now: datetime) -> int:
    """One of the finished cases is rated badly and by name: the bureau has called, and is mending it."""
    with database.unit_of_work() as work:
        case = work.session.scalar(
            select(Case)
            .outerjoin(Rating, Rating.case_id == Case.id)
            .where(
                Case.matter == "daiban",
                Case.status == "finished",
                Case.outcome == "approve",
                Rating.id.is_(None),
                Case.finished_at > now - timedelta(days=6),
                Case.finished_at < now - timedelta(hours=2),
                Case.applicant_id.is_not(None),
            )
            .order_by(Case.id)
            .limit(1)
        )
        if case is None or case.applicant_id is None:
            return 0
        by = people.load(work, case.applicant_id, now=now)
        cases.rate(work, case.id, 1, by=by, now=now - timedelta(hours=2), comment="材料跑了三趟才说清。", named=True)
        parent = case.id
    for kind in (jobs.Kind.OPEN_CHILD, jobs.Kind.CLOSE_RATING):  # what the worker would have done by now
        with database.unit_of_work() as work:
            taken = jobs.lease(work, "demo", now=now, most=1000, kinds=[kind])
        for job in taken:
            JOBS[kind](database, job, Equipment(press=Idle()), now)
    with database.reading() as work:
        child = work.session.scalar(select(Case.id).where(Case.parent_id == parent))
    if child is None:
        return 0
    called = {"contact": {"reached": "yes", "facts": "材料没有一次说清，跑了三趟。", "how": "mend"}}
    _act(database, staff, child, called, now)
    return 1
