"""A restricted case leaves no line in what others read: its lines in registers, its number in lists of other things."""

import io

import openpyxl
import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import register_rows as rows
from engine.people import apart, load
from engine.reads import reveals
from engine.reads.knowing import Person
from engine.records import library
from engine.store.models import Case, RegisterEntry, Reveal
from tests import hall as the_hall
from tests.cast import ROOT
from tests.conftest import NOW

LINES = """
  visit:
    title: 走访
    title_en: Visits
    about: case
    fields: {note: {title: 情况, title_en: Note}}
    readers: [agent, head, window]
    writers: [head]
"""


@pytest.fixture
def hall(sqlite, clock, tmp_path):
    """A case of 苏洋村 and a line of it, another that is restricted and its line."""
    opened = the_hall.open_hall(sqlite, clock, tmp_path)
    opened.plain, opened.kept = opened.submit(), opened.submit()
    file = "bpmn/_shared/volunteers.yaml"
    files = matters.read_files(ROOT, "dengji_zhiyuanzhe")
    text = files[file] + LINES.encode()
    opened.entries = {}
    with sqlite.unit_of_work() as work:
        library.publish(work, matters.read("dengji_zhiyuanzhe", {**files, file: text}), by=people.SYSTEM, now=NOW)
        one, _ = library.declared(work, "registers")["visit"]
        for number, note in ((opened.plain, "甲的走访"), (opened.kept, "乙的走访")):
            case = work.session.scalar(select(Case).where(Case.number == number))
            case.restricted = number == opened.kept
            case.handled_by = apart.write([opened.cast.suyang.id])  # a step of it is theirs
            made = rows.put(
                work,
                one,
                {"note": note},
                by=people.SYSTEM,
                now=NOW,
                case_id=case.id,
                place_id=opened.cast.suyang.id,
                unit_id=opened.cast.suyang.id,
            )
            opened.entries[number] = made.id
            by = opened.cast.users["chen"]
            work.session.add(Reveal(by_id=by, case_id=case.id, field="phone", purpose="打电话核对", at=NOW))
    return opened


@pytest.mark.parametrize("short, sees", [("chen", True), ("zhou", False), ("qian", False), ("wu", False)])
def test_a_line_of_a_restricted_case_is_read_by_its_own_unit_only(hall, short, sees):
    client = hall.client(short)
    listed = client.get("/desk/registers/visit").text
    assert ("甲的走访" in listed, "乙的走访" in listed) == (True, sees)
    for number, may in ((hall.plain, True), (hall.kept, sees)):
        answer = client.get(f"/desk/register-entries/{hall.entries[number]}")
        assert answer.status_code == (200 if may else 403), number
        sent = {"field": "note", "purpose": "verify", "words": "核对走访情况"}
        answer = client.post(f"/desk/register-entries/{hall.entries[number]}/reveal", data=sent)
        assert ("乙的走访" in answer.text) == (sees and number == hall.kept)


def test_a_line_of_a_restricted_case_is_not_read_by_the_village_that_no_step_of_it_names(hall):
    with hall.database.unit_of_work() as work:
        work.session.scalar(select(Case).where(Case.number == hall.kept)).handled_by = ""
    client = hall.client("chen")
    listed = client.get("/desk/registers/visit").text
    assert "甲的走访" in listed and "乙的走访" not in listed
    assert client.get(f"/desk/register-entries/{hall.entries[hall.kept]}").status_code == 403


def test_who_takes_a_register_out_takes_no_line_of_a_restricted_case(hall):
    sent = {"purpose": "verify", "words": "核对走访情况"}
    answer = hall.client("wu").post("/desk/registers/visit/take-out", data=sent)
    assert answer.status_code == 200
    cells = [c.value for row in openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows() for c in row]
    assert "甲的走访" in cells and "乙的走访" not in cells


def test_a_head_above_learns_of_a_look_but_not_at_which_restricted_case(hall):
    """That somebody of theirs looked is their business; the number of the case is not (Y3)."""
    with hall.database.reading() as work:
        for short, numbers in (("wu", {hall.plain, ""}), ("qian", {hall.plain, ""})):
            looks = reveals.of_my_people(work, load(work, hall.cast.users[short], now=NOW), now=NOW)
            assert {one.number for one in looks.lately} == numbers and looks.total == 2, short
    page = hall.client("wu").get("/desk/overview/reveals")
    assert page.status_code == 200 and hall.plain in page.text and hall.kept not in page.text


def test_an_entry_about_a_person_keeps_the_readers_its_register_names(hall):
    """Whichever case wrote it: a volunteer is a volunteer."""
    with hall.database.unit_of_work() as work:
        one, _ = library.declared(work, "registers")["volunteer"]
        case = work.session.scalar(select(Case).where(Case.number == hall.kept))
        whom = hall.cast.zhang
        made = rows.put(
            work,
            one,
            {},
            by=people.SYSTEM,
            now=NOW,
            whom=Person("张三丰", "13800000001", None, whom.id),
            case_id=case.id,
            place_id=hall.cast.suyang.id,
            unit_id=hall.cast.suyang.id,
        )
        entry = made.id
    assert hall.client("wu").get(f"/desk/register-entries/{entry}").status_code == 200
    with hall.database.reading() as work:
        assert work.session.get(RegisterEntry, entry).case_id is not None
