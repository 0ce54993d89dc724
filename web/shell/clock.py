"""`yizhan clock`: whether a worker's machine has a clock that jumped, and a person's word that it is right."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--confirm", "machine", default="", help="确认这台机器的时间是对的 · say that this machine's time is right"
)
@click.option("--by", "login", default="", help="操作人的登录名 · log-in name of the operator")
def command(machine: str, login: str) -> None:
    """机器时钟：有无跳变；确认。A clock that jumped is not followed until it comes back, or a person confirms it."""
    from engine.people import require
    from engine.records import heartbeats
    from web.shell.calendar import hall_of

    if machine:
        if not login:
            raise click.UsageError("确认须写明操作人 --by。Expected --by with the operator's log-in name.")
        with hall_of(login) as (work, by, now):
            require(by, "operate")
            known = {one.machine for one in heartbeats.jumps(work)}
            heartbeats.confirm(work, machine, by=by, now=now)
        click.echo("已确认 · confirmed" if machine in known else "这台机器没有待确认的跳变 · nothing to confirm")
        return

    from engine.store import connect
    from web import settings

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    with database.reading() as work:
        jumped = heartbeats.jumps(work)
    database.close()
    for one in jumped:
        click.echo(
            f"{one.machine}: 机器时钟偏差 {one.jump_s or 0:+.0f} 秒，后台按 {one.trusted_at:%Y-%m-%d %H:%M} UTC 办事"
        )
    if not jumped:
        click.echo("没有跳变 · no clock has jumped")
