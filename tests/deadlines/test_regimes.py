"""Regimes are dated data with sources; a wrong entry is named."""

from datetime import date

import pytest

from engine.deadlines import Limit, regime, regimes, rules
from engine.deadlines.regimes import read
from engine.errors import Invalid

ENTRY = "{id: x, name: 某, en: X, valid_from: %s, source: 某法, grade: V, starts: accepted%s}"


def test_every_regime_names_its_source_and_the_day_it_came_into_force():
    assert len({r.id for r in regimes()}) > 10
    for each in regimes():
        assert each.source and each.grade in "VSP" and each.valid_from <= date(2026, 9, 18)
        for clause in (each.accept, each.decide, each.deliver, each.extend, each.pause, each.hearing, each.correction):
            assert clause is None or clause.source


def test_the_entry_in_force_on_a_day_is_taken():
    found = read("regimes: [" + ENTRY % ("2020-01-01", "") + "," + ENTRY % ("2027-01-01", ", steps: {a: 3wd}") + "]")
    assert [r.steps for r in found] == [{}, {"a": Limit(3, "wd")}]
    with pytest.raises(Invalid, match="2000-01-01"):
        regime("permit", date(2000, 1, 1))


def test_an_unknown_regime_lists_the_known_ones():
    with pytest.raises(Invalid, match="subsistence"):
        rules("nonsense")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[]", "regimes"),
        ("regimes: [1]", "regimes[0]"),
        ("regimes: [{id: x}]", "regimes[0](x).name"),
        ("regimes: [" + ENTRY % ("2020-01-01", ", colour: red") + "]", "regimes[0](x).colour"),
        ("regimes: [" + ENTRY % ("soon", "") + "]", "regimes[0](x).valid_from"),
        ("regimes: [" + ENTRY % ("2020-01-01", ", decide: {within: 20wd}") + "]", "regimes[0](x).decide"),
        (
            "regimes: [" + ENTRY % ("2020-01-01", ", decide: {within: soon, source: y}") + "]",
            "regimes[0](x).decide.within",
        ),
        ("regimes: [" + (ENTRY % ("2020-01-01", "")).replace("accepted", "born") + "]", "regimes[0](x).starts"),
    ],
)
def test_a_wrong_entry_is_refused_naming_the_key(text, where):
    with pytest.raises(Invalid) as caught:
        read(text)
    assert where in caught.value.by_field()


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("20wd", Limit(20, "wd")),
        ("5 个工作日", Limit(5, "wd")),
        ("30天", Limit(30, "cd")),
        ("24小时", Limit(24, "h")),
        ("即办", Limit(0, "wd")),
    ],
)
def test_limits_are_read_in_the_words_of_the_field(text, limit):
    assert Limit.parse(text) == limit
    assert Limit.parse(str(limit)) == limit
