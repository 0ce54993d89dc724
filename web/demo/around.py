"""What the demo county has beside cases: market days on the board, a vote under way, parcels on their way, families,
volunteers and members on their registers, books on a shelf, rides that somebody looks for. Each by the command that
people would use; whatever matter of these is not published, is left out."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from borax.calendars.lunardate import LunarDate
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from engine.commands import ballots, boards, bonds, handover_rows, handovers, loans, matching, registers
from engine.people import Actor, load
from engine.reads.bonds import kinds
from engine.reads.knowing import Person as Written
from engine.records import files
from engine.records import handovers as proofs
from engine.store import Database, Work
from engine.store.models import Ballot, BoardEntry, HandoverLink
from engine.workdays import ZONE, local_date
from web.demo import canteen
from web.demo.playing import Player, Resident, born, person

#: Where the young of the villages live.
TOWN = "350526100"
#: The villages that vote together, and who belongs to what.
VILLAGES = ("350526103204", "350526103202", "350526103205")
MARKETS = (
    {"name": "苏洋墟", "where": "苏洋村部前广场", "what": "卖山药、竹器，上午九点高甲戏", "up": True},
    {"name": "霞碧墟", "where": "霞碧村祠堂口", "what": "卖菜苗、农具，有剃头的、补锅的", "up": True},
    {"name": "石室墟", "where": "石室村大榕树下", "what": "卖年货、写春联", "up": False},
)
PARCELS = (("地瓜一箱", 5, 1), ("冬笋干两包", 2, 0), ("老人的棉衣", 3, 3))
SKILLS = (["barber"], ["repair", "plumbing"], ["cook", "dialect"], ["tutoring"], ["errands", "driving"], ["nursing"])


#: What is given: what, worth, meant for, how many, counted in, who looked at it with whom; without, it waits.
GIFTS = (
    ("新棉被十床", 900, "独居老人", 10, "床", ("王爱心", "李党员")),
    ("大米二十袋", 1200, "", 20, "袋", ("王爱心", "李党员")),
    ("书包和文具六套", 420, "小学生", 6, "套", ("李党员", "陈小云")),
    ("轮椅一台", 600, "", 0, "", ()),
)
#: Titles on the shelf, with invented numbers, how many copies and for whom.
BOOKS = (
    ("9787000000018", "西游记", 2, "all"),
    ("9787000000025", "红楼梦", 1, "all"),
    ("9787000000032", "三字经", 3, "child"),
    ("9787000000049", "十万个为什么", 2, "child"),
    ("9787000000056", "本草纲目", 1, "adult"),
)


#: What somebody says who looks for a ride.
RIDE = {
    "places": 1,
    "luggage": "small",
    "infant": "no",
    "detour": "five",
    "contact": "家里 0595-23500203",
    "consents": True,
}


def fill(
    database: Database,
    staff: Mapping[str, Actor],
    residents: Sequence[Resident],
    first: Resident,
    dice: random.Random,
    now: datetime,
) -> int:
    """All of it; how many cases. `first`: the resident by whose telephone the demo is shown."""
    player = Player(database, staff)
    made = 0
    if player.has("ganxu"):
        made += _markets(player, residents, now)
    if player.has("dengji_zhiyuanzhe"):
        _volunteers(player, residents, first, dice, now)
    if player.has("fenhong"):
        _members(player, residents, now)
    if player.has("baotuan"):
        made += _ballot(player, residents, first, dice, now)
    if player.has("jisong"):
        made += _parcels(player, residents, first, now)
    if player.has("jieren"):
        _family(player, residents, first, now)
    if player.has("juanshu"):
        _library(player, residents, first, now)
    if player.has("shunfeng"):
        _rides(player, residents, first, now)
    if player.has("daiban"):
        made += _originals(player, first, now)
    if player.has("juanzeng"):
        made += _gifts(player, residents, first, now)
    if player.has("zhiyuan"):
        canteen.wait_for_a_place(player, "zhiyuan.job", first, now)
    return made


def market_days(after: date) -> Iterator[date]:
    """Days of the lunar month that end in three or eight, as markets are held here."""
    day = after
    while True:
        if LunarDate.from_solar(day).day % 5 == 3:
            yield day
        day += timedelta(days=1)


def _markets(player: Player, residents: Sequence[Resident], now: datetime) -> int:
    """Three markets: two announced, one that the town's head has to read."""
    asked = now - timedelta(days=2)
    days = market_days(local_date(now) + timedelta(days=7))
    by = [one for one in residents if one.place.code in VILLAGES]
    for n, (market, day) in enumerate(zip(MARKETS, days, strict=False)):
        who = by[3 + n]
        raw = {
            "organiser": {"kind": "village", "name": f"{who.place.name}村民委员会"},
            "applicant": {"name": who.actor.name, "phone": who.phone},
            "market": {"name": market["name"], "days": "逢三逢八"},
            "day": day.isoformat(),
            "hours": "7:00-12:00",
            "venue": market["where"],
            "expected": 400,
            "programme": market["what"],
            "fireworks": "no",
            "asking": "0595-23500306",
            "stalls": [{"stall": "A1", "goods": "山药", "food": "no"}, {"stall": "A2", "goods": "竹器", "food": "no"}],
        }
        at = asked + timedelta(hours=n)
        case_id = player.send("ganxu", raw, who, at)
        player.step(case_id, {"looking": "yes"}, at + timedelta(minutes=40))
        if not market["up"]:
            continue
        with player.database.unit_of_work() as work:
            entry = work.session.scalars(select(BoardEntry).where(BoardEntry.case_id == case_id)).one()
            head = player.staff["suqf"]
            boards.approve(work, entry.number, changed=entry.changed, by=head, now=at + timedelta(hours=3))
    return len(MARKETS)


