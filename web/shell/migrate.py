"""`yizhan migrate`: bring the database to the newest tables."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """升级数据库到最新结构。Bring the database to the newest tables."""
    from engine.store import connect, migrate
    from web import settings

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    before = migrate.current(database)
    if migrate.upgrade(database):
        click.echo(f"[一站] 数据库已从 {before or '空'} 升级到 {migrate.head()}。")
    else:
        click.echo(f"[一站] 数据库已是最新（{before}）。")
    database.close()
