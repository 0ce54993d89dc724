"""Many desks at the same moment, and everything in any order and at any time: a copy is in one pair of hands, nobody
has more than the limit, a copy is kept for one who waits, and the register says the same as the loans."""

import concurrent.futures
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.commands import loans
from engine.commands.loans import due
from engine.errors import Refused
from engine.store import again
from tests.conftest import NOW
from tests.loans.conftest import COPIES

CODES = sorted(COPIES)


def test_two_desks_that_lend_one_copy_lend_it_once(shelf):
    def lend(n):
        try:
            again(lambda: shelf.lend("B3", ("zhang", "xu")[n % 2]))
            return "lent"
        except Refused:
            return "no"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert Counter(pool.map(lend, range(8))) == {"lent": 1, "no": 7}
    assert len([one for one in shelf.loans() if one.ended_at is None]) == 1


def test_seven_copies_at_once_for_one_person_are_five(shelf):
    def lend(code):
        for _ in range(8):
            try:
                again(lambda: shelf.lend(code, "zhang"))
                return "lent"
            except Refused as refused:
                if "刚刚" not in refused.zh:
                    return "no"
        return "busy"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert Counter(pool.map(lend, CODES)) == {"lent": 5, "no": 2}
    assert sorted(one.n for one in shelf.loans()) == [1, 2, 3, 4, 5]


VERBS = ["lend", "lend", "back", "back", "reserve", "renew", "cancel", "recall", "lose", "later", "work"]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(0, len(CODES) - 1),
        st.sampled_from(["zhang", "xu"]),
        st.integers(0, 20),
    ),
    min_size=5,
    max_size=40,
)


def play(shelf, acts):
    for act, n, name, days in acts:
        code = CODES[n]
        loan = shelf.loan_of(code)
        try:
            match act:
                case "lend":
                    shelf.lend(code, name)
                case "back":
                    shelf.back(code)
                case "reserve":
                    shelf.reserve(COPIES[code][1], name)
                case "renew" if loan is not None:
                    shelf.renew(code, name)
                case "recall" if loan is not None:
                    shelf.do(loans.recall, loan.id, version=loan.version)
                case "lose" if loan is not None:
                    shelf.do(loans.lose, loan.id, version=loan.version)
                case "cancel":
                    live = [h for h in shelf.holds() if h.ended_at is None]
                    if live:
                        shelf.do(loans.cancel, live[n % len(live)].id, by=name)
                case "later":
                    shelf.clock.now += timedelta(days=days)
                case "work":
                    with shelf.database.unit_of_work() as work:
                        due.expire(work, now=shelf.clock.now)
                        due.serve_waiting(work, now=shelf.clock.now)
                        due.remind(work, now=shelf.clock.now)
        except Refused:
            pass
        holds_true(shelf)


def holds_true(shelf):
    live = [one for one in shelf.loans() if one.ended_at is None]
    holds = [one for one in shelf.holds() if one.ended_at is None]
    assert max(Counter(one.entry_id for one in live).values(), default=0) <= 1
    assert max(Counter(one.who_ref for one in live).values(), default=0) <= 5
    assert max(Counter((h.title, h.who_ref) for h in holds).values(), default=0) <= 1
    kept = Counter(h.entry_id for h in holds if h.state == "ready")
    assert max(kept.values(), default=0) <= 1
    states = Counter(shelf.state(code) for code in CODES)
    missed = sum(1 for one in live if one.missed_at is not None)
    assert (states["lent"], states["held"], states["lost"]) == (len(live) - missed, len(kept), missed)
    waiting = {h.title for h in holds if h.state == "waiting"}
    assert not [c for c in CODES if COPIES[c][1] in waiting and shelf.state(c) == "shelf"], "none stands unused"
    for title in waiting:  # first come, first kept
        first = min(h.id for h in holds if h.title == title and h.state == "waiting")
        assert all(h.id < first for h in holds if h.title == title and h.state == "ready")


def _fresh(shelf):
    """Everything is brought back, nobody waits: where each example begins."""
    shelf.clock.now += timedelta(days=1)
    for hold in shelf.holds():
        if hold.ended_at is None:
            with shelf.database.reading() as work:
                name = next(n for n, id in shelf.cast.users.items() if id == hold.user_id)
                work.session.expunge_all()
            shelf.do(loans.cancel, hold.id, by=name)
    for code in CODES:
        shelf.back(code)


@pytest.mark.parametrize("many", [20, pytest.param(80, marks=pytest.mark.wide)])
def test_whatever_people_do_and_however_time_goes(shelf, many):
    @settings(
        max_examples=many if shelf.database.dialect == "sqlite" else max(3, many // 10),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(ACTS)
    def any_order(acts):
        shelf.clock.now = max(shelf.clock.now, NOW)
        _fresh(shelf)
        holds_true(shelf)
        play(shelf, acts)

    any_order()
