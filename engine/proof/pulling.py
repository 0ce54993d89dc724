"""Matters between the studio and a folder (`yizhan pull`, `yizhan push`, the zip of a draft).

A manifest says by hash what was pulled. What comes back is laid over what the studio has by now: a file that was
changed outside is taken, one that was changed inside stays, one that was changed on both sides is refused, so that
nobody writes over anybody.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import crypto
from engine.commands import studio
from engine.errors import NotFound
from engine.matters import BadDraft, lines
from engine.people import Actor
from engine.people.access import require
from engine.proof.comparing import Comparison, compare
from engine.records import library
from engine.store import Work
from engine.store.models import StudioDraft, StudioFile

#: The manifest, in the folder and in the zip. It has no moment and no name in it: the same content, the same bytes.
MANIFEST = "yizhan-pull.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Here:
    """What the studio has of a matter now."""

    files: Mapping[str, bytes]  # the matter's own
    kind: str  # "draft" or "published"
    mark: str  # the revision of the draft, or the version


@dataclass(frozen=True, slots=True)
class Merged:
    """What it would say with what comes from outside."""

    files: Mapping[str, bytes]
    changed: tuple[str, ...]  # paths that are others than here
    both: tuple[str, ...]  # changed outside and inside since they were pulled


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push."""

    draft_id: int | None  # None: nothing was other, and no draft was begun
    changed: tuple[str, ...]
    said: Comparison


def here(work: Work, name: str, *, draft: bool) -> Here:
    """The open draft's files where there is one and it is wanted, else the published version's."""
    row = _draft(work, name) if draft else None
    if row is not None:
        found = work.session.scalars(select(StudioFile).where(StudioFile.draft_id == row.id).order_by(StudioFile.path))
        return Here({one.path: one.content for one in found}, "draft", str(row.revision))
    package = library.current(work, name)
    return Here(studio.own(name, package.files), "published", package.version)


def _draft(work: Work, name: str) -> StudioDraft | None:
    return work.session.scalar(select(StudioDraft).where(StudioDraft.matter == name, StudioDraft.state == "open"))


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """path -> SHA-256 of what it says."""
    return {path: crypto.fingerprint(files[path]) for path in sorted(files)}


def merged(base: Mapping[str, str], outside: Mapping[str, bytes], inside: Mapping[str, bytes]) -> Merged:
    """base: the hashes of what was pulled. A drawing that says the same in other blanks was not changed."""
    files, changed, both = dict(inside), [], []
    for path in sorted(base.keys() | outside.keys() | inside.keys()):
        theirs, ours = outside.get(path), inside.get(path)
        if _hash(theirs) == base.get(path) or _same(path, theirs, ours):
            continue  # nobody changed it outside, or to what it says here
        if _hash(ours) != base.get(path):
            both.append(path)
            continue
        changed.append(path)
        if theirs is None:
            files.pop(path, None)
        else:
            files[path] = theirs
    return Merged(files, tuple(changed), tuple(both))


@dataclass(frozen=True, slots=True)
class ToWrite:
    """What a pull does with a folder."""

    write: tuple[str, ...]  # paths that become what the studio has; gone where it has none
    both: tuple[str, ...]  # changed on both sides: left as they are


def to_write(
    base: Mapping[str, str], lying: Mapping[str, bytes], inside: Mapping[str, bytes], *, over: bool = False
) -> ToWrite:
    """lying: what lies in the folder. What was changed, or taken away, there alone stays so until it is pushed. over:
    the folder becomes what the studio has, whatever was changed there."""
    write, both = [], []
    for path in sorted(base.keys() | inside.keys()):
        mine, ours = lying.get(path), inside.get(path)
        if mine == ours:
            continue
        if over or _hash(mine) == base.get(path):
            write.append(path)
        elif _hash(ours) != base.get(path):
            both.append(path)
    return ToWrite(tuple(write), tuple(both))


def _hash(content: bytes | None) -> str | None:
    return crypto.fingerprint(content) if content is not None else None


def _same(path: str, one: bytes | None, other: bytes | None) -> bool:
    return one is not None and studio.same(path, one, other) if other is not None else one is None


