"""Hashes: SHA-256 (FIPS 180-4) and SM3 (GB/T 32905), plain and keyed (HMAC, RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac
from typing import IO, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

Algorithm = Literal["sha256", "sm3"]


class Hasher:
    """A hash that is fed piece by piece. SM3 comes from `cryptography`: not every Python's hashlib has it."""

    def __init__(self, data: bytes = b"", algorithm: Algorithm = "sha256") -> None:
        self._sha = hashlib.sha256() if algorithm == "sha256" else None
        self._sm3 = hashes.Hash(hashes.SM3()) if algorithm == "sm3" else None
        self.update(data)

    def update(self, data: bytes) -> None:
        if self._sha is not None:
            self._sha.update(data)
        elif self._sm3 is not None:
            self._sm3.update(data)

    def digest(self) -> bytes:
        """32 bytes, of what was fed until now; more may be fed after."""
        if self._sha is not None:
            return self._sha.digest()
        assert self._sm3 is not None
        return self._sm3.copy().finalize()

    def hexdigest(self) -> str:
        return self.digest().hex()


def digest(algorithm: Algorithm, data: bytes) -> bytes:
    if algorithm == "sha256":
        return hashlib.sha256(data).digest()
    hasher = hashes.Hash(hashes.SM3())
    hasher.update(data)
    return hasher.finalize()


def keyed(algorithm: Algorithm, key: bytes, data: bytes) -> bytes:
    """HMAC: who has the data but not the key cannot make it."""
    if algorithm == "sha256":
        return hmac.digest(key, data, "sha256")
    made = HMAC(key, hashes.SM3())
    made.update(data)
    return made.finalize()


def fingerprint(data: bytes | IO[bytes]) -> str:
    """A name of contents, 64 hex digits of SHA-256: where a file lies, which version is which, a preview that was
    agreed to. The same in every hall and every suite; what must be proved uses `Suite.hashed` or a keyed hash."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    return hashlib.file_digest(data, "sha256").hexdigest()  # type: ignore[arg-type]


def same(one: str | bytes, other: str | bytes) -> bool:
    """Whether two secrets are equal, in a time that does not say how far they are."""
    first = one.encode(errors="surrogatepass") if isinstance(one, str) else one
    second = other.encode(errors="surrogatepass") if isinstance(other, str) else other
    return hmac.compare_digest(first, second)
