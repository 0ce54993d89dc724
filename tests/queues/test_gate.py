"""The gate on `queues:`: each slip of the pen is named at its line, with the nearest known word."""

import pytest

from engine import matters
from engine.matters.nouns.queues import Queue
from tests.cast import ROOT
from tests.check.test_gate import look

GOOD = """queues:
  hall:
    name: 大厅取号
    at: jiayuan
    windows: [350526-FW, "350526103"]
    matters: [daiban, yuyue]
    classes:
      A: {name: 优先}
      B: {name: 照顾, turn: 5}
      C: {name: 普通, turn: 3, first_after: 45min}
    needs:
      eighty: {name: 80 岁以上, class: A, age: 80}
      sixty: {name: 60 到 79 岁, class: B, age: 60}
    booked: {class: A}
"""


def said(right, slip):
    files = matters.read_files(ROOT, "yuyue")
    assert right in GOOD, right
    text = files["bpmn/yuyue/matter.yaml"].decode() + GOOD.replace(right, slip, 1)
    return look("yuyue", {**files, "bpmn/yuyue/matter.yaml": text.encode()})


def test_a_line_that_is_right_is_not_blamed():
    assert said("", "") == []


@pytest.mark.parametrize(
    ("right", "slip", "rule", "offered"),
    [
        ("at: jiayuan", "at: jiayaun", "queue-hall", "jiayuan"),
        ('"350526103"]', '"350526199"]', "queue-window", "350526103"),
        ('"350526103"]', "350526-SF]", "queue-window", "没有窗口"),
        ("[daiban,", "[diaban,", "queue-matter", "daiban"),
        ("booked: {class: A}", "booked: {class: A}\n    decision: queue-clas", "queue-decision", "queue-clas"),
        ("class: B, age", "class: D, age", "matter", "A、B、C"),
        ("booked: {class: A}", "booked: {class: X}", "matter", "A、B、C"),
        ("B: {name: 照顾, turn: 5}", "B: {name: 照顾}", "matter", "turn"),
        ("first_after: 45min", "first_after: 45 minutes", "matter", "first_after"),
        ("first_after: 45min", "first_afer: 45min", "matter", "first_after"),
        ("class: A, age: 80", "clas: A, age: 80", "matter", "class"),
        ("booked: {class: A}", "booked: {class: A}\n    says: [普通话, 普通话]", "matter", "两次"),
    ],
)
def test_a_slip_is_named_with_the_word_that_was_meant(right, slip, rule, offered):
    found = said(right, slip)
    assert {f.rule for f in found} == {rule}, found
    assert offered in found[0].message_zh and found[0].line > 1


def test_a_matter_that_no_counter_takes_in_has_no_numbers():
    found = said("[daiban, yuyue]", "[daiban, tiaojie]")
    assert found == []
    files = matters.read_files(ROOT, "yuyue")
    text = files["bpmn/yuyue/matter.yaml"].decode().replace("channels: [online, counter, phone]", "channels: [online]")
    found = look("yuyue", {**files, "bpmn/yuyue/matter.yaml": (text + GOOD).encode()})
    assert "queue-matter" in [f.rule for f in found]


def test_an_effect_names_a_line_that_is_declared():
    files = matters.read_files(ROOT, "daoban")
    drawing = (
        files["bpmn/daoban/process.bpmn"].decode().replace('key="queue" value="hall"', 'key="queue" value="hal"', 1)
    )
    (found,) = look("daoban", {**files, "bpmn/daoban/process.bpmn": drawing.encode()})
    assert (found.rule, found.element) == ("queue-unknown", "g_take") and "hall" in found.message_zh


def test_an_example_that_the_order_does_not_follow_is_named_with_who_would_be_called():
    example = '    examples:\n      - {now: "10:05", waiting: [A 10:05, C 09:20], next: %s}\n'
    files = matters.read_files(ROOT, "yuyue")

    def with_example(following):
        text = files["bpmn/yuyue/matter.yaml"].decode() + GOOD + example % following
        return look("yuyue", {**files, "bpmn/yuyue/matter.yaml": text.encode()})

    assert with_example("C 09:20") == []
    (found,) = with_example("A 10:05")
    assert found.rule == "queue-example" and "C 09:20" in found.message_zh


def test_the_class_is_the_first_of_all_that_hold():
    queue = Queue.model_validate(
        {
            "name": "q",
            "at": "jiayuan",
            "classes": {"A": {"name": "a"}, "B": {"name": "b", "turn": 3}, "C": {"name": "c", "turn": 3}},
            "needs": {
                "eighty": {"name": "x", "class": "A", "age": 80},
                "sixty": {"name": "y", "class": "B", "age": 60},
                "infant": {"name": "z", "class": "A"},
            },
        }
    )
    assert [queue.class_of(age=age) for age in (None, 59, 60, 79, 80)] == ["C", "C", "B", "B", "A"]
    assert queue.class_of(("infant", "sixty")) == "A"
    assert queue.class_of(("sixty",), 30) == "B", "what people say of themselves is believed"
