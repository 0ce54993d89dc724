"""The web server: waitress, with turns for everybody and patience for nobody who has none.

waitress reads a request whole before a thread takes it, so that a slow sender holds a connection and no thread. What it
lacks against people who mean harm is here:

- **Turns.** One queue for all lets somebody with fifty connections stand in front of everybody fifty times. Here each
  address has a queue, who has used least is next, and nobody holds more than a share of the threads. Threads of Python
  take turns at one processor, so that whoever asks without end halves it for all: they rest after each turn, while
  others want something.
- **Time.** A byte now and then kept a connection for ever. Here a request must come, and an answer be taken, within a
  time that grows with what has moved.
- **Places.** When all connections are taken waitress takes none. Here an address that holds more than its part of them
  gives some back, whatever they wait for; else the one that has been waited for longest goes.
- **Size.** waitress writes whatever comes into a temporary file and asks afterwards. Here a body larger than its route
  takes is not kept: the application says so, by the head alone, and what is still on its way is thrown away for a
  while. Closed at once, the sender would see a broken connection and no answer.
- **Room.** What bodies hold while they come, and until somebody has read them, and what answers hold until they are
  taken, is bounded for each address and for all: beyond that the one goes that has been coming, or not been read, for
  longest.
- **One at a time.** Of several requests sent at once on one connection (pipelining, which no browser does) the first is
  answered and the connection closed: fifty answers nobody reads would be kept on the disk.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import FixedStreamReceiver
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import BadRequest

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
#: How long an address that has used much rests after a turn, in times of what it took, and in seconds at most; while
#: somebody else was served within the last `ABOUT_S` seconds.
REST, REST_S, ABOUT_S = 3.0, 0.25, 2.0
#: Seconds after which a thread that computes lets another one go on. With Python's own 5 ms a page of ten statements
#: waits ten times 5 ms for a neighbour that computes.
SWITCH_S = 0.0005
#: How many of the largest bodies there may be at once, half or whole and waiting, and of what answers wait to be taken
#: as much with them: of one address, of all.
OF_ONE, OF_ALL = 6, 40
#: Of all connections the part that one address may hold when there are no others left.
PART = 1 / 4
#: Bytes of a body that was refused which are read and thrown away, so that its sender reads why: the largest photo of a
#: telephone and a film of a minute.
THROWN_AWAY = 64 * 1024 * 1024
#: Bytes of the line that begins a chunk, and of what stands after the last: nobody sends either.
CHUNK_LINE = 4_096


class Turns(ThreadedTaskDispatcher):
    """Threads that serve people in turn, not requests in line."""

    def __init__(self, threads: int, whose: Callable[[Any], str], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.queue = _Queue(max(1, int(threads * SHARE)), whose, clock, self.queue_cv)
        self.queue_logger = logging.getLogger("yizhan.server.queue")
        self.queue_logger.setLevel(logging.ERROR)  # a line for each request that waits would fill the disk
        self.set_thread_count(threads)

    def forget(self, task: Any) -> bool:
        """Whether it waited here and does not any more: its connection is gone."""
        with self.lock:
            return bool(self.queue.remove(task))


class _Queue:
    """What waits, by address. The dispatcher holds its lock around all of it but `worked` and `ended`, which take it:
    threads that finish beside each other would count wrongly, and an address whose turns seem never to end is served no
    more."""

    def __init__(
        self,
        share: int,
        whose: Callable[[Any], str],
        clock: Callable[[], float],
        turns: threading.Condition,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._share, self._whose, self._clock, self._turns, self.sleep = share, whose, clock, turns, sleep
        self._waiting: dict[str, deque[Any]] = {}
        self._held: Counter[str] = Counter()
        self._used: dict[str, tuple[float, float]] = {}  # seconds of threads, as of when
        self._latest: deque[tuple[str, float]] = deque(maxlen=2)  # the two addresses served last, and until when

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

    def remove(self, task: Any) -> bool:
        """Whether it waited: it does not any more."""
        address = self._whose(task)
        waiting = self._waiting.get(address, deque())
        if task not in waiting:
            return False
        waiting.remove(task)
        if not waiting:
            del self._waiting[address]
        return True

    def _whose_turn(self) -> str | None:
        may = (one for one in self._waiting if self._held[one] < (1 if self.used(one) > MUCH_S else self._share))
        return min(may, key=self.used, default=None)

    def used(self, address: str) -> float:
        """Seconds of threads that this address has used of late."""
        seconds, at = self._used.get(address, (0.0, 0.0))
        return seconds * 0.5 ** ((self._clock() - at) / FORGET_S) if seconds else 0.0

    def worked(self, turn: _Turn) -> float:
        """The turn's work is done; the seconds that its address rests before its next."""
        with self._turns:
            now, address = self._clock(), turn.address
            took = now - turn.begun
            self._used[address] = self.used(address) + took, now
            if len(self._used) > 10_000:
                self._used = {one: used for one, used in self._used.items() if now - used[1] < 10 * FORGET_S}
            others = any(one != address and now - at < ABOUT_S for one, at in self._latest)
            if self._latest and self._latest[-1][0] == address:
                self._latest.pop()
            self._latest.append((address, now))
            return min(REST * took, REST_S) if others and self.used(address) > MUCH_S else 0.0

    def ended(self, turn: _Turn) -> None:
        with self._turns:
            self._held[turn.address] -= 1
            if not self._held[turn.address]:
                del self._held[turn.address]
            self._turns.notify()  # another of theirs may be served now


