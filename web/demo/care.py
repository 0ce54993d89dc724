"""The demo county's care of children and elders: the half past four school with a child who came in, one who waits and
one whose papers are still to be looked at; a child of the children's home; elders who ask for day care."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from engine.commands import registers
from engine.people import Actor
from engine.store import Database
from engine.workdays import local_date
from web.demo.playing import Player, Resident, born

SCHOOL, HOME, DAYCARE, CLUB = "sidianban", "ertongjia", "rizhao", "changzhe"
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
    for n, matter in enumerate(one for one in (DAYCARE, CLUB) if player.has(one)):
        made += _elder(player, matter, old[n], first, now - timedelta(hours=5 + n))
    return made


def _child(first_on: date, years: int, n: int) -> str:
    """An identity number of a child who is that old on the day, with its check digit (GB 11643)."""
    body = f"350526{first_on - timedelta(days=366 * years + 120):%Y%m%d}{n:03d}"
    return body + "10X98765432"[sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(body)) % 11]


def _school(player: Player, clerk: Actor, guardians: Sequence[Resident], now: datetime) -> int:
    for name, phone, days in CARERS:
        facts = {"part": "school", "checked_on": str(local_date(now) - timedelta(days=days))}
        person = {"name": name, "phone": phone}
        player.do(registers.add, "minder", facts, person=person, by=clerk, now=now - timedelta(days=90))
    for n in range(PUPILS):
        person = {"name": f"小朋友{n + 1}", "phone": f"1380595{1400 + n}"}
        player.do(registers.add, "school_child", {"small": "no"}, person=person, by=clerk, now=now - timedelta(days=60))
    first_on = local_date(now) + timedelta(days=14)
    for n, (name, years, seen) in enumerate(CHILDREN):
        who, at = guardians[n], now - timedelta(hours=30 - n)
        raw: dict[str, Any] = {
            "applicant": {"name": who.actor.name, "phone": who.phone, "part": "parent", "mark": MARK},
            "child": {"name": name, "id_number": _child(first_on, years, 200 + n), "first_on": str(first_on)},
            "second": {"name": "外婆", "phone": "13805951400"},
        }
        raw["child"] |= {"school": "kindergarten", "allergy": "花生" if n == 0 else "无", "photos": "no"}
        case_id = player.send(SCHOOL, raw, who, at)
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
