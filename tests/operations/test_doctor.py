"""What is wrong with a configuration is found before it serves, each by a line that says what to do."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from engine import people
from engine.records import audit
from engine.store import db, migrate
from web import doctor
from web.cli import main

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A hall of this machine, freshly made, with nothing wrong but what a new hall lacks."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("YIZHAN_HOME", str(home))
    database = db.connect(f"sqlite:///{home / 'hall.db'}", files=home / "files")
    migrate.upgrade(database)
    database.close()
    for file in home.glob("hall.db*"):
        file.chmod(0o600)
    return home


def found(home, clock, **environment):
    given = {"YIZHAN_HOME": str(home), "YIZHAN_DATA_KEY": KEY, "YIZHAN_SECRET_KEY": "x", **environment}
    return {one.about: one for one in doctor.here(given, now=clock())}


OUTSIDE = {
    "YIZHAN_NOTICES": "gateway",
    "YIZHAN_HTTPS": "1",
    "YIZHAN_PUBLIC_URL": "https://hall.example.cn",
    "YIZHAN_GATEWAY_URL": "https://sms.example.cn/send",
    "YIZHAN_GATEWAY_TOKEN": "t",
}


def test_a_new_hall_has_warnings_and_no_error(home, clock):
    lines = found(home, clock)
    assert {one.about for one in lines.values() if one.level == "error"} <= {"fonts"}
    assert lines["backup"].level == lines["worker"].level == lines["gateway"].level == "warn"
    assert all(one.zh and one.en for one in lines.values())


def test_a_hall_for_others_with_its_gateway_is_well(home, clock):
    lines = found(home, clock, **OUTSIDE)
    assert lines["gateway"].level == lines["revision"].level == lines["demo"].level == "ok"
    assert "https" not in lines and "public-url" not in lines


@pytest.mark.parametrize(
    ("about", "change"),
    [
        ("settings", {"YIZHAN_HOST": "0.0.0.0"}),
        ("settings", {"YIZHAN_HOEM": "/srv"}),
        ("gateway", OUTSIDE | {"YIZHAN_GATEWAY_URL": "http://sms.example.cn/send"}),
        ("https", OUTSIDE | {"YIZHAN_HTTPS": ""}),
        ("data-key", {"YIZHAN_DATA_KEY": "c2hvcnQ="}),
        ("certificate", {"YIZHAN_SIGNER": "/nowhere/office.p12"}),
        ("database", {"YIZHAN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}),
    ],
)
def test_each_setting_that_does_not_hold_is_an_error(home, clock, about, change):
    assert found(home, clock, **change)[about].level == "error"


def test_files_that_others_can_read_are_an_error(home, clock):
    assert found(home, clock)["permissions"].level == "ok"
    (home / "hall.db").chmod(0o644)
    line = found(home, clock)["permissions"]
    assert line.level == "error" and "hall.db" in line.en


def test_a_record_ahead_of_the_clock_is_an_error(home, clock):
    database = db.connect(f"sqlite:///{home / 'hall.db'}", files=home / "files")
    with database.unit_of_work() as work:
        audit.record(work, audit.Kind.BACKED_UP, by=people.SYSTEM, now=clock())
    database.close()
    assert found(home, clock)["backup"].level == "ok"
    clock.on(days=2)
    assert found(home, clock)["backup"].level == "warn"
    clock.on(days=-3)
    assert found(home, clock)["clock"].level == "error"


def test_a_full_disk_is_said_before_it_is_met(home, clock, monkeypatch):
    usage = doctor.shutil.disk_usage(home)
    for free, level in ((100_000_000, "error"), (1_000_000_000, "warn"), (50_000_000_000, "ok")):
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place, free=free: usage._replace(free=free))
        assert found(home, clock)["space"].level == level


def test_a_certificate_is_judged_by_its_dates(home, clock, tmp_path):
    from engine.records import papers

    made = papers.demo_identity(tmp_path / "keys", "德化县", now=datetime.now(UTC))
    file = tmp_path / "office.p12"
    file.write_bytes(made.pkcs12)
    file.chmod(0o600)
    given = {"YIZHAN_SIGNER": str(file), "YIZHAN_SIGNER_PASSWORD": (made.passphrase or b"").decode()}
    clock.now = datetime.now(UTC)
    assert found(home, clock, **given)["certificate"].level in ("ok", "warn")
    assert found(home, clock, **given | {"YIZHAN_SIGNER_PASSWORD": "no"})["certificate"].level == "error"
    file.chmod(0o644)
    line = found(home, clock, **given)["certificate"]
    assert line.level == "error" and "chmod 600" in line.en
    file.chmod(0o600)
    clock.now += timedelta(days=365 * 40)
    assert found(home, clock, **given)["certificate"].level == "error"


def test_a_clock_that_nothing_keeps_is_said(home, clock, monkeypatch):
    for kept, level in ((True, "ok"), (False, "warn")):
        monkeypatch.setattr(doctor, "synchronised", lambda kept=kept: kept)
        assert found(home, clock)["clock"].level == level
    monkeypatch.undo()
    assert isinstance(doctor.synchronised(), bool)


def test_papers_without_their_fonts_are_an_error(home, clock, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor.fonts, "folder", lambda: tmp_path / "none")
    line = found(home, clock, YIZHAN_FONTS=str(tmp_path / "nothing"))["fonts"]
    assert line.level == "error" and "engine.records.papers.fonts" in line.en


def test_a_data_key_that_others_can_read_or_that_opens_nothing_is_an_error(home, clock, monkeypatch):
    keys_ = home / "keys"
    keys_.mkdir(mode=0o700)
    (keys_ / "data.key").write_text(KEY)
    (keys_ / "data.key").chmod(0o600)
    assert found(home, clock, YIZHAN_DATA_KEY="")["data-key"].level == "ok"
    (keys_ / "data.key").chmod(0o640)
    line = found(home, clock, YIZHAN_DATA_KEY="")["data-key"]
    assert line.level == "error" and "chmod 600" in line.en
    (keys_ / "data.key").write_text("not base64 of 32 bytes")
    assert found(home, clock, YIZHAN_DATA_KEY="")["data-key"].level == "error"


def test_an_adapter_of_this_machine_needs_no_https_and_others_do(home, clock):
    for url, level in (
        ("http://127.0.0.1:9000/send", "ok"),
        ("http://localhost:9000/send", "ok"),
        ("http://10.0.0.9/send", "error"),
        ("https://", "error"),
        ("ftp://127.0.0.1/x", "error"),
    ):
        assert found(home, clock, **OUTSIDE | {"YIZHAN_GATEWAY_URL": url})["gateway"].level == level, url


def test_the_command_exits_by_errors(home, monkeypatch):
    monkeypatch.setenv("YIZHAN_SECRET_KEY", "x")
    (home / "hall.db").chmod(0o644)
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 1 and "permissions" in done.output


def test_a_hall_that_others_reach_says_what_it_asks_beside_a_password(home, clock):
    assert "second-factor" not in found(home, clock)
    assert found(home, clock, **OUTSIDE)["second-factor"].level == "ok"
    alone = found(home, clock, **OUTSIDE, YIZHAN_SECOND_FACTOR="none")["second-factor"]
    assert alone.level == "warn" and "只凭密码" in alone.zh


def test_a_single_sign_on_without_an_address_of_the_hall_is_an_error(home, clock):
    sso = {"YIZHAN_SSO_ISSUER": "https://id.example.cn", "YIZHAN_SSO_CLIENT": "hall", "YIZHAN_SSO_SECRET": "s"}
    assert "sso" not in found(home, clock, **OUTSIDE, **sso)
    without = {name: value for name, value in OUTSIDE.items() if name != "YIZHAN_PUBLIC_URL"}
    assert found(home, clock, **without, **sso)["sso"].level == "error"