class _Turn:
    """A task while it is served."""

    def __init__(self, task: Any, queue: _Queue, address: str, begun: float) -> None:
        self.task, self.queue, self.address, self.begun = task, queue, address, begun

    def service(self) -> None:
        try:
            self.task.service()
        finally:
            if rest := self.queue.worked(self):
                self.queue.sleep(rest)
            self.queue.ended(self)

    def cancel(self) -> None:
        self.task.cancel()


class Coming(HTTPRequestParser):
    """A request while it comes: of a body that is too large nothing is kept."""

    refused = False  # and more of it may be on its way

    def __init__(self, adj: Adjustments, most: Callable[[str, str], int]) -> None:
        super().__init__(adj)
        self._most = most
        self._limit = 0

    def received(self, data: bytes) -> int:
        headed = self.headers_finished
        taken = super().received(data)
        if not headed and self.headers_finished and not self.error and not self.empty:
            if self.content_length or self.chunked:
                path = self.path.encode("latin-1").decode("utf-8", "replace")
                self._limit = self._most(self.command, path)
                if self.content_length > self._limit:
                    self._refuse(self.content_length)
        elif headed and self.chunked and not self.error:
            if self.body_bytes_received > self._limit:
                self._refuse(self.body_bytes_received)
            elif len(self.body_rcv.control_line) > CHUNK_LINE or len(self.body_rcv.trailer) > CHUNK_LINE:
                self.error, self.completed = BadRequest("Expected a chunk, but a line without end came."), True
        if self.error:
            self.expect_continue = False  # waitress would ask for the body, and forget the error
        return len(data) if self.completed and self.connection_close else taken

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError:  # a size of five thousand digits, an address with half a bracket
            raise ParsingError("Expected a head of HTTP, but there is a number or an address that is none.") from None

    def _refuse(self, size: int) -> None:
        """Come whole, without a body: the application reads in the head that it is larger than it may be."""
        self.body_rcv.getbuf().close()
        self.body_rcv = FixedStreamReceiver(0, OverflowableBuffer(self.adj.inbuf_overflow))
        self.headers["CONTENT_LENGTH"] = str(size)
        self.body_bytes_received = 0
        self.headers["CONNECTION"] = "close"  # what is still on its way is no request
        self.connection_close = self.completed = self.refused = True
        self.expect_continue = False


