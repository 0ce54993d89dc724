"""运维: what failed, what waits, whether workers live; another try; a word on a clock. Every query by an index."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from engine.people import load
from engine.reads import operations
from engine.records import audit, heartbeats, jobs, notices
from engine.store.models import Beat, Case, Event, Incident, Job, Notice
from tests.hall import Open


def beat(hall: Open, machine="hall-1", **ago):
    with hall.database.unit_of_work() as work:
        at = hall.clock() - timedelta(**ago)
        heartbeats.beat(work, heartbeats.Reading(machine, "b1", 1000.0, at))


def give_up(hall: Open, kind: str, key: str, why: str, payload=None):
    """A job that failed for good, as the worker leaves it."""
    with hall.database.unit_of_work() as work:
        jobs.put(work, kind, key, payload or {}, now=hall.clock())
    with hall.database.unit_of_work() as work:
        (leased,) = jobs.lease(work, "hall-1:7", now=hall.clock())
        jobs.failed(work, leased, why, now=hall.clock(), final=True)


def page(hall: Open):
    return hall.client("operator").get("/desk/operations").text


def test_an_empty_hall_says_what_would_appear_here(hall: Open):
    text = page(hall)
    for words in ("没有异常。", "没有失败的作业", "还没有后台进程来过", "没有排队的作业", "都处理了", "通知都发出了"):
        assert words in text, words


def test_only_an_operator_sees_it_and_does_it(hall: Open):
    give_up(hall, "render-paper", "render:1", "OSError: disk full")
    for short in ("wang", "zhao", "designer", "wu"):
        client = hall.client(short)
        assert client.get("/desk/operations").status_code == 403, short
        assert client.post("/desk/operations/incidents/1/retry").status_code == 403, short
        assert client.post("/desk/operations/clock", data={"machine": "hall-1"}).status_code == 403, short
        assert ">运维<" not in client.get("/desk").text, short


def test_a_failed_job_is_told_in_plain_words_and_tried_again(hall: Open):
    give_up(hall, "render-paper", "render:1", "OSError: disk full")
    text = page(hall)
    assert "制作文书" in text and "系统出错。可以再试一次" in text and "OSError: disk full" in text
    assert "后台作业“render-paper”" not in text
    with hall.database.reading() as work:
        incident = work.session.scalar(select(Incident.id))
    client = hall.client("operator")
    answer = client.post(f"/desk/operations/incidents/{incident}/retry", follow_redirects=True)
    assert "已重试" in answer.text and "没有异常。" in answer.text
    with hall.database.reading() as work:
        assert work.session.scalar(select(Job.state)) == "ready"
        done = work.session.scalar(select(Event).where(Event.kind == audit.Kind.INCIDENT_RETRIED))
        assert done.by_id == hall.cast.users["operator"] and done.facts["key"].startswith("job:")
    again = client.post(f"/desk/operations/incidents/{incident}/retry")
    assert again.status_code == 404 and "已经解决" in again.text


def test_what_failed_of_a_confidential_case_is_seen_and_tried_again_and_tells_nothing(hall: Open):
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        case.confidential, case_id, name = True, case.id, case.matter_name
        work.session.execute(update(Job).values(state="done", ended_at=hall.clock()))
        jobs.put(work, "render-paper", "render:secret", {}, now=hall.clock(), case_id=case_id)
    with hall.database.unit_of_work() as work:
        (leased,) = jobs.lease(work, "hall-1:7", now=hall.clock())
        jobs.failed(work, leased, f"OSError: paper of {number}", now=hall.clock(), final=True)
    text = page(hall)
    assert text.count("一项工作") == 3, "once among what went wrong, beside its button, and among what was given up"
    for word in (number, name, "制作文书", "OSError", "没有异常。"):
        assert word not in text, word
    with hall.database.reading() as work:
        incident = work.session.scalar(select(Incident.id))
    answer = hall.client("operator").post(f"/desk/operations/incidents/{incident}/retry", follow_redirects=True)
    assert "已重试" in answer.text and "没有异常。" in answer.text and number not in answer.text
    with hall.database.reading() as work:
        assert work.session.scalar(select(Job.state).where(Job.id == leased.id)) == "ready"


def test_a_notice_nobody_takes_is_seen_and_sent_after_a_retry(hall: Open):
    from engine.commands.worker import background
    from engine.records.papers import Press

    class Broken:
        def send(self, message):
            raise OSError("gateway away")

    class Good(Broken):
        def send(self, message):
            return "200"

    with hall.database.unit_of_work() as work:
        notices.put(work, "n1", "您好", kind="test", now=hall.clock(), address="13800000001")
    kit = background.Equipment(press=Press.__new__(Press), channels={"*": Broken()})
    for _ in range(len(jobs.DELAYS) + 1):
        background.run(hall.database, kit, now=hall.clock.on(hours=2))
    text = page(hall)
    assert "138****0001" in text and "13800000001" not in text and "短信" in text
    with hall.database.reading() as work:
        assert work.session.scalar(select(Notice.state)) == "failed"
        incident = work.session.scalar(select(Incident.id))
    hall.client("operator").post(f"/desk/operations/incidents/{incident}/retry")
    kit = background.Equipment(press=kit.press, channels={"*": Good()})
    background.run(hall.database, kit, now=hall.clock.on(seconds=1))
    with hall.database.reading() as work:
        assert work.session.scalar(select(Notice.state)) == "sent"
    assert "通知都发出了" in page(hall)


def test_workers_show_their_heartbeat_and_a_silent_one_says_what_to_do(hall: Open):
    beat(hall, "hall-1", seconds=10)
    beat(hall, "hall-2", minutes=30)
    text = page(hall)
    assert "在工作" in text and "没有心跳" in text and "已停了 30 分钟" in text


def test_a_clock_that_jumped_is_confirmed_once_and_on_record(hall: Open):
    beat(hall, seconds=10)
    with hall.database.unit_of_work() as work:
        heartbeats.beat(work, heartbeats.Reading("hall-1", "b1", 1010.0, hall.clock() + timedelta(days=1)))
    text = page(hall)
    assert "突然快了 24 小时" in text and "确认时钟" in text
    client = hall.client("operator")
    answer = client.post("/desk/operations/clock", data={"machine": "hall-1"}, follow_redirects=True)
    assert "已确认 hall-1 的时间" in answer.text
    with hall.database.reading() as work:
        row = work.session.get(Beat, "hall-1")
        assert (row.jump_s, row.confirmed_by_id) == (None, hall.cast.users["operator"])
        assert work.session.scalar(select(Event.by_id).where(Event.kind == "clock.confirmed")) == row.confirmed_by_id
    again = client.post("/desk/operations/clock", data={"machine": "hall-1"})
    assert again.status_code == 409 and "没有待确认的跳变" in again.text


def test_what_waits_is_counted_with_how_long(hall: Open):
    with hall.database.unit_of_work() as work:
        for n, ago in ((1, 5), (2, 1), (3, -180)):
            jobs.put(work, "send-notice", f"n{n}", {}, now=hall.clock(), after=hall.clock())
            work.session.flush()
            at = hall.clock() - timedelta(minutes=ago)
            work.session.execute(update(Job).where(Job.key == f"n{n}").values(run_after=at))
    with hall.database.reading() as work:
        (queue,) = operations.operations(work, actor=hall.cast.operator, now=hall.clock()).queues
        assert (queue.what[0], queue.due, queue.later, queue.in_hand) == ("发送通知", 2, 1, 0)
        assert queue.oldest == hall.clock() - timedelta(minutes=5)
    assert "<td>5 分钟</td>" in page(hall)


@pytest.mark.parametrize("table", ["incident", "job", "notice", "timer", "case"])
def test_no_table_that_grows_is_read_whole(database, cast, clock, table):
    """The plan of every statement of the page, on both databases."""
    seen = []
    with database.unit_of_work() as work:
        operator = load(work, cast.users["operator"], now=clock())
    with database.reading() as work:
        listen = lambda c, cursor, text, parameters, *rest: seen.append((text, parameters))  # noqa: E731
        event.listen(database.engine, "before_cursor_execute", listen)
        operations.operations(work, actor=operator, now=clock())
        event.remove(database.engine, "before_cursor_execute", listen)
        assert len(seen) > 8
        raw = work.session.connection()
        if work.dialect == "postgresql":
            raw.exec_driver_sql("SET enable_seqscan = off")  # what could go by an index does
        for text, parameters in seen:
            how = "EXPLAIN" if work.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
            plan = " ".join(str(row) for row in raw.exec_driver_sql(f"{how} {text}", parameters))
            if work.dialect == "postgresql":
                assert f"Seq Scan on {table}" not in plan and f'Seq Scan on "{table}"' not in plan, text
            else:
                assert f"SCAN {table}'" not in plan and f"SCAN {table} USING INDEX sqlite_auto" not in plan, text


def test_a_process_that_cannot_go_on_is_tried_again_and_says_so_when_it_fails_again(hall: Open, monkeypatch):
    from engine.commands import cases
    from tests import permit

    gateway = """
    <bpmn:sequenceFlow id="f2" sourceRef="take" targetRef="fork"/>
    <bpmn:exclusiveGateway id="fork" name="够条件吗"><bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing\
