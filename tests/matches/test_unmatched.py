"""A need that nobody took: its case opens once, for whoever looks for another way; who did not come is said."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import matching
from engine.errors import NotNow, NotYours
from engine.store.models import Case, Event, MatchPair, Notice
from tests.matches.conftest import DAY, later


def cases_of(road):
    with road.database.reading() as work:
        return list(work.session.scalars(select(Case).order_by(Case.id)))


def test_a_need_nobody_took_twelve_hours_before_opens_its_case_once(road):
    need = road.need(day=DAY + timedelta(days=1))
    before = later(days=4, hours=11)  # 2026-09-18 20:00 is twelve hours before
    road.work_off(before - timedelta(hours=12))
    assert cases_of(road) == [] and road.fresh(need).told_at is None
    road.work_off(before)
    road.work_off(before + timedelta(hours=1))
    (case,) = cases_of(road)
    row = road.fresh(need)
    assert row.opened_id == case.id and row.told_at is not None
    assert (case.matter, case.applicant_id, case.applicant_name) == ("xunche", row.user_id, row.name)
    with road.database.reading() as work:
        answers = work.session.get(Case, case.id).answers
        assert answers["way"] == "塔兜村到浔中镇" and answers["need"]["number"] == row.number
        assert work.session.scalar(select(Notice).where(Notice.key.contains("unmatched"), Notice.channel == "screen"))
        assert work.session.scalar(select(Event.id).where(Event.kind == "match.opened"))


def test_a_need_that_was_matched_in_time_opens_nothing(road):
    road.driver()
    day = DAY + timedelta(days=1)
    need, supply = road.need(day=day), road.supply(day=day)
    road.answer(matching.agree, road.ask(need, supply))
    road.work_off(later(days=4, hours=11))
    assert cases_of(road) == []


def agreed(road):
    road.driver()
    return road.ask(road.need(), road.supply())


def test_who_waits_in_vain_says_so_and_has_a_case_at_once(road):
    pair = agreed(road)
    road.answer(matching.agree, pair)
    with pytest.raises(NotNow):
        road.answer(matching.absent, pair, 1)  # it is not eight yet
    with pytest.raises(NotYours):
        road.answer(matching.absent, pair, 3, now=later(hours=2))
    at = road.fresh(road.fresh(pair, MatchPair).need_id).starts_at + timedelta(minutes=20)
    road.answer(matching.absent, pair, 1, now=at)
    road.work_off(at)
    assert road.fresh(pair, MatchPair).absent == "supply"
    (case,) = cases_of(road)
    assert case.matter == "xunche"
    with pytest.raises(NotNow):  # and once is enough
        road.answer(matching.absent, pair, 0, now=at)
    with road.database.reading() as work:
        said = work.session.scalar(select(Notice).where(Notice.key.contains(f"absent:{pair}"), Notice.channel == "sms"))
        assert said is not None


def test_a_driver_says_that_the_rider_did_not_come_and_no_case_opens(road):
    pair = agreed(road)
    road.answer(matching.agree, pair)
    at = road.fresh(road.fresh(pair, MatchPair).need_id).starts_at + timedelta(minutes=20)
    road.answer(matching.absent, pair, 0, now=at)
    assert road.fresh(pair, MatchPair).absent == "need" and cases_of(road) == []


def test_nobody_stays_away_from_what_was_not_agreed(road):
    with pytest.raises(NotNow):
        road.answer(matching.absent, agreed(road), 1, now=later(hours=2))
