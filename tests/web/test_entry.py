"""Coming in: residents by phone and code, staff by name and password; going out."""

import re

from sqlalchemy import select

from engine.records import audit
from engine.store.models import Notice, User
from tests.cast import PASSWORD
from tests.hall import Open


def _code(answer) -> str:
    return re.search(r"data-shown-code>(\d{6})<", answer.text)[1]


def test_a_resident_comes_in_with_a_phone_and_the_code_on_the_screen(hall: Open):
    client = hall.client()
    answer = client.post("/enter", data={"phone": "139 0000 0009", "next": "/apply/daiban"})
    assert answer.status_code == 200 and "139****0009" in answer.text
    answer = client.post("/enter/code", data={"phone": "13900000009", "code": _code(answer), "next": "/apply/daiban"})
    assert (answer.status_code, answer.location) == (302, "/apply/daiban")
    assert client.get("/mine").status_code == 200


def test_the_code_also_leaves_through_the_notice_channel(hall: Open):
    hall.client().post("/enter", data={"phone": "13900000009"})
    with hall.database.reading() as work:
        (notice,) = work.session.scalars(select(Notice))
        assert (notice.channel, notice.kind, notice.address) == ("sms", "code", "13900000009")


def test_a_wrong_phone_is_told_by_the_field_and_kept(hall: Open):
    answer = hall.client().post("/enter", data={"phone": "12345"})
    assert answer.status_code == 422
    assert "手机号应为 11 位数字" in answer.text and 'value="12345"' in answer.text


def test_a_wrong_code_does_not_open(hall: Open):
    client = hall.client()
    right = _code(client.post("/enter", data={"phone": "13900000009"}))
    wrong = "000000" if right != "000000" else "111111"
    answer = client.post("/enter/code", data={"phone": "13900000009", "code": wrong})
    assert answer.status_code == 403 and "验证码不正确或已过期" in answer.text
    assert client.get("/mine").status_code == 302


def test_two_codes_in_a_minute_are_too_many(hall: Open):
    client = hall.client()
    client.post("/enter", data={"phone": "13900000009"})
    answer = client.post("/enter", data={"phone": "13900000009"})
    assert answer.status_code == 429 and "验证码一分钟只发一次，刚才那个还能用。请 60 秒后再试" in answer.text
    assert answer.headers["Retry-After"] == "60"


def test_the_page_for_the_code_is_there_after_a_reload_in_large_letters_and_in_english(hall: Open):
    client = hall.client()
    sent = client.post("/enter?next=/mine", data={"phone": "13800000001"})
    code = re.search(r"data-shown-code>\s*(\d{6})", sent.text)[1]
    assert 'data-here="/enter/code?next=/mine"' in sent.text
    for where in ("/letters", "/language"):
        assert 'name="next" value="/enter/code?next=/mine"' in sent.text
        turned = client.post(where, data={"next": "/enter/code?next=/mine", "to": "en"})
        assert turned.headers["Location"] == "/enter/code?next=/mine"
    again = client.get("/enter/code?next=/mine")
    assert again.status_code == 200 and code in again.text
    twice = client.post("/enter?next=/mine", data={"phone": "13800000001"})
    assert twice.status_code == 429 and 'href="/enter/code?next=/mine"' in twice.text
    done = client.post("/enter/code?next=/mine", data={"phone": "13800000001", "code": code})
    assert done.status_code == 302 and done.headers["Location"] == "/mine"


def test_nobody_who_asked_for_no_code_or_long_ago_sees_a_page_for_one(hall: Open):
    client = hall.client()
    assert client.get("/enter/code").headers["Location"] == "/enter"
    client.post("/enter", data={"phone": "13800000001"})
    hall.clock.on(minutes=6)
    assert client.get("/enter/code").headers["Location"] == "/enter"