def _members(player: Player, residents: Sequence[Resident], now: datetime) -> None:
    """Members of the collective with their shares, of which the dividend is paid in January."""
    for n, one in enumerate([one for one in residents if one.place.code in VILLAGES][:12]):
        facts = {"shares": 1 + n % 4, "account": f"62284800{n:011d}"}
        more = {"person": person(one), "place_id": one.place.id, "by": player.staff["huangcl"]}
        player.do(registers.add, "fenhong.member", facts, **more, now=now - timedelta(days=60 - n))


def _volunteers(
    player: Player, residents: Sequence[Resident], first: Resident, dice: random.Random, now: datetime
) -> None:
    near = [one for one in residents if one.place.code in VILLAGES and one is not first]
    for n, one in enumerate([first, *dice.sample(near, 9)]):
        facts = {
            "skills": SKILLS[n % len(SKILLS)],
            "availability": ["weekend", "holiday"] if n % 2 else ["evening"],
            "insured_until": (local_date(now) + timedelta(days=20 + 40 * n)).isoformat(),
        }
        more = {"person": person(one), "place_id": one.place.id, "by": player.staff["huangcl"]}
        player.do(registers.add, "volunteer", facts, **more, now=now - timedelta(days=30 - n))


def _ballot(
    player: Player,
    residents: Sequence[Resident],
    first: Resident,
    dice: random.Random,
    now: datetime,
) -> int:
    """Three villages vote: one ballot open since yesterday, half have voted and the first has not; one that closed two
    days ago, which the worker counts."""
    voters = [one for one in residents if one.place.code in VILLAGES]
    for n, one in enumerate(voters):
        facts = {"household": f"{one.place.name[0]}{n // 3 + 1}", "capable": True}
        more = {"person": person(one), "place_id": one.place.id, "by": player.staff["huangcl"]}
        player.do(registers.add, "voter", facts, **more, now=now - timedelta(days=45))
    today = local_date(now)
    closed = {
        "title": "修村口到学校的路",
        "text": "路长一公里，镇里补一半，其余从村集体收入里出，每村约三万元。",
    }
    code = _put_to_the_vote(player, voters[1], closed, today - timedelta(days=4), today - timedelta(days=2), now)
    for one in voters[:-3]:
        choice = dice.choices(["yes", "no"], [9, 1])
        at = now - timedelta(days=3, minutes=dice.randrange(5, 300))
        player.do(ballots.vote, code, choice, by=one.actor, now=at)
    running = {
        "title": "同意把村集体的钱投到园区吗",
        "text": "三个村共出二百六十万元，入股园区标准厂房，每年每村约五万元。",
    }
    who = next(one for one in voters if one is not first)
    code = _put_to_the_vote(player, who, running, today - timedelta(days=1), today + timedelta(days=4), now)
    for one in voters:
        if one is first or one is who or dice.random() < 0.45:
            continue
        choice = dice.choices(["yes", "no", "abstain"], [7, 2, 1])
        player.do(ballots.vote, code, choice, by=one.actor, now=now - timedelta(minutes=dice.randrange(5, 600)))
    return 2


