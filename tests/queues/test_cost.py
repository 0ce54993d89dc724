"""What a number costs: a few statements, however many wait."""

import pytest
from sqlalchemy import event

from engine import people
from engine.commands import queues
from tests.appointments.conftest import NOW
from tests.queues.conftest import KEY


@pytest.mark.parametrize("waiting", [2, 40])
def test_taking_and_calling_cost_the_same_however_many_wait(desk, waiting):
    for _ in range(waiting):
        desk.take()
    said = []

    def hear(connection, cursor, statement, *rest):
        said.append(statement)

    event.listen(desk.database.engine, "before_cursor_execute", hear)
    counts = []
    for function, args, more in (
        (queues.take, (KEY,), {"by": people.SYSTEM}),
        (queues.call_next, (desk.w[0],), {"by": desk.clerks[0]}),
    ):
        said.clear()
        desk.do(function, *args, now=NOW, **more)
        counts.append(len([one for one in said if not one.startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]))
    event.remove(desk.database.engine, "before_cursor_execute", hear)
    assert counts[0] <= 7 and counts[1] <= 16, counts
