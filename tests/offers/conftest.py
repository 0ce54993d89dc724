"""A hall with two things to book: a village's need opened by a case (two roles), and a kitchen's lunch that opens by
itself, with a price, a form and a cut-off."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import booking, cases
from engine.commands.worker import background, sweep
from engine.people import SYSTEM, units
from engine.proof.playing import equipment
from engine.records import library
from engine.store import keys
from engine.store.models import Case, Holding, Post, Resource, Slot, SlotPlace, Task, User
from tests.cast import ROOT

NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)  # Friday 18 September 2026, 09:00 in the hall

NEED = {
    "kind": "care",
    "title": "给老人理发",
    "what": "祠堂里摆好椅子",
    "day": "2026-09-26",
    "from": "09:00",
    "until": "11:00",
    "cut": 2,
    "help": 3,
    "where": "霞碧村祠堂东厢",
}
LUNCH = """
offers:
  lunch:
    title: 午餐
    title_en: Lunch
    kind: meal
    at: centre
    opens: {weekly: "mon-sat 11:00-12:30"}
    places: 2
    who: {if: "=person.age >= 60", says: 年满 60 岁, says_en: 60 years of age}
    needs: {home: {if: "=person.village != null", says: 登记了所在的村, says_en: a village on record}}
    ask: zhiyuan-lunch
    price: {decision: lunch-price, with: {age: "=person.age"}}
    subsidy: {county: {title: 县里补, title_en: the county pays}}
    cut_off: 16:00 the day before
    policy: {book_until_days: 10}
"""
FORM = """{"schemaVersion": 19, "id": "zhiyuan-lunch", "type": "default", "components": [
 {"type": "radio", "key": "dish", "label": "吃什么", "id": "l1", "validate": {"required": true},
  "values": [{"label": "鱼", "value": "fish"}, {"label": "素", "value": "plain"}]}]}"""
PRICE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="lunch" name="午餐价钱" namespace="lunch">
  <decision id="lunch-price" name="lunch price"><decisionTable id="t" hitPolicy="FIRST">
    <input id="i1" label="age"><inputExpression id="e1" typeRef="number"><text>age</text></inputExpression></input>
    <input id="i2" label="dish"><inputExpression id="e2" typeRef="string"><text>dish</text></inputExpression></input>
    <output id="o1" name="pays" typeRef="number"/><output id="o2" name="county" typeRef="number"/>
    <rule id="r1"><inputEntry id="a1"><text>&gt;= 80</text></inputEntry><inputEntry id="b1"><text></text></inputEntry>
      <outputEntry id="c1"><text>0</text></outputEntry><outputEntry id="d1"><text>8</text></outputEntry></rule>
    <rule id="r2"><inputEntry id="a2"><text></text></inputEntry><inputEntry id="b2"><text>"fish"</text></inputEntry>
      <outputEntry id="c2"><text>5</text></outputEntry><outputEntry id="d2"><text>3</text></outputEntry></rule>
    <rule id="r3"><inputEntry id="a3"><text></text></inputEntry><inputEntry id="b3"><text></text></inputEntry>
      <outputEntry id="c3"><text>3</text></outputEntry><outputEntry id="d3"><text>3</text></outputEntry></rule>
  </decisionTable></decision></definitions>"""


def files_of(name="zhiyuan", *, lunch=True, **changes):
    """The small service's files, with a lunch beside the job; `changes`: text -> another in matter.yaml."""
    files = dict(matters.read_files(ROOT, name))
    text = files[f"bpmn/{name}/matter.yaml"].decode()
    # Teams by name too; those of the leader's own members alone are tests/offers/test_teams.py's.
    text = text.replace("    members: bond  ", "    members: [bond, named]  ", 1)
    if lunch:
        text = text.replace("offers:\n", LUNCH.lstrip("\n"), 1)
        files[f"forms/{name}/lunch.form"] = FORM.encode()
        files[f"bpmn/{name}/lunch.dmn"] = PRICE.encode()
    files[f"bpmn/{name}/matter.yaml"] = text.encode()
    return files


def person(work, n, *, born="19500101", place_id=None, kind="resident", name=None):
    phone = f"138{n:08d}"
    row = User(
        kind=kind,
        name=name or f"居民{n}",
        phone=phone,
        phone_index=keys.blind("phone", phone),
        id_number=f"350526{born}{n % 1000:03d}X",
        place_id=place_id,
        created_at=NOW,
    )
    work.session.add(row)
    work.session.flush()
    return row.id


