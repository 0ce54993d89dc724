"""The designer's tutorial is walked as it is written: its files are taken from the page and go through the real
commands."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^\*\*`([^`]+)`\*\*\n\n```\w+\n(.*?)^```$", PAGE, re.M | re.S))
NAME = "huodongshi"


@pytest.fixture
def walked(tmp_path):
    """A hall begun as the page says, then the files as a reader has them; and a function that runs a `yizhan` command
    there."""
    content = tmp_path / "county"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YIZHAN_")}
    kept["YIZHAN_DATA_KEY"] = os.environ["YIZHAN_DATA_KEY"]
    environment = kept | {
        "YIZHAN_CONTENT": str(content),
        "YIZHAN_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
    }

    def run(*arguments):
        command = [sys.executable, "-m", "web.cli", *(a.replace("$YIZHAN_CONTENT", str(content)) for a in arguments)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    for folder in ("bpmn", "forms"):
        (content / folder / NAME).mkdir(parents=True)
    begun = run("init")
    assert begun.returncode == 0, begun.stderr
    for name, text in FILES.items():
        (content / name).write_text(text, encoding="utf-8")
    run.content = content
    return run


def test_the_page_has_the_files_it_promises_and_the_commands_in_their_order():
    assert sorted(Path(name).name for name in FILES) == [
        "apply.form",
        "decide.form",
        "key.form",
        "matter.yaml",
        "process.bpmn",
        "room_slip.html",
        "stories.yaml",
        "who-agrees.dmn",
    ]
    said = re.findall(r"^    (yizhan .+)$", PAGE, re.M)
    assert [line.split()[1] for line in said] == [
        *("init", "check", "stories", "publish", "publish", "run"),
        *("pull", "push", "push"),
    ]


def test_what_the_page_says_is_checked_told_and_published(walked, tmp_path):
    for line in re.findall(r"^    yizhan (.+)$", PAGE, re.M):
        if line in ("init", "run"):  # begun by the fixture; the hall itself is walked by the tests of the browser
            continue
        done = walked(*line.split())
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        if line.startswith("check"):
            assert "0 个错误，0 个警告" in done.stdout
        if line.startswith("stories"):
            assert done.stdout.count("✓") == 4 and "✗" not in done.stdout
    rows = (
        sqlite3.connect(tmp_path / "home" / "hall.db").execute("SELECT matter, current FROM matter_version").fetchall()
    )
    assert rows == [(NAME, 1)]
    signed = "SELECT count(*) FROM user WHERE login IN ('hongsj', 'sucx', 'huangcl')"
    assert sqlite3.connect(tmp_path / "home" / "hall.db").execute(signed).fetchone() == (3,)


def test_a_slip_of_a_reader_is_not_published(walked, tmp_path):
    drawing = walked.content / "bpmn" / NAME / "process.bpmn"
    drawing.write_text(drawing.read_text(encoding="utf-8").replace('formId="key"', 'formId="kye"'), encoding="utf-8")
    checked = walked("check", "$YIZHAN_CONTENT/bpmn")
    assert checked.returncode == 1 and "kye" in checked.stdout
    assert walked("publish", "--by", "hongsj", "--note", "试试").returncode == 1
    rows = sqlite3.connect(tmp_path / "home" / "hall.db").execute("SELECT count(*) FROM matter_version").fetchone()
    assert rows == (0,)
