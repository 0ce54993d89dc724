"""`yizhan worker`: wakes due timers and deadlines, renders papers, delivers notices."""

from __future__ import annotations

from pathlib import Path

import click

#: Seconds between two orders of the demo county's year: a few hours in all, with their papers a fifth of one core.
YEAR_EVERY_S = 8.0


@click.command()
@click.option("--parent", type=int, default=0, hidden=True, help="end when this process has gone")
def command(parent: int) -> None:
    """后台进程：到时的定时器与时限、文书、通知（可运行任意多个）。

    Runs until Ctrl-C; any number of workers may run on any number of machines.
    """
    import logging
    import os

    from web import logs, press, settings
    from web.shell.run import end_with

    read = settings.read()
    logs.begin(read.log, logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    if parent:  # `yizhan run`: what it did and what would be sent is kept in a file; the screen is for trouble
        _write_to(read.home / "log" / "worker.log", read.log)
        end_with(parent)
    signer, fonts = os.environ.get("YIZHAN_SIGNER", ""), os.environ.get("YIZHAN_FONTS", "")
    trust = os.environ.get("YIZHAN_TSA_TRUST", "")
    started = press.start(
        read.home,
        signer=Path(signer) if signer else None,
        password=os.environ.get("YIZHAN_SIGNER_PASSWORD", ""),
        tsa=os.environ.get("YIZHAN_TSA", ""),
        trust=Path(trust) if trust else None,
        fonts=Path(fonts) if fonts else None,
        hall=read.hall_name,
        forms=read.content / "forms",
    )
    # Imported while the press starts: that takes it longer than all of this takes us.
    from engine.records import anchors, papers
    from engine.store import connect
    from web import progress, worker

    papers.use(read.content / "forms")

    database = connect(read.database_url or None, files=read.home / "files")
    equipment = worker.equip(
        started,
        public_url=os.environ.get("YIZHAN_PUBLIC_URL", "") or f"http://{read.host}:{read.port}",
        gateway=os.environ.get("YIZHAN_GATEWAY_URL", ""),
        token=os.environ.get("YIZHAN_GATEWAY_TOKEN", ""),
        exchange=os.environ.get("YIZHAN_EXCHANGE_URL", ""),
        exchange_token=os.environ.get("YIZHAN_EXCHANGE_TOKEN", ""),
        outside=anchors.Outside(
            file=read.anchor_file,
            url=os.environ.get("YIZHAN_ANCHOR_URL", ""),
            token=os.environ.get("YIZHAN_ANCHOR_TOKEN", ""),
        ),
    )

    def year() -> None:
        if progress.year(read.home) is not None:  # else nothing of the demo is loaded
            from web.demo import year as demo_year

            demo_year.go_on(read.home, database)

    worker.serve(database, equipment, beside=[(year, YEAR_EVERY_S)])


def _write_to(path: Path, kind: str) -> None:
    """Keep the log in this file (10 MB, five before it); on the screen only warnings and errors stay."""
    import logging
    from logging.handlers import RotatingFileHandler

    from web import logs

    path.parent.mkdir(parents=True, exist_ok=True)
    kept = RotatingFileHandler(path, maxBytes=10_000_000, backupCount=5, encoding="utf-8")
    logs.dress(kept, kind)
    root = logging.getLogger()
    for shown in root.handlers:
        shown.setLevel(logging.WARNING)
    root.addHandler(kept)
