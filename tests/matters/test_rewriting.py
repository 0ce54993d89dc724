"""A value of a YAML file is changed in its text: everything else stays as somebody wrote it."""

from __future__ import annotations

from difflib import unified_diff
from textwrap import dedent
from typing import Any

import pytest

from engine.errors import Refused
from engine.matters import rewriting
from engine.matters.rewriting import GONE, said
from tests.cast import ROOT

TEXT = dedent(
    """\
    # what it is
    name: 借书        # a word beside it
    short: "借"
    words: [借阅, '图书, 杂志', 读书]
    limits:
      regime: service
      steps:
        look: 3wd   # from law
    basis:
      - {id: a, law: 公共图书馆法}
      - {id: b, law: 民法典}
    conditions:
      - 本县居民
      # nobody else
      - 有读者证
    in_force: {since: 2026-01-01}
    about: |
      第一行
      第二行
    """
)


def other(before: str, after: str) -> list[str]:
    """The lines that differ, those of before and those of after."""
    found = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in found if line[:1] in "+-" and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (("name",), "还书", ["-name: 借书        # a word beside it", "+name: 还书        # a word beside it"]),
        (("short",), "借: 书", ['-short: "借"', '+short: "借: 书"']),
        (("words", 1), "期刊", ["-words: [借阅, '图书, 杂志', 读书]", "+words: [借阅, '期刊', 读书]"]),
        (("words",), ["借阅", "读书"], ["-words: [借阅, '图书, 杂志', 读书]", "+words: [借阅, 读书]"]),
        (("limits", "steps", "look"), "5wd", ["-    look: 3wd   # from law", "+    look: 5wd   # from law"]),
        (("limits", "steps", "lend"), "1wd", ["+    lend: 1wd"]),
        (("limits", "promised"), "5wd", ["+  promised: 5wd"]),
        (
            ("basis", 1, "article"),
            "第一条",
            ["-  - {id: b, law: 民法典}", "+  - {id: b, law: 民法典, article: 第一条}"],
        ),
        (("basis", 0), GONE, ["-  - {id: a, law: 公共图书馆法}"]),
        (("basis", 2), {"id": "c", "law": "宪法"}, ["+  - {id: c, law: 宪法}"]),
        (("conditions",), ["本县居民", "有读者证", "年满 6 岁"], ["+  - 年满 6 岁"]),
        (("conditions",), ["有读者证"], ["-  - 本县居民"]),
        (("in_force", "since"), "2027-01-01", ["-in_force: {since: 2026-01-01}", "+in_force: {since: 2027-01-01}"]),
        (("fee",), "不收费", ["+fee: 不收费"]),
        (("about",), "一行", ["-about: |", "-  第一行", "-  第二行", "+about: 一行"]),
        (("short",), GONE, ['-short: "借"']),
    ],
)
def test_only_the_lines_of_what_is_changed_are_other(path, value, lines):
    assert other(TEXT, said(TEXT, path, value)) == lines


def test_a_value_that_is_said_already_changes_nothing_and_a_text_of_nothing_takes_its_first_key():
    assert said(TEXT, ("name",), "借书") == TEXT
    assert said("", ("name",), "借书") == "name: 借书\n"
    assert said("a: {}\n", ("a", "b"), [1]) == "a: {b: [1]}\n"


def test_what_cannot_be_changed_in_the_text_is_refused_and_never_spoilt():
    shared = "a: &x {b: 1}\nc: *x\n"
    with pytest.raises(Refused, match="change the text"):
        said(shared, ("c", "b"), 2)  # it would change `a` too
    with pytest.raises(Refused, match="YAML"):
        said("a: [", ("a",), 1)
    with pytest.raises(Refused, match="no such place"):
        said(TEXT, ("basis", 9, "id"), "z")


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict | list) and value:
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*at, key))
    else:
        yield at, value


@pytest.mark.parametrize("every", [pytest.param(7, marks=pytest.mark.wide), 97])
def test_any_text_of_any_matter_is_changed_in_its_own_line(every):
    """Of each matter every so many of its texts; with a comma, a colon and a sharp in it, so that it wants quotes."""
    tried = 0
    for file in sorted((ROOT / "bpmn").glob("*/matter.yaml")):
        text = file.read_text(encoding="utf-8")
        places = [at for at, value in leaves(rewriting.read(text)) if isinstance(value, str) and "\n" not in value]
        for at in places[::every]:
            tried += 1
            lines = other(text, said(text, at, "甲: 乙, [丙] #丁"))
            assert [line[0] for line in lines] == ["-", "+"], (file, at, lines)
    assert tried > 80
