"""`yizhan calendar`: look at a county's calendar file, see which open deadlines it moves, publish it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import datetime

    from engine.commands.hall.calendars import Correction
    from engine.people import Actor
    from engine.store import Work


@click.group()
def command() -> None:
    """工作日历：更正与公布。A county's working-day calendar."""


_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_BY = click.option("--by", "login", required=True, help="操作人的登录名 · log-in name of the operator")


@command.command()
@_FILE
@_BY
def preview(file: Path, login: str) -> None:
    """哪些在办件的到期日会变；什么也不改。Which open deadlines would move; nothing is changed."""
    from engine.commands.hall import calendars

    with hall_of(login) as (work, by, now):
        _show(calendars.preview(work, file.read_text(encoding="utf-8"), by=by, now=now), "将变动 · would move")


@command.command()
@_FILE
@_BY
def publish(file: Path, login: str) -> None:
    """公布：重算在办件的到期日，逐件留痕。Publish: open deadlines move, each move is in the audit."""
    from engine.commands.hall import calendars

    with hall_of(login) as (work, by, now):
        _show(calendars.publish(work, file.read_text(encoding="utf-8"), by=by, now=now), "已变动 · moved")


@contextmanager
def hall_of(login: str) -> Iterator[tuple[Work, Actor, datetime]]:
    """One unit of work of the hall, for a person known by log-in name; refusals become exit code 1."""
    from datetime import UTC, datetime

    from sqlalchemy import select

    from engine import people
    from engine.errors import Invalid, NotFound, Refused
    from engine.store import connect
    from engine.store.models import User
    from web import settings

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    now = datetime.now(UTC)
    try:
        with database.unit_of_work() as work:
            user_id = work.session.scalar(select(User.id).where(User.login == login))
            if user_id is None:
                raise NotFound(f"没有登录名为“{login}”的工作人员。", f"There is nobody with the log-in name {login!r}.")
            yield work, people.load(work, user_id, now=now), now
    except Refused as refused:
        click.echo(f"{refused.zh}\n{refused.en}", err=True)
        for error in refused.fields if isinstance(refused, Invalid) else ():
            click.echo(f"  {error.field}: {error.zh} {error.en}", err=True)
        raise SystemExit(1) from None
    finally:
        database.close()


def _show(found: Correction, word: str) -> None:
    click.echo(f"{found.source}")
    click.echo(f"日历变动 {len(found.days)} 天 · {len(found.days)} day(s) differ")
    for move in found.moves:
        click.echo(f"  {move.number} {move.matter} {move.limit}: {move.before or '待定'} → {move.after or '待定'}")
    for number in found.unread:
        click.echo(f"  {number}: 流程数据读不出，图上的定时没有重算 · its diagram's times could not be computed again")
    click.echo(f"{word}: {len({m.case_id for m in found.moves})} 件 case(s)，{found.bookings} 个预约 booking(s)")
