"""A hall of before, with its counters, bookings and people who wait, comes along whole: the rows of 0014 are the rows
of today, and what they are in the middle of goes on."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from alembic import command
from sqlalchemy import MetaData, insert, select
from sqlalchemy.engine import make_url

from engine import matters, people
from engine.commands import booking
from engine.people import SYSTEM
from engine.records import library
from engine.store import db, keys, migrate
from engine.store.models import Appointment, Case, OnlineBlock, Resource, Slot, Waiting
from tests.cast import ROOT

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
AT = datetime(2026, 9, 16, 10, 0, tzinfo=UTC)  # 18:00 in the hall


@pytest.fixture(params=["sqlite", "postgres"])
def old(request, tmp_path):
    """A database at revision 0014, empty."""
    if request.param == "sqlite":
        database = db.connect(f"sqlite:///{tmp_path / 'old.db'}", files=tmp_path / "files")
        yield _at_0014(database)
        database.close()
        return
    server = request.getfixturevalue("postgres_server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS hall_of_0014 WITH (FORCE)")
        connection.execute("CREATE DATABASE hall_of_0014")
    url = make_url(server).set(database="hall_of_0014").render_as_string(hide_password=False)
    database = db.connect(url, files=tmp_path / "files")
    yield _at_0014(database)
    database.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE hall_of_0014 WITH (FORCE)")


def _at_0014(database):
    with database._writer.begin() as connection:
        command.upgrade(migrate._config(connection), "0014")
    return database


def _sealed(text):
    return keys.current().seal(text.encode(), b"text")


def _fill(database):
    """A counter with one public place that 居民1 has and 居民2 waits for, a hold that 居民3 has on another time, a
    closed room, a person whose online booking is paused."""
    naive = database.dialect == "sqlite"

    def at(moment):
        return moment.replace(tzinfo=None) if naive else moment

    with database._writer.begin() as connection:
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
