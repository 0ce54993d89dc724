"""The door: who came and who left, by code, number and name; hours; who did not come, and who is still there, each
dealt with once; a place given back when nobody came; a roll of many."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.booking import attended
from engine.commands import booking
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, NotYours
from engine.people import SYSTEM
from engine.reads import attending, registers
from engine.records import library
from engine.store.models import (
    Appointment,
    BookingPlace,
    BookingTrouble,
    Case,
    Job,
    Notice,
    RegisterEntry,
    Resource,
    Slot,
)
from tests.cast import ROOT
from tests.offers.conftest import NOW, files_of
from tests.offers.test_for_others import bound

AT = datetime(2026, 9, 19, 3, 0, tzinfo=UTC)  # Saturday 11:00 in the hall, until 12:30
DOOR = """
  care:
    title: 午间照看
    title_en: Care at noon
    kind: session
    at: centre
    opens: {weekly: "mon-sat 11:00-12:30"}
    places: 4
    taker: [person, team]
    members: [bond, named]
    check_in: [qr, code, name]
    check_out: [name]
    hours: true
    release: {no_show: 30min, free_until: 1h}
    missed: {at: "12:20", opens: zhiyuan, answers: ANSWERS}
    left_at: {"12:45": {call: true}}
"""
ANSWERS = (
    '{need.kind: care, need.title: 没有来照看, need.what: "=booking.number", need.day: "2026-09-26", '
    'need.from: "09:00", need.until: "11:00", need.cut: "=0", need.help: "=1", need.where: 家里, '
    'applicant.name: "=person.name", applicant.phone: "=booking.phone"}'
)


@pytest.fixture
def door(hall):
    files = files_of()
    text = files["bpmn/zhiyuan/matter.yaml"].decode()
    text = text.replace("offers:\n", "offers:" + DOOR.replace("ANSWERS", ANSWERS), 1)
    files["bpmn/zhiyuan/matter.yaml"] = text.encode()
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("zhiyuan", files), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        query = select(Slot.id).join(Resource).where(Resource.offer == "zhiyuan.care", Slot.starts_at == AT)
        hall.slot = work.session.scalars(query).one()
    return hall


def taken(hall, who, **more):
    return hall.do(booking.take_place, hall.slot, by=who, now=NOW, **more)


def places(hall, made):
    with hall.database.reading() as work:
        query = select(BookingPlace).where(BookingPlace.appointment_id == made.id).order_by(BookingPlace.id)
        return work.session.scalars(query).all()


def state(hall, made):
    with hall.database.reading() as work:
        return work.session.get(Appointment, made.id).state


def rows(hall, model):
    with hall.database.reading() as work:
        return work.session.scalars(select(model)).all()


def test_code_number_or_name_and_hours_without_the_way(door):
    one, two, three = (taken(door, door.residents[n]) for n in range(3))
    door.do(booking.arrive, door.slot, one.code, by=door.clerk, now=AT)
    door.do(booking.arrive, door.slot, two.number.lower(), by=door.clerk, now=AT)
    door.do(booking.arrive, door.slot, "居民3", by=door.clerk, now=AT)
    assert [state(door, made) for made in (one, two, three)] == ["checked_in"] * 3
    with pytest.raises(NotFound):
        door.do(booking.arrive, door.slot, "没有这个人", by=door.clerk, now=AT)
    with pytest.raises(NotYours):
        door.do(booking.arrive, door.slot, one.code, by=door.stranger, now=AT)
    [place] = places(door, one)
    with pytest.raises(Invalid) as refused:
        door.do(booking.check_out, place.id, by=door.clerk, now=AT + timedelta(minutes=80))
    assert refused.value.fields[0].field == "fetched_by"
    left = door.do(booking.check_out, place.id, fetched_by="女儿", by=door.clerk, now=AT + timedelta(minutes=80))
    assert (left.fetched_by, state(door, one)) == ("女儿", "served")
    assert attended.minutes(left.checked_in_at, left.checked_out_at) == 80
    with pytest.raises(AlreadyDone):
        door.do(booking.check_out, place.id, fetched_by="女儿", by=door.clerk, now=AT + timedelta(minutes=81))


def test_of_a_team_each_comes_by_themselves(door):
    members = [("居民1", "13800000001", ""), ("居民2", "13800000002", "")]
    made = taken(door, door.residents[0], team="队", members=members)
    door.do(booking.arrive, door.slot, "居民2", by=door.clerk, now=AT)
    assert [p.checked_in_at is not None for p in places(door, made)] == [False, True]


def test_nobody_came_the_place_is_free_and_one_case_is_opened_once(door):
    made = [taken(door, door.residents[n]) for n in range(4)]
    door.do(booking.wait, resource_id=made[0].resource_id, day=AT.date(), by=door.residents[5], now=NOW)
    door.do(booking.arrive, door.slot, made[1].code, by=door.clerk, now=AT)
    door.do(booking.cancel, made[2].id, version=made[2].version, by=door.clerk, now=AT)
    door.do(booking.arrive, door.slot, made[3].code, by=door.clerk, now=AT)
    before = len(rows(door, Case))
    door.work_off(AT + timedelta(minutes=31))
    assert [state(door, one) for one in made] == ["no_show", "checked_in", "cancelled", "checked_in"]
    with door.database.reading() as work:
        assert work.session.get(Slot, door.slot).public_taken == 2
    assert len([n for n in rows(door, Notice) if n.kind == "place-free" and n.channel == "screen"]) == 1
    walked = door.do(
        booking.take_place,
        door.slot,
        person=booking.Person("路过的", "13811112222"),
        channel="counter",
        by=door.clerk,
        now=AT + timedelta(minutes=32),
    )
    assert walked.state == "confirmed"
    door.do(booking.arrive, door.slot, walked.number, by=door.clerk, now=AT + timedelta(minutes=33))
    for _ in range(2):
        door.work_off(AT + timedelta(minutes=81))
        with door.database.unit_of_work() as work:  # a worker that died after its work and before it said so
            for job in work.session.scalars(select(Job).where(Job.kind == "booking-moment", Job.state == "done")):
                job.state, job.run_after = "ready", AT
    missed = [one for one in rows(door, BookingTrouble) if one.what == "missed"]
    assert len(missed) == 1 and missed[0].place_id == places(door, made[0])[0].id
    cases = rows(door, Case)
    assert len(cases) == before + 1 and missed[0].case_id in {case.id for case in cases}
    assert next(c for c in cases if c.id == missed[0].case_id).applicant_name == "居民1"


def test_who_is_still_there_is_said_once_at_each_time(door):
    made = taken(door, door.residents[0])
    gone = taken(door, door.residents[1])
    for one in (made, gone):
        door.do(booking.arrive, door.slot, one.code, by=door.clerk, now=AT)
    door.do(booking.check_out, places(door, gone)[0].id, fetched_by="本人", by=door.clerk, now=AT + timedelta(hours=1))
    for minutes in (106, 107, 130, 131):
        door.work_off(AT + timedelta(minutes=minutes))
    found = sorted(one.what for one in rows(door, BookingTrouble))
    assert found == ["left 12:45", "unsigned"]
    told = [
        n
        for n in rows(door, Notice)
        if (n.kind, n.channel, n.user_id) == ("still-there", "screen", door.residents[0].id)
    ]
    assert len(told) == 2 and state(door, made) == "checked_in"
    assert [n for n in rows(door, Notice) if n.kind == "still-there" and n.user_id == door.clerk.id]


def test_who_booked_for_somebody_hears_that_they_are_still_there(door):
    elder, daughter = door.residents[0], door.middle
    bond = bound(door, elder, daughter)
    made = taken(door, door.actor(daughter.id), bond_id=bond)
    door.do(booking.arrive, door.slot, made.code, by=door.clerk, now=AT)
    for minutes in (106, 107):
        door.work_off(AT + timedelta(minutes=minutes))
    told = [n.user_id for n in rows(door, Notice) if n.kind == "still-there" and n.channel == "sms"]
    assert sorted(told) == sorted([elder.id, daughter.id])


def test_what_was_moved_is_looked_at_at_its_new_time(door):
    made = taken(door, door.residents[0])
    with door.database.reading() as work:
        resource = work.session.get(Appointment, made.id).resource_id
    with door.database.unit_of_work() as work:  # only this one time is left of it
        for slot in work.session.scalars(select(Slot).where(Slot.resource_id == resource, Slot.id != door.slot)):
            slot.closed = True
    door.do(booking.move_offer, resource, AT + timedelta(days=1), reason="停电", by=door.clerk, now=NOW)
    door.work_off(AT + timedelta(minutes=90))
    assert rows(door, BookingTrouble) == [] and state(door, made) == "confirmed"
    door.work_off(AT + timedelta(days=1, minutes=81))
    assert [one.what for one in rows(door, BookingTrouble)] == ["missed"]


def test_a_roll_books_who_can_be_and_names_who_cannot(door):
    known = booking.Listed("居民1", "13800000001")
    listed = [booking.Listed("老人0"), known, known, *(booking.Listed(f"老人{n}") for n in range(1, 4))]
    found = door.do(booking.roll, door.slot, listed, by=door.clerk, now=NOW)
    assert [bool(one.number) for one in found] == [True, True, False, True, True, False]
    assert [one.by_voice for one in found] == [True, False, False, True, True, False]
    assert "已经" in found[2].why and "满" in found[5].why
    made = [one for one in rows(door, Appointment) if one.by_voice == "wanted"]
    assert len(made) == 3
    door.do(booking.told, made[0].id, by=door.clerk, now=NOW)
    assert [one.by_voice for one in rows(door, Appointment)].count("told") == 1
    with pytest.raises(Invalid):
        door.do(booking.roll, door.slot, [], by=door.clerk, now=NOW)


def test_free_until_is_how_late_one_may_give_back_oneself(door):
    made = taken(door, door.residents[0])
    with pytest.raises(NotNow):
        door.do(booking.cancel, made.id, version=made.version, by=door.residents[0], now=AT - timedelta(minutes=59))
    door.do(booking.cancel, made.id, version=made.version, by=door.residents[0], now=AT - timedelta(minutes=61))
    assert state(door, made) == "cancelled" and date(2026, 9, 19) == AT.date()


def test_hours_are_entered_into_the_register_that_the_declaration_names(door):
    files = files_of()
    text = files["bpmn/zhiyuan/matter.yaml"].decode()
    care = DOOR.replace("ANSWERS", ANSWERS).replace(
        "hours: true", 'hours: {register: served, with: {minutes: "=attended.minutes", day: "=attended.day"}}'
    )
    register = (
        "registers:\n  served:\n    title: 服务时长\n    title_en: Hours\n    about: person\n    fields:\n"
        "      minutes: {title: 分钟, title_en: Minutes, type: number}\n"
        "      day: {title: 哪天, title_en: Day, type: date}\n"
        "    readers: [window]\n    writers: [window]\n"
    )
    text = text.replace("offers:\n", register + "offers:" + care, 1)
    files["bpmn/zhiyuan/matter.yaml"] = text.encode()
    with door.database.unit_of_work() as work:
        library.publish(work, matters.package.read("zhiyuan", files), by=SYSTEM, now=NOW)
    made = taken(door, door.residents[0])
    door.do(booking.arrive, door.slot, made.code, by=door.clerk, now=AT)
    [place] = places(door, made)
    door.do(booking.check_out, place.id, fetched_by="本人", by=door.clerk, now=AT + timedelta(minutes=95))
    [entry] = [one for one in rows(door, RegisterEntry) if one.register == "zhiyuan.served"]
    assert entry.facts == {"minutes": 95, "day": "2026-09-19"} and entry.user_id == door.residents[0].id
    with door.database.reading() as work:
        assert [one.name for one in registers.people(work, door.clerk, "zhiyuan.served", now=AT)] == ["居民1"]
        found = attending.hours(work, door.residents[0])
    assert [str(n) for _year, n in found.years] == ["1.5"] and len(found.lines) == 1


def test_hours_are_shown_where_the_matter_that_proves_them_is_not_offered(door):
    for name, offered in (("bangbang", []), ("fuwujilu", ["fuwujilu"])):
        with door.database.unit_of_work() as work:
            package = matters.package.read(name, matters.read_files(ROOT, name))
            library.publish(work, package, by=SYSTEM, now=AT)
        with door.database.reading() as work:
            assert [one for one, _zh, _en in attending.proofs(work)] == offered


def test_a_door_that_is_held_says_why_and_lets_those_inside_go(door):
    inside, outside = taken(door, door.residents[0]), taken(door, door.residents[1])
    door.do(booking.arrive, door.slot, inside.code, by=door.clerk, now=AT)

    def hold(says):
        def put(work):
            work.session.get_one(Slot, door.slot).held = says or None

        door.do(put)

    hold("看护员不够")
    with pytest.raises(NotNow, match="Nobody else is let in") as refused:
        door.do(booking.arrive, door.slot, outside.code, by=door.clerk, now=AT)
    assert "看护员不够" in refused.value.zh
    with door.database.reading() as work:
        assert attending.door(work, door.clerk, door.slot, now=NOW).held == "看护员不够"
    door.do(booking.depart, door.slot, "居民1", fetched_by="本人", by=door.clerk, now=AT + timedelta(minutes=30))
    hold("")
    door.do(booking.arrive, door.slot, outside.code, by=door.clerk, now=AT + timedelta(minutes=31))
    assert state(door, outside) == "checked_in"
