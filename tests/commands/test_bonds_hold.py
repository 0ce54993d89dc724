"""Under random acts and days bonds keep what they promise: never two of a kind between two persons at once, never more
than there may be, nothing opened that is not granted today; on both databases (SQLite at length in `make wide`)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine import people
from engine.commands import bond_rows
from engine.errors import Refused
from engine.matters.nouns.bonds import Bond as Kind
from engine.people import bonds
from engine.reads.knowing import Person
from engine.store.models import Bond, User
from engine.workdays import local_date

KIND = Kind(title="照护人", title_en="Carer", lets=("see", "apply"), most=2, lasts="30cd")
NAMES = ("zhang", "xu")
#: Some with an account, some without.
PEOPLE = (
    Person("张三丰", "13800000001"),
    Person("许小妹", "13800000002"),
    Person("王建国", "13800000055"),
    Person("李阿婆", None, "350526195508124025"),
)
who = st.integers(0, len(PEOPLE) - 1)
ACTS = st.one_of(
    st.tuples(st.just("make"), who, who, st.integers(0, 35), st.booleans()),
    st.tuples(st.just("end"), st.integers(0, 20)),
    st.tuples(st.just("yes"), st.integers(0, 20)),
    st.tuples(st.just("days"), st.integers(1, 20)),
    st.tuples(st.just("close"), st.integers(0, 1)),
)


def _do(work, cast, now, act):
    if act[0] == "make":
        _, subject, holder, days, confirmed = act
        asked = bond_rows.Asked(
            "care.carer",
            KIND,
            PEOPLE[subject],
            PEOPLE[holder],
            "counter" if confirmed else "phone",
            local_date(now) + timedelta(days=days),
            confirmed=confirmed,
        )
        bond_rows.make(work, asked, by=cast.chen, now=now)
    elif act[0] == "close":
        work.session.get(User, cast.users[NAMES[act[1]]]).disabled_at = now
    else:
        rows = work.session.scalars(select(Bond).order_by(Bond.id)).all()
        if not rows:
            return
        row = rows[act[1] % len(rows)]
        if act[0] == "end":
            bond_rows.end(work, row, "counter", by=cast.chen, now=now)
        elif row.subject_id is not None:
            bond_rows.confirm(work, row, by=people.Actor(row.subject_id, "resident", ""), now=now)


def _sound(work, cast, now):
    today: date = local_date(now)
    rows = work.session.scalars(select(Bond)).all()
    live = [row for row in rows if row.ended_at is None]
    assert max(Counter((r.subject_ref, r.holder_ref) for r in live).values(), default=0) <= 1
    assert max(Counter(r.subject_ref for r in live).values(), default=0) <= KIND.most
    assert all(r.subject_ref != r.holder_ref and 1 <= r.n <= r.most for r in rows)
    closed = {cast.users[n] for n in NAMES if work.session.get(User, cast.users[n]).disabled_at is not None}
    for name in NAMES:
        granted = {g.id for g in bonds.granted(work, cast.users[name], today)}
        model = {
            r.id
            for r in rows
            if r.holder_id == cast.users[name]
            and r.state == "held"
            and r.from_on <= today <= r.until_on
            and r.subject_id not in closed
        }
        assert granted == model


def _run(database, cast, clock, acts):
    class Undo(Exception):
        """The world is thrown away after each example."""

    try:
        with database.unit_of_work() as work:
            now = clock()
            for act in acts:
                if act[0] == "days":
                    now += timedelta(days=act[1])
                else:
                    try:
                        with work.session.begin_nested():
                            _do(work, cast, now, act)
                            work.session.flush()
                    except Refused:
                        pass
                work.session.expire_all()
                _sound(work, cast, now)
            raise Undo
    except Undo:
        pass


SAME = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=SAME)
@given(acts=st.lists(ACTS, max_size=14))
def test_bonds_keep_their_promises(database, cast, clock, acts):
    _run(database, cast, clock, acts)


@pytest.mark.wide
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=SAME)
@given(acts=st.lists(ACTS, max_size=40))
def test_bonds_keep_their_promises_for_long(database, cast, clock, acts):
    if database.dialect == "sqlite":
        _run(database, cast, clock, acts)
