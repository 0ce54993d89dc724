"""A wrong clock does no harm that is not logged: the worker goes by the seconds that really passed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.people import SYSTEM
from engine.records import audit, heartbeats
from engine.records.heartbeats import Follower, Reading, Trusted, Watch, judge
from engine.store.models import Beat, Event
from tests.enforcement.hall import at


@pytest.fixture
def database(sqlite):
    """The kind of database does not matter here."""
    return sqlite


NOON = at("2026-09-18 12:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def reading(seconds, wall=None, boot="b1"):
    """`seconds` after noon by the machine's own count."""
    return Reading("hall-1", boot, 1000.0 + seconds, wall or NOON + timedelta(seconds=seconds))


def last(trusted=NOON, jump=None, seconds=0.0):
    return Beat(
        machine="hall-1", boot_id="b1", boot_s=1000.0 + seconds, trusted_at=trusted, wall_at=trusted, jump_s=jump
    )


def test_the_first_beat_and_a_true_clock_are_followed():
    assert judge(None, reading(0)) == Trusted(NOON)
    assert judge(last(), reading(15)) == Trusted(NOON + timedelta(seconds=15))


def test_a_clock_set_right_by_seconds_is_followed_but_never_backwards():
    assert judge(last(), reading(15, NOON + timedelta(seconds=20))).now == NOON + timedelta(seconds=20)
    assert judge(last(), reading(15, NOON - timedelta(seconds=20))) == Trusted(NOON)


@pytest.mark.parametrize("jump", [DAY, -HOUR])
def test_a_jump_ahead_or_back_is_seen_and_not_followed(jump):
    trusted = judge(last(), reading(15, NOON + timedelta(seconds=15) + jump))
    assert trusted == Trusted(NOON + timedelta(seconds=15), jump)


def test_a_machine_that_slept_a_day_has_no_jump():
    assert judge(last(), reading(86400)) == Trusted(NOON + DAY)


def test_after_a_restart_of_the_machine_a_later_clock_is_time_switched_off():
    assert judge(last(), Reading("hall-1", "b2", 30.0, NOON + DAY)) == Trusted(NOON + DAY)


def test_after_a_restart_of_the_machine_an_earlier_clock_is_a_jump():
    trusted = judge(last(), Reading("hall-1", "b2", 30.0, NOON - HOUR))
    assert trusted == Trusted(NOON + timedelta(seconds=30), -HOUR - timedelta(seconds=30))


def audited(work):
    return [(e.kind, e.facts["seconds"]) for e in work.session.scalars(select(Event).order_by(Event.id))]


def test_a_jump_is_in_the_audit_once_when_it_begins_and_once_when_it_ends(database):
    for r in (
        reading(0),
        reading(15),
        reading(30, NOON + DAY),
        reading(45, NOON + DAY + timedelta(seconds=15)),
        reading(60),
    ):
        with database.unit_of_work() as work:
            trusted = heartbeats.beat(work, r)
        assert trusted.now == NOON + timedelta(seconds=r.boot_s - 1000)
    with database.reading() as work:
        assert audited(work) == [("clock.jumped", 86370), ("clock.back", 0)]
        assert audit.verify(work).faults == ()


def test_a_person_may_confirm_that_the_new_time_is_right(database):
    for r in (reading(0), reading(15, NOON + DAY)):
        with database.unit_of_work() as work:
            heartbeats.beat(work, r)
    with database.unit_of_work() as work:
        assert [b.machine for b in heartbeats.jumps(work)] == ["hall-1"]
        heartbeats.confirm(work, "hall-1", by=SYSTEM, now=NOON)
        heartbeats.confirm(work, "hall-1", by=SYSTEM, now=NOON)  # twice is once
        heartbeats.confirm(work, "hall-9", by=SYSTEM, now=NOON)  # nothing to confirm
    with database.unit_of_work() as work:
        assert heartbeats.beat(work, reading(30, NOON + DAY + timedelta(seconds=15))) == Trusted(
            NOON + DAY + timedelta(seconds=15)
        )
        assert heartbeats.jumps(work) == []
        assert [kind for kind, _ in audited(work)] == ["clock.jumped", "clock.confirmed"]


class Machine:
    """A machine whose clocks are set by hand."""

    def __init__(self):
        self.seconds, self.off = 0.0, timedelta()

    def __call__(self, machine):
        return reading(self.seconds, NOON + timedelta(seconds=self.seconds) + self.off)


def test_a_watch_writes_a_beat_now_and_then_and_a_jump_at_once(database):
    machine = Machine()
    watch = Watch("hall-1", machine)
    written = []
    for seconds, off in ((0, 0), (1, 0), (14, 0), (15, 0), (16, 86400), (17, 86400), (18, 0)):
        machine.seconds, machine.off = seconds, timedelta(seconds=off)
        assert watch.now(database) == NOON + timedelta(seconds=seconds)
        with database.reading() as work:
            written.append(work.session.get(Beat, "hall-1").boot_s - 1000)
    assert written == [0, 0, 0, 15, 16, 16, 18]
    with database.reading() as work:
        assert [kind for kind, _ in audited(work)] == ["clock.jumped", "clock.back"]


