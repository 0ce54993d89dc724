"""One thing for each of many records: once each, whoever dies; and sums that are exact."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from engine import matters, people
from engine.commands import cases, register_rows, schedules
from engine.commands.schedules import each as each_room
from engine.errors import Invalid, NotNow, NotYours
from engine.matters.shares import allocate
from engine.reads.knowing import Person
from engine.records import registers
from engine.store.models import Case, Event, ForEach, ForEachItem, Job, RegisterEntry, Task
from tests.between.small import given as put
from tests.between.small import publish, service, task, work_off
from tests.conftest import NOW
from tests.schedules.small import files

REGISTERS = """
registers:
  member:
    title: 成员
    title_en: Members
    about: person
    fields:
      shares: {title: 份额, type: number}
      village: {title: 村, type: text}
    states: {active: 在册, left: {title: 退出, ends: true}}
    search: [name, village]
    readers: [head]
  paid:
    title: 分红
    title_en: Paid
    about: case
    fields:
      amount: {title: 金额, type: number}
      to: {title: 给谁, type: text}
    readers: [head]
"""
PART = (
    '<process id="part" name="一份" isExecutable="true"><startEvent id="p"/><flow p pay/>'
    f'{task("pay", "发放")}<flow pay over/><endEvent id="over"/></process>'
)
LINE = '<startEvent id="s"/><flow s all/>%s<flow all sum/>%s<flow sum look/>' + task("look", "看一看")
LINE += '<flow look e/><endEvent id="e"/>'
SUM = service("sum", "sum-up", "register=paid value=amount")


def all_of(headers: str, each: str, inputs: str = "") -> str:
    made = service("all", "for-each", headers, inputs)
    return made.replace("<zeebe:taskHeaders>", f'<zeebe:taskHeaders><zeebe:header key="each" value="{each}"/>')


RECORD = all_of(
    "register=member record=paid share=shares", "={to: item.name, amount: amount}", put("total", "=order_total")
)
OPEN = all_of(
    "register=member process=part share=shares", "={whom: item.name, amount: amount}", put("total", "=order_total")
)


def matter(doing: str, name: str = "fenhong") -> matters.Package:
    given_ = files(name, REGISTERS, body=LINE % (doing, SUM), after=PART)
    form = json.loads(given_[f"forms/{name}/ask.form"])
    form["components"].append({"type": "number", "id": "f9", "key": "order_total", "label": "总数"})
    given_[f"forms/{name}/ask.form"] = json.dumps(form).encode()
    return matters.read(name, given_)


def members(database, package, shares, now):
    with database.unit_of_work() as work:
        one = package.declared("registers")["member"]
        for n, share in enumerate(shares):
            register_rows.put(
                work,
                one,
                {"shares": share, "village": f"v{n % 3}"},
                by=people.SYSTEM,
                now=now,
                whom=Person(f"成员{n:04d}", f"139{n:08d}"),
            )


def begin(database, package, by, now, total=100):
    with database.unit_of_work() as work:
        answers = {"applicant": {"name": "合作社"}, "order_total": total}
        return cases.submit(work, package.name, answers, by=by, now=now).case.id


def one(database, id=None) -> ForEach:
    with database.reading() as work:
        return work.session.scalars(select(ForEach)).one()


def answers(database, case_id):
    with database.reading() as work:
        return dict(work.session.get_one(Case, case_id).answers)


def test_what_says_its_place_is_recorded_there_and_not_with_the_case(database, cast):
    things = """
registers:
  thing:
    title: 东西
    title_en: Things
    about: thing
    key: code
    fields: {code: {title: 编号, required: true}, day: {title: 哪天, type: date}}
    readers: [head]
