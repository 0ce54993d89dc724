"""我的账号: where one is signed in, and ending it; limits by setting."""

from dataclasses import replace

import pytest

from tests.cast import PASSWORD
from tests.hall import Open
from web import settings
from web.devices import described

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0"
WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile MicroMessenger/8.0"


def _in(hall: Open, agent: str):
    client = hall.app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = agent
    assert client.post("/desk/enter", data={"name": "chen", "password": PASSWORD}).status_code == 302
    return client


def test_a_clerk_sees_where_they_are_signed_in_and_ends_one_which_is_out_at_once(hall: Open):
    desk, phone = _in(hall, EDGE), _in(hall, WECHAT)
    page = desk.get("/desk/account").text
    assert "Edge · Windows" in page and "微信 · Android" in page and "就是这里" in page and "地址 127.0.0.1" in page
    target = page.split('action="/desk/account/sessions/')[1].split("/end")[0]
    assert desk.post(f"/desk/account/sessions/{target}/end").location == "/desk/account"
    assert phone.get("/desk").status_code == 302
    assert desk.get("/desk").status_code == 200 and "没有登录在别处" in desk.get("/desk/account").text
    assert desk.post(f"/desk/account/sessions/{target}/end").status_code == 404


def test_all_others_are_ended_with_the_programs(hall: Open):
    desk, phone, call = _in(hall, EDGE), _in(hall, WECHAT), hall.program("chen")
    assert call("GET", "/inbox").status_code == 200
    assert "程序：" in desk.get("/desk/account").text
    desk.post("/desk/account/sessions/end-others")
    assert "已结束别处的 2 个登录" in desk.get("/desk").text
    assert phone.get("/desk").status_code == 302 and call("GET", "/inbox").status_code == 401


def test_nobody_ends_what_is_anothers(hall: Open):
    _in(hall, EDGE)
    wang = hall.client("wang")
    wang.get("/desk/account")
    assert wang.post("/desk/account/sessions/1/end").status_code == 404
    assert wang.post("/desk/account/programs/1/end").status_code == 404


def test_who_does_nothing_for_the_time_set_signs_in_again_and_who_works_does_not(hall: Open):
    hall.app.settings = replace(hall.app.settings, idle_minutes=30, session_hours=8)
    client = _in(hall, EDGE)
    for _ in range(4):
        hall.clock.on(minutes=25)
        assert client.get("/desk").status_code == 200
    hall.clock.on(minutes=31)
    assert client.get("/desk").location == "/desk/enter?next=/desk"
    client = _in(hall, EDGE)
    for _ in range(19):
        hall.clock.on(minutes=25)
        assert client.get("/desk").status_code == 200
    hall.clock.on(minutes=6)
    assert client.get("/desk").status_code == 302  # eight hours are over


