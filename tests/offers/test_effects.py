"""What a diagram does with offers: several booked together or none, released; moved and called off by the case."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking, cases
from engine.errors import NotFound, NotNow
from engine.people import SYSTEM
from engine.records import library
from engine.store.models import Appointment, BookingPlace, Case, Event, Resource, Slot, User
from tests.between import small
from tests.offers.conftest import NOW, left

BOOKS = (
    '<startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="take"/>'
    + small.service(
        "take",
        "book",
        inputs='<zeebe:input source="=for n in split(order, &quot;,&quot;) return {offer: n, role: &quot;help&quot;}" '
        'target="offers"/>',
    )
    + '<boundaryEvent id="full" attachedToRef="take"><errorEventDefinition id="fd" errorRef="FULL"/></boundaryEvent>'
    '<boundaryEvent id="unfit" attachedToRef="take"><errorEventDefinition id="ud" errorRef="REFUSED"/></boundaryEvent>'
    '<sequenceFlow id="b" sourceRef="take" targetRef="decide"/>'
    '<sequenceFlow id="c" sourceRef="full" targetRef="none"/><sequenceFlow id="d" sourceRef="unfit" targetRef="not"/>'
    + small.task("decide", "看看")
    + '<sequenceFlow id="e" sourceRef="decide" targetRef="give"/>'
    + small.service("give", "release")
    + '<sequenceFlow id="f" sourceRef="give" targetRef="done"/>'
    '<endEvent id="done"/><endEvent id="none"/><endEvent id="not"/>'
)
ERRORS = '<error id="FULL" errorCode="FULL"/><error id="REFUSED" errorCode="REFUSED"/>'


def publish(hall, name, body, before=""):
    made = small.matter(name, "试订", body, before)
    files = dict(made.files)
    file = f"bpmn/{name}/matter.yaml"
    files[file] = files[file].replace(b"office: YB", b"office: FW").replace(b"post: reviewer", b"post: window")
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.read(name, files), by=SYSTEM, now=NOW)


def apply(hall, name, order, who=3):
    with hall.database.unit_of_work() as work:
        raw = {"applicant": {"name": f"居民{who + 1}"}, "order": order}
        return cases.submit(work, name, raw, by=hall.residents[who], now=NOW).case.id


def ended(hall, case_id):
    with hall.database.reading() as work:
        case = work.session.get(Case, case_id)
        errors = [
            e.facts["error"]
            for e in work.session.scalars(
                select(Event).where(Event.case_id == case_id, Event.kind == "effect.answered").order_by(Event.id)
            )
        ]
        return case.status, errors


def test_two_offers_are_booked_together_and_released_by_the_case(hall):
    publish(hall, "trip", BOOKS, ERRORS)
    one, two = hall.asked(), hall.asked(day="2026-09-27")
    case_id = apply(hall, "trip", f"{one.number},{two.number}")
    assert ended(hall, case_id) == ("running", [""])
    assert left(hall.database, one.slot)[1] == left(hall.database, two.slot)[1] == {"cut": 0, "help": 1}
    with hall.database.reading() as work:
        rows = work.session.scalars(
            select(Appointment).where(Appointment.case_id == case_id).order_by(Appointment.id)
        ).all()
        assert [(r.state, r.user_id, r.channel) for r in rows] == [
            ("confirmed", hall.residents[3].id, "counter") for _ in rows
        ]
        assert [b["number"] for b in work.session.get(Case, case_id).answers["bookings"]] == [r.number for r in rows]
        from engine.store.models import Task

        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
    with hall.database.unit_of_work() as work:
        cases.complete(work, task.id, {"decision": "算了"}, version=task.version, by=hall.clerk, now=NOW)
    assert left(hall.database, one.slot)[0] == left(hall.database, two.slot)[0] == 0
    with hall.database.reading() as work:
        assert {a.by_hall for a in work.session.scalars(select(Appointment))} == {True}


def test_when_one_is_full_none_is_booked_and_the_diagram_hears_full(hall):
    publish(hall, "trip", BOOKS, ERRORS)
    one, two = hall.asked(), hall.asked(day="2026-09-27", help=1)
    hall.do(booking.take_place, two.slot, role="help", by=hall.residents[5], now=NOW)
    case_id = apply(hall, "trip", f"{one.number},{two.number}")
    assert ended(hall, case_id) == ("finished", ["FULL"])
    assert left(hall.database, one.slot) == (0, {"cut": 0, "help": 0})
    with hall.database.reading() as work:
        assert work.session.query(BookingPlace).count() == 1
        assert work.session.query(Appointment).count() == 1


@pytest.mark.parametrize("order", ["GJ0000000000000", "twice"])
def test_what_cannot_be_booked_is_refused_to_the_diagram(hall, order):
    publish(hall, "trip", BOOKS, ERRORS)
    one = hall.asked()
    if order == "twice":
        hall.do(booking.take_place, one.slot, role="cut", by=hall.residents[3], now=NOW)
        order = one.number
    case_id = apply(hall, "trip", order)
    assert ended(hall, case_id) == ("finished", ["REFUSED"])


def four_days_later(hall, kind, inputs):
    """筑梦志愿服务 with this effect after a timer of four days."""
    from tests.offers.conftest import files_of

    files = files_of(lunch=False)
    file = "bpmn/zhiyuan/process.bpmn"
    step = (
        f'<bpmn:serviceTask id="more" name="四天以后"><bpmn:extensionElements><zeebe:taskDefinition type="{kind}"/>'
        f"<zeebe:ioMapping>{inputs}</zeebe:ioMapping></bpmn:extensionElements><bpmn:incoming>m1</bpmn:incoming>"
        "<bpmn:outgoing>m2</bpmn:outgoing></bpmn:serviceTask>"
        '<bpmn:intermediateCatchEvent id="four" name="四天">'
        "<bpmn:incoming>m0</bpmn:incoming><bpmn:outgoing>m1</bpmn:outgoing>"
        '<bpmn:timerEventDefinition id="td"><bpmn:timeDuration>P4D</bpmn:timeDuration></bpmn:timerEventDefinition>'
        "</bpmn:intermediateCatchEvent>"
        '<bpmn:sequenceFlow id="m0" sourceRef="job-wait" targetRef="four"/>'
        '<bpmn:sequenceFlow id="m1" sourceRef="four" targetRef="more"/>'
        '<bpmn:sequenceFlow id="m2" sourceRef="more" targetRef="job-wait"/>'
    )
    files[file] = files[file].decode().replace("</bpmn:process>", step + "</bpmn:process>").encode()
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("zhiyuan", files), by=SYSTEM, now=NOW)


@pytest.mark.parametrize("kind", ["move-offer", "close-offer"])
def test_the_case_moves_and_calls_off_what_it_opened(hall, kind):
    """A timer of the matter does it four days after: the bookings go along, or are given back."""
    inputs = '<zeebe:input source="=&quot;下雨&quot;" target="reason"/>'
    if kind == "move-offer":
        inputs += (
            '<zeebe:input source="=date and time(offer.starts_at) + duration(&quot;P1D&quot;)" target="starts_at"/>'
        )
    four_days_later(hall, kind, inputs)
    need = hall.asked()
    made = hall.do(booking.take_place, need.slot, role="help", by=hall.residents[3], now=NOW)
    hall.work_off(NOW + timedelta(days=4, hours=1))
    with hall.database.reading() as work:
        row, slot = work.session.get(Appointment, made.id), work.session.get(Slot, need.slot)
        resource = work.session.get(Resource, need.resource)
        if kind == "move-offer":
            assert (row.state, row.starts_at) == ("confirmed", need.starts_at + timedelta(days=1)) and resource.active
        else:
            assert (row.state, row.by_hall, resource.active, slot.public_taken) == ("cancelled", True, False, 0)


def test_the_roll_tells_two_of_one_name_apart_and_leaves_out_who_gave_their_place_back(hall):
    four_days_later(hall, "call-roll", "")
    need = hall.asked()
    with hall.database.unit_of_work() as work:
        for one in hall.residents[3:5]:
            work.session.get(User, one.id).name = "林小梅"
    one, two, gone = (
        hall.do(booking.take_place, need.slot, role=role, by=hall.residents[n], now=NOW)
        for n, role in ((3, "help"), (4, "cut"), (5, "help"))
    )
    hall.do(booking.cancel, gone.id, version=gone.version, by=hall.residents[5], now=NOW)
    hall.work_off(NOW + timedelta(days=4, hours=1))
    with hall.database.reading() as work:
        roll = work.session.get(Case, need.case).answers["roll"]
    assert roll == [
        {"number": one.number, "name": "林小梅", "role": "help", "came": False},
        {"number": two.number, "name": "林小梅", "role": "cut", "came": False},
    ]


def test_a_case_that_opened_nothing_has_no_roll(hall):
    body = (
        '<startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="names"/>'
        + small.service("names", "call-roll")
        + '<sequenceFlow id="b" sourceRef="names" targetRef="done"/><endEvent id="done"/>'
    )
    publish(hall, "unopened", body)
    with pytest.raises(NotNow) as refused:
        apply(hall, "unopened", "x")
    assert "还没有开放供给" in refused.value.zh


def test_a_case_cannot_touch_what_another_opened(hall):
    one, two = hall.asked(), hall.asked(day="2026-09-27")
    from engine.commands.effects import offers as effects

    class Of:
        def __init__(self, work, case):
            self.work, self.case = work, case

    with hall.database.unit_of_work() as work, pytest.raises(NotFound):
        effects.of_case(Of(work, work.session.get(Case, one.case)), two.number)
