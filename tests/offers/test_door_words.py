"""How people check in and out is as the offer says, and by whom is kept; who leaves hands over to somebody named."""

from datetime import timedelta

import pytest

from engine import matters
from engine.commands import booking
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.people import SYSTEM
from engine.reads import attending
from engine.records import library
from tests.offers.conftest import NOW
from tests.offers.test_door import ANSWERS, AT, DOOR, door, files_of, places, taken

__all__ = ["door"]


def words(hall, check_in, check_out="[name]"):
    files = files_of()
    text = files["bpmn/zhiyuan/matter.yaml"].decode()
    mine = DOOR.replace("ANSWERS", ANSWERS).replace("[qr, code, name]", check_in)
    mine = mine.replace("check_out: [name]", f"check_out: {check_out}")
    files["bpmn/zhiyuan/matter.yaml"] = text.replace("offers:\n", "offers:" + mine, 1).encode()
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("zhiyuan", files), by=SYSTEM, now=NOW)


def come(hall, made, how, **more):
    [place] = places(hall, made)
    given = {"qr": {"text": made.code}, "code": {"text": made.number}, "name": {"text": place.name}}
    given["line"] = {"place_id": place.id}
    return hall.do(booking.arrive, hall.slot, **given[how], **more, by=hall.clerk, now=AT)


@pytest.mark.parametrize(
    "word, refused", [("qr", ["code", "name", "line"]), ("code", ["qr", "name"]), ("name", ["qr"])]
)
def test_only_the_ways_that_are_declared(door, word, refused):
    words(door, f"[{word}]")
    made = taken(door, door.residents[0])
    for how in refused:
        with pytest.raises(NotNow, match="check in"):
            come(door, made, how)
    come(door, made, word)
    [place] = places(door, made)
    assert (place.came_how, place.came_by_id) == (word, door.clerk.id)
    with door.database.reading() as work:
        [seen] = attending.door(work, door.clerk, door.slot, now=NOW).places
        assert seen.signed == "工作人员900"


def test_a_leaders_code_is_for_the_team_in_and_out(door):
    words(door, "[leader]", "[leader]")
    members = [("居民1", "13800000001", ""), ("居民2", "13800000002", "")]
    made = taken(door, door.residents[0], team="青年队", members=members)
    door.do(booking.arrive, door.slot, made.number, by=door.clerk, now=AT)
    assert [place.came_how for place in places(door, made)] == ["leader", "leader"]
    later = AT + timedelta(hours=1)
    gone = door.do(booking.depart, door.slot, made.number, fetched_by="本人", by=door.clerk, now=later)
    assert len(gone) == 2 and {place.left_how for place in places(door, made)} == {"leader"}


def test_who_hands_over_is_named_and_who_fetches_too(door):
    words(door, "[name, hand-over]", "[name, hand-over]")
    made = taken(door, door.residents[0])
    with pytest.raises(Invalid):
        come(door, made, "name")
    come(door, made, "name", brought_by="奶奶")
    later = AT + timedelta(hours=1)
    with pytest.raises(Invalid):
        door.do(booking.depart, door.slot, "居民1", by=door.clerk, now=later)
    door.do(booking.depart, door.slot, "居民1", fetched_by="奶奶", by=door.clerk, now=later)
    [place] = places(door, made)
    assert (place.brought_by, place.fetched_by, place.left_how) == ("奶奶", "奶奶", "name")
    with pytest.raises(NotFound):
        door.do(booking.depart, door.slot, "没有此人", by=door.clerk, now=later)


@pytest.mark.parametrize("how", ["qr", "code", "name", "line"])
def test_who_is_handed_over_is_found_by_code_number_or_name_and_who_brings_them_is_asked(door, how):
    words(door, "[hand-over]", "[hand-over]")
    made = taken(door, door.residents[0])
    with pytest.raises(Invalid):
        come(door, made, how)
    come(door, made, how, brought_by="奶奶")
    [place] = places(door, made)
    assert (place.brought_by, place.came_how) == ("奶奶", "hand-over")


def test_nobody_signs_their_own_hours_from_home(door):
    made = taken(door, door.residents[0])
    with pytest.raises(NotYours):
        door.do(booking.check_in, made.code, by=door.residents[0], now=AT)
