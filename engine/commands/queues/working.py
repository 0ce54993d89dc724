"""At a window: next, this one, again, park, back, pass on, serve, done, gone; and it becomes a case.

Two clerks who call at the same moment: each call holds the row of its line until it is stored, and takes its ticket by
one conditional UPDATE, so they get two different people; the index of one person at a window stops a mistake here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from engine.booking import line as lines
from engine.commands import booking, ticket_rows
from engine.commands.queues import windows
from engine.commands.ticket_rows import Line, record
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow
from engine.people import SYSTEM, Actor, may, require, units
from engine.reads import tickets as reads
from engine.records import audit
from engine.store import Work
from engine.store.models import Appointment, Case, Ticket, TicketLine, Window
from engine.workdays import local_date


def find(work: Work, ticket_id: int, *, by: Actor, version: int | None = None) -> Ticket:
    """The ticket, locked, if the actor may serve in its hall. Raises NotFound, AlreadyDone."""
    found = work.session.scalar(
        select(Ticket).where(Ticket.id == ticket_id).with_for_update().execution_options(populate_existing=True)
    )
    if found is not None:
        at = windows.hall_with_windows(work, found.hall_id)
        set_committed_value(found, "hall", at)
        set_committed_value(found, "window", next((w for w in at.windows if w.id == found.window_id), None))
    if found is None or not may(by, "serve", found):
        raise NotFound("没有这个号。", "There is no such number.")
    if version is not None and found.version != version:
        raise AlreadyDone(
            f"{found.number} 刚刚有变动，现在是“{ticket_rows.STATES[found.state][0]}”。请看过再操作。",
            f"{found.number} has just changed: it is {ticket_rows.STATES[found.state][1]} now.",
        )
    return found


def expect(ticket: Ticket, states: Sequence[str], zh: str, en: str) -> None:
    if ticket.state not in states:
        raise AlreadyDone(
            f"{ticket.number} 现在是“{ticket_rows.STATES[ticket.state][0]}”，不能{zh}。",
            f"{ticket.number} is {ticket_rows.STATES[ticket.state][1]}: cannot {en}.",
        )


# ---------------------------------------------------------------- calling


def call_next(work: Work, window_id: int, *, by: Actor, now: datetime) -> Ticket | None:
    """Whoever is next at this window; None when nobody waits. Who was passed on to it comes first; of several lines
    the one whose next has waited longest."""
    window = _mine(work, window_id, by)
    _free_to_call(work, window)
    day = local_date(now)
    own = _lines_of(work, window)
    wanted = work.session.execute(
        select(Ticket.id, Ticket.queue)
        .where(_waits(window.hall_id, day), Ticket.wanted_id == window.id)
        .order_by(Ticket.since_at, Ticket.serial)
    ).all()
    # always in the same order, so that two windows that call several lines never wait for each other
    touched = sorted({one.key for one in own} | {key for _, key in wanted})
    held = {key: ticket_rows.lock_line(work, window.hall_id, key, day) for key in touched}
    for ticket_id, _ in wanted:
        found = _claim(work, ticket_id, window, held, over=False, by=by, now=now)
        if found is not None:
            return found
    for _ in range(len(own) + 1):
        chosen = _chosen(work, window, own, held, day, now)
        if chosen is None:
            return None
        found = _claim(work, chosen.who.id, window, held, over=chosen.over, by=by, now=now)
        if found is not None:
            return found
    return None


def call(work: Work, ticket_id: int, *, window_id: int, version: int, by: Actor, now: datetime) -> Ticket:
    """This one, whoever is before them: somebody whom a guide brings, or who missed the call and stands there."""
    window = _mine(work, window_id, by)
    _free_to_call(work, window)
    held = _lock_line_of(work, Ticket.id == ticket_id)
    ticket = find(work, ticket_id, by=by, version=version)
    if ticket.hall_id != window.hall_id or ticket.day != local_date(now):
        raise NotFound("这个号不在今天的这个大厅。", "This number is not of this hall and day.")
    expect(ticket, ("waiting", "parked"), "叫号", "call it")
    found = _claim(work, ticket.id, window, held, over=False, by=by, now=now, states=("waiting", "parked"))
    if found is None:
        raise AlreadyDone(f"{ticket.number} 刚被别的窗口叫走了。", f"{ticket.number} was just called elsewhere.")
    return found


def recall(work: Work, ticket_id: int, *, version: int, by: Actor, now: datetime) -> Ticket:
    """The same number once more."""
    ticket = _at_my_window(work, ticket_id, version, by)
    expect(ticket, ("called",), "再叫", "call it again")
    most = _calls(work, ticket)
    if ticket.calls >= most:
        raise NotNow(
            f"{ticket.number} 已经叫了 {ticket.calls} 次。没有人来，请过号。",
            f"{ticket.number} was called {ticket.calls} times: park it if nobody came.",
        )
    _waited(work, ticket, now, "再叫", "call again")
    ticket.calls += 1
    ticket.called_at = now
    ticket.version += 1
    _call_booking(work, ticket, by, now)
    record(work, audit.Kind.TICKET_CALLED, ticket, by, now, window=ticket.window_id, calls=ticket.calls)
    return ticket


def _lock_line_of(work: Work, which: ColumnElement[bool]) -> dict[str, TicketLine]:
    """The line of a ticket, before the ticket itself: whoever calls next locks in that order too."""
    row = work.session.execute(select(Ticket.hall_id, Ticket.queue, Ticket.day).where(which)).one_or_none()
    if row is None:
        raise NotFound("没有这个号，请核对。", "There is no such number.")
    return {row.queue: ticket_rows.lock_line(work, row.hall_id, row.queue, row.day)}


def _mine(work: Work, window_id: int, by: Actor) -> Window:
    window = windows.find(work, window_id)
    require(by, "serve", window)
    if window.clerk_id != by.id:
        raise NotNow(
            f"您没有坐在 {window.code} 号窗口。请先选窗口上岗。",
            f"You do not sit at window {window.code}: open it first.",
        )
    return window


def _free_to_call(work: Work, window: Window) -> None:
    held = work.session.scalar(
        select(Ticket.number).where(Ticket.window_id == window.id, Ticket.state.in_(("called", "serving")))
    )
    if held is not None:
        raise NotNow(
            f"{held} 还在您的窗口。请先办完、过号或转走，再叫下一位。",
            f"{held} is still at your window: finish it, park it or pass it on first.",
        )


def _lines_of(work: Work, window: Window) -> list[Line]:
    """The lines this window calls."""
    return [one for one in ticket_rows.lines(work) if one.queue.at == window.hall.code and _calls_it(work, window, one)]


def _calls_it(work: Work, window: Window, one: Line) -> bool:
    code = units.place(work, window.unit_id).code
    return not one.queue.windows or code in one.queue.windows or code.rpartition("-")[2] in one.queue.windows


def _low_elsewhere(work: Work, window: Window, one: Line) -> bool:
    """Whether who asked for a low counter waits for another window: one that is open, and calls this line."""
    return not window.low and any(
        w.low and w.active and w.clerk_id is not None and _calls_it(work, w, one) for w in window.hall.windows
    )


def _waits(hall_id: int, day: Any) -> Any:
    return (Ticket.hall_id == hall_id) & (Ticket.day == day) & (Ticket.state == "waiting")


def _chosen(
    work: Work, window: Window, own: Sequence[Line], held: dict[str, TicketLine], day: Any, now: datetime
) -> lines.Next | None:
    open_windows = select(Window.id).where(Window.hall_id == window.hall_id, Window.clerk_id.is_not(None))
    rows = work.session.execute(
        select(
            Ticket.queue, Ticket.id, Ticket.letter, Ticket.since_at, Ticket.serial, Ticket.behind, Ticket.needs
        ).where(
            _waits(window.hall_id, day),
            Ticket.queue.in_([one.key for one in own]),
            # passed on to another window that is open: they wait for that one
            Ticket.wanted_id.is_(None) | Ticket.wanted_id.not_in(open_windows),
        )
    ).all()
    found = []
    for one in own:
        low = _low_elsewhere(work, window, one)
        waiting = [
            lines.Waits(r.id, r.letter, r.since_at, r.serial, r.behind)
            for r in rows
            if r.queue == one.key and not (low and one.queue.asks_low(r.needs or ()))
        ]
        row = held[one.key]
        chosen = lines.following(one.queue.order, waiting, [lines.Called(*c) for c in row.called], now, made=row.made)
        if chosen is not None:
            found.append(chosen)
    return min(found, key=lambda chosen: (chosen.who.since, chosen.who.number), default=None)


def _claim(
    work: Work,
    ticket_id: int,
    window: Window,
    held: dict[str, TicketLine],
    *,
    over: bool,
    by: Actor,
    now: datetime,
    states: Sequence[str] = ("waiting",),
) -> Ticket | None:
    """The number is this window's, unless another has it already."""
    result = cast(
        "CursorResult[Any]",
        work.session.execute(
            update(Ticket)
            .where(Ticket.id == ticket_id, Ticket.state.in_(states))
            .values(
                state="called",
                window_id=window.id,
                unit_id=window.unit_id,
                wanted_id=None,
                calls=1,
                called_at=now,
                parked_at=None,
                version=Ticket.version + 1,
            ),
            execution_options={"synchronize_session": False},
        ),
    )
    if not result.rowcount:
        return None
    ticket = work.session.scalars(
        select(Ticket).where(Ticket.id == ticket_id).execution_options(populate_existing=True)
    ).one()
    set_committed_value(ticket, "hall", window.hall)
    set_committed_value(ticket, "window", window)
    ticket.first_called_at = ticket.first_called_at or now
    row = held.get(ticket.queue)
    if row is not None:
        row.made += 1
        row.called = [*row.called, [ticket.letter, over]][-lines.REMEMBERED :]
    _call_booking(work, ticket, by, now)
    record(work, audit.Kind.TICKET_CALLED, ticket, by, now, window=window.id, calls=1, over=over)
    return ticket


