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
    from engine.matters import NAME
    from web import settings, skeleton

    if not NAME.fullmatch(name):
        raise click.ClickException(
            f"“{name}”不能作事项的名称：小写字母开头，只有小写字母、数字和下划线，2 到 40 个。"
            f" Expected small letters, digits and _ beginning with a letter, 2 to 40, but got {name!r}."
        )
    content = settings.content()
    for kind in ("bpmn", "forms"):
        if (content / kind / name).exists():
            raise click.ClickException(
                f"{content / kind / name} 已经有了，什么也没有改。请换一个名称。"
                " It is there already and nothing was changed. Choose another name."
            )
    try:
        files, made = skeleton.adopted(name, title, title_en, diagram.read_bytes())
    except Refused as refusal:
        raise click.ClickException(f"{refusal.zh} {refusal.en}") from None
    for path, text in files.items():
        (content / path).parent.mkdir(parents=True, exist_ok=True)
        (content / path).write_bytes(text)
    click.echo(files[f"forms/{name}/adopted.md"].decode())
    click.echo(
        f"{made.count('cannot')} 处要自己补，{made.count('changed')} 处写成另一种，{made.count('kept')} 处照旧。"
        f" To do by hand: {made.count('cannot')}; written otherwise: {made.count('changed')};"
        f" kept: {made.count('kept')}.\n接着 Next: yizhan check {content / 'bpmn' / name}"
    )
