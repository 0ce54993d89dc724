"""The rows of the public boards: what may stand in one, how it goes up, changes and comes down, and who is told.

Below the verbs and the effects: no case is asked or answered here. Every row that goes up asks, in the same
transaction, for the two jobs it needs: that those who follow are told, and that it comes down when its time is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from engine import feel
from engine.deadlines import Limit
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.matters.nouns import Declared
from engine.matters.nouns.boards import Board, fault, moment
from engine.people import masks
from engine.people.units import Place
from engine.plain import plain
from engine.records import counters, jobs
from engine.store import Work
from engine.store.models import BoardEntry, BoardTold
from engine.workdays import ZONE, at_end_of_day, local_date

#: When a working day ends, as for steps (`=workdays(1)`).
CLOSES = time(17, 30)
#: Text messages that one person who is one of many gets on a day at most; what is more stands on the screen.
MOST_A_DAY = 3
#: What is kept of a reason, and of a heading.
MOST_REASON, MOST_TITLE, MOST_WORDS = 300, 300, 2000


@dataclass(frozen=True, slots=True)
class Checked:
    """Facts that may be published on a board."""

    facts: dict[str, Any]  # what is shown, names masked
    hidden: dict[str, Any]  # what only staff read
    title: str
    words: str
    begins_on: date | None


def checked(board: Board, given: Mapping[str, Any]) -> Checked:
    """Held against what the board may show. Invalid names every fact that is missing, unknown, or of a person."""
    faults = []
    for name in sorted(set(given) - set(board.shows) - set(board.hides)):
        zh = f"公开栏“{board.title}”不收“{name}”这一项，什么都没有公开。"
        zh += "请在 boards 里写明它公开（shows）还是不公开（hides）。"
        en = f"Expected facts of the board, but {name!r} stands neither in its shows nor in its hides."
        faults.append(FieldError(name, name, zh, en))
    for name, shown in board.shows.items():
        said = fault(shown, given.get(name))
        if said is not None:
            faults.append(FieldError(name, shown.title, *said))
    if faults:
        first = faults[0]
        raise Invalid(faults, f"不能公开：{first.zh}", f"This cannot be published: {first.en}")
    facts: dict[str, Any] = {}
    for name, shown in board.shows.items():
        value = plain(given.get(name))
        if value in (None, ""):
            continue
        if shown.type == "person":
            value = "、".join(
                (one.strip() if shown.mask == "none" else masks.name(one.strip()))
                for one in str(value).replace(",", "、").split("、")
                if one.strip()
            )
        elif shown.type in ("date", "moment"):
            value = moment(str(value)).isoformat()
        facts[name] = value
    begins = facts.get(board.day) if board.day else None
    return Checked(
        facts,
        {name: plain(given[name]) for name in board.hides if name in given},
        str(facts[board.heading])[:MOST_TITLE] if board.heading in facts else board.title,
        " ".join(str(value) for value in facts.values())[:MOST_WORDS],
        date.fromisoformat(str(begins)[:10]) if begins else None,
    )


def last_day(
    board: Board, facts: Mapping[str, Any], env: feel.Env, *, now: datetime, until: Any = None, days: int | None = None
) -> date:
    """The last day it stays up. Invalid when nothing says it, or it has passed."""
    said = until
    if said is None and days is None and board.until:
        said = feel.to_json(feel.compile(board.until.removeprefix("=")).evaluate(dict(facts), env))
    if said is None and (days or board.days):
        return local_date(now) + timedelta(days=days or board.days or 0)
    try:
        found = moment(str(said))
    except ValueError:
        zh, en = f"公开到哪天算不出来（{said}）。", f"Expected the last day of publication, but it is {said!r}."
        raise Invalid([FieldError("until", "公开到", zh, en)], zh, en) from None
    last = local_date(found) if isinstance(found, datetime) and found.tzinfo else date.fromisoformat(str(found)[:10])
    if last < local_date(now):
        zh = f"公开到 {last.isoformat()}，这一天已经过去，没有公开。请改日期。"
        en = f"Expected a last day that is still to come, but {last.isoformat()} has passed. Change the date."
        raise Invalid([FieldError("until", "公开到", zh, en)], zh, en)
    return last


def how_shown(board: Board, days: int | None) -> dict[str, Any]:
    """What a page needs beside the facts, as it was declared when this was published."""
    return {
        "title": board.title,
        "title_en": board.title_en or board.title,
        "fields": {
            name: {"title": one.title, "title_en": one.title_en or one.title, "type": one.type}
            for name, one in board.shows.items()
        },
        "hides": dict(board.hides),
        "day": board.day,
        "ends": board.ends,
        "where": board.where,
        "days": days if days is not None else board.days if not board.until else None,
        "scope": board.scope,
        "objections": board.objections.model_dump() if board.objections is not None else None,
    }


def ask(
    work: Work,
    declared: Declared,
    given: Mapping[str, Any],
    env: feel.Env,
    *,
    key: str,
    place: Place,
    unit_id: int,
    now: datetime,
    case_id: int | None = None,
    by_id: int | None = None,
    until: Any = None,
    days: int | None = None,
    reviewed_at: Place | None = None,
    effect: str | None = None,
) -> BoardEntry:
    """A new entry: shown at once, or waiting for its reviewer when the board has one (`reviewed_at`: of which unit)."""
    board = declared.what
    assert isinstance(board, Board)
    found = checked(board, given)
    last = last_day(board, {**found.hidden, **found.facts}, env, now=now, until=until, days=days)
    today = local_date(now)
    entry = BoardEntry(
        key=key,
        number=f"{today.year}{counters.take(work, f'board:{today.year}'):06d}",
        board=declared.key,
        kind=board.kind,
        state="review",
        case_id=case_id,
        unit_id=unit_id,
        place_id=place.id,
        title=found.title,
        words=found.words,
        facts=found.facts,
        shown=how_shown(board, days) | ({"days": None} if until is not None else {}),
        hidden=found.hidden,
        by_id=by_id,
        asked_at=now,
        until_at=at_end_of_day(last),
        begins_on=found.begins_on,
        changed=0,
        changed_at=now,
        change="",
        reason="",
    )
    work.session.add(entry)
    if board.review is None:
        show(work, entry, now=now)
        return entry
    assert reviewed_at is not None
    entry.effect, entry.review_unit_id, entry.review_post = effect, reviewed_at.id, board.review.post
    entry.review_due_at = due(work, Limit.parse(board.review.within), now)
    _due(work, entry, entry.review_due_at, now)
    return entry


def due(work: Work, limit: Limit, now: datetime) -> datetime:
    """When a length of time from now is over: working days end when the doors close, days with the day."""
    today = local_date(now)
    if limit.unit == "h":
        return now + timedelta(hours=limit.n)
    if limit.unit == "wd":
        return datetime.combine(work.calendar.add(today, limit.n), CLOSES, ZONE)
    return at_end_of_day(today + timedelta(days=limit.n))


def show(work: Work, entry: BoardEntry, *, now: datetime) -> None:
    """It goes up. Days are counted from now on; NotNow when its time has passed while it waited."""
    if entry.shown.get("days"):
        entry.until_at = at_end_of_day(local_date(now) + timedelta(days=entry.shown["days"]))
    if entry.until_at <= now:
        raise NotNow(
            "它的公开期限已经过去，不能再公开。请退回，让经办人改日期。",
            "Expected an entry whose time is still to come, but it has passed. Refuse it, so that its day is changed.",
        )
    entry.state, entry.from_at, entry.changed_at = "shown", now, now
    tell(work, entry, "new", now=now)
    _due(work, entry, entry.until_at, now)


def change(
    work: Work,
    entry: BoardEntry,
    board: Board,
    given: Mapping[str, Any],
    env: feel.Env,
    *,
    now: datetime,
    reason: str,
    until: Any = None,
) -> bool:
    """What it says now. Of what somebody reviewed only days, moments and numbers may change: words nobody reviewed do
    not go up by a side door. False, and nothing is told: nothing the public reads is other than before."""
    only_up(entry)
    facts = {**(entry.hidden or {}), **entry.facts, **given}
    if entry.reviewed_at is not None:
        for name in given:
            shown = board.shows.get(name)
            if (
                shown is not None
                and shown.type in ("text", "person", "contact")
                and given[name] != entry.facts.get(name)
            ):
                zh = f"“{shown.title}”是审核过的，不能直接改。请撤下，改好再发布一次。"
                en = f"{shown.title_en or shown.title} was reviewed and stays: take it down and publish anew."
                raise Invalid([FieldError(name, shown.title, zh, en)], zh, en)
    found = checked(board, facts)
    before = (entry.facts, entry.until_at)
    if until is not None or board.until:
        last = last_day(board, {**found.hidden, **found.facts}, env, now=now, until=until)
        entry.until_at = at_end_of_day(last)
    entry.hidden = found.hidden
    if (found.facts, entry.until_at) == before:
        return False
    entry.facts, entry.title, entry.words, entry.begins_on = found.facts, found.title, found.words, found.begins_on
    entry.changed += 1
    entry.changed_at, entry.change = now, reason[:MOST_REASON]
    if entry.state == "shown":
        tell(work, entry, "changed", now=now)
        _due(work, entry, entry.until_at, now)
    return True


def take_down(work: Work, entry: BoardEntry, state: str, *, now: datetime, reason: str) -> None:
    """It comes down: withdrawn, refused, or over. Who followed what was up is told why."""
    was_up = entry.state == "shown"
    entry.state, entry.reason = state, reason[:MOST_REASON]
    entry.changed += 1
    entry.changed_at = now
    if was_up and state == "withdrawn":
        tell(work, entry, "withdrawn", now=now)


def only_up(entry: BoardEntry) -> None:
    """NotNow unless it is shown or waits to be."""
    if entry.state not in ("shown", "review"):
        zh = {"refused": "没有通过审核", "withdrawn": "已经撤下", "over": "已经到期", "kept": "是旧公示"}[entry.state]
        raise NotNow(
            f"公开栏 {entry.number} {zh}，不能再改。请重新发布。",
            f"Expected an entry that is up, but {entry.number} is {entry.state}. Publish it anew.",
        )


def tell(work: Work, entry: BoardEntry, what: str, *, now: datetime) -> None:
    """Have those who follow told: a job, so that publishing does not wait for a thousand of them."""
    key = f"board:{entry.number}:{entry.changed}:{what}"
    jobs.put(work, jobs.Kind.BOARD_TELL, key, {"entry": entry.number, "what": what, "after": 0}, now=now)


def _due(work: Work, entry: BoardEntry, at: datetime, now: datetime) -> None:
    key = f"board:{entry.number}:{entry.changed}:{entry.state}:due"
    jobs.put(work, jobs.Kind.BOARD_DUE, key, {"entry": entry.number}, now=now, after=at)


def last_shown(entry: BoardEntry) -> date:
    """The last day on which it is up."""
    return local_date(entry.until_at - timedelta(seconds=1))


def find(work: Work, number: str, *, lock: bool = False) -> BoardEntry:
    """An entry by its number; NotFound says so. `lock`: nobody else changes it in the meantime."""
    query = select(BoardEntry).where(BoardEntry.number == number)
    found = work.session.scalar(query.with_for_update().execution_options(populate_existing=True) if lock else query)
    if found is None:
        raise NotFound(f"公开栏没有编号 {number[:20]}。", f"There is no entry {number[:20]!r} on the boards.")
    return found


def of_case(work: Work, case_id: int, board: str | None = None) -> list[BoardEntry]:
    """What a case has up or waiting, newest first, locked."""
    work.written(BoardEntry)  # another effect of the same step may have published or taken down
    query = select(BoardEntry).where(BoardEntry.case_id == case_id, BoardEntry.state.in_(("shown", "review")))
    if board is not None:
        query = query.where(BoardEntry.board == board)
    with work.session.no_autoflush:
        return list(work.session.scalars(query.order_by(BoardEntry.id.desc()).with_for_update()))


def within(work: Work, user_id: int, now: datetime) -> bool:
    """Count one text message of the day to this person; False when the day's measure is full."""
    insert = sqlite.insert(BoardTold) if work.dialect == "sqlite" else postgresql.insert(BoardTold)
    made = insert.values(user_id=user_id, day=local_date(now), times=1).on_conflict_do_update(
        index_elements=["user_id", "day"],
        set_={"times": BoardTold.times + 1},
        where=BoardTold.times < MOST_A_DAY,
    )
    return work.session.execute(made.returning(BoardTold.times)).scalar() is not None
