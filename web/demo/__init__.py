"""The demo county: real places, invented people, about a hundred and fifty cases made through the real commands."""

from __future__ import annotations

import csv
import heapq
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from engine import people, workdays
from engine.commands import cases, queues
from engine.commands import county as imports
from engine.commands.county.columns import ROLES, UNIT_KINDS
from engine.errors import Invalid, Refused
from engine.matters import County
from engine.matters import county as counties
from engine.people import Actor, login, units
from engine.people.units import Place
from engine.store import Database, Work, keys
from engine.store.models import Case, Listed, Task, Timer, User
from web.demo import (
    around,
    benefits,
    bookings,
    calendar,
    canteen,
    care,
    circle,
    everywhere,
    government,
    halls,
    health,
    mediations,
    permits,
    ratings,
    rooms,
    station,
    village,
    volunteers,
)
from web.demo.playing import office_hour

#: Of every demo log-in.
PASSWORD = "yizhan2026"
#: A resident of 苏洋村, where 苏彩霞 is the agent: what the one asks for, the other finds in her inbox.
RESIDENT = "13805950001"
#: How many cases of the widest matter are made: every step has some in hand, and the first start stays short.
CASES = 110
#: How far back the oldest began.
DAYS = 45
#: Actions in one transaction: the demo is made once, a crash begins it again.
BATCH = 40

_HERE = Path(__file__).parent
_WORD = {kind: word for word, kind in UNIT_KINDS.items()}
_ROLE = {role: word for word, role in ROLES.items()}


@lru_cache(maxsize=1)
def county() -> dict[str, Any]:
    """county.yaml."""
    found: dict[str, Any] = yaml.safe_load((_HERE / "county.yaml").read_text(encoding="utf-8"))
    return found


#: The matters the demo county's cases are of.
MATTERS = ("daiban", "fanying", "tiaojie", "yuyue", "zhenggai", "zhiyuan")


def lists() -> County:
    """The lists the demo county will have."""
    return counties.of({**county(), "units": _towns_and_villages(), "staff": _everybody()})


def logins() -> list[str]:
    """Lines that say how to log in."""
    posts = {p["code"]: p["name"] for p in county()["posts"]}
    names = {u["code"]: u["name"] for u in county()["units"]}
    staff = {person["login"]: person for person in county()["staff"]}
    lines = []
    for name in county()["shown"]:
        unit, _, post = staff[name]["holds"][0].partition(":")
        lines.append(f"{name:<10} {staff[name]['name']}  {names[unit]}·{posts[post]}：看看{county()['shown'][name]}")
    return [
        f"演示登录（密码均为 {PASSWORD}）：",
        *lines,
        f"群众用手机号 {RESIDENT} 登录，验证码显示在页面上：看看“我的”里的办件、午餐、顺风车、借的书和要您投的票。",
    ]


def open_logins(database: Database) -> list[str]:
    """The log-in names of a hall that open by the demo password, which is no secret."""
    with database.reading() as work:
        shown = list(county()["shown"])
        rows = work.session.execute(
            select(User.login, User.password_hash).where(User.login.in_(shown), User.disabled_at.is_(None))
        ).all()
    return [str(name) for name, stored in rows if stored and login.matches(stored, PASSWORD)]


@dataclass(frozen=True)
class Peopled:
    """A hall with everybody in it and no case yet."""

    places: dict[str, Place]
    staff: dict[str, Actor]
    residents: list[Resident]
    dice: random.Random

    def __str__(self) -> str:
        return f"{len(self.places)} 个单位、{len(_everybody())} 名工作人员、{len(self.residents)} 名群众"


def people_it(database: Database, *, now: datetime, seed: int = 2026, again: bool = False) -> Peopled:
    """Put the county's calendar, units, staff and residents into an empty hall: whatever matters it has, somebody can
    log in, publish and try them. `again`: they are there already, from a start that was broken off."""
    dice = random.Random(seed)
    if again:
        with database.unit_of_work() as work:
            places = dict(units.tree(work).by_code)
            staff = _staff(work, places, now - timedelta(days=DAYS + 30))
            return Peopled(places, staff, _residents(work, places, dice, now - timedelta(days=DAYS + 20)), dice)
    calendar.fill(database, county()["calendar"], now=now)
    with database.unit_of_work() as work:
        imports.put_rows(work, rows(), by=people.SYSTEM, now=now - timedelta(days=DAYS + 30))
        places = dict(units.tree(work).by_code)
        staff = _staff(work, places, now - timedelta(days=DAYS + 30))
        queues.put_halls(work, county()["halls"])
        return Peopled(places, staff, _residents(work, places, dice, now - timedelta(days=DAYS + 20)), dice)


