"""Who rides says that they arrived; without a word both are told, then the family, then the posts, once each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import matching
from engine.errors import NotNow, NotYours
from engine.people import holders
from engine.reads import matches as reads
from engine.store.models import Case, Event, Holding, Job, MatchPair, Notice, Post, Task, Unit, User
from tests.matches.conftest import bound, later


@pytest.fixture
def ride(road):
    """A ride that both agreed to, from eight; at eleven at the latest they are there, at noon people ring."""
    road.driver()
    road.pair = road.ask(road.need(), road.supply())
    road.answer(matching.agree, road.pair)
    need = road.fresh(road.fresh(road.pair, MatchPair).need_id)
    road.starts, road.due = need.starts_at, need.until_at + timedelta(hours=3)
    return road


def calls(road):
    """Who was rung, in order: (account, channel, key)."""
    with road.database.reading() as work:
        found = work.session.scalars(select(Notice).where(Notice.kind == "match-call").order_by(Notice.id))
        return [(row.user_id, row.channel, row.key) for row in found]


def test_either_says_it_once_and_the_other_hears(ride):
    with pytest.raises(NotNow):
        ride.answer(matching.arrive, ride.pair, 1)  # it is not eight yet
    with pytest.raises(NotYours):
        ride.answer(matching.arrive, ride.pair, 3, now=ride.starts)
    ride.answer(matching.arrive, ride.pair, 1, now=ride.starts)
    row = ride.fresh(ride.pair, MatchPair)
    assert (row.arrived_by, row.arrived_at, row.state) == ("need", ride.starts, "agreed")
    with pytest.raises(NotNow):
        ride.answer(matching.arrive, ride.pair, 0, now=ride.starts)
    with pytest.raises(NotNow):  # who arrived did not wait in vain
        ride.answer(matching.absent, ride.pair, 1, now=ride.starts)
    ride.work_off(ride.due + timedelta(hours=3))
    assert calls(ride) == []
    with ride.database.reading() as work:
        keys = list(work.session.scalars(select(Notice.key).where(Notice.key.contains(":arrived:"))))
        assert sorted(key.rpartition(":")[2] for key in keys) == ["screen", "sms"]  # the driver alone
        assert work.session.scalar(select(Event.id).where(Event.kind == "match.arrived"))


def test_both_then_the_family_then_the_posts_once_each(ride):
    bound(ride, 1, 4, "family")
    bound(ride, 0, 4, "family")  # of the same family as both: one message
    ride.work_off(ride.due - timedelta(minutes=1))
    assert calls(ride) == []
    ride.work_off(ride.due)
    ride.work_off(ride.due + timedelta(minutes=14))
    driver, rider = ride.residents[0].id, ride.residents[1].id
    assert [(user, channel) for user, channel, _ in calls(ride)] == [
        *[(driver, "screen"), (driver, "sms")],
        *[(rider, "screen"), (rider, "sms")],
    ]
    ride.work_off(ride.due + timedelta(minutes=15))
    ride.work_off(ride.due + timedelta(minutes=29))
    assert [(user, channel) for user, channel, _ in calls(ride)[4:]] == [
        (ride.residents[4].id, "screen"),
        (ride.residents[4].id, "sms"),
    ]
    ride.work_off(ride.due + timedelta(minutes=30))
    ride.work_off(ride.due + timedelta(days=1))
    assert [(user, channel) for user, channel, _ in calls(ride)[6:]] == [(ride.clerk.id, "screen")]
    assert ride.fresh(ride.pair, MatchPair).called == 3


def test_without_a_family_the_posts_are_told_in_its_place(ride):
    bound(ride, 1, 4, "guardian")  # a bond of another kind is nobody's to ring
    ride.work_off(ride.due)
    ride.work_off(ride.due + timedelta(minutes=15))
    assert calls(ride)[4:] == [(ride.clerk.id, "screen", f"match:pair:{ride.pair}:desk:{ride.clerk.id}:screen")]
    ride.work_off(ride.due + timedelta(days=1))
    assert len(calls(ride)) == 5


def test_a_word_in_between_stops_the_rest_and_whoever_was_alarmed_hears(ride):
    bound(ride, 1, 4, "family")
    ride.work_off(ride.due)
    ride.work_off(ride.due + timedelta(minutes=15))
    assert len(calls(ride)) == 6
    with pytest.raises(NotYours):  # the counter of another town has nothing to do with it
        version = ride.fresh(ride.pair, MatchPair).version
        ride.do(matching.arrive, ride.pair, version=version, by=ride.stranger, now=ride.due)
    version = ride.fresh(ride.pair, MatchPair).version
    ride.do(matching.arrive, ride.pair, version=version, by=ride.clerk, now=ride.due + timedelta(minutes=20))
    assert ride.fresh(ride.pair, MatchPair).arrived_by == "desk"
    ride.work_off(ride.due + timedelta(days=1))
    told = calls(ride)[6:]
    assert [(user, channel) for user, channel, _ in told] == [
        (ride.residents[4].id, "screen"),
        (ride.residents[4].id, "sms"),
    ]
    assert all("kin-arrived" in key for _, _, key in told)


@pytest.mark.parametrize("how", ["off", "absent"])
def test_nobody_is_rung_for_what_was_called_off_or_did_not_begin(ride, how):
    if how == "off":
        ride.answer(matching.cancel, ride.pair, now=later(hours=1))
    else:
        ride.answer(matching.absent, ride.pair, 1, now=ride.starts)
    with pytest.raises(NotNow):
        ride.answer(matching.arrive, ride.pair, 0, now=ride.starts + timedelta(minutes=1))
    ride.work_off(ride.due + timedelta(days=1))
    assert calls(ride) == [] and ride.fresh(ride.pair, MatchPair).called == 0


def test_when_nobody_holds_the_post_who_heads_it_there_is_told(ride):
    with ride.database.unit_of_work() as work:
        clerk = work.session.get(User, ride.clerk.id)
        town = work.session.scalar(select(Unit).where(Unit.code == "350526106"))
        head = Post(code="head", name="负责人", role="supervisor")
        work.session.add(head)
        work.session.flush()
        for row in work.session.scalars(select(Holding)):
            work.session.delete(row)
        work.session.add(Holding(user_id=clerk.id, unit_id=town.parent_id, post_id=head.id))
    with ride.database.reading() as work:
        holders.forget(work)
    ride.work_off(ride.due)
    ride.work_off(ride.due + timedelta(minutes=15))
    assert calls(ride)[4:] == [(ride.clerk.id, "screen", f"match:pair:{ride.pair}:desk:{ride.clerk.id}:screen")]


def test_the_page_asks_how_it_went_for_as_long_as_the_answer_is_taken(ride):
    pair = ride.fresh(ride.pair, MatchPair)

    def asked(n, now):
        with ride.database.reading() as work:
            side_id = pair.need_id if n else pair.supply_id
            (one,) = reads.one(work, side_id, actor=ride.residents[n], now=now).pairs
            return one.came, one.arrives

    until = ride.fresh(pair.need_id).until_at + timedelta(days=3)
    assert asked(1, ride.starts - timedelta(minutes=1)) == (False, False)
    assert asked(1, ride.starts) == asked(1, until) == (True, True)
    late = until + timedelta(minutes=1)
    assert asked(1, late) == (False, False)
    for verb in (matching.arrive, matching.absent):
        with pytest.raises(NotNow):
            ride.answer(verb, ride.pair, 1, now=late)
    ride.answer(matching.arrive, ride.pair, 1, now=ride.starts)
    assert (asked(1, until), asked(0, until)) == ((False, False), (True, False))  # who arrived met the other


def test_it_waits_as_one_row_that_is_found_by_when_it_is_due(ride):
    with ride.database.reading() as work:
        (job,) = work.session.scalars(select(Job).where(Job.key == f"match:pair:{ride.pair}:call:0"))
        assert job.run_after == ride.due and job.state == "ready"


def test_when_the_posts_are_told_a_coordinator_has_it_as_a_task_once(ride):
    ride.work_off(ride.due)
    ride.work_off(ride.due + timedelta(minutes=14))
    with ride.database.reading() as work:
        assert work.session.scalar(select(Case.id)) is None
    ride.work_off(ride.due + timedelta(minutes=15))
    ride.work_off(ride.due + timedelta(days=1))
    with ride.database.reading() as work:
        (case,) = work.session.scalars(select(Case))
        (task,) = work.session.scalars(select(Task))
        pair = work.session.get_one(MatchPair, ride.pair)
        driver, rider = ride.residents[0], ride.residents[1]
        assert pair.opened_id == case.id and (case.applicant_id, task.state) == (rider.id, "open")
        assert task.due_at == ride.due + timedelta(minutes=45)
        answers = case.answers
        assert (answers["driver"]["name"], answers["way"]) == (driver.name, "塔兜村到浔中镇")
        assert work.session.scalar(select(Event.case_id).where(Event.kind == "case.submitted")) == case.id
    version = ride.fresh(ride.pair, MatchPair).version
    ride.do(matching.arrive, ride.pair, version=version, by=ride.clerk, now=ride.due + timedelta(days=1, minutes=1))
    ride.work_off(ride.due + timedelta(days=1, minutes=1))
    with ride.database.reading() as work:
        (case,) = work.session.scalars(select(Case))
        assert (case.status, case.outcome) == ("finished", "done")


def test_a_word_before_the_case_is_opened_opens_none(ride):
    ride.work_off(ride.due)
    with ride.database.unit_of_work() as work:
        pair = work.session.get_one(MatchPair, ride.pair)
        pair.called = 1
        for job in work.session.scalars(select(Job).where(Job.key.like("match:pair:%:call:%"), Job.state == "ready")):
            job.payload = job.payload | {"what": "open"}
    version = ride.fresh(ride.pair, MatchPair).version
    ride.do(matching.arrive, ride.pair, version=version, by=ride.residents[0], now=ride.due)
    ride.work_off(ride.due + timedelta(hours=1))
    with ride.database.reading() as work:
        assert work.session.scalar(select(Case.id)) is None
