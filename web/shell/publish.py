"""`yizhan publish`: prove the matters of the content folder and publish what changed; take off what is gone."""

from __future__ import annotations

import click


@click.command()
@click.option("--by", "who", metavar="WHO", help="谁发布：工作人员的登录名 · log-in of who publishes")
@click.option("--note", metavar="WHY", help="为什么，记入审计 · why; kept in the audit")
@click.option("--preview", is_flag=True, help="只看会怎样，不发布 · say what would happen, publish nothing")
def command(who: str | None, note: str | None, preview: bool) -> None:
    """发布事项：检查、走一遍故事，都对才发布；在办的件留在原来的版本。

    Publish the matters that changed. One with a fault or a story that goes otherwise is named and left out, the others
    go on, and the exit code is 1. A matter that says `published: false`, or whose folder is gone, is taken off for new
    cases. Running cases stay on the version they began with.
    """
    from datetime import UTC, datetime

    from engine import people
    from engine.errors import Refused
    from engine.proof import publishing
    from engine.store import connect, migrate
    from web import settings
    from web.start import lines

    if not preview and not (who and note and note.strip()):
        raise click.UsageError(
            "请写明谁发布、为什么：--by 登录名 --note 原因（先看会怎样：--preview）。"
            " Say who publishes and why by --by and --note; --preview publishes nothing."
        )
    read, now = settings.read(), datetime.now(UTC)
    database = connect(read.database_url or None, files=read.home / "files")
    try:
        migrate.upgrade(database)
        by = people.SYSTEM
        if not preview:
            with database.reading() as work:
                by = people.load_login(work, str(who), now=now)
            people.require(by, "design")
        plan = publishing.look(
            database, read.content, now=now, proving=lambda name: click.echo(f"正在检查事项 {name} …", err=True)
        )
        if not preview:
            publishing.publish(database, plan, by=by, note=str(note).strip(), now=now)
    except Refused as refused:
        raise click.ClickException(f"{refused.zh} {refused.en}") from None
    finally:
        database.close()
    said = lines(plan, planned=preview)
    for line in said or ["没有变化。"]:
        click.echo(line)
    raise SystemExit(1 if plan.that("refuse") else 0)
