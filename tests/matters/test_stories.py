"""stories.yaml is read strictly: every slip is a finding with its line and the nearest known word, never a
traceback."""

from __future__ import annotations

import pytest

from engine import matters
from engine.matters import stories
from tests.cast import ROOT

FILE = "bpmn/daiban/stories.yaml"


def check(text: str) -> list[str]:
    return [f"{f.line}: {f.message_zh}" for f in stories.check("daiban", {FILE: text.encode()})]


GOOD = """\
- name: 一
  at: 2026-09-18 09:00
  answers: {a: 1}
  steps:
    - {task: take, answers: {b: 1}}
  end: {finished: true}
- name: 二
  at: 2026-09-18 09:00
  answers: {a: 1}
  steps: []
  end: {finished: true}
"""


@pytest.mark.parametrize("name", matters.names(ROOT))
def test_the_stories_of_the_house_are_read_without_a_finding(name):
    assert stories.check(name, matters.read_files(ROOT, name)) == []
    assert stories.read(matters.load(ROOT, name))


def test_each_story_knows_its_line():
    assert check(GOOD) == []
    package = matters.read("daiban", {**matters.read_files(ROOT, "daiban"), FILE: GOOD.encode()})
    assert [(s.name, s.line) for s in stories.read(package)] == [("一", 1), ("二", 7)]
    headed = f"people:\n- {{name: 王丽, post: window, at: YB}}\nstories:\n{GOOD}"
    package = matters.read("daiban", {**matters.read_files(ROOT, "daiban"), FILE: headed.encode()})
    book = stories.book(package)
    assert [(s.name, s.line) for s in book.stories] == [("一", 4), ("二", 10)]
    assert (book.people[0].name, book.people[0].post, book.people[0].at) == ("王丽", "window", "YB")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("task: take", "taks: take", "5: 不认识“steps.0.taks”。是不是“task”？"),
        ("finished: true}\n- ", "finishd: true}\n- ", "6: 不认识“end.finishd”。是不是“finished”？"),
        ("  steps: []", "  stpes: []", "10: 不认识“stpes”。是不是“steps”？"),
        ("at: 2026-09-18 09:00", "at: tomorrow", "2: “at”：“tomorrow”不是时间"),
        ("{task: take, answers: {b: 1}}", "{wait: soon}", "5: “steps.0.wait”：“soon”不是时长"),
        ("{task: take, answers: {b: 1}}", "{answers: {b: 1}}", "5: “steps.0”：一步只能写一件事：task、message"),
        (
            "{task: take, answers: {b: 1}}",
            "{task: take, to: x}",
            "5: “steps.0”：“to”不能和 task 写在一步里",
        ),
        ("{task: take, answers: {b: 1}}", "{task: take, message: m}", "5: “steps.0”：一步只能写一件事"),
        ("{task: take, answers: {b: 1}}", "{task: take, by: clerk}", "5: “steps.0.by”不能是“clerk”"),
        ("{task: take, answers: {b: 1}}", "{message: m, by: agent}", "5: “steps.0”：“by”不能和 message 写在一步里"),
        ("{task: take, answers: {b: 1}}", "{task: take, error: FULL}", "5: “steps.0”：task 的 error 只能是 REFUSED"),
        ("{task: take, answers: {b: 1}}", "{return: take}", "5: “steps.0”：return 要写退回到哪一步"),
        ("{task: take, answers: {b: 1}}", "take", "5: “steps.0”应是“键: 值”的一张表"),
        ("answers: {a: 1}\n  steps: []", "answers: 1\n  steps: []", "9: “answers”应是“键: 值”的一张表"),
        ("name: 二", "name: 一", "7: 有两个故事都叫“一”"),
        ("name: 二", "channel: post\n  name: 二", "7: “channel”不能是“post”"),
        ("- name: 二", "- just a line\n- name: 二", "7: “整个文件”应是“键: 值”的一张表"),
        ("{a: 1}\n  steps: []", "{a: 1\n  steps: []", "10: 不是有效的 YAML"),
    ],
)
def test_a_slip_is_named_with_its_line_and_the_nearest_word(right, wrong, said):
    assert right in GOOD
    found = check(GOOD.replace(right, wrong, 1))
    assert any(one.startswith(said) for one in found), found


@pytest.mark.parametrize("text", ["just: a: word", "- [", "{}", "stories: {}", "people: x\nstories: []", "\0", "1"])
def test_whatever_the_file_holds_nothing_is_raised(text):
    findings = stories.check("daiban", {FILE: text.encode()})
    assert all(f.severity == "error" and f.file == FILE for f in findings)


def test_a_matter_without_stories_has_none():
    assert stories.check("daiban", {}) == []