@pytest.fixture
def hall(database):
    return open_hall(database)


def open_hall(database):
    with database.unit_of_work() as work:
        county = units.add(work, code="350526", name="德化县", kind="county", number="0001", word="德政")
        town = units.add(
            work, code="350526104", name="龙门滩镇", kind="town", parent=county, number="2104", word="龙政"
        )
        village = units.add(
            work, code="350526104002", name="霞碧村", kind="village", parent=town, number="3204", word="霞村"
        )
        other = units.add(
            work, code="350526104001", name="苏洋村", kind="village", parent=town, number="3203", word="苏村"
        )
        centre = units.add(
            work, code="350526-FW", name="进城党群城市家园", kind="centre", parent=county, number="1500", word="德中心"
        )
        post = Post(code="window", name="综合窗口", role="clerk")
        work.session.add(post)
        work.session.flush()
        staff = {}
        for n, (key, unit) in enumerate((("clerk", centre), ("villager", village), ("stranger", other)), 900):
            staff[key] = person(work, n, kind="staff", name=f"工作人员{n}")
            work.session.get(User, staff[key]).login = key
            work.session.add(Holding(user_id=staff[key], unit_id=unit.id, post_id=post.id))
        residents = [person(work, n, place_id=village.id) for n in range(1, 13)]
        young = person(work, 50, born="20120101", place_id=village.id)
        middle = person(work, 51, born="19850101", place_id=village.id)
        library.publish(work, matters.package.read("zhiyuan", files_of()), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)

    def actor(user_id, now=NOW):
        with database.reading() as work:
            return people.load(work, user_id, now=now)

    def do(function, *args, **kwargs):
        with database.unit_of_work() as work:
            return function(work, *args, **kwargs)

    here = SimpleNamespace(
        database=database,
        do=do,
        actor=actor,
        now=NOW,
        village=village,
        centre=centre,
        clerk=actor(staff["clerk"]),
        villager=actor(staff["villager"]),
        stranger=actor(staff["stranger"]),
        residents=[actor(r) for r in residents],
        young=actor(young),
        middle=actor(middle),
    )
    here.work_off = lambda now: work_off(database, now)
    here.asked = lambda **need: asked(here, **need)
    return here


def work_off(database, now):
    """The worker comes by until nothing is due."""
    made = equipment()
    for _ in range(50):
        swept = sweep.sweep(database, now=now)
        if not background.run(database, made, now=now) and not swept.busy:
            return
    raise AssertionError("Expected the worker to come to an end")


def asked(here, now=NOW, **need):
    """A need of 霞碧村, checked and open: its case, resource and slot."""
    with here.database.unit_of_work() as work:
        raw = {"need": NEED | need, "applicant": {"name": "居民1", "phone": "13800000001"}}
        place = units.by_code(work, "350526104002")
        done = cases.submit(work, "zhiyuan", raw, by=here.residents[0], now=now, place=place)
        case_id = done.case.id
    with here.database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        cases.claim(work, task.id, version=task.version, by=here.clerk, now=now)
        cases.complete(work, task.id, {"check": {"result": "pass"}}, version=task.version, by=here.clerk, now=now)
        row = work.session.scalars(select(Resource).where(Resource.case_id == case_id)).one()
        slot = work.session.scalars(select(Slot).where(Slot.resource_id == row.id)).one()
        found = SimpleNamespace(case=case_id, resource=row.id, slot=slot.id, number=row.code, starts_at=slot.starts_at)
    work_off(here.database, now)
    return found


def enter_records(here, case_id, now):
    """The station has looked that everybody who came has their hours."""
    with here.database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        cases.claim(work, task.id, version=task.version, by=here.clerk, now=now)
        cases.complete(work, task.id, {"entered": {"result": "all"}}, version=task.version, by=here.clerk, now=now)


def left(database, slot_id):
    """(taken of the slot, role -> taken)."""
    with database.reading() as work:
        slot = work.session.get(Slot, slot_id)
        rows = work.session.scalars(select(SlotPlace).where(SlotPlace.slot_id == slot_id)).all()
        return slot.public_taken, {row.role: row.taken for row in rows}


def stage(database, case_id):
    """(what the case waits for, status)."""
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        return case.status, case.outcome


def day_after(now, days=1):
    return now + timedelta(days=days)
