"""热力图: cases and working minutes by element, against a recount from the audit; nobody is named."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from engine import people
from engine.commands import cases
from engine.errors import NotFound
from engine.reads import heat
from engine.records import audit, library
from engine.store.models import Case, Event, MatterVersion, Task
from engine.workdays import OpeningHours
from tests.bench import acts

FRIDAY = acts.NOW  # 18 September 2026, 09:00 in the hall
DAYS = (date(2026, 9, 14), date(2026, 9, 30))
#: When each was handed in and when its first step was done: over a weekend, over a lunch, at night, never.
RUNS = (
    (FRIDAY, FRIDAY + timedelta(hours=2)),
    (FRIDAY + timedelta(hours=1), FRIDAY + timedelta(days=3, hours=4)),
    (FRIDAY + timedelta(hours=14), FRIDAY + timedelta(days=4)),
    (FRIDAY + timedelta(days=5), None),
)
NOW = datetime(2026, 9, 30, 2, 0, tzinfo=UTC)


@pytest.fixture
def run(database, cast):
    acts.publish(database)
    for handed_in, done in RUNS:
        with database.unit_of_work() as work:
            case = cases.submit(work, acts.PLAIN.name, acts.APPLICATION, by=cast.zhang, now=handed_in).case.id
        if done is not None:
            with database.unit_of_work() as work:
                task = work.session.scalars(select(Task).where(Task.case_id == case, Task.state == "open")).one()
                by = people.load(work, cast.users["wang"], now=done)
                cases.complete(work, task.id, acts.PLAIN.answers, version=task.version, by=by, now=done)
    return database


def counted(database, first=DAYS[0], last=DAYS[1], now=NOW, **more):
    with database.reading() as work:
        return heat.of(work, acts.PLAIN.name, first, last, now=now, **more)


def recount(database, first, last, now):
    """element -> (cases, minutes), from the audit alone: a step is open from what opened it until it was completed."""
    with database.reading() as work:
        hours = OpeningHours(work.calendar)
        begin = datetime.combine(first, datetime.min.time(), UTC) - timedelta(hours=8)
        end = min(datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC) - timedelta(hours=8), now)
        elements = dict(work.session.execute(select(Task.id, Task.element)).all())
        found = {}
        for case_id in work.session.scalars(select(Case.id)):
            lines = work.session.scalars(select(Event).where(Event.case_id == case_id).order_by(Event.id)).all()
            since = lines[0].at
            done = [line for line in lines if line.kind == audit.Kind.TASK_COMPLETED]
            spans = []
            for line in done:
                spans.append((elements[line.task_id], since, line.at))
                since = line.at
            spans.append(("next" if done else elements[min(elements)], since, now))
            for element, opened, over in spans:
                if opened < end and over >= begin:
                    cases_of, minutes = found.setdefault(element, (set(), []))
                    cases_of.add(case_id)
                    minutes.append(hours.minutes(max(opened, begin), min(over, end)))
        return {element: (len(those), sum(minutes)) for element, (those, minutes) in found.items()}


@pytest.mark.parametrize("days", [DAYS, (date(2026, 9, 18), date(2026, 9, 18)), (date(2026, 9, 21), date(2026, 9, 22))])
def test_cases_and_working_minutes_are_those_that_the_audit_says(run, days):
    found = counted(run, *days)
    assert {one.element: (one.cases, one.minutes) for one in found.elements} == recount(run, *days, NOW)
    assert found.elements and not found.more


def test_a_weekend_and_a_night_are_no_working_time(run):
    with run.reading() as work:
        first = work.session.scalars(select(Task.element).order_by(Task.id).limit(1)).one()
    [one] = [it for it in counted(run, date(2026, 9, 19), date(2026, 9, 19)).elements if it.element == first]
    assert (one.cases, one.minutes, one.waiting) == (2, 0, 2)  # Saturday: it waits, and nobody is at work


def test_days_add_up_to_the_whole(run):
    whole = {one.element: one.minutes for one in counted(run).elements}
    parts = dict.fromkeys(whole, 0)
    for n in range((DAYS[1] - DAYS[0]).days + 1):
        day = DAYS[0] + timedelta(days=n)
        for one in counted(run, day, day).elements:
            parts[one.element] += one.minutes
    assert parts == whole


def test_the_strongest_colour_has_the_most_minutes_and_the_longest_waits_stand_first(run):
    found = counted(run)
    assert found.elements[0].level == heat.LEVELS
    assert [one.minutes for one in found.waits] == sorted((one.minutes for one in found.waits), reverse=True)
    assert found.waits[0].minutes == max(one.longest for one in found.elements)


def test_nobody_is_named_and_a_unit_only_where_enough_people_work(run, monkeypatch):
    assert {one.unit for one in counted(run).waits} == {""}  # one person did all of it
    assert "王" not in repr(counted(run)) and "张三丰" not in repr(counted(run))
    monkeypatch.setattr(heat, "LEAST", 1)
    assert any(one.unit for one in counted(run).waits)


@pytest.mark.parametrize("readers", ["restricted", "confidential"])
def test_of_a_restricted_matter_nothing_is_said_of_few_and_of_a_confidential_one_nothing(run, monkeypatch, readers):
    with run.reading() as work:
        info = library.current(work, acts.PLAIN.name).info.model_copy(update={"readers": readers})
    monkeypatch.setattr(library, "current", lambda work, name: SimpleNamespace(info=info))
    if readers == "confidential":
        with pytest.raises(NotFound):
            counted(run)
        return
    found = counted(run)
    assert found.cases is None and found.waits == ()
    assert {(one.cases, one.minutes, one.level) for one in found.elements} == {(None, 0, 0)}


def test_a_version_is_counted_by_itself(run):
    with run.reading() as work:
        own = work.session.scalars(select(MatterVersion.hash).where(MatterVersion.matter == acts.PLAIN.name)).one()
        other = work.session.scalars(select(MatterVersion.hash).where(MatterVersion.matter != acts.PLAIN.name)).first()
    assert counted(run, version=own) == counted(run)
    with run.unit_of_work() as work:
        one = work.session.scalars(select(Case.id).order_by(Case.id).limit(1)).one()
        work.session.execute(update(Case).where(Case.id == one).values(version_hash=other))
    assert counted(run, version=own).cases == len(RUNS) - 1
