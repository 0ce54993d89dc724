"""A hall of before, with its counters, bookings and people who wait, comes along whole: the rows of 0014 are the rows
of today, and what they are in the middle of goes on."""

import os
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from alembic import command
from sqlalchemy import MetaData, func, insert, select
from sqlalchemy.engine import make_url

from engine import matters, people
from engine.commands import booking
from engine.people import SYSTEM
from engine.records import library
from engine.store import db, keys, migrate
from engine.store.models import Appointment, BookingPart, Case, OnlineBlock, Resource, Slot, Waiting
from tests.cast import ROOT

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
AT = datetime(2026, 9, 16, 10, 0, tzinfo=UTC)  # 18:00 in the hall


def _before(request, tmp_path, revision):
    """A database at this revision, empty."""
    if request.param == "sqlite":
        database = db.connect(f"sqlite:///{tmp_path / 'old.db'}", files=tmp_path / "files")
        yield _at(database, revision)
        database.close()
        return
    # Workers of one run share the server: each has a database of its own.
    server, name = request.getfixturevalue("postgres_server"), f"hall_of_{revision}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    database = db.connect(url, files=tmp_path / "files")
    yield _at(database, revision)
    database.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def old(request, tmp_path):
    yield from _before(request, tmp_path, "0014")


@pytest.fixture(params=["sqlite", "postgres"])
def before_parts(request, tmp_path):
    """The last revision where a price was what its decision said, in one column."""
    yield from _before(request, tmp_path, "0038")


def _at(database, revision):
    with database._writer.begin() as connection:
        command.upgrade(migrate._config(connection), revision)
    return database


def _sealed(text):
    return keys.current().seal(text.encode(), b"text")


def _putting(connection, at):
    """The tables as they were then, and what puts a row into one: a column that must be there and is not named gets
    the plainest value of its kind."""
    tables = MetaData()
    tables.reflect(connection)

    def put(table, **values):
        full = {}
        for column in tables.tables[table].columns:
            if column.name in values:
                full[column.name] = values[column.name]
            elif not column.nullable and column.server_default is None and not column.primary_key:
                kind = str(column.type).split("(")[0].upper()
                full[column.name] = {
                    "BOOLEAN": False,
                    "JSON": {},
                    "VARCHAR": "",
                    "INTEGER": 0,
                    "BIGINT": 0,
                    "BLOB": _sealed(""),
                    "BYTEA": _sealed(""),
                }.get(kind, at(NOW))
        return connection.execute(
            insert(tables.tables[table]).values(full).returning(tables.tables[table].c.id)
        ).scalar_one()

    return tables, put


def _fill(database):
    """A counter with one public place that 居民1 has and 居民2 waits for, a hold that 居民3 has on another time, a
    closed room, a person whose online booking is paused."""
    naive = database.dialect == "sqlite"

    def at(moment):
        return moment.replace(tzinfo=None) if naive else moment

    with database._writer.begin() as connection:
        tables, put = _putting(connection, at)

        county = put("unit", code="350526", name="德化县", kind="county", path="/1/")
        centre = put("unit", code="350526-FW", name="家园", kind="centre", parent_id=county, path=f"/{county}/2/")
        users = [
            put(
                "user",
                kind="resident",
                name=_sealed(f"居民{n}"),
                phone=_sealed(f"138{n:08d}"),
                phone_index=keys.blind("phone", f"138{n:08d}"),
                created_at=at(NOW),
            )
            for n in range(1, 5)
        ]
        window = put(
            "resource",
            code="hall",
            unit_id=centre,
            kind="window",
            name="综合窗口",
            matter="yuyue",
            items=[],
            policy={},
            prefix="Y",
            active=True,
        )
        room = put(
            "resource", code="room", unit_id=centre, kind="room", name="会议室", matter="tiaojie", items=[], active=True
        )
        slots = [
            put(
                "slot",
                resource_id=window,
                starts_at=at(AT + timedelta(minutes=30 * n)),
                ends_at=at(AT + timedelta(minutes=30 * (n + 1))),
                kind="after_hours",
                public_capacity=1,
                public_taken=taken,
                staff_capacity=1,
            )
            for n, taken in enumerate((1, 1, 0))
        ]
        made = []
        for n, (user, state, slot) in enumerate(
            ((users[0], "confirmed", slots[0]), (users[2], "held", slots[1]), (users[3], "no_show", None))
        ):
            index = keys.blind("phone", f"138{(1, 3, 4)[n]:08d}")
            made.append(
                put(
                    "appointment",
                    number=f"YY002260910000{n}",
                    code=f"code{n}",
                    resource_id=window,
                    matter="yuyue",
                    state=state,
                    version=1,
                    pool="public",
                    channel="online",
                    starts_at=at(AT + timedelta(minutes=30 * n)),
                    ends_at=at(AT + timedelta(minutes=30 * (n + 1))),
                    kind="after_hours",
                    user_id=user,
                    person_index=index,
                    name=_sealed(f"居民{(1, 3, 4)[n]}"),
                    phone=_sealed(f"138{(1, 3, 4)[n]:08d}"),
                    item="medical",
                    day_key=f"{index}:2026-09-16:0" if state != "no_show" else None,
                    booked_at=at(NOW),
                    hold_until=at(NOW + timedelta(minutes=30)) if state == "held" else None,
                )
            )
            if slot is not None:
                connection.execute(
                    insert(tables.tables["appointment_slot"]).values(appointment_id=made[-1], slot_id=slot)
                )
        put("waiting", resource_id=window, day=date(2026, 9, 16), user_id=users[1], state="waiting", since_at=at(NOW))
        put(
            "online_block",
            person_index=keys.blind("phone", "13800000004"),
            user_id=users[3],
            from_at=at(NOW),
            until_at=at(NOW + timedelta(days=30)),
            reason_zh="一个月内爽约 2 次",
            reason_en="2 missed bookings in a month",
        )
        return users, window, room, slots, made


