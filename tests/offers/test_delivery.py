"""送上门: a meal is brought to the door by whoever has the round of that day and signed in for it. It is handed over in
person; where nobody opens somebody looks after them at once. Who brings it reads their own round, on that day alone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking, register_rows
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, NotYours
from engine.people import SYSTEM
from engine.reads import attending, knowing, offers, own_data, rounds, statements
from engine.records import audit, library
from engine.store.models import (
    Appointment,
    BookingPlace,
    BookingTrouble,
    Case,
    Event,
    Notice,
    Resource,
    Slot,
    Task,
    User,
)
from tests.cast import ROOT
from tests.costs.counting import counting
from tests.offers.conftest import NOW
from tests.offers.test_for_others import bound

DAY = datetime(2026, 9, 19, 3, 0, tzinfo=UTC)  # Saturday 11:00 in the hall
OUT = DAY - timedelta(minutes=20)  # 10:40: the boxes are ready
MOTHER = "350526194103018908"


@pytest.fixture
def canteen(hall):
    """居民1 and 居民2 live on the town round, 居民3 on another; 居民7 is a volunteer, 居民8 a neighbour."""
    with hall.database.unit_of_work() as work:
        for name in ("shitang", "wenhou"):
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        hall.registers = library.declared(work, "registers")
        for n, door, route in (
            (0, "富东社区二栋", "chengqu"),
            (1, "富东社区一栋", "chengqu"),
            (2, "浔中街", "xunzhong"),
        ):
            eats(hall, work, person(work, hall.residents[n]), door=door, route=route)
        eats(hall, work, person(work, hall.residents[3]))
        enter(hall, work, "volunteer", person(work, hall.residents[6]), {})
        enter(hall, work, "shitang.carrier", person(work, hall.residents[7]), {"route": "xunzhong"})
        query = select(Slot.id, Resource.offer).join(Resource)
        ours = Resource.offer.in_(["shitang.lunch", "shitang.round"])
        at = Slot.starts_at.in_([DAY, DAY - timedelta(minutes=30)])
        hall.slots = {offer.partition(".")[2]: id_ for id_, offer in work.session.execute(query.where(ours, at))}
    return hall


def person(work, resident):
    return knowing.of_user(work.session.get_one(User, resident.id))


def enter(hall, work, register, whom, values):
    one = hall.registers[register][0]
    register_rows.put(work, one, values, whom=whom, unit_id=hall.centre.id, by=SYSTEM, now=NOW)


def eats(hall, work, whom, **more):
    enter(hall, work, "shitang.diner", whom, {"category": "none", "avoid": ["peanut"], "diet": "少盐"} | more)


def order(hall, n, *, delivered=True, **more):
    answers = {"delivered": True} if delivered else {}
    by = more.pop("by", hall.residents[n])
    return hall.do(booking.take_place, hall.slots["lunch"], answers=answers, by=by, now=NOW, **more)


def out(hall, n=6, role="chengqu"):
    """They have the round, and are signed in at the canteen."""
    made = hall.do(booking.take_place, hall.slots["round"], role=role, by=hall.residents[n], now=NOW)
    hall.do(booking.arrive, hall.slots["round"], made.number, by=hall.clerk, now=OUT)
    return hall.residents[n]


def place(hall, made):
    with hall.database.reading() as work:
        return work.session.scalars(select(BookingPlace).where(BookingPlace.appointment_id == made.id)).one()


def told(hall, kind):
    with hall.database.reading() as work:
        return work.session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id)).all()


def test_before_it_is_ordered_it_says_what_delivery_costs_or_why_there_is_none(canteen):
    with canteen.database.reading() as work:
        there = offers.chance(work, canteen.residents[0], canteen.slots["lunch"], now=NOW)
        assert (there.delivery.cents, there.delivery.reasons) == (100, ())  # born 1950: 76
        not_there = offers.chance(work, canteen.residents[3], canteen.slots["lunch"], now=NOW)
        [why] = not_there.delivery.reasons
        assert not_there.reasons == () and "还没有登记送到哪里" in why.zh and "0595-23500000" in why.zh
    with pytest.raises(NotNow, match="where to and on which round is not on record"):
        order(canteen, 3)
    assert order(canteen, 3, delivered=False).round == ""


def test_what_it_costs_is_a_part_of_its_own_and_the_month_says_how_many_were_delivered(canteen):
    made = order(canteen, 0)
    order(canteen, 1, delivered=False)
    assert (made.round, made.cents, made.answers) == ("chengqu", 1300, {"delivered": True})
    with canteen.database.reading() as work:
        own = offers.own(work, canteen.residents[0], made.id, now=NOW)
        assert [(one.part, one.cents) for one in own.parts] == [("self", 800), ("delivery", 100), ("county", 400)]
        [said] = own_data.everything(work, canteen.residents[0], now=NOW)["bookings"]
        assert said["answers"] == {"送到家里": "是"}
    carrier = out(canteen)
    canteen.do(booking.bring, place(canteen, made).id, "本人", by=carrier, now=DAY)
    with canteen.database.reading() as work:
        [month] = statements.own(work, canteen.residents[0], DAY.date(), DAY.date()).statements
        assert (month.total.delivered, month.total.parts) == (1, {"self": 800, "delivery": 100, "county": 400})
        assert [title for _part, title, _en in month.parts] == ["本人付", "送到家另付", "县里补"]


def test_the_answer_may_be_changed_until_the_cut_off_and_the_price_with_it(canteen):
    made = order(canteen, 0)
    other = canteen.do(booking.answer, made.id, {}, version=made.version, by=canteen.residents[0], now=NOW)
    assert (other.round, other.cents) == ("", 1200)
    late = datetime(2026, 9, 18, 8, 1, tzinfo=UTC)  # 16:01 the day before
    with pytest.raises(NotNow, match="closed"):
        canteen.do(
            booking.answer, made.id, {"delivered": True}, version=other.version, by=canteen.residents[0], now=late
        )


def test_a_standing_order_is_brought_each_day(canteen):
    days = {"weekdays": (6, 1), "until_on": datetime(2026, 9, 26).date(), "by": canteen.residents[0], "now": NOW}
    canteen.do(booking.order, canteen.slots["lunch"], answers={"delivered": True}, **days)
    with canteen.database.reading() as work:
        booked = work.session.scalars(select(Appointment).where(Appointment.state == "confirmed")).all()
        assert {one.round for one in booked} == {"chengqu"} and len(booked) == 3


def test_it_is_handed_over_in_person_and_who_took_it_is_on_record(canteen):
    made = order(canteen, 0)
    carrier, one = out(canteen), place(canteen, made)
    with pytest.raises(Invalid) as refused:
        canteen.do(booking.bring, one.id, " ", by=carrier, now=DAY)
    assert "放在门口不算送到" in refused.value.fields[0].zh
    canteen.do(booking.bring, one.id, "女儿", by=carrier, now=DAY + timedelta(minutes=9))
    with pytest.raises(AlreadyDone):
        canteen.do(booking.bring, one.id, "本人", by=carrier, now=DAY + timedelta(minutes=10))
    with pytest.raises(AlreadyDone):
        canteen.do(booking.nobody, one.id, by=carrier, now=DAY + timedelta(minutes=10))
    after = place(canteen, made)
    assert (after.handed_to, after.came_how, after.came_by_id) == ("女儿", "brought", carrier.id)
    with canteen.database.reading() as work:
        assert work.session.get_one(Appointment, made.id).state == "checked_in"
        [line] = work.session.scalars(
            select(Event).where(Event.kind == audit.Kind.PLACE_CHECKED_IN, Event.by_id == carrier.id)
        )
        assert line.facts["how"] == "brought"
    canteen.work_off(DAY + timedelta(hours=3))
    with canteen.database.reading() as work:  # nobody telephones whoever has eaten
        assert work.session.scalars(select(Case).where(Case.matter == "wenhou")).all() == []


def test_nobody_opens_and_somebody_looks_after_them_at_once(canteen):
    mother = knowing.Person("苏玉兰", None, MOTHER)
    with canteen.database.unit_of_work() as work:
        eats(canteen, work, mother, door="富东社区三栋", route="chengqu")
    daughter = canteen.residents[5]
    bond = bound(canteen, mother, daughter)
    made = order(canteen, 5, by=canteen.actor(daughter.id), bond_id=bond)
    carrier, one = out(canteen), place(canteen, made)
    at = DAY + timedelta(minutes=20)
    canteen.do(booking.nobody, one.id, "灯亮着，没有人应", by=carrier, now=at)
    canteen.work_off(at)
    with canteen.database.reading() as work:
        [case] = work.session.scalars(select(Case).where(Case.matter == "wenhou"))
        assert case.answers["meal"]["words"] == "送到家没有人开门。灯亮着，没有人应"
        assert case.answers["applicant"]["name"] == "苏玉兰"
        [task] = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "open"))
        assert (task.element, task.due_at) == ("ask_call", at + timedelta(minutes=30))
    notices = told(canteen, "nobody-opened")
    screens = {n.user_id for n in notices if n.channel == "screen" and n.user_id}
    assert screens == {daughter.id, canteen.clerk.id}
    assert [n.address for n in notices if n.channel == "sms"] == ["13800000006"]
    with pytest.raises(AlreadyDone):
        canteen.do(booking.nobody, one.id, by=carrier, now=at)
    canteen.work_off(DAY + timedelta(hours=3))  # at one o'clock nobody opens a second case for them
    with canteen.database.reading() as work:
        assert len(work.session.scalars(select(Case).where(Case.matter == "wenhou")).all()) == 1
        said = select(BookingTrouble.what).where(BookingTrouble.place_id == one.id)
        assert work.session.scalars(said).all() == ["nobody"]


def test_who_comes_home_later_is_brought_it_and_the_canteen_is_told(canteen):
    made = order(canteen, 0)
    carrier, one = out(canteen), place(canteen, made)
    canteen.do(booking.nobody, one.id, by=carrier, now=DAY + timedelta(minutes=10))
    canteen.do(booking.bring, one.id, "本人", by=carrier, now=DAY + timedelta(minutes=50))
    assert "后来送到了" in told(canteen, "nobody-opened")[-1].text


def test_what_nobody_said_anything_of_is_asked_after_at_one(canteen):
    order(canteen, 0)
    out(canteen)
    canteen.work_off(DAY + timedelta(hours=2))
    with canteen.database.reading() as work:
        [case] = work.session.scalars(select(Case).where(Case.matter == "wenhou"))
        assert "words" not in case.answers["meal"]


def test_who_brings_it_reads_their_own_round_on_that_day_alone(canteen):
    for n in (0, 1, 2):
        order(canteen, n)
    volunteer = canteen.residents[6]
    made = canteen.do(booking.take_place, canteen.slots["round"], role="chengqu", by=volunteer, now=NOW)

    def reads(now, slot="round", who=volunteer):
        with canteen.database.reading() as work:
            return rounds.own(work, who, canteen.slots[slot], now=now)

    before = reads(NOW)  # the day before, and not signed in: how many, and nobody's door
    assert (before.title, before.count, before.open, before.parcels) == ("城区线", 2, False, ())
    canteen.do(booking.arrive, canteen.slots["round"], made.number, by=canteen.clerk, now=OUT)
    there = reads(OUT)
    assert [(one.name, one.door, one.phone) for one in there.parcels] == [
        ("居民2", "富东社区一栋", "13800000002"),
        ("居民1", "富东社区二栋", "13800000001"),
    ]
    assert "peanut" not in repr(there) and "花生" not in repr(there) and "少盐" not in repr(there)
    with pytest.raises(NotFound):
        reads(OUT, who=canteen.residents[7])  # has no round that day
    assert reads_not(canteen, OUT + timedelta(days=1))
    back = DAY + timedelta(hours=1)
    canteen.do(booking.depart, canteen.slots["round"], made.number, by=canteen.clerk, now=back)
    assert reads(back).parcels == () and reads(back).gone


def reads_not(hall, now):
    """On another day it is no round of theirs any more."""
    with hall.database.reading() as work:
        return rounds.mine(work, hall.residents[6], now=now) == []


def test_nobody_else_hands_it_over_or_says_that_nobody_opened(canteen):
    made = order(canteen, 0)
    one = place(canteen, made)
    neighbour = out(canteen, 7, "xunzhong")
    volunteer = canteen.residents[6]
    canteen.do(booking.take_place, canteen.slots["round"], role="chengqu", by=volunteer, now=NOW)
    for by in (neighbour, volunteer, canteen.residents[0], canteen.residents[9], canteen.villager, canteen.stranger):
        for act in (booking.bring, booking.nobody):  # another round; not signed in; themselves; anybody
            with pytest.raises((NotYours, NotFound)):
                canteen.do(act, one.id, "本人", by=by, now=DAY)
    canteen.do(booking.bring, one.id, "本人", by=canteen.clerk, now=DAY)  # the canteen brings it itself


def test_who_is_neither_volunteer_nor_neighbour_has_no_round(canteen):
    with pytest.raises(NotNow, match="register as a volunteer"):
        canteen.do(booking.take_place, canteen.slots["round"], role="chengqu", by=canteen.residents[9], now=NOW)


def test_what_is_fetched_at_the_counter_is_not_brought(canteen):
    made = order(canteen, 0, delivered=False)
    carrier = out(canteen)
    with pytest.raises(NotFound):
        canteen.do(booking.bring, place(canteen, made).id, "本人", by=carrier, now=DAY)


def test_the_kitchens_list_is_by_round_and_says_which_nobody_brings(canteen):
    for n in (0, 1, 2):
        order(canteen, n)
    out(canteen)
    with canteen.database.reading() as work:
        found = rounds.kitchen(work, canteen.clerk, canteen.slots["lunch"], now=OUT)
        listed = [(one.title, [p.name for p in one.parcels], [c.name for c in one.carriers]) for one in found.rounds]
        assert listed == [
            ("城区线", ["居民2", "居民1"], ["居民7"]),
            ("浔中线", ["居民3"], []),
            ("龙门滩线", [], []),
        ]
        assert [one.title for one in found.untaken] == ["浔中线"]
        with pytest.raises(NotFound):
            rounds.kitchen(work, canteen.villager, canteen.slots["lunch"], now=OUT)
        with pytest.raises(NotFound):
            rounds.kitchen(work, canteen.clerk, canteen.slots["round"], now=OUT)


def test_the_list_of_many_costs_what_that_of_one_does(canteen):
    order(canteen, 0)
    found = []
    for more in ((), (1, 2)):
        for n in more:
            order(canteen, n)
        with canteen.database.reading() as work, counting(canteen.database) as cost:
            rounds.kitchen(work, canteen.clerk, canteen.slots["lunch"], now=OUT)
        found.append(len(cost))
    assert found[0] == found[1], cost


def test_the_canteens_door_signs_it_in_as_well(canteen):
    """The family fetches it after all."""
    made = order(canteen, 0)
    canteen.do(booking.arrive, canteen.slots["lunch"], made.number, by=canteen.clerk, now=DAY)
    with canteen.database.reading() as work:
        assert attending.door(work, canteen.clerk, canteen.slots["lunch"], now=DAY).came == 1
        [one] = rounds.kitchen(work, canteen.clerk, canteen.slots["lunch"], now=DAY).rounds[0].parcels
        assert (one.at, one.to) == (DAY, "")


def test_who_telephones_and_has_no_account_is_as_old_as_the_canteen_has_on_record(canteen):
    """Before, nobody's age was known at the desk: an elder of eighty-five paid the full price there."""
    su = knowing.Person("苏玉兰", "13955558890", MOTHER)
    with canteen.database.unit_of_work() as work:
        eats(canteen, work, su, door="富东社区三栋", route="chengqu")
    who = {"person": booking.Person("苏玉兰", "13955558890"), "channel": "counter", "by": canteen.clerk}
    made = order(canteen, 0, **who)
    assert (made.price, made.cents, made.round) == ({"pays": 6, "county": 6}, 1300, "chengqu")
    stranger = {**who, "person": booking.Person("石阿公", "13955558890")}
    with pytest.raises(NotNow, match="register for meals"):
        order(canteen, 0, **stranger)
