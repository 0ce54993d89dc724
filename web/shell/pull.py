"""`yizhan pull`: matters from the studio into a folder, for git and a desktop modeler."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.argument("names", nargs=-1, metavar="[事项 MATTER]...")
@click.option("--draft/--published", default=True, help="有草稿的拉草稿（默认），或者只拉在用的版本 · the draft or not")
@click.option("--over", is_flag=True, help="文件夹里改过的也盖掉 · write over what was changed in the folder")
def command(folder: Path, names: tuple[str, ...], draft: bool, over: bool) -> None:
    """把事项从工作室拉到文件夹：只写变了的文件；您在文件夹里改过的不盖掉；两边都改过的说出来，退出码 1。

    Pull matters into a folder. Only what is other is written. A file that was changed in the folder and in the studio
    is left as it is and named, and the exit code is 1. What was pulled stands by hash in yizhan-pull.json: commit it.
    """
    from engine.errors import Refused
    from engine.proof import pulling
    from web import folders

    left: list[str] = []
    try:
        with folders.hall() as database, database.reading() as work:
            kept = folders.manifest(folder)
            for name in names or folders.known(work, draft=draft):
                found = pulling.here(work, name, draft=draft)
                base = kept.get(name, {}).get("files", {})
                paths = found.files.keys() | base.keys()
                lying = {path: text for path in paths if (text := folders.lies(folder, path)) is not None}
                todo = pulling.to_write(base, lying, found.files, over=over)
                for path in todo.write:
                    folders.write(folder, path, found.files.get(path))
                left += todo.both
                entry = pulling.entry(found)
                for path in todo.both:  # as it was pulled before: a push of it is refused until both are merged
                    entry["files"].pop(path, None)
                    entry["files"] |= {path: base[path]} if path in base else {}
                kept[name] = entry
                what = f"草稿第 {found.mark} 次" if found.kind == "draft" else f"在用的 {found.mark[:12]}"
                click.echo(f"{name}  {what}  写了 {len(todo.write)} 个文件 · {len(todo.write)} file(s) written")
            folders.keep(folder, kept)
    except Refused as refused:
        raise click.ClickException(f"{refused.zh} {refused.en}") from None
    for path in left:
        click.echo(f"两边都改过，没有动 · changed on both sides, left as it is: {path}", err=True)
    raise SystemExit(1 if left else 0)
