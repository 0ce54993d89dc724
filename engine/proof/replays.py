"""Replays that are asked for on a draft, done by the worker bit by bit, and what they found.

ask(work, draft_id, …)          the newest ended cases of the version in use are to be replayed on this draft
turn(database, id, now)         the next of them (the worker's lane "replays"); whether there are more
newest(work, draft_id)          how far it is and what would be other, for the page
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine import matters
from engine.errors import FieldError, Invalid, NotNow, Refused
from engine.people import Actor
from engine.people.access import require
from engine.proof import drafting, replaying
from engine.proof.replaying import Replay, Said, Went
from engine.records import jobs, library
from engine.store import Database, Work
from engine.store.models import StudioDraft, StudioReplay

#: How many cases a page lets one ask for.
AMOUNTS = (20, 50, 200, 1000)
#: So many cases a turn of the worker, and so many between two looks at how far it is.
TURN, PORTION = 25, 5
#: So many numbers of cases are named of each difference.
_NUMBERS = 12


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of which the same is said."""

    said: tuple[Said, ...]
    n: int
    numbers: tuple[str, ...]  # of the first ones that whoever asks may know of


@dataclass(frozen=True, slots=True)
class Found:
    """How far a replay is, and what it found."""

    id: int
    revision: int  # of the draft that was replayed
    done: int
    of: int
    same: int
    other: tuple[Group, ...]  # the largest first
    hindered: tuple[Group, ...]
    failed: str
    asked_at: datetime
    over: bool

    @property
    def others(self) -> int:
        return sum(group.n for group in self.other)


def ask(
    work: Work, draft_id: int, *, revision: int, most: int, content: Path, by: Actor, now: datetime
) -> StudioReplay:
    """Have the newest ended cases replayed on the draft as it is. One that is under way for it goes on."""
    require(by, "design")
    assert by.id is not None
    draft = drafting.there(work, draft_id, revision, lock=True)
    running = work.session.scalar(
        select(StudioReplay).where(
            StudioReplay.draft_id == draft_id, StudioReplay.revision == revision, StudioReplay.ended_at.is_(None)
        )
    )
    if running is not None:
        return running
    if most not in AMOUNTS:
        zh, en = f"请选 {'、'.join(map(str, AMOUNTS))} 中的一个", f"Expected one of {', '.join(map(str, AMOUNTS))}"
        raise Invalid([FieldError("most", "回放几件", zh, en)])
    if not library.known(work, draft.matter):
        raise NotNow("这是新的事项，还没有办过的件可以回放。", "This matter is new: there are no cases to replay.")
    before = library.current(work, draft.matter).version if _offered(work, draft) else draft.based_on or ""
    package = matters.read(draft.matter, drafting.files_of(work, draft, content))
    row = work.insert(
        StudioReplay(
            draft_id=draft_id,
            revision=revision,
            before=before,
            content=package.to_zip(),
            case_ids=replaying.ended(work, before, most),
            found={},
            asked_by_id=by.id,
            asked_at=now,
        )
    )
    jobs.put(work, jobs.Kind.REPLAY, f"replay:{row.id}", {"replay": row.id}, now=now)
    return row


def _offered(work: Work, draft: StudioDraft) -> bool:
    return any(one.name == draft.matter for one in library.published(work))


def turn(database: Database, id: int, now: datetime) -> bool:
    """The next cases; whether there are more. What a version holds fails the replay, never the worker."""
    with database.reading() as work:
        row = work.session.get(StudioReplay, id)
        if row is None or row.ended_at is not None or row.content is None:
            return False
        begin, ids, version, content = row.done, list(row.case_ids), row.before, row.content
    try:
        with database.reading() as work:
            before = library.version(work, version)
        after = matters.from_zip(before.name, content)
    except Refused as refused:
        _over(database, id, now, refused.zh)
        return False
    part = ids[begin : begin + TURN]
    with Replay(before, after) as replay:
        for first in range(0, len(part), PORTION):
            with database.reading() as work:
                records = [replaying.record(work, one) for one in part[first : first + PORTION]]
            went = [replay.of(one) for one in records]
            if not _note(database, id, begin + first, went):
                return False  # another worker has gone on with it
    if begin + len(part) < len(ids):
        return True
    _over(database, id, now)
    return False


def _note(database: Database, id: int, at: int, went: Sequence[Went]) -> bool:
    with database.unit_of_work() as work:
        row = work.session.get_one(StudioReplay, id, with_for_update=True, populate_existing=True)
        if row.done != at or row.ended_at is not None:
            return False
        row.found, row.done = merged(row.found, went), at + len(went)
    return True


def _over(database: Database, id: int, now: datetime, failed: str = "") -> None:
    with database.unit_of_work() as work:
        row = work.session.get_one(StudioReplay, id, with_for_update=True, populate_existing=True)
        row.content, row.ended_at, row.failed = None, row.ended_at or now, failed


def merged(found: Mapping[str, Any], went: Sequence[Went]) -> dict[str, Any]:
    """What was found, with these cases too: those of which the same is said stand together."""
    out: dict[str, Any] = {
        "same": found.get("same", 0),
        "other": [dict(one) for one in found.get("other", ())],
        "hindered": [dict(one) for one in found.get("hindered", ())],
    }
    for one in went:
        said = [list(one.hindered)] if one.hindered is not None else [list(pair) for pair in one.differences]
        if not said:
            out["same"] += 1
            continue
        groups = out["hindered" if one.hindered is not None else "other"]
        group = next((g for g in groups if g["said"] == said), None)
        if group is None:
            group = {"said": said, "n": 0, "numbers": []}
            groups.append(group)
        group["n"] += 1
        if one.number and len(group["numbers"]) < _NUMBERS:
            group["numbers"] = [*group["numbers"], one.number]
    return out


def newest(work: Work, draft_id: int) -> Found | None:
    """The last replay that was asked for on this draft."""
    row = work.session.scalar(
        select(StudioReplay).where(StudioReplay.draft_id == draft_id).order_by(StudioReplay.id.desc()).limit(1)
    )
    if row is None:
        return None
    return Found(
        row.id,
        row.revision,
        row.done,
        len(row.case_ids),
        int(row.found.get("same", 0)),
        _groups(row.found.get("other", ())),
        _groups(row.found.get("hindered", ())),
        row.failed,
        row.asked_at,
        row.ended_at is not None,
    )


def _groups(kept: Sequence[Mapping[str, Any]]) -> tuple[Group, ...]:
    groups = (Group(tuple((zh, en) for zh, en in g["said"]), g["n"], tuple(g["numbers"])) for g in kept)
    return tuple(sorted(groups, key=lambda group: -group.n))
