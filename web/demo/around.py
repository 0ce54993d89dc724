"""What the demo county has beside cases: market days on the board, a vote under way, parcels on their way, families,
volunteers and members on their registers, books on a shelf, rides that somebody looks for. Each by the command that
people would use; whatever matter of these is not published, is left out."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from borax.calendars.lunardate import LunarDate
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from engine.commands import ballots, boards, bonds, cases, handover_rows, handovers, loans, matching, registers
from engine.people import Actor, load
from engine.people.units import Place
from engine.reads.bonds import kinds
from engine.reads.knowing import Person as Written
from engine.records import files, library
from engine.records import handovers as proofs
from engine.store import Database, Work
from engine.store.models import Ballot, BoardEntry, HandoverLink, Task
from engine.workdays import ZONE, local_date

#: Where the young of the villages live.
TOWN = "350526100"
#: The villages that vote together, and who belongs to what.
VILLAGES = ("350526104001", "350526104002", "350526104003")
MARKETS = (
    {"name": "苏洋墟", "where": "苏洋村部前广场", "what": "卖山药、竹器，上午九点高甲戏", "up": True},
    {"name": "霞碧墟", "where": "霞碧村祠堂口", "what": "卖菜苗、农具，有剃头的、补锅的", "up": True},
    {"name": "石室墟", "where": "石室村大榕树下", "what": "卖年货、写春联", "up": False},
)
PARCELS = (("地瓜一箱", 5, 1), ("冬笋干两包", 2, 0), ("老人的棉衣", 3, 3))
SKILLS = (["barber"], ["repair", "plumbing"], ["cook", "dialect"], ["tutoring"], ["errands", "driving"], ["nursing"])


#: Titles on the shelf, with how many copies and for whom.
BOOKS = (
    ("西游记", 2, "all"),
    ("红楼梦", 1, "all"),
    ("三字经", 3, "child"),
    ("十万个为什么", 2, "child"),
    ("本草纲目", 1, "adult"),
)


#: What somebody says who looks for a ride.
RIDE = {"places": 1, "luggage": "small", "infant": "no", "contact": "家里 0595-23500203", "consents": True}


class Resident(Protocol):
    @property
    def actor(self) -> Actor: ...
    @property
    def phone(self) -> str: ...
    @property
    def id_number(self) -> str: ...
    @property
    def place(self) -> Place: ...


class Player:
    """Does what the demo's people do, each thing in a transaction of its own."""

    def __init__(self, database: Database, staff: Mapping[str, Actor]) -> None:
        self.database, self.staff = database, staff

    def do(self, act: Callable[..., Any], *args: Any, **more: Any) -> Any:
        with self.database.unit_of_work() as work:
            return act(work, *args, **more)

    def has(self, matter: str) -> bool:
        with self.database.reading() as work:
            return any(one.name == matter for one in library.published(work))

    def send(self, matter: str, raw: Mapping[str, Any], who: Resident, at: datetime) -> int:
        with self.database.unit_of_work() as work:
            return cases.submit(work, matter, raw, by=who.actor, now=at, place=who.place).case.id

    def step(self, case_id: int, answers: dict[str, Any], at: datetime) -> None:
        """Whoever may, does the step that is open."""
        with self.database.unit_of_work() as work:
            task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
            by = next(one for one in self.staff.values() if set(one.keys) & set(task.candidates))
            cases.claim(work, task.id, version=task.version, by=by, now=at)
            cases.complete(work, task.id, answers, version=task.version, by=by, now=at)


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
        _library(player, first, now)
    if player.has("shunfeng"):
        _rides(player, residents, now)
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
        more = {"person": _person(one), "place_id": one.place.id, "by": player.staff["huangcl"]}
        player.do(registers.add, "fenhong.member", facts, **more, now=now - timedelta(days=60 - n))


