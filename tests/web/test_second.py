"""Two-step verification by pages: led to it, setting it up, signing in by it, without any script; and passkeys."""

import re
from dataclasses import replace

import pyotp
import pytest

from tests.authenticator import Authenticator
from tests.cast import PASSWORD
from tests.hall import Open
from web import settings


def _password(hall: Open, name: str, client=None, **more):
    client = client or hall.client()
    return client, client.post("/desk/enter", data={"name": name, "password": PASSWORD, **more})


def _set_up(hall: Open, name: str):
    """An app for codes, by the pages: (client, secret, recovery codes)."""
    client, _answer = _password(hall, name)
    assert client.post("/desk/account/app").location == "/desk/account/app"
    page = client.get("/desk/account/app").text
    secret = re.sub(r"\s", "", re.search(r"<code data-secret>(.*?)</code>", page, re.S)[1])
    assert "data:image/svg+xml" in page
    wrong = client.post("/desk/account/app/confirm", data={"code": "000000"})
    assert wrong.status_code == 422 and secret[:4] in wrong.text
    done = client.post("/desk/account/app/confirm", data={"code": pyotp.TOTP(secret).at(hall.clock())})
    codes = re.findall(r"<li><code>([\w-]+)</code></li>", done.text)
    assert done.status_code == 200 and len(codes) == 10
    hall.clock.on(seconds=90)
    return client, secret, codes


def _strict(hall: Open) -> Open:
    hall.app.settings = replace(hall.app.settings, second_factor=frozenset({"supervisor", "operator"}))
    return hall


def test_a_head_is_led_to_it_and_can_do_nothing_else_until_it_is_set_up(hall: Open):
    _strict(hall)
    client, answer = _password(hall, "zhao")
    assert answer.location == "/desk"
    for path in ("/desk", "/desk/list/open", "/desk/account/password", "/desk/logins", "/desk/overview"):
        led = client.get(path)
        assert (led.status_code, led.location) == (303, "/desk/account"), path
    assert client.post("/desk/account/sessions/end-others").location == "/desk/account"
    told = client.get("/desk/overview", headers={"Accept": "application/json"})
    assert told.status_code == 403 and told.json["type"] == "/problems/second-factor-first"
    page = client.get("/desk/account").text
    assert (
        "请先设置两步验证" in page
        and "登录在哪些地方" not in page
        and "yz-find" not in page
        and 'data-key="g i"' not in page
    )
    client, _secret, _codes = _set_up(hall, "zhao")
    assert client.get("/desk").status_code == 200 and "请先设置" not in client.get("/desk/account").text


def test_a_clerk_is_not_led_and_nobody_is_where_it_is_not_set(hall: Open):
    _strict(hall)
    client, _answer = _password(hall, "chen")
    assert client.get("/desk").status_code == 200
    hall.app.settings = replace(hall.app.settings, second_factor=frozenset())
    client, _answer = _password(hall, "zhao")
    assert client.get("/desk").status_code == 200


def test_a_code_is_asked_after_the_password_and_opens_where_one_was_going(hall: Open):
    _client, secret, _codes = _set_up(hall, "zhao")
    client, answer = _password(hall, "zhao", next="/desk/overview")
    assert answer.location == "/desk/enter/second?next=/desk/overview"
    assert client.get("/desk").status_code == 302  # not in yet
    page = client.get(answer.location).text
    assert 'autocomplete="one-time-code"' in page and 'value="/desk/overview"' in page
    wrong = client.post("/desk/enter/second", data={"code": "000000", "next": "/desk/overview"})
    assert wrong.status_code == 403 and "动态码不对" in wrong.text
    code = pyotp.TOTP(secret).at(hall.clock())
    done = client.post("/desk/enter/second", data={"code": code, "next": "/desk/overview"})
    assert (done.status_code, done.location) == (302, "/desk/overview")
    assert "密码和动态码" in client.get("/desk/account").text
    again, answer = _password(hall, "zhao")
    assert again.post("/desk/enter/second", data={"code": code}).status_code == 403  # the same code once more


def test_a_recovery_code_opens_once_and_says_so(hall: Open):
    _client, _secret, codes = _set_up(hall, "zhao")
    client, _answer = _password(hall, "zhao")
    assert client.post("/desk/enter/second", data={"code": codes[3]}).location == "/desk"
    assert "您用了一个恢复码" in client.get("/desk").text and "还有 9 个" in client.get("/desk/account").text
    client, _answer = _password(hall, "zhao")
    assert client.post("/desk/enter/second", data={"code": codes[3]}).status_code == 403


def test_nobody_comes_to_the_second_step_without_the_first(hall: Open):
    _set_up(hall, "zhao")
    for call in (hall.client().get, hall.client().post):
        assert call("/desk/enter/second").location == "/desk/enter"
    client, _answer = _password(hall, "zhao")
    hall.clock.on(minutes=10)
    assert client.get("/desk/enter/second").location == "/desk/enter"


