"""The inbox (待办): rows of plain columns. No state is opened to list work; pages go on by key, not by number."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased, load_only

from engine import forms
from engine.matters import Package, nodes
from engine.people import Actor, apart, masks, units
from engine.reads import applicants, history, lists, sight
from engine.reads.lists import Filters
from engine.reads.sight import Box
from engine.records import library
from engine.store import Work
from engine.store.listing import MARKS
from engine.store.models import Case, Listed, MatterVersion, Notice, NoticeCase, Task, User
from engine.store.models.base import UtcDateTime

BOXES: tuple[Box, ...] = ("mine", "open", "unit", "done")
#: The lists of live steps, whose numbers stand beside them.
LISTED: tuple[Box, ...] = ("mine", "open", "unit")

#: The marks of a case that a list can be narrowed to.
FLAGS = tuple(MARKS)


@dataclass(frozen=True, slots=True)
class Row:
    """One task in a list."""

    task_id: int
    version: int
    case_id: int
    number: str
    matter: str
    matter_name: str
    applicant: str  # masked
    step: str
    element: str
    state: str
    holder: str  # who has claimed it, masked; ""
    behalf: str  # 代理: on whose behalf it is or was done, or would be claimed, masked; ""
    opened_at: datetime
    due_at: datetime | None  # the step's own limit, else the case's promised one
    case_due: datetime | None
    colour: str
    flags: tuple[str, ...]
    priority: int
    round: int
    unit: str
    ended_at: datetime | None = None
    ended: str | None = None
    notes: tuple[history.Note, ...] = ()  # why it came back, or was handed on


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where the next page begins."""

    rows: tuple[Row, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows the list has now, and how many it would have with another choice in one group of filters."""

    boxes: dict[str, int]
    total: int  # rows of this list under all filters
    matters: tuple[tuple[str, str, int], ...]  # (matter, its name, count) under the other filters; so the next two
    colours: dict[str, int]
    flags: dict[str, int]  # 老年, 代办, 容缺; "": whatever the marks
    unread: int  # notices on the screen nobody has read


def tasks_for(
    work: Work,
    actor: Actor,
    *,
    now: datetime,
    box: Box = "mine",
    filters: Filters | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """A page of an actor's inbox. Open work by what is due first; done work by what was done last."""
    wanted, holder = filters or Filters(), aliased(User)
    place = _cursor(after) if after else None
    if box == "done":
        found = _done(work, actor, wanted, now, place, limit + 1)
    else:
        found = lists.page(work, actor, box, wanted, now=now, after=place, limit=limit + 1)
    ids = [task_id for _at, task_id in found[:limit]]
    there = Task.state == "ended" if box == "done" else Task.state != "ended"
    listed = work.session.execute(_listed(holder).where(Task.id.in_(ids), there)).all() if ids else []
    came = {} if box == "done" else history.notes(work, [task for task, _case, _name in listed])
    behalf = _on_behalf(work, actor, [(task, one.matter) for task, one, _name in listed])
    by_id = {
        task.id: _row(work, task, one, name, now, behalf.get(task.id, ""), came.get(task.id, ()))
        for task, one, name in listed
    }
    following = _encode(*found[limit - 1]) if len(found) > limit else None
    return Page(tuple(by_id[i] for i in ids if i in by_id), following)


def rows(work: Work, actor: Actor, task_ids: Sequence[int], *, now: datetime) -> list[Row]:
    """These rows, in this order, as far as they are open and in one of the actor's lists."""
    holder = aliased(User)
    mine = and_(Task.id.in_(task_ids), Task.state != "ended", sight.live(work, actor))
    found = work.session.execute(_listed(holder).where(mine)).all()
    behalf = _on_behalf(work, actor, [(task, one.matter) for task, one, _name in found])
    by_id = {task.id: _row(work, task, one, name, now, behalf.get(task.id, "")) for task, one, name in found}
    return [by_id[i] for i in dict.fromkeys(task_ids) if i in by_id]


def _done(
    work: Work, actor: Actor, wanted: Filters, now: datetime, after: tuple[datetime, int] | None, limit: int
) -> list[tuple[datetime, int]]:
    """What they completed, the last first: (when, id of the task)."""
    query = select(Task.ended_at, Task.id).join(Case, Case.id == Task.case_id)
    query = query.where(_completed(work, actor), *lists.narrowed(wanted, now))
    if after is not None:
        query = query.where(tuple_(Task.ended_at, Task.id) < tuple_(literal(after[0], UtcDateTime()), after[1]))
    found = work.session.execute(query.order_by(Task.ended_at.desc(), Task.id.desc()).limit(limit))
    return [(at, task_id) for at, task_id in found if at is not None]


def _listed(holder: Any) -> Any:
    """What a row needs, and nothing else."""
    return (
        select(Task, Case, holder.name)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(holder, holder.id == Task.assignee_id)
        .options(
            load_only(
                Task.id,
                Task.case_id,
                Task.version,
                Task.name,
                Task.element,
                Task.state,
                Task.assignee_id,
                Task.acting_for_id,
                Task.opened_at,
                Task.due_at,
                Task.priority,
                Task.round,
                Task.unit_id,
                Task.ended_at,
                Task.ended,
                Task.instead,
                raiseload=True,
            ),
            load_only(
                Case.id,
                Case.number,
                Case.matter,
                Case.matter_name,
                Case.applicant_name,
                Case.channel,
                Case.promised_due,
                Case.statutory_due,
                Case.yellow_at,
                Case.paused_at,
                Case.status,
                Case.flags,
                Case.colour,
                raiseload=True,
            ),
        )
    )


def _completed(work: Work, actor: Actor) -> ColumnElement[bool]:
    if actor.kind == "staff" and not actor.own_units:  # who left, or handles no cases any more
        return false()
    return and_(
        Task.state == "ended",
        Task.ended_by_id == actor.id,
        Task.ended.in_(("APPROVED", "REJECTED", "RETURNED")),
        ~Case.apart.contains(apart.mark(actor.id)),
        or_(~Case.confidential, sight.of_cases(work, actor)),
    )


def _on_behalf(work: Work, actor: Actor, tasks: Sequence[tuple[Task, str]]) -> dict[int, str]:
    """Task id -> for whom it is done in place of them (代理), masked. What somebody who is away has in hand is theirs,
    though it lies in the list of whoever stands in; what waits for a post of theirs alone would be claimed for them."""
    whose: dict[int, int] = {}
    waiting = [task.id for task, _matter in tasks if task.state == "open"] if actor.absences else []
    keys: dict[int, list[str]] = {}
    if waiting:
        named = select(Listed.task_id, Listed.key).where(Listed.task_id.in_(waiting))
        for task_id, key in work.session.execute(named):
            keys.setdefault(task_id, []).append(key)
    for task, matter in tasks:
        away = task.assignee_id if task.state == "claimed" and _stands_in(actor, task.assignee_id) else None
        if task.state == "open" and task.id in keys:
            _may, away = actor.as_whom(keys[task.id], matter)
        if (for_id := task.acting_for_id or away) is not None:
            whose[task.id] = for_id
    if not whose:
        return {}
    people = work.session.execute(select(User.id, User.name).where(User.id.in_(set(whose.values()))))
    names = {user_id: name for user_id, name in people}
    return {task_id: masks.name(names.get(for_id, "")) for task_id, for_id in whose.items()}


def _stands_in(actor: Actor, user_id: int | None) -> bool:
    return user_id is not None and any(away.user_id == user_id for away in actor.absences)


def _row(
    work: Work,
    task: Task,
    one: Case,
    holder: str | None,
    now: datetime,
    behalf: str = "",
    notes: tuple[history.Note, ...] = (),
) -> Row:
    return Row(
        task_id=task.id,
        version=task.version,
        case_id=one.id,
        number=one.number,
        matter=one.matter,
        matter_name=one.matter_name,
        applicant=applicants.shown(work, one),
        step=task.name,
        element=task.element,
        state=task.state,
        holder=masks.name(holder or ""),
        behalf=behalf,
        opened_at=task.opened_at,
        due_at=task.due_at or one.promised_due,
        case_due=one.promised_due,
        colour=_colour(task, one, now),
        flags=tuple(one.flags),
        priority=task.priority,
        round=task.round,
        unit=units.place(work, task.unit_id).name if task.unit_id else "",
        ended_at=task.ended_at,
        ended=task.ended,
        notes=notes,
    )


def _colour(task: Task, one: Case, now: datetime) -> str:
    from engine.deadlines import colour

    if one.status not in ("running", "suspended"):
        return "done"
    return colour(one.promised_due, one.statutory_due, task.due_at, one.paused_at is not None, now, one.yellow_at)


def waiting(work: Work, actor: Actor) -> dict[str, int]:
    """The two numbers beside the lists, on every page: mine and open, each up to lists.MOST."""
    return {name: lists.how_many(work, actor, name) for name in LISTED[:2]}


def counts(work: Work, actor: Actor, *, now: datetime, box: Box = "mine", filters: Filters | None = None) -> Counts:
    """Numbers beside the boxes and filters, each up to lists.MOST."""
    wanted = filters or Filters()
    found = lists.numbers(work, actor, box, wanted, now=now) if box != "done" else _numbers(work, actor, wanted, now)
    unread = work.session.scalar(
        select(func.count())
        .select_from(Notice)
        .where(Notice.user_id == actor.id, Notice.channel == "screen", Notice.read_at.is_(None))
    )
    names = _names(work, found.matters)
    return Counts(
        {name: lists.how_many(work, actor, name) for name in LISTED},
        found.total,
        tuple(
            sorted(
                ((m, names[m], n) for m, n in found.matters.items()),
                key=lambda r: (-r[2], r[0]),
            )
        ),
        found.colours,
        found.marks,
        unread or 0,
    )


def _numbers(work: Work, actor: Actor, wanted: Filters, now: datetime) -> lists.Numbers:
    """The same beside what they completed."""
    inside = _completed(work, actor)

    def under(**free: None) -> ColumnElement[bool]:
        return and_(inside, *lists.narrowed(replace(wanted, **free), now))

    def grouped(what: Any, condition: ColumnElement[bool]) -> dict[str, int]:
        # Grouped outside: PostgreSQL does not see that two CASEs with bound values are the same expression.
        each = select(what.label("what")).select_from(Task).join(Case, Case.id == Task.case_id).where(condition)
        one = each.subquery()
        return {str(k): n for k, n in work.session.execute(select(one.c.what, func.count()).group_by(one.c.what))}

    colours = grouped(lists.colour_now(now), under(colour=None))
    counted = [func.count(), *(func.count(case((sight.marked(mark), 1))) for mark in FLAGS)]
    joined = select(*counted).select_from(Task).join(Case, Case.id == Task.case_id)
    marks = work.session.execute(joined.where(under(flag=None))).one()
    return lists.Numbers(
        colours.get(wanted.colour, 0) if wanted.colour else sum(colours.values()),
        grouped(Case.matter, under(matter=None)),
        colours,
        dict(zip(("", *FLAGS), marks, strict=True)),
    )


def _names(work: Work, matters: Iterable[str]) -> dict[str, str]:
    """How these matters are called: as their newest version says."""
    named = select(MatterVersion.matter, MatterVersion.name).where(MatterVersion.matter.in_(sorted(matters)))
    named = named.order_by(MatterVersion.current, MatterVersion.published_at)
    found = {matter: name for matter, name in work.session.execute(named)}
    return {matter: found.get(matter) or matter_name(work, matter) for matter in matters}


def matter_name(work: Work, matter: str) -> str:
    """How cases of a matter are called, the newest first; "" of what there is none."""
    named = select(Case.matter_name).where(Case.matter == matter).order_by(Case.id.desc()).limit(1)
    return work.session.scalar(named) or ""


def shared_form(work: Work, task_id: int) -> tuple[Package, Mapping[str, Any] | None] | None:
    """The form of a step that may be done for many cases at once (schema None: it asks nothing); else None."""
    task = work.session.get(Task, task_id)
    case = work.session.get(Case, task.case_id) if task is not None else None
    if task is None or case is None or not nodes.batch(task.properties):
        return None
    package = library.version(work, case.version_hash)
    if not task.form:
        return package, None
    form = package.form(task.form)
    return package, forms.browser_schema(form, nodes.rights(form, task.properties))


@dataclass(frozen=True, slots=True)
class Told:
    """A notice on somebody's screen."""

    text: str
    text_en: str
    at: datetime
    cases: tuple[str, ...]  # the numbers of the cases it is about


def notices_for(
    work: Work, actor: Actor, *, now: datetime, limit: int = 50, kind: str = "", since: datetime | None = None
) -> Sequence[Told]:
    """What was told to the actor on the screen and still is so, newest first, with the cases it is about."""
    asked: list[ColumnElement[bool]] = [Notice.kind == kind] if kind else []
    asked += [Notice.created_at >= since] if since is not None else []
    rows = work.session.execute(
        select(Notice, Case.number)
        .outerjoin(Case, Case.id == Notice.case_id)
        .where(
            Notice.user_id == actor.id,
            Notice.channel == "screen",
            Notice.state != "cancelled",
            Notice.send_after <= now,
            *asked,
        )
        .order_by(Notice.created_at.desc(), Notice.id.desc())
        .limit(limit)
    ).all()
    if not rows:
        return []
    more = work.session.execute(
        select(NoticeCase.notice_id, Case.number)
        .join(Case, Case.id == NoticeCase.case_id)
        .where(NoticeCase.notice_id.in_([row.id for row, _ in rows]))
        .order_by(NoticeCase.notice_id, NoticeCase.case_id)
    ).all()
    of: dict[int, list[str]] = {}
    for notice_id, number in more:
        of.setdefault(notice_id, []).append(number)
    return [
        Told(row.text, row.text_en or "", row.created_at, tuple(of.get(row.id) or ([first] if first else [])))
        for row, first in rows
    ]


def _encode(at: datetime, id: int) -> str:
    return base64.urlsafe_b64encode(f"{at.astimezone(UTC).isoformat()}|{id}".encode()).decode().rstrip("=")


def _cursor(text: str) -> tuple[datetime, int]:
    from engine.errors import Refused

    try:
        at, _, last = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
        when, id = datetime.fromisoformat(at), int(last)
        if when.tzinfo is None or not 0 <= id < 2**63:
            raise ValueError(text)
        return when, id
    except (ValueError, UnicodeDecodeError):
        raise Refused("翻页标记不对，请从第一页重新看。", "The page cursor cannot be read: start again.") from None
