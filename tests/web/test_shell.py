"""The shell as somebody meets it first: `yizhan --help` names every command, and each says what it does."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from web.cli import Lazy, main


def test_help_names_every_command_and_each_answers_its_own_help():
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0, shown.output
    assert isinstance(main, Lazy)
    names = main.list_commands(click.Context(main))
    assert {"run", "check", "play", "stories", "publish"} <= set(names)
    for name in names:
        assert name in shown.output
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0, name


@pytest.mark.parametrize(
    "words", [["--check"], ["--check", "--recovered", "2026-11-29T08:00:00"], ["--recovered", "x"]]
)
def test_restore_takes_no_words_that_do_not_go_together(words):
    refused = CliRunner().invoke(main, ["restore", *words])
    assert refused.exit_code == 2 and "Usage" in refused.output
