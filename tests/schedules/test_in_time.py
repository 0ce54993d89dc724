"""Limits that count backward from a date of the answers: said at submission, and on steps."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import cases, gate
from engine.commands.hall import calendars
from engine.deadlines import Before
from engine.errors import Invalid
from engine.store.models import Case, Task
from engine.workdays import ZONE, china
from tests.between.small import publish
from tests.conftest import NOW
from tests.schedules.small import files
from tests.schedules.test_gate import COUNTY, HOUSE, of

CALENDAR = china()
RULE = """
apply:
  form: ask
  channels: [online, counter]
  in_time:
    - {until: 20cd before event.held_on, when: "=event.people >= 1000", exceptions: %s, basis: mass}
"""


def mass(exceptions: str = "[]", steps: str = "") -> object:
    given = files("huodong", "")
    text = given["bpmn/huodong/matter.yaml"].decode()
    text = text.replace("apply: {form: ask, channels: [online, counter, system]}\n", RULE % exceptions)
    text = text.replace("[{law: 试验法}]", "[{law: 试验法, article: 第二十条, id: mass}]")
    if steps:
        text = text.replace("promised_source: 试}", "promised_source: 试, steps: {look: " + steps + "}}")
    given["bpmn/huodong/matter.yaml"] = text.encode()
    return matters.read("huodong", given)


def submit(database, by, now, held_on, people=1000):
    with database.unit_of_work() as work:
        answers = {"applicant": {"name": "张三丰"}, "event": {"held_on": held_on, "people": people}}
        return cases.submit(work, "huodong", answers, by=by, now=now).case.id


@pytest.mark.parametrize(
    ("text", "named", "last"),
    [
        ("20cd before a.b", "2026-12-20", date(2026, 11, 30)),
        ("a.b 前20日", "2026-12-20", date(2026, 11, 30)),
        ("7wd before a.b", "2026-12-04", date(2026, 11, 25)),  # as a hearing is told (RULES T10)
        ("5wd before a.b", "2026-10-09", date(2026, 9, 24)),  # over 国庆 and 中秋
        ("12h before a.b", "2026-12-20T08:00", date(2026, 12, 19)),
    ],
)
def test_the_last_day_in_time(text, named, last):
    before = Before.parse(text)
    assert before is not None and before.last(named, CALENDAR) == last


@pytest.mark.parametrize("text", ["20 before a", "20cd after a", "20cd before", "cd before a", "3xd before a"])
def test_what_is_no_such_limit(text):
    assert Before.parse(text) is None


def test_on_the_last_day_it_is_taken_and_the_day_after_the_last_day_is_said(database, cast):
    publish(database, NOW, mass())
    last = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)  # 23:59 in Dehua
    submit(database, cast.zhang, last, "2026-12-20")
    with pytest.raises(Invalid) as refused:
        submit(database, cast.zhang, datetime(2026, 11, 30, 16, 0, 1, tzinfo=UTC), "2026-12-20")
    said = refused.value.by_field()["event.held_on"]
    assert "最晚是2026年11月30日" in said.zh and "试验法第二十条" in said.zh and "2026-11-30" in said.en
    submit(
        database, cast.zhang, datetime(2026, 12, 1, 1, tzinfo=UTC), "2026-12-20", people=80
    )  # it does not ask for it


def test_with_exceptions_they_are_told_and_a_counter_takes_it_with_a_mark(database, cast):
    publish(database, NOW, mass("[上级临时决定的活动]"))
    late = datetime(2026, 12, 10, 1, tzinfo=UTC)
    with pytest.raises(Invalid) as refused:
        submit(database, cast.zhang, late, "2026-12-20")
    assert "上级临时决定的活动" in refused.value.by_field()["event.held_on"].zh
    with database.reading() as work:
        id = submit(database, cast.zhou, late, "2026-12-20")
        assert work.session.get(Case, id).flags == ["逾期"]


def test_a_year_nobody_knows_turns_nobody_away_who_may_be_in_time(database, cast):
    publish(database, NOW, mass())
    submit(database, cast.zhang, NOW, "2027-02-20")


def test_a_step_is_due_so_long_before_the_date_and_moves_with_the_calendar(database, cast):
    publish(database, NOW, mass(steps="5wd before event.held_on"))
    id = submit(database, cast.zhang, NOW, "2026-12-20")

    def due() -> str:
        with database.reading() as work:
            at = work.session.scalars(select(Task.due_at).where(Task.case_id == id)).one()
            return f"{at.astimezone(ZONE):%m-%d %H:%M}"

    assert due() == "12-14 17:30"
    text = "source: 更正\npublished_on: 2026-09-18\nholidays:\n  2026-12-16: 停电\n"
    with database.unit_of_work() as work:
        calendars.publish(work, text, by=cast.operator, now=NOW)
    assert due() == "12-11 17:30"


def test_the_gate_wants_a_date_that_somebody_gives():
    def said(rule: str) -> str:
        given = files("huodong", "")
        text = (
            given["bpmn/huodong/matter.yaml"]
            .decode()
            .replace("channels: [online, counter, system]}", f"channels: [online], in_time: [{rule}]}}")
        )
        given["bpmn/huodong/matter.yaml"] = text.encode()
        found = of(gate.check(matters.Source("huodong", given), COUNTY, house=HOUSE), "before-date")
        assert found.severity == "error" and found.line > 0
        return found.message_zh + found.message_en

    assert "event.held_on" in said("{until: 20cd before event.hled_on}")
    assert "不是日期" in said("{until: 20cd before event.people}")
    assert "钟点" in said("{until: 20h before event.held_on}")
    assert "people" in said('{until: 20cd before event.held_on, when: "=event.poeple > 3"}')
    assert "basis" in said("{until: 20cd before event.held_on, basis: mas}")
