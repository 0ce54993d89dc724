"""The designer's tutorial is walked as it is written: its files are taken from the page and go through the real
commands."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.store import db, migrate
from engine.store.models import User
from tests import cast
from tests.conftest import NOW

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^\*\*`([^`]+)`\*\*\n\n```\w+\n(.*?)^```$", PAGE, re.M | re.S))
NAME = "huodongshi"


@pytest.fixture
def walked(tmp_path):
    """The content folder as a reader of the page has it, and a function that runs a `yizhan` command there."""
    content = tmp_path / "county"
    for name, text in FILES.items():
        file = content / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
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
    assert [line.split()[1] for line in said] == ["check", "stories", "publish", "publish"]


@pytest.fixture
def designer(tmp_path):
    """A hall with a county in it, and the page's designer."""
    (tmp_path / "home").mkdir()
    database = db.connect(f"sqlite:///{tmp_path / 'home' / 'hall.db'}", files=tmp_path / "home" / "files")
    migrate.upgrade(database)
    with database.unit_of_work() as work:
        cast.hire(work, NOW, ())
        work.session.scalars(select(User).where(User.login == "designer")).one().login = "hongsj"
    database.close()


def test_what_the_page_says_is_checked_told_and_published(walked, designer, tmp_path):
    for line in re.findall(r"^    yizhan (.+)$", PAGE, re.M):
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


def test_a_slip_of_a_reader_is_not_published(walked, designer, tmp_path):
    drawing = walked.content / "bpmn" / NAME / "process.bpmn"
    drawing.write_text(drawing.read_text(encoding="utf-8").replace('formId="key"', 'formId="kye"'), encoding="utf-8")
    checked = walked("check", "$YIZHAN_CONTENT/bpmn")
    assert checked.returncode == 1 and "kye" in checked.stdout
    assert walked("publish", "--by", "hongsj", "--note", "试试").returncode == 1
    rows = sqlite3.connect(tmp_path / "home" / "hall.db").execute("SELECT count(*) FROM matter_version").fetchone()
    assert rows == (0,)
