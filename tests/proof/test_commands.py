"""`yizhan stories` and `yizhan play`: a name, a folder or a file; what the content folder holds, and what stands
beside."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml
from click.testing import CliRunner

from tests import foreign
from tests.cast import ROOT
from web.shell.play import command as play
from web.shell.play import gather
from web.shell.stories import command as stories

FIRST = "不用戴的，当场告知"


@pytest.fixture
def content(tmp_path):
    """A content folder of its own with one matter, under a name the program does not know, and one story."""
    foreign.write(tmp_path, "herds")
    path = tmp_path / "bpmn" / "herds" / "stories.yaml"
    kept = [s for s in yaml.safe_load(path.read_text()) if s["name"] == FIRST]
    path.write_text(yaml.safe_dump(kept, allow_unicode=True))
    return tmp_path


def run(command, *arguments, content):
    return CliRunner().invoke(command, [str(a) for a in arguments], env={"YIZHAN_CONTENT": str(content)})


def test_stories_are_those_of_the_content_folder(content):
    shown = run(stories, content=content)
    assert shown.exit_code == 0 and shown.output == f"✓ herds: {FIRST}\n"
    assert run(stories, "herds", content=content).exit_code == 0
    assert "没有事项“daiban”" in run(stories, "daiban", content=content).output


@pytest.mark.parametrize("given", ["bpmn/herds", "bpmn/herds/stories.yaml", "forms/herds"])
def test_stories_of_a_folder_anywhere(content, given):
    shown = run(stories, content / given, content=ROOT)
    assert shown.exit_code == 0 and "✓ herds" in shown.output
    assert "不是事项的目录" in run(stories, content, content=ROOT).output


def test_a_story_that_goes_otherwise_is_told_with_its_line_and_the_exit_code(content):
    path = content / "bpmn" / "herds" / "stories.yaml"
    path.write_text(path.read_text().replace("outcome: declined", "outcome: done"))
    shown = run(stories, "herds", content=content)
    assert shown.exit_code == 1 and f"✗ herds: {FIRST}" in shown.output
    assert "bpmn/herds/stories.yaml 第 1 行" in shown.output
    path.write_text("- [")
    shown = run(stories, "herds", content=content)
    assert shown.exit_code == 1 and "不是有效的 YAML" in shown.output and shown.exception.__class__ is SystemExit


def test_the_tables_for_the_docs_come_from_what_was_played(content):
    shown = run(stories, "--markdown", content=content)
    assert f"| {FIRST} | 2026-09-18 | 0 | – | 2026-09-24 | declined |" in shown.output


@pytest.mark.parametrize("given", ["herds", "bpmn/herds", "bpmn/herds/process.bpmn"])
def test_a_matter_is_played_by_name_folder_or_diagram_with_what_stands_beside(content, given):
    whole = gather([str(content / given)]) if "/" in given else None
    shown = run(play, content / given if "/" in given else given, "--json", content=content)
    result = json.loads(shown.output)
    assert result["status"] != "refused" and result["findings"] == [], shown.output
    if whole is not None:
        endings = {p.suffix for p in whole}
        assert endings == {p.suffix for p in (content / "bpmn" / "herds").iterdir()} & {".bpmn", ".dmn"} | {".form"}


def test_a_diagram_finds_the_decision_beside_it(tmp_path):
    matter = next(p.parent for p in sorted((ROOT / "bpmn").glob("*/*.dmn")))
    shutil.copytree(matter, tmp_path / "loose")
    diagram = tmp_path / "loose" / "process.bpmn"
    assert {p.suffix for p in gather([str(diagram)])} == {".bpmn", ".dmn"}
    result = json.loads(run(play, diagram, "--json", content=ROOT).output)
    assert result["status"] != "refused", result["findings"]
    for table in (tmp_path / "loose").glob("*.dmn"):
        table.unlink()
    assert json.loads(run(play, diagram, "--json", content=ROOT).output)["status"] == "refused"


def test_what_is_not_there_is_said(content):
    assert run(play, "nowhere.bpmn", "--json", content=content).exit_code == 1
    assert "没有 .bpmn 文件" in run(play, content / "forms", content=content).output
