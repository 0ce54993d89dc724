"""What the worker does for bookings when a row falls due: holds that ran out, people who did not come, new slots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy import select

from engine.commands import offer_rows, one_by_one
from engine.commands.booking import book, bringing, closing, counter, office, opening, standing, trouble
from engine.commands.equipment import Equipment
from engine.matters import Package
from engine.records import jobs
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import Resource
from engine.workdays import local_date

#: When the slots of a further day are made, local time.
PUBLISH_AT = time(3)


def appointment_due(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """A hold is let go and its seat offered on; a booking nobody came for is missed."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        which = int(job.payload["appointment"])
        if not book.run_out(work, which, now=now):
            counter.miss_if_over(work, which, now=now)


def offer_due(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """Not enough people came forward in time, or its time is over: the case that opened it hears of it."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        offer_rows.fell_due(work, int(job.payload["resource"]), str(job.payload["what"]), now=now)


def booking_moment(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """Did they come, have they left? What follows of a place is written with the proof that it follows once."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        at = datetime.fromisoformat(str(job.payload["at"]))
        trouble.look(work, int(job.payload["appointment"]), str(job.payload["what"]), at, now=now)


def nobody_opened(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The case that looks after somebody at whose door nobody opened."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        bringing.look_after(work, int(job.payload["place"]), str((job.private or {}).get("words") or ""), now=now)


def standing_due(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The bookings of one standing order that came within reach."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        standing.go_on(work, int(job.payload["standing"]), now=now)


def publish_slots(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The slots of the days that came within reach; tomorrow again. Each resource, and each offer that opens by itself,
    in a transaction of its own: one that fails keeps back no other."""
    for name in PARTS:
        if name in job.payload:  # one that failed among the others
            with database.unit_of_work() as work:
                jobs.done(work, job, now=now)
                PARTS[name](work, job.payload[name], now)
            return
    with database.reading() as work:
        changed = closing.resources_tonight(work, now=now)
        opens = opening.by_themselves(work)
    _one_by_one(database, "follow", changed, now)
    _one_by_one(database, "offer", opens, now)
    with database.unit_of_work() as work:
        opening.close_undeclared(work)
    with database.reading() as work:
        active = list(work.session.scalars(select(Resource.id).where(Resource.active).order_by(Resource.id)))
    _one_by_one(database, "resource", active, now)
    last: int | None = 0
    while last is not None:
        with database.unit_of_work() as work:
            last = standing.ask_some(work, last, now=now)
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        ask_for_slots(work, now=now)


def _one_by_one(database: Database, name: str, things: Sequence[Any], now: datetime) -> None:
    do = PARTS[name]

    def instead(work: Work, one: Any) -> None:
        key = f"publish-slots:{name}:{one}:{local_date(now)}"
        jobs.put_once(work, jobs.Kind.PUBLISH_SLOTS, key, {name: one}, now=now)

    one_by_one.each(database, things, lambda work, one: do(work, one, now), said=f"times of {name}", instead=instead)


def _follow(work: Work, resource_id: int, now: datetime) -> None:
    closing.follow_tonight(work, int(resource_id), now=now)


def _establish(work: Work, offer: str, now: datetime) -> None:
    opening.establish_one(work, str(offer))


def _publish(work: Work, resource_id: int, now: datetime) -> None:
    resource = work.session.get_one(Resource, int(resource_id))
    if resource.active:
        office.publish_one(work, resource, now=now)


#: What a night does of its times, each by what it is given.
PARTS: Mapping[str, Callable[[Work, Any, datetime], None]] = {
    "follow": _follow,
    "offer": _establish,
    "resource": _publish,
}


def ask_for_slots(work: Work, *, now: datetime) -> None:
    """Have the slots made in the coming night."""
    jobs.put_daily(work, jobs.Kind.PUBLISH_SLOTS, PUBLISH_AT, now=now)


def make_times(work: Work, key: str, *, now: datetime) -> None:
    """Have the slots made now, once for this reason."""
    jobs.put_once(work, jobs.Kind.PUBLISH_SLOTS, key, now=now)


def open_offers(work: Work, package: Package, *, now: datetime) -> None:
    """A matter was published whose offers open by themselves: the worker opens them now, not in the coming night."""
    if any(getattr(one.what, "opens", None) is not None for one in package.declared("offers").values()):
        jobs.put_once(work, jobs.Kind.PUBLISH_SLOTS, f"publish-slots:{package.name}:{package.version}", now=now)
