"""Mediations (说事评理) of the demo county, at different steps."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from engine.commands import cases
from engine.people import Actor
from engine.store import Database
from engine.store.models import Task

#: (kind of dispute, what happened, what is asked for)
DISPUTES = (
    ("邻里纠纷", "两家共用的排水沟改道后，雨天院子积水。", "恢复原来的排水沟"),
    ("宅基地纠纷", "翻建时滴水线越过两家原来的界石。", "按旧界石留出滴水"),
    ("赡养抚养纠纷", "三个子女对老人的赡养费分担有分歧。", "定下每人每月的数额"),
    ("劳务纠纷", "帮工两个月的工钱拖到年底没有结清。", "结清工钱"),
    ("山林土地纠纷", "山场交界处的毛竹由谁砍伐说法不一。", "请人到场认界"),
    ("损害赔偿纠纷", "晒谷场上的车辆碰坏了邻居的围墙。", "修好围墙"),
)


class Person(Protocol):
    actor: Actor
    phone: str


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Person], dice: random.Random, now: datetime
) -> int:
    """Some mediations: just applied for, registered, with mediators chosen. How many."""
    mediators = [a for a in staff.values() if any(p.post == "mediator" for p in a.positions)]
    for n, (kind, facts, wish) in enumerate(DISPUTES):
        one, other = dice.sample(list(residents), 2)
        at = now - timedelta(days=1 + n, hours=dice.randrange(1, 6))
        parties = [
            {"side": side, "name": who.actor.name, "phone": who.phone} for side, who in (("甲方", one), ("乙方", other))
        ]
        dispute = {"type": kind, "facts": facts, "requests": wish}
        raw: dict[str, Any] = {
            "applicant": {"name": one.actor.name, "phone": one.phone}, "dispute": dispute, "parties": parties,
            "initiative": False, "voluntary": True,
        }  # fmt: skip
        with database.unit_of_work() as work:
            case_id = cases.submit(work, "tiaojie", raw, by=one.actor, now=at).case.id
        answers: list[dict[str, Any]] = [
            {"dispute": dispute, "parties": parties, "register_result": "accept"},
            {"mediators": [{"name": "涂世明"}], "chosen_by": "parties"},
            {"replies": [{"name": p["name"], "accepts": True} for p in parties]},
        ]
        for step in answers[: n % 4]:
            at += timedelta(hours=2)
            _do(database, mediators, case_id, step, min(at, now))
    return len(DISPUTES)


def _do(database: Database, mediators: Sequence[Actor], case_id: int, answers: dict[str, Any], now: datetime) -> None:
    with database.unit_of_work() as work:
        task = work.session.scalar(select(Task).where(Task.case_id == case_id, Task.state != "ended"))
        assert task is not None
        by = next(a for a in mediators if set(a.keys) & set(task.candidates))
        cases.claim(work, task.id, version=task.version, by=by, now=now)
        cases.complete(work, task.id, answers, version=task.version, by=by, now=now)
