"""Servers of somebody else, on real sockets, each bad in its own way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"id": 1}'


@dataclass
class Bad:
    """One server: what it was asked, and how it answers."""

    answers: Callable[[Bad, socket.socket, bytes], None]
    url: str = ""
    got: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)  # the test is done with it
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))  # one for each call it let go


@contextmanager
def serving(answers: Callable[[Bad, socket.socket, bytes], None]) -> Iterator[Bad]:
    """The server, until the end of the block."""
    bad = Bad(answers)
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    bad.url = f"http://127.0.0.1:{listening.getsockname()[1]}/send"

    def take() -> None:
        while True:
            try:
                taken, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(taken,), daemon=True).start()

    def serve(taken: socket.socket) -> None:
        with taken, suppress(OSError):
            asked = whole(taken)
            bad.got.append(asked)
            bad.answers(bad, taken, asked)
        bad.ended.release()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        yield bad
    finally:
        bad.over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def whole(taken: socket.socket) -> bytes:
    """A request with its body."""
    asked = b""
    while b"\r\n\r\n" not in asked:
        more = taken.recv(65536)
        if not more:
            return asked
        asked += more
    head, _, body = asked.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += taken.recv(65536)
    return head + b"\r\n\r\n" + body


def _until_let_go(bad: Bad, taken: socket.socket, sent: bytes = b"") -> None:
    """Send this again and again, a byte each hundredth of a second, until the caller has gone."""
    while not bad.over.wait(0.01):
        if sent:
            taken.sendall(sent)
        taken.setblocking(False)
        try:
            if not taken.recv(1):
                return
        except BlockingIOError:
            pass
        finally:
            taken.setblocking(True)


def hangs(bad: Bad, taken: socket.socket, _: bytes) -> None:
    """Takes the call and says nothing."""
    _until_let_go(bad, taken)


def drips_its_head(bad: Bad, taken: socket.socket, _: bytes) -> None:
    taken.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _until_let_go(bad, taken, b"a")


def drips_its_body(bad: Bad, taken: socket.socket, _: bytes) -> None:
    taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    _until_let_go(bad, taken, b"a")


def says_wait_for_ever(bad: Bad, taken: socket.socket, _: bytes) -> None:
    _until_let_go(bad, taken, b"HTTP/1.1 100 Continue\r\n\r\n")


def redirects(bad: Bad, taken: socket.socket, asked: bytes) -> None:
    """To itself, by another address: whoever follows is seen."""
    to = bad.url.replace("/send", "/elsewhere").encode()
    taken.sendall(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + to + b"\r\nContent-Length: 0\r\n\r\n")


def answers_twice(bad: Bad, taken: socket.socket, _: bytes) -> None:
    taken.sendall(OK + b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")


def sends_a_hundred_megabytes(bad: Bad, taken: socket.socket, _: bytes) -> None:
    taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
    for _n in range(100):
        taken.sendall(b"a" * 1_000_000)


def speaks_something_else(bad: Bad, taken: socket.socket, _: bytes) -> None:
    taken.sendall(b"SSH-2.0-OpenSSH 13805950001\r\n")


def is_well(bad: Bad, taken: socket.socket, _: bytes) -> None:
    taken.sendall(OK)
