"""Many windows call at the same moment, many hands take at once, and everything in any order: nobody is called twice,
no number is lost."""

import concurrent.futures
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from engine import people
from engine.commands import queues
from engine.errors import Refused
from engine.reads.knowing import Person
from engine.store import again
from engine.store.models import Ticket, TicketLine, Window
from tests import machines
from tests.appointments.conftest import NOW, person
from tests.queues.conftest import KEY


def test_two_who_call_at_the_same_moment_get_two_different_people(desk):
    made = [desk.take(*(["sixty"] if n % 3 == 0 else [])) for n in range(8)]

    def call_and_finish(n):
        mine = []
        while True:
            ticket = again(lambda: desk.call_next(n))
            if ticket is None:
                return mine
            mine.append(ticket.id)
            again(lambda t=ticket: desk.step(queues.serve, t, n))
            again(lambda t=ticket: desk.step(queues.done, t, n))

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        served = [one for mine in pool.map(call_and_finish, (0, 1)) for one in mine]
    assert sorted(served) == sorted(one.id for one in made)
    with desk.database.reading() as work:
        assert work.session.scalar(select(TicketLine.made).where(TicketLine.queue == KEY)) == len(made)


def test_one_person_who_takes_at_many_machines_at_once_has_one_number(desk):
    who = Person("苏阿婆", "13900000001")

    def take(_):
        try:
            return again(lambda: desk.do(queues.take_for, KEY, person=who, by=desk.clerks[0], now=NOW).number)
        except Refused as refused:
            return refused.facts["number"]

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert Counter(pool.map(take, range(12))) == {"C001": 12}
    assert desk.take().number == "C002", "the number of a row that lost was given back"


