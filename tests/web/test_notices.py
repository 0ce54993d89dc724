"""抄送和通知: what a clerk was told leads to the case, and many cases of one cause are one line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.commands.worker import alarms
from engine.commands.worker.sweep import sweep
from engine.reads import inbox
from engine.store.models import Case, Incident, Notice
from tests.hall import Open


def told(hall: Open, short: str) -> list[inbox.Told]:
    with hall.database.reading() as work:
        return list(inbox.notices_for(work, hall.cast.actor(short, hall.clock(), work), now=hall.clock()))


@pytest.fixture
def broken(hall: Open, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Twelve cases whose limits cannot be handled today, all for one cause; their numbers."""
    numbers = [hall.submit() for _ in range(12)]

    def fails(*_args: object, **_more: object) -> list[str]:
        raise RuntimeError("the table of fees is missing")

    monkeypatch.setattr(alarms, "wake", fails)
    with hall.database.unit_of_work() as work:
        for case in work.session.scalars(select(Case).order_by(Case.id)):
            case.next_alert_at = hall.clock()
    sweep(hall.database, now=hall.clock.on(minutes=1))
    return numbers


def test_twelve_incidents_of_one_cause_are_one_notice_that_leads_to_each(hall: Open, broken: list[str]) -> None:
    with hall.database.reading() as work:
        assert len(work.session.scalars(select(Incident.id)).all()) == 12
        who = set(work.session.scalars(select(Notice.user_id).where(Notice.kind == "trouble")))
    assert who, "somebody is told"
    heads = [short for short, id in hall.cast.users.items() if id in who]
    for short in heads:
        (one,) = told(hall, short)
        assert "有 12 件" in one.text and broken[0] in one.text and sorted(one.cases) == sorted(broken)
        page = hall.client(short).get("/desk/notices").text
        assert all(f'href="/desk/cases/{number}"' in page for number in broken)
        assert "12 件办件" in page
    # the same fault once more today says nothing new
    sweep(hall.database, now=hall.clock.on(minutes=30))
    assert [len(told(hall, short)) for short in heads] == [1] * len(heads)


def test_what_was_read_is_unread_again_when_one_more_comes(hall: Open, broken: list[str]) -> None:
    with hall.database.reading() as work:
        one = work.session.scalars(select(Notice).where(Notice.kind == "trouble").order_by(Notice.id)).first()
        assert one is not None
        short = next(short for short, id in hall.cast.users.items() if id == one.user_id)
        assert one.read_at is None
    hall.client(short).get("/desk/notices")
    with hall.database.reading() as work:
        assert work.session.get_one(Notice, one.id).read_at == hall.clock()
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        case.next_alert_at = hall.clock()
    sweep(hall.database, now=hall.clock.on(seconds=30))
    with hall.database.reading() as work:
        again = work.session.get_one(Notice, one.id)
        assert again.read_at is None and "有 13 件" in again.text
    clerk = hall.client(short)
    clerk.get("/language/en", follow_redirects=True)
    assert "13 cases failed today" in told(hall, short)[0].text_en


def test_a_notice_that_is_called_off_or_still_to_come_is_not_on_the_page(hall: Open) -> None:
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        for key, state, after in (
            ("a", "cancelled", timedelta()),
            ("b", "sent", timedelta(days=1)),
            ("c", "sent", timedelta()),
        ):
            work.session.add(
                Notice(
                    key=key,
                    case_id=case.id,
                    user_id=hall.cast.users["chen"],
                    channel="screen",
                    kind="remind",
                    text=f"通知{key}",
                    state=state,
                    created_at=hall.clock(),
                    send_after=hall.clock() + after,
                )
            )
    page = hall.client("chen").get("/desk/notices").text
    assert "通知c" in page and "通知a" not in page and "通知b" not in page
    assert f'href="/desk/cases/{number}"' in page


def test_a_step_that_was_handed_on_leads_to_its_case(hall: Open) -> None:
    number = hall.submit()
    task = hall.task(number)
    with hall.database.unit_of_work() as work:
        cases.claim(work, task.id, version=task.version, by=hall.cast.chen, now=hall.clock())
    task = hall.task(number)
    with hall.database.unit_of_work() as work:
        cases.transfer(
            work,
            task.id,
            hall.cast.users["lin"],
            "家里有{事}",
            version=task.version,
            by=hall.cast.chen,
            now=hall.clock(),
        )
    (one,) = told(hall, "lin")
    assert one.cases == (number,) and "家里有{事}" in one.text
