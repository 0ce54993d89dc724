"""The gate of schedules: each slip of the pen is an error with its line and the nearest word."""

from __future__ import annotations

import pytest

from engine import matters
from engine.commands import gate
from engine.findings import Finding
from engine.matters import county as counties
from tests.cast import ROOT
from tests.schedules.small import BODY, REPORT, files

COUNTY, _ = counties.read((ROOT / "web" / "demo" / "county.yaml").read_bytes(), "county.yaml")
HOUSE = gate.house(ROOT)
TIMED = (
    '<process id="bill" name="月结" isExecutable="true"><startEvent id="b" name="每月"><timerEventDefinition>'
    '<timeCycle>%s</timeCycle></timerEventDefinition></startEvent><flow b done/><endEvent id="done"/></process>'
)
HEARD = (
    '<process id="heard" name="听" isExecutable="true"><startEvent id="h"><messageEventDefinition messageRef="m"/>'
    '</startEvent><flow h over/><endEvent id="over"/></process>'
)


def look(more: str, **drawn: str) -> list[Finding]:
    return gate.check(matters.Source("yuebao", files("yuebao", more, **drawn)), COUNTY, house=HOUSE)


def of(found: list[Finding], rule: str) -> Finding:
    one = next((f for f in found if f.rule == rule), None)
    assert one is not None, [(f.rule, f.message_en) for f in found if f.severity == "error"]
    return one


def test_what_is_right_is_not_blamed() -> None:
    assert [f.message_en for f in look(REPORT) if "schedule" in f.rule] == []
    assert [f for f in look("", after=TIMED % "R/2026-01-05T08:00/P1M") if "schedule" in f.rule] == []


SLIPS = [
    ("every: 每月5日 08:00", "every: 每月5号早上", "matter", "R/2026-01-05T08:00/P1M"),
    ("if_closed: next", "if_closed: nxt", "matter", "next"),
    ("missed:", "mised:", "matter", "missed"),
    ("for: town", "for: twon", "matter", "town"),
    ("every: 每月5日 08:00", "starts: yuebaoo\n    every: 每月5日 08:00", "schedule-starts", "yuebao"),
    ("    every: 每月5日 08:00\n", "", "schedule-when", "every"),
    ("about.month:", "about.mnoth:", "schedule-answer", "about.month"),
    ('applicant.name: "=unit.name", ', "", "schedule-answer", "applicant.name"),
    ("=run.period.from", "=run.period.form", "schedule-answer", "from"),
    ("=unit.name", "=unit.nmae", "schedule-answer", "name"),
    ("=string(run.due)", "=string(run.due", "schedule-answer", "FEEL"),
]


@pytest.mark.parametrize(("right", "slip", "rule", "cure"), SLIPS, ids=[s[1] or s[0] for s in SLIPS])
def test_a_slip_is_an_error_with_its_line(right: str, slip: str, rule: str, cure: str) -> None:
    text = REPORT + "    missed: last\n"
    assert right in text
    found = of(look(text.replace(right, slip, 1)), rule)
    assert found.severity == "error" and found.line > 0
    assert cure in found.message_zh and cure in found.message_en, found.message_en


def test_if_closed_where_it_says_nothing_and_until_before_from() -> None:
    found = of(look(REPORT.replace("每月5日", "每月第一个工作日")), "matter")
    assert "if_closed" in found.message_zh
    found = of(look(REPORT + "    from: 2026-05-01\n    until: 2026-04-01\n"), "matter")
    assert "until" in found.message_en


@pytest.mark.parametrize("said", ["=now()", "0 0 8 5 * ?", "R/PT1H", "P1M", "R/2026-01-05T08:00/PT1M"])
def test_a_timer_start_event_that_says_nothing_is_an_error_in_plain_words(said: str) -> None:
    found = of(look("", after=TIMED % said), "schedule-when")
    assert found.element == "b" and "R/2026-01-05T08:00/P1M" in found.message_zh and found.severity == "error"


def test_how_often_is_said_once() -> None:
    text = "schedules: {bill: {starts: bill, every: 每月5日 08:00}}"
    assert of(look(text, after=TIMED % "R/2026-01-05T08:00/P1M"), "schedule-twice").line > 0
    text = "schedules: {one: {starts: bill}, two: {starts: bill}}"
    assert of(look(text, after=TIMED % "R/2026-01-05T08:00/P1M"), "schedule-twice").element == "b"
    assert [
        f for f in look("schedules: {bill: {starts: bill}}", after=TIMED % "每月5日 08:00") if "schedule" in f.rule
    ] == []


