"""A hall with three windows and one line, in the small county of the bookings."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from engine import matters, people
from engine.commands import queues
from engine.people import units
from engine.records import library
from engine.store.models import Hall, Holding, Post, Ticket, Unit, Window
from tests.appointments import conftest as bookings
from tests.appointments.conftest import NOW, person
from tests.cast import ROOT

#: The hall that bookings are tested in, for a fixture of ours to ask for.
hall_of_bookings = bookings.hall

KEY = "yuyue.hall"
APART = timedelta(seconds=30)
QUEUES = """
queues:
  hall:
    name: 大厅取号
    at: jiayuan
    matters: [yuyue]
    classes:
      A: {name: 优先, keeps: true}
      B: {name: 照顾, turn: 5}
      C: {name: 普通, turn: 3, first_after: 45min}
    needs:
      eighty: {name: 80 岁以上, class: A, age: 80}
      sixty: {name: 60 到 79 岁, class: B, age: 60}
      wheelchair: {name: 坐轮椅, class: A}
      low: {name: 要低位窗口, low: true}
      shelter: {name: 另一扇门, class: A, quiet: true, help: 请引导员带着走侧门}
    booked: {class: A}
  other:
    name: 医保
    at: jiayuan
    windows: [YB]
    classes:
      B: {name: 医保}
"""


def package(text=QUEUES):
    files = matters.read_files(ROOT, "yuyue")
    file = "bpmn/yuyue/matter.yaml"
    return matters.read("yuyue", {**files, file: files[file] + text.encode()})


@pytest.fixture
def desk(hall_of_bookings):
    """`desk.w[0]`: a window, `desk.clerks[0]` sits at it; `desk.take(…)`: a number at the machine."""
    hall = hall_of_bookings
    with hall.database.unit_of_work() as work:
        yb = Unit(code="350526-YB", name="县医疗保障局", kind="office", parent_id=hall.county, path="")
        work.session.add(yb)
        work.session.flush()
        yb.path = f"/{hall.county}/{yb.id}/"
        post = Post(code="window", name="窗口", role="clerk")
        at = Hall(code="jiayuan", name="办事大厅", name_en="Hall", unit_id=hall.centre)
        work.session.add_all([post, at])
        work.session.flush()
        rows = [Window(hall_id=at.id, unit_id=hall.centre, code=str(n), name="综合窗口") for n in (1, 2)]
        rows.append(Window(hall_id=at.id, unit_id=yb.id, code="3", name="医保窗口"))
        work.session.add_all(rows)
        clerks = [person(work, 910 + n, "staff", login=f"w{n}") for n in range(3)]
        stranger = person(work, 920, "staff", login="stranger")
        work.session.flush()
        work.session.add_all(
            Holding(user_id=who, unit_id=unit, post_id=post.id)
            for who, unit in zip(clerks, (hall.centre, hall.centre, yb.id), strict=True)
        )
        elsewhere = Unit(code="350526104", name="龙门滩镇", kind="town", parent_id=hall.county, path="")
        work.session.add(elsewhere)
        work.session.flush()
        elsewhere.path = f"/{hall.county}/{elsewhere.id}/"
        work.session.add(Holding(user_id=stranger, unit_id=elsewhere.id, post_id=post.id))
        work.session.flush()
        units.forget(work)
        library.publish(work, package(), by=people.SYSTEM, now=NOW)
        windows, hall_id = [w.id for w in rows], at.id
    made = SimpleNamespace(**vars(hall), w=windows, hall_id=hall_id, stranger=hall.actor(stranger))
    made.clerks = [hall.actor(who) for who in clerks]
    for window, clerk in zip(made.w, made.clerks, strict=True):
        made.do(queues.sit, window, by=clerk, now=NOW)

    def take(*needs, now=NOW, **more):
        return made.do(queues.take, KEY, needs=needs, by=people.SYSTEM, now=now, **more)

    def call_next(n=0, now=NOW):
        return made.do(queues.call_next, made.w[n], by=made.clerks[n], now=now)

    def step(function, ticket, n=0, now=NOW, **more):
        return made.do(function, ticket.id, version=fresh(ticket).version, by=made.clerks[n], now=now, **more)

    def fresh(ticket):
        with made.database.reading() as work:
            return work.session.get(Ticket, ticket.id)

    def missed(ticket, n=0, now=NOW):
        """Called three times, half a minute apart, and nobody came."""
        for again in (1, 2):
            step(queues.recall, ticket, n, now + again * APART)
        return step(queues.park, ticket, n, now + 3 * APART)

    made.take, made.call_next, made.step, made.fresh, made.missed = take, call_next, step, fresh, missed
    return made
