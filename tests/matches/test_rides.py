"""A ride is offered, looked for, asked and agreed; what each sees, and what ends it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import matching
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.reads import matches as reads
from engine.reads.knowing import Person
from engine.records import audit
from engine.store.models import Event, MatchPair, MatchSide, Notice, User
from tests.matches.conftest import DAY, KEY, NOW, RIDE, SEATS, STOPS, bound, id_number, later


def one(road, side_id, n, now=NOW):
    with road.database.reading() as work:
        return reads.one(work, side_id, actor=road.residents[n], now=now)


def found(road, side, start, end, n=1, now=NOW, **more):
    with road.database.reading() as work:
        codes = reads.place_ids(work)
        rows = reads.find(
            work, KEY, side, from_id=codes[start], to_id=codes[end], day=DAY, actor=road.residents[n], now=now, **more
        )
        return [row.id for row in rows]


def test_it_is_found_on_its_way_and_only_in_its_direction(road):
    road.driver()
    supply = road.supply()
    assert found(road, "supply", STOPS[1], STOPS[3]) == [supply]
    assert found(road, "supply", STOPS[3], STOPS[1]) == []
    assert found(road, "supply", STOPS[1], STOPS[3], places=3) == []
    need = road.need(stops=(STOPS[1], STOPS[3]))
    assert [row.id for row in one(road, supply, 0).found] == [need]
    assert [row.id for row in one(road, need, 1).found] == [supply]
    other_time = road.need(2, at=(10, 11))
    assert one(road, other_time, 2).found == ()


def test_both_see_each_other_once_both_agreed_and_no_longer(road):
    road.driver()
    supply, need = road.supply(), road.need()
    pair = road.ask(need, supply)
    for side, n in ((supply, 0), (need, 1)):
        shown = one(road, side, n).pairs[0]
        assert "*" in shown.name and "*" in shown.phone and not shown.shown
    road.answer(matching.agree, pair)
    assert road.taken(supply) == [1, 1, 1]
    mine = one(road, need, 1).pairs[0]
    assert (mine.name, mine.phone) == ("居民1", "13800000001")
    assert ("车牌号", "闽C12345") in mine.shown
    assert one(road, supply, 0).pairs[0].phone == "13800000002"
    with road.database.reading() as work:
        kinds = work.session.scalars(select(Event.kind)).all()
        assert kinds.count(audit.Kind.MATCH_AGREED.value) == 1
        texts = work.session.scalars(select(Notice.text)).all()
        assert texts and not [t for t in texts if "居民" in t or "138" in t]
    after = later(days=4, hours=12)
    road.work_off(after)
    ended = one(road, need, 1, after).pairs[0]
    assert ended.state == "over" and "*" in ended.name and "*" in ended.phone and not ended.shown


def test_a_seat_is_free_on_the_legs_that_nobody_rides(road):
    road.driver()
    supply = road.supply(seats=1)
    first = road.ask(road.need(1, (STOPS[0], STOPS[1])), supply, 1)
    rest = road.ask(road.need(2, (STOPS[1], STOPS[3])), supply, 2)
    through = road.ask(road.need(3, (STOPS[0], STOPS[3])), supply, 3)
    road.answer(matching.agree, first)
    with pytest.raises(NotNow) as full:
        road.answer(matching.agree, through)
    assert full.value.facts["full"] and road.taken(supply) == [1, 0, 0]
    road.answer(matching.agree, rest)
    assert road.taken(supply) == [1, 1, 1]
    road.answer(matching.cancel, first, 1)
    assert road.taken(supply) == [0, 1, 1]


def test_nobody_answers_for_another_and_what_was_seen_before_is_no_yes(road):
    road.driver()
    supply, need = road.supply(), road.need()
    pair = road.ask(need, supply)
    for n in (1, 2):
        with pytest.raises(NotYours):
            road.answer(matching.agree, pair, n)
    with pytest.raises(NotNow):
        road.do(matching.agree, pair, version=9, by=road.residents[0], now=NOW)
    with pytest.raises(NotFound):
        one(road, need, 2)
    with pytest.raises(NotNow):
        road.ask(need, supply)  # asked already
    road.answer(matching.refuse, pair, reason="那天不去了")
    assert road.fresh(need).state == "open"
    again = road.do(matching.ask, supply, need, by=road.residents[0], now=NOW).id
    with pytest.raises(NotYours):
        road.answer(matching.agree, again, 0)  # the driver offered: the rider says yes
    road.answer(matching.agree, again, 1)
    assert road.fresh(need).state == "matched"


def test_one_that_is_called_off_frees_and_tells_the_others(road):
    road.driver()
    supply = road.supply()
    needs = [road.need(1), road.need(2)]
    for n, need in enumerate(needs, 1):
        road.answer(matching.agree, road.ask(need, supply, n))
    assert road.taken(supply) == [2, 2, 2]
    told = road.do(
        matching.end, supply, version=road.fresh(supply).version, reason="车坏了", by=road.residents[0], now=NOW
    )
    assert told == 2 and road.taken(supply) == [0, 0, 0]
    assert [road.fresh(need).state for need in needs] == ["open", "open"]
    with road.database.reading() as work:
        texts = work.session.scalars(select(Notice.text).where(Notice.kind == "match")).all()
    assert sum("车坏了" in text for text in texts) == 4  # on the screen and by message, each of two


@pytest.mark.parametrize("asked_by", ["need", "supply"])
def test_what_was_only_asked_is_told_that_the_other_called_it_off_and_asks_elsewhere(road, asked_by):
    road.driver()
    road.driver(3)
    supply, other, need = road.supply(), road.supply(3), road.need(1)
    pair = road.ask(need, supply, 1) if asked_by == "need" else road.ask(supply, need, 0)
    told = road.do(matching.end, supply, version=road.fresh(supply).version, by=road.residents[0], now=NOW)
    assert told == 1 and (road.fresh(pair, MatchPair).state, road.fresh(need).state) == ("withdrawn", "open")
    with road.database.reading() as work:
        notices = work.session.scalars(select(Notice).where(Notice.user_id == road.residents[1].id))
        assert [one.channel for one in notices if "不用再等答复" in one.text].count("screen") == 1
    again = road.ask(need, other, 1)
    road.answer(matching.agree, again, 3)
    assert road.fresh(need).state == "matched"


def test_a_question_that_is_taken_back_is_told_to_who_was_asked(road):
    road.driver()
    supply, need = road.supply(), road.need(1)
    pair = road.ask(need, supply, 1)
    road.answer(matching.cancel, pair, 1)
    assert road.fresh(pair, MatchPair).state == "withdrawn" and set(road.taken(supply)) == {0}
    with road.database.reading() as work:
        notices = work.session.scalars(select(Notice).where(Notice.user_id == road.residents[0].id))
        assert [one.channel for one in notices if "不用再等答复" in one.text].count("screen") == 1


@pytest.mark.parametrize("field", ["licence_until", "inspection_until", "insurance_until"])
def test_a_document_that_runs_out_before_the_day_shuts_the_offer(road, field):
    road.driver(**{field: "2026-09-17"})
    with pytest.raises(NotNow) as refused:
        road.supply()
    assert "2026-09-17" in refused.value.zh
    assert road.supply(day=DAY - timedelta(days=1))


def test_a_document_without_its_number_shuts_the_offer(road):
    road.driver(policy=None)
    with pytest.raises(NotNow) as refused:
        road.supply()
    assert "交强险" in refused.value.zh and "号码" in refused.value.zh


def test_a_detour_of_more_than_fifteen_minutes_is_not_asked_for_and_an_unknown_one_is_said_to_be_unknown(road):
    road.driver()
    with pytest.raises(NotNow) as refused:
        road.need(detour="more")
    assert "十五分钟" in refused.value.zh
    need, supply = road.need(), road.supply()
    with road.database.reading() as work:
        (found,) = reads.one(work, supply, actor=road.residents[0], now=NOW).found
    assert (found.id, dict(found.said)["司机接送您，来回一共要多绕几分钟"]) == (need, "不知道几分钟")


def test_whoever_is_no_driver_or_has_not_the_seats_is_told(road):
    with pytest.raises(NotNow) as refused:
        road.supply()
    assert "先登记为顺风车司机" in refused.value.zh
    road.driver(seats=3)
    with pytest.raises(NotNow):
        road.supply(seats=3)
    road.supply(seats=2)


def test_a_document_suspended_on_the_morning_stops_the_trip(road):
    from engine.store.models import RegisterEntry

    entry = road.driver()
    supply, need = road.supply(), road.need()
    road.answer(matching.agree, road.ask(need, supply))
    with road.database.unit_of_work() as work:
        row = work.session.get(RegisterEntry, entry.id)
        row.facts = {**row.facts, "licence_until": "2026-09-10"}
    road.work_off(later(days=3, hours=22))  # 07:00 that morning
    assert road.fresh(supply).state == "cancelled" and road.fresh(need).state == "open"
    with road.database.reading() as work:
        assert work.session.scalar(select(Event.id).where(Event.kind == audit.Kind.MATCH_STOPPED.value))


def test_a_child_rides_with_a_guardian_who_has_a_seat(road):
    with road.database.unit_of_work() as work:
        child = work.session.get(User, road.residents[1].id)
        child.id_number = id_number("20120101", 2)
    with pytest.raises(NotNow) as refused:
        road.need(places=2)
    assert "监护人" in refused.value.zh
    bound(road, 1, 2, "guardian")
    with pytest.raises(Invalid):
        road.need(places=1)
    need = road.need(places=2)
    assert road.fresh(need).guardian == "居民3"


def test_nothing_found_in_time_is_told_once_and_a_late_match_still_counts(road):
    road.driver()
    need = road.need()
    late = later(days=3, hours=11, minutes=30)  # 20:30 on the evening before, 11.5 hours ahead
    road.work_off(later(days=3, hours=11))
    road.work_off(late)
    assert road.fresh(need).told_at is not None
    supply = road.supply(now=late)
    pair = road.ask(need, supply, now=late)
    road.answer(matching.agree, pair, now=late)
    assert road.fresh(need).state == "matched"


def test_a_clerk_enters_for_somebody_and_answers_for_them_only(road):
    road.driver()
    supply = road.supply()
    person = Person("林阿婆", "13911112222", id_number("19500101", 22))
    need = road.need(by=road.clerk, person=person)
    with pytest.raises(NotYours):
        road.do(matching.end, need, version=1, by=road.stranger, now=NOW)
    pair = road.do(matching.ask, supply, need, by=road.residents[0], now=NOW)
    road.do(matching.agree, pair.id, version=pair.version, by=road.clerk, now=NOW)
    assert road.fresh(pair.id, MatchPair).state == "agreed"
    with pytest.raises(Invalid):
        road.do(matching.reveal, need, "contact", " ", by=road.clerk, now=NOW)
    road.do(matching.reveal, need, "contact", "到点没有消息，打电话", by=road.clerk, now=NOW)


def test_a_person_has_as_many_a_day_as_is_declared(road):
    for hour in (8, 9, 10, 11):
        road.need(at=(hour, hour))
    with pytest.raises(NotNow) as refused:
        road.need(at=(12, 12))
    assert "4" in refused.value.zh


def test_who_it_was_goes_after_thirty_days_or_when_they_ask(road):
    road.driver()
    supply, need = road.supply(), road.need()
    road.answer(matching.agree, road.ask(need, supply))
    with pytest.raises(NotNow):
        road.do(matching.forget, need, by=road.residents[1], now=NOW)
    road.work_off(later(days=5))
    road.do(matching.forget, need, by=road.residents[1], now=later(days=5))
    road.work_off(later(days=40))
    with road.database.reading() as work:
        rows = work.session.scalars(select(MatchSide)).all()
        assert [(r.name, r.phone, r.answers, r.user_id) for r in rows] == [(None,) * 4] * 2
        assert all(r.forgotten_at for r in rows)


@pytest.mark.parametrize(
    "wrong",
    [
        {"stops": (STOPS[0],)},
        {"stops": (STOPS[0], "nowhere")},
        {"stops": (STOPS[0], STOPS[0])},
        {"at": (9, 8)},
        {"day": DAY - timedelta(days=9)},
    ],
)
def test_a_place_or_time_that_is_none_names_the_field(road, wrong):
    with pytest.raises(Invalid) as refused:
        road.need(**wrong)
    assert refused.value.fields[0].field in ("stops", "until", "day")


def test_the_form_is_checked(road):
    road.driver()
    with pytest.raises(Invalid):
        road.do(
            matching.say,
            KEY,
            "need",
            stops=STOPS[:2],
            starts_at=later(days=1),
            until_at=later(days=1),
            answers={**RIDE, "places": 9},
            by=road.residents[1],
            now=NOW,
        )
    assert SEATS["free"]