def fill(
    database: Database, *, now: datetime, count: int = CASES, seed: int = 2026, there: Peopled | None = None
) -> str:
    """Fill a hall without a case in which MATTERS are published; says what was made. `there`: its people, when they
    are in it already."""
    began = time.process_time()
    there = there or people_it(database, now=now, seed=seed)
    places, staff, residents, dice = there.places, there.staff, there.residents, there.dice
    made = _cases(database, staff, residents, dice, now, count)
    booked = bookings.fill(database, county(), places, staff, residents, dice, now)
    made += mediations.fill(database, staff, residents, dice, now)  # after the rooms they meet in
    made += ratings.fill(database, staff, residents, dice, now)
    made += volunteers.fill(database, staff, residents, _shown(residents), dice, now)
    made += around.fill(database, staff, residents, _shown(residents), dice, now)
    made += village.fill(database, staff, residents, _shown(residents), now)
    made += government.fill(database, staff, places, _shown(residents), now)
    made += circle.fill(database, staff, places, _shown(residents), now)
    made += permits.fill(database, staff, residents, _shown(residents), now)
    made += station.fill(database, staff, now)
    made += benefits.fill(database, staff, residents, _shown(residents), now)
    made += health.fill(database, staff, residents, _shown(residents), now)
    made += rooms.fill(database, staff, residents, _shown(residents), now)
    made += care.fill(database, staff, residents, _shown(residents), now)
    booked += canteen.fill(database, staff, residents, _shown(residents), now)
    if count >= CASES:  # a smaller county has its told places alone
        made += everywhere.fill(database, staff, dice, now)
    waiting = halls.fill(database, staff, dice, now)
    for name in county()["shown"]:
        _in_hand(database, staff[name], now)
    took = f"{time.process_time() - began:.0f}"
    return f"演示县：{there}、{made} 个办件、{booked} 个预约、{waiting} 个号（计算 {took} 秒）。"


def _shown(residents: list[Resident]) -> Resident:
    return next(one for one in residents if one.phone == RESIDENT)


def _in_hand(database: Database, by: Actor, now: datetime, most: int = 3) -> None:
    """Who is shown has something in hand: the oldest few of what they may sign for."""
    with database.unit_of_work() as work:
        waiting = work.session.scalars(
            select(Task)
            .join(Listed, Listed.task_id == Task.id)
            .where(Task.state == "open", Listed.key.in_(by.keys))
            .order_by(Task.id)
            .limit(most)
        ).all()
        for task in waiting:
            cases.claim(work, task.id, version=task.version, by=by, now=now - timedelta(minutes=5))


# ---------------------------------------------------------------- people and places


def rows() -> dict[str, list[dict[str, Any]]]:
    """The county as the rows of its import file (engine.commands.county)."""
    told, staff_, held = county(), _everybody(), []
    for one in staff_:
        held += [dict(zip(("unit", "post"), h.split(":"), strict=True), login=one["login"]) for h in one["holds"]]
    return {
        "units": [
            {**one, "kind": _WORD[one["kind"]], **_centre(n, one)} for n, one in enumerate(_towns_and_villages())
        ],
        "posts": [{**one, "role": _ROLE[one["role"]]} for one in told["posts"]],
        "people": [
            {"login": one["login"], "name": one["name"], "phone": f"1590000{n:04d}"} for n, one in enumerate(staff_)
        ],
        "holdings": held,
    }


def _centre(n: int, one: Mapping[str, Any]) -> dict[str, str]:
    """The type of its neighbourhood's centre, invented: communities are built together, most villages are scattered."""
    if one["kind"] not in ("village", "community"):
        return {}
    built = one["kind"] == "community"
    said = ["集中" if built or n % 4 == 0 else "分散", "封闭" if built and n % 2 else "开放"]
    return {"centre": "、".join([*said, *(["商业"] if built and n % 3 == 0 else ["移民"] if n % 9 == 0 else [])])}


