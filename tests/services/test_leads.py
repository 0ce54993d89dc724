"""选定的调解员: chosen, they read the case and do its steps, whatever unit they are of; objected to, no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import Invalid
from engine.people import load, may, units
from engine.reads import case_page
from engine.store.models import Case, Meeting, Task
from tests.services import mediating
from tests.services.test_meetings import AT, NOW, START, answers_of, chosen, complete, office

__all__ = ["office"]


@pytest.fixture
def village(office):
    with office.database.unit_of_work() as work:
        place = units.by_code(work, "350526106202")  # a village that has nothing to do with the case
        who = mediating.hire_mediators(work, place.id, NOW, (*mediating.NAMES, "谢秀英"))["谢秀英"]
    with office.database.reading() as work:
        office.xie = load(work, who, now=NOW)
    return office


def test_a_mediator_of_a_village_who_was_chosen_reads_the_case_and_does_its_step(village):
    case_id = chosen(village, "谢秀英")
    with village.database.unit_of_work() as work:
        case = work.session.get(Case, case_id)
        assert case.restricted and may(village.xie, "see", case)
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.element == "schedule")).one()
        given = {"session": {"when": AT, "place": "村部"}}
        cases.complete(work, task.id, given, version=task.version, by=village.xie, now=NOW)


def test_who_was_not_chosen_does_not_read_it_and_who_was_objected_to_loses_it(village):
    other = chosen(village, "赖炳根")
    case_id = chosen(village, "谢秀英")
    with village.database.unit_of_work() as work:
        assert not may(village.xie, "see", work.session.get(Case, other))
        cases.tell(
            work,
            case_id,
            "object",
            {"objection.whom": "谢秀英", "objection.reason": "是远亲"},
            party="赖春生",
            by=village.lai,
            now=NOW,
        )
    complete(village, case_id, "choose", mediators=[{"name": "苏清福"}])
    complete(village, case_id, "consult")
    with village.database.reading() as work:
        case = work.session.get(Case, case_id)
        task = work.session.scalars(
            select(Task).where(Task.case_id == case_id, Task.element == "schedule", Task.state != "ended")
        ).one()
        assert not may(village.xie, "see", case) and not may(village.xie, "claim", task, case=case)
        assert f"u:{village.su.id}" in task.candidates


def test_the_mediations_month_stops_when_they_agree_orally(office):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": AT, "place": "村部"})
    minutes = {**answers_of("mediate")["minutes"], "result": "oral"}
    complete(office, case_id, "mediate", minutes=minutes, now=START + timedelta(hours=2))
    said = {"terms": [{"text": "月底前恢复"}], "way": "当面", "due_on": "2026-09-30"}
    with office.database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.element == "oral")).one()
        given = {"oral_agreement": said}
        cases.complete(work, task.id, given, version=task.version, by=office.lai, now=START + timedelta(hours=3))
        case = work.session.get(Case, case_id)
        assert case.status == "running" and "stopped" in str(case.ledger)


@pytest.mark.parametrize("sent", ["2026-09-22T15:00", "2026-09-22T16:00+09:00", "2026-09-22T07:00Z"])
def test_the_hour_of_a_meeting_is_read_in_china_whatever_zone_the_browser_is_in(office, sent):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": sent, "place": "村部"})
    with office.database.reading() as work:
        assert work.session.scalars(select(Meeting.starts_at)).one() == START
        assert work.session.get(Case, case_id).answers["session"]["when"] == "2026-09-22T15:00"


def test_every_room_of_the_matter_is_offered_and_an_unknown_place_is_refused(office):
    with office.database.unit_of_work() as work:
        mediating.open_room(work, office.sf, NOW.date(), NOW, days=10, name="第二调解室")
    case_id = chosen(office)
    with office.database.reading() as work:
        desk = case_page.page(work, case_id, actor=office.lai, now=NOW).desk
        assert "第二调解室" in str(desk.schema)
    with pytest.raises(Invalid) as refused:
        complete(office, case_id, "schedule", session={"when": AT, "place": "第三调解室"})
    assert set(refused.value.by_field()) == {"session.place"}
    complete(office, case_id, "schedule", session={"when": AT, "place": "第二调解室"})
    with office.database.reading() as work:
        assert work.session.scalars(select(Meeting.resource_id)).one() is not None
