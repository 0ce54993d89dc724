"""A schedule begins cases by itself: once for each unit and turn, whoever works and whatever stood still."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from engine import people
from engine.commands import schedules
from engine.commands.hall import calendars
from engine.commands.worker import sweep
from engine.errors import Invalid, NotNow, NotYours
from engine.people import may
from engine.reads import applicants
from engine.records import library
from engine.store import Database
from engine.store.models import Case, Event, Incident, Schedule, ScheduleRun
from engine.workdays import ZONE
from tests.between.small import publish, task, work_off
from tests.schedules.small import BODY, REPORT, matter

#: The Monday after the National Day holiday in 2026 is the 8th of October: the 5th is moved there.
DUE = datetime(2026, 10, 8, 0, 0, tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def go(database: Database, now: datetime) -> None:
    """What a worker does at this moment."""
    while sweep.sweep(database, now=now).busy:
        pass
    work_off(database, now)


def cases_of(database: Database, name: str = "yuebao") -> list[Case]:
    with database.reading() as work:
        return list(work.session.scalars(select(Case).where(Case.matter == name).order_by(Case.id)))


def row(database: Database) -> Schedule:
    with database.reading() as work:
        return work.session.scalars(select(Schedule)).one()


def runs(database: Database) -> list[ScheduleRun]:
    with database.reading() as work:
        return list(work.session.scalars(select(ScheduleRun).order_by(ScheduleRun.id)))


def test_one_case_for_each_town_by_the_ordinary_submit_with_answers_from_the_run(database, cast, clock):
    publish(database, clock(), matter())
    assert row(database).next_at == DUE
    go(database, DUE)  # at the moment itself
    found = cases_of(database)
    assert [(c.unit_id, c.applicant_name, c.channel, c.submitted_by_id) for c in found] == [
        (cast.xunzhong.id, "浔中镇", "system", None),
        (cast.lmt.id, "龙门滩镇", "system", None),
    ]
    with database.reading() as work:
        case = work.session.get(Case, found[0].id)
        assert case.answers["about"] == {"month": "2026-09-01"}
        assert case.answers["run"]["period"] == {"from": "2026-09-01", "until": "2026-09-30"}
        assert case.answers["run"]["unit"]["name"] == "浔中镇"
        turn = work.session.scalars(select(Event).where(Event.kind == "schedule.turn")).one()
        assert turn.facts == {"schedule": "yuebao.report", "turn": "2026-10-05T00:00:00+00:00", "runs": 2}
    assert {r.state for r in runs(database)} == {"done"} and {r.due_at for r in runs(database)} == {DUE}
    assert row(database).next_at == local("2026-11-05 08:00")
    go(database, DUE)
    assert len(cases_of(database)) == 2


def test_the_second_run_of_a_unit_and_turn_is_refused_by_the_database(database, cast, clock):
    publish(database, clock(), matter())
    go(database, DUE)
    one = runs(database)[0]
    with pytest.raises(IntegrityError), database.unit_of_work() as work:
        again = {
            n: getattr(one, n) for n in ("schedule_id", "unit_id", "turn_at", "due_at", "first", "last", "opened_at")
        }
        work.session.add(ScheduleRun(**again, state="waiting", error=""))


def test_many_workers_open_each_turn_and_run_once(database, cast, clock):
    publish(database, clock(), matter())
    faults: list[BaseException] = []

    def worker() -> None:
        try:
            go(database, DUE)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    work_off(database, DUE)
    assert faults == []
    assert len(cases_of(database)) == 2 and len(runs(database)) == 2


@pytest.mark.parametrize(("missed", "dues"), [("each", ["10-08", "11-05", "12-07"]), ("last", ["12-07"])])
def test_after_a_stand_still_each_missed_turn_comes_once_in_order_or_only_the_last(sqlite, clock, missed, dues):
    from tests import cast as the_cast

    with sqlite.unit_of_work() as work:
        the_cast.hire(work, clock(), ())
    publish(sqlite, clock(), matter(more=REPORT + f"    missed: {missed}\n"))
    now = local("2026-12-20 10:00")
    go(sqlite, now)
    for _ in range(6):  # a run waits for the one before it of its unit
        now += schedules.runs.AGAIN
        work_off(sqlite, now)
    found = [r for r in runs(sqlite) if r.state == "done"]
    towns = {r.unit_id for r in found}
    for town in towns:
        own = sorted((r for r in found if r.unit_id == town), key=lambda r: r.case_id)
        assert [f"{r.due_at.astimezone(ZONE):%m-%d}" for r in own] == dues  # in the order of their cases
    assert len(cases_of(sqlite)) == len(dues) * 2
    assert row(sqlite).lacks_year == 2027 and row(sqlite).next_at is None  # 2027 is not published: never guessed


def test_a_year_that_is_published_dates_the_next_turn(database, cast, clock):
    publish(database, clock(), matter())
    go(database, local("2026-12-20 10:00"))
    assert row(database).lacks_year == 2027
    text = "source: 试办\npublished_on: 2026-12-20\nyears: [2027]\nholidays:\n  2027-01-01: 元旦\n"
    with database.unit_of_work() as work:
        calendars.publish(work, text, by=cast.operator, now=local("2026-12-20 11:00"))
    assert (row(database).lacks_year, row(database).next_at) == (None, local("2027-01-05 08:00"))


def test_a_corrected_calendar_moves_what_is_not_due_yet(database, cast, clock):
    publish(database, clock(), matter())
    text = "source: 更正\npublished_on: 2026-09-18\nworkdays:\n  2026-10-05: 国庆节\n"
    with database.unit_of_work() as work:
        calendars.publish(work, text, by=cast.operator, now=clock())
    assert row(database).next_at == local("2026-10-05 08:00")


def test_a_new_version_is_followed_and_owes_nothing_of_before_it(database, cast, clock):
    publish(database, clock(), matter())
    other = matter(more=REPORT.replace("每月5日", "每月第一个工作日").replace("    if_closed: next\n", ""))
    publish(database, clock.at("2026-09-20 09:00"), other)
    assert row(database).next_at == local("2026-10-08 08:00")
    go(database, local("2026-10-08 08:00"))
    assert {c.version_hash for c in cases_of(database)} == {other.version}


def test_the_same_rule_in_a_new_version_keeps_what_is_owed(database, cast, clock):
    publish(database, clock(), matter())
    late = local("2026-10-09 08:00")  # nobody worked on the 8th
    changed = matter(body=BODY.replace("看一看", "再看一看"))
    publish(database, late, changed)
    go(database, late)
    assert [r.due_at for r in runs(database)] == [DUE, DUE]
    assert {c.version_hash for c in cases_of(database)} == {changed.version}


def test_a_matter_that_was_taken_off_begins_nothing_and_comes_back_without_what_it_missed(database, cast, clock):
    publish(database, clock(), matter())
    with database.unit_of_work() as work:
        library.withdraw(work, "yuebao", by=people.SYSTEM, now=clock())
    go(database, local("2026-11-06 09:00"))
    assert cases_of(database) == [] and row(database).active is False
    publish(database, local("2026-11-06 10:00"), matter())
    go(database, local("2026-11-06 10:00"))
    assert cases_of(database) == [] and row(database).next_at == local("2026-12-07 08:00")


def test_a_run_the_form_refuses_is_an_incident_at_once_and_may_be_tried_again(database, cast, clock):
    wrong = matter(more=REPORT.replace('applicant.name: "=unit.name"', 'applicant.name: "=unit.nme"'))
    publish(database, clock(), wrong)
    go(database, DUE)
    assert cases_of(database) == [] and {r.state for r in runs(database)} == {"failed"}
    with database.reading() as work:
        said = work.session.scalars(select(Incident)).all()
    assert len(said) == 2 and "开始定期事项" in said[0].zh
    publish(database, DUE, matter())
    from engine.commands.hall import operating

    with database.unit_of_work() as work:
        operating.retry(work, said[0].id, by=cast.operator, now=DUE)
    work_off(database, DUE)
    assert len(cases_of(database)) == 1
    assert sorted(r.state for r in runs(database)) == ["done", "failed"]


def test_a_schedule_that_cannot_be_followed_rests_and_the_others_go_on(database, cast, clock):
    publish(database, clock(), matter(), matter("other"))
    with database.unit_of_work() as work:  # as a version of another program might have it
        work.session.execute(update(Schedule).where(Schedule.matter == "yuebao").values(name="gone"))
    go(database, DUE)
    assert len(cases_of(database, "other")) == 2
    with database.unit_of_work() as work:
        said = work.session.scalars(select(Incident)).one()
        assert said.code == "schedule" and "恢复" in said.zh
        work.session.execute(update(Schedule).where(Schedule.name == "gone").values(name="report"))
        id = work.session.scalar(select(Schedule.id).where(Schedule.matter == "yuebao"))
    with database.unit_of_work() as work:
        schedules.resume(work, id, by=cast.operator, now=DUE)
    go(database, DUE)
    assert len(cases_of(database)) == 2  # it makes up for what it missed by itself
    with database.reading() as work:
        assert work.session.scalar(select(func.count()).where(Incident.solved_at.is_(None))) == 0


def test_operators_pause_resume_and_run_it_now_with_a_reason(database, cast, clock):
    publish(database, clock(), matter())
    id = row(database).id
    with database.unit_of_work() as work:
        schedules.pause(work, id, "九月的数还没核", by=cast.operator, now=clock())
    with pytest.raises(NotNow), database.unit_of_work() as work:
        schedules.pause(work, id, "再停", by=cast.operator, now=clock())
    go(database, local("2026-11-06 09:00"))
    assert cases_of(database) == []
    with database.unit_of_work() as work:
        schedules.resume(work, id, by=cast.operator, now=local("2026-11-06 09:00"))
    go(database, local("2026-11-06 09:00"))
    assert cases_of(database) == [] and row(database).next_at == local(
        "2026-12-07 08:00"
    )  # what it rested for is left out
    now = local("2026-11-06 10:00")
    with pytest.raises(Invalid) as refused, database.unit_of_work() as work:
        schedules.run_now(work, id, "  ", by=cast.operator, now=now)
    assert set(refused.value.by_field()) == {"reason"}
    with database.unit_of_work() as work:
        assert schedules.run_now(work, id, "补十月的", unit="350526106", by=cast.operator, now=now) == 1
    work_off(database, now)
    (case,) = cases_of(database)
    assert case.unit_id == cast.lmt.id
    (run,) = runs(database)
    assert (run.first, run.last, run.reason, run.asked_by_id) == (
        date(2026, 10, 1),
        date(2026, 10, 31),
        "补十月的",
        cast.operator.id,
    )
    with database.reading() as work:
        kinds = set(work.session.scalars(select(Event.kind).where(Event.kind.like("schedule.%"))))
    assert kinds == {"schedule.paused", "schedule.resumed", "schedule.by-hand"}


def test_only_operators_move_a_schedule_and_heads_see_the_runs_of_their_units(database, cast, clock):
    publish(database, clock(), matter())
    go(database, DUE)
    for who in (cast.wu, cast.qian, cast.zhou, cast.zhang):
        with pytest.raises(NotYours), database.unit_of_work() as work:
            schedules.pause(work, row(database).id, "停", by=who, now=DUE)
    own = next(r for r in runs(database) if r.unit_id == cast.lmt.id)
    other = next(r for r in runs(database) if r.unit_id == cast.xunzhong.id)
    assert may(cast.qian, "see", own) and not may(cast.qian, "see", other)
    assert may(cast.wu, "see", own) and may(cast.operator, "see", other)
    assert not may(cast.zhou, "see", own) and not may(cast.zhang, "see", own)


# ---------------------------------------------------------------- timer start events


def test_a_timer_start_event_means_the_same_as_a_schedule(database, cast, clock):
    timed = BODY.replace(
        '<startEvent id="s"/>',
        '<startEvent id="s" name="每月一次"><timerEventDefinition><timeCycle>R/2026-01-05T08:00/P1M</timeCycle>'
        "</timerEventDefinition></startEvent>",
    )
    publish(database, clock(), matter(more="", body=timed))
    assert (row(database).key, row(database).title) == ("yuebao.s", "每月一次")
    go(database, local("2026-10-05 08:00"))
    (case,) = cases_of(database)
    assert (case.unit_id, case.applicant_name) == (cast.county.id, "德化县")
    with database.unit_of_work() as work:  # a unit is no person: lists say it whole, and of a person not
        here = work.session.get_one(Case, case.id)
        assert applicants.shown(work, here) == "德化县"
        here.applicant_name = "王向阳"
        assert applicants.shown(work, here) == "王*阳"


def test_a_second_process_of_the_matter_begins_by_its_schedule_and_people_still_apply_for_the_first(
    database, cast, clock
):
    bill = (
        '<process id="bill" name="月结" isExecutable="true"><startEvent id="b"/><flow b check/>'
        f'{task("check", "核对")}<flow check done/><endEvent id="done"/></process>'
    )
    said = (
        'schedules: {settle: {title: 月结, starts: bill, every: 每月5日 08:00, answers: {month: "=run.period.from"}}}'
    )
    publish(database, clock(), matter(more=said, after=bill))
    go(database, local("2026-10-05 08:00"))
    (case,) = cases_of(database)
    with database.reading() as work:
        case = work.session.get(Case, case.id)
        assert case.stage == "核对" and case.answers["month"] == "2026-09-01"
    from tests.between.small import submit

    with database.reading() as work:
        assert work.session.get(Case, submit(database, "yuebao", cast.zhou, clock())).stage == "看一看"
