"""处置: a head who opens a case has buttons: 催办, 改派, 跳转, 移送, 终止. Each is shown first, done as it was shown,
and on record; nobody but a head of the case has them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import NotYours
from engine.people import load
from engine.store.models import Case, Event, Notice, Reminder, Task
from tests.commands import acting
from tests.hall import Open

ACTS = ("urge", "give", "jump", "move", "end")


@pytest.fixture
def number(hall: Open, clock) -> str:
    """A case that the 医保局 has accepted and a clerk of it has in hand."""
    case_id = acting.accepted(hall.database, hall.cast, clock)
    acting.claim(hall.database, case_id, hall.cast.wang, clock())
    with hall.database.reading() as work:
        return work.session.get_one(Case, case_id).number


def _step(hall: Open, number: str) -> Task:
    with hall.database.reading() as work:
        case_id = work.session.scalar(select(Case.id).where(Case.number == number))
        return acting.task_of(work, case_id)


def _kinds(hall: Open, number: str) -> list[str]:
    with hall.database.reading() as work:
        case_id = work.session.scalar(select(Case.id).where(Case.number == number))
        return list(work.session.scalars(select(Event.kind).where(Event.case_id == case_id).order_by(Event.id)))


def _act(hall: Open, number: str, what: str, **sent):
    """Shown first, then done as it was shown; the answer to the last."""
    client, address = hall.client("zhao"), f"/desk/cases/{number}/head/{what}"
    assert client.get(address).status_code == 200
    before = _kinds(hall, number)
    shown = client.post(address, data=sent)
    assert shown.status_code == 200 and "确认以后会这样" in shown.text, shown.text[-2000:]
    assert _kinds(hall, number) == before, "it is shown, and nothing is done"
    given = dict(
        re.findall(r'name="(expect|step|version|to|reason)" value="([^"]*)"', shown.text.replace("\n    ", " "))
    )
    return client.post(address, data={**given, "confirmed": "1"})


def test_the_head_of_the_office_has_the_buttons_and_nobody_else(hall: Open, number: str):
    text = hall.client("zhao").get(f"/desk/cases/{number}").text
    for what in ACTS:
        assert f"/desk/cases/{number}/head/{what}" in text, what
    assert "/head/" not in hall.client("wang").get(f"/desk/cases/{number}").text
    for short in ("wang", "sun", "huang", "operator"):
        for what in ACTS:
            answer = hall.client(short).get(f"/desk/cases/{number}/head/{what}")
            assert answer.status_code in (403, 404), (short, what)


def test_a_head_of_where_the_person_lives_urges_and_neither_ends_nor_moves_what_is_the_office_s(
    hall: Open, number: str, clock
):
    """龙门滩镇 took it in; it is decided at the 医保局."""
    text = hall.client("qian").get(f"/desk/cases/{number}").text
    assert f"/desk/cases/{number}/head/urge" in text
    for what in ("jump", "move", "end"):
        assert f"/desk/cases/{number}/head/{what}" not in text
        address, sent = f"/desk/cases/{number}/head/{what}", {"to": hall.cast.mz.code, "reason": "x", "confirmed": "1"}
        assert hall.client("qian").get(address).status_code == 403, what
        assert hall.client("qian").post(address, data=sent).status_code == 403, what
    step, case_id = _step(hall, number), _case_id(hall, number)
    qian, now = load_as(hall, "qian", clock), clock()
    for act in (
        lambda work: cases.terminate(work, case_id, "不办了", by=qian, now=now),
        lambda work: cases.move_office(work, case_id, hall.cast.mz.code, "归民政管", by=qian, now=now),
        lambda work: cases.jump(work, step.id, "accept", "再看", version=None, by=qian, now=now),
    ):
        with pytest.raises(NotYours), hall.database.unit_of_work() as work:
            act(work)


def test_who_has_the_step_is_urged_and_the_deadline_stays(hall: Open, number: str):
    step = _step(hall, number)
    answer = _act(hall, number, "urge", step=step.id, reason="群众等着用")
    assert answer.status_code == 302
    with hall.database.reading() as work:
        assert work.session.scalar(select(Reminder.text).where(Reminder.task_id == step.id)) == "群众等着用"
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "remind")).all()
    assert told == [hall.cast.users["wang"]] and _step(hall, number).due_at == step.due_at
    again = hall.client("zhao").post(f"/desk/cases/{number}/head/urge", data={"step": step.id, "reason": "再催"})
    assert again.status_code == 409 and "刚刚催办过" in again.text and "再催" in again.text  # what was typed stays


def test_a_step_is_given_to_another(hall: Open, number: str):
    step = _step(hall, number)
    wrong = hall.client("zhao").post(f"/desk/cases/{number}/head/give", data={"step": step.id, "reason": "请病假"})
    assert wrong.status_code == 422 and "请选一个人" in wrong.text and "请病假" in wrong.text
    answer = _act(hall, number, "give", step=step.id, to=hall.cast.users["li"], reason="请病假")
    assert answer.status_code == 302 and _step(hall, number).assignee_id == hall.cast.users["li"]


def test_the_case_goes_on_from_another_step(hall: Open, number: str):
    step = _step(hall, number)
    with hall.database.reading() as work:
        names = dict(cases.jump_targets(work, step.id))
    assert "accept" in names and step.element not in names
    answer = _act(hall, number, "jump", step=step.id, to="accept", reason="受理时看错了材料")
    assert answer.status_code == 302
    now = _step(hall, number)
    assert (now.element, now.state) == ("accept", "open") and "task.jumped" in _kinds(hall, number)
    page = hall.client("zhao").get(f"/desk/cases/{number}").text
    assert "跳转" in page and "受理时看错了材料" in page
    for to in ("nothing", step.element + "x", ""):
        sent = {"step": now.id, "to": to, "reason": "x"}
        assert hall.client("zhao").post(f"/desk/cases/{number}/head/jump", data=sent).status_code == 422, to


def test_another_office_has_the_case(hall: Open, number: str):
    assert _act(hall, number, "move", to=hall.cast.mz.code, reason="归民政管").status_code == 302
    with hall.database.reading() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        assert case.office_id == hall.cast.mz.id


def test_a_case_that_cannot_go_on_is_ended_with_its_reason(hall: Open, number: str):
    assert _act(hall, number, "end", reason="申请人去世").status_code == 302
    with hall.database.reading() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        assert (case.status, case.outcome) == ("terminated", "ended")
        told = work.session.scalars(select(Notice.text).where(Notice.kind == "terminated")).all()
    assert told and all("申请人去世" in text and number in text for text in told)
    assert "/head/" not in hall.client("zhao").get(f"/desk/cases/{number}").text
    assert hall.client("zhao").get(f"/desk/cases/{number}/head/urge").status_code == 404


def test_what_has_changed_since_it_was_shown_is_shown_anew_and_nothing_is_lost(hall: Open, number: str, clock):
    client, address = hall.client("zhao"), f"/desk/cases/{number}/head/end"
    shown = client.post(address, data={"reason": "重复提交"})
    expect = re.search(r'name="expect" value="([^"]+)"', shown.text.replace("\n    ", " "))
    assert expect is not None
    acting.complete(hall.database, _case_id(hall, number), acting.REGISTER, load_as(hall, "wang", clock), clock())
    answer = client.post(address, data={"reason": "重复提交", "expect": expect[1], "confirmed": "1"})
    assert answer.status_code == 409 and "重复提交" in answer.text and "确认以后会这样" in answer.text
    assert "case.finished" not in _kinds(hall, number)


def _case_id(hall: Open, number: str) -> int:
    with hall.database.reading() as work:
        found = work.session.scalar(select(Case.id).where(Case.number == number))
        assert found is not None
        return found


def load_as(hall: Open, short: str, clock):
    with hall.database.reading() as work:
        return load(work, hall.cast.users[short], now=clock())
