"""Verdicts that are kept: a start proves only what is new.

A verdict holds for exactly what it was found on, so its key is the hash of all of that: the matter's files (its stories
among them), the shared papers, the program itself with what it runs on, the county's lists of units and posts, and
the matters beside it.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import delete, select, update

from engine import crypto, matters
from engine.commands import gate
from engine.findings import Finding
from engine.matters import County, clauses
from engine.proof.outdated import Outdated
from engine.proof.proving import Verdict, as_json, from_json
from engine.reads import county as counties
from engine.records import papers
from engine.store import Work
from engine.store.models import MatterVerdict

#: The program: everything a proof runs through.
PROGRAM = Path(__file__).resolve().parents[1]
_KINDS = (".py", ".yaml", ".json", ".ics")
#: Packages whose next version may judge otherwise.
RUNS_ON = ("SpiffWorkflow", "SQLAlchemy", "Jinja2", "pydantic", "chinesecalendar", "python-stdnum")
#: A verdict nobody looked at for so long is forgotten when the matter gets a new one.
KEPT = timedelta(days=90)


def county_of(work: Work) -> County | None:
    """The county's lists that a matter's names are held against; None in a hall without a county."""
    return counties.county(work)


def key_of(files: Mapping[str, bytes], county: County | None, there: Iterable[str] = ()) -> str:
    """The key of the verdict on these files. `there`: the matters beside it, which it may open."""
    text = f"{plays_of(files)} {_lists(county)} {' '.join(sorted(there))}"
    return crypto.fingerprint(text.encode())


def plays_of(files: Mapping[str, bytes]) -> str:
    """The hash of all that the stories are played with. The county's lists are none of it: somebody who takes a post
    somewhere asks for the check again, which takes a moment, not for the stories."""
    total = crypto.Hasher(f"{program()} {_shared()}".encode())
    for name in sorted(name for name in files if not name.endswith(f"/{clauses.FILE}")):
        total.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return total.hexdigest()


@lru_cache(maxsize=1)
def program() -> str:
    """The hash of the program as this process runs it."""
    total = crypto.Hasher()
    for path in sorted(PROGRAM.rglob("*")):
        if path.suffix in _KINDS and path.is_file():
            total.update(f"{path.relative_to(PROGRAM).as_posix()}\0".encode() + path.read_bytes())
    for name in RUNS_ON:
        total.update(f"{name} {_version(name)}\0".encode())
    return total.hexdigest()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _shared() -> str:
    """The hash of the shared papers as they are found now: of their content, for two machines share one table."""
    return _content(papers.library().stamp)


@lru_cache(maxsize=8)
def _content(stamp: tuple[tuple[str, int, int], ...]) -> str:
    total = crypto.Hasher()
    for path, _size, _changed in sorted(stamp, key=lambda one: Path(one[0]).name):
        total.update(f"{Path(path).name}\0".encode() + Path(path).read_bytes())
    return total.hexdigest()


def _lists(county: County | None) -> str:
    """Names change and nobody need prove for that: the codes count, and who of them is there."""
    if county is None:
        return ""
    units = sorted((unit.code, unit.kind, unit.parent) for unit in county.units)
    halls = sorted((code, sorted(there)) for code, there in county.halls.items())
    lists = (
        units,
        sorted(county.post_codes),
        sorted(county.held),
        sorted(county.logins),
        sorted(county.resources),
        halls,
    )
    return crypto.fingerprint(repr(lists).encode())


def kept(work: Work, keys: Iterable[str]) -> dict[str, MatterVerdict]:
    """key -> the verdict's row, of those that are kept."""
    rows = work.session.scalars(select(MatterVerdict).where(MatterVerdict.key.in_(list(keys))))
    return {row.key: row for row in rows}


def findings_of(work: Work, package: matters.Package) -> tuple[Finding, ...]:
    """What is known to be wrong with a published version: its newest verdict, else what the check says now."""
    row = work.session.scalar(
        select(MatterVerdict)
        .where(MatterVerdict.matter == package.name, MatterVerdict.version == package.version)
        .order_by(MatterVerdict.proved_at.desc())
        .limit(1)
    )
    return read(row).findings if row is not None else tuple(gate.check(package, county_of(work)))


def newest(work: Work, packages: Iterable[matters.Package]) -> dict[str, Verdict]:
    """What is known of these published versions, by matter, in one statement; a version that nobody has proved yet is
    not among them."""
    wanted = {package.version for package in packages}
    rows = work.session.scalars(
        select(MatterVerdict).where(MatterVerdict.version.in_(wanted)).order_by(MatterVerdict.proved_at)
    )
    return {row.matter: read(row) for row in rows}


def played(work: Work, matter: str, plays: str) -> Verdict | None:
    """A kept verdict whose stories were played with just the same; None when there is none."""
    rows = work.session.scalars(
        select(MatterVerdict).where(MatterVerdict.matter == matter).order_by(MatterVerdict.proved_at.desc())
    )
    found = (read(row) for row in rows if row.found.get("plays") == plays)
    return next((verdict for verdict in found if verdict.played), None)


def keep(work: Work, key: str, verdict: Verdict, *, version: str, now: datetime, plays: str = "") -> MatterVerdict:
    """Keep a new verdict; what is old of the same matter is forgotten. `plays`: what its stories were played with."""
    old = MatterVerdict.matter == verdict.matter, MatterVerdict.proved_at < now - KEPT, MatterVerdict.key != key
    work.session.execute(delete(MatterVerdict).where(*old))
    row = MatterVerdict(
        key=key,
        matter=verdict.matter,
        version=version,
        good=verdict.good,
        offered=verdict.offered,
        found={**as_json(verdict), "plays": plays},
        proved_at=now,
        stands=False,
    )
    kept_row = work.session.merge(row)
    work.session.flush()  # `stand` updates rows
    return kept_row


def keep_outdated(work: Work, one: Outdated, *, now: datetime) -> str:
    """Keep what a stored version with running cases needs and the program has no longer. Its key.

    It is no verdict on the version (`version` is empty): what its own proof found stays what is known of it.
    """
    text = "\0".join([one.version, str(one.running), *(f"{f.file}:{f.line} {f.message_zh}" for f in one.findings)])
    key = crypto.fingerprint(text.encode())
    row = keep(work, key, Verdict(one.matter, one.findings), version="", now=now)
    row.found = {**row.found, "outdated": {"version": one.version, "running": one.running}}
    return key


def stand(work: Work, keys: Iterable[str]) -> None:
    """These, and no others, are about what the content folder holds now."""
    wanted = list(keys)
    now = MatterVerdict.key.in_(wanted)
    work.session.execute(update(MatterVerdict).where(MatterVerdict.stands, ~now).values(stands=False))
    work.session.execute(update(MatterVerdict).where(~MatterVerdict.stands, now).values(stands=True))


def read(row: MatterVerdict) -> Verdict:
    return from_json(row.found)
