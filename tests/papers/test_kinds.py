"""What a paper file says about itself, and the numbers and codes papers carry."""

from __future__ import annotations

import doctest
import importlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import NotFound, Refused
from engine.records import papers
from engine.records.papers import codes, filters, kinds, numbers
from tests.papers.facts import FACTS


@pytest.mark.parametrize("name", ["numbers", "codes", "filters"])
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"engine.records.papers.{name}"))
    assert found.attempted >= 2 and found.failed == 0


# ------------------------------------------------------------------ kinds


def test_each_kind_declares_what_a_designer_needs_to_know() -> None:
    for kind in papers.catalogue():
        assert kind.title and kind.title_en and kind.when, kind.key
        assert {"case.number", "organ.name", "issued_on"} <= set(kind.required), kind.key
    adverse = [kind for kind in papers.catalogue() if kind.adverse]
    assert {kind.key for kind in adverse} == {"refusal", "rejection"}
    for kind in adverse:
        assert {"reason", "grounds[]", "remedies.reconsideration", "remedies.court"} <= set(kind.required)


def test_series_are_not_shared_between_kinds_of_one_organ() -> None:
    series = [kind.series for kind in papers.catalogue() if kind.series and not kind.series.startswith("人调")]
    assert len(series) == len(set(series))


def test_county_and_organ_come_from_the_facts() -> None:
    shared = papers.library()
    for source in [*shared.fragments.values(), shared.css, *(kind.body for kind in shared.kinds.values())]:
        for name in ("德化", "泉州", "福建", "富东"):
            assert name not in source


def test_a_kind_tells_its_facts_as_a_schema() -> None:
    schema = papers.library().kind("acceptance").schema()
    assert "accepted_on" in schema["required"] and "deadline" in schema["required"]
    assert schema["properties"]["accepted_on"] == {"title": "受理日期", "type": "string", "format": "date"}
    materials = schema["properties"]["materials"]
    assert materials["type"] == "array" and materials["minItems"] == 1
    assert materials["items"]["required"] == ["name"]
    account = schema["properties"]["deadline"]["properties"]["account"]
    assert account["type"] == "array" and "minItems" not in account


def test_demonstration_facts_are_complete() -> None:
    for kind in papers.catalogue():
        assert kind.missing(FACTS[kind.key]) == [], kind.key


def test_an_unknown_kind_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="acceptance"):
        papers.library().kind("permit")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<p>no head</p>", "---"),
        ("---\nkind: [\n---\n", "YAML"),
        ("---\nkind: a\ntitle: b\n---\n", "title_en"),
        ("---\nkind: a\ntitle: b\ntitle_en: c\ncolour: red\n---\n", "colour"),
        ("---\nkind: a\ntitle: b\ntitle_en: c\nseal: gold\n---\n", "gold"),
        ("---\nkind: a\ntitle: b\ntitle_en: c\nuses: [nothing]\n---\n", "nothing"),
        ("---\nkind: a\ntitle: b\ntitle_en: c\nfacts: {Case Number: x}\n---\n", "Case Number"),
        ("---\nkind: a\ntitle: b\ntitle_en: c\nfacts: {phone: x}\n---\n", "phone"),
    ],
)
def test_a_bad_head_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(papers.BadPaper) as refused:
        papers.library().read(text, "trial.html")
    assert says in refused.value.zh and "trial.html" in refused.value.zh


