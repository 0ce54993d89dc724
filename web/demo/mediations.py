"""Mediations (说事评理) of the demo county, at different steps: with rooms booked, agreements to sign, days for the
court."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from engine import people
from engine.commands import cases, register_rows
from engine.people import Actor, units
from engine.reads import choosable, knowing, meetings
from engine.records import library
from engine.store import Database
from engine.store.models import Task, User
from engine.workdays import ZONE, local_date

MATTER, ROOM = "tiaojie", "说事评理室"

#: (kind of dispute, what happened, what is asked for, who mediates, how far it has come)
DISPUTES: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    ("邻里纠纷", "两家共用的排水沟改道后，雨天院子积水。", "恢复原来的排水沟", ("涂世明",), "applied"),
    ("宅基地纠纷", "翻建时滴水线越过两家原来的界石。", "按旧界石留出滴水", ("涂世明",), "choose"),
    ("赡养抚养纠纷", "三个子女对老人的赡养费分担有分歧。", "定下每人每月的数额", ("苏清福",), "consult"),
    ("劳务纠纷", "帮工两个月的工钱拖到年底没有结清。", "结清工钱", ("涂世明", "谢秀英"), "planned"),
    ("山林土地纠纷", "山场交界处的毛竹由谁砍伐说法不一。", "请人到场认界", ("赖炳根",), "again"),
    ("损害赔偿纠纷", "晒谷场上的车辆碰坏了邻居的围墙。", "修好围墙", ("蒋伟良",), "sign"),
    ("邻里纠纷", "楼上漏水，楼下的天花板起了霉斑。", "修好并粉刷", ("涂世明",), "court"),
    ("借贷合同纠纷", "合伙买的三轮车，散伙后钱没有分清。", "算清各自的份额", ("苏清福",), "oral"),
    ("婚姻家庭纠纷", "分家后老屋怎么住，兄弟说法不一。", "定下谁住哪几间", ("涂世明",), "ended"),
)
#: How many days ago each began.
BEGAN = {
    "applied": 0,
    "choose": 1,
    "consult": 1,
    "planned": 3,
    "again": 6,
    "sign": 5,
    "court": 6,
    "oral": 6,
    "ended": 6,
}
#: Who was there when somebody signed.
WITNESSES = ("王淑贞", "陈水金", "林月娥")
TALKS = {"again": "continue", "sign": "written", "court": "written", "oral": "oral", "ended": "failed"}


class Person(Protocol):
    @property
    def actor(self) -> Actor: ...

    @property
    def phone(self) -> str: ...


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Person], dice: random.Random, now: datetime
) -> int:
    """Some mediations, each as far as its row says. How many."""
    mediators = [a for a in staff.values() if any(p.post == "mediator" for p in a.positions)]
    _enrol(database, mediators, now)
    for n, (kind, facts, wish, names, until) in enumerate(DISPUTES):
        one, other = dice.sample(list(residents), 2)
        at = now - timedelta(days=BEGAN[until], hours=1 + n % 3)
        parties = [
            {"side": side, "name": who.actor.name, "phone": who.phone} for side, who in (("甲方", one), ("乙方", other))
        ]
        dispute = {"type": kind, "facts": facts, "requests": wish}
        raw: dict[str, Any] = {
            "applicant": {"name": one.actor.name, "phone": one.phone},
            "dispute": dispute,
            "parties": parties,
            "initiative": False,
            "voluntary": True,
        }
        with database.unit_of_work() as work:
            case_id = cases.submit(work, MATTER, raw, by=one.actor, now=at).case.id
        told = _Told(database, mediators, case_id, at, now, dice)
        told.tell(dispute, parties, names, until)
    return len(DISPUTES)


def _enrol(database: Database, mediators: Sequence[Actor], now: datetime) -> None:
    """The roll that mediators are chosen from: the county's own, the towns' and the villages'."""
    with database.unit_of_work() as work:
        roll = library.current(work, MATTER).declared("registers")["mediator"]
        for one in mediators:
            held = next(p for p in one.positions if p.post == "mediator")
            place = units.place(work, held.unit_id)
            kind = {"office": "full", "village": "village", "community": "village"}.get(place.kind, "part")
            whom = knowing.of_user(work.session.get_one(User, one.id))
            facts = {"kind": kind, "languages": ["mandarin", "minnan"]}
            register_rows.put(
                work, roll, facts, by=people.SYSTEM, now=now, whom=whom, unit_id=place.id, place_id=place.id
            )


