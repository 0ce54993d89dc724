"""Every route has a guard, and every role meets the right one."""

import re

import pytest
from flask import Blueprint

from tests.hall import Open
from web import edge
from web.app import create_app
from web.settings import Settings

ROLES = (None, "zhang", "xu", "chen", "huang", "wang", "zhao", "designer", "operator")
#: Whose walk through all pages is part of `make test`; the others walk in `make wide`.
AT_ONCE = (None, "zhang", "chen")


def _address(rule, number: str, task_id: int) -> str:
    values = {
        "number": number,
        "task_id": str(task_id),
        "name": "daiban",
        "which": "open",
        "file": "process.bpmn",
        "document_id": "1",
        "file_id": "1",
        "code": "ABCD-EFGH-JKLM-NPQR",
        "what": "move" if "/head/" in rule.rule else "transfer",
        "verb": "extend",
        "day": "2026-09-21",
        "kind": "correct",
    }

    def fill(match: re.Match[str]) -> str:
        return values.get(match[1].rpartition(":")[2], "1")

    return re.sub(r"<([^>]+)>", fill, rule.rule)


def test_a_route_without_a_guard_stops_the_program(sqlite, tmp_path):
    pages = Blueprint("forgotten", __name__)

    @pages.get("/forgotten")
    def forgotten():
        return "anybody may read this"

    app = create_app(Settings(home=tmp_path, database_url="", secret_key="k"), database=sqlite)
    app.register_blueprint(pages)
    with pytest.raises(RuntimeError, match=r"forgotten\.forgotten"):
        edge.all_guarded(app)


@pytest.mark.parametrize(
    "role",
    [role if role in AT_ONCE else pytest.param(role, marks=pytest.mark.wide) for role in ROLES],
    ids=lambda r: r or "visitor",
)
def test_every_page_opens_for_those_it_is_for_and_for_no_one_else(hall: Open, role):
    number = hall.submit()
    task_id = hall.task(number).id
    client = hall.client(role)
    actor = getattr(hall.cast, role) if role else edge.VISITOR
    seen = 0
    for rule in hall.app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.rule.startswith("/api/"):
            continue
        guard = edge.guard_of(hall.app, rule.endpoint)
        answer = client.get(_address(rule, number, task_id))
        seen += 1
        if rule.endpoint == "monitoring.readyz":
            assert answer.status_code == 503  # no worker runs here, and it says so to whoever asks
        elif edge.admits(guard.who, actor):
            assert answer.status_code in (200, 302, 403, 404, 409, 422), f"{rule.rule}: {answer.status_code}"
            if answer.status_code == 302:
                # a code, a second proof and a second factor follow a first step: whoever comes otherwise begins again
                steps = ("entry.proof", "entry.code", "second.ask")
                assert "/enter" not in answer.location or rule.endpoint in steps, rule.rule
        elif role is None:
            assert answer.status_code == 302 and "/enter" in answer.location, rule.rule
        else:
            assert answer.status_code == 403, f"{rule.rule}: {answer.status_code}"
    assert seen > 30


@pytest.mark.parametrize("role", ROLES, ids=lambda r: r or "visitor")
def test_nothing_is_written_for_those_it_is_not_for(hall: Open, role):
    number = hall.submit()
    task_id = hall.task(number).id
    client = hall.client(role)
    actor = getattr(hall.cast, role) if role else edge.VISITOR
    for rule in hall.app.url_map.iter_rules():
        guard = edge.guard_of(hall.app, rule.endpoint)
        if "POST" not in rule.methods or edge.admits(guard.who, actor) or rule.rule.startswith("/api/"):
            continue
        answer = client.post(_address(rule, number, task_id), data={"version": "1"})
        assert answer.status_code == (302 if role is None else 403), f"{rule.rule}: {answer.status_code}"
    assert hall.task(number).state == "open"


def test_a_case_is_seen_by_its_village_and_its_office_and_by_nobody_else(hall: Open):
    number = hall.submit()
    expected = {"chen": 200, "lin": 200, "wang": 200, "zhao": 200, "qian": 200, "wu": 200, "huang": 404, "sun": 404}
    for role, status in expected.items():
        assert hall.client(role).get(f"/desk/cases/{number}").status_code == status, role
    assert hall.client("zhang").get(f"/mine/{number}").status_code == 200
    assert hall.client("xu").get(f"/mine/{number}").status_code == 404


def test_a_form_without_the_sites_own_token_is_refused_in_words(sqlite, clock, tmp_path):
    from tests.hall import open_hall

    hall = open_hall(sqlite, clock, tmp_path, csrf=True)
    number = hall.submit()
    answer = hall.client("chen").post(f"/desk/tasks/{hall.task(number).id}/claim", data={"version": "1"})
    assert answer.status_code == 400
    assert "页面放得太久" in answer.text
    assert hall.task(number).state == "open"


def test_every_answer_carries_the_headers_that_keep_strangers_scripts_out(hall: Open):
    for path in ("/", "/enter", "/desk/enter", "/nowhere"):
        headers = hall.client().get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"


def test_cookies_are_for_this_site_and_not_for_scripts(hall: Open):
    answer = hall.client().get("/enter")
    assert "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=Lax" in answer.headers["Set-Cookie"]
