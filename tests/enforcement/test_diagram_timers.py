"""Timers of diagrams are rows like all deadlines; `=workdays(3)` means working days in a timer and in a due date."""

from datetime import date, timedelta

from sqlalchemy import select

from engine import feel, process
from engine.commands import cases
from engine.commands.hall import calendars
from engine.commands.worker import background
from engine.commands.worker.sweep import sweep
from engine.deadlines import Event as ClockEvent
from engine.people import SYSTEM, units
from engine.records import audit, clocks, heartbeats, library, timers
from engine.records.jobs import Kind
from engine.store import db
from engine.store.models import CalendarFile, Case, Event, Job, Task, Timer
from tests.enforcement import hall as halls
from tests.enforcement import timed
from tests.enforcement.hall import at
from tests.enforcement.test_calendars import TYPHOON, operator

FRIDAY = at("2026-09-18 09:00")  # Sunday 20 September is worked: 3 working days end on Tuesday 22


def submit(database, monkeypatch):
    diagram = halls.DIAGRAM.replace(
        b"<bpmn:timeDuration>PT24H</bpmn:timeDuration>", b"<bpmn:timeDate>=workdays(3)</bpmn:timeDate>"
    )
    diagram = diagram.replace(b"<zeebe:userTask/>", b'<zeebe:userTask/><zeebe:taskSchedule dueDate="=workdays(2)"/>')
    monkeypatch.setattr(halls, "DIAGRAM", diagram)
    with database.unit_of_work() as work:
        hall = halls.build(work)
    with database.unit_of_work() as work:
        done = cases.submit(
            work,
            "trial",
            {"applicant": {"name": "申请人甲"}},
            by=SYSTEM,
            now=FRIDAY,
            channel="system",
            unit=units.place(work, hall.office),
        )
        work.session.flush()
        return hall, done.case.id


def test_workdays_in_a_timer_and_in_a_due_date(database, monkeypatch):
    _, one = submit(database, monkeypatch)
    with database.reading() as work:
        timer = work.session.scalar(select(Timer).where(Timer.case_id == one))
        task = work.session.scalar(select(Task).where(Task.case_id == one))
        assert (timer.due_at, timer.wake_at) == (at("2026-09-22 17:30"), at("2026-09-22 17:30"))
        assert task.due_at == at("2026-09-21 17:30")
        assert work.session.get(Case, one).step_due == at("2026-09-21 17:30")


def test_the_sweep_fires_it_and_the_drawing_goes_on(database, monkeypatch):
    _, one = submit(database, monkeypatch)
    sweep(database, now=at("2026-09-22 17:29"))
    with database.reading() as work:
        assert len(list(work.session.scalars(select(Task)))) == 1
        assert work.session.get(Case, one).colour == "yellow"  # the step is overdue since Monday
    sweep(database, now=at("2026-09-22 17:30"))
    with database.reading() as work:
        tasks = list(work.session.scalars(select(Task).order_by(Task.id)))
        assert [task.element for task in tasks] == ["review", "help"]
        assert work.session.scalar(select(Timer.id)) is None
        fired = [e for e in audit.history(work, one) if e.kind == "timer.fired"]
        assert len(fired) == 1 and fired[0].by_id is None
        assert audit.verify(work).faults == ()


# ---------------------------------------------------------------- another calendar (RULES T1)

SATURDAY = at("2026-09-19 10:00")


def publish(database, hall, how=calendars.publish):
    with database.unit_of_work() as work:
        return how(work, TYPHOON, by=operator(hall), now=SATURDAY)


def test_a_preview_shows_the_timers_and_due_dates_of_diagrams_that_move(database, monkeypatch):
    hall, one = submit(database, monkeypatch)
    found = publish(database, hall, calendars.preview)
    moved = {move.limit: (move.before, move.after) for move in found.moves if move.case_id == one}
    assert moved["timer:late"] == (date(2026, 9, 22), date(2026, 9, 23))
    assert moved["due:review"] == (date(2026, 9, 21), date(2026, 9, 22))
    with database.reading() as work:
        assert work.session.scalar(select(Timer.due_at)) == at("2026-09-22 17:30")
        assert work.session.scalar(select(Task.due_at)) == at("2026-09-21 17:30")
        assert work.session.scalar(select(CalendarFile.id)) is None


