"""The demo county's canteen: diners on its register, last month's meals with their statement, who eats in the coming
two weeks, to whom it is brought and who brings it, and one volunteer job that is full and waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.commands import booking, registers, schedules
from engine.commands.equipment import Equipment
from engine.commands.worker.wiring import JOBS
from engine.people import SYSTEM, Actor
from engine.records import jobs
from engine.store import Database
from engine.store.models import BookingPlace, Resource, Schedule, ScheduleRun, Slot, SlotPlace
from engine.workdays import at_start_of_day, local_date
from web.demo.playing import Idle, Player, Resident, born, person

MATTER = "shitang"
OFFER, ROUND = "shitang.lunch", "shitang.round"
#: Of whom the meals are: what the canteen knows of each.
DINERS = (
    {"category": "none", "diet": "少盐"},
    {"category": "low", "avoid": ["peanut"], "door": "富东社区二栋三零一", "route": "chengqu"},
    {"category": "none", "diet": "不吃猪肉"},
    {"category": "disabled", "diet": "软烂一些", "door": "富东社区五栋六零一", "route": "chengqu"},
    {"category": "none"},
)
#: Who cooks, and who delivers: for how many more days the certificate or the licence holds.
COOKS = (("王师傅", "13805951401", 200), ("李师傅", "13805951402", -3))
SUPPLIERS = (("城东菜场", "JY1350526001", 300), ("老陈粮油", "JY1350526002", 20))
#: The week's menu: what is in each dish, and on which days there is one.
MENU = (
    ("家常豆腐", ["Monday", "Wednesday", "Friday"], ["soy"], True),
    ("红烧鱼块", ["Monday", "Thursday"], ["fish"], False),
    ("花生排骨汤", ["Tuesday", "Friday"], ["peanut"], True),
    ("番茄炒蛋", ["Tuesday", "Wednesday", "Saturday"], ["egg"], False),
    ("瘦肉青菜面", ["Thursday", "Saturday"], ["wheat"], True),
)
#: How many days ahead there are meals: as long as anybody looks at first.
AHEAD = 14
#: Every so many of last month's days somebody ate.
EVERY = 6


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Resident], first: Resident, now: datetime
) -> int:
    """Diners, meals and the statement of last month; how many meals were booked."""
    player = Player(database, staff)
    if not player.has(MATTER):
        return 0
    today = local_date(now)
    begin = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    diners = [first, *[one for one in residents if one is not first and _age(one, today) >= 60][: len(DINERS) - 1]]
    clerk = staff["chenxl"]
    for one, facts in zip(diners, DINERS, strict=False):
        more = {"person": person(one), "by": clerk, "now": at_start_of_day(begin) - timedelta(days=3)}
        player.do(registers.add, "shitang.diner", facts, **more)
    player.do(
        registers.add,
        "shitang.helped",
        {"yuan": 3, "until": f"{today.year + 1}-12-31"},
        **({"person": person(diners[2]), "by": clerk, "now": at_start_of_day(begin) - timedelta(days=3)}),
    )
    _kitchen(player, clerk, today, now)
    past, coming = _times(player, begin, today, now)
    made = 0
    for n, (slot_id, starts_at) in enumerate(past):
        for one in diners[n % 2 :: 2]:
            answers = {"delivered": True} if _at_home(diners, one) else {}
            early = {"by": one.actor, "now": starts_at - timedelta(days=2)}
            taken = player.do(booking.take_place, slot_id, answers=answers, **early)
            at = starts_at + timedelta(minutes=10 + n)
            if answers:
                player.do(booking.bring, _place(player, taken.id), "本人", by=clerk, now=at)
            else:
                player.do(booking.check_in, taken.code, by=clerk, now=at)
            made += 1
    asked = now - timedelta(hours=2)
    for one in diners[:2]:
        answers = {"delivered": True} if _at_home(diners, one) else {}
        days = {"answers": answers, "weekdays": [1, 3, 5], "until_on": today + timedelta(days=60)}
        player.do(booking.order, coming[0][0], **days, by=one.actor, now=asked)
    for n, one in enumerate(diners[2:]):
        answers = {"delivered": True} if _at_home(diners, one) else {}
        player.do(booking.take_place, coming[n % len(coming)][0], answers=answers, by=one.actor, now=asked)
        made += 1
    if len(diners) > 1:
        made += _rounds(player, diners, coming, asked)
    _statement(player, now)
    return made


def _at_home(diners: Sequence[Resident], one: Resident) -> bool:
    """Whether their meals are brought to them."""
    return "door" in DINERS[diners.index(one)]


def _place(player: Player, booking_id: int) -> int:
    with player.database.reading() as work:
        return work.session.scalars(select(BookingPlace.id).where(BookingPlace.appointment_id == booking_id)).one()


def _rounds(player: Player, diners: Sequence[Resident], coming: Sequence[tuple[int, datetime]], asked: datetime) -> int:
    """A neighbour of the canteen's brings the town round on the next three days; the days after nobody has it yet."""
    clerk, neighbour = player.staff["chenxl"], diners[0]  # by whose telephone the demo is shown
    more = {"person": person(neighbour), "by": clerk, "now": asked}
    player.do(registers.add, "shitang.carrier", {"route": "chengqu"}, **more)
    days = {local_date(starts_at) for _slot, starts_at in coming[:3]}
    with player.database.reading() as work:
        rows = work.session.execute(
            select(Slot.id, Slot.starts_at)
            .join(Resource, Resource.id == Slot.resource_id)
            .where(Resource.offer == ROUND)
            .order_by(Slot.starts_at)
        )
        found = [slot_id for slot_id, starts_at in rows if local_date(starts_at) in days]
    for slot_id in found:
        player.do(booking.take_place, slot_id, role="chengqu", by=neighbour.actor, now=asked)
    return len(found)


