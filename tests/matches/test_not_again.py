"""Two who do not want to meet again, a driver who asks for money, and one who may drive no more."""

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import match_rows, matching
from engine.commands.registers import editing
from engine.errors import NotFound, NotNow, NotYours
from engine.people import masks
from engine.reads import matches as reads
from engine.reads import own_data
from engine.records import library
from engine.store.models import Case, Event, MatchApart, MatchPair, Notice, RegisterEntry, User
from tests.cast import ROOT
from tests.costs.counting import counting
from tests.matches.conftest import DAY, NOW, later


@pytest.fixture
def ride(road):
    """A ride of 居民1 (driver) and 居民2 that both agreed to."""
    road.driver()
    road.supply_id, road.need_id = road.supply(), road.need()
    road.pair = road.ask(road.need_id, road.supply_id)
    road.answer(matching.agree, road.pair)
    return road


def found(road, side_id, n):
    with road.database.reading() as work:
        return [row.id for row in reads.one(work, side_id, actor=road.residents[n], now=NOW).found]


@pytest.mark.parametrize("who", [0, 1], ids=["driver", "rider"])
def test_whoever_says_not_again_the_two_find_each_other_no_more_and_the_other_is_not_told_why(ride, who):
    ride.answer(matching.part, ride.pair, who)
    assert ride.fresh(ride.pair, MatchPair).state == "cancelled"
    assert found(ride, ride.need_id, 1) == [] == found(ride, ride.supply_id, 0)
    for mine, other, n in ((ride.need_id, ride.supply_id, 1), (ride.supply_id, ride.need_id, 0)):
        with pytest.raises(NotNow):
            ride.ask(mine, other, n)
    with ride.database.reading() as work:
        told = work.session.scalars(select(Notice.text).where(Notice.key.contains(":off:"))).all()
        assert told and not any("不再" in text for text in told)
    other = ride.need(2)  # somebody else still rides with him
    assert found(ride, other, 2) == [ride.supply_id]


def test_the_copy_of_ones_data_has_whom_one_said_it_of_and_never_who_said_it_of_oneself(ride):
    ride.answer(matching.part, ride.pair, 1)
    with ride.database.reading() as work:
        rider, driver = (own_data.everything(work, ride.residents[n], now=NOW) for n in (1, 0))
    [said] = rider["not_again"]
    assert (said["name"], said["day"], said["at"]) == (masks.name("居民1"), DAY, NOW) and said["what"]
    assert driver["not_again"] == []


def test_what_still_waits_between_them_on_another_day_is_over_too(ride):
    day = later(days=3).date()
    waiting = ride.ask(ride.need(day=day), ride.supply(day=day))
    ride.answer(matching.part, ride.pair, 1)
    assert ride.fresh(waiting, MatchPair).state == "withdrawn"


def test_who_asked_before_it_was_said_is_not_agreed_to(ride):
    """A question that another transaction wrote in between."""
    day = later(days=3).date()
    waiting = ride.ask(ride.need(day=day), ride.supply(day=day))
    with ride.database.unit_of_work() as work:
        rider, driver = (reads.side(work, id_).person_index for id_ in (ride.need_id, ride.supply_id))
        work.session.add(MatchApart(match="ride", by_index=rider, of_index=driver, at=NOW))
    with pytest.raises(NotNow):
        ride.answer(matching.agree, waiting)


def test_whoever_said_so_may_think_better_of_it_and_nobody_else(ride):
    ride.answer(matching.part, ride.pair, 1)
    ride.answer(matching.part, ride.pair, 1)  # twice is once
    ride.answer(matching.rejoin, ride.pair, 0)  # the driver takes nothing back of hers
    with pytest.raises(NotNow):
        ride.ask(ride.need_id, ride.supply_id)
    for function in (matching.part, matching.rejoin, matching.charge):
        with pytest.raises(NotYours):
            ride.answer(function, ride.pair, 2)
    ride.answer(matching.rejoin, ride.pair, 1)
    assert ride.ask(ride.need_id, ride.supply_id)


def test_nobody_parts_from_whom_they_never_knew(road):
    road.driver()
    pair = road.ask(road.need(), road.supply())
    with pytest.raises(NotNow):
        road.answer(matching.part, pair, 1)


def publish_finding_out(road):
    with road.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "yaoqian"), by=people.SYSTEM, now=NOW)


