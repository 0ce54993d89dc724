"""`yizhan worker`: wakes due timers and deadlines, renders papers, delivers notices."""

from __future__ import annotations

import click


@click.command()
@click.option("--parent", type=int, default=0, hidden=True, help="end when this process has gone")
def command(parent: int) -> None:
    """后台进程：到时的定时器与时限、文书、通知（可运行任意多个）。

    Runs until Ctrl-C; any number of workers may run on any number of machines.
    """
    import logging
    import os
    from pathlib import Path

    from engine.store import connect
    from web import settings, worker
    from web.shell.run import end_with

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    read = settings.read()
    if parent:
        end_with(parent)
    database = connect(read.database_url or None, files=read.home / "files")
    signer, fonts = os.environ.get("YIZHAN_SIGNER", ""), os.environ.get("YIZHAN_FONTS", "")
    equipment = worker.equip(
        read.home,
        signer=Path(signer) if signer else None,
        password=os.environ.get("YIZHAN_SIGNER_PASSWORD", ""),
        fonts=Path(fonts) if fonts else None,
        public_url=os.environ.get("YIZHAN_PUBLIC_URL", "") or f"http://{read.host}:{read.port}",
        gateway=os.environ.get("YIZHAN_GATEWAY_URL", ""),
        token=os.environ.get("YIZHAN_GATEWAY_TOKEN", ""),
        exchange=os.environ.get("YIZHAN_EXCHANGE_URL", ""),
        exchange_token=os.environ.get("YIZHAN_EXCHANGE_TOKEN", ""),
        hall=read.hall_name,
    )
    worker.serve(database, equipment)
