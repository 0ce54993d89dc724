"""名册一起办: an agent ticks the people of the village on one screen, for a matter or a time; each is told or
marked to be told aloud."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from engine import matters, people
from engine.commands import booking, register_rows
from engine.commands.hall import rolls
from engine.errors import NotYours
from engine.people import units
from engine.reads import aloud, offers, registers
from engine.reads.knowing import Person
from engine.records import library
from engine.store.models import Appointment, Bond, Case, Holding, Notice
from tests.offers.conftest import files_of

ELDERS = (
    ("陈阿公", "13800005671", "350526194003071234"),
    ("林阿婆", "13800005672", "35052619380307122X"),
    ("没写证件号的", "13800005673", None),
)
FORM = {"for_whom": "self", "group_kind": "ordinary", "mandate_until": "2026-12-31", "agree": True}


@pytest.fixture
def village(hall):
    """The elders of 苏洋村 on the roll, and one of another village."""
    with hall.database.unit_of_work() as work:
        one = library.declared(work, "registers")["elder"][0]
        for name, phone, number in ELDERS:
            who = Person(name, phone, number, None, hall.cast.suyang.id)
            register_rows.put(work, one, {}, by=people.SYSTEM, now=hall.clock(), whom=who, place_id=who.place_id)
        other = Person("别村的人", "13800005679", "350526194503071214", None, hall.cast.fudong.id)
        register_rows.put(work, one, {}, by=people.SYSTEM, now=hall.clock(), whom=other, place_id=other.place_id)
    return hall


def ids(hall) -> dict[str, int]:
    with hall.database.reading() as work:
        found = registers.standing(work, hall.cast.chen, "elder", now=hall.clock())
        return {person.name: entry for entry, person in found}


def send(hall, client, names, **more):
    known = ids(hall)
    body = {"what": "matter:daiban", "list": "elder", "once": "once-0001", "consent": "yes", "answers": FORM}
    body |= {"who": ",".join(str(known[name]) for name in names), "aloud": str(known["林阿婆"])} | more
    return client.post("/desk/together", json=body)


def test_an_agent_ticks_the_village_and_everybody_has_a_case_of_their_own(village):
    client = village.client("chen")
    page = client.get("/desk/together?what=matter:daiban").text
    assert "陈阿公" in page and "别村的人" not in page and "350526194003071234" not in page
    assert "手机号" not in page  # each one's own is not asked of all
    said = send(village, client, [name for name, *_rest in ELDERS]).get_json()["review"]
    assert "办成 2 个，没办成 1 个" in said and "身份证号" in said, said
    with village.database.reading() as work:
        cases = {one.applicant_name: one for one in work.session.scalars(select(Case))}
        assert set(cases) == {"陈阿公", "林阿婆"}
        assert {one.place_id for one in cases.values()} == {village.cast.suyang.id}
        assert rolls.ALOUD in cases["林阿婆"].flags and rolls.ALOUD not in cases["陈阿公"].flags
        texts = work.session.scalars(select(Notice).where(Notice.kind == "rolled")).all()
        assert [one.address for one in texts] == ["13800005671"] and cases["陈阿公"].number in texts[0].text
        assert work.session.scalars(select(Bond)).all() == []  # nobody signed for them: the agent has no authority yet


def test_sent_twice_nobody_has_two_cases_and_nobody_is_told_twice(village):
    client = village.client("chen")
    for _time in range(2):
        assert "没办成 0 个" in send(village, client, ["陈阿公"]).get_json()["review"]
        village.clock.on(minutes=1)
    with village.database.reading() as work:
        assert len(work.session.scalars(select(Case)).all()) == 1
        assert len(work.session.scalars(select(Notice).where(Notice.kind == "rolled")).all()) == 1


def test_who_reads_no_text_is_read_to_and_the_agent_says_so(village):
    client = village.client("chen")
    send(village, client, ["林阿婆"])
    page = client.get("/desk/together").text
    assert "还要念给他们听的" in page and "林阿婆" in page
    with village.database.reading() as work:
        number = aloud.waiting(work, village.cast.chen, now=village.clock())[0].number
    assert client.post(f"/desk/together/told/case/{number}").status_code == 302
    with village.database.reading() as work:
        assert aloud.waiting(work, village.cast.chen, now=village.clock()) == []
    stranger = village.client("huang")
    assert stranger.post(f"/desk/together/told/case/{number}").status_code in (403, 404)


def test_an_agent_who_went_elsewhere_reads_no_names_of_those_they_took_in(village):
    send(village, village.client("chen"), ["林阿婆"])
    with village.database.unit_of_work() as work:
        chen = village.cast.users["chen"]
        work.session.execute(update(Holding).where(Holding.user_id == chen).values(unit_id=village.cast.fudong.id))
    with village.database.reading() as work:
        assert aloud.waiting(work, people.load(work, chen, now=village.clock()), now=village.clock()) == []


def test_a_long_list_is_ticked_a_page_at_a_time_and_nobody_is_left_off(village, monkeypatch):
    monkeypatch.setattr(rolls, "MOST", 2)
    client = village.client("chen")
    page = client.get("/desk/together?what=matter:daiban").text
    assert "林阿婆" in page and "没写证件号的" not in page
    last = ids(village)["林阿婆"]
    assert f"after={last}" in page
    page = client.get(f"/desk/together?what=matter:daiban&list=elder&after={last}").text
    assert (
        "没写证件号的" in page and "林阿婆" not in page and "after=" not in page.split("给谁办")[1].split("全部勾上")[1]
    )


def test_without_a_tick_nothing_is_taken_in(village):
    answer = village.client("chen").post(
        "/desk/together", json={"what": "matter:daiban", "list": "elder", "answers": {}}
    )
    assert answer.status_code == 422 and "请先勾选" in answer.get_json()["detail"]


def test_an_agent_books_meals_of_another_unit_for_their_own_village_only(village):
    now = village.clock()
    with village.database.unit_of_work() as work:
        units.add(
            work, code="350526-FW", name="进城党群城市家园", kind="centre", parent=village.cast.county, number="1500"
        )
        units.forget(work)
        library.publish(work, matters.package.read("zhiyuan", files_of()), by=people.SYSTEM, now=now)
        booking.publish_ahead(work, now=now)
    with village.database.reading() as work:
        slot = offers.list_open(work, offer="zhiyuan.lunch", now=now)[0].slot_id
    known = ids(village)
    who = f"{known['陈阿公']},{known['林阿婆']}"
    sent = {"what": f"slot:{slot}", "list": "elder", "who": who, "answers": {"dish": "plain"}}
    sent["aloud"] = str(known["林阿婆"])
    said = village.client("chen").post("/desk/together", json=sent).get_json()["review"]
    assert "办成 2 个" in said and "要念给他听" in said
    away = booking.Listed("别村的人", "", False, Person("别村的人", "13800005679", None, None, village.cast.fudong.id))
    with village.database.unit_of_work() as work:
        found = booking.roll(work, slot, [away], answers={"dish": "plain"}, by=village.cast.chen, now=now)
        assert not found[0].number and "不是您这里的人" in found[0].why
        with pytest.raises(NotYours):
            booking.roll(work, slot, [away], answers={"dish": "plain"}, by=village.cast.wang, now=now)
    with village.database.reading() as work:
        made = work.session.scalars(select(Appointment).order_by(Appointment.id)).all()
        assert [(one.name, one.by_voice) for one in made] == [("陈阿公", ""), ("林阿婆", "wanted")]
        assert [one.name for one in aloud.waiting(work, village.cast.chen, now=now)] == ["林阿婆"]
    assert village.client("chen").post(f"/desk/together/told/booking/{made[1].id}").status_code == 302
    assert village.client("huang").post(f"/desk/together/told/booking/{made[0].id}").status_code in (403, 404)
