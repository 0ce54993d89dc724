"""`yizhan restore DIR`: a hall out of its backup, in an empty home folder."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("--check", "only_check", is_flag=True, help="只核对，不恢复 · only compare, restore nothing")
@click.option(
    "--recovered",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]),
    help="数据库已用别的办法回到这个时刻（UTC）：只做恢复后的收尾 · the database is back at this moment already, UTC",
)
def command(folder: Path | None, only_check: bool, recovered: datetime | None) -> None:
    """恢复：核对备份的每一部分，再放进空的 YIZHAN_HOME。

    Compares every part of the backup with its hash, puts it into an empty home folder and an empty database, holds what
    may have been sent since, verifies the audit record and says what is due.
    """
    import os

    from engine.reads import monitoring
    from engine.records import jobs
    from engine.store import connect
    from web import backups, settings
    from web.shell import refusing

    os.umask(0o077)
    if (folder is None) == (recovered is None):
        raise click.UsageError("请写备份的文件夹，或 --recovered 时刻。 Expected a folder, or --recovered MOMENT.")
    if only_check and folder is None:
        raise click.UsageError("--check 要和备份的文件夹一起写。 --check goes with a folder.")
    if folder is not None and only_check:
        with refusing():
            found = backups.check(folder)
        click.echo(f"[一站] 备份完好 · whole: {found.at:%Y-%m-%d %H:%M:%S} UTC, {found.dialect}, {found.revision}")
        return
    read = settings.read()
    whole = True
    with refusing():
        if folder is not None:
            done = backups.restore(read, folder)
            settled, verdict, at, whole = done.settled, done.verdict, done.manifest.at, done.sealed
        else:
            assert recovered is not None
            at = recovered.replace(tzinfo=UTC)
            settled, verdict = backups.recovered(read, at, now=lambda: datetime.now(UTC))
    click.echo(f"[一站] 已恢复到 {at:%Y-%m-%d %H:%M:%S} UTC 的样子 · restored as of that moment.")
    click.echo(
        f"       暂停的通知 {settled.held}，作废的验证码 {settled.codes}，收回的作业 {settled.leases}，"
        f"须重新登录的 {settled.sessions} 人。\n"
        f"       Notices held: {settled.held}; codes dropped: {settled.codes}; jobs taken back: {settled.leases}; "
        f"log-ins ended: {settled.sessions}."
    )
    if settled.held:
        click.echo("       备份以后可能已经发过，看过再发或作废：yizhan held · may have been sent since: look at them")
    if settled.tokens:
        click.echo(
            f"       还有效的程序令牌 {settled.tokens} 个：备份以后注销过的请再注销一次。"
            f" API tokens still good: {settled.tokens}; revoke again what was revoked since."
        )
    click.echo(
        "       备份以后收的件、发的编号、停用的账号、改过的权限都不在里面，请照纸上的记录补。\n"
        f"       {settled.series} 种编号跳过一段往下发，备份以后发过的不会再发一次。\n"
        "       What came after the backup is not here (cases, accounts closed): enter it from paper. Series of\n"
        "       numbers go on further up, so that what was given out since is not given out again."
    )
    good = whole and not verdict.faults
    click.echo(f"[一站] 核验 {verdict.events} 条事件、{verdict.chains} 条链、{verdict.seals} 次封存。")
    for fault in verdict.faults:
        click.echo(f"  ✗ {fault.where}：{fault.zh}（{fault.en}）")
    if not whole:
        click.echo("  ✗ 备份清单里的最后一次封存不在记录里 · the manifest's newest seal is not in the record")
    click.echo("完好 · intact" if good else "有不符，启动前请查清 · find out why before you serve")
    database = connect(read.database_url or None, files=read.home / "files")
    with database.reading() as work:
        due = monitoring.standing(work, now=datetime.now(UTC))
    database.close()
    click.echo("[一站] 启动后马上要做的 · due at the start:")
    for kind, count in due.due:
        zh, en = jobs.named(kind)
        click.echo(f"       {count}  {zh} · {en}")
    for count, words in (
        (due.limits_late, "办件到时提醒 · limits of cases"),
        (due.timers_late, "流程里的定时 · timers of diagrams"),
        (due.jobs_failed, "失败的作业 · jobs that were given up"),
        (due.incidents_open, "异常 · open incidents"),
        (due.notices_held, "暂停的通知 · notices held"),
    ):
        click.echo(f"       {count}  {words}")
    sys.exit(0 if good else 1)
