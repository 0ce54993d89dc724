"""工单: the row that keeps what a dispatched order counts for (RULES W5), written by whatever changes its case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine import feel
from engine.deadlines import Account
from engine.matters.orders import TOLD, Order
from engine.store import Work
from engine.store.models import Case, Task, WorkOrder


def keep(
    work: Work, case: Case, said: Order, answers: Mapping[str, Any], signed: bool | None, account: Account
) -> None:
    """What the case counts for as it stands, in one statement; nothing before it is dispatched. `signed`: None when
    this command has not ended that step."""
    if case.accepted_at is None:
        return
    due, closed = _dates(case, account)
    row = {"dispatched_at": case.accepted_at, "due_at": due, "closed_at": closed, **told(said, answers)}
    if signed is not None:
        row["signed"] = signed
    insert = sqlite.insert if work.dialect == "sqlite" else postgresql.insert
    made = insert(WorkOrder.__table__).values(case_id=case.id, **row)  # type: ignore[arg-type]
    changed = {name: value for name, value in row.items() if name != "dispatched_at"}
    work.session.execute(made.on_conflict_do_update(index_elements=["case_id"], set_=changed))


def redate(work: Work, case: Case, account: Account) -> None:
    """The calendar has changed, and with it when the order is due."""
    due, closed = _dates(case, account)
    work.session.execute(update(WorkOrder).where(WorkOrder.case_id == case.id).values(due_at=due, closed_at=closed))


def find(work: Work, number: str, after: datetime, until: datetime) -> tuple[int, int] | None:
    """(the case, the unit it was sent to) of the order with this number that is due then."""
    row = work.session.execute(
        select(Case.id, Case.office_id)
        .join(WorkOrder, WorkOrder.case_id == Case.id)
        .where(Case.number == number, WorkOrder.due_at > after, WorkOrder.due_at <= until)
    ).one_or_none()
    return (row.id, row.office_id) if row is not None else None


def set_aside(work: Work, order_id: int, by_case: int) -> None:
    """It counts in no rate any more, whatever else becomes of it; the case by which stands beside it."""
    work.session.execute(update(WorkOrder).where(WorkOrder.case_id == order_id).values(set_aside_id=by_case))


def _dates(case: Case, account: Account) -> tuple[datetime | None, datetime | None]:
    promised = account.limits.get("promised")
    return (promised.due_at if promised is not None else None), case.stopped_at or case.finished_at


def in_time(task: Task) -> bool:
    """Whether who had to sign did so in the time of the step."""
    return (
        task.ended == "APPROVED" and task.ended_at is not None and (task.due_at is None or task.ended_at <= task.due_at)
    )


def told(said: Order, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What the answers say of it."""
    values = {name: feel.from_json(value) for name, value in answers.items()}
    found = {
        name: feel.evaluate(text.removeprefix("="), values) if (text := getattr(said, name)) else None for name in TOLD
    }
    reached = found.pop("reached") is True
    stars = found["stars"]
    return {
        "returned": _count(found["returned"]),
        "wrong": found["wrong"] is True,
        "redone": _count(found["redone"]),
        "answered": _yes(found["answered"]) if reached else None,
        "solved": _yes(found["solved"]) if reached else None,
        "stars": _count(stars) if reached and 1 <= _count(stars) <= 5 else None,
        "left_out": str(found["left_out"] or "")[:20],
    }


def _count(value: object) -> int:
    return int(value) if isinstance(value, int | float | Decimal) else 0


def _yes(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
