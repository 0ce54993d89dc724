"""The documents keep step: every file, target, command, setting and commit they name exists, and every link leads
somewhere."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.commands import cases
from web import shell

ROOT = Path(__file__).resolve().parent.parent
#: What people wrote; the guides that the program writes have tests of their own.
WRITTEN = [
    *(ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY")),
    *(ROOT / "docs" / f"{name}.md" for name in ("index", "tutorial", "stories", "operators", "glossary", "dmn")),
]
ROOMS = ("engine", "web", "tests", "bpmn", "forms", "docs", ".ci")


def _id(file: Path) -> str:
    return str(file.relative_to(ROOT))


def _told(file: Path) -> str:
    """The text without what a reader is to write themselves (the files of the tutorial) or to fill in."""
    text = file.read_text(encoding="utf-8")
    if file.name == "tutorial.md":
        text = re.sub(r"^\*\*`[^`]+`\*\*\n\n```.*?^```$", "", text, flags=re.M | re.S)
    return text


@pytest.mark.parametrize("file", WRITTEN, ids=_id)
def test_every_file_and_folder_that_is_named_exists(file):
    named = re.findall(rf"`((?:{'|'.join(map(re.escape, ROOMS))})/[\w./-]*[\w/])`", _told(file))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("file", WRITTEN, ids=_id)
def test_every_verb_of_a_case_that_is_named_is_one(file):
    named = set(re.findall(r"`cases\.(\w+)[`(]", _told(file)))
    assert named - set(cases.__all__) == set()


@pytest.mark.parametrize("file", WRITTEN, ids=_id)
def test_every_link_and_picture_leads_to_a_file(file):
    linked = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", _told(file))
    assert [name for name in linked if not (file.parent / name).exists()] == []


@pytest.mark.parametrize("file", WRITTEN, ids=_id)
def test_every_make_target_that_is_named_is_one(file):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = re.findall(r"(?:`|^ {4})make ([a-z-]+)", _told(file), re.M)
    assert set(named) - targets == set()


@pytest.mark.parametrize("file", WRITTEN, ids=_id)
def test_every_command_that_is_named_is_one(file):
    commands = {module.name.rstrip("_").replace("_", "-") for module in pkgutil.iter_modules(shell.__path__)}
    named = re.findall(r"(?:`|^ {4})yizhan ([a-z-]+)", _told(file), re.M)
    assert set(named) - commands == set()


@pytest.mark.parametrize("file", WRITTEN, ids=_id)
def test_every_commit_that_is_named_is_in_the_history(file):
    named = set(re.findall(r"`([0-9a-f]{7,12})`", _told(file)))
    git = ["git", "-C", str(ROOT)]
    shallow = subprocess.run(
        [*git, "rev-parse", "--is-shallow-repository"], capture_output=True, text=True, check=False
    )
    if shallow.stdout.strip() != "false":
        pytest.skip("no whole history here: an archive or a shallow copy")
    for commit in sorted(named):
        found = subprocess.run([*git, "merge-base", "--is-ancestor", commit, "HEAD"], capture_output=True, check=False)
        assert found.returncode == 0, f"{commit} is no commit of this history"


def test_every_target_of_the_makefile_is_phony_and_the_gates_stand_in_the_contributors_table():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, re.M))
    phony = re.search(r"^\.PHONY: (.*)$", text, re.M)
    assert phony is not None and set(phony[1].split()) == targets
    gates = re.search(r"gates\.py (.*)$", text, re.M)
    assert gates is not None
    told = re.findall(r"^\| `make (\w+)` \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M)
    assert told[: len(gates[1].split())] == gates[1].split()


def test_every_page_of_docs_is_on_the_site():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {file.stem for file in (ROOT / "docs").glob("*.md")} - {"index"}
    assert {page for page in pages if not page.startswith("reference") and f"\n{page}\n" not in index} == set()


@pytest.mark.wide
def test_the_site_is_built_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", str(tmp_path / "trees")]
    done = subprocess.run(
        [*command, str(ROOT / "docs"), str(tmp_path / "site")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for page in ("index", "tutorial", "architecture", "operators"):
        assert (tmp_path / "site" / f"{page}.html").stat().st_size > 3000