def _calls(work: Work, ticket: Ticket) -> int:
    return ticket_rows.line(work, ticket.queue).queue.calls


def _waited(work: Work, ticket: Ticket, now: datetime, zh: str, en: str) -> None:
    """Calls are so far apart that somebody can walk to the window between them."""
    if seconds := reads.again(ticket, ticket_rows.line(work, ticket.queue), now):
        raise NotNow(
            f"{ticket.number} 刚刚叫过，人走过来要时间。过 {seconds} 秒再{zh}。",
            f"{ticket.number} was called a moment ago: {en} in {seconds} seconds.",
        )


# ---------------------------------------------------------------- nobody came


def park(work: Work, ticket_id: int, *, version: int, by: Actor, now: datetime) -> Ticket:
    """过号: called as often as the line says, and nobody came. The window is free."""
    ticket = _at_my_window(work, ticket_id, version, by)
    expect(ticket, ("called",), "过号", "park it")
    most = _calls(work, ticket)
    if ticket.calls < most:
        left = most - ticket.calls
        raise NotNow(
            f"{ticket.number} 才叫了 {ticket.calls} 次，再叫 {left} 次没有人来才能过号。",
            f"{ticket.number} was called {ticket.calls} time(s): call {left} more before it is parked.",
        )
    _waited(work, ticket, now, "过号", "park it")
    ticket.state, ticket.parked_at, ticket.window_id = "parked", now, None
    ticket.version += 1
    record(work, audit.Kind.TICKET_PARKED, ticket, by, now)
    return ticket


