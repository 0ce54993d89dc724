"""Votes by the verbs: who may, when, once, with whom, and what the count says."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from engine.commands import ballot_rows, ballots
from engine.errors import Invalid, NotNow, NotYours
from engine.matters.nouns.ballots import Ballot as Declaration
from engine.people import SYSTEM
from engine.proof import voting
from engine.reads import ballots as reads
from engine.records import audit
from engine.store.models import Ballot, BallotBox, BallotKey, BallotMark, BallotVoter, Event
from tests.ballots.world import CLOSES, DURING, NOW, OPEN, OPENS, SECRET, actor, announced, closed, line, village

HOUSEHOLD = Declaration.model_validate(
    {
        "name": "成员大会表决",
        "name_en": "Vote",
        "body": "members-assembly",
        "proxies": {"per": "household", "most": 1},
        "post": "agent",
    }
)


def vote(there, n, *choice, now=DURING, for_=None):
    by = actor(there.database, there.users[n], now)
    with there.database.unit_of_work() as work:
        for_id = there.lines[for_] if for_ is not None else None
        return ballots.vote(work, there.code, choice or ("yes",), for_id=for_id, by=by, now=now)


def test_an_open_vote_is_counted_and_the_last_one_of_a_voter_counts(database, cast):
    there = village(database, cast, OPEN, 3)
    vote(there, 0, "yes")
    vote(there, 1, "no")
    vote(there, 1, "yes")
    result = closed(database, there.id)
    assert result["outcome"] == "passed" and result["bodies"][0]["counts"] == {"yes": 2, "no": 0, "abstain": 0}
    assert result["bodies"][0]["quorum"]["needed"] == 2


def test_a_secret_vote_is_counted_once_and_cannot_be_changed(database, cast):
    there = village(database, cast, SECRET, 4)
    for n, choice in enumerate(("yes", "yes", "no")):
        vote(there, n, choice)
    with pytest.raises(NotNow, match="nobody can find it again"):
        vote(there, 0, "no")
    result = closed(database, there.id)
    assert result["bodies"][0]["counts"] == {"yes": 2, "no": 1, "abstain": 0} and result["passed"]
    with database.reading() as work:
        left = [work.session.scalar(select(func.count()).select_from(t)) for t in (BallotBox, BallotKey)]
        assert left == [0, 0]


def test_the_database_takes_one_mark_a_voter(database, cast):
    there = village(database, cast, SECRET, 3)
    vote(there, 0)
    with pytest.raises(IntegrityError), database.unit_of_work() as work:
        voter = work.session.get(BallotVoter, there.lines[0])
        work.session.add(BallotMark(voter_id=voter.id, body_id=voter.body_id, secret=True, way="online", changed=0))


def test_the_database_keeps_no_choice_of_a_secret_vote(database, cast):
    there = village(database, cast, SECRET, 3)
    for more in ({"choice": ["yes"]}, {"cast_at": DURING}):
        with pytest.raises(IntegrityError), database.unit_of_work() as work:
            voter = work.session.get(BallotVoter, there.lines[0])
            work.session.add(
                BallotMark(voter_id=voter.id, body_id=voter.body_id, secret=True, way="online", changed=0, **more)
            )


def test_somebody_who_is_not_on_the_roll_is_refused(database, cast):
    there = village(database, cast, OPEN, 3)
    with pytest.raises(NotYours, match="not on the roll"), database.unit_of_work() as work:
        ballots.vote(work, there.code, ["yes"], by=actor(database, cast.users["xu"]), now=DURING)


@pytest.mark.parametrize(
    ("now", "words"), [(OPENS - timedelta(minutes=1), "not begun"), (CLOSES, "over"), (CLOSES + timedelta(1), "over")]
)
def test_before_the_opening_and_after_the_close_no_vote_is_taken(database, cast, now, words):
    there = village(database, cast, OPEN, 3)
    with pytest.raises(NotNow, match=words):
        vote(there, 0, now=now)


def test_what_is_not_a_choice_is_refused_by_the_field(database, cast):
    there = village(database, cast, OPEN, 3)
    for choice in (("maybe",), ("yes", "maybe")):
        with pytest.raises(Invalid) as refused:
            vote(there, 0, *choice)
        assert list(refused.value.by_field()) == ["choice"]


def test_a_notice_shorter_than_the_law_is_refused_with_the_first_lawful_day(database, cast):
    """10 days: announced on 18 September, the vote opens on the 28th at the earliest."""
    with database.unit_of_work() as work, pytest.raises(Invalid) as refused:
        announced(work, cast, OPEN, [line(1)], opens=OPENS - timedelta(days=1))
    assert refused.value.by_field().keys() == {"opens_at"} and "2026-09-28" in refused.value.fields[0].zh
    with database.unit_of_work() as work:
        assert announced(work, cast, OPEN, [line(1)]).state == "announced"


@pytest.mark.parametrize(
    ("lines", "field"),
    [([], "roll"), ([line(1), line(1)], "roll"), ([line(1), line(2, 999)], "roll")],
)
def test_a_roll_that_cannot_be_is_refused(sqlite_cast, lines, field):
    database, cast = sqlite_cast
    bodies = (cast.suyang, cast.xiabi) if any(one.place_id for one in lines) else ()
    with database.unit_of_work() as work, pytest.raises(Invalid) as refused:
        announced(work, cast, OPEN, lines, bodies=bodies)
    assert list(refused.value.by_field()) == [field]


def test_two_cannot_vote_in_secret(sqlite_cast):
    database, cast = sqlite_cast
    with database.unit_of_work() as work, pytest.raises(Invalid, match="1 field"):
        announced(work, cast, SECRET, [line(1), line(2)])


def test_without_a_quorum_a_secret_ballot_is_destroyed_unread(database, cast, monkeypatch):
    what = SECRET.model_copy(update={"present": ">= 2/3 of roll"})
    there = village(database, cast, what, 6)
    for n in range(3):
        vote(there, n)
    monkeypatch.setattr(ballot_rows.urn, "empty_out", lambda *a: pytest.fail("a vote was read"))
    result = closed(database, there.id)
    assert result["outcome"] == "no-quorum" and result["bodies"][0]["counts"] is None
    assert result["bodies"][0]["quorum"] | {"zh": "", "en": ""} == {
        "met": False,
        "rule": ">= 2/3 of roll",
        "needed": 4,
        "zh": "",
        "en": "",
    }


@pytest.mark.parametrize("came", [1, 2])
def test_of_one_or_two_secret_votes_no_count_says_who_voted_what(database, cast, monkeypatch, came):
    """Of one vote the count is the vote; of two each who knows their own knows the other's."""
    what = SECRET.model_copy(update={"present": ">= 1/10 of roll"})
    there = village(database, cast, what, 6)
    for n in range(came):
        vote(there, n)
    monkeypatch.setattr(ballot_rows.urn, "empty_out", lambda *a: pytest.fail("a vote was read"))
    result = closed(database, there.id)
    (body,) = result["bodies"]
    assert (result["outcome"], body["counts"], body["passed"], body["quorum"]["met"]) == (
        "no-quorum",
        None,
        False,
        False,
    )
    assert f"只有 {came} 人投" in body["quorum"]["zh"] and "重新表决" in body["quorum"]["zh"]


