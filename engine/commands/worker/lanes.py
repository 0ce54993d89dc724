"""Lanes: what waits for somebody else is done beside the worker's look, never in it.

A gateway that hangs, another office that drips, a paper in the press or at its time stamp: none of them may hold up a
deadline, a timer, or a step between cases, which the worker's own look does. And none of them another of its kind: each
lane has hands of its own, a hand holds one job, and a log-in code, for which somebody waits with the telephone in hand,
stands in no line of texts to thousands.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.commands.equipment import Equipment, Handler
from engine.commands.worker import background
from engine.commands.worker.wiring import JOBS
from engine.records import jobs
from engine.records.jobs import Kind
from engine.store import Database

log = logging.getLogger("yizhan.worker")


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs that wait for the same one outside."""

    name: str
    kinds: frozenset[Kind]
    hands: int  # jobs at the same time; 0: as many papers as the press makes at once


LANES = (
    Lane("codes", frozenset({Kind.SEND_CODE}), 16),
    Lane("texts", frozenset({Kind.SEND_NOTICE}), 16),
    Lane("sources", frozenset({Kind.SHARE_DATA, Kind.COLLECT_ANSWER}), 8),
    Lane("anchor", frozenset({Kind.ANCHOR_SEAL}), 1),
    Lane("papers", frozenset({Kind.RENDER_PAPER}), 0),
    Lane("replays", frozenset({Kind.REPLAY}), 1),  # waits for nobody, but takes its time
)
#: What the worker's own look leaves to them.
BESIDE: frozenset[Kind] = frozenset().union(*(lane.kinds for lane in LANES))


@dataclass
class Lanes:
    """The lanes of one worker, on one database."""

    database: Database
    equipment: Equipment
    handlers: Mapping[Kind, Handler] = field(default_factory=lambda: JOBS)
    now: datetime | None = None  # the time to go by: of the worker's last look
    _busy: Counter[str] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closed: bool = False

    def look(self, *, now: datetime) -> set[str]:
        """Put a hand to each lane in which something is due. Waits for nobody. Which kinds of job are due, of the lanes
        and others."""
        self.now = now
        with self.database.reading() as work:
            due = jobs.kinds_due(work, now=now)
        for lane in LANES:
            if due & lane.kinds:
                self._put_a_hand_to(lane)
        return due

    def finish(self, timeout: float | None = None) -> bool:
        """Wait until no hand is busy; whether that was so in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy.total(), timeout)

    def close(self) -> None:
        """Take nothing more; what is in hand is finished first."""
        self._closed = True
        self.finish()

    def _put_a_hand_to(self, lane: Lane) -> None:
        with self._changed:
            if self._closed or self._busy[lane.name] >= (lane.hands or max(1, self.equipment.hands)):
                return
            self._busy[lane.name] += 1
        try:
            threading.Thread(target=self._work, args=(lane,), name=lane.name).start()
        except RuntimeError:  # no thread to be had: the next look tries again
            log.warning("the machine gives no thread: %s wait", lane.name)
            self._leave(lane)

    def _leave(self, lane: Lane) -> None:
        with self._changed:
            self._busy[lane.name] -= 1
            self._changed.notify_all()

    def _work(self, lane: Lane) -> None:
        """One hand: one job after the other until none is due. Whenever it takes one it puts another hand to the lane,
        so that whoever comes next does not wait for this one."""
        try:
            while not self._closed:
                now = self.now
                assert now is not None, "look first"
                with self.database.reading() as work:
                    if not jobs.due(work, now=now, kinds=lane.kinds):
                        return
                with self.database.unit_of_work() as work:
                    taken = jobs.lease(work, self.equipment.worker, now=now, most=1, kinds=lane.kinds)
                if not taken:
                    return
                self._put_a_hand_to(lane)
                background.do(self.database, taken[0], self.equipment, now, self.handlers)
        except Exception:  # the database is away: the next look tries again
            log.exception("a hand of the lane %s failed", lane.name)
        finally:
            self._leave(lane)
