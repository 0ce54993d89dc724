"""Matters in a folder on this machine, for `yizhan pull` and `yizhan push`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine import matters
from engine.commands import studio
from engine.proof import pulling
from engine.records import library
from engine.store import Database, Work, connect, migrate
from engine.store.models import StudioDraft
from web import settings


@contextmanager
def hall() -> Iterator[Database]:
    """The hall's database, as the settings say."""
    read = settings.read()
    database = connect(read.database_url or None, files=read.home / "files")
    try:
        migrate.upgrade(database)
        yield database
    finally:
        database.close()


def known(work: Work, *, draft: bool) -> list[str]:
    """The matters that there are to pull."""
    found = {one.name for one in library.published(work)}
    if draft:
        found |= set(work.session.scalars(select(StudioDraft.matter).where(StudioDraft.state == "open")))
    return sorted(found)


def there(folder: Path) -> list[str]:
    """The matters that lie in this folder."""
    return (
        [name for name in matters.names(folder) if matters.NAME.fullmatch(name)] if (folder / "bpmn").is_dir() else []
    )


def manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """What was pulled into it; {}: nothing yet."""
    path = folder / pulling.MANIFEST
    return pulling.read(path.read_bytes()) if path.is_file() else {}


def keep(folder: Path, kept: dict[str, dict[str, Any]]) -> None:
    """Write the manifest, when it says something new."""
    path, text = folder / pulling.MANIFEST, pulling.written(kept)
    if not path.is_file() or path.read_bytes() != text:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def of_matter(folder: Path, name: str) -> dict[str, bytes]:
    """The matter's own files as they lie there."""
    found = {}
    for room in ("bpmn", "forms"):
        for path in sorted((folder / room / name).rglob("*")):
            said = path.relative_to(folder).as_posix()
            if path.is_file() and not path.is_symlink() and studio.fits(said):
                found[said] = path.read_bytes()
    return found


def lies(folder: Path, path: str) -> bytes | None:
    """What lies at this path; None: nothing."""
    found = folder / path
    return found.read_bytes() if found.is_file() else None


def write(folder: Path, path: str, content: bytes | None) -> None:
    """This is what the file says; None: there is none."""
    if not studio.fits(path) or re.search(r"(^|/)\.\.(/|$)", path):
        raise ValueError(f"Expected a file of a matter, but got {path!r}")
    target = folder / path
    if content is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
