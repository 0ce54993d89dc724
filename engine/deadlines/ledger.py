"""The time-limit ledger of one case: (rules, events, now) -> account.

    ledger = Ledger(rules("permit", promised="10wd"), calendar)
    ledger = ledger.with_event(Event("received", at))        # refused when the law does not allow it
    account = ledger.account(now)                            # due, used, colour, and why that day

Events are facts; nothing else is stored. Dates are the county's (Asia/Shanghai), moments are aware UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.deadlines.colours import Marks, changes, colour_of
from engine.deadlines.regimes import Limit, Rules
from engine.errors import FieldError, Invalid, NotNow, Refused
from engine.workdays import (
    ZONE,
    Calendar,
    Day,
    OpeningHours,
    UnknownYear,
    at_end_of_day,
    at_start_of_day,
    local_date,
    say,
    say_whole,
    sentence,
)

_ONE = timedelta(days=1)

KINDS = {
    "received": "收件",
    "correction_asked": "一次性告知补正",
    "correction_answered": "补正",
    "accepted": "受理",
    "deemed_accepted": "视为受理",
    "paused": "暂停计时",
    "resumed": "恢复计时",
    "extended": "延期",
    "hearing_told": "告知听证权利",
    "hearing_asked": "申请听证",
    "hearing_notified": "通知听证",
    "hearing_held": "举行听证",
    "decided": "作出决定",
    "delivered": "送达",
    "stopped": "终止",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One fact in the life of a case's clocks."""

    kind: str  # one of KINDS
    at: datetime  # aware
    cause: str = ""  # paused: an id of the regime's causes
    reason: str = ""  # extended: why; a second correction_asked: why it could not be seen the first time; stopped: why
    approver: str = ""  # extended: who approved
    approver_role: str = ""  # extended: in which role
    notice: str = ""  # paused: the number of the notice that told the time needed in writing
    needs: str = ""  # paused: the time needed, as told ("15wd"); extended: by how much, the law's own without it
    items: tuple[str, ...] = ()  # correction_asked: everything that is missing
    facts: Mapping[str, Any] = field(default_factory=dict)  # hearing_held: host, reviewer, transcript_signed

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Expected an event of {', '.join(KINDS)}, but got {self.kind!r}")
        if self.at.tzinfo is None:
            raise ValueError(f"Expected an aware moment for {self.kind}, but it names no zone")

    @property
    def on(self) -> date:
        return local_date(self.at)

    def to_json(self) -> dict[str, Any]:
        """Only what is set; `at` as ISO text in UTC."""
        row: dict[str, Any] = {"kind": self.kind, "at": self.at.astimezone(UTC).isoformat()}
        for name in ("cause", "reason", "approver", "approver_role", "notice", "needs"):
            if value := getattr(self, name):
                row[name] = value
        if self.items:
            row["items"] = list(self.items)
        if self.facts:
            row["facts"] = dict(self.facts)
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Event:
        data = dict(row)
        data["at"] = datetime.fromisoformat(data["at"])
        data["items"] = tuple(data.get("items", ()))
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Hold:
    """A span in which the clock stands still: working days in (since, until] do not count (RULES T7)."""

    since: datetime
    until: datetime | None  # None: still standing
    kind: str  # 暂停 or 补正
    name: str = ""

    def covers(self, day: date, today: date) -> bool:
        end = local_date(self.until) if self.until else today
        return local_date(self.since) < day <= end


@dataclass(frozen=True, slots=True)
class Running:
    """One limit of the account."""

    id: str  # accept, promised, statutory, deliver, hearing_ask, hearing_hold, or a step's name
    name: str
    limit: Limit
    source: str
    start: datetime
    due_on: date | None  # None: the calendar of that year is not published yet
    due_at: datetime | None  # aware UTC; a moment that is reached is past
    not_before: date | None  # when due_on is unknown: the first day nobody knows
    used: int  # counted units up to now (or up to the end)
    remaining: int | None  # counted units left; negative: past by so many
    state: str  # running, paused, overdue, met, missed, pending, stopped
    days: tuple[Day, ...]  # the account, day by day, up to the due day (or the last known day)

    def explain(self, lang: str = "zh") -> str:
        """One line: what was counted, day by day, and where it ends."""
        if lang == "zh":
            head = f"{self.name}：{self.limit.zh()}（{self.source}）"
            tail = f"到期日 {say(self.due_on)}" if self.due_on else _pending_zh(self.not_before)
            return f"{head}。{sentence(self.days)}。{tail}。"
        head = f"{LIMITS_EN.get(self.id, self.id)}: {self.limit.en()} ({self.source})"
        tail = f"Due {self.due_on.isoformat()}" if self.due_on else _pending_en(self.not_before)
        return f"{head}. {sentence(self.days, 'en')}. {tail}."


