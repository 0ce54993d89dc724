"""逐条办理: one thing for each of many records, one commit each.

The job lists the records in portions, then does them some at a time and puts itself back, so that other work has its
turn. An item is taken and done in one transaction: whoever dies, it is done once. What failed is told on the case,
tried again alone, or left out with a reason; the case goes on when nothing is left.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from engine import feel, matters
from engine.commands import cases, register_rows
from engine.commands.applying import env_of
from engine.commands.cases.submit import Person
from engine.commands.effects.for_each import KEY
from engine.commands.effects.sums import conditions
from engine.commands.equipment import Equipment
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours, Refused
from engine.matters.nouns import Declared
from engine.matters.shares import allocate
from engine.people import SYSTEM, Actor, may, units
from engine.plain import dig, plain
from engine.reads.knowing import Person as Known
from engine.records import audit, jobs, library, registers
from engine.records.jobs import Fenced, Leased
from engine.store import Database, Work, again
from engine.store.models import Case, ForEach, ForEachItem, RegisterEntry
from engine.workdays import local_date

log = logging.getLogger("yizhan.each")

#: Records listed in one transaction; items done before other work has its turn.
PORTION, TURN = 200, 20
#: How a child ended, when it did not bring what it was opened for.
FAILED = frozenset({"declined", "refuse", "refused", "withdrawn", "ended", "terminated", "cancelled"})


def go_on(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """One turn of the job."""
    id = int(job.payload["for_each"])
    with database.reading() as work:
        row = work.session.get_one(ForEach, id)
        state = row.state
        running = work.session.scalar(select(Case.status).where(Case.id == row.case_id)) in ("running", "suspended")
    if not running:
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
            _stop(work, id, now)
        return
    if state == "listing":
        with database.unit_of_work() as work:
            _list(work, work.session.get_one(ForEach, id, with_for_update=True), now)
            jobs.keep(work, job, after=now)
        return
    with database.reading() as work:
        waiting = list(
            work.session.scalars(
                select(ForEachItem.id)
                .where(ForEachItem.for_each_id == id, ForEachItem.state == "waiting")
                .order_by(ForEachItem.n)
                .limit(TURN)
            )
        )
    for item in waiting:
        _do(database, id, item, now)
    with database.unit_of_work() as work:
        if len(waiting) == TURN:
            jobs.keep(work, job, after=now)
            return
        jobs.done(work, job, now=now)
        _go_on_when_done(work, id, now)


# ---------------------------------------------------------------- which


def _list(work: Work, row: ForEach, now: datetime) -> None:
    """The next portion of records becomes items; after the last one they are begun."""
    if row.state != "listing":
        return
    case = work.session.get_one(Case, row.case_id)
    package = library.version(work, case.version_hash)
    given = row.given or {}
    found: list[tuple[str, Any]]
    if row.does.get("register"):
        one = package.declared("registers")[row.does["register"]]
        on = local_date(now)
        valid = on if row.does.get("only", "valid") == "valid" else None
        entries = list(
            work.session.scalars(
                select(RegisterEntry)
                .where(RegisterEntry.id > row.reached, *conditions(work, one, given, valid))
                .order_by(RegisterEntry.id)
                .limit(PORTION)
            )
        )
        found = [(f"entry:{entry.id}", _record(work, one, entry, on)) for entry in entries]
        row.reached = entries[-1].id if entries else row.reached
    else:
        items = given.get("items")
        items = items if isinstance(items, list) else []
        found = [(f"item:{n}", item) for n, item in enumerate(items[row.reached : row.reached + PORTION], row.reached)]
        row.reached += len(found)
    if found:
        insert = sqlite.insert(ForEachItem) if work.dialect == "sqlite" else postgresql.insert(ForEachItem)
        rows = [
            {"for_each_id": row.id, "key": key, "n": n, "record": record, "state": "waiting", "error": ""}
            for n, (key, record) in enumerate(found, row.total + 1)
        ]
        work.session.execute(insert.values(rows).on_conflict_do_nothing(index_elements=["for_each_id", "key"]))
        row.total += len(found)
    if len(found) < PORTION:
        row.state = "doing"
        if row.does.get("share"):
            _share(work, row)
    work.session.flush()


def _record(work: Work, one: Declared, entry: RegisterEntry, on: Any) -> dict[str, Any]:
    """What is known of an entry, and whom it is about."""
    register = registers.register_of(one)
    said = registers.said(work, one, entry, on=on)
    said = {name: value for name, value in said.items() if name not in register.sensitive}
    person = entry.person if isinstance(entry.person, Mapping) else {}
    return {**said, "person": {**person, "user": entry.user_id, "place": entry.place_id}}


def _share(work: Work, row: ForEach) -> None:
    """What each gets of the total, in the order of the items. Kept with each: a list of all of them would be opened for
    every one."""
    path, total = row.does["share"], _decimal((row.given or {}).get("total"), "total")
    ids: list[int] = []
    shares: list[Decimal] = []
    items = select(ForEachItem.id, ForEachItem.record).where(ForEachItem.for_each_id == row.id).order_by(ForEachItem.n)
    for id, record in work.session.execute(items.execution_options(yield_per=PORTION)):
        ids.append(id)
        shares.append(_decimal(dig(record, path) or 0, path))
    amounts = allocate(total, shares, int(row.does.get("digits") or 2))
    parts = [{"id": id, "amount": str(amount)} for id, amount in zip(ids, amounts, strict=True)]
    for start in range(0, len(parts), PORTION):
        work.session.execute(update(ForEachItem), parts[start : start + PORTION])


def _decimal(value: Any, name: str) -> Decimal:
    try:
        return Decimal(repr(value) if isinstance(value, float) else str(value))
    except ArithmeticError:
        raise Invalid(
            [FieldError(name, name, f"“{value}”不是数字。", f"Expected a number, but got {value!r}.")]
        ) from None


# ---------------------------------------------------------------- one


def _do(database: Database, id: int, item_id: int, now: datetime) -> None:
    """One item, in a transaction of its own. What it is refused for is kept with it, and the others go on."""

    def once() -> None:
        with database.unit_of_work() as work:
            taken = cast(
                "CursorResult[Any]",
                work.session.execute(
                    update(ForEachItem)
                    .where(ForEachItem.id == item_id, ForEachItem.state == "waiting")
                    .values(state="open")
                    .execution_options(synchronize_session=False)
                ),
            )
            if taken.rowcount:  # else another worker was here between our look and our try
                _carry_out(work, id, item_id, now)

    try:
        again(once)
    except (OperationalError, Fenced):  # the database is away: the job is tried again, not this one given up
        raise
    except Exception as error:
        if not isinstance(error, Refused):
            log.exception("item %s of for-each %s failed", item_id, id)
        why = error.zh if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        if isinstance(error, Invalid) and error.fields:
            why = "；".join(f"{one.label}：{one.zh}" for one in error.fields)
        with database.unit_of_work() as work:
            _fail(work, id, item_id, why, now, before="waiting")


def _fail(work: Work, id: int, item_id: int, why: str, now: datetime, *, before: str) -> None:
    failed = cast(
        "CursorResult[Any]",
        work.session.execute(
            update(ForEachItem)
            .where(ForEachItem.id == item_id, ForEachItem.state == before)
            .values(state="failed", error=why[:2000], ended_at=now)
            .execution_options(synchronize_session=False)
        ),
    )
    if failed.rowcount:
        _count(work, id, failed=1)


def _count(work: Work, id: int, **by: int) -> None:
    values = {name: getattr(ForEach, name) + n for name, n in by.items()}
    work.session.execute(
        update(ForEach).where(ForEach.id == id).values(**values).execution_options(synchronize_session=False)
    )


def _carry_out(work: Work, id: int, item_id: int, now: datetime) -> None:
    row = work.session.get_one(ForEach, id)
    item = work.session.get_one(ForEachItem, item_id, populate_existing=True)
    parent = work.session.get_one(Case, row.case_id)
    package = library.version(work, parent.version_hash)
    given = row.given or {}
    before = given.get("amounts")  # where a for-each of an earlier version kept them, for all its items
    amount = item.amount if item.amount is not None else before[item.n - 1] if before else None
    about = {"item": item.record, "n": item.n, "amount": Decimal(amount) if amount is not None else None}
    said = _said(work, row, {**(given.get("variables") or {}), **about}, now)
    if row.does.get("record"):
        _record_line(work, row, item, parent, package, said, now)
        done = True
    else:
        title = _value(work, row.does.get("title", ""), {**(given.get("variables") or {}), **about}, now)
        done = _open_case(work, row, item, parent, package, said, str(title or ""), now)
    if done:
        item.state, item.ended_at, item.error = "done", now, ""
        work.session.flush()
        _count(work, id, done=1)


def _said(work: Work, row: ForEach, about: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    text = row.does.get("each", "")
    if not text:
        return {"item": plain(about["item"]), "amount": plain(about["amount"])}
    value = _value(work, text, about, now)
    return dict(value) if isinstance(value, Mapping) else {}


def _value(work: Work, text: str, about: Mapping[str, Any], now: datetime) -> Any:
    """What an expression of the effect says of one item; None without one."""
    if not text:
        return None
    expression = feel.compile(text.strip().removeprefix("="))
    names = {n: feel.from_json(about[n]) for n in expression.names if n in about}
    return feel.to_json(expression.evaluate(names, env_of(work, now)))


def _person(record: Any) -> Known | None:
    told = record.get("person") if isinstance(record, Mapping) else None
    if not isinstance(told, Mapping) or not told.get("name"):
        return None
    return Known(told["name"], told.get("phone"), told.get("id_number"), told.get("user"), told.get("place"))


def _place(work: Work, record: Any) -> int | None:
    """Where an item says that it belongs, by the code of a unit: an entry that a look-up found says so of itself."""
    code = record.get("place") if isinstance(record, Mapping) else None
    found = units.tree(work).by_code.get(code) if isinstance(code, str) else None
    return found.id if found is not None else None


def _record_line(
    work: Work,
    row: ForEach,
    item: ForEachItem,
    parent: Case,
    package: matters.Package,
    said: Mapping[str, Any],
    now: datetime,
) -> None:
    one = package.declared("registers").get(row.does["record"])
    if one is None:
        raise NotFound(f"没有台账“{row.does['record']}”。", f"There is no register {row.does['record']!r}.")
    whom = _person(item.record)
    register_rows.put(
        work,
        one,
        said,
        by=SYSTEM,
        now=now,
        whom=whom if registers.register_of(one).about == "person" else None,
        unit_id=parent.office_id,
        place_id=(whom.place_id if whom is not None else None) or _place(work, item.record) or parent.place_id,
        case_id=parent.id,
        options=registers.options(one, package),
    )


def _open_case(
    work: Work,
    row: ForEach,
    item: ForEachItem,
    parent: Case,
    package: matters.Package,
    said: dict[str, Any],
    title: str,
    now: datetime,
) -> bool:
    """A case for this item, called `title` where there is one; whether that is all that was wanted."""
    whom, process = _person(item.record), row.does.get("process")
    place = units.place(work, (whom.place_id if whom is not None else None) or parent.place_id)
    waits = row.does.get("until", "ended") == "ended"
    done = cases.submit(
        work,
        row.does.get("matter") or package.name,
        {} if process else said,
        by=SYSTEM,
        now=now,
        channel="system",
        unit=units.place(work, parent.unit_id),
        place=place,
        key=f"{KEY}{item.id}",
        applicant_id=whom.user_id if whom is not None else None,
        parent=(parent.id, f"{KEY}{item.id}" if waits else None),
        variables=said if process else None,
        person=Person(whom.name, whom.phone, whom.id_number) if whom is not None else cases.person_of(parent),
        begin=(process, None) if process else None,
        asked=not process,
        title=title,
    )
    item.case_id = done.case.id
    return not waits


# ---------------------------------------------------------------- the end


def one_ended(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """A case that was opened for an item has ended."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        child = work.session.get_one(Case, job.payload["child"])
        item = work.session.get_one(ForEachItem, job.payload["item"], with_for_update=True)
        if item.state not in ("open", "failed"):
            return
        failed = child.status != "finished" or child.outcome in FAILED
        if failed:
            if item.state == "open":
                _fail(work, item.for_each_id, item.id, f"办件 {child.number} 没有办成。", now, before="open")
            return
        _count(work, item.for_each_id, done=1, **({"failed": -1} if item.state == "failed" else {}))
        item.state, item.ended_at, item.error = "done", now, ""
        work.session.flush()
        _go_on_when_done(work, item.for_each_id, now)


