"""How far villages are from facilities: the nearest counts, a limit divides, and what nobody measured is unknown."""

from types import SimpleNamespace

import pytest

from engine.commands import register_rows as rows
from engine.errors import NotFound
from engine.matters.nouns.registers import Register
from engine.reads import coverage
from engine.records import library
from tests.conftest import NOW

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
    monkeypatch.setattr(library, "declared", lambda work, kind: {"way": (WAYS, package), "book": (BOOKS, package)})
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
        assert (clinic.facility, clinic.minutes, clinic.within) == ("苏洋卫生室", 8, True)
        assert (school.facility, school.within) == ("中心小学", False) and shop is None
        assert by_name[cast.xiabi.code] == (None, None, None)
        assert (found.within, found.beyond, found.unknown) == ((1, 0, 0), (0, 1, 0), (1, 1, 2))
        with pytest.raises(NotFound):
            coverage.of(work, cast.zhou, "book", now=NOW)


def test_a_field_that_is_not_there_is_refused_with_the_nearest():
    said = WAYS.what.model_dump(by_alias=True)
    said["reach"]["minutes"] = "minuts"
    with pytest.raises(ValueError, match="minutes"):
        Register.model_validate(said)
