"""The fourth beat: a Step of the process becomes rows, all of them, in the caller's transaction.

    applying = Applying(work, case, package, by=by, now=now)
    applying.step(step)            # tasks, timers, subscriptions, effects, decisions, incidents
    done = applying.finish()       # deadlines, search columns, the audit event's chain; what changed, for people

Nothing here commits. A preview runs the same code in a transaction that is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from engine import crypto, feel, matters, process
from engine.commands import candidates, order_rows, parties, troubles, vacancies
from engine.commands.changes import Change
from engine.deadlines import Account, Ledger
from engine.deadlines import Event as ClockEvent
from engine.errors import MEND, NotNow, Outdated
from engine.matters import clocks as meanings
from engine.people import Actor, apart, bonds, masks, units
from engine.people.units import Place
from engine.process import ClosedTask, OpenTask, Step
from engine.process import Effect as AskedEffect
from engine.process import Subscription as Awaits
from engine.records import audit, clocks, messages
from engine.store import Work, fresh
from engine.store.models import (
    Appointment,
    Awaited,
    Case,
    DecisionHit,
    Document,
    Incident,
    Subscription,
    Task,
    Timer,
    User,
)
from engine.workdays import local_date

#: How the process says a task closed -> how our row ends.
ENDS = {
    "completed": "APPROVED",
    "cancelled": "CANCELLED",
    "returned": "RETURNED",
    "superseded": "SUPERSEDED",
    "jumped": "SUPERSEDED",
}

#: How many effects of one command may be answered at once: more is a diagram that turns in a circle.
MOST_ANSWERS = 200


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did. In a rehearsal it is the preview; `token` binds a later confirm to exactly this plan."""

    case: Case
    changes: tuple[Change, ...]
    opened: tuple[Task, ...]
    documents: tuple[Document, ...]
    due_before: datetime | None
    due_after: datetime | None
    token: str


def env_of(work: Work, now: datetime, unit: Place | None = None) -> feel.Env:
    """What FEEL may know: the moment, the calendar, the unit."""
    return feel.Env(now=now, calendar=work.calendar, unit=unit.code if unit else None)


def standing(work: Work, case: Case) -> dict[str, Any]:
    """What the variable `case` says of where the case is now: effects of a step change it, and the variable follows."""
    place, unit, office = (units.place(work, i) for i in (case.place_id, case.unit_id, case.office_id))
    return {
        "place": place.code,
        "unit": unit.code,
        "unit_name": unit.name,
        "office": office.code,
        "office_name": office.name,
        "agent": case.mandate_id is not None,
        "flags": list(case.flags),
    }


@dataclass
class Waits:
    """What a case waits for after a command: gathered from its steps, written once."""

    cleared: list[str] = field(default_factory=list)  # keys of timers that stood before
    timers: dict[str, Timer] = field(default_factory=dict)  # new ones, by key
    subscriptions: Sequence[Awaits] | None = None  # all of them; None: as they were


