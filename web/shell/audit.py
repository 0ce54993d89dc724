"""`yizhan audit verify`: recompute every hash of the audit record."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.group()
def command() -> None:
    """审计记录。The audit record."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="JSON")
@click.option(
    "--anchor",
    envvar="YIZHAN_ANCHOR_FILE",
    type=click.Path(path_type=Path),
    help="存在外面的锚定文件；不写就用 YIZHAN_ANCHOR_FILE · what was kept outside; else YIZHAN_ANCHOR_FILE",
)
def verify(as_json: bool, anchor: Path | None) -> None:
    """逐条重算哈希链与封存，核对锚定文件、办件、文书、文件和查看记录。

    Check every event, chain and seal, the anchor, cases, papers, files and looks behind masks; exit 1 when something
    does not hold."""
    import dataclasses
    import json
    from datetime import UTC, datetime

    from engine.records import inspection
    from engine.store import connect
    from web import settings

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    with database.reading() as work:
        found = inspection.inspect(work, anchor or read.anchor_file, now=datetime.now(UTC))
        without = inspection.unsealed(work) if not found.faults else 0
    database.close()
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), ensure_ascii=False, indent=2))
    else:
        click.echo(f"[一站] 核验 {found.events} 条事件、{found.chains} 条链、{found.seals} 次封存。")
        if without:
            click.echo(f"  其中 {without} 条还没有封存 · {without} events wait for a seal")
        for fault in found.faults:
            click.echo(f"  ✗ {fault.where}：{fault.zh}（{fault.en}）")
        click.echo("完好 · intact" if not found.faults else f"有 {len(found.faults)} 处不符")
    sys.exit(1 if found.faults else 0)


@command.command()
def key() -> None:
    """签名公钥：封存和责任证据包用它核验，请抄一份存在外面。The public key that seals are signed with: note it down
    outside."""
    from engine.store import signing
    from web import settings

    settings.read()
    public = signing.public()
    click.echo(f"{public}\n指纹 · fingerprint {signing.fingerprint(public)}")


@command.command()
def seal() -> None:
    """封存新的事件。Lay a seal over the newest events now."""
    from datetime import UTC, datetime

    from engine.commands.worker import background
    from engine.store import connect
    from web import settings

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    done = background.seal(database, now=datetime.now(UTC))
    click.echo("[一站] 已封存。" if done else "[一站] 没有新的事件。")
    database.close()