class Channel(HTTPChannel):
    """One connection, and what it has moved since it began to ask, or to be answered."""

    request: Coming | None
    asked_at: float | None = None  # when the request that is coming now began
    answered_at: float | None = None  # since when something waits to be taken
    moved = 0
    sent_more = False  # than one request, or than its one request may hold
    lingers = False  # it has its answer: what still comes is thrown away
    asked_by = ""  # who asked what was answered last

    def handle_read(self) -> None:
        try:
            data = self.recv(self.adj.recv_bytes)
        except BlockingIOError:  # told of one that was closed in this same look: its number is ours now
            return
        except OSError:
            self.handle_close()
            return
        if data and self.lingers:
            self.moved += len(data)
            if self.moved > THROWN_AWAY:
                self.handle_close()
        elif data:
            self.last_activity = time.time()
            self.received(data)

    def readable(self) -> bool:
        return self.lingers or super().readable()

    def handle_write(self) -> None:
        if not self.sent_more:
            super().handle_write()
            return
        self._flush_exception(self._flush_some_if_lockable)  # and never closed in the same moment, as waitress would
        if self.will_close:
            self.handle_close()
        elif self.close_when_flushed and not self.requests and not self.total_outbufs_len:
            self._linger()

    def _linger(self) -> None:
        """Answered, and closed on our side. Whoever is still sending would have their connection reset, and the answer
        with it, if what they send were left unread."""
        self.close_when_flushed, self.lingers = False, True
        self.asked_at, self.moved = time.time(), 0
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.handle_close()

    def handle_close(self) -> None:
        super().handle_close()
        if self.server.task_dispatcher.forget(self):  # it would be kept, with its body, until its turn came
            for one in self.requests:
                one.close()
            self.requests = []

    def write_soon(self, data: Any) -> int:
        """In the thread of whoever answers; what holds room is looked at in the server's own."""
        written = super().write_soon(data)
        if self.total_outbufs_len:
            self.server.trigger.pull_trigger(lambda: self.server.room.took(self, written))
        return written

    def parser_class(self, adj: Adjustments) -> Coming:
        return Coming(adj, self.server.most)

    def body(self) -> int:
        """Bytes that wait here: of a request that is coming, or has come and is not answered."""
        waiting = self.requests[:1]  # a thread may take it away meanwhile
        return sum(one.body_bytes_received for one in (*waiting, self.request) if one is not None)

    def received(self, data: bytes) -> Any:
        if self.asked_at is None:
            self.asked_at, self.answered_at, self.moved = time.time(), None, 0  # the answer before was taken
        self.moved += len(data)
        done = super().received(data)
        if self.request is None:  # it has come whole
            self.asked_at = None
        with self.requests_lock:
            self.sent_more |= any(one.refused or one.error for one in self.requests)
            for one in self.requests[1:]:
                one.close()
                self.sent_more = True
            del self.requests[1:]
            if self.requests:
                self.asked_by = self.server.room.whose(self)
        if self.body():
            self.server.room.took(self, len(data))
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

    def whose(self) -> str:
        """Who asks on it; when it is answered and not asked anew, who asked: to a proxy's address everybody belongs."""
        return self.asked_by if self.total_outbufs_len and self.request is None else self.server.room.whose(self)

    def holds(self) -> int:
        """Bytes of ours that it holds: what it has sent, and what it has not taken."""
        return self.body() + self.total_outbufs_len

    def may_go(self) -> bool:
        """Whether nobody but the other end is waited for: what has come whole and is not answered is ours to do."""
        return self.request is not None or self.total_outbufs_len > 0

    def still_since(self) -> float:
        """Since when it is coming; or, when it is not taken, since when nothing of it was."""
        coming = self.request is not None and self.asked_at is not None
        return float((self.asked_at if coming else self.last_activity) or self.creation_time)

    def waits_since(self) -> float | None:
        """Since when it has been waited for, when it holds a place and nothing else."""
        if self.requests or self.total_outbufs_len:
            return None
        return self.asked_at if self.asked_at is not None else float(self.last_activity or self.creation_time)


