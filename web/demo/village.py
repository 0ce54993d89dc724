"""What neighbours, volunteers and the village have under way in the demo county: needs in several states, things for
sale with an order, notices that are shown, a doctors' round, a visited elder, hours of service. Each by the command
that people would use; whatever matter of these is not published, is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.commands import registers
from engine.people import Actor
from engine.store import Database
from engine.store.models import RegisterEntry
from engine.workdays import local_date
from web.demo.playing import Player, Resident, person

DESK = "0595-23500203"
#: Small things for neighbours: (title, kind, what, in how many days, hours, whether a coordinator checked it).
FAVOURS = (
    ("换厨房灯泡", "bulb", "厨房的灯不亮了，灯泡买好了，高凳也有", 3, ("16:00", "17:00"), True),
    ("教用手机看病历", "phone", "儿子寄来新手机，字太小，不会用", 4, ("09:00", "10:00"), True),
    ("搬两袋米上楼", "carry", "米放在村口，家在二楼", 2, ("10:00", "11:00"), False),
)
#: What is for sale: (what, class, how much, unit, price, from where, whether it was checked).
GOODS = (
    ("槟榔芋", "grain", 40, "公斤", 6, "石室村后坡", True),
    ("高山脐橙", "fresh", 120, "公斤", 5, "霞碧村果园", True),
    ("土鸡蛋", "fresh", 60, "个", 2, "苏洋村三组", False),
)
#: What is shared: (kind, title, what, where, whether it was looked at).
SHARED = (
    ("goods", "旧冰箱转让", "用了三年，能制冷，二百元，自己来搬", "龙门滩镇街上", True),
    ("found", "拾到一串钥匙", "公交站旁边拾到，请说出上面挂着什么", "霞碧村口公交站", True),
    ("land", "两亩菜地找人种", "就在水渠边，不收租，别荒着", "苏洋村", False),
)


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Resident], first: Resident, now: datetime
) -> int:
    """All of it; how many cases. `first`: the resident by whose telephone the demo is shown."""
    player = Player(database, staff)
    near = [one for one in residents if one.place.parent_id == first.place.parent_id and one is not first]
    grown = [one for one in near if 1950 < int(one.id_number[6:10]) < 2004]
    parts: dict[str, Callable[..., int]] = {
        "bangbang": _favours,
        "shangjia": _goods,
        "gongxiang": _shared,
        "xunzhen": _round,
        "tanqin": _visits,
        "lianban": _joint,
        "rencai": _expert,
        "lingyong": _wish,
    }
    if player.has("fuwujilu"):
        _hours(player, first, local_date(now), now)
    return sum(part(player, grown, first, now) for matter, part in parts.items() if player.has(matter))


def _who(one: Resident, *, number: bool = False) -> dict[str, str]:
    return {"name": one.actor.name, "phone": one.phone} | ({"id_number": one.id_number} if number else {})


def _favours(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    for n, (title, kind, what, days, (begins, ends), checked) in enumerate(FAVOURS):
        who = first if n == 0 else grown[n]
        need: dict[str, Any] = {
            "title": title,
            "kind": kind,
            "what": what,
            "gas": "no",
            "high": "no",
            "risk": "没有",
            "alone": "no",
        }
        need |= {"people": 1, "from": begins, "until": ends, "where": f"{who.place.name}三组"}
        need["day"] = _on(now, days)
        at = now - timedelta(hours=20 - n)
        case_id = player.send("bangbang", {"need": need, "applicant": _who(who)}, who, at)
        if checked:
            player.step(case_id, {"check": {"result": "pass"}}, at + timedelta(hours=3))
    return len(FAVOURS)


def _goods(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """On the shelf, with one order on its way, and one lot that waits to be checked."""
    for n, (what, kind, count, unit, price, plot, checked) in enumerate(GOODS):
        who = grown[3 + n]
        lot: dict[str, Any] = {
            "seller": "farmer",
            "own": "yes",
            "what": what,
            "class": kind,
            "count": count,
            "unit": unit,
        }
        lot |= {
            "price": price,
            "plot": plot,
            "picked_on": _on(now, -3),
            "inputs": "农家肥",
            "paper": "no",
            "claim": "no",
        }
        if kind == "fresh":
            lot |= {"wants": "yes", "grounds": "质量安全控制符合要求"} if n == 1 else {"wants": "no"}
        at = now - timedelta(days=2, hours=n)
        seller = _who(who, number=True) | {"address": f"{who.place.name}{n + 1}组"}
        case_id = player.send("shangjia", {"applicant": seller, "lot": lot}, who, at)
        if checked:
            player.step(case_id, {"checked": {"result": "yes", "ask": DESK}}, at + timedelta(hours=2))
    if not player.has("goumai"):
        return len(GOODS)
    with player.database.reading() as work:
        found = select(RegisterEntry).where(RegisterEntry.register == "produce").order_by(RegisterEntry.id).limit(1)
        lot_number = str((work.session.scalars(found).one().facts or {})["number"])
    order = {"lot": lot_number, "count": 5, "way": "fetch"}
    player.send("goumai", {"order": order, "applicant": _who(first)}, first, now - timedelta(hours=5))
    return len(GOODS) + 1


def _shared(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    for n, (kind, title, what, where, looked) in enumerate(SHARED):
        who = grown[6 + n]
        item = {
            "kind": kind,
            "title": title,
            "what": what,
            "where": where,
            "money": "no",
            "banned": "no",
            "others": "none",
        }
        at = now - timedelta(days=1, hours=n)
        case_id = player.send("gongxiang", {"applicant": _who(who, number=True), "item": item}, who, at)
        if looked:
            player.step(case_id, {"gx_verdict": "up", "gx_ask": DESK}, at + timedelta(hours=2))
    return len(SHARED)


def _round(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """A round of the county's hospital in the first one's village, filed and announced."""
    doctor = {"name": "陈志远", "kind": "doctor", "unit": "德化县医院", "base": "county", "number": "110350500012345"}
    clinic: dict[str, Any] = {
        "host": "hospital",
        "unit": "德化县医院",
        "licence": "证350526001",
        "licence_until": _on(now, 700),
    }
    clinic |= {"sells": "no", "day": _on(now, 20), "half": "上午", "village": first.place.code, "where": "村部"}
    clinic |= {"what": "内科咨询，量血压血糖", "places": 20, "safety": "备急救箱，一名护士维持秩序"}
    clinic["people"] = [doctor | {"range": "内科", "seat": "内科"}]
    at = now - timedelta(days=1)
    case_id = player.send("xunzhen", {"applicant": _who(grown[9]), "clinic": clinic}, grown[9], at)
    filing = {"result": "yes", "number": "德卫义备〔2026〕31号", "sent_on": _on(now, -1)}
    player.step(case_id, {"filing": filing, "xz_ask": DESK}, at + timedelta(hours=4))
    return 1


def _visits(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Two elders with a party member each."""
    elders = sorted(grown, key=lambda one: one.id_number[6:14])[:2]
    for elder, member, risk in zip(elders, ("林支书", "苏委员"), ("high", "key"), strict=True):
        pair = {"group": "alone", "risk": risk, "member": member, "phone": "13800007777", "kin": "no", "agreed": "yes"}
        raw = {"applicant": _who(elder), "pair": pair}
        player.send("tanqin", raw, elder, now - timedelta(days=9), by=player.staff["sucx"], channel="counter")
    return len(elders)


