"""Each rule of the gate about ballots, by one slip in the matter that votes."""

from __future__ import annotations

import pytest

from tests.check.test_gate import with_slip

MATTER, SHARED, DRAWING = "bpmn/baotuan/matter.yaml", "bpmn/_shared/voters.yaml", "bpmn/baotuan/process.bpmn"


@pytest.mark.parametrize(
    ("file", "right", "slip", "rule", "offered"),
    [
        (DRAWING, 'key="ballot" value="proposal"', 'key="ballot" value="propsal"', "ballot-unknown", "proposal"),
        (MATTER, "register: voter,", "register: votre,", "ballot-roll", "voter"),
        (MATTER, "household: household,", "household: houshold,", "ballot-roll", "household"),
        (MATTER, "consent: texts}", "consent: text}", "ballot-roll", "texts"),
        (MATTER, "consent: texts}", "consent: household}", "ballot-roll", "texts"),
        (MATTER, "where: capable = true", "where: capabel = true", "ballot-roll", "capable"),
        (MATTER, "where: capable = true", "where: capable =", "ballot-roll", "where"),
        (MATTER, "post: agent\nboards", "post: agnet\nboards", "post", "agent"),
        (SHARED, "about: person", "about: case", "ballot-roll", "about: person"),
        (MATTER, "notice: 10cd", "notice: 9cd", "matter", "10 days"),
        (MATTER, 'passes: "yes >= 2/3 of roll"', 'passes: "yes >= 2/3 of rol"', "matter", "roll"),
        (MATTER, 'passes: "yes >= 2/3 of roll"', 'passes: "yes > half of roll"', "matter", "Weaker than the law"),
    ],
)
def test_a_slip_is_found_with_what_to_do(file, right, slip, rule, offered):
    found = with_slip("baotuan", file, right, slip)
    assert any(f.rule == rule and offered in f.message_en for f in found), [(f.rule, f.message_en) for f in found]
    assert all(f.line for f in found if f.rule == rule)


def test_a_ballot_no_task_opens_is_told():
    ballots = "ballots:\n  other: {name: 另一次, name_en: Another, body: members-assembly}\n"
    found = with_slip("baotuan", MATTER, "ballots:\n", ballots)
    assert [f.rule for f in found if f.rule != "ballot-roll"] == ["ballot-unused"]
