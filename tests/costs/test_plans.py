"""The lists of the nouns are found by an index: the plan of every statement that makes them reads no table whole that
grows with what people do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import event

from engine.people import units
from engine.reads import ballots, boards, bonds, bookings, handovers, matches, registers
from engine.reads import loans as loan_reads
from engine.reads import tickets as ticket_reads
from engine.records import jobs, messages
from engine.store import Database
from tests.conftest import NOW as MORNING
from tests.loans.conftest import KEY as SHELF
from tests.loans.conftest import shelf
from tests.queues.conftest import desk, hall_of_bookings

__all__ = ["desk", "hall_of_bookings", "shelf"]  # their fixtures

#: Tables that grow with the days of a hall; those of its units, posts, offers and published versions do not.
GROW = (
    *("appointment", "booking_place", "appointment_slot", "slot", "slot_place", "waiting", "standing_day"),
    *("register_entry", "register_index", "register_change", "loan", "loan_hold", "ticket"),
    *("match_side", "match_pair", "match_leg", "handover", "handover_link", "handover_sign"),
    *("ballot_voter", "ballot_mark", "bond", "board_entry", "case", "task", "document", "notice", "event", "job"),
)


@contextmanager
def by_indexes(database: Database, grown: Sequence[str] = ()) -> Iterator[None]:
    """What is read here, and how: AssertionError with the statement where a table that grows is read whole. grown:
    those that have grown, of which the plan is the one that is taken."""
    seen: list[tuple[str, object]] = []
    listen = lambda c, cursor, text, parameters, *rest: seen.append((text, parameters))  # noqa: E731
    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    finding = [one for one in seen if one[0].lstrip().startswith(("SELECT", "UPDATE"))]
    assert finding
    postgres = database.dialect == "postgresql"
    names = "|".join(grown or GROW)
    whole = re.compile((r"Seq Scan on \"?(%s)\b" if postgres else r"SCAN (%s)( USING INDEX \S+)?'") % names)
    with database.reading() as work:
        raw = work.session.connection()
        if postgres and not grown:
            raw.exec_driver_sql("SET enable_seqscan = off")  # a table of a few rows: what could go by an index does
        for text, parameters in finding:
            how = "EXPLAIN" if postgres else "EXPLAIN QUERY PLAN"
            plan = "\n".join(str(row) for row in raw.exec_driver_sql(f"{how} {text}", parameters))
            assert not whole.search(plan), f"{text}\n{plan}"


def test_ones_own_things_and_the_boards(database, cast):
    with by_indexes(database), database.reading() as work:
        bookings.mine(work, cast.zhang, now=MORNING)
        bookings.mine(work, cast.zhang, past=True, now=MORNING)
        loan_reads.mine(work, cast.zhang, now=MORNING)
        matches.mine(work, cast.zhang, now=MORNING)
        handovers.mine(work, cast.zhang, now=MORNING)
        handovers.desk(work, cast.zhou, now=MORNING)
        ballots.mine(work, cast.zhang, now=MORNING)
        registers.mine(work, cast.zhang, now=MORNING)
        bonds.mine(work, cast.zhang, now=MORNING)
        boards.listing(work, now=MORNING)
        boards.listing(work, now=MORNING, kind="notice", place=units.tree(work).today(cast.suyang))
        boards.feed(work, now=MORNING)


def test_the_loans_of_a_desk_and_its_readers(database, shelf):
    shelf.lend("B1", "zhang")
    with by_indexes(database), database.reading() as work:
        loan_reads.catalogue(work, SHELF)
        loan_reads.reader(work, SHELF, shelf.who("zhang"), shelf.actor("zhou"), now=MORNING)
    with by_indexes(database):
        shelf.back("B1")


def test_who_waits_in_a_hall_and_who_is_called(desk):
    desk.take()
    with by_indexes(desk.database):
        assert desk.call_next() is not None
    with by_indexes(desk.database), desk.database.reading() as work:
        ticket_reads.desk(work, "jiayuan", desk.clerks[0], now=MORNING)


def test_what_a_worker_asks_each_second(database):
    with by_indexes(database), database.unit_of_work() as work:
        jobs.kinds_due(work, now=MORNING)
        jobs.due(work, now=MORNING, kinds=[jobs.Kind.SEND_CODE])
        jobs.lease(work, "a", now=MORNING, but=[jobs.Kind.SEND_CODE])
        messages.expect(work, [("paid", "7")], now=MORNING)
