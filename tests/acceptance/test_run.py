"""`yizhan run`: web and worker start together, a second start is quick, one signal stops both."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import pytest
import requests

from tests.cast import ROOT


def environment(home, port):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("YIZHAN_") or k == "YIZHAN_DATA_KEY"}
    content = home / "content"
    if not content.exists():  # one small matter: a start proves each, and that is tested elsewhere
        for part in ("bpmn", "forms"):
            for owner in ("_shared", "zhenggai"):
                if (ROOT / part / owner).exists():
                    shutil.copytree(ROOT / part / owner, content / part / owner)
    return kept | {"YIZHAN_HOME": str(home), "YIZHAN_PORT": str(port), "YIZHAN_CONTENT": str(content)}


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(home, port):
    return subprocess.Popen(
        [sys.executable, "-m", "web.cli", "run", "--no-demo"],
        cwd=ROOT,
        env=environment(home, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def comes(so, within):
    """What `so()` says, as soon as it says something; False when the time is over."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if (said := so()) is not None:
            return said
        time.sleep(0.1)
    return False


def answers(port, within):
    def asked():
        try:
            return requests.get(f"http://127.0.0.1:{port}/api/v1/matters", timeout=5).status_code == 200
        except requests.ConnectionError:
            return None

    return comes(asked, within)


def published(home, within):
    counted = "SELECT count(*) FROM matter_version"
    return comes(lambda: sqlite3.connect(home / "hall.db").execute(counted).fetchone()[0] or None, within) >= 1


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_run_starts_both_comes_back_after_a_kill_and_stops_both(tmp_path, port):
    hall = run(tmp_path, port)
    try:
        assert any("大厅已启动" in line for line in hall.stdout)  # said only when it is so: it answers at once
        assert answers(port, 0.001)
        assert published(tmp_path, 60), "proved and offered behind the pages"
        pids = children(hall.pid)
        assert len(pids) == 2
        os.kill(pids[0], signal.SIGKILL)  # the web
        time.sleep(0.5)
        assert answers(port, 60)
        pids = children(hall.pid)
        assert len(pids) == 2
    finally:
        hall.send_signal(signal.SIGTERM)
        said, _ = hall.communicate(timeout=60)
    assert hall.returncode == 0, said
    assert "已停止" in said and "意外退出" in said
    assert all(gone(pid) for pid in pids)


def test_a_port_in_use_is_said_in_one_sentence(tmp_path, port):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        hall = run(tmp_path, port)
        said, _ = hall.communicate(timeout=60)
    assert hall.returncode == 1 and f"端口 {port} 已被别的程序占用" in said and "Traceback" not in said


def test_migrate_init_and_audit_speak_for_themselves(tmp_path, port):
    def cli(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "web.cli", *arguments],
            cwd=ROOT,
            env=environment(tmp_path, port),
            capture_output=True,
            text=True,
            check=False,
        )

    assert "升级到" in cli("migrate").stdout
    assert "已发布" in cli("init", "--no-demo").stdout
    assert "已封存" in cli("audit", "seal").stdout
    found = cli("audit", "verify")
    assert found.returncode == 0 and "完好" in found.stdout
    base = sqlite3.connect(tmp_path / "hall.db")
    base.execute("DROP TRIGGER event_no_update")
    base.execute("UPDATE event SET kind = 'x' WHERE seq = 1")
    base.commit()
    base.close()
    found = cli("audit", "verify")
    assert found.returncode == 1 and "内容被改动" in found.stdout
