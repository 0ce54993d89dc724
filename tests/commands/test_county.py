"""A county put in by its file: rehearsed, put in, put in again without a change; every slip named by its cell."""

import contextlib
import io
from datetime import date

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from engine.commands import county
from engine.commands.county.columns import BY_ZH, Wrong
from engine.errors import FieldError, Invalid, NotNow
from engine.people import SYSTEM, load, units
from engine.records import audit, sheets
from engine.records.jobs import Kind
from engine.store.models import Event, Hall, Holding, Job, Notice, Post, Resource, ResourceOpening, Unit, User, Window
from tests import county_file
from tests.conftest import NOW
from tests.county_file import ROOT, cell
from web.cli import main


def plan(database, data, by=SYSTEM):
    with database.reading() as work:
        return county.plan(work, data, by=by, now=NOW)


def put(database, data, by=SYSTEM):
    token = plan(database, data, by).token
    with database.unit_of_work() as work:
        return county.put(work, data, expect=token, hall="厅", by=by, now=NOW)


def count(database, model):
    with database.reading() as work:
        return work.session.scalar(select(func.count()).select_from(model))


@pytest.fixture(scope="module")
def file():
    return county_file.file(county_file.made())


@pytest.mark.parametrize(
    "size", [county_file.SMALL, pytest.param(county_file.WHOLE, marks=pytest.mark.wide)], ids=["small", "whole"]
)
def test_a_county_is_put_in_by_its_file_and_the_same_file_changes_nothing(database, size):
    towns, villages, staff = size
    n_units = 3 + towns + villages
    file = county_file.file(county_file.made(size))
    before = plan(database, file)
    assert before.faults == () and before.same == 0
    assert {sheet.zh: new for sheet, new, changed in before.counts()} == {
        "单位": n_units,
        "岗位": 6,
        "人员": staff,
        "任职": staff,
        "大厅": 1,
        "窗口": 8,
        "开门时间": 2,
        "可预约": 1,
        "预约办什么": 1,
        "预约时间": 1,
    }
    assert count(database, Unit) == 0, "a rehearsal writes nothing"
    put(database, file)
    with database.reading() as work:
        tree = units.tree(work)
        village = tree.by_code[f"{ROOT}103201"]
        assert [one.name for one in tree.above(village)] == [village.name, "第4镇", "试县"]
        assert len({one.number for one in tree}) == n_units, "each has a number of its own"
        who = work.session.scalars(select(User).where(User.login == "p005")).one()
        assert (who.name, who.phone, who.password_hash) == ("工作人员5", "13900000005", None)
        held = work.session.scalars(select(Holding).where(Holding.user_id == who.id)).one()
        assert (held.from_on, held.until_on) == (date(2026, 9, 1), date(2028, 8, 31))
        assert load(work, who.id, now=NOW).positions[0].unit_id == held.unit_id
        hall = work.session.scalars(select(Hall)).one()
        assert hall.hours["weekly"]["sat"] == ["09:00-11:30"] and hall.hours["weekly"]["sun"] == []
        assert [w.low for w in work.session.scalars(select(Window).order_by(Window.id))] == [True] + [False] * 7
        evening = work.session.scalars(select(Resource)).one()
        assert evening.items == [{"code": "medical", "name": "医保", "bring": ["身份证", "户口簿"]}]
        assert work.session.scalars(select(ResourceOpening.rule)).one() == {
            "opens": "17:30",
            "closes": "20:30",
            "minutes": 30,
            "public": 2,
            "staff": 1,
            "kind": "after_hours",
            "days": "working",
            "weekdays": [1, 2, 3, 4],
        }
        asked = select(func.count()).select_from(Job).where(Job.kind == Kind.PUBLISH_SLOTS)
        assert work.session.scalar(asked) == 1, "the worker makes its times at once"
        said = work.session.scalars(select(Event).where(Event.kind == audit.Kind.COUNTY_IMPORTED)).one()
        assert said.facts["rows"]["people"] == [staff, 0]
        assert "工作人员" not in str(said.facts), "an event of many names nobody"
    again = plan(database, file)
    assert (again.changes, again.faults) == ((), ())
    assert again.same == n_units + 6 + 2 * staff + 1 + 8 + 2 + 1 + 1 + 1


