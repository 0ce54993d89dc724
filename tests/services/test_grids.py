"""网格: whoever patrols a grid enters what they saw of it alone, fines nobody, and reads no other grid."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from engine import matters
from engine.people import SYSTEM, units
from engine.records import library
from engine.store.models import Case, Holding, Post, RegisterEntry, User
from tests.cast import ROOT
from tests.hall import Open, open_hall

SPOT = {
    "patrol": {"worker": "三格员", "day": "2026-09-18", "start": "08:30", "end": "08:50"},
    "seen": {"what": "none"},
}


@pytest.fixture
def hall(sqlite, clock, tmp_path) -> Open:
    found = open_hall(sqlite, clock, tmp_path)
    with found.database.unit_of_work() as work:
        village = units.by_code(work, "350526106201")
        post = Post(code="grid", name="网格员", name_en="Grid worker", role="clerk")
        work.session.add(post)
        work.session.flush()
        for n in (3, 5):
            code, name = f"{village.code}-W{n}", f"第{n}网格"
            grid = units.add(work, code=code, name=name, kind="grid", parent=village, number=f"500{n}")
            user = User(kind="staff", login=f"grid-{n}", name=f"{n}格员", created_at=clock())
            work.session.add(user)
            work.session.flush()
            work.session.add(Holding(user_id=user.id, unit_id=grid.id, post_id=post.id))
            found.cast.users[f"grid-{n}"] = user.id
        for name in ("fanying", "wangge"):
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=clock())
    return found


def entered(hall: Open, who: str, place: str = "", answers: dict | None = None):
    body = {"answers": answers or SPOT, "channel": "counter", "consent": "yes"} | ({"place": place} if place else {})
    return hall.client(who).post("/desk/window/wangge", json=body)


def test_the_counter_offers_whoever_patrols_their_own_grid_and_takes_no_other(hall: Open) -> None:
    page = hall.client("grid-3").get("/desk/window/wangge").text
    assert re.findall(r'<option value="(350526\S+?)"', page) == ["350526106201-W3"]
    refused = entered(hall, "grid-3", "350526106201-W5")
    assert refused.status_code == 422 and "只能选您自己的网格" in json.dumps(refused.json, ensure_ascii=False)
    assert entered(hall, "grid-3").status_code == 201
    with hall.database.reading() as work:
        assert units.place(work, work.session.scalars(select(Case.place_id)).one()).code == "350526106201-W3"


def test_a_patrol_is_listed_to_who_enters_it_and_not_to_residents(hall: Open) -> None:
    assert "/desk/window/wangge" in hall.client("grid-3").get("/desk/window").text
    resident = hall.client("zhang")
    for page in ("/matters", "/matters?q=网格", "/matters?function=居有所乐"):
        shown = resident.get(page).text
        assert "/matters/wangge" not in shown, page
    assert "/matters/fanying" in resident.get("/matters").text
    listed = {who: {one["name"] for one in hall.program(who)("GET", "/matters").json} for who in ("zhang", "grid-3")}
    assert "fanying" in listed["zhang"] and listed["grid-3"] - listed["zhang"] == {"wangge"}


def test_who_is_of_the_village_enters_for_each_of_its_grids(hall: Open) -> None:
    page = hall.client("chen").get("/desk/window/wangge").text
    assert re.findall(r'<option value="(350526\S+?)"', page) == ["350526106201-W3", "350526106201-W5"]
    assert entered(hall, "chen").status_code == 422  # which of the two
    assert entered(hall, "chen", "350526106201-W5").status_code == 201
    assert "只能选您自己的网格" in json.dumps(entered(hall, "wang").json, ensure_ascii=False)  # of an office


def test_there_is_no_field_for_a_fine(hall: Open) -> None:
    answers = {**SPOT, "fine": 200, "seen": {"what": "none", "fine": 200, "religion": "佛教"}}
    assert entered(hall, "grid-3", answers=answers).status_code == 201
    with hall.database.reading() as work:
        kept = json.dumps(work.session.scalars(select(Case)).one().answers, ensure_ascii=False)
    assert "fine" not in kept and "佛教" not in kept


def test_the_worker_of_another_grid_reads_neither_the_case_nor_the_register(hall: Open) -> None:
    entered(hall, "grid-3")
    with hall.database.reading() as work:
        number = work.session.scalars(select(Case.number)).one()
        assert {e.register for e in work.session.scalars(select(RegisterEntry))} == {"grid", "wangge.patrol"}
    assert hall.client("grid-3").get(f"/desk/cases/{number}").status_code == 200
    assert hall.client("chen").get(f"/desk/cases/{number}").status_code == 200
    assert hall.client("grid-5").get(f"/desk/cases/{number}").status_code == 404
    assert "第3网格" in hall.client("grid-3").get("/desk/registers/grid").text
    assert "第3网格" not in hall.client("grid-5").get("/desk/registers/grid").text
