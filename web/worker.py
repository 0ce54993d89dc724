"""The worker: APScheduler is its metronome, rows in the database are its work. Any number may run, anywhere.

A tick looks at what is due (deadlines, timers of diagrams, jobs) and does it; a tick with nothing due costs two short
statements. No schedule is stored: a worker that starts finds everything in the rows.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from engine.commands.equipment import Equipment
from engine.commands.hall import calendars
from engine.commands.worker import background
from engine.commands.worker.lanes import BESIDE, Lanes
from engine.proof import replays
from engine.records import anchors, heartbeats, jobs, notices, papers, sources
from engine.store import Database

log = logging.getLogger("yizhan.worker")

#: Seconds between two looks. A worker beside the web does not wait for the next: it is rung for (engine.store.bell).
TICK_S = 1.0
#: Most rounds of one tick: other things must have their turn.
ROUNDS = 20


@dataclass
class Worker:
    """One worker on one database."""

    database: Database
    equipment: Equipment
    clock: Callable[[], datetime] | None = None  # None: the machine's own, judged by engine.records.heartbeats
    stopping: threading.Event = field(default_factory=threading.Event)
    watch: heartbeats.Watch = field(default_factory=lambda: heartbeats.Watch(socket.gethostname()))
    turn: threading.Lock = field(default_factory=threading.Lock)  # one look at a time, by the clock or by the bell
    lanes: Lanes = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.database, self.equipment)

    def now(self) -> datetime:
        """The time to go by: a machine's clock that jumped is not followed."""
        if self.clock is not None:
            return self.clock()
        return self.watch.now(self.database)

    def tick(self) -> int:
        """Do what is due now; how much was done. What waits for somebody outside has been begun, and no more."""
        with self.turn:
            return self._tick()

    def _tick(self) -> int:
        from engine.commands.worker import sweep

        done = 0
        now = self.now()
        self.database.clock = lambda: now
        for _ in range(ROUNDS):
            if self.stopping.is_set():
                break
            swept = sweep.sweep(self.database, now=now)
            due = self.lanes.look(now=now)
            taken = background.run(self.database, self.equipment, now=now, but=BESIDE) if due - BESIDE else 0
            done += taken + swept.alarms + swept.timers + swept.turns
            if not taken and not swept.busy:
                break
        else:
            self.lanes.look(now=now)  # what the last round has put there
        return done

    def answer_the_bell(self) -> None:
        """Until told to stop: look as soon as it rings."""
        look = _guarded(self.tick)
        while not self.stopping.is_set():
            if self.database.bell.wait(TICK_S):
                look()

    def between_looks(self, call: Callable[[], Any]) -> Callable[[], None]:
        """The call, only while no look is being taken: what people wait for goes before."""

        def take_a_turn() -> None:
            if not self.stopping.is_set() and self.turn.acquire(blocking=False):
                try:
                    call()
                finally:
                    self.turn.release()

        return take_a_turn

    def seal(self) -> bool:
        """Lay a seal over the newest events of the audit."""
        return background.seal(self.database, now=self.now(), outside=bool(self.equipment.outside))

    def tidy(self) -> int:
        """Drop what was tried to sign in a day ago and counts no more."""
        return background.tidy(self.database, now=self.now())


def equip(
    press: papers.Press,
    *,
    public_url: str = "",
    gateway: str = "",
    token: str = "",
    exchange: str = "",
    exchange_token: str = "",
    outside: anchors.Outside | None = None,
) -> Equipment:
    """Press (web.press), channels and outside sources for a real worker."""
    channel: notices.Channel = notices.Gateway(gateway, token) if gateway else notices.Screen()
    source: sources.Source = sources.Exchange(exchange, exchange_token, public_url) if exchange else sources.Demo()
    return Equipment(
        press=press,
        hands=press.processes,
        channels={"*": channel},
        sources={"*": source},
        outside=outside or anchors.Outside(),
        public_url=public_url,
        replay=replays.turn,
        sample=press.demo,
    )


def bury(database: Database, equipment: Equipment, *, now: datetime) -> int:
    """End the leases of workers of this machine that are dead (kill -9): nobody waits two minutes for them."""
    machine = equipment.worker.partition(":")[0]
    with database.reading() as work:
        names = [name for name in jobs.holders(work) if name.partition(":")[0] == machine and not _alive(name)]
    freed = 0
    for name in names:
        with database.unit_of_work() as work:
            freed += jobs.release(work, name, now=now)
    return freed


def _alive(worker: str) -> bool:
    try:
        os.kill(int(worker.partition(":")[2]), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def serve(
    database: Database,
    equipment: Equipment,
    *,
    tick_s: float = TICK_S,
    beside: Sequence[tuple[Callable[[], Any], float]] = (),
) -> None:
    """Run until SIGTERM or SIGINT. What is in hand is finished first. `beside`: what else is called, every so many
    seconds, between two looks."""
    from apscheduler.schedulers.background import BackgroundScheduler

    worker = Worker(database, equipment)
    ended = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        worker.stopping.set()
        ended.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    moved = calendars.catch_up(database, worker.watch.machine, now=worker.now())
    if moved:
        log.info("the calendar has changed: %s open cases were dated again", moved)
    scheduler = BackgroundScheduler(timezone=UTC)
    common: dict[str, Any] = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    scheduler.add_job(_guarded(worker.tick), "interval", seconds=tick_s, **common)
    scheduler.add_job(_guarded(worker.tidy), "interval", seconds=3600, **common)
    scheduler.add_job(_guarded(worker.seal), "interval", seconds=background.SEAL_EVERY.total_seconds(), **common)
    for call, every_s in beside:
        scheduler.add_job(_guarded(worker.between_looks(call)), "interval", seconds=every_s, **common)
    try:
        bury(database, equipment, now=worker.now())
    except Exception:  # the database may be away for a moment: the leases end by themselves
        log.exception("leases of dead workers could not be ended")
    scheduler.start()
    listener = threading.Thread(target=worker.answer_the_bell, name="bell")
    if database.bell.listen():
        listener.start()
    log.info("worker %s is running", equipment.worker)
    ended.wait()
    scheduler.shutdown(wait=True)
    if listener.is_alive():
        listener.join()
    worker.lanes.close()
    database.bell.close()
    close = getattr(equipment.press, "close", None)
    if close is not None:
        close()
    database.close()


def _guarded(call: Callable[[], Any]) -> Callable[[], None]:
    """A tick that fails (the database is away) is logged; the next one tries again."""

    def tick() -> None:
        try:
            call()
        except Exception:
            log.exception("a tick failed; the next one tries again")

    return tick