def test_what_the_hall_holds_comes_out_as_a_file_that_changes_nothing_and_names_no_telephone(sqlite, file):
    put(sqlite, file)
    with sqlite.reading() as work:
        out = county.filled(work)
    again = plan(sqlite, out)
    assert (again.changes, again.faults) == ((), ())
    assert again.same > 250
    assert "13900000005" not in str(sheets.read_all(out, hidden=[]))


def test_only_what_differs_is_changed_and_an_empty_cell_leaves_what_there_is(sqlite, file):
    put(sqlite, file)
    rows = county_file.made()
    rows["单位"][1] |= {"名称": "县医保局", "电话": ""}
    rows["单位"][0]["电话"] = "0595-23500001"
    village = next(one for one in rows["单位"] if one["类型"] == "村")
    village["中心类型"] = "移民、集中"
    rows["人员"][7]["手机"] = ""
    rows["任职"][9]["到"] = "2027-01-31"
    rows["窗口"][2]["单位代码"] = ROOT
    rows["预约时间"][0]["群众名额"] = 3
    found = put(sqlite, county_file.file(rows))
    assert [(one.sheet.zh, one.title.split()[0], one.fields) for one in found.changes] == [
        ("单位", ROOT, (("电话", "0595-23500000", "0595-23500001"),)),
        ("单位", f"{ROOT}-YB", (("名称", "县医疗保障局", "县医保局"),)),
        ("单位", village["代码"], (("中心类型", "", "集中、移民"),)),
        ("任职", "p009", (("到", "", "2027-01-31"),)),
        ("窗口", "seat", (("单位代码", f"{ROOT}100", ROOT),)),
        ("预约时间", "evening", (("预约时间", "1 条", "1 条，已经放出的时段不变"),)),
    ]
    with sqlite.reading() as work:
        bureau = units.by_code(work, f"{ROOT}-YB")
        assert (bureau.name, bureau.seal_name) == ("县医保局", "县医保局"), "its seal bore its name"
        assert units.by_code(work, village["代码"]).centre == ("gathered", "resettled")
        assert work.session.scalars(select(User.phone).where(User.login == "p007")).one() == "13900000007"
        assert work.session.scalars(select(ResourceOpening.rule)).one()["public"] == 3
        kept = work.session.scalars(
            select(Event).where(Event.kind == audit.Kind.UNIT_CHANGED).order_by(Event.id.desc())
        )
        assert {"name": "县医疗保障局"} in [one.facts["before"] for one in kept]
        assert "集中、移民" in str(sheets.read_all(county.filled(work), hidden=[])), "what went in comes out"
    assert plan(sqlite, county_file.file(rows)).changes == ()


def test_a_centre_is_told_by_words_or_codes_and_is_not_both_of_a_pair():
    read = BY_ZH["单位"].by_zh["中心类型"].read
    assert read("移民、集中") == read("集中，gathered、resettled") == "gathered,resettled"
    for wrong in ("集中、分散", "集中、远"):
        with pytest.raises(Wrong):
            read(wrong)


