"""The hall's data key: personal data is sealed at rest, and found again by a blind index.

One 32-byte key a hall, from `YIZHAN_DATA_KEY` (base64) or `var/keys/data.key` (made on first use, mode 600). Three keys
are derived from it: one seals (AES-256-GCM, a fresh 96-bit nonce a value), one indexes (HMAC-SHA256 over the
normalised text, so that equal phone numbers are found without opening any), one proves the seals of the audit.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.forms import written

_VERSION = b"\x01"


class Keyring:
    """Seals and opens bytes, and makes blind indexes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError(f"Expected a data key of 32 bytes, but got {len(key)}")
        self._aead = AESGCM(hmac.digest(key, b"yizhan seal", "sha256"))
        self._index_key = hmac.digest(key, b"yizhan index", "sha256")
        self._proof_key = hmac.digest(key, b"yizhan proof", "sha256")

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """Sealed bytes; `about` (the column) must be the same when opening, so a value cannot be moved."""
        nonce = os.urandom(12)
        return _VERSION + nonce + self._aead.encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        if sealed[:1] != _VERSION:
            raise ValueError("Expected a value sealed by this hall, but its first byte is unknown")
        return self._aead.decrypt(sealed[1:13], sealed[13:], about)

    def proof(self, text: str) -> str:
        """A keyed hash (HMAC-SHA256): who has the database but not the key cannot make it for other text."""
        return hmac.digest(self._proof_key, text.encode(), "sha256").hex()

    def blind(self, kind: str, text: str) -> str:
        """The index of a value: 32 hex digits. However it is typed (engine.forms.written), it is the same."""
        return self._index(kind, written.compared(kind, text))

    def blinds(self, kind: str, text: str) -> tuple[str, ...]:
        """The index of a value, and those that a row of before its writing was made one may have: for look-ups."""
        writings = dict.fromkeys((written.compared(kind, text), *written.earlier(kind, text)))
        return tuple(self._index(kind, one) for one in writings)

    def _index(self, kind: str, normal: str) -> str:
        return hmac.new(self._index_key, f"{kind}\0{normal}".encode(), hashlib.sha256).hexdigest()[:32]


_current: Keyring | None = None
#: Of whom works on a database of its own for a moment (engine.proof): this thread's key, and nobody else's.
_borrowed: ContextVar[Keyring | None] = ContextVar("borrowed_keyring", default=None)


def configure(key: bytes) -> None:
    """Use this key from now on, in this process."""
    global _current
    _current = Keyring(key)


@contextmanager
def borrowing(keyring: Keyring) -> Iterator[None]:
    """Seal and open with this key until the end of the block, in this thread: the hall's own is neither read nor
    made."""
    token = _borrowed.set(keyring)
    try:
        yield
    finally:
        _borrowed.reset(token)


def current() -> Keyring:
    borrowed = _borrowed.get()
    if borrowed is not None:
        return borrowed
    if _current is None:
        configure(_load())
    assert _current is not None
    return _current


def blind(kind: str, text: str) -> str:
    return current().blind(kind, text)


def blinds(kind: str, text: str) -> tuple[str, ...]:
    """`blind`, and the indexes of earlier rows."""
    return current().blinds(kind, text)


def home() -> Path:
    """Where the hall keeps what is its own (database, files, keys): YIZHAN_HOME, else ./var."""
    return Path(os.environ.get("YIZHAN_HOME") or "var").resolve()


def file() -> Path:
    """The key's file, when the environment does not hold it."""
    return home() / "keys" / "data.key"


def there() -> bool:
    """Whether there is a key; none is made by asking."""
    return bool(os.environ.get("YIZHAN_DATA_KEY")) or _current is not None or file().is_file()


def _load() -> bytes:
    from_environment = os.environ.get("YIZHAN_DATA_KEY")
    if from_environment:
        return base64.b64decode(from_environment)
    return base64.b64decode(kept(file(), lambda: base64.b64encode(os.urandom(32)) + b"\n"))


def kept(file: Path, make: Callable[[], bytes]) -> bytes:
    """What a key file holds; made, for its owner alone, by the first process that asks."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        # Written whole beside it, then given its name: another process finds all of it or nothing.
        handle, beside = tempfile.mkstemp(dir=file.parent)  # 0600
        with os.fdopen(handle, "wb") as out:
            out.write(make())
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(beside, file)
        except FileExistsError:  # another process made it between our look and our try: its key is the key
            pass
        finally:
            os.unlink(beside)
    return file.read_bytes()
