"""What neighbours, volunteers and the village have under way in the demo county: needs in several states, things for
sale with an order, notices that are shown, a doctors' round, a visited elder, hours of service. Each by the command
that people would use; whatever matter of these is not published, is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from stdnum.cn import ric

from engine.commands import booking, registers
from engine.people import Actor
from engine.store import Database
from engine.store.models import RegisterEntry, Resource, Slot
from engine.workdays import ZONE, local_date
from web.demo import around
from web.demo.playing import Player, Resident, born, person

DESK = "0595-23500203"
#: What skilled volunteers know: (trade, speciality, licence, how far, what for, whether it was checked).
SKILLS: tuple[tuple[str, str, str, str, str, bool], ...] = (
    ("farm", "山药、油茶", "农艺 2019-118", "practise", "每月到村里看一次土", True),
    ("teacher", "讲故事、书法", "教师 2008-0412", "practise", "假期给孩子讲故事", True),
    ("lawyer", "婚姻、赡养", "", "talk", "法律常识讲座", False),
)
#: What villages ask of them: (trade, what for, topic, what is wanted, in how many days, seats, whether it was taken).
SESSIONS = (
    ("farm", "skill", "山药怎么施肥", "今年叶子发黄，请到地里看看", 9, 30, True),
    ("teacher", "talk", "老人怎么用手机挂号", "十来位老人，字要大", 12, 12, False),
    ("lawyer", "draft", "写赡养的诉状", "老人想告儿子", 10, 1, False),
)
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
#: What is asked of the house of kindness: (what, why, from which lot, how many, for what, whether it was fetched).
WISHES = (
    ("两床棉被", "old", "新棉", 2, "old", True),
    ("大米", "low", "大米", 2, "any", False),
    ("轮椅", "other", "", 0, "", False),
    ("孩子的书包", "child", "", 0, "", False),
)
#: The elders of a village, invented: family names by given names.
ELDERS, SURNAMES, GIVEN = 40, "苏陈林郑赖徐涂曾", ("玉莲", "金水", "秀兰", "清河", "阿桂")
#: What the first one helped with: (title, what, how many days ago, minutes from nine).
SERVED = (("给老人理发", "祠堂里摆好了椅子。", 21, 150), ("打扫村道", "从村口到学校，带上手套。", 42, 95))


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Resident], first: Resident, now: datetime
) -> int:
    """All of it; how many cases. `first`: the resident by whose telephone the demo is shown."""
    player = Player(database, staff)
    near = [one for one in residents if one.place.parent_id == first.place.parent_id and one is not first]
    grown = [one for one in near if 1950 < born(one) < 2004]
    parts: dict[str, Callable[..., int]] = {
        "bangbang": _favours,
        "shangjia": _goods,
        "gongxiang": _shared,
        "xunzhen": _round,
        "tanqin": _visits,
        "lianban": _joint,
        "rencai": _experts,
        "lingyong": _wish,
        "zhiyuan": _served,
        "daiban": _elders,
    }
    return sum(part(player, grown, first, now) for matter, part in parts.items() if player.has(matter))


def _who(one: Resident) -> dict[str, str]:
    return {"name": one.actor.name, "phone": one.phone}


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
        seller = person(who) | {"address": f"{who.place.name}{n + 1}组"}
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
        case_id = player.send("gongxiang", {"applicant": person(who), "item": item}, who, at)
        if looked:
            player.step(case_id, {"gx_verdict": "up", "gx_ask": DESK}, at + timedelta(hours=2))
    return len(SHARED)


def _round(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Rounds of the county's hospital: in the first one's village announced, with two helpers wanted; one that waits
    for its filing number; one asked too late."""
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
    filing = {"result": "yes", "number": "德卫义备〔2026〕31号", "sent_on": _on(now, -1)}
    for n, (who, days, more) in enumerate(((first, 20, {"helpers": 2}), (grown[0], 27, {}), (grown[1], 8, {}))):
        at = now - timedelta(days=1, hours=n)
        asked = clinic | {"day": _on(now, days), "village": who.place.code} | more
        case_id = player.send("xunzhen", {"applicant": _who(grown[9]), "clinic": asked}, grown[9], at)
        if n == 0:
            player.step(case_id, {"filing": filing, "xz_ask": DESK}, at + timedelta(hours=4))
    return 3 + (_seen(player, grown, now) if player.has("xunzhenji") else 0)


