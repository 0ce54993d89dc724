"""`yizhan held`: notices that a restore held, and an operator's word on them."""

from __future__ import annotations

import click


@click.command()
@click.argument("ids", type=int, nargs=-1)
@click.option("--send", is_flag=True, help="发出 · send them")
@click.option("--drop", is_flag=True, help="作废 · drop them")
@click.option("--all", "everything", is_flag=True, help="全部 · all of them")
@click.option("--by", "login", default="", help="操作人的登录名 · log-in name of the operator")
def command(ids: tuple[int, ...], send: bool, drop: bool, everything: bool, login: str) -> None:
    """恢复后暂停的通知：看、发出、作废。

    Notices that waited at the moment of the backup and may have gone out since. Without --send or --drop: the list.
    """
    from engine.records import notices

    if not (send or drop):
        from engine.store import connect
        from web import settings

        read = settings.read()
        database = connect(read.database_url or None, files=read.home / "files")
        with database.reading() as work:
            rows, total = notices.held(work), notices.count_held(work)
        database.close()
        for one in rows:
            click.echo(f"{one.id}  {one.created_at:%Y-%m-%d %H:%M}  {one.address}  {one.kind}  {one.number or '—'}")
        if total > len(rows):
            click.echo(f"… 共 {total} · {total} in all")
        click.echo(
            "发出：yizhan held 编号 … --send --by 登录名；作废用 --drop；全部用 --all" if rows else "没有 · none"
        )
        return
    if send and drop or not login or bool(ids) == everything:
        raise click.UsageError(
            "请在 --send 和 --drop 里选一个，写明编号或 --all，并写 --by。"
            " Expected one of --send and --drop, numbers or --all, and --by."
        )
    from engine.commands.hall import restored
    from web.shell.calendar import hall_of

    with hall_of(login) as (work, by, now):
        done = restored.let_go(work, None if everything else ids, send=send, by=by, now=now)
    click.echo(f"已发出 {done} · sent" if send else f"已作废 {done} · dropped")