def _go_on_when_done(work: Work, id: int, now: datetime) -> None:
    """The case goes on when nothing is left."""
    row = work.session.get_one(ForEach, id, with_for_update=True, populate_existing=True)
    if row.state != "doing" or row.done + row.left_out < row.total:
        return
    row.state, row.ended_at = "done", now
    counts = {"total": row.total, "done": row.done, "left_out": row.left_out}
    case = work.session.get_one(Case, row.case_id)
    audit.record(work, audit.Kind.FOR_EACH_ENDED, by=SYSTEM, now=now, case=case, facts=counts)
    cases.answer(work, row.case_id, row.effect, {"counts": counts}, by=SYSTEM, now=now)


def _stop(work: Work, id: int, now: datetime) -> None:
    """The case has ended: what is not done is not done any more."""
    row = work.session.get_one(ForEach, id, with_for_update=True)
    if row.state in ("listing", "doing"):
        row.state, row.ended_at = "stopped", now


# ---------------------------------------------------------------- people


def retry(work: Work, id: int, item_id: int | None = None, *, by: Actor, now: datetime) -> int:
    """再办: what failed is tried again, all of it or one; how many."""
    row = _find(work, id, by)
    failed = select(ForEachItem).where(ForEachItem.for_each_id == id, ForEachItem.state == "failed")
    if item_id is not None:
        failed = failed.where(ForEachItem.id == item_id)
    items = list(work.session.scalars(failed.with_for_update()))
    items = [item for item in items if item.case_id is None]
    if not items:
        raise NotNow(
            "没有要再办的：开出的办件没有办成的，请到那个办件里处理，或者写明理由不办。",
            "Nothing to try again: where a case was opened, mend that case, or leave the item out with a reason.",
        )
    for item in items:
        item.state, item.error, item.ended_at = "waiting", "", None
    row.failed -= len(items)
    work.session.flush()
    tries = work.session.scalar(select(func.count()).select_from(ForEachItem)) or 0
    key = f"for-each:{id}:{now.isoformat()}:{items[0].id}:{tries}"[:160]
    jobs.put_once(work, jobs.Kind.FOR_EACH, key, {"for_each": id}, now=now, case_id=row.case_id)
    _told(work, audit.Kind.FOR_EACH_RETRIED, row, len(items), by, now)
    return len(items)