LIMITS_ZH = {
    "accept": "受理期限",
    "promised": "承诺时限",
    "statutory": "法定时限",
    "deliver": "送达期限",
    "hearing_ask": "申请听证期限",
    "hearing_hold": "组织听证期限",
}
LIMITS_EN = {
    "accept": "To accept",
    "promised": "Promised",
    "statutory": "Statutory",
    "deliver": "To deliver",
    "hearing_ask": "To ask for a hearing",
    "hearing_hold": "To hold the hearing",
}
PHASES_ZH = {
    "none": "未收件",
    "received": "待受理",
    "correcting": "待补正",
    "running": "办理中",
    "paused": "暂停",
    "decided": "待送达",
    "done": "已结",
}


@dataclass(frozen=True)
class Account:
    """What the clocks of a case say at one moment."""

    now: datetime
    phase: str  # none, received, correcting, running, paused, decided, done
    received_on: date | None
    accepted_on: date | None  # with deemed acceptance: the day of receipt
    deemed: bool  # accepted by silence (RULES T3)
    deemed_due: bool  # silence has become acceptance, but nobody has recorded it yet
    paused_for: str  # the cause's Chinese name while the clock stands still
    limits: Mapping[str, Running]  # those that run or ran
    marks: Marks
    colour: str  # green, yellow, red, black, paused, done

    @property
    def due_on(self) -> date | None:
        """The day of the limit people go by: to accept, then the promised, then to deliver."""
        leading = self.leading
        return leading.due_on if leading else None

    @property
    def leading(self) -> Running | None:
        name = {"received": "accept", "correcting": "accept", "decided": "deliver"}.get(self.phase, "promised")
        return self.limits.get(name) or self.limits.get("promised")

    def explain(self, limit: str = "promised", lang: str = "zh") -> str:
        """Why that day: the account of one limit (by default the promised one), day by day."""
        if limit not in self.limits:
            names = "、".join(self.limits)
            raise Refused(f"没有时限 {limit!r}，有：{names}。", f"Expected one of {names}, but got {limit!r}.")
        return self.limits[limit].explain(lang)

    def changes(self, after: datetime | None = None) -> list[tuple[datetime, str]]:
        """The moments at which something must happen after `after` (default: now)."""
        return changes(self.marks, self.now if after is None else after)

    def countdown(self, lang: str = "zh") -> str:
        """What a person understands: `还剩 2 个工作日，11月25日（周三）17:30 前`."""
        return _countdown(self, lang == "zh")


@dataclass(frozen=True)
class Ledger:
    """The clocks of one case."""

    rules: Rules
    calendar: Calendar
    hours: OpeningHours | None = None  # of the unit that handles the case; None: the common office hours
    events: tuple[Event, ...] = ()

    def with_event(self, event: Event) -> Ledger:
        """The ledger after one more event. Refused, naming the law, when the event is not lawful now."""
        _check(self, event)
        return replace(self, events=(*self.events, event))

    def with_events(self, events: Iterable[Event]) -> Ledger:
        ledger = self
        for event in events:
            ledger = ledger.with_event(event)
        return ledger

    def refusal(self, event: Event) -> Refused | None:
        """Why the law would not have this event; None when it would."""
        try:
            _check(self, event)
        except Refused as refusal:
            return refusal
        return None

    def no_extension(self, now: datetime) -> Refused | None:
        """Why the case may not be extended by an office's word at this moment; None when it may."""
        rule = self.rules.regime.extend
        if rule is not None and rule.approver == "both_parties":
            return NotNow(
                f"延长须经{rule.approver_zh}同意，在流程里征得同意后由系统登记。",
                "Expected both parties to agree: their word is taken in the diagram, not given by an office.",
            )
        role = rule.approver if rule is not None else ""
        return self.refusal(Event("extended", now, reason="…", approver="…", approver_role=role))

    def under(self, calendar: Calendar) -> Ledger:
        """The same case under another calendar: a correction was published."""
        hours = replace(self.hours, calendar=calendar) if self.hours else None
        return replace(self, calendar=calendar, hours=hours)

    def account(self, now: datetime) -> Account:
        """What the clocks say at a moment (aware)."""
        return _account(self, now)

    def step_due(self, step: str | Limit, opened_at: datetime, now: datetime | None = None) -> Running:
        """The limit of one step opened at a moment: `step` is a name of the rules or a Limit. Pauses do not count."""
        limit = step if isinstance(step, Limit) else self.rules.steps.get(step)
        name = "step" if isinstance(step, Limit) else step
        if limit is None:
            known = "、".join(self.rules.steps) or "（无）"
            raise Invalid(
                [
                    FieldError(
                        "steps",
                        step if isinstance(step, str) else "",
                        f"没有环节时限，有：{known}。",
                        f"Expected a step of {known}.",
                    )
                ]
            )
        facts = _facts(self)
        return _run(self, facts, name, limit, self.rules.regime.source, opened_at, now or opened_at, closing=True)


