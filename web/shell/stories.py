"""`yizhan stories`: prove matters: the check, then their example cases by the real commands. Says how each went."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.proof import Played, Scratch


@click.command()
@click.argument("names", nargs=-1, metavar="[PATH|NAME]...")
@click.option("--markdown", is_flag=True, help="As tables for the README.")
@click.option(
    "--clauses", is_flag=True, help="每条条款的要素去掉以后谁发觉 · who notices when a clause's element is gone"
)
@click.option("--times", is_flag=True, help="每个故事用了多少秒计算 · seconds of computing each took")
def command(names: tuple[str, ...], markdown: bool, clauses: bool, times: bool) -> None:
    """走一遍事项的故事：给出事项名或它的目录，不写就是全部（YIZHAN_CONTENT）。有一处不对，退出码为 1。

    Play the stories of matters, each named or given by its folder; all of YIZHAN_CONTENT without any.
    """
    from engine import matters
    from engine.proof import Scratch, prove
    from web import settings

    wanted = [_place(name) for name in names]
    if not names:
        content = settings.content()
        wanted = [(content, name) for name in matters.names(content)]
    wrong = 0
    with Scratch() as scratch:
        for root, name in wanted:
            played: list[Played] = []
            try:
                files = matters.read_files(root, name)
            except OSError as error:
                raise click.ClickException(f"{name}：读不了（{error.strerror}）。 Cannot be read.") from None
            verdict = prove(name, files, scratch=scratch, content=root, each=played.append)
            wrong += not verdict.good
            if markdown:
                _table(name, matters.read(name, files).info.name if verdict.good else name, played)
            for told in verdict.stories if not markdown else ():
                took = f"  {told.cpu_s:.2f} s" if times else ""
                click.echo(f"{'✗' if told.problems else '✓'} {name}: {told.name}{took}")
            if clauses and verdict.good:
                wrong += _bites(name, files, scratch, root)
            for finding in verdict.reasons:
                where = f"{finding.file}{f' 第 {finding.line} 行' if finding.line else ''}"
                click.echo(f"    {where}：{finding.message_zh}", err=True)
    raise SystemExit(1 if wrong else 0)


def _bites(name: str, files: Mapping[str, bytes], scratch: Scratch, root: Path) -> int:
    """How many clauses of the matter have no teeth; says of each who noticed."""
    from engine.matters import clauses
    from engine.proof import teeth

    toothless = 0
    for clause in clauses.read(name, files):
        bite = teeth.bite(name, files, clause, scratch=scratch, content=root)
        toothless += not bite.by
        who = {
            "gate": "检查 · check",
            "story": f"故事“{clause.story}” · story",
            "test": f"测试 {clause.proved_by}（这里不跑）· test (not run here)",
        }.get(bite.by, "没有人发觉 · nobody notices")
        click.echo(f"  {'✓' if bite.by else '✗'} {clause.id} {clause.says}（{clause.without}）：{who}")
    return toothless


def _place(given: str) -> tuple[Path, str]:
    """(content folder, name) of a matter: by its folder bpmn/<name> (or a file in it), else by its name."""
    from engine import matters
    from web import settings

    path = Path(given)
    if path.exists():
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        if folder.parent.name in ("bpmn", "forms"):
            return folder.parent.parent, folder.name
        raise click.UsageError(
            f"“{given}”不是事项的目录：应为 …/bpmn/<事项>。 {given} is no matter's folder: expected …/bpmn/<matter>."
        )
    content = settings.content()
    known = matters.names(content)
    if given not in known:
        could = "、".join(known)
        raise click.UsageError(
            f"{content} 里没有事项“{given}”；有：{could}。 There is no matter {given!r} in {content}."
        )
    return content, given


def _table(name: str, title: str, played: list[Played]) -> None:
    click.echo(f"\n**{title}** (`{name}`)\n")
    click.echo("| story | application | tasks | papers | promised | outcome |\n|---|---|---|---|---|---|")
    for one in played:
        click.echo(
            f"| {one.story.name} | {one.story.at:%Y-%m-%d} | {len(one.tasks)} | {'、'.join(one.papers) or '–'} "
            f"| {one.due_on or '–'} | {one.outcome or '…'} |"
        )
