"""The fixed cast of the tests: a small county with two towns, one office, and people who are always the same."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

from sqlalchemy import select

from engine import matters, people
from engine.people import holders, login, units
from engine.records import library
from engine.store import Database, Work, keys
from engine.store.models import Holding, Post, User
from tests import once

#: The content that is tried: the house's own, or the one that a clause's test is to fail on (tests/proof/test_clauses).
ROOT = Path(os.environ.get("CONTENT_UNDER_TEST") or Path(__file__).resolve().parent.parent)

POSTS = {
    "window": ("窗口", "clerk"),
    "agent": ("代办员", "clerk"),
    "reviewer": ("审核", "clerk"),
    "head": ("负责人", "supervisor"),
    "designer": ("流程设计", "designer"),
    "operator": ("运维", "operator"),
}

PLACES = {
    "county": "350526",
    "yb": "350526-YB",
    "mz": "350526-MZ",
    "lmt": "350526106",
    "suyang": "350526106201",
    "xiabi": "350526106202",
    "xunzhong": "350526100",
    "fudong": "350526100003",
}
RESIDENTS = {"张三丰": "zhang", "许小妹": "xu"}

PASSWORD = "demo-2026-pass"
_hash: list[str] = []


def password_hash() -> str:
    """Of PASSWORD; made once a process, for argon2 is slow on purpose."""
    if not _hash:
        _hash.append(login.hash_password(PASSWORD))
    return _hash[0]


def hire(work: Work, now: datetime, matter_names: tuple[str, ...] = ("daiban",)) -> SimpleNamespace:
    """Everybody, and the matters published. Attributes: units, users by short name, and `actor(name)`."""
    county = units.add(work, code="350526", name="德化县", kind="county", number="0001", word="德政")
    yb = units.add(
        work,
        code="350526-YB",
        name="德化县医疗保障局",
        kind="office",
        parent=county,
        number="1203",
        word="德医保",
        phone="0595-12393",
        address="德化县浔中镇行政服务中心",
    )
    mz = units.add(
        work, code="350526-MZ", name="德化县民政局", kind="office", parent=county, number="1101", word="德民"
    )
    lmt = units.add(work, code="350526106", name="龙门滩镇", kind="town", parent=county, number="2106", word="龙政")
    suyang = units.add(work, code="350526106201", name="苏洋村", kind="village", parent=lmt, number="3201", word="苏村")
    xiabi = units.add(work, code="350526106202", name="霞碧村", kind="village", parent=lmt, number="3202", word="霞村")
    xunzhong = units.add(work, code="350526100", name="浔中镇", kind="town", parent=county, number="2100", word="浔政")
    fudong = units.add(work, code="350526100003", name="富东社区", kind="community", parent=xunzhong, number="3003")
    units.add(
        work,
        code="350526106-TW",
        name="龙门滩镇人民调解委员会",
        kind="committee",
        parent=lmt,
        number="7106",
        word="德滩",
        seal_name="德化县龙门滩镇人民调解委员会",
    )
    units.add(
        work,
        code="350526100-TW",
        name="浔中镇人民调解委员会",
        kind="committee",
        parent=xunzhong,
        number="7100",
        word="德浔",
    )
    posts = {}
    for code, (name, role) in POSTS.items():
        posts[code] = Post(code=code, name=name, name_en=code, role=role)
    work.session.add_all(posts.values())
    work.session.flush()

    users: dict[str, int] = {}

    def staff(short: str, name: str, *holds: tuple[units.Place, str]) -> None:
        user = User(kind="staff", login=short, name=name, created_at=now, password_hash=password_hash())
        work.session.add(user)
        work.session.flush()
        work.session.add_all(Holding(user_id=user.id, unit_id=u.id, post_id=posts[p].id) for u, p in holds)
        users[short] = user.id

    def resident(short: str, name: str, phone: str, id_number: str, place: units.Place) -> None:
        user = User(
            kind="resident",
            name=name,
            phone=phone,
            phone_index=keys.blind("phone", phone),
            id_number=id_number,
            id_index=keys.blind("id", id_number),
            place_id=place.id,
            created_at=now,
        )
        work.session.add(user)
        work.session.flush()
        users[short] = user.id

    staff("chen", "陈小云", (suyang, "agent"))
    staff("lin", "林志强", (suyang, "agent"))
    staff("huang", "黄丽华", (xiabi, "agent"))
    staff("wang", "王丽", (yb, "reviewer"))
    staff("li", "李明", (yb, "reviewer"))
    staff("zhao", "赵建国", (yb, "head"))
    staff("zhou", "周敏", (lmt, "window"))
    staff("qian", "钱国强", (lmt, "head"))
    staff("sun", "孙燕", (mz, "reviewer"))
    staff("wu", "吴县长", (county, "head"))
    staff("designer", "郑设计", (county, "designer"))
    staff("operator", "冯运维", (county, "operator"))
    resident("zhang", "张三丰", "13800000001", "350526195003071239", suyang)
    resident("xu", "许小妹", "13800000002", "350526199203071223", fudong)
    work.session.flush()
    units.forget(work)
    holders.forget(work)

    for name in matter_names:
        library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=now)

    return meet(work, now)


def hired(database: Database, now: datetime, matter_names: tuple[str, ...] = ("daiban",)) -> SimpleNamespace:
    """The cast in a database that has nobody yet: see `hire`."""

    def make() -> SimpleNamespace:
        with database.unit_of_work() as work:
            return hire(work, now, matter_names)

    return once.made(database, ("cast", now, matter_names), make)


def meet(work: Work, now: datetime) -> SimpleNamespace:
    """The cast that was hired: units, `users` (short name -> id), an actor a person, and `actor(name)` at a moment."""
    tree = units.tree(work)
    found = SimpleNamespace(users={}, **{short: tree.by_code[code] for short, code in PLACES.items()})
    for user in work.session.scalars(select(User).order_by(User.id)):
        found.users[user.login or RESIDENTS[user.name]] = user.id
    for short, user_id in found.users.items():
        setattr(found, short, people.load(work, user_id, now=now))
    found.actor = lambda short, at, within: people.load(within, found.users[short], now=at)
    return found


#: An application for 全程代办 that nothing is wrong with.
DAIBAN = {
    "applicant": {
        "name": "张三丰",
        "id_number": "350526195003071239",
        "phone": "13800000001",
        "address": "龙门滩镇苏洋村12号",
    },
    "for_whom": "self",
    "group_kind": "ordinary",
    "mandate_until": "2027-09-17",
    "agree": True,
    "mandate_signature": "M20 60 L40 80 L60 70 L90 120 L120 60 L150 130 L190 70 L230 120 L270 60 L310 110",
}
