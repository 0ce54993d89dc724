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
        - {vote: {yes: 6, no: 1}, body: "350526106201"}   # so many of the roll vote
        - {review: market}                 # 公开栏上等审核的通过；{review: market, refuse: 理由} 不通过
        - {object: 太吵了, board: market}   # 一个群众对公开的内容提意见
        - {open: [confirm]}                # these tasks are open now, no others
        - {task: register, answers: {…}, refused: [decline_reason]}   # the form must refuse these fields
      end: {finished: true, at: done, outcome: done, papers: [acceptance], notices: [rating], due: 2026-10-09}

A story that a schedule begins says `schedule: report` instead of `answers`; its `at` is when that schedule is due.

Everything named in `end` must be so: `papers` and `notices` in order, `at` an element the case has passed, `due` and
`statutory` the last day of the promised and the statutory limit. Where `key` is STORY (or 350526-STORY), the number of
the story's own case is meant.

A story that needs people or rooms by name says so above the list, which then stands under `stories`:

    people: [{name: 赖炳根, post: mediator, at: SF}]       # at: as in the groups of matter.yaml
    rooms: [{name: 说事评理室, at: SF}]                     # free every day from nine to nine
    entries: [{register: voter, name: 村民, place: "350526106201", times: 9}]    # what stands in its registers
    stories: [ … ]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.errors import Refused
from engine.findings import Finding
from engine.matters import lines, story_file
from engine.matters.package import Package
from engine.workdays import ZONE


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
    counter: str = ""  # of a counter: of which unit, by its code
    place: str = ""  # which village or grid it belongs to, by its code; "": the applicant's
    facts: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0  # where it begins in stories.yaml
    schedule: str = ""  # what begins it; "": an application
    unit: str = ""  # for which unit the schedule begins it
    earlier: tuple[Mapping[str, Any], ...] = ()  # answers of cases of this matter that are open already
    booked: tuple[Mapping[str, Any], ...] = ()  # bookings made, and over, before it begins
    refused: tuple[str, ...] = ()  # fields for which the application must be refused: then there is no case
    consent: bool = True  # whether the person agrees to what apply.consent asks


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
    at: str
    offer: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in a register before the stories begin; `times`: so many like it."""

    register: str
    name: str = ""
    place: str = ""
    state: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1
    phone: str = ""
    id_number: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """A bond that holds before the stories begin; a side is somebody's name and numbers, or "applicant"."""

    bond: str
    subject: Mapping[str, str] | str
    holder: Mapping[str, str] | str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """All that stories.yaml says."""

    stories: tuple[Story, ...] = ()
    people: tuple[Person, ...] = ()
    rooms: tuple[Room, ...] = ()
    entries: tuple[Entry, ...] = ()
    bonds: tuple[Bound, ...] = ()
    orders: tuple[story_file.OrderText, ...] = ()


def _side(side: story_file.SideText | str) -> Mapping[str, str] | str:
    return side if isinstance(side, str) else {key: str(text) for key, text in side.model_dump().items() if text}


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


def only(matter: str, files: Mapping[str, bytes]) -> tuple[list[Story], list[Finding]]:
    """The stories of these files that can be read, and what is wrong with the others."""
    found, findings = _read(matter, files)
    return list(found.stories), findings


def check(matter: str, files: Mapping[str, bytes]) -> list[Finding]:
    """What is wrong with the stories.yaml of a matter, key by key, with its line. Plays nothing."""
    return _read(matter, files)[1]


def _read(matter: str, files: Mapping[str, bytes]) -> tuple[Book, list[Finding]]:
    file = file_of(matter)
    if file not in files:
        return Book(), []
    text = lines.read(files[file], file)
    told = story_file.check(text)
    given: Any = text.value
    for key in told.above:
        given = given.get(key)  # a file of people alone has none
    stories = tuple(
        Story(
            name=one.name,
            at=when(one.at),
            answers=one.answers,
            steps=tuple(given[n].get("steps") or ()),
            end=given[n].get("end") or {},
            says=one.says,
            channel=one.channel,
            counter=one.counter,
            place=one.place,
            facts=one.facts,
            line=text.line(*told.above, n),
            schedule=one.schedule,
            unit=one.unit,
            earlier=tuple(before.answers for before in one.earlier),
            booked=tuple(before.model_dump(by_alias=True) for before in one.booked),
            refused=tuple(one.refused),
            consent=one.consent,
        )
        for n, one in told.stories
    )
    people = tuple(Person(one.name, one.post, one.at) for one in told.people)
    rooms = tuple(Room(one.name, one.at, one.offer) for one in told.rooms)
    entries = tuple(
        Entry(
            one.register_,
            one.name,
            one.place,
            one.state,
            one.facts,
            one.times,
            one.phone,
            one.id_number,
        )
        for one in told.entries
    )
    bonds = tuple(Bound(one.bond, _side(one.subject), _side(one.holder), one.team) for one in told.bonds)
    return Book(stories, people, rooms, entries, bonds, tuple(told.orders)), [*text.findings, *told.findings]


def when(text: Any) -> datetime:
    """A moment as stories write it: local when it names no zone. ValueError when it is none.

    >>> when("2026-09-18 09:00").isoformat()
    '2026-09-18T09:00:00+08:00'
    """
    found = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
    return found.replace(tzinfo=ZONE) if found.tzinfo is None else found
