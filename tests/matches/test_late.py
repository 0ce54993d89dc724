"""Who is late, or calls off too late, three times in thirty days is talked with, and shut out of nothing."""

import pytest
from sqlalchemy import select

from engine.commands import matching
from engine.errors import NotNow, NotYours
from engine.store.models import Case, Event, MatchPair, Notice
from tests.matches.conftest import later


@pytest.fixture
def rides(road):
    """`rides(n)`: the ride of the n-th day from today, that 居民1 (driver) and 居民2 agreed to."""
    road.driver()

    def agreed(n):
        day, now = later(days=n).date(), later(days=n - 1)
        pair = road.ask(road.need(day=day, now=now), road.supply(day=day, now=now), now=now)
        road.answer(matching.agree, pair, now=now)
        return pair

    return agreed


def cases(road):
    with road.database.reading() as work:
        return work.session.scalars(select(Case).where(Case.matter == "chidao").order_by(Case.id)).all()


def test_the_third_time_in_thirty_days_opens_a_case_once_and_the_next_three_another(road, rides):
    for n in range(1, 8):
        pair = rides(n)
        road.answer(matching.late, pair, 1, now=later(days=n))
        road.work_off(later(days=n))
        assert len(cases(road)) == n // 3
    assert [case.applicant_name for case in cases(road)] == ["居民1", "居民1"]
    assert road.need(2) and road.supply(day=later(days=9).date())  # nobody is shut out


def test_what_is_longer_ago_than_thirty_days_does_not_count(road, rides):
    for n in (1, 2, 33):
        road.answer(matching.late, rides(n), 1, now=later(days=n))
        road.work_off(later(days=n))
    assert cases(road) == []


def test_it_counts_for_whoever_was_late_and_not_for_the_other(road, rides):
    for n, who in ((1, 0), (2, 1), (3, 0)):
        road.answer(matching.late, rides(n), who, now=later(days=n))
        road.work_off(later(days=n))
    assert cases(road) == []


def test_it_is_said_once_when_the_time_has_come_and_the_other_is_told(road, rides):
    pair = rides(1)
    with pytest.raises(NotNow):
        road.answer(matching.late, pair, 1, now=later(hours=1))
    with pytest.raises(NotYours):
        road.answer(matching.late, pair, 2, now=later(days=1))
    road.answer(matching.late, pair, 1, now=later(days=1))
    with pytest.raises(NotNow):
        road.answer(matching.late, pair, 0, now=later(days=1))
    assert road.fresh(pair, MatchPair).late == "supply"
    with road.database.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.key.contains(":late:"), Notice.channel == "screen"))
        assert [(one.user_id, "迟到" in one.text) for one in told] == [(road.residents[0].id, True)]
        assert work.session.scalar(select(Event.id).where(Event.kind == "match.late"))


def test_calling_off_within_two_hours_counts_and_earlier_does_not(road, rides):
    early, soon, whole = rides(1), rides(2), rides(3)
    road.answer(matching.cancel, early, 1, now=later(hours=20))
    assert road.fresh(early, MatchPair).late is None
    road.answer(matching.cancel, soon, 1, now=later(days=1, hours=22, minutes=30))
    assert road.fresh(soon, MatchPair).late == "need"
    supply = road.fresh(road.fresh(whole, MatchPair).supply_id)
    at = later(days=2, hours=22, minutes=30)
    road.do(matching.end, supply.id, version=supply.version, by=road.residents[0], now=at)
    assert road.fresh(whole, MatchPair).late == "supply"


def test_who_parts_from_another_or_says_that_they_ask_for_money_was_not_late(road, rides):
    apart, charged = rides(1), rides(2)
    road.answer(matching.charge, charged, 1, now=later(days=1, hours=22, minutes=30))
    road.answer(matching.part, apart, 1, now=later(hours=22, minutes=30))
    assert {road.fresh(pair, MatchPair).late for pair in (apart, charged)} == {None}
