"""A clerk's day: list, claim, work, return, transfer, look behind a mask; what a second clerk is told."""

import re

import pytest
from sqlalchemy import select

from engine import matters
from engine.people import SYSTEM
from engine.records import library
from engine.store.models import Case, Reveal, Task
from tests.cast import DAIBAN, ROOT
from tests.commands import acting
from tests.hall import Open
from web.pages import inbox


def _claim(hall: Open, role: str, number: str):
    task = hall.task(number)
    return hall.client(role).post(f"/desk/tasks/{task.id}/claim", data={"version": task.version})


def _complete(hall: Open, role: str, number: str, answers: dict, **more):
    task = hall.task(number)
    body = {"version": task.version, "answers": answers, **more}
    return hall.client(role).post(f"/desk/tasks/{task.id}/complete", json=body)


def test_a_list_shows_step_time_left_and_a_masked_name(hall: Open):
    hall.submit()
    text = hall.client("chen").get("/desk/list/open").text
    assert "张*丰 · 代办收件" in text and "张三丰" not in text
    assert "还剩3个工作日" in text and "老年" in text


def test_what_others_villages_wait_for_is_not_in_my_list(hall: Open):
    hall.submit()
    assert "代办收件" not in hall.client("huang").get("/desk/list/open").text


def test_claiming_moves_it_to_my_desk(hall: Open):
    number = hall.submit()
    answer = _claim(hall, "chen", number)
    assert (answer.status_code, answer.location) == (302, f"/desk/cases/{number}")
    assert number in hall.client("chen").get("/desk").text
    assert number not in hall.client("lin").get("/desk/list/open").text


def test_the_second_to_claim_is_told_who_has_it_since_when(hall: Open):
    number = hall.submit()
    before = hall.task(number)
    _claim(hall, "chen", number)
    answer = hall.client("lin").post(f"/desk/tasks/{before.id}/claim", data={"version": before.version})
    assert answer.status_code == 409
    assert "陈*云" in answer.text and "签收" in answer.text and "09:00" in answer.text
    assert "看最新情况" in answer.text or "回待办" in answer.text


