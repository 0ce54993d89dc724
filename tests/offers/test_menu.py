"""The canteen's menu: a dish of the day is chosen, what somebody may not have cannot be ordered for them and nobody is
told why; the kitchen counts by dish; a dish is called back from all who have it, in one step."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking, register_rows
from engine.commands.booking import standing as orders
from engine.errors import Invalid, NotNow, NotYours
from engine.people import SYSTEM
from engine.reads import attending, knowing, offers, own_data, standing, statements
from engine.records import audit, library
from engine.store.models import Appointment, BookingPlace, Event, Notice, Resource, Slot, StandingDay, User
from tests.cast import ROOT
from tests.costs.counting import counting
from tests.offers.conftest import NOW
from tests.offers.test_for_others import bound

SATURDAY = datetime(2026, 9, 19, 3, 0, tzinfo=UTC)  # 11:00 in the hall
MONDAY = SATURDAY + timedelta(days=2)
MENU = (
    {"dish": "花生豆腐", "days": ["Saturday"], "contains": ["peanut", "soy"], "usual": True},
    {"dish": "红烧鱼", "days": ["Saturday", "Monday"], "contains": ["fish"]},
    {"dish": "青菜面", "days": ["Saturday"], "contains": ["wheat"]},
    {"dish": "月饼", "only": "2026-09-21", "contains": ["egg", "wheat"]},
)
MOTHER = "350526194103018908"


@pytest.fixture
def kitchen(hall):
    with hall.database.unit_of_work() as work:
        for name in ("shitang", "wenhou"):
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        declared = library.declared(work, "registers")
        hall.diner, dish = declared["shitang.diner"][0], declared["shitang.dish"][0]
        for facts in MENU:
            register_rows.put(work, dish, facts, unit_id=hall.centre.id, by=SYSTEM, now=NOW)
        for n, avoid in ((0, None), (1, ["peanut"]), (2, ["peanut", "fish", "wheat"])):
            whom = knowing.of_user(work.session.get_one(User, hall.residents[n].id))
            eats(work, hall, whom, avoid)
        slots = select(Slot.starts_at, Slot.id).join(Resource).where(Resource.offer == "shitang.lunch")
        hall.slots = {at: id_ for at, id_ in work.session.execute(slots)}
    return hall


def eats(work, hall, whom, avoid):
    values = {"category": "none", "avoid": avoid}
    register_rows.put(work, hall.diner, values, whom=whom, unit_id=hall.centre.id, by=SYSTEM, now=NOW)


def order(hall, n, dish=None, at=SATURDAY, **more):
    answers = {"dish": dish} if dish else {}
    return hall.do(booking.take_place, hall.slots[at], answers=answers, by=hall.residents[n], now=NOW, **more)


def there(hall, n=0, at=SATURDAY):
    with hall.database.reading() as work:
        return offers.chance(work, hall.residents[n], hall.slots[at], now=NOW).choices


def test_the_dishes_of_the_day_are_offered_and_what_does_not_fit_is_marked(kitchen):
    assert [(one.label, one.fits) for one in there(kitchen)] == [("花生豆腐", True), ("红烧鱼", True), ("青菜面", True)]
    assert [(one.label, one.fits) for one in there(kitchen, 1)][0] == ("花生豆腐", False)
    assert [one.label for one in there(kitchen, at=MONDAY)] == ["红烧鱼", "月饼"]


def test_the_dish_is_kept_with_the_meal_and_its_price_is_the_same(kitchen):
    made = order(kitchen, 0, "红烧鱼")
    assert (made.chosen, made.answers, made.price) == ("红烧鱼", {"dish": "红烧鱼"}, {"pays": 8, "county": 4})
    with kitchen.database.reading() as work:
        own = offers.own(work, kitchen.residents[0], made.id, now=NOW)
        assert [(line.label, line.text) for line in own.answers if line.text] == [("吃什么", "红烧鱼")]
        [said] = own_data.everything(work, kitchen.residents[0], now=NOW)["bookings"]
        assert said["answers"] == {"吃什么": "红烧鱼"}


def test_who_chooses_nothing_has_the_usual_dish_or_the_first_that_fits(kitchen):
    assert order(kitchen, 0).chosen == "花生豆腐"
    assert order(kitchen, 1).chosen == "红烧鱼"


def test_a_dish_with_what_they_may_not_have_is_refused_in_neutral_words_with_what_they_can_have(kitchen):
    with pytest.raises(NotNow) as refused:
        order(kitchen, 1, "花生豆腐")
    assert refused.value.zh == "“花生豆腐”不能给这一位订。可以订：红烧鱼、青菜面。"
    assert refused.value.en == '"花生豆腐" cannot be had for this person. There is: 红烧鱼, 青菜面.'
    with pytest.raises(NotNow) as refused:
        order(kitchen, 2)
    assert refused.value.zh.endswith("没有可以给这一位订的。请打 0595-23500000 商量。")


def test_a_dish_of_another_day_is_refused_with_what_there_is(kitchen):
    with pytest.raises(NotNow) as refused:
        order(kitchen, 0, "月饼")
    assert "没有“月饼”。可以订：花生豆腐、红烧鱼、青菜面。" in refused.value.zh
    with pytest.raises(Invalid):
        order(kitchen, 0, "龙虾")  # no dish of the kitchen's at all


def test_whoever_orders_for_a_mother_without_an_account_is_held_to_what_she_may_not_have(kitchen):
    mother = knowing.Person("苏玉兰", None, MOTHER)
    with kitchen.database.unit_of_work() as work:
        eats(work, kitchen, mother, ["peanut"])
    bond_id = bound(kitchen, mother, kitchen.residents[5])
    by = kitchen.actor(kitchen.residents[5].id)
    given = {"bond_id": bond_id, "by": by, "now": NOW}
    with pytest.raises(NotNow, match="cannot be had"):
        kitchen.do(booking.take_place, kitchen.slots[SATURDAY], answers={"dish": "花生豆腐"}, **given)
    made = kitchen.do(booking.take_place, kitchen.slots[SATURDAY], answers={"dish": "青菜面"}, **given)
    other = {"version": made.version, "by": by, "now": NOW}
    with pytest.raises(NotNow, match="cannot be had"):  # and not by changing the order either
        kitchen.do(booking.answer, made.id, {"dish": "花生豆腐"}, **other)
    assert kitchen.do(booking.answer, made.id, {"dish": "红烧鱼"}, **other).chosen == "红烧鱼"


def test_a_standing_order_has_its_dish_where_there_is_one_and_else_the_days_own(kitchen):
    days = {"weekdays": (1, 6), "until_on": date(2026, 9, 26), "by": kitchen.residents[1], "now": NOW}
    with pytest.raises(NotNow, match="cannot be had"):
        kitchen.do(booking.order, kitchen.slots[SATURDAY], answers={"dish": "花生豆腐"}, **days)
    row = kitchen.do(booking.order, kitchen.slots[SATURDAY], answers={"dish": "青菜面"}, **days)
    with kitchen.database.reading() as work:
        booked = work.session.scalars(select(Appointment).order_by(Appointment.starts_at)).all()
        assert [one.chosen for one in booked] == ["青菜面", "红烧鱼", "青菜面"]  # Saturday, Monday, Saturday
        asked = standing.day(work, kitchen.residents[1], row.id, MONDAY.date(), now=NOW)
        assert [v.label for v in asked.form.fields[0].options] == ["红烧鱼", "花生豆腐", "青菜面", "月饼"]
    kitchen.do(booking.change_day, row.id, MONDAY.date(), {"dish": "月饼"}, by=kitchen.residents[1], now=NOW)
    with kitchen.database.reading() as work:
        monday = work.session.scalars(select(Appointment).where(Appointment.starts_at == MONDAY)).one()
        assert monday.chosen == "月饼"


def test_a_day_with_nothing_for_them_is_looked_at_again_and_has_its_meal_once_there_is(kitchen):
    days = {"weekdays": (6,), "until_on": date(2026, 9, 19), "by": kitchen.residents[2], "now": NOW}
    row = kitchen.do(booking.order, kitchen.slots[SATURDAY], **days)
    with kitchen.database.unit_of_work() as work:
        assert [one.state for one in work.session.scalars(select(StandingDay))] == ["full"]
        dish = library.declared(work, "registers")["shitang.dish"][0]
        facts = {"dish": "蒸蛋", "days": ["Saturday"], "contains": ["egg"]}
        register_rows.put(work, dish, facts, unit_id=kitchen.centre.id, by=SYSTEM, now=NOW)
    with kitchen.database.unit_of_work() as work:
        orders.go_on(work, row.id, now=NOW + timedelta(hours=2))
    with kitchen.database.reading() as work:
        assert [one.chosen for one in work.session.scalars(select(Appointment))] == ["蒸蛋"]


def test_without_a_menu_for_the_day_a_meal_is_ordered_as_before(kitchen):
    assert order(kitchen, 2, at=SATURDAY + timedelta(days=4)).chosen == ""


def test_the_kitchen_counts_by_dish_and_sees_what_became_unfit_after_the_order(kitchen):
    for n in (0, 1):
        order(kitchen, n, "红烧鱼")
    kitchen.do(booking.arrive, kitchen.slots[SATURDAY], "居民1", by=kitchen.clerk, now=SATURDAY)
    with kitchen.database.unit_of_work() as work:
        eats(work, kitchen, knowing.of_user(work.session.get_one(User, kitchen.residents[1].id)), ["fish"])
    with kitchen.database.reading() as work:
        door = attending.door(work, kitchen.clerk, kitchen.slots[SATURDAY], now=NOW)
        assert [(one.label, one.count, one.came, one.unfit) for one in door.chosen] == [("红烧鱼", 2, 1, 1)]
        assert [(one.name, one.unfit) for one in door.places] == [("居民1", False), ("居民2", True)]
        lunch = library.of_kind(work, "offers", type(door.offer))["shitang.lunch"]
        counted = statements.tally(
            work, [offers.Declared("shitang.lunch", *lunch)], by="chosen", chosen=["红烧鱼"], states=("booked", "came")
        )
        assert [(line.key, line.count, line.cents) for line in counted.lines] == [("红烧鱼", 2, 2400)]


def test_all_who_have_a_dish_are_told_in_one_step_and_who_gets_no_text_is_to_be_telephoned(kitchen):
    for n in (0, 1):
        order(kitchen, n, "红烧鱼")
    aloud = booking.Person("石阿公", "0595-23500001")
    with kitchen.database.unit_of_work() as work:
        eats(work, kitchen, aloud, None)
    kitchen.do(
        booking.take_place,
        kitchen.slots[SATURDAY],
        answers={"dish": "红烧鱼"},
        person=aloud,
        channel="counter",
        by=kitchen.clerk,
        now=NOW,
    )
    kitchen.do(booking.arrive, kitchen.slots[SATURDAY], "居民1", by=kitchen.clerk, now=SATURDAY)
    later = SATURDAY + timedelta(days=3)
    words = "这批鱼有问题，不舒服马上去医院，告诉食堂。"
    told = kitchen.do(booking.recall, kitchen.slots[SATURDAY], "红烧鱼", words, by=kitchen.clerk, now=later)
    assert [(one.name, one.by_voice) for one in told] == [("居民1", ""), ("居民2", ""), ("石阿公", "wanted")]
    with kitchen.database.reading() as work:
        sent = work.session.scalars(select(Notice).where(Notice.kind == "offer-recalled")).all()
        assert sorted({(one.user_id, one.channel) for one in sent if one.user_id}) == [
            (kitchen.residents[n].id, "screen") for n in (0, 1)
        ]
        assert sorted(one.address for one in sent if one.channel == "sms") == ["13800000001", "13800000002"]
        assert all(words in one.text and "“红烧鱼”" in one.text for one in sent)
        [line] = work.session.scalars(select(Event).where(Event.kind == audit.Kind.OFFER_RECALLED)).all()
        assert line.facts["count"] == 3


def test_a_recall_is_the_units_and_says_what_to_do(kitchen):
    order(kitchen, 0, "红烧鱼")
    slot = kitchen.slots[SATURDAY]
    with pytest.raises(Invalid):
        kitchen.do(booking.recall, slot, "红烧鱼", " ", by=kitchen.clerk, now=NOW)
    with pytest.raises(NotNow):
        kitchen.do(booking.recall, slot, "青菜面", "不要吃", by=kitchen.clerk, now=NOW)
    with pytest.raises(NotYours):
        kitchen.do(booking.recall, slot, "红烧鱼", "不要吃", by=kitchen.villager, now=NOW)


def test_the_kitchens_list_of_sixty_costs_what_that_of_five_does(kitchen):
    """Of half of them the kitchen has a number on record, which their order does not say."""
    slots = {5: kitchen.slots[SATURDAY], 60: kitchen.slots[SATURDAY + timedelta(days=7)]}
    for many, slot_id in slots.items():
        with kitchen.database.unit_of_work() as work:
            slot = work.session.get_one(Slot, slot_id)
            for n in range(many):
                number = f"3505261940{1 + many % 12:02d}{1 + n % 28:02d}{n:03d}X" if n % 2 else None
                whom = knowing.Person(f"老人{many}之{n}", f"137{many:04d}{n:04d}", number)
                eats(work, kitchen, whom, ["fish"] if n % 3 == 0 else None)
                row = Appointment(
                    number=f"T{many}-{n}",
                    code=f"T{many}-{n}",
                    resource_id=slot.resource_id,
                    matter="",
                    state="confirmed",
                    channel="counter",
                    starts_at=slot.starts_at,
                    ends_at=slot.ends_at,
                    kind="normal",
                    person_index=whom.index,
                    name=whom.name,
                    phone=whom.phone,
                    booked_at=NOW,
                    chosen="红烧鱼",
                )
                work.session.add(row)
                work.session.flush()
                place = {"appointment_id": row.id, "slot_id": slot_id, "person_index": whom.index}
                work.session.add(BookingPlace(**place, name=whom.name, phone=whom.phone))
    found = {}
    for many, slot_id in slots.items():
        with kitchen.database.reading() as work, counting(kitchen.database) as cost:
            door = attending.door(work, kitchen.clerk, slot_id, now=NOW)
        found[many] = len(cost)
        assert [one.unfit for one in door.places] == [n % 3 == 0 for n in range(many)]
    assert found[5] == found[60], cost
