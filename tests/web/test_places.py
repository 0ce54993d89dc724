"""各镇各村: every town with its villages; the sums add up, each number opens its list, the same as a spreadsheet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine.people import load, units
from engine.reads import by_place, overview
from engine.records import sheets
from engine.store.models import Case, Unit, WorkOrder
from tests.commands import acting
from tests.conftest import NOW


@pytest.fixture
def county(hall):
    """Three cases of 苏洋村, one of them late; one of 富东社区."""
    for who in ("zhang", "zhang", "zhang", "xu"):
        acting.submit(hall.database, getattr(hall.cast, who), NOW)
    with hall.database.unit_of_work() as work:
        first = work.session.scalars(select(Case.id).order_by(Case.id).limit(1)).one()
        late = {"promised_due": NOW - timedelta(days=1), "yellow_at": NOW - timedelta(days=2)}
        work.session.execute(update(Case).where(Case.id == first).values(**late))
    return hall


def spots(hall, who):
    with hall.database.reading() as work:
        return by_place.read(work, load(work, hall.cast.users[who], now=NOW), now=NOW).towns


def test_a_town_is_the_sum_of_its_villages_and_the_county_of_its_towns(county):
    found = spots(county, "wu")
    lines = {one.place.name: (one.load.open, one.load.red) for town in found for one in (town, *town.below)}
    assert lines == {"龙门滩镇": (3, 1), "苏洋村": (3, 1), "霞碧村": (0, 0), "浔中镇": (1, 0), "富东社区": (1, 0)}
    assert not next(one for one in (*found[0].below, *found[1].below) if one.place.name == "霞碧村").any
    with county.database.reading() as work:
        total = overview.numbers(work, load(work, county.cast.users["wu"], now=NOW), now=NOW).total
    assert (sum(one.load.open for one in found), sum(one.load.red for one in found)) == (total.open, total.red)


def test_a_head_of_a_town_sees_that_town_alone_and_each_number_opens_its_list(county):
    page = county.client("qian")
    text = page.get("/desk/overview/places").text
    assert "龙门滩镇" in text and "苏洋村" in text and "浔中镇" not in text
    ids = {one.place.name: one.place.id for one in spots(county, "qian")}
    listed = page.get(f"/desk/overview/cases?which=red&place={ids['龙门滩镇']}").text
    assert listed.count("data-row") == 1 and "龙门滩镇" in listed
    assert county.client("chen").get("/desk/overview/places").status_code == 403


def test_a_number_of_a_month_opens_its_orders_and_a_unit_that_is_not_there_none(county):
    with county.database.unit_of_work() as work:
        first = work.session.scalars(select(Case.id).order_by(Case.id).limit(1)).one()
        told = {"dispatched_at": NOW, "due_at": NOW, "returned": 0, "wrong": False, "redone": 0, "left_out": ""}
        work.session.add(WorkOrder(case_id=first, **told))
    page = county.client("wu")

    def rows(query):
        return page.get(f"/desk/overview/orders?which=due{query}").text.count("data-row")

    assert (rows(""), rows("&unit=999999"), rows("&month=2026-08")) == (1, 0, 0)
    assert rows("&month=9999-12") == 1, "a month that no calendar holds is this one"
    assert page.get("/desk/overview/places?month=0001-01").status_code == 200


def test_the_page_comes_as_a_spreadsheet_with_a_line_a_place(county):
    got = county.client("wu").get("/desk/overview/places?as=xlsx")
    (rows,) = sheets.read_all(got.data, hidden=[]).values()
    lines = {(row[0].value, row[1].value or ""): [cell.value or "" for cell in row[2:6]] for row in rows}
    assert lines["乡镇、单位", "村（社区）"] == ["中心类型", "在办", "快到期", "超承诺"]
    assert lines["龙门滩镇", ""] == lines["龙门滩镇", "苏洋村"] == ["", 3, "", 1]
    assert len(rows) == 7 and lines["合计", ""][1:] == [4, "", 1]


def test_the_villages_of_each_type_of_centre_open_their_lists(county):
    with county.database.unit_of_work() as work:
        work.session.execute(update(Unit).where(Unit.name == "苏洋村").values(centre="scattered,ungated"))
        units.forget(work)
    page = county.client("wu")
    text = page.get("/desk/overview/places").text
    assert "按中心类型" in text and "which=open&amp;centre=scattered" in text
    assert page.get("/desk/overview/cases?which=open&centre=scattered").text.count("data-row") == 3
