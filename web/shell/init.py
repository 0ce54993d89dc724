"""`yizhan init`: tables, published matters, and a demo county in an empty hall."""

from __future__ import annotations

import click


@click.command()
@click.option("--demo/--no-demo", default=True, show_default=True, help="在空库里放入演示县 · a demo county when empty")
def command(demo: bool) -> None:
    """建库：升级结构、发布事项、空库时放入演示数据。"""
    from web import settings
    from web.start import prepare

    prepare(settings.read(), demo=demo, say=lambda text: click.echo(f"[一站] {text}"))
