"""`yizhan backup DIR`: a whole copy of the hall, while it runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--with-keys",
    is_flag=True,
    help="连密钥一起放进去（不建议：谁拿到它，谁就能读所有人的资料）"
    " · put the keys in too; advised against: whoever gets the folder can read everything",
)
def command(folder: Path, with_keys: bool) -> None:
    """备份：数据库、文件和清单，放进新文件夹。大厅不用停。

    A whole copy of the hall in the new folder FOLDER: database, files, and a manifest with the hash of each part.
    """
    import os
    from datetime import UTC, datetime

    from web import backups, settings
    from web.shell import refusing

    os.umask(0o077)
    read = settings.read()
    with refusing():
        made = backups.backup(read, folder, with_keys=with_keys, now=datetime.now(UTC))
    rows = "，".join(f"{name} {count}" for name, count in sorted(made.counts.items()))
    click.echo(f"[一站] 已备份到 {folder}：{made.files} 个文件，共 {made.bytes / 1e6:.1f} MB；{rows}。")
    click.echo(f"       Backed up at {made.at:%Y-%m-%d %H:%M:%S} UTC, revision {made.revision}.")
    if with_keys:
        click.echo(
            "       注意：密钥就在备份里，谁拿到这个文件夹谁就能读所有人的资料。请锁好，不要和别的备份放在一起。\n"
            "       The keys are in this folder: whoever gets it can read everything. Lock it away.",
            err=True,
        )
    else:
        click.echo(
            "       密钥不在备份里。没有数据密钥（data.key）这份备份谁也打不开：请另外保管一份（两人共管）；\n"
            "       签封存的密钥（seal.key）也请一起保管，不然恢复以后换一把新的签。\n"
            "       The keys are not in it. Without the data key (data.key) nobody can open it: keep a copy apart,\n"
            "       and of the signing key (seal.key) too, or a restored hall signs with a new one."
        )
