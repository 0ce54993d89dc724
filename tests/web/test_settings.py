"""Settings: every name is known, written down in the operator's handbook, and wrong ones stop the program at start."""

import re
from pathlib import Path

import pytest

from web import settings

ROOT = Path(settings.__file__).parent.parent


def test_a_misspelt_setting_stops_the_program_and_is_named(tmp_path):
    with pytest.raises(settings.BadSettings, match="YIZHAN_PROT"):
        settings.read({"YIZHAN_HOME": str(tmp_path), "YIZHAN_PROT": "80"})


def test_every_setting_the_program_reads_anywhere_is_known():
    read = set()
    for room in ("engine", "web"):
        for file in (ROOT / room).rglob("*.py"):
            if "node_modules" not in file.parts:
                read |= set(re.findall(r"\"(YIZHAN_[A-Z_]*[A-Z])\"", file.read_text(encoding="utf-8")))
    assert read == set(settings.KNOWN)


def test_a_gateway_without_its_address_stops_the_program(tmp_path):
    with pytest.raises(settings.BadSettings, match="YIZHAN_GATEWAY_URL"):
        settings.read({"YIZHAN_HOME": str(tmp_path), "YIZHAN_NOTICES": "gateway"})
    read = settings.read(
        {
            "YIZHAN_HOME": str(tmp_path),
            "YIZHAN_NOTICES": "gateway",
            "YIZHAN_GATEWAY_URL": "https://gateway.example/send",
            "YIZHAN_GATEWAY_TOKEN": "t",
        }
    )
    assert not read.development


def test_the_handbook_lists_every_setting_in_the_programs_own_words():
    rows = re.findall(
        r"^\| `(YIZHAN_\w+)` \| (.*) \|$", (ROOT / "docs" / "operators.md").read_text(encoding="utf-8"), re.M
    )
    assert dict(rows) == settings.KNOWN
