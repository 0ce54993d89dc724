"""What one completion costs the database."""

from engine import people
from engine.commands import cases
from tests.commands import acting


def test_a_completion_with_a_paper_and_a_notice_costs_at_most_fifteen_statements_and_one_commit(database, cast, clock):
    for _ in range(2):  # the second finds packages, units and compiled statements in memory
        case_id = acting.submit(database, cast.zhang, clock())
        acting.claim(database, case_id, cast.chen, clock())
        task = acting.now_open(database, case_id)
        with acting.counted(database) as seen, database.unit_of_work() as work:
            by = people.load(work, cast.users["chen"], now=clock())
            cases.complete(work, task.id, acting.ACCEPT, version=task.version, by=by, now=clock())
    assert seen["commits"] == 1
    assert len(seen["statements"]) <= 15, "\n".join(seen["statements"])


def test_a_claim_costs_at_most_ten_statements(database, cast, clock):
    for _ in range(2):
        case_id = acting.submit(database, cast.zhang, clock())
        with acting.counted(database) as seen, database.unit_of_work() as work:
            task = acting.task_of(work, case_id)
            cases.claim(work, task.id, version=task.version, by=cast.chen, now=clock())
    assert seen["commits"] == 1
    assert len(seen["statements"]) <= 10, "\n".join(seen["statements"])
