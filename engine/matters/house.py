"""What the program above this room does for a matter, as values: the check is given it and imports nothing from there.

`engine.commands.gate` fills it from the tables the run itself uses (the wiring, the facts of papers, the hall's own
notices), so that the check cannot know less than the run. None: not known here, nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.findings import Finding


class Paper(Protocol):
    """What the check reads of a kind of paper (engine.records.papers.PaperKind)."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def required(self) -> Mapping[str, str]: ...
    @property
    def optional(self) -> Mapping[str, str]: ...


#: A matter's own paper file, read: (bytes, its path) -> the kind, unless it cannot be read, and what is wrong with it.
ReadPaper = Callable[[bytes, str], tuple[Paper | None, list[Finding]]]
#: A matter's name -> the fields of its application form; None: it cannot be read, which is said there.
Asks = Callable[[str], Collection[str] | None]


@dataclass(frozen=True)
class House:
    """What runs a matter."""

    effects: Collection[str] | None = None  # kinds of effect that somebody carries out
    papers: Mapping[str, Paper] | None = None  # the shared kinds of paper
    read_paper: ReadPaper | None = None
    facts: Collection[str] = ()  # dotted paths that every paper is given
    own_papers: Mapping[str, Collection[str]] = field(
        default_factory=dict
    )  # the hall issues them itself -> facts it adds
    effect_papers: Mapping[str, str] = field(default_factory=dict)  # effect -> the paper it issues by itself
    said: Collection[str] = ()  # names that every notice may use
    notices: Mapping[str, Collection[str]] = field(default_factory=dict)  # those the hall sends itself -> names it adds
    effect_notices: Mapping[str, str] = field(default_factory=dict)  # effect -> the notice it sends by itself
    begins: Collection[str] = ()  # dotted paths a case has before its first step, beside the answers
    messages: Mapping[str, Collection[str]] = field(
        default_factory=dict
    )  # messages the hall sends -> dotted paths they bring
    timed: Collection[str] = ()  # of these, what the hall surely sends when a time has come
    users: Collection[str] = ()  # words for a person of the case: applicant, agent …
    matters: Collection[str] | None = None  # the other matters there are
    asks: Asks | None = None  # what the application form of one of them asks
    sources: Collection[str] | None = None  # where share-data may ask
    tests: Callable[[str], bool] | None = None  # whether there is a test of this name; None: the tests are not here
