"""The systemd units and the Containerfile: right by systemd's own judgement where it is there, and by what they say."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs" / "deploy"
SERVICES = ("yizhan-web.service", "yizhan-worker.service", "yizhan-backup.service")
UNITS = (*SERVICES, "yizhan-backup.timer")


def unit(name):
    read = configparser.RawConfigParser(strict=False, interpolation=None, delimiters=["="])
    read.optionxform = str
    read.read_string((DEPLOY / name).read_text("utf-8"))
    return read


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine: not run")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    for name in UNITS:  # by a program that is here: where it will lie is not this machine
        text = (DEPLOY / name).read_text("utf-8").replace("/opt/yizhan/.venv/bin/yizhan", sys.executable)
        (tmp_path / name).write_text(text, "utf-8")
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    ours = [line for line in found.stderr.splitlines() if "yizhan" in line]
    assert ours == [] and found.returncode == 0, found.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine: not run")
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_calls_what_a_service_may_do_little(name):
    found = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=30", str(DEPLOY / name)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode == 0, found.stdout[-400:]  # exposure of at most 3.0 of 10


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_as_its_own_user_and_writes_its_home_alone(name):
    service = unit(name)["Service"]
    assert service["User"] == "yizhan" and service["ProtectSystem"] == "strict" and service["UMask"] == "0077"
    assert service["StateDirectoryMode"] == "0700" and service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["EnvironmentFile"] == "/etc/yizhan/env"  # no secret stands in a unit
    assert "YIZHAN_HOME=/var/lib/yizhan" in service["Environment"]


def test_the_worker_may_write_the_anchor_where_the_handbook_has_it():
    (place,) = re.findall(r"YIZHAN_ANCHOR_FILE=(/\S+)/seals.jsonl", (ROOT / "docs" / "operators.md").read_text("utf-8"))
    assert f"-{place}" in unit("yizhan-worker.service")["Service"]["ReadWritePaths"].split()


def test_each_unit_calls_a_command_there_is():
    from web.cli import main

    for name in SERVICES:
        service = unit(name)["Service"]
        called = re.findall(r"/bin/yizhan (\w+)", service["ExecStart"] + service.get("ExecStartPre", ""))
        assert called and set(called) <= set(main.list_commands(click.Context(main))), name
    assert unit("yizhan-backup.timer")["Timer"]["Unit"] in SERVICES


def test_the_web_may_open_as_many_files_as_it_takes_connections():
    from web import server

    assert int(unit("yizhan-web.service")["Service"]["LimitNOFILE"]) > server.CONNECTIONS + 500


def container():
    """The Containerfile's instructions, each on one line."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Containerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(None, 1)) for line in lines]


def test_the_containerfile_names_no_registry_and_runs_as_nobody_special():
    said = container()
    words = {word for word, _ in said}
    known = "ARG FROM RUN WORKDIR COPY USER ENV VOLUME EXPOSE STOPSIGNAL HEALTHCHECK CMD"
    assert words <= set(known.split(" "))
    assert next(word for word, _ in said) == "ARG" and ("FROM", "${BASE}") in said
    assert not re.search(r"[\w-]+\.[\w.-]+/", dict(said)["ARG"])  # an image by its name, from wherever they have it
    assert not dict(said)["USER"].startswith(("0", "root"))
    kept = [rest for word, rest in said if word == "ENV"]
    assert any("YIZHAN_HOST=0.0.0.0" in rest.split() for rest in kept)  # its loopback is nobody else's
    assert not any(re.search("KEY|TOKEN|PASSWORD", rest) for rest in kept)


def test_what_the_containerfile_copies_is_there_and_what_the_program_reads_is_copied():
    copied = {one for word, rest in container() if word == "COPY" for one in rest.split()[:-1]}
    assert all((ROOT / one).exists() for one in copied)
    assert {"engine", "web", "bpmn", "forms", "pyproject.toml", "requirements.lock"} <= copied


def test_the_handbook_leads_to_each_of_them():
    told = (ROOT / "docs" / "operators.md").read_text("utf-8")
    assert [name for name in (*UNITS, "Containerfile") if f"deploy/{name}" not in told] == []
