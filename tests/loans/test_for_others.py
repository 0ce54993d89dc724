"""Borrowing for a child or an elder without an account by a bond: whose it is, whose limit counts, who sees and renews,
what the record says, and that nothing waits any more from the moment the bond is over, by a word or by its day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import bonds, loans, register_rows
from engine.commands.bonds import due as bonds_due
from engine.commands.loans import due
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.people import may
from engine.reads import bonds as whose
from engine.reads import loans as reads
from engine.reads.knowing import Person
from engine.records import jobs, lending
from engine.store import keys
from engine.store.models import Bond, Event, Job, LoanHold, Notice, User
from engine.workdays import local_date
from tests.conftest import NOW, fresh_database
from tests.loans.conftest import KEY
from tests.loans.test_children import guard, unguard

ELDER = "350526194002020428"
WARDS = (("王阿婆", ELDER), ("陈小燕", "350526199001010027"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.wide)])
def database(request, tmp_path):
    with fresh_database(request, tmp_path, request.param) as made:
        yield made


@pytest.fixture
def ward(shelf):
    """王阿婆, eighty-six, without an account or a telephone; 张三丰 guards her."""
    shelf.ward = Person("王阿婆", None, ELDER)
    shelf.bond = guard(shelf, shelf.ward)
    return shelf


def at_desk(shelf, code, bond_id):
    return shelf.do(loans.lend, KEY, code, f"b:{bond_id}")


def reserve(shelf, title, bond_id, by="zhang"):
    return shelf.do(loans.reserve, KEY, title, bond_id=bond_id, by=by)


def mine(shelf, name):
    with shelf.database.reading() as work:
        own, wanted = reads.mine(work, shelf.actor(name), now=shelf.clock.now)
        return [(one.name, one.whose) for one in own], [(one.name, one.whose, one.ready) for one in wanted]


def events(shelf, kind):
    with shelf.database.reading() as work:
        return list(work.session.scalars(select(Event).where(Event.kind == kind).order_by(Event.id)))


def told(shelf, name):
    with shelf.database.reading() as work:
        rows = select(Notice.text).where(Notice.user_id == shelf.cast.users[name], Notice.channel == "screen")
        return "".join(sorted(work.session.scalars(rows.where(Notice.kind == "loan"))))


def the_day_changes(shelf, days):
    """What the worker does when bonds are over by their day."""
    shelf.clock.now = NOW + timedelta(days=days)
    with shelf.database.unit_of_work() as work:
        jobs.put_once(work, jobs.Kind.BONDS_DUE, f"bonds-due:{days}", now=shelf.clock.now)
        work.session.flush()
        leased = jobs.lease(work, "w", now=shelf.clock.now, kinds=[jobs.Kind.BONDS_DUE])
    for job in leased:
        bonds.bonds_due(shelf.database, job, None, shelf.clock.now)


def test_it_is_lent_and_renewed_for_her_and_counts_on_her(ward):
    at_desk(ward, "B1", ward.bond)
    loan = ward.loan_of("B1")
    assert (loan.user_id, loan.name, loan.bond_id, loan.guardian_id) == (None, "王阿婆", ward.bond, None)
    assert mine(ward, "zhang") == ([("红楼梦", "王阿婆")], []) and mine(ward, "xu") == ([], [])
    with ward.database.reading() as work:
        assert reads.waiting(work, ward.actor("zhang")) == 1 and reads.waiting(work, ward.actor("xu")) == 0
    with pytest.raises(NotFound):
        ward.renew("B1", "xu")
    ward.renew("B1", "zhang")
    assert ward.loan_of("B1").renewed == 1
    for code in ("B3", "B4", "B5", "B6"):
        at_desk(ward, code, ward.bond)
    with pytest.raises(NotNow, match="may have 5"):
        at_desk(ward, "B7", ward.bond)
    ward.lend("B7", "zhang")  # his own are counted apart
    (lent, *_), (renewed,) = events(ward, "loan.lent"), events(ward, "loan.renewed")
    assert (lent.by_id, lent.facts["bond"]) == (ward.cast.zhou.id, ward.bond)
    assert (renewed.by_id, renewed.facts["bond"]) == (ward.cast.users["zhang"], ward.bond)


def test_who_comes_for_her_is_found_at_the_desk_by_either_number(ward):
    with ward.database.reading() as work:
        zhou, now = ward.actor("zhou"), ward.clock.now
        assert reads.look_for(work, KEY, ELDER, zhou, now=now) == [(f"b:{ward.bond}", "王*婆")]
        assert reads.reader(work, KEY, ward.who("zhang"), zhou, now=now).stands == ((f"b:{ward.bond}", "王*婆"),)
        assert reads.reader(work, KEY, f"b:{ward.bond}", zhou, now=now).by == "张*丰"
    unguard(ward, ward.bond)
    with pytest.raises(Invalid):
        at_desk(ward, "B1", ward.bond)
    with ward.database.reading() as work:
        assert reads.reader(work, KEY, ward.who("zhang"), zhou, now=now).stands == ()
        with pytest.raises(Invalid):
            reads.look_for(work, KEY, ELDER, zhou, now=now)


def test_what_she_reserved_is_kept_and_whoever_asked_is_told(ward):
    ward.lend("B3", "xu")
    hold = reserve(ward, "222", ward.bond)
    assert (hold.user_id, hold.name, hold.bond_id, hold.state) == (None, "王阿婆", ward.bond, "waiting")
    assert reserve(ward, "222", ward.bond).id == hold.id, "twice is the same as once"
    (event,) = events(ward, "loan.reserved")
    assert (event.by_id, event.for_id, event.facts["bond"]) == (ward.cast.users["zhang"], None, ward.bond)
    ward.back("B3")
    assert mine(ward, "zhang")[1] == [("西游记", "王阿婆", True)] and "到了" in told(ward, "zhang")
    with pytest.raises(NotNow):
        ward.lend("B3", "zhang")  # kept for her, not for him
    at_desk(ward, "B3", ward.bond)
    assert mine(ward, "zhang") == ([("西游记", "王阿婆")], [])
    with pytest.raises(NotYours):
        reserve(ward, "333", ward.bond, by="xu")
    reserve(ward, "333", ward.bond)
    (_, kept) = ward.holds()
    assert kept.state == "ready"
    ward.do(loans.cancel, kept.id, by="zhang")
    assert ward.state("B4") == "shelf"


@pytest.mark.parametrize("by_its_day", [False, True])
def test_a_bond_that_is_over_lets_go_of_what_waits_and_tells_what_is_lent(shelf, by_its_day):
    ward = Person("王阿婆", None, ELDER)
    bond = guard(shelf, ward, until=local_date(NOW) + timedelta(days=2) if by_its_day else None)
    at_desk(shelf, "B4", bond)
    reserve(shelf, "222", bond)  # on the shelf: kept for her
    shelf.reserve("222", "xu")
    shelf.lend("B5", "xu")
    reserve(shelf, "444", bond)  # lent to another: she waits
    assert [h.state for h in shelf.holds()] == ["ready", "waiting", "waiting"]
    if by_its_day:
        the_day_changes(shelf, 2)
        assert len(mine(shelf, "zhang")[0]) == 1, "a bond holds through its last day"
        the_day_changes(shelf, 3)
    else:
        unguard(shelf, bond)
    assert [h.state for h in shelf.holds()] == ["cancelled", "ready", "cancelled"], "the next has what was kept"
    assert mine(shelf, "zhang") == ([], []) and "还没有还" in told(shelf, "zhang")
    assert not may(shelf.actor("zhang"), "see", shelf.loan_of("B4"))
    with shelf.database.reading() as work:
        row = work.session.get(Bond, bond)
        assert (row.state, row.ended_how) == ("ended", "expired" if by_its_day else "counter")
        again = work.session.scalars(select(Job).where(Job.kind == "bonds-due", Job.state == "ready")).all()
        assert len(again) == by_its_day, "the next midnight it is done again"
    before = told(shelf, "zhang")
    shelf.clock.now = NOW + timedelta(days=31)
    with shelf.database.unit_of_work() as work:
        due.remind(work, now=shelf.clock.now)
    assert told(shelf, "zhang") == before, "and is reminded no more"


def test_of_somebody_with_an_account_only_what_was_asked_for_by_the_bond(shelf):
    """What they borrow themselves stays theirs (公共图书馆法 43)."""
    with shelf.database.reading() as work:
        xu = work.session.get(User, shelf.cast.users["xu"])
        person = Person(xu.name, xu.phone, xu.id_number, xu.id)
    bond = guard(shelf, person)
    shelf.lend("B1", "xu")
    assert mine(shelf, "zhang") == ([], [])
    hold = reserve(shelf, "222", bond)
    assert hold.user_id == person.user_id and mine(shelf, "xu")[1] == [("西游记", "", True)]
    (event,) = events(shelf, "loan.reserved")
    assert (event.by_id, event.for_id) == (shelf.cast.users["zhang"], person.user_id)
    with shelf.database.reading() as work:
        assert "loan.reserved" in {act.kind for act in whose.acts(work, shelf.actor("xu"))}, "and they see who did it"
    shelf.lend("B3", "xu")
    assert [name for name, _ in mine(shelf, "zhang")[0]] == ["西游记"]
    unguard(shelf, bond)
    shelf.renew("B3", "xu")
    assert mine(shelf, "zhang") == ([], []) and len(mine(shelf, "xu")[0]) == 2


def test_who_opens_an_account_has_what_was_borrowed_for_them(shelf):
    ward = Person("王阿婆", None, ELDER)
    bond = guard(shelf, ward)
    at_desk(shelf, "B1", bond)
    with shelf.database.unit_of_work() as work:
        phone = "13800000077"
        row = User(
            kind="resident",
            name="王阿婆",
            phone=phone,
            phone_index=keys.blind("phone", phone),
            id_number=ELDER,
            id_index=keys.blind("id", ELDER),
            created_at=shelf.clock.now,
        )
        work.session.add(row)
        work.session.flush()
        shelf.cast.users["ward"] = row.id
        bonds.signed_in(work, row.id, now=shelf.clock.now)
    assert mine(shelf, "ward") == ([("红楼梦", "")], []) and mine(shelf, "zhang") == ([("红楼梦", "王阿婆")], [])
    shelf.renew("B1", "ward")


def test_who_is_known_by_a_name_alone_borrows_nothing(shelf):
    """Others have the name too: their limits would be one."""
    bond = guard(shelf, Person("王阿婆"))
    for act in (lambda: at_desk(shelf, "B1", bond), lambda: reserve(shelf, "111", bond)):
        with pytest.raises(NotNow, match="identity number"):
            act()


def test_whose_it_was_and_by_which_bond_is_forgotten_with_the_loan(ward):
    at_desk(ward, "B1", ward.bond)
    reserve(ward, "222", ward.bond)
    ward.back("B1")
    (hold,) = ward.holds()
    ward.do(loans.cancel, hold.id, by="zhang")
    ward.clock.now = NOW + timedelta(days=31)
    with ward.database.unit_of_work() as work:
        assert due.forget(work, now=ward.clock.now) == 2
    (loan,), (hold,) = ward.loans(), ward.holds()
    assert (loan.bond_id, loan.who_ref, hold.bond_id, hold.name) == (None, "", None, "")
    with ward.database.reading() as work:
        assert work.session.scalar(select(LoanHold.id).where(LoanHold.bond_id.is_not(None))) is None


def test_a_bond_of_other_matters_lends_nothing(ward):
    """One that names what may be booked lets borrow only what it names."""
    with ward.database.unit_of_work() as work:
        work.session.get(Bond, ward.bond).offers = ["shitang.diner"]
    with pytest.raises(Invalid):
        at_desk(ward, "B1", ward.bond)
    with pytest.raises(NotYours):
        reserve(ward, "222", ward.bond)
    with ward.database.unit_of_work() as work:
        work.session.get(Bond, ward.bond).offers = [KEY]
    at_desk(ward, "B1", ward.bond)
    with ward.database.unit_of_work() as work:
        book = lending.kind(work, KEY).of
        assert register_rows.get(work, ward.loan_of("B1").entry_id).register == book.key


def test_a_bond_that_cannot_be_ended_keeps_back_no_other_and_is_tried_again_alone(shelf, monkeypatch):
    until = local_date(NOW) + timedelta(days=2)
    bad, good = (guard(shelf, Person(name, None, id_), until=until) for name, id_ in WARDS)
    expire = bonds_due.expire

    def tried(work, row, *, now):
        if row.id == bad:
            raise RuntimeError("a bad row")
        expire(work, row, now=now)

    monkeypatch.setattr(bonds_due, "expire", tried)
    the_day_changes(shelf, 3)
    with shelf.database.reading() as work:
        assert [work.session.get(Bond, id_).state for id_ in (bad, good)] == ["held", "ended"]
        alone = work.session.scalars(select(Job).where(Job.kind == "bonds-due", Job.state == "ready")).all()
        assert [job.payload["bond"] for job in alone if job.payload] == [bad]
    monkeypatch.setattr(bonds_due, "expire", expire)
    shelf.clock.now += timedelta(minutes=10)
    with shelf.database.unit_of_work() as work:
        leased = jobs.lease(work, "w", now=shelf.clock.now, kinds=[jobs.Kind.BONDS_DUE])
    for job in leased:
        bonds.bonds_due(shelf.database, job, None, shelf.clock.now)
    with shelf.database.reading() as work:
        assert work.session.get(Bond, bad).state == "ended"
