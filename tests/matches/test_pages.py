"""Shared rides over HTTP: two telephones and a desk, and the interface for programs."""

import re

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands.registers import editing
from engine.records import audit, inspection, library
from engine.store.models import DataRequest, Event, MatchApart, MatchPair, MatchSide, User
from tests.cast import ROOT
from tests.hall import open_hall
from tests.matches.conftest import KEY, RIDE, SEATS, id_number, work_off

FROM, TO = "350526106202", "350526100"  # 霞碧村, 浔中镇
WAY = {"from": FROM, "via": "350526106", "to": TO, "day": "2026-09-20", "since": "08:00", "until": "09:00"}
DRIVER = {
    "licence_until": "2030-01-01",
    "plate": "闽C12345",
    "seats": 5,
    "inspection_until": "2027-01-01",
    "policy": "PDZA20263505000018",
    "insurance_until": "2027-01-01",
}


@pytest.fixture
def hall(sqlite, clock, tmp_path):
    """张三丰 is a registered driver; 许小妹 is of age."""
    opened = open_hall(sqlite, clock, tmp_path)
    with sqlite.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "shunfeng"), by=people.SYSTEM, now=clock())
    with sqlite.unit_of_work() as work:
        driver = work.session.get(User, opened.cast.users["zhang"])
        who = {"name": driver.name, "phone": driver.phone, "id_number": driver.id_number or ""}
        zhou = people.load(work, opened.cast.users["zhou"], now=clock())
        editing.add(work, "driver", DRIVER, person=who, state="active", by=zhou, now=clock())
    return opened


def said(client, side, answers, at="matches", **more):
    sent = {**WAY, **more, "answers": answers}
    if side == "need":
        sent.pop("via")
    prefix = "/desk/matches" if at == "desk" else "/matches"
    checked = client.post(f"{prefix}/{KEY}/{side}/check", json=sent)
    assert checked.status_code == 200 and "霞碧村" in checked.json["review"] and "不收费" in checked.json["review"]
    answer = client.post(f"{prefix}/{KEY}/{side}/send", json=sent)
    assert answer.status_code == 201, answer.json
    return answer.json["location"]


def act(client, address, which, **form):
    """Press the button of a pair, as it is on the page."""
    page = client.get(address).text
    to = re.search(r'action="(/matches/own/\d+/pairs/\d+)"', page)[1]
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    return client.post(to, data={"act": which, "version": version, **form}, follow_redirects=True)


def test_two_telephones_find_each_other_and_see_the_number_once_both_said_yes(hall):
    driver, rider = hall.client("zhang"), hall.client("xu")
    supply = said(driver, "supply", SEATS)
    assert "张*丰" in hall.client().get("/matches", query_string={"from": FROM, "to": TO}).text
    assert "张*丰" not in hall.client().get("/matches", query_string={"from": TO, "to": FROM}).text
    need = said(rider, "need", RIDE)
    page = rider.get(need).text
    assert "我想坐这辆" in page and "闽C12345" not in page and "13800000001" not in page
    ask = re.search(r'action="(/matches/own/\d+/ask/\d+)"', page)[1]
    assert "等对方答复" in rider.post(ask, follow_redirects=True).text
    assert "1 个等您答复" in driver.get("/my").text or "等您答复" in driver.get(supply).text
    agreed = act(driver, supply, "agree").text
    assert "同乘确认单" in agreed and "双方都同意了" in agreed
    page = rider.get(need).text
    assert "闽C12345" in page and "张三丰" in page and "13800000001" in page and "不收费" in page
    act(rider, need, "cancel", reason="孩子病了")
    page = rider.get(need).text
    assert "闽C12345" not in page and "13800000001" not in page
    assert "孩子病了" in driver.get(supply).text


