"""What a case asks outside, and what it says by the gateway: over real sockets, answered late, twice, or not at all."""

from __future__ import annotations

import http.server
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from engine.commands.worker import sharing
from engine.records import notices, sources
from engine.records.sources import Answer, Question
from engine.store.models import Awaited, Event, Job, Notice
from tests.between import small
from tests.between.small import given, matter, publish, service, submit, task, waiting, work_off
from tests.hall import open_hall

ASKS = matter(
    "small_asks",
    "查共享",
    '<startEvent id="s"/><flow s ask/>'
    + service(
        "ask",
        "share-data",
        "source=household",
        given("query", "={name: applicant.name}") + given("purpose", "=&quot;核对户籍&quot;"),
    )
    + '<boundaryEvent id="down" attachedToRef="ask"><errorEventDefinition errorRef="err"/></boundaryEvent>'
    "<flow down byhand/>" + task("byhand", "人工核对") + "<flow byhand e2/>"
    "<flow ask there/><exclusiveGateway id='there' default='there_bring'/><flow there check when='=found'/>"
    "<flow there bring/>"
    + task("check", "核对记录")
    + task("bring", "请带户口簿")
    + '<flow check e1/><flow bring e3/><endEvent id="e1"/><endEvent id="e2"/><endEvent id="e3"/>',
    '<error id="err" name="接口不可用" errorCode="UNAVAILABLE"/>',
)


class Office:
    """Another office's service, as a test wants it: what it says at once, and later."""

    def __init__(self, *says: Answer | None | Exception, later: list[Answer | None | Exception] | None = None) -> None:
        self.says, self.later, self.asked = list(says), list(later or []), list[Question]()

    def ask(self, question: Question) -> Answer | None:
        self.asked.append(question)
        return self._next(self.says)

    def collect(self, question: Question) -> Answer | None:
        return self._next(self.later)

    @staticmethod
    def _next(these: list[Answer | None | Exception]) -> Answer | None:
        one = these.pop(0) if these else None
        if isinstance(one, Exception):
            raise one
        return one


def asked(database, cast, clock, office: Any) -> int:
    publish(database, clock(), ASKS)
    case_id = submit(database, "small_asks", cast.zhang, clock())
    assert waiting(database, case_id) == set()
    work_off(database, clock(), sources={"household": office})
    return case_id


def test_a_record_found_at_once_goes_into_the_case_and_the_purpose_is_on_record(database, cast, clock):
    office = Office(Answer(True, {"household": "苏洋村12号"}))
    case_id = asked(database, cast, clock, office)
    assert waiting(database, case_id) == {"check"}
    assert small.answers(database, case_id)["data"] == {"household": "苏洋村12号"}
    (question,) = office.asked
    assert (question.source, dict(question.query), question.purpose) == ("household", {"name": "张三丰"}, "核对户籍")
    with database.reading() as work:
        facts = work.session.scalars(select(Event.facts).where(Event.kind == "effect.asked")).one()
        assert facts["purpose"] == "核对户籍" and "张三丰" not in json.dumps(facts, ensure_ascii=False)
        assert "张三丰" not in str(work.session.scalars(select(Job.payload).where(Job.kind == "share-data")).one())


def test_an_answer_that_comes_later_is_collected_by_a_job(database, cast, clock):
    office = Office(None, later=[None, OSError("busy"), Answer(False)])
    case_id = asked(database, cast, clock, office)
    for minutes in (1, 5):
        work_off(database, clock.on(minutes=minutes), sources={"household": office})
        assert waiting(database, case_id) == set()
    work_off(database, clock.on(minutes=15), sources={"household": office})
    assert waiting(database, case_id) == {"bring"} and len(office.asked) == 1


def test_a_source_that_cannot_be_reached_is_asked_three_times_and_then_the_diagram_goes_its_other_way(
    database, cast, clock
):
    office = Office(OSError("no route"), OSError("no route"), OSError("no route"))
    case_id = asked(database, cast, clock, office)
    for seconds in (6, 31):
        work_off(database, clock.on(seconds=seconds), sources={"household": office})
    assert waiting(database, case_id) == {"byhand"}
    assert len({q.key for q in office.asked}) == 1 and len(office.asked) == 3


def test_an_answer_that_never_comes_ends_as_unavailable_and_not_in_waiting_for_ever(database, cast, clock):
    office = Office(None)
    case_id = asked(database, cast, clock, office)
    for look in sharing.LOOKS:
        work_off(database, clock.on(seconds=look.total_seconds() + 1), sources={"household": office})
    assert waiting(database, case_id) == {"byhand"}


