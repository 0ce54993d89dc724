"""A hundred thousand rows of each noun: no list of them reads a table whole, by the plans that are really taken.

The rows are copies of one that the commands made: of other people, and most of them over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import String, cast, func, insert, literal, null, select, text

from engine.commands import booking
from engine.people import units
from engine.reads import ballots, boards, bookings, handovers, matches, registers
from engine.reads import loans as loan_reads
from engine.reads import offers as offer_reads
from engine.reads import standing as orders
from engine.reads import tickets as ticket_reads
from engine.store import Database
from engine.store.models import (
    Appointment,
    BallotVoter,
    BoardEntry,
    BookingPlace,
    Handover,
    HandoverLink,
    Loan,
    LoanHold,
    MatchSide,
    RegisterEntry,
    Resource,
    Slot,
    Standing,
    Ticket,
    Waiting,
)
from tests.ballots.world import DURING, SECRET, actor, village
from tests.commands.test_boards import put_up, town
from tests.conftest import NOW as MORNING
from tests.costs.test_plans import by_indexes
from tests.handovers import moving
from tests.loans.conftest import KEY as SHELF
from tests.loans.conftest import shelf
from tests.matches.conftest import NOW as RIDES
from tests.matches.conftest import open_road
from tests.offers.conftest import NOW as OFFERS
from tests.offers.conftest import open_hall
from tests.offers.test_standing import order, publish, slot_of
from tests.queues.conftest import desk, hall_of_bookings

pytestmark = pytest.mark.wide  # some ten seconds each

__all__ = ["desk", "hall_of_bookings", "shelf", "town"]  # their fixtures

MANY = 100_000
LONG_AGO = MORNING - timedelta(days=400)


def tag(n: Any) -> Any:
    return literal("z") + cast(n, String)


def many(database: Database, model: Any, **changed: Any) -> None:
    """So many copies of the newest row; what must differ does, `changed` says how else: values, or functions of n."""
    table = model.__table__
    one = select(func.max(table.c.id)).scalar_subquery()
    series = select(literal(1).label("n")).cte("series", recursive=True)
    series = series.union_all(select(series.c.n + 1).where(series.c.n < MANY))
    names, values = [], []
    for column in table.columns:
        if column.name == "id":
            continue
        value: Any = column
        if column.name in changed:
            given = changed[column.name]
            value = (
                given(series.c.n) if callable(given) else literal(given, column.type) if given is not None else null()
            )
        elif column.unique:
            value = tag(series.c.n) if isinstance(column.type, String) else null()
        names.append(column.name)
        values.append(value)
    rows = select(*values).select_from(table.join(series, literal(1) == 1)).where(table.c.id == one)
    with database.unit_of_work() as work:
        if database.dialect == "postgresql":  # whom they refer to is there: it need not be looked up a million times
            work.session.execute(text("SET LOCAL session_replication_role = replica"))
        work.session.execute(insert(table).from_select(names, rows))


def none_whole(database: Database, grown: list[str], *reads: Callable[[Any], object]) -> None:
    """Each of these reads, with the statistics of what is there now."""
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    for read in reads:
        with by_indexes(database, grown), database.reading() as work:
            read(work)


def test_loans_reservations_and_a_register(shelf):
    shelf.lend("B1", "zhang")
    shelf.reserve("111", "xu")
    over = {"who_ref": tag, "user_id": None, "title": tag}
    many(shelf.database, Loan, ended_at=LONG_AGO, ended_how="returned", next_on=None, **over)
    many(shelf.database, LoanHold, state="lent", ended_at=LONG_AGO, until_on=None, entry_id=None, **over)
    many(shelf.database, RegisterEntry, key=tag)
    by, who, key = shelf.actor("zhou"), shelf.who("zhang"), shelf.cast
    none_whole(
        shelf.database,
        ["loan", "loan_hold", "register_entry"],
        lambda work: loan_reads.mine(work, key.zhang, now=MORNING),
        lambda work: loan_reads.reader(work, SHELF, who, by, now=MORNING),
        lambda work: loan_reads.late(work, SHELF, by, now=MORNING),
        lambda work: loan_reads.title(work, SHELF, "111"),
        lambda work: registers.mine(work, key.zhang, now=MORNING),
        lambda work: [registers.listed(work, by, one.key, now=MORNING) for one in registers.for_actor(work, by)],
    )


def test_tickets(desk):
    desk.take()
    many(
        desk.database,
        Ticket,
        serial=lambda n: n + 1000,
        day=LONG_AGO.date(),
        state="done",
        live_key=None,
        ended_at=LONG_AGO,
    )
    none_whole(
        desk.database,
        ["ticket"],
        lambda work: ticket_reads.desk(work, "jiayuan", desk.clerks[0], now=MORNING),
        lambda work: ticket_reads.wall(work, ticket_reads.shown(work, "jiayuan"), now=MORNING),
    )
    with by_indexes(desk.database, ["ticket"]):
        assert desk.call_next() is not None


def test_offers_bookings_orders_and_who_waits(database):
    hall = open_hall(database)
    need = hall.asked(cut=1, help=2)
    hall.do(booking.take_place, need.slot, role="cut", by=hall.residents[0], now=OFFERS)
    others = {"person_index": tag, "user_id": None}
    past = {"starts_at": LONG_AGO, "ends_at": LONG_AGO + timedelta(hours=1)}
    many(database, Appointment, state="served", ended_at=LONG_AGO, **others, **past)
    many(database, BookingPlace, live=False, **others)
    publish(database)
    order(hall, hall.residents[1])
    many(database, Standing, state="ended", ended_at=LONG_AGO, **others)
    with database.unit_of_work() as work:
        lunch = work.session.scalars(select(Slot).where(Slot.id == slot_of(hall))).one()
        whose = {"user_id": hall.residents[2].id, "person_index": "i", "name": "居民", "phone": None}
        row = Waiting(resource_id=lunch.resource_id, day=OFFERS.date(), state="waiting", since_at=OFFERS, **whose)
        work.session.add(row)
    many(database, Waiting, state="left", **others)
    with database.unit_of_work() as work:
        work.session.add(
            Resource(code="old", unit_id=hall.village.id, kind="session", name="旧", matter="", active=False)
        )
    many(database, Resource)
    with database.unit_of_work() as work:
        ids = select(Resource.id).where(Resource.code.startswith("z"))
        columns = ["resource_id", "starts_at", "ends_at", "kind", "closed"]
        columns += ["public_capacity", "public_taken", "staff_capacity", "staff_taken"]
        times = [literal(one, Slot.__table__.c.starts_at.type) for one in past.values()]
        rest = [literal("normal"), literal(False), *(literal(n) for n in (5, 0, 0, 0))]
        work.session.execute(insert(Slot).from_select(columns, ids.add_columns(*times, *rest)))
    first, last = OFFERS.date(), OFFERS.date() + timedelta(days=6)
    none_whole(
        database,
        ["appointment", "booking_place", "standing", "waiting", "slot", "resource"],
        lambda work: bookings.mine(work, hall.residents[0], now=OFFERS),
        lambda work: bookings.mine(work, hall.residents[0], past=True, now=OFFERS),
        lambda work: bookings.board(work, hall.villager, first, last),
        lambda work: bookings.waiting(work, hall.residents[2]),
        lambda work: offer_reads.list_open(work, now=OFFERS),
        lambda work: offer_reads.kinds(work, now=OFFERS),
        lambda work: offer_reads.board(work, hall.villager, first, last, now=OFFERS),
        lambda work: orders.mine(work, hall.residents[1], now=OFFERS),
        lambda work: orders.of_unit(work, hall.clerk, now=OFFERS),
    )


def test_the_boards(town):
    put_up(town, {"who": "张三丰", "sum": 1})
    many(town.database, BoardEntry, state="over", until_at=LONG_AGO, ended_at=LONG_AGO)
    with town.database.reading() as work:
        place = units.by_code(work, "350526106201")
    none_whole(
        town.database,
        ["board_entry"],
        lambda work: boards.listing(work, now=town.now),
        lambda work: boards.listing(work, now=town.now, kind="notice", place=place),
        lambda work: boards.feed(work, now=town.now),
        lambda work: boards.queue(work, actor=town.zhou),
        lambda work: boards.own(work, actor=town.zhou),
    )


def test_things_that_go_from_hand_to_hand(database, cast, clock):
    hall = moving.opened(database, clock)
    hall.link(hall.submit())
    keys = {"giver_key": tag, "receiver_key": lambda n: literal("of ") + tag(n)}
    many(database, Handover, case_id=None, ended_at=LONG_AGO, holder_key=tag)
    many(database, HandoverLink, n=lambda n: n + 1000, state="done", ended_at=LONG_AGO, **keys)
    by = actor(database, hall.users["chen"], clock())
    none_whole(
        database,
        ["handover", "handover_link"],
        lambda work: handovers.mine(work, by, now=clock()),
        lambda work: handovers.waiting(work, by),
        lambda work: handovers.desk(work, by, now=clock()),
    )


def test_votes(database, cast):
    there = village(database, cast, SECRET, 3)
    many(database, BallotVoter, person_index=tag, n=lambda n: n + 1000, user_id=None)
    by = actor(database, there.users[0])
    none_whole(
        database,
        ["ballot_voter"],
        lambda work: ballots.mine(work, by, now=DURING),
        lambda work: ballots.waiting(work, by, now=DURING),
        lambda work: ballots.for_voter(work, by, there.code, now=DURING),
    )


def test_rides(database):
    road = open_road(database)
    road.driver()
    road.supply()
    road.need()
    over = {"state": "over", "ended_at": LONG_AGO, "day": LONG_AGO.date(), "day_key": None}
    many(database, MatchSide, person_index=tag, user_id=None, **over)
    none_whole(
        database,
        ["match_side"],
        lambda work: matches.mine(work, road.residents[0], now=RIDES),
        lambda work: matches.waiting(work, road.residents[0]),
    )