def test_nobody_else_opens_it_and_a_visitor_says_nothing(hall):
    supply = said(hall.client("zhang"), "supply", SEATS)
    assert hall.client("xu").get(supply).status_code == 404
    assert hall.client().get(supply).status_code == 302
    assert hall.client("xu").post(supply.replace("/my/", "/") + "/end").status_code in (404, 405)
    assert hall.client().get(f"/matches/{KEY}/need").status_code == 302
    assert hall.client("xu").get(f"/matches/{KEY}/nothing").status_code == 404


def test_the_desk_enters_for_somebody_and_a_look_at_the_whole_number_is_written_down(hall):
    desk = hall.client("zhou")
    assert "找顺风车" in desk.get("/desk/matches").text
    assert desk.get(f"/desk/matches/{KEY}/need").status_code == 200
    who = {"name": "林阿婆", "phone": "13911112222", "id_number": id_number("19500101", 22)}
    address = said(desk, "need", RIDE, at="desk", **who)
    page = desk.get(address).text
    assert "13911112222" not in page and "林*婆" in page
    assert "林*婆" in desk.get("/desk/matches?day=2026-09-20").text
    shown = desk.post(f"{address}/reveal", data={"purpose": "contact", "words": "到点没有消息"}).text
    assert "13911112222" in shown
    with hall.database.reading() as work:
        assert work.session.scalar(select(Event.id).where(Event.kind == audit.Kind.REVEALED.value))
        assert inspection.inspect(work).faults == ()
    assert "到点没有消息" in hall.client("qian").get("/desk/overview/reveals").text
    assert hall.client("sun").get(address).status_code in (403, 404)


def test_a_time_or_place_that_is_none_is_said_at_the_field(hall):
    rider = hall.client("xu")
    for wrong in ({"day": "soon"}, {"from": ""}, {"to": FROM}, {"day": "2026-09-01"}):
        sent = {**WAY, "via": "", "answers": RIDE, **wrong}
        assert rider.post(f"/matches/{KEY}/need/send", json=sent).status_code == 422, wrong
    assert rider.post(f"/matches/{KEY}/need/send", json=[1]).status_code == 422


def test_programs_say_ask_and_answer(hall):
    with hall.database.reading() as work:
        assert not work.session.scalars(select(MatchSide)).all()
    said(hall.client("zhang"), "supply", SEATS)
    query = {"match": KEY, "start": FROM, "end": TO}
    found = hall.client().get("/api/v1/matches", query_string=query).json
    assert [(one["name"], one["free"]) for one in found] == [("张*丰", 2)]
    assert found[0]["stops"] == ["霞碧村", "龙门滩镇", "浔中镇"]
    with hall.database.reading() as work:
        assert not work.session.scalars(select(MatchPair)).all()


def agreed(hall):
    """A ride of 2026-09-20 at eight that both agreed to: (driver, supply, rider, need)."""
    driver, rider = hall.client("zhang"), hall.client("xu")
    supply, need = said(driver, "supply", SEATS), said(rider, "need", RIDE)
    rider.post(re.search(r'action="(/matches/own/\d+/ask/\d+)"', rider.get(need).text)[1])
    act(driver, supply, "agree")
    assert 'value="arrive"' not in rider.get(need).text  # it is not eight yet
    return supply, need


def test_a_rider_says_on_the_telephone_that_they_arrived(hall, clock):
    supply, need = agreed(hall)
    clock.at("2026-09-20 09:40")
    rider = hall.client("xu")
    assert 'value="arrive"' in rider.get(need).text
    assert "已经到了" in act(rider, need, "arrive").text
    page = hall.client("zhang").get(supply).text
    assert "已经到了" in page and 'value="arrive"' not in page


def test_a_program_says_it_too_and_a_second_time_is_refused(hall, clock):
    supply, _ = agreed(hall)
    clock.at("2026-09-20 09:40")
    driver = hall.program("zhang")
    side = f"/matches/{supply.rpartition('/')[2]}"
    (pair,) = driver("GET", side).json["pairs"]
    assert (pair["arrived"], pair["arrives"]) == ("", True)
    sent = {"act": "arrive", "version": pair["version"]}
    (pair,) = driver("POST", f"{side}/pairs/{pair['id']}", sent).json["pairs"]
    assert (pair["arrived"], pair["arrives"]) == ("supply", False)
    again = driver("POST", f"{side}/pairs/{pair['id']}", {"act": "arrive", "version": pair["version"]})
    assert again.status_code == 409