def test_without_a_source_the_log_says_what_would_be_asked_and_the_case_asks_for_the_paper(
    database, cast, clock, caplog
):
    publish(database, clock(), ASKS)
    case_id = submit(database, "small_asks", cast.zhang, clock())
    with caplog.at_level(logging.INFO, "yizhan.sources"):
        work_off(database, clock())
    assert "would ask household for name (核对户籍)" in caplog.text and "张三丰" not in caplog.text
    work_off(database, clock.on(minutes=2))
    assert waiting(database, case_id) == {"bring"}


def test_the_office_sends_its_answer_with_the_questions_token_and_twice_is_once(sqlite, clock, tmp_path):
    hall = open_hall(sqlite, clock, tmp_path)
    office = Office(None)
    case_id = asked(sqlite, hall.cast, clock, office)
    (question,) = office.asked
    client = hall.client()
    right = {"Authorization": f"Bearer {question.token}"}
    record = {"found": True, "data": {"household": "苏洋村12号"}}
    for wrong in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": f"Bearer {sources.token('other', 'e1')}"}):
        assert client.post(question.answer_to, json=record, headers=wrong).status_code == 403
    assert client.post(question.answer_to, json={"found": "yes"}, headers=right).status_code == 422
    assert waiting(sqlite, case_id) == set()
    first = client.post(question.answer_to, json=record, headers=right)
    again = client.post(question.answer_to, json=record, headers=right)
    assert (first.json, again.json) == ({"taken": True}, {"taken": False})
    assert waiting(sqlite, case_id) == {"check"}
    assert work_off(sqlite, clock.on(minutes=2), sources={"household": office}) == 1  # the look finds it answered
    with sqlite.reading() as work:
        assert work.session.scalars(select(Awaited)).all() == []
        assert work.session.scalars(select(Job.state).where(Job.kind == "collect-answer")).all() == ["done"]


# ---------------------------------------------------------------- over sockets


@contextmanager
def listening(*statuses: tuple[int, Any]) -> Iterator[tuple[str, list[tuple[str, dict[str, str], Any]]]]:
    """A real server on this machine that gives these answers one after the other: (address, what it was sent)."""
    left, got = list(statuses), list[tuple[str, dict[str, str], Any]]()

    class Here(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(body) if body else None))
            status, said = left.pop(0)
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Here)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/in", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_a_gateway_that_fails_first_gets_the_same_notice_with_the_same_key_and_it_is_sent_once(database, cast, clock):
    with database.unit_of_work() as work:
        notices.put(
            work, "case:1:accepted", "已受理。", kind="accepted", now=clock(), address="13800000001", urgent=True
        )
    with listening((500, {}), (200, {"id": "g-1"})) as (address, got):
        tools = {"channels": {"*": notices.Gateway(address, "secret-token")}}
        work_off(database, clock(), **tools)
        with database.reading() as work:
            assert work.session.scalars(select(Notice.state)).one() == "waiting"
        assert work_off(database, clock.on(seconds=6), **tools) == 1
        assert work_off(database, clock.on(hours=3), **tools) == 0
    (_, first, said), (_, second, said_again) = got
    key = first["idempotency-key"]
    assert key == second["idempotency-key"] and key.startswith("case:1:accepted:")  # behind it: which words
    assert (
        said
        == said_again
        == {
            "key": key,
            "channel": "sms",
            "address": "13800000001",
            "kind": "accepted",
            "text": "已受理。",
        }
    )
    assert first["authorization"] == "Bearer secret-token"
    with database.reading() as work:
        row = work.session.scalars(select(Notice)).one()
        assert row.state == "sent" and row.answer.startswith("200") and "g-1" in row.answer


def test_the_exchange_says_later_by_202_and_is_asked_again_by_key(sqlite, clock, tmp_path):
    cast = open_hall(sqlite, clock, tmp_path).cast
    with listening((202, {}), (200, {"found": True, "data": {"n": 1}})) as (address, got):
        office = sources.Exchange(address, "t", "https://hall.example.cn")
        case_id = asked(sqlite, cast, clock, office)
        work_off(sqlite, clock.on(minutes=2), sources={"*": office})
    assert waiting(sqlite, case_id) == {"check"} and small.answers(sqlite, case_id)["data"] == {"n": 1}
    (_, head, body), (path, _, _) = got
    assert head["idempotency-key"] == body["key"] and body["answer_to"].startswith(
        "https://hall.example.cn/api/v1/answers/"
    )
    assert body["query"] == {"name": "张三丰"} and "key=" in path


@pytest.mark.parametrize("said", [{"data": {}}, {"found": "yes"}, []])
def test_an_exchange_that_answers_nonsense_counts_as_not_reached(said):
    question = Question("k", "s", {}, "", "n", "/a", "t")
    with listening((200, said)) as (address, _), pytest.raises(OSError, match="found"):
        sources.Exchange(address).ask(question)