def test_the_second_to_complete_is_told_who_did_it(hall: Open):
    number = hall.submit()
    before = hall.task(number)
    good = acting.TAKE_IN
    assert _complete(hall, "chen", number, good).status_code == 200
    body = {"version": before.version, "answers": good}
    answer = hall.client("lin").post(
        f"/desk/tasks/{before.id}/complete", json=body, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/already-done" and "陈*云" in answer.json["detail"]


def test_a_step_is_completed_and_what_follows_is_said(hall: Open):
    number = hall.submit()
    _claim(hall, "chen", number)
    answer = _complete(hall, "chen", number, acting.TAKE_IN)
    assert answer.json == {"location": f"/desk/cases/{number}"}
    task = hall.task(number)
    assert task.element == "accept"
    assert "代办收件单" in hall.client("chen").get(f"/desk/cases/{number}").text


def test_whoever_wants_goes_on_to_the_most_urgent_other_case_in_hand(hall: Open):
    first, second = hall.submit(), hall.submit()
    good = acting.TAKE_IN
    for number in (first, second):
        _claim(hall, "chen", number)
    assert 'data-key="n"' in hall.client("chen").get(f"/desk/cases/{first}").text
    assert _complete(hall, "chen", first, good, onward=True).json == {"location": f"/desk/cases/{second}"}
    assert 'data-key="n"' not in hall.client("chen").get(f"/desk/cases/{second}").text
    assert _complete(hall, "chen", second, good, onward=True).json == {"location": "/desk"}


def test_a_missing_answer_comes_back_by_the_field_and_nothing_moves(hall: Open):
    number = hall.submit()
    answer = _complete(hall, "chen", number, {})
    assert answer.status_code == 422
    assert "代办员签名" in {f["label"] for f in answer.json["fields"]}
    assert hall.task(number).element == "take_in"


def test_a_preview_tells_what_would_happen_and_changes_nothing(hall: Open):
    number = hall.submit()
    _claim(hall, "chen", number)
    task = hall.task(number)
    body = {"version": task.version, "answers": acting.TAKE_IN}
    answer = hall.client("chen").post(f"/desk/tasks/{task.id}/preview", json=body)
    assert answer.status_code == 200
    assert "代办收件单" in answer.json["review"] and "就这样办" in answer.json["review"]
    assert hall.task(number) == task


def test_returning_asks_for_a_reason_shows_the_plan_and_then_does_it(hall: Open):
    number = hall.submit()
    _complete(hall, "chen", number, acting.TAKE_IN)
    _claim(hall, "wang", number)
    _complete(hall, "wang", number, acting.ACCEPT)
    _claim(hall, "wang", number)
    task, client = hall.task(number), hall.client("wang")
    address = f"/desk/tasks/{task.id}/return"
    assert "受理审查" in client.get(address).text
    answer = client.post(address, data={"version": task.version, "to": "accept", "reason": ""})
    assert answer.status_code == 422 and "请填写退回理由" in answer.text
    asked = {"version": task.version, "to": "accept", "reason": "身份证照片看不清"}
    plan = client.post(address, data=asked)
    assert plan.status_code == 200 and "确认以后会这样" in plan.text and "受理审查" in plan.text
    assert hall.task(number).element == "register"
    token = re.search(r'name="expect" value="(\w+)"', plan.text)[1]
    done = client.post(address, data={**asked, "confirmed": "1", "expect": token})
    assert done.status_code == 302
    assert hall.task(number).element == "accept"


def test_work_is_given_to_a_colleague_with_a_reason(hall: Open):
    number = hall.submit()
    _claim(hall, "chen", number)
    task, client = hall.task(number), hall.client("chen")
    address = f"/desk/tasks/{task.id}/transfer"
    assert "林志强" in client.get(address).text
    lin = hall.cast.users["lin"]
    sent = {"version": task.version, "to": str(lin), "reason": "我要开会"}
    assert _shown_and_confirmed(client, address, sent).status_code == 302
    assert number in hall.client("lin").get("/desk").text
    assert "已转给您办理" in hall.client("lin").get("/desk/notices").text


def _shown_and_confirmed(client, address, sent):
    shown = client.post(address, data=sent)
    assert shown.status_code == 200 and "确认以后会这样" in shown.text
    token = re.search(r'name="expect" value="([^"]+)"', shown.text.replace("\n    ", " "))[1]
    return client.post(address, data={**sent, "confirmed": "1", "expect": token})


@pytest.mark.parametrize("what", ["return", "transfer", "delegate", "recall"])
def test_what_nobody_was_shown_is_not_done_and_the_plan_is_shown_instead(hall: Open, what: str):
    """A confirmation without the plan's token did it unseen."""
    number = hall.submit()
    _complete(hall, "chen", number, acting.TAKE_IN)
    mine = done = None
    if what == "recall":  # what one has done can be had back as long as nobody took the next
        with hall.database.reading() as work:
            mine, done = "chen", work.session.scalars(select(Task.id).where(Task.element == "take_in")).one()
    else:
        _claim(hall, "wang", number)
        _complete(hall, "wang", number, acting.ACCEPT)
        _claim(hall, "wang", number)
    task, client = hall.task(number), hall.client(mine or "wang")
    address = f"/desk/tasks/{done or task.id}/{what}"
    to = "accept" if what == "return" else str(hall.cast.users["li"])
    sent = {"version": task.version, "to": to, "reason": "身份证照片看不清"}
    for token in ({}, {"expect": ""}, {"expect": "0" * 16}):
        unseen = client.post(address, data={**sent, **token, "confirmed": "1"})
        assert unseen.status_code == 409, token
        assert "请再看一遍" in unseen.text and "确认以后会这样" in unseen.text and 'name="expect"' in unseen.text
    assert hall.task(number) == task
    assert _shown_and_confirmed(client, address, sent).status_code == 302
    assert hall.task(number) != task


def test_who_confirms_after_somebody_else_acted_is_told_and_keeps_what_they_typed(hall: Open):
    number = hall.submit()
    _claim(hall, "chen", number)
    task, client = hall.task(number), hall.client("chen")
    address = f"/desk/tasks/{task.id}/delegate"
    sent = {"version": task.version, "to": str(hall.cast.users["lin"]), "reason": "户口怎么看"}
    shown = client.post(address, data=sent).text.replace("\n    ", " ")
    token = re.search(r'name="expect" value="([^"]+)"', shown)[1]
    _complete(hall, "chen", number, acting.TAKE_IN)
    late = client.post(address, data={**sent, "confirmed": "1", "expect": token})
    assert late.status_code == 409 and "户口怎么看" in late.text and "确认以后会这样" not in late.text
    first = client.post(address, data=sent)
    assert first.status_code == 409 and "户口怎么看" in first.text


def test_a_draft_outlives_the_session(hall: Open):
    number = hall.submit()
    _claim(hall, "chen", number)
    task = hall.task(number)
    answer = hall.client("chen").post(f"/desk/tasks/{task.id}/draft", json={"answers": {"agent_signature": "写到一半"}})
    assert answer.status_code == 200 and "已暂存" in answer.json["said"]
    assert (
        "写到一半"
        in hall.client("chen")
        .get(f"/desk/cases/{number}")
        .get_data(as_text=True)
        .encode()
        .decode("unicode_escape", "ignore")
        or "\\u5199\\u5230\\u4e00\\u534a" in hall.client("chen").get(f"/desk/cases/{number}").text
    )


def test_looking_behind_a_mask_needs_a_purpose_and_is_recorded(hall: Open):
    number = hall.submit()
    client = hall.client("chen")
    assert "13800000001" not in client.get(f"/desk/cases/{number}").text
    refused = client.post(f"/desk/cases/{number}/reveal", data={"field": "phone", "purpose": "contact", "words": " "})
    assert refused.status_code == 422
    shown = client.post(
        f"/desk/cases/{number}/reveal", data={"field": "phone", "purpose": "contact", "words": "打电话核对"}
    )
    assert "13800000001" in shown.text
    with hall.database.reading() as work:
        (kept,) = work.session.scalars(select(Reveal))
        assert (kept.field, kept.purpose, kept.by_id) == ("phone", "联系申请人：打电话核对", hall.cast.users["chen"])


def test_an_identity_number_is_masked_whatever_field_it_was_written_into(hall: Open):
    """A driving licence bears its holder's number; people write theirs into an address."""
    written = {**DAIBAN["applicant"], "address": "苏洋村12号，350526195003071239，邮编362500，12345678901234567X"}
    text = hall.client("chen").get(f"/desk/cases/{hall.submit(applicant=written)}").text
    assert "350526195003071239" not in text
    assert "苏洋村12号，3505**********1239，邮编362500，12345678901234567X" in text, "no other number is touched"


def test_a_hall_without_the_office_of_a_confidential_matter_takes_in_the_others(hall: Open):
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "fuer"), by=SYSTEM, now=hall.clock())
    page = hall.client("chen").get("/desk/window")
    assert page.status_code == 200 and "/desk/window/daiban" in page.text and "/desk/window/fuer" not in page.text


