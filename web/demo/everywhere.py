"""Thirty days of life in every village of the demo county: somebody rang about something small, the village was sent
the order, and it is signed for, done, late or asked about. Each by the command that people would use; what one order
went through is one transaction, so that nothing of it is met half-way."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine import people
from engine.commands import cases
from engine.people import Actor
from engine.people.units import Place
from engine.store import Database, Work
from engine.store.models import Case, Holding, Post, Task, Timer, Unit
from engine.workdays import Calendar
from web.demo.playing import office_hour

#: What people ring about: (category, what, where).
CALLS = (
    ("道路设施", "路灯不亮，晚上走路看不见。", "村口"),
    ("环境卫生", "垃圾桶满了，两天没有清。", "路口"),
    ("道路设施", "水沟盖板松了，怕孩子踩空。", "小学门口"),
    ("环境卫生", "公厕没有水。", "活动中心旁"),
    ("道路设施", "下雨以后路边塌了一小段。", "后坡"),
    ("道路设施", "自来水发黄，已经三天。", "上片"),
    ("道路设施", "电线垂得很低，挂到竹子。", "祠堂边"),
    ("邻里生活", "有人在巷子里堆杂物，三轮车过不去。", "老街巷子"),
)
#: How the twenty next ones go: answered and content for the most part, and everything else that happens.
ENDS = (
    *("glad", "glad", "late", "glad", "signed", "glad", "partly", "glad", "waits", "glad"),
    *("glad", "glad", "overdue", "glad", "unhappy", "glad", "glad", "slow", "glad", "glad"),
)
#: How many days back each began, from and to: who has not ended began lately, unless it is overdue.
DAYS = {"waits": (0.1, 0.8), "signed": (1, 4), "overdue": (13, 20)}
OTHERWISE = (9, 29)
SAID: Mapping[str, tuple[str, str, str]] = {
    "glad": ("yes", "yes", "满意"),
    "late": ("yes", "yes", "基本满意"),
    "slow": ("no", "yes", "基本满意"),
    "partly": ("yes", "partly", "基本满意"),
    "unhappy": ("no", "no", "不满意"),
}
#: Invented callers.
SURNAMES = tuple("陈林黄郑苏赖许张王李吴徐")
#: Orders in one transaction.
BATCH = 10
#: Of what matter they are, and who of the centre takes the call and rings back.
MATTER, CENTRE = "fanying", ("chenxl", "linjh")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the n-th, how it goes, when it came, and the key by which it is not taken twice."""

    n: int
    end: str
    at: datetime
    key: str | None = None


def fill(database: Database, staff: Mapping[str, Actor], dice: random.Random, now: datetime) -> int:
    """An order for every village and community; how many."""
    wanted = agents(database)
    for first in range(0, len(wanted), BATCH):
        with database.unit_of_work() as work:
            for n, (unit, user) in enumerate(wanted[first : first + BATCH], first):
                place = people.units.place(work, unit)
                agent = people.load(work, user, now=now)
                end = ENDS[n % len(ENDS)]
                at = now - timedelta(days=dice.uniform(*DAYS.get(end, OTHERWISE)))
                order(work, staff, place, agent, Call(n, end, at), dice, database.calendar, now)
            work.session.flush()
            work.session.expunge_all()
    return len(wanted)


def agents(database: Database) -> list[tuple[int, int]]:
    """Every village and community with somebody who works there: (unit, user)."""
    with database.reading() as work:
        there = work.session.execute(
            select(Unit.id, Holding.user_id)
            .join(Holding, Holding.unit_id == Unit.id)
            .join(Post, Post.id == Holding.post_id)
            .where(Unit.kind.in_(("village", "community")), Unit.active, Post.code == "agent")
            .order_by(Unit.code)
        ).all()
    return sorted({unit: user for unit, user in reversed(there)}.items())


def order(
    work: Work,
    staff: Mapping[str, Actor],
    place: Place,
    agent: Actor,
    call: Call,
    dice: random.Random,
    calendar: Calendar,
    now: datetime,
) -> None:
    """What became of one call, until now."""
    n, end = call.n, call.end
    category, text, where = CALLS[n % len(CALLS)]
    at = min(office_hour(call.at, calendar, dice), now - timedelta(minutes=40))
    asker = {"name": f"{SURNAMES[n % len(SURNAMES)]}{'阿姨' if n % 2 else '师傅'}", "phone": f"1381595{n:04d}"}
    raw = {
        "danger": "no",
        "kind": "problem",
        "report": {"text": text, "place": f"{place.name}{where}"},
        "consent_visit": True,
        "about": {"clerk": None, "number": ""},
        "applicant": asker,
    }
    centre, caller = (staff[one] for one in CENTRE)
    case = cases.submit(work, MATTER, raw, by=centre, now=at, place=place, channel="phone", key=call.key).case
    if case.received_at != at:
        return  # it was taken before, and goes its way
    case_id = case.id
    sent = {"unit": "所在村（社区）", "level": "一般"}

    def step(answers: dict[str, Any], by: Actor, hours: float) -> bool:
        """What is open is done by this person, unless that would be after today."""
        nonlocal at
        when = office_hour(at + timedelta(hours=hours), calendar, dice)
        if when >= now:
            return False
        at = when
        task = work.session.scalar(select(Task).where(Task.case_id == case_id, Task.state != "ended"))
        case = work.session.get(Case, case_id)
        if task is None or case is None or not people.may(by, "claim", task, case=case):
            return False
        cases.complete(work, task.id, answers, version=task.version, by=by, now=at)
        return True

    def fire() -> bool:
        nonlocal at
        timer = work.session.scalar(select(Timer).where(Timer.case_id == case_id, Timer.due_at < now))
        if timer is None:
            return False
        at = max(at, timer.due_at)
        cases.fire(work, timer, now=at)
        return True

    if not step({"finding": "clear", "category": category, "dispatch": sent}, centre, 1) or end == "waits":
        return
    if not step({"signing": "accept"}, agent, dice.uniform(1, 5)) or end in ("signed", "overdue"):
        return
    done = {"done": {"text": "到现场看过，已经处理好。", "reply": "已经处理好了，有问题请再打电话。"}}
    if not step(done, agent, dice.uniform(170, 200) if end == "late" else dice.uniform(5, 60)) or not fire():
        return
    answered, solved, satisfied = SAID[end]
    visit = {"reached": "yes", "answered": answered, "solved": solved, "satisfied": satisfied, "note": "电话回访"}
    if step({"visit": visit}, caller, 2) and end != "unhappy":
        fire()  # the day on the receipt is over: it ends