def back(work: Work, code: str, *, by: Actor, now: datetime) -> Ticket:
    """Whoever missed their call is here: `code` is in the QR of their slip (it says nothing by itself), or staff type
    the number. In time they stand behind so many further calls; else they take a new number."""
    held = _lock_line_of(work, Ticket.code == code)
    ticket = work.session.scalars(
        select(Ticket).where(Ticket.code == code).with_for_update().execution_options(populate_existing=True)
    ).one()
    expect(ticket, ("parked",), "重新排队", "put it back")
    one = ticket_rows.line(work, ticket.queue)
    if not reads.returns(ticket, one.queue, now):
        raise NotNow(
            f"{ticket.number} 过号已久，请重新取一个号。",
            f"{ticket.number} missed its call too long ago: take a new number.",
        )
    own = one.queue.classes.get(ticket.letter)
    places = 0 if own is not None and own.keeps else one.queue.back.places
    ticket.behind = held[ticket.queue].made + places
    ticket.state, ticket.parked_at, ticket.calls = "waiting", None, 0
    ticket.returns += 1
    ticket.version += 1
    record(work, audit.Kind.TICKET_BACK, ticket, by, now, places=places)
    return ticket


# ---------------------------------------------------------------- at the window


def serve(work: Work, ticket_id: int, *, version: int, by: Actor, now: datetime) -> Ticket:
    """They are here: from now on they are being served."""
    ticket = _at_my_window(work, ticket_id, version, by)
    expect(ticket, ("called",), "开始办理", "serve them")
    ticket.state, ticket.serving_at = "serving", now
    ticket.version += 1
    record(work, audit.Kind.TICKET_SERVING, ticket, by, now, window=ticket.window_id)
    return ticket


