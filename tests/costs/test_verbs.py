"""What a person does on a page of a noun, without a step of a case: how many statements it costs.

A verb in its transaction, with the guard of the page that loads who acts, to what is written at its end. The same limit
as a completion's: fifteen, and three for each offer, record or hand-over that it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from engine import people
from engine.commands import ballots, booking, handovers, loans, matching, queues
from engine.commands.handovers import Given
from engine.people import SYSTEM
from engine.records import handovers as proofs
from engine.store import Database
from tests.ballots.world import DURING, OPEN, SECRET, actor, village
from tests.conftest import NOW as MORNING
from tests.costs.counting import counting
from tests.costs.test_completions import COMPLETION, NOUN
from tests.handovers import moving
from tests.loans.conftest import KEY as SHELF
from tests.loans.conftest import shelf
from tests.matches.conftest import NOW as RIDES
from tests.matches.conftest import open_road
from tests.offers.conftest import NOW as OFFERS
from tests.offers.conftest import open_hall
from tests.offers.test_standing import FISH, days_of, publish, slot_of
from tests.queues.conftest import KEY as QUEUE
from tests.queues.conftest import desk, hall_of_bookings

pytestmark = pytest.mark.wide  # fifteen seconds: what a verb costs does not change from day to day

__all__ = ["desk", "hall_of_bookings", "shelf"]  # their fixtures


def cost(database: Database, verb: Callable[..., Any], *args: Any, of: int = 1, less: int = 0, **given: Any) -> Any:
    """Does it in a transaction of its own, within its limit. `of`: how many it books. `less`: so many fewer."""
    by, now = given["by"], given["now"]
    with counting(database) as spent, database.unit_of_work() as work:
        given["by"] = people.load(work, by.id, now=now) if by.id is not None else by
        made = verb(work, *args, **given)
    # PostgreSQL locks the chain of whoever acts, by one statement more (an order is of two: who ordered, who books)
    limit = COMPLETION + NOUN * of - less + (database.dialect == "postgresql")
    assert len(spent) <= limit, f"{verb.__name__}: at most {limit}, but {len(spent)}\n{spent}"
    assert spent.commits == 1
    return made


def test_a_place_is_taken_and_given_back_and_its_person_signed_in(database):
    hall = open_hall(database)
    need = hall.asked(cut=1, help=2)
    one, two, three = hall.residents[:3]
    # of two: the offer, and the hours of whoever comes (one line for a person at a time, one look where else they are)
    first = cost(database, booking.take_place, need.slot, role="cut", by=one, now=OFFERS, of=2)
    second = cost(database, booking.take_place, need.slot, role="help", by=two, now=OFFERS, of=2)
    cost(database, booking.take_place, need.slot, role="help", by=three, now=OFFERS, of=2)  # the last: its case hears
    cost(database, booking.cancel, second.id, version=second.version, by=two, now=OFFERS)
    cost(database, booking.check_in, first.code, by=hall.villager, now=need.starts_at)


def test_a_standing_order_books_its_days_as_one(database):
    hall = open_hall(database)
    publish(database)
    days = {"weekdays": (1, 2, 3, 4, 5), "until_on": date(2026, 12, 31)}
    order = cost(database, booking.order, slot_of(hall), answers=FISH, by=hall.residents[0], now=OFFERS, of=10, **days)
    assert len(days_of(hall, order.id)) == 10


def test_a_book_is_lent_reserved_prolonged_and_brought_back(database, shelf):
    by, who = shelf.actor("zhou"), shelf.who("zhang")
    lent = cost(database, loans.lend, SHELF, "B1", who, by=by, now=MORNING)
    assert lent is not None
    loan = shelf.loan_of("B1")
    cost(database, loans.renew, loan.id, version=loan.version, by=shelf.actor("zhang"), now=MORNING)
    cost(database, loans.take_back, SHELF, "B1", by=by, now=MORNING)


def test_a_number_is_taken_called_and_done(desk):
    ticket = cost(desk.database, queues.take, QUEUE, by=SYSTEM, now=MORNING)
    called = cost(desk.database, queues.call_next, desk.w[0], by=desk.clerks[0], now=MORNING)
    assert called.id == ticket.id


def test_a_course_is_called_off_for_many_as_for_one(database):
    hall, spent = open_hall(database), {}
    for many in (1, 3, 12):
        need = hall.asked(cut=1, help=12, day=f"2026-09-2{many % 10}")
        for who in hall.residents[:many]:
            hall.do(booking.take_place, need.slot, role="help", by=who, now=OFFERS)
        by = hall.villager
        with counting(database) as spent[many], database.unit_of_work() as work:
            told = booking.close_offer(work, need.resource, reason="停电", by=by, now=OFFERS)
        assert told == many
    assert len(spent[3]) == len(spent[12]), f"{len(spent[3])}, {len(spent[12])}\n{spent[12]}"
    assert len(spent[12]) <= len(spent[1]) + 1, spent[12]


def test_a_ride_is_asked_for_and_agreed(database):
    """Agreed, it has a slip: what stands on it was read when it was looked whether the two still fit."""
    road = open_road(database)
    road.driver()
    supply, need = road.supply(), road.need()
    pair = cost(database, matching.ask, need, supply, of=0, by=road.residents[1], now=RIDES)
    cost(database, matching.agree, pair.id, version=1, by=road.residents[0], now=RIDES, less=1)


@pytest.mark.parametrize("what", [SECRET, OPEN])
def test_a_vote_is_cast(database, cast, what):
    there = village(database, cast, what, 3)
    cost(database, ballots.vote, there.code, ["yes"], by=actor(database, there.users[0]), now=DURING)


def test_a_parcel_goes_to_the_next_hand(database, cast, clock):
    hall = moving.opened(database, clock)
    case_id = hall.submit()
    link = hall.link(case_id)
    by = actor(database, hall.users["chen"], clock())
    proof = proofs.code(link, proofs.other("giver" if link.giver_key in by.keys else "receiver"))
    cost(database, handovers.act, link.id, "done", Given(proof=proof), by=by, now=clock())