def test_thirty_kinds_of_slips_are_named_by_their_cells_all_at_once_and_nothing_is_written(sqlite):
    rows = county_file.made()
    u, p, h, w = rows["单位"], rows["人员"], rows["任职"], rows["窗口"]
    slips = {}

    def slip(sheet, n, column, value, says):
        rows[sheet][n][column] = value
        slips[cell(sheet, column, n)] = says

    slip("单位", 1, "类型", "部們", "没有“部們”。可用：")
    slip("单位", 3, "上级代码", "", "除了县，都要填上级代码")
    slip("单位", 4, "上级代码", "399999", "没有代码为“399999”的单位")
    slip("单位", 30, "上级代码", ROOT, "上级应是乡镇")
    slip("单位", 31, "名称", "", "必填")
    slip("单位", 32, "代码", "36 00", "由数字、字母和横线组成")
    slip("单位", 33, "编号", "12", "四位数字")
    slip("单位", 34, "电话", "12", "这不是电话号码")
    slip("单位", 35, "代码", u[36]["代码"], "")
    slips.pop(cell("单位", "代码", 35))
    slips[cell("单位", "代码", 36)] = "和第 37 行是同一个"
    slip("单位", 38, "类型", "县", "县只有一个")
    slip("单位", 40, "名称", u[40 + 6]["名称"], "")
    slips.pop(cell("单位", "名称", 40))
    u[40 + 6]["上级代码"] = u[40]["上级代码"]
    slips[cell("单位", "名称", 46)] = "同一个上级下面已经有"
    slip("单位", 60, "英文名", "x" * 121, "太长")
    slip("岗位", 0, "角色", "经理", "没有“经理”")
    slip("人员", 0, "登录名", "P 0", "登录名是 3 到 40 个小写字母")
    slip("人员", 1, "手机", "0595-23500000", "应是 11 位")
    slip("人员", 2, "姓名", "", "必填")
    p[3]["登录名"] = p[4]["登录名"]
    slips[cell("人员", "登录名", 4)] = "和第 5 行是同一个"
    slip("任职", 20, "登录名", "p02O", "没有登录名")
    slip("任职", 21, "单位代码", "360000999", "没有代码为“360000999”的单位")
    slip("任职", 22, "岗位代码", "agnet", "是不是“agent”")
    slip("任职", 23, "从", "昨天", "日期写作 2026-09-18")
    h[24]["从"] = "2026-09-18"
    slip("任职", 24, "到", "2026-09-17", "最后一天要不早于第一天")
    h[-1]["登录名"] = h[-2]["登录名"]
    slips[cell("任职", "岗位代码", len(h) - 1)] = "三员要由三个人担任"
    slip("大厅", 0, "单位代码", "360000998", "没有代码为“360000998”的单位")
    w[3]["窗口号"] = w[2]["窗口号"]
    slips[cell("窗口", "大厅代码", 3)] = "和第 4 行是同一个"
    slip("窗口", 4, "大厅代码", "sea", "没有大厅“sea”")
    slip("窗口", 5, "低位", "对", "请填“是”或“否”")
    slip("开门时间", 0, "周一", "8点到12点", "写作 08:00-12:00")
    slip("开门时间", 1, "周二", "10:00-12:00、08:00-09:00", "先后有序")
    slip("可预约", 0, "供给", "yuyue.windwo", "没有供给")
    slip("预约办什么", 0, "可预约代码", "morning", "没有可预约的“morning”")
    slip("预约时间", 0, "结束", "17:00", "")
    slips.pop(cell("预约时间", "结束", 0))
    slips[cell("预约时间", "开始", 0)] = "结束时间必须晚于开始时间"
    slips["人事!A1"] = "没有叫“人事”的表"
    found = plan(sqlite, county_file.file(rows, {"人事": [["姓名"], ["某"]]}))
    said = {f"{one.sheet}!{one.at}": one.zh for one in found.faults}
    # what a mistyped code or log-in was to be called is missing where others name it
    slips |= {cell("任职", "登录名", n): "没有登录名" for n in (0, 3)}
    slips |= {cell("任职", "单位代码", n): "没有代码为" for n in (32, 35)}
    assert set(said) == set(slips)
    assert len(slips) >= 30
    for at, words in slips.items():
        assert words in said[at], at
    with pytest.raises(Invalid) as refused, sqlite.unit_of_work() as work:
        county.put(work, county_file.file(rows), expect=found.token, hall="厅", by=SYSTEM, now=NOW)
    assert len(refused.value.fields) >= 29
    assert count(sqlite, Unit) == count(sqlite, User) == count(sqlite, Post) == 0


def test_a_formula_a_strange_column_and_two_columns_of_one_name_are_named(sqlite):
    book = Workbook()
    page = book.active
    page.title = "单位"
    for row in (["代码", "名称", "类型", "类型", "邮编"], [ROOT, "=A1", "县", "县", "1"]):
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    said = {one.at: one.zh for one in plan(sqlite, out.getvalue()).faults}
    assert set(said) == {"B2", "D1", "E1"}
    assert "公式" in said["B2"] and "两列" in said["D1"] and "没有“邮编”这一列" in said["E1"]


def test_units_that_stand_under_one_another_in_a_circle_are_refused(sqlite):
    rows = [
        {"代码": ROOT, "名称": "县", "类型": "县"},
        {"代码": "A", "名称": "甲", "类型": "部门", "上级代码": "B"},
        {"代码": "B", "名称": "乙", "类型": "部门", "上级代码": "A"},
    ]
    found = plan(sqlite, county_file.file({"单位": rows}))
    assert [(one.at, one.zh) for one in found.faults] == [("D3", "上级绕成了圈。"), ("D4", "上级绕成了圈。")]