def test_staff_come_in_by_name_and_password(hall: Open):
    client = hall.client()
    answer = client.post("/desk/enter", data={"name": "chen", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/desk")
    assert "陈小云" in client.get("/desk").text


def _wrong(client, times):
    for _ in range(times):
        answer = client.post("/desk/enter", data={"name": "chen", "password": "wrong password"})
        assert answer.status_code == 403 and "用户名或密码不正确" in answer.text


def test_a_wrong_password_is_refused_and_the_sixth_try_waits(hall: Open):
    client = hall.client()
    _wrong(client, 5)
    answer = client.post("/desk/enter", data={"name": "chen", "password": PASSWORD})
    assert answer.status_code == 429 and "30 秒后再试" in answer.text


def test_a_clerk_on_their_own_computer_is_not_kept_out_by_a_guesser_and_is_told_of_them(hall: Open):
    own, stranger = hall.client(), hall.client()
    own.post("/desk/enter", data={"name": "chen", "password": PASSWORD})
    own.post("/leave")
    _wrong(stranger, 5)
    answer = own.post("/desk/enter", data={"name": "chen", "password": PASSWORD})
    assert answer.status_code == 302
    assert "试了 5 次错误的密码" in own.get("/desk").text


def test_a_device_cookie_that_somebody_wrote_opens_nothing_and_breaks_nothing(hall: Open):
    client = hall.client()
    for cookie in ("nonsense", "e30.AAAA", "é"):
        client.set_cookie("yizhan_device", cookie)
        answer = client.post("/desk/enter", data={"name": "chen", "password": PASSWORD})
        assert answer.status_code == 302, cookie


def test_a_code_works_in_the_browser_that_asked_for_it_only(hall: Open):
    own, stranger = hall.client(), hall.client()
    code = _code(own.post("/enter", data={"phone": "13900000009"}))
    assert stranger.post("/enter/code", data={"phone": "13900000009", "code": code}).status_code == 403
    assert own.post("/enter/code", data={"phone": "13900000009", "code": code}).status_code == 302


def test_leaving_ends_the_session_in_the_store_too(hall: Open):
    client = hall.client("chen")
    with client.session_transaction() as session:
        token = session["token"]
    client.post("/leave")
    assert client.get("/desk").status_code == 302
    with client.session_transaction() as session:
        session["token"] = token  # a copied cookie
    assert client.get("/desk").status_code == 302


def test_after_signing_in_nobody_is_sent_to_another_site(hall: Open):
    client = hall.client()
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        answer = client.post("/desk/enter", data={"name": "chen", "password": PASSWORD, "next": target})
        assert answer.location == "/desk", target


def test_a_disabled_account_is_out_at_once(hall: Open):
    client = hall.client("chen")
    assert client.get("/desk").status_code == 200
    with hall.database.unit_of_work() as work:
        work.session.get(User, hall.cast.users["chen"]).disabled_at = hall.clock()
    assert client.get("/desk").status_code == 403


def test_english_is_a_switch_that_lasts(hall: Open):
    client = hall.client()
    client.post("/language", data={"to": "en", "next": "/"})
    assert '<html lang="en"' in client.get("/").text
    client.post("/language", data={"to": "zh", "next": "/"})
    assert '<html lang="zh-CN"' in client.get("/").text


def test_large_letters_are_a_switch_that_lasts(hall: Open):
    client = hall.client()
    client.post("/letters", data={"next": "/"})
    assert 'class="is-large"' in client.get("/matters").text


# ---------------------------------------------------------------- a number is not a person


def _after_a_year(hall: Open):
    """Somebody with 张三丰's old number and its code, 400 days later."""
    number = hall.submit()
    hall.clock.on(days=400)
    client = hall.client()
    code = _code(client.post("/enter", data={"phone": "13800000001"}))
    answer = client.post("/enter/code", data={"phone": "13800000001", "code": code, "next": "/mine"})
    assert (answer.status_code, answer.location) == (302, "/enter/proof?next=/mine")
    return client, number


def test_after_long_silence_the_code_alone_opens_nothing_and_the_last_four_do(hall: Open):
    client, number = _after_a_year(hall)
    page = client.get("/enter/proof?next=/mine").text
    assert "身份证号的最后 4 位" in page and "张" not in page
    assert client.get("/mine").status_code == 302  # not in yet
    wrong = client.post("/enter/proof", data={"proof": "0000"})
    assert wrong.status_code == 403 and "和登记的不一样" in wrong.text
    answer = client.post("/enter/proof", data={"proof": "1239", "next": "/mine"})
    assert (answer.status_code, answer.location) == (302, "/mine")
    assert number in client.get("/mine").text
    client.post("/leave")
    hall.clock.on(days=400)  # this browser has shown who holds it
    code = _code(client.post("/enter", data={"phone": "13800000001"}))
    assert client.post("/enter/code", data={"phone": "13800000001", "code": code}).location == "/"


def test_three_wrong_proofs_a_day_are_all(hall: Open):
    client, _number = _after_a_year(hall)
    for proof in ("0000", "1111", "2222"):
        assert client.post("/enter/proof", data={"proof": proof}).status_code == 403
    assert client.post("/enter/proof", data={"proof": "1239"}).status_code == 429


def test_the_new_owner_of_a_number_gets_an_account_of_their_own(hall: Open):
    client, number = _after_a_year(hall)
    answer = client.post("/enter/proof", data={"another": "1", "next": "/mine"})
    assert (answer.status_code, answer.location) == (302, "/mine")
    assert number not in client.get("/mine").text and client.get(f"/mine/{number}").status_code == 404
    with hall.database.reading() as work:
        before = work.session.get_one(User, hall.cast.users["zhang"])
        assert before.phone is None and before.phone_index is None
        mine = work.session.scalars(select(User).where(User.phone_index.is_not(None), User.id != before.id)).all()
        assert "13800000001" in {one.phone for one in mine}
        assert not audit.verify(work).faults


def test_a_proof_is_asked_only_of_who_just_gave_the_right_code(hall: Open):
    client, _number = _after_a_year(hall)
    hall.clock.on(minutes=11)
    assert client.post("/enter/proof", data={"proof": "1239"}).location == "/enter"
    assert hall.client().get("/enter/proof").location == "/enter"


def test_two_codes_for_one_telephone_in_one_moment_are_both_sent(hall: Open):
    first = hall.client().post("/enter", data={"phone": "13900000009"})
    second = hall.client().post("/enter", data={"phone": "13900000009"})
    assert (first.status_code, second.status_code) == (200, 200)
    by_program = [hall.client().post("/api/v1/session/code", json={"phone": "13900000008"}) for _ in range(2)]
    assert [answer.status_code for answer in by_program] == [200, 200]
