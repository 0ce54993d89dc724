"""The service circle of the demo county (1+6+X): places of each town and of some villages, ways that somebody measured,
and what people say is missing. Names and codes of towns and villages are real; every place, hour, telephone and minute
is invented, and said to be. Most ways nobody has measured: they stay unknown, as they would in a county that begins."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from engine.commands import register_rows
from engine.people import SYSTEM, Actor
from engine.people.units import Place
from engine.records import library
from engine.store import Database
from engine.workdays import local_date
from web.demo.playing import Player, Resident

SAID = "演示数据，不是实测"
#: What a town has: (code, what it is called, what it gives, what else, when it is open, of how many towns in ten).
TOWN = (
    ("FW", "便民服务中心", ["事有所办"], "", "周一至周五 8:00—12:00、14:30—17:30", 10),
    ("WS", "卫生院", ["病有所医"], "急诊不关门", "周一至周日 8:00—17:30", 10),
    ("ST", "长者食堂", ["食有所安", "老有所养"], "送餐到家", "周一至周六 11:00—12:30", 6),
    ("XX", "四点半学校", ["幼有所育"], "", "上学日 16:00—18:00", 7),
    ("WH", "文化活动中心", ["居有所乐"], "图书、夜学堂", "周一至周日 9:00—21:00", 7),
)
#: What a village has: (code, what it is called, what it gives, when it is open, of how many villages in a hundred).
VILLAGE = (
    ("DQ", "党群服务站", ["事有所办", "居有所乐"], "周一至周五 8:00—11:30", 16),
    ("WS", "卫生室", ["病有所医"], "周一至周五 8:00—17:00", 12),
    ("ST", "长者食堂", ["食有所安"], "周一至周六 11:00—12:00", 5),
)
#: Villages in a hundred where the agent has measured at all; ways in a hundred that are long out of date.
MEASURED, STALE = 55, 8
#: How far into the town on foot, by bus, by car: (mode, from minutes, to minutes).
MODES = (("walk", 6, 34), ("bus", 9, 48), ("bike", 7, 26), ("car", 8, 41))


def fill(
    database: Database, staff: Mapping[str, Actor], places: Mapping[str, Place], first: Resident, now: datetime
) -> int:
    """All of it; how many cases. `first`: the resident by whose telephone the demo is shown."""
    player = Player(database, staff)
    if not player.has("fuwuquan"):
        return 0
    dice, today = random.Random(42), local_date(now)
    spots, ways = _spots(places, dice, today), []
    for village in _villages(places):
        ways += _ways(village, spots, dice, today)
    with database.unit_of_work() as work:
        declared = library.declared(work, "registers")
        for place, facts in spots:
            register_rows.put(work, declared["spot"][0], facts, by=SYSTEM, now=now, place_id=place.id)
        for place, facts in ways:
            register_rows.put(work, declared["way"][0], facts, by=SYSTEM, now=now, place_id=place.id)
    return _said(player, first, now)


def _villages(places: Mapping[str, Place]) -> list[Place]:
    return sorted((p for p in places.values() if p.kind in ("village", "community")), key=lambda p: p.code)


Facts = tuple[Place, dict[str, Any]]


def _spots(places: Mapping[str, Place], dice: random.Random, today: date) -> list[Facts]:
    """The places, each with where it stands: in a village of the town where it is the town's."""
    found: list[Facts] = []
    for town in sorted((p for p in places.values() if p.kind == "town"), key=lambda p: p.code):
        for code, called, gives, more, hours, of_ten in TOWN:
            if dice.randrange(10) < of_ten:
                facts = _spot(
                    f"{town.code}-{code}", f"{town.name}{called}", gives, hours, f"{town.name}街上", today, dice
                )
                found.append((town, facts | ({"extra": more} if more else {})))
    for village in _villages(places):
        for code, called, gives, hours, of_hundred in VILLAGE:
            if dice.randrange(100) < of_hundred or (village.code == "350526103204" and code != "ST"):
                name = f"{village.name}{called}"
                found.append((village, _spot(f"{village.code}-{code}", name, gives, hours, village.name, today, dice)))
    return found


def _spot(
    code: str, called: str, gives: list[str], hours: str, address: str, today: date, dice: random.Random
) -> dict[str, Any]:
    checked = today - timedelta(days=dice.randrange(400, 600) if dice.randrange(100) < STALE else dice.randrange(320))
    said = {"code": code, "called": called, "functions": gives, "address": address, "hours": hours, "source": SAID}
    return said | {"phone": f"0595-2351{dice.randrange(10000):04d}", "checked_on": checked.isoformat()}


def _ways(village: Place, spots: list[Facts], dice: random.Random, today: date) -> list[Facts]:
    """What the village's agent has measured: often nothing; else some ways in the village and some into town."""
    known = village.code in ("350526103204", "350526103202")  # the villages that are shown
    if not known and dice.randrange(100) >= MEASURED:
        return []
    own = [facts for place, facts in spots if place.id == village.id]
    town = [facts for place, facts in spots if place.id == village.parent_id]
    found: list[Facts] = []
    for facts, near in [(one, True) for one in own] + [(one, False) for one in town]:
        if not near and dice.randrange(100) < 30:
            continue  # nobody went there yet
        mode, least, most = ("walk", 2, 14) if near else dice.choices(MODES, [3, 4, 1, 2])[0]
        days = dice.randrange(760, 1200) if dice.randrange(100) < STALE else dice.randrange(10, 650)
        code = str(facts["code"])
        way: dict[str, Any] = {
            "code": f"{village.code}>{code}",
            "village": village.code,
            "spot": code,
            "mode": mode,
            "source": SAID,
        }
        way |= {
            "minutes": dice.randrange(least, most),
            "measured_on": (today - timedelta(days=days)).isoformat(),
        }
        found.append((village, way))
    return found


def _said(player: Player, first: Resident, now: datetime) -> int:
    """One gap that is answered with a day, one that waits for the town, one way that the village's agent is to walk."""
    who = {"name": first.actor.name, "phone": first.phone}
    at = now - timedelta(days=6)
    lack = {"what": "lack", "function": "幼有所育", "who": "孙子放学没有人带"}
    case_id = player.send("fuwuquan", {"applicant": who, "say": lack}, first, at)
    player.step(case_id, {"sure": {"result": "lack"}}, at + timedelta(days=1))
    by = local_date(now) + timedelta(days=75)
    plan = {"answer": "planned", "by_on": by.isoformat(), "words": "村部二楼开四点半学校，先收十五个孩子。"}
    player.step(case_id, {"plan": plan}, at + timedelta(days=4))
    for n, say in enumerate(
        ({"what": "lack", "function": "食有所安"}, {"what": "way", "spot": f"{first.place.name}卫生室"})
    ):
        player.send("fuwuquan", {"applicant": who, "say": say}, first, now - timedelta(hours=20 - n))
    return 3
