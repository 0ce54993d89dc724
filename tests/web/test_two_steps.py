"""A case may have two steps for one person: each is come to, neither hides the other."""

from sqlalchemy import select

from engine.store.models import Case, Task
from tests.hall import Open

COPIED = ("case_id", "element", "kind", "round", "form", "unit_id", "opened_at", "due_at", "candidates", "variables")


def _twin(hall: Open, number: str) -> tuple[int, int]:
    """A second open step beside the first, for the same people; both their ids."""
    with hall.database.unit_of_work() as work:
        case_id = work.session.scalars(select(Case.id).where(Case.number == number)).one()
        first = work.session.scalars(select(Task).where(Task.case_id == case_id)).one()
        second = Task(key="twin", name="另一步", **{name: getattr(first, name) for name in COPIED})
        work.session.add(second)
        work.session.flush()
        return first.id, second.id


def test_each_row_of_the_inbox_leads_to_its_own_step_which_names_the_other(hall: Open):
    number = hall.submit()
    first, second = _twin(hall, number)
    chen = hall.client("chen")
    listed = chen.get("/desk/list/open").text
    for step in (first, second):
        assert f"/desk/cases/{number}?step={step}" in listed
    page = chen.get(f"/desk/cases/{number}?step={second}").text
    assert f"/desk/tasks/{second}/claim" in page and "<h2>另一步</h2>" in page
    assert f"?step={first}" in page.partition("data-beside")[2]


def test_the_step_taken_last_is_shown_after_it_was_taken(hall: Open):
    number = hall.submit()
    first, second = _twin(hall, number)
    chen = hall.client("chen")
    for step in (first, second):
        hall.clock.on(minutes=1)
        assert chen.post(f"/desk/tasks/{step}/claim", data={"version": 1}).status_code == 302
    assert "<h2>另一步</h2>" in chen.get(f"/desk/cases/{number}").text
    assert "<h2>另一步</h2>" not in chen.get(f"/desk/cases/{number}?step={first}").text