def test_a_hall_that_others_reach_sends_out_who_is_idle_unless_it_is_said_otherwise(tmp_path):
    base = {"YIZHAN_HOME": str(tmp_path)}
    public = {**base, "YIZHAN_HTTPS": "1", "YIZHAN_NOTICES": "gateway", "YIZHAN_GATEWAY_URL": "https://sms.example/"}
    assert settings.read(base).session_limits.idle is None
    assert settings.read(public).idle_minutes == 60
    assert settings.read({**public, "YIZHAN_IDLE_MINUTES": "0"}).session_limits.idle is None
    for hours in ("0", "25"):
        with pytest.raises(settings.BadSettings):
            settings.read({**base, "YIZHAN_SESSION_HOURS": hours})
    for days in ("0", "3651", "9999999999"):
        with pytest.raises(settings.BadSettings, match="1 to 3650 in YIZHAN_SILENCE_DAYS"):
            settings.read({**base, "YIZHAN_SILENCE_DAYS": days})


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (EDGE, "Edge · Windows"),
        (WECHAT, "微信 · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit/605 Version/17.0 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_a_browser_is_said_in_words(agent, words):
    assert described(agent) == words


# ---------------------------------------------------------------- passwords

NEW = "三条小船在溪边 12"


def _enter(hall: Open, name: str, password: str):
    return hall.client().post("/desk/enter", data={"name": name, "password": password})


def test_a_password_is_changed_with_the_old_one_without_any_script(hall: Open):
    client, other = _in(hall, EDGE), _in(hall, WECHAT)
    page = client.get("/desk/account/password").text
    assert page.count('autocomplete="new-password"') == 2
    wrong = client.post("/desk/account/password", data={"old": "not it", "password": NEW, "again": NEW})
    assert wrong.status_code == 422 and "现在的密码不对" in wrong.text and NEW not in wrong.text
    unlike = client.post("/desk/account/password", data={"old": PASSWORD, "password": NEW, "again": "other"})
    assert unlike.status_code == 422 and "两次输入的不一样" in unlike.text
    common = client.post(
        "/desk/account/password", data={"old": PASSWORD, "password": "woaini1314", "again": "woaini1314"}
    )
    assert common.status_code == 422 and "太常见" in common.text
    done = client.post("/desk/account/password", data={"old": PASSWORD, "password": NEW, "again": NEW})
    assert done.location == "/desk/account"
    assert "别处的 1 个登录都已结束" in client.get("/desk/account").text
    assert other.get("/desk").status_code == 302
    assert _enter(hall, "chen", PASSWORD).status_code == 403 and _enter(hall, "chen", NEW).status_code == 302


def _link(answer) -> str:
    return answer.text.split("data-reset-link>")[1].split("<")[0].partition("/desk/reset")[2]


def test_a_head_makes_a_link_and_the_clerk_sets_a_password_by_it_once(hall: Open):
    head = hall.client("qian")
    listed = head.get("/desk/logins").text
    assert "陈小云" in listed and "王丽" not in listed
    answer = head.post(f"/desk/logins/{hall.cast.users['chen']}/reset")
    assert answer.status_code == 200 and "只能用一次" in answer.text and "data:image/svg+xml" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    where = f"/desk/reset{_link(answer)}"
    clerk = hall.client()
    assert "用户名：chen" in clerk.get(where).text
    key = where.partition("key=")[2]
    common = clerk.post("/desk/reset", data={"key": key, "password": "woaini1314", "again": "woaini1314"})
    assert common.status_code == 422 and f'value="{key}"' in common.text
    done = clerk.post("/desk/reset", data={"key": key, "password": NEW, "again": NEW})
    assert done.location == "/desk/enter?name=chen&set=1"
    page = clerk.get(done.location).text
    assert "新密码已设好" in page and 'value="chen"' in page
    assert _enter(hall, "chen", NEW).status_code == 302
    again = clerk.post("/desk/reset", data={"key": key, "password": NEW, "again": NEW})
    assert again.status_code == 404 and "已经用过" in again.text
    assert clerk.get(where).status_code == 404


def test_a_password_that_is_refused_counts_as_one_try_of_the_link(hall: Open):
    """Twenty is for all who come from one address: whoever has to think of another password does not use up two."""
    key = _link(hall.client("qian").post(f"/desk/logins/{hall.cast.users['chen']}/reset")).partition("key=")[2]
    clerk = hall.client()
    weak = [{"password": "woaini1314", "again": "woaini1314"}, {"password": NEW, "again": "another"}] * 10
    answers = [clerk.post("/desk/reset", data={"key": key, **typed}).status_code for typed in weak]
    assert answers == [422] * 20
    late = clerk.post("/desk/reset", data={"key": key, "password": NEW, "again": NEW})
    assert (late.status_code, late.headers["Retry-After"]) == (429, "2")
    hall.clock.on(seconds=2)
    assert clerk.post("/desk/reset", data={"key": key, "password": NEW, "again": NEW}).status_code == 302


@pytest.mark.parametrize("where", ["prove", "password"])
def test_whoever_guesses_the_old_password_is_told_how_long_to_wait(hall: Open, where):
    clerk = hall.client("chen")
    for _ in range(5):
        answer = clerk.post(f"/desk/account/{where}", data={"old": "not it", "password": NEW, "again": NEW})
        assert answer.status_code == 422 and "现在的密码不对" in answer.text
    answer = clerk.post(f"/desk/account/{where}", data={"old": "not it", "password": NEW, "again": NEW})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30") and "30 秒" in answer.text


def test_a_head_of_another_unit_makes_none_and_nobody_guesses_one(hall: Open):
    assert hall.client("zhao").post(f"/desk/logins/{hall.cast.users['chen']}/reset").status_code == 403
    assert hall.client("wang").get("/desk/logins").status_code == 403
    stranger = hall.client()
    answers = [stranger.get(f"/desk/reset?key={n}").status_code for n in range(21)]
    assert answers == [404] * 20 + [429]
