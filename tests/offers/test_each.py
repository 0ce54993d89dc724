"""An offer that opens by itself and whose bookings each open a case: found, asked, refused as it declares."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking, cases
from engine.errors import Invalid, NotNow
from engine.matters.nouns.bonds import GUARDIAN
from engine.people import SYSTEM, login
from engine.reads import bookings, offers
from engine.records import library
from engine.store.models import Case, Consent, Resource, User
from tests.offers.conftest import NOW, ROOT
from tests.offers.test_for_others import bound
from web.app import create_app
from web.settings import Settings

TUESDAY = datetime(2026, 9, 22, 1, 0, tzinfo=UTC)  # nine in the hall
ROOM = """
  room:
    title: 聚会房
    title_en: Party room
    kind: room
    at: village
    opens: {weekly: "mon-sun 09:00-21:00"}
    who: {if: "=person.age >= 18", says: 年满 18 岁}
    ask: yuyue-room
    cut_off: 16:00 the day before
    each: yuyue
"""
FORM = """{"type": "default", "id": "yuyue-room", "schemaVersion": 19, "components": [
  {"type": "textfield", "id": "r1", "key": "note", "label": "做什么用", "validate": {"required": true}}]}"""


@pytest.fixture
def room(hall):
    """The room of a village, opened."""
    files = dict(matters.read_files(ROOT, "yuyue"))
    text = files["bpmn/yuyue/matter.yaml"].decode()
    files["bpmn/yuyue/matter.yaml"] = text.replace("offers:\n", "offers:" + ROOM, 1).encode()
    files["forms/yuyue/room.form"] = FORM.encode()
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("yuyue", files), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        return work.session.scalars(
            select(Resource.id).where(Resource.offer == "yuyue.room").order_by(Resource.id)
        ).first()


def keep(hall, room, who):
    made = hall.do(booking.hold, resource_id=room, starts_at=[TUESDAY], by=who, now=NOW)
    return made.id, made.version


def test_it_stands_among_what_can_be_booked_and_asks_its_form(hall, room):
    with hall.database.reading() as work:
        place = next(one for one in bookings.places(work) if one.id == room)
        assert (place.offer, place.matter, place.items) == ("yuyue.room", "yuyue", ())
        assert offers.asked(work, place.offer, now=NOW).id == "yuyue-room"
        assert offers.asked(work, "yuyue.window", now=NOW) is None


def test_a_booking_opens_a_case_with_what_was_asked(hall, room):
    who = hall.residents[0]
    made, version = keep(hall, room, who)
    with pytest.raises(Invalid):
        hall.do(booking.confirm, made, version=version, answers={}, by=who, now=NOW)
    done = hall.do(booking.confirm, made, version=version, answers={"note": "过生日"}, by=who, now=NOW)
    with hall.database.reading() as work:
        case = work.session.get_one(Case, done.case_id)
        assert case.matter == "yuyue" and done.answers == {"note": "过生日"}


def test_who_may_not_have_it_and_who_comes_too_late_is_told(hall, room):
    who = hall.residents[0]
    made, version = keep(hall, room, who)
    late = datetime(2026, 9, 21, 8, 1, tzinfo=UTC)  # a minute past four, the day before
    with pytest.raises(NotNow, match="Booking closed"):
        hall.do(booking.confirm, made, version=version, answers={"note": "过生日"}, by=who, now=late)


def test_what_is_past_its_cut_off_is_neither_shown_nor_kept(hall, room):
    """Not first kept, filled in and then refused."""
    in_time, late = (datetime(2026, 9, 21, 8, minute, tzinfo=UTC) for minute in (0, 1))  # four, the day before
    tuesday = TUESDAY.date()
    with hall.database.reading() as work:
        assert [one.starts_at for one in bookings.times(work, room, tuesday, now=in_time)] == [TUESDAY]
        assert bookings.times(work, room, tuesday, now=late) == []
        for now, first in ((in_time, 22), (late, 23)):
            shown = bookings.days(work, room, tuesday, tuesday + timedelta(days=2), now=now)
            assert [one.day.day for one in shown if one.free] == list(range(first, 25))
            soon = bookings.next_times(work, [room], now=now)
            assert soon[room].day == first
    with pytest.raises(NotNow, match="Booking closed at 2026-09-21 16:00"):
        hall.do(booking.hold, resource_id=room, starts_at=[TUESDAY], by=hall.residents[0], now=late)
    who, next_day = hall.residents[0], TUESDAY + timedelta(days=1)
    made = hall.do(booking.hold, resource_id=room, starts_at=[next_day], by=who, now=in_time)
    made = hall.do(booking.confirm, made.id, version=made.version, answers={"note": "过生日"}, by=who, now=in_time)
    with pytest.raises(NotNow, match="Booking closed at 2026-09-21 16:00"):
        hall.do(booking.change, made.id, starts_at=[TUESDAY], version=made.version, by=who, now=late)
    moved = hall.do(booking.change, made.id, starts_at=[TUESDAY], version=made.version, by=who, now=in_time)
    assert moved.starts_at == TUESDAY


def test_a_child_is_told_what_is_asked(hall, room):
    made, version = keep(hall, room, hall.young)
    with pytest.raises(NotNow, match="18"):
        hall.do(booking.confirm, made, version=version, answers={"note": "过生日"}, by=hall.young, now=NOW)


def test_nobody_begins_such_a_case_without_a_time(hall, room):
    answers = {"note": "过生日", "applicant": {"name": "居民1", "phone": "13800000001"}}
    for verb, by in ((cases.apply_online, hall.residents[0]), (cases.receive, hall.clerk)):
        with pytest.raises(NotNow, match="begins with a time"):
            hall.do(verb, "yuyue", answers, consent=True, by=by, now=NOW)
    with hall.database.reading() as work:
        assert work.session.scalars(select(Case)).all() == []


def test_what_can_be_booked_stands_in_the_order_of_its_name_with_its_next_time(hall, room):
    with hall.database.reading() as work:
        found = [one for one in bookings.places(work) if one.offer == "yuyue.room"]
        assert [one.unit for one in found] == ["苏洋村", "霞碧村"]
        soon = bookings.next_times(work, [one.id for one in found], now=NOW)
        assert set(soon) == {one.id for one in found} and min(soon.values()) > NOW
        assert offers.next_open(work, "zhiyuan.lunch", now=NOW).offer == "zhiyuan.lunch"
        assert offers.next_open(work, "zhiyuan.job", now=NOW) is None


def test_a_room_with_a_price_says_it_while_it_is_held_and_keeps_its_parts(hall, room):
    files = dict(matters.read_files(ROOT, "yuyue"))
    text = files["bpmn/yuyue/matter.yaml"].decode()
    priced = ROOM.replace("    ask: yuyue-room\n", "    price: {decision: room-price}\n")
    files["bpmn/yuyue/matter.yaml"] = text.replace("offers:\n", "offers:" + priced, 1).encode()
    files["bpmn/yuyue/room.dmn"] = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="d">
  <decision id="room-price" name="room price"><literalExpression id="l"><text>20</text></literalExpression></decision>
</definitions>"""
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("yuyue", files), by=SYSTEM, now=NOW)
    who = hall.residents[0]
    made, version = keep(hall, room, who)
    with hall.database.reading() as work:
        cents, parts = offers.cost_of(work, who, made, now=NOW)
        assert (cents, [one.part for one in parts]) == (2000, ["self"])
    hall.do(booking.confirm, made, version=version, answers={"note": "过生日"}, by=who, now=NOW)
    with hall.database.reading() as work:
        assert offers.cost_of(work, who, made, now=NOW)[0] == 2000
        assert offers.cost_of(work, hall.residents[1], made, now=NOW) is None


