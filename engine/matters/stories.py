"""Example cases (故事): a matter's own specification, played without a database.

bpmn/<matter>/stories.yaml is a list of stories:

    - name: 顺利办成                       # what people call it
      at: 2026-09-18 09:00                 # local time of the application
      channel: online                      # default; counter, phone, agent
      answers: {…}                         # what the application form gets
      facts: {…}                           # what the hall adds (an appointment), optional
      steps:
        - {task: register, answers: {…}, due: 2026-09-21 17:30}   # an open task; its form checks the answers
        - {wait: P15D}                     # the clock goes on; timers that fall due fire, in order
        - {at: 2026-10-08 09:00}           # the same, up to a moment
        - {message: appointment-checked-in, key: …, variables: {…}}
        - {answer: book, variables: {…}}   # an awaited effect; or {answer: book, error: FULL}
        - {return: review, to: register}   # 退回
        - {open: [confirm]}                # these tasks are open now, no others
        - {task: register, answers: {…}, refused: [decline_reason]}   # the form must refuse these fields
      end: {finished: true, at: done, outcome: done, papers: [acceptance], notices: [rating], due: 2026-10-09}

Everything named in `end` must be so: `papers` and `notices` in order, `at` the last end event, `due` and `statutory`
the last day of the promised and the statutory limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import isodate
import yaml

from engine import feel, forms, process
from engine.deadlines import Event, Ledger
from engine.errors import Invalid, Refused
from engine.matters import clocks, corrections, nodes
from engine.matters.package import Package
from engine.process.step import OpenTask, Step
from engine.workdays import ZONE, Calendar, local_date

#: More inputs than this in one story is a story without an end.
MAX_INPUTS = 500
_END_KEYS = frozenset(
    {"finished", "at", "outcome", "papers", "notices", "effects", "due", "statutory", "variables", "open"}
)
_STEP_KEYS = frozenset(
    {
        "task",
        "answers",
        "due",
        "refused",
        "wait",
        "at",
        "message",
        "key",
        "variables",
        "answer",
        "error",
        "return",
        "to",
    }
    | {"open", "says", "item"}
)


@dataclass(frozen=True, slots=True)
class Story:
    """One example case."""

    name: str
    at: datetime  # aware, local
    answers: Mapping[str, Any]
    steps: tuple[Mapping[str, Any], ...]
    end: Mapping[str, Any]
    says: str = ""
    channel: str = "online"
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Played:
    """What happened when it was played."""

    story: Story
    problems: list[str] = field(default_factory=list)  # empty: everything was as the story says
    tasks: list[str] = field(default_factory=list)  # elements completed by people, in order
    papers: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    finished: bool = False
    outcome: str = ""
    due_on: date | None = None  # last day of the promised limit
    statutory_on: date | None = None
    open: list[str] = field(default_factory=list)
    variables: Mapping[str, Any] = field(default_factory=dict)


def read(package: Package) -> list[Story]:
    """The stories of a matter. Refused names the story and what is wrong with it."""
    data = package.files.get(f"bpmn/{package.name}/stories.yaml")
    if data is None:
        return []
    found = yaml.safe_load(data)
    if not isinstance(found, list):
        raise Refused("stories.yaml 应是一列故事。", "stories.yaml should be a list of stories.")
    return [_story(n, one) for n, one in enumerate(found, 1)]


def _story(n: int, one: Any) -> Story:
    where = f"第 {n} 个故事"
    if not isinstance(one, dict) or not {"name", "at", "answers", "steps", "end"} <= set(one):
        raise Refused(
            f"{where}要写 name、at、answers、steps、end。", f"Story {n} needs name, at, answers, steps and end."
        )
    for step in one["steps"]:
        unknown = set(step) - _STEP_KEYS
        if unknown:
            raise Refused(
                f"{where}“{one['name']}”有不认识的步骤：{unknown}", f"Story {n} has an unknown step: {unknown}"
            )
    if set(one["end"]) - _END_KEYS:
        unknown = set(one["end"]) - _END_KEYS
        raise Refused(f"{where}“{one['name']}”的 end 有不认识的：{unknown}", f"Unknown in story {n}'s end: {unknown}")
    return Story(
        name=str(one["name"]),
        at=_when(one["at"]),
        answers=one["answers"],
        steps=tuple(one["steps"]),
        end=one["end"],
        says=str(one.get("says", "")),
        channel=str(one.get("channel", "online")),
        facts=one.get("facts") or {},
    )


def play(package: Package, story: Story, calendar: Calendar) -> Played:
    """Play one story on a clock of its own."""
    player = _Player(package, story, calendar)
    try:
        player.run()
    except Invalid as refusal:
        fields = "；".join(f"{e.field}：{e.zh}" for e in refusal.fields)
        player.problem(f"表单不接受：{fields or refusal.zh}")
    except Refused as refusal:
        player.problem(refusal.zh)
    return player.played


class _Player:
    def __init__(self, package: Package, story: Story, calendar: Calendar) -> None:
        self.package, self.story, self.calendar = package, story, calendar
        self.now = story.at
        self.played = Played(story)
        self.step: Step | None = None
        self.ledger = Ledger(package.info.limits.rules(local_date(story.at)), calendar)
        self.awaited: dict[str, str] = {}  # element -> effect id
        self.opened: dict[str, datetime] = {}  # task id -> when it opened
        self.inputs = 0

    def problem(self, text: str) -> None:
        self.played.problems.append(text)

    @property
    def env(self) -> feel.Env:
        return feel.Env(now=self.now, calendar=self.calendar)

    def run(self) -> None:
        story, info = self.story, self.package.info
        answers = forms.check(self.package.form(info.apply.form), story.answers, env=self.env)
        self.ledger = self.ledger.with_event(Event("received", self.now))
        day = local_date(self.now)
        variables = {
            **answers,
            "case": {
                "number": "350526-STORY",
                "matter": self.package.name,
                "channel": story.channel,
                "received_at": self.now.isoformat(),
                "received_on": day.isoformat(),
                "place": "",
                "unit": "",
                "office": info.office,
                "agent": story.channel == "agent",
                "flags": [],
            },
            **story.facts,
        }
        self._take(process.start(self.package.definition, process.Start(variables), now=self.now, env=self.env))
        for step in story.steps:
            self._do(step)
        self._end()

    def _send(self, given: process.Input) -> None:
        assert self.step is not None
        self.inputs += 1
        if self.inputs > MAX_INPUTS:
            raise Refused(f"故事超过 {MAX_INPUTS} 步还没有结束。", f"The story did not end in {MAX_INPUTS} steps.")
        self._take(process.advance(self.package.definition, self.step.state, given, now=self.now, env=self.env))

    def _take(self, step: Step) -> None:
        self.step = step
        played = self.played
        self.opened.update({task.id: self.now for task in step.opened})
        played.trace += step.trace
        played.variables, played.finished = step.variables, step.finished
        played.open = [t.element for t in step.open_tasks]
        for effect in step.effects:
            self.ledger, _ = clocks.apply(self.ledger, effect, self.now)
            played.effects.append(effect.kind)
            if effect.awaited:
                self.awaited[effect.element] = effect.id
            if effect.kind == "issue-paper":
                played.papers.append(effect.headers.get("kind", ""))
            elif effect.kind == "request-correction":  # issues and tells by itself
                corrections.until(effect.arguments.get("due_on"), local_date(self.now))
                played.papers.append("correction")
                played.notices.append("correction")
            elif effect.kind == "send-notice":
                played.notices.append(effect.headers.get("template", ""))
            elif effect.kind == "decline-case":
                played.outcome = "declined"
            elif effect.kind == "decide":
                played.outcome = effect.headers.get("outcome") or str(effect.arguments.get("outcome") or "approve")
            elif effect.kind == "close-case":
                outcome = effect.headers.get("outcome") or "done"
                played.outcome = outcome if not played.outcome or outcome != "done" else played.outcome
        for incident in step.incidents:
            self.problem(f"“{incident.name or incident.element}”出了异常：{incident.zh}")

    def _do(self, step: Mapping[str, Any]) -> None:
        if "at" in step:
            self._until(_when(step["at"]))
        if "wait" in step:
            self._until(self.now + isodate.parse_duration(str(step["wait"])))
        if "open" in step and sorted(self.played.open) != sorted(step["open"]):
            self.problem(f"此时应开着 {step['open']}，实际是 {self.played.open}")
        if "task" in step:
            self._complete(step)
        elif "message" in step:
            self._send(process.Deliver(str(step["message"]), step.get("key"), step.get("variables") or {}))
        elif "answer" in step:
            effect = self.awaited.pop(str(step["answer"]), None)
            if effect is None:
                raise Refused(f"没有在等“{step['answer']}”的结果。", f"Nothing waits for {step['answer']}.")
            if step.get("error"):
                self._send(process.Throw(effect, str(step["error"])))
            else:
                self._send(process.Answer(effect, step.get("variables") or {}))
        elif "return" in step:
            self._send(process.Return(self._task(step["return"]).id, str(step["to"])))

    def _task(self, element: Any) -> OpenTask:
        assert self.step is not None
        found = [t for t in self.step.open_tasks if t.element == element]
        if not found:
            raise Refused(f"“{element}”没有打开；开着的是 {self.played.open}。", f"The task {element} is not open.")
        return found[0]

    def _complete(self, step: Mapping[str, Any]) -> None:
        task = self._task(step["task"])
        if "due" in step:
            expected, found = str(step["due"]), task.due
            limit = self.package.info.limits.steps.get(task.element)
            if found is None and limit is not None:
                found = self.ledger.step_due(task.element, self.opened[task.id]).due_at
            shown = found.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if found is not None else "没有期限"
            if not shown.startswith(expected):
                self.problem(f"“{task.name}”应在 {expected} 前办，实际是 {shown}")
        answers: dict[str, Any] = dict(step.get("answers") or {})
        if task.form is not None:
            try:
                form = self.package.form(task.form)
                known = {**self.played.variables, **task.variables}
                answers = forms.check(form, answers, nodes.rights(form, task.properties), self.env, known=known)
            except Invalid as refusal:
                wrong = sorted({e.field for e in refusal.fields})
                if wrong != sorted(step.get("refused") or ()):
                    raise
                return
        if "refused" in step:
            self.problem(f"“{task.name}”的表单应拒绝 {step['refused']}，但通过了")
        self.played.tasks.append(task.element)
        if task.properties.get("clock") == "correction" and self.ledger.account(self.now).phase == "correcting":
            self.ledger = self.ledger.with_event(Event("correction_answered", self.now))
        self._send(process.Complete(task.id, answers))

    def _until(self, moment: datetime) -> None:
        """Let time pass; timers fire at their own moments."""
        while self.step is not None:
            due = sorted((t for t in self.step.timers if t.due <= moment), key=lambda t: (t.due, t.id))
            if not due:
                break
            self.now = max(self.now, due[0].due)
            self._send(process.Fire(due[0].id))
        self.now = max(self.now, moment)

    def _end(self) -> None:
        played, end = self.played, self.story.end
        account = self.ledger.account(self.now)
        promised, statutory = account.limits.get("promised"), account.limits.get("statutory")
        played.due_on = promised.due_on if promised else None
        played.statutory_on = statutory.due_on if statutory else None
        found = {
            "finished": played.finished,
            "outcome": played.outcome,
            "papers": played.papers,
            "notices": played.notices,
            "effects": played.effects,
            "due": str(played.due_on) if played.due_on else None,
            "statutory": str(played.statutory_on) if played.statutory_on else None,
            "open": played.open,
        }
        for name, expected in end.items():
            if name == "at":
                if expected not in played.trace:
                    self.problem(f"应走到“{expected}”，实际最后到“{played.trace[-1] if played.trace else '—'}”")
            elif name == "variables":
                for key, value in expected.items():
                    if feel.to_json(played.variables.get(key)) != value:
                        self.problem(f"变量 {key} 应为 {value}，实际是 {played.variables.get(key)}")
            else:
                wanted = str(expected) if name in ("due", "statutory") else expected
                if found[name] != wanted:
                    self.problem(f"{name} 应为 {wanted}，实际是 {found[name]}")


def _when(text: Any) -> datetime:
    if isinstance(text, datetime):
        return text.replace(tzinfo=ZONE) if text.tzinfo is None else text
    return datetime.fromisoformat(str(text)).replace(tzinfo=ZONE)
