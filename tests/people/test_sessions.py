"""Log-ins that last: until their end, until nobody uses them, until they are ended."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands.hall import signing_in
from engine.errors import NotFound, NotYours
from engine.people import login, sessions
from engine.people.sessions import From, Limits
from engine.records import audit
from engine.store.models import Event, Session
from tests.cast import PASSWORD

IDLE = Limits(timedelta(hours=8), timedelta(minutes=30))


def _begin(database, cast, clock, limits=IDLE, **more):
    with database.unit_of_work() as work:
        return sessions.begin(work, cast.users["chen"], now=clock(), limits=limits, **more)


def _find(database, token, now):
    with database.reading() as work:
        return sessions.find(work, token, now=now)


def _seen(database, opened, now):
    with database.unit_of_work() as work:
        sessions.seen(work, opened, now=now)


def test_a_session_that_nobody_uses_is_over_and_one_that_is_used_goes_on(database, cast, clock):
    token = _begin(database, cast, clock)
    opened = _find(database, token, clock.on(minutes=29))
    assert opened.actor.id == cast.users["chen"] and opened.unseen(clock())
    _seen(database, opened, clock())
    again = _find(database, token, clock.on(minutes=29))
    assert again is not None and again.seen_at == clock() - timedelta(minutes=29)
    assert _find(database, token, clock.on(minutes=1)) is None


def test_a_session_is_over_after_its_hours_however_much_it_is_used(database, cast, clock):
    token = _begin(database, cast, clock)
    for _ in range(19):
        clock.on(minutes=25)
        _seen(database, _find(database, token, clock()), clock())
    assert _find(database, token, clock.on(minutes=4)) is not None
    assert _find(database, token, clock.on(minutes=1)) is None


def test_that_it_is_used_is_written_once_a_minute(database, cast, clock):
    token = _begin(database, cast, clock)
    opened = _find(database, token, clock.on(seconds=59))
    assert not opened.unseen(clock())
    _seen(database, opened, clock())
    assert _find(database, token, clock()).seen_at == clock() - timedelta(seconds=59)


def test_a_person_sees_their_own_sessions_this_one_first_and_the_programs_of_theirs(database, cast, clock):
    first = _begin(database, cast, clock, where=From("Edge · Windows", "10.0.0.7"))
    clock.on(minutes=5)
    _begin(database, cast, clock, where=From("微信 · Android", "10.0.0.8"))
    this = _find(database, first, clock()).id
    with database.unit_of_work() as work:
        login.new_token(work, cast.users["chen"], now=clock(), name="import")
        sessions.begin(work, cast.users["wang"], now=clock())
        found = sessions.listed(work, cast.users["chen"], this=this, now=clock())
    assert [(one.kind, one.device, one.address, one.this) for one in found] == [
        ("session", "Edge · Windows", "10.0.0.7", True),
        ("session", "微信 · Android", "10.0.0.8", False),
        ("program", "import", "", False),
    ]


def test_where_somebody_was_lies_sealed(database, cast, clock):
    _begin(database, cast, clock, where=From("Edge", "203.0.113.77"))
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql("select address from session").scalar_one()
    assert b"203.0.113.77" not in bytes(kept)


def test_one_that_is_ended_is_over_at_once_and_nobody_ends_anothers(database, cast, clock):
    token = _begin(database, cast, clock)
    opened = _find(database, token, clock())
    with pytest.raises(NotFound), database.unit_of_work() as work:
        signing_in.end(work, "session", opened.id, by=cast.wang, now=clock())
    with database.unit_of_work() as work:
        signing_in.end(work, "session", opened.id, by=cast.chen, now=clock())
    assert _find(database, token, clock()) is None
    with pytest.raises(NotFound), database.unit_of_work() as work:
        signing_in.end(work, "session", opened.id, by=cast.chen, now=clock())


def test_all_others_end_and_this_one_stays(database, cast, clock):
    tokens = [_begin(database, cast, clock) for _ in range(3)]
    with database.unit_of_work() as work:
        program = login.new_token(work, cast.users["chen"], now=clock())
        others = sessions.begin(work, cast.users["wang"], now=clock())
    this = _find(database, tokens[1], clock()).id
    with database.unit_of_work() as work:
        assert signing_in.end_others(work, this=this, by=cast.chen, now=clock()) == 3
    held = [_find(database, token, clock()) is not None for token in (*tokens, others)]
    assert held == [False, True, False, True]
    with database.reading() as work:
        assert login.actor_of_token(work, program, now=clock()) is None


def test_coming_in_failing_and_going_out_are_in_the_record_and_no_name_is(database, cast, clock):
    for name in ("chen", "nobody"):
        with pytest.raises(NotYours):
            signing_in.password(database, name, "wrong-password", now=clock())
    entered = signing_in.password(database, "chen", PASSWORD, now=clock())
    with database.unit_of_work() as work:
        token = signing_in.enter(work, entered.user_id, "password", where=From("Edge", "10.0.0.7"), now=clock())
    with database.unit_of_work() as work:
        signing_in.leave(work, token, by=cast.chen, now=clock())
        signing_in.by_program(work, entered.user_id, "password", now=clock(), name="import")
    chen = cast.users["chen"]
    with database.reading() as work:
        kinds = ("person.log-in-failed", "person.logged-in", "person.logged-out")
        rows = work.session.scalars(select(Event).where(Event.kind.in_(kinds)).order_by(Event.id)).all()
        assert [(row.kind, row.by_id, row.facts) for row in rows] == [
            ("person.log-in-failed", None, {"user": chen, "how": "password"}),
            ("person.log-in-failed", None, {"user": None, "how": "password"}),
            ("person.logged-in", chen, {"how": "password"}),
            ("person.logged-out", chen, {}),
            ("person.logged-in", chen, {"how": "password", "program": True}),
        ]
        assert work.session.scalar(select(Session.ended_at)) == clock()
        assert not audit.verify(work).faults
