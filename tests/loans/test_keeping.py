"""Who had what is not known any more some days after it came back; how often a title was lent is (公共图书馆法 43)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from engine.commands import loans
from engine.commands.loans import due
from engine.errors import Invalid
from engine.reads import loans as reads
from engine.store.models import Event, Job, Notice
from tests.conftest import NOW
from tests.loans.conftest import KEY


def keep(shelf, days):
    shelf.clock.now = NOW + timedelta(days=days)
    with shelf.database.unit_of_work() as work:
        return due.forget(work, now=shelf.clock.now)


def test_thirty_days_after_it_came_back_nobody_knows_who_had_it(shelf):
    shelf.lend("B1", "zhang")
    shelf.lend("B3", "zhang")
    shelf.clock.now = NOW + timedelta(days=10)
    shelf.back("B1")
    assert keep(shelf, 39) == 0, "thirty days are not over"
    assert keep(shelf, 41) == 1 and keep(shelf, 41) == 0
    gone, live = shelf.loans()
    assert (gone.user_id, gone.name, gone.phone, gone.id_number, gone.who_ref, gone.place_id) == (
        None,
        "",
        None,
        None,
        "",
        None,
    )
    assert gone.entry_id and gone.lent_at == NOW and gone.forgotten_at == shelf.clock.now
    assert live.user_id == shelf.cast.users["zhang"], "what somebody has is known until it is back"
    with shelf.database.reading() as work:
        assert work.session.execute(text("select count(*) from loan where who_ref = '' and user_id is null")).scalar()
        (title,) = [t for t in reads.catalogue(work, KEY, "楼梦")[1]]
        assert title.times == 1
        event = work.session.scalar(select(Event).where(Event.kind == "loans.forgotten"))
        assert event.facts == {"count": 1}


def test_a_reservation_that_is_over_is_forgotten_too(shelf):
    shelf.lend("B3", "xu")
    hold = shelf.reserve("222", "zhang")
    shelf.do(loans.cancel, hold.id, by="zhang")
    assert keep(shelf, 31) == 1
    (row,) = shelf.holds()
    assert (row.user_id, row.who_ref, row.name) == (None, "", "") and row.forgotten_at is not None


def test_the_next_reader_is_told_in_the_morning_of_what_came_back_at_night(shelf):
    shelf.lend("B3", "xu")
    shelf.reserve("222", "zhang")
    shelf.clock.now = NOW.replace(hour=14)  # 22:00 in the hall
    shelf.back("B3")
    with shelf.database.reading() as work:
        sent = work.session.scalar(select(Notice).where(Notice.key.contains(":ready:"), Notice.channel == "sms"))
        jobs = work.session.scalars(select(Job).where(Job.kind == "send-notice"))
        (job,) = [one for one in jobs if one.payload["key"] == sent.key]
    assert job.run_after == NOW.replace(day=19, hour=0), "eight in the morning in the hall"


def test_an_isbn_will_do_where_one_copy_is_meant(shelf):
    assert shelf.lend("222", "zhang").title == "西游记"
    assert shelf.back("222").title == "西游记"


def test_of_two_copies_the_bar_code_says_which(shelf):
    with pytest.raises(Invalid) as refused:
        shelf.lend("111", "zhang")
    assert "2 本" in refused.value.fields[0].zh
    shelf.lend("B1", "zhang")
    assert shelf.lend("111", "xu").title == "红楼梦"  # one is left
    with pytest.raises(Invalid) as refused:
        shelf.back("111")
    assert "2 本" in refused.value.fields[0].zh