# ---------------------------------------------------------------- replay


@dataclass
class _Facts:
    """The events, sorted into what happened."""

    received: datetime | None = None
    accepted: datetime | None = None
    deemed: bool = False
    asked: list[Event] = field(default_factory=list)
    answered: list[Event] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    extensions: list[Event] = field(default_factory=list)
    decided: datetime | None = None
    delivered: datetime | None = None
    stopped: datetime | None = None
    hearing: dict[str, Event] = field(default_factory=dict)
    last: datetime | None = None

    @property
    def correcting(self) -> bool:
        return len(self.asked) > len(self.answered)

    @property
    def paused(self) -> Hold | None:
        return next((h for h in self.holds if h.until is None and h.kind == "暂停"), None)


def _facts(ledger: Ledger) -> _Facts:
    facts = _Facts()
    causes = ledger.rules.regime.pause.causes if ledger.rules.regime.pause else {}
    for event in ledger.events:
        match event.kind:
            case "received":
                facts.received = event.at
            case "correction_asked":
                facts.asked.append(event)
                facts.holds.append(Hold(event.at, None, "补正", "等待申请人补正"))
            case "correction_answered":
                facts.answered.append(event)
                _close(facts, "补正", event.at)
            case "accepted":
                facts.accepted = event.at
            case "deemed_accepted":
                # Recorded after the window, in force from the day of receipt (or of the corrected papers).
                facts.accepted, facts.deemed = _window_start(facts), True
            case "paused":
                facts.holds.append(Hold(event.at, None, "暂停", causes.get(event.cause, event.cause)))
            case "resumed":
                _close(facts, "暂停", event.at)
            case "extended":
                facts.extensions.append(event)
            case "decided":
                facts.decided = event.at
            case "delivered":
                facts.delivered = event.at
            case "stopped":
                facts.stopped = event.at
            case _:
                facts.hearing[event.kind] = event
        facts.last = max(facts.last, event.at) if facts.last else event.at
    return facts


def _close(facts: _Facts, kind: str, at: datetime) -> None:
    for i, hold in enumerate(facts.holds):
        if hold.kind == kind and hold.until is None:
            facts.holds[i] = replace(hold, until=at)


def _window_start(facts: _Facts) -> datetime | None:
    """From when the office's window to accept runs: the receipt, or the day the corrected papers came."""
    return facts.answered[-1].at if facts.answered and not facts.correcting else facts.received


# ---------------------------------------------------------------- the account