def to_case(work: Work, ticket_id: int, case: Case, *, by: Actor, now: datetime) -> Ticket:
    """What they came for was taken in at the counter: the number and the case know each other."""
    ticket = find(work, ticket_id, by=by)
    expect(ticket, ("serving",), "收件", "take in a case for it")
    ticket.case_id = case.id
    ticket.version += 1
    audit.record(
        work,
        audit.Kind.TICKET_CASE,
        by=by,
        now=now,
        case=case,
        facts={"ticket": ticket.id, "number": ticket.number, "hall": ticket.hall_id, "window": ticket.window_id},
    )
    return ticket


def done(work: Work, ticket_id: int, *, version: int, by: Actor, now: datetime) -> Ticket:
    """Served. A booking ends well with it."""
    ticket = _at_my_window(work, ticket_id, version, by)
    expect(ticket, ("serving",), "办完", "finish it")
    ticket_rows.end(work, ticket, "done", by=by, now=now)
    made = _booking(work, ticket)
    if made is not None and made.state in ("checked_in", "called"):
        work.session.flush()
        booking.serve(work, made.id, version=made.version, by=_for_booking(made, by), now=now)
    return ticket


def gone(work: Work, ticket_id: int, *, version: int, by: Actor, now: datetime) -> Ticket:
    """They have left, or do not want to wait."""
    ticket = find(work, ticket_id, by=by, version=version)
    expect(ticket, ("waiting", "parked", "called"), "登记离开", "end it")
    ticket_rows.end(work, ticket, "gone", by=by, now=now)
    return ticket


def give_up(work: Work, code: str, *, by: Actor, now: datetime) -> Ticket:
    """Whoever holds the slip does not wait any longer. Twice is the same as once."""
    ticket = work.session.scalar(
        select(Ticket).where(Ticket.code == code).with_for_update().execution_options(populate_existing=True)
    )
    if ticket is None or ticket.day < local_date(now):
        raise NotFound("没有这个号，请核对。", "There is no such number.")
    if ticket.state != "gone":
        expect(ticket, ("waiting", "parked"), "取消", "give it up")
        ticket_rows.end(work, ticket, "gone", by=by, now=now)
    return ticket


