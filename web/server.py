"""The web server: waitress, with turns for everybody and patience for nobody who has none.

waitress reads a request whole before a thread takes it, so that a slow sender holds a connection and no thread. What it
lacks against people who mean harm is here:

- **Turns.** One queue for all lets somebody with fifty connections stand in front of everybody fifty times. Here each
  address has a queue, who has used least is next, and nobody holds more than a share of the threads.
- **Time.** A byte now and then kept a connection for ever. Here a request must come, and an answer be taken, within a
  time that grows with what has moved.
- **Room.** When all connections are taken waitress takes none. Here the one that has been waited for longest goes.
- **One at a time.** Of several requests sent at once on one connection (pipelining, which no browser does) the first is
  answered and the connection closed: fifty answers nobody reads would be kept on the disk.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from engine.people import tries

#: Connections at once: a thousand that send nothing must not be all.
CONNECTIONS = 2_000
#: Taken at one look at the door, at most: others want something meanwhile.
AT_ONCE = 64
#: Seconds that a request may take to come, or an answer to be taken, and what it earns more time by: bytes a second.
#: The slowest telephone in a village is ten times as quick.
PATIENCE_S, RATE = 20.0, 2_000
#: Seconds that a connection on which nothing is asked stays open.
IDLE_S = 30
#: Of the threads one address may hold so many at once; one that has used them much of late (seconds of a thread, the
#: half of it forgotten every `FORGET_S`), one.
SHARE, MUCH_S, FORGET_S = 3 / 8, 2.0, 5.0


class Turns(ThreadedTaskDispatcher):
    """Threads that serve people in turn, not requests in line."""

    def __init__(self, threads: int, whose: Callable[[Any], str], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.queue = _Queue(max(1, int(threads * SHARE)), whose, clock, self.queue_cv)
        self.queue_logger = logging.getLogger("yizhan.server.queue")
        self.queue_logger.setLevel(logging.ERROR)  # a line for each request that waits would fill the disk
        self.set_thread_count(threads)


class _Queue:
    """What waits, by address. The dispatcher holds its lock around all of it but `ended`, which takes it: threads that
    finish beside each other would count wrongly, and an address whose turns seem never to end is served no more."""

    def __init__(
        self, share: int, whose: Callable[[Any], str], clock: Callable[[], float], turns: threading.Condition
    ) -> None:
        self._share, self._whose, self._clock, self._turns = share, whose, clock, turns
        self._waiting: dict[str, deque[Any]] = {}
        self._held: Counter[str] = Counter()
        self._used: dict[str, tuple[float, float]] = {}  # seconds of threads, as of when

    def append(self, task: Any) -> None:
        self._waiting.setdefault(self._whose(task), deque()).append(task)

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __bool__(self) -> bool:
        """Whether somebody may be served now."""
        return self._whose_turn() is not None

    def popleft(self) -> _Turn:
        address = self._whose_turn()
        assert address is not None
        task = self._waiting[address].popleft()
        if not self._waiting[address]:
            del self._waiting[address]
        self._held[address] += 1
        return _Turn(task, self, address, self._clock())

    def _whose_turn(self) -> str | None:
        may = (one for one in self._waiting if self._held[one] < (1 if self.used(one) > MUCH_S else self._share))
        return min(may, key=self.used, default=None)

    def used(self, address: str) -> float:
        """Seconds of threads that this address has used of late."""
        seconds, at = self._used.get(address, (0.0, 0.0))
        return seconds * 0.5 ** ((self._clock() - at) / FORGET_S) if seconds else 0.0

    def ended(self, turn: _Turn) -> None:
        with self._turns:
            now = self._clock()
            self._used[turn.address] = self.used(turn.address) + now - turn.begun, now
            self._held[turn.address] -= 1
            if not self._held[turn.address]:
                del self._held[turn.address]
            if len(self._used) > 10_000:
                self._used = {one: used for one, used in self._used.items() if now - used[1] < 10 * FORGET_S}
            self._turns.notify()  # another of theirs may be served now


class _Turn:
    """A task while it is served."""

    def __init__(self, task: Any, queue: _Queue, address: str, begun: float) -> None:
        self.task, self.queue, self.address, self.begun = task, queue, address, begun

    def service(self) -> None:
        try:
            self.task.service()
        finally:
            self.queue.ended(self)

    def cancel(self) -> None:
        self.task.cancel()


class Channel(HTTPChannel):
    """One connection, and what it has moved since it began to ask, or to be answered."""

    asked_at: float | None = None  # when the request that is coming now began
    answered_at: float | None = None  # since when something waits to be taken
    moved = 0
    sent_more = False

    def handle_read(self) -> None:
        try:
            data = self.recv(self.adj.recv_bytes)
        except BlockingIOError:  # told of one that was closed in this same look: its number is ours now
            return
        except OSError:
            self.handle_close()
            return
        if data:
            self.last_activity = time.time()
            self.received(data)

    def received(self, data: bytes) -> Any:
        if self.asked_at is None:
            self.asked_at, self.answered_at, self.moved = time.time(), None, 0  # the answer before was taken
        self.moved += len(data)
        done = super().received(data)
        if self.request is None:  # it has come whole
            self.asked_at = None
        with self.requests_lock:
            for one in self.requests[1:]:
                one.close()
                self.sent_more = True
            del self.requests[1:]
        return done

    def service(self) -> None:
        super().service()
        if self.sent_more:
            self.close_when_flushed = True
            self.server.pull_trigger()

    def send(self, data: bytes, do_close: bool = True) -> Any:
        sent = super().send(data, do_close=do_close)
        self.moved += sent or 0
        return sent

    def look(self, now: float) -> None:
        """Let it go when its time is over. In the server's own thread."""
        if self.total_outbufs_len:
            if self.answered_at is None:
                self.answered_at, self.moved = now, 0
            began: float | None = self.answered_at
        else:
            self.answered_at = None
            began = self.asked_at
        over = began is not None and now > began + PATIENCE_S + self.moved / RATE
        idle = began is None and not self.requests and now > self.last_activity + IDLE_S
        if over or idle:
            self.handle_close()

    def waits_since(self) -> float | None:
        """Since when it has been waited for, when it holds a place and nothing else."""
        if self.requests or self.total_outbufs_len:
            return None
        return self.asked_at if self.asked_at is not None else float(self.last_activity or self.creation_time)


