"""Spreadsheets of registers: a template, errors by cell, an import of exactly what was previewed, a list taken out."""

import base64
import io
import re
import zipfile

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from engine.commands import registers
from engine.errors import NotNow, NotYours
from engine.records import library, sheets
from engine.store.models import Event, RegisterChange, RegisterEntry, Reveal
from tests.conftest import NOW

from .test_pages import KEY, ZHANG, hall

__all__ = ["hall"]

HEADS = ["姓名", "电话", "身份证号", "特长", "什么时候有空", "意外险到期", "状态", "村（社区）"]


def book(*rows, heads=HEADS):
    made = Workbook()
    made.active.append(heads)
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def rows_of(data):
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(data)).worksheets[0].iter_rows()]


GOOD = book(
    ["张三丰", "13800000001", ZHANG.id_number, "理发、做饭", "周末", None, "在册", "苏洋村"],
    ["许小妹", "138 0000 0002", None, "开车", None, "2027-01-31", None, "霞碧村"],
)


def plan(hall, data, short="zhou"):
    with hall.database.reading() as work:
        return registers.plan(work, KEY, data, by=getattr(hall.cast, short), now=NOW)


def test_the_template_has_the_columns_and_says_how_they_are_filled(hall):
    client = hall.client("zhou")
    answer = client.get(f"/desk/registers/{KEY}/template.xlsx")
    assert answer.status_code == 200
    assert set(HEADS) <= set(rows_of(answer.data)[0])
    said = load_workbook(io.BytesIO(answer.data))["说明"]
    assert any("理发、做饭" in str(row[1].value) for row in said.iter_rows())


def test_what_was_previewed_is_imported_once_and_recorded(hall):
    client = hall.client("zhou")
    seen = client.post(f"/desk/registers/{KEY}/sheet", data={"file": (io.BytesIO(GOOD), "a.xlsx")})
    assert seen.status_code == 200, seen.text[-3000:]
    token = re.search(r'name="expect" value="(\w+)"', seen.text)[1]
    with hall.database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(RegisterEntry)) == 1  # a preview writes nothing
    sent = {"data": base64.b64encode(GOOD).decode(), "expect": token}
    assert client.post(f"/desk/registers/{KEY}/sheet", data=sent).status_code == 302
    with hall.database.reading() as work:
        entries = work.session.scalars(select(RegisterEntry).order_by(RegisterEntry.id)).all()
        assert [(e.title, e.facts.get("skills"), e.place_id) for e in entries] == [
            ("张三丰", ["barber", "cook"], hall.cast.suyang.id),
            ("许小妹", ["driving"], hall.cast.xiabi.id),
        ]
        assert entries[0].facts["policy"] == "PICC-2026-0917"  # what the sheet does not say stays
        assert work.session.scalars(select(RegisterChange.what)).all() == ["imported"]
        event = work.session.scalars(select(Event).where(Event.kind == "register.imported")).one()
        assert (event.facts["new"], event.facts["changed"]) == (1, 1)
    again = client.post(f"/desk/registers/{KEY}/sheet", data=sent)
    assert again.status_code == 409  # the register is not as it was previewed


FAULTS = [
    # (row, cell, what is said)
    (["张三丰", "13800000001", None, "做菜"], "D2", "没有“做菜”这个选项"),
    (["张三丰", "13800000001", None, None, None, "明年"], "F2", "应是日期"),
    (["张三丰", "12", None], "B2", "电话"),
    (["", "13800000001", None], "A2", "请填姓名"),
    (["张三丰", None, None], "B2", "至少填一个"),
    (["张三丰", "13800000001", "350526195003071230"], "C2", "校验码"),
    (["张三丰", "13800000001", None, None, None, None, "在职"], "G2", "没有状态"),
    (["张三丰", "13800000001", None, None, None, None, None, "塔兜村"], "H2", "没有“塔兜村”"),
    (["张三丰", "13800000001", None, "=1+1"], "D2", "公式"),
]


