"""What people ask of civil affairs, of medical insurance and of the party in the demo county: an allowance that is
paid, one that is looked at, a family helped after a fire, care elsewhere on a promise, a bill that insurance does not
pay, members who move, are away or pay their dues. Each by the command that people would use; what is not published is
left out."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from engine.commands import registers
from engine.people import Actor
from engine.records import files
from engine.store import Database
from engine.workdays import local_date
from web.demo.playing import Player, Resident, born, person

#: By hand, as people sign.
INK = "M20 60 L40 80 L60 70 L90 120 L120 60 L150 130 L190 70 L230 120 L270 60 L310 110"
#: A blank sheet, as a picture that somebody hands in.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAACgAAAA8CAAAAAAx0qc8AAAAIklEQVR42mP4TyRgGFU4qnBU4ajCUYWjCkcVjiocVUhrhQDffFco"
    "4dtDiAAAAABJRU5ErkJggg=="
)
#: The party's clerk of the town the demo is shown from, and the branch that its members are of.
PARTY, BRANCH = "xuhx", "苏洋村党支部"


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Resident], first: Resident, now: datetime
) -> int:
    """All of it; how many cases. `first`: the resident by whose telephone the demo is shown."""
    player = Player(database, staff)
    there = [one for one in residents if one is not first and one.place.code.startswith("350526103")]
    old = [one for one in there if born(one) <= 1945]
    grown = [one for one in there if 1950 < born(one) < 2004]
    parts: dict[str, Callable[..., int]] = {
        "gaoling": _old_age,
        "linshi": _relief,
        "yidi": _elsewhere,
        "baoxiao": _bill,
        "zuzhi": _moving,
        "liudong": _away,
        "dangfei": _dues,
    }
    if any(player.has(matter) for matter in ("zuzhi", "liudong", "dangfei")):
        _roll(player, [*grown[:6], first], now)
    return sum(part(player, old, grown, first, now) for matter, part in parts.items() if player.has(matter))


def _old_age(player: Player, old: Sequence[Resident], grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """One is paid, one is on its way to them, one is looked at."""
    for n, one in enumerate(old[:3]):
        raw = {
            "applicant": person(one),
            "elder": {"home": "here", "elsewhere": "no"},
            "account": f"62170018300000{n:05d}",
        }
        at = now - timedelta(days=12 - 4 * n)
        case_id = player.send("gaoling", raw, one, at)
        if n < 2:
            player.step(
                case_id, {"weighed": {"result": "yes", "findings": "户籍在本县，本人健在"}}, at + timedelta(days=1)
            )
        if n == 0:
            served = {"way": "window", "received_by": one.actor.name, "relation": "本人"}
            player.step(case_id, {"served": served}, at + timedelta(days=2))
    return len(old[:3])


def _relief(player: Player, old: Sequence[Resident], grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """After a fire: helped the same day, the papers are still to be made up. A child's illness: to be visited."""
    fire = {"kind": "urgent", "text": "昨晚厨房着火，米和被子都烧了", "amount": 1500}
    case_id = player.send("linshi", {"applicant": person(grown[7]), "trouble": fire}, grown[7], now - timedelta(days=2))
    player.step(
        case_id, {"pay": {"amount": 1500, "way": "现金", "by": "黄春兰、林巧云"}}, now - timedelta(days=2, hours=-3)
    )
    ill = {"kind": "expense", "text": "孩子住院，自己花了六万", "amount": 30000}
    raw = {"applicant": person(grown[8]), "trouble": ill, "account": "6217001830000020008"}
    player.send("linshi", raw, grown[8], now - timedelta(days=1))
    return 2


def _elsewhere(
    player: Player, old: Sequence[Resident], grown: Sequence[Resident], first: Resident, now: datetime
) -> int:
    """A journey for care, done at once; and a long stay on a promise, which is to be checked."""
    short = {"where": "out", "city": "上海市", "kind": "short"}
    player.send("yidi", {"applicant": person(first), "trip": short}, first, now - timedelta(days=3))
    long = {"where": "out", "city": "广州市", "kind": "long", "proof": "promise", "signature": INK}
    player.send("yidi", {"applicant": person(grown[9]), "trip": long}, grown[9], now - timedelta(days=8))
    return 2


def _bill(player: Player, old: Sequence[Resident], grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """A stay in hospital that is being worked out; what insurance does not pay, whose decision is to be handed over."""
    bills = (
        {"cause": "ill", "about": "胆囊炎住院，那天系统坏了没有刷卡", "total": 12000},
        {"cause": "work", "about": "在厂里压伤了手", "total": 3200},
    )
    for n, bill in enumerate(bills):
        who, at = grown[10 + n], now - timedelta(days=2 - n)
        kept = player.do(files.upload, PICTURE, "票据.png", by=who.actor, now=at, field="bill.files")
        more = {"place": "home", "account": f"621700183000002000{9 - n}", "files": [str(kept.id)]}
        case_id = player.send("baoxiao", {"applicant": person(who), "bill": {**bill, **more}}, who, at)
        if n == 0:
            player.step(case_id, {"decision": "accept"}, at + timedelta(hours=3))
    return len(bills)


def _roll(player: Player, members: Sequence[Resident], now: datetime) -> None:
    """The town's members, as its party's clerk enters them."""
    paid = (local_date(now).replace(day=1) - timedelta(days=1)).isoformat()
    for n, one in enumerate(members):
        facts = {
            "status": "probationary" if n == 5 else "full",
            "branch": BRANCH,
            "dues_until": paid,
        }
        more = {"person": person(one), "by": player.staff[PARTY], "now": now - timedelta(days=30)}
        player.do(registers.add, "party_member", facts, **more)


def _moving(player: Player, old: Sequence[Resident], grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """One whose letter is on its way, one that has just been asked for."""
    move = {
        "person": "self",
        "why": "away",
        "months": 7,
        "fixed": "yes",
        "to": "350526101-DW",
        "to_name": "龙浔镇德新社区党支部",
    }
    for n in (0, 1):
        case_id = player.send("zuzhi", {"applicant": person(grown[n]), "move": move}, grown[n], now - timedelta(days=5))
        if n == 0:
            sent = {"dues_until": local_date(now).isoformat(), "note": "支部同意"}
            player.step(case_id, {"send": sent}, now - timedelta(days=4))
    return 2


def _away(player: Player, old: Sequence[Resident], grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """One who works in three towns; the host is to say where branch life is."""
    trip = {
        "since": (local_date(now) - timedelta(days=200)).isoformat(),
        "months": 10,
        "fixed": "no",
        "host": "350526100-DW",
        "where": "浔中镇富东社区的工地",
    }
    at = now - timedelta(days=3)
    case_id = player.send("liudong", {"applicant": person(grown[2]), "trip": trip}, grown[2], at)
    player.step(case_id, {"home": {"contact": "苏彩霞", "phone": "0595-23500306"}}, at + timedelta(hours=4))
    return 1


def _dues(player: Player, old: Sequence[Resident], grown: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Three months of the resident who is shown, proved; and somebody's that are to be taken."""
    for n, one in enumerate((first, grown[3])):
        raw = {"applicant": person(one), "pay": {"kind": "pension", "income": 5001 - 2000 * n, "months": 3}}
        case_id = player.send("dangfei", raw, one, now - timedelta(days=2))
        if n == 0:
            got = {"paid": "yes", "by": "self", "until": local_date(now).isoformat()}
            player.step(case_id, {"got": got}, now - timedelta(days=1))
    return 2
