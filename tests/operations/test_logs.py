"""Logs: one line a happening, an object by setting, each with its request, and nobody's name or number."""

import io
import json
import logging

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from engine.records import notices
from tests.hall import open_hall
from web import logs
from web.app import create_app
from web.settings import BadSettings, Settings, read

PHONE, ID, NAME = "13805950001", "350526198001011234", "王大锤"


@pytest.fixture(params=["text", "json"])
def written(request):
    """A logger of this kind, and what it has written so far."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logs.dress(handler, request.param)
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logs.access.setLevel(logging.INFO)
    yield request.param, out
    root.removeHandler(handler)
    root.setLevel(before)
    logs.access.setLevel(logging.NOTSET)


def fault(error):
    try:
        raise error
    except Exception:
        logging.getLogger("yizhan.test").exception("job %s of %s failed", 4711, PHONE)


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"{NAME} {ID}"),
        KeyError(NAME),
        OSError(f"no answer from {PHONE}"),
        IntegrityError("INSERT", {}, Exception(f"Key (name)=({NAME}) already exists.")),
        OperationalError("SELECT", {}, Exception(f"lock timeout\nDETAIL: Key (phone)=({PHONE}) {NAME}")),
        UnicodeEncodeError("utf-8", f"{NAME}\ud800", 0, 1, "surrogates not allowed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_fault_is_told_by_its_kind_and_place_and_not_by_what_somebody_typed(written, error):
    fault(error)
    kind, out = written
    told = out.getvalue()
    assert type(error).__name__ in told and "test_logs.py" in told and "4711" in told
    assert PHONE not in told and ID not in told and NAME not in told
    if kind == "json":
        line = json.loads(told)
        assert line["level"] == "error" and line["logger"] == "yizhan.test" and line["fault"]


def test_what_a_fault_came_of_is_told_with_it(written):
    try:
        try:
            raise ValueError(NAME)
        except ValueError as error:
            raise RuntimeError("the press died") from error
    except RuntimeError as error:
        fault(error)
    told = written[1].getvalue()
    assert "RuntimeError: the press died" in told and "ValueError" in told and NAME not in told


def test_each_request_is_a_line_by_its_route_with_the_name_its_answer_says(sqlite, clock, tmp_path, written):
    kind, out = written
    hall = open_hall(sqlite, clock, tmp_path)
    answer = hall.client().get(f"/track/{ID}/{PHONE}")
    name = answer.headers["X-Request-Id"]
    assert len(name) == 16 and name != hall.client().get("/healthz").headers["X-Request-Id"]
    lines = [line for line in out.getvalue().splitlines() if name in line]
    assert len(lines) == 1 and "/track/<number>/<word>" in lines[0]
    assert PHONE not in out.getvalue() and ID not in out.getvalue()
    if kind == "json":
        told = json.loads(lines[0])
        assert (told["method"], told["status"], told["request"]) == ("GET", answer.status_code, name)
        assert isinstance(told["ms"], int)


def test_a_fault_of_a_page_names_its_request_and_no_address(sqlite, clock, tmp_path, written, monkeypatch):
    hall = open_hall(sqlite, clock, tmp_path)
    hall.app.config["PROPAGATE_FAULTS"] = False

    def broken(*given, **named):
        raise ValueError(NAME)

    view = hall.app.view_functions["tracking.seen"]
    broken.__dict__.update(view.__dict__)
    monkeypatch.setitem(hall.app.view_functions, "tracking.seen", broken)
    answer = hall.client().get(f"/track/{ID}/{PHONE}")
    assert answer.status_code == 500
    told = written[1].getvalue()
    assert answer.headers["X-Request-Id"] in told and "/track/<number>/<word>" in told
    assert NAME not in told and ID not in told and PHONE not in told


@pytest.mark.parametrize(
    ("proxies", "given", "kept"), [(1, "front-0001", True), (0, "front-0001", False), (1, "a b", False)]
)
def test_a_proxy_of_ours_may_name_a_request(sqlite, clock, tmp_path, proxies, given, kept):
    settings = Settings(home=tmp_path, database_url="", secret_key="test", proxies=proxies)
    client = create_app(settings, database=sqlite, clock=clock, testing=True).test_client()
    assert (client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given) is kept


def test_a_kind_of_log_that_there_is_not_stops_the_program(tmp_path):
    with pytest.raises(BadSettings, match="YIZHAN_LOG"):
        read({"YIZHAN_HOME": str(tmp_path), "YIZHAN_LOG": "xml"})
    assert read({"YIZHAN_HOME": str(tmp_path), "YIZHAN_LOG": "json"}).log == "json"


def test_a_text_that_could_not_be_sent_is_told_without_whom_it_was_for(sqlite, clock, written):
    from engine.commands.equipment import Equipment
    from engine.commands.worker import background

    class Broken:
        def send(self, message):
            raise OSError(f"cannot reach {message.address}: {message.text}"[:40])

    with sqlite.unit_of_work() as work:
        notices.put(work, "k", f"{NAME}：已受理。", kind="accepted", now=clock(), address=PHONE, urgent=True)
    assert background.run(sqlite, Equipment(press=None, channels={"*": Broken()}), now=clock()) == 1
    told = written[1].getvalue()
    assert "OSError" in told and PHONE not in told
