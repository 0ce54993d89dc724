"""The services' pages through the real application."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.people import holders, units
from engine.records import library
from engine.store.models import Case, Holding, Post, PrivateNote, User
from tests.commands import acting
from tests.hall import Open, open_hall
from tests.services import mediating
from tests.services.telling import ROOT


@pytest.fixture
def hall(sqlite, clock, tmp_path) -> Open:
    return open_hall(sqlite, clock, tmp_path)


def test_the_agents_page_lists_principals_and_a_reviewer_has_no_such_page_in_the_column(hall: Open, clock):
    acting.accepted(hall.database, hall.cast, clock)
    page = hall.client("chen").get("/desk/carried").text
    for words in ("张三丰", "医保参保登记", "2027-09-17", "有效"):
        assert words in page, words
    assert "/desk/carried" not in hall.client("wang").get("/desk").text


def test_the_principal_revokes_by_a_button_and_it_is_gone_afterwards(hall: Open, clock):
    case_id = acting.accepted(hall.database, hall.cast, clock)
    with hall.database.reading() as work:
        number = work.session.get(Case, case_id).number
    client = hall.client("zhang")
    assert "撤销委托" in client.get(f"/mine/{number}").text
    assert client.post(f"/mine/{number}/tells/revoke", data={"sure": "1"}).status_code == 302
    after = client.get(f"/mine/{number}").text
    assert "委托已经撤销" in after and f"/mine/{number}/tells/tells/revoke" not in after
    assert hall.client("xu").post(f"/mine/{number}/tells/revoke", data={"sure": "1"}).status_code in (403, 404)


def mediator(hall: Open) -> None:
    """An office of justice, its mediator 赖炳根, and 说事评理 published."""
    with hall.database.unit_of_work() as work:
        sf = units.add(
            work,
            code="350526-SF",
            name="德化县司法局",
            kind="office",
            parent=hall.cast.county,
            number="1301",
            word="德司",
        )
        post = Post(code="mediator", name="人民调解员", name_en="mediator", role="clerk")
        who = User(
            kind="staff",
            login="lai",
            name="赖炳根",
            created_at=hall.clock(),
            password_hash=work.session.scalar(select(User.password_hash).where(User.login == "chen")),
        )
        work.session.add_all([post, who])
        work.session.flush()
        work.session.add(Holding(user_id=who.id, unit_id=sf.id, post_id=post.id))
        work.session.flush()
        mediating.hire_mediators(work, sf.id, hall.clock())
        mediating.open_room(work, sf.id, hall.clock().date(), hall.clock())
        library.publish(work, matters.load(ROOT, "tiaojie"), by=people.SYSTEM, now=hall.clock())
        units.forget(work)
        holders.forget(work)
        hall.cast.users["lai"] = who.id


def test_a_mediator_writes_a_note_on_the_page_of_the_case_and_no_one_elses_page_shows_it(hall: Open, clock):
    from engine.commands import cases
    from engine.matters import stories

    mediator(hall)
    story = stories.read(matters.load(ROOT, "tiaojie"))[0]
    with hall.database.unit_of_work() as work:
        number = cases.submit(work, "tiaojie", story.answers, by=hall.cast.zhang, now=clock()).case.number
    client = hall.client("lai")
    assert "我的笔记" in client.get(f"/desk/cases/{number}").text
    assert client.post(f"/desk/cases/{number}/notes", data={"party": "赖春生", "text": "愿意让两米"}).status_code == 302
    assert "愿意让两米" in client.get(f"/desk/cases/{number}").text
    for other in ("wu", "chen"):
        assert "愿意让两米" not in hall.client(other).get(f"/desk/cases/{number}").text
    with hall.database.reading() as work:
        assert work.session.scalar(select(PrivateNote.author_id)) == hall.cast.users["lai"]
