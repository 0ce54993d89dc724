"""The two suites, and how a value says which one made it.

| | international | national 国密 |
|---|---|---|
| sealing | AES-256-GCM, first byte 0x01 | SM4-GCM (GB/T 32907, RFC 8998), first byte 0x02 |
| hash | SHA-256: 64 hex digits | SM3 (GB/T 32905): "sm3:" and 43 letters |
| keyed hash, blind index | HMAC-SHA256: hex digits | HMAC-SM3: "sm3:" and letters |
| signature | Ed25519 (RFC 8032): "ed25519:" | SM2 with SM3 (GB/T 32918): "sm2:" |

What the first suite makes bears no name beside its form, because it is what every hall wrote before there were two.
A marked hash is shorter than 64 characters: it fits wherever one of the first suite stood.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.crypto import hashes, signing
from engine.crypto.signing import Pair

#: Bytes of a data key, whatever the suite: each purpose has a key of its own derived from it.
KEY_BYTES = 32
_NONCE, _TAG = 12, 16


class NotOpened(ValueError):
    """Sealed with another key, for another place, or changed since."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One set of algorithms that belong together."""

    name: str  # as YIZHAN_CRYPTO says it
    zh: str
    mark: bytes  # the first byte of what it seals
    prefix: str  # before its hashes; "" for the first suite
    algorithm: hashes.Algorithm
    signature: signing.Kind
    _encrypt: Callable[[bytes, bytes, bytes, bytes], bytes] = field(repr=False)
    _decrypt: Callable[[bytes, bytes, bytes, bytes], bytes] = field(repr=False)

    def seal(self, key: bytes, plain: bytes, about: bytes = b"") -> bytes:
        """Mark, fresh nonce, ciphertext and tag. `about` is bound to it and must be the same when it is opened."""
        nonce = os.urandom(_NONCE)
        return self.mark + nonce + self._encrypt(key, nonce, plain, about)

    def open(self, key: bytes, sealed: bytes, about: bytes = b"") -> bytes:
        """What this suite sealed; NotOpened otherwise."""
        if sealed[:1] != self.mark or len(sealed) < 1 + _NONCE + _TAG:
            raise NotOpened(f"Expected a value sealed by the suite {self.name}, but its form is another")
        try:
            return self._decrypt(key, sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], about)
        except InvalidTag:
            raise NotOpened("Expected a value sealed with this key for this place, but it is not, or changed") from None

    def derive(self, key: bytes, purpose: bytes) -> bytes:
        """A key of 32 bytes for one purpose, from the data key."""
        return hashes.keyed(self.algorithm, key, purpose)

    def keyed(self, key: bytes, data: bytes) -> bytes:
        """HMAC, 32 bytes."""
        return hashes.keyed(self.algorithm, key, data)

    def written(self, digest: bytes) -> str:
        """A hash or a keyed hash as it is stored: with the name of its suite."""
        if not self.prefix:
            return digest.hex()
        return self.prefix + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def hashed(self, data: bytes) -> str:
        """The hash of what is to be proved, as it is stored."""
        return self.written(hashes.digest(self.algorithm, data))

    def hasher(self, data: bytes = b"") -> hashes.Hasher:
        """For what is hashed piece by piece; `written(hasher.digest())` is how it is stored."""
        return hashes.Hasher(data, self.algorithm)

    def new_pair(self) -> Pair:
        """A key to sign with. Unavailable where a library for it is not installed."""
        return signing.new_pair(self.signature)


@lru_cache(maxsize=16)
def _aes(key: bytes) -> AESGCM:
    return AESGCM(key)


def _sm4_encrypt(key: bytes, nonce: bytes, plain: bytes, about: bytes) -> bytes:
    made = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce)).encryptor()
    made.authenticate_additional_data(about)
    return made.update(plain) + made.finalize() + made.tag


def _sm4_decrypt(key: bytes, nonce: bytes, sealed: bytes, about: bytes) -> bytes:
    opened = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce, sealed[-_TAG:])).decryptor()
    opened.authenticate_additional_data(about)
    return opened.update(sealed[:-_TAG]) + opened.finalize()


INTERNATIONAL = Suite(
    name="international",
    zh="国际算法",
    mark=b"\x01",
    prefix="",
    algorithm="sha256",
    signature="ed25519",
    _encrypt=lambda key, nonce, plain, about: _aes(key).encrypt(nonce, plain, about),
    _decrypt=lambda key, nonce, sealed, about: _aes(key).decrypt(nonce, sealed, about),
)
NATIONAL = Suite(
    name="national",
    zh="国密算法",
    mark=b"\x02",
    prefix="sm3:",
    algorithm="sm3",
    signature="sm2",
    _encrypt=_sm4_encrypt,
    _decrypt=_sm4_decrypt,
)
SUITES = {one.name: one for one in (INTERNATIONAL, NATIONAL)}


def suite_of(value: bytes | str) -> Suite:
    """Which suite made a sealed value, or a hash as it is stored."""
    if isinstance(value, str):
        return next((one for one in SUITES.values() if one.prefix and value.startswith(one.prefix)), INTERNATIONAL)
    for one in SUITES.values():
        if value[:1] == one.mark:
            return one
    raise NotOpened("Expected a value sealed by this hall, but its first byte is unknown")


def fits(hashed: str, data: bytes) -> bool:
    """Whether a stored hash is the one of these data, by the suite it names."""
    return hashes.same(hashed, suite_of(hashed).hashed(data))


@dataclass(frozen=True, slots=True)
class Key:
    """A data key with the suite that the hall writes by; as text `base64`, or `national:base64`."""

    secret: bytes = field(repr=False)
    suite: Suite = INTERNATIONAL

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"Expected a data key of {KEY_BYTES} bytes, but got {len(self.secret)}")

    @classmethod
    def new(cls, suite: Suite = INTERNATIONAL) -> Key:
        return cls(os.urandom(KEY_BYTES), suite)

    @classmethod
    def read(cls, text: str | bytes) -> Key:
        """ValueError when it is none."""
        said = text.decode("ascii", "replace") if isinstance(text, bytes) else text
        name, colon, rest = said.strip().rpartition(":")
        if colon and name not in SUITES:
            raise ValueError(f"Expected a suite of {', '.join(SUITES)} before the data key, but it says {name[:20]!r}")
        try:
            secret = base64.b64decode(rest)
        except binascii.Error:
            raise ValueError("Expected the data key in base64") from None
        return cls(secret, SUITES.get(name, INTERNATIONAL))

    def text(self) -> str:
        """As a key file holds it."""
        plain = base64.b64encode(self.secret).decode()
        return plain if self.suite is INTERNATIONAL else f"{self.suite.name}:{plain}"