def look(work: Work, name: str, base: Mapping[str, str], outside: Mapping[str, bytes]) -> tuple[Merged, Comparison]:
    """What a push would change, and what would be other. Overtaken: somebody changed the same files here meanwhile."""
    new = _draft(work, name) is None and not library.known(work, name)
    inside = {} if new else here(work, name, draft=True).files
    found = merged({} if new else base, outside, inside)
    must_not_be_overtaken(found)
    return found, compare(name, inside, found.files)


def push(
    work: Work, name: str, base: Mapping[str, str], outside: Mapping[str, bytes], *, by: Actor, now: datetime
) -> Pushed:
    """What was changed outside goes into the draft of the matter, which is begun when there is none; a matter that the
    studio does not know begins as a new one."""
    require(by, "design")
    found, said = look(work, name, base, outside)
    if not found.changed:
        return Pushed(None, (), said)
    if _draft(work, name) is None and not library.known(work, name):
        row = studio.begin_new(work, name, _title(name, outside), found.files, by=by, now=now)
    else:
        row = studio.begin(work, name, by=by, now=now)
        studio.bring(work, row.id, found.files, by=by, now=now)
    return Pushed(row.id, found.changed, said)


def must_not_be_overtaken(found: Merged) -> None:
    """Refused when a file was changed on both sides."""
    if found.both:
        names = "、".join(found.both[:5])
        raise studio.Overtaken(
            f"拉取之后工作室里也改过：{names}。什么都没有换上。请再拉取（您改的不会被盖掉），合好再推。",
            f"Changed in the studio too since they were pulled: {', '.join(found.both[:5])}. Nothing is brought in. "
            "Pull again (what you changed is not written over), merge, then push.",
            files=list(found.both),
        )


def _title(name: str, files: Mapping[str, bytes]) -> str:
    said = lines.read(files.get(f"bpmn/{name}/matter.yaml", b""), "matter.yaml").value
    title = said.get("name") if isinstance(said, dict) else None
    if not isinstance(title, str):
        raise NotFound(
            f"bpmn/{name}/matter.yaml 没有写 name，不知道新事项叫什么。",
            f"bpmn/{name}/matter.yaml says no name: a new matter needs one.",
        )
    return title[:60]


# ---------------------------------------------------------------- manifests


def written(kept: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The manifest of these matters: {name: {"from", "mark", "files"}}."""
    text = json.dumps({"format": _FORMAT, "matters": kept}, ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def entry(found: Here) -> dict[str, Any]:
    return {"from": found.kind, "mark": found.mark, "files": hashes(found.files)}


def read(data: bytes) -> dict[str, dict[str, Any]]:
    """What a manifest says. BadDraft: it is none."""
    try:
        said = json.loads(data)
        kept: dict[str, dict[str, Any]] = said["matters"]
        good = said["format"] == _FORMAT and all(
            isinstance(hash, str) and isinstance(path, str)
            for one in kept.values()
            for path, hash in one["files"].items()
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        good = False
    if not good:
        raise BadDraft(
            f"{MANIFEST} 不是这个程序写的清单，或者改坏了。请重新拉取（下载）。",
            f"{MANIFEST} is no manifest of this program, or was broken. Pull (or download) again.",
        )
    return kept


def of_zip(content: bytes, name: str) -> tuple[dict[str, str], dict[str, bytes]] | None:
    """(hashes of what was downloaded, the matter's own files as they are now) of a zip with a manifest, whose size was
    looked at already (matters.draft); None: it has no manifest. BadDraft: it is another matter's, or was broken."""
    files: dict[str, bytes] = {}
    kept = None
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for one in archive.infolist():
            path = re.search(rf"(?:^|/)((?:bpmn|forms)/{re.escape(name)}/.+)$", one.filename)
            if one.filename.rpartition("/")[2] == MANIFEST:
                kept = read(archive.read(one))
            elif path is not None and studio.fits(path[1]):
                files[path[1]] = archive.read(one)
    if kept is None:
        return None
    if name not in kept:
        raise BadDraft(
            f"压缩包是事项 {'、'.join(kept)} 的，不是 {name} 的。",
            f"The zip is of the matter {', '.join(kept)}, not of {name}.",
        )
    return dict(kept[name]["files"]), files