def test_of_three_secret_votes_the_count_is_told(database, cast):
    secret = village(database, cast, SECRET.model_copy(update={"present": ">= 1/10 of roll"}), 6)
    for n in range(3):
        vote(secret, n)
    assert closed(database, secret.id)["bodies"][0]["counts"]["yes"] == 3


def test_it_ends_early_only_when_everybody_has_voted(database, cast):
    there = village(database, cast, OPEN, 3)
    for n in range(2):
        vote(there, n)
    assert closed(database, there.id, now=DURING) is None
    vote(there, 2)
    assert closed(database, there.id, now=DURING)["outcome"] == "passed"


def test_villages_vote_apart_and_all_must_pass(database, cast):
    """A passes, B has no quorum: nothing is carried, and it is said that nobody refused."""
    with database.unit_of_work() as work:
        from tests.ballots.world import resident

        users = [resident(work, n) for n in range(6)]
        lines = [line(n, cast.suyang.id if n < 3 else cast.xiabi.id) for n in range(6)]
        row = announced(work, cast, OPEN, lines, bodies=(cast.suyang, cast.xiabi))
    for n in (0, 1, 3):
        by = actor(database, users[n])
        with database.unit_of_work() as work:
            ballots.vote(work, row.code, ["yes"], by=by, now=DURING)
    result = closed(database, row.id)
    assert [one["passed"] for one in result["bodies"]] == [True, False]
    assert result["outcome"] == "no-quorum" and result["bodies"][1]["quorum"]["needed"] == 2
    with database.reading() as work:
        told = reads.told(work, work.session.get(Ballot, row.id))
    assert [one["name"] for one in told["bodies"]] == ["苏洋村", "霞碧村"] and told["passed"] is False


