"""The urn: everything comes out that went in, and nothing stays where it was."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.crypto import boxes
from engine.records import urn

ABOUT = b"ballot 7, body 1"


@given(votes=st.lists(st.sampled_from([["yes"], ["no"], ["abstain"], ["o1", "o2"], []]), max_size=12))
@settings(max_examples=20, deadline=None)
def test_what_comes_out_is_what_went_in(votes) -> None:
    pair = urn.new_pair()
    box = urn.empty(12, pair.public, ABOUT)
    for vote in votes:
        box = urn.put(box, vote, pair.public, ABOUT)
    assert Counter(map(tuple, urn.empty_out(box, pair.private, ABOUT))) == Counter(map(tuple, votes))


def test_the_box_is_as_long_for_nobody_as_for_all() -> None:
    pair = urn.new_pair()
    box = urn.empty(3, pair.public, ABOUT)
    lengths = {len(box)}
    for vote in (["yes"], ["no"], ["o10", "o11", "o12"]):
        box = urn.put(box, vote, pair.public, ABOUT)
        lengths.add(len(box))
    assert len(lengths) == 1
    with pytest.raises(ValueError, match="room"):
        urn.put(box, ["yes"], pair.public, ABOUT)


def test_a_box_belongs_to_its_body() -> None:
    pair = urn.new_pair()
    box = urn.empty(2, pair.public, ABOUT)
    with pytest.raises(Exception):  # noqa: B017 the library's own refusal of a wrong seal
        urn.put(box, ["yes"], pair.public, b"another")


def test_no_byte_run_of_a_box_survives_a_vote() -> None:
    """Two copies of the database, without the hall's key, show no part that stayed."""
    pair = urn.new_pair()
    before = urn.empty(40, pair.public, ABOUT)
    after = urn.put(before, ["yes"], pair.public, ABOUT)
    runs = {before[at : at + 8] for at in range(len(before) - 8)}
    assert not any(after[at : at + 8] in runs for at in range(13, len(after) - 8))


def test_the_place_of_a_vote_says_nothing_of_when_it_came(monkeypatch) -> None:
    """Whoever opens the outer seal and the cells of a full house finds the first voter anywhere."""
    monkeypatch.setattr(urn, "_random", Random(20260918))
    pair, places = urn.new_pair(), Counter()
    for _ in range(200):
        box = urn.empty(4, pair.public, ABOUT)
        for n in range(4):
            box = urn.put(box, [f"o{n}"], pair.public, ABOUT)
        cells, _ = urn._opened(box, ABOUT)
        order = [one.strip() for one in boxes.open_all(pair.private, cells, ABOUT)]
        places[order.index(b'["o0"]')] += 1
    assert all(30 <= places[n] <= 70 for n in range(4)), places  # 50 each, seeded
