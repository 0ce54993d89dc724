"""团队 in the browser: six digits make a member, the leader ticks who goes, the member gives their place back."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from engine.store.models import Appointment, Bond, BookingPlace, Slot, User
from engine.workdays import local_date
from tests.wide.nouns import furnish


@pytest.fixture
def offered(hall):
    with hall.database.unit_of_work() as work:
        return furnish(work, hall.cast, hall.clock())["offer.slot_id"]


def page(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.text


def joined(hall):
    zhang, xu = hall.client("zhang"), hall.client("xu")
    code = "".join(re.search(r'data-code aria-label="(\d{6})"', page(zhang.post("/teams/code")))[1])
    sent = {"phone": "13800000001", "code": code}
    refused = xu.post("/teams/add", data=sent)
    assert refused.status_code == 422 and "请写团队的名称" in refused.text
    assert xu.post("/teams/add", data={**sent, "team": "青年队"}).status_code == 302
    with hall.database.reading() as work:
        return work.session.scalars(select(Bond.id).where(Bond.kind == "leader")).one()


def test_members_join_are_put_down_and_give_back_their_own_place(hall, offered):
    bond = joined(hall)
    zhang, xu = hall.client("zhang"), hall.client("xu")
    assert "青年队" in page(zhang.get("/teams")) and "张三丰" in page(xu.get("/teams"))
    assert "青年队" not in page(zhang.get("/family")) and "张三丰" not in page(xu.get("/family"))
    seen = page(xu.get(f"/offers/{offered}"))
    assert f'name="led" value="{bond}"' in seen and f'name="role-{bond}"' in seen and 'name="members"' not in seen
    at = f"/offers/{offered}/book"
    refused = xu.post(at, data={"as": "team", "team": "随便", "members": "阿土 13900000000 help"})
    assert refused.status_code == 422 and "阿土不是选出来的队员" in refused.text
    assert hall.client("chen").post(at, data={"as": "team", "led": str(bond)}).status_code in (403, 404)
    sent = {"as": "team", "led": str(bond), f"role-{bond}": "cut", "me": "1", "role-me": "cut"}
    assert xu.post(at, data=sent).status_code == 302
    [own] = re.findall(r'data-ahead>\s*<li><a href="(/bookings/\d+)', page(xu.get("/teams")))  # what the team does next
    assert "青年队" in page(xu.get(own)) and "data-ahead" not in page(zhang.get("/teams"))
    mine = page(zhang.get("/bookings"))
    assert "跟着团队去的" in mine and "青年队" in mine
    [place] = re.findall(r"/team-places/(\d+)/leave", mine)
    assert xu.post(f"/team-places/{place}/leave").status_code == 404
    assert zhang.post(f"/team-places/{place}/leave").status_code == 302
    assert "跟着团队去的" not in page(zhang.get("/bookings"))
    with hall.database.reading() as work:
        made = work.session.scalars(select(Appointment).where(Appointment.team == "青年队")).one()
        live = work.session.scalars(select(BookingPlace).where(BookingPlace.appointment_id == made.id)).all()
        assert (made.places, sorted(p.live for p in live)) == (1, [False, True])


def test_a_member_who_leaves_the_team_is_not_offered_any_more(hall, offered):
    bond = joined(hall)
    zhang, xu = hall.client("zhang"), hall.client("xu")
    assert "青年队" in page(zhang.get(f"/family/{bond}"))
    gone = zhang.post(f"/family/{bond}/end")
    assert gone.status_code == 302 and gone.location.endswith("/teams")
    assert "您还没有队员" in page(xu.get(f"/offers/{offered}"))
    sent = {"as": "team", "led": str(bond), f"role-{bond}": "cut"}
    assert xu.post(f"/offers/{offered}/book", data=sent).status_code == 403


def test_the_name_is_taken_two_lead_it_and_the_desk_puts_it_down(hall, offered):
    with hall.database.unit_of_work() as work:  # neighbours: their teams are of one village
        here = work.session.get_one(User, hall.cast.users["xu"]).place_id
        work.session.get_one(User, hall.cast.users["zhang"]).place_id = here
    bond = joined(hall)
    zhang, xu, chen, desk = hall.client("zhang"), hall.client("xu"), hall.program("zhang"), hall.client("zhou")
    led = hall.program("xu")("GET", "/teams").json["led"]
    assert [(t["name"], t["first"], [m["bond_id"] for m in t["people"]]) for t in led] == [("青年队", True, [bond])]
    assert [t["leader"] for t in chen("GET", "/teams").json["within"]] == ["许小妹"]
    code = hall.program("xu")("POST", "/teams/code", {}).json["code"]
    taken = chen("POST", "/teams/members", {"team": "青年队", "phone": "13800000002", "code": code})
    assert taken.status_code == 422 and "已经有一个团队叫" in taken.json["detail"]
    assert "请张三丰做第二位队长" in page(xu.get("/teams"))
    assert xu.post(f"/teams/second/{bond}").status_code == 302
    assert "第二位队长：张三丰" in page(xu.get("/teams")) and "您是第二位队长" in page(zhang.get("/teams"))
    team = led[0]["id"]
    assert hall.client("chen").post(f"/teams/{team}/second/end").status_code in (302, 403)
    assert hall.program("xu")("POST", "/teams/second", {"bond": bond}).status_code == 409
    with hall.database.reading() as work:
        slot = work.session.get_one(Slot, offered)
        day = local_date(slot.starts_at).isoformat()
    week = page(desk.get(f"/desk/offers?day={day}"))
    assert "替团队登记" in week and f'<option value="{team}">' in week
    week = page(desk.get(f"/desk/offers?day={day}&team={team}"))
    assert f'name="led"\n  value="{bond}"' in week and "张*丰" in week and "队长 许*妹" in week
    sent = {"team": team, "led": bond, f"role-{bond}": "cut", "me": "1", "role-me": "cut"}
    assert desk.post(f"/desk/offers/{offered}/walk-in", data=sent).status_code == 302
    assert "跟着团队去的" in page(zhang.get("/bookings"))
    again = desk.post(f"/desk/offers/{offered}/walk-in", data={"team": team})
    assert again.status_code == 422 and "请至少选一位队员" in again.text
