"""通办: a counter takes in what `scope` lets it, sends people on in plain words, or receives for another."""

from __future__ import annotations

from typing import Any

import pytest

from engine import matters, people
from engine.commands import cases
from engine.errors import NotNow
from engine.people import units
from engine.records import library
from engine.store.models import Case
from tests.between import small

NAME = "small_scope"
BODY = '<startEvent id="s"/><flow s do/>' + small.task("do", "办理") + '<flow do e/><endEvent id="e"/>'


@pytest.fixture
def database(sqlite: Any) -> Any:
    return sqlite


def taken_in(database: Any, cast: Any, clock: Any, scope: str, by: str, village: str = "350526106202") -> list[str]:
    """The flags of a case of somebody of this village, at the counter of this clerk."""
    made = small.matter(NAME, "在哪里收", BODY)
    file = f"bpmn/{NAME}/matter.yaml"
    text = made.files[file].decode() + f"scope: {scope}\n"
    with database.unit_of_work() as work:
        library.publish(work, matters.read(NAME, {**made.files, file: text.encode()}), by=people.SYSTEM, now=clock())
    with database.unit_of_work() as work:
        place = units.by_code(work, village)
        asked = {"applicant": {"name": "张三丰"}}
        done = cases.submit(work, NAME, asked, channel="counter", place=place, by=getattr(cast, by), now=clock())
        return list(work.session.get_one(Case, done.case.id).flags)


@pytest.mark.parametrize(
    ("within", "by", "village", "in_"),
    [
        ("county", "sun", "350526106202", True),
        ("town", "zhou", "350526106202", True),
        ("town", "zhou", "350526100003", False),
        ("town", "wang", "350526106202", True),  # the deciding office itself
        ("town", "sun", "350526106202", False),
        ("village", "chen", "350526106201", True),
        ("village", "zhou", "350526106201", True),
        ("village", "sun", "350526106201", False),
        ("office", "wang", "350526106201", True),
        ("office", "zhou", "350526106201", False),
    ],
)
def test_a_counter_takes_in_what_its_scope_lets_it(database, cast, clock, within, by, village, in_):
    scope = f"{{words: 限定窗口办, within: {within}}}"
    if in_:
        assert taken_in(database, cast, clock, scope, by, village) == []
        return
    with pytest.raises(NotNow) as refusal:
        taken_in(database, cast, clock, scope, by, village)
    assert "不收" in refusal.value.zh and "请到" in refusal.value.zh and "not here" in refusal.value.en
    received = scope.replace("}", ", otherwise: receive}")
    assert taken_in(database, cast, clock, received, by, village) == ["代收"], "received for another, and marked"


def test_a_sentence_is_for_the_guide_alone(database, cast, clock):
    assert taken_in(database, cast, clock, "本镇", "sun", "350526106202") == []
