"""Who holds a hall up: a process of its own, so that it takes nothing from those who measure.

    python -m tests.acceptance.attackers PORT KIND:COUNT[:ADDRESS] …

KIND: head (a request whose head never ends), body (one whose body comes byte by byte), reader (asks for pages without
end and reads a byte now and then), silent (connects, no more), flood (whole requests, each as soon as the one before
was answered). ADDRESS: where they come from, one of 127.0.0.0/8; `many`: each from another. Says `ready` on its output
when all are connected, and works until it is killed; a connection that the hall lets go is made anew.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress

#: Seconds between two bytes of one that drips.
DRIP_S = 1.0


async def connected(port: int, source: str) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((source, 0))
    one.setblocking(False)
    await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", port))
    return one


async def drip(one: socket.socket, first: bytes, after: bytes) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(one, first)
    while True:
        with suppress(TimeoutError):
            if not await asyncio.wait_for(loop.sock_recv(one, 65536), DRIP_S):
                return
        await loop.sock_sendall(one, after)


async def head(one: socket.socket) -> None:
    await drip(one, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", b"a")


async def body(one: socket.socket) -> None:
    sent = b"POST /track HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    await drip(one, sent + b"Content-Length: 500000\r\n\r\n", b"a")


async def reader(one: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(one, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 50)
    while await loop.sock_recv(one, 1):
        await asyncio.sleep(DRIP_S)


async def silent(one: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(one, 1):
        pass


async def flood(one: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await loop.sock_sendall(one, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        got = await loop.sock_recv(one, 65536)
        while b"\r\n\r\n" not in got:
            more = await loop.sock_recv(one, 65536)
            if not more:
                return
            got += more
        top, _, rest = got.partition(b"\r\n\r\n")
        length = next((int(x.split(b":")[1]) for x in top.lower().split(b"\r\n") if x.startswith(b"content-len")), 0)
        left = length - len(rest)
        while left > 0:
            more = await loop.sock_recv(one, 65536)
            if not more:
                return
            left -= len(more)


KINDS = {"head": head, "body": body, "reader": reader, "silent": silent, "flood": flood}


async def main(port: int, asked: list[str]) -> None:
    waiting = asyncio.Semaphore(0)

    async def again(kind: str, source: str) -> None:
        first = True
        while True:
            try:
                one = await connected(port, source)
            except OSError:
                await asyncio.sleep(0.2)
                continue
            if first:
                first = False
                waiting.release()
            with one, suppress(OSError):
                await KINDS[kind](one)
            await asyncio.sleep(0.05)

    tasks, total = [], 0
    for what in asked:
        kind, count, *source = what.split(":")
        for n in range(int(count)):
            address = source[0] if source else "127.0.0.1"
            if address == "many":
                address = f"127.{10 + n // 200}.1.{1 + n % 200}"
            tasks.append(asyncio.create_task(again(kind, address)))
            total += 1
    for _ in range(total):
        await waiting.acquire()
    print("ready", flush=True)
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
