"""`yizhan doctor`: whether this configuration can serve, line by line."""

from __future__ import annotations

import sys

import click


@click.command()
def command() -> None:
    """体检：密钥、网关、证书、时钟、权限、字体、空间、备份、数据库、后台、事项。

    Looks at everything a hall needs before it serves. Exit 1 when there is an error; warnings alone exit 0.
    """
    from web import doctor

    lines = doctor.here()
    for one in lines:
        mark = {"ok": "✓", "warn": "!", "error": "✗"}[one.level]
        click.echo(f"{mark} {one.level:5}  {one.about:12}  {one.zh} · {one.en}")
    errors = sum(one.level == "error" for one in lines)
    warnings = sum(one.level == "warn" for one in lines)
    click.echo(f"[一站] {errors} 处错误，{warnings} 处提醒 · {errors} error(s), {warnings} warning(s)")
    sys.exit(1 if errors else 0)
