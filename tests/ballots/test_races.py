"""Many at once, and anything in any order: each vote is counted once, and the sums are right."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
from collections import Counter
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from engine import people
from engine.commands import ballots
from engine.commands.ballots import closing
from engine.errors import NotNow, Refused
from engine.matters import majority
from engine.matters.nouns.ballots import Ballot as Declaration
from engine.store import again, db
from engine.store.models import Ballot, BallotBody, BallotBox, BallotMark, BallotVoter
from tests import machines
from tests.ballots.world import CLOSES, DURING, NOW, OPEN, OPENS, SECRET, announced, closed, line, village
from tests.conftest import fresh_database


def _one(there, n: int, choice: str) -> str:
    with there.database.reading() as work:
        by = people.load(work, there.users[n], now=DURING)

    def once() -> None:
        with there.database.unit_of_work() as work:
            ballots.vote(work, there.code, [choice], by=by, now=DURING)

    try:
        again(once)
        return "voted"
    except NotNow:
        return "already"


def _all_at_once(there, voters: int, threads: int) -> Counter[str]:
    """Everybody taps twice, yes by the even and no by the odd."""
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        tapped = [(n, "yes" if n % 2 == 0 else "no") for n in range(voters) for _ in range(2)]
        return Counter(pool.map(lambda one: _one(there, *one), tapped))


@pytest.mark.parametrize("voters", [60, pytest.param(1000, marks=pytest.mark.wide)])
def test_all_vote_at_once_and_each_is_counted_once(database, cast, voters):
    there = village(database, cast, SECRET, voters)
    assert _all_at_once(there, voters, 8) == {"voted": voters, "already": voters}
    body = closed(database, there.id, now=DURING)["bodies"][0]  # everybody has voted
    assert body["voted"] == voters and body["counts"] == {"yes": voters / 2, "no": voters / 2, "abstain": 0}


def _process(url: str, files: Path, code: str, users: dict[int, int], tapped: list[tuple[int, str]]) -> Counter[str]:
    """What one process of its own, with a database of its own, was told."""
    database = db.connect(url, files=files)
    there = SimpleNamespace(database=database, code=code, users=users)
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return Counter(pool.map(lambda one: _one(there, *one), tapped))
    finally:
        database.close()


@pytest.mark.wide
@pytest.mark.parametrize("what", [SECRET, OPEN])
def test_voters_of_four_processes_who_tap_twice_are_counted_once(database, cast, what):
    """The two taps of a voter come from two processes: nothing of one is in the memory of the other."""
    voters, processes = 200, 4
    there = village(database, cast, what, voters)
    tapped = [(n, "yes" if n % 2 == 0 else "no") for n in range(voters)]
    # each process has half of the voters, and each voter two processes, one of which begins at the other end
    shares = [tapped[k % 2 :: 2][:: 1 if k < 2 else -1] for k in range(processes)]
    url = database.url.render_as_string(hide_password=False)
    with concurrent.futures.ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        told = [pool.submit(_process, url, database.files, there.code, there.users, share) for share in shares]
        total = sum((one.result() for one in told), Counter())
    # a secret vote stands; an open one may be changed until the close, here to what it was
    assert total == ({"voted": voters, "already": voters} if what.secret else {"voted": 2 * voters})
    body = closed(database, there.id, now=DURING if what.secret else CLOSES)["bodies"][0]
    assert body["voted"] == voters and body["counts"] == {"yes": voters / 2, "no": voters / 2, "abstain": 0}


def test_votes_at_the_moment_of_the_count_are_counted_or_refused(database, cast):
    """Thirty vote while the worker counts: whoever was told that it is done is in the result."""
    there = village(database, cast, OPEN, 30)

    def count() -> str:
        def once() -> None:
            with database.unit_of_work() as work:
                closing.due(work, there.id, now=CLOSES)

        again(once)
        return "counted"

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = [pool.submit(_one, there, n, "yes") for n in range(15)]
        done.append(pool.submit(count))
        done += [pool.submit(_one, there, n, "yes") for n in range(15, 30)]
        said = Counter(one.result() for one in done)
    with database.reading() as work:
        result = work.session.get_one(Ballot, there.id).result
    assert result["bodies"][0]["voted"] == said["voted"]


class Votes(RuleBasedStateMachine):
    """A ballot of two villages under random acts and time, beside a plain list of who voted what."""

    made = None  # (database, cast), set by the test
    rounds = 0

    @initialize(secret=st.booleans(), heads=st.tuples(st.integers(3, 5), st.integers(3, 5)))
    def begin(self, secret, heads):
        self.database, self.cast = self.made
        Votes.rounds += 1
        base = 1000 * Votes.rounds
        self.what = Declaration.model_validate(
            {
                "name": "表决",
                "name_en": "Vote",
                "body": "own",
                "present": ">= 1/2 of roll",
                "passes": "yes > no",
                "secret": secret,
                "proxies": {"per": "household", "most": 1},
                "carried": "all",
            }
        )
        self.now, self.votes, self.sent = OPENS - timedelta(hours=1), {}, {}
        with self.database.unit_of_work() as work:
            numbers = [base + n for n in range(sum(heads))]
            lines = [
                line(n, (self.cast.suyang if n - base < heads[0] else self.cast.xiabi).id, household=str(n // 2))
                for n in numbers
            ]
            from tests.ballots.world import resident

            users = {n: resident(work, n) for n in numbers}
            row = announced(work, self.cast, self.what, lines, bodies=(self.cast.suyang, self.cast.xiabi))
            self.id, self.code = row.id, row.code
            found = work.session.scalars(select(BallotVoter).where(BallotVoter.ballot_id == row.id))
            named = {voter.name: voter for voter in found}
        self.users = {named[f"村民{n}"].id: user for n, user in users.items()}
        self.lines = {named[f"村民{n}"].id: named[f"村民{n}"] for n in numbers}

    @property
    def running(self) -> bool:
        return OPENS <= self.now < CLOSES

    def _line(self, data) -> int:
        return data.draw(st.sampled_from(sorted(self.lines)))

    def _by(self, voter):
        with self.database.reading() as work:
            return people.load(work, self.users[voter], now=self.now)

    @rule(data=st.data(), choice=st.sampled_from(["yes", "no", "abstain"]))
    def vote(self, data, choice):
        voter = self._line(data)
        by, before = self._by(voter), self.votes.get(voter)
        try:
            with self.database.unit_of_work() as work:
                ballots.vote(work, self.code, [choice], by=by, now=self.now)
            assert self.running and (before is None or not self.what.secret)
            self.votes[voter] = choice
            self.sent.pop(voter, None)
        except Refused:
            assert not self.running or (before is not None and self.what.secret)

    @rule(data=st.data())
    def send(self, data):
        voter, holder = self._line(data), self._line(data)
        by = self._by(voter)
        try:
            with self.database.unit_of_work() as work:
                ballots.entrust(work, self.code, holder, signed=True, by=by, now=self.now)
            one, other = self.lines[voter], self.lines[holder]
            assert one.household_index == other.household_index and one.body_id == other.body_id and voter != holder
            assert voter not in self.votes
            self.sent[voter] = holder
        except Refused:
            pass

    @rule(data=st.data(), choice=st.sampled_from(["yes", "no"]))
    def vote_for_another(self, data, choice):
        holder, voter = self._line(data), self._line(data)
        if holder == voter:
            return
        by, before = self._by(holder), self.votes.get(voter)
        try:
            with self.database.unit_of_work() as work:
                ballots.vote(work, self.code, [choice], for_id=voter, by=by, now=self.now)
            assert self.running and self.sent.get(voter) == holder and (before is None or not self.what.secret)
            self.votes[voter] = choice
        except Refused:
            assert not self.running or self.sent.get(voter) != holder or (before is not None and self.what.secret)

    @rule(hours=st.integers(1, 30))
    def time_goes_by(self, hours):
        self.now += timedelta(hours=hours)

    @rule()
    def worker(self):
        with self.database.unit_of_work() as work:
            counted = closing.due(work, self.id, now=self.now)
        if counted:
            assert self.now >= CLOSES or len(self.votes) == len(self.lines)
            self._right()

    def _right(self):
        """The result by plain counting."""
        with self.database.reading() as work:
            result = work.session.get_one(Ballot, self.id).result
        passed = []
        for body in result["bodies"]:
            inside = [v for v, one in self.lines.items() if self._place(one) == body["unit"]]
            cast_ = Counter(self.votes[v] for v in inside if v in self.votes)
            quorum = 2 * sum(cast_.values()) >= len(inside)
            assert body["quorum"]["met"] == quorum and body["present"] == sum(cast_.values())
            if quorum:
                assert Counter(body["counts"]) == cast_, body
            passed.append(quorum and cast_["yes"] > cast_["no"])
            assert body["passed"] == passed[-1]
        assert result["passed"] == all(passed)
        self.now = max(self.now, CLOSES)

    def _place(self, voter) -> int:
        with self.database.reading() as work:
            return work.session.get_one(BallotBody, voter.body_id).unit_id

    @invariant()
    def one_mark_a_vote(self):
        with self.database.reading() as work:
            ours = select(BallotVoter.id).where(BallotVoter.ballot_id == self.id)
            marks = set(work.session.scalars(select(BallotMark.voter_id).where(BallotMark.voter_id.in_(ours))))
            told = work.session.scalar(select(func.sum(BallotBody.voted)).where(BallotBody.ballot_id == self.id))
            boxes = work.session.scalar(
                select(func.count())
                .select_from(BallotBox)
                .join(BallotBody, BallotBody.id == BallotBox.body_id)
                .where(BallotBody.ballot_id == self.id)
            )
            over = work.session.get_one(Ballot, self.id).state == "counted"
        assert marks == set(self.votes) and told == len(marks)
        assert boxes == (2 if self.what.secret and not over else 0)


def _played(request, tmp_path, kind: str, examples: int) -> None:
    from types import SimpleNamespace

    from tests import cast as the_cast

    asking = SimpleNamespace(fixturenames=["cast"], getfixturevalue=request.getfixturevalue)
    with fresh_database(asking, tmp_path, kind) as database:
        with database.reading() as work:
            Votes.made = (database, the_cast.meet(work, NOW))
        machines.play(Votes, examples, 20)


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 12), ("postgres", 4)])
def test_any_acts_in_any_order_keep_the_sums(request, tmp_path, kind, examples):
    _played(request, tmp_path, kind, examples)


@pytest.mark.wide
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_any_acts_in_any_order_keep_the_sums_at_length(request, tmp_path, kind):
    _played(request, tmp_path, kind, 30 if kind == "sqlite" else 8)


def test_the_sums_of_weights_are_those_of_the_register(database, cast):
    """Shares vote: 3, 2 and 1; the rule counts shares and not heads."""
    what = Declaration(name="股东会", name_en="Members by shares", body="own", passes="yes >= 2/3 of roll")
    there = village(database, cast, what, 3, of=lambda n: {"weight": 3 - n})
    _one(there, 0, "yes")
    _one(there, 2, "yes")
    body = closed(database, there.id)["bodies"][0]
    assert (body["roll"], body["present"], body["counts"]["yes"]) == (6, 4, 4) and body["passed"]
    assert majority.read("yes >= 2/3 of roll").met({"yes": 4, "roll": 6})
