"""The hall's data key: personal data is sealed at rest, and found again by a blind index.

One 32-byte key a hall, from `YIZHAN_DATA_KEY` (base64) or `var/keys/data.key` (made on first use, mode 600), with the
suite that the hall writes by before it when it is not the first (`national:…`, engine.crypto). Three keys are derived
from it: one seals, one indexes (a keyed hash over the normalised text, so that equal phone numbers are found without
opening any), one proves the seals of the audit. What the other suite sealed with the same key opens all the same.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from engine import crypto
from engine.forms import written

#: The setting that says by which suite a new hall writes.
SUITE = "YIZHAN_CRYPTO"


class OtherSuite(ValueError):
    """Expected the suite that stands beside the hall's data key, but YIZHAN_CRYPTO names another."""


class Keyring:
    """Seals and opens bytes, and makes blind indexes."""

    def __init__(self, key: bytes, suite: crypto.Suite = crypto.INTERNATIONAL) -> None:
        if len(key) != 32:
            raise ValueError(f"Expected a data key of 32 bytes, but got {len(key)}")
        self.suite = suite
        #: By suite: what the hall wrote by the other one opens with the same data key.
        self._seal_keys = {one.name: one.derive(key, b"yizhan seal") for one in crypto.SUITES.values()}
        self._index_key = suite.derive(key, b"yizhan index")
        self._proof_keys = {one.name: one.derive(key, b"yizhan proof") for one in crypto.SUITES.values()}

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """Sealed bytes; `about` (the column) must be the same when opening, so a value cannot be moved."""
        return self.suite.seal(self._seal_keys[self.suite.name], plain, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """By the suite whose mark it bears; crypto.NotOpened when it is not ours."""
        by = crypto.suite_of(sealed)
        return by.open(self._seal_keys[by.name], sealed, about)

    def proof(self, text: str) -> str:
        """A keyed hash: who has the database but not the key cannot make it for other text."""
        return self._proof(self.suite, text)

    def proves(self, proof: str, text: str) -> bool:
        """Whether this is the keyed hash of this text, by the suite it names."""
        return crypto.same(proof, self._proof(crypto.suite_of(proof), text))

    def _proof(self, suite: crypto.Suite, text: str) -> str:
        return suite.written(suite.keyed(self._proof_keys[suite.name], text.encode()))

    def blind(self, kind: str, text: str) -> str:
        """The index of a value: 16 bytes as text. However it is typed (engine.forms.written), it is the same."""
        return self._index(kind, written.compared(kind, text))

    def blinds(self, kind: str, text: str) -> tuple[str, ...]:
        """The index of a value, and those that a row of before its writing was made one may have: for look-ups."""
        writings = dict.fromkeys((written.compared(kind, text), *written.earlier(kind, text)))
        return tuple(self._index(kind, one) for one in writings)

    def _index(self, kind: str, normal: str) -> str:
        return self.suite.written(self.suite.keyed(self._index_key, f"{kind}\0{normal}".encode())[:16])


_current: Keyring | None = None
#: Of whom works on a database of its own for a moment (engine.proof): this thread's key, and nobody else's.
_borrowed: ContextVar[Keyring | None] = ContextVar("borrowed_keyring", default=None)


def configure(key: bytes | crypto.Key) -> None:
    """Use this key from now on, in this process."""
    global _current
    _current = Keyring(key.secret, key.suite) if isinstance(key, crypto.Key) else Keyring(key)


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


def _load() -> crypto.Key:
    from_environment = os.environ.get("YIZHAN_DATA_KEY")
    if from_environment:
        return agreed(crypto.Key.read(from_environment), os.environ.get(SUITE, ""))
    chosen = crypto.SUITES.get(os.environ.get(SUITE, ""), crypto.INTERNATIONAL)
    made = kept(file(), lambda: crypto.Key.new(chosen).text().encode() + b"\n")
    return agreed(crypto.Key.read(made), os.environ.get(SUITE, ""))


def agreed(key: crypto.Key, suite: str) -> crypto.Key:
    """The key, unless the setting names another suite than the one beside it: a hall that has written by one does not
    go on in silence by another, and would find nobody by their telephone."""
    if suite and suite != key.suite.name:
        raise OtherSuite(
            f"YIZHAN_CRYPTO={suite}, but the hall's data key is of the suite {key.suite.name}: the setting chooses for "
            "a new hall only"
        )
    return key


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