class Server(TcpWSGIServer):
    """Listens on one address."""

    channel_class = Channel
    room: Room
    most: Callable[[str, str], int]

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
        """Some of whoever holds too many go, whatever they wait for: a turn, or to be read. Nobody holds too many: the
        connections that have been waited for longest go, a whole request comes in a moment; and when all are at work,
        after all some of whoever holds most."""
        by: defaultdict[str, list[Channel]] = defaultdict(list)
        for one in self.active_channels.values():
            by[one.whose()].append(one)
        most = max(by.values(), key=len)
        waits = [one for those in by.values() for one in those if one.waits_since() is not None]
        go = waits if waits and len(most) <= CONNECTIONS * PART else most
        for one in sorted(go, key=lambda one: one.waits_since() or one.still_since())[: max(1, CONNECTIONS // 100)]:
            one.handle_close()


class Room:
    """What bodies and answers may hold of the temporary disk and of memory, one address's and all. In the server's own
    thread.

    What has come is added up, what has gone is not: when a sum says that it may be too much, all connections are
    counted. So nothing is forgotten, whichever way a connection ends."""

    def __init__(self, largest: int, whose: Callable[[Any], str], map_: Mapping[int, Any]) -> None:
        self._one, self._all, self.whose, self._map = largest * OF_ONE, largest * OF_ALL, whose, map_
        self._came: Counter[str] = Counter()
        self._sum = 0

    def took(self, channel: Channel, size: int) -> None:
        """Somebody sent so much, or does not take so much."""
        address = channel.whose()
        self._came[address] += size
        self._sum += size
        if self._came[address] > self._one or self._sum > self._all or len(self._came) > 10_000:
            self._count()

    def _count(self) -> None:
        holding: defaultdict[str, list[Channel]] = defaultdict(list)
        for found in list(self._map.values()):
            if isinstance(found, Channel) and found.holds():
                holding[found.whose()].append(found)
        held = Counter({address: sum(one.holds() for one in those) for address, those in holding.items()})
        for address, size in list(held.items()):
            if size > self._one and len(holding[address]) > 1:  # (the one that somebody reads may be as large as it is)
                held[address] -= _let_go(holding[address], size - self._one * 3 // 4)
        for address, _ in held.most_common():  # they are many who are one
            if held.total() <= self._all:
                break
            held[address] -= _let_go(holding[address], held.total() - self._all * 3 // 4)
        self._came, self._sum = held, held.total()


def _let_go(those: Iterable[Channel], size: int) -> int:
    """Of those that are still coming, or are not read, the ones go that have been so for longest, until so much is
    free; what was. Who holds less than an equal part of what may stay is not why it is too much: a page that somebody
    reads beside one who hoards."""
    may = [one for one in those if one.may_go()]
    free, part = 0, (sum(one.holds() for one in may) - size) / max(1, len(may))
    for one in sorted((one for one in may if one.holds() > part), key=Channel.still_since):
        if free >= size:
            break
        free += one.holds()
        one.request = None
        one.handle_close()
    return free


def whose(proxies: int) -> Callable[[Any], str]:
    """Who asks: the network of the address that the outermost of our own proxies saw, or that is the other end's."""

    def address(task: Any) -> str:
        found = str(task.addr[0])
        if proxies:
            asked = task.requests[0] if task.requests else task.request
            told = str(asked.headers.get("X_FORWARDED_FOR", "")) if asked is not None else ""
            way = [one.strip() for one in told.split(",") if one.strip()]
            found = way[-proxies] if len(way) >= proxies else found
        return tries.network(found)

    return address


def listening(
    app: Any,
    map_: dict[int, Any],
    turns: Turns,
    adjusted: Adjustments,
    room: Room,
    most: Callable[[str, str], int],
) -> list[Server]:
    """A server for each address there is."""
    servers = []
    for one in adjusted.listen:
        made = Server(app, map_, True, None, dispatcher=turns, adj=adjusted, sockinfo=one)
        made.room, made.most = room, most
        servers.append(made)
    return servers


def serve(
    app: Any, *, host: str, port: int, threads: int, proxies: int, largest: int, most: Callable[[str, str], int]
) -> None:
    """Serve until SystemExit or KeyboardInterrupt is raised in this thread: what is under way is finished. `most`: the
    bytes that a body may have, by method and path; `largest`: what it says at most."""
    sys.setswitchinterval(SWITCH_S)
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
        max_request_body_size=sys.maxsize,  # ours comes first: `Coming`
        outbuf_high_watermark=256 * 1024 * 1024,  # a thread writes an answer down and goes on, whoever reads it
    )
    everything: dict[int, Any] = {}
    turns = Turns(threads, whose(proxies))
    servers = listening(app, everything, turns, adjusted, Room(largest, whose(proxies), everything), most)
    places = [(one.effective_host, one.effective_port) for one in servers]
    MultiSocketServer(everything, adjusted, places, turns, logging.getLogger("waitress").info).run()