def _kitchen(player: Player, clerk: Actor, today: date, now: datetime) -> None:
    """One cook's certificate has run out, one supplier's licence soon will; and the week's menu."""
    at = now - timedelta(days=100)
    for name, phone, days in COOKS:
        facts = {"until": str(today + timedelta(days=days))}
        player.do(registers.add, "shitang.cook", facts, person={"name": name, "phone": phone}, by=clerk, now=at)
    for dish, on, contains, usual in MENU:
        menu = {"dish": dish, "days": on, "contains": contains, "usual": usual}
        player.do(registers.add, "shitang.dish", menu, by=clerk, now=at)
    for supplier, licence, days in SUPPLIERS:
        facts = {"supplier": supplier, "licence": licence, "until": str(today + timedelta(days=days))}
        player.do(registers.add, "shitang.supplier", facts, by=clerk, now=at)


def _age(one: Resident, today: date) -> int:
    return today.year - born(one)


def _times(player: Player, begin: date, today: date, now: datetime) -> tuple[list[Any], list[Any]]:
    """Every sixth lunch of last month, and the lunches that can still be ordered."""
    with player.database.unit_of_work() as work:
        booking.establish(work)
        kitchen = work.session.scalars(select(Resource).where(Resource.offer == OFFER)).one()
        last = work.calendar.last_known(today, today + timedelta(days=AHEAD))
        end = today.replace(day=1) - timedelta(days=1)
        booking.publish(work, kitchen.id, first=begin, last=end, by=SYSTEM, now=at_start_of_day(begin))
        booking.publish(work, kitchen.id, first=today, last=last, by=SYSTEM, now=now)
        rounds = work.session.scalars(select(Resource).where(Resource.offer == ROUND)).one()
        booking.publish(work, rounds.id, first=today, last=last, by=SYSTEM, now=now)
    with player.database.reading() as work:
        rows = [
            (row.id, row.starts_at)
            for row in work.session.execute(
                select(Slot.id, Slot.starts_at)
                .join(Resource, Resource.id == Slot.resource_id)
                .where(Resource.offer == OFFER)
                .order_by(Slot.starts_at)
            )
        ]
    return [one for one in rows if local_date(one[1]) < today][::EVERY], [
        one for one in rows if one[1] > now + timedelta(days=2)
    ]


def _statement(player: Player, now: datetime) -> None:
    """Last month's statement: begun by hand, as an operator may, looked through by the canteen. A statement for each
    diner follows; the worker makes those."""
    # of the same day: an hour before half past midnight on the first, last month is another one
    midnight = at_start_of_day(local_date(now))
    began, looked = (max(now - timedelta(minutes=ago), midnight) for ago in (60, 30))
    with player.database.unit_of_work() as work:
        row = work.session.scalars(select(Schedule).where(Schedule.matter == MATTER, Schedule.name == "month")).one()
        schedules.run_now(work, row.id, "演示：上个月的月结", by=player.staff["caogl"], now=began)
    with player.database.unit_of_work() as work:
        begun = jobs.lease(work, "demo", now=now, most=10, kinds=[jobs.Kind.BEGIN_SCHEDULED])
    for job in begun:
        JOBS[jobs.Kind.BEGIN_SCHEDULED](player.database, job, Equipment(press=Idle()), began)
    with player.database.reading() as work:
        found = work.session.scalars(
            select(ScheduleRun.case_id)
            .join(Schedule, Schedule.id == ScheduleRun.schedule_id)
            .where(Schedule.matter == MATTER, Schedule.name == "month", ScheduleRun.case_id.is_not(None))
        ).all()
    for case_id in found:
        assert case_id is not None
        player.step(case_id, {"look": {"verdict": "right", "words": "和签到核对过"}}, looked)


def wait_for_a_place(player: Player, offer: str, who: Resident, now: datetime) -> None:
    """Somebody waits where every place of a role is taken."""
    with player.database.reading() as work:
        full = work.session.execute(
            select(Slot.resource_id, Slot.starts_at, SlotPlace.role)
            .join(SlotPlace, SlotPlace.slot_id == Slot.id)
            .join(Resource, Resource.id == Slot.resource_id)
            .where(Resource.offer == offer, SlotPlace.taken >= SlotPlace.capacity, SlotPlace.capacity > 0)
            .order_by(Slot.starts_at)
            .limit(1)
        ).first()
    if full is not None:
        place = {"resource_id": full.resource_id, "day": local_date(full.starts_at), "role": full.role}
        player.do(booking.wait, **place, by=who.actor, now=now - timedelta(hours=1))