@dataclass
class Applying:
    """One command's changes to one case, as they are collected."""

    work: Work
    case: Case
    package: matters.Package
    by: Actor
    now: datetime
    handlers: Mapping[str, Callable[[Applying, AskedEffect], None]]  # who carries out an effect: wiring.EFFECTS
    after_case: Sequence[Callable[[Applying], None]]  # what follows the end of the case: wiring.AFTER_CASE
    live: list[Task] = field(default_factory=list)  # the case's tasks that have not ended
    for_id: int | None = None  # 代理: on whose behalf `by` acts
    ledger: Ledger = field(init=False)
    changes: list[Change] = field(default_factory=list)
    opened: list[Task] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    variables: Mapping[str, Any] = field(default_factory=dict)
    taken: Step | None = None  # the step that is being written: what one effect says, another need not
    answers: list[process.Answer | process.Throw] = field(default_factory=list)  # what effects of it were answered
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # effects so far: kind, name, to whom
    given_back: Appointment | None = None  # the booking that a step gave back: a notice says what else is free
    signed: bool | None = None  # 工单: whether it was signed for in time, when this command has ended that step
    _answered: int = field(init=False, default=0)
    _waits: Waits = field(init=False, default_factory=lambda: Waits())
    _due_before: datetime | None = field(init=False, default=None)
    _began_open: bool = field(init=False, default=True)  # what follows the end follows it once
    _account: tuple[Ledger, Account] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.ledger = clocks.ledger(
            self.work, self.case, self.package.info.limits.rules(local_date(self.case.received_at))
        )
        self._due_before = self.case.promised_due
        if self.for_id is None and self.by.agent_of(self.case) is not None:
            self.for_id = self.case.applicant_id  # 代办: what the agent does is done for the principal (RULES X4)
        self._began_open = self.case.status in ("running", "suspended")
        if self.work.lists is not None:
            self.work.lists.live[self.case.id] = lambda: self.live

    # -------------------------------------------------------------- places

    @property
    def office(self) -> Place:
        return units.place(self.work, self.case.office_id)

    @property
    def intake(self) -> Place:
        return units.place(self.work, self.case.unit_id)

    @property
    def place(self) -> Place:
        return units.place(self.work, self.case.place_id)

    def account(self) -> Account:
        """What the clocks say now. Counted anew only when the ledger has changed."""
        if self._account is None or self._account[0] is not self.ledger:
            self._account = (self.ledger, self.ledger.account(self.now))
        return self._account[1]

    # -------------------------------------------------------------- events

    def record(self, kind: audit.Kind, *, task: Task | None = None, facts: Mapping[str, Any] | None = None) -> None:
        audit.record(
            self.work,
            kind,
            by=self.by,
            now=self.now,
            case=self.case,
            task_id=task.id if task is not None else None,
            for_id=self.for_id,
            facts=facts,
        )

    def clock(self, *events: ClockEvent) -> None:
        """Lawful facts for the time-limit ledger; the law's refusals are raised."""
        self.ledger = self.ledger.with_events(events)
        self._keep(list(events))

    def _keep(self, events: list[ClockEvent]) -> None:
        clocks.keep(self.work, self.case, events, by=self.by)
        for event in events:
            self.record(audit.Kind.CLOCK, facts={"clock": event.kind, "cause": event.cause})
            self.changes.append(Change("clock", event.kind, at=event.at))

    # -------------------------------------------------------------- a step

    def step(self, step: Step, *, ended: Mapping[str, tuple[str, str]] | None = None) -> None:
        """Write what one input changed. `ended`: key of a task -> (APPROVED …, reason), where the caller knows
        better."""
        case = self.case
        case.state = step.state
        self.variables, self.taken = step.variables, step
        gone = parties.follow(self.work, case, self.package.info, step.variables, by=self.by, now=self.now)
        self.keep_away(gone)
        case.answers = dict(step.variables)
        case.version += 1
        self._close(step.closed, ended or {})
        self._follow_dates(step.variables)
        self._open(step.opened)
        self._timers(step)
        self._subscriptions(step)
        for decided in step.decisions:
            self.work.session.add(
                DecisionHit(
                    case_id=case.id,
                    element=decided.element,
                    decision=decided.decision,
                    rules=[dict(r) for r in decided.rules],
                    result=decided.result,
                    at=self.now,
                )
            )
        for effect in step.effects:
            self._effect(effect)
        self._incidents(step)
        case.stage = "、".join(dict.fromkeys(t.name or t.element for t in step.open_tasks))[:40]
        if step.finished:
            self._finished()
        watcher = self.work.database.watcher
        if watcher is not None:
            self.work.after_commit(partial(watcher, case.id, step))
        self.stand()
        self._hear()

    def answer(self, effect: AskedEffect, variables: Mapping[str, Any] | None = None) -> None:
        """An awaited effect is answered at once, in the same transaction: what a handler says that need not wait for
        anybody (a look-up, a booking). The process goes on with it when the step that asked is written."""
        self.answers.append(process.Answer(effect.id, dict(variables or {})))

    def throw(self, effect: AskedEffect, code: str, message: str, variables: Mapping[str, Any] | None = None) -> None:
        """The same by a BPMN error, for a boundary event of the task: full, not found."""
        self.answers.append(process.Throw(effect.id, code, message, dict(variables or {})))

    def _hear(self) -> None:
        """The process goes on with what its effects were answered."""
        while self.answers:
            said = self.answers.pop(0)
            id = said.effect_id if isinstance(said, process.Answer) else said.id
            waiting = dict(self.taken.awaited) if self.taken is not None else {}
            if self.case.status != "running" or id not in waiting:
                continue  # another answer of this step ended the branch that asked
            self._answered += 1
            if self._answered > MOST_ANSWERS:
                raise NotNow(
                    f"这一步里自动查询、登记超过 {MOST_ANSWERS} 次还没有停，什么都没有改。请检查流程图里的循环。",
                    f"Expected at most {MOST_ANSWERS} effects answered at once in one step, but it goes on. Nothing "
                    "was changed. Look for a loop in the diagram.",
                )
            code = said.code if isinstance(said, process.Throw) else ""
            self.record(audit.Kind.EFFECT_ANSWERED, facts={"element": waiting[id], "error": code})
            env = env_of(self.work, self.now, self.office)
            self.step(process.advance(self.package.definition, self.case.state or b"", said, now=self.now, env=env))

    def stand(self) -> None:
        """FEEL's `case.office`, `case.flags` … say what is so now: effects that changed it told only the row."""
        known = self.variables.get("case")
        if self.case.status not in ("running", "suspended") or not isinstance(known, Mapping):
            return
        now = standing(self.work, self.case)
        if any(known.get(name) != value for name, value in now.items()):
            amended = process.Amend({"case": {**known, **now}})
            env = env_of(self.work, self.now, self.office)
            self.step(process.advance(self.package.definition, self.case.state or b"", amended, now=self.now, env=env))

    def follow_office(self) -> list[Task]:
        """The case has another office: what waits for a post of the one before waits for this one's. Which changed."""
        waiting = self.taken.open_tasks if self.taken is not None else ()
        told = {row.id: self._opens(row) for row in self.opened}
        moved = candidates.follow_office(self.work, self.live, waiting, self.hands)
        for row in moved:
            if row.id in told:  # opened by this same step: whoever reads the changes reads who has it now
                self.changes[self.changes.index(told[row.id])] = self._opens(row)
        return moved

    def go_on(self, row: Task, before: Task) -> None:
        """A step that is taken back is the one it was: open since then, and due when it was due."""
        told = self._opens(row)
        row.opened_at, row.due_at = before.opened_at, before.due_at
        self.changes[self.changes.index(told)] = self._opens(row)

    def keep_away(self, users: Iterable[int]) -> None:
        """回避: from now on these neither see the case nor work on it (RULES W6, M2)."""
        new = candidates.keep_away(self.work, self.case, self.live, users)
        if new:
            self.record(audit.Kind.KEPT_AWAY, facts={"people": sorted(new)})

    def _close(self, closed: tuple[ClosedTask, ...], ended: Mapping[str, tuple[str, str]]) -> None:
        by_key = {t.key: t for t in self.live}
        for one in closed:
            task = by_key.get(one.id)
            if task is None:
                continue
            how, reason = ended.get(one.id, (ENDS[one.how], one.reason))
            task.state, task.ended, task.reason, task.ended_at = "ended", how, reason[:500], self.now
            task.ended_by_id = self.by.id
            if one.id in ended and any(away.user_id == self.for_id for away in self.by.absences):
                task.acting_for_id = self.for_id  # 代理: also where the person away had claimed it themselves
            task.version += 1
            if self.package.info.order is not None and task.element == self.package.info.order.signed:
                self.signed = order_rows.in_time(task)
            if one.id not in ended:
                self.record(audit.Kind.TASK_ENDED, task=task, facts={"element": task.element, "ended": how})
            self.changes.append(Change("closes", task.name))
        self.live = [t for t in self.live if t.state != "ended"]
        done = {one.element for one in closed if one.how == "completed"}
        candidates.look_apart(self.work, self.case, self.live, done)

    def _open(self, opened: tuple[OpenTask, ...]) -> None:
        values = [self._row(one) for one in opened]
        if not values:
            return
        # One statement for all, and their ids at once: no flush of everything else in between.
        rows = [fresh(Task, **one) for one in values]
        if self.case.restricted:
            named = [row.unit_id for row in rows if row.unit_id is not None]
            self.case.handled_by = apart.add(self.case.handled_by, named)
        self.work.insert_all(rows, "key")
        self.live += rows
        self.opened += rows
        for row in rows:
            self.changes.append(self._opens(row))
            if row.instead is not None:
                vacancies.tell(self.work, self.case, row, now=self.now)

    def _opens(self, row: Task) -> Change:
        return Change("opens", row.name, who="、".join(self._names(row)), at=row.due_at)

    def hands(self, one: OpenTask) -> candidates.Hands:
        """Who may do it as the case stands today."""
        away = candidates.away_from(self.work, self.case, one.properties)
        day = local_date(self.now)
        found = candidates.candidates(self.work, self.package, self.case, one, on=day, away=away, by=self.by)
        party = parties.hands(self.work, self.case, self.package.info, one.variables)
        found.keys.extend(k for k in party if k not in found.keys)
        return found

    def _row(self, one: OpenTask) -> dict[str, Any]:
        hands = self.hands(one)
        keys, unit_id = hands.keys, hands.unit_id
        due = one.due
        if due is None and one.element in self.package.info.limits.steps:
            due = self._step_due(one.element, one.variables)
        # A task for exactly one person is theirs at once: nobody needs to sign for it first.
        alone = int(keys[0][2:]) if len(keys) == 1 and keys[0].startswith("u:") else None
        return dict(
            case_id=self.case.id,
            key=one.id,
            element=one.element,
            name=one.name or one.element,
            kind=one.kind,
            round=one.round,
            state="claimed" if alone else "open",
            assignee_id=alone,
            form=one.form,
            priority=one.priority,
            instance=one.instance,
            scope=one.scope[:120],
            unit_id=unit_id,
            opened_at=self.now,
            claimed_at=self.now if alone else None,
            due_at=due,
            follow_up_at=one.follow_up,
            candidates=keys,
            headers=dict(one.headers),
            properties=dict(one.properties),
            variables=dict(one.variables),
            version=1,
            reason="",
            delegated=[],
            drafted=False,
            instead=hands.instead,
            apart=apart.write(candidates.away_from(self.work, self.case, one.properties)),
        )

    def _step_due(self, element: str, variables: Mapping[str, Any]) -> datetime | None:
        """Until when a step of the matter must be done: counted from now, or backward from a date of the answers."""
        before = self.package.info.limits.backward.get(element)
        if before is None:
            return self.ledger.step_due(element, self.now).due_at
        return clocks.backward_due(before, variables, self.ledger)

    def _follow_dates(self, variables: Mapping[str, Any]) -> None:
        """A date was changed that an open step counts backward from: its due moves with it, unless somebody set it."""
        for task in self.live:
            before = self.package.info.limits.backward.get(task.element)
            if before is None:
                continue
            was = clocks.backward_due(before, task.variables, self.ledger)
            now = clocks.backward_due(before, variables, self.ledger)
            if was != now and task.due_at == was:
                task.due_at = now
                name = before.path.partition(".")[0]
                task.variables = {**task.variables, name: variables.get(name)}

    def _names(self, row: Task) -> list[str]:
        tree = units.tree(self.work)
        names = []
        for key in row.candidates:
            kind, _, rest = key.partition(":")
            if kind == "p":
                unit, _, post = rest.partition(":")
                names.append(f"{tree.by_id[int(unit)].name}·{self._post(post)}")
            elif kind == "u" and int(rest) == self.case.applicant_id:
                names.append("申请人")
            elif kind == "b" and int(rest) == self.case.mandate_id or kind == "u" and int(rest) == self._agent_id():
                names.append("代办员")
        return names

    def _agent_id(self) -> int | None:
        agent = bonds.mandate(self.work, self.case, local_date(self.now))
        return agent.holder_id if agent is not None else None

    def _post(self, code: str) -> str:
        return next((g.name for g in self.package.info.groups.values() if g.post == code and g.name), code)

    def _timers(self, step: Step) -> None:
        waits = self._waits
        for key in step.timers_cleared:
            if waits.timers.pop(key, None) is None:
                waits.cleared.append(key)
        for t in step.timers_set:
            waits.timers[t.id] = Timer(
                case_id=self.case.id, key=t.id, element=t.element, kind=t.kind, due_at=t.due, wake_at=t.due
            )

    def _subscriptions(self, step: Step) -> None:
        self._waits.subscriptions = step.subscriptions

    def _write_waits(self) -> None:
        """What the case waits for, as the last step of the command left it: what one step began to wait for and the
        next heard at once is never written."""
        waits, self._waits = self._waits, Waits()
        self._set_timers(waits.cleared, list(waits.timers.values()))
        if waits.subscriptions is None:
            return
        now = {s.id: s for s in waits.subscriptions}
        before = list(self.case.subscriptions or [])
        if set(now) == set(before):
            return
        gone = [k for k in before if k not in now]
        if gone:
            self.work.session.execute(
                delete(Subscription).where(Subscription.case_id == self.case.id, Subscription.key.in_(gone))
            )
        new = [s for s in waits.subscriptions if s.id not in before]
        self.work.session.add_all(
            Subscription(case_id=self.case.id, key=s.id, element=s.element, kind=s.kind, name=s.name, correlation=s.key)
            for s in new
        )
        messages.expect(self.work, [(s.name, s.key) for s in new if s.kind == "message"], now=self.now)
        self.case.subscriptions = list(now)

    def _set_timers(self, cleared: Sequence[str], new: Sequence[Timer]) -> None:
        """As many timers cleared as set: their rows become the new ones, in one statement. A worker that has one of
        them in hand finds the fence grown."""
        if cleared and len(cleared) == len(new) and not {one.key for one in new}.intersection(cleared):
            of = Timer.__table__.c
            statement = update(Timer.__table__).where(of.case_id == self.case.id, of.key == bindparam("old"))  # type: ignore[arg-type]
            statement = statement.values(
                {"key": bindparam("new"), "element": bindparam("at"), "kind": bindparam("of"), "attempts": 0}
                | {"due_at": bindparam("due"), "wake_at": bindparam("due"), "fence": of.fence + 1}
            )
            rows = [
                {"old": key, "new": one.key, "at": one.element, "of": one.kind, "due": one.due_at}
                for key, one in zip(cleared, new, strict=True)
            ]
            if self.work.session.connection().execute(statement, rows).rowcount == len(rows):
                return
            cleared = [*cleared, *(one.key for one in new)]  # one was gone already: each is written anew
        if cleared:
            self.work.session.execute(delete(Timer).where(Timer.case_id == self.case.id, Timer.key.in_(cleared)))
        self.work.session.add_all(new)

    def _effect(self, effect: AskedEffect) -> None:
        handler = self.handlers.get(effect.kind)
        if handler is None:
            name = effect.name or effect.element
            raise Outdated(
                f"“{name}”要做“{effect.kind}”，程序里已经没有这个效果，所以这一步没有办成，什么都没有改。{MEND[0]}",
                f"{name!r} asks for {effect.kind!r}, an effect the program has no more; nothing was changed. {MEND[1]}",
                element=effect.element,
                needs=effect.kind,
            )
        self.asked.append((effect.kind, effect.name or effect.element, effect.headers.get("to", "")))
        self.ledger, added = meanings.apply(self.ledger, effect, self.now)
        self._keep(added)
        asked = len(self.answers)
        handler(self, effect)
        if effect.awaited and len(self.answers) == asked:  # nobody answered at once: somebody will
            self.work.session.add(
                Awaited(
                    case_id=self.case.id, key=effect.id, element=effect.element, kind=effect.kind, since_at=self.now
                )
            )

    def _incidents(self, step: Step) -> None:
        if not step.incidents:
            return
        open_now = set(
            self.work.session.scalars(
                select(Incident.key).where(Incident.case_id == self.case.id, Incident.solved_at.is_(None))
            )
        )
        for one in step.incidents:
            if one.id in open_now:
                continue
            self.work.session.add(
                Incident(
                    case_id=self.case.id,
                    key=one.id,
                    element=one.element,
                    name=one.name,
                    code=one.code,
                    zh=one.zh,
                    en=one.en,
                    at=self.now,
                )
            )
            self.record(audit.Kind.INCIDENT, facts={"element": one.element, "code": one.code})
            self.changes.append(Change("incident", one.name or one.element))
            troubles.tell(self.work, self.case, one.name or one.element, one.code, now=self.now)

    def _finished(self) -> None:
        case = self.case
        if case.status not in ("running", "suspended"):
            return
        case.status, case.finished_at = "finished", self.now
        case.outcome = case.outcome or "done"
        if self.account().phase not in ("none", "done"):
            self.ledger, added = meanings.stop(self.ledger, self.now, "办结")
            self._keep(added)
        self.record(audit.Kind.CASE_FINISHED, facts={"outcome": case.outcome})
        self.changes.append(Change("outcome", case.outcome))

    # -------------------------------------------------------------- the end

    def finish(self, last: Callable[[], None] | None = None) -> Done:
        """Settle what follows from all of it. Returns what changed. last: what is still noted on rows that changed,
        before they are written."""
        self._write_waits()
        account = clocks.settle(
            self.work,
            self.case,
            self.ledger,
            self.package.info.policy(),
            now=self.now,
            tasks=self.live,
            account=self.account(),
        )
        if self.case.status not in ("running", "suspended"):
            for after in self.after_case if self._began_open else ():
                after(self)
            self.case.colour, self.case.next_alert_at, self.case.step_due = "done", None, None
        if (order := self.package.info.order) is not None:
            answers = self.variables or self.case.answers or {}
            order_rows.keep(self.work, self.case, order, answers, self.signed, account)
        if last is not None:
            last()
        self.work.session.flush()
        due = account.leading.due_at if account.leading else None
        # By days: a plan confirmed a minute after its preview is still the same plan.
        text = "\n".join(f"{c.what}|{c.name}|{c.who}|{_day(c.at)}" for c in self.changes)
        token = crypto.fingerprint(f"{self.case.id}|{self.case.version}|{_day(due)}|{text}".encode())[:16]
        return Done(
            self.case, tuple(self.changes), tuple(self.opened), tuple(self.documents), self._due_before, due, token
        )


def _day(at: datetime | None) -> str:
    return local_date(at).isoformat() if at is not None else ""


def masked_name(work: Work, user_id: int | None) -> str:
    """Who somebody is, for another person to read."""
    if user_id is None:
        return "系统"
    name = work.session.scalar(select(User.name).where(User.id == user_id))
    return masks.name(name) if name else "已注销的用户"
