"""查进度 without log-in, by number and phone or by the receipt's QR; and the door 我要反映."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from engine.people import login as entry
from engine.reads import tracking
from engine.store.models import Case, Reminder
from tests.commands import acting
from tests.hall import Open, open_hall
from tests.services.test_fanying import LAMP, TO_YB, centre, do


@pytest.fixture
def hall(sqlite, clock, tmp_path) -> Open:
    return open_hall(sqlite, clock, tmp_path)


def _number(hall, case_id):
    with hall.database.reading() as work:
        return work.session.get(Case, case_id).number


def test_the_receipts_code_opens_the_progress_without_a_log_in_and_redacted(hall: Open, clock):
    number = hall.submit()
    receipt = hall.client("zhang").get(f"/receipt/{number}").text
    assert "查进度的二维码" in receipt and "data:image/svg+xml" in receipt
    page = hall.client().get(f"/track/{number}/{tracking.word_of(number)}").text
    for words in ("代办收件", "苏洋村", "9月24日（周四）", "催一催", "对这件事有意见"):
        assert words in page, words
    for secret in ("张三丰", "13800000001", "350526195003071239", "陈小云"):
        assert secret not in page, secret


def test_a_made_up_word_opens_nothing(hall: Open):
    number = hall.submit()
    wrong = hall.client().get(f"/track/{number}/{'0' * 20}")
    assert wrong.status_code == 404 and "代办收件" not in wrong.text


def test_the_clerk_who_has_it_is_shown_masked(hall: Open, clock):
    case_id = acting.submit(hall.database, hall.cast.zhang, clock())
    acting.claim(hall.database, case_id, hall.cast.chen, clock())
    number = _number(hall, case_id)
    page = hall.client().post("/track", data={"number": number, "phone": "13800000001"}).text
    assert "陈*云" in page and "陈小云" not in page


def test_hurrying_by_the_receipt_is_recorded_once_in_four_hours(hall: Open, clock):
    number = hall.submit()
    client, path = hall.client(), f"/track/{number}/{tracking.word_of(number)}"
    assert "已经催了" in client.post(f"{path}/remind", follow_redirects=True).text
    again = client.post(f"{path}/remind", follow_redirects=True)
    assert again.request.path == path, "on the page of the case, where it was asked"
    refused = re.search(r'<div class="yz-errors" role="alert"[^>]*data-refused>(.*?)</div>', again.text, re.DOTALL)
    assert refused is not None and "13:00" in refused[1], again.text
    assert client.post(f"/track/{number}/{'0' * 20}/remind").status_code == 404
    with hall.database.reading() as work:
        assert len(work.session.scalars(select(Reminder)).all()) == 1


def test_after_the_hand_over_it_says_that_somebody_will_call_and_then_offers_to_rate(hall: Open, clock):
    case_id = acting.delivered(hall.database, hall.cast, clock)
    number = _number(hall, case_id)
    path = f"/track/{number}/{tracking.word_of(number)}"
    assert "已经办好" in hall.client().get(path).text
    acting.visited(hall.database, case_id, hall.cast.zhou, clock)
    page = hall.client().get(path).text
    assert "评一评" in page and f"/mine/{number}/rate" in page
    assert hall.client().get(f"/mine/{number}/rate").status_code == 302  # a code to the phone first
    client = hall.client("zhang")
    assert "实名" in client.get(f"/mine/{number}/rate").text
    assert client.post(f"/mine/{number}/rate", data={"level": "2", "named": "1"}).status_code == 302
    assert "已经评价过" in hall.client().get(path).text


def test_the_door_leads_to_the_form_with_the_telephone_beside_it(hall: Open, clock):
    without = hall.client().get("/report").text
    assert "tel:110" in without and "/apply/fanying" not in without  # not published here: the telephone stays
    centre(hall.database, hall.cast, clock)
    assert "/report" in hall.client().get("/").text
    door = hall.client().get("/report?about=350526-20260918-3201-0001-2").text
    assert "/apply/fanying?about=350526-20260918-3201-0001-2" in door and "tel:" in door
    form = hall.client("zhang").get("/apply/fanying?about=350526-20260918-3201-0001-2").text
    assert '"number": "350526-20260918-3201-0001-2"' in form


def test_a_danger_is_answered_on_the_receipt_at_once(hall: Open, clock):
    centre(hall.database, hall.cast, clock)
    client = hall.client("zhang")
    sent = client.post("/apply/fanying", json={"answers": {**LAMP, "danger": "yes"}, "once": "a"})
    assert sent.status_code == 201
    assert "请立即拨打 110" in client.get(sent.json["location"]).text


def test_the_clerk_complained_about_has_no_page_of_it_and_the_api_tells_nothing(hall: Open, clock):
    centre(hall.database, hall.cast, clock)
    client = hall.client("zhang")
    answers = {**LAMP, "kind": "clerk", "about": {"clerk": "医保窗口的王丽", "number": ""}}
    sent = client.post("/apply/fanying", json={"answers": answers, "once": "b"})
    number = re.search(r"[\d-]{20,}", sent.json["location"])[0]
    case_id = _id(hall, number)
    do(hall.database, hall.cast, clock, case_id, "he", TO_YB)
    for login, status in (("wang", 404), ("li", 200)):
        assert hall.client(login).get(f"/desk/cases/{number}").status_code == status, login
    assert number not in hall.client("wang").get("/desk/list/open").text
    assert number in hall.client("li").get("/desk/list/open").text
    with hall.database.unit_of_work() as work:
        token = entry.new_token(work, hall.cast.users["wang"], now=clock())
    head = {"Authorization": f"Bearer {token}"}
    assert hall.client().get(f"/api/v1/cases/{number}", headers=head).status_code == 404
    assert number not in hall.client().get("/api/v1/inbox?list=open", headers=head).text


def _id(hall, number):
    with hall.database.reading() as work:
        return work.session.scalar(select(Case.id).where(Case.number == number))


def test_a_supervisor_opens_the_list_behind_each_number_of_ratings(hall: Open, clock):
    case_id = acting.finished(hall.database, hall.cast, clock)
    number = _number(hall, case_id)
    hall.client("zhang").post(f"/mine/{number}/rate", data={"level": "2"})
    head = hall.client("wu")
    page = head.get("/desk/overview").text
    assert "/desk/overview/ratings?which=2" in page and "实评率" in page and "三率" in page
    assert number in head.get("/desk/overview/ratings?which=2").text
    for path in ("ratings?which=unrated", "ratings?which=mistaken", "orders?which=solved", "orders?which=solved&no=1"):
        assert head.get(f"/desk/overview/{path}").status_code == 200
    assert hall.client("wang").get("/desk/overview/ratings?which=2").status_code == 403
