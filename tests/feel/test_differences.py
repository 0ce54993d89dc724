"""The browser's FEEL, measured: every sample answers otherwise there, and plain expressions answer the same."""

from collections.abc import Iterator
from typing import Any

import pytest

from engine import feel
from engine.feel.differences import SAMPLES
from tests.feelin import Feelin, script

PLAIN = (
    "1 + 2 * 3",
    "if 年龄 >= 60 then 1 else 2",
    "年龄 in [18..60]",
    '姓名 = "张三" and 年龄 > 18',
    "count(名单[item > 1])",
    "sum(名单)",
    "for x in 名单 return x * 2",
    "some x in 名单 satisfies x > 2",
    'string join(["a", "b"], "、")',
    'matches(姓名, "^张")',
    "名单[-1]",
    "没有 = null",
    "decimal(1 / 3, 2)",
    'date("2026-07-01") > date("2026-06-30")',
    "{a: 1, b: a + 1}.b",
)
CONTEXT = {"年龄": 61, "姓名": "张三", "名单": [1, 2, 3]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Feelin]:
    source = script("@bpmn-io/feelin")
    if source is None:
        pytest.skip("the front end is not installed: there is no feelin to measure")
    engine = Feelin(source)
    yield engine
    engine.close()


def test_every_sample_is_found_by_its_rule() -> None:
    for rule, text in SAMPLES:
        assert rule in {difference.rule for difference in feel.browser_differences(text)}, text


def test_plain_expressions_have_no_findings() -> None:
    for text in PLAIN:
        assert feel.browser_differences(text) == [], text


def test_a_finding_points_at_its_place_in_both_languages() -> None:
    (found,) = feel.browser_differences("a > 1 and trim(b) = c")
    assert (found.rule, found.start, found.end) == ("unknown-function", 10, 17)
    assert "trim()" in found.zh and "trim()" in found.en


def _ours(text: str) -> Any:
    return feel.to_json(feel.evaluate(text, CONTEXT))


def test_the_browser_answers_the_samples_otherwise(browser: Feelin) -> None:
    same = [text for _, text in SAMPLES if browser.evaluate(text) == _ours(text)]
    assert same == []


def test_the_browser_answers_plain_expressions_as_we_do(browser: Feelin) -> None:
    for text in PLAIN:
        assert browser.evaluate(text, CONTEXT) == _ours(text), text
