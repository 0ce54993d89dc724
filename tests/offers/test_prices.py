"""Who pays which part of a booking: whole cents that add up to the price, shown before, kept as they were booked."""

from datetime import date

from sqlalchemy import func, select

from engine import matters
from engine.commands import booking, register_rows
from engine.people import SYSTEM
from engine.reads import knowing, offers
from engine.records import library
from engine.store.models import Appointment, BookingPart, Unit, User
from tests.offers.conftest import NOW, files_of
from tests.offers.test_canteen import canteen
from tests.offers.test_lunch import slot_of

__all__ = ["canteen"]


def helped(hall, who, yuan, until=date(2026, 12, 31)):
    def put(work):
        one = library.declared(work, "registers")["shitang.helped"][0]
        person = knowing.of_user(work.session.get_one(User, hall.residents[who].id))
        values = {"yuan": yuan, "until": until.isoformat()}
        register_rows.put(work, one, values, whom=person, unit_id=hall.centre.id, by=SYSTEM, now=NOW)

    hall.do(put)


def parts(hall, made):
    with hall.database.reading() as work:
        rows = work.session.execute(
            select(BookingPart.part, BookingPart.cents, Unit.kind)
            .outerjoin(Unit, Unit.id == BookingPart.payer_id)
            .where(BookingPart.appointment_id == made.id)
        )
        return {part: (cents, kind) for part, cents, kind in rows}


def take(hall, who):
    return hall.do(booking.take_place, hall.slot, by=hall.residents[who], now=NOW)


def test_the_village_helps_whom_it_has_entered_and_only_until_its_day(canteen):
    helped(canteen, 0, 3.5)
    helped(canteen, 1, 3.5, until=date(2026, 9, 18))  # the day before the meal
    with canteen.database.reading() as work:
        seen = offers.chance(work, canteen.residents[0], canteen.slot, now=NOW)
        shown = {one.part: one.cents for one in seen.cost.parts}
    assert shown == {"self": 450, "county": 400, "village": 350} and seen.cost.own == 450
    made, other = take(canteen, 0), take(canteen, 1)
    assert parts(canteen, made) == {"self": (450, None), "county": (400, "county"), "village": (350, "village")}
    assert parts(canteen, other) == {"self": (800, None), "county": (400, "county")}
    assert (made.cents, other.cents) == (1200, 1200)
    with canteen.database.reading() as work:
        own = offers.own(work, canteen.residents[0], made.id, now=NOW)
        assert [(one.title, one.cents) for one in own.parts] == [("本人付", 450), ("县里补", 400), ("村里补", 350)]


def test_nobody_is_helped_with_more_than_they_pay(canteen):
    helped(canteen, 0, 100)
    made = take(canteen, 0)
    assert parts(canteen, made) == {"self": (0, None), "county": (400, "county"), "village": (800, "village")}


def test_what_changes_later_leaves_what_was_booked(canteen):
    made = take(canteen, 0)
    helped(canteen, 0, 3)
    assert parts(canteen, made)["self"] == (800, None)


def test_a_share_is_rounded_down_so_that_the_cents_add_up(hall):
    files = files_of()
    text = files["bpmn/zhiyuan/matter.yaml"].decode()
    text = text.replace(
        "subsidy: {county: {title: 县里补, title_en: the county pays}}",
        "subsidy: {county: {title: 县里补, title_en: x}, town: {title: 镇里补, share: 33, payer: town}, "
        'rest: {title: 退役补, share: 50, if: "=ask.dish = \\"fish\\"", payer: unit}}',
    )
    files["bpmn/zhiyuan/matter.yaml"] = text.encode()
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("zhiyuan", files), by=SYSTEM, now=NOW)
    made = hall.do(booking.take_place, slot_of(hall), answers={"dish": "fish"}, by=hall.residents[0], now=NOW)
    # 5 yuan: a third of it 1.65, half of the 3.35 that are left 1.67, the person 1.68; the county's own 3
    assert parts(hall, made) == {
        "self": (168, None),
        "county": (300, "county"),
        "town": (165, "town"),
        "rest": (167, "centre"),
    }
    with hall.database.reading() as work:
        total = work.session.scalar(select(func.sum(BookingPart.cents)))
        assert total == work.session.get(Appointment, made.id).cents == 800


def test_staff_book_at_the_price_of_whom_they_book_for(canteen):
    helped(canteen, 1, 2)
    person = booking.Person("居民2", "13800000002")
    given = {"person": person, "channel": "counter", "by": canteen.clerk, "now": NOW}
    made = canteen.do(booking.take_place, canteen.slot, **given)
    assert parts(canteen, made)["village"] == (200, "village")
