"""One module a sub-command of `yizhan`; each defines `command`, a click command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def refusing() -> Iterator[None]:
    """A refusal, and a disk that is full, are a sentence and exit code 1, no traceback."""
    import sys

    from engine.errors import Refused
    from engine.store import disk

    try:
        yield
    except Refused as refused:
        sys.exit(f"[一站] {refused.zh}\n       {refused.en}")
    except OSError as error:
        if not disk.full(error):
            raise
        sys.exit(f"[一站] {disk.ZH}\n       {disk.EN}")


def folder_for(name: str) -> Path:
    """The content folder, in which there is no matter of this name yet."""
    import click

    from engine.matters import NAME
    from web import settings

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
    return content


def put(content: Path, files: Mapping[str, bytes]) -> None:
    """The files of a matter, in the content folder."""
    for path, text in files.items():
        (content / path).parent.mkdir(parents=True, exist_ok=True)
        (content / path).write_bytes(text)
