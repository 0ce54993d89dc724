"""What a play of a draft has come to after each step (一刻), kept for a while: a step more then costs one step, and a
step back costs nothing. So many bytes at most, the oldest unused go first."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.proof.county import Hall
from engine.proof.playing import Played, Player

#: Bytes of all that is kept in a process: some two hundred steps.
MOST_BYTES = 32_000_000
#: The largest hall in memory that a play may grow to: a matter that opens a thousand cases is told so.
MOST_CONTENT = 64_000_000


@dataclass(frozen=True, slots=True)
class Beat:
    """What came of one step."""

    at: datetime  # where the clock stood then
    opened: tuple[str, ...] = ()  # names of steps for people that opened
    papers: tuple[str, ...] = ()  # titles
    notices: tuple[str, ...] = ()  # kinds
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """The scratch hall, and what the player knows, after a step."""

    content: bytes = field(repr=False)  # packed
    hall: Hall
    now: datetime
    number: str
    incident: int
    not_done: frozenset[int]
    played: Mapping[str, Any] = field(repr=False)
    papers: Mapping[str, str] = field(repr=False)  # check code -> the paper as a page
    due: Mapping[str, str]  # element of an open step -> until when it is due, as a story says it
    variables: Mapping[str, Any] = field(repr=False)  # of the case
    seen: tuple[int, int, int]  # the last task, paper and notice that was told
    beat: Beat

    @property
    def size(self) -> int:
        return len(self.content) + sum(len(page) for page in self.papers.values()) + 4_000

    def unpacked(self) -> bytes:
        return zlib.decompress(self.content)

    def resume(self, player: Player) -> None:
        """The player stands where this moment was taken."""
        player.now, player.number = self.now, self.number
        player.incident, player.not_done = self.incident, set(self.not_done)
        for name, value in self.played.items():
            setattr(player.played, name, list(value) if isinstance(value, tuple) else value)


#: What of a story that was played is kept with a moment.
KEPT = ("problems", "tasks", "effects", "trace", "flows")


def played_of(played: Played) -> dict[str, Any]:
    return {name: tuple(getattr(played, name)) for name in KEPT} | {"case_id": played.case_id}


def packed(content: bytes) -> bytes:
    return zlib.compress(content, 1)


class Moments:
    """Moments by their name (engine.proof.trying says which). For any number of threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[str, Moment] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> Moment | None:
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def put(self, name: str, moment: Moment) -> None:
        with self._lock:
            before = self._kept.pop(name, None)
            self._bytes += moment.size - (before.size if before is not None else 0)
            self._kept[name] = moment
            while self._bytes > self._most and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= gone.size

    @property
    def size(self) -> int:
        return self._bytes
