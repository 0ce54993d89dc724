"""The house keeps its rules: import contracts hold, and nothing names a host or a machine's path."""

import ast
import subprocess
import sys
from pathlib import Path

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
