"""A world for trying diagrams: instances in memory on a virtual clock, answered from a list of answers.

All processes of the definition are deployed together. Messages and signals thrown by one reach the others, or start
them. When nothing else can move, the earliest timer fires. Nothing here reads the machine's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine import feel
from engine.errors import Refused
from engine.process.language.schedules import Schedule, plan_of
from engine.process.machine.definition import Definition
from engine.process.machine.net import IN_VAIN
from engine.process.machine.starts import StartTrigger, start_triggers
from engine.process.run import advance, start
from engine.process.step import (
    Answer,
    Complete,
    Decided,
    Deliver,
    Effect,
    Fire,
    Incident,
    Input,
    OpenTask,
    Signal,
    Start,
    Step,
    Throw,
    Timer,
)

#: An endless cycle that is the only thing left to move fires so often before it counts as waiting.
ENDLESS = 10


@dataclass
class Instance:
    """One running instance in the world."""

    process_id: str
    step: Step
    waits_for_ever: set[str] = field(default_factory=set)  # ids of tasks and effects left open on purpose


@dataclass
class Result:
    """What came of it."""

    status: str  # finished, waiting, failed
    trace: list[str]
    open: list[OpenTask]
    effects: list[Effect]
    variables: dict[str, Any]
    incidents: list[Incident]  # what failed
    stuck: list[Incident]  # what waits for something that cannot come
    decisions: list[Decided]
    now: datetime


class World:
    """Deployed processes, their instances, and what travels between them."""

    def __init__(
        self,
        definition: Definition,
        now: datetime,
        *,
        env: feel.Env | None = None,
        answers: Mapping[str, Any] | None = None,
        max_steps: int = 10_000,
    ) -> None:
        self.definition = definition
        self.now = now
        self.env = env
        self.answers = dict(answers or {})
        self.visits: dict[str, int] = {}
        self.instances: list[Instance] = []
        self.messages: list[dict[str, Any]] = []  # thrown and not yet received, in order
        self.trace: list[str] = []
        self.effects: list[Effect] = []
        self.decisions: list[Decided] = []
        self.refusals: list[Incident] = []
        self.max_steps = max_steps
        self.starters = list(start_triggers(definition, env))
        self.heard: dict[tuple[str, str], set[int]] = {}  # parallel multiple start events: which triggers came
        self.calendar: list[tuple[datetime, StartTrigger, Schedule]] = []
        self.variables: dict[str, Any] = {}
        self.tired: dict[str, int] = {}

    # -------- starting

    def start(self, process_id: str, variables: Mapping[str, Any], element: str | None = None) -> None:
        """Start a process; a process without a none start event waits for its triggers, which get these variables."""
        self.variables = dict(variables)
        process = self.definition.processes.get(process_id)
        if element is None and process is not None and not process.scope.begins:
            for starter in [s for s in self.starters if s.process_id == process_id]:
                self._await_start(starter)
            return
        self._begin(process_id, variables, element)

    def _await_start(self, starter: StartTrigger) -> None:
        answer = self.answers.get(starter.element)
        if starter.kind == "message" and isinstance(answer, Mapping) and "$message" in answer:
            self._begin(starter.process_id, {**self.variables, **(answer["$message"] or {})}, starter.element)
            return
        if starter.kind == "conditional":
            assert starter.trigger.condition is not None
            if starter.trigger.condition.holds(_Given(self.variables), self._env()):
                self._begin(starter.process_id, self.variables, starter.element)
        elif starter.kind == "timer":
            assert starter.trigger.timer is not None
            value = starter.trigger.timer.value(_Given(self.variables), self._env())
            plan = plan_of(starter.trigger.definition.timer or "duration", value, self.now)
            if plan is not None and plan.times != 0:
                times = 1 if plan.times < 0 else plan.times  # an endless cycle is tried once
                self.calendar.append((plan.at, starter, replace(plan, times=times)))

    def _env(self) -> feel.Env:
        return feel.Env(now=self.now) if self.env is None else replace(self.env, now=self.now)

    def _begin(self, process_id: str, variables: Mapping[str, Any], element: str | None) -> None:
        try:
            step = start(
                self.definition,
                Start(dict(variables), process_id, element),
                now=self.now,
                env=self.env,
                limit=self._left(),
            )
        except Refused as refused:
            self.refusals.append(Incident("", element or process_id, process_id, "start", refused.zh, refused.en))
            return
        instance = Instance(process_id, step)
        self.instances.append(instance)
        self._took(instance, step)

    def _left(self) -> int:
        return max(1, self.max_steps - len(self.trace))

    # -------- moving

    def _advance(self, instance: Instance, input: Input) -> None:
        step = advance(self.definition, instance.step.state, input, now=self.now, env=self.env, limit=self._left())
        instance.step = step
        self._took(instance, step)

    def _took(self, sender: Instance, step: Step) -> None:
        self.trace += step.trace
        self.effects += step.effects
        self.decisions += step.decisions
        for effect in step.effects:
            if effect.kind == "message":
                self.messages.append(dict(effect.arguments))
            elif effect.kind == "signal":
                self.signal(str(effect.arguments["name"]), effect.arguments["variables"], sender)

    def signal(self, name: str, variables: Mapping[str, Any], sender: Instance | None = None) -> None:
        """Broadcast to every other instance, and to the processes a signal of this name starts."""
        for instance in list(self.instances):
            if instance is not sender and any(
                s.kind == "signal" and s.name == name for s in instance.step.subscriptions
            ):
                self._advance(instance, Signal(name, dict(variables)))
        self._start_by("signal", name, variables)

    def _start_by(self, kind: str, name: str, variables: Mapping[str, Any]) -> bool:
        started = False
        for starter in self.starters:
            if starter.kind != kind or starter.name != name:
                continue
            if starter.needs_all > 1:
                heard = self.heard.setdefault((starter.process_id, starter.element), set())
                heard.add(starter.index)
                if len(heard) < starter.needs_all:
                    continue
                heard.clear()
            self._begin(starter.process_id, {**self.variables, **variables}, starter.element)
            started = True
            if kind == "message":
                break
        return started

    def run(self) -> Result:
        """Move everything as far as it goes."""
        while len(self.trace) < self.max_steps and (
            self._deliver() or self._answer() or self._deliver_answers() or self._fire()
        ):
            pass
        return self.result()

    def _deliver(self) -> bool:
        """One message to whoever waits for it, else to a process it starts."""
        for position, message in enumerate(self.messages):
            name, key = str(message["name"]), message.get("key")
            for instance in self.instances:
                if any(s.kind == "message" and s.name == name and s.key == key for s in instance.step.subscriptions):
                    del self.messages[position]
                    self._advance(instance, Deliver(name, key, message["variables"]))
                    return True
            if any(s.kind == "message" and s.name == name for s in self.starters):
                del self.messages[position]
                self._start_by("message", name, message["variables"])
                return True
        return False

    def _next_answer(self, element: str) -> Any:
        """The answer for this visit of an element: a list answers one visit after the other, its last one the rest."""
        answer = self.answers.get(element, {})
        if isinstance(answer, list):
            visit = self.visits.get(element, 0)
            self.visits[element] = visit + 1
            answer = answer[min(visit, len(answer) - 1)] if answer else {}
        return answer

    def _answer(self) -> bool:
        """Complete one open task or awaited effect."""
        for instance in self.instances:
            for id, element in _asked(instance):
                if id in instance.waits_for_ever:
                    continue
                answer = self._next_answer(element)
                if isinstance(answer, Mapping) and answer.get("$wait"):
                    instance.waits_for_ever.add(id)
                    continue
                self._give(instance, id, answer)
                return True
        return False

    def _give(self, instance: Instance, id: str, answer: Any) -> None:
        variables = dict(answer) if isinstance(answer, Mapping) else {}
        if "$error" in variables:
            code = str(variables.pop("$error"))
            variables.pop("$message", None)
            self._advance(instance, Throw(id, code, "", variables))
        elif id in {t.id for t in instance.step.open_tasks}:
            self._advance(instance, Complete(id, variables))
        else:
            self._advance(instance, Answer(id, variables))

    def _deliver_answers(self) -> bool:
        """An answer {"$message": …} for an element that waits for a message."""
        for instance in self.instances:
            for waiting in instance.step.subscriptions:
                if waiting.kind != "message" or waiting.element not in self.answers:
                    continue
                answer = self.answers[waiting.element]
                visit = self.visits.get(waiting.element, 0)
                if isinstance(answer, list):
                    if visit >= len(answer):
                        continue
                    answer = answer[visit]
                elif visit:
                    continue
                if not isinstance(answer, Mapping) or "$message" not in answer:
                    continue
                self.visits[waiting.element] = visit + 1
                self._advance(instance, Deliver(waiting.name, waiting.key, dict(answer["$message"] or {})))
                return True
        return False

    def _fire(self) -> bool:
        """The earliest timer, of an instance or of a process that a timer starts."""
        due: list[tuple[datetime, int, Timer | None, Instance | None]] = []
        for order, instance in enumerate(self.instances):
            due += [(t.due, order, t, instance) for t in instance.step.timers if self.tired.get(t.element, 0) < ENDLESS]
        due.sort(key=lambda entry: (entry[0], entry[1]))
        self.calendar.sort(key=lambda entry: entry[0])
        if self.calendar and (not due or self.calendar[0][0] <= due[0][0]):
            at, starter, plan = self.calendar.pop(0)
            self.now = max(self.now, at)
            following = Schedule.next({**plan.facts(), "due": at.isoformat()}) if plan.every is not None else None
            if following is not None:
                nxt = datetime.fromisoformat(following["due"])
                self.calendar.append(
                    (
                        nxt,
                        starter,
                        replace(
                            plan, at=nxt, times=following["left"], base=plan.base or plan.at, turn=following["turn"]
                        ),
                    )
                )
            self._begin(starter.process_id, self.variables, starter.element)
            return True
        if not due:
            return False
        at, _, timer, owner = due[0]
        assert timer is not None and owner is not None
        self.now = max(self.now, at)
        if timer.kind == "cycle":
            self.tired[timer.element] = self.tired.get(timer.element, 0) + 1
        self._advance(owner, Fire(timer.id))
        return True

    # -------- what came of it

    def result(self) -> Result:
        told = [i for instance in self.instances for i in instance.step.incidents]
        stuck = [i for i in told if i.code == IN_VAIN]
        incidents = self.refusals + [i for i in told if i.code != IN_VAIN]
        over = all(instance.step.finished for instance in self.instances)
        if len(self.trace) >= self.max_steps and not incidents and not over:
            zh = f"走了 {self.max_steps} 步还没有停下来。请检查图中是否有走不出去的循环。"
            en = f"It had not stopped after {self.max_steps} steps. Check the diagram for a loop without a way out."
            incidents.append(Incident("", "", "", "limit", zh, en))
        variables: dict[str, Any] = {}
        for instance in self.instances:
            variables.update(instance.step.variables)
        if incidents:
            status = "failed"
        elif self.instances and over:
            status = "finished"
        else:
            status = "waiting"
        return Result(
            status,
            self.trace,
            [t for i in self.instances for t in i.step.open_tasks],
            self.effects,
            variables,
            incidents,
            stuck,
            self.decisions,
            self.now,
        )


def _asked(instance: Instance) -> Iterable[tuple[str, str]]:
    """(id, element) of every open task and awaited effect."""
    for task in instance.step.open_tasks:
        yield task.id, task.element
    yield from instance.step.awaited


def to_start(definition: Definition) -> list[str]:
    """Which processes to start when nobody says: those with a none start that no other process calls; else the
    first."""
    runnable = [p.id for p in definition.executable()]
    called = {
        n.extension.called_process or n.called_element
        for d in definition.diagrams
        for p in d.processes
        for _, n in p.walk()
    }
    free = [id for id in runnable if id not in called] or runnable
    return [id for id in free if definition.processes[id].scope.begins] or free[:1]


class _Given:
    """Plain variables as a Sight."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables

    def sees(self, name: str) -> bool:
        return name in self._variables

    def look(self, name: str) -> Any:
        return self._variables.get(name)

    def everything(self) -> dict[str, Any]:
        return dict(self._variables)
