"""Who waits in which hall, for the hall's machine, its screen, a telephone, a window and a head. No names but where
somebody may serve.

Halls and lines are read here for the commands too: what a line is, is said in one place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from engine.booking import line as order
from engine.errors import NotFound, NotNow
from engine.matters import Package
from engine.matters.nouns.queues import Queue, span
from engine.people import Actor, masks, may, require, units
from engine.reads import sight
from engine.records import audit, library
from engine.store import Work, keys
from engine.store.models import Case, Event, Hall, Ticket, TicketLine, User, Window
from engine.workdays import ZONE, OpeningHours, local_date, say_at

#: How long before a hall opens numbers are given: people stand at the door by then.
BEFORE_OPENING = timedelta(minutes=30)
#: How long before a hall closes its windows may send those who still wait to the next day.
BEFORE_CLOSING = timedelta(minutes=30)
#: The code that hangs in a hall for telephones changes after so long; the one before holds for as long again.
HERE = timedelta(minutes=15)
#: States in which somebody is still to be served.
LIVE = ("waiting", "called", "parked", "serving")
#: state -> what people call it
STATES = {
    "waiting": ("等候", "waiting"),
    "called": ("已叫号", "called"),
    "parked": ("过号", "missed the call"),
    "serving": ("正在办理", "at the window"),
    "done": ("办完", "done"),
    "gone": ("已离开", "gone"),
}


@dataclass(frozen=True, slots=True)
class HallRow:
    """A hall, as a plain value."""

    id: int
    code: str
    name: str
    name_en: str
    address: str
    hours: Mapping[str, Any] | None = field(default=None, hash=False, compare=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is declared, and where."""

    key: str
    queue: Queue
    package: Package


def lines(work: Work) -> list[Line]:
    """Every line that a published matter declares or uses, by key."""
    return [Line(key, *found) for key, found in sorted(library.of_kind(work, "queues", Queue).items())]


def line(work: Work, key: str) -> Line:
    found = library.of_kind(work, "queues", Queue).get(key)
    if found is None:
        raise NotFound("没有这个队，它可能已经撤下。", f"There is no line {key!r}; it may have been withdrawn.")
    return Line(key, *found)


def hall(work: Work, code: str, *, windows: bool = True) -> Hall:
    """A hall with its windows, or without them where nobody asks."""
    query = select(Hall).where(Hall.code == code, Hall.active)
    found = work.session.scalar(query.options(selectinload(Hall.windows)) if windows else query)
    if found is None:
        raise NotFound(f"没有大厅“{code}”。", f"There is no hall {code!r}.")
    return found


def shown(work: Work, code: str) -> HallRow:
    """A hall, for a page."""
    return _as_row(hall(work, code))


def _as_row(at: Hall) -> HallRow:
    return HallRow(at.id, at.code, at.name, at.name_en, at.address, at.hours)


def hours(work: Work, at: Hall | HallRow) -> OpeningHours:
    return OpeningHours.read(at.hours or {}, work.calendar)


def gives_numbers(work: Work, at: Hall | HallRow, now: datetime) -> tuple[bool, str, str]:
    """Whether the hall gives numbers at this moment; if not, when it does, in Chinese and in English."""
    kept = hours(work, at)
    day = local_date(now)
    opens, closes = kept.opening(day), kept.closing(day)
    if opens is not None and closes is not None and opens - BEFORE_OPENING <= now < closes:
        return True, "", ""
    following = kept.next_open(now)
    if following is None:
        return False, "近期不开门", "it does not open in the coming weeks"
    return False, f"{say_at(following)} 开门", f"it opens on {following.astimezone(ZONE):%Y-%m-%d %H:%M}"


def closes(work: Work, at: Hall | HallRow, now: datetime) -> bool:
    """Whether the day's work ends: shut for today, or within half an hour of it."""
    kept = hours(work, at)
    closing = kept.closing(local_date(now))
    return closing is None or now >= closing - BEFORE_CLOSING


def opens_next(work: Work, at: Hall | HallRow, now: datetime) -> datetime | None:
    """When the hall opens on the next day it is open; None when no such day is known."""
    return hours(work, at).next_open(datetime.combine(local_date(now) + timedelta(days=1), time(), ZONE))