def test_search_finds_by_number_name_and_phone_what_one_may_see(hall: Open):
    number = hall.submit()
    parts = {number[n : n + 4] for n in range(len(number) - 3)}  # any four characters in a row
    spoken = number.replace("-", "")
    phones = ("13800000001", "+86 138-0000-0001", "１３８ ００００ ０００１", "0086 138 0000 0001", "(138)0000-0001")
    for words in (
        number,
        spoken,
        spoken[4:13],
        number[:9].replace("-", " "),
        *sorted(parts)[::4],
        "张三丰",
        "张",
        *phones,
    ):
        answer = hall.client("chen").get("/desk/find", query_string={"q": words}, follow_redirects=True)
        assert number in answer.text, words
        other = hall.client("huang").get("/desk/find", query_string={"q": words}, follow_redirects=True)
        assert f"/desk/cases/{number}" not in other.text, words
    for words in ("三", "丰", "张三", "李", "13800000002"):
        answer = hall.client("chen").get("/desk/find", query_string={"q": words})
        assert "没有查到" in answer.text, words


def test_a_search_that_finds_many_says_that_it_lists_the_newest(hall: Open, monkeypatch):
    numbers = [hall.submit() for _n in range(3)]
    monkeypatch.setattr(inbox, "FOUND", 2)
    text = hall.client("chen").get("/desk/find", query_string={"q": "张"}).text
    assert "查到的不止 2 件" in text
    assert [n in text for n in numbers] == [False, True, True]
    monkeypatch.setattr(inbox, "FOUND", 3)
    assert "查到 3 件" in hall.client("chen").get("/desk/find", query_string={"q": "张"}).text


