"""The national algorithms, against the examples that the standards print."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from engine import crypto
from engine.crypto import hashes, sm2


@pytest.mark.parametrize(
    ("said", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gives_the_digests_of_gbt_32905(said, digest):
    assert hashes.digest("sm3", said).hex() == digest
    piecewise = crypto.NATIONAL.hasher(said[:1])
    piecewise.update(said[1:])
    assert piecewise.hexdigest() == digest


def test_sm4_gives_the_block_of_gbt_32907():
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    made = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    assert made.update(key) == bytes.fromhex("681edf34d206965e86b3e94f536e4246")


def test_sm4_gcm_gives_the_ciphertext_and_tag_of_rfc_8998():
    nonce = bytes.fromhex("00001234567800000000abcd")
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    about = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex("aa" * 8 + "bb" * 8 + "cc" * 8 + "dd" * 8 + "ee" * 8 + "ff" * 8 + "ee" * 8 + "aa" * 8)
    sealed = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert crypto.NATIONAL._encrypt(key, nonce, plain, about) == sealed
    assert crypto.NATIONAL.open(key, b"\x02" + nonce + sealed, about) == plain


# GB/T 32918.5-2017, annex A.2: a signature over the recommended curve
PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
DIGEST = 0xF0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640
K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


def test_sm2_gives_the_signature_of_gbt_32918_5():
    assert sm2.public_of(PRIVATE) == PUBLIC
    assert sm2._digest(PUBLIC, b"message digest") == DIGEST
    assert sm2._sign_with(PRIVATE, DIGEST, K) == SIGNATURE
    assert sm2.verified(PUBLIC, b"message digest", SIGNATURE)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param((PUBLIC, b"message digesT", SIGNATURE), id="other data"),
        pytest.param((PUBLIC, b"message digest", SIGNATURE[:-1] + b"\0"), id="other signature"),
        pytest.param((PUBLIC, b"message digest", bytes(32) + SIGNATURE[32:]), id="r is nothing"),
        pytest.param((PUBLIC, b"message digest", b"\xff" * 64), id="beyond the order"),
        pytest.param((PUBLIC, b"message digest", SIGNATURE + b"\0"), id="too long"),
        pytest.param((PUBLIC[:-1] + b"\0", b"message digest", SIGNATURE), id="no point of the curve"),
        pytest.param((bytes(64), b"message digest", SIGNATURE), id="no key"),
    ],
)
def test_sm2_takes_nothing_else_for_it(changed):
    assert not sm2.verified(*changed)


def test_a_public_key_that_begins_with_04_is_taken_whole():
    """gmssl takes away leading fours and noughts of such a key."""
    secret = next(n for n in range(1, 2000) if sm2.public_of(n.to_bytes(32, "big"))[0] == 4).to_bytes(32, "big")
    public = sm2.public_of(secret)
    assert sm2.verified(public, b"x", sm2.sign(secret, public, b"x"))
