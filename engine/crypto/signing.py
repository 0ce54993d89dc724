"""Signatures over bytes: Ed25519 (RFC 8032), and SM2 with SM3 (GB/T 32918) where the extra `sm` is installed.

Keys and signatures are text that names its kind: `ed25519:…`, `sm2:…` (base64). The signatures inside PDF papers are
another thing: they need certificates (X.509), and are pyHanko's (`engine/records/papers/signing.py`).
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.crypto import sm2
from engine.crypto.sm2 import Unavailable

__all__ = ["Kind", "Pair", "Unavailable", "new_pair", "pair_of", "read_pair", "sign", "signed"]

Kind = Literal["ed25519", "sm2"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A key to sign with: the public half may be given to everybody."""

    public: str
    private: str = field(repr=False)


def new_pair(kind: Kind) -> Pair:
    return pair_of(kind, sm2.new_private() if kind == "sm2" else os.urandom(32))


def pair_of(kind: Kind, secret: bytes) -> Pair:
    """The pair of a private key of 32 bytes that is kept elsewhere."""
    if kind == "sm2":
        return Pair(_text("sm2", sm2.public_of(secret)), _text("sm2", secret))
    key = Ed25519PrivateKey.from_private_bytes(secret)
    return Pair(_text("ed25519", key.public_key().public_bytes_raw()), _text("ed25519", secret))


def read_pair(private: str) -> Pair:
    """The pair of a private key that is kept as text; one that names no kind is of Ed25519. ValueError: it is none."""
    said = private.strip()
    kind, secret = _read(said if ":" in said else f"ed25519:{said}")
    return pair_of(kind, secret)


def sign(pair: Pair, data: bytes) -> str:
    kind, secret = _read(pair.private)
    if kind == "sm2":
        return _text("sm2", sm2.sign(secret, _read(pair.public)[1], data))
    return _text("ed25519", Ed25519PrivateKey.from_private_bytes(secret).sign(data))


def signed(public: str, data: bytes, signature: str) -> bool:
    """Whether this signature over these data was made by the other half of this key. What cannot be read was not."""
    try:
        (kind, key), (of, value) = _read(public), _read(signature)
    except ValueError:
        return False
    if kind != of:
        return False
    if kind == "sm2":
        return sm2.verified(key, data, value)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(value, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _text(kind: Kind, data: bytes) -> str:
    return f"{kind}:{base64.b64encode(data).decode()}"


def _read(text: str) -> tuple[Kind, bytes]:
    said, _, rest = text.partition(":")
    kind: Kind | None = "ed25519" if said == "ed25519" else "sm2" if said == "sm2" else None
    if kind is None:
        raise ValueError(f"Expected a key or signature of ed25519 or sm2, but it says {said[:20]!r}")
    try:
        return kind, base64.b64decode(rest, validate=True)
    except binascii.Error:
        raise ValueError(f"Expected base64 after {kind}:") from None