class Server(TcpWSGIServer):
    """Listens on one address."""

    channel_class = Channel

    def maintenance(self, now: float) -> None:
        for channel in list(self.active_channels.values()):
            channel.look(now)

    def handle_accept(self) -> None:
        before = len(self.active_channels)
        for _ in range(AT_ONCE):
            super().handle_accept()
            if len(self.active_channels) == before:  # nobody else is at the door
                return
            before = len(self.active_channels)
            if before > CONNECTIONS:
                self.make_room()
                before = len(self.active_channels)

    def make_room(self) -> None:
        """The connections that have been waited for longest go: a whole request comes in a moment."""
        waits = [(one.waits_since(), n) for n, one in self.active_channels.items()]
        for _, n in sorted((since, n) for since, n in waits if since is not None)[: CONNECTIONS // 100]:
            self.active_channels[n].handle_close()


def whose(proxies: int) -> Callable[[Any], str]:
    """Who asks: the network of the address that the outermost of our own proxies saw, or that is the other end's."""

    def address(task: Any) -> str:
        found = str(task.addr[0])
        if proxies:
            told = str(task.requests[0].headers.get("X_FORWARDED_FOR", "")) if task.requests else ""
            way = [one.strip() for one in told.split(",") if one.strip()]
            found = way[-proxies] if len(way) >= proxies else found
        return tries.network(found)

    return address


def serve(app: Any, *, host: str, port: int, threads: int, proxies: int, most_bytes: int) -> None:
    """Serve until SystemExit or KeyboardInterrupt is raised in this thread: what is under way is finished."""
    adjusted = Adjustments(
        host=host,
        port=port,
        threads=threads,
        ident="yizhan",
        connection_limit=CONNECTIONS + 1_000,  # ours comes first: `make_room`
        cleanup_interval=2,
        log_socket_errors=False,  # who hangs up in the middle is no fault of ours
        asyncore_use_poll=True,
        max_request_header_size=32_768,
        max_request_body_size=most_bytes,
        outbuf_high_watermark=256 * 1024 * 1024,  # a thread writes an answer down and goes on, whoever reads it
    )
    everything: dict[int, Any] = {}
    turns = Turns(threads, whose(proxies))
    servers = [
        Server(app, everything, True, None, dispatcher=turns, adj=adjusted, sockinfo=one) for one in adjusted.listen
    ]
    places = [(one.effective_host, one.effective_port) for one in servers]
    MultiSocketServer(everything, adjusted, places, turns, logging.getLogger("waitress").info).run()
