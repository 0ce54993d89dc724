"""Waiting for a place for somebody else by a bond: whose place on the list it is, who is told, who confirms, and what
is left of it when the bond is over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import bond_rows, bonds, booking
from engine.errors import AlreadyDone, NotFound, NotYours
from engine.matters.nouns.bonds import GUARDIAN, HALL
from engine.reads import bookings, offers
from engine.reads.knowing import Person
from engine.records import jobs
from engine.store.models import Appointment, Bond, Event, Notice, Waiting
from engine.workdays import local_date
from tests.offers.conftest import NOW
from tests.offers.test_for_others import bound, ended, seen_by, take
from tests.offers.test_lunch import SATURDAY, slot_of


@pytest.fixture
def full(hall):
    """Both places of the lunch are taken, by two who come for themselves."""
    hall.slot = slot_of(hall)
    hall.taken = [take(hall, hall.residents[n], None, hall.slot) for n in (10, 11)]
    hall.resource = hall.taken[0].resource_id
    return hall


def wait(hall, who, bond_id=None, now=NOW):
    given = {"resource_id": hall.resource, "day": SATURDAY.date(), "bond_id": bond_id}
    return hall.do(booking.wait, **given, by=hall.actor(who.id, now), now=now)


def gives_up(hall, n=0):
    made = hall.taken[n]
    hall.do(booking.cancel, made.id, version=made.version, by=hall.actor(made.user_id), now=NOW)


def waits(hall, who):
    with hall.database.reading() as work:
        return [(one.who, one.state) for one in bookings.waiting(work, hall.actor(who.id))]


def ward_of(hall):
    """A grandmother without an account, whom 51 guards."""
    ward = Person("王阿婆", None, "350526194002020428", None, hall.village.id)
    with hall.database.unit_of_work() as work:
        kind = HALL[GUARDIAN].model_copy(update={"between": ("person", "adult")})
        holder = Person(hall.middle.name, user_id=hall.middle.id)
        asked = bond_rows.Asked(GUARDIAN, kind, ward, holder, "counter", unit_id=hall.centre.id)
        return bond_rows.make(work, asked, by=hall.clerk, now=NOW).id


def test_it_is_the_place_of_whom_it_is_for_both_are_told_and_either_confirms(full):
    parent, child = full.residents[0], full.middle
    bond = bound(full, parent, child)
    with full.database.reading() as work:
        assert not offers.chance(work, full.actor(child.id), full.slot, bond_id=bond, now=NOW).waits
    row = wait(full, child, bond)
    with full.database.reading() as work:
        assert offers.chance(work, full.actor(child.id), full.slot, bond_id=bond, now=NOW).waits
        event = work.session.scalars(select(Event).where(Event.kind == "waiting.joined")).one()
        assert (event.by_id, event.for_id, event.facts["bond"]) == (child.id, parent.id, bond)
    assert waits(full, parent) == [("", "waiting")] and waits(full, child) == [(parent.name, "waiting")]
    for who, by in ((child, bond), (parent, None)):
        with pytest.raises(AlreadyDone):
            wait(full, who, by)
    gives_up(full)
    with full.database.reading() as work:
        kept = work.session.get(Appointment, work.session.get(Waiting, row.id).appointment_id)
        assert (kept.state, kept.user_id, kept.booked_by_id) == ("held", parent.id, child.id)
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "waiting-offered"))
        assert set(told) == {parent.id, child.id}
        version = kept.version
    done = full.do(
        booking.confirm, kept.id, version=version, answers={"dish": "fish"}, by=full.actor(child.id), now=NOW
    )
    assert (done.state, done.price["pays"]) == ("confirmed", 5), "the price of who comes"
    assert seen_by(full, parent) == seen_by(full, child) == [kept.id] and waits(full, parent) == []


def test_a_bond_that_is_over_leaves_it_to_whose_it_is(full):
    parent, child = full.residents[0], full.middle
    bond = bound(full, parent, child)
    row = wait(full, child, bond)
    full.do(bonds.end, bond, by=full.actor(parent.id), now=NOW)
    assert waits(full, child) == [] and waits(full, parent) == [("", "waiting")]
    with pytest.raises(NotFound):
        full.do(booking.stop_waiting, row.id, by=full.actor(child.id), now=NOW)
    with pytest.raises(NotYours):
        wait(full, child, bond)
    gives_up(full)
    with full.database.reading() as work:
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "waiting-offered"))
        assert set(told) == {parent.id}, "who may book for them no more hears nothing"
    full.do(booking.stop_waiting, row.id, by=full.actor(parent.id), now=NOW)
    with full.database.reading() as work:
        assert work.session.get(Waiting, row.id).state == "left"


def test_who_may_only_see_it_does_not_give_it_up_and_who_may_book_does(full):
    parent, child, other = full.residents[0], full.middle, full.residents[3]
    row = wait(full, parent)
    bound(full, parent, other, lets=["see"])
    bound(full, parent, child)
    assert waits(full, other) == [(parent.name, "waiting")]
    with pytest.raises(NotYours):
        full.do(booking.stop_waiting, row.id, by=full.actor(other.id), now=NOW)
    with pytest.raises(NotFound):
        full.do(booking.stop_waiting, row.id, by=full.actor(full.residents[4].id), now=NOW)
    full.do(booking.stop_waiting, row.id, by=full.actor(child.id), now=NOW)
    with full.database.reading() as work:
        event = work.session.scalars(select(Event).where(Event.kind == "waiting.left")).one()
        assert (event.by_id, event.for_id) == (child.id, parent.id)


def test_somebody_without_an_account_is_waited_for_by_their_guardian(full):
    guardian = full.middle
    bond = ward_of(full)
    row = wait(full, guardian, bond)
    assert waits(full, guardian) == [("王阿婆", "waiting")]
    gives_up(full)
    with full.database.reading() as work:
        kept = work.session.get(Appointment, work.session.get(Waiting, row.id).appointment_id)
        assert (kept.user_id, kept.name, kept.booked_by_id) == (None, "王阿婆", guardian.id)
        assert set(work.session.scalars(select(Notice.user_id).where(Notice.kind == "waiting-offered"))) == {
            guardian.id
        }
        version = kept.version
    done = full.do(
        booking.confirm, kept.id, version=version, answers={"dish": "fish"}, by=full.actor(guardian.id), now=NOW
    )
    assert (done.state, done.price["pays"]) == ("confirmed", 0), "86 years of age, as the bond says"


@pytest.mark.parametrize("when", ["before", "after"])
def test_of_somebody_without_an_account_nothing_waits_when_nobody_may_book_for_them(full, when):
    """Before a place was offered, or after: the next has it."""
    bond = ward_of(full)
    row = wait(full, full.middle, bond)
    following = wait(full, full.residents[5], now=NOW + timedelta(minutes=1))
    if when == "before":
        ended(full, bond, full.clerk)
        gives_up(full)
    else:
        gives_up(full)
        ended(full, bond, full.clerk)
    with full.database.reading() as work:
        left, has = work.session.get(Waiting, row.id), work.session.get(Waiting, following.id)
        assert (left.state, left.appointment_id, has.state) == ("left", None, "offered")
        assert work.session.get(Appointment, has.appointment_id).user_id == full.residents[5].id


def test_of_somebody_without_an_account_a_bond_that_ran_out_holds_nobody_a_place(full):
    bond = ward_of(full)
    row = wait(full, full.middle, bond)
    following = wait(full, full.residents[5])
    with full.database.unit_of_work() as work:
        work.session.get(bond_rows.Bond, bond).until_on = NOW.date() - timedelta(days=1)
        work.session.get(bond_rows.Bond, bond).from_on = NOW.date() - timedelta(days=9)
    gives_up(full)
    with full.database.reading() as work:
        assert (work.session.get(Waiting, row.id).state, work.session.get(Waiting, following.id).state) == (
            "left",
            "offered",
        )


def test_a_bond_that_runs_out_waits_no_more_and_lets_the_next_have_what_was_kept(full):
    bond = ward_of(full)
    row = wait(full, full.middle, bond)
    next_one = wait(full, full.residents[3])
    gives_up(full)
    with full.database.unit_of_work() as work:
        assert work.session.get_one(Waiting, row.id).state == "offered"
        held, yesterday = work.session.get_one(Bond, bond), local_date(NOW) - timedelta(days=1)
        held.from_on = held.until_on = yesterday
        jobs.put_once(work, jobs.Kind.BONDS_DUE, "bonds-due:test", now=NOW)
        work.session.flush()
        (job,) = jobs.lease(work, "w", now=NOW, kinds=[jobs.Kind.BONDS_DUE])
    bonds.bonds_due(full.database, job, None, NOW)
    with full.database.reading() as work:
        assert work.session.get_one(Waiting, row.id).state == "left"
        assert work.session.get_one(Waiting, next_one.id).state == "offered"
