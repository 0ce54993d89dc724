"""Stored files: content-addressed, outside the database and the web root, encrypted as everything about a person.

What comes in is examined first (`engine/records/incoming`). The bytes reach the
disk, synced, before the row that names them is committed: a crash may leave an orphan, never a row without its file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from engine import crypto
from engine.errors import FieldError, Invalid, NotFound, NotYours
from engine.people import Actor
from engine.records import incoming
from engine.store import Work, keys
from engine.store.models import Case, File
from engine.workdays import ZONE


def upload(
    work: Work, data: bytes, name: str, *, by: Actor, now: datetime, field: str = "", label: str = "文件"
) -> File:
    """Keep what a person sent, as `incoming.examine` leaves it. Invalid when nobody may hand that in."""
    return keep(work, incoming.examine(data, name, field=field, label=label), by=by, now=now, field=field)


def keep(work: Work, examined: incoming.Examined, *, by: Actor, now: datetime, field: str = "") -> File:
    """Keep a file that was examined before: a large picture takes a second to open, and no transaction waits for it."""
    taken_at = examined.taken.replace(tzinfo=ZONE).astimezone(UTC) if examined.taken is not None else None
    return store(
        work,
        examined.data,
        examined.name,
        examined.type,
        owner_id=by.id,
        now=now,
        field=field,
        taken_at=taken_at,
    )


def store(
    work: Work,
    data: bytes,
    name: str,
    type: str,
    *,
    now: datetime,
    owner_id: int | None = None,
    case_id: int | None = None,
    field: str = "",
    taken_at: datetime | None = None,
) -> File:
    """Keep bytes of ours or theirs; returns the (flushed) row."""
    sha = crypto.fingerprint(data)
    _write(path(work, sha), keys.current().seal(data, b"file"))
    row = File(
        sha256=sha,
        size=len(data),
        type=type,
        name=name[:200],
        owner_id=owner_id,
        case_id=case_id,
        field=field,
        uploaded_at=now,
        taken_at=taken_at,
    )
    work.session.add(row)
    work.session.flush()
    return row


def read(work: Work, file: File) -> bytes:
    """The bytes of a stored file, checked against their hash."""
    on_disk = path(work, file.sha256)
    try:
        data = keys.current().open(on_disk.read_bytes(), b"file")
    except FileNotFoundError:
        raise NotFound("文件不在了，请联系管理员。", f"The file {file.id} is missing on disk.") from None
    except crypto.NotOpened:
        zh = "文件被改动，打不开，请联系管理员。"
        raise NotFound(zh, f"The file {file.id} was changed and does not open.") from None
    if crypto.fingerprint(data) != file.sha256:
        raise NotFound("文件内容与登记不符，请联系管理员。", f"The file {file.id} does not fit its hash.")
    return data


def remove(work: Work, file_id: int) -> None:
    """A file whose time is over: its row, and its bytes once that is committed, unless another row has the same."""
    row = work.session.get(File, file_id)
    if row is None:
        return
    sha = row.sha256
    work.session.delete(row)
    work.session.flush()
    if work.session.scalar(select(File.id).where(File.sha256 == sha).limit(1)) is None:
        gone = path(work, sha)
        work.after_commit(lambda: gone.unlink(missing_ok=True))


def attach(work: Work, file_ids: list[int], case: Case, *, by: Actor) -> None:
    """Bind uploaded files to a case. Refused when one is not the sender's, or bound to another case."""
    for file_id in file_ids:
        row = work.session.get(File, file_id)
        if row is None or (row.owner_id != by.id and row.case_id != case.id):
            raise NotYours("有一个文件不是您上传的，请重新上传。", f"The file {file_id} is not yours.")
        if row.case_id not in (None, case.id):
            raise NotYours("有一个文件已用于别的办件，请重新上传。", f"The file {file_id} belongs to another case.")
        row.case_id = case.id
        if case.confidential and by.kind != "staff":  # 保密: no account has it, nor what was sent by one
            row.owner_id = None


def taken_now(work: Work, file_ids: Sequence[int], *, by: Actor) -> None:
    """Photos of what somebody does now: pictures they sent themselves, used for nothing else yet."""
    for file_id in file_ids:
        row = work.session.get(File, file_id)
        if row is None or by.id is None or row.owner_id != by.id or row.case_id is not None:
            zh, en = "有一张照片不是您刚拍的，请重新拍。", f"The photo {file_id} is not one you have just sent."
            raise NotYours(zh, en)
        if not row.type.startswith("image/"):
            zh, en = "要交照片（JPG 或 PNG）。", "A picture is needed (JPG or PNG)."
            raise Invalid([FieldError("photos", "照片", zh, en)])


def path(work: Work, sha: str) -> Path:
    """Where the bytes of this hash lie."""
    return work.database.files / sha[:2] / sha[2:4] / sha


def _write(to: Path, data: bytes) -> None:
    if not to.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        replace(to, data)


def replace(to: Path, data: bytes) -> None:
    """Put these bytes there, synced: a reader finds what was, or all of what is."""
    handle, temporary = tempfile.mkstemp(dir=to.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            if to.exists():  # whoever might read it may still
                os.fchmod(out.fileno(), to.stat().st_mode & 0o777)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, to)
    except BaseException:  # the disk is full: nothing of it stays, or the next try would find less room still
        os.unlink(temporary)
        raise
