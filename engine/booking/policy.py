"""The policy of booking (RULES A2, A5-A7): who may book when, what blocks, when to remind. Numbers are data."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import yaml

from engine.booking.slots import ZONE
from engine.errors import NotNow, Refused
from engine.workdays import say_day


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers. Units are in data/policy.yaml, with the source of each."""

    book_from_days: int
    book_until_days: int
    hold_minutes: int
    max_slots: int
    calls: int
    cancel_hours: int
    per_day: int
    no_shows_per_month: int
    same_matter_per_day: int
    cancels_per_month: int
    block_days: int
    remind_hours: tuple[int, ...]
    quiet_from: time
    quiet_until: time


@lru_cache(maxsize=1)
def _defaults() -> Mapping[str, Any]:
    """policy.yaml, read once: a booking asks for it many times."""
    text = importlib.resources.files("engine.booking").joinpath("data/policy.yaml").read_text("utf-8")
    return {name: row["value"] for name, row in yaml.safe_load(text).items() if isinstance(row, dict)}


def load_policy(overrides: Mapping[str, Any] | None = None) -> Policy:
    """The default policy, with a county's or a matter's own numbers over it. Unknown names raise Refused."""
    known = {f.name for f in fields(Policy)}
    values = {name: value for name, value in _defaults().items() if name in known}
    for name, value in (overrides or {}).items():
        if name not in known:
            raise Refused(f"预约规则“{name}”不认识。", f"Unknown booking rule “{name}”.")
        values[name] = value
    values["remind_hours"] = tuple(values["remind_hours"])
    for name in ("quiet_from", "quiet_until"):
        values[name] = time.fromisoformat(str(values[name]))
    return Policy(**values)


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier booking of the same person (by ID number or phone)."""

    starts_at: datetime
    matter: str
    state: str  # held, confirmed, checked_in, served, cancelled, no_show, expired
    booked_at: datetime
    ended_at: datetime | None = None  # when it was cancelled or missed
    online: bool = True
    day_key: str | None = None  # the number of their day that it has


@dataclass(frozen=True, slots=True)
class Block:
    """Online booking is shut for this person until then. Counters and the telephone stay open; a person reviews it."""

    until: datetime
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Warned:
    """One more and online booking is blocked."""

    zh: str
    en: str


LIVE = frozenset({"held", "confirmed", "checked_in", "called"})


def check_new(
    policy: Policy,
    starts_at: datetime,
    matter: str,
    past: Sequence[Past],
    now: datetime,
    *,
    online: bool = True,
    count: int = 1,
) -> None:
    """Raise NotNow when this booking may not be made. Staff and walk-ins (`online=False`) are held only to the
    limits of the slot itself: it has not ended, and not more than `max_slots` at once."""
    if count > policy.max_slots:
        raise NotNow(f"一次最多预约 {policy.max_slots} 个时段。", f"At most {policy.max_slots} slots in one booking.")
    if starts_at <= now:
        if online:
            raise NotNow("这个时段已经开始，请选择以后的时段。", "That time has begun. Choose a later one.")
        return
    if not online:
        return
    today, day = now.astimezone(ZONE).date(), starts_at.astimezone(ZONE).date()
    if (day - today).days < policy.book_from_days:
        raise NotNow(
            f"网上预约需要提前 {policy.book_from_days} 天。当天要办，请打大厅电话或直接到窗口取号。",
            f"Book online at least {policy.book_from_days} day(s) ahead. For today, telephone or come to the counter.",
        )
    if (day - today).days > policy.book_until_days:
        raise NotNow(
            f"只能预约 {policy.book_until_days} 天以内的时段，请选择近一些的日期。",
            f"Only the next {policy.book_until_days} days can be booked. Choose an earlier date.",
        )
    same_day = [p for p in past if p.state in LIVE and p.starts_at.astimezone(ZONE).date() == day]
    if len(same_day) >= policy.per_day:
        taken = min(p.starts_at for p in same_day).astimezone(ZONE)
        raise NotNow(
            f"您这一天已经有预约（{taken:%H:%M}）。可以改期，或先取消原来的预约。",
            f"You already have a booking that day ({taken:%H:%M}). Change it, or cancel it first.",
        )


def block_for(policy: Policy, past: Sequence[Past], now: datetime) -> Block | Warned | None:
    """RULES A6: what this person's online bookings lead to. Only online bookings count; a month is a calendar month
    of the hall's zone; the block runs `block_days` from the event that caused it. None when nothing is to be said."""
    causes: list[tuple[datetime, str, str]] = []
    online = [p for p in past if p.online]
    missed: dict[tuple[int, int], list[datetime]] = {}
    cancelled: dict[tuple[int, int], list[datetime]] = {}
    booked: dict[tuple[str, str], list[datetime]] = {}
    for one in online:
        booked.setdefault((one.matter, one.booked_at.astimezone(ZONE).date().isoformat()), []).append(one.booked_at)
        if one.ended_at is not None and one.state in {"no_show", "cancelled"}:
            local = one.ended_at.astimezone(ZONE)
            group = missed if one.state == "no_show" else cancelled
            group.setdefault((local.year, local.month), []).append(one.ended_at)
    for times in missed.values():
        if len(times) >= policy.no_shows_per_month:
            at = sorted(times)[policy.no_shows_per_month - 1]
            causes.append((at, f"一个月内爽约 {len(times)} 次", f"{len(times)} missed bookings in a month"))
    for times in cancelled.values():
        if len(times) >= policy.cancels_per_month:
            at = sorted(times)[policy.cancels_per_month - 1]
            causes.append((at, f"一个月内取消 {len(times)} 次", f"{len(times)} cancellations in a month"))
    for times in booked.values():
        if len(times) > policy.same_matter_per_day:
            at = sorted(times)[policy.same_matter_per_day]
            causes.append((at, f"一天内预约同一事项 {len(times)} 次", f"{len(times)} bookings of one matter in a day"))
    open_until = [(at + timedelta(days=policy.block_days), zh, en) for at, zh, en in causes]
    open_until = [cause for cause in open_until if cause[0] > now]
    if open_until:
        until, zh, en = max(open_until)
        return Block(until, zh, en)
    this_month = now.astimezone(ZONE)
    if len(missed.get((this_month.year, this_month.month), [])) == policy.no_shows_per_month - 1 > 0:
        return Warned(
            f"您本月有一次预约没有到场。再有一次，网上预约会暂停 {policy.block_days} 天；不能来时请提前取消。",
            f"You missed a booking this month. Once more and online booking pauses for {policy.block_days} days.",
        )
    return None


