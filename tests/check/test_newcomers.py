"""What stopped people who made their first matters with the docs alone: the check says it, with the cure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine import feel, matters
from engine.commands import gate
from engine.findings import Finding
from engine.matters import county as counties
from tests.between.small import given as put
from tests.between.small import service, task
from tests.cast import ROOT
from tests.schedules.small import files

COUNTY, _ = counties.read((ROOT / "web" / "demo" / "county.yaml").read_bytes(), "county.yaml")
HOUSE = gate.house(ROOT)


def look(more: str, **drawn: str) -> list[Finding]:
    return gate.check(matters.Source("yuebao", files("yuebao", more, **drawn)), COUNTY, house=HOUSE)


def said(found: list[Finding], rule: str) -> list[Finding]:
    return [one for one in found if one.rule == rule]


# ---------------------------------------------------------------- words that YAML takes for true and false

HOUSES = """
registers:
  houses:
    title: 空房
    title_en: Empty houses
    about: thing
    key: number
    fields: {number: {title: 门牌}}
    states: {free: 空着, %s: {title: 住了, ends: true}}
    readers: [head]
"""


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "Yes", "ON"])
def test_a_key_that_yaml_takes_for_true_or_false_is_named_as_it_was_written(word: str) -> None:
    (found,) = said(look(HOUSES % word), "matter")
    assert found.element == f"registers.houses.states.{word}" and found.severity == "error"
    assert (HOUSES % word).splitlines()[found.line - look_from()].strip().startswith("states:")
    assert f'"{word}"' in found.message_zh and f'"{word}"' in found.message_en
    quoted = said(look(HOUSES % f'"{word.lower()}"'), "matter")
    assert quoted == []


def look_from() -> int:
    """On which line of matter.yaml what is added to it begins."""
    text = files("yuebao", HOUSES)["bpmn/yuebao/matter.yaml"].decode()
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith("registers:")) - 1


def test_so_is_a_key_of_matter_yaml_itself_and_a_number() -> None:
    (found,) = said(look("on: 3"), "matter")
    assert found.element == "on" and '"on"' in found.message_zh and found.line > 1
    (found,) = said(look(HOUSES % "12"), "matter")
    assert found.element.endswith("states.12") and "数字" in found.message_zh and "a number" in found.message_en


# ---------------------------------------------------------------- an input that hides what the next line reads

VOLUNTEERS = """
registers:
  helper:
    title: 帮手
    title_en: Helpers
    about: person
    fields: {trade: {title: 手艺}}
    states: {active: 在册}
    readers: [head]
    search: [name, trade]
  done:
    title: 做过的
    title_en: Done
    about: case
    fields: {day: {title: 哪天}, trade: {title: 手艺}}
    readers: [head]
"""


def step(kind: str, headers: str, *inputs: tuple[str, str]) -> str:
    mapped = "".join(put(target, source.replace('"', "&quot;")) for target, source in inputs)
    made = service("do", kind, headers, mapped)
    return f'<startEvent id="s"/><flow s look/>{task("look", "看")}<flow look do/>{made}<flow do e/><endEvent id="e"/>'


def test_an_input_hides_the_variable_of_its_name_for_the_lines_below_it() -> None:
    lines = [("about", '="短"'), ("facts.trade", "=about.month")]
    found = look(VOLUNTEERS, body=step("record", "register=done", *lines))
    (one,) = said(found, "hidden-variable")
    assert (one.severity, one.element) == ("warning", "do")
    assert "“about.month”" in one.message_zh and "“about”" in one.message_zh and "above" in one.message_en
    right = look(VOLUNTEERS, body=step("record", "register=done", *reversed(lines)))
    assert said(right, "hidden-variable") == []


@pytest.mark.parametrize(
    ("lines", "warned"),
    [
        ([("applicant.name", "=applicant.name"), ("facts.trade", "=applicant.name")], False),  # what the line above set
        ([("applicant.name", "=about.month"), ("facts.trade", "=applicant.name")], False),
        ([("applicant.name", "=about.month"), ("facts.trade", "=applicant.phone")], True),  # only the name is there
        ([("applicant.name", "=about.month"), ("facts.trade", "=string(applicant)")], True),
        ([("about", "=about"), ("facts.trade", "=about.month")], False),  # itself, under its own name
        ([("other", "=about.month"), ("facts.trade", "=other")], False),  # nothing of the case is called so
        ([("about", '="短"'), ("facts.trade", '=[{about: "x"}][about = "x"].about[1]')], False),  # of the items
        ([("about", '="短"'), ("facts.trade", '=string(for about in ["x"] return about)')], False),  # of the loop
    ],
)
def test_only_what_is_truly_hidden_is_said(lines: list[tuple[str, str]], warned: bool) -> None:
    found = said(look(VOLUNTEERS, body=step("record", "register=done", *lines)), "hidden-variable")
    assert bool(found) == warned, [one.message_en for one in found]


# ---------------------------------------------------------------- whom a look-up finds


def test_a_look_up_that_does_not_say_whom_finds_anybody() -> None:
    (one,) = said(look(VOLUNTEERS, body=step("look-up", "register=helper")), "look-up-anybody")
    assert one.severity == "warning" and "=applicant" in one.message_zh and "=applicant" in one.message_en
    for given in (
        ("person", "=applicant"),
        ("where.trade", "=about.month"),
        ("state", "active"),
        ("place", "350526104"),
    ):
        assert said(look(VOLUNTEERS, body=step("look-up", "register=helper", given)), "look-up-anybody") == []
    assert said(look(VOLUNTEERS, body=step("look-up", "register=done")), "look-up-anybody") == []  # of no person


# ---------------------------------------------------------------- names that for-each has of its own


@pytest.mark.parametrize("name", ["item", "n", "amount"])
def test_a_variable_by_a_name_of_for_each_s_own_is_never_read(name: str) -> None:
    said_each = f'<zeebe:header key="each" value="={{trade: string({name})}}"/>'
    for given in ((f"variables.{name}", "=about.month"), ("variables", f"={{{name}: about.month}}")):
        body = step("for-each", "register=helper record=done", given)
        body = body.replace("<zeebe:taskHeaders>", "<zeebe:taskHeaders>" + said_each)
        (one,) = said(look(VOLUNTEERS, body=body), "for-each")
        assert f"“{name}”" in one.message_zh and f'"{name}"' in one.message_en and one.severity == "error"
        other = body.replace(f"variables.{name}", "variables.prize").replace(f"{{{name}: about", "{prize: about")
        assert said(look(VOLUNTEERS, body=other), "for-each") == []


# ---------------------------------------------------------------- dates of the variables are texts

RUNS = """
schedules:
  report: {every: 每月5日 08:00, for: town, answers: {applicant.name: "=unit.name", order: x, about.month: x}}
