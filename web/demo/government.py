"""What the county's own services have under way in the demo county: a grid that is published and patrolled, a call to
the telephone for complaints, the talent policies and one match. Each by the command that people would use; whatever
matter of these is not published, is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.commands import cases, registers
from engine.people import Actor
from engine.people.units import Place
from engine.store import Database
from engine.workdays import local_date
from web.demo.playing import Player, Resident

#: The grid that is shown, its worker, and who of the town enters it.
GRID, WORKER, TOWN = "350526100002-W1", "wanggm", "zhengyl"
#: Policies: (code, what, whose, whether there are places left this year). Conditions and sums are samples.
POLICIES = (
    ("T1", "青年人才生活补助", "县人力资源和社会保障局", True),
    ("T2", "租房补助", "县人力资源和社会保障局", True),
    ("T3", "高层次人才认定", "县委人才办", True),
    ("T4", "子女入园入学", "县教育局", True),
    ("T6", "技能人才补贴", "县人力资源和社会保障局", True),
    ("T7", "返乡创业补助", "县人力资源和社会保障局", False),
)


def fill(
    database: Database, staff: Mapping[str, Actor], places: Mapping[str, Place], first: Resident, now: datetime
) -> int:
    """All of it; how many cases. `first`: the resident by whose telephone the demo is shown."""
    player = Player(database, staff)
    parts: dict[str, Callable[[Player, Mapping[str, Place], Resident, datetime], int]] = {
        "huage": _drawn,
        "wangge": _patrols,
        "tousu": _call,
        "pipei": _talents,
    }
    return sum(part(player, places, first, now) for matter, part in parts.items() if player.has(matter))


def _enter(
    player: Player, matter: str, raw: Mapping[str, Any], by: str, at: datetime, place: Place, channel: str = "counter"
) -> int:
    done = player.do(cases.submit, matter, raw, by=player.staff[by], now=at, place=place, channel=channel)
    return int(done.case.id)


def _drawn(player: Player, places: Mapping[str, Place], first: Resident, now: datetime) -> int:
    at = now - timedelta(days=20)
    draw = {
        "called": "富东社区第一网格",
        "area": "富东街北段，东到溪边，西到学府路，共六栋",
        "households": 360,
        "worker": "王格妹",
        "phone": "0595-23500301",
        "supervision": "0595-23500000",
    }
    raw = {"applicant": {"name": "郑月兰"}, "draw": draw}
    case_id = _enter(player, "huage", raw, TOWN, at, places[GRID])
    player.step(case_id, {"mine": {"right": "yes"}}, at + timedelta(days=1))
    player.step(case_id, {"clear": {"result": "yes"}}, at + timedelta(days=2))
    return 1


def _patrols(player: Player, places: Mapping[str, Place], first: Resident, now: datetime) -> int:
    """Nothing found; a lamp that waits for dispatch; a wire that the village is at."""
    found: tuple[dict[str, str], ...] = (
        {"what": "none"},
        {"what": "event", "class": "lamp", "place": "富东街三栋楼下", "text": "路灯不亮三天了", "way": "report"},
        {"what": "event", "class": "wire", "place": "农贸市场后门", "text": "电线垂到棚顶", "way": "report"},
    )
    for days, seen in zip((4, 2, 1), found, strict=True):
        at = now - timedelta(days=days)
        day = local_date(at).isoformat()
        raw = {"patrol": {"worker": "王格妹", "day": day, "start": "08:30", "end": "10:00"}, "seen": seen}
        case_id = _enter(player, "wangge", raw, WORKER, at, places[GRID])
    player.step(case_id, {"dispatch": {"unit": "所在村（社区）"}}, now - timedelta(hours=20))
    return len(found)


def _call(player: Player, places: Mapping[str, Place], first: Resident, now: datetime) -> int:
    ask = {
        "danger": "none",
        "about": "公交站牌",
        "text": "公交站牌被撞歪了，老人看不清",
        "door": "ours",
        "consent": "yes",
    }
    raw = {
        "applicant": {"name": first.actor.name, "phone": first.phone},
        "call": {"channel": "line", "clock": "09:10"},
        "ask": ask,
    }
    _enter(player, "tousu", raw, "chenxl", now - timedelta(hours=3), first.place, "phone")
    return 1


def _talents(player: Player, places: Mapping[str, Place], first: Resident, now: datetime) -> int:
    until = local_date(now + timedelta(days=500)).isoformat()
    for code, called, organ, open_ in POLICIES:
        facts = {"code": code, "called": called, "source": "样例", "organ": organ, "phone": "0595-23500103"}
        state = "open" if open_ else "closed"
        more = {"by": player.staff["wangyq"], "now": now - timedelta(days=30), "state": state}
        player.do(registers.add, "pipei.policy", {**facts, "until": until}, **more)
    graduated = local_date(now - timedelta(days=700)).isoformat()
    raw = {
        "applicant": {"name": first.actor.name, "phone": first.phone},
        "person": {
            "age": 28,
            "degree": "bachelor",
            "title": "none",
            "child": "no",
            "certificate": "none",
            "graduated": graduated,
        },
        "work": {"employer": "private", "contract": 3, "insured": 4, "drawn": "no"},
        "home": {"own": "no", "lease": "yes"},
    }
    player.send("pipei", raw, first, now - timedelta(hours=30))
    return 1
