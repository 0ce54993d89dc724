"""Papers are made in processes of their own: the same bytes, refusals come back whole, a dead process is replaced."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.records import papers
from tests.papers.facts import FACTS, seal

NOW = datetime(2026, 9, 18, 1, 42, tzinfo=UTC)
pytestmark = pytest.mark.xdist_group("press")


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> papers.Identity:
    return papers.demo_identity(tmp_path_factory.mktemp("keys"), "德化县行政服务中心", now=NOW)


@pytest.fixture(scope="module")
def press(identity: papers.Identity) -> Iterator[papers.Press]:
    with papers.Press(1, identity=identity, seconds=60) as press:
        yield press


SEAL = seal(papers.library().kind("receipt"), FACTS["receipt"])


def job(signed: bool = True) -> papers.Job:
    return papers.Job("receipt", FACTS["receipt"], seal=SEAL, signed_at=NOW if signed else None)


def test_another_process_makes_the_same_bytes(press: papers.Press) -> None:
    here = papers.render(papers.library().kind("receipt"), FACTS["receipt"], seal=SEAL)
    assert press.render(job(signed=False)).pdf == here.pdf


def test_a_paper_comes_back_signed(press: papers.Press, identity: papers.Identity) -> None:
    made = press.render(job())
    assert made.signed and made.pages == 1 and made.sha256 != made.unsigned_sha256
    assert papers.validate(made.pdf, identity.roots(), now=NOW).good


def test_a_refusal_crosses_the_border_with_its_fields(press: papers.Press) -> None:
    facts = copy.deepcopy(FACTS["receipt"])
    del facts["applicant"]["name"]
    with pytest.raises(papers.MissingFacts) as refused:
        press.render(papers.Job("receipt", facts))
    assert list(refused.value.by_field()) == ["applicant.name"]
    assert "申请人" in refused.value.zh


def test_a_dead_process_is_told_and_replaced(press: papers.Press) -> None:
    press.render(job())
    pool = press._started()
    for process in list(pool._processes.values()):
        process.kill()
        process.join(10)
    with pytest.raises(papers.PressFailed):
        press.render(job())
    assert press.render(job()).signed


def test_the_processes_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """Nobody cleans up after kill -9: the processes must see it themselves."""
    program = (
        "import os, sys, signal\n"
        "from engine.records import papers\n"
        "if __name__ == '__main__':\n"
        "    press = papers.Press(1)\n"
        "    press.submit(papers.Job('nothing', {})).exception()\n"
        "    print(*press._pool._processes, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(program)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, timeout=120, env={**os.environ, "PYTHONPATH": os.getcwd()}
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid = int(done.stdout.split()[0])
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z":
            return  # ended; nobody has waited for it yet
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("the process outlived its parent by 20 s")