def _towns_and_villages() -> list[dict[str, Any]]:
    """The units of county.yaml, and behind them every other town and village of units.csv."""
    told = [{name: value for name, value in one.items()} for one in county()["units"]]
    known = {one["code"] for one in told}
    towns: list[dict[str, Any]] = []
    villages: list[dict[str, Any]] = []
    with (_HERE / "units.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code, town, here = row["town_code"], row["town"], row["code"]
            if code not in known:
                known.add(code)
                seal = f"德化县{town}人民政府"
                towns.append({"code": code, "name": town, "kind": "town", "parent": "350526", "seal_name": seal})
            if here not in known:
                stem = row["name"].removesuffix("居委会").removesuffix("委会")
                kind = "village" if stem.endswith("村") else "community"
                seal = f"德化县{town}{stem}{'村民' if kind == 'village' else '居民'}委员会"
                villages.append({"code": here, "name": stem, "kind": kind, "parent": code, "seal_name": seal})
    return [*told, *towns, *villages]


def _everybody() -> list[dict[str, Any]]:
    """The staff of county.yaml, and of every town and village that it tells nothing of."""
    told = county()
    further = list(enumerate(_towns_and_villages()))[len(told["units"]) :]
    return [*told["staff"], *(one for n, unit in further for one in _served(n, unit))]


def _served(n: int, unit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who works in a town or village that county.yaml does not tell of: a head and a counter, or an agent."""
    names, code = county()["residents"], str(unit["code"])

    def name(k: int) -> str:
        return str(names["surnames"][(n * 7 + k) % len(names["surnames"])]) + str(
            names["given"][(n * 3 + k) % len(names["given"])]
        )

    if unit["kind"] == "town":
        return [
            {"login": f"z{code[6:]}", "name": name(0), "holds": [f"{code}:window", f"{code}:agent"]},
            {"login": f"h{code[6:]}", "name": name(1), "holds": [f"{code}:head"]},
        ]
    return [{"login": f"d{code[6:]}", "name": name(2), "holds": [f"{code}:agent"]}]


def _staff(work: Work, places: dict[str, Place], now: datetime) -> dict[str, Actor]:
    """Everybody's log-in opens by the demo's password; they have worked here for a while."""
    users = {row.login: row for row in work.session.scalars(select(User).where(User.kind == "staff"))}
    for user in users.values():
        user.password_hash, user.created_at = _password(), now
    work.session.flush()
    told = [one["login"] for one in county()["staff"]]
    return {name: people.load(work, users[name].id, now=now) for name in told}


@lru_cache(maxsize=1)
def _password() -> str:
    return login.hash_password(PASSWORD)


@dataclass(frozen=True)
class Resident:
    """An invented person."""

    actor: Actor
    phone: str
    id_number: str
    place: Place


def _phone(n: int) -> str:
    return f"1380595{n:04d}"


def _residents(work: Work, places: dict[str, Place], dice: random.Random, now: datetime) -> list[Resident]:
    data = county()["residents"]
    codes = list(data["places"])
    rows: list[tuple[User, str, str, Place]] = []
    phones = {keys.blind("phone", _phone(n)): n for n in range(int(data["count"]))}
    there = {
        phones[row.phone_index]: row
        for row in work.session.scalars(select(User).where(User.kind == "resident", User.phone_index.in_(phones)))
        if row.phone_index is not None
    }
    for n in range(int(data["count"])):
        code = codes[n % len(codes)]
        old = dice.randrange(10) < int(data["places"][code])
        year = dice.randrange(1936, 1965) if old else dice.randrange(1967, 2006)
        born = date(year, dice.randrange(1, 13), dice.randrange(1, 29))
        id_number = _id_number(born, 100 + n)
        phone = _phone(n)
        name = dice.choice(data["surnames"]) + dice.choice(data["given"])
        user = there.get(n) or User(
            kind="resident",
            name=name,
            phone=phone,
            phone_index=keys.blind("phone", phone),
            id_number=id_number,
            id_index=keys.blind("id", id_number),
            place_id=places[code].id,
            created_at=now,
        )
        rows.append((user, phone, id_number, places[code]))
    work.session.add_all(row[0] for row in rows)
    work.session.flush()
    return [
        Resident(Actor(id=u.id, kind="resident", name=u.name, place_id=u.place_id), phone, number, place)
        for u, phone, number, place in rows
    ]


def _id_number(born: date, serial: int) -> str:
    """An invented identity number whose check sign fits (GB 11643)."""
    digits = f"350526{born:%Y%m%d}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


# ---------------------------------------------------------------- cases

#: One thing somebody does, and when the next thing of this case happens (None: it stays so).
Story = Iterator[timedelta]


@dataclass(frozen=True)
class Stage:
    """What a story acts in: the unit of work and moment of each action."""

    database: Database
    staff: dict[str, Actor]
    dice: random.Random


class Teller:
    """One case's story, told action by action in the order of time of all stories."""

    def __init__(self, stage: Stage, resident: Resident, ending: str) -> None:
        self.stage, self.resident, self.ending = stage, resident, ending
        self.case_id = 0
        self.steps = self._steps()

    def act(self, work: Work, now: datetime) -> timedelta | None:
        """The next action; how long until the one after, or None."""
        self.work, self.now = work, now
        return next(self.steps, None)

    # ---- small verbs

    def _task(self) -> Task | None:
        return self.work.session.scalar(
            select(Task).where(Task.case_id == self.case_id, Task.state != "ended").order_by(Task.id).limit(1)
        )

    def _worker(self, task: Task) -> Actor | None:
        case = self._case()
        able = [a for a in self.stage.staff.values() if people.may(a, "claim", task, case=case)]
        return self.stage.dice.choice(able) if able else None

    def _case(self) -> Case:
        found = self.work.session.get(Case, self.case_id)
        assert found is not None
        return found

    def _claim(self) -> bool:
        task = self._task()
        by = self._worker(task) if task is not None else None
        if task is None or by is None:
            return False
        cases.claim(self.work, task.id, version=task.version, by=by, now=self.now)
        self.by = by
        return True

    def _complete(self, answers: dict[str, Any], by: Actor | None = None) -> None:
        task = self._task()
        assert task is not None
        cases.complete(self.work, task.id, answers, version=task.version, by=by or self.by, now=self.now)

    def _steps(self) -> Story:
        dice, end = self.stage.dice, self.ending
        who = self.resident
        channel = dice.choices(["online", "agent"], [6, 4])[0]
        by = who.actor
        if channel == "agent":
            near = [
                a
                for a in self.stage.staff.values()
                if any(p.post == "agent" and p.unit_id == who.place.id for p in a.positions)
            ]
            by, channel = (dice.choice(near), "agent") if near else (who.actor, "online")
        done = cases.submit(
            self.work,
            "daiban",
            _application(who, dice, self.now),
            by=by,
            now=self.now,
            channel=channel,
            place=who.place,
            applicant_id=who.actor.id,
        )
        self.case_id = done.case.id
        if end == "received":
            return
        yield timedelta(hours=dice.uniform(1, 20))
        if end == "withdrawn":
            cases.withdraw(self.work, self.case_id, "已到窗口自行办理", by=who.actor, now=self.now)
            return
        if not self._claim():
            return
        yield timedelta(minutes=dice.uniform(10, 120))
        self._complete({"identity_checked": True, "agent_signature": _ink(dice)})
        yield timedelta(hours=dice.uniform(0.5, 4))
        if not self._claim() or end == "accepting":
            return
        yield timedelta(minutes=dice.uniform(10, 300))
        if end in ("correcting", "corrected"):
            item = {"material": "居民身份证", "problem": "照片反光，看不清有效期限", "fix": "请重新拍摄正反面"}
            due = workdays.local_date(self.now) + timedelta(days=10)
            self._complete({"decision": "correct", "correction": {"items": [item], "due_on": due.isoformat()}})
            if end == "correcting":
                return
            yield timedelta(hours=dice.uniform(5, 40))
            self._complete(
                {"applicant": _applicant(who), "correction_note": "已重新拍照上传。"}, by=self._applicant_side()
            )
            yield timedelta(hours=dice.uniform(1, 8))
            if not self._claim():
                return
            yield timedelta(minutes=dice.uniform(10, 100))
        if end == "declined":
            reason = "经核对，申请人已参加职工基本医疗保险，依法不需要重复登记。"
            self._complete({"decision": "decline", "decline": {"ground": "not_needed", "reason": reason}})
            return
        self._complete({"decision": "accept", "checked": True})
        if end == "accepted":
            return
        yield timedelta(hours=dice.uniform(2, 60))
        if not self._claim() or end == "registering":
            return
        yield timedelta(hours=dice.uniform(0.5, 20))
        if end == "refused":
            answers = {
                "result": "refuse",
                "findings": "系统比对显示，申请人在外省已参加本年度居民医保。",
                "reason": "同一年度不得重复参加居民基本医疗保险。",
            }
            self._complete({"registration": answers})
            yield timedelta(days=3, hours=1)
            self._visit()
            return
        number = f"3505{self.case_id:08d}"
        self._complete({"registration": {"result": "approve", "number": number, "note": "信息核对无误，已登记参保。"}})
        if end == "registered":
            return
        yield timedelta(hours=dice.uniform(3, 40))
        if not self._claim():
            return
        handed = {"way": dice.choice(["home", "point"]), "received_by": who.actor.name, "relation": "本人"}
        self._complete({"handover": {**handed, "satisfied": dice.choice(["满意", "满意", "基本满意"])}})
        yield timedelta(days=3, hours=1)
        if not self._visit() or end == "done":
            return
        yield timedelta(hours=dice.uniform(1, 60))
        cases.rate(
            self.work, self.case_id, dice.choices([5, 4, 3, 2, 1], [12, 5, 2, 2, 1])[0], by=who.actor, now=self.now
        )

    def _visit(self) -> bool:
        """回访: the timer has come, and somebody else than the agent calls."""
        timer = self.work.session.scalar(select(Timer).where(Timer.case_id == self.case_id, Timer.due_at <= self.now))
        if timer is None:
            return False
        cases.fire(self.work, timer, now=self.now)
        if not self._claim():
            return False
        said = self.stage.dice.choice(["满意", "满意", "基本满意"])
        self._complete({"visit": {"satisfied": said, "note": "电话问过本人，东西已经拿到。"}})
        return True

    def _applicant_side(self) -> Actor:
        task = self._task()
        assert task is not None
        mine = task.assignee_id == self.resident.actor.id
        return self.resident.actor if mine else next(a for a in self.stage.staff.values() if a.id == task.assignee_id)


def _applicant(who: Resident) -> dict[str, Any]:
    return {"name": who.actor.name, "id_number": who.id_number, "phone": who.phone, "address": f"{who.place.name}"}


def _ink(dice: random.Random) -> str:
    """A name written by a pen, more or less."""
    points = [f"{x} {dice.randint(40, 160)}" for x in range(40, 520, 24)]
    return f"M{points[0]} " + " ".join(f"L{p}" for p in points[1:])


def _application(who: Resident, dice: random.Random, now: datetime) -> dict[str, Any]:
    kinds = ["ordinary", "ordinary", "ordinary", "subsistence", "disabled"]
    until = workdays.local_date(now) + timedelta(days=180)
    return {
        "applicant": _applicant(who),
        "for_whom": "self",
        "group_kind": dice.choice(kinds),
        "mandate_until": until.isoformat(),
        "agree": True,
        "mandate_signature": _ink(dice),
    }


#: How many of two hundred (the sum below) end so, and how long ago they began (days, from and to).
ENDINGS: tuple[tuple[str, int, float, float], ...] = (
    ("received", 24, 0.1, 4),
    ("accepting", 16, 0.2, 3),
    ("correcting", 12, 1, 9),
    ("corrected", 6, 8, 40),
    ("declined", 8, 5, DAYS),
    ("accepted", 34, 0.5, 9),
    ("registering", 22, 1, 12),
    ("refused", 8, 8, DAYS),
    ("registered", 16, 4, 12),
    ("done", 22, 10, DAYS),
    ("rated", 26, 12, DAYS),
    ("withdrawn", 6, 3, DAYS),
)

ALL = sum(share for _, share, _, _ in ENDINGS)


def _cases(
    database: Database,
    staff: dict[str, Actor],
    residents: list[Resident],
    dice: random.Random,
    now: datetime,
    count: int,
) -> int:
    stage = Stage(database, staff, dice)
    queue: list[tuple[datetime, int, Teller]] = []
    wanted = [e for e in ENDINGS for _ in range(max(1, round(e[1] * count / ALL)))]
    for n, (ending, _, least, most) in enumerate(wanted):
        began = office_hour(now - timedelta(days=dice.uniform(least, most)), database.calendar, dice)
        teller = Teller(stage, residents[n % len(residents)], ending)
        heapq.heappush(queue, (min(began, now - timedelta(minutes=30)), n, teller))
    made = 0
    while queue:
        with database.unit_of_work() as work:
            for _ in range(BATCH):
                if not queue:
                    break
                at, n, teller = heapq.heappop(queue)
                made += teller.case_id == 0
                try:
                    wait = teller.act(work, at)
                except Refused as error:
                    fields = [f"{e.field}: {e.en}" for e in error.fields] if isinstance(error, Invalid) else []
                    told = " ".join([error.en, *fields])
                    raise RuntimeError(f"demo case {n} ({teller.ending}): {told}") from error
                if wait is not None:
                    following = office_hour(at + wait, database.calendar, dice)
                    if following < now:
                        heapq.heappush(queue, (following, n, teller))
            work.session.flush()
            work.session.expunge_all()
    return made
