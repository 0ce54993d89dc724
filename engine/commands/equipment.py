"""What the worker's jobs work with: the press, the ways out, the sources outside. And what a handler of a job is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.records import anchors, notices, papers, sources
from engine.records.jobs import Leased
from engine.store import Database


class Renderer(Protocol):
    """Whatever makes papers: papers.Press, or a plain function in a test."""

    def render(self, job: papers.Job) -> papers.Made: ...


@dataclass
class Equipment:
    """What the jobs work with."""

    press: Renderer
    hands: int = 1  # papers made at the same time: as many as the press has processes
    channels: Mapping[str, notices.Channel] = field(default_factory=dict)
    sources: Mapping[str, sources.Source] = field(default_factory=dict)  # by name; "*": all others
    outside: anchors.Outside = field(default_factory=anchors.Outside)  # where the daily seal goes; empty: nowhere
    #: A turn of a replay (engine.proof.replays): whether there is more to do.
    replay: Callable[[Database, int, datetime], bool] | None = None
    clock: Callable[[], datetime] | None = None
    public_url: str = ""  # where strangers reach the hall: printed in a paper's QR code
    worker: str = field(default_factory=lambda: f"{os.uname().nodename}:{os.getpid()}")
    sign: bool = True
    sample: bool = True  # papers are demonstrations: 样章 across the seal. Else the office seals the print by hand.

    def now(self, given: datetime) -> datetime:
        return self.clock() if self.clock is not None else given


#: Does one job, in transactions of its own; marks it done (`jobs.done`) in the one that holds what it made.
Handler = Callable[[Database, Leased, Equipment, datetime], None]
