"""Releasing a draft (发布): proved, approved by a second person where the hall wants that, in force now or from a day.

    ask(database, draft_id, …)        proved; then published, or it waits for its day, or for a second designer's word
    approve / refuse / cancel         that word; whoever drew it cannot give it
    waiting(work, matter), last(…)    for the pages

What waits is frozen: who goes on with the draft changes nothing of it. To take a version off and to choose an older one
again need nobody's second word: what is wrong must be out of the way at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import aliased

from engine import matters
from engine.commands.hall import releasing
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor, masks
from engine.people.access import require
from engine.proof import drafting
from engine.proof.proving import Verdict
from engine.records import audit, jobs, library
from engine.store import Database, Work
from engine.store.models import StudioChange, StudioRelease, User

WAITING = ("asked", "scheduled")
#: A version is put in force within a year: after that nobody remembers why.
LATEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Release:
    """A release as a page shows it."""

    id: int
    matter: str
    draft_id: int
    revision: int
    version: str
    before: str | None
    note: str
    state: str
    asked_by: str  # masked
    asked_at: datetime
    decided_by: str
    why: str
    in_force_at: datetime | None
    told: tuple[str, str]


def ask(
    database: Database,
    draft_id: int,
    *,
    revision: int,
    note: str,
    in_force_at: datetime | None,
    second: bool,
    content: Path,
    by: Actor,
    now: datetime,
) -> tuple[Verdict, str]:
    """(what the proof found, the state of the release; "": it was not good). second: another designer must approve."""
    require(by, "design")
    assert by.id is not None
    _must_say_why(note, "note", "发布说明", "请写明为什么发布，办事的人和日后查的人都看得到")
    if in_force_at is not None and not now < in_force_at <= now + LATEST:
        zh, en = "生效日期要在现在之后、一年之内；要马上生效就不填", "Expected a moment from now on, within a year"
        raise Invalid([FieldError("in_force_at", "生效日期", zh, en)])
    verdict = drafting.prove_and_keep(database, draft_id, revision=revision, content=content, by=by, now=now)
    if not verdict.good:
        return verdict, ""
    with database.unit_of_work() as work:
        draft = drafting.there(work, draft_id, revision, lock=True)
        if waiting(work, draft.matter) is not None:
            raise NotNow(
                "这个事项已经有一份发布在等（等批准或等生效日期）。先批准、退回或取消那一份。",
                "A release of this matter is waiting already: approve, refuse or cancel that one first.",
            )
        package = matters.read(draft.matter, drafting.files_of(work, draft, content))
        library.must_seal(work, package)
        row = work.insert(
            StudioRelease(
                matter=draft.matter,
                draft_id=draft.id,
                revision=revision,
                version=package.version,
                before=releasing.current(work, draft.matter),
                content=package.to_zip(),
                note=note.strip()[:400],
                state="asked",
                asked_by_id=by.id,
                asked_at=now,
                why="",
                in_force_at=in_force_at,
                told="",
                told_en="",
            )
        )
        if second:
            _record(work, audit.Kind.RELEASE_ASKED, row, by, now, note=row.note)
        else:
            _go_on(work, row, by=by, now=now)
        return verdict, row.state


def approve(database: Database, release_id: int, *, why: str, content: Path, by: Actor, now: datetime) -> Verdict:
    """批准: by a designer who drew nothing of it. It is proved once more first; the verdict says what is wrong."""
    require(by, "design")
    _must_say_why(why, "why", "批准的理由", "请写明看过什么、为什么同意，记在审计里")
    with database.reading() as work:
        row = _asked(work, release_id)
        _must_be_another(work, row, by)
        name, files = row.matter, dict(matters.from_zip(row.matter, row.content).files)
    verdict = drafting.prove_files(database, name, files, content=content, now=now)
    if not verdict.good:
        return verdict
    with database.unit_of_work() as work:
        row = _asked(work, release_id, lock=True)
        _must_be_another(work, row, by)
        row.decided_by_id, row.decided_at, row.why = by.id, now, why.strip()[:400]
        _record(work, audit.Kind.RELEASE_APPROVED, row, by, now, note=row.why)
        _go_on(work, row, by=by, now=now)
    return verdict


def refuse(work: Work, release_id: int, *, why: str, by: Actor, now: datetime) -> None:
    """退回: the draft stays open; why is told to who asked."""
    require(by, "design")
    _must_say_why(why, "why", "退回的理由", "请写明为什么退回")
    row = _asked(work, release_id, lock=True)
    row.decided_by_id, row.decided_at, row.why = by.id, now, why.strip()[:400]
    row.state, row.ended_at = "refused", now
    _record(work, audit.Kind.RELEASE_REFUSED, row, by, now, note=row.why)


def cancel(work: Work, release_id: int, *, by: Actor, now: datetime) -> None:
    """取消: what waits is not published; the draft stays open."""
    require(by, "design")
    row = work.session.get(StudioRelease, release_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("没有这份发布。", "There is no such release.")
    if row.state not in WAITING:
        raise AlreadyDone("这份发布已经不在等了。", "This release waits no more.", when=row.ended_at)
    row.state, row.ended_at = "cancelled", now
    _record(work, audit.Kind.RELEASE_CANCELLED, row, by, now, note="")


def drew(work: Work, row: StudioRelease) -> set[int]:
    """Everybody whose change is in it, and who asked for it."""
    changed = select(StudioChange.by_id).where(
        StudioChange.draft_id == row.draft_id, StudioChange.revision <= row.revision, StudioChange.kind != "begin"
    )
    return {row.asked_by_id, *work.session.scalars(changed.distinct())}


def waiting(work: Work, matter: str) -> Release | None:
    """The release of this matter that waits for a word or for its day: there is one at most."""
    return _newest(work, matter, StudioRelease.state.in_(WAITING))


def last(work: Work, matter: str) -> Release | None:
    """The release that was asked for last."""
    return _newest(work, matter)


def may_approve(work: Work, release: Release, by: Actor) -> bool:
    return release.state == "asked" and by.id not in drew(work, work.session.get_one(StudioRelease, release.id))


def files(work: Work, release: Release) -> dict[str, bytes]:
    """What it would put in force."""
    row = work.session.get_one(StudioRelease, release.id)
    return dict(matters.from_zip(row.matter, row.content).files)


def _newest(work: Work, matter: str, *only: object) -> Release | None:
    asker, decider = aliased(User), aliased(User)
    found = work.session.execute(
        select(StudioRelease, asker.name, decider.name)
        .join(asker, asker.id == StudioRelease.asked_by_id)
        .outerjoin(decider, decider.id == StudioRelease.decided_by_id)
        .where(StudioRelease.matter == matter, *only)  # type: ignore[arg-type]
        .order_by(StudioRelease.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    row, asked_by, decided_by = found
    return Release(
        row.id,
        row.matter,
        row.draft_id,
        row.revision,
        row.version,
        row.before,
        row.note,
        row.state,
        masks.name(asked_by),
        row.asked_at,
        masks.name(decided_by or ""),
        row.why,
        row.in_force_at,
        (row.told, row.told_en),
    )


def _go_on(work: Work, row: StudioRelease, *, by: Actor, now: datetime) -> None:
    """It has every word it needs: in force now, or at its moment."""
    if row.in_force_at is None or row.in_force_at <= now:
        releasing.put_in_force(work, row, now=now)
        return
    row.state = "scheduled"
    _record(work, audit.Kind.RELEASE_SCHEDULED, row, by, now, note=row.note)
    jobs.put(
        work,
        jobs.Kind.RELEASE_DUE,
        f"release:{row.id}",
        {"release": row.id},
        now=now,
        after=row.in_force_at,
    )


def _asked(work: Work, release_id: int, *, lock: bool = False) -> StudioRelease:
    row = work.session.get(StudioRelease, release_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("没有这份发布。", "There is no such release.")
    if row.state != "asked":
        raise AlreadyDone("这份发布已经不在等批准了。", "This release waits for no word any more.", when=row.ended_at)
    return row


def _must_be_another(work: Work, row: StudioRelease, by: Actor) -> None:
    if by.id in drew(work, row):
        raise NotYours(
            "这一版您改过或者是您要发布的，不能由您批准。请另一位流程设计员看过再批准。",
            "You changed this version or asked for it: another designer must look at it and approve it.",
        )


def _must_say_why(text: str, field: str, label: str, zh: str) -> None:
    if not text.strip():
        raise Invalid([FieldError(field, label, zh, "Say why: it is kept")])


def _record(work: Work, kind: audit.Kind, row: StudioRelease, by: Actor, now: datetime, *, note: str) -> None:
    facts = {"matter": row.matter, "version": row.version, "note": note, "draft": row.draft_id}
    if row.in_force_at is not None:
        facts["in_force_at"] = row.in_force_at.isoformat()
    audit.record(work, kind, by=by, now=now, facts=facts)
