"""What is refused is said on the page where it was asked; whoever books has a name, and is asked for it once."""

from __future__ import annotations

import re
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import booking
from engine.errors import Invalid
from engine.people import login
from engine.records import library
from engine.store.models import Appointment, Event, Resource, User
from tests.appointments.conftest import opened
from tests.cast import ROOT
from tests.hall import Open

ITEMS = [{"code": "medical", "name": "医保参保、报销、备案"}, {"code": "ask", "name": "先问问"}]
SLOT = "2026-09-21T18:00:00+08:00"
LATER = "2026-09-21T19:00:00+08:00"


@pytest.fixture
def counter(hall: Open) -> int:
    """龙门滩镇's counter on working evenings; its id."""
    now = hall.clock()
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "yuyue"), by=people.SYSTEM, now=now)
        resource = opened(work, hall.cast.lmt.id, code="lmt", public=3)
        work.session.get_one(Resource, resource).items = ITEMS
        booking.publish(work, resource, first=date(2026, 9, 18), last=date(2026, 9, 30), by=people.SYSTEM, now=now)
    return resource


def newcomer(hall: Open) -> Any:
    """Somebody who came in by a telephone for the first time: an account without a name."""
    client = hall.client()
    with hall.database.unit_of_work() as work:
        user = User(kind="resident", name="", created_at=hall.clock(), phone="13900000009")
        work.session.add(user)
        work.session.flush()
        token = login.open_session(work, user.id, now=hall.clock())
    with client.session_transaction() as session:
        session["token"] = token
    return client


def refused(text: str) -> str:
    found = re.search(r'<div class="yz-errors" role="alert"[^>]*data-refused>(.*?)</div>', text, re.DOTALL)
    return found[1] if found else ""


def kept(hall: Open) -> list[SimpleNamespace]:
    with hall.database.reading() as work:
        rows = work.session.scalars(select(Appointment).order_by(Appointment.id))
        return [SimpleNamespace(name=row.name, item=row.item, state=row.state) for row in rows]


def test_an_account_without_a_name_is_asked_once_and_then_books(hall: Open, counter: int) -> None:
    client, calendar = newcomer(hall), f"/book/{counter}?item=ask"
    asked = client.get(calendar, follow_redirects=True)
    assert asked.request.path == "/mine/name" and "请问您叫什么名字" in asked.text
    target = asked.request.args["next"]
    empty = client.post("/mine/name", data={"name": " 　", "next": target})
    assert empty.status_code == 422 and "身份证上的姓名" in empty.text
    back = client.post("/mine/name", data={"name": "　林 阿妹 ", "next": target})
    assert (back.status_code, back.location) == (302, calendar)
    assert 'name="item" value="ask"' in client.get(calendar).text
    held = client.post(f"/book/{counter}", data={"starts_at": SLOT, "item": "ask"})
    page = client.get(held.location).text
    assert re.search(r'value="ask"\s+checked', page), "what one came for is remembered"
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    done = client.post(f"{held.location}/confirm", data={"version": version, "item": "ask"}, follow_redirects=True)
    assert "预约好了" in done.text
    assert [(one.name, one.item, one.state) for one in kept(hall)] == [("林 阿妹", "ask", "confirmed")]
    with hall.database.reading() as work:
        named = select(Event).where(Event.kind == "account.named")
        assert [event.facts.keys() for event in work.session.scalars(named)] == [{"user"}], "and not the name"


def test_a_name_is_given_once_and_corrected_at_the_counter(hall: Open) -> None:
    client = hall.client("zhang")
    assert client.get("/mine/name?next=/book").location == "/book"
    assert client.post("/mine/name", data={"name": "李四"}).status_code == 302
    with hall.database.reading() as work:
        assert work.session.get_one(User, hall.cast.users["zhang"]).name == "张三丰"


def test_nobody_books_without_a_name_by_any_way(hall: Open, counter: int) -> None:
    client = newcomer(hall)
    with hall.database.unit_of_work() as work:
        last = select(User.id).order_by(User.id.desc()).limit(1)
        me = people.load(work, work.session.scalars(last).one(), now=hall.clock())
        at = datetime.fromisoformat(SLOT)
        with pytest.raises(Invalid) as wrong:
            booking.hold(work, resource_id=counter, starts_at=[at], by=me, now=hall.clock())
        assert [field.field for field in wrong.value.fields] == ["name"]
        with pytest.raises(Invalid):
            booking.wait(work, resource_id=counter, day=at.date(), by=me, now=hall.clock())
    assert client.post(f"/book/{counter}", data={"starts_at": SLOT}).status_code == 422
    assert kept(hall) == []


def test_a_second_booking_of_a_day_is_refused_on_the_calendar_where_it_was_asked(hall: Open, counter: int) -> None:
    client = hall.client("zhang")
    client.post(f"/book/{counter}", data={"starts_at": SLOT})
    asked_on = f"http://localhost/book/{counter}?day=2026-09-21"
    answer = client.post(f"/book/{counter}", data={"starts_at": LATER}, headers={"Referer": asked_on})
    assert (answer.status_code, answer.location) == (303, f"/book/{counter}?day=2026-09-21")
    page = client.get(answer.location).text
    assert "您这一天已经有预约（18:00）" in refused(page) and "9月21日" in page
    assert refused(client.get(answer.location).text) == "", "said once"
    assert len(kept(hall)) == 1, "nothing was booked beside it"


def test_a_refusal_without_a_page_to_go_back_to_is_a_page_of_its_own(hall: Open, counter: int) -> None:
    client = hall.client("zhang")
    client.post(f"/book/{counter}", data={"starts_at": SLOT})
    for asked_on in (
        None,
        "http://elsewhere.example/book/1",
        "http://localhost/bookings/1/confirm",
        "http://localhost/x",
    ):
        headers = {"Referer": asked_on} if asked_on else {}
        answer = client.post(f"/book/{counter}", data={"starts_at": LATER}, headers=headers)
        assert answer.status_code == 409 and "已经有预约" in answer.text, asked_on
    program = client.post(
        f"/book/{counter}",
        data={"starts_at": LATER},
        headers={"Referer": f"http://localhost/book/{counter}", "Accept": "application/json"},
    )
    assert program.status_code == 409 and program.json["detail"]


def test_of_several_fields_each_is_said(hall: Open) -> None:
    client, number = hall.client("zhao"), hall.submit()
    asked_on = f"http://localhost/desk/cases/{number}"
    answer = client.post(
        f"/desk/cases/{number}/reveal",
        data={"field": "phone", "purpose": "", "words": ""},
        headers={"Referer": asked_on},
    )
    assert answer.status_code == 303 and answer.location == f"/desk/cases/{number}"
    assert refused(client.get(answer.location).text)
