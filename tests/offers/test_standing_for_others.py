"""Ordering for many days for somebody else by a bond: whose order it is, who changes it, and that nothing more is
booked of it once the bond is over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import bonds, booking
from engine.commands.booking import standing
from engine.errors import NotFound, NotNow, NotYours
from engine.reads import standing as reads
from engine.store.models import Appointment, BookingPart, Event, Notice, Standing
from engine.workdays import local_date
from tests.offers.conftest import NOW
from tests.offers.test_for_others import bound, ended, seen_by
from tests.offers.test_standing import days_of, order, publish
from tests.offers.test_waiting_for_others import ward_of


@pytest.fixture
def kitchen(hall):
    publish(hall.database)
    return hall


@pytest.fixture
def two(kitchen):
    kitchen.parent, kitchen.child = kitchen.residents[0], kitchen.middle
    kitchen.bond = bound(kitchen, kitchen.parent, kitchen.child)
    return kitchen


def by(hall, who, now=NOW):
    return hall.actor(who.id, now)


def listed(hall, who):
    with hall.database.reading() as work:
        return [(one.who, one.mine) for one in reads.mine(work, by(hall, who), now=NOW)]


def test_it_is_the_order_of_whom_it_is_for_and_both_change_it(two):
    row = order(two, by(two, two.child), bond_id=two.bond)
    days = days_of(two, row.id)
    assert len(days) > 5 and listed(two, two.parent) == [("", True)]
    assert listed(two, two.child) == [(two.parent.name, True)] and listed(two, two.residents[2]) == []
    assert seen_by(two, two.parent) == seen_by(two, two.child) != []
    with two.database.reading() as work:
        made = work.session.scalars(select(Appointment)).all()
        assert {(one.user_id, one.booked_by_id, one.channel) for one in made} == {
            (two.parent.id, two.child.id, "online")
        }
        assert {one.cents for one in work.session.scalars(select(BookingPart)) if one.part == "county"} == {300}
        event = work.session.scalars(select(Event).where(Event.kind == "standing.made")).one()
        assert (event.by_id, event.for_id, event.facts["bond"]) == (two.child.id, two.parent.id, two.bond)
    two.do(booking.skip_day, row.id, days[0], by=by(two, two.child), now=NOW)
    two.do(booking.skip_day, row.id, days[1], by=by(two, two.parent), now=NOW)
    assert days_of(two, row.id, "skipped") == days[:2]
    for who, bond in ((two.child, two.bond), (two.parent, None)):
        with pytest.raises(NotNow):  # one order a person
            order(two, by(two, who), bond_id=bond)
    with pytest.raises(NotNow):
        order(two, by(two, two.child))  # not of age, for oneself
    two.do(booking.end_order, row.id, by=by(two, two.child), now=NOW)
    assert listed(two, two.parent) == []


def test_a_bond_that_is_revoked_ends_the_order_and_leaves_what_is_booked(two):
    row = order(two, by(two, two.child), bond_id=two.bond)
    booked = days_of(two, row.id)
    two.do(bonds.end, two.bond, by=by(two, two.parent), now=NOW)
    two.do(standing.go_on, row.id, now=NOW + timedelta(days=3))
    with two.database.reading() as work:
        assert work.session.get(Standing, row.id).state == "ended"
        live = work.session.scalars(select(Appointment.starts_at).where(Appointment.state == "confirmed"))
        assert sorted(local_date(at) for at in live) == booked
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "standing-bond-over"))
        assert set(told) == {two.parent.id, two.child.id}
    assert len(seen_by(two, two.parent)) == len(booked) and seen_by(two, two.child) == []
    with pytest.raises(NotFound):
        two.do(booking.skip_day, row.id, booked[0], by=by(two, two.child), now=NOW)
    with pytest.raises(NotYours):
        order(two, by(two, two.child), bond_id=two.bond)
    order(two, by(two, two.parent))  # they go on by themselves


def test_a_bond_that_ran_out_books_nothing_more(kitchen):
    last = local_date(NOW) + timedelta(days=2)
    bond = bound(kitchen, kitchen.residents[0], kitchen.middle, until=last)
    row = order(kitchen, by(kitchen, kitchen.middle), bond_id=bond)
    booked = days_of(kitchen, row.id)
    later = NOW + timedelta(days=5)
    kitchen.do(booking.publish_ahead, now=later)
    kitchen.do(standing.go_on, row.id, now=later)
    assert days_of(kitchen, row.id) == booked
    with kitchen.database.reading() as work:
        assert work.session.get(Standing, row.id).state == "ended"


def test_of_somebody_without_an_account_it_is_judged_by_what_the_bond_says(kitchen):
    bond = ward_of(kitchen)
    row = order(kitchen, by(kitchen, kitchen.middle), bond_id=bond)
    assert len(days_of(kitchen, row.id)) > 5 and listed(kitchen, kitchen.middle) == [("王阿婆", True)]
    with kitchen.database.reading() as work:
        made = work.session.scalars(select(Appointment)).all()
        assert {(one.name, one.booked_by_id, one.price["pays"]) for one in made} == {("王阿婆", kitchen.middle.id, 0)}
    ended(kitchen, bond, kitchen.clerk)
    with kitchen.database.reading() as work:
        assert {one.booked_by_id for one in work.session.scalars(select(Appointment))} == {None}