def test_whose_telephone_a_file_changes_is_told_on_both(sqlite, file):
    put(sqlite, file)
    rows = county_file.made()
    rows["人员"][7]["手机"] = "13911110007"
    put(sqlite, county_file.file({"人员": rows["人员"]}))
    with sqlite.reading() as work:
        told = work.session.scalars(select(Notice).order_by(Notice.id)).all()
        assert sorted(str(one.address or one.channel) for one in told) == ["13900000007", "13911110007", "screen"]
        assert all("p007" in one.text and "13911110007" not in one.text for one in told)


def test_a_file_that_changed_since_the_preview_is_looked_at_again(sqlite, file):
    token = plan(sqlite, file).token
    rows = county_file.made()
    rows["单位"][0]["电话"] = "0595-23500009"
    with pytest.raises(NotNow), sqlite.unit_of_work() as work:
        county.put(work, county_file.file({"单位": rows["单位"][:3]}), expect=token, hall="厅", by=SYSTEM, now=NOW)


def test_a_unit_keeps_its_kind_and_its_place_and_a_post_its_role(sqlite, file):
    put(sqlite, file)
    rows = county_file.made()
    rows["单位"][22]["上级代码"] = rows["单位"][5]["代码"]
    rows["单位"][2]["类型"] = "中心"
    rows["岗位"][1]["角色"] = "负责人"
    said = {f"{one.sheet}!{one.at}": one.zh for one in plan(sqlite, county_file.file(rows)).faults}
    assert set(said) == {cell("单位", "类型", 2), cell("单位", "上级代码", 22), cell("岗位", "角色", 1)}
    assert all("不能" in zh for zh in said.values())


def test_each_administrator_imports_their_own_sheets_and_nobody_their_own_posts(sqlite, file):
    put(sqlite, file)
    with sqlite.reading() as work:
        logins = dict(work.session.execute(select(User.login, User.id)).all())
        operator, security, clerk = (load(work, logins[name], now=NOW) for name in ("p089", "p088", "p001"))
    rows = county_file.made()
    rows["单位"][0]["电话"] = "0595-23500007"
    rows["任职"][0]["到"] = "2027-01-31"
    data = county_file.file(rows)
    assert {one.sheet for one in plan(sqlite, data, operator).faults} == {"人员", "任职"}
    assert "岗位" in {one.sheet for one in plan(sqlite, data, security).faults}
    assert {one.sheet for one in plan(sqlite, data, clerk).faults} >= {"单位", "人员"}
    people = county_file.file({"人员": rows["人员"], "任职": rows["任职"]})
    refused = plan(sqlite, people, security).faults
    assert [one.at for one in refused] == [f"A{2 + 88}"], "their own post is another administrator's to give"
    del rows["任职"][88]
    put(sqlite, county_file.file({"任职": rows["任职"]}), security)
    put(sqlite, county_file.file({"单位": rows["单位"]}), operator)


def test_no_unit_opens_at_midnight_and_no_week_runs_backwards(sqlite):
    rows = county_file.made()
    rows["开门时间"][1]["周二"] = "08:00-24:00"
    rows["预约时间"][0]["周几"] = "五至一"
    said = {f"{one.sheet}!{one.at}": one.zh for one in plan(sqlite, county_file.file(rows)).faults}
    assert set(said) == {cell("开门时间", "周二", 1), cell("预约时间", "周几", 0)}
    rows["预约时间"][0]["周几"] = "、"
    assert cell("预约时间", "周几", 0) in {f"{f.sheet}!{f.at}" for f in plan(sqlite, county_file.file(rows)).faults}


def test_the_code_of_a_rehearsal_holds_for_what_was_rehearsed_alone(sqlite, file):
    token = plan(sqlite, file).token
    for sheet, column, value in (
        ("岗位", "角色", "负责人"),
        ("人员", "手机", "13911111111"),
        ("任职", "到", "2027-01-31"),
    ):
        rows = county_file.made()
        rows[sheet][1][column] = value
        with pytest.raises(NotNow), sqlite.unit_of_work() as work:
            county.put(work, county_file.file(rows), expect=token, hall="厅", by=SYSTEM, now=NOW)
    rows = county_file.made()
    rows["预约时间"][0]["群众名额"] = 9
    with pytest.raises(NotNow), sqlite.unit_of_work() as work:
        county.put(work, county_file.file(rows), expect=token, hall="厅", by=SYSTEM, now=NOW)