def test_the_desk_sees_who_says_nothing_and_says_it_for_them(hall, clock):
    _, need = agreed(hall)
    clock.at("2026-09-20 12:00")
    work_off(hall.database, clock())
    clock.at("2026-09-20 12:30")
    work_off(hall.database, clock())
    day = "/desk/matches?day=2026-09-20"
    desk = hall.client("zhou")
    assert desk.get(day).text.count("没有人说到了，请打电话") == 2
    address = f"/desk/matches/{need.rpartition('/')[2]}"
    assert "有危险打 110" in desk.get(address).text
    assert "已经到了" in act(desk, address, "arrive").text
    assert "没有人说到了，请打电话" not in desk.get(day).text
    with hall.database.reading() as work:
        assert work.session.scalar(select(MatchPair.arrived_by)) == "desk"


def test_a_rider_says_not_again_and_that_money_was_asked_and_the_driver_sees_neither(hall):
    driver, rider = hall.client("zhang"), hall.client("xu")
    supply, need = said(driver, "supply", SEATS), said(rider, "need", RIDE)
    ask = re.search(r'action="(/matches/own/\d+/ask/\d+)"', rider.get(need).text)[1]
    assert "对方要收钱" not in rider.post(ask, follow_redirects=True).text  # nobody knows nobody yet
    assert "对方要收钱" not in act(driver, supply, "agree").text
    assert "对方要收钱？" in rider.get(need).text
    assert "协调员会来核实" in act(rider, need, "charged").text
    assert "您说过以后不再和对方一起" in act(rider, need, "apart").text
    seen = driver.get(supply).text
    assert "您说过" not in seen and "协调员" not in seen
    assert "改主意了" not in act(rider, need, "rejoin").text


def test_who_said_not_again_finds_it_on_their_page_takes_it_back_and_has_it_erased_with_their_rides(hall, clock):
    """By the page, by the interface, and by a request that all that is theirs be erased, which the office answers."""
    driver, rider = hall.client("zhang"), hall.client("xu")
    supply, need = said(driver, "supply", SEATS), said(rider, "need", RIDE)
    rider.post(re.search(r'action="(/matches/own/\d+/ask/\d+)"', rider.get(need).text)[1])
    act(driver, supply, "agree")
    assert "对方不知道" in act(rider, need, "apart").text
    page = rider.get("/my/matches").text
    assert "以后不再一起的（1 位）" in page and "张*丰" in page
    assert "以后不再一起" not in driver.get("/my/matches").text
    back = re.search(r'action="(/my/matches/apart/\d+)"', page)[1]
    assert driver.post(back).status_code == 404
    assert "以后又可以配了" in rider.post(back, follow_redirects=True).text
    program = hall.program("xu")
    assert program("get", "/matches/apart").json == []
    act(rider, need, "apart")
    (one,) = program("get", "/matches/apart").json
    assert program("post", f"/matches/apart/{one['id']}").json == []
    act(rider, need, "apart")
    ended = re.search(r'action="(/matches/own/\d+/end)"', rider.get(need).text)[1]
    version = re.findall(r'name="version" value="(\d+)"', rider.get(need).text)[-1]
    rider.post(ended, data={"version": version})
    assert rider.post("/mine/data/ask/erase", data={"number": ""}).status_code == 302
    with hall.database.reading() as work:
        request = work.session.scalars(select(DataRequest.id)).one()
    sent = {"what": "done", "answer": "已按要求删除"}
    assert hall.client("wu").post(f"/desk/data-requests/{request}", data=sent).status_code == 302
    with hall.database.reading() as work:
        assert work.session.scalars(select(MatchApart.id)).all() == []
        assert {row.side: row.name for row in work.session.scalars(select(MatchSide))} == {
            "need": None,
            "supply": "张三丰",
        }
