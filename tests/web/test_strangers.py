"""A stranger with a script against signing in: codes, passwords, cookies forged, replayed and another's; floods. What
the attack gets, and what the person meanwhile keeps."""

import re

import pytest
from sqlalchemy import func, select

from engine.commands import accounts
from engine.commands.worker import background
from engine.records import audit, notices
from engine.store.models import Case, Event, Notice, OneTimeCode, Throttle, User
from tests.cast import DAIBAN, PASSWORD
from tests.hall import Open

ZHANG = "13800000001"
#: Where the script runs; where people are.
THERE = {"REMOTE_ADDR": "203.0.113.9"}


def _code(answer) -> str:
    return re.search(r"data-shown-code>\s*(\d{6})", answer.text)[1]


def _ask(client, phone=ZHANG, **where):
    return client.post("/enter", data={"phone": phone}, **where)


def _sign_in(client, phone=ZHANG):
    code = _code(_ask(client, phone))
    return client.post("/enter/code", data={"phone": phone, "code": code})


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_sixty_telephones_in_a_loop_get_twenty_codes_and_the_answer_says_when_to_come_back(hall: Open):
    answers = [_ask(hall.app.test_client(), f"139000000{n:02d}", environ_base=THERE) for n in range(60)]
    assert [a.status_code for a in answers].count(200) == 20
    last = answers[-1]
    assert last.status_code == 429 and last.headers["Retry-After"] == "10" and "用手机流量再试" in last.text
    with hall.database.reading() as work:
        assert work.session.scalar(select(func.count()).where(Notice.kind == "code")) == 20


def test_a_program_in_a_loop_is_told_when_to_come_back_too(hall: Open):
    client = hall.app.test_client()
    for n in range(20):
        client.post("/api/v1/session/code", json={"phone": f"139000000{n:02d}"})
    answer = client.post("/api/v1/session/code", json={"phone": "13900000077"})
    assert answer.status_code == 429 and answer.headers["Retry-After"] == "10"
    assert answer.json["type"] == "/problems/too-many" and answer.json["facts"]["seconds"] == 10


def test_a_telephone_under_fire_rings_ten_times_a_day_and_its_owner_signs_in_all_the_same(hall: Open):
    own = hall.app.test_client()
    assert _sign_in(own).status_code == 302
    own.post("/leave")
    for n in range(60):
        _ask(hall.app.test_client(), environ_base={"REMOTE_ADDR": f"203.0.113.{n}"})
        hall.clock.on(minutes=3)
    with hall.database.reading() as work:
        assert work.session.scalar(select(func.count()).where(Notice.kind == "code")) == 1 + 9
    assert "用登录过的手机或电脑不受影响" in _ask(hall.app.test_client()).text
    assert _sign_in(own).status_code == 302


def test_wrong_codes_from_elsewhere_kill_nobodys_code_and_the_person_is_told(hall: Open):
    own, stranger = hall.app.test_client(), hall.app.test_client()
    code = _code(_ask(own))
    _ask(stranger, environ_base=THERE)
    for _ in range(5):
        stranger.post("/enter/code", data={"phone": ZHANG, "code": _wrong(code)}, environ_base=THERE)
    assert stranger.post("/enter/code", data={"phone": ZHANG, "code": code}).status_code == 403
    assert own.post("/enter/code", data={"phone": ZHANG, "code": code}).status_code == 302
    assert "有人在别处用您的手机号试了 5 次错误的验证码" in own.get("/").text


def test_five_wrong_ones_of_ones_own_are_mended_by_a_second_code(hall: Open):
    own = hall.app.test_client()
    code = _code(_ask(own))
    for _ in range(5):
        own.post("/enter/code", data={"phone": ZHANG, "code": _wrong(code)})
    assert own.post("/enter/code", data={"phone": ZHANG, "code": code}).status_code == 403
    hall.clock.on(minutes=1)
    assert _sign_in(own).status_code == 302
    assert "有人在别处" not in own.get("/").text  # it was themselves


