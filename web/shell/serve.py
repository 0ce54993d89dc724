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
    waitress.serve(app, host=read.host, port=read.port, threads=threads, ident="yizhan")
