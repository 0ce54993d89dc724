"""A call to somebody else's server ends in its time, follows nothing and reads no more than it needs; real sockets."""

import socket
import threading
import urllib.request

import pytest

from engine.records import http_calls, notices, sources
from tests.outside import servers

MESSAGE = notices.Message("code:1", "sms", "13805950001", "code", "【一站】验证码 482913。")
QUESTION = sources.Question("k", "household", {"name": "张三丰"}, "p", "350526-1", "/api/v1/answers/1/2", "t")
BAD = [servers.hangs, servers.drips_its_head, servers.drips_its_body, servers.says_wait_for_ever]


@pytest.mark.parametrize("bad", BAD, ids=lambda one: one.__name__)
def test_a_server_that_takes_its_time_is_cut_off_and_nothing_of_the_call_is_left(bad):
    before = threading.active_count()
    with servers.serving(bad) as one:
        with pytest.raises(http_calls.TooSlow):
            sources.Exchange(one.url, total_s=0.3).ask(QUESTION)
        assert one.ended.acquire(timeout=30)  # the connection was closed: it is not held for as long as the other likes
        assert len(one.got) == 1
        for thread in threading.enumerate():
            if thread.name == "call":
                thread.join(30)
                assert not thread.is_alive()
    assert before <= threading.active_count() + 1


def test_a_handshake_that_hangs_is_cut_off():
    with servers.serving(servers.hangs) as one:
        address = one.url.replace("http://", "https://")
        with pytest.raises(http_calls.TooSlow):
            notices.Gateway(address, total_s=0.3).send(MESSAGE)
        assert one.ended.acquire(timeout=30)


def test_a_name_that_is_not_answered_is_not_waited_for(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **more: over.wait(60) and [])
    try:
        with pytest.raises(http_calls.TooSlow):
            notices.Gateway("https://sms.example.cn/send", total_s=0.2).send(MESSAGE)
    finally:
        over.set()


def test_a_redirect_is_not_followed_with_somebodys_number():
    with servers.serving(servers.redirects) as one:
        with pytest.raises(OSError, match="307, which is not followed"):
            notices.Gateway(one.url, "secret").send(MESSAGE)
        with pytest.raises(OSError, match="307"):
            sources.Exchange(one.url, "secret").ask(QUESTION)
    assert [asked.split()[1] for asked in one.got] == [b"/send", b"/send"]


def test_an_answer_that_comes_twice_is_read_once():
    with servers.serving(servers.answers_twice) as one:
        assert notices.Gateway(one.url).send(MESSAGE) == '200 {"id": 1}'
    assert len(one.got) == 1


def test_of_a_hundred_megabytes_the_beginning_is_read():
    with servers.serving(servers.sends_a_hundred_megabytes) as one:
        assert len(notices.Gateway(one.url).send(MESSAGE)) == len("200 ") + 200
        with pytest.raises(OSError, match="found"):
            sources.Exchange(one.url).ask(QUESTION)


def test_what_the_other_says_instead_of_http_is_in_no_error():
    with servers.serving(servers.speaks_something_else) as one, pytest.raises(OSError, match="HTTP") as told:
        notices.Gateway(one.url).send(MESSAGE)
    assert "13805950001" not in str(told.value)


@pytest.mark.parametrize("body", [b"[" * 200_000, b"{", b"\xff\xfe", b"null"], ids=["deep", "cut", "bytes", "null"])
def test_an_exchange_that_answers_no_answer_is_as_one_not_reached(body):
    def answers(bad, taken, asked):
        taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)

    with servers.serving(answers) as one, pytest.raises(OSError, match="found"):
        sources.Exchange(one.url).ask(QUESTION)


def test_the_machines_proxy_is_used_where_one_is_set(monkeypatch):
    with servers.serving(servers.is_well) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/send"))
        monkeypatch.delenv("no_proxy", raising=False)
        notices.Gateway("http://sms.example.cn/send").send(MESSAGE)
    assert proxy.got[0].startswith(b"POST http://sms.example.cn/send ")


def test_other_schemes_are_no_call():
    with pytest.raises(OSError):
        http_calls.call(urllib.request.Request("file:///etc/passwd"), total_s=5)
