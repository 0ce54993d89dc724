"""`yizhan`: the command line. Sub-commands are the modules of web/shell, imported only when they are called."""

from __future__ import annotations

import importlib
import keyword
import pkgutil

import click

from web import shell
from web.loading import loading


class Lazy(click.Group):
    """A group whose sub-commands are modules: `yizhan feel` imports nothing that FEEL does not need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(m.name.rstrip("_").replace("_", "-") for m in pkgutil.iter_modules(shell.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        # a word that Python keeps for itself is a module with one more dash: import_
        module = f"{name}_" if keyword.iskeyword(name) else name
        with loading():
            command = importlib.import_module(f"web.shell.{module}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """一站: a county's one-stop service hall."""


if __name__ == "__main__":
    main()
