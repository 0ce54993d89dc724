"""Example cases (故事): a matter's own specification. Here they are read; engine/proof plays them by the real commands.

bpmn/<matter>/stories.yaml is a list of stories:

    - name: 顺利办成                       # what people call it
      at: 2026-09-18 09:00                 # local time of the application
      channel: online                      # default; counter, phone, agent, system
      answers: {…}                         # what the application form gets
      facts: {…}                           # what the hall adds (an appointment), optional
      steps:
        - {task: register, answers: {…}, due: 2026-09-21 17:30}   # an open task; its form checks the answers
        - {wait: P15D}                     # the clock goes on; what falls due is done, in order
        - {at: 2026-10-08 09:00}           # the same, up to a moment
        - {message: appointment-checked-in, key: …, variables: {…}}
        - {answer: book, variables: {…}}   # an awaited effect; or {answer: book, error: FULL}
        - {return: review, to: register}   # 退回
        - {open: [confirm]}                # these tasks are open now, no others
        - {task: register, answers: {…}, refused: [decline_reason]}   # the form must refuse these fields
      end: {finished: true, at: done, outcome: done, papers: [acceptance], notices: [rating], due: 2026-10-09}

Everything named in `end` must be so: `papers` and `notices` in order, `at` an element the case has passed, `due` and
`statutory` the last day of the promised and the statutory limit. Where `key` is STORY (or 350526-STORY), the number of
the story's own case is meant.

A story that needs people or rooms by name says so above the list, which then stands under `stories`:

    people: [{name: 赖炳根, post: mediator, at: SF}]       # at: as in the groups of matter.yaml
    rooms: [{name: 说事评理室, at: SF}]                     # free every day from nine to nine
    stories: [ … ]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import isodate
import yaml

from engine.errors import Refused
from engine.findings import Finding
from engine.matters.package import Package
from engine.workdays import ZONE

END_KEYS = ("finished", "at", "outcome", "papers", "notices", "effects", "due", "statutory", "variables", "open")
#: What a step does; each with what may stand beside it.
STEPS: Mapping[str, tuple[str, ...]] = {
    "task": ("answers", "due", "refused"),
    "message": ("key", "variables"),
    "answer": ("variables", "error"),
    "return": ("to",),
    "wait": (),
    "at": (),
    "open": (),
}
#: What may stand in any step: words for the reader.
SAYS = ("says",)
_STEP_KEYS = tuple(dict.fromkeys([*STEPS, *(key for beside in STEPS.values() for key in beside), *SAYS]))
_NEEDED, _MORE = ("name", "at", "answers", "steps", "end"), ("says", "channel", "facts")
CHANNELS = ("online", "counter", "agent", "phone", "system")


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
    line: int = 0  # where it begins in stories.yaml


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the stories name: who holds which post, and where."""

    name: str
    post: str
    at: str = "office"


@dataclass(frozen=True, slots=True)
class Room:
    """A room the stories name."""

    name: str
    at: str = "office"


@dataclass(frozen=True, slots=True)
class Book:
    """All that stories.yaml says."""

    stories: tuple[Story, ...] = ()
    people: tuple[Person, ...] = ()
    rooms: tuple[Room, ...] = ()


class BadStories(Refused):
    """Expected stories that can be played, but stories.yaml has faults. Facts: findings."""

    status = 422
    slug = "bad-stories"

    def __init__(self, findings: Sequence[Finding]) -> None:
        zh = "；".join(f.message_zh for f in findings[:3])
        en = "; ".join(f.message_en for f in findings[:3])
        super().__init__(f"stories.yaml 有误：{zh}", f"stories.yaml has faults: {en}")
        self.findings = tuple(findings)


def file_of(matter: str) -> str:
    return f"bpmn/{matter}/stories.yaml"


def read(package: Package) -> list[Story]:
    """The stories of a matter. BadStories lists every fault."""
    return list(book(package).stories)


def book(package: Package) -> Book:
    """All of the matter's stories.yaml. BadStories lists every fault."""
    found, findings = _read(package.name, package.files)
    if findings:
        raise BadStories(findings)
    return found


def check(matter: str, files: Mapping[str, bytes]) -> list[Finding]:
    """What is wrong with the stories.yaml of a matter, key by key, with its line. Plays nothing."""
    return _read(matter, files)[1]


# ---------------------------------------------------------------- reading


