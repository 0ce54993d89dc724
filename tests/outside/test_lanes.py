"""Texts of different people never wait for each other, and a deadline never for the network: with a gateway that holds
every call until the test lets it go, on the real worker's own look."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands.equipment import Equipment
from engine.commands.worker import lanes
from engine.people import login
from engine.records import jobs, notices
from engine.store.models import Case, Job, Notice
from tests.enforcement import hall as halls
from tests.enforcement.hall import at
from web.worker import Worker

#: How the numbers begin for which the gateway hangs.
HANGS = "1389"


class Gateway:
    """Holds what goes to one number; says when something else came through."""

    def __init__(self):
        self.free, self.sent, self.came = threading.Event(), [], threading.Semaphore(0)

    def send(self, message):
        if message.address.startswith(HANGS):
            assert self.free.wait(60)
        self.sent.append(message.text)
        self.came.release()
        return "200"


@pytest.fixture
def gateway():
    made = Gateway()
    yield made
    made.free.set()


@pytest.fixture
def worker(database, clock, gateway):
    made = Worker(database, Equipment(press=None, channels={"*": gateway}), clock=clock)
    yield made
    gateway.free.set()
    made.lanes.close()


def text(work, clock, key, to, kind="accepted"):
    notices.put(work, key, key, kind=kind, now=clock(), address=to, urgent=True)


def states(database):
    with database.reading() as work:
        return dict(work.session.execute(select(Notice.key, Notice.state)).all())


def test_a_text_that_hangs_holds_up_no_other_and_no_deadline(database, clock, worker, gateway):
    clock.now = at("2026-12-01 09:00")
    with database.unit_of_work() as work:
        hall = halls.build(work)
        late = halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00", assignee=hall.chen)
        text(work, clock, "first", f"{HANGS}0000001")
        text(work, clock, "second", "13805950002")
        text(work, clock, "third", "13805950003")
    worker.tick()  # comes back, though the first text is with the gateway for as long as it likes
    with database.reading() as work:
        assert work.session.get(Case, late).colour != "green"
    for _ in range(2):
        assert gateway.came.acquire(timeout=60)
    assert "first" not in gateway.sent and {"second", "third"} <= set(gateway.sent)
    gateway.free.set()
    assert worker.lanes.finish(60)
    assert {states(database)[key] for key in ("first", "second", "third")} == {"sent"}


def test_a_code_stands_in_no_line_of_texts_to_thousands(database, clock, worker, gateway):
    texts = next(lane for lane in lanes.LANES if lane.name == "texts")
    with database.unit_of_work() as work:
        for n in range(texts.hands + 20):
            text(work, clock, f"to all {n}", f"{HANGS}{n:07d}")
        text(work, clock, login.code_key("13805950001"), "13805950001", kind=notices.CODE)
    worker.tick()
    assert gateway.came.acquire(timeout=60)
    assert len(gateway.sent) == 1 and gateway.sent[0].startswith("code:")
    gateway.free.set()
    assert worker.lanes.finish(60)
    worker.tick()
    assert worker.lanes.finish(60)
    assert set(states(database).values()) == {"sent"} and len(gateway.sent) == texts.hands + 21


def test_no_more_is_taken_than_there_are_hands(sqlite, clock, gateway):
    """What waits in the table may be done by another worker: a lease begins when the work does."""
    texts = next(lane for lane in lanes.LANES if lane.name == "texts")
    with sqlite.unit_of_work() as work:
        for n in range(texts.hands + 5):
            text(work, clock, f"to all {n}", f"{HANGS}{n:07d}")
    worker = Worker(sqlite, Equipment(press=None, channels={"*": gateway}), clock=clock)
    held = threading.Semaphore(0)
    send = gateway.send
    gateway.send = lambda message: (held.release(), send(message))[1]
    worker.tick()
    for _ in range(texts.hands):
        assert held.acquire(timeout=60)
    with sqlite.reading() as work:
        assert len(list(work.session.scalars(select(Job.id).where(Job.state == "leased")))) == texts.hands
    gateway.free.set()
    worker.lanes.close()


def test_a_code_that_opens_nothing_any_more_is_not_sent(sqlite, clock, gateway):
    with sqlite.unit_of_work() as work:
        text(work, clock, "code:late", "13805950001", kind=notices.CODE)
    worker = Worker(sqlite, Equipment(press=None, channels={"*": gateway}), clock=clock)
    clock.now += login.CODE_LASTS + timedelta(seconds=1)
    worker.tick()
    assert worker.lanes.finish(60)
    assert gateway.sent == [] and states(sqlite) == {"code:late": "cancelled"}


def test_a_database_that_goes_away_costs_a_hand_nothing_but_its_turn(sqlite, clock, gateway, monkeypatch):
    with sqlite.unit_of_work() as work:
        text(work, clock, "one", "13805950001")
    worker = Worker(sqlite, Equipment(press=None, channels={"*": gateway}), clock=clock)

    def away(*given, **more):
        raise OSError("the database is away")

    monkeypatch.setattr(jobs, "lease", away)
    worker.lanes.look(now=clock())
    assert worker.lanes.finish(60) and states(sqlite) == {"one": "waiting"}
    monkeypatch.undo()
    worker.lanes.look(now=clock())
    assert worker.lanes.finish(60) and states(sqlite) == {"one": "sent"}


def test_a_worker_that_stops_finishes_what_it_has_in_hand_and_takes_no_more(sqlite, clock, gateway):
    with sqlite.unit_of_work() as work:
        text(work, clock, "in hand", f"{HANGS}0000001")
    worker = Worker(sqlite, Equipment(press=None, channels={"*": gateway}), clock=clock)
    held, send = threading.Event(), gateway.send
    gateway.send = lambda message: (held.set(), send(message))[1]
    worker.tick()
    assert held.wait(60)
    closing = threading.Thread(target=worker.lanes.close)
    closing.start()
    gateway.free.set()
    closing.join(60)
    assert not closing.is_alive() and states(sqlite)["in hand"] == "sent"
    with sqlite.unit_of_work() as work:
        text(work, clock, "later", "13805950001")
    worker.lanes.look(now=clock())
    assert worker.lanes.finish(60) and states(sqlite)["later"] == "waiting"
