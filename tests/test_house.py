"""The house keeps its rules: import contracts hold, and nothing names a host or a machine's path."""

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
