"""The way a case has come, on its page: who, when, for whom, which round, what was said, why; and no page of ours
prints nothing where a name is wrong."""

import re
from datetime import timedelta

import jinja2
import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.people import load
from engine.store.models import Leave, Task
from tests.commands.acting import ACCEPT, TAKE_IN
from tests.hall import Open


def _actor(hall: Open, short: str, work):
    return load(work, hall.cast.users[short], now=hall.clock())


def _do(hall: Open, short: str, number: str, verb, *arguments):
    """One command on the live task of a case."""
    task = hall.task(number)
    with hall.database.unit_of_work() as work:
        return verb(work, task.id, *arguments, version=task.version, by=_actor(hall, short, work), now=hall.clock())


def _returned(hall: Open) -> str:
    """A case whose first step came back to the agent who had taken it in."""
    number = hall.submit()
    _do(hall, "chen", number, cases.complete, TAKE_IN)
    hall.clock.on(hours=3)
    _do(hall, "wang", number, cases.claim)
    _do(hall, "wang", number, cases.return_, "take_in", "身份证照片看不清")
    return number


def _steps(text: str) -> str:
    """The list of steps under 流程."""
    return text.partition('id="flow"')[2].partition("</section>")[0].partition("data-steps-taken")[2]


def test_a_new_case_shows_the_one_step_that_waits(hall: Open):
    number = hall.submit()
    steps = _steps(hall.client("chen").get(f"/desk/cases/{number}").text)
    assert steps.count("<li>") == 1 and "代办收件" in steps and "待签收" in steps


def test_each_step_says_who_when_how_long_and_what_was_decided(hall: Open):
    number = hall.submit()
    hall.clock.on(hours=5)
    _do(hall, "chen", number, cases.complete, TAKE_IN)
    hall.clock.on(hours=1)
    _do(hall, "wang", number, cases.complete, ACCEPT)
    steps = _steps(hall.client("wang").get(f"/desk/cases/{number}").text)
    assert steps.count("<li>") == 3
    first, second = steps.split("</li>")[:2]
    assert "陈小云" in first and "办完" in first and "用时 5 小时" in first and "14:00" in first
    assert "王丽" in second and "用时 60 分钟" in second
    assert "受理" in second.partition("用时")[2], "the decision of the step, in the words of its form"


def test_the_reason_of_a_return_reaches_the_receiver_on_form_row_notice_and_record(hall: Open):
    number = _returned(hall)
    clerk = hall.client("chen")
    row = clerk.get("/desk/list/open").text
    assert "退回理由：" in row and "身份证照片看不清" in row
    page = clerk.get(f"/desk/cases/{number}").text
    form = page.partition('id="work"')[2].partition("</section>")[0]
    assert "身份证照片看不清" in form and "王" in form
    assert "身份证照片看不清" in page.partition('id="record"')[2]
    steps = _steps(page)
    assert steps.count("<li>") == 3 and "第 2 次" in steps and steps.count("身份证照片看不清") == 2
    notices = clerk.get("/desk/notices").text
    assert "被退回，请重新办理" in notices and "身份证照片看不清" in notices
    assert "身份证照片看不清" in clerk.get(f"/desk/cases/{number}/glance").text


def test_the_reason_of_a_transfer_reaches_the_receiver_on_form_row_notice_and_record(hall: Open):
    number = hall.submit()
    _do(hall, "chen", number, cases.claim)
    task = hall.task(number)
    with hall.database.unit_of_work() as work:
        lin = hall.cast.users["lin"]
        by = _actor(hall, "chen", work)
        cases.transfer(work, task.id, lin, "我要去开会", version=task.version, by=by, now=hall.clock())
    clerk = hall.client("lin")
    assert "我要去开会" in clerk.get("/desk").text
    page = clerk.get(f"/desk/cases/{number}").text
    assert "我要去开会" in page.partition('id="work"')[2].partition("</section>")[0]
    assert "我要去开会" in page.partition('id="record"')[2]
    assert "转办理由：我要去开会" in clerk.get("/desk/notices").text


def test_what_is_done_for_somebody_away_names_both(hall: Open):
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        work.session.add(
            Leave(
                user_id=hall.cast.users["chen"],
                agent_id=hall.cast.users["wang"],
                from_at=hall.clock(),
                until_at=hall.clock() + timedelta(days=2),
                reason="病假",
            )
        )
    _do(hall, "wang", number, cases.claim)
    steps = _steps(hall.client("wang").get(f"/desk/cases/{number}").text)
    assert "代 陈小云" in steps


def test_the_applicant_reads_no_opinion_and_no_reason_of_the_hall(hall: Open):
    number = _returned(hall)
    text = hall.client("zhang").get(f"/mine/{number}").text
    assert "代办收件" in text and "身份证照片看不清" not in text


def test_the_applicant_reads_what_was_done_in_the_order_in_which_it_was_done(hall: Open):
    number = hall.submit()
    _do(hall, "chen", number, cases.complete, TAKE_IN)
    hall.clock.on(hours=3)
    _do(hall, "wang", number, cases.claim)
    _do(hall, "wang", number, cases.complete, ACCEPT)

    def way() -> list[str]:
        shown = hall.client("zhang").get(f"/mine/{number}").text.partition('class="yz-way"')[2].partition("</ol>")[0]
        return [one for one in re.findall(r"<li[^>]*>(.+?)<br>", shown) if one in ("代办收件", "受理审查")]

    assert way() == ["代办收件", "受理审查"]
    with hall.database.unit_of_work() as work:  # begun first and done last, as of two offices at once
        first = work.session.scalars(select(Task).order_by(Task.id)).first()
        first.ended_at += timedelta(hours=5)
    assert way() == ["受理审查", "代办收件"]


def test_a_template_that_names_what_nobody_gave_is_a_fault(hall: Open):
    with hall.app.test_request_context("/"), pytest.raises(jinja2.UndefinedError):
        hall.app.jinja_env.from_string("{{ case.steps }}").render(case={})
