"""A person's number changes: by themselves with both numbers in their hands, or at a counter with the card."""

import pytest
from sqlalchemy import select

from engine.commands import accounts
from engine.errors import Invalid, NotYours
from engine.people import login, sessions
from engine.people.tries import TooMany
from engine.records import audit
from engine.store.models import Case, Event, Notice, User
from tests.accounts.test_merging import ID, NEW, WHY, code_for, signed_in, submit
from tests.people.test_login import _at_once


@pytest.fixture
def session(database, cast, clock):
    with database.unit_of_work() as work:
        return login.open_session(work, cast.users["zhang"], now=clock())


def ask(database, cast, clock, number=NEW):
    return accounts.ask_both(database, number, "device", hall="大厅", by=cast.zhang, now=clock())


def change(database, cast, clock, session, old, new, number=NEW):
    with database.reading() as work:
        this = sessions.find(work, session, now=clock()).id
    accounts.change(database, number, old, new, "device", this=this, hall="大厅", by=cast.zhang, now=clock())


def test_with_a_code_to_each_number_the_account_and_its_cases_have_the_new_one(database, cast, clock, session):
    submit(database, cast.users["zhang"], clock)
    with database.unit_of_work() as work:
        elsewhere = login.open_session(work, cast.users["zhang"], now=clock())
    codes = ask(database, cast, clock)
    change(database, cast, clock, session, codes[0], codes[1])
    with database.reading() as work:
        me = work.session.get(User, cast.users["zhang"])
        assert me.phone == NEW and me.number_at is None
        case = work.session.scalar(select(Case))
        assert (case.applicant_phone, case.phone_index) == (NEW, me.phone_index)
        assert login.actor_of_session(work, session, now=clock()) is not None
        assert login.actor_of_session(work, elsewhere, now=clock()) is None
        told = work.session.scalars(select(Notice).where(Notice.kind == "account")).all()
        assert {n.address for n in told} == {"13800000001", NEW, None} and "尾号0009" in told[0].text
        found = work.session.scalar(select(Event).where(Event.kind == "account.phone-changed"))
        assert found.facts == {"user": me.id, "how": "self", "cases": 1} and not audit.verify(work).faults
    assert signed_in(database, NEW, clock.on(minutes=1)) == cast.users["zhang"]
    assert signed_in(database, "13800000001", clock()) != cast.users["zhang"]


def test_one_number_alone_changes_nothing(database, cast, clock, session):
    codes = ask(database, cast, clock)
    for old, new, fields in (
        (codes[1], codes[1], ["old_code"]),
        (codes[0], codes[0], ["new_code"]),
        ("", "", ["old_code", "new_code"]),
    ):
        with pytest.raises(Invalid) as refused:
            change(database, cast, clock, session, old, new)
        assert [f.field for f in refused.value.fields] == fields
    with pytest.raises(Invalid):  # the codes are of this number only
        change(database, cast, clock, session, codes[0], codes[1], number="13900000008")
    with pytest.raises(NotYours):  # and open nothing
        login.resident(database, "13800000001", codes[0], now=clock(), ask="device")
    change(database, cast, clock, session, codes[0], codes[1])
    with pytest.raises(Invalid):
        change(database, cast, clock, session, codes[0], codes[1])


def test_a_number_that_has_an_account_is_not_taken(database, cast, clock, session):
    for number in ("13800000002", "13800000001", "12"):
        with pytest.raises(Invalid) as refused:
            ask(database, cast, clock, number)
        assert refused.value.fields[0].field == "phone"
    codes = ask(database, cast, clock)
    signed_in(database, NEW, clock())  # between the codes and the change
    with pytest.raises(Invalid) as refused:
        change(database, cast, clock, session, codes[0], codes[1])
    assert "到窗口把两个账号合并" in refused.value.fields[0].zh


def test_who_asks_which_numbers_have_an_account_is_stopped_refused_or_not(database, cast, clock, session):
    for _n in range(20):
        with pytest.raises(Invalid):
            ask(database, cast, clock, "13800000002")
    with pytest.raises(TooMany):
        ask(database, cast, clock, NEW)


def test_at_a_counter_the_card_and_the_new_number_do(database, cast, clock, session):
    user_id = cast.users["zhang"]
    code = code_for(database, clock, cast.zhou, of=user_id)

    def at_counter(**changed):
        asked = {"number": NEW, "code": code, "identity": ID, "reason": WHY, "by": cast.zhou, **changed}
        accounts.change_at_counter(database, user_id, hall="大厅", now=clock(), **asked)

    for changed, field in (
        ({"identity": "350526199203071223"}, "identity"),
        ({"code": "0"}, "code"),
        ({"reason": " "}, "reason"),
        ({"by": cast.chen}, "code"),  # asked for at another counter
    ):
        with pytest.raises(Invalid) as refused:
            at_counter(**changed)
        assert refused.value.fields[0].field == field
    with pytest.raises(NotYours):
        at_counter(by=cast.operator)
    at_counter()
    with database.reading() as work:
        assert work.session.get(User, user_id).phone == NEW
        assert login.actor_of_session(work, session, now=clock()) is None
        assert not audit.verify(work).faults


def test_a_counter_that_saw_the_card_opens_a_doubted_account_again(database, cast, clock):
    user_id = cast.users["zhang"]
    with database.unit_of_work() as work:
        login.doubt(work, user_id, now=clock())
    clock.on(minutes=1)
    with pytest.raises(Invalid):
        accounts.prove_at_counter(database, user_id, "350526199203071223", WHY, hall="大厅", by=cast.zhou, now=clock())
    with database.reading() as work:
        assert login.unproved(work, user_id, now=clock(), known=True) == "id"
    accounts.prove_at_counter(database, user_id, ID, WHY, hall="大厅", by=cast.zhou, now=clock())
    with database.reading() as work:
        assert login.unproved(work, user_id, now=clock()) == ""
        assert work.session.scalar(select(Event.kind).where(Event.kind == "account.proved"))


@pytest.mark.both
def test_of_two_who_take_one_new_number_at_once_one_has_it(database, cast, clock):
    """Each of two people read one code of the same new number: whoever is second is told that it has an account."""
    xu, zhang = cast.users["xu"], cast.users["zhang"]
    clerks, of = (cast.zhou, cast.chen), (zhang, xu)
    ids = (ID, "350526199203071223")
    codes = [code_for(database, clock, clerks[n], of=of[n]) for n in range(2)]

    def act(n):
        accounts.change_at_counter(database, of[n], NEW, codes[n], ids[n], WHY, hall="大厅", by=clerks[n], now=clock())
        return "changed"

    assert _at_once(2, act)["changed"] == 1
    with database.reading() as work:
        assert sorted(work.session.get(User, i).phone == NEW for i in of) == [False, True]


@pytest.mark.both
def test_of_two_who_say_at_once_that_a_number_is_new_to_them_one_has_it(database, cast, clock):
    """Both have the number in hand and its code was right: one account is made, and the person before keeps theirs."""
    zhang = cast.users["zhang"]

    def act(n):
        with database.unit_of_work() as work:
            login.another_owner(work, zhang, "13800000001", now=clock())
        return "given on"

    assert _at_once(2, act) == {"given on": 1, "NotNow": 1}
    with database.reading() as work:
        holders = work.session.scalars(select(User).where(User.number_at.is_not(None))).all()
        assert [one.phone for one in holders] == ["13800000001"] and holders[0].id != zhang
        assert work.session.get(User, zhang).phone is None
