"""What one completion costs the database."""

from engine import people
from engine.commands import cases
from engine.people import login
from tests.commands import acting
from web.app import create_app
from web.settings import Settings


def test_a_completion_with_three_papers_a_decision_and_two_told_costs_at_most_nineteen_statements_and_one_commit(
    database, cast, clock
):
    for _ in range(2):  # the second finds packages, units and compiled statements in memory
        case_id = acting.submit(database, cast.zhang, clock())
        acting.claim(database, case_id, cast.chen, clock())
        task = acting.now_open(database, case_id)
        with acting.counted(database) as seen, database.unit_of_work() as work:
            by = people.load(work, cast.users["chen"], now=clock())
            cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=by, now=clock())
    assert seen["commits"] == 1
    # Fifteen, and one for the bond that it makes: an effect of a noun may cost three.
    assert len(seen["statements"]) <= 16, "\n".join(seen["statements"])


def test_a_claim_costs_at_most_ten_statements(database, cast, clock):
    for _ in range(2):
        case_id = acting.submit(database, cast.zhang, clock())
        with acting.counted(database) as seen, database.unit_of_work() as work:
            task = acting.task_of(work, case_id)
            cases.claim(work, task.id, version=task.version, by=cast.chen, now=clock())
    assert seen["commits"] == 1
    assert len(seen["statements"]) <= 10, "\n".join(seen["statements"])


def test_a_whole_request_that_completes_a_task_costs_no_more(database, cast, clock, tmp_path):
    settings = Settings(home=tmp_path, database_url="", secret_key="a key of the tests")
    app = create_app(settings, database=database, clock=clock, testing=True)
    with database.unit_of_work() as work:
        token = login.new_token(work, cast.users["chen"], now=clock())
    for _ in range(2):
        case_id = acting.submit(database, cast.zhang, clock())
        acting.claim(database, case_id, cast.chen, clock())
        task = acting.now_open(database, case_id)
        with acting.counted(database) as seen:
            answer = app.test_client().post(
                f"/api/v1/tasks/{task.id}/complete",
                json={"version": task.version, "answers": acting.TAKE_IN},
                headers={"Authorization": f"Bearer {token}"},
            )
        assert answer.status_code == 200, answer.text
    assert seen["commits"] == 1
    # Fifteen, and one for the bond that it makes: an effect of a noun may cost three.
    assert len(seen["statements"]) <= 16, "\n".join(seen["statements"])