class _Told:
    """One mediation, step by step, never later than now."""

    def __init__(
        self,
        database: Database,
        mediators: Sequence[Actor],
        case_id: int,
        at: datetime,
        now: datetime,
        dice: random.Random,
    ) -> None:
        self.database, self.mediators, self.case_id = database, mediators, case_id
        self.at, self.now, self.dice = at, now, dice

    def tell(self, dispute: Any, parties: list[dict[str, Any]], names: tuple[str, ...], until: str) -> None:
        if until == "applied":
            return
        self.do({"dispute": dispute, "parties": parties, "register_result": "accept"})
        if until == "choose":
            return
        self.do({"mediators": [{"name": name} for name in names], "chosen_by": "parties"})
        if until == "consult":
            return
        self.do({"replies": [{"name": p["name"], "accepts": True} for p in parties]})
        meets = self.plan(names, soon=until != "planned")
        if until == "planned" or meets is None or meets + timedelta(hours=2) > self.now:
            return
        self.at = meets + timedelta(hours=1, minutes=40)
        texts = {"text": "双方各自说明经过，调解员到现场看过。", "result": TALKS[until], "result_text": "见记录"}
        self.do({"minutes": texts})
        if until == "again":
            self.plan(names, soon=False)
        elif until == "oral":
            terms = {"terms": [{"text": "各退一步，月底前结清"}], "way": "当面"}
            self.do({"oral_agreement": {**terms, "due_on": self.day(20)}})
        elif until == "ended":
            self.do(
                {"end_reason": "各方分歧较大，不愿再谈", "end_advice": ["向人民法院起诉"], "court": "德化县人民法院"}
            )
        else:
            self.agree(parties, names, until)

    def agree(self, parties: list[dict[str, Any]], names: tuple[str, ...], until: str) -> None:
        text = {
            "facts": "双方对经过没有争议。",
            "issues": "怎样修复、费用谁出",
            "responsibility": "乙方负责修复，双方各出一半费用",
            "terms": [{"text": "乙方十天内修好"}, {"text": "费用各半，当面结清"}],
            "way": "完工后双方一起查看",
            "due_on": self.day(10),
        }
        self.do({"agreement": text})
        self.do(self.signing())
        if until == "sign":
            return
        self.do(self.signing())
        seal = {"name": names[0], "signature": self.ink(), "wants_confirmation": True}
        self.do({"seal": seal, "stamped": True})

    def plan(self, names: tuple[str, ...], *, soon: bool) -> datetime | None:
        """The next free meeting after a while; None when there is none."""
        with self.database.reading() as work:
            package = library.current(work, MATTER)
            role = package.info.parties["mediator"]
            room = meetings.room_of(work, package, ROOM)
            known = choosable.of_role(work, package, role, on=local_date(self.at))
            leading = [one.user for one in known if one.user.name in names]
            free = meetings.free_times(
                work,
                leading,
                room,
                120,
                matter=MATTER,
                after=self.at + timedelta(hours=3) if soon else self.now,
                most=12,
            )
        if not free:
            return None
        at = free[0] if soon else self.dice.choice(free)
        when = at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M+08:00")
        self.do({"session": {"when": when, "minutes": "120", "place": ROOM}})
        return at

    def day(self, days: int) -> str:
        return (local_date(self.at) + timedelta(days=days)).isoformat()

    def signing(self) -> dict[str, Any]:
        """A party signs on the mediator's pad, though they could on their own telephone: they are there."""
        there = {"how": "signature", "witness": self.dice.choice(WITNESSES), "present": True}
        return {"signs": True, "signature": self.ink(), "_in_person": there}

    def ink(self) -> str:
        """A pen's path that looks like a quick signature."""
        height, turns = self.dice.randrange(30, 60), self.dice.uniform(0.5, 0.9)
        points = [
            (40 + n * 14, round(100 + height * math.sin(n * turns) + self.dice.randrange(-6, 7))) for n in range(34)
        ]
        (x, y), *rest = points
        return f"M{x} {y}" + "".join(f" L{a} {b}" for a, b in rest)

    def do(self, answers: dict[str, Any]) -> None:
        """Whoever may, does the first step that is open."""
        self.at = min(self.at + timedelta(minutes=40), self.now)
        with self.database.unit_of_work() as work:
            task = work.session.scalar(
                select(Task).where(Task.case_id == self.case_id, Task.state != "ended").order_by(Task.id).limit(1)
            )
            assert task is not None
            by = next(a for a in self.mediators if set(a.keys) & set(task.candidates))
            cases.claim(work, task.id, version=task.version, by=by, now=self.at)
            given = copy.deepcopy(answers)
            cases.complete(work, task.id, given, version=task.version, by=by, now=self.at)
