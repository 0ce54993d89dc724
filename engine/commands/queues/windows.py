"""Who sits at which window now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from engine.errors import NotFound, NotNow
from engine.people import Actor, masks, may, require
from engine.reads import tickets as reads
from engine.records import audit
from engine.store import Work
from engine.store.models import Hall, Ticket, User, Window
from engine.workdays import local_date


def find(work: Work, window_id: int) -> Window:
    """A window, locked, with its hall."""
    found = work.session.scalar(
        select(Window)
        .where(Window.id == window_id, Window.active)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("没有这个窗口。", f"There is no window {window_id}.")
    set_committed_value(found, "hall", hall_with_windows(work, found.hall_id))
    return found


def hall_with_windows(work: Work, hall_id: int) -> Hall:
    """The hall and its windows."""
    return work.session.scalars(select(Hall).where(Hall.id == hall_id).options(selectinload(Hall.windows))).one()


def sit(work: Work, window_id: int, *, by: Actor, now: datetime) -> Window:
    """The clerk opens a window: from now on they call there. Whoever sat elsewhere has left it."""
    window = find(work, window_id)
    require(by, "serve", window)
    if window.clerk_id == by.id:
        return window
    if window.clerk_id is not None:
        who = work.session.get_one(User, window.clerk_id)
        raise NotNow(
            f"{window.code} 号窗口现在是{masks.name(who.name)}在坐。请换一个窗口，或请他先离开。",
            f"Somebody sits at window {window.code}: choose another, or ask them to leave it first.",
        )
    before = work.session.scalar(select(Window).where(Window.clerk_id == by.id).with_for_update())
    if before is not None:
        _free(work, before)
        work.session.flush()  # one person at one window: the old one first
    window.clerk_id, window.since_at = by.id, now
    audit.record(work, audit.Kind.WINDOW_OPENED, by=by, now=now, facts={"window": window.id, "hall": window.hall_id})
    return window


def leave(work: Work, window_id: int, *, by: Actor, now: datetime) -> Window:
    """The window closes. A head may close one that somebody forgot."""
    window = find(work, window_id)
    if window.clerk_id != by.id:
        require(by, "supervise", window.hall)
    if window.clerk_id is not None:
        _leaves_nobody(work, window, by, now)
        _free(work, window)
        facts = {"window": window.id, "hall": window.hall_id}
        audit.record(work, audit.Kind.WINDOW_LEFT, by=by, now=now, facts=facts)
    return window


def _leaves_nobody(work: Work, window: Window, by: Actor, now: datetime) -> None:
    """The last window of the day does not leave while people wait: they are served, or the first of the next day."""
    others = any(w.clerk_id is not None and w.id != window.id for w in window.hall.windows)
    if others or may(by, "supervise", window.hall) or not reads.closes(work, window.hall, now):
        return
    waiting = work.session.scalar(
        select(func.count()).where(
            Ticket.hall_id == window.hall_id, Ticket.day == local_date(now), Ticket.state == "waiting"
        )
    )
    if waiting:
        raise NotNow(
            f"还有 {waiting} 位在等，您是最后一个窗口。请接着叫，或者把他们约到下一个上班日最先叫。",
            f"{waiting} still wait and yours is the last window: call them, or make them the first of the next day.",
        )


def _free(work: Work, window: Window) -> None:
    held = work.session.scalar(
        select(Ticket.number).where(Ticket.window_id == window.id, Ticket.state.in_(("called", "serving")))
    )
    if held is not None:
        raise NotNow(
            f"{window.code} 号窗口还有 {held} 没有办完。请先办完、过号或转走。",
            f"Window {window.code} still has {held}: finish it, park it or pass it on first.",
        )
    window.clerk_id, window.since_at = None, None
