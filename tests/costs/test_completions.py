"""Fifteen statements and one commit a completion, and at most three more an offer, a record, a hand-over … that it asks
for: every completion of every story of every matter, without an exception.

What is counted is the whole transaction: who acts is found (one statement, whatever posts they hold), their task is
found with its case and the other open tasks (two; the case is locked), signed for where nobody had yet (one), the step
is written, and the end writes the case, the task, the events. Each step's own effects come on top.
"""

from __future__ import annotations

import pytest

from engine import matters
from tests.cast import ROOT
from tests.costs import playing

COMPLETION, NOUN = 15, 3

#: Played in every run, for each asks for other nouns; the others in the wide one.
DAILY = {"baotuan", "daoban", "jieren", "jisong", "zhiyuan"}
NAMES = [name if name in DAILY else pytest.param(name, marks=pytest.mark.wide) for name in matters.names(ROOT)]


@pytest.mark.parametrize("matter", NAMES)
def test_every_completion_costs_at_most_fifteen_statements_and_three_a_noun(matter):
    dear = []
    for one in playing.completions(matter):
        assert one.cost.commits == 1, one
        limit = COMPLETION + NOUN * one.nouns
        if len(one.cost) > limit:
            dear.append(f"at most {limit}: {one}")
    assert not dear, "\n".join(dear)
