"""A ride for one's mother: a need said by a bond is hers, both answer for it, and nothing of it is the other's when the
bond is over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import bond_rows, bonds, matching
from engine.errors import NotFound, NotNow, NotYours
from engine.matters.nouns.bonds import FAMILY, GUARDIAN, HALL
from engine.reads import matches as reads
from engine.reads.knowing import Person
from engine.store.models import Event, MatchPair, MatchSide, Notice
from engine.workdays import local_date
from tests.appointments.conftest import NOW
from tests.matches.conftest import id_number


def bound(road, subject, holder, kind=FAMILY, until=None):
    def person(one):
        return one if isinstance(one, Person) else Person(one.name, user_id=one.id)

    asked = bond_rows.Asked(kind, HALL[kind], person(subject), person(holder), "counter", until=until)
    return road.do(bond_rows.make, asked, by=road.clerk, now=NOW).id


def again(road, n):
    return road.actor(road.residents[n].id)


@pytest.fixture
def road(road):
    """居民3 may book for 居民2, who is the mother; 居民1 drives."""
    road.driver()
    road.mother, road.daughter = road.residents[1], road.residents[2]
    road.bond = bound(road, road.mother, road.daughter)
    return road


def say(road, bond_id=None, **more):
    return road.need(by=again(road, 2), bond_id=bond_id or road.bond, **more)


def mine(road, n):
    with road.database.reading() as work:
        return [(row.who, row.mine) for row in reads.mine(work, again(road, n), now=NOW)]


def test_it_is_the_need_of_whom_it_is_for_and_either_answers(road):
    need, supply = say(road), road.supply()
    row = road.fresh(need)
    assert (row.user_id, row.entered_by_id, row.bond_id) == (road.mother.id, road.daughter.id, road.bond)
    assert mine(road, 1) == [("", True)] and mine(road, 2) == [("居民2", True)] and mine(road, 3) == []
    pair = road.do(matching.ask, supply, need, by=road.residents[0], now=NOW).id
    with road.database.reading() as work:
        assert reads.waiting(work, again(road, 2)) == reads.waiting(work, again(road, 1)) == 1
        assert reads.waiting(work, again(road, 3)) == 0
    given = {"version": road.fresh(pair, MatchPair).version, "now": NOW}
    with pytest.raises(NotYours):
        road.do(matching.agree, pair, by=again(road, 3), **given)
    road.do(matching.agree, pair, by=again(road, 2), **given)
    with road.database.reading() as work:
        seen = reads.one(work, need, actor=again(road, 2), now=NOW)
        assert [one.phone for one in seen.pairs] == ["13800000001"], "whole, as for the mother"
        events = work.session.scalars(
            select(Event).where(Event.kind.in_(("match.wanted", "match.agreed"))).order_by(Event.id)
        ).all()
        assert [(e.by_id, e.for_id, e.facts["bond"]) for e in events] == [
            (road.daughter.id, road.mother.id, road.bond)
        ] * 2
    road.do(matching.cancel, pair, version=given["version"] + 1, by=again(road, 1), now=NOW)
    assert road.fresh(need).state == "open"


def test_how_many_a_day_is_counted_on_whom_it_is_for(road):
    most = 0
    with pytest.raises(NotNow):
        for _ in range(9):
            say(road)
            most += 1
    with pytest.raises(NotNow):  # hers are said, whoever says one more
        road.need(1)
    for _ in range(most):
        road.need(2)  # the daughter's own are hers
    with pytest.raises(NotNow):
        road.supply(2, by=again(road, 2), bond_id=road.bond)  # whoever drives says so themselves


def test_a_bond_that_is_over_leaves_it_to_whose_it_is(road):
    need, supply = say(road), road.supply()
    pair = road.do(matching.ask, supply, need, by=road.residents[0], now=NOW).id
    road.do(bonds.end, road.bond, by=again(road, 1), now=NOW)
    road.work_off(NOW)
    assert mine(road, 2) == [] and mine(road, 1) == [("", True)]
    given = {"version": road.fresh(pair, MatchPair).version, "now": NOW}
    for act in (matching.agree, matching.refuse):
        with pytest.raises(NotYours):
            road.do(act, pair, by=again(road, 2), **given)
    with pytest.raises(NotYours):
        say(road)
    with road.database.reading() as work, pytest.raises(NotFound):
        reads.one(work, need, actor=again(road, 2), now=NOW)
    road.do(matching.agree, pair, by=again(road, 1), **given)


def test_a_child_without_an_account_rides_with_the_guardian_who_said_it(road):
    """And when the guardianship ends, whoever agreed is told that nobody comes."""
    child = Person("小宝", None, id_number("20160101", 77))
    bond = bound(road, child, road.daughter, GUARDIAN)
    need, supply = say(road, bond, places=2), road.supply()
    row = road.fresh(need)
    assert (row.user_id, row.name, row.guardian, row.phone) == (None, "小宝", "居民3", "13800000003")
    pair = road.do(matching.ask, supply, need, by=road.residents[0], now=NOW).id
    with road.database.reading() as work:
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "match", Notice.channel == "screen"))
        assert road.daughter.id in set(told)
    road.do(matching.agree, pair, version=road.fresh(pair, MatchPair).version, by=again(road, 2), now=NOW)
    assert set(road.taken(supply)) == {2}

    def end(work):
        bond_rows.end(work, work.session.get(bond_rows.Bond, bond), "counter", by=road.clerk, now=NOW)

    road.do(end)
    road.work_off(NOW)
    assert (road.fresh(need).state, road.fresh(pair, MatchPair).state) == ("cancelled", "cancelled")
    assert set(road.taken(supply)) == {0} and road.fresh(supply, MatchSide).state == "open"


def test_a_bond_that_runs_out_calls_off_the_ride_that_was_asked_for_by_it(road):
    """Of somebody without an account nobody could answer the next day: the need ends, and whoever agreed is told."""
    elder, day = Person("王阿婆", None, id_number("19400101", 77)), local_date(NOW) + timedelta(days=5)
    bond = bound(road, elder, road.daughter, FAMILY, local_date(NOW))
    need, supply = say(road, bond, day=day), road.supply(day=day)
    hers = say(road, day=day)  # by another bond, which holds
    pair = road.do(matching.ask, supply, need, by=road.residents[0], now=NOW).id
    road.do(matching.agree, pair, version=road.fresh(pair, MatchPair).version, by=again(road, 2), now=NOW)
    road.do(bonds.ask_at_midnight, now=NOW)
    road.work_off(NOW + timedelta(hours=8))
    assert road.fresh(need).state == "matched", "it holds through its last day"
    road.work_off(NOW + timedelta(days=1))
    assert (road.fresh(need).state, road.fresh(pair, MatchPair).state) == ("cancelled", "cancelled")
    assert set(road.taken(supply)) == {0} and road.fresh(hers).state == "open"
    with road.database.reading() as work:
        row = work.session.get(bond_rows.Bond, bond)
        assert (row.state, row.ended_how) == ("ended", "expired")
        told = select(Notice.text).where(Notice.user_id == road.residents[0].id, Notice.channel == "screen")
        assert any("取消" in text for text in work.session.scalars(told))
        holder = select(Notice.text).where(
            Notice.user_id == road.daughter.id, Notice.key == f"bond:{bond}:ended-holder:s"
        )
        assert "到期" in work.session.scalar(holder)
