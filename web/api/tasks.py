"""The inbox and the work on a task."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from engine.commands import cases
from engine.reads import case_page
from engine.reads import inbox as lists
from engine.reads.lists import Filters
from web import edge
from web.api.declaring import Shape, operation, shaped


class RowOut(Shape):
    task_id: int
    version: int
    number: str
    matter_name: str
    applicant: str  # masked
    step: str
    state: str
    holder: str
    due_at: datetime | None
    colour: str
    flags: list[str]


class InboxQuery(Shape):
    list: Literal["mine", "open", "unit", "done"] = "mine"
    colour: str = ""
    matter: str = ""
    after: str = Field("", max_length=200, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)


class InboxOut(Shape):
    rows: list[RowOut]
    next: str | None


class TaskOut(Shape):
    task_id: int
    version: int
    number: str
    name: str
    state: str
    can_claim: bool
    can_work: bool
    operations: list[str]
    due_at: datetime | None
    form: dict[str, Any] | None
    known: dict[str, Any]


class Seen(Shape):
    version: int = Field(description="The version of the task that the person saw.")


class Completion(Seen):
    answers: dict[str, Any]


class Done(Shape):
    number: str
    version: int  # of the case
    status: str
    opened: list[str]  # names of the steps that follow
    papers: list[str]


@operation("get", "/inbox", who="staff", tag="tasks", query=InboxQuery, gives=InboxOut)
def inbox(query: InboxQuery) -> InboxOut:
    """The caller's tasks: mine, open to claim, done."""
    filters = Filters(matter=query.matter or None, colour=query.colour or None)
    page = lists.tasks_for(
        edge.work(),
        edge.actor(),
        now=edge.now(),
        box=query.list,
        filters=filters,
        after=query.after or None,
        limit=query.limit,
    )
    return InboxOut(rows=[shaped(RowOut, row) for row in page.rows], next=page.next)


@operation("get", "/tasks/{task_id}", who="signed-in", tag="tasks", gives=TaskOut, writes=True)
def task(task_id: int) -> TaskOut:
    """One task: its form with this person's rights, and what is known."""
    page = case_page.of_task(edge.work(), task_id, actor=edge.actor(), now=edge.now())
    cases.open_case(edge.work(), page, by=edge.actor(), now=edge.now())
    one = next(t for t in page.tasks if t.id == task_id)
    desk = page.desk if page.desk is not None and page.desk.task_id == task_id and one.state == "claimed" else None
    return shaped(
        TaskOut,
        one,
        task_id=one.id,
        number=page.number,
        can_claim="claim" in one.can,
        can_work=desk is not None,
        operations=sorted(one.can),
        form=dict(desk.schema) if desk is not None and desk.schema is not None else None,
        known=dict(desk.data) if desk is not None else {},
    )


@operation("post", "/tasks/{task_id}/claim", who="staff", tag="tasks", takes=Seen, gives=Seen)
def claim(task_id: int, body: Seen) -> Seen:
    """Claim a task (签收). 409 says who has it."""
    return Seen(
        version=cases.claim(edge.work(), task_id, version=body.version, by=edge.actor(), now=edge.now()).version
    )


@operation("post", "/tasks/{task_id}/unclaim", who="staff", tag="tasks", takes=Seen, gives=Seen)
def unclaim(task_id: int, body: Seen) -> Seen:
    """Give a task back (退签)."""
    return Seen(
        version=cases.unclaim(edge.work(), task_id, version=body.version, by=edge.actor(), now=edge.now()).version
    )


@operation("post", "/tasks/{task_id}/complete", who="signed-in", tag="tasks", takes=Completion, gives=Done)
def complete(task_id: int, body: Completion) -> Done:
    """Complete a task with the version seen. 409 says who acted, what and when; 422 names the fields."""
    done = cases.complete(edge.work(), task_id, body.answers, version=body.version, by=edge.actor(), now=edge.now())
    return Done(
        number=done.case.number,
        version=done.case.version,
        status=done.case.status,
        opened=[t.name for t in done.opened],
        papers=[d.title for d in done.documents],
    )


@operation("put", "/tasks/{task_id}/draft", who="signed-in", tag="tasks", takes=Completion)
def draft(task_id: int, body: Completion) -> None:
    """Keep what was typed (暂存); nothing is refused."""
    cases.save_draft(edge.work(), f"task:{task_id}", body.answers, by=edge.actor(), now=edge.now())
