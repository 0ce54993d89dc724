"""The verdict on a matter: what the check finds, then how its stories go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import Any

import yaml

from engine import matters
from engine.commands import gate
from engine.commands.effects import hall_papers
from engine.errors import Refused
from engine.findings import Finding, errors, in_order
from engine.matters import County, stories
from engine.matters.stories import Book, Story
from engine.proof import county, playing
from engine.proof.county import Hall
from engine.proof.playing import Played
from engine.proof.scratch import Scratch, empty
from engine.records import documents, papers
from engine.records.papers.kinds import FACTS

#: The rule of a finding about a story that went otherwise.
FAILED = "story-failed"


@dataclass(frozen=True, slots=True)
class Told:
    """How one story went."""

    name: str
    problems: tuple[str, ...]  # empty: as it is written
    cpu_s: float  # seconds of computing it took


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out about one version of a matter."""

    matter: str
    findings: tuple[Finding, ...]  # of the check; a story that goes otherwise is one too (rule "story-failed")
    stories: tuple[Told, ...] = ()
    offered: bool = True  # matter.yaml does not say `published: false`
    played: bool = False  # the check found no error, so the stories were played

    @property
    def good(self) -> bool:
        """Whether it may be published."""
        return not errors(list(self.findings))

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """The findings that forbid it."""
        return tuple(errors(list(self.findings)))


def prove(
    name: str,
    files: Mapping[str, bytes],
    *,
    scratch: Scratch | None = None,
    county: County | None = None,
    content: Path | None = None,
    each: Callable[[Played], None] | None = None,
    again: Verdict | None = None,
) -> Verdict:
    """Check a matter's files and play its stories. Never raises for what a file holds.

    `scratch`: a scratch hall to use again (the first use of one costs a quarter of a second). `county`: the lists its
    posts and units are held against. `content`: the folder whose shared papers come before the program's own, and whose
    other matters it may open. `each` is told of every story as it was played. `again`: an earlier verdict whose stories
    were played with just the same; they are not played again. Days are counted by the national calendar: a county's own
    closing day must not turn a story red.
    """
    with papers.using(content / "forms" if content is not None else None):
        return _prove(name, files, scratch, county, content, each, again)


def _prove(
    name: str,
    files: Mapping[str, bytes],
    scratch: Scratch | None,
    county: County | None,
    content: Path | None,
    each: Callable[[Played], None] | None,
    again: Verdict | None,
) -> Verdict:
    findings = _guarded(
        name, lambda: gate.check(matters.Source(name, files), county, house=gate.house(content) if content else None)
    )
    findings += _guarded(name, lambda: _broken_papers(name, files))
    if errors(findings):
        return Verdict(name, tuple(in_order(findings)), (), offered(name, files))
    if again is not None and again.played:
        failed = [finding for finding in again.findings if finding.rule == FAILED]
        return Verdict(name, tuple(in_order(findings + failed)), again.stories, offered(name, files), True)
    told: list[Told] = []

    def play_all() -> list[Finding]:
        package = matters.read(name, files)
        found: list[Finding] = []
        with ExitStack() as stack:
            stage = Stage(package, scratch or stack.enter_context(Scratch()))
            for story in stage.book.stories:
                played = stage.play(story)
                told.append(Told(story.name, tuple(played.problems), played.cpu_s))
                found += [_failed(name, story, problem) for problem in played.problems]
                if each is not None:
                    each(played)
        return found

    went = _guarded(name, play_all)
    hindered = any(finding.rule != FAILED for finding in went)
    return Verdict(name, tuple(in_order(findings + went)), tuple(told), offered(name, files), played=not hindered)