><bpmn:outgoing>f5</bpmn:outgoing></bpmn:exclusiveGateway>
    <bpmn:sequenceFlow id="f4" sourceRef="fork" targetRef="review"><bpmn:conditionExpression>=ready = \
true</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="f5" sourceRef="fork" targetRef="end"><bpmn:conditionExpression>=ready = \
false</bpmn:conditionExpression></bpmn:sequenceFlow>"""
    drawn = permit.DIAGRAM.replace(
        '\n    <bpmn:sequenceFlow id="f2" sourceRef="take" targetRef="review"/>', gateway
    ).replace(
        "<bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f3", "<bpmn:incoming>f4</bpmn:incoming><bpmn:outgoing>f3"
    )
    drawn = drawn.replace(
        "<bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent>",
        "<bpmn:incoming>f3</bpmn:incoming><bpmn:incoming>f5</bpmn:incoming></bpmn:endEvent>",
    )
    monkeypatch.setattr(permit, "DIAGRAM", drawn)
    number = permit.open_case(hall, holder=None)
    text = page(hall)
    assert "“够条件吗”" in text and number in text
    with hall.database.reading() as work:
        first = work.session.scalar(select(Incident.id))
    client = hall.client("operator")
    answer = client.post(f"/desk/operations/incidents/{first}/retry", follow_redirects=True)
    assert "又没有做成：" in answer.text and "“够条件吗”" in answer.text
    with hall.database.unit_of_work() as work:
        second = work.session.scalar(select(Incident.id).where(Incident.solved_at.is_(None)))
        assert second != first
        cases.retry(work, second, by=hall.cast.operator, now=hall.clock(), variables={"ready": True})
    assert "没有异常。" in page(hall) and hall.task(number).element == "review"


def test_a_matter_that_was_left_out_is_named_with_its_reasons_until_it_is_mended(hall: Open, tmp_path):
    from web.settings import Settings
    from web.start import publish

    folder = tmp_path / "content" / "bpmn" / "herds"
    folder.mkdir(parents=True)
    of = Settings(home=tmp_path, database_url="", secret_key="s", content=tmp_path / "content")
    (folder / "matter.yaml").write_text("]")
    publish(hall.database, of)
    text = page(hall)
    assert (
        "没有发布的事项" in text and "herds" in text and "不是有效的 YAML" in text and "大厅里现在没有这个事项" in text
    )
    (folder / "matter.yaml").unlink()
    (folder / "process.bpmn").write_text("<a/>")
    publish(hall.database, of)
    assert "目录里没有 matter.yaml" in page(hall)
    (folder / "process.bpmn").unlink()
    publish(hall.database, of)
    assert "没有发布的事项" not in page(hall)