def _account(ledger: Ledger, now: datetime) -> Account:
    if now.tzinfo is None:
        raise ValueError("Expected an aware moment, but it names no zone")
    rules, regime, facts = ledger.rules, ledger.rules.regime, _facts(ledger)
    limits: dict[str, Running] = {}
    deemed_due = False
    accepted, deemed = facts.accepted, facts.deemed
    if facts.received and regime.accept:
        # The office has done its part when it accepts or asks; from the answer on a new window runs.
        window_end = facts.asked[-1].at if facts.correcting else accepted if not deemed else None
        window_end = window_end or facts.decided or facts.stopped
        begun = _window_start(facts)
        assert begun is not None
        accept = _run(
            ledger,
            _unheld(facts),
            "accept",
            regime.accept.within,
            regime.accept.source,
            begun,
            now,
            end=window_end,
        )
        limits["accept"] = accept
        silent = not accepted and not facts.correcting and not facts.stopped and not facts.decided
        if silent and regime.silence_accepts and accept.due_at and now >= accept.due_at:
            accepted, deemed, deemed_due = begun, True, True
    begun = (accepted if regime.starts == "accepted" else facts.received) or None
    finish = facts.decided or facts.stopped
    if begun:
        law = regime.extend
        extra = [Limit.parse(e.needs or law.by) for e in facts.extensions] if law else []
        for name, base, source in (
            ("promised", rules.promised, "服务承诺"),
            ("statutory", rules.statutory, regime.decide.source if regime.decide else ""),
        ):
            if base is not None:
                # An extension lengthens the promise by the same days: it was given for the same reason.
                total = Limit(base.n + sum(e.n for e in extra if e.unit == base.unit), base.unit)
                limits[name] = _run(
                    ledger, facts, name, total, source, begun, now, end=finish, closing=name == "promised"
                )
    if facts.decided and regime.deliver:
        limits["deliver"] = _run(
            ledger,
            _unheld(facts),
            "deliver",
            regime.deliver.within,
            regime.deliver.source,
            facts.decided,
            now,
            end=facts.delivered or facts.stopped,
        )
    if regime.hearing:
        told, asked, held = (facts.hearing.get(k) for k in ("hearing_told", "hearing_asked", "hearing_held"))
        for name, limit, since, until in (
            ("hearing_ask", regime.hearing.ask, told, asked),
            ("hearing_hold", regime.hearing.hold, asked, held),
        ):
            if since:
                limits[name] = _run(
                    ledger,
                    _unheld(facts),
                    name,
                    limit,
                    regime.hearing.source,
                    since.at,
                    now,
                    end=until.at if until else finish,
                )
    paused = facts.paused
    phase = _phase(facts, begun, regime.deliver is not None)
    if phase == "correcting":
        waiting: str = "补正"
    else:
        waiting = paused.name if paused and phase == "paused" else ""
    marks = _marks(ledger, phase, limits, regime.silence_accepts and not accepted)
    return Account(
        now,
        phase,
        local_date(facts.received) if facts.received else None,
        local_date(accepted) if accepted else None,
        deemed,
        deemed_due,
        waiting,
        limits,
        marks,
        colour_of(marks, now),
    )


def _unheld(facts: _Facts) -> _Facts:
    """The same facts without holds: the windows to accept, to deliver and to hear are not stopped by a pause."""
    return replace(facts, holds=[])


def _phase(facts: _Facts, begun: datetime | None, delivers: bool) -> str:
    if facts.received is None:
        return "none"
    if facts.stopped or facts.delivered or (facts.decided and not delivers):
        return "done"
    if facts.decided:
        return "decided"
    if facts.correcting:
        return "correcting"
    if facts.paused:
        return "paused"
    return "running" if begun else "received"


def _run(
    ledger: Ledger,
    facts: _Facts,
    name: str,
    limit: Limit,
    source: str,
    start: datetime,
    now: datetime,
    *,
    end: datetime | None = None,
    closing: bool = False,
) -> Running:
    """One limit: `end` is what stops it for good; `closing`: it ends when the office closes, not at midnight."""
    calendar, upto = ledger.calendar, end or now
    today = max(local_date(upto), local_date(start))
    standing = end is None and any(h.until is None for h in facts.holds)
    hours = ledger.hours or OpeningHours(calendar)

    def ends(day: date) -> datetime:
        return (hours.closing(day) if closing else None) or at_end_of_day(day)

    days, due_on, not_before = _days(calendar, facts.holds, limit, local_date(start), today, ends)
    if limit.unit == "h":
        held = sum(
            (max(timedelta(), min(h.until or upto, upto) - max(h.since, start)) for h in facts.holds), timedelta()
        )
        due_at: datetime | None = start.astimezone(UTC) + timedelta(hours=limit.n) + held
        due_on = local_date(due_at) if due_at else None
        used = int(max(timedelta(), upto - start - held) / timedelta(hours=1))
        remaining: int | None = limit.n - used
    else:
        due_at = ends(due_on) if due_on else None
        used = sum(1 for d in days if d.counts is not None and d.date <= today)
        remaining = limit.n - used
        if due_on and today > due_on:
            past = _past(calendar, due_on, today) if limit.unit == "wd" else (today - due_on).days
            used, remaining = limit.n + past, -past
    late = due_at is not None and upto >= due_at
    if end is not None:
        state = "missed" if late else "met"
    elif due_at is None:
        state = "paused" if standing else "pending"
    elif standing:
        state = "paused"
    else:
        state = "overdue" if late else "running"
    label = LIMITS_ZH.get(name, f"环节时限（{name}）")
    return Running(name, label, limit, source, start, due_on, due_at, not_before, used, remaining, state, days)


