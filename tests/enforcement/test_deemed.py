"""Acceptance by silence (RULES T3) and the drawing that comes to acceptance later: no conflict, no second
acceptance."""

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.commands.worker.sweep import sweep
from engine.errors import NotNow
from engine.people import SYSTEM, units
from engine.store.models import Case, Document, Notice, Task
from tests.enforcement import hall as halls
from tests.enforcement.hall import at


@pytest.fixture
def database(sqlite):
    """The kind of database does not matter here."""
    return sqlite


SERVICE = """
    <bpmn:serviceTask id="after" name="{name}"><bpmn:extensionElements><zeebe:taskDefinition \
type="{kind}"/>{io}</bpmn:extensionElements>
      <bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f5</bpmn:outgoing></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f2" sourceRef="review" targetRef="after"/>
    <bpmn:userTask id="decide" name="决定"><bpmn:extensionElements><zeebe:userTask/>
      <zeebe:assignmentDefinition candidateGroups="review"/></bpmn:extensionElements>
      <bpmn:incoming>f5</bpmn:incoming><bpmn:outgoing>f6</bpmn:outgoing></bpmn:userTask>
    <bpmn:sequenceFlow id="f5" sourceRef="after" targetRef="decide"/>
    <bpmn:sequenceFlow id="f6" sourceRef="decide" targetRef="end"/>
    <bpmn:endEvent id="end"><bpmn:incoming>f6</bpmn:incoming></bpmn:endEvent>
"""
PLAIN = """    <bpmn:sequenceFlow id="f2" sourceRef="review" targetRef="end"/>
    <bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
"""
ITEMS = '<zeebe:ioMapping><zeebe:input source="=[&quot;身份证&quot;]" target="items"/></zeebe:ioMapping>'


def submit(database, monkeypatch, kind, io=""):
    drawn = halls.DIAGRAM.decode().replace(PLAIN, SERVICE.format(name="下一步", kind=kind, io=io))
    monkeypatch.setattr(halls, "DIAGRAM", drawn.encode())
    with database.unit_of_work() as work:
        hall = halls.build(work)
    with database.unit_of_work() as work:
        done = cases.submit(
            work,
            "trial",
            {"applicant": {"name": "申请人甲"}},
            by=SYSTEM,
            now=at("2026-09-18 09:00"),
            channel="system",
            unit=units.place(work, hall.office),
        )
        work.session.flush()
        return hall, done.case.id


def review(database, hall, case_id, now):
    with database.unit_of_work() as work:
        task = work.session.scalar(select(Task.id).where(Task.case_id == case_id, Task.element == "review"))
        cases.complete(work, task, {}, version=None, by=halls.actor(work, hall.chen, now), now=now)


def test_the_office_that_accepts_in_time_starts_the_clock_that_day(database, monkeypatch):
    hall, one = submit(database, monkeypatch, "accept-case")
    review(database, hall, one, at("2026-09-21 10:00"))
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert (case.accepted_at, case.deemed_at) == (at("2026-09-21 10:00"), None)
        assert case.promised_due == at("2026-10-12 17:30")


@pytest.mark.parametrize("swept", [True, False])
def test_the_drawing_that_comes_to_acceptance_after_the_silence_changes_nothing(database, monkeypatch, swept):
    hall, one = submit(database, monkeypatch, "accept-case")
    if swept:
        sweep(database, now=at("2026-09-25 00:00"))
    review(database, hall, one, at("2026-09-28 10:00"))
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert case.accepted_at == at("2026-09-18 09:00")
        assert (case.promised_due, case.statutory_due) == (at("2026-10-09 17:30"), at("2026-10-23 00:00"))
        assert [event["kind"] for event in case.ledger] == ["received", "deemed_accepted"]
        left = work.session.scalars(select(Task).where(Task.state != "ended").order_by(Task.id)).all()
        assert left[-1].element == "decide"


def test_after_the_silence_a_correction_is_refused_naming_the_law_and_the_step_is_not_taken(database, monkeypatch):
    hall, one = submit(database, monkeypatch, "request-correction", ITEMS)
    with pytest.raises(NotNow) as caught:
        review(database, hall, one, at("2026-09-28 10:00"))
    assert "视为受理" in caught.value.zh and "行政许可法 第32条" in caught.value.zh
    with database.reading() as work:
        assert work.session.scalar(select(Task.state).where(Task.element == "review")) == "open"


def test_a_correction_asked_in_time_stops_the_clock_and_the_silence(database, monkeypatch):
    hall, one = submit(database, monkeypatch, "request-correction", ITEMS)
    review(database, hall, one, at("2026-09-24 16:00"))
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert (case.colour, case.deemed_at, case.paused_at) == ("paused", None, at("2026-09-24 16:00"))
    assert sweep(database, now=at("2026-10-30 09:00")).alarms == 0
    with database.reading() as work:
        assert work.session.get(Case, one).accepted_at is None


def test_the_office_is_warned_once_a_working_day_before_its_silence_becomes_acceptance(database, monkeypatch):
    hall, one = submit(database, monkeypatch, "request-correction", ITEMS)
    for moment in ("2026-09-23 07:59", "2026-09-23 08:00", "2026-09-23 08:01", "2026-09-24 23:59"):
        sweep(database, now=at(moment))
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert case.accepted_at is None
        every = work.session.scalars(select(Notice).where(Notice.kind == "deadline").order_by(Notice.user_id))
        told = [n for n in every if "“审查”" in n.text]  # the drawing's own timer has opened another step besides
        assert [n.user_id for n in told] == [hall.chen, hall.lin]  # nobody has signed for it: both who may
        assert {n.created_at for n in told} == {at("2026-09-23 08:00")}
        assert "还剩 1 个工作日，9月24日（周四）24:00 前" in told[0].text
    sweep(database, now=at("2026-09-25 00:00"))
    with database.reading() as work:
        assert work.session.get(Case, one).accepted_at == at("2026-09-18 09:00")


def test_a_diagram_that_only_lists_what_is_missing_still_issues_the_whole_notice(database, monkeypatch):
    hall, one = submit(database, monkeypatch, "request-correction", ITEMS)
    review(database, hall, one, at("2026-09-21 10:00"))
    with database.reading() as work:
        (paper,) = work.session.scalars(select(Document))
        assert (paper.kind, paper.facts["due_on"]) == ("correction", "2026-10-06")
        assert paper.facts["items"] == [
            {"material": "身份证", "problem": "没有提交，或者不符合法定形式", "fix": "按要求补齐后提交"}
        ]