def _put_to_the_vote(
    player: Player, who: Resident, about: Mapping[str, str], opens: date, closes: date, now: datetime
) -> str:
    """Proposed and looked at a fortnight before it opens, as the law wants; the ballot's code."""
    began = datetime.combine(opens, time(9), ZONE) - timedelta(days=15)
    raw = {
        "applicant": {"name": who.actor.name, "phone": who.phone},
        "proposal": {**about, "villages": list(VILLAGES)},
    }
    case_id = player.send("baotuan", raw, who, began)
    player.step(case_id, {"party": {"decision": "agree"}}, began + timedelta(days=1))
    days = {"again": "go", "opens_at": f"{opens}T09:00", "closes_at": f"{closes}T17:00"}
    player.step(case_id, {"days": days}, began + timedelta(days=2))
    with player.database.reading() as work:
        return str(work.session.scalars(select(Ballot.code).where(Ballot.case_id == case_id)).one())


def _parcels(player: Player, residents: Sequence[Resident], first: Resident, now: datetime) -> int:
    """One waits for the first to fetch it, one that they bring to the station, one on its way."""
    others = [one for one in residents if one.place.code == VILLAGES[0] and one is not first]
    for n, (what, weight, links) in enumerate(PARCELS):
        giver, taker = (others[n], first) if links else (first, others[n])
        raw = {
            "parcel": {"what": what, "class": "plain", "weight": weight, "value": 80, "open": True},
            "applicant": {"name": giver.actor.name, "phone": giver.phone},
            "receiver": {"name": taker.actor.name, "phone": taker.phone},
        }
        at = now - timedelta(hours=20 - n)  # the second link has a day
        case_id = player.send("jisong", raw, giver, at)
        for done in range(links):
            hand(player, case_id, at + timedelta(hours=2 + 6 * done))
            if done == 0:
                man = others[5]
                carrier = {"name": man.actor.name, "phone": man.phone}
                player.step(case_id, {"found": "yes", "carrier": carrier}, at + timedelta(hours=3))
    return len(PARCELS)


def hand(player: Player, case_id: int, at: datetime) -> None:
    """The open link ends: whoever is at one end types the six digits that the other shows."""
    with player.database.unit_of_work() as work:
        link = work.session.scalars(
            select(HandoverLink)
            .join(HandoverLink.handover)
            .options(contains_eager(HandoverLink.handover))
            .where(HandoverLink.handover.has(case_id=case_id), HandoverLink.state == "open")
        ).one()
        by = next(one for one in _ends(work, player, link, at) if handover_rows.side_of(link, one) is not None)
        side = handover_rows.side_of(link, by)
        assert side is not None
        given = handovers.Given(proofs.code(link, proofs.other(side)))
        handovers.act(work, link.id, "done", given, by=by, now=at)


def _ends(work: Work, player: Player, link: HandoverLink, at: datetime) -> Iterator[Actor]:
    yield from player.staff.values()
    for key in (link.receiver_key, link.giver_key):
        if key.startswith("u:"):
            yield load(work, int(key[2:]), now=at)


def _gifts(player: Player, residents: Sequence[Resident], first: Resident, now: datetime) -> int:
    """Three gifts in the stock of the house of kindness, one that waits for two people to look at it, and cash that the
    house does not take."""
    givers = [one for one in residents if one.place.code in VILLAGES and one is not first]
    for n, (what, value, purpose, count, unit, looked) in enumerate(GIFTS):
        who = first if n == 0 else givers[n]
        kind = {"class": "food", "best_before": (local_date(now) + timedelta(days=200)).isoformat()}
        raw = {
            "gift": {"what": what, "value": value, "purpose": purpose, "age": 46, "slip": "yes", "agreement": "no"}
            | (kind if unit == "袋" else {"class": "goods"})
            | dict.fromkeys(("kin", "levy", "tax"), "no"),
            "applicant": {"name": who.actor.name, "phone": who.phone},
        }
        at = now - timedelta(days=8 - 2 * n, hours=3)
        case_id = player.send("juanzeng", raw, who, at)
        if looked:
            found = {"result": "keep", "count": count, "unit": unit, "shape": "全新"}
            found |= {"first": looked[0]}
            first_look = player.step(case_id, {"looked": found}, at + timedelta(hours=1))
            agreed = {"result": "keep", "name": looked[1]}
            player.step(case_id, {"checked": agreed}, at + timedelta(hours=2), apart=first_look)
    cash = {"what": "五百元", "class": "money", "value": 500, "age": 46, "slip": "yes", "agreement": "no"}
    raw = {
        "gift": cash | dict.fromkeys(("kin", "levy", "tax"), "no"),
        "applicant": {"name": givers[4].actor.name, "phone": givers[4].phone},
    }
    player.send("juanzeng", raw, givers[4], now - timedelta(days=1))
    return len(GIFTS) + 1