class Stage:
    """Where the stories of one matter are played: its county, put back for each story.

    What all stories share is made here, outside every story's clock: the empty hall, the county, the papers' templates.
    """

    def __init__(self, package: matters.Package, scratch: Scratch) -> None:
        self.package, self.scratch = package, scratch
        self.book: Book = stories.book(package)
        for key in sorted({*package.info.papers, *playing.HALL_PAPERS, hall_papers.AUTHORITY}):
            with suppress(Refused):  # a paper with a fault is the finding of the story that issues it
                papers.ready(documents.kind_of(package, key)[1])
        self._founded: dict[date, tuple[bytes, Hall]] = {}  # by the day of the story: rooms are open from then on

    def play(self, story: Story) -> Played:
        with self.scratch.inside() as database:
            hall = self.set(story)
            return playing.play(database, hall, self.package, story)

    def set(self, story: Story) -> Hall:
        """The county as it is at the beginning of a story. Called inside the scratch hall."""
        day = story.at.date()
        if day not in self._founded:
            self.scratch.put(empty())
            with self.scratch.database.unit_of_work() as work:
                hall = county.found(work, self.package, self.book, now=story.at.astimezone(UTC))
            self._founded[day] = (self.scratch.content(), hall)
        content, hall = self._founded[day]
        self.scratch.put(content)
        return hall


def offered(name: str, files: Mapping[str, bytes]) -> bool:
    """Whether people may be offered this matter: not when its matter.yaml says `published: false`, whatever else it
    says."""
    try:
        found = yaml.safe_load(files.get(f"bpmn/{name}/matter.yaml", b""))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return True
    return not isinstance(found, dict) or found.get("published") is not False


def _broken_papers(name: str, files: Mapping[str, bytes]) -> list[Finding]:
    """The shared papers this matter may issue whose files have a fault; and the sets of facts, which all of them
    read."""
    broken = papers.library().broken
    if not broken:
        return []
    info = matters.read(name, files).info
    own = {kind for kind in info.papers if f"forms/{name}/{kind}.html" in files}
    wanted = {*info.papers, "correction"} - own | {FACTS}
    return [
        Finding(f"forms/_shared/papers/{key}", "", "", 0, bad.slug, "error", bad.zh, bad.en)
        for key, bad in broken.items()
        if key in wanted
    ]


def _failed(matter: str, story: Story, problem: str) -> Finding:
    return Finding(
        stories.file_of(matter),
        story.name,
        story.name,
        story.line,
        FAILED,
        "error",
        f"故事“{story.name}”没有照着走：{problem}",
        f"The story {story.name!r} went otherwise: {problem}",
    )


def _guarded(matter: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Findings, or one that says what hindered: a fault of one matter stops no other, and never is a traceback."""
    try:
        return look()
    except matters.BadMatter as bad:
        return list(bad.findings)
    except Refused as refusal:
        return [_finding(matter, refusal.slug, refusal.zh, refusal.en)]
    except Exception as fault:
        what = f"{type(fault).__name__}: {fault}"[:300]
        return [
            _finding(
                matter,
                "check-failed",
                f"检查程序自身出错（{what}），请报告此事项。",
                f"The check itself failed ({what}). Please report this matter.",
            )
        ]


def _finding(matter: str, rule: str, zh: str, en: str) -> Finding:
    return Finding(f"bpmn/{matter}/matter.yaml", "", "", 0, rule, "error", zh, en)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain values, to be kept."""
    return {
        "matter": verdict.matter,
        "offered": verdict.offered,
        "played": verdict.played,
        "findings": [finding.as_json() for finding in verdict.findings],
        "stories": [
            {"name": t.name, "problems": list(t.problems), "cpu_s": round(t.cpu_s, 3)} for t in verdict.stories
        ],
    }


def from_json(kept: Mapping[str, Any]) -> Verdict:
    return Verdict(
        str(kept["matter"]),
        tuple(Finding(**finding) for finding in kept["findings"]),
        tuple(Told(t["name"], tuple(t["problems"]), float(t["cpu_s"])) for t in kept["stories"]),
        bool(kept["offered"]),
        bool(kept["played"]),
    )
