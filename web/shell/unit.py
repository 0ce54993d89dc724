"""`yizhan unit`: what closing, merging or renaming a unit would do, and doing exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from web.shell.calendar import hall_of

if TYPE_CHECKING:
    from engine.commands.hall.reorganising import Plan


@click.group()
def command() -> None:
    """单位调整：撤销、合并、改名。Closing, merging, renaming units."""


_CODE = click.argument("code")
_BY = click.option("--by", "login", required=True, help="操作人的登录名 · log-in name of who heads the county")
_CONFIRM = click.option(
    "--confirm", default="", help="预览里的确认码；不写只预览 · the preview's code; without it, preview"
)


@command.command()
@_CODE
@click.option("--into", required=True, help="接替单位的代码 · code of the successor")
@_BY
@_CONFIRM
def merge(code: str, into: str, login: str, confirm: str) -> None:
    """合并：件、人、预约都到接替的单位。Everything of the unit, and its people, go to another."""
    _end(code, into, login, confirm, along=True)


@command.command()
@_CODE
@click.option("--into", default="", help="接替单位的代码；不写是上级 · its successor; else the unit above")
@_BY
@_CONFIRM
def close(code: str, into: str, login: str, confirm: str) -> None:
    """撤销：件到接替的单位，人不跟过去。What is under way goes to the successor; the people do not."""
    _end(code, into, login, confirm, along=False)


@command.command()
@_CODE
@click.argument("name")
@click.option("--name-en", default="", help="英文名 · English name")
@click.option("--seal-name", default=None, help="印章上的全称 · its legal name, as on its seal")
@_BY
def rename(code: str, name: str, name_en: str, seal_name: str | None, login: str) -> None:
    """改名：以后的文书用新名。Papers bear the new name from now on."""
    from engine.commands.hall import reorganising
    from engine.people import units

    with hall_of(login) as (work, by, now):
        before = units.by_code(work, code)
        after = reorganising.rename(work, before.id, name, name_en=name_en, seal_name=seal_name, by=by, now=now)
        click.echo(f"{before.name} → {after.name}")


def _end(code: str, into: str, login: str, confirm: str, *, along: bool) -> None:
    from engine.commands.hall import reorganising
    from engine.people import units

    with hall_of(login) as (work, by, now):
        unit_id = units.by_code(work, code).id
        into_id = units.by_code(work, into).id if into else None
        if confirm:
            _show(
                reorganising.close(work, unit_id, into_id=into_id, along=along, expect=confirm, by=by, now=now),
                "已调整 · done",
            )
            return
        plan = reorganising.plan(work, unit_id, into_id=into_id, along=along, by=by, now=now)
        _show(plan, "将调整，什么都还没有改 · would change; nothing has")
        click.echo(f"确认：加上 --confirm {plan.token} · to do it, add --confirm {plan.token}")


_KINDS = {
    "resources": ("可预约的资源", "things to book"),
    "resources-at": ("在那里的可预约资源", "things to book there"),
    "halls": ("大厅", "halls"),
    "windows": ("窗口", "windows"),
    "tickets": ("正在排的号", "numbers in line"),
    "duties": ("值班", "duties"),
    "reviews": ("待审的公开", "entries to review"),
    "handover-links": ("没交完的交接", "hand-overs under way"),
    "residents": ("常住的居民账号", "residents' accounts"),
}


def _show(plan: Plan, word: str) -> None:
    click.echo(f"{plan.unit.name} → {plan.into.name}: {word}")
    click.echo(f"在办的件 {len(plan.cases)} · open cases")
    for case in plan.cases:
        due = case.due_at.date().isoformat() if case.due_at is not None else "—"
        click.echo(f"  {case.number} {case.matter_name} {due}")
    goes = "跟过去 · go along" if plan.along else "不跟过去 · do not go along"
    click.echo(f"在岗的人 {len(plan.people)}，{goes}")
    if plan.below:
        click.echo(f"下属单位 · units below: {'、'.join(place.name for place in plan.below)}")
    for kind, count in plan.counts:
        zh, en = _KINDS[kind]
        click.echo(f"{zh} {count} · {en}")
