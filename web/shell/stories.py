"""`yizhan stories`: play the example cases of matters and say how they went."""

from __future__ import annotations

from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent.parent


@click.command()
@click.argument("names", nargs=-1)
@click.option("--markdown", is_flag=True, help="As tables for the README.")
def command(names: tuple[str, ...], markdown: bool) -> None:
    """Play the stories of the matters NAMES (all without any). Exits 1 when one went otherwise."""
    from engine import matters, workdays
    from engine.matters import stories

    calendar, wrong = workdays.china(), 0
    for name in names or matters.names(ROOT):
        package = matters.load(ROOT, name)
        if markdown:
            click.echo(f"\n**{package.info.name}** (`{name}`)\n")
            click.echo("| story | application | tasks | papers | promised | outcome |\n|---|---|---|---|---|---|")
        for story in stories.read(package):
            played = stories.play(package, story, calendar)
            wrong += bool(played.problems)
            if markdown:
                due = str(played.due_on or "–")
                click.echo(
                    f"| {story.name} | {story.at:%Y-%m-%d} | {len(played.tasks)} | {'、'.join(played.papers) or '–'} "
                    f"| {due} | {played.outcome or '…'} |"
                )
            else:
                click.echo(f"{'✗' if played.problems else '✓'} {name}: {story.name}")
            for problem in played.problems:
                click.echo(f"    {problem}", err=True)
    raise SystemExit(1 if wrong else 0)
