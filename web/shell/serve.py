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

    import waitress

    from web import settings
    from web.app import create_app
    from web.shell.run import end_with

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    read = settings.read()
    if parent:
        end_with(parent)
    app = create_app(read)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)  # waitress closes its sockets and waits for requests under way

    signal.signal(signal.SIGTERM, stop)
    _open_files()
    waitress.serve(
        app,
        host=read.host,
        port=read.port,
        threads=threads,
        ident="yizhan",
        # A request is read to its end before a thread takes it: a slow sender holds a connection and nobody else. There
        # are many of them, each let go after half a minute of silence.
        connection_limit=CONNECTIONS,
        channel_timeout=30,
        cleanup_interval=10,
        asyncore_use_poll=True,
        max_request_header_size=32_768,
        max_request_body_size=(read.upload_mb + 2) * 1024 * 1024,
    )


#: Connections at once: a thousand that send nothing must not be all.
CONNECTIONS = 2_000


def _open_files() -> None:
    """As many open files as the connections need, where the machine lets us."""
    import resource

    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 500
    if soft < wanted:
        allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