def _days(
    calendar: Calendar,
    holds: list[Hold],
    limit: Limit,
    start: date,
    today: date,
    ends: Callable[[date], datetime],
) -> tuple[tuple[Day, ...], date | None, date | None]:
    """(account, due day, first unknown day): the n-th counted day after the start, holds left out."""
    days, counted, day = [Day(start, None, "起算日不计")], 0, start
    try:
        if limit.unit == "h":
            return tuple(days), None, None
        while counted < limit.n:
            day += _ONE
            # A day the calendar does not know ends the account, unless the clock stood still and it need not be known.
            held = next((h for h in holds if h.covers(day, today)), None)
            if limit.unit == "wd":
                kind, name = calendar.kind(day)
                counts = kind in ("工作日", "调休上班")
            else:
                kind, name = _kind(calendar, day)
                counts = True
            if held and counts:
                kind, name, counts = held.kind, held.name, False
            counted += counts
            days.append(Day(day, counted if counts else None, kind, name))
        while late := next((h for h in holds if local_date(h.since) == day and h.since < ends(day)), None):
            # Stopped on its last day: the old due day plus the working days of the pause (T7), as on any other day.
            until = local_date(late.until) if late.until else today
            last = day
            while last < until:
                last += _ONE
                kind, name = calendar.kind(last) if limit.unit == "wd" else ("工作日", "")
                if kind in ("工作日", "调休上班"):
                    day, kind, name = last, late.kind, late.name
                days.append(Day(last, None, kind, name))
            if day < until:
                days = [d for d in days if d.date <= day]
            if day == local_date(late.since):
                break
        if limit.unit == "cd":
            while not calendar.is_workday(day):
                day += _ONE
                kind, name = calendar.kind(day)
                days.append(Day(day, None, "顺延", "期满日逢休" if kind in ("工作日", "调休上班") else name or "休"))
    except UnknownYear as unknown:
        return tuple(days), None, date(unknown.year, 1, 1)
    return tuple(days), day, None


def _past(calendar: Calendar, due_on: date, today: date) -> int:
    """Working days since the due day; those of a year nobody knows are not counted, for a page must still open."""
    try:
        return calendar.count(due_on, today)
    except UnknownYear as unknown:
        return calendar.count(due_on, date(unknown.year, 1, 1) - _ONE)


def _kind(calendar: Calendar, day: date) -> tuple[str, str]:
    """Calendar days count whether they are worked or not, so a year without data only loses the names."""
    try:
        return calendar.kind(day)
    except UnknownYear:
        return ("周末" if day.weekday() >= 5 else "工作日"), ""


def _marks(ledger: Ledger, phase: str, limits: Mapping[str, Running], may_be_deemed: bool) -> Marks:
    if phase in ("none", "done"):
        return Marks(done=phase == "done")
    if phase in ("correcting", "paused"):
        return Marks(paused=True)
    if phase == "received":
        accept = limits.get("accept")
        if accept is None:
            return Marks()
        yellow, remind = _day_before(ledger, accept)
        due = accept.due_at
        return Marks(yellow, remind, step_due_at=due, deemed_at=due if may_be_deemed else None)
    lead = limits.get("deliver") if phase == "decided" else limits.get("promised")
    statutory = limits.get("deliver") if phase == "decided" else limits.get("statutory")
    yellow, remind = _day_before(ledger, lead) if lead else (None, None)
    return Marks(yellow, remind, lead.due_at if lead else None, statutory.due_at if statutory else None)


def _day_before(ledger: Ledger, running: Running) -> tuple[datetime | None, datetime | None]:
    """(from when yellow, when to remind) for a limit: one working day before it ends."""
    if running.due_on is None or running.due_at is None or running.limit.unit == "h" or running.limit.n == 0:
        return None, None
    day = ledger.calendar.subtract(running.due_on, 1)
    hours = ledger.hours or OpeningHours(ledger.calendar)
    opening = hours.opening(day) or at_start_of_day(day) + timedelta(hours=8)
    return at_start_of_day(day), max(opening, at_start_of_day(day) + timedelta(hours=8))


# ---------------------------------------------------------------- what is lawful


