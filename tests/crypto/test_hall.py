"""A hall that writes by the national suite, over rows of a time when it wrote by the other: they live together."""

import pytest
from sqlalchemy import select, text

from engine.records import anchors, audit
from engine.store import keys
from engine.store.models import Event, User
from tests.commands import acting
from tests.conftest import NOW

SECRET = b"0123456789abcdef0123456789abcdef"  # as tests/conftest.py sets it


@pytest.fixture
def national():
    from engine import crypto

    with keys.borrowing(keys.Keyring(SECRET, crypto.NATIONAL)):
        yield


def test_what_both_suites_wrote_is_read_and_the_record_holds_over_both(database, cast, clock, request):
    acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        audit.seal(work, now=NOW)
    with database.reading() as work:
        anchors.keep(work)
    request.getfixturevalue("national")
    case_id = acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        audit.seal(work, now=NOW)
    with database.reading() as work:
        anchors.keep(work)
        hashes = [one[:4] for one in work.session.scalars(select(Event.hash).order_by(Event.id))]
        assert hashes[0] != "sm3:" and hashes[-1] == "sm3:"
        verdict = audit.verify(work)
        assert (verdict.faults, verdict.seals) == ((), 2)
        assert [line.good for line in anchors.read(anchors.place(work))] == [True, True]
        raw = work.session.scalar(text('SELECT answers FROM "case" WHERE id = :id'), {"id": case_id})
        assert bytes(raw)[:1] == b"\x02"


def test_a_changed_act_is_found_by_sm3_too(database, cast, clock, national):
    acting.submit(database, cast.zhang, clock())
    with database.reading() as work:
        one = work.session.scalars(select(Event).order_by(Event.id.desc())).first()
        said = (one.chain, one.seq, one.at, one.kind, one.by_id, one.for_id, one.case_id, one.task_id)
        assert audit.digest(*said, one.facts, one.previous) == one.hash
        assert audit.digest(*said, {**one.facts, "x": 1}, one.previous) != one.hash


def test_a_resident_is_found_by_telephone(database, national):
    with database.unit_of_work() as work:
        phone = "13800000009"
        work.session.add(
            User(kind="resident", name="李四", phone=phone, phone_index=keys.blind("phone", phone), created_at=NOW)
        )
    with database.reading() as work:
        found = work.session.scalar(select(User).where(User.phone_index == keys.blind("phone", " 138 0000 0009 ")))
        assert found.name == "李四"
        assert found.phone_index.startswith("sm3:")
