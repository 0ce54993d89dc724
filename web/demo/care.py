"""The demo county's care of children and elders: the half past four school with a child who came in, one who waits and
one whose papers are still to be looked at; a child of the children's home and its next session; elders who ask for day
care and some who are in it; families resettled from the reservoir, one with its list of needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from engine.commands import cases, registers
from engine.people import Actor
from engine.store import Database
from engine.workdays import local_date
from web.demo.playing import Player, Resident, born, person

SCHOOL, HOME, SESSION, DAYCARE, CLUB, FAMILIES = "sidianban", "ertongjia", "ertonghui", "rizhao", "changzhe", "rongru"
#: Where families from the reservoir live (祥安社区).
RESETTLED = "350526100010"
#: What the clerk of the town heard at their home: 户口, 老家的山林 and 认识邻居 are to be dealt with.
NEEDS = ("hukou", "land", "neighbours")
ASKED = ("house", "school", "job", "medical", "pension", "bank", "elder", "disabled", "language")
#: Who is in day care: level of ability, how many elders a carer has, how they leave, yuan a day.
IN_CARE = (("r1", "s4", "self", 20), ("r2", "s4", "self", 30), ("r3", "s3", "list", 40))
#: Who may be with children: so many days ago they were checked.
CARERS = (("许老师", "13805951301", 100), ("苏老师", "13805951302", 340), ("黄老师", "13805951303", 370))
#: Children of four and five who come already.
PUPILS = 15
#: Of the three who enrol: name, age in years, what the school saw; None: nobody has looked yet.
PLAIN = {"result": "yes", "hardship": "none", "single": "no", "both": "yes", "urgent": "no"}
CHILDREN: tuple[tuple[str, int, dict[str, str] | None], ...] = (
    ("林一诺", 4, PLAIN),
    ("陈小满", 3, PLAIN | {"hardship": "left"}),
    ("苏安安", 5, None),
)
#: A signature: the path of a pen.
MARK = "M20 60 L40 80 L60 70 L90 120 L120 60 L150 130 L190 70 L230 120 L270 60 L310 110"


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Resident], first: Resident, now: datetime
) -> int:
    """All of it; how many cases."""
    player = Player(database, staff)
    young = [one for one in residents if 1975 < born(one) < 2000 and one is not first]
    old = [one for one in residents if born(one) < 1960 and one is not first]
    made = 0
    if player.has(SCHOOL):
        made += _school(player, staff["chenxl"], [first, *young], now)
    if player.has(HOME):
        made += _home(player, first, now)
    if player.has(SESSION):
        made += _session(player, staff["sucx"], now)
    for n, matter in enumerate(one for one in (DAYCARE, CLUB) if player.has(one)):
        made += _elder(player, matter, old[n], first, now - timedelta(hours=5 + n))
    if player.has(DAYCARE):
        _in_care(player, staff["chenxl"], old[2:], first, now)
    if player.has(FAMILIES):
        made += _families(player, staff["zhengyl"], [one for one in residents if one.place.code == RESETTLED], now)
    return made


def _child(first_on: date, years: int, n: int) -> str:
    """An identity number of a child who is that old on the day, with its check digit (GB 11643)."""
    body = f"350526{first_on - timedelta(days=366 * years + 120):%Y%m%d}{n:03d}"
    return body + "10X98765432"[sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(body)) % 11]


def _school(player: Player, clerk: Actor, guardians: Sequence[Resident], now: datetime) -> int:
    for name, phone, days in CARERS:
        facts = {"part": "school", "checked_on": str(local_date(now) - timedelta(days=days))}
        who: dict[str, Any] = {"name": name, "phone": phone}
        player.do(registers.add, "minder", facts, person=who, by=clerk, now=now - timedelta(days=90))
    for n in range(PUPILS):
        child = {"name": f"小朋友{n + 1}", "phone": f"1380595{1400 + n}"}
        player.do(registers.add, "school_child", {"small": "no"}, person=child, by=clerk, now=now - timedelta(days=60))
    first_on = local_date(now) + timedelta(days=14)
    for n, (name, years, seen) in enumerate(CHILDREN):
        guardian, at = guardians[n], now - timedelta(hours=30 - n)
        raw: dict[str, Any] = {
            "applicant": {"name": guardian.actor.name, "phone": guardian.phone, "part": "parent", "mark": MARK},
            "child": {"name": name, "id_number": _child(first_on, years, 200 + n), "first_on": str(first_on)},
            "second": {"name": "外婆", "phone": "13805951400"},
        }
        raw["child"] |= {"school": "kindergarten", "allergy": "花生" if n == 0 else "无", "photos": "no"}
        case_id = player.send(SCHOOL, raw, guardian, at)
        if seen is not None:
            player.step(case_id, {"check": seen}, at + timedelta(hours=2))
    return len(CHILDREN)


def _home(player: Player, who: Resident, now: datetime) -> int:
    at = now - timedelta(days=3)
    child = {"name": "林知夏", "id_number": _child(local_date(now), 9, 301), "alone": "yes", "photos": "no"}
    raw = {"applicant": {"name": who.actor.name, "phone": who.phone}, "child": child}
    case_id = player.send(HOME, raw, who, at)
    player.step(case_id, {"check": {"result": "yes", "hardship": "none"}}, at + timedelta(hours=3))
    return 1


def _elder(player: Player, matter: str, who: Resident, kin: Resident, at: datetime) -> int:
    raw: dict[str, Any] = {
        "applicant": {"name": who.actor.name, "phone": who.phone, "id_number": who.id_number},
        "kin": {"name": kin.actor.name, "phone": kin.phone},
    }
    if matter == DAYCARE:
        raw |= {"category": "none", "alone": "yes"}
    player.send(matter, raw, who, at)
    return 1


def _session(player: Player, agent: Actor, now: datetime) -> int:
    """The next session of the village's children's home: two adults who were checked, announced and to be booked."""
    at = now - timedelta(hours=6)
    for part, name, phone, days in (
        ("staff", agent.name, "13805951310", 120),
        ("volunteer", "林巧云", "13805951311", 60),
    ):
        facts = {"part": part, "checked_on": str(local_date(now) - timedelta(days=days))}
        player.do(registers.add, "minder", facts, person={"name": name, "phone": phone}, by=agent, now=at)
    plan: dict[str, Any] = {
        "theme": "做灯笼",
        "day": str(local_date(now) + timedelta(days=8)),
        "from": "09:00",
        "until": "11:00",
    }
    plan |= {"where": "村部二楼", "area": 36, "phone": "0595-23500203"}
    answers = {"staff": {"name": agent.name}, "hui": {**plan, "adults": [{"name": agent.name}, {"name": "林巧云"}]}}
    player.do(lambda work: cases.submit(work, SESSION, answers, by=agent, now=at, channel="counter"))
    return 1


def _in_care(player: Player, clerk: Actor, elders: Sequence[Resident], kin: Resident, now: datetime) -> None:
    """Three elders whose contracts were signed, and the rooms with their carers."""
    at = now - timedelta(days=40)
    house: dict[str, Any] = {"house": "FW", "seats": 16, "carers": 3}
    player.do(registers.add, "daycare_house", house, by=player.staff["zhengmz"], now=at)
    for one, (level, seat, leaves, yuan) in zip(elders, IN_CARE, strict=False):
        facts: dict[str, Any] = {
            "level": level,
            "disorder": level == "r3",
            "seat": seat,
            "leaves": leaves,
            "category": "none",
        }
        facts |= {"yuan": yuan, "kin": kin.actor.name, "kin_phone": kin.phone}
        player.do(registers.add, "daycare", facts, person=person(one), state="active", by=clerk, now=at)


def _families(player: Player, clerk: Actor, there: Sequence[Resident], now: datetime) -> int:
    """One family with its file, needs and plan, and one that asks until when the aid is paid."""
    grown = [one for one in there if 1955 < born(one) < 1996][:2]
    at = now - timedelta(days=12)
    for one in grown:
        facts = {"moved_on": "2008-05-10", "status": "same"}
        player.do(registers.add, "rongru.migrant", facts, person=person(one), by=clerk, now=at)
    for n, one in enumerate(grown):
        raw: dict[str, Any] = {"applicant": {**person(one)}, "want": "file" if n == 0 else "aid"}
        if n == 0:
            raw["family"] = {"moved_on": "2008-05-10", "people": 4}
        else:
            raw |= {"aid_month": str(local_date(now)), "ask_check": "no"}
        case_id = player.send(FAMILIES, raw, one, at + timedelta(hours=1 + n))
        if n == 0:
            heard = {**dict.fromkeys(NEEDS, "yes"), **dict.fromkeys(ASKED, "no")}
            player.step(case_id, {"list": heard, "agreed": "yes"}, at + timedelta(days=2))
    return len(grown)