def _person(one: Resident) -> dict[str, str]:
    return {"name": one.actor.name, "phone": one.phone, "id_number": one.id_number}


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
        more = {"person": _person(one), "place_id": one.place.id, "by": player.staff["huangcl"]}
        player.do(registers.add, "volunteer", facts, **more, now=now - timedelta(days=30 - n))


def _ballot(
    player: Player,
    residents: Sequence[Resident],
    first: Resident,
    dice: random.Random,
    now: datetime,
) -> int:
    """Three villages vote: announced a fortnight ago, open since yesterday, half have voted; the first has not."""
    began = now - timedelta(days=16)
    voters = [one for one in residents if one.place.code in VILLAGES]
    for n, one in enumerate(voters):
        facts = {"household": f"{one.place.name[0]}{n // 3 + 1}", "capable": True}
        more = {"person": _person(one), "place_id": one.place.id, "by": player.staff["huangcl"]}
        player.do(registers.add, "voter", facts, **more, now=began - timedelta(days=10))
    who = next(one for one in voters if one is not first)
    raw = {
        "applicant": {"name": who.actor.name, "phone": who.phone},
        "proposal": {
            "title": "同意把村集体的钱投到园区吗",
            "text": "三个村共出二百六十万元，入股园区标准厂房，每年每村约五万元。",
            "villages": list(VILLAGES),
        },
    }
    case_id = player.send("baotuan", raw, who, began)
    player.step(case_id, {"party": {"decision": "agree"}}, began + timedelta(days=1))
    opens, closes = local_date(now) - timedelta(days=1), local_date(now) + timedelta(days=4)
    days = {"again": "go", "opens_at": f"{opens}T09:00", "closes_at": f"{closes}T17:00"}
    player.step(case_id, {"days": days}, began + timedelta(days=2))
    with player.database.reading() as work:
        code = work.session.scalars(select(Ballot.code).where(Ballot.case_id == case_id)).one()
    for one in voters:
        if one is first or one is who or dice.random() < 0.45:
            continue
        choice = dice.choices(["yes", "no", "abstain"], [7, 2, 1])
        player.do(ballots.vote, code, choice, by=one.actor, now=now - timedelta(minutes=dice.randrange(5, 600)))
    return 1


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
            _hand(player, case_id, at + timedelta(hours=2 + 6 * done))
            if done == 0:
                man = others[5]
                carrier = {"name": man.actor.name, "phone": man.phone}
                player.step(case_id, {"found": "yes", "carrier": carrier}, at + timedelta(hours=3))
    return len(PARCELS)


def _hand(player: Player, case_id: int, at: datetime) -> None:
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


def _library(player: Player, first: Resident, now: datetime) -> None:
    """A shelf of the hall's, and a book that the first has at home."""
    clerk, at = player.staff["chenxl"], now - timedelta(days=20)
    every = [(title, readers) for title, copies, readers in BOOKS for _copy in range(copies)]
    for n, (title, readers) in enumerate(every, 1):
        rack = "C1" if readers == "child" else "A1"
        facts = {"barcode": f"SW{n:04d}", "title": title, "class": readers, "rack": rack}
        player.do(registers.add, "book", facts, by=clerk, now=at)
    player.do(loans.lend, "books", "SW0001", f"u:{first.actor.id}", by=clerk, now=now - timedelta(days=6))


def _rides(player: Player, residents: Sequence[Resident], now: datetime) -> None:
    """Two who look for a ride between their village and the county's town."""
    near = [one for one in residents if one.place.code in VILLAGES][5:7]
    for n, one in enumerate(near):
        starts = datetime.combine(local_date(now) + timedelta(days=2 + n), time(8), ZONE)
        player.do(
            matching.say,
            "ride",
            "need",
            stops=[one.place.code, TOWN],
            starts_at=starts,
            until_at=starts + timedelta(hours=2),
            answers={
                "places": 1,
                "luggage": "small",
                "infant": "no",
                "contact": "家里 0595-23500203",
                "consents": True,
            },
            by=one.actor,
            now=now - timedelta(hours=5 + n),
        )