def pass_on(
    work: Work,
    ticket_id: int,
    *,
    version: int,
    window_id: int | None = None,
    queue: str = "",
    note: str = "",
    by: Actor,
    now: datetime,
) -> Ticket:
    """To another window, or into another line, with a word for who is there. They keep their number and the time
    from which they wait: it was not their mistake."""
    ticket = _at_my_window(work, ticket_id, version, by)
    expect(ticket, ("called", "serving"), "转走", "pass it on")
    if window_id is None and not queue:
        raise Invalid([FieldError("to", "转到", "请选窗口或队。", "Choose a window or a line.")])
    target = None
    if window_id is not None:
        target = next((w for w in ticket.hall.windows if w.id == window_id and w.active), None)
        if target is None or target.id == ticket.window_id:
            raise NotFound("本大厅没有这个别的窗口。", "The hall has no such other window.")
    if queue and queue != ticket.queue:
        one = ticket_rows.line(work, queue)
        if one.queue.at != ticket.hall.code:
            raise NotFound("本大厅没有这个队。", "The hall has no such line.")
        if ticket.live_key is not None:
            ticket.live_key = f"{ticket.live_key.partition(':')[0]}:{one.key}"
        ticket.queue = one.key
        ticket.letter = ticket.letter if ticket.letter in one.queue.classes else one.queue.others
    if target is not None:
        _open(target)
    passed_from = ticket.window_id
    ticket.state, ticket.wanted_id = "waiting", target.id if target is not None else None
    ticket.window_id, ticket.calls, ticket.behind = None, 0, 0
    ticket.note = note.strip()[:300] or ticket.note
    ticket.version += 1
    try:
        with work.session.begin_nested():
            work.session.flush()
    except IntegrityError:
        raise NotNow(
            "这位在那个队里已经有一个号。请先登记那个号离开。",
            "They have a number in that line already: end that one first.",
        ) from None
    record(work, audit.Kind.TICKET_PASSED, ticket, by, now, **{"from": passed_from, "window": ticket.wanted_id})
    return ticket


def _open(target: Window) -> None:
    """A window that nobody sits at would leave them standing."""
    if target.clerk_id is None:
        raise NotNow(
            f"{target.code} 号窗口现在没有人。请转给开着的窗口，或转到另一个队。",
            f"Nobody sits at window {target.code}: pass it to an open one, or into another line.",
        )


def _at_my_window(work: Work, ticket_id: int, version: int, by: Actor) -> Ticket:
    ticket = find(work, ticket_id, by=by, version=version)
    if ticket.window is not None and ticket.window.clerk_id != by.id:
        raise NotNow(
            f"{ticket.number} 在 {ticket.window.code} 号窗口，不在您这里。",
            f"{ticket.number} is at window {ticket.window.code}, not at yours.",
        )
    return ticket


# ---------------------------------------------------------------- bookings


def _booking(work: Work, ticket: Ticket) -> Appointment | None:
    if ticket.appointment_id is None:
        return None
    return work.session.scalar(
        select(Appointment).where(Appointment.id == ticket.appointment_id).options(joinedload(Appointment.resource))
    )


def _call_booking(work: Work, ticket: Ticket, by: Actor, now: datetime) -> None:
    """A number that a booking has is called as the booking is, so that its week board says so too."""
    made = _booking(work, ticket)
    if made is None or made.state not in ("checked_in", "called"):
        return
    if made.calls < booking.policy_of(made.resource).calls:
        work.session.flush()
        booking.call(work, made.id, version=made.version, by=_for_booking(made, by), now=now)


def _for_booking(made: Appointment, by: Actor) -> Actor:
    """A window may be another unit's than the booking's counter: whether they may serve was judged by the hall."""
    return by if may(by, "serve", made.resource) else SYSTEM