class Hall(RuleBasedStateMachine):
    """Take, call, recall, park, come back, pass on, serve, done, gone, sit, leave, and time, in any order."""

    desk = None
    serial = 0

    @initialize()
    def begin(self):
        type(self).serial += 1
        self.now = NOW + timedelta(days=7 * self.serial)  # a Monday of its own for each run
        for n in range(3):
            self.do(queues.leave, self.desk.w[n], by=self.desk.head)
            self.do(queues.sit, self.desk.w[n], by=self.desk.clerks[n])

    def do(self, function, *args, **more):
        try:
            return self.desk.do(function, *args, now=self.now, **more)
        except Refused:
            return None

    def rows(self):
        with self.desk.database.reading() as work:
            day = (self.now + timedelta(hours=8)).date()
            return list(work.session.scalars(select(Ticket).where(Ticket.day == day).order_by(Ticket.serial)))

    def one(self, which, *states):
        found = [row for row in self.rows() if row.state in states]
        return found[which % len(found)] if found else None

    @rule(needs=st.lists(st.sampled_from(["eighty", "sixty", "wheelchair"]), max_size=2), who=st.integers(0, 4))
    def take(self, needs, who):
        if who:
            person = Person(f"居民{who}", f"1390000000{who}")
            self.do(queues.take_for, KEY, person=person, needs=needs, by=self.desk.clerks[0])
        else:
            self.do(queues.take, KEY, needs=needs, by=people.SYSTEM)

    @rule(n=st.integers(0, 2))
    def call(self, n):
        self.do(queues.call_next, self.desk.w[n], by=self.desk.clerks[n])

    @rule(which=st.integers(0, 9), n=st.integers(0, 2))
    def call_this(self, which, n):
        if ticket := self.one(which, "waiting", "parked"):
            self.do(queues.call, ticket.id, window_id=self.desk.w[n], version=ticket.version, by=self.desk.clerks[n])

    @rule(
        which=st.integers(0, 9),
        verb=st.sampled_from([queues.recall, queues.park, queues.serve, queues.done, queues.gone]),
    )
    def step(self, which, verb):
        if ticket := self.one(which, "called", "serving", "waiting"):
            n = self.desk.w.index(ticket.window_id) if ticket.window_id else 0
            self.do(verb, ticket.id, version=ticket.version, by=self.desk.clerks[n])

    @rule(which=st.integers(0, 9), to=st.integers(0, 3))
    def pass_on(self, which, to):
        if ticket := self.one(which, "called", "serving"):
            n = self.desk.w.index(ticket.window_id)
            where = {"queue": "yuyue.other"} if to == 3 else {"window_id": self.desk.w[to]}
            self.do(queues.pass_on, ticket.id, version=ticket.version, by=self.desk.clerks[n], **where)

    @rule(which=st.integers(0, 9))
    def back(self, which):
        if ticket := self.one(which, "parked"):
            self.do(queues.back, ticket.code, by=people.SYSTEM)

    @rule(n=st.integers(0, 2), who=st.integers(0, 2))
    def sit(self, n, who):
        self.do(queues.sit, self.desk.w[n], by=self.desk.clerks[who])

    @rule(minutes=st.integers(1, 25))
    def wait(self, minutes):
        if self.now.hour < 8:  # the hall is open: it shuts at 17:30 there
            self.now += timedelta(minutes=minutes)

    @invariant()
    def holds(self):
        rows = self.rows()
        assert [row.serial for row in rows] == list(range(1, len(rows) + 1)), "without a gap"
        at_windows = [row.window_id for row in rows if row.state in ("called", "serving")]
        assert len(at_windows) == len(set(at_windows)), "one person at a window"
        living = [row.live_key for row in rows if row.live_key]
        assert len(living) == len(set(living)), "one number a person and line"
        for row in rows:
            assert (row.state in ("done", "gone")) == (row.ended_at is not None)
            assert row.state not in ("called", "serving") or row.calls <= 3
            assert row.state != "waiting" or row.window_id is None
        with self.desk.database.reading() as work:
            clerks = [w.clerk_id for w in work.session.scalars(select(Window)) if w.clerk_id]
        assert len(clerks) == len(set(clerks))

    def teardown(self):
        """Everybody who still waits is called, whatever happened before."""
        if not hasattr(self, "now"):
            return
        for n in range(3):
            held = self.one(0, "called", "serving")
            while held is not None:
                window = self.desk.w.index(held.window_id)
                with self.desk.database.reading() as work:
                    clerk = work.session.get(Window, held.window_id).clerk_id
                by = next(one for one in self.desk.clerks if one.id == clerk)
                if held.state == "called":
                    self.desk.do(queues.gone, held.id, version=held.version, by=by, now=self.now)
                else:
                    self.desk.do(queues.done, held.id, version=held.version, by=by, now=self.now)
                assert window >= 0
                held = self.one(0, "called", "serving")
            self.do(queues.leave, self.desk.w[n], by=self.desk.head)
        for n in range(3):
            self.desk.do(queues.sit, self.desk.w[n], by=self.desk.clerks[n], now=self.now)
        for n in (0, 2):
            while (ticket := self.do(queues.call_next, self.desk.w[n], by=self.desk.clerks[n])) is not None:
                self.desk.do(queues.gone, ticket.id, version=ticket.version, by=self.desk.clerks[n], now=self.now)
        left = [row for row in self.rows() if row.state == "waiting"]
        assert left == [] or all(row.wanted_id == self.desk.w[1] for row in left)


def _play(desk, examples, steps):
    machine = type("OneHall", (Hall,), {"desk": desk, "serial": 0})
    machines.play(machine, examples, steps)


def test_whatever_happens_at_the_windows_the_line_holds(desk):
    _play(desk, 4 if desk.database.dialect == "postgresql" else 8, 25)


@pytest.mark.wide
def test_whatever_happens_at_the_windows_all_day_the_line_holds(desk):
    _play(desk, 30 if desk.database.dialect == "sqlite" else 6, 50)


def test_the_cast_of_the_race_is_no_clerk_twice(desk):
    """A person at two windows is refused by the database, however it is asked."""
    with desk.database.unit_of_work() as work:
        extra = person(work, 930, "staff", login="extra")
        work.session.get(Window, desk.w[0]).clerk_id = extra
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), desk.database.unit_of_work() as work:
        work.session.get(Window, desk.w[1]).clerk_id = extra
