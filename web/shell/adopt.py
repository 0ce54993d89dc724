"""`yizhan adopt`: a diagram of Camunda 7, Flowable, Activiti or yudao as a matter, with a report."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("diagram", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.argument("name", metavar="NAME")
@click.option("--title", required=True, metavar="中文名", help="事项的名称 · what it is called in Chinese")
@click.option("--title-en", required=True, metavar="ENGLISH", help="英文名称 · the same in English")
def command(diagram: Path, name: str, title: str, title_en: str) -> None:
    """把 Camunda 7、Flowable、Activiti、yudao 的流程图带来，写成一个事项，逐个元素说明带来了什么、什么要自己补。

    Bring a diagram of another engine: writes a matter in the content folder (YIZHAN_CONTENT), and says of each element
    what is kept, what is written otherwise and what has to be done by hand (forms/NAME/adopted.md).
    """
    from engine.errors import Refused
    from web import skeleton
    from web.shell import folder_for, put

    content = folder_for(name)
    try:
        files, made = skeleton.adopted(name, title, title_en, diagram.read_bytes())
    except Refused as refusal:
        raise click.ClickException(f"{refusal.zh} {refusal.en}") from None
    put(content, files)
    click.echo(files[f"forms/{name}/adopted.md"].decode())
    click.echo(
        f"{made.count('cannot')} 处要自己补，{made.count('changed')} 处写成另一种，{made.count('kept')} 处照旧。"
        f" To do by hand: {made.count('cannot')}; written otherwise: {made.count('changed')};"
        f" kept: {made.count('kept')}.\n接着 Next: yizhan check {content / 'bpmn' / name}"
    )
