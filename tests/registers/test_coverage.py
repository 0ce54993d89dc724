"""How far villages are from facilities: the nearest counts, a limit divides, and what nobody measured is unknown."""

from types import SimpleNamespace

import pytest

from engine import matters
from engine.commands import gate
from engine.commands import register_rows as rows
from engine.errors import NotFound
from engine.matters.nouns.registers import Register
from engine.people import units
from engine.reads import coverage, form_choices
from engine.records import library, sheets
from tests.cast import ROOT
from tests.check.test_gate import COUNTY, HOUSE
from tests.conftest import NOW
from tests.costs.counting import counting

from .declared import BOOKS, register

KINDS = {"clinic": "卫生室", "school": "小学", "shop": "便利店"}
WAYS = register(
    "way",
    title="路程",
    title_en="Ways",
    about="thing",
    key="number",
    fields={
        "number": {"title": "编号", "required": True},
        "village": {"title": "村", "required": True},
        "kind": {
            "title": "种类",
            "type": "choice",
            "options": {"clinic": "卫生室", "school": "小学", "shop": "便利店"},
        },
        "facility": {"title": "设施"},
        "minutes": {"title": "分钟", "type": "number"},
        "mode": {"title": "怎么去"},
        "source": {"title": "来源"},
        "day": {"title": "哪天量的", "type": "date"},
    },
    states={"valid": "有效", "gone": {"title": "没有了", "ends": True}},
    readers=["window", "head"],
    reach={
        "village": "village",
        "kind": "kind",
        "facility": "facility",
        "minutes": "minutes",
        "mode": "mode",
        "measured_on": "day",
    },
)


def test_the_nearest_counts_and_what_was_not_measured_is_unknown(database, cast, monkeypatch):
    package = SimpleNamespace(info=SimpleNamespace(name="生活圈"), decisions={})
    monkeypatch.setattr(
        library,
        "declared",
        lambda work, kind: {"way": (WAYS, package), "book": (BOOKS, package)} if kind == "registers" else {},
    )
    measured = [
        ("1", cast.suyang.code, "clinic", "苏洋卫生室", 8),
        ("2", cast.suyang.code, "clinic", "镇卫生院", 25),
        ("3", cast.suyang.code, "school", "中心小学", 31),
        ("4", cast.xiabi.code, "clinic", "旧卫生室", 3),
        ("5", cast.fudong.code, "clinic", "富东卫生站", 2),
    ]
    with database.unit_of_work() as work:
        for number, village, kind, name, minutes in measured:
            facts = {"number": number, "village": village, "kind": kind, "facility": name, "minutes": minutes}
            facts |= {"mode": "步行", "day": "2026-05-01"}
            entry = rows.put(work, WAYS, facts, by=cast.zhou, now=NOW, unit_id=cast.lmt.id)
            if number == "4":
                rows.set_state(work, WAYS, entry, "gone", by=cast.zhou, now=NOW)  # it was closed
    with database.reading() as work:
        found = coverage.of(work, cast.zhou, "way", now=NOW)
        assert found.kinds == ("卫生室", "小学", "便利店")
        by_name = {v.code: v.near for v in found.villages}
        assert set(by_name) == {cast.suyang.code, cast.xiabi.code}  # not those of another town
        clinic, school, shop = by_name[cast.suyang.code]
        assert (clinic.state, clinic.way.facility, clinic.way.minutes) == ("near", "苏洋卫生室", 8)
        assert (school.state, school.way.facility) == ("beyond", "中心小学") and shop == coverage.UNKNOWN
        assert by_name[cast.xiabi.code] == (coverage.UNKNOWN,) * 3
        assert [one["near"] for one in found.counts] == [1, 0, 0]
        assert [one["unknown"] for one in found.counts] == [1, 1, 2] and found.states == ("near", "beyond", "unknown")
        with pytest.raises(NotFound):
            coverage.of(work, cast.zhou, "book", now=NOW)


def test_a_field_that_is_not_there_is_refused_with_the_nearest():
    said = WAYS.what.model_dump(by_alias=True)
    said["reach"]["minutes"] = "minuts"
    with pytest.raises(ValueError, match="minutes"):
        Register.model_validate(said)


# ---------------------------------------------------------------- facilities of their own register, two circles


@pytest.fixture
def circle(database, cast):
    """Places and ways as the house's own circle declares them: the town's clinic, a canteen that nobody looked at for
    two years, a school that closed; three ways of 苏洋村, one measured long ago."""
    with database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "fuwuquan"), by=cast.zhou, now=NOW)
        found = library.declared(work, "registers")
        spots = (
            ("LMT-WS", "镇卫生院", ["病有所医"], "2026-03-01", "open"),
            ("LMT-ST", "镇长者食堂", ["食有所安", "老有所养"], "2024-03-01", "open"),
            ("LMT-XX", "四点半学校", ["幼有所育"], "2026-03-01", "closed"),
            ("LMT-FW", "镇便民服务中心", ["事有所办"], "2026-03-01", "open"),
            ("SY-DQ", "苏洋党群服务站", ["居有所乐", "事有所办"], "2026-03-01", "open"),
        )
        for code, called, gives, checked, state in spots:
            facts = {
                "code": code,
                "called": called,
                "functions": gives,
                "checked_on": checked,
                "phone": "0595-23510001",
            }
            place = cast.suyang.id if code == "SY-DQ" else cast.lmt.id
            rows.put(work, found["spot"][0], facts, by=cast.zhou, now=NOW, state=state, place_id=place)
        ways = (
            ("LMT-WS", 25, "bus", "2026-05-01"),
            ("LMT-ST", 10, "walk", "2026-05-01"),
            ("LMT-XX", 5, "walk", "2026-05-01"),
            ("LMT-FW", 12, "car", "2026-05-01"),
            ("SY-DQ", 4, "walk", "2020-05-01"),
        )
        for spot, minutes, mode, day in ways:
            facts = {"code": f"{cast.suyang.code}>{spot}", "village": cast.suyang.code, "spot": spot}
            facts |= {"minutes": minutes, "mode": mode, "measured_on": day}
            rows.put(work, found["way"][0], facts, by=cast.zhou, now=NOW, place_id=cast.suyang.id)
    return database