def test_a_watch_never_goes_back(database):
    machine = Machine()
    watch = Watch("hall-1", machine)
    machine.seconds = 10
    watch.now(database)
    machine.off = timedelta(seconds=-8)
    assert watch.now(database) == NOON + timedelta(seconds=10)


def test_a_confirmed_jump_is_followed_within_seconds(database):
    machine = Machine()
    watch = Watch("hall-1", machine)
    watch.now(database)
    machine.seconds, machine.off = 1, DAY
    assert watch.now(database) == NOON + timedelta(seconds=1)
    with database.unit_of_work() as work:
        heartbeats.confirm(work, "hall-1", by=SYSTEM, now=NOON)
    machine.seconds = 20
    assert watch.now(database) == NOON + DAY + timedelta(seconds=20)


def test_a_page_goes_by_the_worker_s_time_in_a_jump_until_it_is_confirmed(database):
    machine = Machine()
    watch, page = Watch("hall-1", machine), Follower(database, "hall-1", machine)
    watch.now(database)
    assert page() == NOON
    machine.seconds, machine.off = 1, DAY
    watch.now(database)
    assert page() == NOON + timedelta(seconds=1)
    machine.seconds = 3
    assert page() == NOON + timedelta(seconds=3)
    with database.unit_of_work() as work:
        heartbeats.confirm(work, "hall-1", by=SYSTEM, now=NOON)
    machine.seconds = 20
    watch.now(database)
    assert page() == NOON + DAY + timedelta(seconds=20)


def test_a_page_of_a_machine_without_a_worker_follows_its_wall_clock(database):
    machine = Machine()
    page = Follower(database, "hall-1", machine)
    page()
    machine.seconds, machine.off = 1, DAY
    assert page() == NOON + DAY + timedelta(seconds=1)  # no worker on this machine: nobody to ask


def test_two_workers_of_one_machine_that_read_a_moment_apart_see_no_jump(database):
    for r in (reading(0), reading(5.2), reading(5.0), reading(10)):
        with database.unit_of_work() as work:
            assert heartbeats.beat(work, r).jump is None


def test_an_alarm_of_tomorrow_is_not_rung_by_a_clock_that_jumped_ahead(database):
    from engine.commands.worker.sweep import sweep
    from engine.store.models import Case
    from tests.enforcement import hall as halls

    with database.unit_of_work() as work:
        hall = halls.build(work)
        one = halls.case(work, hall, received="2026-09-18 09:00")  # deemed accepted on 25 September
    machine = Machine()
    watch = Watch("hall-1", machine)
    watch.now(database)
    machine.seconds, machine.off = 5, timedelta(days=30)
    assert not sweep(database, now=watch.now(database)).busy
    with database.reading() as work:
        assert work.session.get(Case, one).accepted_at is None


def test_the_machine_s_own_clocks_are_read():
    one, two = heartbeats.read("x"), heartbeats.read("x")
    assert two.boot_s >= one.boot_s > 0 and two.wall_at.tzinfo is not None and one.boot_id == two.boot_id


@pytest.mark.parametrize("jump", [-HOUR, DAY])
def test_timers_fire_at_their_time_and_once_by_a_worker_whose_clock_jumps_and_it_is_logged(database, jump):
    from engine.commands.worker.background import Equipment
    from tests.enforcement import hall as halls
    from tests.enforcement import timed
    from web.worker import Worker

    with database.unit_of_work() as work:
        hall = halls.build(work)
    with database.unit_of_work() as work:
        original = timed.case(work, hall)
        soon, later, tomorrow = (
            timed.copies(work, original, 1, due=NOON + after)[0]
            for after in (timedelta(minutes=10), timedelta(minutes=40), timedelta(hours=20))
        )
        timed.rest(work, original)
    machine = Machine()
    worker = Worker(database, Equipment(press=None), watch=Watch("hall-1", machine))

    def fired(minutes: float, off: timedelta) -> set[int]:
        machine.seconds, machine.off = minutes * 60, off
        worker.tick()
        with database.reading() as work:
            found = timed.fired(work)
        assert set(found.values()) <= {1}  # never twice
        return set(found)

    assert fired(0, timedelta()) == set()
    assert fired(11, timedelta()) == {soon}
    assert fired(12, jump) == {soon}  # ahead: tomorrow's is not due. Back: what was fired is not due again …
    assert fired(39, jump) == {soon}
    assert fired(41, jump) == {soon, later}  # … and nobody waits an hour longer
    assert fired(45, timedelta()) == {soon, later}
    assert fired(20 * 60 + 1, timedelta()) == {soon, later, tomorrow}
    with database.reading() as work:
        said = [(kind, seconds) for kind, seconds in clocked(work)]
        assert said == [("clock.jumped", jump.total_seconds()), ("clock.back", 0)]


def clocked(work):
    rows = work.session.scalars(select(Event).where(Event.kind.like("clock.%")).order_by(Event.id))
    return [(e.kind, e.facts["seconds"]) for e in rows]
