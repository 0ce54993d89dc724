"""The two completions that `yizhan bench http` measures are what they are said to be, and cost no more statements than
the day they were first measured: a figure that is better because less was done would be no figure."""

from __future__ import annotations

import pytest

from engine import people
from engine.commands import cases
from engine.store.models import Task
from tests.bench import acts
from tests.costs.counting import counting


@pytest.mark.parametrize(("act", "most", "papers", "told"), [(acts.PLAIN, 10, 0, 1), (acts.HEAVY, 14, 3, 2)])
def test_a_measured_act_makes_its_papers_tells_its_people_and_opens_the_next_step(
    database, cast, act, most, papers, told
):
    acts.publish(database)
    (first, _), (id, version) = acts.waiting(database, cast, act, 2)
    for each in (first, id):
        with counting(database) as cost, database.unit_of_work() as work:
            by = people.load(work, cast.users["wang"], now=acts.NOW)
            done = cases.complete(work, each, act.answers, version=version, by=by, now=acts.NOW)
    assert len(cost) <= most and cost.commits == 1, cost
    assert len(done.documents) == papers
    with database.reading() as work:
        effects = work.session.get(Task, id).effects
    assert len({key.rsplit(":", 2)[0] for key in effects["notices"]}) == told
    assert [one.element for one in done.opened] == ["next"]


def test_a_measured_act_is_a_matter_that_passes_its_check():
    from engine import matters

    for act in acts.ACTS:
        assert matters.read(act.name, act.files()).name == act.name
