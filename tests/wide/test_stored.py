"""Texts of people that are more than texts: markup, a formula.

Every text that the world of the walk keeps of somebody is made into one, every address is read by every role, and
nobody's text is ever more than a text. And the forms: from other sites, to other sites, by a cookie alone."""

from __future__ import annotations

import html
import io
import re
from typing import Any
from xml.dom import minidom

import pytest
from openpyxl import load_workbook
from sqlalchemy import String, select

from engine.store import Database
from engine.store.models.base import Base, Sealed, SealedJson
from tests.wide import test_walk as walk
from tests.wide.oracle import ROLES, RULES
from tests.wide.test_walk import World

_keeping = Database.unit_of_work

#: Ends an attribute, a script, a comment and a title; begins like a formula.
EVIL = "=HYPERLINK(1)'\"></script></title>--><img src=x id=xss7>{{7*7}}"
RAW, ESCAPED = "<img src=x id=xss7>", html.escape("<img src=x id=xss7>")
#: What of a person is no text that they write: keys, and what a rule of the program reads.
NOT_WRITTEN = {
    *("phone", "address", "id_number", "login", "subject_phone", "holder_phone", "guardian_phone"),
    *("secret", "next_secret", "private", "public", "content", "code", "person", "key"),
}


def _evil(value: Any) -> Any:
    """The same, with every text that is a name or words made into more."""
    if isinstance(value, dict):
        return {k: one if k in NOT_WRITTEN else _evil(one) for k, one in value.items()}
    if isinstance(value, list):
        return [_evil(one) for one in value]
    return value + EVIL if isinstance(value, str) and any("一" <= sign <= "鿿" for sign in value) else value


def _poisoned(world: World) -> int:
    """How many cells were."""
    done = 0
    with _keeping(world.hall.database) as work:
        for table in Base.metadata.sorted_tables:
            written = [
                column
                for column in table.columns
                if column.name not in NOT_WRITTEN
                and (
                    isinstance(column.type, (Sealed, SealedJson))
                    or (table.name, column.name) in {("user", "name"), ("file", "name"), ("leave", "reason")}
                )
            ]
            ids = list(table.primary_key.columns)
            if not written:
                continue
            for row in work.session.execute(select(*ids, *written)).all():
                for n, column in enumerate(written, len(ids)):
                    evil = _evil(row[n])
                    if evil != row[n]:
                        if isinstance(column.type, String) and column.type.length and len(evil) > column.type.length:
                            continue
                        where = [key == value for key, value in zip(ids, row, strict=False)]
                        work.session.execute(table.update().where(*where).values({column: evil}))
                        done += 1
    return done


def _wrong(answer: Any, where: str) -> list[str]:
    kind, said = answer.mimetype, answer.get_data()
    if said[:4] == b"PK\x03\x04":
        book = load_workbook(io.BytesIO(said))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        return [f"{where}: a formula at {cell.coordinate}" for cell in cells if cell.data_type == "f"]
    if kind in ("application/json", "application/problem+json", "application/pdf"):
        nosniff = answer.headers.get("X-Content-Type-Options") == "nosniff"
        return [] if nosniff else [f"{where}: a browser may take it for a page"]
    text = said.decode("utf-8", "replace")
    wrong = [f"{where}: markup of a person is in the {kind}"] if RAW in text else []
    if "49" in text and "{{7*7}}" not in text and "id=xss7" in text:
        wrong.append(f"{where}: a template ran what a person wrote")
    if kind in ("application/xml", "text/xml", "application/rss+xml", "application/atom+xml", "image/svg+xml"):
        minidom.parseString(said)
    if kind == "text/calendar":
        lines = text.split("\r\n")
        wrong += [f"{where}: a line of its own in a calendar" for line in lines if line.startswith("<img")]
    return wrong


def _read(world: World, *, sample: bool) -> tuple[list[str], int]:
    wrong, met = [], 0
    for endpoint, rule, method in walk._routes(world):
        if method != "GET":
            continue
        for role in ROLES:
            if sample and not walk._picked(endpoint, "stored", role, "open"):
                continue
            answer = walk._ask(world, role, endpoint, rule, method, "open")
            where = f"{role} {rule.rule} ({answer.status_code})"
            if answer.status_code >= 500:
                wrong.append(f"{where}: the hall broke")
            wrong += _wrong(answer, where)
            met += ESCAPED in answer.get_data(as_text=True) if answer.mimetype == "text/html" else 0
    return wrong, met