def _check(ledger: Ledger, event: Event) -> None:
    regime, facts = ledger.rules.regime, _facts(ledger)
    what = KINDS[event.kind]
    if event.kind == "received":
        if facts.received:
            raise NotNow("已收件，不能再次收件。", "Expected a case not yet received, but it was.")
        return
    if facts.received is None:
        raise NotNow(f"尚未收件，不能{what}。", f"Expected the case to be received before {event.kind}, but it is not.")
    if event.kind == "delivered" and facts.decided is None:
        raise NotNow("尚未作出决定，不能送达。", "Expected a decision before its delivery, but there is none.")
    if facts.stopped or facts.delivered or (facts.decided and event.kind not in ("delivered", "stopped")):
        raise NotNow(
            f"此件已{'终止' if facts.stopped else '送达' if facts.delivered else '作出决定'}，不能{what}。",
            f"Expected a case whose clock still runs, but it has ended; {event.kind} is not possible.",
        )
    if facts.last and event.at < facts.last:
        raise NotNow(
            f"{what}的时间早于已登记的上一事项，请核对时间。",
            (
                f"Expected {event.kind} not before the last event ({facts.last.isoformat()}), but it is "
                f"{event.at.isoformat()}."
            ),
        )
    account = ledger.account(event.at)
    match event.kind:
        case "correction_asked":
            _check_correction(ledger, facts, account, event)
        case "correction_answered" if not facts.correcting:
            raise NotNow("没有待补正的材料。", "Expected a correction that is waited for, but there is none.")
        case "accepted":
            if facts.accepted or account.deemed:
                raise NotNow(
                    (
                        f"已于 {account.accepted_on} 受理{'（逾期未告知，视为受理）' if account.deemed else ''}，"
                        "不再受理。"
                    ),
                    f"Expected a case not yet accepted, but it was accepted on {account.accepted_on}.",
                )
            if facts.correcting:
                raise NotNow(
                    "正等待申请人补正，补正后再受理。",
                    "Expected the corrected papers first, but they are still waited for.",
                )
        case "deemed_accepted" if not account.deemed_due:
            raise NotNow("受理期限未满，不能记为视为受理。", "Expected the window to accept to be over, but it is not.")
        case "paused":
            _check_pause(ledger, facts, account, event)
        case "resumed" if not facts.paused:
            raise NotNow("计时没有暂停，无须恢复。", "Expected a clock that stands still, but it runs.")
        case "extended":
            _check_extension(ledger, facts, account, event)
        case "decided":
            if account.phase in ("received", "correcting", "paused"):
                raise NotNow(
                    f"现在是“{PHASES_ZH[account.phase]}”，不能作出决定；请先受理、补正或恢复计时。",
                    (
                        f"Expected a case that is being handled, but it is {account.phase}; accept, correct or "
                        "resume it first."
                    ),
                )
        case "hearing_asked" | "hearing_notified" | "hearing_held":
            _check_hearing(ledger, facts, account, event)
        case "hearing_told" if regime.hearing is None:
            raise Refused(
                f"“{regime.name}”没有听证程序。", f"Expected a regime with hearings, but {regime.en} has none."
            )
        case _:
            pass


def _check_correction(ledger: Ledger, facts: _Facts, account: Account, event: Event) -> None:
    regime = ledger.rules.regime
    rule = regime.correction
    if rule is None:
        raise Refused(
            f"“{regime.name}”不设补正：材料不齐的，退回重新申请。",
            f"Expected a regime with corrections, but {regime.en} has none: return the papers instead.",
        )
    if not event.items:
        raise Invalid(
            [
                FieldError(
                    "items",
                    "需补正的内容",
                    "一次性告知须列明全部内容。",
                    f"Expected everything that is missing, at once ({rule.source}).",
                )
            ]
        )
    if facts.correcting:
        raise NotNow("已告知补正，正等待申请人。", "Expected no correction under way, but one is waited for.")
    if account.deemed and not facts.accepted or facts.deemed:
        raise NotNow(
            (
                f"超过 {regime.accept.within.zh() if regime.accept else ''}未告知，自 {account.accepted_on} "
                f"起视为受理，不能再要求补正（{rule.source}）。"
            ),
            (
                f"Expected the window to ask to be open, but silence made it accepted from {account.accepted_on} "
                f"({rule.source})."
            ),
        )
    if account.accepted_on and not rule.after_acceptance:
        raise NotNow(
            f"已于 {account.accepted_on} 受理，受理后不能再要求补正（{rule.source}）。",
            (
                f"Expected a case not yet accepted, but it was on {account.accepted_on}; no correction after that "
                f"({rule.source})."
            ),
        )
    if len(facts.asked) >= rule.times:
        before = {item for asked in facts.asked for item in asked.items}
        again = sorted(before & set(event.items))
        if again or not event.reason.strip():
            raise NotNow(
                f"补正只能一次性告知，首次能看出的内容不得再次要求（{rule.source}）"
                + (f"：{'、'.join(again)} 已告知过。" if again else "。确属首次看不出的，请写明理由。"),
                f"Expected one request that names everything, but it was asked already ({rule.source}). "
                "Only what could not be seen the first time may be asked, with the reason.",
                field=f"items.{event.items.index(again[0])}.material" if again else "reason",
            )


