"""物品寄送（城到村）: the station that a parcel is brought to is the village's that the sender chose."""

import pytest

from engine import matters, people
from engine.people import units
from engine.records import library
from tests.cast import ROOT
from tests.handovers.moving import FOUND, YAMS, Moving

MATTER = "huicun"


@pytest.mark.parametrize("code", ["350526106201", "350526106202"])
def test_a_parcel_from_the_county_seat_goes_to_the_village_that_was_chosen(hall: Moving, code):
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, MATTER), by=people.SYSTEM, now=hall.clock())
        village, town_station = units.by_code(work, code).id, units.by_code(work, "350526-FW").id
    case_id = hall.submit(MATTER, receiver={**YAMS["receiver"], "village": code})
    assert hall.link(case_id).receiver_key == f"p:{town_station}:window", "brought to the station in the county seat"
    hall.act(case_id, "lai")
    hall.complete(case_id, "lai", FOUND)
    hall.act(case_id, "zheng")
    link = hall.link(case_id)
    assert (link.receiver_key, link.giver_key) == (f"p:{village}:agent", f"u:{hall.users['zheng']}")