def test_of_options_the_first_are_chosen_and_a_tie_for_the_last_seat_is_not(database, cast):
    what = Declaration(
        name="推选", name_en="Choice", body="own", passes="votes > half of present", most=2, seats=2, secret=True
    )
    there = village(database, cast, what, 5, options=("甲", "乙", "丙"))
    for n, choice in enumerate((("o1", "o2"), ("o1", "o3"), ("o1", "o2"), ("o1", "o3"), ("o2", "o3"))):
        vote(there, n, *choice)
    with pytest.raises(NotNow):
        vote(there, 0, "o1")
    body = closed(database, there.id)["bodies"][0]
    assert body["counts"] == {"o1": 4, "o2": 3, "o3": 3}
    assert body["chosen"] == ["o1"] and body["tied"] == ["o2", "o3"] and body["passed"] is False


def test_more_options_than_one_may_choose_are_refused(sqlite_cast):
    database, cast = sqlite_cast
    what = Declaration(name="推选", name_en="Choice", body="own", passes="votes > half of present")
    there = village(database, cast, what, 3, options=("甲", "乙"))
    with pytest.raises(Invalid):
        vote(there, 0, "o1", "o2")


def test_in_a_story_one_voter_may_choose_several_options(sqlite_cast):
    database, cast = sqlite_cast
    what = Declaration(name="推选", name_en="Choice", body="own", passes="votes >= 3", most=2, seats=2, secret=True)
    there = village(database, cast, what, 5, options=("甲", "乙", "丙"))
    voting.vote(database, None, {"o1+o2": 3, "o3": 1, "o2 + o3": 1}, "", now=DURING)
    body = closed(database, there.id)["bodies"][0]
    assert body["counts"] == {"o1": 3, "o2": 4, "o3": 2} and body["chosen"] == ["o2", "o1"]


# ---------------------------------------------------------------- proxies


@pytest.fixture
def family(database, cast):
    """Voters 0, 1, 2 of one household, 3 and 4 of the next."""
    return village(database, cast, HOUSEHOLD, 5, of=lambda n: {"household": "1" if n < 3 else "2"})


def entrust(there, n, to, now=DURING):
    by = actor(there.database, there.users[n], now)
    with there.database.unit_of_work() as work:
        ballots.entrust(work, there.code, there.lines[to], signed=True, by=by, now=now)


def test_one_of_the_household_votes_for_another_and_it_is_shown(family):
    entrust(family, 0, 1)
    vote(family, 1, "no", for_=0)
    vote(family, 1, "yes")
    with family.database.reading() as work:
        mark = work.session.get(BallotMark, family.lines[0])
        assert mark.proxy_id == family.lines[1] and mark.choice == ["no"]
        page = reads.for_voter(work, actor(family.database, family.users[0]), family.code, now=DURING)
        assert page.voted_for_me == "村民1"
    body = closed(family.database, family.id)["bodies"][0]
    assert (body["proxy"], body["online"]) == (1, 1)


def test_a_neighbour_cannot_be_sent(family):
    with pytest.raises(Invalid) as refused:
        entrust(family, 0, 3)
    assert list(refused.value.by_field()) == ["holder"]


def test_one_votes_for_no_more_than_the_number_allowed(family):
    entrust(family, 0, 1)
    with pytest.raises(Invalid, match="1 field"):
        entrust(family, 2, 1)
    entrust(family, 2, 0)


def test_nobody_votes_for_another_without_a_mandate(family):
    with pytest.raises(NotYours):
        vote(family, 1, for_=0)
    entrust(family, 0, 1)
    by = actor(family.database, family.users[0])
    with family.database.unit_of_work() as work:
        ballots.revoke(work, family.code, by=by, now=DURING)
    with pytest.raises(NotYours):
        vote(family, 1, for_=0)


