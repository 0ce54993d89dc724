"""The hall's signing key: it signs the seals of the audit and what leaves the hall as evidence (责任证据包).

One key a hall, from `YIZHAN_SEAL_KEY` or `keys/seal.key` in the home folder (made on first use, mode 600): base64 of
its 32 bytes, with `sm2:` before it in a hall of the national suite. It is a key of its own, and not derived from the
data key: that one is rotated, and then signatures of before must still be those of the hall. Public keys that the
hall had before stand in `keys/seal.known`, one a line; what they signed stays good.

Ed25519 (or SM2): a signature is checked with forty lines of plain Python by whoever holds an evidence package, on a
machine without any library (engine/records/evidence/verify.py); RSA of that strength has keys and signatures eight
times as long.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine import crypto
from engine.crypto import signing
from engine.crypto.signing import Pair
from engine.store import keys


def sign(text: str) -> str:
    """The hall's signature of this text, with its kind before it."""
    return signing.sign(_pair(), text.encode())


def public() -> str:
    """The public key. To be noted down where nobody who holds the machine can change it."""
    return _pair().public


def fits(public: str, text: str, signature: str) -> bool:
    """Whether this is that key's signature of this text."""
    return signing.signed(public, text.encode(), signature)


def known() -> frozenset[str]:
    """The hall's public keys: today's, when there is one (none is made by asking), and those it had before."""
    file = keys.home() / "keys" / "seal.known"
    before = file.read_text(encoding="utf-8").split() if file.is_file() else []
    today = [public()] if os.environ.get("YIZHAN_SEAL_KEY") or _file().is_file() else []
    return frozenset([*today, *before])


def fingerprint(public: str) -> str:
    """A public key for people to compare: six groups of four hex digits.

    >>> fingerprint("ed25519:AAAA")
    '09db-28f2-cb4c-f236-bcc4-75c4'
    """
    digits = crypto.fingerprint(public.encode())
    return "-".join(digits[n : n + 4] for n in range(0, 24, 4))


def _file() -> Path:
    return keys.home() / "keys" / "seal.key"


def _pair() -> Pair:
    given = os.environ.get("YIZHAN_SEAL_KEY")
    return signing.read_pair(given or keys.kept(_file(), _made).decode("ascii", "replace"))


def _made() -> bytes:
    return f"{keys.current().suite.new_pair().private}\n".encode()