# ---------------------------------------------------------------- consent

SAYS = "我同意大厅把我的姓名和电话给管房子的人看"


@pytest.fixture
def asks(hall):
    """The room of a village and the counter, of a matter that asks for consent."""
    files = dict(matters.read_files(ROOT, "yuyue"))
    text = files["bpmn/yuyue/matter.yaml"].decode()
    text = text.replace("apply:\n", f"apply:\n  consent: {SAYS}\n", 1)
    room = ROOM.replace('    who: {if: "=person.age >= 18", says: 年满 18 岁}\n', "")
    files["bpmn/yuyue/matter.yaml"] = text.replace("offers:\n", "offers:" + room, 1).encode()
    files["forms/yuyue/room.form"] = FORM.encode()
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("yuyue", files), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        return work.session.scalars(
            select(Resource.id).where(Resource.offer == "yuyue.room").order_by(Resource.id)
        ).first()


def kept(hall):
    with hall.database.reading() as work:
        return [(row.user_id, row.purpose, row.text, row.facts) for row in work.session.scalars(select(Consent))]


def test_a_booking_that_opens_a_case_asks_for_the_consent_of_its_matter_and_keeps_it(hall, asks):
    who = hall.residents[0]
    made, version = keep(hall, asks, who)
    answers = {"note": "过生日"}
    with pytest.raises(Invalid) as refused:
        hall.do(booking.confirm, made, version=version, answers=answers, by=who, now=NOW)
    assert set(refused.value.by_field()) == {"consent"} and kept(hall) == []
    done = hall.do(booking.confirm, made, version=version, answers=answers, consent=True, by=who, now=NOW)
    with hall.database.reading() as work:
        number = work.session.get_one(Case, done.case_id).number
    assert kept(hall) == [(who.id, "matter:yuyue", SAYS, {"number": number, "by": "self"})]