def leave_out(work: Work, id: int, item_id: int, reason: str, *, by: Actor, now: datetime) -> None:
    """不办了: an item that failed is left out, with a reason; the case goes on when it was the last."""
    row = _find(work, id, by)
    reason = " ".join(reason.split())
    if not reason or len(reason) > 200:
        raise Invalid(
            [FieldError("reason", "理由", "请写明为什么不办，最多 200 个字。", "Say why, in 200 characters.")]
        )
    item = work.session.get(ForEachItem, item_id, with_for_update=True)
    if item is None or item.for_each_id != id or item.state != "failed":
        raise NotNow("这一条没有失败，不能不办。", "Expected an item that failed, but it has not.")
    item.state, item.reason, item.ended_at = "left_out", reason, now
    row.failed -= 1
    row.left_out += 1
    work.session.flush()
    _told(work, audit.Kind.FOR_EACH_LEFT_OUT, row, 1, by, now)
    _go_on_when_done(work, id, now)


def _find(work: Work, id: int, by: Actor) -> ForEach:
    row = work.session.get(ForEach, id, with_for_update=True)
    if row is None:
        raise NotFound("没有这一项逐条办理。", f"There is no for-each {id}.")
    case = work.session.get_one(Case, row.case_id)
    if not (may(by, "operate") or may(by, "supervise", case)):
        raise NotYours(
            "逐条办理失败的，由负责人或运维处理。", "Only a head of the case's office, or an operator, may do this."
        )
    if row.state != "doing":
        raise NotNow("这一项已经办完或停止。", "Expected it to go on, but it is done or stopped.")
    return row


def _told(work: Work, kind: audit.Kind, row: ForEach, n: int, by: Actor, now: datetime) -> None:
    case = work.session.get_one(Case, row.case_id)
    audit.record(work, kind, by=by, now=now, case=case, facts={"for_each": row.id, "items": n})
