"""Offers by programs: standing orders, the door, hours, the month; each sees and changes only their own. And the month
as a sheet, with somebody who did not come."""

import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from engine.commands import booking
from engine.people import login
from engine.reads import own_data
from engine.records import inspection
from engine.store.models import Appointment, Event, Reveal, Standing, User
from tests.offers.conftest import NOW
from tests.offers.test_door import AT, door, taken
from tests.offers.test_menu import SATURDAY, order
from tests.offers.test_menu import kitchen as menu
from tests.offers.test_standing import FISH, kitchen, slot_of
from web.app import create_app
from web.settings import Settings

__all__ = ["door", "kitchen", "menu"]
TUESDAY = datetime(2026, 9, 22, 3, 0, tzinfo=UTC)
ORDER = {"weekdays": [1, 3], "until": "2026-09-30", "answers": FISH}


def program(hall, tmp_path):
    """`call(who, method, path, sent)`: what the API answers to this person's program, at `clock.now`."""
    clock = SimpleNamespace(now=NOW)
    settings = Settings(home=tmp_path, database_url="", secret_key="a key of the tests")
    client = create_app(settings, database=hall.database, clock=lambda: clock.now, testing=True).test_client()
    keys = {}

    def call(who, method, path, sent=None):
        if who.id not in keys:
            with hall.database.unit_of_work() as work:
                keys[who.id] = login.new_token(work, who.id, now=clock.now)
        more = {"json": sent} if sent is not None else {}
        return client.open(f"/api/v1{path}", method=method, headers={"Authorization": f"Bearer {keys[who.id]}"}, **more)

    return SimpleNamespace(call=call, client=client, clock=clock)


@pytest.fixture
def api(hall, tmp_path):
    return program(hall, tmp_path)


def states(row):
    return {one["day"]: one["state"] for one in row["days"]}


def test_a_program_orders_by_weekday_changes_single_days_and_ends_it(kitchen, api):
    one, other = kitchen.residents[:2]
    made = api.call(one, "POST", f"/offers/{slot_of(kitchen)}/standing", ORDER)
    assert made.status_code == 201, made.json
    assert (made.json["days_zh"], made.json["at"], made.json["state"]) == ("周一、周三", "11:00", "active")
    id_ = made.json["id"]
    kitchen.work_off(NOW)
    [mine] = api.call(one, "GET", "/standing").json
    assert states(mine) == dict.fromkeys(("2026-09-21", "2026-09-23", "2026-09-28", "2026-09-30"), "booked")
    for day, what, becomes in (
        ("2026-09-23", "skip", "skipped"),
        ("2026-09-22", "add", "booked"),
        ("2026-09-28", "answers", "booked"),
    ):
        sent = {"day": day, "what": what, "answers": {"dish": "plain"}}
        answer = api.call(one, "POST", f"/standing/{id_}/day", sent)
        assert answer.status_code == 200, answer.json
        assert states(answer.json)[day] == becomes
    with kitchen.database.reading() as work:
        rows = work.session.scalars(select(Appointment).where(Appointment.state == "confirmed")).all()
        dishes = {f"{row.starts_at:%m-%d}": row.answers["dish"] for row in rows}
    assert dishes == {"09-21": "fish", "09-22": "fish", "09-28": "plain", "09-30": "fish"}
    assert api.call(other, "GET", "/standing").json == []
    for path, sent in ((f"/standing/{id_}/day", {"day": "2026-09-30", "what": "skip"}), (f"/standing/{id_}/end", None)):
        assert api.call(other, "POST", path, sent).status_code in (403, 404)
    ended = api.call(one, "POST", f"/standing/{id_}/end")
    assert (ended.status_code, ended.json) == (200, {"given_back": 4})
    assert api.call(one, "GET", "/standing").json == []
    assert api.call(one, "POST", f"/standing/{id_}/end").status_code == 409
    assert api.call(one, "POST", f"/standing/{id_}/day", {"day": "2026-09-30", "what": "add"}).status_code == 409


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"weekdays": [8]}, 422, "weekdays"),
        ({"weekdays": []}, 422, "weekdays"),
        ({"until": "2026-09-01"}, 422, "until"),
        ({"until": None}, 422, "until"),
        ({"answers": {}}, 422, "dish"),
        ({"answers": {"dish": "beef"}}, 422, "dish"),
    ],
)
def test_an_order_that_says_too_little_names_the_field(kitchen, api, change, status, field):
    answer = api.call(kitchen.residents[0], "POST", f"/offers/{slot_of(kitchen)}/standing", ORDER | change)
    assert answer.status_code == status, answer.json
    assert field in str(answer.json)
    with kitchen.database.reading() as work:
        assert work.session.scalars(select(Standing)).all() == []


