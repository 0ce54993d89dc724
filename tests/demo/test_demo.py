"""The demo county opens on any day: at the end of a year whose next is not published, and years later."""

import pytest

from engine import matters, people
from engine.commands.worker.sweep import sweep
from engine.records import library
from engine.store.models import (
    BallotMark,
    BoardEntry,
    Bond,
    CalendarFile,
    Case,
    HandoverLink,
    Incident,
    Loan,
    MatchSide,
    RegisterEntry,
    Task,
    Ticket,
)
from tests.cast import ROOT
from tests.conftest import Clock
from web import demo


@pytest.mark.parametrize(
    ("moment", "count"),
    [
        ("2026-12-30 10:00", 24),
        pytest.param("2031-03-01 22:00", demo.CASES, marks=pytest.mark.wide),
        pytest.param("2026-12-01 00:45", 3, marks=pytest.mark.wide),  # what was an hour ago was last month
    ],
)
def test_the_demo_county_opens_in_a_year_nobody_has_published_and_says_what_it_assumed(
    sqlite, clock: Clock, moment, count
):
    clock.at(moment)
    with sqlite.unit_of_work() as work:
        for name in matters.names(ROOT):
            library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=clock())
    assert "演示县" in demo.fill(sqlite, now=clock(), count=count)
    assert sweep(sqlite, now=clock()).failed == 0
    with sqlite.reading() as work:
        assert [f.source for f in work.session.query(CalendarFile)] == [demo.county()["calendar"]["source"]]
        assert "不是国务院公布的" in demo.county()["calendar"]["source"]
        assert work.session.query(Case).count() > count
        assert work.session.query(Incident).count() == 0
        for one in (
            BoardEntry,
            BallotMark,
            HandoverLink,
            Bond,
            RegisterEntry,
            Ticket,
            Loan,
            MatchSide,
        ):  # no page of a noun is empty
            assert work.session.query(one).count() > 0, one
        assert {"shown", "review"} == {one.state for one in work.session.query(BoardEntry)}
        lively = ("bangbang", "shangjia", "goumai", "gongxiang", "xunzhen", "tanqin", "lianban", "rencai", "lingyong")
        offices = ("caifa", "jianfang", "canyin", "shenhou", "canji", "kaidian")
        asked = ("gaoling", "linshi", "yidi", "baoxiao", "zuzhi", "liudong", "dangfei")
        together = ("huodongshi", "jiangtang", "canguan", "yishi", "aixinzhan")
        caring = ("sidianban", "ertongjia", "ertonghui", "rizhao", "changzhe", "rongru")
        every = (*lively, *offices, *asked, *together, *caring)
        for matter in every:  # nor one of the village's services, or of the offices'
            assert work.session.query(Case).filter(Case.matter == matter).count() > 0, matter
        shown = work.session.query(Task).filter(Task.state == "claimed").count()
        assert shown > 0


def test_every_log_in_that_is_printed_exists():
    staff = {one["login"] for one in demo.county()["staff"]}
    assert set(demo.county()["shown"]) <= staff
    assert all(name in "\n".join(demo.logins()) for name in demo.county()["shown"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert demo.RESIDENT in readme and demo.RESIDENT in demo.logins()[-1]
