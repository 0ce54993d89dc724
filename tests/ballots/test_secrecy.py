"""Who has the whole database learns who has voted and nothing of what.

A village of forty votes in secret, twenty yes and twenty no, in an order that is drawn (seeded). The attacker holds
everything the hall keeps: every row with its id, rowid, xmin, ctid and time, every audit line, every file, every line
that was logged, during the vote and after it. To be generous they are also told how many yes there are, and in the
second half they hold the hall's key and the ballot's own, so that they read the votes in the box as it lies there.
They try every way of putting the two lists beside each other. None may be right more often than tossing a coin.
"""

from __future__ import annotations

import json
import logging
from random import Random

import pytest
from sqlalchemy import inspect, select, text

from engine.commands import ballots
from engine.crypto import boxes
from engine.records import urn
from engine.store.models import Ballot, BallotBody, BallotBox, BallotKey, BallotMark, BallotVoter, Event
from tests.ballots.world import CLOSES, DURING, SECRET, actor, closed, village

VOTERS = 40
#: Of 40 right guesses by a coin 20 are expected, with a deviation of 3.2; 34 or more come about once in 10^5 tosses,
#: and the tosses of these tests are seeded.
TOO_GOOD, TOO_BAD = 34, 6


@pytest.fixture
def held(database, cast, monkeypatch, caplog):
    """The ballot, with everybody but one having voted: `truth` says what, line by line, in the order of voting."""
    drawn = Random(20260928)
    monkeypatch.setattr(urn, "_random", Random(7))
    there = village(database, cast, SECRET, VOTERS + 1)
    order = list(range(VOTERS))
    drawn.shuffle(order)
    what = ["yes"] * (VOTERS // 2) + ["no"] * (VOTERS // 2)
    drawn.shuffle(what)
    there.truth = {}
    with caplog.at_level(logging.DEBUG):
        for n, choice in zip(order, what, strict=True):
            by = actor(database, there.users[n])
            with database.unit_of_work() as work:
                ballots.vote(work, there.code, [choice], by=by, now=DURING)
            there.truth[there.lines[n]] = choice
    there.log = caplog.text
    return there


def everything(database) -> dict[str, list[dict]]:
    """All that the database can be asked for, with what it keeps beside the columns."""
    hidden = "rowid as _rowid, *" if database.dialect == "sqlite" else "xmin::text as _xmin, ctid::text as _ctid, *"
    found = {}
    with database.engine.connect() as connection:
        for table in inspect(database.engine).get_table_names():
            try:
                rows = connection.execute(text(f'select {hidden} from "{table}"')).mappings().all()
            except Exception:  # a table without rowid
                connection.rollback()
                rows = connection.execute(text(f'select * from "{table}"')).mappings().all()
            found[table] = [dict(row) for row in rows]
    return found


def right(truth: dict[int, str], guess: dict[int, str]) -> int:
    return sum(truth[line] == guess[line] for line in truth)


def no_better_than_chance(truth: dict[int, str], guesses: dict[str, dict[int, str]]) -> None:
    scored = {name: right(truth, guess) for name, guess in guesses.items()}
    assert all(TOO_BAD < n < TOO_GOOD for n in scored.values()), scored


def test_no_column_of_a_mark_goes_with_what_was_voted(held):
    """Each column of each row about a voter, sorted, halves the village: neither half is the yes."""
    found = everything(held.database)
    marks = {row["voter_id"]: row for row in found["ballot_mark"]}
    lines = {row["id"]: row for row in found["ballot_voter"]}
    events = {}
    for row in found["event"]:
        facts = row["facts"] if isinstance(row["facts"], dict) else json.loads(row["facts"])
        if row["kind"] == "ballot.voted":
            events[facts["voter"]] = row | {f"fact {k}": v for k, v in facts.items()}
    assert set(marks) == set(held.truth) == set(events)
    guesses = {}
    for name, rows in (("mark", marks), ("line", lines), ("event", events)):
        for column in rows[next(iter(held.truth))]:
            order = sorted(held.truth, key=lambda line: (str(rows[line][column]).zfill(12), line))
            guesses[f"{name} {column}"] = {line: "yes" if n < VOTERS / 2 else "no" for n, line in enumerate(order)}
    no_better_than_chance(held.truth, guesses)


def test_the_marks_hold_neither_choice_nor_time(held):
    for row in everything(held.database)["ballot_mark"]:
        assert row["choice"] is None and row["cast_at"] is None and not row["changed"]


def test_only_the_box_and_the_key_change_with_what_is_voted(database, cast, monkeypatch):
    """The same village votes twice, once all yes, once all no: every other cell of the database is the same."""
    monkeypatch.setattr("secrets.token_urlsafe", lambda n=0: "code")
    found = []
    for choice in ("yes", "no"):
        with database.rehearsal() as work:
            from tests.ballots.world import announced, line, resident

            users = [resident(work, n) for n in range(3)]
            row = announced(work, cast, SECRET, [line(n) for n in range(3)])
            work.session.flush()  # a village votes after the transaction that announced it
            from engine import people

            for one in users:
                ballots.vote(work, row.code, [choice], by=people.load(work, one, now=DURING), now=DURING)
            work.session.settle()  # events wait for the end of the transaction
            seen = {}
            for model in (Ballot, BallotBody, BallotVoter, BallotMark, Event):
                # What is sealed or hashed differs by its nonce whatever is in it; its length is compared.
                rows = work.session.execute(select(model.__table__)).mappings().all()
                seen[model.__tablename__] = [
                    {k: v for k, v in one.items() if k not in ("hash", "previous", "proof", "id", "chain", "by_id")}
                    for one in rows
                ]
            box = work.session.execute(select(BallotBox.__table__.c.content)).scalar_one()
            seen["box"] = len(box)
            assert all(seen.values())
        found.append(json.dumps(_without_ids(seen), default=str, sort_keys=True))
    assert found[0] == found[1]


def _without_ids(seen: object) -> object:
    """Ids come from sequences, which a rolled back transaction does not give back."""
    if isinstance(seen, dict):
        return {k: _without_ids(v) for k, v in seen.items() if k not in ("ballot_id", "body_id", "voter_id", "facts")}
    return [_without_ids(v) for v in seen] if isinstance(seen, list) else seen


def test_all_votes_lie_in_one_row_of_one_transaction(held):
    """A row a vote would share its transaction with the mark. Here the one row that holds them all is written by the
    last voter: it says nothing about the thirty-nine before, and of the last not which vote is theirs."""
    found = everything(held.database)
    assert len(found["ballot_box"]) == 1
    if held.database.dialect == "postgresql":
        last = max(int(row["_xmin"]) for row in found["ballot_mark"])
        assert int(found["ballot_box"][0]["_xmin"]) == last
        assert len({row["_xmin"] for row in found["ballot_mark"]}) == VOTERS  # and so the box is joined to one only


def test_with_both_keys_the_order_in_the_box_says_nothing(held):
    """The attacker opens the box as it lies there and lays it beside the marks in every order these have."""
    with held.database.reading() as work:
        key = work.session.get_one(BallotKey, held.id)
        body = work.session.scalars(select(BallotBody).where(BallotBody.ballot_id == held.id)).one()
        box = work.session.get_one(BallotBox, body.id).content
        about = f"ballot {held.id} body {body.id}".encode()
        cells, votes = urn._opened(box, about)
        opened = [json.loads(one.rstrip()) for one in boxes.open_all(key.private, cells, about)]
    assert votes == VOTERS and sum(vote is None for vote in opened) == 1
    said = [vote[0] for vote in opened if vote is not None]
    assert sorted(said) == sorted(held.truth.values())
    found = everything(held.database)
    marks = {row["voter_id"]: row for row in found["ballot_mark"]}
    events = {}
    for row in found["event"]:
        facts = row["facts"] if isinstance(row["facts"], dict) else json.loads(row["facts"])
        if row["kind"] == "ballot.voted":
            events[facts["voter"]] = row
    orders = {
        f"{name} {column}": sorted(held.truth, key=lambda line: (str(rows[line][column]).zfill(12), line))
        for name, rows in (("mark", marks), ("event", events))
        for column in rows[next(iter(held.truth))]
    }
    orders["the order of voting itself"] = list(held.truth)
    guesses = {}
    for name, order in orders.items():
        guesses[name] = dict(zip(order, said, strict=True))
        guesses[f"{name}, backwards"] = dict(zip(order, reversed(said), strict=True))
    by_cell = sorted(range(VOTERS), key=lambda n: cells[n])
    guesses["by ciphertext"] = {line: said[n] for line, n in zip(held.truth, by_cell, strict=True)}
    no_better_than_chance(held.truth, guesses)


def test_neither_log_nor_file_nor_record_holds_a_choice(held):
    found = everything(held.database)
    told = [row for row in found["event"] if str(row["kind"]).startswith("ballot.")]
    for written in (held.log, json.dumps(told, default=str)):
        assert '"yes"' not in written and "'yes'" not in written and '"no"' not in written
    assert not [p for p in held.database.files.rglob("*") if p.is_file()]
    assert not any(
        row["kind"].startswith("ballot") and "choice" in json.dumps(row, default=str) for row in found["job"]
    )


def test_after_the_count_there_is_nothing_left_to_open(held, tmp_path):
    """Rows, free pages and log of the database: the sealed box and key are in none of them."""
    before = everything(held.database)
    pieces = [bytes(before["ballot_box"][0]["content"])[40:72], bytes(before["ballot_key"][0]["private"])[13:45]]
    if held.database.dialect == "sqlite":
        files = [p for p in tmp_path.iterdir() if p.name.startswith("hall.db")]
        assert any(piece in p.read_bytes() for piece in pieces for p in files)  # they were there to be found
    result = closed(held.database, held.id, now=CLOSES)
    assert result["bodies"][0]["counts"] == {"yes": 20, "no": 20, "abstain": 0}
    after = everything(held.database)
    assert after["ballot_box"] == [] and after["ballot_key"] == []
    if held.database.dialect == "sqlite":
        for p in tmp_path.iterdir():
            if p.name.startswith("hall.db") and p.is_file():
                data = p.read_bytes()
                assert not any(piece in data for piece in pieces), p.name
    else:
        with held.database.engine.connect() as connection:
            pages = connection.execute(
                text(
                    "select pg_relation_size('ballot_box') + pg_relation_size('ballot_key')"
                    " + pg_relation_size((select reltoastrelid from pg_class where relname = 'ballot_box')::regclass)"
                )
            ).scalar_one()
        assert pages == 0  # vacuumed: the tables have no page left
    marks = {row["voter_id"]: row for row in after["ballot_mark"]}
    assert set(marks) == set(held.truth)
