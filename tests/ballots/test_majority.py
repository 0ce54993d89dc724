"""Quorum and majority: the vectors of the law, and every rule against plain counting."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.matters import majority
from engine.matters.nouns.ballots import Ballot, laws
from engine.matters.schema import check

TWO_THIRDS = "yes >= 2/3 of roll"


@pytest.mark.parametrize(
    ("rule", "of", "needed"),
    [
        (TWO_THIRDS, 899, 600),
        (TWO_THIRDS, 900, 600),
        (TWO_THIRDS, 901, 601),
        (TWO_THIRDS, 21, 14),
        (TWO_THIRDS, 27, 18),
        (TWO_THIRDS, 31, 21),
        ("yes >= 3/4 of roll", 361, 271),
        ("yes > half of roll", 3, 2),
        ("yes > half of roll", 5, 3),
        ("yes > half of roll", 7, 4),
        ("yes > half of roll", 10, 6),
        ("yes >= half of roll", 10, 5),
        ("yes >= half of roll", 9, 5),
        ("yes >= 66% of roll", 300, 198),
        ("yes >= 5", 900, 5),
    ],
)
def test_the_number_that_is_needed(rule: str, of: int, needed: int) -> None:
    assert majority.read(rule).needed({"roll": of}) == (needed,)


def test_three_villages_each_by_its_own_count() -> None:
    """SERVICES 27: 243 of 360 pass; 275 of 417 fail though 94.8 % of those present agreed; 136 of 205 are no quorum."""
    present, passes = majority.read(">= 2/3 of roll", "present"), majority.read(TWO_THIRDS)
    assert present.met({"present": 251, "roll": 360}) and passes.met({"yes": 243, "roll": 360})
    assert present.met({"present": 290, "roll": 417}) and not passes.met({"yes": 275, "roll": 417})
    assert not present.met({"present": 136, "roll": 205})


def test_a_rule_of_two_conditions_needs_both() -> None:
    rule = majority.read("yes > half of present and yes > no")
    assert rule.met({"yes": 6, "no": 4, "present": 10})
    assert not rule.met({"yes": 5, "no": 4, "present": 10})


@given(
    share=st.tuples(st.integers(0, 12), st.integers(1, 12)).filter(lambda s: s[0] <= s[1]),
    strict=st.booleans(),
    of=st.sampled_from(["roll", "present"]),
    roll=st.integers(0, 5000),
    data=st.data(),
)
def test_every_share_agrees_with_plain_fractions(share, strict, of, roll, data) -> None:
    present = data.draw(st.integers(0, roll))
    yes = data.draw(st.integers(0, present))
    rule = majority.read(f"yes {'>' if strict else '>='} {share[0]}/{share[1]} of {of}")
    counts = {"roll": roll, "present": present, "yes": yes}
    bar = Fraction(share[0] * counts[of], share[1])
    assert rule.met(counts) == (yes > bar if strict else yes >= bar)
    (needed,) = rule.needed(counts)
    smallest = next(n for n in range(roll + 2) if (n > bar if strict else n >= bar))
    assert needed == smallest
    assert rule.met({**counts, "yes": needed}) and (needed == 0 or not rule.met({**counts, "yes": needed - 1}))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("yess >= 2/3 of roll", '"yes"'),
        ("yes >= 2/3 of rol", '"roll"'),
        ("yes = 2/3 of roll", "no rule"),
        ("yes >= 3/2 of roll", "more than all"),
        ("yes >= 1/0 of roll", "divided by 0"),
        ("yes >= 0.6 of roll", "such as half of present"),
        ("", "no rule"),
    ],
)
def test_a_slip_in_a_rule_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(majority.BadRule) as refused:
        majority.read(text)
    assert hint in refused.value.en and refused.value.zh


def test_the_words_work_the_sum_out() -> None:
    zh, en = majority.read(TWO_THIRDS).explained({"yes": 275, "roll": 417})
    assert zh == "全体 417 × 2/3，要有 278；赞成 275：没有达到"
    assert en == "the whole roll 417 x 2/3 needs 278; yes 275: not reached"


def test_the_law_of_every_body_can_be_read() -> None:
    assert set(laws()) >= {"members-assembly", "villagers-meeting", "directors", "own"}
    for one in laws().values():
        assert one.present.words() and (one.id == "own") == (one.passes is None)


def declared(**said: object):
    from engine.matters.lines import read

    rows = "".join(f"{key}: {value}\n" for key, value in {"name": "表决", "name_en": "Vote", **said}.items())
    return check(Ballot, read(rows.encode(), "ballot.yaml"), "matter")


SLIPS = [
    ({"body": "member-assembly"}, "members-assembly"),
    ({"body": "members-assembly", "notice": "9cd"}, "10 days of notice"),
    ({"body": "members-assembly", "notice": "2 weeks"}, "such as 10cd"),
    ({"body": "members-assembly", "passes": '"yes > half of roll"'}, "Weaker than the law"),
    ({"body": "members-assembly", "passes": '"yes >= 2/3 of present"'}, "Weaker than the law"),
    ({"body": "members-assembly", "present": '"> half of roll"'}, "Weaker than the law"),
    ({"body": "members-assembly", "present": '"yes >= 2/3 of roll"'}, "cannot read"),
    ({"body": "members-assembly", "proxies": "{per: roll}"}, "same household"),
    ({"body": "villagers-meeting", "proxies": "{per: household}"}, "nobody votes for another"),
    ({"body": "own"}, "must say when it passes"),
    ({"body": "own", "passes": '"yes > 0.5 of present"'}, "such as half of present"),
    ({"body": "own", "passes": "yes > no", "secrte": "true"}, "secret"),
    ({"body": "members-assembly", "roll": "{register: voter, weight: shares}"}, "one person has one vote"),
    ({"body": "own", "passes": "yes > no", "secret": "true", "roll": "{register: v, weight: w}"}, "betrays"),
    ({"body": "members-assembly", "roll": "{register: voter}", "proxies": "{most: 2}"}, "household"),
]


@pytest.mark.parametrize(("said", "hint"), SLIPS)
def test_a_slip_in_a_declaration_says_what_to_do(said, hint) -> None:
    found, faults = declared(**said)
    assert found is None
    assert any(re.search(re.escape(hint), f.message_en) for f in faults), [f.message_en for f in faults]


def test_a_stricter_charter_prevails() -> None:
    found, faults = declared(body="members-assembly", notice="15cd", passes='"yes >= 3/4 of roll"')
    assert faults == [] and found.days == 15 and found.majority.text == "yes >= 3/4 of roll"
    assert found.quorum.met({"present": 2, "roll": 3})  # what it does not say, the law says
