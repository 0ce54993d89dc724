"""What people do together in the demo county: a village's choir books the room of the village, a party's branch will
meet there. Each by the command that people would use; what is not published is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.commands import booking, registers
from engine.people import SYSTEM, Actor
from engine.store import Database
from engine.store.models import Resource, Slot
from engine.workdays import local_date
from web.demo.playing import Player, Resident, born

#: The village whose people are shown, and whoever sits in its office.
PLACE, AGENT = "350526103204", "sucx"
#: How many days ahead there are times.
AHEAD = 7
#: Who uses its room: (kind, what, group, how many, age of who leads).
USES = (
    ("culture", "合唱队排练", "夕阳红合唱队", 22, 66),
    ("party_day", "主题党日", "苏洋村党支部", 12, 45),
    ("other", "保健品展销", "居民", 15, 40),
)


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Resident], first: Resident, now: datetime
) -> int:
    """All of it; how many cases."""
    player = Player(database, staff)
    grown = [one for one in residents if one is not first and 1950 < born(one) < 2004]
    parts: dict[str, Callable[..., int]] = {
        "huodongshi": _rooms,
        "jiangtang": _course,
        "canguan": _visits,
        "yishi": _talk,
        "aixinzhan": _station,
    }
    return sum(part(player, [first, *grown], now) for matter, part in parts.items() if player.has(matter))


def _rooms(player: Player, people: Sequence[Resident], now: datetime) -> int:
    """A choir has the room, a branch will meet, somebody who would sell is refused."""
    room: dict[str, Any] = {"number": "SY-1", "called": "苏洋村部二楼", "seats": 40, "equipment": "投影、音响"}
    player.do(registers.add, "hall_room", room, by=player.staff[AGENT], now=now - timedelta(days=20))
    room_id, times = _times(player, "huodongshi.room", now)
    for n, ((kind, text, group, many, age), starts_at) in enumerate(zip(USES, times[::9], strict=False)):
        who, at = people[n], now - timedelta(hours=3 - n)
        held = player.do(booking.hold, resource_id=room_id, starts_at=[starts_at], by=who.actor, now=at)
        use = {"kind": kind, "text": text, "group": group, "people": many, "leader_age": age, "safe": True}
        answers = {"use": {**use, "leader": who.actor.name, "equipment": []}}
        player.do(booking.confirm, held.id, version=held.version, answers=answers, by=who.actor, now=at)
    return min(len(USES), len(times[::9]))


def _course(player: Player, people: Sequence[Resident], now: datetime) -> int:
    """Evenings at the wheel, open to booking; a talk that is to be read."""
    day = local_date(now) + timedelta(days=12)
    evenings = [{"day": (day + timedelta(days=7 * n)).isoformat(), "from": "19:00", "until": "20:30"} for n in range(4)]
    made = []
    for n, (title, kind, subject) in enumerate(
        (("夜学堂：陶瓷拉坯", "evening", "skill"), ("防诈骗讲座", "lecture", "law"))
    ):
        who = people[4 + n]
        course: dict[str, Any] = {"title": title, "kind": kind, "subject": subject, "audience": "any"}
        course["teacher"] = who.actor.name
        course |= {"goods": "no", "fee": 0, "about": "从头讲起，谁都听得懂", "where": "村部二楼", "places": 20}
        times = evenings if n == 0 else evenings[:1]
        course |= {"hours": 2 * len(times), "sessions": times, "ask": "0595-23500306"}
        applicant = {"name": who.actor.name, "phone": who.phone}
        at = now - timedelta(days=2 - n)
        made.append(player.send("jiangtang", {"applicant": applicant, "course": course}, who, at))
    player.step(made[0], {"review": {"result": "yes", "by": "宣传委员"}}, now - timedelta(days=1))
    return len(made)


def _visits(player: Player, people: Sequence[Resident], now: datetime) -> int:
    """A branch has its guide; eighty pupils have two times; a class without its teacher is kept."""
    day = (local_date(now) + timedelta(days=10)).isoformat()
    groups = (
        ("苏洋村党支部", "party", 24, ""),
        ("浔中中心小学", "school", 80, "陈老师"),
        ("龙浔幼儿园", "school", 30, ""),
    )
    made = []
    for n, (unit, kind, many, teacher) in enumerate(groups):
        who = people[8 + n]
        visit: dict[str, Any] = {"unit": unit, "kind": kind, "leader": who.actor.name, "people": many, "day": day}
        visit |= {"slot": "09:00" if n == 0 else "14:00", "fee": 0, **({"teacher": teacher} if teacher else {})}
        applicant = {"name": who.actor.name, "phone": who.phone}
        made.append(player.send("canguan", {"applicant": applicant, "visit": visit}, who, now - timedelta(hours=5 - n)))
    player.step(made[0], {"guide": {"name": "林讲解", "letter": "seen"}}, now - timedelta(hours=1))
    return len(made)


def _talk(player: Player, people: Sequence[Resident], now: datetime) -> int:
    """A lamp in the lane: announced, to be talked over. Land money: not here."""
    topics = (("巷口装路灯", "晚上老人不敢走，想装三盏灯"), ("把土地款分了", "想分到各户"))
    made = []
    for n, (title, why) in enumerate(topics):
        who = people[11 + n]
        topic = {"title": title, "kind": "public", "why": why}
        raw = {"applicant": {"name": who.actor.name, "phone": who.phone}, "topic": topic}
        made.append(player.send("yishi", raw, who, now - timedelta(hours=9 - n)))
    plan: dict[str, Any] = {"day": (local_date(now) + timedelta(days=5)).isoformat(), "from": "19:30", "invited": 12}
    plan |= {"where": "会客厅", "chair": "村主任", "recorder": "村文书", "papers": "三处要装灯的地方和费用"}
    player.step(made[0], {"plan": plan}, now - timedelta(hours=2))
    return len(made)


def _station(player: Player, people: Sequence[Resident], now: datetime) -> int:
    """Water for a sweeper who says no name, an umbrella that is out, painkillers that are not given."""
    clerk, best = player.staff[AGENT], (local_date(now) + timedelta(days=40)).isoformat()
    goods: tuple[dict[str, Any], ...] = (
        {"number": "SY-S", "what": "矿泉水", "unit": "瓶", "class": "free", "left": 48, "best_before": best},
        {"number": "SY-N", "what": "牛奶", "unit": "盒", "class": "meal", "left": 24, "best_before": best},
        {"number": "SY-U", "what": "雨伞", "unit": "把", "class": "lent", "left": 6},
        {"number": "SY-G", "what": "防暑包", "unit": "个", "class": "free", "left": 20, "purpose": "捐给户外劳动者"},
    )
    for one in goods:
        player.do(registers.add, "aixinzhan.station_item", one, by=clerk, now=now - timedelta(days=15))
    asked: tuple[dict[str, Any], ...] = (
        {"asked": "goods", "item": "SY-S", "count": 1, "use": "outdoor", "who": "匿名"},
        {"asked": "goods", "item": "SY-U", "count": 1, "use": "any", "who": "李师傅1234"},
        {"asked": "medicine", "who": "过路的人"},
    )
    for n, take in enumerate(asked):
        raw = {"take": {"keeper": clerk.name, **take}}
        player.send("aixinzhan", raw, people[13 + n], now - timedelta(hours=4 - n), by=clerk, channel="counter")
    return len(asked)


def _times(player: Player, offer: str, now: datetime) -> tuple[int, list[datetime]]:
    """An offer that opens by itself, in the village: its place and its times from the day after tomorrow on."""
    first = local_date(now) + timedelta(days=2)
    with player.database.unit_of_work() as work:
        booking.establish(work)
        mine = select(Resource).where(Resource.offer == offer, Resource.code.endswith(f"@{PLACE}"))
        room = work.session.scalars(mine).one()
        last = work.calendar.last_known(first, first + timedelta(days=AHEAD))
        booking.publish(work, room.id, first=first, last=last, by=SYSTEM, now=now)
        made = select(Slot.starts_at).where(Slot.resource_id == room.id).order_by(Slot.starts_at)
        return room.id, list(work.session.scalars(made))
