"""Many hands at one car, and any acts in any order: no leg has more than it holds, and nobody rides without two yes."""

import concurrent.futures

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from engine import people
from engine.commands import matching
from engine.errors import NotNow, Refused
from engine.store.models import Event, MatchLeg, MatchPair, MatchSide
from tests import machines
from tests.conftest import fresh_database
from tests.matches.conftest import DAY, NOW, STOPS, later, open_road, resident


def test_as_many_as_there_are_seats_on_a_leg_get_one_and_each_other_is_told(road):
    road.driver()
    supply = road.supply(seats=2)
    with road.database.unit_of_work() as work:
        ids = [resident(work, 100 + n) for n in range(8)]
    ways = [(STOPS[0], STOPS[2]), (STOPS[1], STOPS[3])]  # they share the middle leg
    pairs = []
    for n, id_ in enumerate(ids):
        actor = road.actor(id_)
        need = road.need(by=actor, stops=ways[n % 2])
        pairs.append(road.do(matching.ask, need, supply, by=actor, now=NOW).id)

    def yes(pair):
        try:
            road.do(matching.agree, pair, version=1, by=road.residents[0], now=NOW)
        except NotNow as refused:
            return "full" if refused.facts.get("full") else refused.zh
        return "won"

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(yes, pairs))
    assert found == ["full"] * 6 + ["won"] * 2
    first, middle, last = road.taken(supply)
    assert middle == 2 and first + last == 2


def test_a_need_that_two_drivers_say_yes_to_at_once_rides_with_one(road):
    for n in (0, 2):
        road.driver(n)
    need = road.need()
    pairs = [(road.ask(need, road.supply(n)), road.residents[n]) for n in (0, 2)]

    def yes(one):
        try:
            road.do(matching.agree, one[0], version=1, by=one[1], now=NOW)
        except NotNow:
            return "no"
        return "won"

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(yes, pairs)) == ["no", "won"]