def test_who_may_not_have_it_is_refused_a_standing_order_too(kitchen, api):
    answer = api.call(kitchen.young, "POST", f"/offers/{slot_of(kitchen)}/standing", ORDER)
    assert answer.status_code == 409 and "60" in answer.json["detail"], answer.json


def test_a_program_at_the_door_and_the_hours_that_come_of_it(door, api):
    one, two = (taken(door, door.residents[n]) for n in range(2))
    api.clock.now = AT
    path = f"/offers/{door.slot}"
    there = api.call(door.clerk, "GET", f"{path}/door").json
    assert (there["came"], there["gone"], there["check_out"]) == (0, 0, ["name"])
    assert [(p["name"], "*" in p["phone"]) for p in there["places"]] == [("居民1", True), ("居民2", True)]
    came = api.call(door.clerk, "POST", f"{path}/arrive", {"code": one.number})
    assert (came.status_code, came.json["came"]) == (200, 1)
    again = api.call(door.clerk, "POST", f"{path}/arrive", {"code": one.number})
    assert (again.status_code, again.json["came"]) == (200, 1)  # scanned twice, they came once
    assert api.call(door.clerk, "POST", f"{path}/arrive", {"code": "没有这个人"}).status_code == 404
    by_place = {"place_id": next(p["place_id"] for p in there["places"] if p["number"] == two.number)}
    assert api.call(door.clerk, "POST", f"{path}/arrive", by_place).json["came"] == 2
    api.clock.now = AT + timedelta(minutes=90)
    assert api.call(door.clerk, "POST", f"{path}/leave", {"code": "居民1"}).status_code == 422  # with whom?
    left = api.call(door.clerk, "POST", f"{path}/leave", {"code": "居民1", "fetched_by": "女儿"})
    assert (left.status_code, left.json["gone"]) == (200, 1)
    assert [p["fetched_by"] for p in left.json["places"]] == ["女儿", ""]
    hours = api.call(door.residents[0], "GET", "/hours").json
    assert [line["hours"] for line in hours["lines"]] == [1.5] and hours["years"] == [{"year": 2026, "hours": 1.5}]
    assert api.call(door.residents[1], "GET", "/hours").json == {"years": [], "lines": []}


def test_the_door_is_for_the_staff_of_its_unit(door, api):
    made = taken(door, door.residents[0])
    api.clock.now = AT
    path = f"/offers/{door.slot}"
    for who in (door.stranger, door.residents[0]):
        assert api.call(who, "GET", f"{path}/door").status_code in (403, 404)
        for act, more in (("arrive", {}), ("leave", {"fetched_by": "我"})):
            answer = api.call(who, "POST", f"{path}/{act}", {"code": made.number, **more})
            assert answer.status_code in (403, 404)
    with door.database.reading() as work:
        assert work.session.get(Appointment, made.id).state == "confirmed"


def month(kitchen):
    """居民1 came on Monday and gave Wednesday back; 居民2 did not come on Monday."""
    one, two = kitchen.residents[:2]
    monday, wednesday = slot_of(kitchen), slot_of(kitchen, TUESDAY + timedelta(days=1))
    came = kitchen.do(booking.take_place, monday, answers=FISH, by=one, now=NOW)
    given = kitchen.do(booking.take_place, wednesday, answers=FISH, by=one, now=NOW)
    kitchen.do(booking.cancel, given.id, version=given.version, by=one, now=NOW)
    missed = kitchen.do(booking.take_place, monday, answers={"dish": "plain"}, by=two, now=NOW)
    kitchen.do(booking.check_in, came.number, by=kitchen.clerk, now=came.starts_at)
    kitchen.do(booking.miss, missed.id, version=missed.version, by=kitchen.clerk, now=TUESDAY)


def test_each_diner_has_a_month_of_their_own_and_what_was_missed_is_paid(kitchen, api):
    month(kitchen)
    one, two, three = kitchen.residents[:3]
    [mine] = api.call(one, "GET", "/statement?month=2026-09").json
    assert (mine["cents"], mine["parts"]) == (800, {"self": 500, "county": 300})
    assert [(line["day"], line["cents"], line["outcomes"]) for line in mine["lines"]] == [
        ("2026-09-21", 800, {"came": 1}),
        ("2026-09-23", 0, {"cancelled": 1}),
    ]
    [theirs] = api.call(two, "GET", "/statement?month=2026-09").json
    assert (theirs["cents"], theirs["parts"]) == (600, {"self": 300, "county": 300})
    assert [(line["day"], line["outcomes"]) for line in theirs["lines"]] == [("2026-09-21", {"missed": 1})]
    assert api.call(three, "GET", "/statement?month=2026-09").json == []
    assert api.call(one, "GET", "/statement?month=2026-10").json == []
    for wrong in ("", "?month=2026-13", "?month=9"):
        assert api.call(one, "GET", f"/statement{wrong}").status_code == 422