def portrait(size: int = 120) -> bytes:
    """A picture of nobody: a head and shoulders, as PNG."""
    rows = bytearray()
    for y in range(size):
        rows.append(0)
        for x in range(size):
            head = (x - size / 2) ** 2 + (y - size * 0.38) ** 2 < (size * 0.2) ** 2
            body = ((x - size / 2) / 0.36) ** 2 + ((y - size) / 0.36) ** 2 < size**2
            rows += b"\x0e\x5a\x6d" if head or body else b"\xe4\xea\xec"

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head_of_it = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    body_of_it = zlib.compress(bytes(rows))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head_of_it) + part(b"IDAT", body_of_it) + part(b"IEND", b"")


def _family(player: Player, residents: Sequence[Resident], first: Resident, now: datetime) -> None:
    """The first may act for an old neighbour of the family, is guardian of a child, and somebody asks to act for
    them."""
    clerk = player.staff["chenxl"]
    me = Written(first.actor.name, first.phone, first.id_number)
    child = Written(first.actor.name[0] + "小宝", None, "350526202208014011")
    at = now - timedelta(days=12)
    player.do(bonds.at_counter, "guardian", subject=child, holder=me, shown=["birth"], by=clerk, now=at)
    near = [one for one in residents if one.place.code == first.place.code and one is not first]
    with player.database.unit_of_work() as work:
        mother = near[1].actor
        code = bonds.show_code(work, "family", by=mother, now=at)
    with player.database.unit_of_work() as work:  # who fetches the child: by the guardian, with a picture
        assert first.actor.id is not None
        me_now = load(work, first.actor.id, now=at + timedelta(hours=1))
        guardian = next(one.id for one in me_now.grants if one.kind == "guardian")
        photo = files.store(
            work, portrait(), "外婆.png", "image/png", owner_id=first.actor.id, now=at, field="photo"
        ).id
        gran = Written("李阿婆", "13805959001", "350526195508124025")
        key = next(key for key in kinds(work) if key.endswith(".pick_up"))
        bonds.by_guardian(work, key, guardian, gran, photo=photo, by=me_now, now=at + timedelta(hours=1))
    bonds.type_code(player.database, near[1].phone, code, by=first.actor, now=at + timedelta(minutes=2))
    player.do(bonds.ask, "family", first.phone, first.actor.name, by=near[4].actor, now=now - timedelta(hours=3))


def _library(player: Player, residents: Sequence[Resident], first: Resident, now: datetime) -> None:
    """A shelf of the hall's: a book that the first has at home, one that a neighbour should have brought back and the
    first waits for, one that was returned."""
    clerk, at = player.staff["chenxl"], now - timedelta(days=60)
    every = [(isbn, title, readers) for isbn, title, copies, readers in BOOKS for _copy in range(copies)]
    for n, (isbn, title, readers) in enumerate(every, 1):
        rack = "C1" if readers == "child" else "A1"
        facts = {"barcode": f"SW{n:04d}", "isbn": isbn, "title": title, "class": readers, "rack": rack}
        player.do(registers.add, "book", facts, by=clerk, now=at)
    neighbours = [one for one in residents if one.place.code == first.place.code and one is not first]

    def lend(barcode: str, to: Resident, days: int) -> None:
        player.do(loans.lend, "books", barcode, f"u:{to.actor.id}", by=clerk, now=now - timedelta(days=days))

    lend("SW0001", first, 26)
    lend("SW0003", neighbours[0], 34)
    lend("SW0004", neighbours[1], 12)
    player.do(loans.take_back, "books", "SW0004", by=clerk, now=now - timedelta(days=2))
    player.do(loans.reserve, "books", BOOKS[1][0], by=first.actor, now=now - timedelta(days=3))