"""
    items = put("items", "=[{code: &#34;a&#34;, place: &#34;350526106202&#34;}, {code: &#34;b&#34;}]")
    doing = all_of("record=thing", "={code: item.code}", items)
    given_ = files("hedui", things, body=f"<startEvent id='s'/><flow s all/>{doing}<flow all e/><endEvent id='e'/>")
    publish(database, NOW, matters.read("hedui", given_))
    with database.unit_of_work() as work:
        made = cases.submit(work, "hedui", {"applicant": {"name": "合作社"}}, by=cast.zhang, now=NOW, place=cast.suyang)
    work_off(database, NOW)
    with database.reading() as work:
        found = {e.key: e.place_id for e in work.session.scalars(select(RegisterEntry))}
    assert made.case and found == {"a": cast.xiabi.id, "b": cast.suyang.id}


# ---------------------------------------------------------------- shares


@settings(max_examples=200, deadline=None)
@given(
    cents=st.integers(0, 10**12),
    shares=st.lists(st.decimals(0, 10**6, places=4), min_size=1, max_size=40).filter(any),
    digits=st.integers(0, 4),
)
def test_the_cents_always_add_up_and_nobody_is_a_cent_away_from_their_part(cents, shares, digits):
    total = Decimal(cents).scaleb(-digits)
    parts = allocate(total, shares, digits)
    assert sum(parts) == total
    whole, cent = sum(shares), Decimal(1).scaleb(-digits)
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - total * share / whole) <= cent
        assert share or part == 0
    equal = {}
    for part, share in zip(parts, shares, strict=True):
        equal.setdefault(share, []).append(part)
    assert all(max(of) - min(of) <= cent for of in equal.values())


@pytest.mark.parametrize(
    ("total", "shares"), [("10.005", ["1"]), ("10", ["1", "-1", "2"]), ("10", ["0", "0"]), ("10", [])]
)
def test_what_cannot_be_divided_is_refused(total, shares):
    with pytest.raises(Invalid):
        allocate(Decimal(total), [Decimal(s) for s in shares])


# ---------------------------------------------------------------- each


def test_a_line_for_each_member_adds_up_to_the_cent_and_the_case_goes_on_with_the_sum(database, cast, clock):
    package = matter(RECORD)
    publish(database, clock(), package)
    members(database, package, [1, 1, 1], clock())
    id = begin(database, package, cast.zhou, clock())
    work_off(database, clock())
    with database.reading() as work:
        lines = work.session.scalars(
            select(RegisterEntry).where(RegisterEntry.register == "fenhong.paid").order_by(RegisterEntry.id)
        ).all()
        assert [(x.facts["to"], x.facts["amount"]) for x in lines] == [
            ("成员0000", 33.34),
            ("成员0001", 33.33),
            ("成员0002", 33.33),
        ]
        said = work.session.scalars(select(Event).where(Event.kind == "for-each.ended")).one().facts
    assert said == {"total": 3, "done": 3, "left_out": 0}
    found = answers(database, id)
    assert found["counts"] == {"total": 3, "done": 3, "left_out": 0}
    assert found["total"] == {"count": 3, "sum": 100, "min": 33.33, "max": 33.34, "few": True}
    assert one(database).state == "done"


def test_a_case_for_each_and_the_case_waits_until_all_have_ended(database, cast, clock):
    package = matter(OPEN)
    publish(database, clock(), package)
    members(database, package, [2, 1], clock())
    id = begin(database, package, cast.zhou, clock())
    work_off(database, clock())
    row = one(database)
    assert (row.state, row.total, row.done) == ("doing", 2, 0)
    with database.reading() as work:
        children = work.session.scalars(select(Case).where(Case.parent_id == id).order_by(Case.id)).all()
        assert [(c.applicant_name, c.applicant_phone, c.stage) for c in children] == [
            ("成员0000", "13900000000", "发放"),
            ("成员0001", "13900000001", "发放"),
        ]
        assert [work.session.get_one(Case, c.id).answers["amount"] for c in children] == [66.67, 33.33]
    for child in children:
        with database.unit_of_work() as work:
            row = work.session.scalars(select(Task).where(Task.case_id == child.id)).one()
            cases.claim(work, row.id, version=row.version, by=cast.wu, now=clock())
            cases.complete(work, row.id, {}, version=row.version, by=cast.wu, now=clock())
        work_off(database, clock())
    assert one(database).state == "done" and answers(database, id)["counts"]["done"] == 2


def test_each_case_is_called_as_the_step_says_and_else_by_its_matter(database, cast, clock):
    title = '<zeebe:header key="title" value="=item.name + &quot; 的份额&quot;"/>'
    package = matter(OPEN.replace("<zeebe:taskHeaders>", f"<zeebe:taskHeaders>{title}", 1))
    publish(database, clock(), package)
    members(database, package, [2, 1], clock())
    id = begin(database, package, cast.zhou, clock())
    work_off(database, clock())
    with database.reading() as work:
        assert work.session.get_one(Case, id).matter_name == package.info.name
        titles = work.session.scalars(select(Case.matter_name).where(Case.parent_id == id).order_by(Case.id)).all()
        assert titles == ["成员0000的份额", "成员0001的份额"]


def test_what_fails_is_listed_and_tried_again_alone_or_left_out_with_a_reason(database, cast, clock, monkeypatch):
    package = matter(RECORD.replace("amount: amount", "amount: if item.shares = 2 then &quot;x&quot; else amount"))
    publish(database, clock(), package)
    members(database, package, [1, 2, 1, 2], clock())
    id = begin(database, package, cast.zhou, clock())
    work_off(database, clock())
    row = one(database)
    assert (row.state, row.total, row.done, row.failed) == ("doing", 4, 2, 2)
    with database.reading() as work:
        bad = work.session.scalars(
            select(ForEachItem).where(ForEachItem.state == "failed").order_by(ForEachItem.n)
        ).all()
        assert [b.n for b in bad] == [2, 4] and "金额" in bad[0].error
    for who in (cast.zhou, cast.zhang, cast.zhao):
        with pytest.raises(NotYours), database.unit_of_work() as work:
            schedules.retry(work, row.id, bad[0].id, by=who, now=clock())
    said = each_room._said
    monkeypatch.setattr(each_room, "_said", lambda w, r, a, n: {"to": a["item"]["name"], "amount": plain(a["amount"])})
    from engine.plain import plain

    with database.unit_of_work() as work:
        assert schedules.retry(work, row.id, bad[0].id, by=cast.wu, now=clock()) == 1
    work_off(database, clock())
    monkeypatch.setattr(each_room, "_said", said)
    assert (one(database).done, one(database).failed) == (3, 1)
    with pytest.raises(Invalid), database.unit_of_work() as work:
        schedules.leave_out(work, row.id, bad[1].id, " ", by=cast.wu, now=clock())
    with database.unit_of_work() as work:
        schedules.leave_out(work, row.id, bad[1].id, "账号待核", by=cast.wu, now=clock())
    assert one(database).state == "done"
    assert answers(database, id)["counts"] == {"total": 4, "done": 3, "left_out": 1}
    with pytest.raises(NotNow), database.unit_of_work() as work:
        schedules.retry(work, row.id, by=cast.wu, now=clock())


class Killed(BaseException):
    """The process died here."""


@pytest.mark.parametrize("at", range(0, 24, 3))
def test_killed_at_any_point_each_is_done_once(sqlite, clock, monkeypatch, at):
    """The process dies at the n-th of its commits, whichever that is; another takes its lease when it has run out."""
    from tests import cast as the_cast

    with sqlite.unit_of_work() as work:
        cast = the_cast.hire(work, clock(), ())
    monkeypatch.setattr(each_room, "PORTION", 3)
    monkeypatch.setattr(each_room, "TURN", 2)
    package = matter(RECORD)
    publish(sqlite, clock(), package)
    members(sqlite, package, [1, 2, 3, 4, 5, 6, 7], clock())
    id = begin(sqlite, package, cast.zhou, clock(), total=1000)
    opened = type(sqlite).unit_of_work
    left = [at]

    def dying(self, session=None):
        if left[0] == 0:
            left[0] = -1
            raise Killed
        left[0] -= 1
        return opened(self, session)

    monkeypatch.setattr(type(sqlite), "unit_of_work", dying)
    now = clock()
    for _ in range(3):
        try:
            work_off(sqlite, now)
        except Killed:
            now += timedelta(minutes=3)  # its lease has run out
    work_off(sqlite, now + timedelta(minutes=10))
    row = one(sqlite)
    assert (row.state, row.total, row.done, row.failed) == ("done", 7, 7, 0)
    with sqlite.reading() as work:
        lines = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "fenhong.paid")).all()
    assert len({x.facts["to"] for x in lines}) == len(lines) == 7
    assert sum(Decimal(str(x.facts["amount"])) for x in lines) == 1000
    assert answers(sqlite, id)["counts"]["done"] == 7


def test_other_work_goes_on_between_and_memory_is_not_filled(sqlite, clock, monkeypatch):
    """Of many records only a turn is in memory at once, and a job queued meanwhile is done before the last of them."""
    import tracemalloc

    from tests import cast as the_cast

    with sqlite.unit_of_work() as work:
        cast = the_cast.hire(work, clock(), ())
    package = matter(RECORD)
    publish(sqlite, clock(), package)
    members(sqlite, package, [1] * 400, clock())
    begin(sqlite, package, cast.zhou, clock(), total=1000)
    turns = []
    kept = each_room.go_on

    def watched(database, job, equipment, now):
        turns.append(tracemalloc.get_traced_memory()[0])
        return kept(database, job, equipment, now)

    from engine.commands.worker.wiring import JOBS
    from engine.records.jobs import Kind

    heard = []
    handlers = {
        **JOBS,
        Kind.FOR_EACH: watched,
        Kind.PUBLISH_SLOTS: lambda d, job, e, n: _noted(d, job, n, heard, turns),
    }
    from engine.commands.equipment import Equipment
    from engine.commands.worker import background
    from engine.records import jobs

    tools = Equipment(press=None, sign=False, worker="test")
    tracemalloc.start()
    try:
        for n in range(1000):
            if n == 3:
                with sqlite.unit_of_work() as work:
                    jobs.put(work, Kind.PUBLISH_SLOTS, "between", {}, now=clock())
            if not background.run(sqlite, tools, now=clock(), handlers=handlers):
                break
    finally:
        tracemalloc.stop()
    assert one(sqlite).done == 400
    assert heard and heard[0] < len(turns) - 10
    assert max(turns[-5:]) < turns[5] * 1.5 + 3_000_000


def _noted(database, job, now, heard, turns):
    from engine.records import jobs

    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
    heard.append(len(turns))


def test_a_case_that_ends_stops_what_is_not_done_yet(database, cast, clock):
    package = matter(OPEN)
    publish(database, clock(), package)
    members(database, package, [1, 1], clock())
    id = begin(database, package, cast.zhou, clock())
    with database.unit_of_work() as work:
        work.session.execute(update(Case).where(Case.id == id).values(status="withdrawn", finished_at=clock()))
    work_off(database, clock())
    assert one(database).state == "stopped"
    with database.reading() as work:
        assert work.session.scalar(select(func.count()).where(Case.parent_id == id)) == 0
        assert work.session.scalar(select(func.count()).where(Job.kind == "for-each", Job.state != "done")) == 0


# ---------------------------------------------------------------- sums


def test_sums_are_exact_grouped_and_by_time(database, cast, clock):
    doing = service(
        "all",
        "sum-up",
        "register=member value=shares by=village",
        put("from", "=&quot;2026-09-18&quot;") + put("until", "=&quot;2026-09-18&quot;"),
    )
    package = matter(doing)
    publish(database, clock(), package)
    members(database, package, [0.1, 0.2, 0.3, 0.7], clock())
    with database.unit_of_work() as work:
        package.declared("registers")["member"]
        one_ = package.declared("registers")["member"]
        late = clock() + timedelta(days=1)
        register_rows.put(
            work, one_, {"shares": 5, "village": "v0"}, by=people.SYSTEM, now=late, whom=Person("晚", "1")
        )
        assert registers.register_of(one_).title == "成员"
    id = begin(database, package, cast.zhou, clock())
    groups = answers(database, id)["groups"]
    assert groups == []  # the second sum, of what was paid, stands now
    with database.reading() as work:
        said = work.session.scalars(select(Event).where(Event.kind == "effect.asked").order_by(Event.id)).all()
        assert [e.facts["count"] for e in said] == [4, 0]