def test_a_code_is_used_once_and_neither_late_nor_elsewhere_nor_for_another_telephone(hall: Open):
    own, stranger = hall.app.test_client(), hall.app.test_client()
    code = _code(_ask(own))
    _ask(own, "13800000002")
    for client, phone in ((stranger, ZHANG), (own, "13900000009"), (stranger, "13800000002")):
        assert client.post("/enter/code", data={"phone": phone, "code": code}).status_code == 403
    assert own.post("/enter/code", data={"phone": ZHANG, "code": code}).status_code == 302
    own.post("/leave")
    assert own.post("/enter/code", data={"phone": ZHANG, "code": code}).status_code == 403
    hall.clock.on(minutes=1)
    late = _code(_ask(own))
    hall.clock.on(minutes=6)
    assert own.post("/enter/code", data={"phone": ZHANG, "code": late}).status_code == 403


def test_codes_nobody_asked_for_are_refused_and_write_nothing(hall: Open):
    client = hall.app.test_client()
    for n in range(30):
        answer = client.post("/enter/code", data={"phone": f"139000000{n:02d}", "code": "000000"})
        assert answer.status_code == 403
        answer = client.post("/api/v1/session", json={"phone": f"139000000{n:02d}", "code": "000000", "ask": ""})
        assert answer.status_code == 403
    with hall.database.reading() as work:
        for kind in (OneTimeCode, Throttle):
            assert work.session.scalar(select(func.count()).select_from(kind)) == 0


def test_a_device_cookie_forged_cut_or_anothers_gives_a_stranger_nothing(hall: Open):
    own, stranger = hall.app.test_client(), hall.app.test_client()
    assert _sign_in(own).status_code == 302
    cookie = own.get_cookie("yizhan_device").value
    head, dot, signature = cookie.rpartition(".")
    forged = (cookie[:-1] + ("A" if cookie[-1] != "A" else "B"), head + dot, f"eyJpZCI6IngifQ.{signature}", "", "a.b.c")
    for one in forged:
        stranger.set_cookie("yizhan_device", one)
        code = _code(_ask(stranger, "13900000009"))
        assert stranger.post("/enter/code", data={"phone": ZHANG, "code": code}).status_code == 403
        hall.clock.on(minutes=11)
    # the very cookie: codes of that telephone may be asked for with it, they still ring at its owner's
    stranger.set_cookie("yizhan_device", cookie)
    assert stranger.get("/mine").status_code == 302
    code = _code(_ask(stranger))
    for _ in range(5):
        assert stranger.post("/enter/code", data={"phone": ZHANG, "code": _wrong(code)}).status_code == 403


def test_a_session_cookie_forged_or_of_a_session_that_was_left_opens_nothing(hall: Open):
    own, stranger = hall.app.test_client(), hall.app.test_client()
    assert _sign_in(own).status_code == 302
    name = hall.app.config["SESSION_COOKIE_NAME"]
    cookie = own.get_cookie(name).value
    for forged in (cookie[:-2], f"{cookie}x", "e30.aaaa.bbbb", ""):
        stranger.set_cookie(name, forged)
        assert stranger.get("/mine").status_code == 302, forged
    own.post("/leave")
    stranger.set_cookie(name, cookie)
    assert stranger.get("/mine").status_code == 302


def test_a_password_guesser_keeps_the_clerk_out_of_nothing(hall: Open):
    own, stranger = hall.app.test_client(), hall.app.test_client()
    assert own.post("/desk/enter", data={"name": "chen", "password": PASSWORD}).status_code == 302
    own.post("/leave")
    said = [
        stranger.post("/desk/enter", data={"name": "chen", "password": f"guess-{n}-x"}, environ_base=THERE)
        for n in range(40)
    ]
    assert [a.status_code for a in said].count(403) == 5  # then it waits, longer each time
    assert said[-1].status_code == 429 and int(said[-1].headers["Retry-After"]) == 30
    for n in range(60):  # and from everywhere
        where = {"REMOTE_ADDR": f"198.51.100.{n}"}
        stranger.post("/desk/enter", data={"name": "chen", "password": "guess"}, environ_base=where)
    assert own.post("/desk/enter", data={"name": "chen", "password": PASSWORD}, environ_base=THERE).status_code == 302


