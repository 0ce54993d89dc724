"""想办什么事: what people type finds what is meant; what is not done here says where; of what found nothing whoever
keeps the words hears, and of nobody who typed it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands.hall import missed
from engine.matters import everyday
from engine.people import SYSTEM, tries
from engine.records import library
from engine.store.models import Missed
from tests.cast import ROOT
from tests.hall import Open


def _looks(hall: Open, typed: str, *, at: str = "10.0.0.1") -> str:
    page = hall.app.test_client().get("/matters", query_string={"q": typed}, environ_base={"REMOTE_ADDR": at})
    assert page.status_code == 200
    return page.text


@pytest.mark.parametrize("typed", ["医保", "yibao", "新农合怎么办", "daiban", "医包", "medical insurance"])
def test_people_type_as_they_say_it(hall: Open, typed: str):
    assert "城乡居民医保参保登记" in _looks(hall, typed) or typed == "medical insurance"


def test_what_is_not_done_here_says_which_window_what_to_bring_and_which_number(hall: Open):
    text = _looks(hall, "身份证丢了")
    for words in ("居民身份证", "派出所户籍窗口", "户口簿", 'href="tel:12345"', "居民身份证法第七条"):
        assert words in text, words
    assert "没有找到" not in text


def test_what_is_done_at_a_counter_is_found_and_says_so(hall: Open, clock):
    with hall.database.unit_of_work() as work:
        for name in ("jiankang", "aixinzhan", "zanting"):
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=clock())
    text = _looks(hall, "量血压")
    assert "健康服务站" in text and "到窗口办" in text
    assert "爱心驿站" in _looks(hall, "借伞")  # the hall's people write it down, and people come for it
    assert "暂停接单" not in _looks(hall, "志愿者暂停")  # nobody comes for that


def test_an_empty_door_says_what_there_is_instead(hall: Open):
    text = _looks(hall, "电影票")
    assert "没有找到“电影票”" in text and 'href="tel:' in text and "幼有所育" in text


def _kept(hall: Open) -> list[Missed]:
    with hall.database.reading() as work:
        return list(work.session.scalars(select(Missed)))


def test_nobody_reads_what_found_nothing_until_three_people_typed_it(hall: Open):
    for n in (1, 1, 1, 2):
        _looks(hall, "电影票", at=f"10.0.0.{n}")
    (row,) = _kept(hall)
    assert row.words is None and row.times == 4 and len(row.askers) == 2
    assert "10.0.0" not in "".join(row.askers)
    _looks(hall, "请问电影票在哪里？", at="10.0.0.3")
    (row,) = _kept(hall)
    assert (row.words, row.times, row.askers) == ("电影票", 5, [])
    page = hall.client("designer").get("/desk/matters").text
    assert "群众找过、没有找到的说法" in page and "电影票" in page


@pytest.mark.parametrize("typed", ["13800000001", "张三丰350526195003071239", "x@example.com", "看" * 30, "啥"])
def test_a_number_an_address_or_a_whole_story_is_never_kept(hall: Open, typed: str):
    for n in range(4):
        _looks(hall, typed, at=f"10.0.0.{n}")
    assert _kept(hall) == []


def test_a_program_that_types_without_end_fills_no_table_and_what_nobody_types_is_forgotten(
    hall: Open, clock, monkeypatch
):
    monkeypatch.setattr(missed, "MOST", 3)
    for n in range(5):
        _looks(hall, f"电影票{'甲乙丙丁戊'[n]}")
    assert len(_kept(hall)) == 3
    with hall.database.unit_of_work() as work:
        assert missed.forget_old(work, now=clock() + timedelta(days=89)) == 0
        assert missed.forget_old(work, now=clock() + timedelta(days=92)) == 3


def test_one_asker_adds_so_many_words_a_day_and_leaves_room_for_those_of_others(hall: Open):
    for n in range(40):
        _looks(hall, f"电影票{chr(0x4E00 + n)}")
    most = tries.LIMITS["missed"].most
    assert len(_kept(hall)) == most < 40
    _looks(hall, "溜冰场", at="10.0.0.2")
    assert len(_kept(hall)) == most + 1


def test_many_addresses_of_one_line_are_one_who_asks(hall: Open):
    for n in range(4):
        _looks(hall, "电影票", at=f"2001:db8:1:2::{n}")
    (row,) = _kept(hall)
    assert row.words is None and len(row.askers) == 1


def test_programs_find_the_same(hall: Open):
    client = hall.app.test_client()
    found = client.get("/api/v1/find", query_string={"q": "yibao"}).json
    assert found[0]["matter"] == "daiban"
    found = client.get("/api/v1/find", query_string={"q": "护照"}).json
    assert (found[0]["matter"], found[0]["phone"]) == (None, "12367")
    assert client.get("/api/v1/find").status_code == 422


def test_words_that_name_no_matter_are_refused_with_what_was_meant(tmp_path):
    (tmp_path / "bpmn").mkdir()
    file = tmp_path / "bpmn" / everyday.FILE
    file.write_text("everyday:\n  - {words: [吃饭], to: [shitan]}\n", encoding="utf-8")
    (found,) = everyday.check(tmp_path, ["shitang"])
    assert "shitang" in found.message_zh and found.severity == "error"
    file.write_text("everyday:\n  - {words: [], to: [shitang], tow: 1}\n", encoding="utf-8")
    assert {one.element for one in everyday.check(tmp_path, ["shitang"])} == {"everyday.0.words", "everyday.0.tow"}
    file.write_text("everyday: [", encoding="utf-8")
    assert len(everyday.check(tmp_path, [])) == 1
    assert everyday.check(ROOT, matters.names(ROOT)) == []
