"""Settings: every name is known, written down in the operator's handbook, and wrong ones stop the program at start."""

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import crypto
from engine.people import login
from engine.store import keys
from engine.store.models import User
from tests.conftest import NOW
from web import doctor, settings, start
from web.app import create_app
from web.demo import PASSWORD, county

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


def test_the_token_of_the_anchor_goes_over_no_open_line(tmp_path):
    base = {"YIZHAN_HOME": str(tmp_path), "YIZHAN_ANCHOR_TOKEN": "t"}
    for url in ("http://archive.example/seals", "archive.example/seals", "https://"):
        with pytest.raises(settings.BadSettings, match="https:// address in YIZHAN_ANCHOR_URL"):
            settings.read({**base, "YIZHAN_ANCHOR_URL": url})
    for url in ("https://archive.example/seals", "http://127.0.0.1:9/seals"):
        settings.read({**base, "YIZHAN_ANCHOR_URL": url})


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


@pytest.mark.parametrize(
    "more",
    [
        {"YIZHAN_HOST": "0.0.0.0"},
        {"YIZHAN_HOST": "192.168.1.5"},
        {"YIZHAN_HTTPS": "1"},
        {"YIZHAN_PUBLIC_URL": "https://hall.example.cn"},
        {"YIZHAN_PROXIES": "1"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_hall_that_others_can_reach_shows_no_codes(tmp_path, more):
    with pytest.raises(settings.BadSettings, match="YIZHAN_NOTICES=gateway"):
        settings.read({"YIZHAN_HOME": str(tmp_path), **more})
    gateway = {"YIZHAN_NOTICES": "gateway", "YIZHAN_GATEWAY_URL": "https://gateway.example/send"}
    assert settings.read({"YIZHAN_HOME": str(tmp_path), **gateway, **more}).reachable


def test_trying_out_on_ones_own_machine_needs_no_setting(tmp_path):
    for more in (
        {},
        {"YIZHAN_HOST": "localhost"},
        {"YIZHAN_HOST": "::1"},
        {"YIZHAN_PUBLIC_URL": "http://127.0.0.1:8000"},
    ):
        read = settings.read({"YIZHAN_HOME": str(tmp_path), **more})
        assert not read.reachable and read.development


def _of(home, **more):
    return settings.Settings(home=home, database_url=f"sqlite:///{home / 'hall.db'}", secret_key="s", **more)


def test_no_demo_county_and_no_demo_password_where_others_can_reach_them(tmp_path, sqlite):
    outside = _of(tmp_path, host="0.0.0.0", notices="gateway")
    with pytest.raises(settings.BadSettings, match="--no-demo"):
        start.nothing_to_try_out(sqlite, outside, new=True)
    start.nothing_to_try_out(sqlite, outside, new=False)  # a hall of their own
    name = next(iter(county()["shown"]))
    with sqlite.unit_of_work() as work:
        hashed = login.hash_password(PASSWORD)
        work.session.add(
            User(kind="staff", login=name, name="演示", password_hash=hashed, created_at=datetime.now(UTC))
        )
    with pytest.raises(settings.BadSettings, match=name):
        start.nothing_to_try_out(sqlite, outside, new=False)
    start.nothing_to_try_out(sqlite, _of(tmp_path), new=False)


def test_a_hall_does_not_start_without_its_key_or_with_another(tmp_path, sqlite, monkeypatch):
    with sqlite.unit_of_work() as work:
        work.session.add(User(kind="resident", name="王建国", created_at=datetime.now(UTC)))
    start.right_key(sqlite)
    with (
        keys.borrowing(keys.Keyring(b"another key of another hall ....")),
        pytest.raises(settings.BadSettings, match="不配"),
    ):
        start.right_key(sqlite)
    monkeypatch.setattr(keys, "there", lambda: False)
    with pytest.raises(settings.BadSettings, match="YIZHAN_DATA_KEY"):
        start.right_key(sqlite)


def test_a_hall_that_cannot_sign_by_its_suite_does_not_start_and_the_doctor_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(crypto.sm2, "there", lambda: False)
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))
    given = os.environ["YIZHAN_DATA_KEY"]
    start.can_sign()
    monkeypatch.setenv("YIZHAN_DATA_KEY", f"national:{given}")
    with pytest.raises(settings.BadSettings, match="gmssl"):
        start.can_sign()
    monkeypatch.delenv("YIZHAN_DATA_KEY")
    monkeypatch.setenv("YIZHAN_CRYPTO", "national")  # a hall whose key is made at its first start
    with pytest.raises(settings.BadSettings, match="gmssl"):
        start.prepare(_of(tmp_path))
    assert not keys.file().exists()
    there = {"YIZHAN_HOME": str(tmp_path), "YIZHAN_CRYPTO": "national"}
    (line,) = (one for one in doctor.here(there, now=NOW) if one.about == "signature")
    assert line.level == "error" and "gmssl" in line.zh and "gmssl" in line.en
    monkeypatch.setattr(crypto.sm2, "there", lambda: True)
    start.can_sign()


def test_what_the_hall_keeps_is_its_own_users_to_read(tmp_path):
    (tmp_path / "log").mkdir()
    for file in ("hall.db", "hall.db-wal", "log/worker.log"):
        (tmp_path / file).write_text("x")
        (tmp_path / file).chmod(0o644)
    before = os.umask(0o022)
    try:
        start.private(tmp_path)
        (tmp_path / "made-later.db").write_text("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    for file in ("hall.db", "hall.db-wal", "log/worker.log", "made-later.db"):
        assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o600, file


def test_the_hall_is_asked_for_by_its_own_name_only(tmp_path, sqlite):
    of = _of(tmp_path, public_url="https://hall.example.cn", https=True, notices="gateway")
    client = create_app(of, database=sqlite).test_client()
    assert client.get("/", base_url="https://hall.example.cn").status_code == 200
    assert client.get("/", base_url="https://evil.example").status_code == 400
