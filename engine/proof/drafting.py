"""A draft of the studio, looked at as publishing looks at it, and published.

check(work, draft, content)                    what the check finds: a second at most, for who is drawing
prove_and_keep(database, draft_id, …)          check and stories; releasing it is engine.proof.releases
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from engine import matters
from engine.commands import gate, studio
from engine.commands.booking import due
from engine.errors import AlreadyDone, NotFound
from engine.findings import Finding, in_order
from engine.people import Actor
from engine.people.access import require
from engine.proof import verdicts
from engine.proof.proving import Verdict, prove
from engine.records import library, papers
from engine.store import Database, Work
from engine.store.models import StudioDraft


def files_of(work: Work, draft: StudioDraft, content: Path) -> dict[str, bytes]:
    """Everything that would be published."""
    return matters.with_shared(studio.whole(work, draft), content, draft.matter)


def check(work: Work, draft: StudioDraft, content: Path, changed: Mapping[str, bytes] | None = None) -> list[Finding]:
    """What the check finds in it, with `changed` in place of what is kept. Never raises for what a file holds."""
    files = {**files_of(work, draft, content), **(changed or {})}
    county = verdicts.county_of(work)
    with papers.using(content / "forms"):
        found = gate.check(matters.Source(draft.matter, files), county, house=gate.house(content))
    return list(in_order(found))


def played(work: Work, name: str, files: Mapping[str, bytes]) -> Verdict | None:
    """How the stories of just these files went when they were played last; None: they are to be played."""
    return verdicts.played(work, name, verdicts.plays_of(files))


def prove_and_keep(
    database: Database, draft_id: int, *, revision: int, content: Path, by: Actor, now: datetime
) -> Verdict:
    """Check the draft as it is at this revision and play its stories; the verdict is kept."""
    require(by, "design")
    with database.reading() as work:
        draft = there(work, draft_id, revision)
        name, files = draft.matter, files_of(work, draft, content)
    return prove_files(database, name, files, content=content, now=now)


def prove_files(database: Database, name: str, files: Mapping[str, bytes], *, content: Path, now: datetime) -> Verdict:
    """Check these files and play their stories, unless they were played with just the same; the verdict is kept."""
    with database.reading() as work:
        county, again = verdicts.county_of(work), played(work, name, files)
    verdict = prove(name, files, county=county, content=content, again=again)
    with database.unit_of_work() as work:
        key, version = verdicts.key_of(files, county), matters.version_of(files)
        verdicts.keep(work, key, verdict, version=version, now=now, plays=verdicts.plays_of(files))
    return verdict


def choose(database: Database, matter: str, version: str, *, note: str, by: Actor, now: datetime) -> None:
    """An older version is the one new cases get again (退回上一版)."""
    require(by, "design")
    with database.unit_of_work() as work:
        package = library.version(work, version)
        if package.name != matter:
            raise NotFound("这个事项没有这一版。", "This matter has no such version.")
        library.publish(work, package, by=by, now=now, note=note.strip()[:400] or "改回这一版", studio=True)
        due.open_offers(work, package, now=now)


def there(work: Work, draft_id: int, revision: int, *, lock: bool = False) -> StudioDraft:
    """The draft, as it was looked at; refused when it is another by now."""
    draft = work.session.get(StudioDraft, draft_id, with_for_update=lock or None, populate_existing=lock)
    if draft is None:
        raise NotFound("没有这份草稿。", "There is no such draft.")
    if draft.state != "open":
        raise AlreadyDone("这份草稿已经发布或放弃了。", "This draft was published or given up.", when=draft.changed_at)
    if draft.revision != revision:
        raise studio.Overtaken(
            "您看过之后草稿又改过，还没有发布。请看看新的改动，再发布。",
            "The draft was changed since you looked at it, and is not published. Look at what is new first.",
            revision=draft.revision,
        )
    return draft