def test_a_process_that_waits_for_a_message_cannot_be_begun_by_the_clock() -> None:
    text = "schedules: {bill: {starts: heard, every: 每月5日 08:00}}"
    found = of(look(text, before='<message id="m" name="go"/>', after=HEARD), "schedule-starts")
    assert "消息" in found.message_zh


def test_in_a_shared_file_it_would_begin_several_matters() -> None:
    given = files("yuebao", "uses: [common]")
    given["bpmn/_shared/common.yaml"] = REPORT.encode()
    found = of(gate.check(matters.Source("yuebao", given), COUNTY, house=HOUSE), "schedule-shared")
    assert found.file == "bpmn/_shared/common.yaml" and found.line > 0


def test_for_a_kind_of_unit_the_county_has_none_of_is_a_warning() -> None:
    bare = counties.County(tuple(u for u in COUNTY.units if u.kind != "centre"), COUNTY.posts, COUNTY.held)
    source = matters.Source("yuebao", files("yuebao", REPORT.replace("for: town", "for: centre")))
    assert of(gate.check(source, bare, house=HOUSE), "schedule-for-nobody").severity == "warning"


def test_what_the_run_brings_is_known_in_the_drawing() -> None:
    script = (
        '<scriptTask id="t"><extensionElements><zeebe:script expression="=run.period.form" resultVariable="m"/>'
        "</extensionElements></scriptTask><flow look t/><flow t e/>"
    )
    body = BODY.replace("<flow look e/>", script)
    assert "from" in of(look(REPORT, body=body), "unset-variable").message_en
    assert [f for f in look(REPORT, body=body.replace("form", "from")) if f.rule == "unset-variable"] == []


# ---------------------------------------------------------------- sums, and one thing for each


def each(right: str = "", slip: str = "") -> list[Finding]:
    from tests.schedules.test_each import LINE, PART, RECORD, REGISTERS, SUM

    body = LINE % (RECORD.replace("order_total", "total"), SUM)
    more = REGISTERS + "groups: {审核: {post: head, at: county, name: 审核}}\n"
    assert right in body + PART, right
    given = files("fenhong", REGISTERS, body=body.replace(right, slip, 1) if right else body, after=PART)
    text = (
        given["forms/fenhong/ask.form"]
        .decode()
        .replace('"about.month"', '"total"')
        .replace('"textfield", "id": "f3"', '"number", "id": "f3"')
    )
    given["forms/fenhong/ask.form"] = text.encode()
    assert more
    return gate.check(matters.Source("fenhong", given), COUNTY, house=HOUSE)


def test_a_sum_and_a_for_each_that_are_right_are_not_blamed() -> None:
    assert [f.message_en for f in each() if f.rule in ("sum-up", "for-each") or f.severity == "error"] == []


EACH_SLIPS = [
    ('key="register" value="member"', 'key="register" value="membr"', "for-each", "member"),
    ('key="record" value="paid"', 'key="record" value="piad"', "for-each", "paid"),
    ('key="share" value="shares"', 'key="share" value="share"', "for-each", "shares"),
    ('key="share" value="shares"', 'key="digits" value="2"', "for-each", "total"),
    ("to: item.name", "to: item.nmae", "for-each", "name"),
    (
        'key="record" value="paid"',
        'key="record" value="paid"/><zeebe:header key="title" value="=1"',
        "for-each",
        "title",
    ),
    (
        'key="record" value="paid"',
        'key="process" value="part"/><zeebe:header key="title" value="=mnoth"',
        "for-each",
        "mnoth",
    ),
    ("to: item.name", "too: item.name", "for-each", "to"),
    ("{to: item.name", "{to: (item.name", "for-each", "FEEL"),
    ("amount: amount", "amount: amuont", "for-each", "amount"),
    ('key="record" value="paid"', 'key="process" value="prat"', "for-each", "part"),
    ('key="value" value="amount"', 'key="value" value="amout"', "sum-up", "amount"),
    ('key="value" value="amount"', 'key="by" value="vilage"', "sum-up", "village"),
    ('key="register" value="paid"', 'key="least" value="3"', "sum-up", "register"),
]


@pytest.mark.parametrize(("right", "slip", "rule", "cure"), EACH_SLIPS, ids=[s[1] for s in EACH_SLIPS])
def test_a_slip_of_a_sum_or_a_for_each_names_the_step(right: str, slip: str, rule: str, cure: str) -> None:
    found = of(each(right, slip), rule)
    assert found.severity == "error" and found.line > 0 and found.element in ("all", "sum")
    assert cure in found.message_zh and cure in found.message_en, found.message_en
