"""All cryptography behind one door: sealing, hashing, keyed hashes, signing. Nothing here knows a database or a file.

    suite = crypto.NATIONAL                      # SM4-GCM, SM3, SM2; or INTERNATIONAL: AES-256-GCM, SHA-256, Ed25519
    sealed = suite.seal(key, b"text", b"about")  # mark, nonce, ciphertext, tag
    crypto.suite_of(sealed).open(key, sealed, b"about")  # by the suite whose mark it bears
    name = suite.hashed(b"what is proved")       # bears the suite's name, but for the first suite's
    crypto.fits(name, b"what is proved")
    crypto.fingerprint(b"contents")              # SHA-256 in every hall: a name of contents, no proof of anything
    pair = suite.new_pair(); said = signing.sign(pair, data); crypto.signed(pair.public, data, said)
    sealed = crypto.boxes.seal_to(public, b"vote", about)

Every value says which suite made it, so values of both live side by side: a hall changes its suite for what it writes
from now on, and goes on reading what it wrote. Which suite a hall writes with stands beside its data key
(`engine.store.keys`); a new hall chooses it by YIZHAN_CRYPTO. `tests/test_crypto_door.py` holds that no other module
imports hashlib, hmac or cryptography, with the exceptions and their reasons.
"""

from engine.crypto import boxes, sm2
from engine.crypto.hashes import Hasher, fingerprint, same
from engine.crypto.signing import Pair, Unavailable, signed
from engine.crypto.suites import (
    INTERNATIONAL,
    NATIONAL,
    SUITES,
    Key,
    NotOpened,
    Suite,
    fits,
    suite_of,
)

__all__ = [
    "INTERNATIONAL",
    "NATIONAL",
    "SUITES",
    "Hasher",
    "Key",
    "NotOpened",
    "Pair",
    "Suite",
    "Unavailable",
    "boxes",
    "fingerprint",
    "fits",
    "same",
    "signed",
    "sm2",
    "suite_of",
]
