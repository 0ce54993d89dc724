"""公开栏: what goes up, who reads it first, what changes and comes down, who is told and who may not see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from engine import feel, matters, people
from engine.commands import board_rows, boards, cases
from engine.commands.boards import due
from engine.commands.worker import background, sweep
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, NotYours
from engine.matters.nouns import Declared
from engine.matters.nouns.boards import Board
from engine.people import units
from engine.proof.playing import equipment
from engine.reads import boards as reads
from engine.records import audit, library
from engine.store.models import (
    BoardEntry,
    BoardFollow,
    BoardObjection,
    BoardTold,
    Case,
    Incident,
    Job,
    Notice,
    Task,
    User,
)
from tests.cast import ROOT
from tests.commands.acting import counted

#: Thursday 10 December 2026, 9:00: eleven days before the market day of 冬月十三.
NOW = datetime(2026, 12, 10, 1, 0, tzinfo=UTC)
MARKET = {
    "organiser": {"kind": "village", "name": "苏洋村村民委员会"},
    "applicant": {"name": "张三丰", "phone": "13800000001"},
    "market": {"name": "苏洋墟", "days": "逢三逢八"},
    "day": "2026-12-21",
    "hours": "7:00-12:00",
    "venue": "苏洋村部前广场",
    "expected": 800,
    "programme": "卖山药、竹器，上午九点高甲戏",
    "fireworks": "no",
    "asking": "0595-23500306",
    "stalls": [{"stall": "A1", "goods": "山药", "food": "no"}],
}
RAIN = {"postponed.to": "2026-12-26T09:00", "postponed.why": "明天有大雨"}


@pytest.fixture
def town(database, cast):
    """The cast with the market published."""
    with database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "ganxu"), by=people.SYSTEM, now=NOW)
    with database.reading() as work:
        actors = {
            short: cast.actor(short, NOW, work) for short in ("zhang", "xu", "zhou", "qian", "wu", "wang", "chen")
        }
    return SimpleNamespace(database=database, cast=cast, now=NOW, **actors)


def asked(town, **changes):
    """A case whose entry waits for its reviewer; its id."""
    with town.database.unit_of_work() as work:
        case_id = cases.submit(work, "ganxu", {**MARKET, **changes}, by=town.zhang, now=town.now).case.id
    complete(town, case_id, "look_over", {"looking": "yes"})
    return case_id


def complete(town, case_id, element, answers, by=None, now=None):
    by, now = by or town.zhou, now or town.now
    with town.database.unit_of_work() as work:
        task = work.session.scalars(
            select(Task).where(Task.case_id == case_id, Task.element == element, Task.state != "ended")
        ).one()
        cases.claim(work, task.id, version=task.version, by=by, now=now)
        cases.complete(work, task.id, answers, version=task.version, by=by, now=now)


def entry_of(town, case_id):
    with town.database.reading() as work:
        row = work.session.scalars(select(BoardEntry).where(BoardEntry.case_id == case_id)).one()
        work.session.expunge(row)
        return row


def shown(town, **changes):
    case_id = asked(town, **changes)
    entry = entry_of(town, case_id)
    with town.database.unit_of_work() as work:
        boards.approve(work, entry.number, changed=entry.changed, by=town.qian, now=town.now)
    return case_id, entry.number


def work_off(town, now):
    for _ in range(20):
        swept = sweep.sweep(town.database, now=now)
        if not background.run(town.database, equipment(), now=now) and not swept.busy:
            break


def texts(town, user_id=None, channel=None):
    query = select(Notice.text).where(Notice.kind == "board").order_by(Notice.id)
    if user_id is not None:
        query = query.where(Notice.user_id == user_id)
    if channel is not None:
        query = query.where(Notice.channel == channel)
    with town.database.reading() as work:
        return list(work.session.scalars(query))


def public(town, now=None, **how):
    visitor = people.Actor(id=None, kind="visitor", name="")
    with town.database.reading() as work:
        listed = reads.listing(work, now=now or town.now, **how).entries
        for one in listed:
            assert reads.one(work, one.number, now=now or town.now, actor=visitor) == one
        return [one.number for one in listed]


def unseen(town, number, now=None):
    """Nobody outside sees it: not in a list, a feed or by its number."""
    with town.database.reading() as work:
        for actor in (people.Actor(id=None, kind="visitor", name=""), town.zhang, town.xu):
            with pytest.raises(NotFound):
                reads.one(work, number, now=now or town.now, actor=actor)
        assert number not in [e.number for e in reads.feed(work, now=now or town.now)]
        assert number not in [e.number for e in reads.listing(work, now=now or town.now, q=number).entries]
    return number not in public(town, now)


# ---------------------------------------------------------------- review


def test_what_waits_for_its_reviewer_is_seen_by_nobody_outside(town):
    entry = entry_of(town, asked(town))
    assert (entry.state, entry.review_post) == ("review", "head") and unseen(town, entry.number)
    assert entry.review_due_at == datetime(2026, 12, 11, 9, 30, tzinfo=UTC)
    with town.database.reading() as work:
        assert [w.entry.number for w in reads.queue(work, actor=town.qian)] == [entry.number]
        assert reads.queue(work, actor=town.wu) == [] and reads.queue(work, actor=town.zhang) == []
        assert reads.for_staff(work, entry.number, actor=town.zhou).hidden == {"承办单位": "苏洋村村民委员会"}
        for other in (town.wang, town.zhang):
            with pytest.raises(NotFound):
                reads.for_staff(work, entry.number, actor=other)


def test_the_reviewer_lets_it_up_and_the_case_goes_on(town):
    case_id, number = shown(town)
    assert public(town) == [number]
    with town.database.reading() as work:
        found = reads.one(work, number, now=town.now, actor=town.xu)
        assert (found.title, found.lunar, str(found.begins_on)) == ("苏洋墟", "冬月十三", "2026-12-21")
        assert [f.name for f in found.facts] == ["day", "hours", "venue", "programme", "stalls", "ask"]
        assert "organiser" not in str(found.facts) and str(found.last_on) == "2026-12-21"
        case = work.session.get(Case, case_id)
        assert case.answers["entry"] == number and case.answers["published_until"] == "2026-12-21"
        assert not audit.verify(work).faults


def test_who_may_not_review_is_refused(town):
    entry = entry_of(town, asked(town))
    for by, error in ((town.zhang, NotFound), (town.wang, NotFound), (town.zhou, NotYours), (town.wu, NotYours)):
        with pytest.raises(error), town.database.unit_of_work() as work:
            boards.approve(work, entry.number, changed=0, by=by, now=town.now)
    assert unseen(town, entry.number)


def test_nobody_reviews_what_they_asked_for_themselves(town):
    entry = entry_of(town, asked(town))
    with town.database.unit_of_work() as work:
        work.session.get(BoardEntry, entry.id).by_id = town.qian.id
    with pytest.raises(NotYours), town.database.unit_of_work() as work:
        boards.approve(work, entry.number, changed=0, by=town.qian, now=town.now)


def test_a_refusal_says_why_and_the_case_hears_it(town):
    case_id = asked(town)
    number = entry_of(town, case_id).number
    with pytest.raises(Invalid), town.database.unit_of_work() as work:
        boards.refuse(work, number, " ", changed=0, by=town.qian, now=town.now)
    with town.database.unit_of_work() as work:
        boards.refuse(work, number, "节目没有写清楚", changed=0, by=town.qian, now=town.now)
    assert unseen(town, number)
    with town.database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome) == ("finished", "declined")
        assert any("节目没有写清楚" in t for t in work.session.scalars(select(Notice.text)))


def test_what_was_reviewed_already_is_not_reviewed_twice(town):
    _, number = shown(town)
    with pytest.raises(AlreadyDone), town.database.unit_of_work() as work:
        boards.approve(work, number, changed=0, by=town.qian, now=town.now)
    with pytest.raises(AlreadyDone), town.database.unit_of_work() as work:
        boards.refuse(work, number, "晚了", changed=0, by=town.qian, now=town.now)


def test_a_late_review_is_said_to_the_reviewer(town):
    entry = entry_of(town, asked(town))
    work_off(town, entry.review_due_at - timedelta(minutes=1))
    assert texts(town, town.qian.id) == []
    work_off(town, entry.review_due_at)
    assert [t for t in texts(town, town.qian.id) if "还没有审核" in t]


# ---------------------------------------------------------------- what may be public


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"programme": "报摊位打 13800138000"}, "programme"),
        ({"programme": "找苏清福 350526196001011234"}, "programme"),
        ({"venue": "苏洋村 138 0013 8000 门口"}, "venue"),
        ({"asking": "13800138000"}, "ask"),
        ({"market": {"name": "一三八零零一三八零零零墟", "days": ""}}, "name"),
    ],
)
def test_a_persons_number_is_never_published(town, changes, field):
    with town.database.unit_of_work() as work:
        case_id = cases.submit(work, "ganxu", {**MARKET, **changes}, by=town.zhang, now=town.now).case.id
    with pytest.raises(Invalid) as refused:
        complete(town, case_id, "look_over", {"looking": "yes"})
    assert set(refused.value.by_field()) == {field} and "不能公开" in refused.value.zh
    with town.database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(BoardEntry)) == 0


def board(**changes):
    said = {"kind": "notice", "title": "公示", "scope": "village", "days": 7}
    said["shows"] = {"who": {"title": "姓名", "type": "person"}, "sum": {"title": "金额", "type": "money"}}
    return Declared("boards", "list", "x.list", Board(**{**said, "hides": {"phone": "电话"}, **changes}), "matter.yaml")


def put_up(town, given, what=None, *, now=None, place=None, **more):
    now = now or town.now
    with town.database.unit_of_work() as work:
        place = place or units.by_code(work, "350526106201")
        env = feel.Env(now=now, calendar=work.calendar)
        n = work.session.scalar(select(func.count()).select_from(BoardEntry))
        entry = board_rows.ask(
            work, what or board(), given, env, key=f"t{n}", place=place, unit_id=place.id, now=now, **more
        )
        return entry.number


def test_the_elected_are_named_whole_where_the_board_says_why(town):
    law = {"title": "当选人", "type": "person", "mask": "none", "basis": "村民委员会选举办法：当选名单应当公布"}
    number = put_up(town, {"who": "张三丰、李四"}, board(shows={"who": law}))
    with town.database.reading() as work:
        row = board_rows.find(work, number)
        assert (row.facts, row.title) == ({"who": "张三丰、李四"}, "张三丰、李四")


@pytest.mark.parametrize(
    "shown, said",
    [
        ({"type": "person", "mask": "none"}, "basis"),
        ({"type": "text", "mask": "none", "basis": "本人同意"}, "type: person"),
        ({"type": "person", "basis": "本人同意"}, "mask: none"),
    ],
)
def test_a_whole_name_needs_its_basis(shown, said):
    with pytest.raises(ValueError, match=said):
        board(shows={"who": {"title": "姓名", **shown}})


def test_names_are_masked_and_what_is_hidden_is_sealed(town):
    number = put_up(town, {"who": "张三丰、李四", "sum": 300, "phone": "13800138000"})
    with town.database.reading() as work:
        row = board_rows.find(work, number)
        assert (row.facts, row.title, row.hidden) == (
            {"who": "张*丰、李*", "sum": 300},
            "张*丰、李*",
            {"phone": "13800138000"},
        )
        assert "13800138000" not in row.words and "张三丰" not in row.words


def test_what_the_board_does_not_know_is_refused_and_nothing_goes_up(town):
    with pytest.raises(Invalid) as refused:
        put_up(town, {"who": "张三丰", "sum": 300, "address": "苏洋村12号"})
    assert set(refused.value.by_field()) == {"address"}
    with pytest.raises(Invalid) as refused:
        put_up(town, {"who": "张三丰", "sum": "三百"})
    assert set(refused.value.by_field()) == {"sum"}
    assert public(town) == []


def test_days_are_counted_from_the_day_after_and_then_it_comes_down_by_itself(town):
    number = put_up(town, {"who": "张三丰", "sum": 300}, board(days=15))  # on 10 December: up through the 25th
    last = datetime(2026, 12, 25, 15, 59, tzinfo=UTC)
    assert public(town, last) == [number] and public(town, last + timedelta(minutes=1)) == []
    work_off(town, last)
    assert state(town, number) == "shown"
    work_off(town, last + timedelta(minutes=1))
    assert state(town, number) == "over"


def state(town, number):
    with town.database.reading() as work:
        return board_rows.find(work, number).state


def test_an_end_that_has_passed_is_refused(town):
    with pytest.raises(Invalid) as refused:
        put_up(town, {"who": "张三丰", "sum": 300}, until="2026-12-09")
    assert set(refused.value.by_field()) == {"until"}


# ---------------------------------------------------------------- changes


def test_rain_moves_the_entry_and_everybody_who_asked_is_told(town):
    with town.database.unit_of_work() as work:
        boards.follow(work, "market", "350526106201", by=town.xu, now=town.now)
    case_id, number = shown(town)
    with town.database.unit_of_work() as work:
        boards.follow_entry(work, number, by=town.zhang, now=town.now)
    work_off(town, town.now)
    assert ["苏洋墟" in t and "/board/told" in t for t in texts(town, town.xu.id, "sms")] == [True]
    assert texts(town, town.zhang.id) == []  # follows this one only: its being new is no news
    with town.database.unit_of_work() as work:
        cases.tell(work, case_id, "rain", RAIN, sure=True, by=town.zhang, now=town.now)
    work_off(town, town.now)
    with town.database.reading() as work:
        found = reads.one(work, number, now=town.now, actor=town.xu)
        assert (str(found.begins_on), found.lunar, found.changed) == ("2026-12-26", "冬月十八", 1)
        ics = reads.calendar([found], name="墟日", address="https://hall.test/board", now=town.now).decode()
    assert f"UID:{number}@board.yizhan" in ics and "SEQUENCE:1" in ics and "DTSTART;VALUE=DATE:20261226" in ics
    for user in (town.xu, town.zhang):
        assert "12月26日" in texts(town, user.id, "sms")[-1] and "明天有大雨" in texts(town, user.id, "sms")[-1]
    assert len(texts(town, town.zhang.id, "sms")) == 1
    # It stays up through the new day and not a day longer.
    assert public(town, datetime(2026, 12, 26, 15, 0, tzinfo=UTC)) == [number]
    work_off(town, datetime(2026, 12, 21, 16, 1, tzinfo=UTC))
    assert state(town, number) == "shown"
    work_off(town, datetime(2026, 12, 26, 16, 0, tzinfo=UTC))
    assert state(town, number) == "over"


def test_a_move_to_a_day_that_has_passed_is_refused_and_nothing_is_changed(town):
    case_id, number = shown(town)
    past = {"postponed.to": "2026-12-01T09:00", "postponed.why": "写错了"}
    with pytest.raises(Invalid), town.database.unit_of_work() as work:
        cases.tell(work, case_id, "rain", past, sure=True, by=town.zhang, now=town.now)
    assert public(town) == [number]


def test_words_that_were_reviewed_are_not_changed_by_a_side_door(town):
    _, number = shown(town)
    with town.database.unit_of_work() as work:
        entry = board_rows.find(work, number, lock=True)
        what = matters.load(ROOT, "ganxu").declared("boards")["market"].what
        env = feel.Env(now=town.now, calendar=work.calendar)
        with pytest.raises(Invalid) as refused:
            board_rows.change(work, entry, what, {"programme": "别的"}, env, now=town.now, reason="")
        assert set(refused.value.by_field()) == {"programme"}
        same = {"programme": entry.facts["programme"]}
        assert board_rows.change(work, entry, what, same, env, now=town.now, reason="") is False


def test_what_is_called_off_is_gone_for_everybody_outside_and_they_are_told(town):
    case_id, number = shown(town)
    with town.database.unit_of_work() as work:
        boards.follow_entry(work, number, by=town.zhang, now=town.now)
        why = {"cancel.why": "场地要抢修"}
        cases.tell(work, case_id, "call_off", why, sure=True, by=town.zhang, now=town.now)
    work_off(town, town.now)
    assert unseen(town, number) and state(town, number) == "withdrawn"
    assert "取消" in texts(town, town.zhang.id, "sms")[-1] and "场地要抢修" in texts(town, town.zhang.id, "sms")[-1]


def test_staff_take_an_entry_down_with_a_reason(town):
    _, number = shown(town)
    for by, error in ((town.zhang, NotYours), (town.wang, NotYours)):
        with pytest.raises(error), town.database.unit_of_work() as work:
            boards.withdraw(work, number, "不合适", by=by, now=town.now)
    with pytest.raises(Invalid), town.database.unit_of_work() as work:
        boards.withdraw(work, number, "", by=town.qian, now=town.now)
    with town.database.unit_of_work() as work:
        boards.withdraw(work, number, "有人投诉属实", by=town.qian, now=town.now)
    assert unseen(town, number)
    with pytest.raises(NotNow), town.database.unit_of_work() as work:
        boards.withdraw(work, number, "再撤", by=town.qian, now=town.now)


def test_a_case_that_is_ended_leaves_nothing_up(town):
    case_id, number = shown(town)
    waiting = entry_of(town, asked(town))
    with town.database.unit_of_work() as work:
        for one in (case_id, waiting.case_id):
            cases.terminate(work, one, "承办单位不办了", by=town.wu, now=town.now)
    assert unseen(town, number) and unseen(town, waiting.number)
    assert {state(town, number), state(town, waiting.number)} == {"withdrawn"}


# ---------------------------------------------------------------- objections


def test_an_objection_is_a_message_to_the_case_and_its_reader_has_a_number(town):
    case_id, number = shown(town)
    with town.database.unit_of_work() as work:
        said = boards.object_to(work, number, "摊位摆到了敬老院门口", by=town.xu, now=town.now)
    assert said.heard and said.number == f"{number}-1"
    with town.database.reading() as work:
        case = work.session.get(Case, case_id)
        assert [
            t.element for t in work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended"))
        ] == ["reply_voice"]
        row = work.session.scalars(select(BoardObjection)).one()
        assert (row.name, row.words) == ("许小妹", "摊位摆到了敬老院门口") and case.status == "running"
    assert [t for t in texts(town, town.xu.id) if said.number in t]
    complete(town, case_id, "reply_voice", {"voice_reply": "已经挪开"})
    with town.database.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.kind == "replied")).all()
        assert [n.address for n in told if n.channel == "sms"] == ["13800000002"] and "已经挪开" in told[0].text


def test_who_has_no_account_leaves_name_and_telephone(town):
    _, number = shown(town)
    visitor = people.Actor(id=None, kind="visitor", name="")
    with pytest.raises(Invalid) as refused, town.database.unit_of_work() as work:
        boards.object_to(work, number, "", by=visitor, now=town.now)
    assert set(refused.value.by_field()) == {"words", "name", "phone"}
    with town.database.unit_of_work() as work:
        said = boards.object_to(work, number, "太吵", name="林阿婆", phone="0595-23511111", by=visitor, now=town.now)
    assert said.heard


def test_nobody_objects_to_what_is_not_up_and_not_without_end(town):
    entry = entry_of(town, asked(town))
    with pytest.raises(NotFound), town.database.unit_of_work() as work:
        boards.object_to(work, entry.number, "看不到的", by=town.xu, now=town.now)
    with town.database.unit_of_work() as work:
        boards.approve(work, entry.number, changed=0, by=town.qian, now=town.now)
        for _ in range(3):
            boards.object_to(work, entry.number, "太吵", by=town.xu, now=town.now)
    with pytest.raises(NotNow), town.database.unit_of_work() as work:
        boards.object_to(work, entry.number, "太吵", by=town.xu, now=town.now)


def test_only_people_of_the_place_object_where_the_board_says_so(town):
    what = board(objections={"who": "place", "message": "x"})
    number = put_up(town, {"who": "张三丰", "sum": 300}, what)
    with pytest.raises(NotYours), town.database.unit_of_work() as work:
        boards.object_to(work, number, "他家有车", by=town.xu, now=town.now)  # of another town
    with town.database.unit_of_work() as work:
        said = boards.object_to(work, number, "他家有车", by=town.zhang, now=town.now)
    assert not said.heard  # no case: those of the unit are told
    assert [t for t in texts(town, town.chen.id) if said.number in t]


# ---------------------------------------------------------------- who is told


def test_no_more_than_three_text_messages_a_day_and_none_in_the_night(town):
    with town.database.unit_of_work() as work:
        boards.follow(work, "notice", "350526106201", by=town.zhang, now=town.now)
        boards.follow(work, "notice", "350526106201", by=town.zhang, now=town.now)
    night = datetime(2026, 12, 10, 14, 0, tzinfo=UTC)  # 22:00
    for n in range(5):
        put_up(town, {"who": f"张{n}丰", "sum": n}, now=night)
    work_off(town, night)
    with town.database.reading() as work:
        rows = work.session.scalars(select(Notice).where(Notice.kind == "board", Notice.user_id == town.zhang.id)).all()
        assert len([n for n in rows if n.channel == "screen"]) == 5
        sms = [n for n in rows if n.channel == "sms"]
        assert len(sms) == 3 and {n.send_after for n in sms} == {datetime(2026, 12, 11, 0, 0, tzinfo=UTC)}
        assert work.session.scalars(select(BoardTold)).one().times == 3
    put_up(town, {"who": "张五丰", "sum": 5}, now=night + timedelta(days=1))
    work_off(town, night + timedelta(days=1))
    assert len(texts(town, town.zhang.id, "sms")) == 4


def test_who_stops_is_told_no_more(town):
    with town.database.unit_of_work() as work:
        boards.follow(work, "notice", "350526106", by=town.zhang, now=town.now)
        boards.follow(work, "need", "350526106", by=town.zhang, now=town.now)
        assert boards.unfollow(work, kind="notice", place="350526106", by=town.zhang, now=town.now) == 1
    put_up(town, {"who": "张三丰", "sum": 1})
    work_off(town, town.now)
    assert texts(town, town.zhang.id) == []
    with town.database.unit_of_work() as work:
        assert boards.unfollow(work, by=town.zhang, now=town.now) == 1
        assert work.session.scalar(select(func.count()).select_from(BoardFollow)) == 0


def test_a_place_is_told_of_its_own_of_what_is_above_and_below_and_of_no_other(town):
    with town.database.reading() as work:
        place = {code: units.by_code(work, code) for code in ("350526", "350526106", "350526106201", "350526100")}
    with town.database.unit_of_work() as work:
        boards.follow(work, "notice", "350526106201", by=town.zhang, now=town.now)
    for n, code in enumerate(place):
        put_up(town, {"who": f"某{n}某", "sum": n}, place=place[code])
    work_off(town, town.now)
    assert [n for n in range(4) if any("某*某" in t for t in texts(town, town.zhang.id))]
    assert len(texts(town, town.zhang.id, "screen")) == 3
    assert len(public(town, place=place["350526106201"])) == 3
    assert len(public(town, place=place["350526100"])) == 2
    assert len(public(town, place=place["350526"])) == 4


def test_more_followers_than_one_transaction_holds_are_all_told_once(town, monkeypatch):
    monkeypatch.setattr("engine.commands.boards.due.CHUNK", 3)
    with town.database.unit_of_work() as work:
        for n in range(8):
            user = User(kind="resident", name=f"村民{n}", created_at=NOW, place_id=town.zhang.place_id)
            work.session.add(user)
            work.session.flush()
            boards.follow(work, "notice", "350526106201", by=people.load(work, user.id, now=NOW), now=NOW)
    put_up(town, {"who": "张三丰", "sum": 1})
    work_off(town, town.now)
    with town.database.reading() as work:
        told = list(work.session.scalars(select(Notice.user_id).where(Notice.kind == "board")))
    assert len(told) == 8 and len(set(told)) == 8


def test_one_who_cannot_be_told_keeps_back_no_other(town, monkeypatch):
    tell, bad = due._tell, town.zhang.id

    def told(work, entry, what, user, own, url, now):
        tell(work, entry, what, user, own, url, now)
        if user.id == bad:
            raise RuntimeError("a bad address")

    monkeypatch.setattr(due, "_tell", told)
    with town.database.unit_of_work() as work:
        user = User(kind="resident", name="村民", created_at=NOW, place_id=town.zhang.place_id)
        work.session.add(user)
        work.session.flush()
        for one in (town.zhang, people.load(work, user.id, now=NOW)):
            boards.follow(work, "notice", "350526106201", by=one, now=NOW)
    put_up(town, {"who": "张三丰", "sum": 1})
    work_off(town, town.now)
    with town.database.reading() as work:
        assert list(work.session.scalars(select(Notice.user_id).where(Notice.kind == "board"))) == [user.id]
        left = work.session.scalars(select(Job).where(Job.kind == "board-tell", Job.state != "done")).one()
        assert left.payload["alone"] and left.attempts > 0, "and who runs the hall sees which"
    monkeypatch.undo()
    work_off(town, town.now + timedelta(hours=1))
    assert len(texts(town, bad, "screen")) == 1


def test_what_came_down_before_anybody_was_told_is_not_told_as_new(town):
    with town.database.unit_of_work() as work:
        boards.follow(work, "market", "350526106", by=town.zhang, now=town.now)
    _, number = shown(town)
    with town.database.unit_of_work() as work:
        boards.withdraw(work, number, "写错了", by=town.qian, now=town.now)
    work_off(town, town.now)
    assert all("取消" in t for t in texts(town, town.zhang.id)) and texts(town, town.zhang.id)
    with town.database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(Incident)) == 0


def test_the_search_finds_words_and_only_what_is_up(town):
    _, number = shown(town)
    asked(town, programme="高甲戏和布袋戏")
    assert public(town, q="高甲戏 苏洋") == [number] and public(town, q="布袋戏") == []
    assert public(town, q="100%") == [] and public(town, kind="market") == [number] and public(town, kind="need") == []


# ---------------------------------------------------------------- costs


def test_publishing_costs_at_most_three_statements_more_than_a_completion_may(town):
    for _ in range(2):  # the second finds packages, units and compiled statements in memory
        with town.database.unit_of_work() as work:
            case_id = cases.submit(work, "ganxu", MARKET, by=town.zhang, now=town.now).case.id
        with town.database.unit_of_work() as work:
            task = work.session.scalars(
                select(Task).where(Task.case_id == case_id, Task.element == "look_over", Task.state != "ended")
            ).one()
            cases.claim(work, task.id, version=task.version, by=town.zhou, now=town.now)
            task_id, version = task.id, task.version
        with counted(town.database) as seen, town.database.unit_of_work() as work:
            cases.complete(work, task_id, {"looking": "yes"}, version=version, by=town.zhou, now=town.now)
    assert seen["commits"] == 1
    assert len(seen["statements"]) <= 15 + 3, "\n".join(seen["statements"])


def test_the_list_is_one_statement_and_a_place_is_found_by_index(town):
    shown(town)
    with town.database.reading() as work:
        place = units.by_code(work, "350526106201")
        reads.listing(work, now=town.now, place=place)
    with counted(town.database) as seen, town.database.reading() as work:
        assert len(reads.listing(work, now=town.now, place=place).entries) == 1
    assert len([one for one in seen["statements"] if one.startswith("SELECT")]) == 1
    if town.database.dialect == "sqlite":
        with town.database.engine.connect() as connection:
            plan = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT id FROM board_entry WHERE state = 'shown' AND until_at > '2026-12-10' "
                "AND place_id IN (1, 4, 5)"
            ).fetchall()
        assert "ix_board_entry_place_id_state_until_at" in str(plan)