def _check_pause(ledger: Ledger, facts: _Facts, account: Account, event: Event) -> None:
    regime = ledger.rules.regime
    rule = regime.pause
    if rule is None:
        law = regime.decide.source if regime.decide else regime.source
        raise Refused(
            f"“{regime.name}”的时限不能暂停（{law}）。",
            f"Expected a clock that may be stopped, but the law of {regime.en} knows no pause ({law}).",
        )
    if event.cause not in rule.causes:
        known = "、".join(rule.causes.values())
        raise Refused(
            f"“{event.cause}”不是可以停止计时的事由。{rule.source}只限：{known}。",
            (
                f"Expected a lawful cause to stop the clock, but got {event.cause!r}. {rule.source} allows only: "
                f"{', '.join(rule.causes)}."
            ),
        )
    if facts.paused:
        raise NotNow("计时已暂停。", "Expected a clock that runs, but it stands still already.")
    if account.phase != "running":
        raise NotNow(
            f"现在是“{PHASES_ZH[account.phase]}”，没有在计时。",
            f"Expected a clock that runs, but the case is {account.phase}.",
        )
    missing = [
        FieldError(
            name,
            label,
            f"须书面告知申请人所需时间（{rule.source}）。",
            f"Expected {name}: the time needed must be told in writing ({rule.source}).",
        )
        for name, label in (("notice", "告知书文号"), ("needs", "所需时间"))
        if rule.notice and not getattr(event, name).strip()
    ]
    if missing:
        raise Invalid(missing)


def _check_extension(ledger: Ledger, facts: _Facts, account: Account, event: Event) -> None:
    regime = ledger.rules.regime
    rule = regime.extend
    if rule is None:
        raise Refused(
            f"“{regime.name}”的时限不能延长。",
            f"Expected a limit that may be extended, but the law of {regime.en} knows none.",
        )
    if len(facts.extensions) >= rule.times:
        raise NotNow(
            f"已延期 {rule.times} 次，不能再延（{rule.source}）。",
            f"Expected no extension yet, but the law allows {rule.times} ({rule.source}).",
        )
    lead = account.limits.get("statutory") or account.limits.get("promised")
    if lead is None:
        raise NotNow("时限尚未起算，无须延期。", "Expected a clock that has started, but it has not.")
    if lead.state == "overdue":
        raise NotNow(
            f"{lead.name}已于 {lead.due_on} 届满，不能再延期（{rule.source}）。",
            f"Expected the limit to be still running, but it ended on {lead.due_on} ({rule.source}).",
        )
    faults = []
    if event.needs and not Limit.parse(event.needs).within(rule.by):
        faults.append(
            FieldError(
                "workdays",
                "延长的时间",
                f"最多延长 {rule.by.zh()}（{rule.source}），现在是 {Limit.parse(event.needs).zh()}。",
                f"Expected at most {rule.by.en()} more ({rule.source}), but it is {Limit.parse(event.needs).en()}.",
            )
        )
    if not event.reason.strip():
        faults.append(
            FieldError(
                "reason",
                "延期理由",
                f"须将延期理由告知申请人（{rule.source}）。",
                f"Expected the reason, to be told to the applicant ({rule.source}).",
            )
        )
    if not event.approver.strip() or event.approver_role != rule.approver:
        faults.append(
            FieldError(
                "approver",
                "批准人",
                f"须经{rule.approver_zh}批准（{rule.source}）。",
                (
                    f"Expected the approval of {rule.approver} ({rule.source}), but it is "
                    f"{event.approver_role or 'nobody'}."
                ),
            )
        )
    if faults:
        raise Invalid(faults)


def _check_hearing(ledger: Ledger, facts: _Facts, account: Account, event: Event) -> None:
    rule = ledger.rules.regime.hearing
    if rule is None:
        raise Refused(
            f"“{ledger.rules.regime.name}”没有听证程序。", "Expected a regime with hearings, but it has none."
        )
    before = {"hearing_asked": "hearing_told", "hearing_notified": "hearing_asked", "hearing_held": "hearing_notified"}
    needed = facts.hearing.get(before[event.kind])
    if needed is None:
        raise NotNow(
            f"须先{KINDS[before[event.kind]]}。", f"Expected {before[event.kind]} first, but it did not happen."
        )
    if event.kind == "hearing_asked":
        last = account.limits["hearing_ask"].due_on
        if last and event.on > last:
            raise NotNow(
                f"申请听证的期限已于 {say(last)} 届满（{rule.source}）。",
                f"Expected the request within {rule.ask.en()}, by {last}, but it came on {event.on} ({rule.source}).",
            )
    if event.kind == "hearing_held":
        earliest = ledger.calendar.add(needed.on, rule.notice.n)
        faults = []
        if event.on < earliest:
            faults.append(
                FieldError(
                    "at",
                    "听证日期",
                    f"须提前 {rule.notice.zh()} 通知，不早于 {say(earliest)}（{rule.source}）。",
                    f"Expected notice {rule.notice.en()} before, so not before {earliest} ({rule.source}).",
                )
            )
        host = event.facts.get("host")
        if not host or host == event.facts.get("reviewer"):
            faults.append(
                FieldError(
                    "host",
                    "主持人",
                    f"主持人须为审查人员以外的人（{rule.source}）。",
                    f"Expected a host who is not the reviewer ({rule.source}).",
                )
            )
        if not event.facts.get("transcript_signed"):
            faults.append(
                FieldError(
                    "transcript_signed",
                    "听证笔录",
                    f"笔录须经参加人签字或盖章（{rule.source}）。",
                    f"Expected a signed transcript ({rule.source}).",
                )
            )
        if faults:
            raise Invalid(faults)


