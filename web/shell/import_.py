"""`yizhan import`: a county's units, people, posts, halls from one spreadsheet: rehearsed first, then exactly that."""

from __future__ import annotations

from pathlib import Path

import click

#: Changes that are shown of each sheet.
SHOWN = 5


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--confirm", default="", help="预演给的确认码；不写只预演 · the rehearsal's code; without it, rehearse")
def command(file: Path, confirm: str) -> None:
    """导入县的单位、岗位、人员、大厅（.xlsx）。先预演，什么都不改。A county's lists; rehearsed first."""
    from engine.commands import county
    from engine.errors import Invalid, Refused
    from engine.people import SYSTEM
    from web import settings
    from web.shell.county import hall

    data = file.read_bytes()
    try:
        with hall() as (work, now):
            if confirm:
                plan = county.put(work, data, expect=confirm, hall=settings.read().hall_name, by=SYSTEM, now=now)
            else:
                plan = county.plan(work, data, by=SYSTEM, now=now)
    except Invalid as refused:
        _faults([(one.field, one.label, one.zh, one.en) for one in refused.fields])
    except Refused as refused:
        click.echo(f"{refused.zh}\n{refused.en}", err=True)
        raise SystemExit(1) from None
    if plan.faults:
        _faults([(f"{one.sheet}!{one.at}", one.label, one.zh, one.en) for one in plan.faults])
    for sheet, new, changed in plan.counts():
        click.echo(f"{sheet.zh}：新增 {new}，修改 {changed} · {sheet.en}: {new} new, {changed} changed")
        for change in [one for one in plan.changes if one.sheet is sheet and not one.new][:SHOWN]:
            said = "；".join(f"{label} {before or '（空）'} → {after}" for label, before, after in change.fields)
            click.echo(f"    {change.title}：{said}")
    if not plan.changes:
        click.echo(f"没有要改的（{plan.same} 行都一样） · nothing to change: {plan.same} rows are the same")
    elif confirm:
        click.echo("已导入 · imported")
    else:
        click.echo(f"这是预演，什么都没有改。确认：加上 --confirm {plan.token} · to do it, add --confirm {plan.token}")


def _faults(found: list[tuple[str, str, str, str]]) -> None:
    for at, label, zh, en in found:
        click.echo(f"{at} {label}：{zh} · {en}", err=True)
    click.echo(f"有 {len(found)} 处要改，什么都没有导入 · {len(found)} to mend; nothing was imported", err=True)
    raise SystemExit(1)