@pytest.mark.parametrize(("row", "cell", "said"), FAULTS)
def test_what_is_wrong_is_said_by_its_cell(hall, row, cell, said):
    found = plan(hall, book(row))
    assert [f.at for f in found.faults] == [cell], found.faults
    assert said in found.faults[0].zh


def test_the_same_person_twice_an_unknown_column_and_an_empty_sheet(hall):
    twice = plan(hall, book(["许小妹", "13800000002"], ["许小妹", "138-0000-0002"]))
    assert [(f.at, "A2" in f.zh) for f in twice.faults] == [("A3", True)]
    strange = plan(hall, book(["许小妹", "13800000002", "x"], heads=["姓名", "电话", "身高"]))
    assert strange.faults[0].at == "C1" and "身高" in strange.faults[0].zh
    assert plan(hall, book()).faults[0].at == "A2"


@pytest.mark.parametrize(
    "data",
    [b"", b"no zip", base64.b64decode("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="), b"x" * (sheets.MOST_BYTES + 1)],
)
def test_what_is_no_spreadsheet_is_refused_in_words(hall, data):
    answer = hall.client("zhou").post(f"/desk/registers/{KEY}/sheet", data={"file": (io.BytesIO(data), "a.xlsx")})
    assert answer.status_code == 422 and ("打不开" in answer.text or "太大" in answer.text)


def test_a_file_that_unpacks_to_too_much_and_one_with_too_many_rows_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (sheets.MOST_UNPACKED + 1))
    with pytest.raises(sheets.BadSheet, match="too much"):
        sheets.read(out.getvalue())
    with pytest.raises(sheets.BadSheet, match="1000 rows"):
        sheets.read(book(*[["a"]] * (sheets.MOST_ROWS + 1)))


def test_who_does_not_write_the_register_imports_nothing(hall):
    with hall.database.unit_of_work() as work, pytest.raises(NotYours):
        registers.import_sheet(work, KEY, GOOD, expect="", by=hall.cast.chen, now=NOW)
    with hall.database.unit_of_work() as work, pytest.raises(NotNow):
        registers.import_sheet(work, KEY, GOOD, expect="", by=hall.cast.zhou, now=NOW)


def test_a_list_is_taken_out_for_a_purpose_that_each_person_sees(hall):
    client = hall.client("zhou")
    assert client.post(f"/desk/registers/{KEY}/take-out", data={"words": "排班用的名单"}).status_code == 422
    answer = client.post(f"/desk/registers/{KEY}/take-out", data={"purpose": "contact", "words": "排班用的名单"})
    heads, row = rows_of(answer.data)
    said = dict(zip(heads, row, strict=True))
    assert (said["姓名"], said["身份证号"], said["特长"], said["保单号"]) == (
        "张三丰",
        ZHANG.id_number,
        "理发",
        "PICC-2026-0917",
    )
    with hall.database.reading() as work:
        event = work.session.scalars(select(Event).where(Event.kind == "register.read")).one()
        assert (event.facts["count"], event.facts["purpose"]) == (1, "contact")
        assert work.session.scalars(select(Reveal.entry_id)).all() == [hall.entry]
    assert "排班用的名单" in hall.client("zhang").get("/me/registers").text
    assert (
        hall.client("chen")
        .post(f"/desk/registers/{KEY}/take-out", data={"purpose": "contact", "words": "排班用的名单"})
        .status_code
        == 403
    )  # an agent reads, but neither writes nor heads


def test_what_somebody_typed_is_no_formula_in_the_sheet(hall):
    with hall.database.unit_of_work() as work:
        one, _ = library.declared(work, "registers")[KEY]
        from engine.commands import register_rows

        entry = work.session.get(RegisterEntry, hall.entry)
        register_rows.change(work, one, entry, {"policy": "=cmd|' /C calc'!A0"}, by=hall.cast.zhou, now=NOW)
        data = registers.take_out(work, KEY, "contact", "排班用的名单", by=hall.cast.zhou, now=NOW)
    cells = [c for row in load_workbook(io.BytesIO(data)).worksheets[0].iter_rows() for c in row]
    assert [c.data_type for c in cells if str(c.value).startswith("=cmd")] == ["s"]
