"""`yizhan push`: what was changed in a folder goes into the drafts of the studio."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("names", nargs=-1, metavar="[事项 MATTER]...")
@click.option("--by", "who", metavar="WHO", required=True, help="谁推：流程设计员的登录名 · log-in of the designer")
@click.option("--preview", is_flag=True, help="只看会怎样 · say what would happen, change nothing")
def command(folder: Path, names: tuple[str, ...], who: str, preview: bool) -> None:
    """把文件夹里改过的推进工作室的草稿：没有草稿就开一份，说出哪里不同、检查发现什么。发布在浏览器里看着发布说明做。

    Push what was changed in the folder into the draft of each matter (one is begun when there is none), and say what is
    other and what the check finds. What somebody changed in the studio since the pull is not written over: that matter
    is refused, by file, and the exit code is 1. Nothing is published.
    """
    from datetime import UTC, datetime

    from engine import people
    from engine.errors import Refused
    from engine.proof import drafting, pulling
    from engine.store.models import StudioDraft
    from web import folders, settings

    now, refused_ = datetime.now(UTC), 0
    try:
        with folders.hall() as database:
            with database.reading() as work:
                by = people.load_login(work, who, now=now)
            people.require(by, "design")
            kept = folders.manifest(folder)
            for name in names or folders.there(folder):
                outside, base = folders.of_matter(folder, name), kept.get(name, {}).get("files", {})
                try:
                    if preview:
                        with database.reading() as work:
                            found, said = pulling.look(work, name, base, outside)
                            pushed = pulling.Pushed(None, found.changed, said)
                    else:
                        with database.unit_of_work() as work:
                            pushed = pulling.push(work, name, base, outside, by=by, now=now)
                except Refused as refused:
                    click.echo(f"{name}  {refused.zh} {refused.en}", err=True)
                    refused_ += 1
                    continue
                if not pushed.changed:
                    continue
                click.echo(f"{name}  {len(pushed.changed)} 个文件不同 · {len(pushed.changed)} file(s) are other")
                for one in pushed.said.changes:
                    click.echo(f"  {one.where}  {one.zh}")
                if pushed.draft_id is None:
                    continue
                with database.reading() as work:
                    row = work.session.get_one(StudioDraft, pushed.draft_id)
                    findings = drafting.check(work, row, settings.read().content)
                    inside = pulling.here(work, name, draft=True)
                files = {path: hash for path, hash in base.items() if path not in pushed.changed}
                files |= pulling.hashes({path: outside[path] for path in pushed.changed if path in outside})
                kept[name] = {**pulling.entry(inside), "files": files}
                folders.keep(folder, kept)
                for finding in findings:
                    if finding.severity == "error":
                        click.echo(f"  ✗ {finding.file}:{finding.line} {finding.message_zh} {finding.message_en}")
    except Refused as refused:
        raise click.ClickException(f"{refused.zh} {refused.en}") from None
    raise SystemExit(1 if refused_ else 0)
