"""`yizhan serve`: the web application alone, by waitress."""

from __future__ import annotations

import click


@click.command()
@click.option("--parent", type=int, default=0, hidden=True, help="end when this process has gone")
@click.option("--threads", type=int, default=8, show_default=True)
def command(parent: int, threads: int) -> None:
    """网页服务进程。The web application alone; `yizhan worker` must run beside it."""
    import logging
    import signal
    import sys
    from types import FrameType

    from web import edge, logs, server, settings
    from web.app import create_app
    from web.shell.run import end_with

    read = settings.read()
    logs.begin(read.log, logging.WARNING)
    if parent:
        end_with(parent)
    app = create_app(read)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)  # the server closes its sockets and waits for requests under way

    signal.signal(signal.SIGTERM, stop)
    _open_files()
    server.serve(
        app,
        host=read.host,
        port=read.port,
        threads=threads,
        proxies=read.proxies,
        largest=app.config["MAX_CONTENT_LENGTH"],
        most=edge.most_at(app),
    )


def _open_files() -> None:
    """As many open files as the connections need, where the machine lets us."""
    import resource

    from web.server import CONNECTIONS

    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 500
    if soft < wanted:
        allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
