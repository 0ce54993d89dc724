"""The anchors of the audit: what stands outside the database and says what the seals were.

In a file of the hall each seal has a line, under a keyed hash: who holds the database can recompute every chain and
every seal, or drop the newest seal with all it covers; then the database no longer says what the file says, and a line
of the file is made only with the hall's data key.

Once a day the newest seal leaves the hall: a line signed with the hall's own key (engine.store.signing) is written to a
file elsewhere (`YIZHAN_ANCHOR_FILE`: a share, a write-once medium) or posted to an address (`YIZHAN_ANCHOR_URL`:
another office). Such a line holds even against who has the machine and all its keys: they can sign another, and cannot
take back the one that is out. `yizhan audit verify --anchor COPY` compares with either kind of line.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, select

from engine.records import audit, files, http_calls, jobs
from engine.store import Work, keys, signing
from engine.store.models import Seal
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Line:
    """One seal, as a file has it. `good`: it was made with the key, and in the hall's own file follows the one before
    it."""

    n: int
    seal: int
    hash: str
    at: datetime | None
    proof: str
    good: bool


@dataclass(frozen=True, slots=True)
class Outside:
    """Where the daily seal goes: a file, an address, or both."""

    file: Path | None = None
    url: str = ""
    token: str = ""
    total_s: float = http_calls.TOTAL_S

    def __bool__(self) -> bool:
        return self.file is not None or bool(self.url)

    def publish(self, line: str, key: str) -> dict[str, str]:
        """Write and post this line; what came of it. OSError: it should be tried again, and what was done is done
        only once."""
        done: dict[str, str] = {}
        if self.file is not None:
            _append(self.file, line)
            done["file"] = self.file.name
        if self.url:
            done["answer"] = self._post(line, key)
        return done

    def _post(self, line: str, key: str) -> str:
        request = http_calls.asking(self.url, line, token=self.token, key=key)
        return str(http_calls.call(request, total_s=self.total_s, most=100))


def place(work: Work) -> Path:
    """Beside the stored files, which all machines of a hall share and the backup takes along."""
    return work.database.files / "anchor" / "seals.jsonl"


def keep(work: Work) -> int:
    """Write a line for each seal that has none; how many. To be called once the seals are committed: what a crash
    kept from being written is written the next time."""
    file = place(work)
    file.parent.mkdir(parents=True, exist_ok=True)
    with _held(file, "a+") as out:  # two machines that seal: one after the other
        out.seek(0)
        text = out.read()
        if text and not text.endswith("\n"):  # a crash in the middle of a line: it is written anew below
            text = text[: text.rfind("\n") + 1]
            out.truncate(len(text.encode(errors="surrogateescape")))
        lines = text.splitlines()
        proof = _proof_of(lines[-1]) if lines else ""
        last = next((said["seal"] for said in map(_said, reversed(lines)) if said and _is_there(work, said)), 0)
        seals = work.session.scalars(select(Seal).where(Seal.id > last).order_by(Seal.id)).all()
        for one in seals:
            at = audit.moment(one.at)
            proof = keys.current().proof(_words(proof, one.id, at, one.count, one.hash))
            said = {"seal": one.id, "at": at, "count": one.count, "hash": one.hash, "proof": proof}
            out.write(json.dumps(said) + "\n")
        out.flush()
    return len(seals)


def _is_there(work: Work, said: dict[str, Any]) -> bool:
    """Whether this line's seal is in the database. After a restore the file may name seals that were lost, whose
    numbers others have since."""
    return bool(work.session.scalar(select(Seal.hash).where(Seal.id == said["seal"])) == said["hash"])


@contextmanager
def _held(file: Path, mode: str) -> Iterator[IO[str]]:
    """The anchor for us alone; opened again when another has put a new one in its place while we waited."""
    while True:
        with file.open(mode, encoding="utf-8", errors="surrogateescape") as out:
            fcntl.flock(out, fcntl.LOCK_EX)
            try:
                there = file.stat().st_ino
            except FileNotFoundError:
                continue
            if os.fstat(out.fileno()).st_ino == there:
                yield out
                return


def prove_anew(work: Work) -> bool:
    """The data key is being changed: every line of the hall's own anchor under the new one. False, and nothing is
    written, when a line is not good by either: that is to be looked at first."""
    file = place(work)
    if not file.is_file():
        return True
    with _held(file, "r") as held:
        text = held.read()
        if not all(line.good for line in _lines(text)):
            return False
        proof, lines = "", []
        for raw in text.splitlines():
            said = json.loads(raw)
            words = _words(proof, int(said["seal"]), str(said["at"]), int(said["count"]), str(said["hash"]))
            proof = keys.current().proof(words)
            lines.append(json.dumps(said | {"proof": proof}) + "\n")
        # a stop anywhere leaves the one or the other
        files.replace(file, "".join(lines).encode(errors="surrogateescape"))
    return True


def ask_daily(work: Work, *, now: datetime) -> bool:
    """Queue the sending of the newest seal, once a day; whether it was queued now."""
    day = local_date(now)
    payload = {"day": day.isoformat()}
    return jobs.put_once(work, jobs.Kind.ANCHOR_SEAL, f"anchor:{day.isoformat()}", payload, now=now)


def daily(work: Work, day: date) -> tuple[str, int] | None:
    """The signed line of this day, and the id of the seal it names; None while there is no seal."""
    one = work.session.scalar(select(Seal).order_by(Seal.id.desc()).limit(1))
    if one is None:
        return None
    events = work.session.scalar(select(func.sum(Seal.count))) or 0
    said: dict[str, Any] = {
        "day": day.isoformat(),
        "seal": one.id,
        "at": audit.moment(one.at),
        "count": one.count,
        "hash": one.hash,
        "events": int(events),
        "public": signing.public(),
    }
    return json.dumps(said | {"signature": signing.sign(_signed(said))}), one.id


def read(file: Path) -> list[Line]:
    """The lines of an anchor, of either kind; OSError when there is none."""
    return list(_lines(file.read_text(encoding="utf-8", errors="replace")))


def _lines(text: str) -> Iterator[Line]:
    before, signers = "", signing.known()
    for n, raw in enumerate(text.splitlines(), 1):
        said, proof, good = _said(raw), _proof_of(raw), False
        if said is None:
            yield Line(n, 0, "", None, "", False)
        else:
            seal, hash, at = said["seal"], said["hash"], said["at"]
            if "signature" in said:
                public = said["public"]
                good = public in signers and signing.fits(public, _signed(said), said["signature"])
            else:
                good = keys.current().proves(proof, _words(before, seal, at, said["count"], hash))
            yield Line(n, seal, hash, datetime.fromisoformat(at), proof, good)
        before = proof


def _said(raw: str) -> dict[str, Any] | None:
    """What a line says; None when it is none."""
    try:
        said = json.loads(raw)
        own = ("day", "events", "public", "signature") if "signature" in said else ("proof",)
        rest = {name: str(said[name]) for name in own}
        datetime.fromisoformat(said["at"])
        return {**said, **rest, "seal": int(said["seal"]), "count": int(said["count"]), "hash": str(said["hash"])}
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _proof_of(raw: str) -> str:
    """What the line after this one must go on from."""
    said = _said(raw)
    return "" if said is None or "signature" in said else str(said["proof"])


def _words(before: str, seal: int, at: str, count: int, hash: str) -> str:
    return f"anchor|{before}|{seal}|{at}|{count}|{hash}"


def _signed(said: dict[str, Any]) -> str:
    names = ("day", "seal", "at", "count", "hash", "events", "public")
    return "yizhan anchor|" + "|".join(str(said[name]) for name in names)


def _append(file: Path, line: str) -> None:
    """Add this line unless it is there: a job that is done again writes nothing twice. On the disk when it returns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        out.seek(0)
        if line in out.read().splitlines():
            return
        out.write(line + "\n")
        out.flush()
        os.fsync(out.fileno())
