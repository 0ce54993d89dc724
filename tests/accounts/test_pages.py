"""群众账号 at the desk, and 换手机号 in 我的."""

import re

import pytest
from sqlalchemy import select

from engine.commands.hall import outside
from engine.people import login
from engine.store.models import AccountMerge, Event, User
from tests.accounts.test_merging import ID, NEW, WHY, merge
from tests.hall import Open, open_hall


@pytest.fixture
def hall(sqlite, clock, tmp_path) -> Open:
    return open_hall(sqlite, clock, tmp_path)


def _second(hall: Open) -> int:
    """张三丰's other account, by his new number."""
    with hall.database.unit_of_work() as work:
        code = login.issue_code(work, NEW, now=hall.clock(), ask="browser")
    return login.resident(hall.database, NEW, code, now=hall.clock(), ask="browser").user_id


def _shown(answer) -> str:
    return re.search(r"data-shown-code>\s*(\d{6})", answer.text)[1]


def test_a_resident_changes_their_own_number_with_two_codes(hall: Open):
    client, elsewhere = hall.client("zhang"), hall.client("zhang")
    assert "换手机号" in client.get("/mine").text
    assert client.get("/mine/number").status_code == 200
    for number, words in (("123", "11 位数字"), ("13800000002", "已经有一个账号"), ("13800000001", "不用换")):
        answer = client.post("/mine/number", data={"phone": number})
        assert answer.status_code == 422 and words in answer.text, number
    answer = client.post("/mine/number", data={"phone": "139 0000 0009"})
    assert "139****0009" in answer.text
    old, new = (re.search(rf"data-{which}-code>(\d{{6}})<", answer.text)[1] for which in ("old", "new"))
    wrong = client.post("/mine/number/change", data={"phone": NEW, "old_code": new, "new_code": old})
    assert wrong.status_code == 422 and wrong.text.count("验证码不正确或已过期") >= 2
    done = client.post("/mine/number/change", data={"phone": NEW, "old_code": old, "new_code": new})
    assert (done.status_code, done.location) == (302, "/mine")
    assert "手机号已经换好" in client.get("/mine").text and elsewhere.get("/mine").status_code == 302
    assert client.post("/mine/number", data={"phone": NEW}).status_code == 422


def test_six_changes_a_day_are_too_many_and_the_answer_says_when(hall: Open):
    client = hall.client("zhang")
    for n in range(6):
        answer = client.post("/mine/number", data={"phone": f"1390000001{n}"})
        hall.clock.on(minutes=11)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 3600 and "换号码的次数太多" in answer.text


def test_a_counter_finds_an_account_and_shows_it_masked(hall: Open):
    number, clerk = hall.submit(), hall.client("zhou")
    for text in ("13800000001", ID, number):
        page = clerk.post("/desk/residents/find", data={"q": text}).text
        assert "张*丰" in page and "138****0001" in page and "张三丰" not in page, text
    assert "没有这样的账号" in clerk.post("/desk/residents/find", data={"q": "13900000000"}).text
    page = clerk.get(f"/desk/residents/{hall.cast.users['zhang']}").text
    assert "办件 1" in page and ID not in page and "13800000001" not in page
    assert clerk.get(f"/desk/residents/{hall.cast.users['chen']}").status_code == 404  # staff
    for who in ("designer", "operator"):
        client = hall.client(who)
        assert client.get("/desk/residents").status_code == 403
        assert client.post("/desk/residents/find", data={"q": ID}).status_code == 403


def test_a_counter_changes_a_lost_number(hall: Open):
    clerk, user_id = hall.client("zhou"), hall.cast.users["zhang"]
    answer = clerk.post(f"/desk/residents/{user_id}/code", data={"phone": NEW})
    form = {"phone": NEW, "code": _shown(answer), "identity": "350526199203071223", "reason": WHY}
    wrong = clerk.post(f"/desk/residents/{user_id}/number", data=form)
    assert wrong.status_code == 422 and "和这个账号登记的不一样" in wrong.text and WHY in wrong.text
    done = clerk.post(f"/desk/residents/{user_id}/number", data={**form, "identity": ID})
    assert done.status_code == 302 and "139****0009" in clerk.get(done.location).text


