"""What each suite makes says which one made it, and both are read side by side."""

import base64

import pytest

from engine import crypto
from engine.crypto import INTERNATIONAL, NATIONAL, Key, signing
from engine.store import keys

SECRET = b"0123456789abcdef0123456789abcdef"
both = pytest.mark.parametrize("suite", crypto.SUITES.values(), ids=crypto.SUITES.keys())


def opened(key, sealed, about):
    return crypto.suite_of(sealed).open(key, sealed, about)


@both
def test_what_is_sealed_opens_with_its_key_and_its_place_only(suite):
    sealed = suite.seal(SECRET, "苏玉兰".encode(), b"text")
    assert crypto.suite_of(sealed) is suite
    assert opened(SECRET, sealed, b"text") == "苏玉兰".encode()
    assert suite.seal(SECRET, "苏玉兰".encode(), b"text") != sealed
    for other, about in ((SECRET[::-1], b"text"), (SECRET, b"json")):
        with pytest.raises(crypto.NotOpened):
            opened(other, sealed, about)


@both
def test_every_changed_byte_of_a_sealed_value_is_found(suite):
    sealed = suite.seal(SECRET, b"1380", b"text")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(crypto.NotOpened):
            opened(SECRET, changed, b"text")
    for short in (b"", sealed[:1], sealed[:28], sealed[:-1]):
        with pytest.raises(crypto.NotOpened):
            opened(SECRET, short, b"text")


@both
def test_a_hash_names_its_suite_and_fits_its_data_only(suite):
    hashed = suite.hashed(b"an act")
    assert crypto.suite_of(hashed) is suite
    assert len(hashed) <= 64
    assert crypto.fits(hashed, b"an act")
    assert not crypto.fits(hashed, b"another act")


@both
def test_a_signature_is_checked_by_the_public_half(suite):
    pair = suite.new_pair()
    said = signing.sign(pair, b"seal 7")
    assert crypto.signed(pair.public, b"seal 7", said)
    assert pair.private not in repr(pair)
    assert signing.read_pair(f"{pair.private}\n") == pair
    assert not crypto.signed(pair.public, b"seal 8", said)
    assert not crypto.signed(suite.new_pair().public, b"seal 7", said)
    for nonsense in ("", "ed25519:", "sm2:AAAA", "md5:AAAA", "ed25519:é", said[:-8]):
        assert not crypto.signed(pair.public, b"seal 7", nonsense)
        assert not crypto.signed(nonsense, b"seal 7", said)


def test_without_its_library_sm2_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gmssl.sm2", None)
    with pytest.raises(crypto.Unavailable, match="extra `sm`"):
        NATIONAL.new_pair()


def test_a_hall_reads_what_it_wrote_by_the_other_suite():
    before, after = keys.Keyring(SECRET), keys.Keyring(SECRET, NATIONAL)
    assert after.open(before.seal(b"x", b"text"), b"text") == b"x"
    assert before.open(after.seal(b"x", b"text"), b"text") == b"x"
    assert after.proves(before.proof("seal 1"), "seal 1") and before.proves(after.proof("seal 1"), "seal 1")
    assert not after.proves(before.proof("seal 1"), "seal 2")
    assert after.blind("phone", "138") != before.blind("phone", "138") and len(after.blind("phone", "138")) <= 32


def test_a_value_sealed_before_there_were_two_suites_still_opens():
    """Written down from the program of before: the form of the first suite never changes."""
    ring = keys.Keyring(SECRET)
    old = base64.b64decode("AQAAAAAAAAAAAAAAAA==")  # mark and nonce of twelve noughts
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    made = AESGCM(INTERNATIONAL.derive(SECRET, b"yizhan seal")).encrypt(bytes(12), b"old", b"text")
    assert ring.open(old + made, b"text") == b"old"
    assert ring.blind("phone", "13800000009") == OLD_INDEX


OLD_INDEX = "9ec1ffd25ac84bcf1e61fc1d95109b97"


def test_a_key_says_its_suite_in_its_file():
    key = Key(SECRET, NATIONAL)
    assert key.text().startswith("national:") and Key.read(key.text().encode() + b"\n") == key
    assert Key.read(Key(SECRET).text()).suite is INTERNATIONAL
    assert "0123" not in repr(key)
    for wrong in ("c2hvcnQ=", "sm9:" + Key(SECRET).text(), ""):
        with pytest.raises(ValueError, match="Expected"):
            Key.read(wrong)


def test_a_new_hall_takes_the_suite_of_the_setting_and_an_old_one_refuses_another(tmp_path, monkeypatch):
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))
    monkeypatch.delenv("YIZHAN_DATA_KEY")
    monkeypatch.setenv("YIZHAN_CRYPTO", "national")
    assert keys._load().now.suite is NATIONAL
    monkeypatch.delenv("YIZHAN_CRYPTO")
    assert keys._load().now.suite is NATIONAL
    monkeypatch.setenv("YIZHAN_CRYPTO", "international")
    with pytest.raises(keys.OtherSuite, match="new hall only"):
        keys._load()
