"""A hall with one counter: evenings on working days, one public and one staff place a time."""

from datetime import UTC, date, datetime, time
from types import SimpleNamespace

import pytest

from engine import people
from engine.commands import booking
from engine.store import keys
from engine.store.models import Holding, Post, Resource, ResourceOpening, Slot, Unit, User

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # Monday 14 September 2026, 09:00 in the hall


def person(work, n, kind="resident", **more):
    phone = f"138{n:08d}"
    row = User(kind=kind, name=f"居民{n}", phone=phone, phone_index=keys.blind("phone", phone), created_at=NOW, **more)
    work.session.add(row)
    work.session.flush()
    return row.id


def opened(work, unit_id, *, public=1, staff=1, code="hall", matter="yuyue", opens=time(18), closes=time(20)):
    resource = Resource(code=code, unit_id=unit_id, kind="window", name="综合窗口", matter=matter, items=[])
    work.session.add(resource)
    work.session.flush()
    rule = {
        "opens": opens.isoformat(),
        "closes": closes.isoformat(),
        "minutes": 30,
        "public": public,
        "staff": staff,
        "kind": "after_hours",
        "days": "working",
    }
    work.session.add(ResourceOpening(resource_id=resource.id, rule=rule))
    work.session.flush()
    return resource.id


@pytest.fixture
def hall(database):
    """`hall.at(15, 18)` is the slot of that September day and hour; `hall.do(function, …)` runs one unit of work."""
    with database.unit_of_work() as work:
        county = Unit(code="350526", name="德化县", kind="county", path="/1/")
        work.session.add(county)
        work.session.flush()
        county.path = f"/{county.id}/"
        centre = Unit(code="350526-FW", name="进城党群城市家园", kind="centre", parent_id=county.id, path="")
        work.session.add(centre)
        work.session.flush()
        centre.path = f"{county.path}{centre.id}/"
        posts = {c: Post(code=c, name=c, role=r) for c, r in (("duty", "clerk"), ("head", "supervisor"))}
        work.session.add_all(posts.values())
        work.session.flush()
        clerk = person(work, 900, "staff", login="clerk")
        head = person(work, 901, "staff", login="head")
        work.session.add_all(
            [
                Holding(user_id=clerk, unit_id=centre.id, post_id=posts["duty"].id),
                Holding(user_id=head, unit_id=centre.id, post_id=posts["head"].id),
            ]
        )
        residents = [person(work, n) for n in range(1, 6)]
        resource = opened(work, centre.id)
        made = booking.publish(
            work, resource, first=date(2026, 9, 15), last=date(2026, 9, 25), by=people.SYSTEM, now=NOW
        )
    assert made > 0

    def actor(user_id, now=NOW):
        with database.reading() as work:
            return people.load(work, user_id, now=now)

    def do(function, *args, **kwargs):
        with database.unit_of_work() as work:
            return function(work, *args, **kwargs)

    def at(day, hour, minute=0):
        return booking.local(date(2026, 9, day), time(hour, minute))

    def taken(starts_at=None):
        with database.reading() as work:
            rows = work.session.query(Slot)
            rows = rows.filter(Slot.starts_at == starts_at) if starts_at else rows
            return sum(s.public_taken + s.staff_taken for s in rows)

    return SimpleNamespace(
        database=database,
        county=county.id,
        centre=centre.id,
        clerk=actor(clerk),
        head=actor(head),
        resource=resource,
        residents=[actor(r) for r in residents],
        actor=actor,
        do=do,
        at=at,
        taken=taken,
        now=NOW,
    )