class Rides(RuleBasedStateMachine):
    """Offer, want, ask, agree, refuse, cancel, call off, and time goes on, in any order."""

    database = None
    road = None

    @initialize()
    def begin(self):
        self.now = NOW
        with self.database.unit_of_work() as work:  # what the last run left is over
            for row in work.session.scalars(select(MatchSide).where(MatchSide.ended_at.is_(None))):
                matching.match_rows.end_side(
                    work, matching.reads.of(work, row.match), row, "cancelled", "", by=people.SYSTEM, now=NOW
                )
        supply = self.road.supply(0, seats=2)  # begins with rides that hold, for acts to meet something
        for who in (1, 2):
            self.road.answer(matching.agree, self.road.ask(self.road.need(who), supply, who))

    def _try(self, function, *args, **more):
        try:
            with self.database.unit_of_work() as work:
                return function(work, *args, now=self.now, **more)
        except Refused:
            return None

    def _rows(self, what, *where):
        with self.database.reading() as work:
            return work.session.execute(select(what.id, what.version).where(*where).order_by(what.id)).all()

    @rule(who=st.integers(0, 1), first=st.integers(0, 2), length=st.integers(1, 3), seats=st.integers(1, 2))
    def offer(self, who, first, length, seats):
        try:
            self.road.supply(who, STOPS[first : first + length + 1], seats=seats, now=self.now)
        except Refused:
            return

    @rule(who=st.integers(1, 4), first=st.integers(0, 2), length=st.integers(1, 3), n=st.integers(1, 2))
    def want(self, who, first, length, n):
        try:
            self.road.need(who, (STOPS[first], STOPS[min(first + length, 3)]), n, now=self.now)
        except Refused:
            return

    @rule(which=st.integers(0, 9), other=st.integers(0, 9), giver=st.booleans())
    def ask(self, which, other, giver):
        needs = self._rows(MatchSide, MatchSide.side == "need", MatchSide.state == "open")
        supplies = self._rows(MatchSide, MatchSide.side == "supply", MatchSide.state == "open")
        if needs and supplies:
            need, supply = needs[which % len(needs)].id, supplies[other % len(supplies)].id
            mine, other = (supply, need) if giver else (need, supply)
            self._try(matching.ask, mine, other, by=self._owner(mine))

    def _owner(self, side_id):
        with self.database.reading() as work:
            return people.load(work, work.session.get(MatchSide, side_id).user_id, now=self.now)

    def _asked(self, pair_id, own):
        with self.database.reading() as work:
            pair = work.session.get(MatchPair, pair_id)
            return pair.need_id if (pair.asked_by == "need") == own else pair.supply_id

    @rule(which=st.integers(0, 9), no=st.integers(0, 4))
    def answer(self, which, no):
        pairs = self._rows(MatchPair, MatchPair.state == "asked")
        if pairs:
            id_, version = pairs[which % len(pairs)]
            by = self._owner(self._asked(id_, own=False))
            self._try(matching.agree if no else matching.refuse, id_, version=version, by=by)

    @rule(which=st.integers(0, 9), own=st.booleans())
    def cancel(self, which, own):
        pairs = self._rows(MatchPair, MatchPair.ended_at.is_(None))
        if pairs:
            id_, version = pairs[which % len(pairs)]
            self._try(matching.cancel, id_, version=version, by=self._owner(self._asked(id_, own)))

    @rule(which=st.integers(0, 9))
    def call_off(self, which):
        sides = self._rows(MatchSide, MatchSide.ended_at.is_(None))
        if sides:
            id_, version = sides[which % len(sides)]
            self._try(matching.end, id_, version=version, by=self._owner(id_))

    @rule(hours=st.integers(1, 40))
    def time_goes_on(self, hours):
        self.now += later(hours=hours) - NOW
        self.road.work_off(self.now)

    @invariant()
    def what_is_taken_is_what_both_agreed_to(self):
        if self.database is None or not hasattr(self, "now"):
            return
        with self.database.reading() as work:
            sides = {row.id: row for row in work.session.scalars(select(MatchSide))}
            pairs = work.session.scalars(select(MatchPair)).all()
            rides = [p for p in pairs if p.state == "agreed" or (p.state == "over" and p.agreed_at)]
            for leg in work.session.scalars(select(MatchLeg)):
                on_it = sum(p.places for p in rides if p.supply_id == leg.side_id and p.first <= leg.n <= p.last)
                assert 0 <= leg.taken == on_it <= leg.capacity
            agreed = [p for p in pairs if p.state == "agreed"]
            assert len({p.need_id for p in agreed}) == len(agreed)
            for pair in agreed:
                need, supply = sides[pair.need_id], sides[pair.supply_id]
                assert need.state == "matched" and supply.state == "open" and need.day == supply.day == DAY
                assert need.person_index != supply.person_index
            matched = {row.id for row in sides.values() if row.state == "matched"}
            assert {p.need_id for p in agreed} <= matched
            assert matched <= {p.need_id for p in rides}
            said_yes = {
                e.facts["number"] for e in work.session.scalars(select(Event).where(Event.kind == "match.agreed"))
            }
            assert {p.number for p in rides} <= said_yes


@pytest.mark.parametrize("which", ["sqlite", "postgres"])
def test_any_acts_in_any_order_keep_the_legs(which, request, tmp_path):
    _machine(which, request, tmp_path, 5 if which == "sqlite" else 2)


@pytest.mark.wide
@pytest.mark.parametrize("which", ["sqlite", "postgres"])
def test_many_acts_in_any_order_keep_the_legs(which, request, tmp_path):
    _machine(which, request, tmp_path, 25 if which == "sqlite" else 6)


def _machine(which, request, tmp_path, examples):
    with fresh_database(request, tmp_path, which) as database:
        Rides.database, Rides.road = database, open_road(database)
        Rides.road.driver(0)
        Rides.road.driver(1)
        try:
            machines.play(Rides, examples, 20)
        finally:
            Rides.database = Rides.road = None