def test_an_edited_shared_file_is_read_again(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(kinds.FORMS / "_shared", tmp_path / "_shared")
    first = papers.library(tmp_path)
    assert papers.library(tmp_path) is first
    paper = tmp_path / "_shared" / "papers" / "receipt.html"
    paper.write_text(paper.read_text().replace("title: 收件凭证", "title: 收件回执单"))
    assert papers.library(tmp_path).kind("receipt").title == "收件回执单"


@pytest.mark.parametrize("kind", papers.catalogue(), ids=lambda kind: kind.key)
def test_the_shared_papers_pass_their_own_check(kind: papers.PaperKind) -> None:
    text = (kinds.FORMS / "_shared" / "papers" / f"{kind.key}.html").read_text()
    assert papers.check(text, f"{kind.key}.html") == []


@pytest.mark.parametrize(
    ("head", "body", "rule", "line"),
    [
        ("", "<p>{{ colour }}</p>", "undeclared-fact", 6),
        ("", "<p>\n{% if %}</p>", "bad-template", 7),
        ("", "{% extends 'poster.html' %}", "unknown-fragment", 0),
        ("adverse: true\n", "<p>{{ reason }}</p>", "no-remedies", 0),
        ("colour: red\n", "", "bad-paper", 0),
        ("", "<img src='https://example.com/x.png'>", "outside-resource", 6),
    ],
)
def test_a_check_finds_what_would_fail_at_noon(head: str, body: str, rule: str, line: int) -> None:
    text = f"---\nkind: a\ntitle: b\ntitle_en: c\n{head}---\n{body}"
    found = papers.check(text, "forms/x/a.html")
    assert [(one.rule, one.line, one.file, one.severity) for one in found] == [(rule, line, "forms/x/a.html", "error")]


# ------------------------------------------------------------------ numbers

NUMBER = st.builds(
    numbers.case_number,
    st.from_regex(r"[1-9][0-9]{5}", fullmatch=True),
    st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    st.from_regex(r"[0-9]{4}", fullmatch=True),
    st.integers(1, 99999),
)


@settings(max_examples=60, deadline=None)
@given(NUMBER)
def test_a_case_number_reads_back(number: str) -> None:
    assert str(numbers.read_case_number(number)) == number
    assert str(numbers.read_case_number(number.replace("-", " "))) == number


@settings(max_examples=60, deadline=None)
@given(NUMBER, st.data())
def test_any_wrong_digit_in_a_case_number_is_found(number: str, data: st.DataObject) -> None:
    places = [n for n, char in enumerate(number) if char.isdigit()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    with pytest.raises(Refused):
        numbers.read_case_number(number[:place] + other + number[place + 1 :])


def test_full_width_digits_and_dashes_are_understood() -> None:
    assert numbers.read_case_number("３５０５２６－20260918—1203·0007／7").serial == 7


@pytest.mark.parametrize("part", [("35052", "1203", 1), ("350526", "12A3", 1), ("350526", "1203", 0)])
def test_parts_of_another_shape_are_refused(part: tuple[str, str, int]) -> None:
    with pytest.raises(ValueError):
        numbers.case_number(part[0], date(2026, 9, 18), part[1], part[2])


def test_each_kind_writes_its_own_numbers() -> None:
    assert papers.library().kind("acceptance").number("德医保", 2026, 5) == "德医保受〔2026〕5号"
    assert papers.library().kind("mediation_agreement").number("浔富", 2026, 5) == "（2026）浔富人调字第5号"
    assert papers.library().kind("mediation_end").number("浔富", 2026, 1) == "（2026）浔富人调终字第1号"


def test_paper_numbers_are_written_as_the_standard_says() -> None:
    assert numbers.paper_number("德医保受", 2026, 5) == "德医保受〔2026〕5号"
    assert numbers.read_paper_number(numbers.mediation_number("德浔富", 2026, 12)) == ("德浔富", 2026, 12)
    for wrong in ("德医保受[2026]5号", "德医保受〔2026〕05号", "德医保受〔2026〕第5号"):
        with pytest.raises(ValueError):
            numbers.read_paper_number(wrong)


# ------------------------------------------------------------------ codes


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=10, max_size=10))
def test_a_check_code_reads_back_however_it_is_typed(random: bytes) -> None:
    code = codes.check_code(random)
    assert len(code) == 19 and not set(code) & set("0O1I")
    assert codes.read_check_code(code) == code
    assert codes.read_check_code(code.lower().replace("-", " ")) == code


def test_check_codes_keep_all_eighty_bits() -> None:
    assert len({codes.check_code(bytes(9) + bytes([n])) for n in range(256)}) == 256
    assert len({codes.check_code(bytes([n]) + bytes(9)) for n in range(256)}) == 256
    with pytest.raises(ValueError):
        codes.check_code(bytes(8))


@pytest.mark.parametrize("typed", ["", "222J-62S6-2N52", "222J-62S6-2N52-G42O", "222J-62S6-2N52-G42BB"])
def test_what_cannot_be_a_check_code_is_refused_with_what_to_do(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        codes.read_check_code(typed)
    assert "16 位" in refused.value.zh


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("0", "零元整"),
        ("2650", "贰仟陆佰伍拾元整"),
        ("100000", "壹拾万元整"),
        ("10001", "壹万零壹元整"),
        ("100010000", "壹亿零壹万元整"),
        ("0.05", "伍分"),
        ("3.05", "叁元零伍分"),
        ("1010.10", "壹仟零壹拾元壹角整"),
    ],
)
def test_sums_are_written_in_capitals(value: str, says: str) -> None:
    assert filters.capitals(value) == says


def test_the_account_of_a_deadline_comes_from_the_calendar() -> None:
    from engine import workdays

    days = workdays.china().explain(date(2026, 9, 18), 5)
    account = filters.account(days)
    assert account[-1] == {"on": "2026-09-24", "count": 5, "note": ""}
    assert account[2] == {"on": "2026-09-20", "count": 1, "note": "调休上班"}
    assert account[1]["count"] is None and account[1]["note"] == "休息日"