def _rides(player: Player, residents: Sequence[Resident], first: Resident, now: datetime) -> None:
    """Two drivers with seats; the first rides with one of them, two more look for a ride, one leaves so soon that a
    coordinator rings round, and one says that the second driver asks for money."""
    near = [one for one in residents if one.place.code in VILLAGES and one is not first]
    grown = [one for one in near if 1957 < born(one) < 2003]
    today = local_date(now)
    for n, one in enumerate(grown[:2]):
        facts = {
            "licence_no": one.id_number,
            "licence_until": f"{today.year + 4}-06-30",
            "plate": f"闽C{52610 + n}",
            "seats": 5,
            "inspection_until": f"{today.year + 1}-08-31",
            "policy": "PDZA20263505000018",
            "insurance_until": f"{today.year + 1}-09-30",
        }
        more = {"person": person(one), "place_id": one.place.id, "by": player.staff["huangcl"]}
        player.do(registers.add, "driver", facts, **more, now=now - timedelta(days=25))

    def say(side: str, who: Resident, days: int, answers: Mapping[str, Any], hours: int = 5, via: str = "") -> int:
        starts = datetime.combine(today + timedelta(days=days), time(8), ZONE)
        when = {"starts_at": starts, "until_at": starts + timedelta(hours=2)}
        more = {"answers": dict(answers), "by": who.actor, "now": now - timedelta(hours=hours)}
        stops = list(dict.fromkeys([who.place.code, via or TOWN, TOWN]))
        return int(player.do(matching.say, "ride", side, stops=stops, **when, **more).id)

    seats = {"seats": 3, "luggage": "small", "remark": "村口大榕树下", "free": True, "sober": True}
    supply = say("supply", grown[0], 2, {**seats, "plate": "闽C52610"}, via=first.place.code)
    paid = say("supply", grown[1], 4, {**seats, "plate": "闽C52611", "luggage": "big"}, via=grown[2].place.code)
    asks = player.do(
        matching.ask, say("need", grown[2], 4, RIDE), paid, by=grown[2].actor, now=now - timedelta(hours=4)
    )
    player.do(matching.agree, asks.id, version=asks.version, by=grown[1].actor, now=now - timedelta(hours=3))
    player.do(matching.charge, asks.id, version=asks.version + 1, by=grown[2].actor, now=now - timedelta(hours=1))
    mine = say("need", first, 2, RIDE)
    pair = player.do(matching.ask, mine, supply, by=first.actor, now=now - timedelta(hours=4))
    player.do(matching.agree, pair.id, version=pair.version, by=grown[0].actor, now=now - timedelta(hours=3))
    for n, one in enumerate([one for one in near if one not in grown][5:7]):
        say("need", one, 4 + n, RIDE, 5 + n)
    late = next(one for one in near[::-1] if one not in grown)
    soon = _soon(now)
    when = {"starts_at": soon, "until_at": soon + timedelta(hours=2)}
    more = {"answers": dict(RIDE), "by": late.actor, "now": now - timedelta(hours=30)}
    player.do(matching.say, "ride", "need", stops=[late.place.code, TOWN], **when, **more)


def _soon(now: datetime) -> datetime:
    """The next hour at which somebody leaves, between three and twelve hours from now."""
    for hours in range(3, 12):
        at = (now + timedelta(hours=hours)).astimezone(ZONE).replace(minute=0, second=0, microsecond=0)
        if at.hour in (6, 9, 12, 15, 18, 21):
            return at
    raise AssertionError(f"Expected an hour to leave within twelve of {now}")


def _originals(player: Player, first: Resident, now: datetime) -> int:
    """The village's agent applies for the first and has their household register: it is on its way to the bureau."""
    agent, at = player.staff["sucx"], now - timedelta(hours=26)
    ink = "M40 100 " + " ".join(f"L{40 + 24 * n} {60 + 70 * (n % 2) + n}" for n in range(1, 20))
    raw = {
        "applicant": {
            "name": first.actor.name,
            "id_number": first.id_number,
            "phone": first.phone,
            "address": first.place.name,
        },
        "for_whom": "self",
        "group_kind": "ordinary",
        "mandate_until": (local_date(now) + timedelta(days=180)).isoformat(),
        "agree": True,
        "mandate_signature": ink,
    }
    case_id = player.send("daiban", raw, first, at, by=agent, channel="agent")
    taken = {"identity_checked": True, "agent_signature": ink, "originals_taken": ["户口簿"]}
    player.step(case_id, taken, at + timedelta(minutes=30))
    hand(player, case_id, at + timedelta(minutes=35))
    return 1
