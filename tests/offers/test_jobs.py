"""A village's need: two roles, persons and teams, the case that opened it, the unit that moves or calls it off."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine.commands import booking
from engine.errors import NotFound, NotNow, NotYours
from engine.reads import attending, bookings, offers
from engine.records import audit
from engine.store.models import (
    Appointment,
    BookingPlace,
    Case,
    Event,
    Notice,
    RegisterEntry,
    Resource,
    Slot,
    Subscription,
)
from tests.offers.conftest import NOW, enter_records, left, stage


def take(hall, slot, who, role, now=NOW, **more):
    return hall.do(booking.take_place, slot, role=role, by=hall.residents[who], now=now, **more)


def waits_for(hall, case):
    with hall.database.reading() as work:
        return sorted(work.session.scalars(select(Subscription.name).where(Subscription.case_id == case)))


def test_a_booking_is_a_row_and_opens_no_case(hall):
    need = hall.asked()
    before = hall.do(lambda work: work.session.query(Case).count())
    made = take(hall, need.slot, 1, "cut")
    with hall.database.reading() as work:
        row = work.session.get(Appointment, made.id)
        assert (row.state, row.case_id, row.matter, row.places) == ("confirmed", None, "", 1)
        place = work.session.scalars(select(BookingPlace)).one()
        assert (place.role, place.user_id, place.live) == ("cut", hall.residents[1].id, True)
        assert work.session.query(Case).count() == before
        assert work.session.query(Event).filter(Event.kind == audit.Kind.APPOINTMENT_CONFIRMED.value).count() == 1
    assert left(hall.database, need.slot) == (1, {"cut": 1, "help": 0})


def test_a_role_that_is_full_says_what_is_left_and_takes_nothing(hall):
    need = hall.asked()
    take(hall, need.slot, 1, "cut")
    take(hall, need.slot, 2, "cut")
    with pytest.raises(NotNow) as refused:
        take(hall, need.slot, 3, "cut")
    assert refused.value.facts["full"] is True and "帮手 3 个" in refused.value.zh
    assert left(hall.database, need.slot) == (2, {"cut": 2, "help": 0})


def test_nobody_has_two_places_in_one_time(hall):
    need = hall.asked()
    take(hall, need.slot, 1, "cut")
    with pytest.raises(NotNow, match="a place there already"):
        take(hall, need.slot, 1, "help")
    assert left(hall.database, need.slot) == (1, {"cut": 1, "help": 0})


def test_nobody_gives_hours_in_two_places_at_one_time_until_they_have_left_the_first(hall):
    first, same, after = hall.asked(), hall.asked(), hall.asked(**{"from": "11:00", "until": "12:00"})
    take(hall, first.slot, 1, "help")
    with pytest.raises(NotNow, match="Give that one back first") as refused:
        take(hall, same.slot, 1, "help")
    assert "同一时间已经报了" in refused.value.zh and "09:00到11:00" in refused.value.zh
    assert left(hall.database, same.slot) == (0, {"cut": 0, "help": 0})
    take(hall, after.slot, 1, "help")  # it begins when the first ends
    take(hall, same.slot, 2, "help")


def test_of_a_day_eight_hours_count_of_all_places_together(hall):
    """Five hours in the morning and five in the afternoon: of these three count, on the page and in the register."""
    for begins, until, since in (("08:00", "13:00", 0), ("13:00", "18:00", 5)):
        need = hall.asked(**{"from": begins, "until": until})
        made = take(hall, need.slot, 0, "help")
        came = datetime(2026, 9, 26, since, tzinfo=UTC)
        hall.do(booking.arrive, need.slot, made.code, by=hall.villager, now=came)
        hall.do(booking.depart, need.slot, made.code, by=hall.villager, now=came + timedelta(hours=5))
    with hall.database.reading() as work:
        found = attending.hours(work, hall.residents[0])
        [entry] = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "service_record"))
    assert [(year, str(n)) for year, n in found.years] == [(2026, "8.0")]
    assert [(str(one.hours), one.cut) for one in found.lines] == [("3.0", True), ("5.0", False)]
    assert entry.facts["minutes"] == 480 and [one["minutes"] for one in entry.facts["services"]] == [300, 180]


@pytest.mark.parametrize("role", ["", "dentist"])
def test_a_role_there_is_not_is_refused_with_those_there_are(hall, role):
    need = hall.asked()
    with pytest.raises(NotNow) as refused:
        take(hall, need.slot, 1, role)
    assert "理发、帮手" in refused.value.zh


def test_a_child_is_told_why_not(hall):
    need = hall.asked()
    with pytest.raises(NotNow) as refused:
        hall.do(booking.take_place, need.slot, role="help", by=hall.young, now=NOW)
    assert "满 18 周岁" in refused.value.zh
    with hall.database.reading() as work:
        seen = offers.chance(work, hall.young, need.slot, now=NOW)
    assert ["要求：满 18 周岁" in one.zh for one in seen.reasons] == [True]


def test_a_team_takes_all_its_places_or_none(hall):
    need = hall.asked()
    team = [("居民2", "13800000002", "cut"), ("阿土", "13900000000", "cut"), ("阿水", "", "help")]
    made = hall.do(booking.take_place, need.slot, team="青年队", members=team, by=hall.residents[1], now=NOW)
    assert made.places == 3 and left(hall.database, need.slot) == (3, {"cut": 2, "help": 1})
    many = [(f"队员{n}", "", "help") for n in range(3)]
    with pytest.raises(NotNow) as refused:
        hall.do(booking.take_place, need.slot, team="太多", members=many, by=hall.residents[2], now=NOW)
    assert refused.value.facts["full"] is True
    assert left(hall.database, need.slot) == (3, {"cut": 2, "help": 1})
    hall.do(booking.cancel, made.id, version=made.version, by=hall.residents[1], now=NOW)
    assert left(hall.database, need.slot) == (0, {"cut": 0, "help": 0})


def test_a_member_whom_the_hall_knows_counts_once(hall):
    need = hall.asked()
    take(hall, need.slot, 2, "help")
    with pytest.raises(NotNow, match="居民3 has a place"):
        team = [("居民2", "13800000002", "cut"), ("居民3", "13800000003", "help")]
        hall.do(booking.take_place, need.slot, team="队", members=team, by=hall.residents[1], now=NOW)


def test_the_case_hears_that_it_is_full_that_somebody_left_and_that_it_is_over(hall):
    need = hall.asked()
    made = [take(hall, need.slot, n, "cut" if n < 2 else "help") for n in range(5)]
    hall.work_off(NOW)
    assert waits_for(hall, need.case) == ["need-left", "need-over"]
    hall.do(booking.cancel, made[4].id, version=made[4].version, by=hall.residents[4], now=NOW)
    hall.work_off(NOW)
    assert waits_for(hall, need.case) == ["need-covered", "need-over", "need-waiting"]
    take(hall, need.slot, 6, "help")
    hall.work_off(NOW)
    assert waits_for(hall, need.case) == ["need-left", "need-over"]
    # Who has not come after half an hour has lost the place: the one who came is what the village was given.
    hall.do(booking.arrive, need.slot, made[0].code, by=hall.villager, now=need.starts_at)
    hall.do(booking.depart, need.slot, made[0].code, by=hall.villager, now=need.starts_at + timedelta(minutes=90))
    over = need.starts_at + timedelta(hours=3)
    hall.work_off(over)
    assert stage(hall.database, need.case) == ("running", "")
    enter_records(hall, need.case, now=over)
    assert stage(hall.database, need.case) == ("finished", "done")
    with hall.database.reading() as work:
        ended = set(work.session.scalars(select(Appointment.state)))
    assert ended == {"served", "no_show", "cancelled"}


def test_moving_takes_every_booking_along_and_tells_everybody_once(hall):
    need = hall.asked()
    made = take(hall, need.slot, 1, "cut")
    later = need.starts_at + timedelta(days=1)
    told = hall.do(booking.move_offer, need.resource, later, reason="下雨", by=hall.villager, now=NOW)
    assert told == 1
    with hall.database.reading() as work:
        row = work.session.get(Appointment, made.id)
        assert (row.starts_at, row.state, row.by_hall) == (later, "confirmed", True)
        slot = work.session.get(Slot, need.slot)
        assert (slot.starts_at, slot.ends_at) == (later, later + timedelta(hours=2))
        texts = work.session.scalars(
            select(Notice.text).where(Notice.kind.in_(["offer-moved"]), Notice.channel == "sms")
        ).all()
        assert len(texts) == 1 and "下雨" in texts[0]
        reminders = work.session.scalars(
            select(Notice.state).where(Notice.kind == "offer-reminder", Notice.channel == "sms")
        ).all()
        assert sorted(set(reminders)) == ["cancelled", "waiting"]
    hall.work_off(need.starts_at + timedelta(hours=3))  # the old end is no end any more
    assert stage(hall.database, need.case)[0] == "running"


def test_sessions_move_with_their_event_and_who_has_two_is_told_once(hall):
    need = hall.asked()
    with hall.database.unit_of_work() as work:
        parent = work.session.get(Resource, need.resource)
        what = offers.of(work, parent.offer)
        from engine.commands import offer_rows

        child, _slot = offer_rows.open_(
            work,
            what,
            offer_rows.Opening(
                name="下午场",
                starts_at=need.starts_at + timedelta(hours=5),
                ends_at=need.starts_at + timedelta(hours=7),
                unit_id=parent.unit_id,
                places=4,
                parent_id=parent.id,
            ),
            case=None,
            by=hall.villager,
            now=NOW,
        )
        slot = work.session.scalars(select(Slot).where(Slot.resource_id == child.id)).one().id
    take(hall, need.slot, 1, "cut")
    take(hall, slot, 1, "")
    take(hall, slot, 2, "")
    told = hall.do(
        booking.move_offer, need.resource, need.starts_at + timedelta(days=2), reason="改天", by=hall.villager, now=NOW
    )
    assert told == 2
    with hall.database.reading() as work:
        assert work.session.get(Slot, slot).starts_at == need.starts_at + timedelta(days=2, hours=5)
    assert hall.do(booking.close_offer, need.resource, reason="不办了", by=hall.villager, now=NOW) == 2
    assert left(hall.database, slot)[0] == 0


def test_only_the_units_own_staff_and_those_above_it_act(hall):
    need = hall.asked()
    with pytest.raises(NotYours):
        hall.do(booking.close_offer, need.resource, reason="x", by=hall.stranger, now=NOW)
    with pytest.raises(NotYours):
        hall.do(booking.move_offer, need.resource, NOW + timedelta(days=9), reason="x", by=hall.residents[1], now=NOW)
    with hall.database.reading() as work:
        sunday = NOW.date() + timedelta(days=10)
        assert [h.one.number for h in offers.board(work, hall.villager, NOW.date(), sunday, now=NOW)] == [need.number]
        assert offers.board(work, hall.stranger, NOW.date(), sunday, now=NOW) == []


def test_closing_gives_everything_back_and_can_be_done_once(hall):
    need = hall.asked()
    made = take(hall, need.slot, 1, "cut")
    assert hall.do(booking.close_offer, need.resource, reason="不办了", by=hall.villager, now=NOW) == 1
    assert left(hall.database, need.slot) == (0, {"cut": 0, "help": 0})
    with hall.database.reading() as work:
        row = work.session.get(Appointment, made.id)
        assert (row.state, row.by_hall) == ("cancelled", True)
    with pytest.raises(NotNow):
        hall.do(booking.close_offer, need.resource, reason="再来", by=hall.villager, now=NOW)
    with pytest.raises(NotFound):
        take(hall, need.slot, 2, "cut")


def test_a_case_that_is_withdrawn_closes_what_it_opened(hall):
    from engine.commands import cases

    need = hall.asked()
    take(hall, need.slot, 1, "cut")
    with hall.database.unit_of_work() as work:
        cases.withdraw(work, need.case, "不需要了", by=hall.residents[0], now=NOW)
    with hall.database.reading() as work:
        assert work.session.get(Resource, need.resource).active is False
        assert set(work.session.scalars(select(Appointment.state))) == {"cancelled"}


def test_somebody_at_the_desk_is_booked_by_the_unit(hall):
    need = hall.asked()
    person = booking.Person("阿婆", "13700000001")
    made = hall.do(
        booking.take_place, need.slot, role="help", person=person, channel="counter", by=hall.villager, now=NOW
    )
    assert made.booked_by_id == hall.villager.id and made.user_id is None
    with pytest.raises(NotYours):
        hall.do(booking.take_place, need.slot, role="help", person=person, channel="counter", by=hall.stranger, now=NOW)


def test_the_address_is_for_who_has_a_place(hall):
    need = hall.asked()
    made = take(hall, need.slot, 1, "cut")
    with hall.database.reading() as work:
        assert "东厢" not in str(offers.list_open(work, now=NOW))
        own = offers.own(work, hall.residents[1], made.id, now=NOW)
        assert own.address == "霞碧村祠堂东厢" and own.members == (("居民2", "理发"),)
        assert bookings.mine(work, hall.residents[1], now=NOW)[0].row is True
        with pytest.raises(NotFound):
            bookings.one(work, hall.residents[2], made.id)


def test_seven_days_after_it_where_somebody_lives_is_read_no_more(hall):
    need = hall.asked()
    made = take(hall, need.slot, 1, "cut")
    with hall.database.reading() as work:
        for days, address in ((7, "霞碧村祠堂东厢"), (8, "")):
            own = offers.own(work, hall.residents[1], made.id, now=made.ends_at + timedelta(days=days))
            assert own.address == address


def test_who_waits_in_the_night_is_told_in_the_morning_and_the_hold_runs_from_then(hall):
    need = hall.asked()
    made = [take(hall, need.slot, n, "cut" if n < 2 else "help") for n in range(5)]
    day = need.starts_at.date()
    hall.do(booking.wait, resource_id=need.resource, day=day, role="help", by=hall.residents[7], now=NOW)
    night = NOW.replace(hour=15)  # 23:00 in the hall
    hall.do(booking.cancel, made[4].id, version=made[4].version, by=hall.residents[4], now=night)
    with hall.database.reading() as work:
        offered = work.session.scalars(select(Appointment).where(Appointment.state == "held")).one()
        morning = NOW.replace(hour=0) + timedelta(days=1)
        assert offered.user_id == hall.residents[7].id
        assert offered.hold_until == morning + timedelta(hours=2)
        notice = work.session.scalars(
            select(Notice).where(Notice.kind == "waiting-offered", Notice.channel == "sms")
        ).one()
        assert notice.send_after == morning and "10:00" in notice.text
        version = offered.version
    kept = hall.do(booking.confirm, offered.id, version=version, by=hall.residents[7], now=morning)
    assert kept.state == "confirmed" and left(hall.database, need.slot) == (5, {"cut": 2, "help": 3})


def test_a_place_of_the_other_role_is_not_offered_to_who_waits_for_this_one(hall):
    need = hall.asked()
    made = [take(hall, need.slot, n, "cut" if n < 2 else "help") for n in range(5)]
    hall.do(
        booking.wait,
        resource_id=need.resource,
        day=need.starts_at.date(),
        role="help",
        by=hall.residents[7],
        now=NOW,
    )
    hall.do(booking.cancel, made[0].id, version=made[0].version, by=hall.residents[0], now=NOW)
    with hall.database.reading() as work:
        assert work.session.scalars(select(Appointment).where(Appointment.state == "held")).all() == []
    assert left(hall.database, need.slot) == (4, {"cut": 1, "help": 3})


def test_each_time_somebody_served_is_added_to_what_a_paper_is_made_from(hall):
    """bpmn/fuwujilu issues it: minutes from check-in to check-out, without the way there and back."""
    for day, until in (("2026-09-26", 90), ("2026-09-27", 100)):
        need = hall.asked(day=day)
        made = take(hall, need.slot, 1, "cut")
        for act, minutes in ((booking.arrive, 0), (booking.depart, until)):
            hall.do(act, need.slot, made.code, by=hall.villager, now=need.starts_at + timedelta(minutes=minutes))
    with hall.database.reading() as work:
        [entry] = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register.endswith("service_record")))
        facts = dict(entry.facts)
    assert facts["minutes"] == 190 and [one["minutes"] for one in facts["services"]] == [90, 100]
