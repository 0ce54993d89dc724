"""The demo county's health station: its devices; a resident measured on several days, with a curve of their own; one
whom a nurse has yet to tell, one who was referred and is waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.commands import registers
from engine.people import Actor
from engine.store import Database
from engine.workdays import local_date
from web.demo.playing import Player, Resident, born

MATTER = "jiankang"
DEVICES = (("血压计1号", "pressure", 60), ("血压计2号", "pressure", 400), ("血糖仪1号", "sugar", 90))
#: Of the resident who is shown: (days ago, systolic, diastolic, glucose).
OWN = ((40, 148, 92, 5.8), (26, 136, 86, 6.0), (12, 132, 84, 5.7), (3, 128, 82, 5.6))
#: Of others: (days ago, systolic, diastolic, whether they were told and what they said to a referral).
OTHERS = ((2, 124, 78, None), (4, 184, 104, {"said": True, "send": "yes", "where": "县总医院", "escort": "yes"}))


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Resident], first: Resident, now: datetime
) -> int:
    """All of it; how many cases."""
    player, nurse = Player(database, staff), staff["yihs"]
    if not player.has(MATTER):
        return 0
    for number, kind, days in DEVICES:
        facts = {"number": number, "kind": kind, "checked_on": str(local_date(now) - timedelta(days=days))}
        at = now - timedelta(days=50)
        player.do(registers.add, f"{MATTER}.health_device", facts, by=nurse, now=at)
    for days, systolic, diastolic, glucose in OWN:
        vital = {"systolic": systolic, "diastolic": diastolic, "meter": "血糖仪1号", "glucose": glucose}
        vital |= {"when": "random", "licence": "2026350501"}
        told: dict[str, Any] = {"said": True}
        if systolic >= 140:
            told["again_on"] = str(local_date(now) - timedelta(days=days - 14))
        _measured(player, nurse, first, now - timedelta(days=days), vital, told)
    near = [one for one in residents if one is not first and 1940 < born(one) < 1980]
    for who, (days, systolic, diastolic, said) in zip(near, OTHERS, strict=False):
        vital = {"systolic": systolic, "diastolic": diastolic}
        _measured(player, nurse, who, now - timedelta(days=days), vital, said)
    return len(OWN) + min(len(near), len(OTHERS))


def _measured(
    player: Player, nurse: Actor, who: Resident, at: datetime, vital: dict[str, Any], told: dict[str, Any] | None
) -> None:
    raw = {
        "applicant": {"name": who.actor.name, "phone": who.phone, "id_number": who.id_number},
        "seen": {"now": "fine"},
        "person": {"age": at.year - born(who), "pregnant": "no", "known": "no"},
    }
    case_id = player.send(MATTER, raw, who, at, by=nurse, channel="counter")
    with_device = {"device": "血压计1号", "sign": "no", "by": nurse.name} | vital
    player.step(case_id, {"vital": with_device}, at + timedelta(minutes=8))
    if told is not None:
        player.step(case_id, {"told": told}, at + timedelta(minutes=12))
