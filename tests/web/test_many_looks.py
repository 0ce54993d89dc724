"""Many looks at once are two persons': who asks, and a head who grants a number for an hour."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from engine.commands import cases
from engine.commands.cases import looking_at_many
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, NotYours
from engine.people import load
from engine.people.tries import TooMany
from engine.records import inspection
from engine.store.models import Event, LookGrant, Notice, Reveal
from tests.hall import Open

SENT = {"field": "phone", "purpose": "contact", "words": "打电话核对"}


def asked(database, cast, clock, many=40, by=None):
    with database.unit_of_work() as work:
        return cases.ask_for_many(work, many, "verify", "全村参保核对", by=by or cast.chen, now=clock()).id


def test_more_than_one_may_alone_needs_a_heads_word_for_an_hour(hall: Open):
    number, chen, head = hall.submit(), hall.client("chen"), hall.client("qian")
    look = f"/desk/cases/{number}/reveal"
    assert [chen.post(look, data=SENT).status_code for _n in range(21)] == [200] * 20 + [429]
    assert "批量查看" in chen.post(look, data=SENT).text
    wrong = chen.post("/desk/many-looks", data={"many": "20", "purpose": "", "words": "看"})
    assert wrong.status_code == 422 and "要看几人" in wrong.text and "请选一个用途" in wrong.text
    sent = {"many": "22", "purpose": "verify", "words": "全村参保核对"}
    assert chen.post("/desk/many-looks", data=sent).status_code == 302
    assert chen.post("/desk/many-looks", data=sent).status_code == 409
    assert chen.post(look, data=SENT).status_code == 429  # asked is not granted
    page = head.get("/desk/many-looks").text
    assert "陈小云" in page and "全村参保核对" in page
    assert "全村参保核对" not in hall.client("huang").get("/desk/many-looks").text
    with hall.database.reading() as work:
        row = work.session.scalars(select(LookGrant.id)).one()
        assert hall.cast.users["qian"] in set(
            work.session.scalars(select(Notice.user_id).where(Notice.kind == "looks"))
        )
    assert chen.post(f"/desk/many-looks/{row}", data={"what": "yes"}).status_code == 403
    assert head.post(f"/desk/many-looks/{row}", data={"what": "no"}).status_code == 422
    assert head.post(f"/desk/many-looks/{row}", data={"what": "yes"}).status_code == 302
    assert [chen.post(look, data=SENT).status_code for _n in range(23)] == [200] * 22 + [429]
    with hall.database.reading() as work:
        kinds = list(
            work.session.scalars(select(Event.kind).where(Event.kind.like("person.looks-%")).order_by(Event.id))
        )
        assert kinds == ["person.looks-asked", "person.looks-answered"]
        assert work.session.get(LookGrant, row).used == 22
        assert inspection.inspect(work).faults == ()


def test_what_was_granted_is_over_after_an_hour(database, cast, clock):
    row = asked(database, cast, clock)
    with database.unit_of_work() as work:
        cases.answer_many(work, row, True, "", by=cast.qian, now=clock())
    clock.on(minutes=61)
    with pytest.raises(TooMany), database.unit_of_work() as work:
        looking_at_many.not_too_often(work, cast.chen.id, now=clock(), many=30)


def test_nobody_grants_their_own_and_no_other_head_does(database, cast, clock):
    row = asked(database, cast, clock, by=cast.qian)
    for by, refused in ((cast.qian, NotYours), (cast.chen, NotFound), (cast.zhao, NotFound)):
        with pytest.raises(refused), database.unit_of_work() as work:
            cases.answer_many(work, row, True, "", by=by, now=clock())
    with database.unit_of_work() as work:
        cases.answer_many(work, row, True, "", by=load(work, cast.users["wu"], now=clock()), now=clock())
    with pytest.raises(AlreadyDone), database.unit_of_work() as work:
        cases.answer_many(work, row, False, "不用了吧", by=load(work, cast.users["wu"], now=clock()), now=clock())


def test_a_whole_list_is_taken_out_only_by_two(database, cast, clock):
    with pytest.raises(TooMany), database.unit_of_work() as work:
        looking_at_many.not_too_often(work, cast.chen.id, now=clock(), many=21)
    row = asked(database, cast, clock, many=100)
    with pytest.raises(NotNow):
        asked(database, cast, clock)
    with database.unit_of_work() as work:
        cases.answer_many(work, row, True, "", by=cast.qian, now=clock())
        looking_at_many.not_too_often(work, cast.chen.id, now=clock(), many=90)
    with pytest.raises(TooMany), database.unit_of_work() as work:
        looking_at_many.not_too_often(work, cast.chen.id, now=clock(), many=21)


@pytest.mark.parametrize(("many", "purpose"), [(20, "verify"), (5001, "verify"), (40, "1")])
def test_a_number_and_a_purpose_of_the_list_are_asked(database, cast, clock, many, purpose):
    with pytest.raises(Invalid), database.unit_of_work() as work:
        cases.ask_for_many(work, many, purpose, "全村参保核对", by=cast.chen, now=clock())


@pytest.mark.both
def test_two_at_once_use_no_more_than_was_granted(database, cast, clock):
    row = asked(database, cast, clock, many=50)
    with database.unit_of_work() as work:
        cases.answer_many(work, row, True, "", by=cast.qian, now=clock())
        # so many already that nothing is left of one's own
        work.session.execute(
            insert(Reveal),
            [
                {"by_id": cast.chen.id, "field": "x", "purpose": "x", "at": clock() - timedelta(minutes=1)}
                for _n in range(20)
            ],
        )
    ready, said = threading.Barrier(3), []

    def take():
        ready.wait()
        try:
            with database.unit_of_work() as work:
                looking_at_many.not_too_often(work, cast.chen.id, now=clock(), many=30)
            said.append("looked")
        except Exception as error:
            said.append(type(error).__name__)

    them = [threading.Thread(target=take) for _n in range(3)]
    for one in them:
        one.start()
    for one in them:
        one.join()
    assert said.count("looked") == 1, said
    with database.reading() as work:
        assert work.session.get(LookGrant, row).used == 30


@pytest.mark.both
def test_a_double_click_asks_once(database, cast, clock, monkeypatch):
    """Both look before either has asked: the database decides, and the second is told."""
    ready, real, said = threading.Barrier(2), looking_at_many._none_waits, []

    def looked(work, asker_id):
        real(work, asker_id)
        if database.engine.dialect.name != "sqlite":
            ready.wait()

    def ask():
        try:
            asked(database, cast, clock)
            said.append("asked")
        except NotNow:
            said.append("told")

    monkeypatch.setattr(looking_at_many, "_none_waits", looked)
    them = [threading.Thread(target=ask) for _n in range(2)]
    for one in them:
        one.start()
    for one in them:
        one.join()
    assert sorted(said) == ["asked", "told"]
