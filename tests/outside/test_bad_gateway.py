"""A gateway that hangs, drips, redirects, breaks off and answers twice, by turns: every text arrives, none again when
it was acknowledged, and deadlines are kept meanwhile. Real sockets, the real worker's look, a seed."""

import json
import random
import threading

import pytest
from sqlalchemy import select

from engine.commands.equipment import Equipment
from engine.records import notices
from engine.store.models import Case, Notice
from tests.enforcement import hall as halls
from tests.enforcement.hall import at
from tests.outside import servers
from tests.soaking import times
from web.worker import Worker

TRICKS = (
    servers.hangs,
    servers.drips_its_head,
    servers.drips_its_body,
    servers.redirects,
    servers.speaks_something_else,
    servers.answers_twice,
    servers.is_well,
)
GOOD = (servers.answers_twice, servers.is_well)


@pytest.mark.parametrize(
    ("texts", "seed", "total_s"),
    [
        pytest.param(30, 1, 0.5, marks=pytest.mark.wide),
        # (with hundreds in hand a busy machine takes half a second to read what was thanked for, and asks again; after
        # two seconds a body that drips has as many bytes as anybody reads of it)
        *(pytest.param(times(500), n, 1.5, marks=[pytest.mark.soak, pytest.mark.timeout(3600)]) for n in range(5)),
    ],
)
def test_every_text_arrives_and_none_again(sqlite, clock, texts, seed, total_s):
    clock.now = at("2026-12-01 09:00")
    dice, turn, thanked, called = random.Random(seed), threading.Lock(), [], []

    def answers(bad, taken, asked):
        key = json.loads(asked.partition(b"\r\n\r\n")[2])["key"].rpartition(":")[0]  # behind it: which words
        with turn:
            called.append(key)
            tries = called.count(key)
            trick = dice.choice(TRICKS) if tries < 5 else servers.is_well  # the sixth would be the last
            if trick in GOOD:
                thanked.append(key)
        trick(bad, taken, asked)

    with servers.serving(answers) as one:
        gateway = notices.Gateway(one.url, "t", total_s=total_s)
        worker = Worker(sqlite, Equipment(press=None, channels={"*": gateway}), clock=clock)
        with sqlite.unit_of_work() as work:
            hall = halls.build(work)
            for n in range(texts):
                number = f"138{n:08d}"
                notices.put(work, f"n:{n}", f"第 {n} 条", kind="accepted", now=clock(), address=number, urgent=True)
        late = []
        for _ in range(7):
            with sqlite.unit_of_work() as work:
                received = {"received": "2026-09-18 09:00", "accepted": "2026-09-18 10:00", "assignee": hall.chen}
                late.append(halls.case(work, hall, **received))
            worker.tick()
            with sqlite.reading() as work:  # with the texts still in the hands of the gateway
                assert work.session.get(Case, late[-1]).colour != "green"
            assert worker.lanes.finish(600)
            clock.on(hours=1, seconds=1)  # the longest wait between two tries
        worker.lanes.close()
    wanted = {f"n:{n}" for n in range(texts)}
    with sqlite.reading() as work:
        states = dict(work.session.execute(select(Notice.key, Notice.state).where(Notice.key.in_(wanted))).all())
    assert states == dict.fromkeys(wanted, "sent")
    assert sorted(thanked) == sorted(wanted)  # each was acknowledged once, and not asked for again
    print(f"{texts} texts, {len(called)} calls")
