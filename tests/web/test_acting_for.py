"""What a bond lets one do for somebody else, over HTTP: wait, order for weeks, ride, and look at the month."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.store.models import Event, MatchSide, Standing, Waiting
from engine.workdays import local_date
from tests.matches.conftest import KEY as RIDES
from tests.matches.conftest import RIDE
from tests.web.acting_for import furnish


@pytest.fixture
def two(hall):
    hall.two = furnish(hall.database, hall.cast, hall.clock())
    return hall


def rows(hall, model):
    with hall.database.reading() as work:
        return list(work.session.scalars(select(model).order_by(model.id)))


def page(answer, status=200):
    assert answer.status_code == status, answer.status_code
    return answer.text


def test_waiting_ordering_and_the_month_of_whom_it_is_for(two):
    bond, month = two.two.bond, f"{local_date(two.clock()):%Y-%m}"
    xu, zhang, desk = two.client("xu"), two.client("zhang"), two.client("zhou")
    assert "给王阿婆候补" in page(xu.get(f"/offers/{two.two.full}?for={bond}"))
    page(xu.post(f"/offers/{two.two.full}/wait", data={"for": bond}), 302)
    assert zhang.post(f"/offers/{two.two.full}/wait", data={"for": bond}).status_code == 403
    (waiting,) = rows(two, Waiting)
    assert (waiting.user_id, waiting.name, waiting.bond_id) == (None, "王阿婆", bond)
    assert "王阿婆" in page(xu.get("/bookings"))

    assert "王阿婆" in page(xu.get(f"/offers/{two.two.next}/standing?for={bond}"))
    until = (local_date(two.clock()) + timedelta(days=10)).isoformat()
    sent = {"for": bond, "weekday": ["1", "2", "3", "4", "5"], "until": until}
    page(xu.post(f"/offers/{two.two.next}/standing", data=sent), 302)
    (order,) = rows(two, Standing)
    assert (order.user_id, order.name, order.bond_id) == (None, "王阿婆", bond)
    assert "王阿婆" in page(xu.get("/standing")) and "王阿婆" not in page(zhang.get("/standing"))
    made = next(one for one in rows(two, Event) if one.kind == "standing.made")
    assert (made.by_id, made.facts["bond"]) == (two.cast.users["xu"], bond)

    own = page(xu.get(f"/offers/statement?month={month}"))
    assert "这个月没有要付钱的预订" in own and "王阿婆" in own, "her own month, and the mother's to choose"
    hers = page(xu.get(f"/offers/statement?month={month}&for={bond}"))
    assert "本人付" in hers and "全价" in hers
    assert zhang.get(f"/offers/statement?month={month}&for={bond}").status_code == 403
    assert "王阿婆" not in page(zhang.get(f"/offers/statement?month={month}"))
    of_program = two.program("xu")("GET", f"/statement?month={month}&bond={bond}").json
    assert [one["offer"] for one in of_program] == ["shitang.lunch"] and of_program[0]["parts"]["self"] > 0
    assert two.program("xu")("GET", f"/statement?month={month}").json == []
    seen = page(desk.get(f"/desk/offers/statement?offer=shitang.lunch&month={month}"))
    assert "王*婆" in seen and "下载电子表格" in seen and "王阿婆" not in seen


def test_a_ride_that_is_asked_for_by_a_bond(two):
    bond = two.two.bond
    xu = two.client("xu")
    assert "给谁登记" in page(xu.get(f"/matches/{RIDES}/need?for={bond}"))
    day = (local_date(two.clock()) + timedelta(days=1)).isoformat()
    sent = {
        "answers": RIDE,
        "for": str(bond),
        "from": "350526106202",
        "to": "350526100",
        "day": day,
        "since": "08:00",
        "until": "09:00",
    }
    done = xu.post(f"/matches/{RIDES}/need/send", json=sent)
    assert done.status_code == 201, done.text
    (side,) = rows(two, MatchSide)
    assert (side.user_id, side.name, side.bond_id) == (None, "王阿婆", bond)
    assert "王阿婆" in page(xu.get("/my/matches")) and two.client("zhang").get(done.json["location"]).status_code == 404