def reached(database, cast):
    with database.reading() as work:
        found = coverage.of(work, cast.zhou, "way", now=NOW)
        return found, dict(zip(found.kinds, next(v for v in found.villages if v.name == "苏洋村").near, strict=True))


def test_only_on_foot_is_the_first_circle_and_what_was_not_looked_at_again_is_unknown(circle, cast):
    found, near = reached(circle, cast)
    assert {kind: one.state for kind, one in near.items()} == {
        "病有所医": "further",  # 25 minutes by bus
        "事有所办": "further",  # 12 minutes, but by car
        "食有所安": "unknown",  # the canteen was not looked at for two years …
        "老有所养": "unknown",
        "幼有所育": "unknown",  # … the school has closed …
        "居有所乐": "unknown",  # … the way was measured in 2020
    }
    assert near["食有所安"].way.minutes == 10 and near["居有所乐"].way.minutes == 4  # what was measured is told
    assert near["幼有所育"].way is None  # nobody goes where it has closed
    assert not found.lacking()


def test_outside_of_both_circles_is_what_a_village_lacks_and_so_the_sheet_says(circle, cast):
    with circle.unit_of_work() as work:
        one = library.declared(work, "registers")["way"][0]
        way = {"code": f"{cast.suyang.code}>LMT-WS", "minutes": 50}
        rows.put(work, one, way, by=cast.zhou, now=NOW)
    found, near = reached(circle, cast)
    assert near["病有所医"].state == "beyond"
    assert [(v.name, kind, way.minutes) for v, lacks in found.lacking() for kind, way in lacks] == [
        ("苏洋村", "病有所医", 50)
    ]
    book = sheets.read_all(coverage.sheet(found), hidden=[])
    cells = [[cell.value for cell in row] for row in book["各村六样"]]
    line = dict(zip(cells[0], next(row for row in cells if row[1] == "苏洋村"), strict=True))
    assert line["病有所医"] == "30分钟够不着：镇卫生院 50分钟 坐班车" and line["食有所安"] == "不清楚"
    assert [row[2].value for row in book["够不着的"][1:]] == ["病有所医"]
    with pytest.raises(NotFound):
        found.within(cast.xunzhong.code)  # a town of somebody else


def test_a_resident_sees_what_is_near_their_village_and_what_nobody_measured(circle, cast):
    with circle.reading() as work, counting(circle) as cost:
        found = coverage.near(work, units.place(work, cast.suyang.id), now=NOW)
    near = {kind: (one.state, [(f.name, f.way and f.way.minutes) for f in them]) for kind, _, one, them in found.kinds}
    assert near["事有所办"] == ("further", [("镇便民服务中心", 12), ("苏洋党群服务站", None)])  # 2020 is too long ago
    assert near["幼有所育"] == ("unknown", [])
    canteen = next(f for kind, _, _, them in found.kinds if kind == "食有所安" for f in them)
    assert not canteen.checked and [(s.text, s.telephone) for s in canteen.shown] == [("0595-23510001", True)]
    assert len(cost) <= 4, cost  # the ways of the village, the places, what is published


def test_the_places_of_a_register_of_ways_are_a_register_with_those_fields():
    files = matters.read_files(ROOT, "fuwuquan")
    shared = "bpmn/_shared/circle.yaml"
    for said, wrong in (("places: spot", "places: spots"), ("kind: functions", "kind: extra"), ("extra]", "secret]")):
        text = files[shared].decode().replace(said, wrong)
        source = matters.Source("fuwuquan", {**files, shared: text.encode()})
        assert "register-reach" in {one.rule for one in gate.check(source, COUNTY, house=HOUSE)}, wrong


def test_a_step_lists_the_places_of_the_cases_town_and_where_it_says_so_what_has_expired(circle, cast):
    with circle.reading() as work:
        package = library.current(work, "fuwuquan")

        def listed(form, where):
            found = form_choices.filled(work, package.form(form), package, on=NOW.date(), place_id=where.id)
            return {o.value for _, field in found.walk() for o in field.options or () if field.properties.get("offers")}

        assert listed("fq_walk", cast.suyang) == {"LMT-WS", "LMT-FW", "SY-DQ"}  # not the canteen, not what has closed
        assert listed("fq_look", cast.xiabi) == {"LMT-WS", "LMT-FW", "LMT-ST", "SY-DQ"}
        assert listed("fq_walk", cast.fudong) == set()