class _Faults:
    """Findings about one file, as they are collected."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Finding] = []

    def add(self, line: int, zh: str, en: str, element: str = "") -> None:
        self.found.append(Finding(self.file, element, "", line, "story", "error", zh, en))

    def unknown(self, where: str, given: Mapping[str, Any], known: Sequence[str], line: int) -> None:
        """A key nobody reads: named, with the nearest that is read."""
        for key in given:
            if key in known:
                continue
            near = get_close_matches(str(key), known, 1)
            meant = (f"是不是“{near[0]}”？", f"Did you mean {near[0]!r}?") if near else ("", "")
            could = "、".join(known)
            self.add(
                line,
                f"{where}有不认识的项“{key}”。{meant[0]}可以写的有：{could}。",
                f"{where}: unknown key {key!r}. {meant[1]} Known: {', '.join(known)}.",
                str(key),
            )


def _read(matter: str, files: Mapping[str, bytes]) -> tuple[Book, list[Finding]]:
    data = files.get(file_of(matter))
    if data is None:
        return Book(), []
    faults = _Faults(file_of(matter))
    try:
        found = yaml.safe_load(data)
        lines = _lines(data)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        faults.add(mark.line + 1 if mark else 0, f"不是有效的 YAML：{error}", f"No valid YAML: {error}")
        return Book(), faults.found
    people: list[Person] = []
    rooms: list[Room] = []
    if isinstance(found, dict):
        faults.unknown("stories.yaml", found, ("people", "rooms", "stories"), 1)
        people = [
            Person(**{k: str(v) for k, v in row.items()})
            for row in _rows(found.get("people"), "people", ("name", "post"), ("at",), faults)
        ]
        rooms = [
            Room(**{k: str(v) for k, v in row.items()})
            for row in _rows(found.get("rooms"), "rooms", ("name",), ("at",), faults)
        ]
        found = found.get("stories")
    if found is None:
        found = []
    if not isinstance(found, list):
        faults.add(1, "stories.yaml 应是一列故事。", "stories.yaml should be a list of stories.")
        return Book(), faults.found
    told = [_story(n, one, lines[n - 1] if n <= len(lines) else 0, faults) for n, one in enumerate(found, 1)]
    stories = tuple(one for one in told if one is not None)
    for name in dict.fromkeys(s.name for s in stories):
        same = [s for s in stories if s.name == name]
        if len(same) > 1:
            faults.add(same[1].line, f"有两个故事都叫“{name}”。", f"Two stories are called {name!r}.", name)
    return Book(stories, tuple(people), tuple(rooms)), faults.found


def _lines(data: bytes) -> list[int]:
    """The line each story begins on, from 1."""
    node = yaml.compose(data, yaml.SafeLoader)
    if isinstance(node, yaml.MappingNode):
        node = next((value for key, value in node.value if key.value == "stories"), None)
    return [one.start_mark.line + 1 for one in node.value] if isinstance(node, yaml.SequenceNode) else []


def _rows(
    found: Any, what: str, needed: tuple[str, ...], more: tuple[str, ...], faults: _Faults
) -> Iterator[dict[str, Any]]:
    if found is None:
        return
    if not isinstance(found, list):
        faults.add(1, f"“{what}”应是一列。", f"{what!r} should be a list.", what)
        return
    for row in found:
        if not isinstance(row, dict) or not set(needed) <= set(row):
            faults.add(
                1, f"“{what}”的每一行要写 {'、'.join(needed)}。", f"A row of {what!r} needs {', '.join(needed)}.", what
            )
            continue
        faults.unknown(f"“{what}”的一行", row, (*needed, *more), 1)
        if set(row) <= {*needed, *more}:
            yield row


def _story(n: int, one: Any, line: int, faults: _Faults) -> Story | None:
    """The story, or None with at least one fault more."""
    before = len(faults.found)
    where = f"第 {n} 个故事"
    if not isinstance(one, dict):
        faults.add(line, f"{where}应有 name、at、answers、steps、end。", f"Story {n} should be a mapping.")
        return None
    if one.get("name"):
        where = f"故事“{one['name']}”"
    faults.unknown(where, one, (*_NEEDED, *_MORE), line)
    missing = [key for key in _NEEDED if key not in one]
    if missing:
        faults.add(line, f"{where}还要写 {'、'.join(missing)}。", f"Story {n} needs {', '.join(missing)}.", missing[0])
        return None
    for key, kind, zh, en in (
        ("answers", dict, "一组填写的内容", "a mapping"),
        ("steps", list, "一列步骤", "a list"),
        ("end", dict, "一组结果", "a mapping"),
    ):
        if not isinstance(one[key], kind):
            faults.add(line, f"{where}的 {key} 应是{zh}。", f"Story {n}: {key} should be {en}.", key)
    facts, channel = one.get("facts") or {}, str(one.get("channel", "online"))
    if not isinstance(facts, dict):
        faults.add(line, f"{where}的 facts 应是一组内容。", f"Story {n}: facts should be a mapping.", "facts")
    if channel not in CHANNELS:
        could = "、".join(CHANNELS)
        faults.add(
            line,
            f"{where}的 channel 是“{channel}”，可以是：{could}。",
            f"Story {n}: channel {channel!r} is none of {', '.join(CHANNELS)}.",
            "channel",
        )
    at = _moment(one["at"], f"{where}的 at", line, faults)
    if len(faults.found) > before or at is None:
        return None
    for m, step in enumerate(one["steps"], 1):
        _step(f"{where}第 {m} 步", step, line, faults)
    faults.unknown(f"{where}的 end", one["end"], END_KEYS, line)
    if len(faults.found) > before:
        return None
    return Story(
        name=str(one["name"]),
        at=at,
        answers=one["answers"],
        steps=tuple(one["steps"]),
        end=one["end"],
        says=str(one.get("says", "")),
        channel=channel,
        facts=facts,
        line=line,
    )


def _step(where: str, step: Any, line: int, faults: _Faults) -> None:
    if not isinstance(step, dict) or not step:
        faults.add(line, f"{where}应是一组内容，如 {{task: …}}。", f"{where}: should be a mapping such as {{task: …}}.")
        return
    does = [key for key in STEPS if key in step]
    allowed = {*SAYS, *does, *(key for one in does for key in STEPS[one])}
    unknown = {key: value for key, value in step.items() if key not in allowed}
    faults.unknown(where, {k: v for k, v in unknown.items() if k not in _STEP_KEYS}, _STEP_KEYS, line)
    for key in unknown:
        if key in _STEP_KEYS and does:
            faults.add(
                line,
                f"{where}写了“{key}”，但它和 {'、'.join(does)} 不能写在一起。",
                f"{where}: {key!r} does not go with {', '.join(does)}.",
                str(key),
            )
    if not does and all(key in _STEP_KEYS for key in step) and not set(step) <= set(SAYS):
        faults.add(line, f"{where}没有说做什么：{'、'.join(STEPS)}。", f"{where} does none of {', '.join(STEPS)}.")
    acts = [key for key in does if key in ("task", "message", "answer", "return")]
    if len(acts) > 1:
        faults.add(line, f"{where}一步只能做一件事：{'、'.join(acts)}。", f"{where} does {', '.join(acts)} at once.")
    if "at" in step:
        _moment(step["at"], f"{where}的 at", line, faults)
    if "wait" in step:
        try:
            isodate.parse_duration(str(step["wait"]))
        except (isodate.ISO8601Error, ValueError):
            faults.add(
                line,
                f"{where}的 wait “{step['wait']}”不是时长，如 P15D、PT24H。",
                f"{where}: wait {step['wait']!r} is no duration such as P15D.",
                "wait",
            )
    if "return" in step and "to" not in step:
        faults.add(line, f"{where}的 return 要写退回到哪一步（to）。", f"{where}: return needs `to`.", "to")
    for key, kind, zh, en in (
        ("answers", dict, "一组内容", "a mapping"),
        ("variables", dict, "一组内容", "a mapping"),
        ("open", list, "一列", "a list"),
        ("refused", list, "一列", "a list"),
    ):
        if step.get(key) is not None and not isinstance(step[key], kind):
            faults.add(line, f"{where}的 {key} 应是{zh}。", f"{where}: {key} should be {en}.", key)


def _moment(text: Any, where: str, line: int, faults: _Faults) -> datetime | None:
    try:
        return when(text)
    except ValueError:
        faults.add(
            line, f"{where} “{text}”不是时间，如 2026-09-18 09:00。", f"{where}: {text!r} is no time.", str(text)
        )
        return None


def when(text: Any) -> datetime:
    """A moment as stories write it: local when it names no zone. ValueError when it is none.

    >>> when("2026-09-18 09:00").isoformat()
    '2026-09-18T09:00:00+08:00'
    """
    found = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
    return found.replace(tzinfo=ZONE) if found.tzinfo is None else found
