"""身边有什么 and 离得多远: everybody reads what is near a village, the hall's people of their own villages."""

import io

import pytest
from openpyxl import load_workbook

from engine import matters
from engine.commands import register_rows as rows
from engine.records import library
from tests.cast import ROOT
from tests.conftest import NOW


@pytest.fixture
def near(hall):
    """One place of 苏洋村 that its agent walked to, in seven minutes."""
    cast = hall.cast
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "fuwuquan"), by=cast.zhou, now=NOW)
        found = library.declared(work, "registers")
        spot = {
            "code": "SY-WS",
            "called": "苏洋卫生室",
            "functions": ["病有所医"],
            "hours": "上午",
            "phone": "0595-23510001",
        }
        spot |= {"checked_on": "2026-03-01", "source": "镇里"}
        rows.put(work, found["spot"][0], spot, by=cast.zhou, now=NOW, place_id=cast.suyang.id)
        way = {"code": f"{cast.suyang.code}>SY-WS", "village": cast.suyang.code, "spot": "SY-WS", "minutes": 7}
        way |= {"mode": "walk", "measured_on": "2026-05-01"}
        rows.put(work, found["way"][0], way, by=cast.zhou, now=NOW, place_id=cast.suyang.id)
    return hall


def test_a_hall_without_places_has_no_such_page(hall):
    assert "/around/near" not in hall.client().get("/around").text
    assert hall.client().get(f"/around/near?village={hall.cast.suyang.code}").status_code == 404


def test_everybody_reads_what_is_near_a_village_in_two_taps(near):
    code = near.cast.suyang.code
    stranger = near.client()
    assert 'href="/around/near"' in stranger.get("/around").text
    assert "请选" in stranger.get("/around/near").text  # nobody knows where a stranger lives
    page = stranger.get(f"/around/near?village={code}").text
    assert "苏洋卫生室" in page and "7 分钟" in page and 'href="tel:059523510001"' in page
    assert page.count("不清楚：还没有人量过") == 5 and "镇里" not in page  # only what the register shows
    assert 'href="/matters/fuwuquan"' in page
    assert "苏洋卫生室" in near.client("zhang").get("/around/near").text  # who lives there need not choose
    assert stranger.get("/around/near?village=350526106").status_code == 404  # a town


def test_staff_see_their_own_villages_and_take_the_table_along(near):
    agent = near.client("zhou")
    page = agent.get("/desk/registers/way/coverage").text
    assert "苏洋村" in page and "富东社区" not in page and "够得着 1 样" in page and "不清楚 5 样" in page
    assert "7 分钟" in agent.get("/desk/registers/way/coverage?kind=2").text
    assert agent.get("/desk/registers/way/coverage?town=350526100").status_code == 404  # a town of others
    county = near.client("wu").get("/desk/registers/way/coverage").text
    assert "苏洋村" in county and "富东社区" in county
    sent = agent.get("/desk/registers/way/coverage?as=xlsx")
    book = load_workbook(io.BytesIO(sent.data))
    assert "15分钟够得着：苏洋卫生室 7分钟 走路" in [cell.value for row in book["各村六样"].rows for cell in row]
    assert near.client("zhang").get("/desk/registers/way/coverage").status_code in (302, 403)


def test_the_counter_is_offered_the_villages_that_the_form_asks_for_as_a_resident_is(near):
    page = near.client("zhou").get("/desk/window/fuwuquan").text
    assert f'"value": "{near.cast.suyang.code}"' in page
