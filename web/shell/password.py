"""`yizhan password`: a link by which a member of staff sets a new password, for whoever nobody heads."""

from __future__ import annotations

import click


@click.command()
@click.argument("login")
def command(login: str) -> None:
    """重设密码：打印一个链接，一小时内由本人用一次。A link to set a new password, once, within the hour."""
    from datetime import UTC, datetime

    from engine.commands.hall import passwords
    from engine.people import SYSTEM
    from engine.people import login as logins
    from engine.store import connect
    from web import settings
    from web.shell import refusing

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    try:
        user_id = logins.id_of(database, login)
        if user_id is None:
            raise click.ClickException(f"没有登录名为“{login}”的工作人员。 There is nobody who signs in as {login!r}.")
        with refusing(), database.unit_of_work() as work:
            made = passwords.offer(work, user_id, hall=read.hall_name, by=SYSTEM, now=datetime.now(UTC))
    finally:
        database.close()
    click.echo(f"{read.public_url or f'http://{read.host}:{read.port}'}/desk/reset?key={made.key}")