def test_odd_names_and_numbers_are_refused_and_never_a_fault(hall: Open):
    client = hall.app.test_client()
    for odd in ("\0", "x" * 5000, "１３８" * 4, "'; drop table user;--", "+86 138", "²" * 11):
        assert client.post("/enter", data={"phone": odd}).status_code in (400, 422, 429), odd
        assert client.post("/enter/code", data={"phone": odd, "code": odd}).status_code in (400, 403), odd
        assert client.post("/desk/enter", data={"name": odd, "password": odd}).status_code in (400, 403, 422, 429), odd


def test_whoever_has_texts_sent_to_one_telephone_by_the_dozen_rings_it_twenty_times_an_hour(hall: Open):
    def work_off() -> list[str]:
        while background.run(hall.database, background.Equipment(press=None), now=hall.clock(), most=50):
            continue
        with hall.database.reading() as work:
            return sorted(work.session.scalars(select(Notice.kind).where(Notice.state == "sent")))

    with hall.database.unit_of_work() as work:
        for n in range(25):
            notices.put(work, f"told:{n}", "您的办件已受理。", kind="told", now=hall.clock(), address=ZHANG)
        notices.put(work, "other", "您的办件已受理。", kind="other", now=hall.clock(), address="13800000002")
        notices.put(work, "code", "验证码 123456", kind="code", now=hall.clock(), address=ZHANG, urgent=True)
    assert work_off() == ["code", "other", *["told"] * 20]
    hall.clock.on(hours=1)
    assert work_off().count("told") == 25


# ---------------------------------------------------------------- a number is not a person


def _give_on(hall: Open):
    """Somebody else has 张三丰's number, says so, and is in; the case of before."""
    number = hall.submit()
    hall.clock.on(days=100)
    client = hall.app.test_client()
    assert _sign_in(client).location == "/enter/proof"
    assert client.post("/enter/proof", data={"another": "1"}).status_code == 302
    return client, number


def test_the_new_holder_of_a_number_reads_no_text_message_for_the_one_before(hall: Open):
    with hall.database.unit_of_work() as work:  # put there before, and due later
        notices.put(work, "before", "张三丰：请来取件。", kind="told", now=hall.clock(), address=ZHANG)
    client, number = _give_on(hall)
    zhang = hall.cast.users["zhang"]
    with hall.database.unit_of_work() as work:
        case_id = work.session.scalar(select(Case.id).where(Case.number == number))
        after = {"now": hall.clock.on(days=1), "kind": "told", "address": ZHANG}
        notices.put(work, "of-case", "张三丰：您的办件已办结。", case_id=case_id, **after)
        notices.put(work, "of-account", "张三丰：您预约的时间到了。", user_id=zhang, **after)
        notices.put(work, "mine", "李四：您预约的时间到了。", **after)
    while background.run(hall.database, background.Equipment(press=None), now=hall.clock(), most=50):
        continue
    with hall.database.reading() as work:
        of = select(Notice.key, Notice.state).where(Notice.key.in_(["before", "of-case", "of-account", "mine"]))
        assert dict(work.session.execute(of).all()) == {
            "before": "cancelled",
            "of-case": "cancelled",
            "of-account": "cancelled",
            "mine": "sent",
        }
    assert number not in client.get("/mine").text


def test_a_text_that_failed_and_is_tried_again_when_the_number_is_somebody_elses_is_called_off(hall: Open):
    with hall.database.unit_of_work() as work:
        notices.put(work, "before", "张三丰：请来取件。", kind="told", now=hall.clock(), address=ZHANG)
    with hall.database.unit_of_work() as work:
        notices.give_up(work, "before")
    _give_on(hall)
    while background.run(hall.database, background.Equipment(press=None), now=hall.clock(), most=50):
        continue
    with hall.database.reading() as work:
        assert work.session.scalar(select(Notice.state).where(Notice.key == "before")) == "cancelled"


