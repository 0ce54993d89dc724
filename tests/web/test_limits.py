"""挂起, 激活, 延期 from the 时限 tab: shown first, confirmed exactly so, by who may; requests for more time and their
answer.

2026-09-18 is a Friday; +10 working days is 10-09, +20 is 10-22.
"""

import re

import pytest

from tests import permit
from tests.hall import Open


@pytest.fixture
def number(hall: Open) -> str:
    return permit.open_case(hall)


def confirm(client, address, sent, page):
    token = re.search(r'name="expect" value="(\w+)"', page.text)[1]
    return client.post(address, data={**sent, "confirmed": "1", "expect": token})


def request_id(hall, number):
    text = hall.client("zhao").get("/desk/extensions").text
    return re.search(rf"/desk/cases/{number}/extensions/(\d+)", text)[1]


def test_a_clerk_asks_the_head_approves_and_the_new_day_is_the_resident_s_too(hall: Open, number):
    clerk, head = hall.client("wang"), hall.client("zhao")
    assert "申请延期…" in clerk.get(f"/desk/cases/{number}").text
    assert (
        "10 个工作日，只一次，须经本行政机关负责人批准（行政许可法 第42条第一款）"
        in clerk.get(f"/desk/cases/{number}/clock/ask").text
    )
    missing = clerk.post(f"/desk/cases/{number}/clock/ask", data={"reason": " "})
    assert missing.status_code == 422 and "请填写延期理由" in missing.text
    assert clerk.post(f"/desk/cases/{number}/clock/ask", data={"reason": "须到现场核实"}).status_code == 302
    assert "等待批准延期：" in clerk.get(f"/desk/cases/{number}").text
    assert "食品小作坊许可" in head.get("/desk/extensions").text and "待批延期" in head.get("/desk").text
    assert "申请延期，请到“待批延期”审批" in head.get("/desk/notices").text

    address = f"/desk/cases/{number}/extensions/{request_id(hall, number)}/approve"
    plan = head.post(address)
    assert plan.status_code == 200
    assert "10月9日（周五）17:30 前 → <strong>10月22日（周四）17:30 前</strong>" in plan.text
    assert "延长办理期限通知书" in plan.text
    hall.clock.on(minutes=3)
    assert confirm(head, address, {}, plan).status_code == 302
    assert "10月22日（周四）" in hall.client("zhang").get(f"/mine/{number}").text
    assert "已批准延期" in clerk.get("/desk/notices").text
    assert "没有等您批的延期" in head.get("/desk/extensions").text
    again = head.get(f"/desk/cases/{number}").text
    assert "不能延期：" in again and "已延期 1 次" in again and "延期申请（王丽）：" in again


def test_the_clock_is_the_office_s_heads_and_not_of_where_the_person_lives(hall: Open, number):
    """张三丰 lives in 龙门滩镇, whose head reads the case and says nothing about the time the 市监 office takes."""
    hall.client("wang").post(f"/desk/cases/{number}/clock/ask", data={"reason": "须到现场核实"})
    address = f"/desk/cases/{number}/extensions/{request_id(hall, number)}"
    town = hall.client("qian")
    text = town.get(f"/desk/cases/{number}").text
    assert "申请延期（王丽）：" in text or "须到现场核实" in text
    for verb in ("suspend", "resume"):
        assert f"/clock/{verb}" not in text, verb
    assert number not in town.get("/desk/extensions").text
    sent = {"cause": "appraisal", "n": "5", "unit": "wd", "reason": "等一等", "answer": "不同意"}
    for where in ("clock/suspend", "clock/resume", "clock/extend"):
        assert town.post(f"/desk/cases/{number}/{where}", data=sent).status_code == 403, where
    for what in ("approve", "refuse"):
        refused = town.post(f"{address}/{what}", data=sent)
        assert refused.status_code == 403 and "承办单位或上级的负责人" in refused.text, what
    assert number in hall.client("zhao").get("/desk/extensions").text


