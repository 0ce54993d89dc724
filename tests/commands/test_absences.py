"""请假代理: set, seen, ended early; circles and chains over three are refused in words. 2026-09-18 09:00 is now."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands.hall import absences
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.people import load
from engine.reads import absences as reads
from engine.store.models import Event, Leave, Notice, User


def away(database, cast, clock, who, agent, *, by=None, start=0, days=3, matters=None):
    now = clock()
    with database.unit_of_work() as work:
        return absences.take_leave(
            work,
            hall="一站",
            user_id=cast.users[who],
            agent_id=cast.users[agent],
            from_at=now + timedelta(days=start),
            until_at=now + timedelta(days=start + days),
            matters=matters,
            by=getattr(cast, by or who),
            now=now,
        ).id


def refused(database, cast, clock, *args, **more):
    with pytest.raises(Invalid) as caught:
        away(database, cast, clock, *args, **more)
    return {f.field: f.zh for f in caught.value.fields}


def test_the_agent_is_told_and_it_is_on_record_and_both_see_it(database, cast, clock):
    leave = away(database, cast, clock, "wang", "li")
    with database.reading() as work:
        event = work.session.scalar(select(Event).where(Event.kind == "person.leave"))
        assert (event.by_id, event.facts["leave"], event.facts["agent"]) == (
            cast.users["wang"],
            leave,
            cast.users["li"],
        )
        told = work.session.scalar(select(Notice).where(Notice.user_id == cast.users["li"]))
        assert "王丽9月18日 09:00至9月21日 09:00请假，由您代理" in told.text
        mine = reads.absences(work, actor=cast.wang, now=clock())
        assert [(a.agent, a.state) for a in mine.mine] == [("李明", "now")]
        others = reads.absences(work, actor=cast.li, now=clock())
        assert [(a.who, a.state) for a in others.for_others] == [("王丽", "now")]
        assert [a.who for a in reads.absences(work, actor=cast.zhao, now=clock()).unit] == ["王丽"]
        assert load(work, cast.users["li"], now=clock()).stands_for(cast.users["wang"], "daiban")


def test_the_head_of_the_unit_sets_it_for_one_who_is_ill_and_a_stranger_does_not(database, cast, clock):
    away(database, cast, clock, "wang", "li", by="zhao")
    with database.reading() as work:
        told = {n.user_id for n in work.session.scalars(select(Notice))}
        assert told == {cast.users["wang"], cast.users["li"]}  # (who heads them did it)
        assert "由赵建国安排" in told_of_account(work, cast, "wang")[0]
    for stranger in ("sun", "qian", "li"):
        with pytest.raises(NotYours):
            away(database, cast, clock, "wang", "li", by=stranger, start=30)


def told_of_account(work, cast, who):
    mine = (Notice.user_id == cast.users[who], Notice.kind == "account")
    return list(work.session.scalars(select(Notice.text).where(*mine).order_by(Notice.id)))


def test_whose_work_it_is_and_who_heads_them_are_told_when_it_is_opened_to_another_and_closed(database, cast, clock):
    """At an open screen it need not be them."""
    with database.unit_of_work() as work:
        work.session.get(User, cast.users["wang"]).phone = "13800000009"
    leave = away(database, cast, clock, "wang", "li")
    with database.unit_of_work() as work:
        absences.end_leave(work, leave, hall="一站", by=cast.wang, now=clock())
    with database.reading() as work:
        said = told_of_account(work, cast, "wang")
        assert [("请假，由李明代理" in one, "不是您本人办的" in one) for one in said] == [(True, True)] * 2 + [
            (False, True)
        ] * 2
        assert "李明代理您的安排已提前结束" in said[2]
        texts = work.session.scalars(select(Notice.address).where(Notice.channel == "sms")).all()
        assert texts == ["13800000009"] * 2
        theirs = select(Notice.text).where(Notice.user_id == cast.users["zhao"]).order_by(Notice.id)
        heads = work.session.scalars(theirs).all()
        assert len(heads) == 2 and "王丽9月18日 09:00至9月21日 09:00请假，由李明代理" in heads[0]


def test_ended_early_nobody_acts_any_more(database, cast, clock):
    leave = away(database, cast, clock, "wang", "li")
    with pytest.raises(NotYours), database.unit_of_work() as work:
        absences.end_leave(work, leave, hall="一站", by=cast.li, now=clock())
    clock.on(hours=1)
    with database.unit_of_work() as work:
        absences.end_leave(work, leave, hall="一站", by=cast.wang, now=clock())
    with database.reading() as work:
        assert load(work, cast.users["li"], now=clock()).absences == ()
        kinds = [e.kind for e in work.session.scalars(select(Event).order_by(Event.id))]
        assert kinds[-1] == "person.leave-ended"
        assert any("已提前结束" in n.text for n in work.session.scalars(select(Notice)))
    with pytest.raises(NotNow), database.unit_of_work() as work:
        absences.end_leave(work, leave, hall="一站", by=cast.wang, now=clock())
    with pytest.raises(NotFound), database.unit_of_work() as work:
        absences.end_leave(work, 4711, hall="一站", by=cast.wang, now=clock())


def test_what_is_wrong_is_told_by_the_field(database, cast, clock):
    assert "晚于开始" in refused(database, cast, clock, "wang", "li", days=0)["until"]
    assert "已经过去" in refused(database, cast, clock, "wang", "li", start=-9, days=3)["until"]
    assert "最多一年" in refused(database, cast, clock, "wang", "li", days=400)["until"]
    assert "不能由自己" in refused(database, cast, clock, "wang", "wang")["agent"]
    assert "没有这位工作人员" in refused(database, cast, clock, "wang", "zhang")["agent"]
    assert "至少选一个" in refused(database, cast, clock, "wang", "li", matters=[])["matters"]
    assert "没公布" in refused(database, cast, clock, "wang", "li", matters=["passport"])["matters"]


def test_two_agents_at_the_same_time_for_the_same_matter_are_one_too_many(database, cast, clock):
    away(database, cast, clock, "wang", "li")
    assert "已经安排了代理" in refused(database, cast, clock, "wang", "sun", start=2)["from"]
    away(database, cast, clock, "wang", "sun", start=3)


def test_a_circle_is_refused_and_named(database, cast, clock):
    away(database, cast, clock, "chen", "lin")
    assert "陈小云那段时间正由您代理" in refused(database, cast, clock, "lin", "chen")["agent"]
    away(database, cast, clock, "lin", "huang")
    assert "林志强那段时间正由您代理" in refused(database, cast, clock, "huang", "chen")["agent"]
    away(database, cast, clock, "huang", "chen", start=5)  # at another time it is no circle
    with database.reading() as work:
        assert len(list(work.session.scalars(select(Leave)))) == 3


def test_a_chain_of_three_is_the_longest(database, cast, clock):
    away(database, cast, clock, "li", "sun")
    away(database, cast, clock, "wang", "li")
    away(database, cast, clock, "sun", "zhou")
    assert "代理最多转 3 次，这样会转 4 次" in refused(database, cast, clock, "zhou", "qian")["agent"]
    assert "这样会转 4 次" in refused(database, cast, clock, "zhao", "wang")["agent"]
    away(database, cast, clock, "zhou", "qian", start=3)  # when the others are back


def test_chains_about_other_matters_are_no_chain(database, cast, clock):
    away(database, cast, clock, "chen", "lin", matters=["daiban"])
    assert "agent" in refused(database, cast, clock, "lin", "chen")
    with database.unit_of_work() as work:
        row = work.session.scalar(select(Leave))
        row.matters = ["another"]
    away(database, cast, clock, "lin", "chen", matters=["daiban"])


@pytest.mark.both
def test_of_two_halves_of_a_circle_set_at_once_one_stands(database, cast, clock):
    gate, outcomes = threading.Barrier(2), []

    def go(who, agent):
        gate.wait()
        try:
            away(database, cast, clock, who, agent)
            outcomes.append("set")
        except Invalid:
            outcomes.append("told")

    threads = [threading.Thread(target=go, args=pair) for pair in (("chen", "lin"), ("lin", "chen"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["set", "told"]
