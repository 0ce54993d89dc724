"""请假代理 on the desk: set it, see it, end it; refusals by the field; the work done for somebody says for whom."""

import re

from sqlalchemy import select

from engine.store.models import Case, Task
from tests.commands import acting
from tests.hall import Open


def send(client, hall, **changes):
    sent = {
        "agent": str(hall.cast.users["li"]),
        "from": "2026-09-18T08:00",
        "until": "2026-09-22T17:30",
        "which": "all",
        "reason": "培训",
    }
    return client.post("/desk/absences", data={**sent, **changes})


def test_who_stands_in_for_me_and_for_whom_i_stand_in(hall: Open):
    wang, li = hall.client("wang"), hall.client("li")
    text = wang.get("/desk/absences").text
    assert "没有安排。请假前在这里填一次" in text and "现在没有替别人代理" in text and "本单位请假的" not in text
    assert send(wang, hall).status_code == 302
    text = wang.get("/desk/absences").text
    assert "正在代理" in text and "9月18日（周五）08:00 – 9月22日（周二）17:30" in text and "培训" in text
    assert "王丽" in li.get("/desk/absences").text and "代 王丽" in li.get("/desk").text
    assert "由您代理" in li.get("/desk/notices").text
    assert "王丽" in hall.client("zhao").get("/desk/absences").text


def test_ending_early_is_the_person_s_or_the_head_s(hall: Open):
    send(hall.client("wang"), hall)
    leave = re.search(r"/desk/absences/(\d+)/end", hall.client("wang").get("/desk/absences").text)[1]
    assert hall.client("li").post(f"/desk/absences/{leave}/end").status_code == 403
    assert hall.client("zhao").post(f"/desk/absences/{leave}/end").status_code == 302
    assert "提前结束）" in hall.client("wang").get("/desk/absences").text
    assert "代 王丽" not in hall.client("li").get("/desk").text
    assert hall.client("wang").post(f"/desk/absences/{leave}/end").status_code == 409


def test_what_is_wrong_stands_by_the_field_and_what_was_filled_in_stays(hall: Open):
    client = hall.client("wang")
    answer = send(client, hall, agent="", until="", reason="培训")
    assert answer.status_code == 422 and "请填日期和时间" in answer.text and "请选一个人" in answer.text
    assert 'value="2026-09-18T08:00"' in answer.text and 'value="培训"' in answer.text
    assert send(client, hall, which="some").status_code == 422
    assert send(client, hall, which="some", matters="daiban").status_code == 302
    circle = send(hall.client("li"), hall, agent=str(hall.cast.users["wang"]))
    assert circle.status_code == 422 and "王丽那段时间正由您代理" in circle.text and "绕成一圈" in circle.text


def test_a_head_arranges_for_the_sick_and_nobody_for_strangers(hall: Open):
    wang = str(hall.cast.users["wang"])
    assert send(hall.client("zhao"), hall, user=wang).status_code == 302
    assert send(hall.client("sun"), hall, user=str(hall.cast.users["li"])).status_code == 403


def test_a_task_done_for_somebody_away_says_for_whom(hall: Open):
    number = hall.submit()
    send(hall.client("chen"), hall, agent=str(hall.cast.users["huang"]))
    task = hall.task(number)
    huang = hall.client("huang")
    assert huang.post(f"/desk/tasks/{task.id}/claim", data={"version": task.version}).status_code == 302
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", huang.get(f"/desk/cases/{number}").text))
    assert "黄丽华 代 陈小云 签收" in text


def test_rows_say_on_whose_behalf_they_are(hall: Open):
    """What waits for one who is away, what they have in hand, what was taken and done for them: each says for whom."""
    waits, in_hand = hall.submit(), hall.submit()
    with hall.database.reading() as work:
        tasks = dict(work.session.execute(select(Case.number, Task.id).join(Task, Task.case_id == Case.id)).all())
    chen, huang = hall.client("chen"), hall.client("huang")
    chen.post(f"/desk/tasks/{tasks[in_hand]}/claim", data={"version": 1})
    send(chen, hall, agent=str(hall.cast.users["huang"]))

    def row(address: str, number: str) -> str:
        page = huang.get(address).text
        found = re.search(rf'<a class="yz-row"[^>]*/{number}[?"].*?</a>', page, re.DOTALL)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])) if found else ""

    assert "代 陈*云" in row("/desk/list/open", waits) and "代 陈*云" in row("/desk", in_hand)
    huang.post(f"/desk/tasks/{tasks[waits]}/claim", data={"version": 1})
    assert "代 陈*云" in row("/desk", waits)
    for number, version in ((waits, 2), (in_hand, 2)):
        body = {"version": version, "answers": acting.TAKE_IN}
        assert huang.post(f"/desk/tasks/{tasks[number]}/complete", json=body).status_code == 200
        assert "代 陈*云" in row("/desk/list/done", number)
    own = hall.submit()
    assert own in chen.get("/desk/list/open").text and "代 陈" not in chen.get("/desk/list/open").text


def test_a_head_hands_over_what_somebody_has_in_hand(hall: Open):
    from tests import permit

    number = permit.open_case(hall)
    head, address = hall.client("zhao"), "/desk/absences/handover"
    people = {"person": str(hall.cast.users["wang"]), "to": str(hall.cast.users["li"])}
    assert head.post(address, data={"person": "", "to": ""}).status_code == 422
    plan = head.post(address, data=people)
    assert plan.status_code == 200 and "会移交 1 项" in plan.text and number in plan.text
    token = re.search(r'name="expect" value="(\w+)"', plan.text)[1]
    sent = {**people, "confirmed": "1", "expect": token}
    assert head.post(address, data={**sent, "reason": ""}).status_code == 422
    stale = head.post(address, data={**sent, "reason": "调离", "expect": "0" * 16})
    assert stale.status_code == 409 and "请重新查看" in stale.text
    assert head.post(address, data={**sent, "reason": "调离"}).status_code == 302
    assert number in hall.client("li").get("/desk").text and number not in hall.client("wang").get("/desk").text
    assert "手里没有可以移交的" in head.post(address, data=people).text
    assert hall.client("wang").get(address).status_code == 403
