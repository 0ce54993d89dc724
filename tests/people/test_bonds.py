"""Bonds (关系): the row, what the database refuses, what `may` lets a holder do while it holds, and not a moment
longer."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine import feel, people
from engine.commands import bond_rows
from engine.errors import AlreadyDone, Invalid, NotNow
from engine.matters.nouns.bonds import HALL, Bond
from engine.people import units
from engine.reads import knowing
from engine.reads.knowing import Person
from engine.records import library
from engine.store.models import Bond as Row
from engine.store.models import Case, Event, User
from tests.commands import acting

CHILD = Person("张小宝", None, "350526201601014013")
XU = Person("许小妹", "13800000002")
ZHANG = Person("张三丰", "13800000001")


def made(work, cast, clock, *, subject=ZHANG, holder=XU, key="family", kind=None, by=None, **more):
    asked = bond_rows.Asked(key, kind or HALL[key], subject, holder, "counter", **more)
    return bond_rows.make(work, asked, by=by or cast.chen, now=clock())


def actor(work, cast, name, clock):
    return people.load(work, cast.users[name], now=clock())


def test_a_bond_lets_its_holder_see_the_case_do_its_steps_and_withdraw_it(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        bond = made(work, cast, clock)
        assert bond.subject_id == cast.users["zhang"] and bond.holder_id == cast.users["xu"]
    with database.reading() as work:
        case, xu = work.session.get(Case, case_id), actor(work, cast, "xu", clock)
        assert people.may(xu, "see", case) and people.may(xu, "withdraw", case)
        assert not people.may(cast.xu, "see", case), "an actor loaded before the bond has none"


def test_seeing_alone_is_not_doing(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        made(work, cast, clock, lets=["see"])
    with database.reading() as work:
        case, xu = work.session.get(Case, case_id), actor(work, cast, "xu", clock)
        assert people.may(xu, "see", case) and not people.may(xu, "withdraw", case)


def test_a_bond_for_other_matters_or_over_a_restricted_case_opens_nothing(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        bond = made(work, cast, clock, matters=["yuyue"])
    with database.unit_of_work() as work:
        case, xu = work.session.get(Case, case_id), actor(work, cast, "xu", clock)
        assert not people.may(xu, "see", case)
        work.session.get(Row, bond.id).matters = None
    with database.unit_of_work() as work:
        case, xu = work.session.get(Case, case_id), actor(work, cast, "xu", clock)
        assert people.may(xu, "see", case)
        case.restricted = True
        assert not people.may(xu, "see", case), "all my matters was not said of these"
        work.session.get(Row, bond.id).matters = ["daiban"]
        work.session.flush()
        assert people.may(actor(work, cast, "xu", clock), "see", case), "this very matter was named"


def test_it_is_over_at_once_when_ended_and_on_the_day_after_its_last(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    last = date(2026, 9, 30)
    with database.unit_of_work() as work:
        bond = made(work, cast, clock, until=last)
    for days, may in ((0, True), (12, True), (13, False)):
        with database.reading() as work:
            xu = people.load(work, cast.users["xu"], now=clock() + timedelta(days=days))
            assert people.may(xu, "see", work.session.get(Case, case_id)) is may, days
    with database.unit_of_work() as work:
        row = work.session.get(Row, bond.id)
        bond_rows.end(work, row, "subject", by=cast.zhang, now=clock())
        with pytest.raises(AlreadyDone):
            bond_rows.end(work, row, "holder", by=cast.xu, now=clock())
    with database.reading() as work:
        assert not people.may(actor(work, cast, "xu", clock), "see", work.session.get(Case, case_id))
        kinds = [e.kind for e in work.session.query(Event).filter(Event.kind.like("bond.%")).order_by(Event.id)]
        assert kinds == ["bond.made", "bond.ended"]


def test_a_closed_account_lets_nobody_act_for_it(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        made(work, cast, clock)
        work.session.get(User, cast.users["zhang"]).disabled_at = clock()
    with database.reading() as work:
        xu = actor(work, cast, "xu", clock)
        assert not xu.grants and not people.may(xu, "see", work.session.get(Case, case_id))


def test_the_database_refuses_a_second_of_a_kind_and_more_than_there_may_be(database, cast, clock):
    kind = Bond(
        title="接送人", title_en="Pick-up", between=("child", "adult"), lets="fetch", made_by="guardian", most=2
    )
    with database.unit_of_work() as work:
        first = made(work, cast, clock, subject=CHILD, holder=XU, key="care.pick_up", kind=kind)
        with pytest.raises(NotNow) as twice:
            made(work, cast, clock, subject=CHILD, holder=XU, key="care.pick_up", kind=kind)
        assert "已经是" in twice.value.zh
        second = made(work, cast, clock, subject=CHILD, holder=ZHANG, key="care.pick_up", kind=kind)
        assert (first.n, second.n) == (1, 2)
        third = Person("王建国", "13800000055")
        with pytest.raises(NotNow) as full:
            made(work, cast, clock, subject=CHILD, holder=third, key="care.pick_up", kind=kind)
        assert "最多 2 位" in full.value.zh
        bond_rows.end(work, first, "guardian", by=cast.zhang, now=clock())
        assert made(work, cast, clock, subject=CHILD, holder=third, key="care.pick_up", kind=kind).n == 1


def test_one_that_is_over_gives_its_place_back_without_a_sweep(database, cast, clock):
    kind = Bond(title="接送人", title_en="Pick-up", lets="fetch", most=1)
    with database.unit_of_work() as work:
        old = made(work, cast, clock, key="care.pick_up", kind=kind, until=date(2026, 9, 20))
    clock.on(days=5)
    with database.unit_of_work() as work:
        assert made(work, cast, clock, key="care.pick_up", kind=kind).n == 1
        assert work.session.get(Row, old.id).ended_how == "expired"


@pytest.mark.parametrize(
    ("subject", "holder", "field"),
    [
        (CHILD, Person("小明", None, "350526201001014036"), "holder.id_number"),  # under age
        (Person("老张", None, "350526195003071239"), XU, "subject.id_number"),  # no child
        (CHILD, CHILD, "holder"),
    ],
)
def test_sides_are_who_the_kind_says(database, cast, clock, subject, holder, field):
    with database.unit_of_work() as work:
        with pytest.raises(Invalid) as refused:
            made(work, cast, clock, subject=subject, holder=holder, key="guardian")
        assert field in refused.value.by_field()


def test_guardianship_ends_the_day_before_the_child_is_of_age(database, cast, clock):
    with database.unit_of_work() as work:
        assert made(work, cast, clock, subject=CHILD, key="guardian").until_on == date(2033, 12, 31)


def test_a_person_without_an_account_is_joined_to_it_when_the_name_fits_too(database, cast, clock):
    with database.unit_of_work() as work:
        row = made(work, cast, clock, holder=Person("洪秀英", "13800000088"))
        assert row.holder_id is None
        other = User(
            kind="resident", name="别人", phone="13800000088", phone_index=row.holder_phone_index, created_at=clock()
        )
        work.session.add(other)
        work.session.flush()
        assert bond_rows.join(work, other, by=people.SYSTEM, now=clock()) == 0, "a telephone is a family's"
        other.name = "洪秀英"
        assert bond_rows.join(work, other, by=people.SYSTEM, now=clock()) == 1
        assert (row.holder_id, row.holder_ref) == (other.id, f"u:{other.id}")
        assert people.load(work, other.id, now=clock()).grants


def test_an_expression_knows_the_other_side_on_that_day(database, cast, clock):
    with database.unit_of_work() as work:
        made(work, cast, clock, subject=CHILD, holder=XU, key="guardian")
        package = library.current(work, "daiban")
        text = feel.compile('some g in bond.guardian satisfies g.acts and g.name = "许小妹"')
        for on, so in ((None, True), (date(2034, 1, 1), False)):
            given = knowing.context(work, text, package=package, person=CHILD, now=clock(), on=on)
            assert text.evaluate(given) is so, on
        mine = knowing.context(
            work,
            feel.compile("bond.guardian"),
            package=package,
            person=replace(XU, user_id=cast.users["xu"]),
            now=clock(),
        )
        assert mine["bond"]["guardian"] == [{"name": "张小宝", "age": 10, "acts": False}]
        units.forget(work)


@pytest.mark.both
def test_of_six_at_once_for_three_places_exactly_three_get_one(database, cast, clock):
    kind = Bond(title="接送人", title_en="Pick-up", lets="fetch", most=3)
    start, got = threading.Barrier(6), []

    def one(n):
        start.wait()
        try:
            with database.unit_of_work() as work:
                made(work, cast, clock, holder=Person(f"邻居{n}", f"1380000020{n}"), key="care.pick_up", kind=kind)
            got.append("made")
        except NotNow as full:
            got.append("full" if "最多 3 位" in full.zh or "同时有别人" in full.zh else full.zh)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == ["full"] * 3 + ["made"] * 3
    with database.reading() as work:
        assert sorted(work.session.scalars(select(Row.n).where(Row.ended_at.is_(None)))) == [1, 2, 3]
