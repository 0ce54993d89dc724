"""A call over HTTP to a server of somebody else, which may hang, drip, redirect, talk without end, or answer twice.

The whole call has one time: looking up the name, connecting, the handshake, sending, every byte of the answer. A limit
for each read alone lets a server that sends a byte every few seconds hold a worker for hours.
"""

from __future__ import annotations

import http.client
import queue
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

#: Seconds that a whole call may take.
TOTAL_S = 10.0
#: Bytes of an answer that are read; more than anybody has to say.
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status of 200 to 299, and the beginning of what was said."""

    status: int
    body: bytes
    whole: bool  # False: there was more than was to be read

    def __str__(self) -> str:
        return f"{self.status} {self.body.decode(errors='replace')}"


class TooSlow(TimeoutError):
    """Expected the whole answer within the time of a call."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"expected an answer within {seconds:g} seconds, but the server was not done")


class Unusable(OSError):
    """Expected an answer that can be used; says what came instead."""


def asking(url: str, data: str | None, *, token: str, key: str) -> urllib.request.Request:
    """JSON for a server of somebody else (None: a question by its address alone), with the hall's bearer token, under
    the key by which it knows what it had already."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return urllib.request.Request(url, data=None if data is None else data.encode(), headers=headers)


def call(request: urllib.request.Request, *, total_s: float = TOTAL_S, most: int = MOST) -> Answer:
    """The answer. OSError (TooSlow, Unusable among them) when there is none to use, after `total_s` at the latest.

    A redirect is not followed: what is sent carries telephone numbers and a token, and goes to the address that was
    set, or nowhere. Of an answer `most` bytes are read, and nothing that comes after it.
    """
    sockets: list[socket.socket] = []
    answered: queue.Queue[Answer | BaseException] = queue.Queue(1)

    def ask() -> None:
        try:
            answered.put(_ask(_opener(sockets.append), request, total_s, most))
        except BaseException as error:  # whatever it is, the caller gets it
            answered.put(error)

    # A thread, because nothing else bounds all of it: names are looked up by the system, in its own time.
    threading.Thread(target=ask, name="call", daemon=True).start()
    try:
        found = answered.get(timeout=total_s)
    except queue.Empty:
        for one in sockets:  # what the thread waits for ends now, and the thread with it
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        raise TooSlow(total_s) from None
    if isinstance(found, Answer):
        return found
    if isinstance(getattr(found, "reason", found), TimeoutError):  # urllib wraps what happens before the answer
        raise TooSlow(total_s) from found
    raise found


def _ask(opener: urllib.request.OpenerDirector, request: urllib.request.Request, total_s: float, most: int) -> Answer:
    try:
        with opener.open(request, timeout=total_s) as said:
            if not 200 <= said.status < 300:
                way = ", which is not followed" if 300 <= said.status < 400 else ""
                raise Unusable(f"the server answered {said.status}{way}")
            body = said.read(most + 1)
            return Answer(said.status, body[:most], len(body) <= most)
    except http.client.HTTPException as broken:  # its words may be the server's: they do not go into a log
        raise Unusable(f"the server did not speak HTTP ({type(broken).__name__})") from None


def _opener(opened: Callable[[socket.socket], None]) -> urllib.request.OpenerDirector:
    """One that goes through the machine's proxy where one is set, follows nothing, and tells each socket it opens."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            opened(self.sock)

    class Sealed(http.client.HTTPSConnection):
        def connect(self) -> None:
            http.client.HTTPConnection.connect(self)
            # The handshake by itself: in wrap_socket, nobody could cut off one that drips.
            name = getattr(self, "_tunnel_host", None) or self.host
            self.sock = _tls().wrap_socket(self.sock, server_hostname=name, do_handshake_on_connect=False)
            opened(self.sock)
            self.sock.do_handshake()

    class Http(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, req)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Sealed, req)

    director = urllib.request.OpenerDirector()
    handlers: tuple[Any, ...] = (urllib.request.ProxyHandler(), urllib.request.UnknownHandler(), Http(), Https())
    for handler in handlers:
        director.add_handler(handler)
    return director


@cache
def _tls() -> ssl.SSLContext:
    """Made by the first call: reading the machine's authorities takes longer than all else of an import."""
    return ssl.create_default_context()
