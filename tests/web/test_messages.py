"""要您做的事 and 消息: what waits for a resident stands first and is counted at the tab; all they were told is listed,
and each opens its thing."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from engine.commands import cases
from engine.people import load
from engine.reads import messages
from engine.records import notices
from engine.store.models import Appointment, Case, Notice, Slot
from tests.commands import acting
from tests.hall import Open
from tests.wide.test_walk import World, _booking


def _count(text: str) -> int:
    found = re.search(r'yz-tab-count">(\d+)', text)
    return int(found[1]) if found else 0


def _first(text: str) -> str:
    """What stands before the search on the first page."""
    return text.partition('role="search"')[0].rpartition("<main")[2]


def _read(hall: Open) -> None:
    hall.client("zhang").get("/mine/messages")


def test_what_waits_stands_first_and_is_counted_at_the_tab(hall: Open, clock):
    home = hall.client("zhang")
    assert "要您做的事" not in home.get("/").text and _count(home.get("/").text) == 0
    case_id = acting.taken_in(hall.database, hall.cast, clock)
    acting.claim(hall.database, case_id, hall.cast.wang, clock())
    acting.complete(hall.database, case_id, acting.CORRECT, hall.cast.wang, clock())
    _read(hall)
    text = home.get("/").text
    assert "要您做的事" in _first(text) and "申请人补正" in _first(text)
    assert _count(text) == 1 == _count(home.get("/matters").text)
    assert "要您做的事" in home.get("/mine").text
    address = re.search(r'href="(/mine/task/\d+)"', _first(text))
    assert address is not None and home.get(address[1]).status_code == 200
    assert "要您做的事" not in hall.client("xu").get("/").text
    assert "要您做的事" not in hall.app.test_client().get("/").text


def test_a_booking_that_is_near_waits_and_one_that_is_far_does_not(hall: Open, clock):
    made = World(hall)
    _booking(made)  # in three days
    _read(hall)
    client = hall.client("zhang")
    with hall.database.unit_of_work() as work:
        booked = work.session.get_one(Appointment, made.booking)
        booked.state, booked.hold_until, at = "confirmed", None, booked.starts_at
        assert work.session.scalar(select(Slot.id)) is not None
    assert _count(client.get("/").text) == 0
    clock.now = at - timedelta(hours=47)
    client = hall.client("zhang")
    text = client.get("/").text
    assert "要您做的事" in _first(text) and f"/bookings/{made.booking}" in _first(text)


def test_a_case_that_is_done_asks_to_be_rated_until_it_was_or_the_time_is_over(hall: Open, clock):
    case_id = acting.finished(hall.database, hall.cast, clock)
    _read(hall)
    text = hall.client("zhang").get("/").text
    with hall.database.reading() as work:
        number = work.session.get_one(Case, case_id).number
    assert f"/mine/{number}/rate" in _first(text) and _count(text) == 1
    with hall.database.unit_of_work() as work:
        cases.rate(work, case_id, 5, by=load(work, hall.cast.users["zhang"], now=clock()), now=clock())
    assert "/rate" not in _first(hall.client("zhang").get("/").text)


def test_every_message_is_listed_once_opens_its_case_and_is_new_until_it_was_seen(hall: Open, clock):
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        for n, channel in enumerate(("screen", "sms")):
            notices.put(
                work,
                f"k{n}",
                "您的办件有了进展。",
                kind="told",
                now=clock(),
                channel=channel,
                user_id=hall.cast.users["zhang"],
                case_id=case.id,
                address="13800000001" if channel == "sms" else None,
            )
    client = hall.client("zhang")
    before = _count(client.get("/").text)
    assert before >= 1
    text = client.get("/mine/messages").text
    assert text.count("您的办件有了进展。") == 1 and f'href="/mine/{number}"' in text and "<strong>新</strong>" in text
    assert _count(text) == 0 == _count(client.get("/").text)
    assert "<strong>新</strong>" not in client.get("/mine/messages").text
    assert "您的办件有了进展。" not in hall.client("xu").get("/mine/messages").text


def test_a_code_to_sign_in_is_no_message_and_older_ones_are_on_the_next_page(hall: Open, clock):
    mine = hall.cast.users["zhang"]
    with hall.database.unit_of_work() as work:
        for n in range(40):
            notices.put(work, f"n{n}", f"第 {n} 条。", kind="told", now=clock(), channel="screen", user_id=mine)
        notices.put(
            work, "code", "验证码 123456", kind="code", now=clock(), channel="sms", user_id=mine, address="13800000001"
        )
    client = hall.client("zhang")
    text = client.get("/mine/messages").text
    assert "123456" not in text and "第 39 条。" in text and "第 5 条。" not in text
    older = re.search(r'href="(/mine/messages\?before=\d+)"', text)
    assert older is not None and "第 5 条。" in client.get(older[1]).text
    with hall.database.reading() as work:
        assert messages.unread(work, load(work, mine, now=clock()), now=clock()) == 0
        assert work.session.scalar(select(Notice.read_at).where(Notice.key == "n0")) is not None