def test_refusing_tells_the_clerk_why(hall: Open, number):
    hall.client("wang").post(f"/desk/cases/{number}/clock/ask", data={"reason": "须到现场核实"})
    head, address = hall.client("zhao"), f"/desk/cases/{number}/extensions/{request_id(hall, number)}"
    empty = head.post(f"{address}/refuse", data={"answer": ""})
    assert empty.status_code == 422 and "请填写不同意的理由" in empty.text
    assert head.post(f"{address}/refuse", data={"answer": "材料够了"}).status_code == 302
    assert "没有批准：材料够了" in hall.client("wang").get("/desk/notices").text
    assert "已由赵建国于" in head.get(address).text
    late = head.post(f"{address}/refuse", data={"answer": "再一次"})
    assert late.status_code == 409 and "已由赵*国于" in late.text


def test_a_plan_that_changed_is_shown_anew_and_nothing_is_done(hall: Open, number):
    head, address = hall.client("zhao"), f"/desk/cases/{number}/clock/extend"
    sent = {"reason": "须到现场核实"}
    plan = head.post(address, data=sent)
    hall.client("wu").post(f"/desk/cases/{number}/clock/suspend", data={})  # nothing asked, nothing done
    stale = head.post(address, data={**sent, "confirmed": "1", "expect": "0" * 16})
    assert stale.status_code == 409 and "请再看一遍" in stale.text and "须到现场核实" in stale.text
    assert "10月9日" in hall.client("zhang").get(f"/mine/{number}").text
    assert confirm(head, address, sent, plan).status_code == 302
    gone = confirm(head, address, sent, plan)
    assert gone.status_code == 409 and "已延期 1 次，不能再延" in gone.text


def test_suspending_names_the_law_s_causes_foretells_the_day_and_issues_the_notice(hall: Open, number):
    head, address = hall.client("zhao"), f"/desk/cases/{number}/clock/suspend"
    form = head.get(address).text
    for cause in ("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"):
        assert cause in form, cause
    wrong = head.post(address, data={"cause": "", "n": "很久", "unit": "wd"})
    assert wrong.status_code == 422 and "请选一个法定事由" in wrong.text and "请填所需时间" in wrong.text
    hall.clock.at("2026-09-22 09:00")
    head = hall.client("zhao")
    sent = {"cause": "testing", "n": "5", "unit": "wd", "prepare": "样品三份"}
    plan = head.post(address, data=sent)
    assert "预计的新时限" in plan.text and "10月15日（周四）" in plan.text  # RULES T7
    assert "特别程序告知书" in plan.text and "<dd>检测</dd>" in plan.text and "<dd>样品三份</dd>" in plan.text
    assert confirm(head, address, sent, plan).status_code == 302
    text = head.get(f"/desk/cases/{number}").text
    assert "因检测暂停计时" in text and "激活（恢复计时）…" in text and "挂起（特别程序）…" not in text
    assert "因检测暂停计时" in hall.client("zhang").get(f"/mine/{number}").text
    from sqlalchemy import select

    from engine.store.models import Document

    with hall.database.reading() as work:
        assert work.session.scalar(select(Document)).facts["prepare"] == "样品三份"

    hall.clock.at("2026-09-30 09:00")
    head, address = hall.client("zhao"), f"/desk/cases/{number}/clock/resume"
    plan = head.post(address)
    assert "10月15日（周四）17:30 前" in plan.text
    assert confirm(head, address, {}, plan).status_code == 302
    assert "10月15日（周四）17:30" in hall.client("zhang").get(f"/mine/{number}").text


@pytest.mark.parametrize("verb", ["suspend", "resume", "extend"])
def test_a_clerk_is_offered_none_of_it_and_refused(hall: Open, number, verb):
    clerk = hall.client("wang")
    text = clerk.get(f"/desk/cases/{number}").text
    assert "挂起（特别程序）…" not in text and ">延期…" not in text
    sent = {"cause": "testing", "n": "5", "unit": "wd", "reason": "想晚点"}
    assert clerk.post(f"/desk/cases/{number}/clock/{verb}", data=sent).status_code == 403
    assert hall.client("sun").post(f"/desk/cases/{number}/clock/{verb}", data=sent).status_code == 404


def test_a_matter_whose_law_knows_no_pause_says_so(hall: Open):
    number = hall.submit()
    text = hall.client("zhao").get(f"/desk/cases/{number}").text
    assert "不能挂起：“社会保险登记、医疗保险参保登记”的时限不能暂停（社会保险经办条例 第6条）" in text
    assert "不能延期：" in text