def test_every_row_comes_along_and_what_it_is_in_the_middle_of_goes_on(old):
    users, window, room, slots, made = _fill(old)
    assert migrate.upgrade(old) is True and migrate.current(old) == migrate.head()
    with old.reading() as work:
        counter, meeting = work.session.get(Resource, window), work.session.get(Resource, room)
        assert (counter.offer, counter.matter, counter.case_id) == ("yuyue.window", "yuyue", None)
        assert (meeting.offer, meeting.matter) == ("mediation-room", "")
        rows = work.session.scalars(select(Appointment).order_by(Appointment.id)).all()
        assert [(r.state, r.places, r.team, r.price, r.answers) for r in rows] == [
            ("confirmed", 1, "", {}, None),
            ("held", 1, "", {}, None),
            ("no_show", 1, "", {}, None),
        ]
        assert rows[0].name == "居民1" and rows[0].day_key.endswith(":2026-09-16:0")
        assert [s.public_taken for s in work.session.scalars(select(Slot).order_by(Slot.id))] == [1, 1, 0]
        assert work.session.scalars(select(Waiting.role)).all() == [""]
        assert work.session.scalars(select(OnlineBlock.offer)).all() == [""]
        declared = matters.load(ROOT, "yuyue").declared("offers")
        assert counter.offer in {
            one.key for one in declared.values()
        }  # what the migration calls it, the matter declares

    def actor(user):
        with old.reading() as work:
            return people.load(work, user, now=NOW)

    with old.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "yuyue"), by=SYSTEM, now=NOW)
        kept = booking.confirm(work, made[1], version=1, by=actor(users[2]), now=NOW)
        assert kept.case_id is not None  # a counter opens a case, as before
    with old.unit_of_work() as work:
        booking.cancel(work, made[0], version=1, by=actor(users[0]), now=NOW)
    with old.reading() as work:
        offered = work.session.scalars(select(Waiting)).one()
        assert offered.state == "offered" and work.session.get(Appointment, offered.appointment_id).user_id == users[1]
        assert work.session.query(Case).count() == 1
    with pytest.raises(booking.book.NotNow, match="Online booking is paused"), old.unit_of_work() as work:
        booking.hold(work, resource_id=window, starts_at=[AT + timedelta(hours=1)], by=actor(users[3]), now=NOW)


PRICES = [
    # what the decision said                                     -> (in all, who pays which part of it), in cents
    ({"pays": 5, "county": 3}, (800, {"self": 500, "county": 300})),
    ({"pays": 0, "county": 8, "village": 0}, (800, {"self": 0, "county": 800})),
    ({"pays": 4.5, "village": "3.505"}, (801, {"self": 450, "village": 351})),
    ({"pays": 5, "why": "八十岁以上", "free": False, "county": -1}, (500, {"self": 500})),
    ({}, (None, {})),
    ({"county": 3}, (None, {})),
    ({"pays": None, "county": 3}, (None, {})),
]
#: So many more than one portion, that the second is read too.
MORE = 1001


def test_what_a_booking_cost_before_is_kept_in_parts_that_sum_to_it(before_parts):
    naive = before_parts.dialect == "sqlite"

    def at(moment):
        return moment.replace(tzinfo=None) if naive else moment

    with before_parts._writer.begin() as connection:
        tables, put = _putting(connection, at)
        county = put("unit", code="350526", name="德化县", kind="county", path="/1/")
        canteen = put("resource", code="lunch", unit_id=county, kind="window", name="午餐", items=[], active=True)

        def booking_of(n, price):
            return put(
                "appointment",
                number=f"YY0026091{n:05d}",
                code=f"c{n}",
                resource_id=canteen,
                state="confirmed",
                version=1,
                pool="public",
                channel="online",
                kind="after_hours",
                price=price,
                starts_at=at(AT),
                ends_at=at(AT),
            )

        made = [booking_of(n, price) for n, (price, _) in enumerate(PRICES)]
        first = connection.execute(
            select(tables.tables["appointment"]).where(tables.tables["appointment"].c.id == made[0])
        ).one()
        plain = {**first._mapping, "price": {"pays": 2, "county": 1}}
        del plain["id"]
        connection.execute(
            insert(tables.tables["appointment"]),
            [{**plain, "number": f"ZZ{n:012d}", "code": f"z{n}"} for n in range(MORE)],
        )
    assert migrate.upgrade(before_parts) is True
    with before_parts.reading() as work:
        for id_, (_, (cents, parts)) in zip(made, PRICES, strict=True):
            rows = work.session.scalars(select(BookingPart).where(BookingPart.appointment_id == id_)).all()
            assert (work.session.get(Appointment, id_).cents, {row.part: row.cents for row in rows}) == (cents, parts)
            assert sum(row.cents for row in rows) == (cents or 0)
        rest = Appointment.number.startswith("ZZ")
        assert work.session.scalar(select(func.sum(Appointment.cents)).where(rest)) == MORE * 300
        paid = select(BookingPart.part, func.sum(BookingPart.cents)).join(
            Appointment, Appointment.id == BookingPart.appointment_id
        )
        sums = work.session.execute(paid.where(rest).group_by(BookingPart.part)).all()
        assert {part: int(cents) for part, cents in sums} == {"self": MORE * 200, "county": MORE * 100}