def test_the_new_holder_may_call_themselves_as_they_like_and_has_nothing_by_it(hall: Open):
    client, number = _give_on(hall)
    with hall.database.reading() as work:
        mine = work.session.scalar(select(User).where(User.number_at.is_not(None)))
        assert mine.name == "" and mine.phone == ZHANG
    client.post("/mine/name", data={"name": "张三丰"})
    client.post("/leave")
    hall.clock.on(minutes=1)
    assert _sign_in(client).location == "/"
    assert number not in client.get("/mine").text and client.get(f"/mine/{number}").status_code == 404
    assert client.get(f"/api/v1/cases/{number}").status_code == 401


def test_what_was_open_in_the_name_of_the_one_before_is_closed(hall: Open):
    number, old, program = hall.submit(), hall.client("zhang"), hall.program("zhang")
    assert program("GET", f"/cases/{number}").status_code == 200
    with hall.database.unit_of_work() as work:
        work.session.get_one(User, hall.cast.users["zhang"]).doubted_at = hall.clock()
    client = hall.app.test_client()
    assert _sign_in(client).location == "/enter/proof"
    client.post("/enter/proof", data={"another": "1"})
    assert old.get("/mine").status_code == 302 and program("GET", f"/cases/{number}").status_code == 401


LI = {**DAIBAN, "applicant": {**DAIBAN["applicant"], "name": "李四", "id_number": "350526199203071223"}}


def _apply(client, answers):
    return client.post("/apply/daiban", json={"answers": answers, "consent": True, "place": "350526106201"})


def test_an_application_of_somebody_else_closes_the_account_until_a_proof(hall: Open):
    number, client = hall.submit(), hall.app.test_client()
    assert _sign_in(client).status_code == 302
    assert number in client.get("/mine").text  # a number given on within the silence: nobody can know yet
    answer = _apply(client, LI)
    assert answer.status_code == 403 and answer.json["location"].startswith("/enter/proof")
    assert "不是同一个人" in answer.json["detail"]
    assert client.get("/mine").status_code == 302 and client.get(f"/mine/{number}").status_code == 302
    page = client.get("/enter/proof").text
    assert "不是同一个人" in page and "张三丰" not in page and "1239" not in page
    # signing in anew, on a device that knows the account, does not help
    hall.clock.on(minutes=1)
    assert _sign_in(client).location == "/enter/proof"
    # theirs is an account of their own
    assert client.post("/enter/proof", data={"another": "1"}).status_code == 302
    assert number not in client.get("/mine").text
    assert _apply(client, LI).status_code == 201
    with hall.database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(Case)) == 2
        kinds = set(work.session.scalars(select(Event.kind)))
        assert {"account.doubted", "account.phone-given-on"} <= kinds and not audit.verify(work).faults


def test_one_of_the_family_proves_the_account_and_applies_for_the_other(hall: Open):
    number, client = hall.submit(), hall.app.test_client()
    _sign_in(client)
    assert _apply(client, LI).status_code == 403
    assert client.post("/enter/proof", data={"proof": "1223"}).status_code == 403  # not of whom it is for
    assert client.post("/enter/proof", data={"proof": "1239", "next": "/mine"}).location == "/mine"
    assert number in client.get("/mine").text
    assert _apply(client, LI).status_code == 201
    hall.clock.on(days=2)
    _sign_in(client)
    assert _apply(client, LI).status_code == 201  # known by now


def test_a_program_that_applies_for_another_has_to_sign_in_with_a_proof(hall: Open):
    hall.submit()
    program, client = hall.program("zhang"), hall.app.test_client()
    body = {"matter": "daiban", "answers": LI, "consent": True}
    answer = program("POST", "/cases", body)
    assert answer.status_code == 403 and answer.json["type"] == "/problems/proof-needed"
    assert program("GET", "/cases").status_code == 401

    def sign_in(**proof):
        asked = client.post("/api/v1/session/code", json={"phone": ZHANG}).json
        return client.post(
            "/api/v1/session", json={"phone": ZHANG, "code": asked["shown"], "ask": asked["ask"], **proof}
        )

    assert sign_in().status_code == 403 and sign_in(proof="0000").status_code == 403
    token = sign_in(proof="1239").json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post("/api/v1/cases", json=body, headers=headers).status_code == 201


