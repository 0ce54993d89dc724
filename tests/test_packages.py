"""What the hall stands on: each package's licence is known, and what could not be looked up is said."""

import re
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def packages():
    spec = spec_from_file_location("packages", ROOT / ".ci" / "packages.py")
    assert spec is not None and spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_every_package_of_the_lock_says_its_licence_and_none_is_of_a_kind_that_binds_ours(packages):
    found = {name: packages.licence(name) for name in packages.needed()}
    assert len(found) > 30
    assert {name for name, said in found.items() if said == "not said"} == set()
    assert {name: said for name, said in found.items() if "Affero" in said or "AGPL" in said} == {}


def test_every_package_of_the_lock_is_pinned_to_its_bytes(packages):
    each = re.split(r"\n(?=[A-Za-z0-9])", packages.LOCK.read_text(encoding="utf-8"))
    pinned = [one for one in each if "==" in one.splitlines()[0]]
    assert len(pinned) == len(packages.needed())
    assert [one.splitlines()[0] for one in pinned if "--hash=sha256:" not in one] == []


def _answers(monkeypatch, packages, out="", err="", late=False):
    def run(*_args, **_more):
        if late:
            raise subprocess.TimeoutExpired("pip-audit", packages.ALL)
        return subprocess.CompletedProcess((), 0, out, err)

    monkeypatch.setattr(packages.subprocess, "run", run)


@pytest.mark.parametrize(
    "answer",
    [
        {"late": True},
        {"err": "no route to the service"},
        {"out": '{"dependencies": [{"name": "flask", "skip_reason": "not found"}]}'},
    ],
)
def test_faults_that_could_not_be_looked_up_are_said_to_be_unknown_and_not_to_be_none(
    packages, monkeypatch, capsys, answer
):
    _answers(monkeypatch, packages, **answer)
    assert packages.faults() == 0
    said = capsys.readouterr().out
    assert "NOT LOOKED UP" in said and "0 of" not in said


def test_a_known_fault_fails_and_names_what_mends_it(packages, monkeypatch, capsys):
    row = '{"name": "flask", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}'
    _answers(monkeypatch, packages, out=f'{{"dependencies": [{row}]}}')
    assert packages.faults() == 1
    assert "flask 1.0: PYSEC-1, mended in 1.1" in capsys.readouterr().out