def check_cancel(policy: Policy, starts_at: datetime, now: datetime, *, online: bool = True) -> None:
    """Raise NotNow when it is too late to cancel online."""
    if online and now > starts_at - timedelta(hours=policy.cancel_hours):
        raise NotNow(
            f"离开始不到 {policy.cancel_hours} 小时，网上不能取消了，请打大厅电话。",
            f"Less than {policy.cancel_hours} hours are left: telephone the hall to cancel.",
        )


def reminders(policy: Policy, starts_at: datetime, booked_at: datetime) -> list[datetime]:
    """When to remind, aware UTC, ascending. One that would fall into the quiet hours comes before them, on the
    evening before, rather than after: at eight in the morning it may be too late to travel. None is in the past
    of the booking, and two that fall together are one."""
    times = set()
    for hours in policy.remind_hours:
        at = starts_at - timedelta(hours=hours)
        local = at.astimezone(ZONE)
        evening = datetime.combine(local.date(), policy.quiet_from, ZONE) - timedelta(minutes=10)
        if local.time() >= policy.quiet_from:
            at = evening.astimezone(UTC)
        elif local.time() < policy.quiet_until:
            at = (evening - timedelta(days=1)).astimezone(UTC)
        if at > booked_at:
            times.add(at)
    return sorted(times)


def refuse_blocked(block: Block | Warned | None) -> None:
    """Raise NotNow for a person whose online booking is shut, with the way that stays open (PIPL 24: a human
    review)."""
    if isinstance(block, Block):
        until = block.until.astimezone(ZONE)
        raise NotNow(
            f"因{block.reason_zh}，网上预约暂停到 {say_day(until)}。"
            "您仍可打电话预约或直接到窗口；认为有误，可以申请人工复核。",
            f"Online booking is paused until {until:%Y-%m-%d} because of {block.reason_en}. "
            "You can still telephone or come to the counter, and ask for a review by a person.",
        )


def hold_until(policy: Policy, now: datetime) -> datetime:
    """When a hold made now lets go."""
    if now.tzinfo is None:
        raise Refused("时间必须带时区。", "Expected an aware time.")
    return now + timedelta(minutes=policy.hold_minutes)
