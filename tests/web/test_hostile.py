"""Odd values never break the hall: every address, asked and sent by every kind of person with what no page would send.

Whatever comes back says what is wrong (or that nothing is there); a 500 is a fault of ours, and a log that repeats what
somebody typed is another.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from pydantic import BaseModel
from werkzeug.routing import Rule

from tests.hall import Open
from tests.soaking import times
from web.api.declaring import OPERATIONS

#: What is put wherever an address or a form takes something.
ODD = {
    "nul": "a\x00b",
    "superscript": "²",
    "arabic digits": "٣",
    "beyond 64 bits": str(2**70),
    "five thousand digits": "9" * 5000,
    "negative": "-1",
    "accent": "é",
    "year one": "0001-01-01",
    "year 9999": "9999-12-31T23:59",
    "no day": "2026-02-30",
    "sql": "1' OR '1'='1",
    "markup": "<script>alert(1)</script>",
    "template": "{{7*7}}",
    "long": "长" * 20_000,
    "dots": "../../etc/passwd",
    "empty": "",
}
#: Names that pages and commands read out of a form or a query; all are sent at once.
NAMES = (
    "q",
    "name",
    "phone",
    "code",
    "number",
    "day",
    "when",
    "month",
    "year",
    "until",
    "since",
    "starts_at",
    "from",
    "place",
    "to",
    "version",
    "task",
    "tasks",
    "item",
    "reason",
    "answer",
    "level",
    "which",
    "lift",
    "party",
    "sure",
    "about",
    "next",
    "page",
    "after",
    "before",
    "date",
    "id_number",
    "data",
    "answers",
    "channel",
    "key",
    "n",
    "unit",
    "cause",
    "value",
    "values",
    "body",
    "json",
    "note",
    "text",
    "whom",
    "file",
    "kind",
    "state",
    "village",
    "password",
    "proof",
    "consent",
    "says",
)
ROLES = (None, "zhang", "chen", "wu", "operator", "designer")


def _address(rule: Rule, odd: str) -> str:
    """The rule's address with the odd value wherever it takes one."""
    path = rule.rule
    for name in rule.arguments:
        text = odd or "0"
        number = odd if odd.isascii() and odd.isdigit() and len(odd) < 100 else "1"
        path = path.replace(f"<{name}>", text).replace(f"<path:{name}>", text).replace(f"<int:{name}>", number)
    return path.replace("\x00", "%00")


#: Of the odd values each address gets so many in `make wide`, another few for each role; all of them in `make soak`.
EACH = 3


@pytest.mark.wide
@pytest.mark.parametrize("role", ROLES, ids=lambda r: r or "visitor")
def test_no_odd_value_breaks_a_page(hall: Open, role: str | None, caplog: pytest.LogCaptureFixture) -> None:
    _walk(hall, role, caplog, EACH)


@pytest.mark.soak
@pytest.mark.parametrize("role", ROLES, ids=lambda r: r or "visitor")
def test_none_of_all_odd_values_breaks_a_page(hall: Open, role: str | None, caplog: pytest.LogCaptureFixture) -> None:
    _walk(hall, role, caplog, times(len(ODD)))


def _walk(hall: Open, role: str | None, caplog: pytest.LogCaptureFixture, each: int) -> None:
    hall.submit()
    hall.app.config["PROPAGATE_FAULTS"] = False
    client = hall.client(role)
    broken, named = [], list(ODD)
    with caplog.at_level(logging.INFO):
        for n, rule in enumerate(sorted(hall.app.url_map.iter_rules(), key=lambda rule: rule.rule)):
            if rule.endpoint in ("assets.static", "entry.leave", "entry.check_password", "monitoring.readyz"):
                continue  # readyz answers 503 here: no worker runs
            for k in range(each):
                what = named[(n * each + k + ROLES.index(role) * 5) % len(named)]
                address, sent = _address(rule, ODD[what]), dict.fromkeys(NAMES, ODD[what])
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    answer = client.open(address, method=method, **_said(method, address, sent))
                    if answer.status_code >= 500:
                        broken.append(f"{method} {rule.rule} ({what}): {answer.status_code}")
    assert sorted(broken) == []
    typed = [what for what, odd in ODD.items() if len(odd) > 12 and odd[:200] in caplog.text]
    assert typed == []  # no log repeats what somebody sent


#: What a program sends where a whole number or a day is asked: none of it is one that a hall can hold.
UNHELD: dict[str, list[Any]] = {
    "int": [2**70, -(2**70)],
    "date": ["0001-01-01", "9999-12-31"],
    "datetime": ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"],
}


def _asked(shape: type[BaseModel] | None, n: int) -> dict[str, Any]:
    """Every field of a shape, so that nothing else refuses it: numbers and days as nobody means them."""
    sent: dict[str, Any] = {}
    for name, field in (shape.model_fields if shape is not None else {}).items():
        kind = str(getattr(field.annotation, "__name__", field.annotation)).removesuffix(" | None").split(".")[-1]
        if kind in UNHELD:
            sent[name] = UNHELD[kind][n]
        elif field.is_required():
            sent[name] = {"str": "x" * 6, "bool": True}.get(kind, [] if kind.startswith(("list", "tuple")) else {})
    return sent


@pytest.mark.parametrize("n", [0, 1], ids=["low", "high"])
@pytest.mark.parametrize("role", ["zhang", "zhou", "operator"])
def test_no_number_and_no_day_of_a_program_breaks_the_interface(hall: Open, role: str, n: int) -> None:
    hall.app.config["PROPAGATE_FAULTS"] = False
    client = hall.client(role)
    broken = []
    for one in OPERATIONS:
        if one.name in ("sign_out", "answer"):
            continue
        path = "/api/v1" + re.sub(r"\{(\w+)\}", "1", one.path)
        body, query = _asked(one.takes, n), _asked(one.query, n)
        answer = client.open(path, method=one.method.upper(), json=body if one.takes else None, query_string=query)
        if answer.status_code >= 500:
            broken.append(f"{one.method} {one.path}: {answer.status_code}")
    assert broken == []


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", "٣"])
def test_no_number_of_a_form_breaks_a_page_of_the_hall(hall: Open, number: str) -> None:
    hall.app.config["PROPAGATE_FAULTS"] = False
    client = hall.client("zhou")
    assert client.get("/desk/window/daiban", query_string={"ticket": number}).status_code < 500
    sent = {"offer": "x", "unit": number, "day": "2026-09-21", "from": "09:00", "until": "10:00"}
    assert client.post("/desk/offers/open", data=sent).status_code < 500
    sent = {"version": number, "window": number, "to": f"window:{number}"}
    for what in ("call", "pass", "park"):
        assert client.post(f"/desk/halls/x/tickets/1/{what}", data=sent).status_code < 500, what


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("path", ["/offers", "/desk/offers", "/desk/bookings", "/book/1", "/desk/bookings/close"])
def test_no_day_breaks_a_page(hall: Open, path: str, day: str) -> None:
    hall.app.config["PROPAGATE_FAULTS"] = False
    answer = hall.client("zhou").get(path, query_string={"day": day, "from": "09:00", "until": "10:00", "place": "1"})
    assert answer.status_code < 500


def _said(method: str, address: str, sent: dict[str, str]) -> dict[str, Any]:
    if method == "GET":
        return {"query_string": {name: value[:2000] for name, value in sent.items()}}
    return {"json": sent} if address.startswith("/api/") else {"data": sent}
