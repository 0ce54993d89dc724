"""`yizhan migrate`: bring the database to the newest tables."""

from __future__ import annotations

import click


@click.command()
@click.option("--relist", is_flag=True, help="把在办的每一步重新列进各人的清单 · write the lists of live steps anew")
def command(relist: bool) -> None:
    """升级数据库到最新结构。Bring the database to the newest tables."""
    from engine.store import connect, listing, migrate
    from web import settings

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    before = migrate.current(database)
    if migrate.upgrade(database):
        click.echo(f"[一站] 数据库已从 {before or '空'} 升级到 {migrate.head()}。")
    else:
        click.echo(f"[一站] 数据库已是最新（{before}）。")
    if relist:
        with database.unit_of_work() as work:
            steps = listing.all_again(work.session, database)
        click.echo(f"[一站] 在办的 {steps} 步都重新列好了 · {steps} live steps are listed anew")
    database.close()