"""


def reckons(expression: str) -> list[Finding]:
    text = expression.replace('"', "&quot;").replace("<", "&lt;")
    script = (
        f'<scriptTask id="do" name="do"><extensionElements><zeebe:script expression="={text}" resultVariable="x"/>'
        "</extensionElements></scriptTask>"
    )
    body = f'<startEvent id="s"/><flow s look/>{task("look", "看")}<flow look do/>{script}<flow do e/>'
    return said(look(RUNS, body=body + '<endEvent id="e"/>'), "date-as-text")


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        ("run.period.from.year", "run.period.from"),
        ('event.held_on + @"P1D"', "event.held_on"),
        ('event.held_on - duration("P1D")', "event.held_on"),
        ("event.held_on < today()", "event.held_on"),
        ("now() >= run.due", "run.due"),
        ('date and time(event.held_on, time("09:00:00"))', "event.held_on"),
    ],
)
def test_a_date_of_the_variables_is_text_and_reckoning_with_it_gives_null(expression: str, path: str) -> None:
    names = {
        "run": {"period": {"from": "2026-09-01"}, "due": "2026-09-01T08:00:00+08:00"},
        "event": {"held_on": "2026-09-01"},
    }
    env = feel.Env(now=datetime(2026, 9, 1, tzinfo=UTC))
    given = {name: feel.from_json(value) for name, value in names.items()}
    assert feel.compile(expression).evaluate(given, env) is None  # what the warning says is so
    (one,) = reckons(expression)
    assert one.severity == "warning" and f"date({path})" in one.message_zh and f"date({path})" in one.message_en
    moment = "date and time(run.due)" if path == "run.due" else f"date({path})"
    right = expression.replace(path, moment)
    assert feel.compile(right).evaluate(given, env) is not None
    assert reckons(right) == []


@pytest.mark.parametrize(
    "expression",
    ["event.people + 1", "event.people < 9", 'run.due = "2026-09-01"', "(for run in [today()] return run.year)[1]"],
)
def test_what_is_no_date_is_left_alone(expression: str) -> None:
    assert reckons(expression) == []


# ---------------------------------------------------------------- waits that end, things that are known

JOB = """
offers:
  job:
    title: 志愿岗
    title_en: Job
    kind: job
    opened_by: case
    places: 3
    %s: {tells: told}
"""
WAIT = (
    f'<startEvent id="s"/><flow s look/>{task("look", "看")}<flow look open/>'
    f"{service('open', 'open-offer', 'offer=job', put('starts_at', '=event.held_on'))}<flow open told/>"
    '<intermediateCatchEvent id="told" name="等"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    '<flow told e/><endEvent id="e"/>'
)
MESSAGE = (
    '<message id="m" name="told"><extensionElements><zeebe:subscription correlationKey="=offer.number"/>'
    "</extensionElements></message>"
)


@pytest.mark.parametrize(("heard", "warned"), [("over", False), ("covered", True)])
def test_a_wait_for_what_surely_comes_needs_no_exit_by_time(heard: str, warned: bool) -> None:
    found = said(look(JOB % heard, body=WAIT, before=MESSAGE), "wait-without-end")
    assert [one.element for one in found] == (["told"] if warned else [])


KEYS = """
handovers:
  key:
    name: 钥匙
    name_en: Key
    thing: {kind: keys, words: 钥匙, words_en: Key, from: %s}
    links: [审核 -> applicant]
    different: noted
"""


def test_what_was_booked_may_be_what_is_handed_over_and_no_nameless_answer_is_offered() -> None:
    assert said(look(KEYS % "appointment.resource"), "handover-name") == []
    (one,) = said(look(KEYS % "appointment.resourse"), "handover-name")
    assert "appointment.resource" in one.message_zh
    (one,) = said(look(KEYS % "nothing.like.it"), "handover-name")
    assert "：、" not in one.message_zh and "用：，" not in one.message_zh, one.message_zh