def test_a_hidden_sheet_is_named_and_nothing_of_it_is_imported(sqlite, file):
    book = load_workbook(io.BytesIO(file))
    book["任职"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    assert [(one.sheet, one.at) for one in plan(sqlite, out.getvalue()).faults] == [("任职", "A1")]


def test_a_refusal_in_the_middle_leaves_nothing_even_where_the_caller_goes_on(sqlite, file, monkeypatch):
    def no(*_args, **_more):
        raise Invalid([FieldError("x", "x", "不行。", "No.")])

    monkeypatch.setattr("engine.commands.county.staff_rows.posts.hold", no)
    token = plan(sqlite, file).token
    with sqlite.unit_of_work() as work, contextlib.suppress(Invalid):
        county.put(work, file, expect=token, hall="厅", by=SYSTEM, now=NOW)
    assert count(sqlite, Unit) == count(sqlite, User) == 0
    with sqlite.reading() as work:
        assert list(units.tree(work)) == []


def test_a_post_whose_term_is_over_is_given_again(sqlite, file):
    put(sqlite, file)
    with sqlite.unit_of_work() as work:
        held = work.session.scalars(select(Holding).order_by(Holding.id)).first()
        held.until_on = date(2026, 9, 1)
    found = put(sqlite, file)
    assert [(one.sheet.zh, one.new) for one in found.changes] == [("任职", True)]
    with sqlite.reading() as work:
        assert work.session.scalars(select(Holding).order_by(Holding.id)).first().until_on is None


def test_what_is_shut_or_was_opened_by_a_case_is_not_changed_by_a_file(sqlite, file):
    put(sqlite, file)
    with sqlite.unit_of_work() as work:
        work.session.scalars(select(Resource)).one().active = False
        work.session.scalars(select(Window).order_by(Window.id)).first().active = False
    said = {f"{one.sheet}!{one.at}" for one in plan(sqlite, file).faults}
    assert said == {
        cell("窗口", "窗口号", 0),
        cell("可预约", "代码", 0),
        cell("预约办什么", "可预约代码", 0),
        cell("预约时间", "可预约代码", 0),
    }


def test_the_template_says_how_each_column_is_filled_in_and_reads_as_empty(sqlite):
    data = county.template()
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames[0] == "说明" and book["单位"]["A1"].value == "代码"
    told = {(row[0].value, row[1].value): row[2].value for row in book["说明"].iter_rows(min_row=2)}
    assert all((sheet, column.value) in told for sheet in book.sheetnames[1:] for column in book[sheet][1])
    assert [one.zh for one in plan(sqlite, data).faults] == ["文件里没有内容。请从各表第 2 行填起。"]


def test_the_shell_rehearses_then_imports_exactly_that(sqlite, file, tmp_path, monkeypatch):
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))
    monkeypatch.setenv("YIZHAN_DATABASE_URL", str(sqlite.engine.url))
    book = tmp_path / "county.xlsx"
    book.write_bytes(file)
    shown = CliRunner().invoke(main, ["import", str(book)])
    assert shown.exit_code == 0, shown.output
    assert "单位：新增 75" in shown.output and count(sqlite, Unit) == 0
    token = shown.output.split("--confirm ")[1].split()[0]
    done = CliRunner().invoke(main, ["import", str(book), "--confirm", token])
    assert done.exit_code == 0 and count(sqlite, Unit) == 75
    again = CliRunner().invoke(main, ["import", str(book)])
    assert "没有要改的" in again.output
    wrong = county_file.made()
    wrong["单位"][1]["类型"] = "局"
    book.write_bytes(county_file.file(wrong))
    refused = CliRunner().invoke(main, ["import", str(book)])
    assert refused.exit_code == 1 and "单位!C3 类型：" in refused.output
    written = CliRunner().invoke(main, ["county", "template", str(tmp_path / "t.xlsx")])
    taken = CliRunner().invoke(main, ["county", "export", str(tmp_path / "e.xlsx")])
    assert written.exit_code == taken.exit_code == 0
    assert plan(sqlite, (tmp_path / "e.xlsx").read_bytes()).changes == ()
