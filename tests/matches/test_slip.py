"""同乘确认单 is a paper: issued when both agreed, genuine at /v, void when one calls off, gone with what it says."""

import pytest
from sqlalchemy import select

from engine.commands import matching
from engine.errors import NotFound, NotNow
from engine.reads import attachments
from engine.reads import matches as reads
from engine.store.models import Document, File, MatchPair
from tests.matches.conftest import NOW, STOPS, later


@pytest.fixture
def pair(road):
    road.driver()
    made = road.ask(road.need(places=2), road.supply())
    road.answer(matching.agree, made)
    road.work_off(NOW)
    return made


def paper(road):
    with road.database.reading() as work:
        return work.session.scalar(select(Document).order_by(Document.id.desc()))


def opened(road, pair, n, side):
    row = road.fresh(pair, MatchPair)
    with road.database.reading() as work:
        return reads.slip(work, row.need_id if side == "need" else row.supply_id, pair, actor=road.residents[n])


def test_both_have_the_same_paper_and_nobody_else(road, pair):
    row = paper(road)
    with road.database.reading() as work:
        said = work.session.get(Document, row.id).facts["slip"]
    assert (row.kind, row.title, row.state, row.case_id) == ("ride_slip", "同乘确认单", "ready", None)
    assert said["way"].startswith("塔兜村 → ") and said["way"].endswith("浔中镇") and said["fee"] == "不收费"
    assert said["supply"]["name"] == "居民1" and "****" in said["supply"]["phone"] and said["places"] == 2
    assert len(said["notes"]) == 4
    assert "闽C12345" in "".join(said["lines"])  # who waits at the roadside looks for it
    assert said["documents"] == ["交强险：PDZA20263505000018，有效期至2027年1月1日"]
    assert "不知道几分钟" in "".join(said["lines"])  # what nobody knows is not guessed
    assert opened(road, pair, 1, "need").sha256 == opened(road, pair, 0, "supply").sha256
    with pytest.raises(NotFound):
        opened(road, pair, 2, "need")
    with pytest.raises(NotFound):
        opened(road, pair, 1, "supply")


def test_it_is_genuine_and_says_nobodys_name(road, pair):
    with road.database.reading() as work:
        found = attachments.verify(work, paper(road).check_code)
    assert (found.title, found.state, found.person) == ("同乘确认单", "ready", "")


@pytest.mark.parametrize("who", [0, 1])
def test_whoever_calls_off_it_is_void(road, pair, who):
    road.answer(matching.cancel, pair, who)
    with road.database.reading() as work:
        found = attachments.verify(work, paper(road).check_code)
    assert (found.state, found.reason) == ("void", "有一方取消了")
    with pytest.raises(NotNow):
        opened(road, pair, 1, "need")


def test_a_ride_that_is_over_leaves_it_until_it_is_forgotten(road, pair):
    road.work_off(later(days=5))
    assert paper(road).state == "ready"
    road.work_off(later(days=40))
    row = paper(road)
    with road.database.reading() as work:
        kept = work.session.get(Document, row.id)
        assert (kept.state, kept.file_id, kept.facts.get("slip")) == ("void", None, None)
        assert work.session.scalar(select(File.id)) is None
        stored = [file for file in work.database.files.rglob("*") if file.is_file()]
    assert stored == [], "nothing of it lies on the disk"


def test_what_was_asked_and_not_agreed_is_no_paper(road):
    road.driver()
    road.ask(road.need(stops=(STOPS[0], STOPS[2])), road.supply())
    assert paper(road) is None