def test_no_text_of_a_person_is_more_than_a_text_in_a_sample(world: World):
    assert _poisoned(world) > 50
    wrong, met = _read(world, sample=True)
    assert not wrong, "\n".join(wrong)
    assert met > 10, "the texts were met, as texts"


@pytest.mark.wide
@pytest.mark.timeout(1200)
def test_no_text_of_a_person_is_more_than_a_text(world: World):
    assert _poisoned(world) > 50
    wrong, met = _read(world, sample=False)
    assert not wrong, "\n".join(wrong)
    assert met > 100


def test_no_form_of_the_pages_is_taken_without_the_token_of_the_site(world: World):
    """Every POST that is no operation for programs: those open with no cookie."""
    world.hall.app.config["WTF_CSRF_ENABLED"] = True
    taken = []
    for endpoint, rule, method in walk._routes(world):
        if method == "GET" or endpoint.startswith("api."):
            continue
        for role in ("applicant", "intake", "county_head", "stranger"):
            answer = walk._ask(world, role, endpoint, rule, method, "open")
            if answer.status_code != 400:
                taken.append(f"{role} {rule.rule}: {answer.status_code}")
    assert not taken, "\n".join(taken)


def test_no_cookie_opens_an_operation_that_changes_something(world: World):
    """Signed in on the pages, without a token: a program's door stays shut, whatever it is asked."""
    opened = []
    for endpoint, rule, method in walk._routes(world):
        if method == "GET" or not endpoint.startswith("api.") or RULES[endpoint].door == "anyone":
            continue
        values = walk._values(world, endpoint, "open")
        with world.hall.app.test_request_context():
            address = world.hall.app.url_map.bind("localhost").build(
                endpoint, {k: values.get(k, walk.NOTHING) for k in rule.arguments}, method=method
            )
        for role in ("applicant", "county_head"):
            answer = world.client(role).open(address, method=method, **walk._body(world, endpoint, "open"))
            if answer.status_code != 401:
                opened.append(f"{role} {method} {address}: {answer.status_code}")
    assert not opened, "\n".join(opened)


#: Other sites, as `next` may say them.
ELSEWHERE = (
    *("//evil.example/", "https://evil.example/", "/\\evil.example/", "\\\\evil.example", "/\t/evil.example/"),
    *("http:evil.example", "///evil.example", "/%09/evil.example"),
    *("javascript:alert(1)", " //evil.example", "/\n/evil.example"),
)


#: A path of this site, as browsers read it too.
_OURS = re.compile(r"/(?![/\\])[^\s\\]*\Z")


def test_no_address_sends_anybody_to_another_site(world: World):
    """`next` in the address and in the form, and the page one says one comes from."""
    wrong = []
    for n, (endpoint, rule, method) in enumerate(walk._routes(world)):
        if endpoint.startswith("api."):
            continue
        values = walk._values(world, endpoint, "open")
        for role in ("applicant", "intake", "stranger"):
            to = ELSEWHERE[(n + len(role)) % len(ELSEWHERE)]
            with world.hall.app.test_request_context():
                address = world.hall.app.url_map.bind("localhost").build(
                    endpoint, {k: values.get(k, walk.NOTHING) for k in rule.arguments}, method=method
                )
            more = {} if method == "GET" else walk._body(world, endpoint, "open")
            if method != "GET" and "data" in more:
                more = {"data": {**more["data"], "next": to}}
            came = {"Referer": f"http://localhost/{to.strip()}".replace("\n", "").replace("\t", "")}
            answer = world.client(role).open(address, method=method, query_string={"next": to}, headers=came, **more)
            if answer.location and not _OURS.match(answer.location):
                wrong.append(f"{role} {method} {rule.rule} with {to!r}: {answer.location}")
    assert not wrong, "\n".join(wrong)
