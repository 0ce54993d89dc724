"""What of a matter begins by itself: its schedules, and the timer start events of its diagrams, which mean the same.

A timer start event whose process no schedule names is a schedule of its own, for the county, that catches up only with
the last turn it missed. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.matters import recurring
from engine.matters.nouns import Declared
from engine.matters.nouns.schedules import MATTER, UNITS, Schedule
from engine.matters.package import Package
from engine.matters.recurring import Closed, Every
from engine.process.language import model as m
from engine.process.language.schedules import ZONE, parse_moment


@dataclass(frozen=True, slots=True)
class Plan:
    """One schedule of a matter, ready to be followed."""

    name: str  # as declared; of a start event, its id
    title: str
    rule: Every
    closed: Closed = "same"
    since: date | None = None
    until: date | None = None
    kinds: tuple[str, ...] = UNITS["one"]  # of the units that get a run each
    missed: str = "last"
    answers: Mapping[str, str] = field(default_factory=dict)
    process: str | None = None  # None: the matter, as an application begins it
    element: str | None = None  # the start event, where it must be said


@dataclass(frozen=True, slots=True)
class TimerStart:
    """A timer start event of a process that runs."""

    file: str
    process: m.Process
    node: m.Node
    rule: Every | None  # None: nobody can tell when


def of(package: Package) -> list[Plan]:
    """Every schedule of a matter, by name."""
    return plans(package.declared("schedules"), package.definition.diagrams, package.info.name)


def find(package: Package, name: str) -> Plan | None:
    return next((one for one in of(package) if one.name == name), None)


def plans(declared: Mapping[str, Declared], diagrams: Iterable[m.Diagram], matter: str) -> list[Plan]:
    """The same of a matter's parts; what cannot be followed is left out (the gate says why)."""
    timed = list(timer_starts(diagrams))
    found = []
    for name, one in declared.items():
        assert isinstance(one.what, Schedule)
        what = one.what
        drawn = next((t for t in timed if t.process.id == what.starts), None)
        rule = what.rule or (drawn.rule if drawn is not None else None)
        if rule is None:
            continue
        found.append(
            Plan(
                name=name,
                title=what.title or matter,
                rule=rule,
                closed=what.if_closed,
                since=what.since,
                until=what.until,
                kinds=UNITS[what.for_],
                missed=what.missed,
                answers=what.answers,
                process=None if what.starts == MATTER else what.starts,
                element=drawn.node.id if drawn is not None else None,
            )
        )
    named = {one.process for one in found}
    for drawn in timed:
        if drawn.process.id not in named and drawn.rule is not None:
            title = drawn.node.name or drawn.process.name or matter
            found.append(Plan(drawn.node.id, title, drawn.rule, process=drawn.process.id, element=drawn.node.id))
    return found


def timer_starts(diagrams: Iterable[m.Diagram]) -> Iterator[TimerStart]:
    """The timer start events of the processes that run, with the rule each says."""
    for diagram in diagrams:
        for process in diagram.executable():
            for node in process.starts():
                timers = [one for one in node.definitions if one.kind == "timer"]
                if timers:
                    rule = rule_of(timers[0]) if len(node.definitions) == 1 else None
                    yield TimerStart(diagram.file, process, node, rule)


def rule_of(timer: m.EventDefinition) -> Every | None:
    """What a timer start event says: a cycle with its beginning, or a day; None for what has no meaning there."""
    text = timer.text.strip()
    if timer.timer == "cycle":
        return recurring.read(text)
    if timer.timer == "date":
        return recurring.read(f"R1/{text}/P1D") if parse_moment(text, ZONE) is not None else None
    return None
