"""`yizhan keys`: the data key is changed, and the old one dropped."""

from __future__ import annotations

from datetime import UTC, datetime

import click


@click.group()
def command() -> None:
    """数据密钥。The key that personal data is sealed with."""


@command.command()
def rotate() -> None:
    """换数据密钥：大厅照常开着，新旧两把并存，全部数据和索引换成新的；中断了再运行就接着做。

    Everything sealed is sealed with a new key, in small transactions while the hall runs; run again after a stop."""
    from engine.commands.hall import rotating
    from engine.store import connect
    from web import settings
    from web.shell import refusing

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    with refusing():
        done = rotating.rotate(database, now=lambda: datetime.now(UTC), say=lambda text: click.echo(f"[一站] {text}"))
    database.close()
    click.echo(f"[一站] 已换好：{done.sealed} 个值，{done.files} 个文件，{done.indexed} 个索引。")
    click.echo(f"       Sealed anew: {done.sealed} values, {done.files} files, {done.indexed} indexes.")
    if done.left:
        click.echo(
            f"       有 {done.left} 个索引没有原文可以重做（多是设备、验证码的），用到时重新开始。"
            f" {done.left} indexes have no text to be made from; what they were for begins anew."
        )
    click.echo("       请备份新密钥，运行 yizhan audit verify，再用 yizhan keys drop 去掉旧的。以前的备份还要旧密钥。")
    click.echo(
        "       Keep a copy of the new key, verify, then `yizhan keys drop`. Older backups still need the old key."
    )


@command.command()
def drop() -> None:
    """逐个核对新密钥都打得开以后，去掉旧密钥。Drop the old key, once the new one opens everything."""
    from engine.commands.hall import rotating
    from engine.store import connect
    from web import settings
    from web.shell import refusing

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    with refusing():
        done = rotating.drop(database, now=datetime.now(UTC))
    database.close()
    if done.by_setting:
        click.echo("[一站] 不再需要旧密钥。现在把 YIZHAN_DATA_KEY 改成只有新的一把（前面那一把），所有机器重启。")
        click.echo("       The old key is not needed any more: set YIZHAN_DATA_KEY to NEW alone (the first of the two)")
        click.echo("       and start every machine again.")
    else:
        click.echo("[一站] 旧密钥已去掉。 The old key is dropped.")
    if done.codes:
        click.echo(
            f"       旧密钥做的恢复码（{done.codes} 个没用过）不能再用，请这些人重新生成恢复码：{'、'.join(done.of)}"
        )
        click.echo(
            f"       {done.codes} unused recovery codes were made by the old key and are good no more; these people "
            f"make new ones: {', '.join(done.of)}"
        )
