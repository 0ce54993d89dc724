"""A version of the studio comes into force (生效): it is what new cases get from this moment on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine import matters, people
from engine.commands import studio
from engine.commands.booking import due
from engine.errors import NotNow
from engine.records import library
from engine.store import Work
from engine.store.models import MatterVersion, StudioDraft, StudioRelease


class Outrun(NotNow):
    """Expected the version in use that the release was compared with, but it is another one by now."""

    slug = "outrun"


def current(work: Work, matter: str, *, lock: bool = False) -> str | None:
    """The hash of the version new cases get; None: the matter is not offered. lock: nobody else publishes meanwhile."""
    found = select(MatterVersion.hash).where(MatterVersion.matter == matter, MatterVersion.current)
    return work.session.scalar(found.with_for_update() if lock else found)


def put_in_force(work: Work, row: StudioRelease, *, now: datetime) -> None:
    """Publish what was released. Refused when another version came into use meanwhile: what was compared, replayed and
    approved was this one over that one."""
    if current(work, row.matter, lock=True) != row.before:
        raise Outrun(
            "在此期间用的已经是另一版（有人发布、改回或撤下过），没有生效。请在草稿里重新看发布说明，再发布。",
            "Another version is in use by now (published, chosen again or taken off): this one is not put in force. "
            "Look at the release note again and publish anew.",
        )
    package = matters.from_zip(row.matter, row.content)
    by = people.load(work, row.asked_by_id, now=now)
    library.publish(work, package, by=by, now=now, note=row.note, studio=True)
    due.open_offers(work, package, now=now)
    row.state, row.ended_at = "published", now
    draft = work.session.get(StudioDraft, row.draft_id, with_for_update=True, populate_existing=True)
    if draft is not None and draft.state == "open":
        if draft.revision == row.revision:
            studio.published(work, draft, package.version, now=now)
        else:  # somebody has gone on with it: it begins from this version now
            draft.based_on = package.version