def test_an_open_screen_changes_nothing_of_how_somebody_signs_in(hall: Open):
    client, secret, _codes = _set_up(hall, "zhao")
    hall.clock.on(minutes=10)
    for path in ("/desk/account/app", "/desk/account/app/remove", "/desk/account/codes", "/desk/account/passkeys"):
        assert client.post(path).location == "/desk/account/prove", path
    assert client.post("/desk/account/passkeys/options").json == {"to": "/desk/account/prove"}
    wrong = client.post("/desk/account/prove", data={"old": "not it", "code": pyotp.TOTP(secret).at(hall.clock())})
    assert wrong.status_code == 422 and "现在的密码不对" in wrong.text
    right = {"old": PASSWORD, "code": pyotp.TOTP(secret).at(hall.clock())}
    assert client.post("/desk/account/prove", data=right).location == "/desk/account"
    codes = client.post("/desk/account/codes")
    assert codes.status_code == 200 and codes.text.count("<li><code>") == 10
    client.post("/desk/account/app/remove")
    assert "动态码已取消" in client.get("/desk/account").text
    _client, answer = _password(hall, "zhao")
    assert answer.location == "/desk"


def test_whoever_must_have_one_does_not_take_the_last_away(hall: Open):
    _strict(hall)
    client, _secret, _codes = _set_up(hall, "zhao")
    refused = client.post("/desk/account/app/remove")
    assert refused.status_code in (303, 409)
    assert client.get("/desk").status_code == 200


def test_a_head_clears_it_for_who_lost_their_telephone(hall: Open):
    client, _secret, _codes = _set_up(hall, "chen")
    assert hall.client("zhao").post(f"/desk/logins/{hall.cast.users['chen']}/clear").status_code == 403
    head = hall.client("qian")
    assert head.post(f"/desk/logins/{hall.cast.users['chen']}/clear").location == "/desk/logins"
    assert client.get("/desk").status_code == 302
    _client, answer = _password(hall, "chen")
    assert answer.location == "/desk"


def test_a_program_gives_the_second_factor_too(hall: Open):
    _client, secret, _codes = _set_up(hall, "zhao")
    call = hall.client()

    def sign_in(name, **more):
        return call.post("/api/v1/session", json={"login": name, "password": PASSWORD, **more})

    without = sign_in("zhao")
    assert without.status_code == 403 and without.json["type"] == "/problems/second-needed"
    assert sign_in("zhao", second="000000").status_code == 403
    assert sign_in("zhao", second=pyotp.TOTP(secret).at(hall.clock())).status_code == 201
    assert sign_in("qian").status_code == 201
    _strict(hall)
    unset = sign_in("qian")
    assert unset.status_code == 403 and "我的账号" in unset.json["detail"]


def test_a_hall_that_others_reach_asks_it_of_heads_operators_and_designers(tmp_path):
    base = {"YIZHAN_HOME": str(tmp_path)}
    public = {**base, "YIZHAN_HTTPS": "1", "YIZHAN_NOTICES": "gateway", "YIZHAN_GATEWAY_URL": "https://sms.example/"}
    assert settings.read(base).second_factor == frozenset()
    assert settings.read(public).second_factor == {"supervisor", "designer", "operator", "security", "auditor"}
    assert settings.read({**public, "YIZHAN_SECOND_FACTOR": "none"}).second_factor == frozenset()
    assert settings.read({**base, "YIZHAN_SECOND_FACTOR": "staff"}).second_factor == {"staff"}
    with pytest.raises(settings.BadSettings, match="heads"):
        settings.read({**base, "YIZHAN_SECOND_FACTOR": "heads"})


# ---------------------------------------------------------------- passkeys


def _with_key(hall: Open, name: str, key: Authenticator):
    client, _answer = _password(hall, name)
    options = client.post("/desk/account/passkeys/options").json["options"]
    done = client.post("/desk/account/passkeys", data={"credential": key.create(options), "name": "办公室电脑"})
    assert done.status_code == 200 and done.text.count("<li><code>") == 10
    return client


def test_a_passkey_alone_is_enough_and_is_listed_by_its_name(hall: Open):
    _strict(hall)
    key = Authenticator()
    client = _with_key(hall, "zhao", key)
    assert "办公室电脑" in client.get("/desk/account").text and client.get("/desk").status_code == 200
    other = hall.client()
    options = other.post("/desk/enter/passkey/options").json["options"]
    assert options["userVerification"] == "required" and not options.get("allowCredentials")
    done = other.post("/desk/enter/passkey", data={"credential": key.get(options), "next": "/desk/overview"})
    assert (done.status_code, done.location) == (302, "/desk/overview")
    assert other.get("/desk").status_code == 200


def test_a_passkey_is_the_second_step_after_the_password_too(hall: Open):
    key = Authenticator()
    _with_key(hall, "zhao", key)
    client, answer = _password(hall, "zhao")
    assert answer.location == "/desk/enter/second" and "用通行密钥登录" in client.get(answer.location).text
    options = client.post("/desk/enter/passkey/options?second=1").json["options"]
    assert len(options["allowCredentials"]) == 1
    assert client.post("/desk/enter/passkey", data={"credential": key.get(options)}).location == "/desk"


def test_what_was_signed_for_another_site_is_refused_on_the_page(hall: Open):
    _with_key(hall, "zhao", Authenticator())
    client = hall.client()
    options = client.post("/desk/enter/passkey/options").json["options"]
    forged = Authenticator(origin="https://evil.example", count=9).get(options)
    answer = client.post("/desk/enter/passkey", data={"credential": forged})
    assert answer.status_code == 403 and "没有通过核对" in answer.text
    assert client.post("/desk/enter/passkey", data={"credential": forged}).status_code == 409  # begun anew each time


def test_a_hall_without_a_name_says_that_it_takes_none(hall: Open):
    answer = hall.client().post("/desk/enter/passkey/options", base_url="http://127.0.0.1")
    assert answer.status_code == 409 and "域名" in answer.text
