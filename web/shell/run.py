"""`yizhan run`: the whole hall on one machine: web and worker as children, stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from web.settings import Settings

#: A child that ends by itself is started again after this many seconds.
AGAIN_S = 1.0
#: One that ended so often in so many seconds is not started again.
MOST_ENDS, OFTEN_S = 5, 60.0
#: A child gets this long to finish what it has in hand.
GRACE_S = 15.0


@click.command()
@click.option("--demo/--no-demo", default=True, show_default=True, help="空库时放入演示县 · a demo county when empty")
def command(demo: bool) -> None:
    """启动大厅：网页和后台一起，Ctrl-C 一起停。"""
    from web import settings

    read = settings.read()
    _must_be_free(read.host, read.port)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, stop)
    # A hall that was ready the last time starts at once; what is new in its content is published meanwhile.
    stamp, value = read.home / ".ready", _tables(read.database_url)
    names = ("serve", "worker")
    children = {name: _start(name) for name in names} if stamp.is_file() and stamp.read_text() == value else {}
    from web.start import begin, go_on

    def say(text: str) -> None:
        click.echo(f"[一站] {text}")

    try:
        begun = begin(read, demo=demo, say=say)
    except BaseException:
        _end(list(children.values()))
        raise
    stamp.write_text(value)
    # What people of the demo county did lies days back: a worker would fire its timers before they act.
    first = ("serve",) if begun.there is not None else names
    children = {name: children.get(name) or _start(name) for name in first}
    lived = threading.Event()
    rest = Rest(lambda: go_on(read, begun, say=say, lived=lived.set))
    rest.start()
    ended: dict[str, list[float]] = {name: [] for name in names}
    welcomed, failed = False, ""
    while not stopping.wait(0.1 if not welcomed else 0.3) and not failed:
        if rest.fault is not None:
            break
        if lived.is_set() and "worker" not in children:
            children["worker"] = _start("worker")
        if not welcomed and _answers(read.host, read.port):
            _welcome(read)
            welcomed = True
        for name, child in list(children.items()):
            if child.poll() is None or stopping.is_set():
                continue
            ended[name] = [*(at for at in ended[name] if time.monotonic() - at < OFTEN_S), time.monotonic()]
            if len(ended[name]) > MOST_ENDS:
                failed = name
                break
            click.echo(f"[一站] {name} 意外退出（{child.returncode}），正在重新启动 …", err=True)
            time.sleep(AGAIN_S)
            children[name] = _start(name)
    click.echo("[一站] 正在停止 …")
    _end(list(children.values()))
    click.echo("[一站] 已停止。")
    if rest.fault is not None:
        raise rest.fault
    if failed:
        sys.exit(f"[一站] {failed} 接连退出，已放弃。原因见上面的输出。 {failed} kept ending: see the output above.")


class Rest(threading.Thread):
    """What a start has left to do while its pages stand. A daemon: Ctrl-C waits for none of it, the next start takes
    it up."""

    def __init__(self, do: Callable[[], None]) -> None:
        super().__init__(name="behind-the-pages", daemon=True)
        self.do = do
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            self.do()
        except BaseException as fault:  # told by the main thread, which then stops the hall as a failed start does
            self.fault = fault


def _tables(database_url: str) -> str:
    """Which database at which revision: what `.ready` remembers."""
    from engine import crypto

    root = Path(__file__).resolve().parents[2]  # not `import engine.store`: that is half a second nobody needs here
    newest = max(p.name for p in (root / "engine" / "store" / "migrations" / "versions").glob("[0-9]*.py"))
    return f"{newest} {crypto.fingerprint(database_url.encode())[:16]}\n"


def _must_be_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            sys.exit(
                f"[一站] 端口 {port} 已被别的程序占用。请先停掉它，或另选端口：YIZHAN_PORT={port + 1} make run\n"
                f"       Port {port} is in use: stop the other program or choose another by YIZHAN_PORT."
            )


def _answers(host: str, port: int) -> bool:
    """Whether the web takes connections already."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((_reached(host), port)) == 0


def _reached(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host


def _start(name: str) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches us alone, and we stop the children in order.
    return subprocess.Popen(
        [sys.executable, "-m", "web.cli", name, "--parent", str(os.getpid())], start_new_session=True
    )


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + GRACE_S
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _welcome(read: Settings) -> None:
    click.echo(f"[一站] 大厅已启动：http://{_reached(read.host)}:{read.port}    停止：Ctrl-C")
    for line in demo_logins(read):
        click.echo(f"       {line}")
    click.echo(f"       后台做了什么、会发出哪些短信，记在 {read.home / 'log' / 'worker.log'}")


def demo_logins(read: Settings) -> list[str]:
    """How to log in to the demo county; nothing in a hall that does not hold it: its password is no secret."""
    from sqlalchemy import select

    from engine.store import connect
    from engine.store.models import User
    from web.demo import county, logins

    database = connect(read.database_url or None, files=read.home / "files")
    try:
        with database.reading() as work:
            there = set(work.session.scalars(select(User.login).where(User.login.in_(county()["shown"]))))
    finally:
        database.close()
    return logins() if there == set(county()["shown"]) else []


def end_with(parent: int) -> None:
    """End this process (as by SIGTERM) when its parent has gone: nobody is left behind after kill -9."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
