"""stories.yaml is read strictly: every slip is a finding with its line and the nearest known word, never a traceback."""

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
        ("task: take", "taks: take", "1: 故事“一”第 1 步有不认识的项“taks”。是不是“task”？"),
        ("finished: true}\n- ", "finishd: true}\n- ", "1: 故事“一”的 end有不认识的项“finishd”。是不是“finished”？"),
        ("  steps: []", "  stpes: []", "7: 故事“二”有不认识的项“stpes”。是不是“steps”？"),
        ("at: 2026-09-18 09:00", "at: tomorrow", "1: 故事“一”的 at “tomorrow”不是时间"),
        ("{task: take, answers: {b: 1}}", "{wait: soon}", "1: 故事“一”第 1 步的 wait “soon”不是时长"),
        ("{task: take, answers: {b: 1}}", "{answers: {b: 1}}", "1: 故事“一”第 1 步没有说做什么"),
        (
            "{task: take, answers: {b: 1}}",
            "{task: take, to: x}",
            "1: 故事“一”第 1 步写了“to”，但它和 task 不能写在一起",
        ),
        ("{task: take, answers: {b: 1}}", "{task: take, message: m}", "1: 故事“一”第 1 步一步只能做一件事"),
        ("{task: take, answers: {b: 1}}", "{return: take}", "1: 故事“一”第 1 步的 return 要写退回到哪一步"),
        ("{task: take, answers: {b: 1}}", "take", "1: 故事“一”第 1 步应是一组内容"),
        ("answers: {a: 1}\n  steps: []", "answers: 1\n  steps: []", "7: 故事“二”的 answers 应是一组填写的内容"),
        ("name: 二", "name: 一", "7: 有两个故事都叫“一”"),
        ("name: 二", "channel: post\n  name: 二", "7: 故事“二”的 channel 是“post”，可以是：online、"),
        ("- name: 二", "- just a line\n- name: 二", "7: 第 2 个故事应有"),
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