def test_the_second_press_on_a_number_that_was_given_on_is_told_so(hall: Open):
    hall.submit()
    hall.clock.on(days=100)
    first, second = hall.app.test_client(), hall.app.test_client()
    for client in (first, second):
        assert _sign_in(client).location == "/enter/proof"
    assert first.post("/enter/proof", data={"another": "1"}).status_code == 302
    answer = second.post("/enter/proof", data={"another": "1"})
    assert answer.status_code == 409 and "已经换给新账号" in answer.text


@pytest.mark.parametrize("said", [{"another": "1"}, {"proof": "1239"}])
def test_whoever_has_the_number_of_before_gets_nothing_of_an_account_with_a_new_one(hall: Open, said):
    """Between the code and the proof the person of the account had a counter change the number."""
    hall.submit()
    hall.clock.on(days=100)
    client = hall.app.test_client()
    assert _sign_in(client).location == "/enter/proof"
    new, user_id, by = "13900000009", hall.cast.users["zhang"], hall.cast.zhou
    with hall.database.unit_of_work() as work:
        code = accounts.ask_at_counter(work, user_id, new, hall="大厅", by=by, now=hall.clock())
    why = "旧号码不用了，看了身份证"
    accounts.change_at_counter(
        hall.database, user_id, new, code, "350526195003071239", why, hall="大厅", by=by, now=hall.clock()
    )
    answer = client.post("/enter/proof", data=said)
    assert answer.status_code == 409 and "不再是这个账号的" in answer.text
    assert client.get("/mine").status_code == 302
    with hall.database.reading() as work:
        assert work.session.get_one(User, user_id).phone == new


def test_a_guesser_of_the_proof_has_three_tries_a_day_wherever(hall: Open):
    number = hall.submit()
    hall.clock.on(days=100)
    for n in range(4):
        client = hall.app.test_client()
        assert _sign_in(client).location == "/enter/proof"
        answer = client.post("/enter/proof", data={"proof": f"000{n}"})
        assert answer.status_code == (403 if n < 3 else 429)
        hall.clock.on(minutes=9)
    assert int(answer.headers["Retry-After"]) > 3600 and "今天核对错的次数太多" in answer.text
    assert client.post("/enter/proof", data={"proof": "1239"}).status_code == 429
    assert client.get(f"/mine/{number}").status_code == 302


def test_a_proof_asked_for_in_another_browser_or_long_ago_opens_nothing(hall: Open):
    hall.submit()
    hall.clock.on(days=100)
    client, stranger = hall.app.test_client(), hall.app.test_client()
    assert _sign_in(client).location == "/enter/proof"
    name = hall.app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name).value
    assert client.post("/enter/proof", data={"proof": "1239"}).location == "/"
    hall.clock.on(minutes=11)
    stranger.set_cookie(name, cookie)  # a copy of the moment before
    assert stranger.post("/enter/proof", data={"proof": "1239"}).location == "/enter"
    assert stranger.get("/mine").status_code == 302


def test_the_codes_of_a_change_of_number_open_no_session_and_no_other_change(hall: Open):
    client, stranger = hall.client("zhang"), hall.app.test_client()
    shown = client.post("/mine/number", data={"phone": "13900000009"}).text
    old, new = (re.search(rf"data-{which}-code>(\d{{6}})<", shown)[1] for which in ("old", "new"))
    for who in (client, stranger):
        for phone, code in ((ZHANG, old), ("13900000009", new)):
            assert who.post("/enter/code", data={"phone": phone, "code": code}).status_code == 403
    other = hall.client("xu")
    body = {"phone": "13900000009", "old_code": old, "new_code": new}
    assert other.post("/mine/number/change", data=body).status_code == 422
    assert client.post("/mine/number/change", data=body).status_code == 302


def test_whoever_has_a_session_alone_does_not_take_the_account_away(hall: Open):
    """A copied session cookie: without the old number in hand the number stays."""
    client = hall.client("zhang")
    client.post("/mine/number", data={"phone": "13900000009"})
    for n in range(6):
        body = {"phone": "13900000009", "old_code": f"00000{n}", "new_code": "000000"}
        assert client.post("/mine/number/change", data=body).status_code == 422
    with hall.database.reading() as work:
        assert work.session.get_one(User, hall.cast.users["zhang"]).phone == ZHANG