def test_publishing_moves_them_in_the_rows_and_in_the_state_and_logs_it(database, monkeypatch):
    hall, one = submit(database, monkeypatch)
    publish(database, hall)
    with database.reading() as work:
        timer, task = work.session.scalar(select(Timer)), work.session.scalar(select(Task))
        case = work.session.get(Case, one)
        assert (timer.due_at, timer.wake_at) == (at("2026-09-23 17:30"), at("2026-09-23 17:30"))
        assert task.due_at == case.step_due == at("2026-09-22 17:30")
        (said,) = [e for e in audit.history(work, one) if e.kind == "case.redated"]
        assert ["timer:late", "2026-09-22", "2026-09-23"] in said.facts["moves"]
        assert ["due:review", "2026-09-21", "2026-09-22"] in said.facts["moves"]
        definition = library.version(work, case.version_hash).definition
        step = process.advance(
            definition, case.state, process.Redate(), now=SATURDAY, env=feel.Env(calendar=work.calendar)
        )
        assert step.redated == () and step.state == case.state  # published twice, it moves nothing
        assert step.timers[0].due == timer.due_at and step.open_tasks[0].due == task.due_at
        assert audit.verify(work).faults == ()


def test_a_moved_timer_fires_on_the_new_day_once_and_not_on_the_old(database, monkeypatch):
    hall, one = submit(database, monkeypatch)
    publish(database, hall)
    assert sweep(database, now=at("2026-09-22 17:30")).timers == 0
    assert sweep(database, now=at("2026-09-23 17:30")).timers == 1
    assert sweep(database, now=at("2026-09-24 17:30")).timers == 0
    with database.reading() as work:
        assert [e.kind for e in audit.history(work, one)].count("timer.fired") == 1


def test_a_worker_with_the_timer_in_hand_for_the_old_day_finds_its_lease_lost(database, monkeypatch):
    hall, _ = submit(database, monkeypatch)
    with database.unit_of_work() as work:
        (lease,) = timers.claim(work, at("2026-09-22 17:30"))
    publish(database, hall)
    with database.unit_of_work() as work:
        assert timers.still_mine(work, lease) is None
    assert sweep(database, now=at("2026-09-22 17:31")).timers == 0


def test_a_timer_that_has_fired_stays_fired(database, monkeypatch):
    hall, one = submit(database, monkeypatch)
    sweep(database, now=at("2026-09-22 17:30"))
    with database.unit_of_work() as work:
        calendars.publish(work, TYPHOON, by=operator(hall), now=at("2026-09-22 18:00"))
    assert sweep(database, now=at("2026-09-23 17:30")).timers == 0
    with database.reading() as work:
        assert [task.element for task in work.session.scalars(select(Task).order_by(Task.id))] == ["review", "help"]
        assert work.session.scalar(select(Timer.id)) is None


def test_a_due_day_that_a_person_set_stays(database, monkeypatch):
    hall, one = submit(database, monkeypatch)
    with database.unit_of_work() as work:
        work.session.scalar(select(Task)).due_at = at("2026-09-30 12:00")
    publish(database, hall)
    with database.reading() as work:
        assert work.session.scalar(select(Task.due_at)) == at("2026-09-30 12:00")


def test_a_broken_case_keeps_the_calendar_from_nobody_and_is_named(database, monkeypatch):
    hall, one = submit(database, monkeypatch)
    with database.unit_of_work() as work:
        (broken,) = timed.copies(work, one, 1)
        case = work.session.get(Case, broken)
        case.state, number = b"nonsense", case.number
    found = publish(database, hall)
    assert found.unread == (number,)
    with database.reading() as work:
        due = {t.case_id: t.due_at for t in work.session.scalars(select(Timer))}
        assert due[one] == at("2026-09-23 17:30")
        published = work.session.scalar(select(Event).where(Event.kind == "calendar.published"))
        assert published.facts["unread"] == [number]