def _seen(player: Player, grown: Sequence[Resident], now: datetime) -> int:
    """Three people whom a doctor measured: one fine, one referred, one whom the doctor has yet to see."""
    doctor, say = player.staff["yixh"], {"doctor": "陈志远", "number": "110350500012345", "infect": "no"}
    told = (
        (128, {"finding": "血压正常", "advice": "少盐，多走动", "refer": "no"}),
        (152, {"finding": "血压偏高", "advice": "少盐，按时吃药", "refer": "yes", "where": "县总医院心内科"}),
        (134, None),
    )
    for n, (systolic, found) in enumerate(told):
        who, at = grown[n], now - timedelta(days=2, hours=n)
        seen = {"chest": "no", "consent": "yes", "systolic": systolic, "diastolic": 82, "glucose": 5.6}
        patient = {"age": 68 + n, "complaint": "没有不舒服"}
        raw = {"applicant": _who(who), "patient": patient, "seen": seen}
        case_id = player.send("xunzhenji", raw, who, at, by=doctor, channel="counter")
        if found is not None:
            player.step(case_id, {"seen": say | found}, at + timedelta(minutes=10))
    return len(told)


def _visits(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Two elders with a party member each."""
    elders = sorted(grown, key=lambda one: one.id_number[6:14])[:2]
    for elder, member, risk in zip(elders, ("林支书", "苏委员"), ("high", "key"), strict=True):
        pair = {"group": "alone", "risk": risk, "member": member, "phone": "13800007777", "kin": "no", "agreed": "yes"}
        raw = {"applicant": _who(elder), "pair": pair}
        player.send("tanqin", raw, elder, now - timedelta(days=9), by=player.staff["sucx"], channel="counter")
    return len(elders)


def _elders(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """The elders of 苏洋村 on its agent's roll: one in five has no mobile telephone, and is told aloud."""
    agent = player.staff["sucx"]
    for n in range(ELDERS):
        name = f"{SURNAMES[n % len(SURNAMES)]}{GIVEN[n // len(SURNAMES)]}"
        born = date(1936 + n % 27, 1 + n % 12, 1 + n % 28)
        number = f"350526{born:%Y%m%d}{700 + n}"
        person_ = {
            "name": name,
            "phone": f"0595-2355{1000 + n}" if n % 5 == 4 else f"138059{52000 + n}",
            "id_number": number + ric.calc_check_digit(f"{number}0"),
        }
        facts = {"lives": ("alone", "couple", "family")[n % 3], "joined_on": _on(now, -200)}
        player.do(registers.add, "elder", facts, person=person_, by=agent, now=now - timedelta(days=150))
    return 0


def _joint(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Villages talk about one dinner for their old; lend each other people, agreed; and may not lend out money."""
    matters = (
        ("event", "三村敬老宴", 21, 3000, "各村三分之一"),
        ("staff", "采茶互借人手", 9, 0, "不花钱"),
        ("money", "合借五万元给村办厂", 30, 50000, "集体账上"),
    )
    lead = next((one for one in grown if one.place.name == "苏洋村"), grown[0])
    for n, (kind, title, days, cost, words) in enumerate(matters):
        joint: dict[str, Any] = {"kind": kind, "title": title, "day": _on(now, days), "where": "苏洋村部"}
        joint |= {"cost": cost, "cost_words": words}
        contact = {"name": "苏文书", "phone": "13800000306"}
        raw = {"applicant": {"name": "苏洋村", "phone": "0595-23500306"}, "contact": contact, "joint": joint}
        at, desk = now - timedelta(days=1, hours=n), player.staff["huangcl"]
        case_id = player.send("lianban", raw, lead, at, by=desk, channel="counter")
        if kind == "staff":
            said = [("苏洋村", "yes", "五位采茶能手"), ("霞碧村", "yes", "两辆三轮车"), ("石室村", "no", "")]
            asked = [{"village": village, "agrees": agrees, "gives": gives} for village, agrees, gives in said]
            player.step(case_id, {"opinions": asked}, at + timedelta(hours=2))
    return len(matters)


def _experts(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Two appointed and one to be checked; of what villages ask one is taken, one is open, one goes to legal aid."""
    for n, (kind, speciality, number, scope, words, checked) in enumerate(SKILLS):
        who = grown[10 + n]
        trade = {"kind": kind, "speciality": speciality, "number": number, "business": "no"}
        raw = {"applicant": person(who), "trade": trade}
        case_id = player.send("rencai", raw, who, now - timedelta(days=5, hours=n))
        if checked:
            found = {"result": "yes", "scope": scope, "words": words}
            player.step(case_id, {"checked": found}, now - timedelta(days=4, hours=n))
    if not player.has("renchang"):
        return len(SKILLS)
    for n, (trade_, kind, topic, what, days, seats, taken) in enumerate(SESSIONS):
        asks = first if n == 0 else grown[n]
        ask: dict[str, Any] = {"kind": kind, "trade": trade_, "children": "no", "how": "open", "pays": "no"}
        ask |= {"topic": topic, "what": what, "day": _on(now, days), "from": "14:00", "until": "16:00"}
        ask |= {"village": asks.place.code, "where": "村部", "seats": seats}
        at = now - timedelta(days=2, hours=n)
        case_id = player.send("renchang", {"applicant": _who(asks), "ask": ask}, asks, at)
        if taken:
            _take(player, case_id, grown[10], trade_, {"deal": {"link": "no"}}, now - timedelta(days=1))
    return len(SKILLS) + len(SESSIONS)


def _take(player: Player, case_id: int, who: Resident, role: str, answers: Mapping[str, Any], at: datetime) -> None:
    """Somebody takes a place of what this case opened."""
    with player.database.reading() as work:
        slots = select(Slot.id).join(Resource, Resource.id == Slot.resource_id).where(Resource.case_id == case_id)
        slot_id = work.session.scalars(slots).one()
    player.do(booking.take_place, slot_id, role=role, answers=answers, by=who.actor, now=at)


def _wish(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Quilts that were fetched, rice that lies ready, something that the house does not have, a wish just sent."""
    with player.database.reading() as work:
        shelf = select(RegisterEntry).where(RegisterEntry.register == "lot").order_by(RegisterEntry.id)
        lots = {str((one.facts or {})["what"])[:2]: (one.facts or {})["number"] for one in work.session.scalars(shelf)}
    for n, (what, why, lot, count, use, given) in enumerate(WISHES):
        who = grown[14 + n]
        at = now - timedelta(days=3, hours=7 - n) if n < len(WISHES) - 1 else now - timedelta(hours=7)
        case_id = player.send("lingyong", {"applicant": _who(who), "wish": {"what": what, "why": why}}, who, at)
        if lot and lot not in lots:
            continue
        if lot:
            give = {"result": "yes", "lot": lots[lot], "count": count, "use": use, "basis": "村里证明"}
            player.step(case_id, {"give": give | {"first": "王爱心", "second": "李党员"}}, at + timedelta(hours=5))
        elif n < len(WISHES) - 1:
            words = "现在没有，有人捐了告诉您；急用的可以到民政窗口申请临时救助。"
            player.step(case_id, {"give": {"result": "none", "words": words}}, at + timedelta(hours=5))
        if given:
            around.hand(player, case_id, at + timedelta(days=1))
    return len(WISHES)


def _served(player: Player, grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Two mornings that are over: the first one and two neighbours came, checked in and out, and have the hours."""
    clerk = player.staff["huangcl"]
    for n, (title, what, ago, minutes) in enumerate(SERVED):
        day = local_date(now) - timedelta(days=ago)
        need = {"kind": "care", "title": title, "what": what, "where": "祠堂", "cut": 0, "help": 3}
        need |= {"day": day.isoformat(), "from": "09:00", "until": "11:00"}
        at = datetime.combine(day, time(9), ZONE) - timedelta(days=5)
        case_id = player.send("zhiyuan", {"need": need, "applicant": _who(grown[18 + n])}, grown[18 + n], at)
        player.step(case_id, {"check": {"result": "pass"}}, at + timedelta(hours=1))
        with player.database.reading() as work:
            mine = select(Slot.id).join(Resource, Resource.id == Slot.resource_id).where(Resource.case_id == case_id)
            slot_id = work.session.scalars(mine).one()
        begins = datetime.combine(day, time(9), ZONE)
        for who, late in ((first, 0), (grown[0], 4), (grown[1], 7)):
            taken = player.do(booking.take_place, slot_id, role="help", by=who.actor, now=at + timedelta(hours=3))
            came, left = begins + timedelta(minutes=late), begins + timedelta(minutes=minutes)
            player.do(booking.arrive, slot_id, taken.number, by=clerk, now=came)
            player.do(booking.depart, slot_id, taken.number, by=clerk, now=left)
    return len(SERVED)


def _on(now: datetime, days: int) -> str:
    return (local_date(now) + timedelta(days=days)).isoformat()