def test_who_comes_themselves_needs_nobody(family):
    entrust(family, 0, 1)
    vote(family, 0, "no")
    with pytest.raises(NotYours):
        vote(family, 1, "yes", for_=0)
    with family.database.reading() as work:
        assert work.session.get(BallotMark, family.lines[0]).choice == ["no"]


def test_a_mandate_that_was_used_is_not_taken_back(family):
    entrust(family, 0, 1)
    vote(family, 1, "yes", for_=0)
    by = actor(family.database, family.users[0])
    with pytest.raises(NotNow), family.database.unit_of_work() as work:
        ballots.revoke(work, family.code, by=by, now=DURING)
    vote(family, 0, "no")  # of an open vote the last counts: they came themselves
    with family.database.reading() as work:
        mark = work.session.get(BallotMark, family.lines[0])
        assert mark.choice == ["no"] and mark.proxy_id is None


# ---------------------------------------------------------------- in person


def test_somebody_without_a_telephone_votes_before_staff_and_a_witness(database, cast):
    there = village(database, cast, SECRET, 3)
    chen = actor(database, cast.users["chen"])
    with database.unit_of_work() as work, pytest.raises(Invalid) as refused:
        ballots.vote_in_person(work, there.code, there.lines[0], ["yes"], by=chen, now=DURING)
    assert list(refused.value.by_field()) == ["witness"]
    with database.unit_of_work() as work:
        ballots.vote_in_person(work, there.code, there.lines[0], ["yes"], witness="林志强", by=chen, now=DURING)
    with database.reading() as work:
        mark = work.session.get(BallotMark, there.lines[0])
        assert (mark.way, mark.before_id, mark.witness, mark.choice) == ("desk", chen.id, "林志强", None)
    with pytest.raises(NotNow):
        vote(there, 0)


@pytest.mark.parametrize("who", ["huang", "wang", "zhou"])
def test_staff_of_another_village_or_post_take_no_vote(database, cast, who):
    """黄丽华 is of 霞碧村, 王丽 of the 医保局; 周敏 is of the town above, but not of the post that the ballot names."""
    there = village(database, cast, SECRET, 3)
    by = actor(database, cast.users[who])
    with database.unit_of_work() as work, pytest.raises(NotYours):
        ballots.vote_in_person(work, there.code, there.lines[0], ["yes"], witness="见证", by=by, now=DURING)


# ---------------------------------------------------------------- the record


def test_the_record_tells_that_somebody_voted_and_holds_together(database, cast):
    there = village(database, cast, SECRET, 3)
    for n in range(3):
        vote(there, n, "no")
    closed(database, there.id)
    with database.reading() as work:
        kinds = Counter(work.session.scalars(select(Event.kind).where(Event.kind.like("ballot.%"))))
        assert kinds == {"ballot.announced": 1, "ballot.opened": 1, "ballot.voted": 3, "ballot.counted": 1}
        assert audit.verify(work).faults == ()


def test_a_withdrawn_ballot_takes_no_vote_and_keeps_none(database, cast):
    there = village(database, cast, SECRET, 3)
    vote(there, 0)
    with database.unit_of_work() as work:
        ballot_rows.withdraw(work, ballot_rows.alone(work, there.id), "议案要改", by=SYSTEM, now=DURING)
    with pytest.raises(NotNow, match="over"):
        vote(there, 1)
    with database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(BallotKey)) == 0
    assert closed(database, there.id) is None


def test_one_telephone_of_two_people_is_nobodys_until_the_name_says_whose(database, cast):
    with database.unit_of_work() as work:
        from tests.ballots.world import resident

        first = resident(work, 1)
        shared = line(2).__class__("村民2", line(1).phone)
        row = announced(work, cast, OPEN, [line(1), shared])
    with database.reading() as work:
        mine = reads.my_line(work, actor(database, first), row.id)
        assert mine is not None and mine.name == "村民1"


def test_the_list_shows_what_waits_for_me_first(database, cast):
    there = village(database, cast, OPEN, 3)
    with database.reading() as work:
        by = actor(database, there.users[0])
        assert [one.stage for one in reads.mine(work, by, now=NOW)] == ["soon"]
        assert reads.waiting(work, by, now=DURING) == 1
    vote(there, 0)
    with database.reading() as work:
        assert reads.waiting(work, by, now=DURING) == 0
        assert reads.mine(work, by, now=DURING)[0].voted
