"""What the worker does for bookings when a row falls due: holds that ran out, people who did not come, new slots."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.commands import offer_rows
from engine.commands.booking import book, closing, counter, office, standing, trouble
from engine.commands.equipment import Equipment
from engine.matters import Package
from engine.records import jobs
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import Resource
from engine.workdays import ZONE, local_date

#: When the slots of a further day are made, local time.
PUBLISH_HOUR = 3


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


def standing_due(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The bookings of one standing order that came within reach."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        standing.go_on(work, int(job.payload["standing"]), now=now)


def publish_slots(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The slots of the days that came within reach; tomorrow again."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        if "resource" in job.payload:  # one that failed among the others
            resource = work.session.get_one(Resource, int(job.payload["resource"]))
            if resource.active:
                office.publish_one(work, resource, now=now)
            return
        closing.follow_tonight(work, now=now)
        office.publish_ahead(work, now=now)
        standing.ask(work, now=now)
        ask_for_slots(work, now=now)


def ask_for_slots(work: Work, *, now: datetime) -> None:
    """Have the slots made in the coming night."""
    night = now.astimezone(ZONE).replace(hour=PUBLISH_HOUR, minute=0, second=0, microsecond=0)
    night = night if night > now else night + timedelta(days=1)
    jobs.put_once(work, jobs.Kind.PUBLISH_SLOTS, f"publish-slots:{local_date(night)}", now=now, after=night)


def make_times(work: Work, key: str, *, now: datetime) -> None:
    """Have the slots made now, once for this reason."""
    jobs.put_once(work, jobs.Kind.PUBLISH_SLOTS, key, now=now)


def open_offers(work: Work, package: Package, *, now: datetime) -> None:
    """A matter was published whose offers open by themselves: the worker opens them now, not in the coming night."""
    if any(getattr(one.what, "opens", None) is not None for one in package.declared("offers").values()):
        jobs.put_once(work, jobs.Kind.PUBLISH_SLOTS, f"publish-slots:{package.name}:{package.version}", now=now)
