"""The anchor of the audit: each seal also stands in a file outside the database, a line each, under a keyed hash.

Who holds the database can recompute every chain and every seal, or drop the newest seal with all it covers; then the
database no longer says what the file says, and a line of the file is made only with the hall's data key. A copy of the
file kept elsewhere (`yizhan audit verify --anchor COPY`) holds even against who has both.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from sqlalchemy import select

from engine.store import Work, keys
from engine.store.models import Seal


@dataclass(frozen=True, slots=True)
class Line:
    """One seal, as the file has it. `good`: the line follows the one before it, and was made with the key."""

    n: int
    seal: int
    hash: str
    proof: str
    good: bool


def place(work: Work) -> Path:
    """Beside the stored files, which all machines of a hall share and the backup takes along."""
    return work.database.files / "anchor" / "seals.jsonl"


def keep(work: Work) -> int:
    """Write a line for each seal that has none; how many. To be called once the seals are committed: what a crash
    kept from being written is written the next time."""
    file = place(work)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as out:
        fcntl.flock(out, fcntl.LOCK_EX)  # two machines that seal: one after the other
        out.seek(0)
        last, proof = 0, ""
        for line in _lines(out.read()):
            last, proof = max(last, line.seal), line.proof
        seals = work.session.scalars(select(Seal).where(Seal.id > last).order_by(Seal.id)).all()
        for one in seals:
            at = one.at.astimezone(UTC).isoformat(timespec="microseconds")
            proof = keys.current().proof(_said(proof, one.id, at, one.count, one.hash))
            said = {"seal": one.id, "at": at, "count": one.count, "hash": one.hash, "proof": proof}
            out.write(json.dumps(said) + "\n")
        out.flush()
    return len(seals)


def read(file: Path) -> list[Line]:
    """The lines of an anchor; OSError when there is none."""
    return list(_lines(file.read_text(encoding="utf-8", errors="replace")))


def _lines(text: str) -> Iterator[Line]:
    before = ""
    for n, raw in enumerate(text.splitlines(), 1):
        try:
            said = json.loads(raw)
            seal, hash, proof = int(said["seal"]), str(said["hash"]), str(said["proof"])
            said_so = _said(before, seal, str(said["at"]), int(said["count"]), hash)
            good = keys.current().proves(proof, said_so)
        except (ValueError, TypeError, KeyError):
            seal, hash, proof, good = 0, "", "", False
        yield Line(n, seal, hash, proof, good)
        before = proof


def _said(before: str, seal: int, at: str, count: int, hash: str) -> str:
    return f"anchor|{before}|{seal}|{at}|{count}|{hash}"
