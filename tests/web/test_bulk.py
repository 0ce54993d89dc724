"""批量 by address: what a page would not offer is refused as well."""

from __future__ import annotations

from sqlalchemy import select

from engine.store.models import Task
from tests.between.small import publish, submit
from tests.commands.test_bulk import MANY
from tests.hall import Open


def rows(hall: Open) -> list[str]:
    with hall.database.reading() as work:
        found = work.session.execute(select(Task.id, Task.version).where(Task.state != "ended").order_by(Task.id))
        return [f"{row[0]}:{row[1]}" for row in found]


def test_steps_that_differ_or_are_done_one_by_one_get_no_common_form(hall: Open):
    publish(hall.database, hall.clock(), MANY)
    submit(hall.database, "small_many", hall.cast.zhang, hall.clock())
    hall.submit()
    chen, wang = hall.client("chen"), hall.client("wang")
    many, daiban = rows(hall)
    assert "逐件办" in chen.get(f"/desk/bulk/complete?task={daiban}").text
    assert "data-form" in wang.get(f"/desk/bulk/complete?task={many}").text
    page = wang.get(f"/desk/bulk/complete?task={many}&task={daiban}").text
    assert daiban not in page.split("<aside")[1]  # not in any of wang's lists: not shown


def test_rows_of_others_stay_as_they_are_and_are_not_told_about(hall: Open):
    number = hall.submit()
    (row,) = rows(hall)
    page = hall.client("huang").post("/desk/bulk/claim", data={"task": row}).text
    assert "没办成 1 行" in page and number not in page and "张" not in page.split("<tbody>")[1].split("</tbody>")[0]
    assert hall.task(number).state == "open"


def test_nothing_picked_or_nonsense_is_said_in_words(hall: Open):
    wang = hall.client("wang")
    assert wang.post("/desk/bulk/claim").status_code == 409
    assert "请先勾选" in wang.post("/desk/bulk/claim").text
    assert wang.post("/desk/bulk/claim", data={"task": "seven"}).status_code == 422
    assert wang.post("/desk/bulk/complete", json={"tasks": "1:1"}).status_code == 422
