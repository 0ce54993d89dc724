"""The house keeps its rules: import contracts hold, and nothing names a host or a machine's path."""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_rooms_import_down_only():
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_lock_files_name_no_host():
    for lock in ROOT.glob("*.lock"):
        assert "://" not in lock.read_text(), lock.name
    npm = ROOT / "web" / "frontend" / "package-lock.json"
    if npm.exists():
        assert '"resolved": "http' not in npm.read_text()


def test_pages_and_the_interface_for_programs_never_touch_the_session_of_a_unit_of_work():
    found = []
    for room in ("pages", "api"):
        for file in sorted((ROOT / "web" / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Attribute) and node.attr == "session":
                    found.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert not found, f"a page calls a read or a command, and queries or writes nothing itself: {found}"


def test_the_first_gate_that_does_not_hold_stops_the_others_and_is_named():
    command = [sys.executable, str(ROOT / ".ci" / "gates.py"), "no-such-gate", "lint"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "gate no-such-gate does not hold" in done.stdout.splitlines()[-1]
    assert "gate lint" not in done.stdout


def test_every_test_that_takes_hours_is_a_part_of_the_soak():
    spec = importlib.util.spec_from_file_location("soak", ROOT / ".ci" / "soak.py")
    soak = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(soak)
    marked = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "tests").rglob("test_*.py")
        if "mark.soak" in file.read_text() and file != Path(__file__)
    }
    assert marked == set(soak.PARTS.values())


@pytest.mark.wide
def test_what_has_passed_of_a_soak_is_not_run_again_and_what_has_not_is(tmp_path):
    (tmp_path / "test_two.py").write_text(
        "def test_a():\n    print('a hundred journeys')\n\ndef test_b(tmp_path):\n    assert 1 == 2\n"
    )
    environment = {**os.environ, "SOAK_BOOK": str(tmp_path / "book.jsonl"), "PYTHONPATH": str(ROOT)}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # a quick start: none of them is asked
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.soaking", "test_two.py"]
    ran = []
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        ran.append(done.stdout)
    assert "1 failed, 1 passed" in ran[0] and "1 failed, 1 deselected" in ran[1], ran
    lines = [json.loads(line) for line in (tmp_path / "book.jsonl").read_text().splitlines()]
    assert [one["outcome"] for one in lines] == ["passed", "failed", "failed"]
    assert lines[0]["said"] == "a hundred journeys" and "1 == 2" in lines[1]["why"]


def test_a_fault_that_could_not_be_looked_up_is_not_called_none(monkeypatch, capsys):
    """pip-audit skips what its service does not know, and then says that nothing was found."""
    spec = importlib.util.spec_from_file_location("packages", ROOT / ".ci" / "packages.py")
    packages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(packages)
    answers = {
        "none known": {"dependencies": [{"name": "flask", "skip_reason": "not found"}]},
        "one bad": {
            "dependencies": [
                {"name": "flask", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]},
                {"name": "click", "version": "1", "vulns": []},
            ]
        },
    }
    said = {}
    for name, answer in answers.items():
        done = subprocess.CompletedProcess([], 0, json.dumps(answer), "")
        monkeypatch.setattr(packages.subprocess, "run", lambda *a, done=done, **k: done)
        said[name] = (packages.faults(), capsys.readouterr().out)
    assert said["none known"][0] == 0 and "NOT LOOKED UP" in said["none known"][1]
    assert said["one bad"][0] == 1 and "flask 1: X-1, mended in 2" in said["one bad"][1]


#: Columns a line may have, in Python (ruff's E501) and in templates alike. Chinese signs take two.
LIMIT = 120


def _columns(line: str) -> int:
    """How wide a line is, without what cannot be broken and put out the same: Chinese prose, data URLs."""
    line = re.sub("[\u3000-\u9fff\uff00-\uffef“”…]{20,}", "", line)
    line = re.sub('data:[^"]+', "", line)
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def test_no_browser_test_waits_by_a_function_that_the_pages_policy_forbids_at_its_second_look():
    """It passes on a fast machine, where the first look is enough, and is an EvalError on a slow one."""
    word = "wait_for" + "_function("
    browser = (ROOT / "tests/browser").rglob("*.py")
    assert [str(file) for file in browser if word in file.read_text()] == []


def test_lines_of_python_are_held_to_the_limit_by_the_linter():
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]
    assert ruff["line-length"] == LIMIT
    assert "E" in ruff["lint"]["select"] and "E501" not in ruff["lint"]["ignore"]


def test_no_file_has_the_marks_of_a_merge():
    """Two who land on one line leave them, and a page or a text shows them to people."""
    marked = re.compile(rb"^(<{7}|>{7}) ", re.M)
    folders = ("bpmn", "docs", "engine", "forms", "tests", "web")
    kinds = {".bpmn", ".css", ".dmn", ".form", ".html", ".js", ".md", ".mjs", ".po", ".py", ".yaml"}
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
    files = [path for path in [*files, ROOT / "CHANGELOG.md", ROOT / "README.md"] if "node_modules" not in path.parts]
    found = [str(path.relative_to(ROOT)) for path in files if path.is_file() and marked.search(path.read_bytes())]
    assert len(files) > 1000 and found == []


def test_lines_of_templates_are_held_to_the_same_limit():
    found = [
        f"{file.relative_to(ROOT)}:{n}"
        for folder in ("web/templates", "forms")
        for file in sorted((ROOT / folder).rglob("*.html"))
        for n, line in enumerate(file.read_text().splitlines(), 1)
        if _columns(line) > LIMIT
    ]
    assert not found, f"longer than {LIMIT} columns; break inside tags, or after a Jinja tag that ends in -%}}: {found}"


def test_no_file_has_what_is_left_of_a_merge():
    kinds = (".py", ".html", ".md", ".po", ".yaml", ".bpmn", ".dmn", ".form", ".j2", ".js", ".css", ".toml")
    folders = ("engine", "web", "tests", "docs", "bpmn", "forms")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in kinds]
    files += [file for file in ROOT.iterdir() if file.suffix in kinds]
    left = re.compile(r"^(<{7} |={7}$|>{7} )", re.M)
    aside = ("node_modules", "static")
    found = [
        file.relative_to(ROOT).as_posix()
        for file in files
        if not set(aside) & set(file.parts) and left.search(file.read_text("utf-8", "replace"))
    ]
    assert not found