def test_a_program_that_comes_with_another_calendar_moves_them_at_its_start(database, monkeypatch):
    _, one = submit(database, monkeypatch)
    with database.unit_of_work() as work:
        heartbeats.beat(work, heartbeats.read("hall-1"))
        facts = {"source": "测试安排", "published_on": date(2026, 9, 19), "added_at": SATURDAY}
        work.session.add(CalendarFile(text=TYPHOON, **facts))
        work.database.forget_calendar()
    assert calendars.catch_up(database, "hall-1", now=SATURDAY) == 1
    assert calendars.catch_up(database, "hall-1", now=SATURDAY) == 0
    with database.reading() as work:
        assert work.session.scalar(select(Timer.due_at)) == at("2026-09-23 17:30")
        assert work.session.scalar(select(Task.due_at)) == at("2026-09-22 17:30")
        (said,) = [e for e in audit.history(work, one) if e.kind == "case.redated"]
        assert ["timer:late", "2026-09-22", "2026-09-23"] in said.facts["moves"]


def test_a_case_dated_by_a_process_that_had_not_read_the_new_calendar_is_dated_again(database, monkeypatch):
    hall, first = submit(database, monkeypatch)
    other = db.connect(database.url.render_as_string(hide_password=False))  # another process of the hall
    assert other.calendar.is_workday(date(2026, 9, 20))
    publish(database, hall)
    with other.unit_of_work() as work:
        done = cases.submit(
            work,
            "trial",
            {"applicant": {"name": "申请人甲"}},
            by=SYSTEM,
            now=SATURDAY,
            channel="system",
            unit=units.place(work, hall.office),
        )
        work.session.flush()
        late = done.case.id
    other.close()
    with database.reading() as work:
        before = work.session.scalar(select(Timer.due_at).where(Timer.case_id == late))
        assert before == at("2026-09-22 17:30")
    equipment = background.Equipment(press=None)
    assert background.run(database, equipment, now=SATURDAY + timedelta(seconds=119)) == 0
    assert background.run(database, equipment, now=SATURDAY + timedelta(seconds=120)) == 1
    with database.reading() as work:
        assert work.session.scalar(select(Timer.due_at).where(Timer.case_id == late)) == at("2026-09-23 17:30")
        assert work.session.scalar(select(Task.due_at).where(Task.case_id == late)) == at("2026-09-22 17:30")
        redated = [[e.kind for e in audit.history(work, one)].count("case.redated") for one in (first, late)]
        assert redated == [1, 1]
        assert work.session.scalar(select(Job.state).where(Job.kind == Kind.FOLLOW_CALENDAR)) == "done"


def test_after_a_lawful_pause_a_timer_has_the_time_left_that_it_had_before(database, monkeypatch):
    hall, one = submit(database, monkeypatch)
    with database.unit_of_work() as work:
        case = work.session.get(Case, one)
        clocks.keep(work, case, [ClockEvent("accepted", FRIDAY)], by=SYSTEM)
    with database.unit_of_work() as work:
        head = halls.actor(work, hall.head, at("2026-09-21 09:00"))
        cases.suspend(work, one, "appraisal", "10wd", "德特〔2026〕1号", by=head, now=at("2026-09-21 09:00"))
    sweep(database, now=at("2026-09-28 08:00"))
    with database.unit_of_work() as work:
        now = at("2026-09-28 09:00")
        cases.resume(work, one, by=halls.actor(work, hall.head, now), now=now)
    with database.reading() as work:
        timer = work.session.scalar(select(Timer).where(Timer.case_id == one))
        # Seven days later than Friday the 18th, the 25th being a holiday (中秋): three working days end on the 30th.
        assert timer.due_at == timer.wake_at and timer.due_at > at("2026-09-28 09:00")
        due = timer.due_at
    sweep(database, now=at("2026-09-28 09:01"))
    with database.reading() as work:
        assert len(list(work.session.scalars(select(Task)))) == 1, "it does not fire at once"
    sweep(database, now=due)
    with database.reading() as work:
        assert len(list(work.session.scalars(select(Task)))) == 2
