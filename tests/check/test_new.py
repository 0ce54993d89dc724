"""`yizhan new`: what it writes passes the check without a hint, and its stories go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from engine import matters
from engine.proof import Scratch, prove
from tests.cast import ROOT
from web.cli import main

COUNTY = str(ROOT / "web" / "demo" / "county.yaml")


def yizhan(content: Path, *words: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"YIZHAN_CONTENT": str(content)})


@pytest.mark.parametrize(("name", "title"), [("jie_dengzi", "借凳子"), ("quoted", '借"凳子": <五> & 张')])
def test_a_new_matter_passes_the_check_without_a_hint_and_its_stories_go(tmp_path: Path, name: str, title: str) -> None:
    made = yizhan(tmp_path, "new", name, "--title", title, "--title-en", "Borrowing: stools")
    assert made.exit_code == 0, made.output
    assert f"yizhan stories {name}" in made.output
    found = yizhan(tmp_path, "check", "--json", "--county", COUNTY, str(tmp_path / "bpmn"), str(tmp_path / "forms"))
    assert json.loads(found.output) == [] and found.exit_code == 0
    files = matters.read_files(tmp_path, name)
    with Scratch() as scratch:
        verdict = prove(name, files, scratch=scratch, content=tmp_path)
    assert verdict.good and [one.problems for one in verdict.stories] == [(), ()], verdict.reasons
    assert matters.read(name, files).info.name == title


def test_what_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    assert yizhan(tmp_path, "new", "ours", "--title", "借凳子", "--title-en", "Stools").exit_code == 0
    (tmp_path / "bpmn" / "ours" / "matter.yaml").write_text("mine")
    again = yizhan(tmp_path, "new", "ours", "--title", "借桌子", "--title-en", "Tables")
    assert again.exit_code == 1 and "已经有了" in again.output and "nothing was changed" in again.output
    assert (tmp_path / "bpmn" / "ours" / "matter.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["Ours", "1a", "a", "a-b", "a/b", "我们", "a" * 41])
def test_a_name_that_cannot_be_one_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    made = yizhan(tmp_path, "new", name, "--title", "借凳子", "--title-en", "Stools")
    assert made.exit_code == 1 and "小写字母" in made.output and list(tmp_path.iterdir()) == []


def test_what_has_no_english_yet_is_listed_as_lines_to_fill_in(tmp_path: Path) -> None:
    yizhan(tmp_path, "new", "ours", "--title", "借凳子", "--title-en", "Stools")
    folder = tmp_path / "bpmn" / "ours"
    assert yizhan(tmp_path, "check", "--english", str(folder)).output == ""
    written = (folder / "en.yaml").read_text()
    (folder / "en.yaml").unlink()
    hint = yizhan(tmp_path, "check", "--county", COUNTY, str(folder))
    assert "yizhan check --english" in hint.output and hint.exit_code == 0
    listed = yaml.safe_load(yizhan(tmp_path, "check", "--english", str(folder)).output)
    assert listed.keys() == yaml.safe_load(written).keys() and set(listed.values()) == {""}
    (folder / "matter.yaml").write_text("code: [")
    broken = yizhan(tmp_path, "check", "--english", str(folder))
    assert broken.exit_code == 1 and "ours" in broken.output
