"""Slips of the pen, one at a time, in every good matter: the gate refuses them by file, line and cure.

A sample runs always, a larger one in `make wide`, all of them in `make soak`. What survives is listed in SURVIVORS
with its reason: a survivor of another kind fails the test.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest

from engine import matters
from engine.commands import gate
from engine.findings import errors
from engine.matters import county as counties
from tests.cast import ROOT
from tests.check.mutations import Slip, once, slips
from tests.soaking import one_in

COUNTY, _ = counties.read((ROOT / "web" / "demo" / "county.yaml").read_bytes(), "county.yaml")
HOUSE = gate.house(ROOT)
#: Of every so many slips one is tried always.
SAMPLE = 251
#: The same in `make wide`; all of some twenty thousand (more than half an hour) in `make soak`.
WIDE_SAMPLE = 29
#: Held of a sample that is large enough for it: of 34 slips (tongbao) two survivors, each judged, are six in a hundred.
#: Of a small one every survivor must have its reason all the same.
AT_LEAST, OF_AT_LEAST = 0.95, 100

TELLS = sorted({tell for name in matters.names(ROOT) for tell in matters.load(ROOT, name).info.tells})

KEPT = sorted(
    {
        word
        for name in matters.names(ROOT)
        for one in matters.load(ROOT, name).declared("registers").values()
        for word in (
            *one.what.fields,
            *one.what.states,
            *(option for field in one.what.fields.values() for option in field.options or ()),
        )
    }
)

#: kind of slip, pattern of the word -> why nothing can tell.
SURVIVORS = [
    ("matter reference", r"\d{4}-\d\d-\d\d", "another day is a day"),
    ("matter reference", r"\d+(wd|cd|h)", "another limit within the law is a limit"),
    ("matter key", r"not_\w+", "a ground's own word, written by whoever declines"),
    ("basis id", r"[a-z]+(-[a-z]+)*", "a basis that no paper names yet"),
    ("english key", r".", "one character doubled is another word"),
    ("english key", "[\u4e00-\u9fff]{2,4}", "too short for the nearest word: a hint says so, and bpmn/ has no hints"),
    ("matter key", r"\d+", "another number of minutes is a number"),
    ("matter key", "[\u4e00-\u9fff]+", "an answer to choose from, in the matter's own words"),
    ("matter key", "|".join(TELLS), "the name of a tell is its address: nothing else in the matter names it"),
    (
        "story key",
        r"\d{4}-\d\d-\d\d \d\d:\d\d",
        "a thing that the diagram makes of a day and an hour: played, it is not there",
    ),
    ("story reference", r"P.*", "another duration is a duration"),
    ("bpmn target", r"facts\..*", "a fact of a notice or a paper that may have others"),
    ("bpmn target", "originals_state", "what is kept of a hand-over beside the case, which nothing reads yet"),
    ("form key", r".*", "a field that nothing in the matter reads: it is only shown and kept"),
    ("dmn output name", r".*", "a column that nothing reads"),
    ("matter key", "|".join(KEPT), "a field or a state of a register that nothing in the matter names"),
    (
        "matter key",
        "ride|seats|licence|inspection|insurance",
        "what a match calls one of its own: nothing else names it",
    ),
    ("bpmn FEEL name", "[\u4e00-\u9fff]+", "words for people, given as a plain text"),
    ("bpmn FEEL name", "whom|name", "read in a filter of rows not wholly known: any name may be the row's own"),
    ("matter key", "window", "the name of an offer is its address: where nobody books it in a story, nothing names it"),
    ("bpmn id", "diagram", "the id of the page"),
    ("bpmn message name", r"(\w+-)?seat-free", "thrown to another case: who listens there, no drawing says"),
    ("bpmn errorCode", r"[A-Z_]+", "the code of an error that the drawing throws and catches by the same element"),
    ("bpmn FEEL name", "self|accepts|person|way|rank|parts", "of rows and parts that are known only as it runs"),
    ("bpmn header most", r"\d+", "another number is a number"),
    ("matter key", r"level|applicant\.name", "an answer of a schedule that another gives too, or that is only kept"),
    ("matter key", "refused|agri|plan", "a ground by which a paper's basis is chosen; another stands for the rest"),
    ("story key", "cut|help", "a role of an offer whose places the case says when it opens it"),
]


def refused(name: str, slip: Slip, files: dict[str, bytes]) -> bool:
    """Whether an error names a file, a line and what to do, in both languages."""
    found = errors(gate.check(matters.Source(name, slip.of(files)), COUNTY, house=HOUSE))
    assert not [f for f in found if f.rule == "check-failed"], (str(slip), found)
    return any(f.line > 0 and f.file in files and f.message_zh and f.message_en for f in found)


def reason(slip: Slip) -> str:
    return next((why for kind, word, why in SURVIVORS if slip.kind == kind and re.fullmatch(word, slip.word)), "")


def tried(name: str, every: int, first: int = 0) -> tuple[int, list[Slip]]:
    """How many slips were tried, and those that were not refused."""
    files = matters.read_files(ROOT, name)
    todo = [slip for slip in slips(name, files) if not once(slip, files)][first::every]
    return len(todo), [slip for slip in todo if not refused(name, slip, files)]


@pytest.mark.parametrize("name", matters.names(ROOT))
def test_a_sample_of_slips_is_refused(name: str) -> None:
    count, survivors = tried(name, SAMPLE, first=len(name))
    assert count and [str(slip) for slip in survivors if not reason(slip)] == []


@pytest.mark.parametrize(
    ("name", "every"),
    [
        pytest.param(name, every, marks=marks)
        for every, marks in (
            (WIDE_SAMPLE, pytest.mark.wide),
            (one_in(SAMPLE), [pytest.mark.soak, pytest.mark.timeout(3600)]),
        )
        for name in matters.names(ROOT)
    ],
)
def test_every_slip_is_refused_but_those_nothing_can_tell(name, every, record_property) -> None:
    count, survivors = tried(name, every)
    share = 1 - len(survivors) / count
    record_property("slips", count)
    record_property("refused", round(share, 4))
    print(f"{name}: {count} slips, {share:.2%} refused; survivors: {dict(Counter(s.kind for s in survivors))}")
    assert [str(slip) for slip in survivors if not reason(slip)] == []
    assert share >= AT_LEAST or count < OF_AT_LEAST
