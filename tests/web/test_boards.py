"""公开栏 on its pages: for everybody, for who wants to be told, for staff; and nothing of a person in any of them."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree

import icalendar
import pytest

from engine import matters, people
from engine.commands import boards
from engine.records import library
from tests.cast import ROOT
from tests.commands import test_boards as acting
from tests.commands.test_boards import MARKET, NOW
from tests.hall import open_hall


@pytest.fixture
def hall(sqlite, clock, tmp_path):
    clock.now = NOW
    found = open_hall(sqlite, clock, tmp_path)
    with sqlite.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "ganxu"), by=people.SYSTEM, now=NOW)
    found.now = NOW
    for short in ("zhang", "xu", "zhou", "qian"):
        setattr(found, short, getattr(found.cast, short))
    return found


def every_page(client, number=None):
    """All that anybody may ask for, as one text."""
    at = "350526106201"
    paths = ["/board", f"/board?place={at}", f"/board/at/{at}", "/board?kind=market", "/board?q=苏洋", "/board.ics"]
    paths += [f"/board.atom?place={at}", "/api/v1/board", "/api/v1/board?q=苏洋"]
    paths += [f"/board/{number}", f"/board/{number}.ics", f"/api/v1/board/{number}"] if number else []
    found = [client.get(path) for path in paths]
    assert {one.status_code for one in found} <= {200}, [(p, o.status_code) for p, o in zip(paths, found, strict=True)]
    return "\n".join(one.text for one in found)


def test_everybody_reads_an_entry_by_place_kind_word_calendar_feed_and_interface(hall):
    _, number = acting.shown(hall)
    client = hall.client()
    text = every_page(client, number)
    assert text.count("苏洋墟") >= 10
    page = client.get(f"/board/{number}").text
    assert "12月21日（周一）" in page and "冬月十三" in page and "0595-23500306" in page and "我有意见" in page
    for other in ("/board?kind=need", "/board?place=350526100", "/board?q=布袋戏", "/board?page=2"):
        assert "苏洋墟" not in client.get(other).text
    for missing in ("/board?kind=nothing", "/board/at/999", "/board/2026999999", "/board/2026999999.ics"):
        assert client.get(missing).status_code == 404


def test_nothing_personal_and_nothing_hidden_is_in_any_answer(hall):
    _, number = acting.shown(hall)
    with hall.database.unit_of_work() as work:
        boards.object_to(work, number, "太吵了", by=hall.xu, now=NOW)
    for client in (hall.client(), hall.client("xu")):
        text = every_page(client, number)
        for secret in ("13800000001", "13800000002", "张三丰", "苏洋村村民委员会", "太吵了", "350526195003071239"):
            assert secret not in text, secret


def test_what_waits_was_refused_taken_down_or_is_over_is_nowhere(hall):
    waiting = acting.entry_of(hall, acting.asked(hall, programme="布袋戏")).number
    _, down = acting.shown(hall, venue="旧广场")
    _, over = acting.shown(hall, venue="老戏台", day="2026-12-16")
    refused = acting.entry_of(hall, acting.asked(hall, venue="河滩上")).number
    with hall.database.unit_of_work() as work:
        boards.withdraw(work, down, "写错了", by=hall.qian, now=NOW)
        boards.refuse(work, refused, "不合适", changed=0, by=hall.qian, now=NOW)
    hall.clock.now = NOW + timedelta(days=7)
    for short in (None, "xu", "zhang", "qian"):
        client = hall.client(short)
        text = every_page(client)
        for word in ("布袋戏", "旧广场", "老戏台", "河滩上"):
            assert word not in text
        for number in (waiting, down, over, refused):
            for path in (f"/board/{number}", f"/board/{number}.ics", f"/api/v1/board/{number}"):
                assert client.get(path).status_code == 404, (short, path)
            assert client.post(f"/board/{number}/say", data={"words": "看不到"}).status_code in (404, 429)


def test_the_calendar_and_the_feed_are_what_they_say(hall):
    case_id, number = acting.shown(hall)
    found = icalendar.Calendar.from_ical(hall.client().get("/board.ics?kind=market").data)
    [event] = found.walk("VEVENT")
    assert str(event["summary"]) == "苏洋墟（农历冬月十三）" and event["dtstart"].dt.isoformat() == "2026-12-21"
    assert (str(event["location"]), int(event["sequence"])) == ("苏洋村部前广场", 0)
    tree = ElementTree.fromstring(hall.client().get("/board.atom").data)
    atom = "{http://www.w3.org/2005/Atom}"
    [entry] = tree.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}title") == "苏洋墟（2026-12-21）" and number in entry.findtext(f"{atom}id")
    with hall.database.unit_of_work() as work:
        from engine.commands import cases

        cases.tell(work, case_id, "rain", acting.RAIN, sure=True, by=hall.zhang, now=NOW)
    [event] = icalendar.Calendar.from_ical(hall.client().get(f"/board/{number}.ics").data).walk("VEVENT")
    assert (event["dtstart"].dt.isoformat(), int(event["sequence"])) == ("2026-12-26", 1)
    assert "明天有大雨" in hall.client().get(f"/board/{number}").text


def test_a_reader_objects_and_holds_a_number(hall):
    _, number = acting.shown(hall)
    client = hall.client()
    wrong = client.post(f"/board/{number}/say", data={"words": "", "name": "", "phone": "1"})
    assert wrong.status_code == 422 and wrong.text.count("yz-field-error") == 3
    done = client.post(
        f"/board/{number}/say",
        data={"words": "太吵", "name": "林阿婆", "phone": "0595-23511111"},
        follow_redirects=True,
    )
    assert f"{number}-1" in done.text
    staff = hall.client("qian").get(f"/desk/board/{number}").text
    assert "太吵" in staff and "林*婆" in staff and "23511111" not in staff
    assert client.get(f"/desk/board/{number}").status_code == 302


def test_a_resident_is_told_and_stops(hall):
    _, number = acting.shown(hall)
    client = hall.client("zhang")
    assert "现在什么都不提醒您" in client.get("/board/told").text
    client.post("/board/told", data={"kind": "market", "place": "350526106201"})
    page = client.post(f"/board/{number}/tell-me", follow_redirects=True).text
    assert "改期、取消都会告诉您" in page
    page = client.get("/board/told").text
    assert "苏洋村 · 墟日" in re.sub(r"\s+", " ", page) and "苏洋墟" in page
    assert client.post("/board/told", data={"kind": "x", "place": "350526106201"}).status_code == 422
    client.post("/board/told/stop", data={"kind": "market", "place": "350526106201", "number": ""})
    assert "苏洋村 · 墟日" not in re.sub(r"\s+", " ", client.get("/board/told").text.split("加一样")[0])
    client.post("/board/told/stop", data={"kind": "", "place": "", "number": ""})
    assert "现在什么都不提醒您" in client.get("/board/told").text
    assert hall.client().get("/board/told").status_code == 302


def test_the_reviewer_decides_on_a_page_and_others_do_not(hall):
    number = acting.entry_of(hall, acting.asked(hall)).number
    assert hall.client("wang").get(f"/desk/board/{number}").status_code == 404
    town = hall.client("zhou")
    assert "通过，公开" not in town.get(f"/desk/board/{number}").text
    assert town.post(f"/desk/board/{number}", data={"what": "approve", "changed": "0"}).status_code == 403
    head = hall.client("qian")
    assert "等我审核" in head.get("/desk/board").text and "公开栏" in head.get("/desk").text
    page = head.get(f"/desk/board/{number}").text
    assert "通过，公开" in page and "苏洋村村民委员会" in page
    refused = head.post(f"/desk/board/{number}", data={"what": "refuse", "changed": "0", "reason": ""})
    assert refused.status_code == 422 and "请写理由" in refused.text
    assert head.post(f"/desk/board/{number}", data={"what": "approve", "changed": "7"}).status_code == 409
    head.post(f"/desk/board/{number}", data={"what": "approve", "changed": "0"})
    assert "苏洋墟" in hall.client().get(f"/board/{number}").text
    head.post(f"/desk/board/{number}", data={"what": "withdraw", "reason": "改地方"})
    assert hall.client().get(f"/board/{number}").status_code == 404


def test_the_desk_shows_the_boards_only_to_whom_they_concern(hall):
    assert "/desk/board" not in hall.client("sun").get("/desk").text
    acting.asked(hall)
    assert "/desk/board" in hall.client("qian").get("/desk").text
    assert "/desk/board" not in hall.client("sun").get("/desk").text


def test_a_hall_without_boards_shows_no_tile(sqlite, clock, tmp_path):
    found = open_hall(sqlite, clock, tmp_path)
    assert "公开栏" not in found.client().get("/around").text
    assert found.client().get("/board").status_code == 200


def test_the_pages_are_english_on_an_english_page(hall):
    _, number = acting.shown(hall)
    client = hall.client("zhang")
    client.post("/language", data={"to": "en", "next": "/board"})
    for path in ("/board", f"/board/{number}", "/board/told"):
        page = client.get(path).text
        body = re.sub(r"<script.*?</script>|<option.*?</option>|<[^>]*>", " ", page, flags=re.S)
        left = set(re.findall("[\u4e00-\u9fff]+", body))
        own = set(re.findall("[\u4e00-\u9fff]+", " ".join([MARKET["programme"], MARKET["venue"], "苏洋墟 冬月十三"])))
        assert left - own - {"中文", "一"} <= {"龙门滩镇", "苏洋村", "一站"}, (path, left - own)
    assert "Market days" in client.get(f"/board/{number}").text and "I object" in client.get(f"/board/{number}").text
