"""Timers of diagrams are rows like all deadlines; `=workdays(3)` means working days in a timer and in a due date."""

from sqlalchemy import select

from engine.commands import cases
from engine.commands.sweep import sweep
from engine.people import SYSTEM, units
from engine.records import audit
from engine.store.models import Case, Task, Timer
from tests.enforcement import hall as halls
from tests.enforcement.hall import at

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
            work, "trial", {"applicant": {"name": "申请人甲"}}, by=SYSTEM, now=FRIDAY, channel="system",
            unit=units.place(work, hall.office),
        )  # fmt: skip
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
