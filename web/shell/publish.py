"""`yizhan publish`: check the matters of the content folder, play their stories, publish what changed."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """发布事项：检查、走一遍故事，都对才发布；在办的件留在原来的版本。

    Publish the matters that changed. One with a finding or a story that goes otherwise is not published, and the exit
    code is 1. Running cases stay on the version they began with.
    """
    from engine.store import connect, migrate
    from web import settings
    from web.start import publish

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    try:
        migrate.upgrade(database)
        done, faults = publish(database, read)
    finally:
        database.close()
    for name in done:
        click.echo(f"已发布：{name}")
    for name, fault in faults.items():
        click.echo(f"未发布 {name}：{fault}", err=True)
    if not done and not faults:
        click.echo("没有变化。")
    raise SystemExit(1 if faults else 0)
