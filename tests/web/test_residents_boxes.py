"""No page of a resident shows a box that a clerk fills in: neither when they apply, nor while their case is handled."""

from __future__ import annotations

import pytest

from engine import matters, people
from engine.records import library
from engine.store.models import Case
from tests.cast import ROOT
from tests.commands import acting
from tests.hall import Open
from tests.matters.test_residents_forms import boxes, steps


def labels(name: str, *, residents: bool) -> set[str]:
    """What the boxes of this matter's clerks, or of its residents, are called."""
    return {
        one["label"].strip()
        for _, theirs, schema in steps(matters.load(ROOT, name))
        if theirs is residents
        for _, one in boxes(schema["components"])
        if len(str(one.get("label") or "").strip()) > 3
    }


#: Looked at daily; every other matter that is applied for on a page in the wide gate.
DAILY = {"daiban", "fanying"}
NAMES = [name for name in matters.names(ROOT) if "online" in matters.load(ROOT, name).info.apply.channels]


@pytest.mark.parametrize(
    "name", [name if name in DAILY else pytest.param(name, marks=pytest.mark.wide) for name in NAMES]
)
def test_the_page_to_apply_has_no_clerk_s_box(hall: Open, name: str) -> None:
    package = matters.load(ROOT, name)
    with hall.database.unit_of_work() as work:
        library.publish(work, package, by=people.SYSTEM, now=hall.clock())
    page = hall.client("zhang").get(f"/apply/{name}", follow_redirects=True)
    shown = page.get_data(as_text=True)
    assert page.status_code == 200  # a booking begins with its calendar
    for label in labels(name, residents=False) - labels(name, residents=True):
        assert label not in shown, label


def test_the_page_of_a_case_has_no_clerk_s_box_at_any_step(hall: Open) -> None:
    clerks = labels("daiban", residents=False) - labels("daiban", residents=True)
    assert len(clerks) > 10
    case_id = acting.accepted(hall.database, hall.cast, hall.clock)
    acting.complete(hall.database, case_id, acting.REGISTER, hall.cast.wang, hall.clock.on(days=3))
    with hall.database.reading() as work:
        number = work.session.get_one(Case, case_id).number
    shown = hall.client("zhang").get(f"/mine/{number}").text
    assert number in shown
    found = {label for label in clerks if f">{label}<" in shown or f'"{label}"' in shown}
    assert not found