def _joint(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Three villages talk about one dinner for their old."""
    joint: dict[str, Any] = {
        "kind": "event",
        "title": "三村敬老宴",
        "day": _on(now, 21),
        "where": "苏洋村部",
        "cost": 3000,
    }
    joint["cost_words"] = "各村三分之一"
    raw = {"applicant": {"name": "苏洋村", "phone": "0595-23500306"}, "joint": joint}
    player.send("lianban", raw, grown[0], now - timedelta(days=1), by=player.staff["huangcl"], channel="counter")
    return 1


def _expert(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    trade = {"kind": "farm", "speciality": "山药、油茶", "number": "农艺 2019-118", "business": "no"}
    raw = {"applicant": _who(grown[10], number=True), "trade": trade}
    case_id = player.send("rencai", raw, grown[10], now - timedelta(days=5))
    found = {"result": "yes", "scope": "practise", "words": "每月到村里看一次土"}
    player.step(case_id, {"checked": found}, now - timedelta(days=4))
    return 1


def _wish(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    raw = {"applicant": _who(grown[11]), "wish": {"what": "两床棉被", "why": "old"}}
    player.send("lingyong", raw, grown[11], now - timedelta(hours=7))
    return 1


def _hours(player: Player, first: Resident, today: date, now: datetime) -> None:
    """Two Saturdays of the first one's, as check-ins leave them."""
    days = [today - timedelta(days=n) for n in (21, 42)]
    services = [
        {"activity": what, "day": day.isoformat(), "minutes": minutes, "place": first.place.code}
        for what, day, minutes in zip(("给老人理发", "打扫村道"), days, (150, 95), strict=True)
    ]
    facts = {"minutes": 245, "services": services}
    more = {"person": person(first), "place_id": first.place.id, "by": player.staff["huangcl"]}
    player.do(registers.add, "service_record", facts, **more, now=now - timedelta(days=20))


def _on(now: datetime, days: int) -> str:
    return (local_date(now) + timedelta(days=days)).isoformat()