def test_the_deadline_explains_itself_day_by_day(hall: Open):
    number = hall.submit()
    text = hall.client("chen").get(f"/desk/cases/{number}").text
    for words in ("起算日不计", "9月20日（周日）", "调休上班", "第 5 日"):
        assert words in text, words


def test_a_counter_takes_in_for_someone_who_came(hall: Open):
    from tests.cast import DAIBAN

    client = hall.client("chen")
    assert "全程代办" in client.get("/desk/window").text
    answer = client.post(
        "/desk/window/daiban", json={"answers": DAIBAN, "channel": "counter", "consent": "yes", "once": "a"}
    )
    assert answer.status_code == 201 and answer.json["location"].startswith("/desk/cases/350526-")


def test_a_supervisor_sees_numbers_then_the_list_then_the_case(hall: Open):
    number = hall.submit()
    hall.clock.on(days=12)
    client = hall.client("zhao")
    text = client.get("/desk/overview").text
    assert "德化县医疗保障局" in text and "which=red" in text
    assert number in client.get("/desk/overview/cases?which=overdue").text
    assert client.get(f"/desk/cases/{number}").status_code == 200


def test_a_designer_sees_a_matter_its_diagram_and_its_check(hall: Open):
    client = hall.client("designer")
    assert "全程代办" in client.get("/desk/matters").text
    assert "流程图" in client.get("/desk/matters/daiban").text
    assert client.get("/desk/matters/daiban/files/process.bpmn").text.startswith("<?xml")
    assert client.get("/desk/matters/daiban/files/matter.yml").status_code == 404


def test_a_second_correction_of_the_same_thing_comes_back_by_the_row(hall: Open):
    from tests.cast import DAIBAN
    from tests.commands.acting import CORRECT

    number = hall.submit()
    _complete(hall, "chen", number, acting.TAKE_IN)
    _complete(hall, "wang", number, CORRECT)
    mine = {"answers": {"applicant": DAIBAN["applicant"], "correction_note": "已重拍"}, "version": 1}
    hall.client("zhang").post(f"/mine/task/{hall.task(number).id}", json=mine)
    assert hall.task(number).element == "accept"
    answer = _complete(hall, "wang", number, CORRECT)
    assert answer.status_code == 422
    (one,) = answer.json["fields"]
    assert one["field"] == "correction.items.0.material" and "已告知过" in one["text"]


def test_the_column_is_in_groups_and_no_key_opens_two_pages(hall: Open):
    for role in ("chen", "zhao"):
        page = hall.client(role).get("/desk").text
        column = page[page.index('<nav class="yz-nav"') :]
        column = column[: column.index("</nav>")]
        keys = re.findall(r'data-key="([^"]+)"', column)
        assert len(keys) == len(set(keys)) and len(keys) > 5
        headings = re.findall(r"<h2>(.+?)</h2>", column)
        assert headings[:2] == ["办件", "服务"]
        assert len(headings) == len(set(headings))


def test_a_page_below_an_entry_lights_that_entry(hall: Open):
    page = hall.client("chen").get("/desk/bonds/new").text
    assert re.search(r'href="/desk/bonds" aria-current="page"', page)


STANDS = '<span class="yz-due yz-due-stopped">时限已停，还没办完</span>'


def test_a_decided_case_that_waits_for_its_hand_over_is_not_called_done(hall: Open):
    case_id = acting.accepted(hall.database, hall.cast, hall.clock)
    acting.complete(hall.database, case_id, acting.REGISTER, hall.cast.wang, hall.clock.on(days=3))
    with hall.database.reading() as work:
        number = work.session.get(Case, case_id).number
    page = hall.client("chen").get(f"/desk/cases/{number}").text
    assert STANDS in page and "yz-due-done" not in page
    for other in (f"/desk/cases/{number}/glance", f"/desk/cases/{number}/clock/ask", f"/desk/find?q={number}"):
        page = hall.client("wang").get(other, follow_redirects=True).text
        assert STANDS in page and "yz-due-done" not in page, other
    page = hall.client("zhang").get(f"/mine/{number}").text
    assert number in page and "yz-due-done" not in page
