"""The regression set in cases.txt, a section a test."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import feel, workdays
from engine.feel.table import BUILT_INS

CONTEXT = {
    "申请人": {"年龄": 61},
    "申请-审批": 7,
    "甲": 3,
    "乙": 2,
    "甲-乙": 99,
    "月 收入": 3000,
    "备注（选填）": "无",
    "x1": None,
}


def environment() -> feel.Env:
    return feel.Env(now=datetime(2026, 9, 18, 1, 0, tzinfo=UTC), calendar=workdays.china(), unit="民政局")


def sections() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    name, rows = "", []
    for line in (Path(__file__).parent / "cases.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            if rows:
                yield name, rows
            name, rows = line[3:], []
        elif " ==> " in line and not line.startswith("#"):
            text, _, value = line.partition(" ==> ")
            rows.append((text, value))
    yield name, rows


def answer(text: str) -> str:
    try:
        return feel.text_of(feel.evaluate(text, CONTEXT, environment()), None, True)
    except feel.FeelError as error:
        assert error.zh and error.en and 0 <= error.position <= len(text)
        return "error" if error.code == "syntax" else error.code


@pytest.mark.parametrize(("name", "rows"), list(sections()), ids=lambda v: v if isinstance(v, str) else "")
def test_the_section_answers_as_written(name: str, rows: list[tuple[str, str]]) -> None:
    wrong = [(text, value, answer(text)) for text, value in rows if answer(text) != value]
    assert wrong == []


def test_the_examples_in_the_table_of_functions_are_true() -> None:
    for entry in BUILT_INS.values():
        for text, value in entry.examples:
            found = feel.evaluate(text, {}, environment())
            assert feel.text_of(found) == value or feel.text_of(found, None, True) == value, text


def test_every_function_has_words_in_both_languages_and_an_example_unless_it_needs_a_clock() -> None:
    for entry in BUILT_INS.values():
        assert entry.zh and entry.en, entry.name
        assert entry.examples or entry.name in {
            "now",
            "today",
            "workdays",
            "add workdays",
            "is workday",
            "workdays between",
            "unit",
        }, entry.name