def test_a_counter_says_whose_a_doubted_account_is(hall: Open):
    clerk, user_id = hall.client("zhou"), hall.cast.users["zhang"]
    with hall.database.unit_of_work() as work:
        login.doubt(work, user_id, now=hall.clock())
    hall.clock.on(minutes=1)
    assert "等核对本人" in clerk.get(f"/desk/residents/{user_id}").text
    assert clerk.post(f"/desk/residents/{user_id}/prove", data={"identity": ID, "reason": ""}).status_code == 422
    assert clerk.post(f"/desk/residents/{user_id}/prove", data={"identity": ID, "reason": WHY}).status_code == 302
    assert "等核对本人" not in clerk.get(f"/desk/residents/{user_id}").text


def test_a_counter_merges_two_accounts_and_puts_them_apart_again(hall: Open):
    number, clerk, old = hall.submit(), hall.client("zhou"), hall.cast.users["zhang"]
    new = _second(hall)
    hall.clock.on(minutes=2)
    found = clerk.post("/desk/residents/find", data={"q": "13800000001", "of": str(new)}).text
    assert f"/desk/residents/{old}/into/{new}" in found
    page = clerk.get(f"/desk/residents/{old}/into/{new}").text
    assert "办件 1" in page and "7 天内可以撤销" in page and "139****0009" in page
    assert "发验证码" in page and "合并成一个账号" not in page  # an account that knows no identity: its telephone first
    sent = clerk.post(f"/desk/residents/{new}/code", data={"from": str(old), "other": str(new)})
    assert "合并成一个账号" in sent.text
    form = {"code": _shown(sent), "identity": ID, "reason": WHY, "keep": "into"}
    wrong = clerk.post(f"/desk/residents/{old}/into/{new}", data={**form, "reason": ""})
    assert wrong.status_code == 422 and "请写明为什么办" in wrong.text
    done = clerk.post(f"/desk/residents/{old}/into/{new}", data=form)
    assert done.status_code == 302 and "办件 1" in clerk.get(done.location).text
    assert clerk.post(f"/desk/residents/{old}/into/{new}", data=form).status_code == 409
    page = clerk.get("/desk/residents").text
    assert WHY in page and "张*丰" in page
    merge_id = re.search(r"/desk/residents/merges/(\d+)/part", page)[1]
    assert clerk.post(f"/desk/residents/merges/{merge_id}/part", data={"reason": ""}).status_code == 422
    assert (
        hall.client("sun").post(f"/desk/residents/merges/{merge_id}/part", data={"reason": "弄错了人"}).status_code
        == 403
    )
    head = hall.client("qian")
    assert head.post(f"/desk/residents/merges/{merge_id}/part", data={"reason": "弄错了人"}).status_code == 302
    assert "已撤销" in clerk.get("/desk/residents").text
    assert number in hall.client("zhang").get("/mine").text
    with hall.database.reading() as work:
        assert work.session.get(User, old).phone == "13800000001"
        kinds = set(work.session.scalars(select(Event.kind).where(Event.kind.like("account.%"))))
        assert kinds == {"account.merged", "account.parted"}


def test_a_merge_whose_time_is_over_is_listed_no_more(hall: Open):
    """The record of it stays, and says of nobody who it was (engine.commands.hall.outside)."""
    hall.submit()
    old, new = hall.cast.users["zhang"], _second(hall)
    hall.clock.on(minutes=2)
    merge(hall.database, hall.clock, hall.cast.zhou, old, new)
    assert WHY in hall.client("zhou").get("/desk/residents").text
    with hall.database.unit_of_work() as work:
        outside.blank(work, AccountMerge, [work.session.scalars(select(AccountMerge.id)).one()], now=hall.clock())
    page = hall.client("zhou").get("/desk/residents")
    assert page.status_code == 200 and WHY not in page.text and "/part" not in page.text


def test_what_stops_a_merge_is_said_before(hall: Open):
    """Each with its own identity number: the card decides, and nothing is moved."""
    clerk, zhang, xu = hall.client("zhou"), hall.cast.users["zhang"], hall.cast.users["xu"]
    answer = clerk.post(f"/desk/residents/{zhang}/into/{xu}", data={"identity": ID, "reason": WHY})
    assert answer.status_code == 422 and "和这个账号登记的不一样" in answer.text
    assert clerk.post(f"/desk/residents/{zhang}/into/{zhang}", data={"identity": ID, "reason": WHY}).status_code == 409