def test_the_sheet_names_who_pays_and_is_written_down_and_is_of_ones_own_units_only(kitchen):
    month(kitchen)
    first, last = NOW.date().replace(day=1), NOW.date().replace(day=30)
    given = {"first": first, "last": last, "now": TUESDAY}
    data = kitchen.do(booking.sheet, "zhiyuan.lunch", by=kitchen.clerk, **given)
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["2026-09"]
    head, *rows = [[cell.value for cell in row] for row in book.active.iter_rows()]
    table = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["姓名"], row["份数"], row["来了"], row["没有来"], row["本人退了"]) for row in table] == [
        ("居民1", 1, 1, 0, 1),
        ("居民2", 1, 0, 1, 0),
        ("合计", 2, 1, 1, 1),
    ]
    assert [(row["本人付"], row["县里补"], row["合计"]) for row in table] == [(5, 3, 8), (3, 3, 6), (8, 6, 14)]
    for row in table:
        assert row["本人付"] + row["县里补"] == row["合计"]
    with kitchen.database.reading() as work:
        [said] = work.session.scalars(select(Event).where(Event.kind == "offer.settled"))
        assert (said.facts["people"], "居民" in str(said.facts)) == (2, False)
        one = kitchen.residents[0]
        mine = own_data.mine(work, one, today=TUESDAY.date()).looks
        assert [(look.field, look.purpose) for look in mine] == [("姓名", "按月结算：午餐 2026-09")]
        theirs = select(Appointment.number).where(Appointment.user_id == one.id)
        assert mine[0].number in set(work.session.scalars(theirs))
        assert list(inspection._looks(work)) == []
    with kitchen.database.rehearsal() as work:
        work.session.add(Reveal(by_id=kitchen.clerk.id, field=f"booking:{mine[0].number}", purpose="x", at=NOW))
        work.session.flush()
        assert len(list(inspection._looks(work))) == 1  # nothing says that a list was taken then
    data = kitchen.do(booking.sheet, "zhiyuan.lunch", by=kitchen.stranger, **given)
    assert len(list(load_workbook(io.BytesIO(data)).active.iter_rows())) == 2  # its head, and a sum of nothing


def test_a_name_that_looks_like_a_formula_is_only_a_name(kitchen):
    with kitchen.database.unit_of_work() as work:
        work.session.get(User, kitchen.residents[0].id).name = "=1+1"
    kitchen.do(booking.take_place, slot_of(kitchen), answers=FISH, by=kitchen.residents[0], now=NOW)
    data = kitchen.do(
        booking.sheet, "zhiyuan.lunch", NOW.date().replace(day=1), NOW.date().replace(day=30), by=kitchen.clerk, now=NOW
    )
    cells = [cell for row in load_workbook(io.BytesIO(data)).active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"]


def test_a_program_of_the_kitchen_calls_a_dish_back_and_is_told_whom_to_telephone(menu, api):
    for n in (0, 1):
        order(menu, n, "红烧鱼")
    path = f"/offers/{menu.slots[SATURDAY]}"
    there = api.call(menu.clerk, "GET", f"{path}/door").json
    assert there["chosen"] == [{"key": "红烧鱼", "label": "红烧鱼", "count": 2, "came": 0, "unfit": 0}]
    sent = {"chosen": "红烧鱼", "words": "这批鱼有问题，先不要吃。"}
    told = api.call(menu.clerk, "POST", f"{path}/recall", sent)
    assert (told.status_code, [(one["name"], one["by_voice"]) for one in told.json]) == (
        200,
        [("居民1", False), ("居民2", False)],
    )
    with menu.database.reading() as work:
        assert len(work.session.scalars(select(Event).where(Event.kind == "offer.recalled")).all()) == 1
    assert api.call(menu.clerk, "POST", f"{path}/recall", sent | {"chosen": "青菜面"}).status_code == 409
    assert api.call(menu.clerk, "POST", f"{path}/recall", sent | {"words": ""}).status_code == 422
    assert api.call(menu.villager, "POST", f"{path}/recall", sent).status_code in (403, 404)
    assert api.call(menu.residents[0], "POST", f"{path}/recall", sent).status_code == 403
