"""When things open: by market day, by listed day, within a term; the sessions of an event that a case opens; and
forty people put down at once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import booking, gate
from engine.errors import NotNow
from engine.findings import errors
from engine.people import SYSTEM
from engine.records import library
from engine.store.models import Appointment, Notice, Resource, Slot
from engine.workdays import ZONE, lunar
from tests.between import small
from tests.between.small import given, service, task
from tests.costs.counting import counting
from tests.offers.conftest import NOW, files_of, left
from tests.offers.test_gate import COUNTY, HOUSE

STALLS = """
  stall:
    title: 墟日摊位
    title_en: A stall on market day
    kind: place
    at: village
    opens: {lunar: [逢三逢八 06:00-12:00], terms: [{since: 2026-09-01, until: 2026-10-15}]}
    places: 60
    policy: {book_until_days: 60}
  fair:
    title: 庙会
    title_en: The fair
    kind: session
    at: village
    opens: {dates: ["2026-10-17 09:00-11:00", "2026-11-05 14:00-16:00"]}
    places: [{role: stage, title: 演出, capacity: 3}, {role: watch, title: 观众, capacity: 50}]
    policy: {book_until_days: 60}
"""
EVENT = """
offers:
  event:
    title: 文化节
    title_en: Festival
    kind: session
    opened_by: case
    places: 20
  talk:
    title: 讲座
    title_en: Talk
    kind: session
    opened_by: case
    places: 10
    parent: event