def test_below_fourteen_the_guardian_who_books_for_them_consents(hall, asks):
    with hall.database.unit_of_work() as work:
        work.session.get_one(User, hall.young.id).id_number = "350526201605120019"
    made, version = keep(hall, asks, hall.young)
    given = {"version": version, "answers": {"note": "过生日"}, "consent": True, "now": NOW}
    with pytest.raises(Invalid) as refused:
        hall.do(booking.confirm, made, by=hall.young, **given)
    assert "监护人" in refused.value.fields[0].zh
    guardian = hall.residents[1]
    bond = bound(hall, hall.young, guardian, kind=GUARDIAN)
    hall.do(booking.confirm, made, by=hall.actor(guardian.id), **given)
    ((_, _, _, facts),) = kept(hall)
    assert facts["by"] == "guardian" and facts["bond"] == bond


def test_pages_and_programs_ask_it_in_the_matters_own_words(hall, asks, tmp_path):
    settings = Settings(home=tmp_path, database_url="", secret_key="test")
    app = create_app(settings, database=hall.database, clock=lambda: NOW, testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    client, who = app.test_client(), hall.residents[0]
    with hall.database.unit_of_work() as work:
        opened, token = login.open_session(work, who.id, now=NOW), login.new_token(work, who.id, now=NOW)
    with client.session_transaction() as session:
        session["token"] = opened
    made, version = keep(hall, asks, who)
    page = client.get(f"/bookings/{made}").text
    assert SAYS in page and "同意并确认预约" in page and "&#34;consent&#34;: true" in page
    sent = {"version": version, "answers": {"note": "过生日"}}
    answer = client.post(f"/offers/bookings/{made}/confirm", json=sent)
    assert answer.status_code == 422 and [one["field"] for one in answer.json["fields"]] == ["consent"]
    program, by = app.test_client(), {"Authorization": f"Bearer {token}"}
    places = {one["id"]: one["consent"] for one in program.get("/api/v1/places").json}
    assert places[asks] == SAYS
    answer = program.post(f"/api/v1/bookings/{made}/confirm", json=sent, headers=by)
    assert answer.status_code == 422 and answer.json["fields"][0]["field"] == "consent"
    sent["answers"]["applicant"] = {"name": "别人", "phone": "13899999999"}  # who booked it comes
    answer = program.post(f"/api/v1/bookings/{made}/confirm", json={**sent, "consent": True}, headers=by)
    assert answer.status_code == 200
    with hall.database.reading() as work:
        assert work.session.scalars(select(Case.applicant_name)).one() == who.name
    assert [row[2] for row in kept(hall)] == [SAYS]