def test_a_rider_says_that_the_driver_asks_for_money_the_ride_is_off_and_a_case_finds_out_once(ride):
    publish_finding_out(ride)
    with pytest.raises(NotYours):
        ride.answer(matching.charge, ride.pair, 0)
    ride.answer(matching.charge, ride.pair, 1)
    with pytest.raises(NotNow):
        ride.answer(matching.charge, ride.pair, 1)
    ride.work_off(NOW)
    ride.work_off(later(hours=1))
    row = ride.fresh(ride.pair, MatchPair)
    assert (row.state, row.charged_at) == ("cancelled", NOW)
    with ride.database.reading() as work:
        (case,) = work.session.scalars(select(Case).where(Case.matter == "yaoqian")).all()
        assert case.id == row.charged_id
        assert work.session.scalar(select(Event.id).where(Event.kind == "match.charged"))


def test_it_is_said_of_a_ride_that_was_too_and_that_stays_as_it_was(ride):
    publish_finding_out(ride)
    other = ride.ask(ride.need(2), ride.supply_id, 2)
    ride.answer(matching.agree, other)
    ride.answer(matching.charge, ride.pair, 1, now=later(days=4, hours=3))
    assert ride.fresh(ride.pair, MatchPair).state == "agreed"
    with pytest.raises(NotNow):
        ride.answer(matching.charge, other, 2, now=later(days=9))


def test_who_may_drive_no_more_has_what_they_offered_called_off_at_once(ride):
    with ride.database.unit_of_work() as work:
        entry = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "driver")).one()
        editing.set_state(work, entry.id, "paused", version=entry.version, why="体检", by=ride.clerk, now=NOW)
    with pytest.raises(NotNow):
        ride.ask(ride.need(2), ride.supply_id, 2)
    ride.work_off(NOW)
    assert ride.fresh(ride.supply_id).state == "cancelled"
    assert ride.fresh(ride.need_id).state == "open"  # she looks for another


def test_it_is_taken_back_when_nobody_knows_any_more_whose_trip_it_was(ride):
    ride.answer(matching.part, ride.pair, 1)
    ride.work_off(later(days=40))
    assert ride.fresh(ride.need_id).person_index is None is ride.fresh(ride.supply_id).person_index
    with ride.database.reading() as work:
        (said,) = reads.said_apart(work, ride.residents[1])
        assert (said.day, said.stops, said.name) == (DAY, ("塔兜村", "浔中镇"), "")
        assert reads.said_apart(work, ride.residents[0]) == []
    day = later(days=45).date()
    need, supply = (function(day=day, now=later(days=41)) for function in (ride.need, ride.supply))
    for n in (0, 2):
        with pytest.raises(NotFound):
            ride.do(matching.take_back, said.id, by=ride.residents[n], now=later(days=41))
    with pytest.raises(NotNow):
        ride.ask(need, supply, now=later(days=41))
    ride.do(matching.take_back, said.id, by=ride.residents[1], now=later(days=41))
    assert ride.ask(need, supply, now=later(days=41))


def test_while_it_is_known_the_list_says_whom_it_was_about_and_masks_the_name(ride):
    ride.answer(matching.part, ride.pair, 1)
    with ride.database.reading() as work:
        (said,) = reads.said_apart(work, ride.residents[1])
    assert (said.side, said.name) == ("supply", masks.name("居民1"))


def test_who_asks_to_be_erased_has_what_they_said_go_and_what_another_said_of_them_stay(ride):
    ride.answer(matching.part, ride.pair, 1)
    with ride.database.unit_of_work() as work:
        user = work.session.get_one(User, ride.residents[0].id)
        match_rows.erase_of(work, user, by=people.SYSTEM, now=NOW)
        assert work.session.scalars(select(MatchApart.id)).all()
    ride.do(matching.end, ride.need_id, version=ride.fresh(ride.need_id).version, by=ride.residents[1], now=NOW)
    with ride.database.unit_of_work() as work:
        user = work.session.get_one(User, ride.residents[1].id)
        assert match_rows.erase_of(work, user, by=people.SYSTEM, now=NOW) == 2
        assert work.session.scalars(select(MatchApart.id)).all() == []
    assert ride.fresh(ride.need_id).name is None
    assert ride.fresh(ride.supply_id).name is not None  # it goes on: it is called off first


def test_the_page_of_a_trip_asks_as_much_of_the_database_for_three_riders_as_for_one(road):
    road.driver()
    supply = road.supply(seats=4)

    def cost():
        with counting(road.database) as spent, road.database.reading() as work:
            reads.one(work, supply, actor=road.residents[0], now=NOW)
        return len(spent)

    road.answer(matching.agree, road.ask(road.need(1), supply, 1))
    one = cost()
    for n in (2, 3):
        road.answer(matching.agree, road.ask(road.need(n), supply, n))
    assert cost() == one