def next_day(work: Work, at: Hall | HallRow, now: datetime) -> datetime:
    """The same; NotNow when no such day is known."""
    found = opens_next(work, at, now)
    if found is None:
        raise NotNow(
            f"{at.name}近期不开门，不能约到下一天。请接着叫号，或者先登记大厅的开放时间。",
            "The hall does not open in the coming weeks: nobody can be moved to its next day. Go on calling, or enter "
            "its hours first.",
        )
    return found


def choices(work: Work, one: Line) -> list[Package]:
    """What one may take a number for: the matters of the line that are published and taken in at a counter."""
    return [
        package
        for package in library.published(work)
        if package.info.published
        and "counter" in package.info.apply.channels
        and (not one.queue.matters or package.name in one.queue.matters)
    ]


def place_code(at: Hall | HallRow, now: datetime) -> str:
    """What the QR in the hall says: whoever knows it is there, or was a quarter of an hour ago."""
    turn = int(now.timestamp() // HERE.total_seconds())
    return keys.blind("hall", f"{at.code}/{turn}")[:10]


def is_here(at: Hall | HallRow, code: str, now: datetime) -> bool:
    turn = int(now.timestamp() // HERE.total_seconds())
    return any(code in _place_codes(at.code, one) for one in (turn, turn - 1))


def _place_codes(code: str, turn: int) -> list[str]:
    """The one that is shown, and the one of before while the data key is being changed."""
    return [one[:10] for one in keys.blinds("hall", f"{code}/{turn}")]


# ---------------------------------------------------------------- what there is


def halls(work: Work, actor: Actor | None = None) -> list[HallRow]:
    """The halls in which a line is kept; for an actor, those in which they may serve."""
    kept = {one.queue.at for one in lines(work)}
    rows = work.session.scalars(
        select(Hall).where(Hall.code.in_(kept), Hall.active).options(selectinload(Hall.windows)).order_by(Hall.code)
    )
    return [_as_row(row) for row in rows if actor is None or may(actor, "serve", row)]


def lines_at(work: Work, at: Hall | HallRow) -> list[Line]:
    return [one for one in lines(work) if one.queue.at == at.code]


# ---------------------------------------------------------------- the screen


@dataclass(frozen=True, slots=True)
class Call:
    """A number that was called, on the screen."""

    number: str
    window: str  # its code
    window_name: str
    window_name_en: str
    at: datetime
    calls: int
    serving: bool


@dataclass(frozen=True, slots=True)
class Wall:
    """What the hall's screen shows: numbers, never a name."""

    calls: tuple[Call, ...]  # the newest first
    waiting: tuple[tuple[str, str, int], ...]  # (line, in English, how many wait)
    parked: tuple[str, ...]  # numbers that missed their call
    says: tuple[str, ...]


def wall(work: Work, at: Hall | HallRow, *, now: datetime) -> Wall:
    day, own = local_date(now), lines_at(work, at)
    most = max((one.queue.shows for one in own), default=6)
    rows = work.session.execute(
        select(Ticket.number, Ticket.called_at, Ticket.calls, Ticket.state, Window)
        .join(Window, Window.id == Ticket.window_id)
        .where(Ticket.hall_id == at.id, Ticket.day == day, Ticket.state.in_(("called", "serving")))
        .order_by(Ticket.called_at.desc(), Ticket.id.desc())
        .limit(most)
    ).all()
    counted = work.session.execute(
        select(Ticket.queue, func.count())
        .where(Ticket.hall_id == at.id, Ticket.day == day, Ticket.state == "waiting")
        .group_by(Ticket.queue)
    )
    numbers = {key: count for key, count in counted}
    parked = work.session.scalars(
        select(Ticket.number)
        .where(Ticket.hall_id == at.id, Ticket.day == day, Ticket.state == "parked")
        .order_by(Ticket.parked_at.desc())
        .limit(8)
    ).all()
    return Wall(
        tuple(
            Call(r.number, r[4].code, r[4].name, r[4].name_en, r.called_at, r.calls, r.state == "serving") for r in rows
        ),
        tuple((one.queue.name, one.queue.name_en, numbers.get(one.key, 0)) for one in own),
        tuple(parked),
        tuple(dict.fromkeys(word for one in own for word in one.queue.says)),
    )


# ---------------------------------------------------------------- one number


@dataclass(frozen=True, slots=True)
class Own:
    """A number, for whoever holds its slip."""

    number: str
    code: str
    state: str
    line: str
    line_en: str
    kind: str  # what its class is called
    kind_en: str
    hall: str
    hall_en: str
    hall_code: str
    matter: str
    before: int | None  # how many are called before it, as it looks now; None when it does not wait
    window: str
    window_name: str
    since: datetime
    may_return: bool
    version: int
    later: bool  # it is of a coming day, and is called first then


def own(work: Work, code: str, *, now: datetime) -> Own:
    """By the code of its slip. NotFound when there is none, or it is of another day."""
    row = work.session.scalar(
        select(Ticket)
        .where(Ticket.code == code, Ticket.day >= local_date(now))
        .options(joinedload(Ticket.hall), joinedload(Ticket.window))
    )
    if row is None:
        raise NotFound("没有这个号，它可能是以前的。请重新取号。", "There is no such number today: take a new one.")
    found = library.of_kind(work, "queues", Queue).get(row.queue)
    queue = found[0] if found is not None else None
    kind = queue.classes.get(queue.shown(row.letter, row.needs or ())) if queue is not None else None
    before = None
    if row.state == "waiting" and queue is not None:
        order_now = _order(work, row.hall_id, row.queue, queue, row.day, now)
        before = order_now.index(row.id) if row.id in order_now else None
    return Own(
        number=row.number,
        code=row.code,
        state=row.state,
        line=queue.name if queue is not None else "",
        line_en=queue.name_en if queue is not None else "",
        kind=kind.name if kind is not None else "",
        kind_en=kind.name_en if kind is not None else "",
        hall=row.hall.name,
        hall_en=row.hall.name_en,
        hall_code=row.hall.code,
        matter=row.matter,
        before=before,
        window=row.window.code if row.window is not None else "",
        window_name=row.window.name if row.window is not None else "",
        since=row.since_at,
        may_return=row.state == "parked" and queue is not None and returns(row, queue, now),
        version=row.version,
        later=row.state == "waiting" and row.day > local_date(now),
    )


def returns(ticket: Ticket, queue: Queue, now: datetime) -> bool:
    """Whether somebody who missed their call may still come back by this number."""
    own = queue.classes.get(ticket.letter)
    if own is not None and own.keeps:
        return ticket.day == local_date(now)
    return (
        ticket.parked_at is not None
        and now <= ticket.parked_at + span(queue.back.within)
        and ticket.returns < queue.back.times
    )


def _order(work: Work, hall_id: int, key: str, queue: Queue, day: date, now: datetime) -> list[int]:
    """The numbers that wait, in the order in which they are called. One statement: how the line stands comes along."""
    here = (TicketLine.hall_id == hall_id) & (TicketLine.queue == key) & (TicketLine.day == day)
    rows = work.session.execute(
        select(Ticket.id, Ticket.letter, Ticket.since_at, Ticket.serial, Ticket.behind)
        .add_columns(TicketLine.called, TicketLine.made)
        .outerjoin(TicketLine, here)
        .where(Ticket.hall_id == hall_id, Ticket.day == day, Ticket.state == "waiting", Ticket.queue == key)
    ).all()
    if not rows:
        return []
    waiting = [order.Waits(r.id, r.letter, r.since_at, r.serial, r.behind) for r in rows]
    called = [order.Called(*c) for c in rows[0].called or ()]
    return order.in_order(queue.order, waiting, called, now, made=rows[0].made or 0)


def before(work: Work, ticket: Ticket, one: Line, *, now: datetime) -> int:
    """How many are called before it, as it looks now; 0 when it does not wait."""
    found = _order(work, ticket.hall_id, one.key, one.queue, ticket.day, now)
    return found.index(ticket.id) if ticket.id in found else 0


def of_booking(work: Work, appointment_id: int) -> Ticket | None:
    return work.session.scalar(select(Ticket).where(Ticket.appointment_id == appointment_id))


def code_of(work: Work, at: Hall | HallRow, number: str, *, now: datetime) -> str:
    """The code of a number of today's that somebody types: at the hall's machine, or a clerk."""
    found = work.session.scalar(
        select(Ticket.code).where(
            Ticket.hall_id == at.id, Ticket.day == local_date(now), Ticket.number == number.strip().upper()
        )
    )
    if found is None:
        raise NotFound(f"今天没有号 {number[:8]}，请核对。", f"There is no number {number[:8]!r} today.")
    return found


def of_cases(work: Work, case_id: int) -> list[tuple[str, str, str]]:
    """(number, hall, day) of the numbers by which people came with a case. One number may have brought several cases:
    it names the last, and each case's own record names the number."""
    facts = work.session.scalars(
        select(Event.facts).where(Event.case_id == case_id, Event.kind == audit.Kind.TICKET_CASE)
    ).all()
    rows = work.session.execute(
        select(Ticket.number, Hall.name, Ticket.day)
        .join(Hall, Hall.id == Ticket.hall_id)
        .where(or_(Ticket.case_id == case_id, Ticket.id.in_([one["ticket"] for one in facts])))
        .order_by(Ticket.id)
    )
    return [(number, name, day.isoformat()) for number, name, day in rows]


@dataclass(frozen=True, slots=True)
class Taken:
    """A case that was taken in for the person before a window."""

    number: str
    title: str
    office: str
    phone: str
    due_at: datetime | None


def taken_in(work: Work, ticket_id: int, day: date) -> tuple[Taken, ...]:
    """Everything that a number of that day brought, in the order in which it was taken in: one receipt says all of
    it. The caller has judged that the reader may see who stands there."""
    since = datetime.combine(day, time(), ZONE)
    rows = work.session.execute(
        select(Event.facts, Event.case_id)
        .where(Event.kind == audit.Kind.TICKET_CASE, Event.at >= since)
        .order_by(Event.id)
    )
    # of the county's day no case is opened but theirs
    ids = list(dict.fromkeys(case_id for facts, case_id in rows if facts.get("ticket") == ticket_id))
    cases = {one.id: one for one in work.session.scalars(select(Case).where(Case.id.in_(ids)))} if ids else {}
    found = {id: cases[id] for id in ids if id in cases}
    offices = {id: units.place(work, case.office_id) for id, case in found.items()}
    return tuple(
        Taken(case.number, case.matter_name, offices[id].name, offices[id].phone, case.promised_due)
        for id, case in found.items()
    )


# ---------------------------------------------------------------- the window


@dataclass(frozen=True, slots=True)
class Row:
    """A number, for whoever may serve it."""

    id: int
    version: int
    number: str
    code: str
    state: str
    line: str
    kind: str
    kind_en: str
    who: str  # masked
    matter: str
    matter_name: str
    matter_name_en: str
    needs: tuple[str, ...]
    needs_en: tuple[str, ...]
    helps: tuple[str, ...]  # what the window does for them
    helps_en: tuple[str, ...]
    note: str
    minutes: int  # how long they have waited
    since: datetime
    calls: int
    channel: str
    window: str
    wanted: str
    case: str  # number of the case it became
    returns: bool
    sought: bool  # they missed their call and keep the place: a guide looks for them
    wait: int  # seconds until they may be called again


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A window of the hall now."""

    id: int
    code: str
    name: str
    name_en: str
    low: bool
    clerk: str  # who sits there, masked; "" nobody
    mine: bool
    may_sit: bool
    number: str  # before it
    state: str
    minutes: int  # since it was called


@dataclass(frozen=True, slots=True)
class Desk:
    """A hall, for those who serve there."""

    hall: HallRow
    windows: tuple[WindowRow, ...]
    mine: WindowRow | None
    at_mine: Row | None
    waiting: tuple[Row, ...]  # in the order of calling, line by line
    parked: tuple[Row, ...]
    lines: tuple[Line, ...]
    calls: int  # how often a number of mine may be called
    closing: bool  # the day's work ends: who still waits is served, or the first of the next day
    opens: datetime | None  # when that is


def desk(work: Work, code: str, actor: Actor, *, now: datetime) -> Desk:
    """Who waits and who is where. Lists come from columns; nobody's process is opened."""
    at = hall(work, code)
    require(actor, "serve", at)
    own, day = lines_at(work, at), local_date(now)
    rows = work.session.execute(
        select(Ticket, Case.number)
        .outerjoin(Case, and_(Case.id == Ticket.case_id, sight.named(work, actor)))
        .where(Ticket.hall_id == at.id, Ticket.day == day, Ticket.state.in_(LIVE))
        .order_by(Ticket.since_at, Ticket.serial)
    ).all()
    by_key = {one.key: one for one in own}
    titles = {p.name: p for p in library.published(work)}
    windows = {w.id: w for w in at.windows}
    clerks = _names(work, [w.clerk_id for w in at.windows if w.clerk_id is not None])
    made = {t.id: _row(t, number, by_key, titles, windows, now) for t, number in rows}
    at_window = {t.window_id: t for t, _ in rows if t.state in ("called", "serving")}
    closing = closes(work, at, now)
    shown = []
    for w in sorted(at.windows, key=lambda w: (len(w.code), w.code)):  # 2 before 10
        if not w.active:
            continue
        there = at_window.get(w.id)
        since = there.called_at if there is not None else None
        shown.append(
            WindowRow(
                w.id,
                w.code,
                w.name,
                w.name_en,
                w.low,
                clerks.get(w.clerk_id or 0, ""),
                w.clerk_id is not None and w.clerk_id == actor.id,
                may(actor, "serve", w),
                there.number if there is not None else "",
                there.state if there is not None else "",
                _minutes(since, now) if since is not None else 0,
            )
        )
    mine = next((w for w in shown if w.mine), None)
    before = at_window.get(mine.id) if mine is not None else None
    waiting: list[Row] = []
    for one in own:
        waiting += [made[id] for id in _order(work, at.id, one.key, one.queue, day, now) if id in made]
    waiting += [made[t.id] for t, _ in rows if t.state == "waiting" and t.queue not in by_key]
    return Desk(
        _as_row(at),
        tuple(shown),
        mine,
        made[before.id] if before is not None else None,
        tuple(waiting),
        tuple(made[t.id] for t, _ in rows if t.state == "parked"),
        tuple(own),
        by_key[before.queue].queue.calls if before is not None and before.queue in by_key else 3,
        closing,
        opens_next(work, at, now) if closing and waiting else None,
    )


def _row(
    t: Ticket,
    case: str | None,
    by_key: dict[str, Line],
    titles: dict[str, Package],
    windows: dict[int, Window],
    now: datetime,
) -> Row:
    one = by_key.get(t.queue)
    said = tuple(n for n in t.needs or () if one is not None and n in one.queue.needs)
    needs = [one.queue.needs[n] for n in said] if one is not None else []
    seen = [need for need in needs if not need.quiet]
    kind = one.queue.classes.get(one.queue.shown(t.letter, said)) if one is not None else None
    own = one.queue.classes.get(t.letter) if one is not None else None
    package = titles.get(t.matter)
    return Row(
        id=t.id,
        version=t.version,
        number=t.number,
        code=t.code,
        state=t.state,
        line=one.queue.name if one is not None else "",
        kind=kind.name if kind is not None else t.letter,
        kind_en=kind.name_en or kind.name if kind is not None else t.letter,
        who=masks.name(t.name) if t.name else "",
        matter=t.matter,
        matter_name=package.info.name if package is not None else "",
        matter_name_en=package.info.name_en if package is not None else "",
        needs=tuple(need.name for need in seen),
        needs_en=tuple(need.name_en or need.name for need in seen),
        helps=tuple(need.help for need in needs if need.help),
        helps_en=tuple(need.help_en or need.help for need in needs if need.help),
        note=t.note or "",
        minutes=_minutes(t.since_at, now),
        since=t.since_at,
        calls=t.calls,
        channel=t.channel,
        window=windows[t.window_id].code if t.window_id in windows else "",
        wanted=windows[t.wanted_id].code if t.wanted_id in windows else "",
        case=case or "",
        returns=t.state == "parked" and one is not None and returns(t, one.queue, now),
        sought=t.state == "parked" and own is not None and own.keeps,
        wait=again(t, one, now),
    )


def again(t: Ticket, one: Line | None, now: datetime) -> int:
    """Seconds until somebody who was called may be called again, or have missed their call: they walk to the window."""
    if t.state != "called" or t.called_at is None or one is None:
        return 0
    return max(0, math.ceil((t.called_at + span(one.queue.apart) - now).total_seconds()))


def _minutes(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds() // 60))


def _names(work: Work, ids: Sequence[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = work.session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {id: name for id, name in rows}


@dataclass(frozen=True, slots=True)
class Whose:
    """Who holds a number, for the form that is filled in with them at the window."""

    id: int
    number: str
    hall: str
    matter: str
    state: str
    name: str
    phone: str
    id_number: str


def whose(work: Work, ticket_id: int, actor: Actor) -> Whose:
    """Who stands at the actor's own window. NotFound for anybody else: the number of another window says of nobody
    who they are."""
    row = work.session.scalar(
        select(Ticket)
        .where(Ticket.id == ticket_id)
        .options(joinedload(Ticket.hall).options(selectinload(Hall.windows)), joinedload(Ticket.window))
    )
    if row is None or row.window is None or row.window.clerk_id != actor.id or not may(actor, "serve", row):
        raise NotFound("这个号不在您的窗口。", "This number is not at your window.")
    return Whose(
        row.id,
        row.number,
        row.hall.name,
        row.matter,
        row.state,
        row.name or "",
        row.phone or "",
        row.id_number or "",
    )


# ---------------------------------------------------------------- the head


@dataclass(frozen=True, slots=True)
class Measure:
    """One class on one day (or every class of it: kind ""). Times in minutes."""

    day: date
    queue: str
    letter: str
    taken: int = 0
    served: int = 0
    gone: int = 0
    waiting: int = 0
    wait_median: float | None = None
    wait_p90: float | None = None
    serve_median: float | None = None
    serve_p90: float | None = None
    longest: int = 0  # of those who wait now


@dataclass(frozen=True, slots=True)
class _Times:
    waits: list[float] = field(default_factory=list)
    serves: list[float] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    still: list[float] = field(default_factory=list)


def measures(work: Work, code: str, actor: Actor, *, first: date, last: date, now: datetime) -> list[Measure]:
    """How many came, and how long they waited and were served, by class and day: counts, medians, and what nine of
    ten did not exceed. Nobody's name is needed for it, so it can be asked of past days too."""
    at = hall(work, code)
    require(actor, "serve", at)
    rows = work.session.execute(
        select(
            Ticket.day,
            Ticket.queue,
            Ticket.letter,
            Ticket.state,
            Ticket.since_at,
            Ticket.first_called_at,
            Ticket.serving_at,
            Ticket.ended_at,
        ).where(Ticket.hall_id == at.id, Ticket.day >= first, Ticket.day <= last)
    ).all()
    found: dict[tuple[date, str, str], _Times] = {}
    for r in rows:
        times = found.setdefault((r.day, r.queue, r.letter), _Times())
        times.states.append(r.state)
        if r.first_called_at is not None:
            times.waits.append(max(0.0, (r.first_called_at - r.since_at).total_seconds() / 60))
        if r.serving_at is not None and r.ended_at is not None:
            times.serves.append((r.ended_at - r.serving_at).total_seconds() / 60)
        if r.state == "waiting":
            times.still.append(float(_minutes(r.since_at, now)))
    return [
        Measure(
            day=day,
            queue=queue,
            letter=letter,
            taken=len(t.states),
            served=t.states.count("done"),
            gone=t.states.count("gone"),
            waiting=t.states.count("waiting"),
            wait_median=order.median(t.waits),
            wait_p90=order.ninetieth(t.waits),
            serve_median=order.median(t.serves),
            serve_p90=order.ninetieth(t.serves),
            longest=int(max(t.still, default=0)),
        )
        for (day, queue, letter), t in sorted(found.items())
    ]
