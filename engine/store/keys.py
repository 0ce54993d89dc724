"""The hall's data key: personal data is sealed at rest, and found again by a blind index.

One 32-byte key a hall, from `YIZHAN_DATA_KEY` (base64) or `var/keys/data.key` (made on first use, mode 600), with the
suite that the hall writes by before it when it is not the first (`national:…`, engine.crypto). Three keys are derived
from it: one seals, one indexes (a keyed hash over the normalised text, so that equal phone numbers are found without
opening any), one proves the seals of the audit. What the other suite sealed with the same key opens all the same.
"""

from __future__ import annotations

import copy
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine import crypto
from engine.forms import written

#: The setting that says by which suite a new hall writes.
SUITE = "YIZHAN_CRYPTO"


class OtherSuite(ValueError):
    """Expected the suite that stands beside the hall's data key, but YIZHAN_CRYPTO names another."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The data keys of a hall, as a key file or YIZHAN_DATA_KEY holds them: one, or two while it is being changed.

    KEY              the hall's key
    OLD NEW:next     OLD seals and indexes; NEW opens too: before any machine writes with it
    NEW OLD:index    NEW seals, OLD indexes: everything is being sealed anew
    NEW OLD          NEW seals and indexes, look-ups ask by both: indexes are being made anew
    """

    now: crypto.Key
    other: crypto.Key | None = None
    role: Role = ""  # of the other one

    @classmethod
    def read(cls, text: str | bytes) -> Keys:
        """ValueError when they are none."""
        said = text.decode("ascii", "replace") if isinstance(text, bytes) else text
        words = said.split()
        if not 1 <= len(words) <= 2:
            raise ValueError("Expected one data key, or two while it is being changed")
        first = crypto.Key.read(words[0])
        if len(words) == 1:
            return cls(first)
        for role in _ROLES:
            if words[1].endswith(f":{role}"):
                return cls(first, crypto.Key.read(words[1].removesuffix(f":{role}")), role)
        return cls(first, crypto.Key.read(words[1]))

    def text(self) -> str:
        if self.other is None:
            return self.now.text()
        return f"{self.now.text()} {self.other.text()}{f':{self.role}' if self.role else ''}"

    def ring(self) -> Keyring:
        made = Keyring(self.now.secret, self.now.suite)
        if self.other is not None:
            made.other = Keyring(self.other.secret, self.other.suite)
            made.index_by_other = self.role == "index"
        return made


Role = Literal["", "next", "index"]
_ROLES: tuple[Role, ...] = ("next", "index")


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
        #: While the data key is being changed: the ring of the other one, and whether it still makes the indexes.
        self.other: Keyring | None = None
        self.index_by_other = False

    def alone(self) -> Keyring:
        """The ring of this key, without the other."""
        made = copy.copy(self)
        made.other, made.index_by_other = None, False
        return made

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """Sealed bytes; `about` (the column) must be the same when opening, so a value cannot be moved."""
        return self.suite.seal(self._seal_keys[self.suite.name], plain, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """By the suite whose mark it bears, and by either key; crypto.NotOpened when it is not ours."""
        by = crypto.suite_of(sealed)
        try:
            return by.open(self._seal_keys[by.name], sealed, about)
        except crypto.NotOpened:
            if self.other is not None:
                return self.other.open(sealed, about)
            turned = _turned(self)  # another process may have begun to write with a new one a moment ago
            if turned is None:
                raise
            return turned.open(sealed, about)

    def proof(self, text: str) -> str:
        """A keyed hash: who has the database but not the key cannot make it for other text."""
        return self._proof(self.suite, text)

    def proves(self, proof: str, text: str) -> bool:
        """Whether this is the keyed hash of this text, by the suite it names and by either key."""
        if crypto.same(proof, self._proof(crypto.suite_of(proof), text)):
            return True
        return self.other is not None and self.other.proves(proof, text)

    def _proof(self, suite: crypto.Suite, text: str) -> str:
        return suite.written(suite.keyed(self._proof_keys[suite.name], text.encode()))

    def blind(self, kind: str, text: str) -> str:
        """The index of a value: 16 bytes as text. However it is typed (engine.forms.written), it is the same."""
        return self._indexing().index(kind, written.compared(kind, text))

    def blinds(self, kind: str, text: str) -> tuple[str, ...]:
        """The index of a value, and those that a row of before its writing was made one, or its key was changed, may
        have: for look-ups."""
        writings = dict.fromkeys((written.compared(kind, text), *written.earlier(kind, text)))
        rings = (self,) if self.other is None else (self, self.other)
        return tuple(ring.index(kind, one) for ring in rings for one in writings)

    def _indexing(self) -> Keyring:
        return self.other if self.index_by_other and self.other is not None else self

    def index(self, kind: str, normal: str) -> str:
        """The index of a text that is written in the one way, by this key alone."""
        return self.suite.written(self.suite.keyed(self._index_key, f"{kind}\0{normal}".encode())[:16])


_current: Keyring | None = None
#: Of whom works on a database of its own for a moment (engine.proof): this thread's key, and nobody else's.
_borrowed: ContextVar[Keyring | None] = ContextVar("borrowed_keyring", default=None)


def configure(key: bytes | crypto.Key | Keys) -> None:
    """Use this key, or these two, from now on, in this process."""
    global _current
    if isinstance(key, Keys):
        _current = key.ring()
    else:
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
    if _current is None or (_read_from is not None and time.monotonic() > _look_again):
        _follow()
    assert _current is not None
    return _current


#: A key file is looked at again after so long: a key that is being changed is followed without a new start.
FOLLOW_S = 1.0
#: When the file was read, as its size and time; None: the key is not from a file, or was given.
_read_from: tuple[int, int] | None = None
_look_again = 0.0


def _follow() -> None:
    """Read the keys, unless the file is as it was."""
    global _read_from, _look_again
    given = bool(os.environ.get("YIZHAN_DATA_KEY"))
    _look_again = time.monotonic() + FOLLOW_S
    if _current is None and not given:
        held()  # a new hall's file is made
    stamp = None if given else _stamp()  # before the keys: what replaces them meanwhile is read at the next look
    if _current is None or stamp not in (None, _read_from):
        configure(_load())
        _read_from = stamp


def _turned(ring: Keyring) -> Keyring | None:
    """The keys as they are now, when they are not those of this ring any more."""
    if ring is not _current or _read_from is None or _stamp() in (None, _read_from):
        return None
    _follow()
    return _current if _current is not ring else None  # a key from the environment stays, whatever the file says


def _stamp() -> tuple[int, int] | None:
    try:
        found = file().stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


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


def _load() -> Keys:
    found = held()
    agreed(found.now, os.environ.get(SUITE, ""))
    return found


def held() -> Keys:
    """The keys that the setting or the file holds; a new hall's is made."""
    from_environment = os.environ.get("YIZHAN_DATA_KEY")
    if from_environment:
        return Keys.read(from_environment)
    chosen = crypto.SUITES.get(os.environ.get(SUITE, ""), crypto.INTERNATIONAL)
    return Keys.read(kept(file(), lambda: crypto.Key.new(chosen).text().encode() + b"\n"))


def write(keys_: Keys) -> None:
    """Put these keys into the file, whole at once: another process reads what was there or what is."""
    handle, beside = tempfile.mkstemp(dir=file().parent)  # 0600
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(keys_.text() + "\n")
        out.flush()
        os.fsync(out.fileno())
    os.replace(beside, file())


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