# ---------------------------------------------------------------- words


def _pending_zh(not_before: date | None) -> str:
    if not_before is None:
        return "到期日待恢复计时后确定"
    return f"到期日待 {not_before.year} 年节假日安排公布后确定，不早于 {say_whole(not_before)}"


def _pending_en(not_before: date | None) -> str:
    if not_before is None:
        return "The due day follows when the clock runs again"
    return (
        f"The due day follows when the holidays of {not_before.year} are published; not before {not_before.isoformat()}"
    )


def _countdown(account: Account, zh: bool) -> str:
    lead, phase = account.leading, account.phase
    if phase == "done":
        return "已办结" if zh else "Finished"
    if phase == "none":
        return "尚未收件" if zh else "Not received yet"
    if phase == "correcting":
        return "等待申请人补正，计时暂停" if zh else "Waiting for the applicant; the clock stands still"
    if lead is None:
        waits = phase == "received"
        return ("待受理" if waits else "不限时") if zh else ("To be accepted" if waits else "No limit")
    left = max(lead.remaining or 0, 0)
    if phase == "paused":
        stood = f"已暂停计时（{account.paused_for}），恢复后还剩 {left} {_unit(lead, True)}"
        return stood if zh else f"The clock stands still; {left} {_unit(lead, False)} left when it runs again"
    if lead.due_at is None or lead.due_on is None:
        return _pending_zh(lead.not_before) if zh else _pending_en(lead.not_before)
    if account.now < lead.due_at:
        return _ahead(account, lead, left, zh)
    over = -min(lead.remaining or 0, 0)
    if lead.id == "promised":
        statutory = account.limits.get("statutory")
        if statutory and statutory.due_on and statutory.due_at and account.now < statutory.due_at:
            rest = max(statutory.remaining or 0, 0)
            if zh:
                return (
                    f"已超承诺时限 {over} {_unit(lead, True)}，法定时限还剩 {rest} {_unit(statutory, True)}，"
                    f"{say(statutory.due_on)}止"
                )
            return (
                f"{over} {_unit(lead, False)} past the promise; {rest} {_unit(statutory, False)} to the statutory "
                f"limit on {statutory.due_on.isoformat()}"
            )
        if statutory and statutory.due_at and account.now >= statutory.due_at:
            lead, over = statutory, -min(statutory.remaining or 0, 0)
    return (
        f"已超{lead.name} {over} {_unit(lead, True)}"
        if zh
        else f"{over} {_unit(lead, False)} past the limit ({LIMITS_EN.get(lead.id, lead.id).lower()})"
    )


def _ahead(account: Account, lead: Running, left: int, zh: bool) -> str:
    assert lead.due_at is not None and lead.due_on is not None
    local = lead.due_at.astimezone(ZONE)
    midnight = local.hour == 0 and local.minute == 0 and lead.limit.unit != "h"
    clock = "24:00" if midnight else f"{local:%H:%M}"
    if local_date(account.now) == lead.due_on:
        return f"今天 {clock} 前" if zh else f"Today by {clock}"
    if zh:
        return f"还剩 {left} {_unit(lead, True)}，{say(lead.due_on)}{clock} 前"
    return f"{left} {_unit(lead, False)} left, by {lead.due_on.isoformat()} {clock}"


def _unit(lead: Running, zh: bool) -> str:
    return (
        {"wd": "个工作日", "cd": "天", "h": "小时"}[lead.limit.unit]
        if zh
        else {"wd": "working day(s)", "cd": "day(s)", "h": "hour(s)"}[lead.limit.unit]
    )