"""
DAY = "date and time(&quot;2026-10-17T09:00:00@Asia/Shanghai&quot;)"


def opens(id, offer, hours):
    at = given("starts_at", f"={DAY} + duration(&quot;PT{hours}H&quot;)")
    return service(id, "open-offer", f"offer={offer}", at)


def later(id, kind, more=""):
    return service(id, kind, "", more + given("reason", "=&quot;下雨&quot;"))


WHOLE = (
    '<startEvent id="s"/><flow s one/>'
    + opens("one", "event", 0)
    + "<flow one two/>"
    + opens("two", "talk", 5)
    + "<flow two wait/>"
    + task("wait", "看天气")
    + "<flow wait move/>"
    + later("move", "move-offer", given("starts_at", f"={DAY} + duration(&quot;P2D&quot;)"))
    + "<flow move wait2/>"
    + task("wait2", "再看")
    + "<flow wait2 close/>"
    + later("close", "close-offer")
    + '<flow close e/><endEvent id="e"/>'
)
ALONE = '<startEvent id="s"/><flow s two/>' + opens("two", "talk", 5) + '<flow two e/><endEvent id="e"/>'


def festival(body, declared=EVENT):
    made = small.matter("festival", "文化节", body)
    file = "bpmn/festival/matter.yaml"
    text = made.files[file].replace(b"office: YB", b"office: FW").replace(b"post: reviewer", b"post: window")
    return {**made.files, file: text + declared.encode()}


def begun(hall, body):
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.read("festival", festival(body)), by=SYSTEM, now=NOW)
    return small.submit(hall.database, "festival", hall.residents[0], NOW, applicant={"name": "居民1"})


def rows(hall, offer):
    with hall.database.reading() as work:
        query = select(Resource).where(Resource.offer == f"festival.{offer}").order_by(Resource.id)
        return list(work.session.scalars(query))


def slot(hall, resource):
    with hall.database.reading() as work:
        return work.session.scalars(select(Slot).where(Slot.resource_id == resource.id)).one()


def test_market_days_and_listed_days_open_by_themselves_and_no_other_day_does(hall):
    files = files_of()
    file = "bpmn/zhiyuan/matter.yaml"
    files[file] = files[file].decode().replace("offers:\n", "offers:" + STALLS, 1).encode()
    assert errors(gate.check(matters.Source("zhiyuan", files), COUNTY, house=HOUSE)) == []
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("zhiyuan", files), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        booking.publish_ahead(work, now=NOW)  # the same night twice is once
    with hall.database.reading() as work:
        found = {}
        for offer in ("stall", "fair"):
            query = select(Slot).join(Resource).where(Resource.offer == f"zhiyuan.{offer}").order_by(Slot.starts_at)
            found[offer] = work.session.scalars(query.where(Resource.unit_id == hall.village.id)).all()
        days = [one.starts_at.astimezone(ZONE).date() for one in found["stall"]]
        # today, 八月初八, began at six; the term ends before 九月初八
        assert days == list(lunar.days("逢三逢八").between(date(2026, 9, 19), date(2026, 10, 15)))
        assert [lunar.of(day).name[2:] for day in days][:3] == ["十三", "十八", "廿三"] and days[0] == date(2026, 9, 23)
        assert {(one.starts_at.astimezone(ZONE).hour, one.public_capacity) for one in found["stall"]} == {(6, 60)}
        assert [one.starts_at for one in found["fair"]] == [
            datetime(2026, 10, 17, 1, tzinfo=UTC),
            datetime(2026, 11, 5, 6, tzinfo=UTC),
        ]
    first = found["fair"][0].id
    hall.do(booking.take_place, first, role="stage", by=hall.residents[0], now=NOW)
    assert left(hall.database, first) == (1, {"stage": 1, "watch": 0})


def test_a_session_goes_with_the_event_its_declaration_names(hall):
    """The diagram says nothing of it: it opens an event, then a talk; moved and called off, everybody hears once."""
    case_id = begun(hall, WHOLE)
    (event,), (talk,) = rows(hall, "event"), rows(hall, "talk")
    assert (talk.parent_id, event.parent_id) == (event.id, None)
    for who, what in ((1, event), (1, talk), (2, talk)):
        hall.do(booking.take_place, slot(hall, what).id, by=hall.residents[who], now=NOW)
    small.complete(hall.database, case_id, "wait", people.SYSTEM, NOW)
    starts = datetime(2026, 10, 19, 1, tzinfo=UTC)
    assert [slot(hall, one).starts_at for one in (event, talk)] == [starts, starts + timedelta(hours=5)]
    small.complete(hall.database, case_id, "wait2", people.SYSTEM, NOW)
    with hall.database.reading() as work:
        states = work.session.scalars(
            select(Appointment.state).join(Resource).where(Resource.case_id == case_id).order_by(Appointment.id)
        ).all()
        assert states == ["cancelled"] * 3
        for kind in ("offer-moved", "offer-closed"):
            query = select(Notice.address).where(Notice.kind == kind, Notice.channel == "sms")
            told = work.session.scalars(query).all()
            assert sorted(told) == ["13800000002", "13800000003"], "who has two is told once"
    assert small.outcome(hall.database, case_id)[0] == "finished"


def test_a_session_before_its_event_is_refused_in_plain_words(hall):
    with pytest.raises(NotNow) as refusal:
        begun(hall, ALONE)
    assert "还没有开放“文化节”" in refusal.value.zh


@pytest.mark.parametrize(
    ("was", "becomes", "rule", "said"),
    [
        ("parent: event", "parent: evnet", "offer-name", "event"),
        ("parent: event", "parent: talk", "offer-name", "event"),
        (
            "    opened_by: case\n    places: 10\n",
            '    at: village\n    opens: {weekly: "mon-fri 09:00-10:00"}\n    places: 10\n',
            "matter",
            "opened_by",
        ),
        ("", "", "", ""),
    ],
)
def test_a_slip_of_a_session_is_found(was, becomes, rule, said):
    content = festival(WHOLE, EVENT.replace(was, becomes, 1) if was else EVENT)
    found = errors(gate.check(matters.Source("festival", content), COUNTY, house=HOUSE))
    mine = [one for one in found if one.rule == rule]
    assert (found == []) if not rule else (mine and mine[0].line and said in mine[0].message_zh), found


@pytest.mark.wide
def test_forty_are_put_down_at_once_and_the_fortieth_costs_what_the_first_does(hall):
    case_id = begun(hall, WHOLE)
    (event,) = rows(hall, "event")
    with hall.database.unit_of_work() as work:
        room = work.session.get(Slot, slot(hall, event).id)
        room.public_capacity = 40
    listed = [booking.Listed(f"老人{n}") for n in range(42)]
    costs = []
    for part in (listed[:1], listed[1:]):
        with counting(hall.database) as cost:
            done = hall.do(booking.roll, room.id, part, by=people.SYSTEM, now=NOW)
        costs.append(len(cost))
        assert cost.commits == 1
    assert [bool(one.number) for one in done] == [True] * 39 + [False] * 2
    assert all("满" in one.why for one in done[-2:]) and left(hall.database, room.id)[0] == 40
    assert costs[1] <= 41 * costs[0] and case_id
