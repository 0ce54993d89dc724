"""All cryptography goes through engine/crypto: no other module imports what seals, hashes or signs."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: What makes or checks seals, hashes, keyed hashes and signatures.
BEHIND = {
    "hashlib",
    "hmac",
    "cryptography",
    "gmssl",
    "Crypto",
    "Cryptodome",
    "nacl",
    "OpenSSL",
    "argon2",
    "jwt",
    "oscrypto",
}

#: Where else one of them may stand, and why.
EXCEPTIONS = {
    "engine/people/login.py": "argon2: passwords are slow hashes of a library of their own, which say their parameters",
    "engine/records/evidence/verify.py": "stands alone in an evidence package, with nothing of ours beside it",
    "engine/records/papers/signing.py": "X.509 and PKCS#12 for pyHanko, which makes the signatures inside PDF papers",
    "web/doctor.py": "reads until when the office's PKCS#12 certificate lives",
}


IMPORT = re.compile(rf"^[ \t]*(?:import|from)[ \t]+({'|'.join(sorted(BEHIND))})\b", re.M)


@cache
def users():
    """Every module of the program that imports one of them, with which."""
    found = {}
    for room in ("engine", "web"):
        for file in (ROOT / room).rglob("*.py"):
            if "node_modules" not in file.parts and (what := IMPORT.findall(file.read_text(encoding="utf-8"))):
                found[file.relative_to(ROOT).as_posix()] = sorted(set(what))
    return found


def test_the_look_sees_what_stands_behind_the_door():
    assert users()["engine/crypto/hashes.py"] == ["cryptography", "hashlib", "hmac"]
    assert users()["engine/crypto/sm2.py"] == ["gmssl"]


def test_only_the_door_imports_cryptography():
    found = {name: what for name, what in users().items() if not name.startswith("engine/crypto/")}
    assert {name: what for name, what in found.items() if name not in EXCEPTIONS} == {}, "use engine.crypto"


def test_every_exception_is_still_one():
    assert set(EXCEPTIONS) - set(users()) == set()
