"""A county with three places on a road, four residents, a registered driver: shared rides as the service declares."""

from datetime import date, time, timedelta
from types import SimpleNamespace

import pytest

from engine import matters, people
from engine.commands import booking, matching
from engine.commands.registers import editing
from engine.commands.worker import background, sweep
from engine.people import units
from engine.proof.playing import equipment
from engine.records import library
from engine.store import keys
from engine.store.models import Bond, Holding, MatchLeg, MatchPair, MatchSide, Post, Unit, User
from tests.appointments.conftest import NOW
from tests.cast import ROOT

KEY = "ride"
SEATS = {"seats": 2, "plate": "闽C12345", "luggage": "small", "remark": "村口大榕树", "free": True, "sober": True}
RIDE = {
    "places": 1,
    "luggage": "none",
    "infant": "no",
    "detour": "unknown",
    "contact": "陈大妈 13900000000",
    "consents": True,
}
STOPS = ("350526106001", "350526106", "350526104", "350526100")  # 塔兜村, 南埕, 龙门滩, 浔中
DAY = date(2026, 9, 18)


def package(**changed):
    files = matters.read_files(ROOT, "shunfeng")
    file = "bpmn/_shared/rides.yaml"
    text = files[file].decode()
    for right, other in changed.get("slips", ()):
        assert right in text
        text = text.replace(right, other)
    return matters.read("shunfeng", {**files, file: text.encode()})


def id_number(born, n):
    """An identity number with its check digit (GB 11643)."""
    body = f"350526{born}{n:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def resident(work, n, born="19800101"):
    phone, number = f"138{n:08d}", id_number(born, n)
    row = User(
        kind="resident",
        name=f"居民{n}",
        phone=phone,
        phone_index=keys.blind("phone", phone),
        id_number=number,
        id_index=keys.blind("id", number),
        created_at=NOW,
    )
    work.session.add(row)
    work.session.flush()
    return row.id


def open_road(database, *slips):
    with database.unit_of_work() as work:
        county = Unit(code="350526", name="德化县", kind="county", path="/1/")
        work.session.add(county)
        work.session.flush()
        county.path = f"/{county.id}/"
        made = {}
        for code, name, kind in (
            ("350526100", "浔中镇", "town"),
            ("350526104", "龙门滩镇", "town"),
            ("350526106", "南埕镇", "town"),
            ("350526106001", "塔兜村", "village"),
        ):
            above = made.get("350526106") if kind == "village" else county
            row = Unit(code=code, name=name, kind=kind, parent_id=above.id, path="")
            work.session.add(row)
            work.session.flush()
            row.path = f"{above.path}{row.id}/"
            made[code] = row
        post = Post(code="window", name="窗口", role="clerk")
        work.session.add(post)
        clerk = User(kind="staff", name="办事员", login="clerk", created_at=NOW)
        stranger = User(kind="staff", name="外人", login="stranger", created_at=NOW)
        work.session.add_all([clerk, stranger])
        work.session.flush()
        work.session.add_all(
            [
                Holding(user_id=clerk.id, unit_id=made["350526106"].id, post_id=post.id),
                Holding(user_id=stranger.id, unit_id=made["350526100"].id, post_id=post.id),
            ]
        )
        ids = [resident(work, n) for n in range(1, 6)]
        clerk_id, stranger_id = clerk.id, stranger.id
        units.forget(work)
        library.publish(work, package(slips=slips), by=people.SYSTEM, now=NOW)
        for name in ("xunche", "weidao", "chidao"):
            library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=NOW)

    def actor(user_id, now=NOW):
        with database.reading() as work:
            return people.load(work, user_id, now=now)

    def do(function, *args, **kwargs):
        with database.unit_of_work() as work:
            return function(work, *args, **kwargs)

    here = SimpleNamespace(
        database=database,
        actor=actor,
        do=do,
        residents=[actor(id_) for id_ in ids],
        clerk=actor(clerk_id),
        stranger=actor(stranger_id),
        work_off=lambda now: work_off(database, now),
    )

    def driver(n=0, **facts):
        values = {
            "licence_no": "35",
            "licence_until": "2030-01-01",
            "plate": "闽C12345",
            "seats": 5,
            "inspection_until": "2027-01-01",
            "policy": "PDZA20263505000018",
            "insurance_until": "2027-01-01",
        } | facts
        with database.unit_of_work() as work:
            user = work.session.get(User, here.residents[n].id)
            who = {"name": user.name, "phone": user.phone, "id_number": user.id_number}
            return editing.add(work, "driver", values, person=who, state="active", by=here.clerk, now=NOW)

    def supply(n=0, stops=STOPS, seats=2, now=NOW, day=DAY, at=(8, 9), **more):
        return say("supply", n, stops, SEATS | {"seats": seats}, now, day, at, **more)

    def need(n=1, stops=(STOPS[0], STOPS[-1]), places=1, now=NOW, day=DAY, at=(8, 9), **more):
        answers = RIDE | {"places": places, "detour": more.pop("detour", RIDE["detour"])}
        return say("need", n, stops, answers, now, day, at, **more)

    def say(side, n, stops, answers, now, day, at, **more):
        starts, until = (booking.local(day, time(hour)) for hour in at)
        by = more.pop("by", here.residents[n])
        return do(
            matching.say,
            KEY,
            side,
            stops=stops,
            starts_at=starts,
            until_at=until,
            answers=answers,
            by=by,
            now=now,
            **more,
        ).id

    def fresh(row_id, what=MatchSide):
        with database.reading() as work:
            return work.session.get(what, row_id)

    def ask(mine, other, n=1, now=NOW):
        return do(matching.ask, mine, other, by=here.residents[n], now=now).id

    def answer(function, pair, n=0, now=NOW, **more):
        return do(function, pair, version=fresh(pair, MatchPair).version, by=here.residents[n], now=now, **more)

    def taken(supply_id):
        with database.reading() as work:
            rows = work.session.query(MatchLeg).filter(MatchLeg.side_id == supply_id).order_by(MatchLeg.n)
            return [leg.taken for leg in rows]

    here.driver, here.supply, here.need, here.fresh = driver, supply, need, fresh
    here.ask, here.answer, here.taken = ask, answer, taken
    return here


def bound(road, n, holder, kind):
    """A bond that holds: one resident answers for another."""
    with road.database.unit_of_work() as work:
        whole = {"subject": road.residents[n], "holder": road.residents[holder]}
        work.session.add(
            Bond(
                kind=kind,
                state="held",
                **{f"{side}_id": one.id for side, one in whole.items()},
                **{f"{side}_ref": f"u:{one.id}" for side, one in whole.items()},
                **{f"{side}_name": one.name for side, one in whole.items()},
                **{f"{side}_name_index": keys.blind("name", one.name) for side, one in whole.items()},
                holder_phone="13800000099",
                n=1,
                most=2,
                lets=["see", "book"],
                proof={},
                revocable=False,
                from_on=NOW.date() - timedelta(days=5),
                until_on=NOW.date() + timedelta(days=90),
                how="counter",
                made_at=NOW,
                confirmed_at=NOW,
            )
        )


def work_off(database, now):
    """The worker comes by until nothing is due."""
    made = equipment()
    for _ in range(50):
        swept = sweep.sweep(database, now=now)
        if not background.run(database, made, now=now) and not swept.busy:
            return
    raise AssertionError("Expected the worker to come to an end")


@pytest.fixture
def road(database):
    """`road.driver()` registers 居民1; `road.supply()` and `road.need()` are said; `road.ask(need, supply)`."""
    return open_road(database)


def later(**span):
    return NOW + timedelta(**span)
