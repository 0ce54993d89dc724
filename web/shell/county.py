"""`yizhan county`: the spreadsheet of a county, empty to be filled in, or as the hall stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import datetime

    from engine.store import Work


@click.group()
def command() -> None:
    """县的名单：模板、导出（导入用 yizhan import）。A county's lists as a spreadsheet."""


_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@command.command()
@_FILE
def template(file: Path) -> None:
    """写一个空的模板，每一列怎么填写在“说明”里。An empty file, with how each column is filled in."""
    from engine.commands import county

    file.write_bytes(county.template())
    click.echo(f"{file}：填好后用 yizhan import 预演、导入 · fill it in, then `yizhan import`")


@command.command()
@_FILE
def export(file: Path) -> None:
    """按大厅现在的样子写一个；不含工作人员的手机号。As the hall stands, without telephones of staff."""
    from engine.commands import county

    with hall() as (work, _now):
        data = county.filled(work)
    file.write_bytes(data)
    click.echo(str(file))


@contextmanager
def hall() -> Iterator[tuple[Work, datetime]]:
    """One unit of work of the hall, for whoever runs the machine."""
    from datetime import UTC, datetime

    from engine.store import connect
    from web import settings

    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    try:
        with database.unit_of_work() as work:
            yield work, datetime.now(UTC)
    finally:
        database.close()
