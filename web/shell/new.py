"""`yizhan new`: a small matter that passes the check and its stories, to be changed bit by bit."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--title", required=True, metavar="中文名", help="事项的名称 · what it is called in Chinese")
@click.option("--title-en", required=True, metavar="ENGLISH", help="英文名称 · the same in English")
def command(name: str, title: str, title_en: str) -> None:
    """新建一个事项：写出能通过检查、走得通故事的小样，再一处一处改成您的。NAME 是文件夹的名称，小写字母开头。

    Begin a matter: writes a small one that passes the check and its stories, in the content folder (YIZHAN_CONTENT). An
    applicant asks, a counter looks, either way the applicant is told. Change it bit by bit.
    """
    from web import skeleton
    from web.shell import folder_for, put

    content = folder_for(name)
    files = skeleton.files(name, title, title_en)
    put(content, files)
    for path in files:
        click.echo(f"{content / path}")
    click.echo(
        f"\n接着 Next:\n    yizhan check {content / 'bpmn' / name}\n    yizhan stories {name}\n"
        f"    yizhan play {name}\n台账、预订、交接、公示、表决怎么加 · what a matter may declare: docs/nouns.md"
    )
